// Ink in [0, 1] as pixels.

/** base64 of grey levels -> ink. */
export const levels = (text) => Float32Array.from(atob(text), (c) => c.charCodeAt(0) / 255);

/** Grey: ink is white. */
export function grey(ink) {
  const pixels = new Uint8ClampedArray(4 * ink.length);
  ink.forEach((v, i) => pixels.fill(255 * v, 4 * i, 4 * i + 3).fill(255, 4 * i + 3, 4 * i + 4));
  return pixels;
}

/** Put pixels of these on a canvas, which gets their size: {width, height}. */
export function put(canvas, pixels, { width, height }) {
  if (canvas.width !== width || canvas.height !== height) Object.assign(canvas, { width, height });
  canvas.getContext("2d").putImageData(new ImageData(pixels, width, height), 0, 0);
}

const sketch = document.createElement("canvas");

/** The same as an image, for what stays as it is: of each canvas in sight Chromium asks at each frame of the page whether it has changed. */
export function picture(pixels, size) {
  put(sketch, pixels, size);
  return Object.assign(new Image(), { alt: "", src: sketch.toDataURL(), draggable: false });
}

/** Where the reconstruction differs: the colours of missing and of invented ink, the more opaque the larger the difference. */
export function errors(x, xHat, { missing, invented }) {
  const pixels = new Uint8ClampedArray(4 * x.length);
  x.forEach((v, i) => pixels.set([...(xHat[i] > v ? invented : missing), 255 * Math.abs(xHat[i] - v)], 4 * i));
  return pixels;
}

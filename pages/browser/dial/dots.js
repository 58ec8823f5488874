// Thousands of dots as pixels. A canvas takes each as a picture of its own, which costs a browser without a GPU twenty times as much.

import { LARGER, REACH, outline, shapeOf } from "../map/shapes.js";

const DOT_PX = 4, OPACITY = 0.75, DIMMED = 0.07;
const FINE = 4; // a dot stands on a quarter of a pixel, so that it glides
const SAMPLES = 8; // to a side, of a pixel, by which its share in a dot is counted

/** "#rrggbb" or "rgb(r, g, b)" -> [r, g, b]. */
export const rgb = (colour) => (colour.startsWith("#") ? [1, 3, 5].map((i) => parseInt(colour.slice(i, i + 2), 16)) : colour.match(/[\d.]+/g).slice(0, 3).map(Number));

/** How much of each pixel of a square of `across` a disc covers whose middle is at (x, y), [0, 1], row by row. */
export function covered(across, radius, x, y) {
  return Float32Array.from({ length: across * across }, (_, at) => {
    let inside = 0;
    for (let k = 0; k < SAMPLES * SAMPLES; k++) {
      const dx = (at % across) + ((k % SAMPLES) + 0.5) / SAMPLES - x, dy = Math.floor(at / across) + (Math.floor(k / SAMPLES) + 0.5) / SAMPLES - y;
      inside += dx * dx + dy * dy <= radius * radius;
    }
    return inside / SAMPLES ** 2;
  });
}

/** The same of a shape with corners, as a canvas fills it, for each place within a pixel; from the square's corner to its middle: `half`. */
function filled(shape, across, radius, half) {
  const canvas = Object.assign(document.createElement("canvas"), { width: across * FINE * FINE, height: across });
  const context = canvas.getContext("2d", { willReadFrequently: true });
  for (let i = 0; i < FINE * FINE; i++) {
    outline(context, shape, i * across + half + (i % FINE) / FINE, half + Math.floor(i / FINE) / FINE, radius);
    context.fill();
  }
  return Array.from({ length: FINE * FINE }, (_, i) => Float32Array.from(context.getImageData(i * across, 0, across, across).data.filter((_, k) => k % 4 === 3), (v) => v / 255));
}

export class Dots {
  /** context: of the canvas, whose size it keeps; scale: its pixels to one of the page; ground and colours: [r, g, b], of each label; shapes:
   *  whether each label's dots have a shape of their own. */
  constructor(context, scale, ground, colours, shapes = false) {
    const { width, height } = context.canvas, radius = (DOT_PX * scale * (shapes ? LARGER : 1)) / 2, half = shapes ? Math.ceil(FINE * REACH * radius) / FINE : radius;
    Object.assign(this, { context, colours, half, image: context.createImageData(width, height), across: Math.ceil(2 * half) + 1 });
    const round = Array.from({ length: FINE * FINE }, (_, i) => covered(this.across, radius, half + (i % FINE) / FINE, half + Math.floor(i / FINE) / FINE));
    this.stamps = colours.map((_, label) => (shapes && shapeOf(label).corners ? filled(shapeOf(label), this.across, radius, half) : round));
    this.empty = new Uint32Array(width * height).fill(new Uint32Array(Uint8Array.of(...ground, 255).buffer)[0]);
  }

  /** Fill the canvas: points [x, y, x, y, ...] with their labels, where the point (0, 0) is at a pixel `origin` and y goes up by `unit` pixels;
   *  lit: whether each label is bright. */
  paint(points, labels, origin, unit, lit) {
    const { image: { data, width, height }, across, half, stamps, colours } = this, opacity = lit.map((on) => 256 * (on ? OPACITY : DIMMED));
    new Uint32Array(data.buffer).set(this.empty);
    for (let n = 0; n < labels.length; n++) {
      const x = FINE * (origin[0] + points[2 * n] * unit - half), y = FINE * (origin[1] - points[2 * n + 1] * unit - half);
      const fineX = Math.round(x), fineY = Math.round(y), column = fineX >> 2, row = fineY >> 2; // FINE is 4
      if (column < 0 || row < 0 || column + across > width || row + across > height) continue;
      const label = labels[n], shape = stamps[label][(fineY & 3) * FINE + (fineX & 3)], [r, g, b] = colours[label], strong = opacity[label];
      for (let j = 0, k = 0; j < across; j++) {
        for (let i = 0, at = 4 * ((row + j) * width + column); i < across; i++, k++, at += 4) {
          const share = (shape[k] * strong) | 0;
          if (!share) continue;
          data[at] += ((r - data[at]) * share) >> 8;
          data[at + 1] += ((g - data[at + 1]) * share) >> 8;
          data[at + 2] += ((b - data[at + 2]) * share) >> 8;
        }
      }
    }
    this.context.putImageData(this.image, 0, 0);
  }
}

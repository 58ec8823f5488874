// What a dot covers of the pixels that it stands on. A canvas takes each of thousands as a picture of its own, which costs a browser without a GPU
// twenty times as much as pixels that are computed here.

import { REACH, outline } from "../shapes.js";

export const FINE = 4; // a dot stands on a quarter of a pixel, so that it glides
const SAMPLES = 8; // to a side, of a pixel, by which its share in a dot is counted

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

/** A shape's dot, its radius in pixels: {across, half, shares}, of each place within a pixel (FINE * row + column) the shares of a square's pixels;
 *  `half`: from the square's corner to the dot's middle, at the first place. */
export function stamp(shape, radius) {
  const half = Math.ceil(FINE * radius * (shape.corners ? REACH : 1)) / FINE, across = Math.ceil(2 * half) + 1;
  const round = () => Array.from({ length: FINE * FINE }, (_, i) => covered(across, radius, half + (i % FINE) / FINE, half + Math.floor(i / FINE) / FINE));
  return { across, half, shares: shape.corners ? filled(shape, across, radius, half) : round() };
}

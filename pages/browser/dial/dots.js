// Thousands of dots as pixels, on a ground of one colour.

import { FINE, stamp } from "../map/layers/stamps.js";
import { LARGER, SHAPES, shapeOf } from "../map/shapes.js";

const DOT_PX = 4, OPACITY = 0.75, DIMMED = 0.07;
const ROUND = SHAPES.find(({ corners }) => !corners);

export class Dots {
  /** context: of the canvas, whose size it keeps; scale: its pixels to one of the page; ground and colours: [r, g, b], of each label; shapes:
   *  whether each label's dots have a shape of their own. */
  constructor(context, scale, ground, colours, shapes = false) {
    const { width, height } = context.canvas, radius = (DOT_PX * scale * (shapes ? LARGER : 1)) / 2, round = stamp(ROUND, radius);
    Object.assign(this, { context, colours, image: context.createImageData(width, height) });
    this.stamps = colours.map((_, label) => (shapes && shapeOf(label) !== ROUND ? stamp(shapeOf(label), radius) : round));
    this.empty = new Uint32Array(width * height).fill(new Uint32Array(Uint8Array.of(...ground, 255).buffer)[0]);
  }

  /** Fill the canvas: points [x, y, x, y, ...] with their labels, where the point (0, 0) is at a pixel `origin` and y goes up by `unit` pixels;
   *  lit: whether each label is bright. */
  paint(points, labels, origin, unit, lit) {
    const { image: { data, width, height }, stamps, colours } = this, opacity = lit.map((on) => 256 * (on ? OPACITY : DIMMED));
    new Uint32Array(data.buffer).set(this.empty);
    for (let n = 0; n < labels.length; n++) {
      const label = labels[n], { across, half, shares } = stamps[label];
      const x = FINE * (origin[0] + points[2 * n] * unit - half), y = FINE * (origin[1] - points[2 * n + 1] * unit - half);
      const fineX = Math.round(x), fineY = Math.round(y), column = fineX >> 2, row = fineY >> 2; // FINE is 4
      if (column < 0 || row < 0 || column + across > width || row + across > height) continue;
      const shape = shares[(fineY & 3) * FINE + (fineX & 3)], [r, g, b] = colours[label], strong = opacity[label];
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

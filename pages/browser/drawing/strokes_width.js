// How wide strokes are, and the same strokes wider or thinner. Pictures {data, height, width}, row by row.

import { changed } from "./resample.js";

/** The mean distance of a mask's pixels from the nearest one that is not in it (NaN where there is none in it). */
export function meanDepth({ data: mask, height, width }) {
  const above = new Float64Array(height * width); // to the nearest pixel outside in the same column
  for (let x = 0; x < width; x++) {
    for (let y = 0, d = Infinity; y < height; y++) above[y * width + x] = d = mask[y * width + x] ? d + 1 : 0;
    for (let y = height - 1, d = Infinity; y >= 0; y--) {
      const at = y * width + x;
      d = mask[at] ? d + 1 : 0;
      above[at] = Math.min(above[at], d);
    }
  }
  let sum = 0, count = 0;
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const at = y * width + x;
      if (!mask[at]) continue;
      let squared = above[at] ** 2;
      for (let d = 1; d * d < squared && (x >= d || x + d < width); d++) { // outwards, as far as something nearer can be
        if (x >= d) squared = Math.min(squared, d * d + above[at - d] ** 2);
        if (x + d < width) squared = Math.min(squared, d * d + above[at + d] ** 2);
      }
      sum += Math.sqrt(squared);
      count++;
    }
  }
  return sum / count;
}

/** Ink that grows by so many pixels at each side, or is thinned where that is negative: the maximum, or minimum, within a disc. The picture's edge
 *  is farther than that from its ink. */
export function grown({ data, height, width }, by) {
  const reach = Math.abs(by), sign = Math.sign(by), size = data.length, out = new Float32Array(size).fill(-Infinity);
  let { data: line } = changed({ data }, (v) => sign * v), half = 0; // the maximum of so many pixels to the left and right
  for (let dy = reach; dy >= 0; dy--) {
    for (const wanted = Math.floor(Math.sqrt((reach + 0.3) ** 2 - dy * dy)); half < wanted; half++) {
      const wider = line.slice();
      for (let i = 1; i < size - 1; i++) wider[i] = Math.max(line[i - 1], line[i], line[i + 1]);
      line = wider;
    }
    for (const shift of dy ? [-dy * width, dy * width] : [0]) {
      for (let i = Math.max(0, -shift), end = Math.min(size, size - shift); i < end; i++) if (line[i + shift] > out[i]) out[i] = line[i + shift];
    }
  }
  return changed({ data: out, height, width }, (v) => sign * v);
}

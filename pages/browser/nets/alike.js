// The images most similar to one of them, pixel by pixel.

import { breaks } from "../turns.js";

const AT_ONCE = 64; // images between two looks at the clock

/** Rows of the k images nearest to that of a row by the sum of squared differences of their pixels, nearest first, itself left out; among
 *  equals the lower row. pixels: bytes, `size` an image. Computed in slices; throws the signal's reason when that aborts. */
export async function mostAlike(pixels, size, row, k, signal) {
  const pause = breaks(signal), count = pixels.length / size, x = pixels.subarray(row * size, (row + 1) * size), found = [];
  for (let other = 0; other < count; other++) {
    if (other % AT_ONCE === 0) await pause();
    if (other === row) continue;
    const worst = found.length < k ? Infinity : found[k - 1].squared;
    let squared = 0;
    for (let at = other * size, i = 0; i < size;) {
      for (const end = Math.min(size, i + 112); i < end; i++, at++) squared += (pixels[at] - x[i]) ** 2;
      if (squared >= worst) break; // far already
    }
    if (squared >= worst) continue;
    let place = found.length;
    while (place && found[place - 1].squared > squared) place--;
    found.splice(place, 0, { row: other, squared });
    if (found.length > k) found.pop();
  }
  return found.map((one) => one.row);
}

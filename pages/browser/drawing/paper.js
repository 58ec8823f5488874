// What is on a picture of one digit: its ink, whichever way round it is. For a clean picture; photos are core/data's, on the server.

import { SIDE } from "./mnist_form.js";

const FLAT = 0.2; // of a small picture's pixels have one level: as a data set's images have it
const SMALL = 64, LEAST_CONTRAST = 0.08;
const [FAINT, FULL] = [0.25, 0.75]; // between them is neither paper nor ink
const UNEVEN = 0.16; // of a picture, that is between: then it is a photo, not a drawing
const TALL = 0.4; // of the tallest part, that another part has to be to be a digit of its own

/** Whether the ink of a picture {data, height, width}, white = 1, is darker than what it lies on: what there is more of in tiles of a half, a
 *  quarter and an eighth of it; of a small one, the level that a fifth has. As core/data/polarity.py decides it, but for photos. */
export function inkIsDark(picture) {
  const { data, height, width } = picture;
  if (Math.max(height, width) <= SMALL) {
    const level = flatLevel(data);
    if (level !== null) {
      const others = data.filter((v) => v !== level);
      return level > others.reduce((a, b) => a + b, 0) / others.length;
    }
  }
  const surplus = [2, 4, 8].reduce((sum, parts) => sum + lightSurplus(picture, parts), 0);
  return surplus ? surplus > 0 : data.reduce((a, b) => a + b, 0) / data.length >= 0.5;
}

function flatLevel(data) {
  const counts = new Map();
  for (const v of data) counts.set(v, (counts.get(v) ?? 0) + 1);
  const [level, count] = [...counts].reduce((a, b) => (b[1] > a[1] ? b : a));
  return counts.size > 1 && count >= FLAT * data.length ? level : null;
}

/** By how much of their area the light sides of tiles with contrast outweigh the dark ones. */
function lightSurplus({ data, height, width }, parts) {
  const [tall, wide] = [height, width].map((side) => Math.max(1, Math.floor(side / Math.max(1, Math.min(parts, Math.floor(side / 16))))));
  const tiles = [];
  for (let top = 0; top + tall <= height; top += tall) {
    for (let left = 0; left + wide <= width; left += wide) {
      let low = 1, high = 0, light = 0;
      for (let y = top; y < top + tall; y++) for (const v of data.subarray(y * width + left, y * width + left + wide)) low = Math.min(low, v), high = Math.max(high, v);
      for (let y = top; y < top + tall; y++) for (const v of data.subarray(y * width + left, y * width + left + wide)) light += v > (low + high) / 2;
      tiles.push({ contrast: high - low, light: light / (tall * wide) });
    }
  }
  const most = Math.max(...tiles.map(({ contrast }) => contrast)), strong = tiles.filter(({ contrast }) => contrast >= 0.25 * most);
  if (most < 0.02) return 0;
  return strong.reduce((sum, { contrast, light }) => sum + contrast * (light - 0.5), 0) / strong.reduce((sum, { contrast }) => sum + contrast, 0);
}

/** A picture of one digit -> its ink {data, height, width}, 1 where it is darkest and 0 on bare paper; or {problem}, a sentence. */
export function inkOn(picture) {
  const dark = inkIsDark(picture), ink = picture.data.map((v) => (dark ? 1 - v : v)), sorted = ink.slice().sort();
  const paper = sorted[sorted.length >> 1], darkest = sorted.at(-1);
  if (darkest - paper < LEAST_CONTRAST) return { problem: "There is no ink on this picture: all of it has one brightness." };
  const even = { ...picture, data: ink.map((v) => Math.max(0, (v - paper) / (darkest - paper))) };
  const between = even.data.reduce((sum, v) => sum + (v > FAINT && v < FULL), 0) / even.data.length;
  const small = Math.max(picture.height, picture.width) <= SMALL; // there, an edge is much of a stroke
  if (!small && between > UNEVEN) return { problem: "This looks like a photo: its paper is not even. The explorer’s page Reconstruct finds the digit on it, under Upload; Denoise finds all of them." };
  const count = digits(even);
  if (count > 1) return { problem: `There seem to be ${count} digits on this picture. The explorer’s page Denoise finds each of them, under A photo of digits; here, cut one out.` };
  return { ink: even };
}

/** How many digits there seem to be: parts of ink, nearly as tall as the tallest, that stand beside or under each other. */
export function digits(ink) {
  const boxes = parts(ink), tallest = Math.max(0, ...boxes.map(({ top, bottom }) => bottom - top));
  const tall = boxes.filter(({ top, bottom }) => bottom - top >= TALL * tallest);
  const apart = (a, b) => a.right <= b.left || b.right <= a.left || a.bottom <= b.top || b.bottom <= a.top;
  return tall.filter((box, i) => tall.slice(0, i).every((other) => apart(box, other))).length;
}

/** The boxes of what hangs together of the ink, specks left out. */
function parts({ data, height, width }) {
  const seen = new Uint8Array(data.length), boxes = [], least = data.length / 1500;
  for (let start = 0; start < data.length; start++) {
    if (seen[start] || data[start] < 0.5) continue;
    const box = { left: width, right: 0, top: height, bottom: 0 }, waiting = [start];
    let size = 0;
    seen[start] = 1;
    while (waiting.length) {
      const at = waiting.pop(), x = at % width, y = (at - x) / width;
      size++;
      Object.assign(box, { left: Math.min(box.left, x), right: Math.max(box.right, x + 1), top: Math.min(box.top, y), bottom: Math.max(box.bottom, y + 1) });
      for (let v = Math.max(0, y - 1); v <= Math.min(height - 1, y + 1); v++) {
        for (let u = Math.max(0, x - 1); u <= Math.min(width - 1, x + 1); u++) {
          const next = v * width + u;
          if (!seen[next] && data[next] >= 0.5) seen[next] = 1, waiting.push(next);
        }
      }
    }
    if (size >= least) boxes.push(box);
  }
  return boxes;
}

const [GROUND, LEAST_BARE, LEAST_PEAK, SIDES, OFF_CENTRE, CENTRE] = [0.05, 0.5, 0.9, [18, 20], 0.6, 14];

/** Whether ink of 28 x 28 is as MNIST's is, to be left as it is: core/data/mnist_form.py's in_mnists_form of an image without noise. */
export function isInForm({ data, height, width }) {
  if (height !== SIDE || width !== SIDE) return false;
  let bare = 0, mass = 0, down = 0, right = 0, [top, bottom, left, end] = [SIDE, 0, SIDE, 0];
  data.forEach((v, i) => {
    const x = i % SIDE, y = (i - x) / SIDE;
    bare += v <= GROUND;
    [mass, down, right] = [mass + v, down + v * y, right + v * x];
    if (v > 0.1) [top, bottom, left, end] = [Math.min(top, y), Math.max(bottom, y + 1), Math.min(left, x), Math.max(end, x + 1)];
  });
  const side = Math.max(bottom - top, end - left), off = Math.max(...[down, right].map((moment) => Math.abs(moment / mass - CENTRE)));
  return bare / data.length >= LEAST_BARE && Math.max(...data) >= LEAST_PEAK && side >= SIDES[0] && side <= SIDES[1] && off <= OFF_CENTRE;
}

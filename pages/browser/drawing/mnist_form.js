// A drawing's ink in MNIST's form, as core/data/normalizing.py brings it there, held to that by a test: 28 x 28, its longer side 20 pixels, its
// centre of mass in the middle, its strokes as wide as MNIST's (LeCun et al. 1998). A drawing has no light to even out and no other ink beside it.

import { changed, greatest, padded, resized } from "./resample.js";
import { grown, meanDepth } from "./strokes_width.js";

export const SIDE = 28;
const INNER = 20, CENTRE = 14, STROKE = [2.2, 3.6], FINE_SIDE = 100, MOST_GROWTH = 25; // as there
const MARGIN = MOST_GROWTH + 1 + FINE_SIDE / 2; // to the pixel as there: on which side of a pixel's middle a limit falls hangs on how its sum is rounded
const SEEN = 0.3; // ink above is the drawing's; its box has a pixel more on each side, for soft edges

const clamp = (v, low, high) => Math.max(low, Math.min(high, v));

/** As Python rounds: halves to the even number. */
const round = (v) => (Math.abs(v % 1) === 0.5 ? 2 * Math.round(v / 2) : Math.round(v));

/** The ink of a sheet, black on white, {data, height, width} in [0, 1]; context: of its canvas, [left, top, width, height]: what is looked at of
 *  it (null: nothing). */
export function inkOf(context, [left, top, width, height] = [0, 0, context.canvas.width, context.canvas.height]) {
  const { data } = context.getImageData(left, top, width, height), ink = new Float32Array(width * height);
  for (let i = 0; i < ink.length; i++) ink[i] = 1 - data[4 * i] / 255;
  return { data: ink, height, width };
}

/** Ink {data, height, width} in [0, 1] -> 28 * 28 numbers in [0, 1], row by row; null where there is none. */
export function inMnistsForm(ink) {
  const box = ink && boxOf(ink, SEEN);
  if (!box) return null;
  const { top, left, bottom, right } = box;
  return normalized(cropped(ink, Math.max(0, top - 1), Math.max(0, left - 1), Math.min(ink.height, bottom + 1), Math.min(ink.width, right + 1)));
}

/** What core.data.normalizing makes of all of a picture. */
function normalized(crop) {
  const { height, width } = crop, fine = FINE_SIDE / Math.max(height, width);
  const size = [height, width].map((side) => Math.max(1, round(side * fine)));
  const large = within(resized(crop, size, [0, 0, height, width], fine < 1 ? "box" : "bicubic"));
  const darkness = usualInk(large.data);
  const even = changed(large, (v) => clamp((v / darkness - 0.25) / 0.5, 0, 1));
  const like = withStrokesLikeMnist(padded(even, 1)), margin = (like.width - even.width) / 2;
  const strokes = padded(like, MARGIN - margin); // a 1 needs room to both sides for a square
  const { top, left, bottom, right } = boxOf(strokes, 0.3), side = Math.max(bottom - top, right - left);
  const [y, x] = [(top + bottom - side) / 2, (left + right - side) / 2];
  return centred(within(resized(strokes, [INNER, INNER], [y, x, y + side, x + side], "box")).data);
}

/** 20 x 20 pixels, their darkest 1, in 28 x 28 with the centre of mass in the middle. */
function centred(inner) {
  const darkest = Math.max(greatest(inner), 1e-6), x = new Float32Array(SIDE * SIDE);
  let sum = 0, down = 0, right = 0;
  inner.forEach((v, i) => {
    sum += v;
    down += v * Math.floor(i / INNER);
    right += v * (i % INNER);
  });
  const [top, left] = [down, right].map((moment) => clamp(round(CENTRE - moment / sum), 0, SIDE - INNER));
  inner.forEach((v, i) => (x[(top + Math.floor(i / INNER)) * SIDE + left + i % INNER] = v / darkest));
  return x;
}

/** Strokes grown or thinned so that they will be as wide as MNIST's once their longer side is 20 pixels, in a picture as much larger as that takes.
 *  The picture's edge is bare. */
function withStrokesLikeMnist(picture) {
  const darkest = greatest(picture.data), ink = darkest > 0.5 ? picture : changed(picture, (v) => v / darkest);
  const level = darkest > 0.5 ? 0.5 : 1 - 1e-7, { top, left, bottom, right } = boxOf(ink, level), length = Math.max(bottom - top, right - left);
  const width = 4 * meanDepth(changed(ink, (v) => v > level)); // the mean depth of a long stroke is a quarter of it
  const wanted = clamp(INNER * width / length, ...STROKE);
  const grow = round((wanted * length / INNER - width) / (1 - wanted / INNER) / 2); // at each side; the length grows too
  if (!grow) return ink;
  const by = clamp(grow, -MOST_GROWTH, MOST_GROWTH), even = grown(padded(ink, Math.abs(by)), by); // no more room than it needs: each pixel is looked at often
  return greatest(even.data) > 0.5 ? even : ink;
}

/** The 60th percentile of what is darker than half of the darkest. */
function usualInk(data) {
  const darkest = greatest(data), dark = new Float32Array(data.length);
  let count = 0, most = 0; // of the darkest
  for (let i = 0; i < data.length; i++) {
    if (data[i] > 0.5 * darkest) dark[count++] = data[i];
    if (data[i] === darkest) most++;
  }
  const at = 0.6 * (count - 1), low = Math.floor(at), sorted = dark.subarray(0, count);
  if (low >= count - most) return darkest; // as in nearly every drawing: no need to sort
  sorted.sort();
  return sorted[low] + (at - low) * (sorted[Math.min(low + 1, count - 1)] - sorted[low]);
}

const within = (picture) => changed(picture, (v) => clamp(v, 0, 1));

/** The box round the pixels above a level, half open; null where there are none. */
function boxOf({ data, height, width }, level) {
  let top = height, left = width, bottom = 0, right = 0;
  for (let y = 0, at = 0; y < height; y++) {
    for (let x = 0; x < width; x++, at++) {
      if (data[at] <= level) continue;
      top = Math.min(top, y);
      bottom = y + 1;
      left = Math.min(left, x);
      right = Math.max(right, x + 1);
    }
  }
  return bottom ? { top, left, bottom, right } : null;
}

function cropped({ data, width }, top, left, bottom, right) {
  const height = bottom - top, wide = right - left, out = new Float32Array(height * wide);
  for (let y = 0; y < height; y++) out.set(data.subarray((top + y) * width + left, (top + y) * width + right), y * wide);
  return { data: out, height, width: wide };
}

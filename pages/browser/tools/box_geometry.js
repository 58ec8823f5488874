// Boxes in a photo as numbers: [top, left, bottom, right] in its own pixels. `photo`: its {width, height}.

const ARROW_STEPS = 200; // across the photo's longer side
const SMALLEST = 1 / 100; // a box's side, of the photo's longer side
export const CORNERS = [[0, 1], [0, 3], [2, 1], [2, 3]]; // which two of a box's four numbers a corner moves

const clamp = (v, low, high) => Math.min(high, Math.max(low, v));
const median = (values) => values.sort((a, b) => a - b)[values.length >> 1];

const longer = ({ width, height }) => Math.max(width, height);
export const smallest = (photo) => Math.max(1, Math.round(SMALLEST * longer(photo)));
export const arrowStep = (photo) => Math.max(1, Math.round(longer(photo) / ARROW_STEPS));

/** A box with its corners in order and inside the photo. */
export function inside([a, b, c, d], { width, height }) {
  return [clamp(Math.min(a, c), 0, height), clamp(Math.min(b, d), 0, width), clamp(Math.max(a, c), 0, height), clamp(Math.max(b, d), 0, width)];
}

/** A box as large as the others usually are, with its middle here, or as near to it as the photo allows. */
export function usual([y, x], boxes, { width, height }) {
  const side = Math.min(width, height) / 4;
  const h = median(boxes.map(([t, , b]) => b - t)) ?? side, w = median(boxes.map(([, l, , r]) => r - l)) ?? side;
  const top = clamp(y - h / 2, 0, height - h), left = clamp(x - w / 2, 0, width - w);
  return [top, left, top + h, left + w];
}

/** The box moved, or those of its numbers that `which` names, by (dy, dx); it stays inside the photo, and no smaller than boxes may be. */
export function moved(box, dy, dx, which, photo) {
  const { height, width } = photo, [t, l, b, r] = box;
  if (!which) {
    const y = clamp(dy, -t, height - b), x = clamp(dx, -l, width - r);
    return [t + y, l + x, b + y, r + x];
  }
  const next = [...box], least = smallest(photo), [row, column] = which;
  next[row] = row ? clamp(b + dy, Math.min(height, t + least), height) : clamp(t + dy, 0, Math.max(0, b - least));
  next[column] = column === 3 ? clamp(r + dx, Math.min(width, l + least), width) : clamp(l + dx, 0, Math.max(0, r - least));
  return next;
}

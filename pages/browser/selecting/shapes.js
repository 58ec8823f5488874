// Which points of the plane lie in a box, in a circle, or in a lasso. Plain numbers, in whatever coordinates they are given.

/** The indices of points that a test(x, y) lets in, in ascending order. */
function those(xs, ys, test) {
  const found = [];
  for (let i = 0; i < xs.length; i++) if (test(xs[i], ys[i])) found.push(i);
  return found;
}

const box = (points) => {
  const [x, y] = [0, 1].map((axis) => points.map((point) => point[axis]));
  return [Math.min(...x), Math.min(...y), Math.max(...x), Math.max(...y)];
};

/** In the box between two opposite corners; its edges belong to it. */
export function inBox(xs, ys, corners) {
  const [left, bottom, right, top] = box(corners);
  return those(xs, ys, (x, y) => x >= left && x <= right && y >= bottom && y <= top);
}

/** At most so far from a centre. */
export function inCircle(xs, ys, [cx, cy], radius) {
  return those(xs, ys, (x, y) => (x - cx) ** 2 + (y - cy) ** 2 <= radius ** 2);
}

/** In a lasso, which closes itself: even-odd, that is, a line from the point to far away crosses it an odd number of times (Shimrat 1962,
 *  "Algorithm 112: Position of point relative to polygon", CACM 5(8)). A point on the line itself is in. */
export function inLasso(xs, ys, lasso) {
  if (!lasso.length) return [];
  const [left, bottom, right, top] = box(lasso);
  return those(xs, ys, (x, y) => x >= left && x <= right && y >= bottom && y <= top && surrounds(lasso, x, y));
}

function surrounds(lasso, x, y) {
  let odd = false, [ax, ay] = lasso.at(-1);
  for (const [bx, by] of lasso) {
    const aside = (bx - ax) * (y - ay) - (by - ay) * (x - ax); // 0: on the line through a and b
    if (aside === 0 && (x - ax) * (x - bx) <= 0 && (y - ay) * (y - by) <= 0) return true;
    if (ay > y !== by > y && aside > 0 === by > ay) odd = !odd;
    [ax, ay] = [bx, by];
  }
  return odd;
}

/** A line with fewer points: what is left out lay within `tolerance` of what stays (Ramer 1972; Douglas & Peucker 1973), the first and the last
 *  stay, and where more than `most` are left the tolerance doubles. */
export function simplified(line, tolerance, most) {
  if (line.length <= 2) return line;
  const stays = new Uint8Array(line.length), spans = [[0, line.length - 1]];
  stays[0] = stays[line.length - 1] = 1;
  while (spans.length) {
    const [from, to] = spans.pop();
    let far = -1, farthest = tolerance;
    for (let i = from + 1; i < to; i++) {
      const away = distance(line[i], line[from], line[to]);
      if (away > farthest) [far, farthest] = [i, away];
    }
    if (far < 0) continue;
    stays[far] = 1;
    spans.push([from, far], [far, to]);
  }
  const left = line.filter((_, i) => stays[i]);
  return left.length <= Math.max(2, most) ? left : simplified(line, 2 * tolerance || 1e-9, most);
}

/** From a point to the segment between two others. */
function distance([x, y], [ax, ay], [bx, by]) {
  const dx = bx - ax, dy = by - ay, along = ((x - ax) * dx + (y - ay) * dy) / (dx * dx + dy * dy || 1), t = Math.max(0, Math.min(1, along));
  return Math.hypot(x - ax - t * dx, y - ay - t * dy);
}

// The points that a path leads through, and their words in the page's address: "straight,9,z;5001;0.31:-1.2", kind, steps and spacing before
// the points, a test image by its number, any other by where it lies on the map, of more than two dimensions by its whole code.

import { KINDS } from "./kinds.js";

export const LEAST_STEPS = 5, MOST_STEPS = 21, USUAL = { kind: "straight", steps: 9, by: "z" };
export const MOST = 24; // points
const SPACINGS = ["z", "pixels"];

const rounded = (v) => Number(v.toFixed(3));
const numbers = ({ code, point }) => Array.from(code.length > 2 ? code : point, rounded).join(":");

/** {kind, steps, by} and waypoints in words; "" where there are none. */
export function said({ kind, steps, by }, waypoints) {
  if (!waypoints.length) return "";
  return [[kind, steps, by].join(), ...waypoints.map((one) => one.row ?? numbers(one))].join(";");
}

/** The same read: {kind, steps, by, waypoints}; what cannot be used is left out. */
export function read(word, space) {
  const [head, ...places] = String(word).split(";"), [kind, steps, by] = head.split(",");
  return {
    kind: Object.hasOwn(KINDS, kind) && !KINDS[kind].missing(space) ? kind : USUAL.kind,
    steps: /^\d+$/.test(steps) && steps >= LEAST_STEPS && steps <= MOST_STEPS ? Number(steps) : USUAL.steps,
    by: SPACINGS.includes(by) ? by : USUAL.by,
    waypoints: places.slice(0, MOST).map((text) => place(text, space)).filter(Boolean),
  };
}

function place(text, space) {
  if (/^\d+$/.test(text)) return Number(text) < space.count ? space.ofImage(Number(text)) : null;
  const z = text.split(":").map((part) => (/^-?[\d.]+$/.test(part) ? Number(part) : NaN)), { dimensions } = space;
  if (!z.every((v) => Math.abs(v) <= space.map.viewport.limit)) return null;
  if (z.length === 2) return space.ofPoint(z);
  return dimensions > 2 && z.length === dimensions ? space.ofCode(z) : null;
}

/** A line of pixels with fewer points, none of which lies farther off than so many pixels (Ramer 1972; Douglas & Peucker 1973): the indices
 *  of those that stay. */
export function simplified(pixels, off, first = 0, last = pixels.length - 1) {
  const [ax, ay] = pixels[first], [bx, by] = pixels[last], long = Math.hypot(bx - ax, by - ay);
  let most = -1, farthest = -1;
  for (let i = first + 1; i < last; i++) {
    const [x, y] = pixels[i], far = long ? Math.abs((bx - ax) * (ay - y) - (ax - x) * (by - ay)) / long : Math.hypot(x - ax, y - ay);
    if (far > most) [most, farthest] = [far, i];
  }
  if (most <= off) return [first, last];
  return [...simplified(pixels, off, first, farthest).slice(0, -1), ...simplified(pixels, off, farthest, last)];
}

/** The same with at most so many points. */
export function fewPoints(pixels, most = MOST) {
  for (let off = 2; ; off *= 1.3) {
    const kept = simplified(pixels, off);
    if (kept.length <= most) return kept;
  }
}

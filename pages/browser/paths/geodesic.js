// From the shortest path over a lattice, which can only turn by its neighbours' angles, to a smooth one: its points move as long as the
// discrete energy falls, the sum of the squared lengths of its steps (Shao, Kumar & Fletcher 2018, "The Riemannian geometry of deep
// generative models", algorithm 1), from few points to many.

import { breaks } from "../turns.js";
import { evenly, lengths } from "./evenly.js";

const PARTS = 64, FIRST = 8; // of the smooth path, at the end and at first
const SWEEPS = 60, LEAST = 1e-3; // of each number of parts; of a lattice's step, below which no point moves
const WAYS = [[1, 0], [-1, 0], [0, 1], [0, -1], [0.7, 0.7], [-0.7, -0.7], [0.7, -0.7], [-0.7, 0.7]];

/** The energy of a step from a to b, its metric looked at in so many places. */
function energy(lattice, a, b, looks) {
  const by = [b[0] - a[0], b[1] - a[1]];
  let sum = 0;
  for (let i = 0; i < looks; i++) {
    const share = (i + 0.5) / looks;
    sum += lattice.squared([a[0] + share * by[0], a[1] + share * by[1]], by);
  }
  return sum / looks;
}

/** A smooth path of PARTS steps between the ends of a path over a lattice, in slices; throws the signal's reason when that aborts. */
export async function smooth(lattice, path, signal) {
  const pause = breaks(signal);
  let points = evenly(path, lengths(path), FIRST + 1);
  for (let parts = FIRST; ; parts *= 2) {
    await relax(lattice, points, PARTS / parts, pause);
    if (parts === PARTS) return points;
    points = evenly(points, points.map((_, i) => i), 2 * parts + 1); // each step halved
  }
}

async function relax(lattice, points, looks, pause) {
  let reach = lattice.step;
  for (let sweep = 0; sweep < SWEEPS && reach > LEAST * lattice.step; sweep++) {
    await pause();
    let moved = false;
    for (let i = 1; i < points.length - 1; i++) moved = move(lattice, points, i, reach, looks) || moved;
    if (!moved) reach /= 2;
  }
}

/** Move a point where that makes the two steps at it shorter; whether it did. */
function move(lattice, points, i, reach, looks) {
  const around = (p) => energy(lattice, points[i - 1], p, looks) + energy(lattice, p, points[i + 1], looks);
  let least = around(points[i]), best = null;
  for (const [x, y] of WAYS) {
    const p = Float64Array.of(points[i][0] + reach * x, points[i][1] + reach * y), value = around(p);
    if (value < least - 1e-12) [least, best] = [value, p];
  }
  if (best) points[i] = best;
  return best !== null;
}

// Between the members of a family: numbers are blended in a straight line, and at a member they are that member's own, to the last bit.

import { clamp } from "../map/viewport.js";

const SNAP = 0.04; // of the way between two members: so near to one, a dial that is let go stands on it

/** Between which two of so many members a position lies, and how far from the one to the other: {from, to, share}; at a member the share is 0. */
export function between(position, members) {
  const at = clamp(position, 0, members - 1), from = Math.floor(at);
  return { from, to: Math.min(from + 1, members - 1), share: at - from };
}

/** (1 - share) one + share other, number by number, into `out`. */
export function blend(one, other, share, out) {
  for (let i = 0; i < out.length; i++) out[i] = one[i] + share * (other[i] - one[i]);
  return out;
}

/** The same of what a list has for each member. */
export function blended(list, { from, to, share }, out = new Float64Array(list[from].length)) {
  return blend(list[from], list[to], share, out);
}

/** Where a dial that is let go at a position stands. */
export const settled = (position) => (Math.abs(position - Math.round(position)) <= SNAP ? Math.round(position) : Number(position.toFixed(2)));

/** From 0 to 1, slow at both ends. */
export const eased = (share) => share * share * (3 - 2 * share);

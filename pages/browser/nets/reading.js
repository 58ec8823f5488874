// What a code means, read from the test codes around it: core/latent.py's read_point, held to it by a test.

import { HERE } from "./nearest.js";

export const ON_CODE = 1e-3; // a point of the map this near to a dot is that dot
const NEIGHBOURS = 10;

/** The share of draws from N(0, I) in so many dimensions that lie farther out than so many sigmas: Q(dimensions / 2, sigmas^2 / 2).
 *  Upwards by Q(a + 1, x) = Q(a, x) + x^a e^-x / gamma(a + 1) (DLMF 8.8.6), from Q(1, x) = e^-x or Q(1/2, x) = erfc(sqrt(x)). */
export function priorShareBeyond(dimensions, sigmas) {
  const x = sigmas ** 2 / 2, odd = dimensions % 2;
  let a = odd ? 0.5 : 1, share = odd ? erfc(Math.sqrt(x)) : Math.exp(-x);
  let term = odd ? 2 * Math.sqrt(x / Math.PI) * Math.exp(-x) : x * Math.exp(-x); // x^a e^-x / gamma(a + 1)
  for (; 2 * a < dimensions; a++) {
    share += term;
    term *= x / (a + 1);
  }
  return share;
}

/** 1 - erf(v) for v >= 0: the series of erf (DLMF 7.6.2) where it is short, else the continued fraction (DLMF 7.9.1). */
function erfc(v) {
  if (v < 3) {
    let term = v, sum = v;
    for (let n = 1; term > 1e-17 * sum; n++) sum += term *= 2 * v * v / (2 * n + 1);
    return 1 - 2 / Math.sqrt(Math.PI) * Math.exp(-v * v) * sum;
  }
  let tail = v;
  for (let n = 60; n > 0; n--) tail = v + n / 2 / tail;
  return Math.exp(-v * v) / Math.sqrt(Math.PI) / tail;
}

/** Rows and distances of the codes nearest to z, nearest first; among equals the lower row. codes: (N, D), row by row. */
export function nearest(codes, z, k) {
  const d = z.length, found = []; // {row, squared}, in order
  for (let row = 0, at = 0; at < codes.length; row++) {
    let squared = 0;
    for (let i = 0; i < d; i++, at++) squared += (codes[at] - z[i]) ** 2;
    if (found.length === k && squared >= found[k - 1].squared) continue;
    let place = found.length;
    while (place && found[place - 1].squared > squared) place--;
    found.splice(place, 0, { row, squared });
    if (found.length > k) found.pop();
  }
  return found.map(({ row, squared }) => ({ row, distance: Math.sqrt(squared) }));
}

/** How many codes are nearer to z than that. */
function within(codes, z, distance) {
  const d = z.length;
  let count = 0;
  for (let at = 0; at < codes.length; at += d) {
    let squared = 0;
    for (let i = 0; i < d; i++) squared += (codes[at + i] - z[i]) ** 2;
    count += squared < distance ** 2;
  }
  return count;
}

/** The most frequent of the labels, nearest first; among equals the nearest one's. */
export function vote(labels) {
  const counts = new Map();
  for (const label of labels) counts.set(label, (counts.get(label) ?? 0) + 1);
  const most = Math.max(...counts.values()), label = labels.find((one) => counts.get(one) === most);
  return { label, votes: most, neighbours: labels.length };
}

/** Read a code z off the test codes (N, D) and their labels (N,). Where z is the code of a row, that row has no vote; else row is null. */
export function readPoint(codes, labels, z, row) {
  const around = nearest(codes, z, NEIGHBOURS + 1), others = around.filter((one) => one.row !== row);
  const voters = (row === null || !others.length ? around : others).slice(0, NEIGHBOURS);
  const sigmas = Math.hypot(...z);
  return {
    z, sigmas,
    beyond: priorShareBeyond(z.length, sigmas),
    nearest: row ?? around[0].row,
    distance: row === null ? around[0].distance : 0,
    onCode: row !== null,
    more: Math.max(0, within(codes, z, HERE) - 1), // codes as good as here, besides the nearest
    farthest: voters.at(-1).distance, // of those that vote
    voters: voters.map((one) => one.row), // nearest first
    vote: vote(voters.map((one) => labels[one.row])),
  };
}

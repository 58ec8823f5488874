// The kinds of path, in one table: what each is called and says of itself, where it is not offered, and how it leads from code to code.

import { breaks } from "../turns.js";
import { CodeGraph } from "./by_codes.js";
import { decodedLengths } from "./evenly.js";
import { smooth } from "./geodesic.js";
import { Lattice } from "./lattice.js";
import { chain, divided, spherical, straight } from "./ways.js";

const ROOM = 2; // so many times as far as the waypoints are apart is the window in which the least change is looked for, at least
const lattices = new WeakMap(), graphs = new WeakMap(); // decoder -> [{window, lattice}]; codes -> graph

/** title; says(space): a sentence; missing(space): why it is not offered, "" where it is; prepare(space, waypoints, signal, share): what is
 *  needed for all legs, and lead(ready, a, b, parts, signal, space): the codes from one to the other, or null where no way leads there. */
export const KINDS = {
  straight: {
    title: "Straight",
    says: () => "Every number of the code changes evenly.",
    missing: () => "",
    prepare: () => null,
    lead: (_, a, b, parts) => chain(straight(a, b), parts),
  },
  sphere: {
    title: "Along the sphere",
    says: ({ dimensions: d }) => "The code turns about the prior’s centre, by the shorter way, and its distance from it changes evenly "
      + `(spherical interpolation, <em>slerp</em>: Shoemake 1985, White 2016). ${d < 8
        ? `With ${d} numbers in a code many codes lie near the centre, too: this is another way, not a better one.`
        : `In ${d} dimensions nearly all of the prior lies about ${Math.sqrt(d).toFixed(1)} out, and a straight way cuts inside, where the decoder has learned little.`}`,
    missing: ({ facts, dimensions }) => (!facts.keeps_to_prior ? "Along the sphere: only where a prior counted in training." : dimensions < 2 ? "Along the sphere: a code of one number has none." : ""),
    prepare: () => null,
    lead: (_, a, b, parts) => chain(spherical(a, b), parts),
  },
  change: {
    title: "Least change",
    says: () => "The way on which the picture changes as little as it can, all in all: the shortest path by the metric that the decoder pulls back "
      + "from the space of images (Arvanitidis, Hansen & Hauberg 2018). It knows what is drawn, not where codes are: where the picture "
      + "hardly changes it may cut through a place that no image’s code is near.",
    missing: ({ flat, dimensions }) => (flat ? "" : `Least change: it is looked for on a lattice, which ${dimensions === 1 ? "a line does not need" : `in ${dimensions} dimensions would have too many places`}.`),
    prepare: latticeOf,
    lead: leastChange,
  },
  codes: {
    title: "By real codes",
    says: () => "From test code to test code, over edges to each one’s ten nearest, in many short steps rather than a few long ones: so it keeps to "
      + "where codes are dense (the shortest path on the kNN graph by squared lengths; Bijral, Ratliff & Srebro 2011).",
    missing: ({ dimensions }) => (dimensions === 1 ? "By real codes: on a line there is only one way." : ""),
    prepare: graphOf,
    lead: async (graph, a, b, _, signal) => (await graph.path(a, b, signal))?.path ?? null,
  },
};

/** Where the least change is looked for: a square about the waypoints, so large that a way round has room, but the finer the nearer they are to
 *  each other; its place and size are such that a point which is moved a little leaves it where it is. [[left, right], [bottom, top]]. */
export function windowOf({ left, right, bottom, top }, codes) {
  const extents = [0, 1].map((i) => codes.map((code) => code[i])).map((all) => [Math.min(...all), Math.max(...all)]);
  const span = Math.max(...extents.map(([low, high]) => high - low), 1e-3), whole = Math.max(right - left, top - bottom, 1e-3);
  const side = whole * 2 ** Math.ceil(Math.log2(ROOM * span / whole)), grid = side / 8;
  return extents.map(([low, high]) => Math.round((low + high) / 2 / grid) * grid).map((middle) => [middle - side / 2, middle + side / 2]);
}

/** The lattice there, measured once for a decoder. */
async function latticeOf(space, waypoints, signal, share) {
  const { map: { figure: { extents: { most } } }, decoder, facts: { drawn } } = space, window = windowOf(most, waypoints.map(({ code }) => code));
  const known = lattices.get(decoder) ?? lattices.set(decoder, []).get(decoder), key = JSON.stringify([window, drawn]);
  const found = known.find((one) => one.key === key);
  if (found) return found.lattice;
  const lattice = new Lattice(window);
  await lattice.measure((x, y) => space.image([x, y]), signal, share);
  known.unshift({ key, lattice });
  known.length = Math.min(known.length, 4);
  return lattice;
}

/** The smoothed shortest path over the lattice; where that is too coarse to find a shorter way than the straight one, that. */
async function leastChange(lattice, a, b, parts, signal, space) {
  const ways = [await smooth(lattice, await lattice.path(a, b, signal), signal), [a, b]].map((way) => divided(way, parts)), long = [];
  for (const way of ways) long.push((await decodedLengths(way, (z) => space.image(z), breaks(signal))).at(-1));
  return long[0] < long[1] ? ways[0] : ways[1];
}

async function graphOf({ codes, dimensions }, _, signal, share) {
  if (graphs.has(codes)) return graphs.get(codes);
  const graph = new CodeGraph(codes, dimensions);
  await graph.measure(signal, share);
  graphs.set(codes, graph);
  return graph;
}

// The kinds of path, in one table: what each is called and says of itself, where it is not offered, and how it leads from code to code.

import { CodeGraph } from "./by_codes.js";
import { smooth } from "./geodesic.js";
import { Lattice } from "./lattice.js";
import { chain, spherical, straight } from "./ways.js";

const PAD = 0.05; // of the window in which the least change is looked for, beyond codes and waypoints
const lattices = new WeakMap(), graphs = new WeakMap(); // decoder -> [{window, lattice}]; codes -> graph

/** title; says(space): a sentence; missing(space): why it is not offered, "" where it is; prepare(space, waypoints, signal, share): what is
 *  needed for all legs, and lead(ready, a, b, parts, signal): the codes from one to the other, or null where no way leads there. */
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
    lead: (lattice, a, b, _, signal) => smooth(lattice, lattice.path(a, b), signal),
  },
  codes: {
    title: "By real codes",
    says: () => "From test code to test code, over edges to each one’s ten nearest, in many short steps rather than a few long ones: so it keeps to "
      + "where codes are dense (the shortest path on the kNN graph by squared lengths; Bijral, Ratliff & Srebro 2011).",
    missing: ({ dimensions }) => (dimensions === 1 ? "By real codes: on a line there is only one way." : ""),
    prepare: graphOf,
    lead: (graph, a, b) => graph.path(a, b)?.path ?? null,
  },
};

/** The lattice over the window of most codes and all waypoints, measured once for a decoder. */
async function latticeOf(space, waypoints, signal, share) {
  const { map: { figure: { extents: { most } } }, decoder, facts: { drawn } } = space;
  const window = [[most.left, most.right], [most.bottom, most.top]].map(([low, high], i) => {
    const all = [low, high, ...waypoints.map(({ code }) => code[i])], ends = [Math.min(...all), Math.max(...all)], pad = PAD * (high - low) + 1e-6;
    return [ends[0] - pad, ends[1] + pad];
  });
  const known = lattices.get(decoder) ?? lattices.set(decoder, []).get(decoder), key = JSON.stringify([window, drawn]);
  const found = known.find((one) => one.key === key);
  if (found) return found.lattice;
  const lattice = new Lattice(window);
  await lattice.measure((x, y) => space.image([x, y]), signal, share);
  known.unshift({ key, lattice });
  known.length = Math.min(known.length, 3);
  return lattice;
}

async function graphOf({ codes, dimensions }, _, signal, share) {
  if (graphs.has(codes)) return graphs.get(codes);
  const graph = new CodeGraph(codes, dimensions);
  await graph.measure(signal, share);
  graphs.set(codes, graph);
  return graph;
}

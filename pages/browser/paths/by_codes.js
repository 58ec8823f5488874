// A path by way of real codes: each is connected to the ten nearest to it, and of all ways over these edges the one is taken whose squared
// lengths sum to the least. Many short steps are then less than a few long ones, so the path keeps to where codes are dense (Bijral, Ratliff &
// Srebro 2011; Hwang, Damelin & Hero 2016: in d dimensions it tends to the shortest by the length weighted with density^(-1/d)).

import { breaks } from "../nets/losses.js";
import { nearest } from "../nets/reading.js";
import { apart } from "./evenly.js";
import { shortest } from "./shortest.js";

export const NEIGHBOURS = 10;

export class CodeGraph {
  /** codes: (N, D), row by row. */
  constructor(codes, dimensions) {
    Object.assign(this, { codes, dimensions, count: codes.length / dimensions });
    this.edges = Array.from({ length: this.count }, () => []);
  }

  code(row) {
    return this.codes.subarray(row * this.dimensions, (row + 1) * this.dimensions);
  }

  /** Find each code's neighbours, in slices. onShare(share) hears how far it is; throws the signal's reason when that aborts. */
  async measure(signal, onShare = () => {}) {
    const pause = breaks(signal), { count, edges, codes } = this;
    for (let row = 0; row < count; row++) {
      await pause();
      if (row % 100 === 0) onShare(row / count);
      for (const found of nearest(codes, this.code(row), NEIGHBOURS + 1)) {
        if (found.row === row) continue;
        edges[row].push([found.row, found.distance ** 2]);
        edges[found.row].push([row, found.distance ** 2]);
      }
    }
  }

  /** {rows: of the codes by which the path goes, path: codes with both ends}; null where no edges lead from one to the other. */
  async path(a, b, signal) {
    const { count, edges, codes } = this, [from, to] = [count, count + 1];
    const ends = [a, b].map((end) => nearest(codes, end, NEIGHBOURS).map(({ row, distance }) => [row, distance ** 2]));
    const last = new Map(ends[1]);
    const visitAll = (vertex, visit) => {
      for (const [other, length] of vertex === from ? ends[0] : edges[vertex] ?? []) visit(other, length);
      if (last.has(vertex)) visit(to, last.get(vertex));
    };
    const found = await shortest(count + 2, visitAll, from, to, signal);
    if (!found) return null;
    const rows = found.path.slice(1, -1), path = [a, ...rows.map((row) => this.code(row)), b];
    return { rows, path: path.filter((code, i) => i === 0 || i === path.length - 1 || apart(code, path[i - 1]) > 0) };
  }
}

// A path by way of real codes: each is connected to the ten nearest to it, and of all ways over these edges the one is taken whose squared
// lengths sum to the least. Many short steps are then less than a few long ones, so the path keeps to where codes are dense (Bijral, Ratliff &
// Srebro 2011; Hwang, Damelin & Hero 2016: in d dimensions it tends to the shortest by the length weighted with density^(-1/d)).

import { nearest } from "../nets/reading.js";
import { breaks } from "../turns.js";
import { apart } from "./evenly.js";
import { shortest } from "./shortest.js";

export const NEIGHBOURS = 10;

/** Rows and squared distances of the codes nearest to one, in no matter which direction: looked for outwards along the first coordinate, in
 *  whose order they are, until what is left is too far along that alone. */
function around({ order, codes, d }, place) {
  const found = [], from = codes[place * d];
  for (let low = place - 1, high = place + 1; low >= 0 || high < order.length;) {
    const down = low >= 0 ? from - codes[low * d] : Infinity, up = high < order.length ? codes[high * d] - from : Infinity;
    const worst = found.length < NEIGHBOURS ? Infinity : found[NEIGHBOURS - 1][1];
    if (Math.min(down, up) ** 2 >= worst) break;
    const other = down < up ? low-- : high++;
    let squared = 0;
    for (let i = 0, a = place * d, b = other * d; i < d && squared < worst; i++) squared += (codes[a + i] - codes[b + i]) ** 2;
    if (squared >= worst) continue;
    let at = found.length;
    while (at && found[at - 1][1] > squared) at--;
    found.splice(at, 0, [order[other], squared]);
    found.length = Math.min(found.length, NEIGHBOURS);
  }
  return found;
}

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
    const pause = breaks(signal), { count, edges } = this, sorted = this.sorted();
    for (let place = 0; place < count; place++) {
      await pause();
      if (place % 100 === 0) onShare(place / count);
      const row = sorted.order[place];
      for (const [other, squared] of around(sorted, place)) {
        edges[row].push([other, squared]);
        edges[other].push([row, squared]);
      }
    }
  }

  /** The codes in the order of the coordinate in which they differ most, and each with its coordinates by how much they differ in them, so that
   *  what is far is soon known to be: {order: their rows, codes, d}. */
  sorted() {
    const { codes, dimensions: d, count } = this, order = Uint32Array.from({ length: count }, (_, row) => row), spread = new Float64Array(d);
    for (let i = 0; i < d; i++) {
      let sum = 0, squares = 0;
      for (let at = i; at < codes.length; at += d) {
        sum += codes[at];
        squares += codes[at] ** 2;
      }
      spread[i] = squares / count - (sum / count) ** 2;
    }
    const axes = Array.from(spread.keys()).sort((a, b) => spread[b] - spread[a]), inOrder = new Float32Array(codes.length);
    order.sort((a, b) => codes[a * d + axes[0]] - codes[b * d + axes[0]]);
    order.forEach((row, place) => axes.forEach((axis, i) => (inOrder[place * d + i] = codes[row * d + axis])));
    return { order, codes: inOrder, d };
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

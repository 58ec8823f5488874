// How much the decoded image changes from place to place: the metric that the decoder pulls back from the space of images into the latent
// space, M = J'J, J the decoder's Jacobian (Arvanitidis, Hansen & Hauberg 2018, "Latent space oddity", eq. 3), on a lattice. An edge is as
// long as the images at its ends are apart. The decoder's images alone count: their metric does not know where there are no codes.

import { breaks } from "../turns.js";
import { apart } from "./evenly.js";
import { shortest } from "./shortest.js";

const CELLS = 96; // on the longer side: an edge's images are then still little apart, and few of its bends are cut off
const AROUND = [[1, 0], [0, 1], [1, 1], [1, -1], [2, 1], [1, 2], [2, -1], [1, -2]]; // sixteen neighbours, each edge once

export class Lattice {
  /** On a window [[left, right], [bottom, top]] of points. */
  constructor(window) {
    const [wide, high] = window.map(([low, top]) => top - low);
    this.step = Math.max(wide, high) / CELLS;
    this.corner = window.map(([low]) => low);
    this.columns = Math.ceil(wide / this.step - 1e-9) + 1;
    this.rows = Math.ceil(high / this.step - 1e-9) + 1;
    this.edges = new Float32Array(AROUND.length * this.columns * this.rows).fill(Infinity); // from each vertex in each direction
  }

  get count() {
    return this.columns * this.rows;
  }

  /** The point of a vertex. */
  place(vertex) {
    const { columns, step, corner: [left, bottom] } = this;
    return [left + step * (vertex % columns), bottom + step * Math.floor(vertex / columns)];
  }

  /** The vertex nearest to a point of the window. */
  vertex([x, y]) {
    const { columns, rows, step, corner: [left, bottom] } = this, within = (v, count) => Math.max(0, Math.min(count - 1, Math.round(v / step)));
    return within(y - bottom, rows) * columns + within(x - left, columns);
  }

  /** Decode every vertex, in slices, and measure the edges. onShare(share) hears how far it is; throws the signal's reason when that aborts. */
  async measure(decode, signal, onShare = () => {}) {
    const pause = breaks(signal), { columns, rows, edges } = this, images = [];
    for (let vertex = 0; vertex < this.count; vertex++) {
      await pause();
      if (vertex % columns === 0) onShare(vertex / this.count);
      images.push(Float32Array.from(decode(...this.place(vertex))));
      const column = vertex % columns, row = Math.floor(vertex / columns);
      AROUND.forEach(([right, up], i) => { // to those that are decoded already
        const [c, r] = up < 0 ? [column + right, row + up] : [column - right, row - up];
        if (c < 0 || c >= columns || r < 0 || r >= rows) return;
        const other = r * columns + c, start = up < 0 ? vertex : other;
        edges[AROUND.length * start + i] = apart(images[vertex], images[other]);
      });
      if (row > 2) images[vertex - 3 * columns] = null; // no longer needed
    }
    this.tensors = new Array(this.count);
    for (let vertex = 0; vertex < this.count; vertex++) {
      await pause();
      this.tensors[vertex] = this.tensor(vertex);
    }
  }

  /** Call visit(other, length) for each neighbour of a vertex. */
  neighbours(vertex, visit) {
    const { columns, rows, edges } = this, column = vertex % columns, row = Math.floor(vertex / columns);
    AROUND.forEach(([right, up], i) => {
      for (const way of [1, -1]) {
        const c = column + way * right, r = row + way * up;
        if (c < 0 || c >= columns || r < 0 || r >= rows) continue;
        const other = r * columns + c;
        visit(other, edges[AROUND.length * (way > 0 ? vertex : other) + i]);
      }
    });
  }

  /** The shortest path over the lattice from one point to another: points (N, 2). */
  async path(a, b, signal) {
    const { path } = await shortest(this.count, (vertex, visit) => this.neighbours(vertex, visit), this.vertex(a), this.vertex(b), signal);
    return [a, ...path.slice(1, -1).map((vertex) => this.place(vertex)), b];
  }

  /** M in the middle of a cell, whose lower left vertex that is: [M11, M12, M22], from the sides and the diagonals. */
  tensor(vertex) {
    const { columns, edges, step } = this, edge = (from, i) => edges[AROUND.length * from + i] ** 2 / step ** 2;
    return [
      (edge(vertex, 0) + edge(vertex + columns, 0)) / 2,
      (edge(vertex, 2) - edge(vertex + columns, 3)) / 4, // |J(1, 1)|² - |J(1, -1)|² = 4 M12
      (edge(vertex, 1) + edge(vertex + 1, 1)) / 2,
    ];
  }

  /** The squared length of a short step (dx, dy) at a point, by M, which between the cells' middles is what lies between. */
  squared([x, y], [dx, dy]) {
    const { columns, rows, step, corner: [left, bottom] } = this, within = (v, most) => Math.max(0, Math.min(most, v));
    const u = within((x - left) / step - 0.5, columns - 2), v = within((y - bottom) / step - 0.5, rows - 2);
    const c = Math.min(Math.floor(u), Math.max(0, columns - 3)), r = Math.min(Math.floor(v), Math.max(0, rows - 3));
    const a = r * columns + c, across = u - c, up = v - r;
    return Math.max(0, (1 - up) * this.between(a, across, dx, dy) + (up && up * this.between(a + columns, across, dx, dy)));
  }

  /** The same at a height where two cells' middles are, so far from the left one to the right one. */
  between(cell, across, dx, dy) {
    const of = ([xx, xy, yy]) => xx * dx * dx + 2 * xy * dx * dy + yy * dy * dy;
    return (1 - across) * of(this.tensors[cell]) + (across && across * of(this.tensors[cell + 1]));
  }
}

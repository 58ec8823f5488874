// The nearest of many points in the plane, by a grid of cells searched ring by ring.

const CODES_PER_CELL = 4;

export const HERE = 0.005; // as near as this, a distance of two digits is 0.00

export class NearestIndex {
  /** xs, ys: coordinates of the points; numbers: of points at one distance the one with the lowest is the nearest. */
  constructor(xs, ys, numbers = xs.map((_, i) => i)) {
    Object.assign(this, { xs, ys, numbers });
    const extent = (v) => v.reduce(([low, high], c) => [Math.min(low, c), Math.max(high, c)], [Infinity, -Infinity]);
    const [left, right] = extent(xs), [bottom, top] = extent(ys);
    this.left = left;
    this.bottom = bottom;
    this.side = Math.max(1, Math.round(Math.sqrt(xs.length / CODES_PER_CELL)));
    this.cell = Math.max(right - left, top - bottom, 1e-9) / this.side;
    this.cells = Array.from({ length: this.side * this.side }, () => []);
    for (let i = 0; i < xs.length; i++) this.cells[this.row(ys[i]) * this.side + this.column(xs[i])].push(i);
  }

  clamp = (cell) => Math.max(0, Math.min(this.side - 1, cell));
  column = (x) => this.clamp(Math.floor((x - this.left) / this.cell));
  row = (y) => this.clamp(Math.floor((y - this.bottom) / this.cell));

  /** Index of the nearest point and its distance; index -1 when there are no points. */
  find(x, y) {
    let best = -1, bestSquared = Infinity;
    const column = this.column(x), row = this.row(y);
    // How far outside the grid (x, y) lies: cells of ring k are at least (k - 1) cells from the clamped point.
    for (let ring = 0; ring < this.side; ring++) {
      const safe = (ring - 1) * this.cell;
      if (best >= 0 && safe > 0 && this.outside(x, y) + safe * safe > bestSquared) break;
      for (let r = Math.max(0, row - ring); r <= Math.min(this.side - 1, row + ring); r++) {
        const edge = Math.abs(r - row) === ring;
        for (let c = column - ring; c <= column + ring; c += edge ? 1 : Math.max(1, 2 * ring)) {
          if (c < 0 || c >= this.side) continue;
          for (const i of this.cells[r * this.side + c]) {
            const squared = (this.xs[i] - x) ** 2 + (this.ys[i] - y) ** 2;
            if (squared < bestSquared || (squared === bestSquared && this.numbers[i] < this.numbers[best])) [best, bestSquared] = [i, squared];
          }
        }
      }
    }
    return { index: best, distance: Math.sqrt(bestSquared) };
  }

  /** How many points are nearer than that. */
  within(x, y, distance) {
    let count = 0;
    for (let r = this.row(y - distance); r <= this.row(y + distance); r++) {
      for (let c = this.column(x - distance); c <= this.column(x + distance); c++) {
        for (const i of this.cells[r * this.side + c]) count += (this.xs[i] - x) ** 2 + (this.ys[i] - y) ** 2 < distance ** 2;
      }
    }
    return count;
  }

  /** Squared distance from (x, y) to the grid's square; 0 inside. */
  outside(x, y) {
    const beyond = (v, low) => Math.max(0, low - v, v - (low + this.side * this.cell));
    return beyond(x, this.left) ** 2 + beyond(y, this.bottom) ** 2;
  }
}

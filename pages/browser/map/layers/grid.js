// The grid of decoded digits under the points: tiles on a lattice that is anchored in the map's coordinates, decoded a few at a time
// so that the pointer stays live, finer as one zooms in.

import { MovingCanvas } from "../moving_canvas.js";
import { Slices } from "./slices.js";

const MIN_TILE_PX = 30; // CSS pixels of a tile's side; up to twice that
const MAX_TILES = 6000; // kept, least recently drawn dropped first

export class GridLayer {
  constructor(plot) {
    this.picture = new MovingCanvas("lm-tiles");
    this.picture.hidden = true;
    plot.before(this.picture.element);
    this.tiles = new Map(); // "level:column:row" -> alpha of its pixels
    this.stamp = document.createElement("canvas");
    this.visible = false;
    this.slices = new Slices();
  }

  /** Another model: forget what was decoded. What is on show stays until its tile is decoded again. */
  use({ decoder }) {
    if (decoder === this.decoder) return;
    this.tiles.clear();
    this.decoder = decoder;
    const { width, height } = decoder;
    Object.assign(this.stamp, { width, height });
    this.pixels = new ImageData(width, height);
    this.pixels.data.fill(255); // light ink, as in the image itself
    this.draw(false);
  }

  show(visible) {
    if (visible === this.visible) return;
    this.visible = visible;
    this.picture.hidden = !visible;
    if (!visible) this.stop();
    this.draw();
  }

  look({ viewport: { xr, yr, box, scale } }) {
    const view = JSON.stringify([xr, yr, box, scale.name, devicePixelRatio]);
    if (view === this.view) return;
    if (scale !== this.scale) this.tiles.clear();
    Object.assign(this, { view, xr, yr, box, scale });
    this.draw();
  }

  /** Draw what is known on the next frame, and decode what is missing, nearest to the middle first, over the next ones. */
  draw(empty = true) {
    if (!this.visible || !this.decoder || !this.box) return;
    this.empty ||= empty;
    let missing;
    this.slices.begin(() => {
      if (this.empty) this.clear();
      this.empty = false;
      missing = this.inView().filter((tile) => !this.stampKnown(tile));
    }, () => {
      if (missing.length) this.decode(missing.shift());
      return missing.length > 0;
    }, () => this.picture.show());
  }

  /** Fit the canvas to the plot and empty it. */
  clear() {
    const { box, xr } = this, scale = devicePixelRatio || 1;
    this.context = this.picture.over(box);
    this.perUnit = (box.width * scale) / (xr[1] - xr[0]);
    this.level = Math.ceil(Math.log2((MIN_TILE_PX * scale) / this.perUnit)); // the map's finest unit keeps it above -12
    this.step = 2 ** this.level;
  }

  /** The lattice cells in view, from the middle outwards; none where the scale has no points. */
  inView() {
    const { xr, yr, step, scale: { ends: [first, last] } } = this, cells = [];
    const there = (cell) => (cell + 0.5) * step > first && (cell + 0.5) * step < last;
    for (let row = Math.floor(yr[0] / step); row <= Math.floor(yr[1] / step); row++) {
      if (!there(row)) continue;
      for (let column = Math.floor(xr[0] / step); column <= Math.floor(xr[1] / step); column++) {
        if (!there(column)) continue;
        const far = Math.hypot((column + 0.5) * step - (xr[0] + xr[1]) / 2, (row + 0.5) * step - (yr[0] + yr[1]) / 2);
        cells.push({ column, row, far, key: `${this.level}:${column}:${row}` });
      }
    }
    return cells.sort((a, b) => a.far - b.far);
  }

  /** Draw a tile that was decoded before; false when it was not. */
  stampKnown(cell) {
    const tile = this.tiles.get(cell.key);
    if (!tile) return false;
    this.tiles.delete(cell.key); // the Map's order is the order of use
    this.tiles.set(cell.key, tile);
    this.stampTile(cell, tile);
    return true;
  }

  decode(cell) {
    const at = (v) => this.scale.from((v + 0.5) * this.step), ink = this.decoder.decode(at(cell.column), at(cell.row));
    const tile = Uint8ClampedArray.from(ink, (v) => 255 * v);
    this.tiles.set(cell.key, tile);
    if (this.tiles.size > MAX_TILES) this.tiles.delete(this.tiles.keys().next().value);
    this.stampTile(cell, tile);
  }

  stampTile({ column, row }, tile) {
    for (let i = 0; i < tile.length; i++) this.pixels.data[4 * i + 3] = tile[i];
    this.stamp.getContext("2d").putImageData(this.pixels, 0, 0);
    const side = Math.ceil(this.step * this.perUnit), { width, height } = this.stamp, scale = side / Math.max(width, height);
    const x = Math.round((column * this.step - this.xr[0]) * this.perUnit);
    const y = Math.round((this.yr[1] - (row + 1) * this.step) * this.perUnit);
    this.context.clearRect(x, y, side, side);
    const wide = width * scale, high = height * scale; // as wide or as high as the cell, and in its middle
    this.context.drawImage(this.stamp, x + (side - wide) / 2, y + (side - high) / 2, wide, high);
  }

  /** Resolves when the grid on show is whole, or hidden. */
  settled() {
    return this.slices.settled();
  }

  stop() {
    this.slices.stop();
  }
}

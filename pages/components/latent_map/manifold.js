// The grid of decoded digits under the points: tiles on a lattice that is anchored in the latent space, decoded a few at a time
// so that the pointer stays live, finer as one zooms in.

import { PIXELS } from "./decoder.js";

const MIN_TILE_PX = 30; // CSS pixels of a tile's side; up to twice that
const BUDGET_MS = 5; // of decoding in one frame
const MAX_TILES = 6000; // kept, least recently drawn dropped first

export class ManifoldLayer {
  constructor(canvas) {
    this.canvas = canvas;
    this.tiles = new Map(); // "level:column:row" -> alpha of 784 pixels
    this.stamp = document.createElement("canvas");
    this.stamp.width = this.stamp.height = 28;
    this.pixels = new ImageData(28, 28);
    this.visible = false;
  }

  /** Another model or another ink: forget what was decoded. */
  use(decoder, ink) {
    if (decoder !== this.decoder) this.tiles.clear();
    this.decoder = decoder;
    for (let i = 0; i < PIXELS; i++) this.pixels.data.set(ink, 4 * i);
    this.draw();
  }

  show(visible) {
    this.visible = visible;
    this.canvas.hidden = !visible;
    this.draw();
  }

  /** xr, yr: ranges of the axes; box: the plot's {left, top, width, height} in CSS pixels. */
  look(xr, yr, box) {
    Object.assign(this, { xr, yr, box });
    this.draw();
  }

  /** Draw on the next frame, and go on until every tile in view is decoded. */
  draw() {
    if (!this.visible || !this.decoder || !this.box || this.frame) return;
    this.frame = requestAnimationFrame(() => {
      this.frame = 0;
      if (this.paint()) this.draw();
    });
  }

  /** Draw what is in view; true when tiles are still missing. */
  paint() {
    const { canvas, box, xr, yr } = this, scale = devicePixelRatio || 1;
    const width = Math.round(box.width * scale), height = Math.round(box.height * scale);
    if (canvas.width !== width || canvas.height !== height) Object.assign(canvas, { width, height });
    Object.assign(canvas.style, { left: `${box.left}px`, top: `${box.top}px`, width: `${box.width}px`, height: `${box.height}px` });
    const context = canvas.getContext("2d");
    context.clearRect(0, 0, width, height);
    context.imageSmoothingEnabled = false;
    const perUnit = box.width / (xr[1] - xr[0]);
    const level = Math.ceil(Math.log2(MIN_TILE_PX / perUnit)), step = 2 ** level, side = step * perUnit * scale;
    const deadline = performance.now() + BUDGET_MS;
    let missing = false;
    for (let row = Math.floor(yr[0] / step); row <= Math.floor(yr[1] / step); row++) {
      for (let column = Math.floor(xr[0] / step); column <= Math.floor(xr[1] / step); column++) {
        const key = `${level}:${column}:${row}`;
        let tile = this.tiles.get(key);
        if (!tile) {
          if (performance.now() > deadline) { missing = true; continue; }
          tile = Uint8ClampedArray.from(this.decoder.decode((column + 0.5) * step, (row + 0.5) * step), (v) => 255 * v);
        } else this.tiles.delete(key);
        this.tiles.set(key, tile); // the Map's order is the order of use
        for (let i = 0; i < PIXELS; i++) this.pixels.data[4 * i + 3] = tile[i];
        this.stamp.getContext("2d").putImageData(this.pixels, 0, 0);
        const x = Math.round((column * step - xr[0]) * perUnit * scale), y = Math.round((yr[1] - (row + 1) * step) * perUnit * scale);
        context.drawImage(this.stamp, x, y, Math.ceil(side), Math.ceil(side));
      }
    }
    for (const key of this.tiles.keys()) {
      if (this.tiles.size <= MAX_TILES) break;
      this.tiles.delete(key);
    }
    return missing;
  }

  stop() {
    cancelAnimationFrame(this.frame);
  }
}

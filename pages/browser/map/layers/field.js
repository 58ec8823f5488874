// A background: a field painted once, a few rows at a time, on a canvas of its own, which panning and zooming only move.

import { StillCanvas } from "../still_canvas.js";
import { emptiness, line, scaleOf } from "./palettes.js";
import { Slices } from "./slices.js";

const FINER = 4; // pixels a cell, along each side
const TONES = 255; // of a scale, and one more

export class FieldLayer {
  constructor(plot) {
    this.window = Object.assign(document.createElement("div"), { className: "lm-field", hidden: true });
    this.picture = new StillCanvas("");
    this.canvas = this.window.appendChild(this.picture.element);
    plot.before(this.window);
    this.slices = new Slices();
  }

  /** field: a Field, or null; figure: for the classes' colours; dark: the ground. */
  use({ field, figure, dark }) {
    if (!field) return;
    const colours = Object.fromEntries(figure.data.map(({ meta, marker }) => [meta, marker.color])), painted = JSON.stringify([dark, colours]);
    if (field === this.field && painted === this.painted) return;
    Object.assign(this, { field, painted, border: line(dark) });
    this.scales = Array.from({ length: field.shares.length }, (_, label) => scaleOf(field, dark, colours[label], TONES));
    const tiles = this.window.parentElement.querySelector(".lm-tiles"); // a veil lies over what is decoded, everything else under it
    tiles?.[field.kind === "veil" ? "after" : "before"](this.window);
    if (this.view) this.begin();
  }

  show(visible) {
    this.window.hidden = !visible;
    if (visible && this.view) this.place();
  }

  look({ viewport: { xr, yr, box, scale } }) {
    const otherwise = scale !== this.view?.scale;
    this.view = { xr, yr, box, scale };
    if (!this.field) return;
    if (otherwise) this.begin();
    if (!this.window.hidden) this.place();
  }

  /** Put the canvas where its square is: by a transform, so that nothing is painted again. */
  place() {
    const { view: { xr, yr, scale, box: { left, top, width, height } }, field: { bound }, canvas, window: { style } } = this;
    const box = [left, top, width, height].join();
    if (box !== this.box) Object.assign(style, { left: `${left}px`, top: `${top}px`, width: `${width}px`, height: `${height}px` });
    this.box = box;
    const unit = width / (xr[1] - xr[0]), low = scale.to(-bound), high = scale.to(bound);
    const [across, down, larger] = [(low - xr[0]) * unit, (yr[1] - high) * unit, ((high - low) * unit) / canvas.width];
    canvas.style.transform = `translate(${across}px, ${down}px) scale(${larger})`;
  }

  /** Empty the canvas and paint the field over the next frames. */
  begin() {
    const { field: { bound, cells }, view: { scale } } = this, side = cells * FINER, low = scale.to(-bound), high = scale.to(bound);
    const along = (i) => scale.from(low + ((i + 0.5) / side) * (high - low)); // a pixel's coordinate, from the left
    this.places = Float64Array.from({ length: side }, (_, i) => ((along(i) + bound) / (2 * bound)) * cells); // in cells
    this.context = this.picture.clear(side, side);
    this.row = new ImageData(side, 1);
    this.winners = [new Int16Array(side).fill(-1), new Int16Array(side).fill(-1)]; // of the row above, and of this one
    let next = 0;
    this.slices.begin(() => {}, () => {
      this.paintRow(next++);
      return next < side;
    }, () => this.picture.showSoFar());
  }

  paintRow(y) {
    const { field, places, row: { data }, winners } = this, side = places.length, down = field.cells - places[side - 1 - y];
    winners.reverse();
    for (let x = 0; x < side; x++) {
      if (field.sample(places[x], down)) this.paint(x, data);
      else data[4 * x + 3] = 0, winners[1][x] = -1;
    }
    this.context.putImageData(this.row, 0, y);
  }

  /** The pixel x of this row, where the field's `shares` were just worked out. */
  paint(x, data) {
    const { field: { shares, nearBits }, scales, winners: [above, here] } = this;
    let winner = 0;
    for (let c = 1; c < shares.length; c++) if (shares[c] > shares[winner]) winner = c;
    here[x] = winner;
    const border = (above[x] >= 0 && above[x] !== winner) || (x && here[x - 1] >= 0 && here[x - 1] !== winner);
    const colour = border ? this.border : scales[winner], from = border ? 0 : 4 * Math.round(shares[winner] * TONES);
    for (let i = 0; i < 4; i++) data[4 * x + i] = colour[from + i];
    if (nearBits < 0) data[4 * x + 3] *= 1 - emptiness(nearBits); // nobody near, no vote
  }

  /** Resolves when the field on show is whole. */
  settled() {
    return this.slices.settled();
  }

  stop() {
    this.slices.stop();
  }
}

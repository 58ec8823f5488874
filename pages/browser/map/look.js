// Zoom and legend in the words of the page's address, [zoom, lit, ...], whose names there Python knows: all, or the middle and the width of
// what is shown; the classes that are lit; and what else the map has that says a word of its own.

import { Settling } from "../agreed.js";
import { clamp } from "./viewport.js";

export class Look {
  /** tell({ value: [zoom, lit, ...], number }) reaches Python; nothing is told before Python has said what it knows. `more`: what else is
   *  in the address, each with `word`, "" at first, and heed(word). */
  constructor(viewport, cursor, tell, signal, more = []) {
    Object.assign(this, { viewport, cursor, more });
    this.agreed = new Settling(["", "", ...more.map(() => "")], tell); // most of the codes, all classes
    cursor.subscribe({ selected: () => this.changed() }, signal);
    signal.addEventListener("abort", () => this.agreed.stop(), { once: true });
  }

  /** In the words of an address. */
  get words() {
    const { viewport: { framing, middle, xr }, cursor: { selected } } = this;
    const moved = () => [...middle, xr[1] - xr[0]].map((v) => Number(v.toFixed(this.viewport.scale.digits))).join();
    return [framing === "most" ? "" : framing ?? moved(), [...selected].sort((a, b) => a - b).join(), ...this.more.map(({ word }) => word)];
  }

  changed() {
    if (this.heard && this.viewport.xr) this.agreed.changed(() => this.words);
  }

  /** What Python says, where it says anything; true where that is news, and the look another: the plot is to be drawn again. */
  follow(said, extents) {
    if (!said) return false;
    this.heard = true;
    const { viewport } = this, [zoom, lit, ...words] = said.value;
    if (!this.agreed.heed(said)) return false;
    this.more.forEach((one, i) => one.heed(words[i])); // first: the scale, on which the zoom is
    this.cursor.select(lit ? lit.split(",").map(Number) : []);
    if (!zoom || zoom === "all") viewport.fit(extents, zoom || "most");
    else {
      const [x, y, across] = zoom.split(",").map(Number);
      viewport.centre(x, y, clamp(across / viewport.box.width, viewport.scale.finest, viewport.maxUnit));
      viewport.framing = null;
    }
    return true;
  }
}

// Zoom and legend in the words of the page's address, [zoom, lit, ...], whose names there Python knows: all, or the middle and the width of
// what is shown; the classes that are lit; and what else the map has that says a word of its own.

import { Settling } from "../agreed.js";
import { clamp } from "./viewport.js";

export class Look {
  watch = null; // watch(byPython) hears of every change, and whether Python has brought it about
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
    if (!this.heard || !this.viewport.xr) return;
    this.agreed.changed(() => this.words);
    if (!this.following) this.watch?.(false);
  }

  /** What Python says, where it says anything; true where that is news, and the look another: the plot is to be drawn again. */
  follow(said, extents) {
    if (!said) return false;
    this.heard = true;
    if (!this.agreed.heed(said)) return false;
    const [zoom, lit, ...words] = said.value;
    this.following = true;
    this.more.forEach((one, i) => one.heed(words[i])); // first: the scale, on which the zoom is
    this.cursor.select(lit ? lit.split(",").map(Number) : []);
    this.frame(zoom, extents);
    this.following = false;
    this.watch?.(true);
    return true;
  }

  /** The look is to be this one, in the same words: what differs is brought about on the map. */
  show([zoom, lit, ...words], map) {
    const [before, lighted, ...said] = this.words, others = this.more.filter((one, i) => words[i] !== said[i] && (one.heed(words[i]), true));
    if (lit !== lighted) this.cursor.select(lit ? lit.split(",").map(Number) : []);
    else if (others.length) map.refresh();
    if (zoom !== before || others.length) {
      this.frame(zoom, map.figure.extents);
      map.plot.relayout();
    }
    this.changed();
  }

  /** The part of the map that a zoom's word means. */
  frame(zoom, extents) {
    const { viewport } = this;
    if (!zoom || zoom === "all") viewport.fit(extents, zoom || "most");
    else {
      const [x, y, across] = zoom.split(",").map(Number);
      viewport.centre(x, y, clamp(across / viewport.box.width, viewport.scale.finest, viewport.maxUnit));
      viewport.framing = null;
    }
  }
}

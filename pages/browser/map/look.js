// Zoom and legend in the words of the page's address, [zoom, lit, ...], whose names there Python knows: all, or the middle and the width of
// what is shown; the classes that are lit; and what else the map has that says a word of its own. A zoom alone needs nothing of Python, and a
// rerun would hold the page's next frame: the page puts it into the address, and Python hears of it when it has to (late.js).

import { same, Settling } from "../agreed.js";
import { writeView } from "./address.js";
import { clamp } from "./viewport.js";

let left; // the zoom that Python may not have heard of: { view, zoom, known: what Python knows }; it outlives the map when a visitor leaves

export class Look {
  watch = null; // watch(byPython) hears of every change, and whether Python has brought it about
  /** tell({ value: [zoom, lit, ...], number }) reaches Python; nothing is told before Python has said what it knows. `more`: what else is
   *  in the address, each with `word`, "" at first, and heed(word). */
  constructor(viewport, cursor, tell, signal, more = []) {
    Object.assign(this, { viewport, cursor, more });
    this.agreed = new Settling(["", "", ...more.map(() => "")], tell, (words) => this.waits(words)); // most of the codes, all classes
    this.page = location.pathname;
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

  /** Whether no more than the zoom is another: then the address has it, and Python need not hear of it yet. */
  waits([zoom, ...others]) {
    const { agreed: { value }, view } = this, waits = same(others, value.slice(1));
    if (waits && location.pathname === this.page) writeView(zoom);
    left = waits ? { view, zoom, known: value } : undefined;
    return waits;
  }

  /** The word for Python, where it knows another. */
  news() {
    const news = this.heard && this.viewport.xr ? this.agreed.news(this.words) : undefined;
    if (news) left = undefined;
    return news;
  }

  /** The word, also where Python knew it. */
  tellAgain() {
    if (this.heard && this.viewport.xr) this.agreed.tell(this.agreed.change(this.words));
  }

  /** What Python says of a model's map (`view`), where it says anything; true where that is news, and the look another: the plot is to be drawn again. */
  follow(said, extents, view) {
    if (!said) return false;
    const again = !this.heard && left && left.view === view && same(left.known, said.value) ? left.zoom : null; // the visitor is back
    Object.assign(this, { heard: true, view });
    if (!this.agreed.heed(said) && again === null) {
      this.holdAddress();
      return false;
    }
    const [zoom, lit, ...words] = again === null ? said.value : [again, ...said.value.slice(1)];
    this.following = true;
    this.more.forEach((one, i) => one.heed(words[i])); // first: the scale, on which the zoom is
    this.cursor.select(lit ? lit.split(",").map(Number) : []);
    this.frame(zoom, extents);
    this.following = false;
    this.watch?.(true);
    if (again !== null) this.waits(this.words);
    return true;
  }

  /** The address has the zoom that Python has not heard of, where that put the one before back there. */
  holdAddress() {
    if (left && left.view === this.view && this.viewport.xr) this.waits(this.words);
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

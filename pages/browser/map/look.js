// Zoom and legend as the page's address has them: "view" is all, or the middle and the width of what is shown; "classes" are those that are lit.

import { Settling } from "../agreed.js";
import { MIN_UNIT, clamp } from "./viewport.js";

const BEGINNING = { view: "", classes: "" }; // most of the codes, all classes

export class Look {
  /** tell({ value: { view, classes }, number }) reaches Python; nothing is told before Python has said what it knows. */
  constructor(viewport, cursor, tell, signal) {
    Object.assign(this, { viewport, cursor });
    this.agreed = new Settling(BEGINNING, tell);
    cursor.subscribe({ selected: () => this.changed() }, signal);
    signal.addEventListener("abort", () => this.agreed.stop(), { once: true });
  }

  /** In the words of an address. */
  get words() {
    const { viewport: { framing, middle, xr }, cursor: { selected } } = this;
    const moved = () => [...middle, xr[1] - xr[0]].map((v) => Number(v.toFixed(4))).join();
    return { view: framing === "most" ? "" : framing ?? moved(), classes: [...selected].sort((a, b) => a - b).join() };
  }

  changed() {
    if (this.heard && this.viewport.xr) this.agreed.changed(() => this.words);
  }

  /** What Python says, where it says anything; true where that is news, and the look another: the plot is to be drawn again. */
  follow(said, extents) {
    if (!said) return false;
    this.heard = true;
    const { viewport } = this, { value: { view, classes }, number } = said;
    if (!this.agreed.heed({ value: { view, classes }, number })) return false;
    this.cursor.select(classes ? classes.split(",").map(Number) : []);
    if (!view || view === "all") viewport.fit(extents, view || "most");
    else {
      const [x, y, across] = view.split(",").map(Number);
      viewport.centre(x, y, clamp(across / viewport.box.width, MIN_UNIT, viewport.maxUnit));
      viewport.framing = null;
    }
    return true;
  }
}

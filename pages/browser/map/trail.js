// The way of a code over the map: a line that grows to its end, and stays until something else is kept.

import { same } from "../agreed.js";
import { lay, svg } from "./overlay.js";
import { flat } from "./pictured.js";

const WALK_MS = 900;

export class Trail {
  /** path: points of the map, [[z1, z2], ...], drawn on the map until `signal` aborts or another point than its ends is kept. */
  constructor(map, path) {
    Object.assign(this, { map, path, view: map.view, reached: path.length, stopper: new AbortController() });
    this.element = svg("g", "lm-trail", "<polyline/><polyline/><circle r='5'/>"); // the lower line is the upper one's edge
    lay(map, this.element);
    map.trail?.remove();
    map.trail = this;
    map.drawn.add(this);
    const ends = [path[0], path.at(-1)];
    map.cursor.subscribe({ kept: (z) => ends.some((end) => same(z, end)) || this.remove() }, this.stopper.signal);
    map.signal.addEventListener("abort", () => this.remove(), { once: true });
  }

  /** Grow from the start to the end; at once for who wants no motion, and to the end at once when the signal aborts. show(z): each frame's point. */
  async walk(signal, show) {
    const start = performance.now(), still = matchMedia("(prefers-reduced-motion: reduce)").matches, last = this.path.length - 1;
    for (let share = still ? 1 : 0; share < 1 && !signal.aborted && !this.stopper.signal.aborted;) {
      const now = await new Promise(requestAnimationFrame);
      share = Math.min(1, Math.max(0, now - start) / WALK_MS);
      this.reached = 1 + Math.round(share * last);
      this.draw();
      if (!signal.aborted) show(this.path[this.reached - 1]);
    }
    this.reached = this.path.length;
    this.draw();
    if (!signal.aborted) show(this.path[last]);
  }

  /** Where its points are in the present view; the map calls this when that changes. */
  draw() {
    const { map } = this;
    if (map.view !== this.view) return this.remove();
    const pixels = this.path.slice(0, this.reached).map((z) => map.viewport.toPixel(z).map((v) => v.toFixed(1)));
    const [halo, line, end] = this.element.children, [x, y] = pixels.at(-1);
    for (const drawn of [halo, line]) drawn.setAttribute("points", pixels.join(" "));
    end.setAttribute("transform", `translate(${x} ${y})`);
  }

  /** What it is on a picture of the map, see pictured.js: between two test images, or on its way to a better code. */
  get pictured() {
    return { kind: this.path.length > 2 ? "refined" : "pair", lines: [flat(this.path)], spot: flat([this.path.at(-1)]) };
  }

  remove() {
    this.stopper.abort();
    this.element.remove();
    this.map.drawn.delete(this);
    if (this.map.trail === this) this.map.trail = null;
  }
}

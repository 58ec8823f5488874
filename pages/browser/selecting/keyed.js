// A box or a lasso drawn by keyboard: arrow keys go over the map, Space begins the outline and ends it.

import { listener } from "../events.js";
import { arrowStep } from "../map/input.js";

export class Keyed {
  /** outline: see there; its keys are heard on the map, before the map's own. */
  constructor(outline, signal) {
    this.outline = outline;
    listener(signal)(outline.map.element, "keydown", (event) => this.key(event), { capture: true });
  }

  key(event) {
    const { outline, outline: { map } } = this, { key, target, repeat, ctrlKey, metaKey } = event, step = arrowStep(event);
    if (!outline.tool || target !== map.element || !map.ready || ctrlKey || metaKey || (key !== " " && !(step && outline.line))) return;
    event.preventDefault();
    event.stopImmediatePropagation(); // while it is drawn no point is kept
    const { viewport, cursor } = map;
    if (key === " ") return repeat || this.turn(viewport.step(cursor.pointed, [0, 0]), event);
    const to = viewport.step(cursor.pointed, step);
    map.input.look(to);
    map.plot.bringIn(to);
    outline.go(this.at(to, event));
  }

  /** Begin at z, or end there. */
  turn(z, event) {
    const { outline, outline: { map } } = this;
    if (outline.line) return outline.end(z, this.at(z, event));
    map.plot.bringIn(z);
    outline.begin(this.at(z, event));
  }

  /** An event there, as a pointer's would be. */
  at(z, { shiftKey, altKey }) {
    const { viewport, plot } = this.outline.map, { left, top } = plot.element.getBoundingClientRect(), [x, y] = viewport.toPixel(z);
    return { clientX: left + x, clientY: top + y, shiftKey, altKey };
  }
}

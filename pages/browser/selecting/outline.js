// A box or a lasso while it is drawn on the map, by mouse, pen or finger. In coordinates of the map, where its sides are straight.

import { lay, svg } from "../map/overlay.js";
import { clamp } from "../map/viewport.js";
import { simplified } from "./shapes.js";

const CLICK_PX = 5; // as input.js: a press that moved less is a click
const STEP_PX = 2; // from one point of a lasso to the next
const TOLERANCE_PX = 1.5; // by how much its line may be simplified
const CORNERS = 32; // at most: two lassos with names find room in the page's link

export class Outline {
  /** map: the live map. made(kind, numbers, at): a shape is done, as parts.js takes it; at: the event that began it. left(): Esc was pressed. */
  constructor(map, made, left) {
    Object.assign(this, { map, made, left, tool: null });
    this.element = svg("path", "sl-outline");
    lay(map, this.element);
    map.drawn.add(this);
  }

  /** Take the pointer for a tool, "box" or "lasso"; null: give it back. */
  use(tool) {
    this.giveBack?.();
    this.giveBack = null;
    this.stop();
    this.tool = tool;
    if (tool) this.giveBack = this.map.input.borrow({ down: (_, at) => this.begin(at), move: (_, at) => this.go(at), up: (z, at) => this.end(z, at), cancel: () => this.cancel() });
  }

  begin(at) {
    Object.assign(this, { from: at, line: [this.under(at)], far: false });
  }

  go(at) {
    if (!this.line) return;
    this.far ||= Math.hypot(at.clientX - this.from.clientX, at.clientY - this.from.clientY) >= CLICK_PX;
    const point = this.under(at), last = this.line.at(-1), { unit } = this.map.viewport;
    if (this.tool === "box") this.line[1] = point;
    else if (Math.hypot(point[0] - last[0], point[1] - last[1]) >= STEP_PX * unit) this.line.push(point);
    this.draw();
  }

  end(z, at) {
    if (!this.line) return;
    this.go(at);
    const { line, from, far, tool, map, map: { viewport: { scale, unit, limit } } } = this;
    this.stop();
    if (!far) return z && map.keep(map.snap(z)); // a click is what it is without a tool
    const corners = tool === "box" ? line : simplified(line, TOLERANCE_PX * unit, CORNERS);
    const numbers = corners.flatMap((point) => point.map((v) => clamp(scale.from(v), -limit, limit)));
    this.made(tool === "box" ? "b" : scale.name === "spread" ? "s" : "l", numbers, from);
  }

  /** Esc, or a second finger: what is drawn goes; where nothing is, the pointer is given back. */
  cancel() {
    if (this.line) this.stop();
    else this.left();
  }

  stop() {
    this.line = null;
    this.element.removeAttribute("d");
  }

  /** Where an event is on the map, in its coordinates; beside it, what is nearest to that. */
  under({ clientX, clientY }) {
    const { viewport: { box, xr, yr }, plot } = this.map, { left, top } = plot.element.getBoundingClientRect();
    const share = (v, from, length) => clamp((v - from) / length, 0, 1);
    return [xr[0] + share(clientX - left, box.left, box.width) * (xr[1] - xr[0]), yr[1] - share(clientY - top, box.top, box.height) * (yr[1] - yr[0])];
  }

  /** Put it where the present view has it; the map calls this when that changes. */
  draw() {
    if (!this.line || this.line.length < 2) return;
    const [a, b] = this.line, line = this.tool === "box" ? [a, [b[0], a[1]], b, [a[0], b[1]]] : this.line;
    this.element.setAttribute("d", `M${line.map((point) => this.map.viewport.place(point).map((v) => v.toFixed(1)).join()).join("L")}Z`);
  }
}

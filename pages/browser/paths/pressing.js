// What a press on the map does while the tool has the pointer: adds a point, moves one, or draws the path in one go.

import { fewPoints } from "./waypoints.js";

const NEAR_PX = 14, NEAR_FINGER_PX = 26; // of a point that is taken hold of
const SHORT_PX = 12; // a line that is no longer was a slip

export class Pressing {
  /** tool: has waypoints, add(z), move(i, z), moved(), drawing(points), drew(points) and space. */
  constructor(map, tool) {
    Object.assign(this, { map, tool, mode: null, held: null });
  }

  /** "points", "draw", or null: the map's own. */
  choose(mode) {
    this.back?.();
    this.mode = mode;
    this.held = null;
    this.back = mode && this.map.input.borrow(this);
  }

  // --- what the map's input tells -------------------------------------------------------------------------------------------

  down(z, { pointerType }) {
    if (!z || !this.tool.space) return;
    const reach = !pointerType || pointerType === "touch" ? NEAR_FINGER_PX : NEAR_PX;
    this.held = this.mode === "draw" ? { line: [z] } : { i: this.nearest(z, reach), z };
  }

  move(z) {
    const { held, tool } = this;
    if (!held || !z || this.unseen) return;
    held.z = z;
    if (held.line) tool.drawing(held.line = [...held.line, z]);
    else if (held.i >= 0) tool.move(held.i, z);
  }

  up(z) {
    const { held, tool } = this;
    this.held = null;
    if (!held) return;
    if (this.unseen) return z && this.map.keep(this.map.snap(z));
    if (held.line) return this.drew(held.line);
    if (held.i >= 0) return tool.moved(held.i, this.map.snap(held.z));
    if (z) tool.add(this.map.snap(z));
  }

  cancel() {
    const { held } = this;
    this.held = null;
    if (held) this.tool.moved(-1);
  }

  // --------------------------------------------------------------------------------------------------------------------------

  /** Present shows the map without the tool: a press then keeps a point, as ever. */
  get unseen() {
    return this.tool.element?.offsetParent === null;
  }

  /** The point of the path that is nearest to z on the map, within so many pixels; else -1. */
  nearest(z, reach) {
    const { viewport } = this.map, [x, y] = viewport.toPixel(z);
    const far = this.tool.waypoints.map(({ point }) => viewport.toPixel(point)).map(([px, py]) => Math.hypot(px - x, py - y));
    const least = Math.min(Infinity, ...far);
    return least <= reach ? far.indexOf(least) : -1;
  }

  drew(line) {
    const pixels = line.map((z) => this.map.viewport.toPixel(z)), [x, y] = pixels[0];
    const far = Math.max(...pixels.map(([px, py]) => Math.hypot(px - x, py - y)));
    if (line.length < 2 || far < SHORT_PX) return this.tool.moved(-1);
    this.tool.drew(fewPoints(pixels).map((i) => line[i]));
  }
}

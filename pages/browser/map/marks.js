// The crosshair at the point on show, and the ring round the kept one.

import { listener } from "../events.js";
import { mover } from "./still.js";

const FAR_PX = 10_000; // out of every view: where the crosshair is while it is not shown
const THERE_PX = 1; // so near to the mouse, the crosshair is where the system draws its own

export class Marks {
  /** place(): {left, top} of the map in the window while a pointer is on its way over it, else nothing; mouse(): {clientX, clientY,
   *  pointerType} of a mouse or pen there. Without the last four the crosshair never leaves the map. */
  constructor(root, viewport, cursor, place = () => null, mouse = () => null, signal) {
    Object.assign(this, { viewport, place, mouse, afloat: null, shown: true });
    this.kept = root.querySelector(".lm-kept");
    this.cross = root.querySelector(".lm-cross");
    this.home = this.cross.parentElement;
    this.after = this.cross.nextSibling;
    this.across = mover(this.cross.firstElementChild, "X", "px", FAR_PX);
    this.down = mover(this.cross.firstElementChild, "Y", "px", FAR_PX);
    this.put(null);
    if (!cursor) return;
    cursor.subscribe({ rested: (z) => this.settle(z) }, signal);
    listener(signal)(window, "scroll", () => this.sink(), { capture: true, passive: true });
    signal.addEventListener("abort", () => this.sink(), { once: true });
  }

  keep(z) {
    this.kept.setAttribute("visibility", z ? "visible" : "hidden");
    if (z) this.kept.setAttribute("transform", `translate(${this.viewport.toPixel(z).join(" ")})`);
  }

  /** Called at each move of the pointer: no attribute changes, so that neither layout nor layers of the page are put together again. */
  point(z) {
    const place = z && this.place();
    if (place && this.underMouse(z, place)) return this.put(null);
    if (place) this.float(place);
    else this.sink();
    this.put(z);
  }

  /** Bring the crosshair to z, or out of view: to hide it would have the page's layers put together again whenever a pointer comes or leaves. */
  put(z) {
    if (!z && !this.shown) return;
    const [x, y] = z ? this.viewport.toPixel(z) : [FAR_PX, FAR_PX];
    this.shown = Boolean(z);
    this.across(x);
    this.down(y);
  }

  /** Whether a mouse is at z: then the system's crosshair is, at once and at no cost, and ours, a frame behind it, waits until it rests.
   *  Who watches a presentation sees ours all the time. */
  underMouse(z, { left, top }) {
    const mouse = this.mouse(), [x, y] = this.viewport.toPixel(z);
    return mouse?.pointerType === "mouse" && Math.hypot(left + x - mouse.clientX, top + y - mouse.clientY) < THERE_PX && !this.home.closest("dialog");
  }

  /** No pointer is on its way any more. */
  settle(z) {
    this.sink();
    if (!this.viewport.xr) return; // of two maps that share a cursor, the second has no view yet
    this.put(z);
  }

  /** For as long as a pointer moves, the crosshair hangs on the page's body, over the map: Chromium looks through all that is around what
   *  moves, at each frame, and deep in the page that took a seventh of what a move cost. */
  float({ left, top }) {
    const { afloat, home } = this;
    if (afloat?.left === left && afloat.top === top) return;
    const { width, height } = home.getBoundingClientRect(), raft = afloat?.raft ?? document.createElement("div");
    raft.className = "lm-raft";
    raft.style.cssText = `left: ${left}px; top: ${top}px; width: ${width}px; height: ${height}px; --live-text: ${getComputedStyle(home).getPropertyValue("--live-text")}`;
    this.afloat = { raft, left, top };
    if (raft.isConnected) return;
    raft.append(this.cross);
    (home.closest("dialog") ?? document.body).append(raft);
  }

  /** Back into the map, with which it scrolls. */
  sink() {
    if (!this.afloat) return;
    this.home.insertBefore(this.cross, this.after);
    this.afloat.raft.remove();
    this.afloat = null;
  }
}

// The crosshair at the point on show, and the ring round the kept one.

import { mover } from "./still.js";

const FAR_PX = 10_000; // out of every view

export class Marks {
  constructor(root, viewport) {
    this.viewport = viewport;
    this.kept = root.querySelector(".lm-kept");
    this.cross = root.querySelector(".lm-cross");
    this.across = mover(this.cross.firstElementChild, "X", "px", FAR_PX);
    this.down = mover(this.cross.firstElementChild, "Y", "px", FAR_PX);
  }

  keep(z) {
    this.kept.setAttribute("visibility", z ? "visible" : "hidden");
    if (z) this.kept.setAttribute("transform", `translate(${this.viewport.toPixel(z).join(" ")})`);
  }

  /** Called at each move of the pointer: no attribute changes, so that neither layout nor layers of the page are put together again. */
  point(z) {
    if (this.cross.hidden !== !z) this.cross.hidden = !z;
    if (!z) return;
    const [x, y] = this.viewport.toPixel(z);
    this.across(x);
    this.down(y);
  }
}

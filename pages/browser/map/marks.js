// The crosshair at the point on show, and the ring round the kept one.

export class Marks {
  constructor(root, viewport) {
    this.viewport = viewport;
    this.kept = root.querySelector(".lm-kept");
    this.cross = root.querySelector(".lm-cross");
    this.lines = [...this.cross.children];
  }

  keep(z) {
    this.kept.setAttribute("visibility", z ? "visible" : "hidden");
    if (z) this.kept.setAttribute("transform", `translate(${this.viewport.toPixel(z).join(" ")})`);
  }

  /** Called at each move of the pointer: it writes transforms of composited elements and nothing else, so that no layout follows. */
  point(z) {
    if (this.cross.hidden !== !z) this.cross.hidden = !z;
    if (!z) return;
    const [x, y] = this.viewport.toPixel(z), place = `translate(${x}px, ${y}px)`;
    for (const line of this.lines) line.style.transform = place;
  }
}

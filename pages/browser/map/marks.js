// The crosshair at the point on show, and the ring round the kept one.

export class Marks {
  constructor(root, viewport) {
    this.viewport = viewport;
    this.kept = root.querySelector(".lm-kept");
    this.cross = root.querySelector(".lm-cross");
    this.places = [...this.cross.children].map(still);
  }

  keep(z) {
    this.kept.setAttribute("visibility", z ? "visible" : "hidden");
    if (z) this.kept.setAttribute("transform", `translate(${this.viewport.toPixel(z).join(" ")})`);
  }

  /** Called at each move of the pointer: no attribute changes, so that neither layout nor layers of the page are put together again. */
  point(z) {
    if (this.cross.hidden !== !z) this.cross.hidden = !z;
    if (!z) return;
    const [x, y] = this.viewport.toPixel(z), transform = `translate(${x}px, ${y}px)`;
    for (const place of this.places) place.setKeyframes({ transform: [transform, transform] });
  }
}

/** An animation that stands still, to move its element by: Chromium works out all layers of the page again when a style's transform
 *  changes, a sixth of all that a move cost, but not when an animation's does. */
function still(element) {
  const animation = element.animate({ transform: ["none", "none"] }, { duration: 1, fill: "both" });
  animation.pause();
  return animation.effect;
}

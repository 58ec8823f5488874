// Where a drawing lies on the map: a point, and its posterior's ellipses at 1 and 2 standard deviations.

import { ellipse } from "./ellipse.js";

const SVG = "http://www.w3.org/2000/svg", FAR_PX = 1e5;

export class Landed {
  constructor(map) {
    this.map = map;
    map.drawn.add(this);
    this.element = document.createElementNS(SVG, "g");
    this.element.setAttribute("class", "lm-landed");
    this.element.dataset.testid = "landed";
    this.element.innerHTML = "<polygon/><polygon/><circle r='7.5'/><circle r='5'/>"; // 2 sigma, 1 sigma, the point on its edge
    map.root.querySelector(".lm-kept").before(this.element);
    this.show(null);
  }

  /** at: {point, covariance} of ellipse.js; null: nothing is drawn. */
  show(at) {
    this.at = at;
    this.element.setAttribute("visibility", at ? "visible" : "hidden");
    this.draw();
  }

  /** Put it where the present view has it; the map calls this when that changes. */
  draw() {
    const { at, element: { children: [two, one, edge, dot] }, map: { viewport } } = this;
    if (!at || !viewport.xr) return;
    const pixel = (z) => viewport.toPixel(z).map((v) => Math.max(-FAR_PX, Math.min(FAR_PX, v)).toFixed(1));
    [one, two].forEach((element, i) => element.setAttribute("points", at.covariance ? ellipse(at.point, at.covariance, i + 1).map(pixel).join(" ") : ""));
    for (const circle of [edge, dot]) circle.setAttribute("transform", `translate(${pixel(at.point).join(" ")})`);
  }
}

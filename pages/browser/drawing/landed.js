// Where a drawing lies on the map: a point, and its posterior's ellipses at 1 and 2 standard deviations.

import { lay, svg, within } from "../map/overlay.js";
import { flat } from "../map/pictured.js";
import { ellipse } from "./ellipse.js";

export class Landed {
  constructor(map) {
    this.map = map;
    map.drawn.add(this);
    this.element = svg("g", "lm-landed", "<polygon/><polygon/><circle r='7.5'/><circle r='5'/>"); // 2 sigma, 1 sigma, the point on its edge
    this.element.dataset.testid = "landed";
    lay(map, this.element);
    this.show(null);
  }

  /** at: {point, covariance} of ellipse.js; null: nothing is drawn. */
  show(at) {
    this.at = at;
    this.element.setAttribute("visibility", at ? "visible" : "hidden");
    this.draw();
  }

  /** What it is on a picture of the map, see pictured.js. */
  get pictured() {
    const { at } = this;
    return at && { kind: "drawing", lines: at.covariance ? [1, 2].map((sigmas) => flat(ellipse(at.point, at.covariance, sigmas))) : [], spot: flat([at.point]) };
  }

  /** Put it where the present view has it; the map calls this when that changes. */
  draw() {
    const { at, element: { children: [two, one, edge, dot] }, map: { viewport } } = this;
    if (!at || !viewport.xr) return;
    const pixel = (z) => within(viewport, z).map((v) => v.toFixed(1)), [x, y] = pixel(at.point);
    [one, two].forEach((element, i) => element.setAttribute("points", at.covariance ? ellipse(at.point, at.covariance, i + 1).map(pixel).join(" ") : ""));
    for (const circle of [edge, dot]) Object.entries({ cx: x, cy: y }).forEach((place) => circle.setAttribute(...place)); // a transform has all layers of the page put together again
  }
}

// Where a drawing lies on the map: a point, and its posterior's ellipses at 1 and 2 standard deviations.

import { lay, svg, within } from "../map/overlay.js";
import { flat } from "../map/pictured.js";
import { ellipse } from "./ellipse.js";

const ROOM_PX = 60, EDGE_PX = 9; // of what lies behind it, on each side; of the point

export class Landed {
  constructor(map) {
    this.map = map;
    map.drawn.add(this);
    this.element = svg("g", "lm-landed", "<rect/><polygon/><polygon/><circle r='7.5'/><circle r='5'/>"); // what lies behind it, 2 sigma, 1 sigma, the point on its edge
    this.element.dataset.testid = "landed";
    lay(map, this.element);
    this.show(null);
  }

  /** at: {point, covariance} of ellipse.js; null: nothing is drawn. */
  show(at) {
    this.at = at;
    this.element.setAttribute("visibility", at ? "visible" : "hidden");
    this.place();
  }

  /** What it is on a picture of the map, see pictured.js. */
  get pictured() {
    const { at } = this;
    return at && { kind: "drawing", lines: at.covariance ? [1, 2].map((sigmas) => flat(ellipse(at.point, at.covariance, sigmas))) : [], spot: flat([at.point]) };
  }

  /** Put it where the present view has it; the map calls this when that changes. */
  draw() {
    this.room = null;
    this.place();
  }

  place() {
    const { at, element: { children: [behind, two, one, edge, dot] }, map: { viewport } } = this;
    if (!at || !viewport.xr) return void (this.room = null);
    const pixel = (z) => within(viewport, z).map((v) => v.toFixed(1)), [x, y] = pixel(at.point);
    const rings = [2, 1].map((sigmas) => (at.covariance ? ellipse(at.point, at.covariance, sigmas).map(pixel) : []));
    [two, one].forEach((element, i) => element.setAttribute("points", rings[i].join(" ")));
    for (const circle of [edge, dot]) put(circle, { cx: x, cy: y });
    this.makeRoom(behind, [[x, y], ...rings[0]]);
  }

  /** What hardly shows behind it stays while the mark moves on it: where the bounds of all that is drawn there change, or a transform, Chromium
   *  puts all layers of the page together again, a tenth of what a stroke cost. */
  makeRoom(behind, pixels) {
    const [left, top] = [0, 1].map((i) => Math.min(...pixels.map((place) => place[i])) - EDGE_PX);
    const [right, bottom] = [0, 1].map((i) => Math.max(...pixels.map((place) => place[i])) + EDGE_PX), { room } = this;
    if (room && left >= room.left && top >= room.top && right <= room.right && bottom <= room.bottom) return;
    this.room = { left: left - ROOM_PX, top: top - ROOM_PX, right: right + ROOM_PX, bottom: bottom + ROOM_PX };
    put(behind, { x: this.room.left, y: this.room.top, width: this.room.right - this.room.left, height: this.room.bottom - this.room.top });
  }
}

const put = (element, values) => Object.entries(values).forEach((one) => element.setAttribute(...one));

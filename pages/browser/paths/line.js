// A path on the map: its line, its waypoints with their numbers, and the mark that travels along it.

import { lay, svg, within } from "../map/overlay.js";
import { flat } from "../map/pictured.js";

const place = (viewport, z) => within(viewport, z).map((v) => v.toFixed(1)).join(" ");

export class Line {
  points = []; // of the map, along the path
  waypoints = [];
  steps = []; // points of the map, between which the path is equally long
  chosen = null; // {kind, by} of the path
  at = null; // the mark's point

  constructor(map) {
    this.map = map;
    this.element = svg("g", "lp-line", "<polyline/><polyline/><g></g><circle r='7'/>"); // the lower line is the upper one's edge
    this.element.dataset.testid = "path-line";
  }

  show() {
    this.map.drawn.add(this);
    lay(this.map, this.element);
    this.draw();
  }

  hide() {
    this.map.drawn.delete(this);
    this.element.remove();
  }

  /** Each may be missing. */
  use(changes) {
    Object.assign(this, changes);
    this.draw();
  }

  /** What it is on a picture of the map, see pictured.js. */
  get pictured() {
    const { points, waypoints, steps, chosen } = this;
    if (!chosen || points.length < 2) return null;
    return { kind: "path", way: chosen.kind, by: chosen.by, lines: [flat(points)], stops: flat(waypoints.map(({ point }) => point)), steps: flat(steps) };
  }

  /** Put the mark somewhere, null: nowhere. */
  mark(at) {
    this.at = at;
    if (this.map.viewport.xr) this.drawMark();
  }

  /** Where all of it is in the present view; the map calls this when that changes. */
  draw() {
    const { map: { viewport }, element: { children: [halo, line, dots] }, points, waypoints } = this;
    if (!viewport.xr) return;
    const pixel = (z) => place(viewport, z), drawn = points.map(pixel).join(" ");
    for (const one of [halo, line]) one.setAttribute("points", drawn);
    const few = waypoints.length <= 9;
    dots.innerHTML = waypoints.map(({ point }, i) => `<g transform="translate(${pixel(point)})"><circle r="${few ? 9 : 4}"/>${few ? `<text>${i + 1}</text>` : ""}</g>`).join("");
    this.drawMark();
  }

  drawMark() {
    const mark = this.element.lastElementChild;
    mark.setAttribute("visibility", this.at ? "visible" : "hidden");
    if (this.at) mark.setAttribute("transform", `translate(${place(this.map.viewport, this.at)})`);
  }
}

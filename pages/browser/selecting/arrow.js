// A step from one code to another as an arrow on the map, and where it leads from the kept point.

import { lay, svg, within } from "../map/overlay.js";
import { flat } from "../map/pictured.js";

const PIECES = 24; // of the line, which is bent on a map that is spread evenly
const HEAD_PX = 11, HEAD_ANGLE = 0.45;

export class Arrow {
  constructor(map) {
    this.map = map;
    this.element = svg("g", "sl-arrow", "<path/><path/><circle r='6'/>"); // the lower line is the upper one's edge
    lay(map, this.element);
    map.drawn.add(this);
    this.show(null);
  }

  /** what: {from, to, way: [start, end], at, names}, points of the map: the step itself; where it leads through the kept point, and the point
   *  there; what its ends are called. Without a kept point no way. Null: nothing. */
  show(what) {
    this.what = what;
    this.element.setAttribute("visibility", what ? "visible" : "hidden");
    this.draw();
  }

  /** What it is on a picture of the map, see pictured.js. */
  get pictured() {
    if (!this.what) return null;
    const { from, to, way, at, names } = this.what;
    return { kind: "step", names, lines: [[from, to], ...(way ? [way] : [])].map(flat), spot: at ? flat([at]) : null };
  }

  draw() {
    const { what, map: { viewport }, element: { children: [edge, line, dot] } } = this;
    if (!what || !viewport.xr) return;
    const pixel = (z) => within(viewport, z);
    const bent = ([a, b]) => Array.from({ length: PIECES + 1 }, (_, i) => pixel(a.map((v, j) => v + (i / PIECES) * (b[j] - v))));
    const drawn = (points) => `M${points.map((point) => point.map((v) => v.toFixed(1)).join()).join("L")}`;
    const step = bent([what.from, what.to]), path = drawn(step) + head(...step.slice(-2)) + (what.way ? drawn(bent(what.way)) : "");
    for (const one of [edge, line]) one.setAttribute("d", path);
    dot.setAttribute("visibility", what.at ? "inherit" : "hidden");
    if (what.at) dot.setAttribute("transform", `translate(${pixel(what.at).map((v) => v.toFixed(1)).join(" ")})`);
  }
}

/** The two short lines at an arrow's end. */
function head([ax, ay], [bx, by]) {
  const angle = Math.atan2(by - ay, bx - ax), end = (turn) => `${(bx - HEAD_PX * Math.cos(angle + turn)).toFixed(1)},${(by - HEAD_PX * Math.sin(angle + turn)).toFixed(1)}`;
  return `M${end(HEAD_ANGLE)}L${bx.toFixed(1)},${by.toFixed(1)}L${end(-HEAD_ANGLE)}`;
}

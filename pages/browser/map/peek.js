// Near a code its test image shows at a pointer that rests: while it moves, each image would flash up and cost the page a layout.

import { grey, put } from "./ink.js";
import { codeNear } from "./near.js";

const OFF_PX = 16, SIDE_PX = 66; // how far from its code an image stands, and how large (readout.css)

export class Peek {
  /** readout: the panel, which has the test images once they are here. */
  constructor(readout, signal) {
    const { map } = readout;
    Object.assign(this, { readout, map, row: null });
    this.element = Object.assign(document.createElement("canvas"), { className: "lm-peek", hidden: true });
    this.element.setAttribute("aria-hidden", "true"); // the words beside the map say which image is nearest
    map.element?.append(this.element);
    map.cursor.subscribe({ words: (z) => this.pass(z), rested: (z) => this.look(z), kept: () => this.show(null) }, signal);
    map.drawn?.add(this);
  }

  /** z: the point on show, or null. */
  look(z) {
    this.show(this.rowNear(z));
  }

  /** The view has moved under a pointer that rests: its code lies elsewhere now, or is near no more. */
  draw() {
    if (this.row === null) return;
    const row = this.rowNear(this.map.cursor.pointed);
    this.row = null;
    this.show(row);
  }

  /** On its way, a pointer only leaves. */
  pass(z) {
    if (this.row !== null && this.row !== this.rowNear(z)) this.show(null);
  }

  rowNear(z) {
    const { map, readout } = this;
    if (!z || !map.cursor.pointing || !readout.hasImages) return null;
    const at = codeNear(map, z);
    return at < 0 ? null : map.figure.codes.row[at];
  }

  show(row) {
    const { element, map, readout } = this;
    if (element.hidden !== (row === null)) element.hidden = row === null;
    if (row === null || row === this.row) return void (this.row = row);
    this.row = row;
    const { viewport } = map, [x, y] = viewport.toPixel(readout.dot(row));
    put(element, grey(readout.image(row)), map.decoder);
    element.style.borderColor = readout.facts.classes[readout.labels[row]].colour;
    const left = x + OFF_PX + SIDE_PX > viewport.width ? x - OFF_PX - SIDE_PX : x + OFF_PX, top = y - OFF_PX - SIDE_PX < 0 ? y + OFF_PX : y - OFF_PX - SIDE_PX;
    element.style.transform = `translate(${left.toFixed()}px, ${top.toFixed()}px)`;
  }
}

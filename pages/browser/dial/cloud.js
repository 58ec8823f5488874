// The codes of all test images at one position of the dial, on a plain canvas: dots, the prior's rings, and the classes' names.

import { rgb } from "../map/layers/colours.js";
import { placed } from "../map/layers/names.js";
import { Dots } from "./dots.js";
import { blended } from "./tween.js";

const CHIP = { height: 22, padding: 6, font: "700 14px" };
const TOO_SMALL_PX = 12; // a ring's radius, from which on it has its name

export class Cloud {
  /** viewport: of the view on show; family: {codes: [x, y, x, y, ... for each member], labels, middles: the same of the classes, classes}. */
  constructor(canvas, viewport, family) {
    Object.assign(this, { canvas, viewport, family });
    this.codes = new Float32Array(family.codes[0].length);
  }

  /** The map's size, theme and resolution; where names stand aside, at each member. `views`: what each member's view shows; `shapes`: whether
   *  each class's dots have one of their own. */
  fit(views, shapes) {
    const { canvas, viewport: { width, height }, family: { classes, middles } } = this, { color, fontFamily } = getComputedStyle(canvas);
    this.scale = devicePixelRatio || 1;
    Object.assign(canvas, { width: Math.round(width * this.scale), height: Math.round(height * this.scale) });
    this.context = canvas.getContext("2d", { willReadFrequently: true }); // its pixels are computed here: faster without the GPU
    Object.assign(this, { ink: color, font: fontFamily });
    this.dots = new Dots(this.context, this.scale, rgb(getComputedStyle(canvas).backgroundColor), classes.map(({ colour }) => rgb(colour)), shapes);
    this.context.font = `${CHIP.font} ${fontFamily}`;
    this.widths = classes.map(({ name }) => this.context.measureText(name).width + 2 * CHIP.padding);
    this.asides = middles.map((places, m) => {
      this.viewport.xr = views[m].xr;
      this.viewport.yr = views[m].yr;
      const chips = this.widths.map((across, c) => { const [x, y] = this.viewport.toPixel([places[2 * c], places[2 * c + 1]]); return { x, y, width: across, height: CHIP.height }; });
      return placed(chips, [], this.viewport.box).flat();
    });
  }

  /** Paint what lies between two members ({from, to, share}), in the view that the viewport has; `lit`: whether each class is. */
  paint(where, lit) {
    const { context, scale, viewport } = this;
    blended(this.family.codes, where, this.codes);
    const [left, top] = viewport.toPixel([0, 0]);
    this.dots.paint(this.codes, this.family.labels, [left * scale, top * scale], scale / viewport.unit, lit);
    context.setTransform(scale, 0, 0, scale, 0, 0);
    this.paintRings();
    this.paintNames(where, lit);
  }

  /** One, two and three standard deviations of the prior: what the codes of a VAE are drawn to. */
  paintRings() {
    const { context, viewport, ink, font } = this, [x, y] = viewport.toPixel([0, 0]);
    Object.assign(context, { strokeStyle: ink, fillStyle: ink, lineWidth: 1.2, font: `12px ${font}`, textAlign: "center", textBaseline: "middle" });
    for (const sigmas of [1, 2, 3]) {
      const radius = sigmas / viewport.unit;
      context.setLineDash([2, 3]);
      context.beginPath();
      context.arc(x, y, radius, 0, 2 * Math.PI);
      context.stroke();
      if (radius > TOO_SMALL_PX * sigmas) context.fillText(`${sigmas}σ`, x + radius * Math.SQRT1_2 + 10, y + radius * Math.SQRT1_2 + 8);
    }
    context.setLineDash([]);
  }

  paintNames(where, lit) {
    const { context, font, widths, viewport, family: { classes, middles } } = this;
    const places = blended(middles, where), asides = blended(this.asides, where);
    Object.assign(context, { font: `${CHIP.font} ${font}`, textAlign: "center", textBaseline: "middle" });
    classes.forEach(({ name, colour, text }, c) => {
      if (!lit[c]) return;
      const [x, y] = viewport.toPixel([places[2 * c], places[2 * c + 1]]), left = x + asides[2 * c] - widths[c] / 2, top = y + asides[2 * c + 1] - CHIP.height / 2;
      context.beginPath();
      context.roundRect(left, top, widths[c], CHIP.height, 5);
      Object.assign(context, { fillStyle: colour, strokeStyle: "#fff", lineWidth: 1 });
      context.fill();
      context.stroke();
      context.fillStyle = text;
      context.fillText(name, left + widths[c] / 2, top + CHIP.height / 2 + 1);
    });
  }
}

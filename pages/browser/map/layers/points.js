// The codes as dots, where Plotly's are not on show: drawn for each frame while the view moves, a finished picture once it rests. Where some are
// selected, all are dimmed, and a canvas over them has those that are: another selection costs Plotly nothing.

import { MovingCanvas } from "../moving_canvas.js";
import { LARGER, shapeOf } from "../shapes.js";
import { Dots } from "./dots.js";

const DIMMED = 0.07;
const OVER_THE_GRID = 0.5, OVER_COLOURS = 0.4; // of a background whose colours are not those of the classes
const SELECTED = 0.85;

/** A canvas and the painter of its dots, whose pixels are computed here: faster without the GPU. */
function sheet(className) {
  const picture = new MovingCanvas(className, { willReadFrequently: true });
  picture.hidden = true;
  return { picture, dots: new Dots(picture.pen.canvas) };
}

export class PointLayer {
  constructor(plot) {
    this.plot = plot;
    this.all = sheet("lm-dots");
    plot.insertBefore(this.all.picture.element, plot.lastChild); // under the rings
  }

  /** picked: {figure, on} of selecting.js, where codes are selected; shaped: each class has a shape of its own. */
  use({ figure, lit, on, field, picked, shaped }) {
    const bright = ({ marker }) => (field?.kind === "ramp" ? OVER_COLOURS : on.has("manifold") ? OVER_THE_GRID : marker.opacity);
    this.picked = picked?.figure === figure ? picked.on : null;
    if (this.picked && !this.bright) {
      this.bright = sheet("lm-picked");
      this.plot.after(this.bright.picture.element); // under what other layers have put there
    }
    this.dots = figure.data.map((trace, i) => ({
      symbol: shaped ? shapeOf(trace.meta).symbol : "circle",
      size: trace.marker.size * (shaped ? LARGER : 1),
      opacity: lit[i] && !this.picked ? bright(trace) : DIMMED,
    }));
    Object.assign(this, { figure, lit });
    this.draw();
  }

  look({ viewport }) {
    this.viewport = viewport;
    this.draw();
  }

  show(visible) {
    this.visible = visible;
    this.draw();
  }

  looks() {
    return { dots: this.dots.map((dot) => (this.visible ? dot : { ...dot, opacity: 0 })) };
  }

  /** On the next frame, where images do not stand for them: all, ready for when Plotly's are not on show, and those that are selected. */
  draw() {
    const { all, bright, visible } = this;
    all.picture.hidden = !visible;
    if (bright) bright.picture.hidden = !this.picked || !visible;
    if (!this.viewport?.xr || !visible) return;
    this.frame ??= requestAnimationFrame(() => {
      this.frame = undefined;
      if (this.plot.parentElement.classList.contains("lm-close-up")) return;
      const { viewport, figure, dots, lit, picked } = this;
      this.paint(this.all, viewport, figure, dots);
      if (picked) this.paint(this.bright, viewport, figure, dots.map((dot, i) => ({ ...dot, opacity: lit[i] ? SELECTED : 0 })), picked);
    });
  }

  paint({ picture, dots }, ...what) {
    dots.paint(...what);
    picture.show();
  }

  stop() {
    cancelAnimationFrame(this.frame);
  }
}

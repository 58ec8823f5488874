// The codes as dots: drawn by Plotly where the view rests, and on a canvas while it moves and until Plotly has come. Where some are selected,
// all are dimmed, and a canvas over them has those that are: another selection costs Plotly nothing.

import { LARGER, shapeOf } from "../shapes.js";
import { Dots } from "./dots.js";

const DIMMED = 0.07;
const OVER_THE_GRID = 0.5, OVER_COLOURS = 0.4; // of a background whose colours are not those of the classes
const SELECTED = 0.85;

const canvas = (className) => Object.assign(document.createElement("canvas"), { className, hidden: true });

export class PointLayer {
  constructor(plot) {
    this.plot = plot;
    this.canvas = canvas("lm-dots");
    plot.insertBefore(this.canvas, plot.lastChild); // under the rings
    this.all = new Dots(this.canvas);
  }

  /** picked: {figure, on} of selecting.js, where codes are selected; shaped: each class has a shape of its own. */
  use({ figure, lit, on, field, picked, shaped }) {
    const bright = ({ marker }) => (field?.kind === "ramp" ? OVER_COLOURS : on.has("manifold") ? OVER_THE_GRID : marker.opacity);
    this.picked = picked?.figure === figure ? picked.on : null;
    if (this.picked && !this.over) this.plot.after((this.over = canvas("lm-picked"))); // under what other layers have put there
    if (this.over) this.bright ??= new Dots(this.over);
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
    const { canvas, over } = this;
    canvas.hidden = !this.visible;
    if (over) over.hidden = !this.picked || !this.visible;
    if (!this.viewport?.xr || !this.visible) return;
    this.frame ??= requestAnimationFrame(() => {
      this.frame = undefined;
      if (this.plot.parentElement.classList.contains("lm-close-up")) return;
      const { viewport, figure, dots, lit, picked } = this;
      this.all.paint(viewport, figure, dots);
      if (picked) this.bright.paint(viewport, figure, dots.map((dot, i) => ({ ...dot, opacity: lit[i] ? SELECTED : 0 })), picked);
    });
  }

  stop() {
    cancelAnimationFrame(this.frame);
  }
}

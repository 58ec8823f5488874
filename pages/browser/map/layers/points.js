// The codes as dots: drawn by Plotly, and on a plain canvas until it has come. Where some are selected, Plotly dims them all, and a canvas over
// it has those that are: another selection costs it nothing.

import { LARGER, shapeOf } from "../shapes.js";
import { paintDots } from "./dots.js";

const DIMMED = 0.07;
const OVER_THE_GRID = 0.5, OVER_COLOURS = 0.4; // of a background whose colours are not those of the classes
const SELECTED = 0.85;

const canvas = (className) => Object.assign(document.createElement("canvas"), { className, hidden: true });

export class PointLayer {
  constructor(plot) {
    this.plot = plot;
    this.canvas = canvas("lm-first");
    plot.before(this.canvas);
  }

  /** picked: {figure, on} of selecting.js, where codes are selected; shaped: each class has a shape of its own. */
  use({ figure, lit, on, plotted, field, picked, shaped }) {
    const bright = ({ marker }) => (field?.kind === "ramp" ? OVER_COLOURS : on.has("manifold") ? OVER_THE_GRID : marker.opacity);
    this.picked = picked?.figure === figure ? picked.on : null;
    if (this.picked && !this.over) this.plot.after((this.over = canvas("lm-picked"))); // under what other layers have put there
    this.dots = figure.data.map((trace, i) => ({
      symbol: shaped ? shapeOf(trace.meta).symbol : "circle",
      size: trace.marker.size * (shaped ? LARGER : 1),
      opacity: lit[i] && !this.picked ? bright(trace) : DIMMED,
    }));
    Object.assign(this, { figure, plotted, lit });
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

  /** On the next frame: as long as Plotly does not, and what is selected. */
  draw() {
    const { canvas, over } = this;
    canvas.hidden = this.plotted || !this.visible;
    if (over) over.hidden = !this.picked || !this.visible;
    if (!this.viewport || (canvas.hidden && (over?.hidden ?? true))) return;
    this.frame ??= requestAnimationFrame(() => {
      this.frame = undefined;
      const { viewport, figure, dots, lit, picked } = this;
      if (!canvas.hidden) paintDots(canvas, viewport, figure, dots);
      if (this.over && !this.over.hidden) paintDots(this.over, viewport, figure, dots.map((dot, i) => ({ ...dot, opacity: lit[i] ? SELECTED : 0 })), picked);
    });
  }

  stop() {
    cancelAnimationFrame(this.frame);
  }
}

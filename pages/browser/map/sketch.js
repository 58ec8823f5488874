// What a map shows besides layers: axes and rings on canvases, and the dots where Plotly has drawn them, moved along. On the next frame after each
// change of the view.

import { Axes } from "./axes.js";

export class Sketch {
  /** plot: {element, viewport, axes(), style(), moveDots()} */
  constructor(plot, signal) {
    this.plot = plot;
    this.canvases = new Axes(plot.element);
    signal.addEventListener("abort", () => cancelAnimationFrame(this.frame), { once: true });
  }

  /** shapes: of the layers. */
  use({ shapes = [] }) {
    Object.assign(this, { shapes, scale: this.plot.viewport.scale });
    this.draw();
  }

  draw() {
    this.frame ??= requestAnimationFrame(() => {
      this.frame = undefined;
      if (this.plot.viewport.xr && this.shapes) this.paint();
    });
  }

  paint() {
    const { plot, shapes } = this, { font, ink, line } = plot.style();
    plot.moveDots();
    this.canvases.paint(plot.viewport, plot.axes(), shapes, { ink, font, line });
  }
}

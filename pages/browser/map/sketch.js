// What a map shows besides layers: axes and rings on canvases. On the next frame after each change of the view.

import { Axes } from "./axes.js";

export class Sketch {
  /** plot: {element, viewport, axes(), style()} */
  constructor(plot, signal) {
    this.plot = plot;
    this.canvases = new Axes(plot.element);
    signal.addEventListener("abort", () => cancelAnimationFrame(this.frame), { once: true });
  }

  /** shapes: of the layers. What is written in, is asked of the page here only: it would have to lay itself out for that in each frame. */
  use({ shapes = [] }) {
    Object.assign(this, { shapes, scale: this.plot.viewport.scale, style: this.plot.style() });
    this.draw();
  }

  draw() {
    this.frame ??= requestAnimationFrame(() => {
      this.frame = undefined;
      if (this.plot.viewport.xr && this.shapes) this.paint();
    });
  }

  paint() {
    const { plot, shapes, style } = this;
    this.canvases.paint(plot.viewport, plot.axes(), shapes, style);
  }
}

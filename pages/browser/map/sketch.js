// A map without Plotly, but for its dots, which layers/points.js draws: axes and rings on canvases, a mouse that drags and a wheel that
// zooms. Explore has it until Plotly has come, a saved page for good.

import { Axes } from "./axes.js";
import { Dragging } from "./dragging.js";

export class Sketch {
  #stopper = new AbortController();

  /** plot: {map, element, viewport, axes(), style(), relayout(), zoom(factor, z), toLatent(event)} */
  constructor(plot, signal) {
    this.plot = plot;
    this.canvases = new Axes(plot.map, plot.element);
    new Dragging(plot, plot.map.querySelector(".lm-catch"), this.#stopper.signal);
    signal.addEventListener("abort", () => this.end(), { signal: this.#stopper.signal });
  }

  /** layout: what the layers make of Plotly's. */
  use({ layout }) {
    Object.assign(this, { shapes: layout.shapes ?? [], scale: this.plot.viewport.scale });
    this.draw();
  }

  /** On the next frame. */
  draw() {
    if (this.#stopper.signal.aborted) return;
    this.frame ??= requestAnimationFrame(() => {
      this.frame = undefined;
      if (this.plot.viewport.xr && this.shapes) this.paint();
    });
  }

  paint() {
    const { plot, shapes } = this, { layout: { font }, axis: { gridcolor } } = plot.style();
    this.canvases.paint(plot.viewport, plot.axes(), shapes, { ink: font.color, font: `${font.size}px ${font.family}`, line: gridcolor });
  }

  end() {
    cancelAnimationFrame(this.frame);
    this.#stopper.abort();
    this.canvases.remove();
  }
}

// The plot without Plotly, which would be the larger part of a saved page: axes.js and dragging.js do what it does. The dots are those of
// layers/points.js, which draws them as long as no Plotly does.

import { Axes } from "./axes.js";
import { Dragging } from "./dragging.js";
import { Plot } from "./plot.js";

export class CanvasPlot extends Plot {
  /** As Plot's. */
  constructor(map, viewport, changed, signal) {
    super(map, viewport, () => {
      changed();
      this.soon();
    }, signal);
    this.canvases = new Axes(map, this.element);
    new Dragging(this, map.querySelector(".lm-catch"), signal);
  }

  end() {
    cancelAnimationFrame(this.frame);
  }

  hand() {} // to nobody: what is done with the mouse is dragging.js's

  async draw(path, figure, looks) {
    Object.assign(this, { figure, looks });
    this.map.dataset.plotted = "";
    this.update(looks());
  }

  update({ layout }) {
    Object.assign(this, { shapes: layout.shapes ?? [], scale: this.viewport.scale });
    this.soon();
  }

  relayout() {
    this.changed();
    if (this.viewport.scale !== this.scale) this.update(this.looks());
  }

  /** Draw on the next frame. */
  soon() {
    this.frame ??= requestAnimationFrame(() => {
      this.frame = undefined;
      if (this.viewport.xr && this.shapes) this.paint();
    });
  }

  paint() {
    const { layout: { font }, axis: { gridcolor } } = this.style();
    this.canvases.paint(this.viewport, this.axes(), this.shapes, { ink: font.color, font: font.family, line: gridcolor });
  }
}

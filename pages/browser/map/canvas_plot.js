// The plot without Plotly, which would be the larger part of a saved page.

import { Plot } from "./plot.js";

export class CanvasPlot extends Plot {
  async draw(path, figure, looks) {
    this.begin(figure, looks);
    this.map.dataset.plotted = "";
  }
}

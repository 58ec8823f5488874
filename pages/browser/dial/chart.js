// The rate-distortion figure: Plotly's, drawn once, and over it the mark that moves with the dial.

import { onResize } from "../events.js";
import { faint, loadPlotly } from "../map/plot.js";
import { blended } from "./tween.js";

const HEIGHT = 380; // dial.css keeps as much free

export class Chart {
  /** box: holds the plot and the mark; curve: where each member lies on the figure's axes. */
  constructor(box, curve, signal) {
    Object.assign(this, { box, curve });
    this.plot = box.querySelector(".dl-plot");
    this.mark = box.querySelector(".dl-mark");
    onResize(box, () => this.draw(), signal);
    signal.addEventListener("abort", () => this.drawn && this.Plotly.purge(this.plot), { once: true });
  }

  async use(path, figure) {
    this.figure = figure;
    this.Plotly = await loadPlotly(path);
    await this.draw();
  }

  async draw() {
    const { color, fontFamily: family } = getComputedStyle(this.box), width = this.box.clientWidth, wanted = [color, width].join();
    if (!this.Plotly || !width || this.drawn === wanted) return;
    this.drawn = wanted;
    const { layout } = this.figure, gridcolor = faint(color);
    const axes = { xaxis: { ...layout.xaxis, gridcolor }, yaxis: { ...layout.yaxis, gridcolor } };
    await this.Plotly.react(this.plot, this.figure.data, { ...layout, ...axes, width, height: HEIGHT, font: { color, family, size: 12 } }, { displayModeBar: false, responsive: false });
    this.move(this.where);
  }

  /** Put the mark between two members; its place is worked out from the figure's margins and ranges, without asking Plotly. */
  move(where) {
    this.where = where;
    if (!this.drawn || !where) return;
    const [x, y] = blended(this.curve, where), { margin: { l, r, t, b }, xaxis, yaxis } = this.figure.layout;
    const along = (v, [low, high]) => (v - low) / (high - low);
    const px = l + along(x, xaxis.range) * (this.box.clientWidth - l - r), py = t + (1 - along(y, yaxis.range)) * (HEIGHT - t - b);
    this.mark.hidden = false;
    this.mark.style.transform = `translate(${px}px, ${py}px)`;
  }
}

// Axes and rings of a map, on canvases: lines and numbers at the axes under the dots, rings over them.

import { MovingCanvas } from "./moving_canvas.js";
import { clamp } from "./viewport.js";

const APART_PX = [80, 40], FEWEST = 4, MOST = 9; // between two lines, about, and how many of them, as Plotly has it
const DOTTED_PX = [3, 3];
const EDGE_PX = 2; // between a number and the map's edge, at least: a minus that is cut off would be none

/** Round numbers from low to high, at most so many and evenly apart: 1, 2 or 5 times a power of ten. */
export function ticks(low, high, most) {
  const least = (high - low) / Math.max(1, most), power = 10 ** Math.floor(Math.log10(least));
  const step = [1, 2, 5, 10].map((times) => times * power).find((width) => width >= least * (1 - 1e-9));
  const first = Math.ceil(low / step - 1e-9), last = Math.floor(high / step + 1e-9);
  return { step, at: Array.from({ length: last - first + 1 }, (_, i) => (first + i) * step) };
}

/** A tick's number, without zeros at its end, and with a proper minus sign. */
export function said(v, step) {
  const digits = Math.max(0, Math.ceil(-Math.log10(step) - 1e-9)), text = String(Number(Math.abs(v).toFixed(digits)));
  return v < 0 && text !== "0" ? `−${text}` : text;
}

/** An axis as plot.js has it, {range, tickvals, ticktext} -> [place, text] of each label. */
function labels({ range: [low, high], tickvals, ticktext }, most) {
  if (tickvals) return tickvals.map((v, i) => [v, ticktext[i]]).filter(([v]) => v >= low && v <= high);
  const { at, step } = ticks(low, high, most);
  return at.map((v) => [v, said(v, step)]);
}

export class Axes {
  /** plot: the element that Plotly draws dots into. */
  constructor(plot) {
    Object.assign(this, { under: new MovingCanvas("lm-axes"), over: new MovingCanvas("lm-axes") });
    this.embrace(plot);
  }

  /** Under and over what there is in the plot. */
  embrace(plot) {
    const [under, over] = [this.under, this.over].map(({ element }) => element);
    if (plot.firstChild !== under) plot.prepend(under);
    if (plot.lastChild !== over) plot.append(over);
  }

  /** axes, shapes: of Plotly's layout; style: {ink, line, font: as CSS has it}. */
  paint(viewport, axes, shapes, { ink, line, font }) {
    const below = this.under.begin(viewport), rings = shapes.filter(({ visible }) => visible !== false);
    Object.assign(below, { font, fillStyle: ink, strokeStyle: line });
    this.lines(below, viewport, axes, 0);
    this.lines(below, viewport, axes, 1);
    this.under.show();
    this.over.hidden = !rings.length; // a canvas of the map's size costs each frame something, even an empty one
    if (rings.length) this.rings(rings, viewport);
  }

  rings(shapes, viewport) {
    const { box: { left, top, width, height } } = viewport, above = this.over.begin(viewport);
    above.beginPath();
    above.rect(left, top, width, height);
    above.clip();
    for (const shape of shapes) this.shape(above, viewport, shape);
    this.over.show();
  }

  lines(context, viewport, axes, i) {
    const { box: { left, top, width, height }, middle } = viewport, sharp = (px) => Math.round(px) + 0.5;
    const most = viewport.width - EDGE_PX; // of a number's right end
    Object.assign(context, i ? { textAlign: "right", textBaseline: "middle" } : { textAlign: "center", textBaseline: "top" });
    context.beginPath();
    for (const [v, text] of labels(axes[i], 1 + clamp((i ? height : width) / APART_PX[i], FEWEST, MOST))) {
      const [x, y] = viewport.place(i ? [middle[0], v] : [v, middle[1]]);
      const half = context.measureText(text).width / 2, end = Math.max(left - 5, EDGE_PX + 2 * half); // a long number reaches into the plot
      context.moveTo(i ? Math.max(left, end + 3) : sharp(x), i ? sharp(y) : top);
      context.lineTo(i ? left + width : sharp(x), i ? sharp(y) : top + height);
      context.fillText(text, i ? end : clamp(x, EDGE_PX + half, most - half), i ? y : top + height + 6);
    }
    context.stroke();
  }

  /** A circle, rectangle or outline (a path of "M", "L" and "Z") in coordinates of the map. */
  shape(context, viewport, { type, path, x0, x1, y0, y1, line }) {
    const [left, bottom] = viewport.place([x0, y0]), [right, top] = viewport.place([x1, y1]);
    context.beginPath();
    if (type === "circle") context.ellipse((left + right) / 2, (top + bottom) / 2, (right - left) / 2, (bottom - top) / 2, 0, 0, 2 * Math.PI);
    else if (type === "rect") context.rect(left, top, right - left, bottom - top);
    else {
      for (const point of path.slice(1, -1).split("L")) context.lineTo(...viewport.place(point.split(",").map(Number)));
      context.closePath();
    }
    Object.assign(context, { strokeStyle: line.color, lineWidth: line.width });
    context.setLineDash(line.dash ? DOTTED_PX : []);
    context.stroke();
  }
}

// The plot without Plotly, which would be the larger part of a saved page: lines and numbers at the axes under the dots, rings over them.
// The dots are those of layers/points.js, which draws them as long as no Plotly does.

import { Dragging } from "./dragging.js";
import { Plot } from "./plot.js";

const APART_PX = { x: 70, y: 50 }; // between two lines, at least
const DOTTED = [3, 3];
const LETTERS_PX = 12;

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

export class CanvasPlot extends Plot {
  /** As Plot's. */
  constructor(map, viewport, changed, signal) {
    super(map, viewport, () => {
      changed();
      this.soon();
    }, signal);
    this.under = this.layer("lm-first");
    map.prepend(this.under);
    this.over = this.layer("lm-first");
    this.element.append(this.over);
    new Dragging(this, map.querySelector(".lm-catch"), signal);
  }

  layer(className) {
    return Object.assign(document.createElement("canvas"), { className, ariaHidden: "true" });
  }

  end() {
    cancelAnimationFrame(this.frame);
  }

  hand() {} // to nobody: what is done with the mouse is dragging.js's

  async draw(path, figure, looks) {
    this.figure = figure;
    this.map.dataset.plotted = "";
    this.update(looks());
  }

  update(looks) {
    this.looks = looks;
    this.soon();
  }

  relayout() {
    this.changed();
  }

  /** Draw on the next frame. */
  soon() {
    this.frame ??= requestAnimationFrame(() => {
      this.frame = undefined;
      if (this.viewport.xr && this.looks) this.paint();
    });
  }

  paint() {
    const { viewport: { box, xr, yr } } = this, style = this.style();
    const below = this.begin(this.under), horizontal = ticks(...xr, box.width / APART_PX.x), vertical = ticks(...yr, box.height / APART_PX.y);
    below.font = `${LETTERS_PX}px ${style.layout.font.family}`;
    below.fillStyle = style.layout.font.color;
    below.strokeStyle = style.axis.gridcolor;
    this.lines(below, horizontal, "x");
    this.lines(below, vertical, "y");
    const above = this.begin(this.over);
    above.beginPath();
    above.rect(box.left, box.top, box.width, box.height);
    above.clip();
    for (const ring of this.looks.layout.shapes ?? []) if (ring.visible !== false) this.ring(above, ring);
  }

  /** An empty canvas of the map's size, in its pixels. */
  begin(canvas) {
    const { width, height } = this.viewport, scale = devicePixelRatio || 1, context = canvas.getContext("2d");
    Object.assign(canvas, { width: width * scale, height: height * scale });
    context.scale(scale, scale);
    return context;
  }

  lines(context, { at, step }, axis) {
    const { viewport, viewport: { box: { left, top, width, height } } } = this, across = axis === "x";
    Object.assign(context, { textAlign: across ? "center" : "right", textBaseline: across ? "top" : "middle" });
    context.beginPath();
    for (const v of at) {
      const [x, y] = viewport.toPixel(across ? [v, viewport.middle[1]] : [viewport.middle[0], v]), sharp = (px) => Math.round(px) + 0.5;
      if (across) {
        context.moveTo(sharp(x), top);
        context.lineTo(sharp(x), top + height);
      } else {
        context.moveTo(left, sharp(y));
        context.lineTo(left + width, sharp(y));
      }
      context.fillText(said(v, step), across ? x : left - 5, across ? top + height + 6 : y);
    }
    context.stroke();
  }

  /** An ellipse, as core/figures.py gives it. */
  ring(context, { x0, x1, y0, y1, line }) {
    const [left, bottom] = this.viewport.toPixel([x0, y0]), [right, top] = this.viewport.toPixel([x1, y1]);
    context.beginPath();
    context.ellipse((left + right) / 2, (top + bottom) / 2, Math.abs(right - left) / 2, Math.abs(bottom - top) / 2, 0, 0, 2 * Math.PI);
    Object.assign(context, { strokeStyle: line.color, lineWidth: line.width });
    context.setLineDash(DOTTED);
    context.stroke();
  }
}

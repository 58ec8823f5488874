// The codes as dots: drawn by Plotly, and on a plain canvas until it has come.

const DIMMED = 0.07;
const OVER_THE_GRID = 0.5, OVER_COLOURS = 0.4; // of a background whose colours are not those of the classes

export class PointLayer {
  constructor(plot) {
    this.canvas = Object.assign(document.createElement("canvas"), { className: "lm-first" });
    plot.before(this.canvas);
  }

  use({ figure, lit, on, plotted, field }) {
    const bright = ({ marker }) => (field?.kind === "ramp" ? OVER_COLOURS : on.has("manifold") ? OVER_THE_GRID : marker.opacity);
    Object.assign(this, { figure, plotted, opacity: figure.data.map((trace, i) => (lit[i] ? bright(trace) : DIMMED)) });
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
    return { opacity: this.opacity.map((opacity) => (this.visible ? opacity : 0)) };
  }

  /** On the next frame, as long as Plotly does not. */
  draw() {
    this.canvas.hidden = this.plotted || !this.visible;
    if (this.canvas.hidden || !this.viewport) return;
    this.frame ??= requestAnimationFrame(() => {
      this.frame = undefined;
      if (!this.canvas.hidden) this.paint();
    });
  }

  paint() {
    const { viewport, canvas, figure } = this, { width, height, box } = viewport, scale = devicePixelRatio || 1, context = canvas.getContext("2d");
    Object.assign(canvas, { width: width * scale, height: height * scale });
    context.scale(scale, scale);
    context.beginPath();
    context.rect(box.left, box.top, box.width, box.height);
    context.clip();
    const [left, top] = viewport.place([0, 0]), [right, bottom] = viewport.place([1, 1]), unit = [right - left, bottom - top];
    viewport.scale.drawn(figure).data.forEach(({ x, y, marker: { color, size } }, i) => {
      const dot = stamp(color, size, scale), across = size + 2;
      context.globalAlpha = this.opacity[i];
      for (let k = 0; k < x.length; k++) {
        context.drawImage(dot, left + x[k] * unit[0] - across / 2, top + y[k] * unit[1] - across / 2, across, across);
      }
    });
  }

  stop() {
    cancelAnimationFrame(this.frame);
  }
}

/** One dot, to be drawn many times: faster than as many circles. */
function stamp(color, size, scale) {
  const canvas = document.createElement("canvas"), context = canvas.getContext("2d"), middle = (size + 2) / 2;
  canvas.width = canvas.height = Math.ceil((size + 2) * scale);
  context.scale(scale, scale);
  context.fillStyle = color;
  context.arc(middle, middle, size / 2, 0, 2 * Math.PI);
  context.fill();
  return canvas;
}

// The codes of the training images, many more than Plotly moves quickly: painted pixel by pixel on a canvas larger than the map, a few
// thousand a time, which panning and zooming only move until the next one is ready.

import { REACH, outline, shapeOf } from "../shapes.js";
import { StillCanvas } from "../still_canvas.js";
import { rgb } from "./colours.js";
import { Slices } from "./slices.js";

const DOT_PX = 2, SHAPED_PX = 5; // across; with a shape they are larger, and still smaller than those of the test images
const INSIDE = 0.4; // of a pixel that a shape covers, from which on it is painted
const BEYOND = 0.3; // of the map's size that is painted on each side of it
const PIECE = 4096; // codes at a time
const SEEN = 150, OVER = 90, DIMMED = 14; // opacity, of 255: usually, over what else has colours, and where others are selected

/** A colour of a class as one number, as a canvas's pixels are read on a little-endian machine. */
const pixel = (colour, alpha) => rgb(colour).reduce((sum, v, i) => sum + v * 256 ** i, alpha * 256 ** 3);

/** The pixels of a dot, from the upper left corner of its square: {side, at: [right, down, ...]}; label: of the class whose shape it has. */
function stamp(ratio, shaped, label) {
  if (!shaped) {
    const side = Math.max(1, Math.round(DOT_PX * ratio));
    return { side, at: Array.from({ length: side * side }, (_, i) => [i % side, Math.floor(i / side)]).flat() };
  }
  const wide = SHAPED_PX * ratio, side = 2 * Math.ceil((REACH * wide) / 2), canvas = Object.assign(document.createElement("canvas"), { width: side, height: side });
  const context = canvas.getContext("2d", { willReadFrequently: true }), at = [];
  outline(context, shapeOf(label), side / 2, side / 2, wide / 2);
  context.fill();
  context.getImageData(0, 0, side, side).data.forEach((v, i) => i % 4 === 3 && v >= 255 * INSIDE && at.push((i >> 2) % side, Math.floor((i >> 2) / side)));
  return { side, at };
}

export class CrowdLayer {
  constructor(plot) {
    this.window = Object.assign(document.createElement("div"), { className: "lm-crowd", hidden: true });
    plot.before(this.window);
    this.slices = new Slices();
  }

  /** training: {codes: {points (N, 2) one after the other, labels}}, or none. */
  use({ figure, lit, on, field, picked, shaped = false, training }) {
    training?.offer();
    const codes = training?.codes ?? null, over = on.has("manifold") || field?.kind === "ramp" || field?.kind === "classes";
    const alpha = (i) => (!lit[i] || picked?.figure === figure ? DIMMED : over ? OVER : SEEN), colours = new Uint32Array(256);
    figure.data.forEach(({ meta, marker: { color } }, i) => (colours[meta] = pixel(color, alpha(i))));
    const inks = [shaped, ...colours].join(), same = codes === this.codes && inks === this.inks;
    if (codes !== this.codes) this.places = null;
    Object.assign(this, { codes, colours, inks, shaped, shown: Boolean(codes) && on.has("points") });
    this.window.hidden = !this.shown;
    if (!codes) this.free();
    else if (!same) this.painted = null;
    this.place();
  }

  look({ viewport }) {
    this.viewport = viewport;
    this.place();
  }

  show() {}

  /** Move what is painted to where it belongs, and paint anew what that does not cover. */
  place() {
    const { viewport, painted, window: { style } } = this;
    if (!this.shown || !viewport?.xr) return;
    const { box: { left, top, width, height }, xr, yr, unit } = viewport, box = [left, top, width, height].join();
    if (box !== this.box) Object.assign(style, { left: `${left}px`, top: `${top}px`, width: `${width}px`, height: `${height}px` });
    this.box = box;
    if (this.canvas && this.drawn) {
      const { from, unit: its } = this.drawn, larger = its / unit;
      this.canvas.style.transform = `translate(${(from[0] - xr[0]) / unit}px, ${(yr[1] - from[1]) / unit}px) scale(${larger})`;
    }
    const covers = painted && painted.unit === unit && painted.box === box && painted.scale === viewport.scale && painted.ratio === (devicePixelRatio || 1)
      && xr[0] >= painted.from[0] && xr[1] <= painted.to[0] && yr[1] <= painted.from[1] && yr[0] >= painted.to[1];
    if (!covers) this.paint();
  }

  /** Over the next frames: where codes lie on this scale, if that is not known, then their dots; on show when all are. */
  paint() {
    const { viewport: { box: { width, height }, xr, yr, unit, scale }, codes: { points, labels }, colours, shaped, box } = this, ratio = devicePixelRatio || 1;
    const beyond = [width * BEYOND, height * BEYOND], from = [xr[0] - beyond[0] * unit, yr[1] + beyond[1] * unit], to = [xr[1] + beyond[0] * unit, yr[0] - beyond[1] * unit];
    const across = Math.round((width + 2 * beyond[0]) * ratio), down = Math.round((height + 2 * beyond[1]) * ratio), perUnit = ratio / unit;
    const stamps = Array.from(colours, (colour, label) => colour && stamp(ratio, shaped, label));
    if (this.places?.scale !== scale) this.places = { scale, at: scale.name === "linear" ? points : new Float64Array(points.length), known: scale.name === "linear" ? points.length : 0 };
    const { places } = this;
    let next = 0, image, pixels;
    this.painted = { from, to, unit, box, scale, ratio };
    this.slices.begin(() => {
      if (this.image?.width !== across || this.image.height !== down) this.image = new ImageData(across, down);
      ({ image } = this);
      pixels = new Uint32Array(image.data.buffer);
      pixels.fill(0);
    }, () => {
      if (places.known < points.length) {
        const end = Math.min(points.length, places.known + PIECE);
        for (; places.known < end; places.known++) places.at[places.known] = scale.to(points[places.known]);
        return true;
      }
      const end = Math.min(labels.length, next + PIECE);
      for (; next < end; next++) {
        const colour = colours[labels[next]];
        if (!colour) continue; // of a class that the map does not have
        const { side, at } = stamps[labels[next]], half = side / 2;
        const x = Math.round((places.at[2 * next] - from[0]) * perUnit - half), y = Math.round((from[1] - places.at[2 * next + 1]) * perUnit - half);
        if (x < 0 || y < 0 || x + side > across || y + side > down) continue;
        for (let i = 0; i < at.length; i += 2) pixels[(y + at[i + 1]) * across + x + at[i]] = colour;
      }
      if (next < labels.length) return true;
      this.put(image, { from, unit });
      return false;
    });
  }

  put(image, drawn) {
    this.picture ??= new StillCanvas("");
    const { width, height } = image, ratio = devicePixelRatio || 1, canvas = this.canvas = this.window.appendChild(this.picture.element);
    Object.assign(canvas.style, { width: `${width / ratio}px`, height: `${height / ratio}px` });
    this.picture.clear(width, height).putImageData(image, 0, 0);
    this.picture.show();
    this.drawn = drawn;
    this.place();
  }

  /** Nothing is kept of what is not on show. */
  free() {
    this.slices.stop();
    this.canvas?.remove();
    Object.assign(this, { picture: null, canvas: null, image: null, places: null, painted: null, drawn: null });
  }

  /** Resolves when what is in view is painted. */
  settled() {
    return this.slices.settled();
  }

  stop() {
    this.free();
  }
}

// Close up, each code as its test image in its class's colour, in place of its dot; where classes have shapes, with a small one in its corner.
// Those in view are brought into an atlas a few at a time, so that the pointer stays live, and drawn from there.

import { REACH, outline, shapeOf } from "../shapes.js";
import { MovingCanvas } from "../moving_canvas.js";
import { rgb } from "./colours.js";
import { Slices } from "./slices.js";

const CELL_PX = 96; // of the squares by which it is told how far apart dots lie where there are any
const LARGER = [24, 50, 84]; // px between dots from which on images are drawn, twice, and three times as large
const OVER_PX = 28; // beyond the map's edge, codes whose images reach into it
const BACK = 0.8; // of that is where they change back, so that a small move does not switch them to and fro
const MOST = 900; // images in view: with more, dots stay dots, on a screen of any size
const TOO_MANY = MOST / BACK ** 2; // with more, those that are images change back, however far apart they lie
const COLUMNS = 56; // of the atlas
const ROOM = COLUMNS * COLUMNS; // images in it, the least recently drawn dropped first: 10 MB of 28 x 28
const AT_ONCE = 16; // images brought into it before they are drawn: a canvas that is drawn from is copied when it is next written to
const MARK_PX = 3.2, MARK = 0.11, EDGE_PX = 1.25; // a shape's radius, at least, and of an image's side; the ground's edge round it
const MARKS = 40; // pictures of marks that are kept
const DIMMED = 0.12, DIMMED_PX = 3; // of what is not selected, which stays a dot

/** How many times their own size images are drawn, 0: dots, where they were drawn `before` times theirs. apart: px from dot to dot. */
export function timesFor(apart, count, before) {
  const room = Math.min(apart, LARGER[0] * Math.sqrt(MOST / Math.max(1, count)));
  let times = before;
  while (times < LARGER.length && room >= LARGER[times]) times += 1;
  while (times > 0 && room < BACK * LARGER[times - 1]) times -= 1;
  return times;
}

/** How far apart pixels {x, y} lie in a box, as if those in each occupied square were spread over it evenly. */
export function apart(dots, { left, top, width, height }) {
  const columns = Math.ceil((width + 2 * OVER_PX) / CELL_PX), taken = new Uint8Array(columns * Math.ceil((height + 2 * OVER_PX) / CELL_PX));
  let squares = 0;
  for (const { x, y } of dots) {
    const cell = Math.floor((y - top + OVER_PX) / CELL_PX) * columns + Math.floor((x - left + OVER_PX) / CELL_PX);
    squares += 1 - taken[cell];
    taken[cell] = 1;
  }
  return CELL_PX * Math.sqrt(squares / Math.max(1, dots.length));
}

/** The codes in view, and those whose images reach into it, {x, y, row, trace, lit}, in pixels; on: which of the figure's codes alone are lit.
 *  Null where more than TOO_MANY are lit, which is soon known. */
export function inView(viewport, figure, lit, on) {
  const { box } = viewport, [left, top] = viewport.place([0, 0]), [right, bottom] = viewport.place([1, 1]), found = [];
  const [first, last] = [box.left - OVER_PX, box.left + box.width + OVER_PX], [high, low] = [box.top - OVER_PX, box.top + box.height + OVER_PX];
  let before = 0, bright = 0;
  for (const [trace, { x: xs, y: ys, customdata }] of viewport.scale.drawn(figure).data.entries()) {
    for (let k = 0; k < xs.length; k++) {
      const x = left + xs[k] * (right - left), y = top + ys[k] * (bottom - top);
      if (x < first || x >= last || y < high || y >= low) continue;
      found.push({ x, y, row: customdata[k], trace, lit: lit[trace] && (!on || on[before + k]) });
      if (found.at(-1).lit && (bright += 1) > TOO_MANY) return null;
    }
    before += xs.length;
  }
  return found;
}

export class ImageLayer {
  #marks = new Map(); // what a mark looks like -> its picture
  #kept = new Map(); // row -> its place in the atlas; its order is the order of use

  constructor(plot) {
    this.map = plot.parentElement;
    this.picture = new MovingCanvas("lm-close");
    this.picture.hidden = true;
    plot.after(this.picture.element);
    this.slices = new Slices();
    this.times = 0;
  }

  /** closeUp: {on, ink: row -> grey levels, offer(), want()}; none where dots are always dots. */
  use({ figure, lit, on, picked, dark, shaped, decoder: { width, height }, closeUp }) {
    closeUp?.offer();
    const ink = closeUp?.ink ?? null;
    if (figure !== this.figure || ink !== this.ink) this.#kept.clear();
    const over = on.has("manifold"); // over decoded images, those of the test set would not be told from them
    Object.assign(this, { figure, lit, ink, closeUp, width, height, dark, shaped, picked: picked?.figure === figure ? picked.on : null });
    this.allowed = Boolean(closeUp?.on) && on.has("points") && !over;
    this.judge();
  }

  look({ viewport }) {
    this.viewport = viewport;
    this.judge();
  }

  show() {}

  /** Dots or images, and in view which. */
  judge() {
    const { viewport, figure, lit, picked, closeUp } = this;
    if (!viewport?.xr || !figure) return;
    const seen = this.allowed ? inView(viewport, figure, lit, picked) : null;
    this.seen = seen ?? [];
    const bright = this.seen.filter((dot) => dot.lit);
    if (bright.length) this.times = timesFor(apart(bright, viewport.box), bright.length, this.times);
    else if (!seen) this.times = 0; // where a view has none, they are as large as before
    if (this.times && !this.ink) closeUp?.want();
    const drawn = Boolean(this.times && this.ink);
    if (closeUp) closeUp.side = drawn ? this.times * Math.max(this.width, this.height) : 0;
    this.picture.hidden = !drawn;
    this.map.classList.toggle("lm-close-up", drawn); // dots are hidden by that: Plotly draws nothing anew
    if (drawn) this.draw();
    else this.slices.stop();
  }

  /** What is known on the next frame, what is missing over the next ones. */
  draw() {
    let missing;
    this.slices.begin(() => {
      this.clear();
      this.seen.filter((dot) => !dot.lit).forEach((dot) => this.dim(dot));
      this.context.globalAlpha = 1;
      missing = this.seen.filter((dot) => dot.lit && !this.stampKnown(dot));
    }, () => {
      const some = missing.splice(-AT_ONCE);
      for (const dot of some) this.make(dot);
      for (const dot of some) this.stampKnown(dot);
      return missing.length > 0;
    }, () => this.picture.show());
  }

  clear() {
    const scale = devicePixelRatio || 1;
    this.context = this.picture.over(this.viewport.box);
    Object.assign(this, { scale, larger: Math.max(1, Math.round(this.times * scale)) }); // whole device pixels: crisp
  }

  colour({ trace }) {
    return this.figure.data[trace].marker.color;
  }

  dim(dot) {
    const { context, scale, viewport: { box } } = this, side = DIMMED_PX * scale;
    context.globalAlpha = DIMMED;
    context.fillStyle = this.colour(dot);
    context.fillRect((dot.x - box.left) * scale - side / 2, (dot.y - box.top) * scale - side / 2, side, side);
  }

  stampKnown(dot) {
    const place = this.#kept.get(dot.row);
    if (place === undefined) return false;
    this.#kept.delete(dot.row);
    this.#kept.set(dot.row, place);
    const { context, atlas, width, height, larger, scale, viewport: { box } } = this, [wide, high] = [width * larger, height * larger];
    const x = Math.round((dot.x - box.left) * scale - wide / 2), y = Math.round((dot.y - box.top) * scale - high / 2);
    context.drawImage(atlas, (place % COLUMNS) * width, Math.floor(place / COLUMNS) * height, width, height, x, y, wide, high);
    if (this.shaped) this.mark(dot, x + wide, y, Math.max(MARK_PX * scale, MARK * wide));
    return true;
  }

  /** The shape of its class in the upper right corner of an image, with an edge of the ground round it: drawn once, and then copied. */
  mark(dot, right, top, radius) {
    const { scale, dark, figure } = this, colour = this.colour(dot), { meta } = figure.data[dot.trace], edge = EDGE_PX * scale, half = Math.ceil(REACH * radius + edge);
    const key = [meta, colour, dark, radius, edge].join();
    if (!this.#marks.has(key)) {
      if (this.#marks.size >= MARKS) this.#marks.clear();
      const canvas = Object.assign(document.createElement("canvas"), { width: 2 * half, height: 2 * half }), context = canvas.getContext("2d");
      outline(context, shapeOf(meta), half, half, radius);
      Object.assign(context, { fillStyle: colour, strokeStyle: dark ? "#000" : "#fff", lineWidth: 2 * edge, lineJoin: "round" });
      context.stroke();
      context.fill();
      this.#marks.set(key, canvas);
    }
    this.context.drawImage(this.#marks.get(key), Math.round(right - radius) - half, Math.round(top + radius) - half);
  }

  /** Bring an image into the atlas, in its class's colour: as opaque as there is ink. */
  make(dot) {
    const { width, height } = this, [r, g, b] = rgb(this.colour(dot)), ink = this.ink(dot.row);
    if (this.atlas?.width !== width * COLUMNS || this.atlas?.height !== height * COLUMNS) {
      this.atlas = Object.assign(document.createElement("canvas"), { width: width * COLUMNS, height: height * COLUMNS });
      this.#kept.clear();
    }
    const place = this.#kept.size < ROOM ? this.#kept.size : this.#kept.values().next().value;
    if (this.#kept.size === ROOM) this.#kept.delete(this.#kept.keys().next().value);
    const pixels = new ImageData(width, height);
    for (let i = 0; i < ink.length; i++) pixels.data.set([r, g, b, ink[i]], 4 * i);
    this.atlas.getContext("2d").putImageData(pixels, (place % COLUMNS) * width, Math.floor(place / COLUMNS) * height);
    this.#kept.set(dot.row, place);
  }

  /** Resolves when all images in view are drawn, or none is to be. */
  settled() {
    return this.slices.settled();
  }

  stop() {
    this.slices.stop();
  }
}

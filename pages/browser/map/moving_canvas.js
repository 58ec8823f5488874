// A canvas for what each frame of a view that moves draws anew. To hand over a finished picture (still_canvas.js) costs a frame three times as
// much as to draw on a canvas in view: that is what one sees while the view moves, and the picture once it rests.

import { StillCanvas } from "./still_canvas.js";

const REST_MS = 200; // without another drawing

export class MovingCanvas {
  /** settings: of the context that is drawn on while the view moves. */
  constructor(className, settings) {
    this.picture = new StillCanvas(className);
    this.element = this.picture.element; // which of the two is in the page
    this.pen = this.element.cloneNode().getContext("2d", settings);
  }

  get hidden() {
    return this.element.hidden;
  }

  set hidden(hidden) {
    for (const one of this.both) if (one.hidden !== hidden) one.hidden = hidden;
  }

  get both() {
    return [this.pen.canvas, this.picture.element];
  }

  /** Empty, of width x height CSS pixels: the context to draw on. */
  begin({ width, height }) {
    const scale = devicePixelRatio || 1;
    this.clear(width * scale, height * scale).scale(scale, scale);
    return this.pen;
  }

  /** Empty, over a box of the map, in CSS pixels, to be drawn on in device pixels, crisp: the context. */
  over({ left, top, width, height }) {
    const scale = devicePixelRatio || 1, place = { left: `${left}px`, top: `${top}px`, width: `${width}px`, height: `${height}px` };
    for (const { style } of this.both) Object.assign(style, place);
    this.clear(width * scale, height * scale).imageSmoothingEnabled = false;
    return this.pen;
  }

  clear(...size) {
    const { pen, pen: { canvas } } = this, [width, height] = size.map((side) => Math.max(1, Math.round(side)));
    if (canvas.width !== width || canvas.height !== height) Object.assign(canvas, { width, height });
    pen.restore();
    pen.save(); // so that transform, clip and colours end with this drawing
    pen.clearRect(0, 0, width, height);
    return pen;
  }

  /** What is drawn so far is what is seen. */
  show() {
    this.put(this.pen.canvas);
    clearTimeout(this.resting);
    this.resting = setTimeout(() => this.rest(), REST_MS);
  }

  rest() {
    const { picture, pen: { canvas } } = this;
    picture.clear(canvas.width, canvas.height).drawImage(canvas, 0, 0);
    picture.show();
    this.put(picture.element);
  }

  put(element) {
    if (element === this.element) return;
    this.element.replaceWith(element);
    this.element = element;
  }
}

// The sheet of tools/canvas.js, watched while it is drawn on: who watches hears of its ink once a frame, and Python of nothing.

import Sheet from "../tools/canvas.js";
import { bounds, draw } from "../tools/strokes.js";
import { inkOf } from "./mnist_form.js";

const SIDE = 280; // pixels, as the sheet has that Python hears of

export class LiveSheet extends Sheet {
  /** seen(ink, since, resting, form): the ink as mnist_form.js takes it, null on bare paper; when the pointer's event came; whether no stroke is under way; what is on
   *  the paper in MNIST's form, where that is all that is there. */
  constructor(root, signal, seen) {
    super(root, signal);
    Object.assign(this, { seen, signal });
  }

  /** What was drawn here is there again on another model's map, and after a visit to another page. */
  start() {
    this.update({ key: "explore-drawing", side: SIDE }, () => {});
  }

  hear() {}

  /** Put a picture on the paper, black on white, in place of what is there; form: what it is in MNIST's form, where it is that as it is. */
  lay(picture, form) {
    this.did({ clear: true, picture, form }, "The image is on the paper");
  }

  move(event) {
    if (this.stroke?.pointer === event.pointerId) this.since ??= event.timeStamp;
    super.move(event);
  }

  paint() {
    super.paint();
    this.looking ??= requestAnimationFrame(() => {
      this.looking = undefined;
      if (!this.signal.aborted) this.look();
    });
  }

  /** Tell of the ink as it is now. */
  look() {
    const { sent, kept, stroke, since } = this;
    this.since = undefined;
    const strokes = stroke ? [...kept.done, stroke] : kept.done, box = bounds(strokes, SIDE);
    draw(sent, strokes, SIDE);
    this.seen(box && inkOf(sent, box), since, !stroke, stroke ? null : kept.done.at(-1)?.form);
  }
}

// What the members draw: the image at the point on show, and one test image of each class. Between two members their pictures are cross-faded.

import { Picture } from "../map/controls.js";
import { blend } from "./tween.js";

export class Pictures {
  /** canvases: of the point on show, and one for each example; codes: the examples' codes, [x, y, ...] for each member. */
  constructor(shown, examples, codes) {
    Object.assign(this, { shown: new Picture(shown), examples: examples.map((canvas) => new Picture(canvas)), codes });
    this.decoders = codes.map(() => null);
    this.drawn = codes.map(() => null); // each member's examples, drawn once
  }

  /** A member's decoder has come. */
  use(member, decoder) {
    const at = this.codes[member];
    this.decoders[member] = decoder;
    this.drawn[member] = this.examples.map((_, n) => Float32Array.from(decoder.decode(at[2 * n], at[2 * n + 1])));
    for (const picture of [this.shown, ...this.examples]) picture.fit(decoder);
  }

  /** Are both members' decoders here? */
  ready({ from, to, share }) {
    return Boolean(this.decoders[from] && (share === 0 || this.decoders[to]));
  }

  /** Paint the examples; nothing as long as a decoder is missing. */
  paintExamples(where) {
    const { from, to, share } = where;
    if (!this.ready(where)) return;
    this.examples.forEach((picture, n) => picture.paint(share ? this.mixed(this.drawn[from][n], this.drawn[to][n], share) : this.drawn[from][n]));
  }

  /** Paint the image at a point z. */
  paintShown(where, z) {
    if (this.ready(where)) this.shown.paint(z && this.image(where, z));
  }

  /** The image at z; the next call overwrites it. */
  image({ from, to, share }, z) {
    const one = this.decoders[from].decode(...z);
    return share ? this.mixed(one, this.decoders[to].decode(...z), share) : one;
  }

  mixed(one, other, share) {
    this.out ??= new Float32Array(one.length);
    return blend(one, other, share, this.out);
  }
}

// The switch *Images close up*: whether dots become images where there is room for them, and where those come from (layers/images.js draws them).

import { listener } from "../events.js";

const SWITCH = '<button type="button" role="switch" aria-checked="true" class="lm-switch" data-testid="close-up" hidden>Images close up</button>';
const REACH = 0.4; // of an image's side: a click this near to its middle is on it

export class CloseUp {
  on = true;
  ink = null; // of a row, grey levels, once they can be had
  side = 0; // of an image on show, in pixels; 0: dots are

  constructor(map, signal) {
    Object.assign(this, { map, signal });
    map.layers.closeUp = this;
    map.root.querySelector(".lm-tools").insertAdjacentHTML("beforeend", SWITCH);
    this.button = map.root.querySelector("[data-testid=close-up]");
    listener(signal)(this.button, "click", () => {
      this.heed(this.on ? "0" : "");
      map.refresh();
      map.look.changed();
    });
  }

  /** For the model that the map shows now, before anything of it is drawn: it is offered where there are test images, or a decoder that draws what it makes of their codes. */
  offer() {
    const { map } = this, facts = map.data.readout, source = sourceOf(facts);
    if (source !== this.source) Object.assign(this, { source, ink: null, wanted: false });
    this.offered = Boolean(facts?.images || (facts && map.decoder.exact));
    this.button.hidden = !this.offered;
  }

  /** Have the images brought, once. */
  want() {
    if (!this.offered || this.wanted) return;
    const { source } = this, asked = () => source === this.source && !this.signal.aborted;
    this.wanted = true;
    this.bring(asked).then((ink) => {
      if (!asked()) return; // another model meanwhile
      this.ink = ink;
      this.map.refresh();
    }).catch((error) => {
      if (asked()) this.wanted = false; // dots stay; the next view tries again
      console.warn(error);
    });
  }

  async bring(asked) {
    const { map, map: { readout }, source, signal } = this;
    while (asked() && sourceOf(readout.facts) !== source) await new Promise(requestAnimationFrame); // the panel hears of a model a little later
    if (!asked()) return;
    const { images, conditional } = readout.facts, { decoder } = map;
    if (images) {
      const pixels = await readout.pixels(signal), size = decoder.width * decoder.height;
      return (row) => pixels.subarray(row * size, (row + 1) * size);
    }
    await readout.loading;
    const whole = readout.decoder ?? decoder;
    return (row) => whole.image(readout.of("mu", row), conditional ? readout.labels[row] : null).map((v) => 255 * v);
  }

  /** How near to its code a click is on an image, in pixels; 0 where dots are on show. */
  get reach() {
    return REACH * this.side;
  }

  /** In the words of the page's address: on is the usual. */
  get word() {
    return this.on ? "" : "0";
  }

  heed(word) {
    this.on = word !== "0";
    this.button.setAttribute("aria-checked", this.on);
  }
}

/** What tells one model's images from another's. */
const sourceOf = (facts) => JSON.stringify(facts && [facts.codes, facts.images, facts.decoder]);

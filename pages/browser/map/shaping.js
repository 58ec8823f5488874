// The switch *Shapes*: each class's dots have a shape of their own beside their colour, for who cannot tell the colours apart, and on a black and
// white print. All maps of a page are switched together.

import { Agreed } from "../agreed.js";
import { listener } from "../events.js";

const SWITCH = '<button type="button" role="switch" aria-checked="false" class="lm-switch" data-testid="shapes" title="A shape for each class, beside its colour: of its dots, large and small, in the legend, and in a corner of images close up">Shapes</button>';
const maps = new Set(); // that are on the page

export class Shaping {
  undone = "the shapes"; // what is undone where its word was changed, see undoing.js
  agreed = new Agreed(); // the word as Python knows it, where that is not told of a look (look.js)

  constructor(map, signal) {
    this.map = map;
    map.root.querySelector(".lm-tools").insertAdjacentHTML("beforeend", SWITCH);
    this.button = map.root.querySelector("[data-testid=shapes]");
    maps.add(this);
    signal.addEventListener("abort", () => maps.delete(this), { once: true });
    listener(signal)(this.button, "click", () => {
      const word = this.word ? "" : "1", telling = [...maps].filter(({ agreed }) => agreed.value !== undefined);
      for (const one of maps) one.turn(word);
      const said = telling.map(({ agreed }) => agreed.change(word));
      telling[0]?.map.tell("shapes", said[0]); // one word for all of them
    });
  }

  offer() {}

  /** What Python says, before anything is drawn of it. */
  told({ shapes }) {
    if (shapes && this.agreed.heed(shapes)) this.heed(shapes.value);
  }

  /** In the words of the page's address. */
  get word() {
    return this.map.layers.shaped ? "1" : "";
  }

  /** By hand. */
  turn(word) {
    const { map } = this;
    this.heed(word);
    if (!map.ready) return;
    map.refresh();
    map.look.changed();
  }

  heed(word) {
    const { button, map: { layers, root } } = this;
    layers.shaped = Boolean(word);
    button.setAttribute("aria-checked", layers.shaped);
    root.classList.toggle("lm-shaped", layers.shaped); // the legend's
  }
}

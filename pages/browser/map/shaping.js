// The switch *Shapes*: each class's dots have a shape of their own beside their colour, for who cannot tell the colours apart, and on a black and
// white print. All maps of a page are switched together.

import { listener } from "../events.js";
import { Together } from "./together.js";

const SWITCH = '<button type="button" role="switch" aria-checked="false" class="lm-switch" data-testid="shapes" title="A shape for each class, beside its colour: of its dots, large and small, in the legend, and in a corner of images close up">Shapes</button>';
const maps = new Set(); // that are on the page

export class Shaping {
  undone = "the shapes"; // what is undone where its word was changed, see undoing.js

  constructor(map, signal) {
    this.map = map;
    map.root.querySelector(".lm-tools").insertAdjacentHTML("beforeend", SWITCH);
    this.button = map.root.querySelector("[data-testid=shapes]");
    this.together = new Together("shapes", maps, this, signal);
    listener(signal)(this.button, "click", () => this.together.press(this.word ? "" : "1"));
  }

  told(data) {
    this.together.told(data);
  }

  /** In the words of the page's address. */
  get word() {
    return this.map.layers.shaped ? "1" : "";
  }

  turn(word) {
    this.heed(word);
  }

  show() {
    const { map } = this;
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

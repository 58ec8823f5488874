// The switch *Spread evenly*: equal areas of the map hold equal shares of the prior (see scale.js). Offered where there is a standard normal
// prior of two coordinates; nothing is asked of the server.

import { listener } from "../events.js";
import { LINEAR, SPREAD } from "./scale.js";

const SWITCH = '<button type="button" role="switch" aria-checked="false" class="lm-switch" data-testid="spread" hidden>Spread evenly</button>';
const WORDS = `<p class="lm-spread-words" hidden><b>Equal areas now hold equal shares of the codes that the model draws at random</b> (its prior).
  So where dots crowd or leave gaps, the codes of real images (the aggregated posterior) differ from it. The axes are the prior’s
  percentiles, u = Φ(z); their labels count standard deviations, σ.</p>`;

export class Spreading {
  undone = "the axes"; // what is undone where its word was changed, see undoing.js

  constructor(map, signal) {
    this.map = map;
    map.root.querySelector(".lm-tools").insertAdjacentHTML("afterbegin", SWITCH);
    map.root.querySelector(".lm-under").insertAdjacentHTML("beforeend", WORDS);
    [this.button, this.words] = ["[data-testid=spread]", ".lm-spread-words"].map((name) => map.root.querySelector(name));
    listener(signal)(this.button, "click", () => {
      this.turn();
      map.plot.relayout();
    });
  }

  /** By hand: the zoom is kept, and who switches back at once finds the view as it was. */
  turn() {
    const { viewport, viewport: { xr, yr, framing }, figure } = this.map, back = this.left;
    this.left = null;
    const to = this.word ? "" : "1";
    if (!framing && back?.there === JSON.stringify([xr, yr])) Object.assign(viewport, back.view);
    else {
      viewport.rescale(to ? SPREAD : LINEAR, figure.extents);
      if (!framing) this.left = { there: JSON.stringify([viewport.xr, viewport.yr]), view: { xr, yr } };
    }
    this.heed(to);
  }

  /** Whether it is offered for the model that the map shows now. */
  offer({ spread }) {
    this.button.hidden = !spread;
    if (!spread) this.heed("");
  }

  /** In the words of the page's address. */
  get word() {
    return this.map.viewport.scale === SPREAD ? "1" : "";
  }

  /** The scale is that of an address; whoever says so has the plot drawn anew. */
  heed(word) {
    this.map.viewport.scale = word ? SPREAD : LINEAR;
    this.button.setAttribute("aria-checked", Boolean(word));
    this.words.hidden = !word;
  }
}

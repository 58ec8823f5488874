// The switch *Spread evenly*: equal areas of the map hold equal shares of the prior (see scale.js). Where the codes keep to no such prior it
// stays off, and says why when it is pressed. All maps of a page are switched together. Nothing is asked of the server.

import { listener } from "../events.js";
import { LINEAR, SPREAD } from "./scale.js";
import { Together } from "./together.js";

const SWITCH = '<button type="button" role="switch" aria-checked="false" class="lm-switch" data-testid="spread" hidden>Spread evenly</button>';
const maps = new Set(); // that are on the page
const EQUAL = "<b>Equal areas now hold equal shares of the codes that the model draws at random</b> (its prior)";

/** What it shows. data: {axes: their names, nearest: "code", or "dot" where the map is a plane through larger codes}. */
const shown = ({ axes, nearest }) => (nearest === "dot"
  ? `${EQUAL}, as they fall on this plane: its axes are at right angles and count from the prior’s centre, so both coordinates of a draw are independent
    and standard normal. Where dots crowd or leave gaps, the codes of real images (the aggregated posterior) differ from the prior in this plane;
    of the other directions it says nothing. The axes are the percentiles, ${axes.map(([name]) => `Φ(${name})`).join(" and ")}; their labels count
    standard deviations, σ.`
  : `${EQUAL}. So where dots crowd or leave gaps, the codes of real images (the aggregated posterior) differ from it. The axes are the prior’s
    percentiles, u = Φ(z); their labels count standard deviations, σ.`);

export class Spreading {
  undone = "the axes"; // what is undone where its word was changed, see undoing.js
  offered = false; // true: it can be switched on; a sentence: why not; false: nothing is said of it

  constructor(map, signal) {
    this.map = map;
    map.root.querySelector(".lm-tools").insertAdjacentHTML("afterbegin", SWITCH);
    map.root.querySelector(".lm-under").insertAdjacentHTML("beforeend", '<p class="lm-spread-words" role="status" hidden></p>');
    [this.button, this.words] = ["[data-testid=spread]", ".lm-spread-words"].map((name) => map.root.querySelector(name));
    this.together = new Together("spread", maps, this, signal);
    listener(signal)(this.button, "click", () => {
      if (this.offered !== true) this.words.hidden = !this.words.hidden;
      else this.together.press(this.word ? "" : "1");
    });
  }

  /** Where there is a view, its zoom is kept, and who switches back at once finds it as it was. */
  turn(to) {
    const { viewport, viewport: { xr, yr, framing }, figure } = this.map, back = this.left;
    if (!xr || to === this.word || this.offered !== true) return this.heed(to);
    this.left = null;
    if (!framing && back?.there === JSON.stringify([xr, yr])) Object.assign(viewport, back.view);
    else {
      viewport.rescale(to ? SPREAD : LINEAR, figure.extents);
      if (!framing) this.left = { there: JSON.stringify([viewport.xr, viewport.yr]), view: { xr, yr } };
    }
    this.heed(to);
  }

  show() {
    this.map.plot.relayout();
  }

  /** Whether it is offered for what the map shows now; and whether it is on, where Python says that by itself. */
  told(data) {
    const { offered, together } = this, { spread } = data;
    this.offer(data);
    together.told(data);
    if (spread !== offered) this.heed(together.agreed.value ?? this.word);
  }

  /** data.spread: see `offered`. */
  offer({ spread, axes, nearest }) {
    const { button, words } = this, why = spread === true ? "" : spread, said = why ? `${why} The map stays as it is.` : spread && shown({ axes, nearest });
    button.hidden = !spread;
    button.setAttribute("aria-disabled", Boolean(why)); // it keeps its place and its key
    button.title = why || "";
    if (said && said !== this.said) words.innerHTML = said;
    Object.assign(this, { offered: spread, said });
  }

  /** In the words of the page's address. */
  get word() {
    return this.map.viewport.scale === SPREAD ? "1" : "";
  }

  /** The scale is that of an address; whoever says so has the plot drawn anew. */
  heed(word) {
    const on = Boolean(word) && this.offered === true;
    this.map.viewport.scale = on ? SPREAD : LINEAR;
    this.button.setAttribute("aria-checked", on);
    this.words.hidden = !on;
  }
}

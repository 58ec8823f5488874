// Finds test images on the map: one by its number, any, or the next of those that a search on the server found worth looking at.

import { listener } from "../events.js";
import { HERE } from "../nets/nearest.js";
import { Lost, whenBack } from "../server.js";
import { why } from "../why.js";
import { WAYS, search, waysOf } from "./searches.js";
import * as say from "./sentences.js";
import { Trail } from "./trail.js";

export default class Finder {
  /** A tool of the bench: element is its place. The map's panel knows codes and labels and goes to a row. */
  constructor({ readout }, element, signal) {
    Object.assign(this, { readout, element, signal, found: {}, turn: {} });
    element.classList.add("lm-find");
    element.dataset.testid = "finder";
    element.innerHTML = '<form><label>Test image <input type="number" min="0" step="1" inputmode="numeric" class="lm-row"></label>'
      + '<button class="lm-button">Find</button></form><button type="button" class="lm-button" data-way="any">Any</button>'
      + Object.entries(WAYS).map(([way, title]) => `<button type="button" class="lm-button" data-way="${way}">${title}</button>`).join("")
      + '<p class="lm-soft" role="status"></p>';
    this.words = this.element.querySelector("p");
    this.input = this.element.querySelector("input");
    const on = listener(signal);
    on(this.element.querySelector("form"), "submit", (event) => {
      event.preventDefault();
      this.byNumber(this.input.value.trim());
    });
    on(this.element, "click", ({ target }) => this.press(target.closest("[data-way]")?.dataset.way));
    readout.map.cursor.subscribe({ kept: () => this.going || this.leave() }, signal);
  }

  /** Another point is kept than what was said is of. */
  leave() {
    this.turnTo("a point", "");
    this.way = null;
  }

  /** Another tool has the map: the line from one image to the other is there again with the tab. */
  close() {
    const { trail } = this;
    this.way = trail?.element.isConnected ? trail.path : null;
    trail?.remove();
  }

  open() {
    if (this.way) this.lead(this.way);
  }

  lead(path) {
    this.trail = new Trail(this.readout.map, path);
    this.trail.draw();
  }

  /** Facts of another model, see pages/exploring/readout.py. */
  update(facts) {
    if (facts.codes === this.codes) return;
    this.trail?.remove();
    Object.assign(this, { codes: facts.codes, found: {}, turn: {} });
    const ways = waysOf(facts);
    for (const way of Object.keys(WAYS)) this.button(way).hidden = !ways.includes(way);
    this.say("");
  }

  button(way) {
    return this.element.querySelector(`[data-way=${way}]`);
  }

  get count() {
    return this.readout.labels?.length ?? 0;
  }

  press(way) {
    if (!way || !this.count) return;
    this.turnTo(way);
    if (way !== "any") return this.next(way);
    const row = Math.floor(Math.random() * this.count);
    this.go(row, `Test image ${row.toLocaleString("en")}, drawn at random.`);
  }

  byNumber(text) {
    const row = Number(text);
    this.turnTo("a number");
    if (text === "" || !Number.isInteger(row) || row < 0 || row >= this.count) return this.say(`There are test images 0 to ${(this.count - 1).toLocaleString("en")}.`);
    this.go(row, `Test image ${row.toLocaleString("en")}.`);
  }

  /** What was done last: what a search finds after something else was done moves nobody away from that. */
  turnTo(what, words) {
    this.last = what;
    if (words !== undefined) this.say(words);
  }

  /** Go to the next of those that a search found; it is asked for once. */
  async next(way) {
    const button = this.button(way), { facts } = this.readout;
    if (button.classList.contains("lm-busy")) return;
    button.classList.add("lm-busy");
    const slow = setTimeout(() => this.last === way && this.say("Looking through the test images …"), 300);
    try {
      this.found[way] ??= await search(facts, way);
      if (this.readout.facts !== facts || this.last !== way || this.signal.aborted) return;
      const { rows, values, others } = this.found[way], at = (this.turn[way] ?? -1) + 1;
      this.turn[way] = at % rows.length;
      const place = this.turn[way];
      this.go(rows[place], this.sentence(way, place), others?.[place], values[place]);
    } catch (error) {
      if (this.last !== way || error.name === "AbortError") return;
      if (error instanceof Lost) this.wait(way);
      else this.say(`That could not be looked up: ${why(error)}. Try again.`);
    } finally {
      clearTimeout(slow);
      button.classList.remove("lm-busy");
    }
  }

  /** The server makes this search, and it does not answer; when it does, who has not done something else meanwhile hears of it. */
  wait(way) {
    this.say("The server makes this search, and it does not answer. When it does again, this line says so.");
    whenBack(() => this.last === way && this.say(`The server answers again. Press “${WAYS[way]}” once more.`), this.signal);
  }

  /** Keep the code of a row and say why; other: the row of the image that it is a pair with. */
  go(row, words, other) {
    const { readout } = this;
    this.going = true;
    readout.goTo(row);
    this.going = false;
    this.input.value = row;
    this.say(words);
    if (other === undefined) return;
    this.lead([row, other].map((one) => readout.dot(one).map((v) => Math.round(v * 1e4) / 1e4)));
    const button = Object.assign(document.createElement("button"), { type: "button", className: "lm-button", textContent: "Go to the other" });
    button.addEventListener("click", () => this.turnTo("the other") ?? this.go(other, `Test image ${other.toLocaleString("en")}, the other of the two.`, row), { signal: this.signal });
    this.words.append(" ", button);
  }

  say(text) {
    this.words.textContent = text;
  }

  sentence(way, place) {
    const { facts, labels } = this.readout, { rows, values, others } = this.found[way], row = rows[place], value = values[place];
    const name = (label) => say.className(facts, label), which = `${WAYS[way]}, ${place + 1} of ${rows.length}: test image ${row.toLocaleString("en")}, `;
    if (way === "typical") return `${which}labelled ${name(labels[row])}, ${value < HERE ? "less than 0.01" : say.number(value)} from the middle (the median) of the codes of its class.`;
    if (way === "worst") return `${which}${say.number(value, 0)} nats of reconstruction loss: among all test images hardly any is drawn worse from its code.`;
    if (way === "between") return `${which}labelled ${name(labels[row])}; of the ten codes nearest to it ${value} are of a second class.`;
    return `${which}labelled ${name(labels[row])}. By its pixels test image ${others[place].toLocaleString("en")} (${name(labels[others[place]])}) is most similar to it, but their codes lie ${say.number(value)} apart: the line.`;
  }
}

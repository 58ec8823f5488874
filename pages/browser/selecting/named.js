// Selections that have got a name. They last as long as the model is the same, and are in the page's link as far as that can hold them
// (linked.js); of two of them, step.js makes a step.

import * as say from "../map/sentences.js";
import { mean } from "./averages.js";
import { FIRST, MOST, MOST_LETTERS } from "./linked.js";
import { selected } from "./parts.js";
import { notHeld } from "./selecting_words.js";
import { Step } from "./step.js";

const LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";

export class Named {
  list = []; // {name, rows, code: their mean, parts, before}
  asked = null; // what an address says of them, see linked.js, until the codes are here
  left = []; // those that the link does not hold

  /** restore(state): somebody wants to have one selected again; changed(): the link is to say something else. */
  constructor(place, map, restore, signal, changed = () => {}) {
    Object.assign(this, { place, map, restore, changed });
    place.innerHTML = `<h2>Compare two selections</h2>
      <form data-form="name" class="sl-row"><label>Name <input maxlength="${MOST_LETTERS}" autocomplete="off"></label><button class="lm-button">Name this selection</button></form>
      <p class="lm-soft"></p><ul></ul><div class="sl-step" hidden></div>`;
    [this.form, this.words, this.items] = ["form", "p", "ul"].map((selector) => place.querySelector(selector));
    this.input = this.form.querySelector("input");
    this.step = new Step(place.querySelector(".sl-step"), map, signal, changed);
    this.form.addEventListener("submit", () => this.add(), { signal });
    this.items.addEventListener("click", ({ target }) => this.press(target.dataset), { signal });
  }

  /** What is selected now: {rows, parts, before}; the codes are here. */
  use(state) {
    this.state = state;
    if (this.asked) this.follow(this.asked);
    this.form.hidden = !state.rows.length || this.list.length >= MOST;
    this.input.placeholder = this.free;
    this.write();
  }

  /** What a link is to say: {named, step}, see linked.js. */
  get said() {
    const { list, asked, step: { ends, amount } } = this;
    return asked ?? { named: list, step: list.length > 1 ? { from: ends[0].selectedIndex, to: ends[1].selectedIndex, amount } : FIRST };
  }

  /** What a link says. Those that it cannot hold stay. */
  heed(said) {
    this.list = this.list.filter((one) => this.left.includes(one) && !said.named.some(({ name }) => name === one.name));
    this.asked = said;
  }

  follow({ named, step }) {
    const { figure } = this.map, found = named.map((one) => this.averaged({ ...one, rows: selected(one.parts, figure).map((i) => figure.codes.row[i]) }));
    const names = [step.from, step.to].map((i) => named[i]?.name);
    Object.assign(this, { asked: null, list: [...found.filter(({ code }) => code), ...this.list].slice(0, MOST) });
    this.step.go(this.list, names, step.amount);
  }

  averaged(one) {
    const { data, shape: [, d] } = this.map.readout.codes.tensors.mu;
    return { ...one, code: mean(one.rows, data, d) };
  }

  /** The map has another plane, on which the parts would mean other codes. */
  moved() {
    this.list = this.list.map((one) => ({ ...one, parts: [], before: one.rows }));
  }

  /** Which of them the link has no words or no room for. */
  leave(left) {
    this.left = left;
    this.sayHeld();
  }

  /** The first letter that names none. */
  get free() {
    return [...LETTERS].find((letter) => !this.list.some(({ name }) => name === letter));
  }

  add() {
    const { state } = this, name = this.input.value.replace(/\s+/g, " ").trim() || this.free;
    if (!state.rows.length) return;
    this.list = [...this.list.filter((one) => one.name !== name), this.averaged({ ...state, name })].slice(-MOST);
    this.input.value = "";
    this.use(state);
    this.changed();
  }

  press({ again, forget }) {
    if (again !== undefined) this.restore({ parts: this.list[again].parts, before: this.list[again].before });
    if (forget === undefined) return;
    this.list.splice(Number(forget), 1);
    this.use(this.state);
    this.changed();
    (this.items.querySelector("button") ?? this.input).focus(); // the one that was pressed is gone
  }

  write() {
    const { list, state } = this;
    this.place.hidden = !list.length && !state.rows.length;
    this.sayHeld();
    const items = list.map(({ name, rows }, i) => `<li><b>${say.escape(name)}</b> <span class="lm-soft">${rows.length.toLocaleString("en")} test image${rows.length === 1 ? "" : "s"}</span>
      <button type="button" class="lm-button" data-again="${i}" aria-label="Select ${say.escape(name)} again">Select again</button>
      <button type="button" class="lm-button" data-forget="${i}" aria-label="Forget ${say.escape(name)}">Forget</button></li>`).join("");
    if (items !== this.written) this.items.innerHTML = this.written = items; // else who is on a button stays there
    this.step.use(list);
  }

  /** What to do next, and what the link does not hold. */
  sayHeld() {
    const { list, left } = this;
    const next = list.length > 1 ? "" : list.length ? "Select something else and name that, too." : "Name this selection and then another one: what tells them apart can be added to any image.";
    this.words.textContent = [next, notHeld(list, left)].filter(Boolean).join(" ");
  }

  /** The tool is open, or not: what is on the map comes and goes with it. */
  show(on) {
    this.step.show(on);
  }

  clear() {
    Object.assign(this, { list: [], asked: null, left: [] });
    this.step.use([]);
  }
}

// Selections that have got a name. They last as long as the page is open and the model is the same; of two of them, step.js makes a step.

import * as say from "../map/sentences.js";
import { mean } from "./averages.js";
import { Step } from "./step.js";

const MOST = 12;
const LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";

export class Named {
  list = []; // {name, rows, code: their mean, parts, before}

  /** restore(state): somebody wants to have one selected again. */
  constructor(place, map, restore, signal) {
    Object.assign(this, { place, map, restore });
    place.innerHTML = `<h2>Compare two selections</h2>
      <form data-form="name" class="sl-row"><label>Name <input maxlength="24" autocomplete="off"></label><button class="lm-button">Name this selection</button></form>
      <p class="lm-soft"></p><ul></ul><div class="sl-step" hidden></div>`;
    [this.form, this.words, this.items] = ["form", "p", "ul"].map((selector) => place.querySelector(selector));
    this.input = this.form.querySelector("input");
    this.step = new Step(place.querySelector(".sl-step"), map, signal);
    this.form.addEventListener("submit", () => this.add(), { signal });
    this.items.addEventListener("click", ({ target }) => this.press(target.dataset), { signal });
  }

  /** What is selected now: {rows, parts, before}. */
  use(state) {
    this.state = state;
    this.form.hidden = !state.rows.length || this.list.length >= MOST;
    this.input.placeholder = this.free;
    this.write();
  }

  /** The first letter that names none. */
  get free() {
    return [...LETTERS].find((letter) => !this.list.some(({ name }) => name === letter));
  }

  add() {
    const { state, map: { readout: { codes: { tensors: { mu: { data, shape: [, d] } } } } } } = this, name = this.input.value.trim() || this.free;
    if (!state.rows.length) return;
    this.list = [...this.list.filter((one) => one.name !== name), { ...state, name, code: mean(state.rows, data, d) }].slice(-MOST);
    this.input.value = "";
    this.use(state);
  }

  press({ again, forget }) {
    if (again !== undefined) this.restore({ parts: this.list[again].parts, before: this.list[again].before });
    if (forget === undefined) return;
    this.list.splice(Number(forget), 1);
    this.use(this.state);
    (this.items.querySelector("button") ?? this.input).focus(); // the one that was pressed is gone
  }

  write() {
    const { list, state } = this;
    this.place.hidden = !list.length && !state.rows.length;
    this.words.textContent = list.length > 1 ? "" : list.length ? "Select something else and name that, too." : "Name this selection and then another one: what tells them apart can be added to any digit.";
    const items = list.map(({ name, rows }, i) => `<li><b>${say.escape(name)}</b> <span class="lm-soft">${rows.length.toLocaleString("en")} test image${rows.length === 1 ? "" : "s"}</span>
      <button type="button" class="lm-button" data-again="${i}" aria-label="Select ${say.escape(name)} again">Select again</button>
      <button type="button" class="lm-button" data-forget="${i}" aria-label="Forget ${say.escape(name)}">Forget</button></li>`).join("");
    if (items !== this.written) this.items.innerHTML = this.written = items; // else who is on a button stays there
    this.step.use(list);
  }

  /** The tool is open, or not: what is on the map comes and goes with it. */
  show(on) {
    this.step.show(on);
  }

  clear() {
    this.list = [];
    this.step.use([]);
  }
}

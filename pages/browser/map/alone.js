// Explore while the server does not answer: Streamlit's controls are dead then, so the map says what goes on, and has switches for its layers.
// When the server is back, Python is told how they stand; until it has heard of it, perhaps in a session that is new, they stay like that here.

import { onAgain } from "../again.js";
import { same } from "../agreed.js";
import { listener } from "../events.js";
import { hear } from "../server.js";
import { escape } from "./sentences.js";

const WORDS = "<b>The server does not answer.</b> It was stopped, or this device is offline. Explore goes on, and connects again by itself. "
  + "Another model or background, and files to take along, wait for the server.";
const PILLS = ".st-key-explore-layers [role=toolbar] button"; // Streamlit's
const HEARD_MS = 5000; // after Python's first word of something else, until that holds again

export class Alone {
  #own = null; // {view, layers: switched on here, field: whether the background is shown}; null: as Python says
  #told = 0; // how often Python was told

  constructor(map, signal) {
    Object.assign(this, { map });
    this.element = Object.assign(document.createElement("div"), { className: "lm-alone", hidden: true });
    this.element.dataset.testid = "alone";
    this.element.innerHTML = '<p role="status"></p><div class="lm-layers" role="group" aria-label="Layers"></div>';
    map.root.querySelector(".lm-under").prepend(this.element);
    const on = listener(signal);
    on(this.element, "click", ({ target }) => this.turn(target.closest("[data-layer]")?.dataset.layer));
    on(document, "click", ({ target }) => this.#own && this.turn(this.named(target.closest(PILLS)))); // where Streamlit has not noticed yet, or Python not heard
    hear((there) => (there ? this.back() : this.show()), signal);
    onAgain(() => this.report(), signal);
    signal.addEventListener("abort", () => clearTimeout(this.timer), { once: true });
  }

  /** What the map is told: Python's word, but for the layers that were switched here. */
  over(data) {
    this.said = data;
    if (!this.#own) return data;
    const { view, layers, field } = this.#own, there = this.element.hidden;
    if (view !== data.view || (there && !this.changed)) {
      this.forget();
      return data;
    }
    if (there) this.timer ??= setTimeout(() => this.end(), HEARD_MS);
    return { ...data, layers, field: field ? data.field : null };
  }

  /** Whether anything is switched otherwise than Python says. */
  get changed() {
    const { said } = this, own = this.#own;
    return Boolean(own) && (!same([...own.layers].sort(), [...said.layers].sort()) || Boolean(said.field && !own.field));
  }

  show() {
    const { said } = this;
    if (!said?.titles) return;
    const { layers, field = true } = this.#own ?? said;
    this.forget();
    this.#own = { view: said.view, layers, field: Boolean(field) || !said.field };
    this.element.hidden = false;
    this.element.firstElementChild.innerHTML = WORDS;
    this.mark();
  }

  mark() {
    const { said: { titles, field }, element: { lastElementChild: place } } = this, { layers, field: shown } = this.#own;
    const one = (name, title, on) => `<button type="button" role="switch" class="lm-switch" data-layer="${name}" aria-checked="${on}">${escape(title)}</button>`;
    if (!place.children.length) place.innerHTML = Object.entries({ ...titles, ...(field && { background: field.title }) }).map(([name, title]) => one(name, title, false)).join("");
    for (const button of place.children) button.setAttribute("aria-checked", button.dataset.layer === "background" ? shown : layers.includes(button.dataset.layer));
  }

  turn(name) {
    if (!name || !this.#own) return;
    const { layers, field } = this.#own;
    if (name === "background") this.#own.field = !field;
    else this.#own.layers = layers.includes(name) ? layers.filter((one) => one !== name) : [...layers, name];
    this.mark();
    this.map.update(this.said, this.map.tell);
    if (this.element.hidden) this.report();
  }

  /** The server is there again. */
  back() {
    if (this.element.hidden) return;
    this.element.hidden = true;
    this.element.lastElementChild.replaceChildren();
    this.map.words.tell("The server answers again.");
    if (this.changed) this.report();
    else this.forget();
  }

  /** Tell Python how the layers stand, where it says something else; and nothing, where it would take what it was told before for news. */
  report() {
    const { changed, map } = this, own = this.#own;
    if (!changed && !this.#told) return;
    map.tell("alone", { value: changed ? { layers: own.layers, background: own.field } : null, number: ++this.#told });
  }

  /** The layer of a pill of Streamlit's. */
  named(pill) {
    const { said: { titles } } = this;
    return pill && Object.keys(titles).find((name) => titles[name] === pill.textContent);
  }

  forget() {
    this.#own = null;
    this.timer = clearTimeout(this.timer);
  }

  /** Python's word holds again. */
  end() {
    this.forget();
    this.map.update(this.said, this.map.tell);
  }
}

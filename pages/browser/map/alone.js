// Explore while the server does not answer: Streamlit's controls are dead then, so the map says what goes on, and has switches for its layers.
// When the server is back, Streamlit's own are pressed as these were.

import { same } from "../agreed.js";
import { listener, onFrames } from "../events.js";
import { answers, hear } from "../server.js";
import { escape } from "./sentences.js";

const WORDS = "<b>The server does not answer.</b> It was stopped, or this device is offline. Explore goes on, and connects again by itself. "
  + "Another model or background, and files to take along, wait for the server.";
const PILLS = ".st-key-explore-layers [role=toolbar] button"; // Streamlit's
const HEARD_MS = 5000; // after it is back, until what Python says of the layers holds again

export class Alone {
  #own = null; // {view, layers: switched on here, field: whether the background is shown}; null: as Python says

  constructor(map, signal) {
    Object.assign(this, { map });
    this.element = Object.assign(document.createElement("div"), { className: "lm-alone", hidden: true });
    this.element.dataset.testid = "alone";
    this.element.innerHTML = '<p role="status"></p><div class="lm-layers" role="group" aria-label="Layers"></div>';
    map.root.querySelector(".lm-under").prepend(this.element);
    const on = listener(signal);
    on(this.element, "click", ({ target }) => this.turn(target.closest("[data-layer]")?.dataset.layer));
    on(document, "click", ({ target }) => this.element.hidden || this.turn(this.named(target.closest(PILLS)))); // where Streamlit has not noticed yet
    hear((there) => (there ? this.back() : this.show()), signal);
    signal.addEventListener("abort", () => clearTimeout(this.timer), { once: true });
  }

  /** What the map is told: Python's word, but for the layers that were switched here. */
  over(data) {
    this.said = data;
    if (!this.#own) return data;
    const { view, layers, field } = this.#own, heard = answers() && same([...layers].sort(), [...data.layers].sort());
    if (view !== data.view || heard) {
      this.#own = null;
      return data;
    }
    return { ...data, layers, field: field ? data.field : null };
  }

  show() {
    const { said } = this;
    if (!said?.titles) return;
    clearTimeout(this.timer);
    this.#own ??= { view: said.view, layers: said.layers, field: true };
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
  }

  /** The server is there again. */
  async back() {
    if (this.element.hidden) return;
    this.element.hidden = true;
    this.element.lastElementChild.replaceChildren();
    this.map.words.tell("The server answers again.");
    this.timer = setTimeout(() => this.end(), HEARD_MS);
    const { said: { layers } } = this, own = this.#own;
    for (const pill of document.querySelectorAll(PILLS)) {
      const name = this.named(pill), was = layers.includes(name);
      if (!name || own.layers.includes(name) === was || (pill.getAttribute("aria-pressed") === "true") !== was) continue; // or it was pressed meanwhile
      pill.click();
      await onFrames(2); // React's row of pills takes one press after another
    }
  }

  /** The layer of a pill of Streamlit's. */
  named(pill) {
    const { said: { titles } } = this;
    return pill && Object.keys(titles).find((name) => titles[name] === pill.textContent);
  }

  /** Python's word holds again. */
  end() {
    if (!this.#own || !answers()) return;
    this.#own = null;
    this.map.update(this.said, this.map.tell);
  }
}

// Where the plane of a map of larger codes lies: sliders for the numbers that the map does not show. Pointer, grid and panel then decode with
// these numbers. Offered where the browser runs the decoder; core/rest.py says which numbers they are.

import { listener } from "../events.js";
import { format } from "../map/controls.js";
import { along, foot, placed } from "./placing.js";

const QUIET_MS = 250; // without a move, before the decoded grid is drawn again
const OF_THE_IMAGE = "image"; // in an address: the numbers of the kept test image
const WORDS = "The map is the slice of the latent space where these numbers are as set here. Keep a dot, and the slice goes through its code.";
const UNUSED = " Faded: unused, they hardly differ from image to image, and change the picture little or not at all.";
const DIGITS = 3; // of a number in an address

/** The numbers that an address's word says, home: those it leaves out; null where it says none. */
function numbers(word, home) {
  const parts = word.split(",");
  return word && parts.length === home.length ? Float32Array.from(parts, (part, i) => (part === "" ? home[i] : Number(part) || 0)) : null;
}

export class Rest {
  undone = "the other numbers"; // see map/undoing.js
  values = null; // of the other numbers; null: as the plane has them by itself
  row = null; // the test image whose numbers they are, where they are one's
  #said = ""; // what an address says
  #told = false; // a point and these numbers come together

  constructor(map, signal) {
    Object.assign(this, { map, signal, on: listener(signal) });
    this.element = Object.assign(document.createElement("details"), { className: "lm-rest", hidden: true });
    this.element.dataset.testid = "rest";
    map.root.querySelector(".lm-controls").after(this.element);
    this.on(this.element, "toggle", () => this.element.open && this.values === null && this.keptChanged());
    map.cursor.subscribe({ kept: () => this.keptChanged() }, signal);
    signal.addEventListener("abort", () => clearTimeout(this.timer), { once: true });
  }

  /** The decoder of the map's plane where it lies now; given: of the plane as it lies by itself. */
  through(given) {
    if (given === this.moved) return given; // a run's, which has no others
    this.base = given;
    this.moved = this.values && this.view === this.map.latest.view ? given.shifted(this.sums()) : given;
    return this.moved;
  }

  /** The panel's facts, and the decoder of whole codes once it is here (null: there is none). */
  use(facts, whole) {
    const { plane: { rest } } = facts, { map, map: { data: { view } } } = this, ready = Boolean(rest && whole), known = view === this.view;
    this.element.hidden = !ready;
    Object.assign(this, { view, facts: ready ? facts : null });
    if (known) return;
    Object.assign(this, { values: null, row: null });
    map.background.off(false);
    if (!ready) return;
    this.weights = whole.network.given().layers[0].weight;
    this.build(rest);
    this.follow(this.#said);
    if (this.element.open) this.keptChanged();
  }

  /** A slider for each number, and where they can be set to. */
  build({ names, used, reach, title }) {
    const slider = (name, i) => `<label${used[i] ? "" : ' class="lm-unused" title="Unused: it says nothing of the images"'}><span>${name}</span>`
      + `<span class="lm-slider"><i><u></u></i><b></b><input type="range" min="${-reach[i]}" max="${reach[i]}" step="0.01" aria-label="${name}${used[i] ? "" : ", unused"}"></span><output></output></label>`;
    this.element.innerHTML = `<summary>${title}<span></span></summary><p class="lm-soft">${WORDS}${used.every(Boolean) ? "" : UNUSED}</p><div class="lm-rest-grid">${names.map(slider).join("")}</div>
      <div class="lm-rest-keys"><button type="button" class="lm-button" data-to="middle">To the middle</button>
      <button type="button" class="lm-button" data-to="image">To the kept image</button></div>`;
    this.inputs = [...this.element.querySelectorAll("input")];
    this.inputs.forEach((input, i) => {
      this.on(input, "input", () => this.slide(i, Number(input.value)));
      this.on(input, "change", () => this.settle());
    });
    const [middle, image] = this.element.querySelectorAll("button");
    this.on(middle, "click", () => this.set(null));
    this.on(image, "click", () => this.toImage());
    this.image = image;
    this.say();
  }

  /** Somebody moves a slider: the picture follows at once, grid and panel when it rests. */
  slide(i, value) {
    const { map, map: { cursor } } = this;
    if (!cursor.kept) map.keep([0, 0]); // so that there is something to see
    this.values = Float32Array.from(this.values ?? this.facts.plane.rest.home);
    this.values[i] = value;
    this.row = null;
    this.place();
    map.answer = null; // the panel's, of what was kept
    cursor.show(cursor.kept);
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.settle(), QUIET_MS);
  }

  /** Lay the plane through these numbers (null: as it lies by itself), those of a test image if they are one's. */
  set(values, row = null) {
    Object.assign(this, { values, row });
    this.place();
    this.settle();
  }

  /** A whole code is to be the kept point: the plane goes through it. */
  keep(code) {
    const { map, facts: { plane } } = this;
    Object.assign(this, { values: along(plane, code), row: null });
    this.place();
    this.#told = true; // also where a dot lies in this place
    map.keep(foot(plane, code));
    this.#told = false;
    this.settle();
  }

  place() {
    const { map } = this;
    map.decoder = this.moved = this.values ? this.base.shifted(this.sums()) : this.base;
    this.say();
  }

  /** What is drawn once it stays as it is: grid, background, panel; and what the address says. */
  settle() {
    clearTimeout(this.timer);
    const { map, map: { cursor } } = this;
    map.background.off(this.values !== null);
    map.useLayers();
    map.readout.show();
    if (!cursor.pointing) cursor.rest();
    this.#said = this.word;
    map.look.changed();
  }

  /** Another point is kept. Where the plane was moved, or the sliders are on show, it goes through the code of a dot. */
  keptChanged() {
    if (!this.facts || this.#told) return;
    if (this.element.open || this.values) this.toImage();
    this.say();
  }

  toImage() {
    const { map: { readout, cursor } } = this, row = cursor.kept && readout.rowAt(cursor.kept);
    if (typeof row === "number" && row !== this.row) this.set(along(this.facts.plane, readout.of("mu", row)), row);
  }

  /** Whether a dot stands for this test image's own code: not where the plane was moved away from it. */
  stands(row) {
    return this.values === null || row === this.row;
  }

  /** Where the plane lies, (D,). */
  get origin() {
    const { values, facts } = this;
    return values ? placed(facts.plane, values) : facts?.plane.origin;
  }

  /** What moving the plane adds to the sums of the decoder's first layer: its weights times the way. */
  sums() {
    const { weights, origin, facts: { plane } } = this, way = origin.map((v, i) => v - plane.origin[i]), { length } = way;
    return this.base.bias.map((_, unit) => way.reduce((sum, v, i) => sum + v * weights[unit * length + i], 0));
  }

  /** What the sliders show. */
  say() {
    if (!this.facts) return;
    const { values, inputs, image, map: { cursor, readout }, facts: { plane: { rest } } } = this, row = cursor.kept && readout.rowAt(cursor.kept);
    inputs.forEach((input, i) => {
      const value = (values ?? rest.home)[i], share = 50 + 50 * Math.min(1, Math.max(-1, value / rest.reach[i]));
      input.value = value;
      input.parentElement.style.setProperty("--at", share);
      input.closest("label").lastElementChild.textContent = format(value);
    });
    this.element.querySelector("summary span").textContent = values ? (this.row === null ? " (moved)" : " (of the kept image)") : "";
    image.disabled = typeof row !== "number" || row === this.row;
  }

  // --- in the words of the page's address -------------------------------------------------------------------------------

  get word() {
    if (!this.facts) return this.#said;
    if (!this.values) return "";
    const { home } = this.facts.plane.rest, short = (v) => String(Number(v.toFixed(DIGITS)));
    return this.row !== null ? OF_THE_IMAGE : Array.from(this.values, (v, i) => (short(v) === short(home[i]) ? "" : short(v))).join();
  }

  heed(word = "") {
    this.#said = word;
    if (!this.facts || this.view !== this.map.data.view || word === this.word) return; // use() follows it
    this.follow(word);
    this.#told = word !== OF_THE_IMAGE;
    queueMicrotask(() => (this.#told = false)); // the point that the address says comes with it
  }

  follow(word) {
    const { map: { cursor }, facts: { plane: { rest: { home } } } } = this, values = numbers(word, home);
    if (word === OF_THE_IMAGE && cursor.kept) this.toImage();
    else if (values) this.set(values);
    else if (this.values) this.set(null);
  }

  /** The code (D,) that a point of the map stands for with the other numbers of a word, wherever the plane lies now. */
  codeAt([x, y], word) {
    const { facts: { plane, plane: { axes, rest: { home } } }, map: { readout } } = this, values = numbers(word, home), row = readout.rowAt([x, y]);
    if (!values && row !== null) return readout.of("mu", row);
    return Float32Array.from(values ? placed(plane, values) : plane.origin, (v, i) => v + x * axes[0][i] + y * axes[1][i]);
  }
}

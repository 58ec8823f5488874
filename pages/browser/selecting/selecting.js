// A tool of the bench: select codes on the map, by a box, a lasso, or without a pointer, and see what they are.

import { listener } from "../events.js";
import { MOST } from "../map/bench.js";
import * as say from "../map/sentences.js";
import { clamp } from "../map/viewport.js";
import { STRANGE, why } from "../why.js";
import { Found } from "./found.js";
import { Keyed } from "./keyed.js";
import { linked, read } from "./linked.js";
import { Named } from "./named.js";
import { Outline } from "./outline.js";
import { part, selected, withPart } from "./parts.js";
import { FULL, said } from "./selecting_words.js";

const RADIUS = 0.5; // at first, of what is selected around the kept point
const TOOLS = { box: "Box", lasso: "Lasso" };
const MODES = { new: ["New", "What you select next takes the place of what is selected"], add: ["Add", "It is added (or hold Shift)"], remove: ["Remove", "It is taken away (or hold Alt)"] };
const KEYS = '<span class="live-fine">Shift adds, Alt takes away; Esc gives the pointer back. By keyboard, with the map in focus: Space, arrow keys, Space.</span><span class="live-coarse">Press the button again to have the map back.</span>';
const HOW = {
  box: `Drag over the map from one corner to the other. ${KEYS}`,
  lasso: `Drag round the dots; the line closes by itself. ${KEYS}`,
};
const toggles = (named, attribute) => Object.entries(named).map(([name, title]) => {
  const [text, hint] = [title].flat();
  return `<button type="button" class="lm-button" data-${attribute}="${name}" aria-pressed="false"${hint ? ` title="${hint}"` : ""}>${text}</button>`;
}).join("");

const PLACE = `<div class="sl-row"><div role="group" aria-label="Draw on the map">${toggles(TOOLS, "draw")}</div>
    <div role="group" aria-label="What a selection does to the one before" class="sl-modes">${toggles(MODES, "mode")}</div></div>
  <p class="lm-soft sl-how" hidden></p>
  <div class="sl-row">
    <form data-form="class"><label>Class <select></select></label><button class="lm-button">All of it</button></form>
    <form data-form="round"><label>Within <input type="number" min="0.01" step="any" value="${RADIUS}" inputmode="decimal"> of the kept point</label><button class="lm-button">Select</button></form>
    <button type="button" class="lm-button" data-act="view">All in view</button>
    <button type="button" class="lm-button" data-act="clear">Clear</button>
  </div>
  <p role="status" class="sl-said"></p><div class="sl-found" hidden></div><section class="sl-named" hidden></section>`;

export default class Selecting {
  parts = []; // what the selection is made of, see parts.js
  before = []; // rows that were selected on another plane, where the parts meant them
  rows = []; // of the test images that are selected, ascending
  mode = "new";

  constructor(map, element, signal) {
    Object.assign(this, { map, element });
    element.classList.add("sl");
    element.dataset.testid = "selecting";
    element.innerHTML = PLACE;
    const find = (selector) => element.querySelector(selector), on = listener(signal);
    [this.how, this.said, this.select, this.radius] = [".sl-how", ".sl-said", "select", "input"].map(find);
    this.found = new Found(find(".sl-found"), map.readout, signal);
    this.named = new Named(find(".sl-named"), map, (state) => this.restore(state), signal, () => this.changed());
    this.outline = new Outline(map, (kind, numbers, at) => this.take(kind, numbers, at), () => this.giveBack());
    this.keyed = new Keyed(this.outline, signal);
    on(element, "click", ({ target, detail }) => this.press(target.closest("button")?.dataset ?? {}, !detail));
    on(element, "submit", (event) => {
      event.preventDefault();
      this.submit(event.target.dataset.form);
    });
    signal.addEventListener("abort", () => this.outline.use(null), { once: true });
    this.choose("new");
    this.say();
  }

  // --- what the bench says ----------------------------------------------------------------------------------------------

  open() {
    this.isOpen = true;
    this.light();
    this.named.show(true);
  }

  close() {
    this.isOpen = false;
    this.draw(null);
    this.light();
    this.named.show(false);
  }

  /** Another model, or the same one, whose codes stay selected, in another plane or drawing another class. */
  update(facts) {
    const { figure } = this.map, plane = JSON.stringify(facts.plane);
    if (facts.codes !== this.codes) {
      this.select.innerHTML = figure.data.map(({ meta, name }) => `<option value="${meta}">${say.escape(name)}</option>`).join("");
      Object.assign(this, { parts: [], before: [] });
      this.named.clear();
    } else if (plane !== this.plane) {
      Object.assign(this, { parts: [], before: this.rows });
      this.named.moved();
    }
    Object.assign(this, { codes: facts.codes, plane });
    this.refresh();
  }

  /** What is selected and what has a name, for the address; what was on another plane is not in it. */
  get word() {
    return this.link().word;
  }

  heed(word) {
    if (word === this.word) return;
    const { parts, ...named } = read(word, this.map.viewport.limit);
    this.named.heed(named);
    this.restore({ parts, before: [] });
  }

  /** What the address holds of it, see linked.js; worked out anew where something has changed. */
  link() {
    const { parts, before, named: { said } } = this, known = [parts, before, said.named, ...Object.values(said.step)];
    if (this.known?.every((one, i) => one === known[i])) return this.held;
    this.known = known;
    this.held = linked({ parts: before.length ? [] : parts, ...said }, MOST);
    return this.held;
  }

  /** The address is to say what is selected and named now. */
  changed() {
    const { whole, left } = this.link();
    this.named.leave(left);
    this.say(whole);
    this.map.look.changed();
  }

  // --- what is selected -------------------------------------------------------------------------------------------------

  /** Somebody selected what lies in a shape; at: the event, whose keys say what it does. */
  take(kind, numbers, at = {}) {
    const { map: { cursor } } = this, mode = at.shiftKey ? "add" : at.altKey ? "remove" : this.mode;
    const parts = withPart(this.parts, part(mode, kind, numbers, kind === "c" ? [] : cursor.selected));
    if (parts === this.parts) return void (this.said.textContent = FULL);
    if (mode === "new") this.before = [];
    this.parts = parts;
    this.refresh();
    this.changed();
  }

  /** Select what was selected once: {parts, before}. */
  restore(state) {
    Object.assign(this, state);
    this.refresh();
    this.changed();
  }

  refresh() {
    const { figure } = this.map, picked = selected(this.parts, figure, this.before), on = new Uint8Array(figure.codes.x.length);
    for (const i of picked) on[i] = 1;
    Object.assign(this, { picked: picked.length ? { figure, on } : null, rows: picked.map((i) => figure.codes.row[i]).sort((a, b) => a - b) });
    this.light();
    this.say();
    this.show();
  }

  /** Dim on the map what is not selected, as long as the tool is open. */
  light() {
    const { map } = this, picked = this.isOpen ? this.picked : null;
    if (picked === (map.picked ?? null)) return;
    map.picked = picked;
    if (map.ready) map.refresh();
  }

  /** Pictures and numbers, once the codes are here. */
  async show() {
    const { map: { readout }, rows } = this;
    try {
      await null; // the panel may be about to read them
      await readout.loading;
      if (this.rows !== rows || readout.ready !== readout.facts) return;
      this.named.use({ rows, parts: this.parts, before: this.before });
      this.named.leave(this.link().left);
      await this.found.show(rows);
    } catch (error) {
      if (error.name !== "AbortError") this.said.textContent = `The pictures could not be made: ${why(error, STRANGE)}. Select again to try once more.`;
    }
  }

  say(held = this.link().whole) {
    const { rows, parts, before, map: { figure } } = this, words = said(rows.length, figure?.codes.x.length ?? 0, parts, before.length, held);
    if (words !== this.said.textContent) this.said.textContent = words; // it is read aloud
  }

  // --- what is pressed --------------------------------------------------------------------------------------------------

  press({ draw, mode, act }, byKey) {
    if (draw) this.draw(this.outline.tool === draw ? null : draw);
    if (draw && this.outline.tool) this.map.element.scrollIntoView({ block: "nearest" }); // who draws on it has to see it
    if (draw && this.outline.tool && (this.keyed.used = byKey)) this.map.element.focus({ preventScroll: true });
    if (mode) this.choose(mode);
    if (act === "view") this.take("b", this.view());
    if (act === "clear") this.clear();
  }

  submit(form) {
    if (form === "class") return this.take("c", [Number(this.select.value)]);
    if (form !== "round") return;
    const { kept } = this.map.cursor, radius = Number(this.radius.value);
    if (!kept) this.said.textContent = "No point is kept: press the map to keep one.";
    else if (radius > 0) this.take("o", [...kept, radius]);
  }

  clear() {
    this.restore({ parts: [], before: [] });
  }

  /** The tool that has the pointer, or null. */
  draw(tool) {
    this.outline.use(tool);
    this.keyed.used = false;
    for (const button of this.element.querySelectorAll("[data-draw]")) button.setAttribute("aria-pressed", button.dataset.draw === tool);
    Object.assign(this.how, { hidden: !tool, innerHTML: tool ? HOW[tool] : "" });
  }

  /** Esc on the map: who came there by keyboard is on the tool's button again. */
  giveBack() {
    const { outline: { tool }, keyed: { used } } = this;
    this.draw(null);
    if (used) this.element.querySelector(`[data-draw=${tool}]`)?.focus({ preventScroll: true });
  }

  choose(mode) {
    this.mode = mode;
    for (const button of this.element.querySelectorAll("[data-mode]")) button.setAttribute("aria-pressed", button.dataset.mode === mode);
  }

  /** The corners of what the map shows, in coordinates of codes. */
  view() {
    const { xr, yr, scale, limit } = this.map.viewport, corner = (at) => [xr[at], yr[at]].map((v) => clamp(scale.from(v), -limit, limit));
    return [...corner(0), ...corner(1)];
  }
}

// The tool *Bookmarks*: keeps the place one looks at (point, zoom, axes, the code's other numbers, what the tool before had), with its image and a name, in this
// browser; a press goes back there.

import { same } from "../agreed.js";
import { listener } from "../events.js";
import { TOOLS } from "../map/bench.js";
import { format } from "../map/controls.js";
import { grey, picture } from "../map/ink.js";
import * as say from "../map/sentences.js";
import { save } from "../tools/film.js";
import { why } from "../why.js";
import { MOST, MOST_LETTERS, named, places, read, store, stored, written } from "./places.js";

const SKELETON = `
  <div class="bm-row">
    <button type="button" class="lm-button" data-act="keep">Keep this place</button>
    <button type="button" class="lm-button" data-act="save">Save as a file</button>
    <label class="lm-button bm-load">Load a file<input type="file" accept=".json,application/json"></label>
  </div>
  <p class="lm-soft bm-said"><span role="status"></span> <button type="button" class="lm-button" data-act="back" hidden>Undo</button></p>
  <ul class="bm-places" data-testid="places"></ul>
  <p class="lm-soft bm-none">No places yet. Keep the one you are looking at, and come back to it by a press.</p>
  <p class="lm-soft">Places stay in this browser, for this model’s map. The page’s link does not hold them; a file takes them along.</p>`;
const FULL = `There is room for ${MOST} places. Remove one first.`;

export default class Bookmarks {
  list = [];

  /** A tool of the bench, see there. */
  constructor(map, element, signal) {
    Object.assign(this, { map, element });
    element.classList.add("bm");
    element.dataset.testid = "bookmarks";
    element.innerHTML = SKELETON;
    const find = (selector) => element.querySelector(selector), on = listener(signal);
    Object.assign(this, { cards: find("ul"), said: find("[role=status]"), undo: find("[data-act=back]"), none: find(".bm-none"), file: find("input[type=file]") });
    on(element, "click", ({ target }) => this.press(target.closest("[data-act]")));
    on(element, "change", ({ target }) => (target === this.file ? this.load() : this.rename(this.at(target), target)));
    on(element, "keydown", (event) => this.key(event));
  }

  /** Facts of another model, or another plane of it. */
  async update() {
    const { map, map: { view, decoder, readout } } = this;
    if (view !== this.view) {
      Object.assign(this, { view, list: stored(view) });
      this.say("");
    }
    this.draw();
    await null; // the panel begins to load its codes after this
    await readout.loading?.catch(() => {});
    if (map.view === view && map.decoder === decoder) this.draw(); // whole codes are drawn as such
  }

  // --- what somebody does -------------------------------------------------------------------------------------------------

  press(button) {
    const act = button?.dataset.act, at = button ? this.at(button) : -1;
    if (act === "keep") this.keep();
    if (act === "save") save(new Blob([written(this.view, this.list)], { type: "application/json" }), `${this.map.readout.facts.model.name}-places.json`);
    if (act === "go") this.go(this.list[at]);
    if (act === "remove") this.remove(at);
    if (act === "back") this.use(this.removed, "It is back.");
  }

  /** Which place an element of the list belongs to; -1: none. */
  at(element) {
    return [...this.cards.children].indexOf(element.closest("li"));
  }

  key(event) {
    const go = event.target.closest?.("[data-act=go]");
    if (go && (event.key === "Delete" || event.key === "Backspace")) this.remove(this.at(go));
    if (event.target.matches("li input") && event.key === "Enter") event.target.blur();
  }

  keep() {
    const { map, map: { cursor: { kept }, look, bench } } = this, [zoom] = look.words;
    if (this.list.length >= MOST) return this.say(FULL);
    const [, own] = /^\w+:([^]+)$/.exec(bench.left ?? "") ?? []; // only what says something
    const one = { name: this.nameOf(kept), z: kept && [...kept], zoom, spread: this.spreading?.word ?? "", tool: own ? bench.left : "", rest: map.rest.word };
    if (this.list.some(({ name, ...place }) => same({ name: one.name, ...place }, one))) return this.say("This place is kept already.");
    this.use([...this.list, one], "");
    map.words.tell(`Kept ${one.name}.`);
    this.cards.lastElementChild.scrollIntoView?.({ block: "nearest" });
  }

  nameOf(z) {
    if (!z) return "A view of the map";
    const { figure, viewport, readout: { facts } } = this.map, { index } = viewport.scale.drawn(figure).index.find(...viewport.toMap(z));
    const near = index < 0 ? "" : `${say.className(facts, figure.data[figure.codes.owner[index]].meta)} at `;
    return named(`${near}(${z.map(format).join(", ")})`);
  }

  go({ name, z, zoom, spread, tool, rest }) {
    const { map, map: { look, bench } } = this;
    map.touched();
    map.undoing.steps.finish(); // to go there is a step of its own
    const words = look.more.map((one) => (one === this.spreading ? (one.button.hidden ? "" : spread) : one === bench && tool ? tool : one === map.rest ? rest : one.word));
    look.show([zoom, look.words[1], ...words], map);
    if (!same(z, map.cursor.kept)) map.keeping.keep(z);
    this.say(`You are at ${name}.`);
  }

  remove(at) {
    const { name } = this.list[at], focused = this.element.contains(document.activeElement);
    this.removed = this.list;
    this.use(this.list.filter((_, i) => i !== at), `${name} is removed.`, true);
    if (focused) this.undo.focus();
  }

  rename(at, input) {
    const name = named(input.value);
    input.value = name || this.list[at].name;
    if (name) this.use(this.list.map((one, i) => (i === at ? { ...one, name } : one)), "", false, false);
    this.cards.children[at].querySelector("[data-act=go]").setAttribute("aria-label", `Go to ${input.value}`);
  }

  async load() {
    const { file, view } = this, [chosen] = file.files;
    try {
      if (!chosen) return;
      const { found, left } = read(chosen.size > 1e6 ? "" : await chosen.text(), view), all = places([...this.list, ...found]);
      if (view !== this.view) return;
      const missing = new Set([...this.list, ...found].map((one) => JSON.stringify(one))).size - all.length;
      const added = all.length - this.list.length, count = (n) => (n === 1 ? "1 place" : `${n} places`);
      this.use(all, `${count(added)} added.${left ? ` ${count(left)} in the file could not be used.` : ""}${missing ? ` ${FULL}` : ""}`);
    } catch (error) {
      this.say(why(error, "The file could not be read. Choose it again").replace(/\.?$/, "."));
    } finally {
      file.value = ""; // so that the same file can be loaded again
    }
  }

  use(list, words, undo = false, draw = true) {
    this.list = list;
    this.say(store(this.view, list) || words, undo);
    if (draw) this.draw();
  }

  say(text, undo = false) {
    this.said.textContent = text;
    this.undo.hidden = !undo;
  }

  // --- what is drawn --------------------------------------------------------------------------------------------------------

  get spreading() {
    return this.map.look.more.find(({ undone }) => undone === "the axes");
  }

  draw() {
    this.none.hidden = this.list.length > 0;
    this.element.querySelector("[data-act=save]").hidden = !this.list.length;
    this.cards.replaceChildren(...this.list.map((one) => this.card(one)));
  }

  card({ name, z, tool, rest }) {
    const card = document.createElement("li"), title = TOOLS[tool.split(":")[0]]?.title;
    card.innerHTML = `<button type="button" data-act="go"></button><input type="text" maxlength="${MOST_LETTERS}" aria-label="Name of this place" spellcheck="false">`
      + '<button type="button" class="bm-remove" data-act="remove">✕</button>';
    const [go, input, remove] = card.children;
    input.value = name;
    go.setAttribute("aria-label", `Go to ${name}`);
    go.title = title ? `Go there, with what ${title} had` : "Go there";
    remove.setAttribute("aria-label", `Remove ${name}`);
    remove.title = "Remove";
    go.append(z ? picture(grey(this.ink(z, rest)), this.map.decoder) : Object.assign(document.createElement("span"), { textContent: "view" }));
    if (title) go.append(Object.assign(document.createElement("em"), { textContent: title }));
    return card;
  }

  /** What is decoded at a point of the map: where its dot is a whole code, of that. */
  ink(z, word) {
    const { readout, decoder, rest } = this.map;
    if (!readout.decoder || !readout.codes) return decoder.decode(...z);
    return readout.decoder.image(rest.facts ? rest.codeAt(z, word) : readout.codeAt(z).code, readout.facts.drawn ?? null);
  }
}

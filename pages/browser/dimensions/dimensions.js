// The tool *All dimensions*: a traversal table. A row for each number of the code, which changes from cell to cell while the others stay as they
// are in the kept code (as in Higgins et al. 2017). Rows in the order of what they say, core/dimensions.py's.

import { listener } from "../events.js";
import { format } from "../map/controls.js";
import { grey, picture, put } from "../map/ink.js";
import { Slices } from "../map/layers/slices.js";
import { sheet, save } from "../tools/film.js";
import { STEPS, cell, closest, countWords, headWords, inSigmas, rowWords, subscript } from "./table.js";

const KEYS = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] };

export default class Dimensions {
  constructor(map, element, signal) {
    Object.assign(this, { map, element, signal, slices: new Slices(), shown: false });
    element.classList.add("dm");
    map.cursor.subscribe({ kept: () => this.draw() }, signal);
    signal.addEventListener("abort", () => this.slices.stop(), { once: true });
    const on = listener(signal), at = ({ target }) => target.closest?.(".dm-table button");
    for (const type of ["pointerover", "focusin"]) on(element, type, (event) => at(event) && this.enlarge(at(event)));
    on(element, "click", (event) => {
      if (at(event)) this.keep(at(event));
      else if (event.target.closest("[data-take]")) this.take();
    });
    on(element, "keydown", (event) => at(event) && this.step(event, at(event)));
  }

  open() {
    this.shown = true;
  }

  close() {
    Object.assign(this, { shown: false, drawn: null });
    this.slices.stop();
  }

  /** The panel's facts; its codes and decoder may still be on their way. */
  async update(facts) {
    this.facts = facts;
    if (facts.served || !(this.map.readout.decoder ?? this.map.decoder).exact) {
      this.element.innerHTML = '<p class="lm-soft">The browser cannot run this model’s decoder, so there is no table of it.</p>';
      this.buttons = null;
      return;
    }
    await this.map.readout.loading?.catch(() => {});
    if (this.facts !== facts || this.signal.aborted) return;
    if (this.built !== facts.dimensions) this.build(facts.dimensions);
    this.draw();
  }

  build(told) {
    this.built = told;
    const heads = STEPS.map((step) => `<th scope="col">${inSigmas(step)}</th>`).join("");
    const rows = told.order.map((i) => `<tr${told.used[i] ? "" : ' class="dm-unused"'}><th scope="row">z${subscript(i + 1)}<span>${rowWords(told, i)}</span></th>`
      + `${STEPS.map(() => '<td><button type="button" tabindex="-1"></button></td>').join("")}</tr>`);
    this.element.innerHTML = `<div class="dm-body"><p>${countWords(told)}</p><p class="lm-soft">${headWords(told)}</p>
      <div class="dm-large"><canvas role="img" aria-label="The cell at the pointer, large"></canvas><p class="dm-said" aria-live="polite"></p></div>
      <table class="dm-table" data-testid="traversal"><thead><tr><td></td>${heads}</tr></thead><tbody>${rows.join("")}</tbody></table>
      <p class="dm-take"><button type="button" class="lm-button" data-take="png">Table (PNG)</button></p></div>`;
    this.drawn = null;
    this.buttons = told.order.map((_, row) => [...this.element.querySelectorAll(`tbody tr:nth-child(${row + 1}) button`)]);
    this.buttons[0][3].tabIndex = 0;
  }

  /** The whole code that the table is around: the kept point's, without one the middle. */
  get code() {
    const { map: { cursor, readout }, facts: { dimensions: { middle } } } = this;
    return Float32Array.from(cursor.kept && readout.ready === readout.facts ? readout.codeAt(cursor.kept).code : middle);
  }

  image(code) {
    const { map: { readout, decoder }, facts } = this;
    return (readout.decoder ?? decoder).image(code, facts.drawn);
  }

  /** Decode all cells, a few in each frame. */
  draw() {
    const { facts, buttons, map: { cursor, decoder } } = this;
    if (!this.shown || !buttons || !facts) return;
    const told = facts.dimensions, { code } = this, drawn = JSON.stringify([[...code], facts.codes, facts.drawn, Boolean(cursor.kept)]);
    if (drawn === this.drawn) return;
    const cells = told.order.flatMap((i, row) => STEPS.map((step, column) => ({ i, row, step, column })));
    Object.assign(this, { drawn, around: code, inks: told.order.map(() => []) });
    this.say(cursor.kept ? "Around the kept code." : "Around the middle: no point is kept.");
    put(this.element.querySelector("canvas"), grey(this.image(code)), decoder);
    this.slices.begin(() => {}, () => {
      const next = cells.shift();
      if (next) this.paint(next);
      return cells.length > 0;
    });
  }

  paint({ i, row, step, column }) {
    const { around, facts: { dimensions: told }, map: { decoder } } = this, button = this.buttons[row][column], value = cell(told, i, step);
    const code = around.slice();
    code[i] = value;
    const ink = (this.inks[row][column] = this.image(code).slice());
    button.replaceChildren(picture(grey(ink), decoder));
    button.setAttribute("aria-label", `z${i + 1} = ${format(value)}`);
    button.title = `z${subscript(i + 1)} = ${format(value)}: press to keep this code`;
    button.classList.toggle("dm-here", column === closest(told, i, around[i]));
    Object.assign(button.dataset, { row, column });
  }

  /** Show a cell large. */
  enlarge({ dataset: { row, column } }) {
    const ink = this.inks?.[row]?.[column], { dimensions: told } = this.facts;
    if (!ink) return;
    put(this.element.querySelector("canvas"), grey(ink), this.map.decoder);
    const i = told.order[row], step = STEPS[column];
    this.say(`z${subscript(i + 1)} = ${format(cell(told, i, step))} (${inSigmas(step)}); in the ${this.map.cursor.kept ? "kept code" : "middle"}: ${format(this.around[i])}`);
  }

  say(words) {
    this.element.querySelector(".dm-said").textContent = words;
  }

  /** A cell's code is the kept one from now on; of larger codes the map goes through it. */
  keep({ dataset: { row, column } }) {
    const { map, facts: { dimensions: told } } = this, code = this.around.slice(), i = told.order[row];
    code[i] = cell(told, i, STEPS[column]);
    if (code.length > 2) map.rest.keep(code);
    else map.keep([code[0], code[1] ?? 0]);
  }

  /** Arrow keys go from cell to cell. */
  step(event, button) {
    const by = KEYS[event.key], { buttons } = this, row = buttons.findIndex((cells) => cells.includes(button));
    if (!by) return;
    event.preventDefault();
    event.stopPropagation();
    const next = buttons[row + by[0]]?.[buttons[row].indexOf(button) + by[1]];
    if (!next) return;
    button.tabIndex = -1;
    next.tabIndex = 0;
    next.focus();
  }

  /** The table as a picture. */
  take() {
    const { facts: { dimensions: told, model }, inks, map: { decoder: { height, width } } } = this;
    if (inks.some((row) => row.length < STEPS.length)) return; // still being drawn
    const rows = told.order.map((i, row) => ({ name: `z${i + 1}: ${rowWords(told, i)}`, images: inks[row] }));
    const [count, head] = [countWords(told), headWords(told)].map((words) => words.replace(/<[^>]*>/g, "").replace(" Press a cell to keep its code.", ""));
    const notes = [model?.words, count, head, model?.credit].filter(Boolean), heads = STEPS.map(inSigmas);
    sheet({ title: "One number of the code at a time", notes, heads, rows, shape: [height, width] })
      .toBlob((blob) => save(blob, `${model?.name ?? "model"}-dimensions.png`), "image/png");
  }
}

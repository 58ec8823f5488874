// What tells two named selections apart, added to any digit: the attribute vector between their mean codes (averages.js), a slider for its amount,
// a strip of five, and an arrow on the map.

import { listener } from "../events.js";
import { grey, picture, put } from "../map/ink.js";
import * as say from "../map/sentences.js";
import { offerFilm } from "../tools/film.js";
import { Arrow } from "./arrow.js";
import { attribute, moved } from "./averages.js";
import { FIRST } from "./linked.js";
import { decoderOf } from "./pictures.js";

const AMOUNTS = [-2, -1, 0, 1, 2];
const PLAYED = 41; // images of the animation, from the first amount to the last
const SERVED = "This model's decoder does not run in the browser, so what tells the two apart cannot be added to a digit here.";
const NO_POINT = "Keep a point on the map, or go to a test image, to add it there.";
const times = (amount, digits = 0) => `${say.number(amount, digits)} ×`;

export class Step {
  /** changed(): somebody has chosen other ends, or another amount. */
  constructor(place, map, signal, changed = () => {}) {
    Object.assign(this, { place, map, changed, on: false, amount: FIRST.amount });
    place.innerHTML = `<div class="sl-row"><label>From <select></select></label><label>to <select></select></label></div>
      <p class="lm-soft"></p><div class="sl-added"><figure><canvas role="img"></canvas><figcaption></figcaption></figure>
      <div><p></p><label class="sl-amount">Amount <input type="range" min="-2" max="2" step="0.05" value="${FIRST.amount}"><output></output></label></div>
      <div class="sl-strip lm-thumbs" role="group" aria-label="Five amounts"></div><div class="sl-row sl-take"></div></div>`;
    const find = (selector) => place.querySelector(selector), listen = listener(signal);
    [this.words, this.added, this.said, this.slider, this.output, this.strip, this.canvas, this.caption] =
      [".sl-row + p", ".sl-added", ".sl-added p", "input", "output", ".sl-strip", "canvas", "figcaption"].map(find);
    this.ends = [...place.querySelectorAll("select")];
    for (const select of this.ends) listen(select, "change", () => {
      this.choose();
      changed();
    });
    listen(this.slider, "input", () => this.set(Number(this.slider.value)));
    listen(this.strip, "click", ({ target }) => target.closest("button") && this.set(Number(target.closest("button").value)));
    offerFilm(find(".sl-take"), (take) => this.start && this.film(take), signal);
    map.cursor.subscribe({ kept: () => this.write() }, signal);
    signal.addEventListener("abort", () => cancelAnimationFrame(this.frame), { once: true });
  }

  /** list: the named selections, of named.js. The two that were chosen stay, as long as they are there. */
  use(list) {
    const before = this.ends.map(({ value }) => value);
    this.list = list;
    this.place.hidden = list.length < 2;
    this.ends.forEach((select, i) => {
      select.innerHTML = list.map(({ name }) => `<option>${say.escape(name)}</option>`).join("");
      const at = list.findIndex(({ name }) => name === before[i]);
      select.selectedIndex = at < 0 ? Math.min(i, list.length - 1) : at;
    });
    if (list.length > 1 && this.ends[0].value === this.ends[1].value) this.ends[1].selectedIndex = list.length - 1 - this.ends[0].selectedIndex ? list.length - 1 : 0;
    this.choose();
  }

  /** The same, with these two names chosen (of those that are none, the first two), and that amount. */
  go(list, names, amount) {
    this.use(list);
    const at = names.map((name) => list.findIndex((one) => one.name === name));
    this.ends.forEach((select, i) => (select.selectedIndex = at.includes(-1) ? Math.min(i, list.length - 1) : at[i]));
    [this.amount, this.slider.value] = [amount, amount];
    this.choose();
  }

  choose() {
    const [from, to] = this.ends.map(({ selectedIndex }) => this.list[selectedIndex]);
    this.pair = this.list.length > 1 && from && to ? { from, to, vector: attribute(from.code, to.code) } : null;
    this.write();
  }

  show(on) {
    this.on = on;
    this.write();
  }

  set(amount) {
    this.amount = amount;
    this.slider.value = amount;
    this.changed();
    this.frame ??= requestAnimationFrame(() => {
      this.frame = undefined;
      this.paint();
    });
  }

  /** The code that it is added to, and the class that the decoder is told. */
  get base() {
    const { map: { readout, cursor: { kept } } } = this;
    if (!kept || readout.ready !== readout.facts) return null;
    const { code, row } = readout.codeAt(kept), { facts, labels } = readout;
    return { code: Float32Array.from(code), row, label: facts.conditional && row !== null ? labels[row] : facts.drawn };
  }

  write() {
    if (!this.pair || !this.on) return void this.arrow?.show(null);
    const { pair: { from, to, vector }, map: { readout } } = this, decoder = decoderOf(readout);
    this.start = this.base;
    this.words.textContent = explained(from, to, vector);
    this.added.hidden = !decoder || !this.start;
    if (!decoder) this.words.textContent += ` ${SERVED}`;
    else if (!this.start) this.words.textContent += ` ${NO_POINT}`;
    else {
      const { row } = this.start;
      this.said.textContent = `Added to ${row === null ? "the kept point" : `test image ${row.toLocaleString("en")}`}. Keep another point to add it there.`;
      this.strip.replaceChildren(...AMOUNTS.map((amount) => this.small(amount, decoder)));
    }
    this.paint();
  }

  image(amount, decoder) {
    return decoder.image(Float32Array.from(moved(this.start.code, this.pair.vector, amount)), this.start.label);
  }

  /** What film.js takes along: the strip, or as an animation all that lies between. */
  film(take) {
    const { pair: { from, to }, said, map: { readout, readout: { facts: { model: { name, words, credit } } }, decoder: { height, width } } } = this;
    const amounts = take === "gif" ? Array.from({ length: PLAYED }, (_, i) => AMOUNTS[0] + (i / (PLAYED - 1)) * (AMOUNTS.at(-1) - AMOUNTS[0])) : AMOUNTS;
    const images = amounts.map((amount) => Float32Array.from(this.image(amount, decoderOf(readout))));
    return {
      name: `${name}-step`, title: `From ${from.name} to ${to.name}`, shape: [height, width], andBack: true, heads: AMOUNTS.map((amount) => times(amount)), rows: [{ images }],
      notes: [`The step between the two mean codes, so many times. ${said.textContent.split(".")[0]}.`, words, credit].filter(Boolean),
    };
  }

  small(amount, decoder) {
    const button = Object.assign(document.createElement("button"), { type: "button", value: amount });
    button.setAttribute("aria-label", amount ? `Add ${say.number(amount, 0)} times the step` : "Add nothing");
    button.append(picture(grey(this.image(amount, decoder)), this.map.decoder), Object.assign(document.createElement("span"), { textContent: times(amount) }));
    return button;
  }

  /** The picture and the point at the slider's amount. */
  paint() {
    const { pair, start, amount, map: { readout } } = this, decoder = decoderOf(readout);
    if (!pair || !this.on) return;
    this.arrow ??= new Arrow(this.map);
    const at = (code) => onMap(readout.facts.plane, code), { vector } = pair;
    const way = start && [AMOUNTS[0], AMOUNTS.at(-1)].map((one) => at(moved(start.code, vector, one)));
    this.arrow.show({ from: at(pair.from.code), to: at(pair.to.code), way, at: start && at(moved(start.code, vector, amount)), names: [pair.from.name, pair.to.name] });
    this.output.textContent = say.number(amount);
    if (!decoder || !start) return;
    put(this.canvas, grey(this.image(amount, decoder)), this.map.decoder);
    this.caption.textContent = times(amount, 2);
    this.canvas.setAttribute("aria-label", `What the decoder draws with ${say.number(amount)} times the step added`);
    for (const button of this.strip.children) button.setAttribute("aria-pressed", Number(button.value) === amount);
  }
}

/** Where a code lies on the map's plane. */
export const onMap = ({ origin, axes }, code) => axes.map((axis) => axis.reduce((sum, v, i) => sum + v * (code[i] - origin[i]), 0));

function explained({ name: a }, { name: b }, vector) {
  const long = say.number(Math.hypot(...vector)), shadow = vector.length > 2 ? ` It has ${vector.length} numbers; the map shows its shadow on the plane.` : "";
  return `The arrow on the map is the step from the mean code of ${a} to that of ${b}, ${long} long: an attribute vector (Larsen et al. 2016).${shadow} It is a direction in z `
    + `and not a cause: all that tells the two apart comes along, and far from the codes the decoder invents.`;
}

// A pad for the style of a conditional model: a small map on which a point is chosen, and beside it that point drawn as every class.

import { Settling } from "../agreed.js";
import { listener } from "../events.js";
import { Picture, format } from "../map/controls.js";
import { Cursor } from "../map/cursor.js";
import { readDecoder } from "../map/frames.js";
import { measure } from "../map/timing.js";
import { again, toDo, why } from "../why.js";
import { keys } from "./keys.js";

const STEPS = 50, FINE_STEPS = 250; // arrow keys from the middle of the pad to its edge
const DECODE = "style-pad:decode"; // User Timing entries

const slider = (i, ordinal) => `<label><span>z<sub>${i}</sub></span>
  <input type="range" step="any" aria-label="z${i}, ${ordinal} coordinate of the style"><output></output></label>`;

const SKELETON = `
  <div class="it-pad-side">
    <div class="it-pad" data-testid="style-pad" tabindex="0" role="application" aria-describedby="style-pad-help">
      <img alt="" draggable="false"><div class="it-pad-marks" aria-hidden="true"></div><i class="it-pad-at" aria-hidden="true"></i>
    </div>
    ${slider(1, "first")}${slider(2, "second")}
    <p class="live-help" id="style-pad-help"></p>
  </div>
  <div class="it-told" data-testid="told-row" role="group" aria-label="The chosen style, drawn as every class"></div>
  <p class="it-problem" role="alert" hidden></p>`;

export default class Pad {
  cursor = new Cursor();

  constructor(root, signal) {
    root.classList.add("it", "it-styles");
    root.innerHTML = SKELETON;
    const find = (selector) => root.querySelector(selector);
    Object.assign(this, { signal, pad: find(".it-pad"), map: find("img"), at: find(".it-pad-at"), told: find(".it-told") });
    Object.assign(this, { marks: find(".it-pad-marks"), help: find("#style-pad-help"), problem: find(".it-problem") });
    this.sliders = [...root.querySelectorAll("input")];
    this.outputs = [...root.querySelectorAll("output")];
    this.agreed = new Settling(undefined, (said) => this.tell("style", said));
    this.cursor.subscribe({ frame: (z, since) => this.show(z, since), words: (z) => this.say(z) }, signal);
    signal.addEventListener("abort", () => this.agreed.stop(), { once: true });
    this.listen(listener(signal));
  }

  listen(on) {
    const { pad, cursor, sliders } = this;
    on(pad, "pointerdown", (event) => {
      if (event.button || !event.isPrimary) return;
      pad.setPointerCapture(event.pointerId); // a finger or a mouse that is held goes on beyond the edge
      this.look(event);
    });
    on(pad, "pointermove", (event) => event.isPrimary && this.look(event));
    on(pad, "pointerup", (event) => event.isPrimary && !event.button && this.choose(this.under(event)));
    for (const type of ["pointerleave", "pointercancel"]) on(pad, type, () => cursor.leave());
    const step = (dx, dy, steps = STEPS) => () => this.choose(this.inside([dx, dy].map((d, i) => cursor.kept[i] + d * this.window.half / steps)));
    const arrows = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] };
    const actions = Object.entries(arrows).flatMap(([key, by]) => [[key, step(...by)], [`Shift+${key}`, step(...by, FINE_STEPS)]]);
    on(pad, "keydown", keys(Object.fromEntries(actions)));
    for (const one of sliders) on(one, "input", () => this.choose(sliders.map(({ value }) => Number(value))));
  }

  /** decoder: the address of one of whole codes and any class; map: that of a picture of `window` {x, y, half}; plane: {origin, axes};
   *  marks: points with a number; style: {value: point, number}, as agreed.js has it. */
  async update(data, tell) {
    Object.assign(this, { tell, latest: data, window: data.window, plane: data.plane });
    try {
      if (data.decoder !== this.decoding) await this.open(data);
      this.problem.hidden = true;
    } catch (error) {
      this.problem.hidden = false;
      this.problem.textContent = `The styles could not be drawn: ${why(error)}. ${toDo(error, "Reload the page.")}`;
      again(error, () => this.latest === data && this.update(data, tell), this.signal);
      return;
    }
    if (this.latest !== data || this.signal.aborted) return;
    this.dress(data);
    if (!this.agreed.heed(data.style)) return;
    this.cursor.keep(data.style.value);
    if (!this.cursor.pointing) this.cursor.rest();
  }

  async open({ decoder, classes }) {
    this.decoder = await readDecoder(decoder);
    this.decoding = decoder;
    this.pictures = classes.map(() => new Picture(document.createElement("canvas")));
    this.told.replaceChildren(...this.pictures.map((picture, label) => {
      picture.fit(this.decoder);
      const { canvas } = picture.context, figure = document.createElement("figure");
      canvas.setAttribute("role", "img");
      canvas.setAttribute("aria-label", `The chosen style as ${classes[label]}`);
      figure.append(canvas, Object.assign(document.createElement("figcaption"), { textContent: classes[label] }));
      return figure;
    }));
    this.agreed.value = undefined; // another model is told its style anew
  }

  /** Picture, marks and words of the map. */
  dress({ map, marks, help, description, window: { x, y, half } }) {
    if (this.map.getAttribute("src") !== map) this.map.src = map;
    this.pad.setAttribute("aria-label", description);
    this.help.innerHTML = help;
    this.marks.replaceChildren(...marks.map((z, i) => {
      const mark = Object.assign(document.createElement("b"), { textContent: i + 1 });
      return this.place(mark, z);
    }));
    this.sliders.forEach((one, i) => Object.assign(one, { min: [x, y][i] - half, max: [x, y][i] + half }));
  }

  /** Put an element to a point of the map; one that is outside lies at the edge. */
  place(element, z) {
    const { x, y, half } = this.window, [left, bottom] = this.inside(z).map((v, i) => (v - [x, y][i] + half) / (2 * half));
    element.style.left = `${100 * left}%`;
    element.style.top = `${100 * (1 - bottom)}%`;
    return element;
  }

  inside(z) {
    const { x, y, half } = this.window;
    return z.map((v, i) => Math.max([x, y][i] - half, Math.min([x, y][i] + half, v)));
  }

  /** The point of the map under an event. */
  under({ clientX, clientY }) {
    const { left, top, width, height } = this.pad.getBoundingClientRect(), { x, y, half } = this.window;
    return this.inside([x + (2 * (clientX - left) / width - 1) * half, y + (1 - 2 * (clientY - top) / height) * half]);
  }

  look(event) {
    if (this.decoder) this.cursor.look(this.under(event), performance.now(), true);
  }

  /** z is the style from now on; Python hears of it once it stays. */
  choose(z) {
    if (!this.decoder) return;
    this.cursor.choose(z.map((v) => Number(v.toFixed(4))));
    this.agreed.changed(() => this.cursor.kept);
  }

  /** Every class in this style, all in one frame. */
  show(z, since) {
    if (!z || !this.decoder) return;
    const { origin, axes } = this.plane, code = origin.map((v, i) => v + z[0] * axes[0][i] + z[1] * axes[1][i]);
    this.pictures.forEach((picture, label) => picture.paint(this.decoder.image(code, label)));
    this.place(this.at, z);
    if (since !== undefined) measure(DECODE, since);
  }

  say(z) {
    if (z) this.sliders.forEach((one, i) => {
      one.value = z[i];
      this.outputs[i].textContent = format(z[i]);
    });
  }
}

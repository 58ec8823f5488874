// An image whose pixels can be covered: by a brush with pointer, finger or keys, or at one click. Python hears of each cover that is finished.

import { Agreed } from "../agreed.js";
import { listener } from "../events.js";
import { brushed, count, read, scattered, write } from "./covering.js";
import { ICONS, keys } from "./keys.js";

const WIDEST = 9, USUAL = 5, FAR = 4; // pixels: of the brush, and that Shift and an arrow key move it
const SHADES = [[106, 116, 138], [132, 142, 163]]; // of a checkerboard, which is no ink in the light nor in the dark theme
const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

const button = (name, label, icon = "") => `<button type="button" data-do="${name}">${icon}<span>${label}</span></button>`;
const SKELETON = `
  <div class="it-sheet it-covered">
    <img alt="">
    <canvas tabindex="0" role="application" data-testid="cover"></canvas>
    <div class="it-brush" hidden></div>
  </div>
  <div class="it-tools">
    <div class="it-buttons it-toggle" role="group" aria-label="Tool">${button("cover", "Cover", ICONS.pen)}${button("uncover", "Uncover", ICONS.eraser)}</div>
    <label class="it-thickness">Brush <input type="range" min="1" max="${WIDEST}" value="${USUAL}" step="1" data-testid="brush"></label>
    <div class="it-buttons it-ready" role="group" aria-label="Cover at one click"></div>
    <div class="it-buttons">${button("undo", "Undo", ICONS.undo)}${button("redo", "Redo", ICONS.redo)}</div>
    <p class="live-help live-fine">With the image in focus, the arrow keys move the brush (<kbd>Shift</kbd>: farther), <kbd>Space</kbd> uses it, and
      <kbd>Delete</kbd> uncovers all. <kbd>Ctrl</kbd> <kbd>Z</kbd> takes back the last change.</p>
  </div>
  <p class="live-hidden" aria-live="polite"></p>`;

export default class Cover {
  constructor(root, signal) {
    this.root = root;
    root.classList.add("it", "it-cover");
    root.dataset.testid = "cover-editor";
    root.innerHTML = SKELETON;
    const find = (selector) => root.querySelector(selector);
    Object.assign(this, { canvas: find("canvas"), image: find("img"), brush: find(".it-brush"), width: find("input"), ready: find(".it-ready") });
    this.button = (name) => find(`[data-do="${name}"]`);
    this.covering = true;
    this.listen(listener(signal));
  }

  /** image: a data URI of side x side pixels; cover: { value, number }, see agreed.js and covering.js; ready: { title: cover } */
  update({ image, side, ready, cover }, tell) {
    this.tell = tell;
    if (!this.agreed) {
      Object.assign(this, { side, at: [side / 2 - 0.5, side / 2 - 0.5], done: [], undone: [], agreed: new Agreed() });
      this.canvas.width = this.canvas.height = side;
      this.ready.innerHTML = Object.keys(ready).map((title) => button("ready", title)).join("") + button("random", "Random 50 %");
      Object.values(ready).forEach((value, i) => (this.ready.children[i].dataset.value = value));
    }
    if (this.image.getAttribute("src") !== image) this.image.src = image;
    if (this.agreed.heed(cover)) Object.assign(this, { now: read(cover.value, side), stroke: undefined });
    this.show();
  }

  listen(on) {
    const { canvas } = this, undo = () => this.undo(), redo = () => this.redo();
    on(canvas, "pointerdown", (event) => this.begin(event));
    on(canvas, "pointermove", (event) => this.move(event));
    for (const type of ["pointerup", "pointercancel"]) on(canvas, type, (event) => this.end(event));
    on(canvas, "touchstart", (event) => event.preventDefault(), { passive: false }); // else a quick stroke is taken for a flick
    on(canvas, "pointerleave", () => (this.brush.hidden = !this.byKeys));
    on(canvas, "blur", () => (this.brush.hidden = true));
    on(canvas, "contextmenu", (event) => event.preventDefault()); // of a long press
    on(this.button("cover"), "click", () => this.take(true));
    on(this.button("uncover"), "click", () => this.take(false));
    on(this.button("undo"), "click", undo);
    on(this.button("redo"), "click", redo);
    on(this.width, "input", () => this.show());
    on(this.ready, "click", ({ target }) => this.choose(target.closest("button")));
    on(this.root, "keydown", keys({ "Ctrl+z": undo, "Ctrl+y": redo, "Ctrl+Shift+z": redo }));
    const moves = Object.entries(ARROWS).flatMap(([key, way]) => [[key, () => this.go(way)], [`Shift+${key}`, () => this.go(way.map((step) => FAR * step))]]);
    const use = () => this.change(this.brushed(this.middle(), this.middle()));
    const clear = () => this.change(new Uint8Array(this.now.length));
    on(canvas, "keydown", keys({ ...Object.fromEntries(moves), " ": use, Enter: use, Delete: clear, Backspace: clear }));
  }

  // --- pointer ----------------------------------------------------------------------------------------------------------

  /** The event's place, in the image's pixels. */
  place({ clientX, clientY }) {
    const { left, top, width } = this.canvas.getBoundingClientRect(), unit = this.side / width;
    return [(clientX - left) * unit, (clientY - top) * unit];
  }

  begin(event) {
    if (this.stroke || event.button) return; // one finger covers; a second one does nothing
    this.canvas.setPointerCapture(event.pointerId);
    if (event.pointerType !== "mouse") this.canvas.focus({ preventScroll: true, focusVisible: false }); // the mouse does it by itself
    this.stroke = { pointer: event.pointerId, last: this.place(event), before: this.now };
    this.to(this.stroke.last);
  }

  move(event) {
    this.byKeys = false;
    this.brush.hidden = event.pointerType === "touch";
    this.showBrush(this.place(event));
    if (this.stroke?.pointer !== event.pointerId) return;
    const passed = event.getCoalescedEvents?.() ?? [];
    for (const between of passed.length ? passed : [event]) this.to(this.place(between));
  }

  to(place) {
    this.now = this.brushed(this.stroke.last, place);
    this.stroke.last = place;
    this.paint();
  }

  end(event) {
    if (this.stroke?.pointer !== event.pointerId) return;
    const { before } = this.stroke, after = this.now;
    Object.assign(this, { stroke: undefined, now: before });
    this.change(after);
  }

  // --- keys and buttons -------------------------------------------------------------------------------------------------

  /** The middle of the pixel that the keys are at. */
  middle() {
    return this.at.map((v) => Math.floor(v) + 0.5);
  }

  go(way) {
    this.at = this.at.map((v, i) => Math.min(this.side - 1, Math.max(0, Math.floor(v) + way[i])));
    const [column, row] = this.at;
    Object.assign(this, { byKeys: true });
    this.brush.hidden = false;
    this.showBrush(this.middle());
    this.say(`Row ${row + 1}, column ${column + 1}, ${this.now[row * this.side + column] ? "covered" : "not covered"}`);
  }

  choose(chosen) {
    if (!chosen) return;
    this.change(chosen.dataset.do === "random" ? scattered(this.now, 0.5) : read(chosen.dataset.value, this.side));
  }

  take(covering) {
    this.covering = covering;
    this.show();
  }

  brushed(from, to) {
    return brushed(this.now, this.side, from, to, Number(this.width.value), this.covering);
  }

  // --- what can be done and undone --------------------------------------------------------------------------------------

  change(after) {
    if (write(after) !== write(this.now)) { // else there is nothing to undo
      this.done.push(this.now);
      this.undone = [];
    }
    this.become(after);
  }

  undo() {
    if (!this.done.length || this.stroke) return;
    this.undone.push(this.now);
    this.become(this.done.pop(), "Undone. ");
  }

  redo() {
    if (!this.undone.length || this.stroke) return;
    this.done.push(this.now);
    this.become(this.undone.pop(), "Done again. ");
  }

  become(cover, words = "") {
    this.now = cover;
    this.show();
    this.say(`${words}${count(cover)} of ${cover.length} pixels are covered`);
    const value = write(cover);
    if (value !== this.agreed.value) this.tell("cover", this.agreed.change(value));
  }

  // --- what is seen -----------------------------------------------------------------------------------------------------

  say(words) {
    this.root.querySelector("[aria-live]").textContent = words;
  }

  show() {
    this.button("cover").setAttribute("aria-pressed", this.covering);
    this.button("uncover").setAttribute("aria-pressed", !this.covering);
    this.button("undo").setAttribute("aria-disabled", !this.done.length); // a disabled one would lose the focus
    this.button("redo").setAttribute("aria-disabled", !this.undone.length);
    this.width.setAttribute("aria-valuetext", `${this.width.value} pixels`);
    this.root.style.setProperty("--brush", `${(100 * this.width.value) / this.side}%`);
    this.canvas.setAttribute(
      "aria-label",
      `The image, ${count(this.now)} of its ${this.now.length} pixels covered. Arrow keys move the brush, Space uses it, Delete uncovers all.`,
    );
    this.paint();
  }

  paint() {
    const { side, now, canvas } = this, context = canvas.getContext("2d"), pixels = context.createImageData(side, side);
    now.forEach((covered, i) => pixels.data.set([...SHADES[((i % side) + Math.floor(i / side)) % 2], 255 * covered], 4 * i));
    context.putImageData(pixels, 0, 0);
  }

  /** A ring as large as the brush, in the image's pixels. */
  showBrush([x, y]) {
    Object.assign(this.brush.style, { left: `${(100 * x) / this.side}%`, top: `${(100 * y) / this.side}%` });
  }
}

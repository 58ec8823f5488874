// A sheet of paper to draw on with pointer, finger or pen. Python hears of each finished stroke, as a PNG.
// Strokes are kept as lines, so that the screen shows them at its own resolution and undo has something to take back.

import { listener, onResize } from "../events.js";
import { mover } from "../map/still.js";
import { KeyPen } from "./key_pen.js";
import { ICONS, keys } from "./keys.js";
import { draw, trace } from "./strokes.js";

const DARK = 128; // a pixel below is ink
const THIN = 1 / 40, USUAL = 1 / 14, THICK = 1 / 7; // widths of the pen, of the sheet's side
const SPACING = 1 / 560; // of the side; points nearer to each other say nothing new
const FAR_PX = 10_000; // outside every sheet
const PEN_ERASER = 32; // in event.buttons: the other end of a pen

const tool = (name, label) => `<button type="button" data-do="${name}">${ICONS[name]}<span>${label}</span></button>`;
const SKELETON = `
  <div class="it-sheet">
    <canvas tabindex="0" role="application" data-testid="sheet"></canvas>
    <p class="it-hint" aria-hidden="true">Draw here</p>
    <div class="it-brush" hidden></div>
  </div>
  <div class="it-tools">
    <div class="it-buttons it-toggle" role="group" aria-label="Tool">${tool("pen", "Pen")}${tool("eraser", "Eraser")}</div>
    <label class="it-thickness">Thickness <input type="range" step="1" data-testid="thickness"><i></i></label>
    <div class="it-buttons">${tool("undo", "Undo")}${tool("redo", "Redo")}${tool("clear", "Clear")}</div>
    <p class="live-help live-fine"><kbd>Ctrl</kbd> <kbd>Z</kbd> takes back the last stroke, <kbd>Delete</kbd> clears the sheet. With the sheet in focus, arrow keys move the pen, <kbd>Space</kbd> puts it down and lifts it.</p>
  </div>
  <p class="live-hidden" aria-live="polite"></p>`;

const sheets = new Map(); // what was drawn, by the component's key: it is there again after a visit to another page

// Without the GPU: small, and read after each stroke; Chromium's accelerated one was painted from before a bare fillRect.
const surface = () => document.createElement("canvas").getContext("2d", { alpha: false, willReadFrequently: true });

export default class Sheet {
  constructor(root, signal) {
    this.root = root;
    root.classList.add("it", "it-draw");
    root.dataset.testid = "draw-canvas";
    root.innerHTML = SKELETON;
    const find = (selector) => root.querySelector(selector);
    this.canvas = find("canvas");
    this.screen = this.canvas.getContext("2d", { alpha: false });
    this.finished = surface(); // all but the stroke that is being drawn, at the screen's resolution
    this.sent = surface(); // the picture that Python gets
    this.brush = find(".it-brush");
    this.brushTo = ["X", "Y"].map((axis) => mover(this.brush, axis, "px", FAR_PX));
    this.thickness = find("input");
    this.button = (name) => find(`[data-do="${name}"]`);
    this.listen(listener(signal));
    onResize(this.canvas, () => this.fit(), signal);
    signal.addEventListener("abort", () => cancelAnimationFrame(this.frame), { once: true });
  }

  // --- what Python says -------------------------------------------------------------------------------------------------

  update({ key, side }, tell) {
    this.tell = tell;
    if (this.side === side && this.key === key) return;
    Object.assign(this, { side, key });
    this.sent.canvas.width = this.sent.canvas.height = side;
    this.root.style.setProperty("--side", `${side}px`);
    Object.assign(this.thickness, { min: Math.ceil(THIN * side), max: Math.round(THICK * side) });
    if (sheets.get(key)?.side !== side) sheets.set(key, { side, done: [], undone: [], number: 0, width: Math.round(USUAL * side), erasing: false });
    this.kept = sheets.get(key);
    this.thickness.value = this.kept.width;
    this.canvas.setAttribute("aria-label", "Sheet of paper: draw with the mouse, a finger or a pen, or with arrow keys, Space puts the pen down and lifts it. Delete clears it, Ctrl Z takes back a stroke.");
    this.fit();
    if (this.kept.done.length) this.hear(); // Python forgot it when the page was left
  }

  /** What Python gets: the sheet as a PNG, or null when nothing is on it. */
  drawing() {
    const { side, sent } = this;
    draw(sent, this.kept.done, side);
    const { data } = sent.getImageData(0, 0, side, side);
    let ink = 0;
    for (let i = 0; i < data.length; i += 4) ink += data[i] < DARK;
    return ink ? { png: sent.canvas.toDataURL("image/png").split(",")[1], number: this.kept.number } : null;
  }

  // --- pointer ----------------------------------------------------------------------------------------------------------

  listen(on) {
    const { canvas } = this, act = { undo: () => this.undo(), redo: () => this.redo(), clear: () => this.clear() };
    on(canvas, "pointerdown", (event) => this.begin(event));
    on(canvas, "pointermove", (event) => this.move(event));
    for (const type of ["pointerup", "pointercancel"]) on(canvas, type, (event) => this.end(event));
    // Else Chromium takes a quick stroke for a flick, and swallows the tap on a button that follows it.
    on(canvas, "touchstart", (event) => event.preventDefault(), { passive: false });
    on(canvas, "pointerleave", () => (this.brush.hidden = true));
    on(canvas, "contextmenu", (event) => event.preventDefault()); // of a long press
    for (const [name, action] of Object.entries(act)) on(this.button(name), "click", action);
    on(this.button("pen"), "click", () => this.take(false));
    on(this.button("eraser"), "click", () => this.take(true));
    on(this.thickness, "input", () => {
      this.kept.width = Number(this.thickness.value);
      this.refresh();
    });
    new KeyPen(this, on);
    const { undo, redo, clear } = act;
    on(this.root, "keydown", keys({ "Ctrl+z": undo, "Ctrl+y": redo, "Ctrl+Shift+z": redo, Delete: clear, Backspace: clear }));
  }

  /** The event's place on the sheet, in its own pixels; place: the sheet's in the window. */
  at({ clientX, clientY }, { left, top, width } = this.canvas.getBoundingClientRect()) {
    const unit = this.side / width;
    return [(clientX - left) * unit, (clientY - top) * unit];
  }

  begin(event) {
    const turned = Boolean(event.buttons & PEN_ERASER);
    if (this.stroke || (event.button && !turned)) return; // one finger draws; a second one, or the palm, does nothing
    this.canvas.setPointerCapture(event.pointerId);
    if (event.pointerType !== "mouse") this.canvas.focus({ preventScroll: true, focusVisible: false }); // the mouse does it by itself
    this.stroke = { pointer: event.pointerId, points: [this.at(event)], width: this.kept.width, erase: this.kept.erasing || turned };
    this.paint();
  }

  move(event) {
    const place = this.canvas.getBoundingClientRect(); // asked for once, and before anything changes: it has the browser lay out the page
    this.showBrush(event, place);
    if (this.stroke?.pointer !== event.pointerId) return;
    const passed = event.getCoalescedEvents?.() ?? [];
    for (const between of passed.length ? passed : [event]) this.add(this.at(between, place));
    this.paint();
  }

  add([x, y]) {
    const [lastX, lastY] = this.stroke.points.at(-1);
    if (Math.hypot(x - lastX, y - lastY) >= SPACING * this.side) this.stroke.points.push([x, y]);
  }

  end(event) {
    if (this.stroke?.pointer !== event.pointerId) return;
    const { stroke } = this;
    this.stroke = undefined;
    this.did(stroke);
  }

  // --- what can be done and undone --------------------------------------------------------------------------------------

  did(step, words = "") {
    this.kept.done.push(step);
    this.kept.undone = [];
    this.changed(words);
  }

  undo() {
    if (!this.kept.done.length || this.stroke) return;
    this.kept.undone.push(this.kept.done.pop());
    this.changed("Undone");
  }

  redo() {
    if (!this.kept.undone.length || this.stroke) return;
    this.kept.done.push(this.kept.undone.pop());
    this.changed("Done again");
  }

  clear() {
    if (this.blank || this.stroke) return;
    this.did({ clear: true }, "Cleared");
  }

  take(erasing) {
    this.kept.erasing = erasing;
    this.refresh();
  }

  changed(words) {
    this.kept.number += 1;
    draw(this.finished, this.kept.done, this.side);
    this.refresh();
    this.say(words);
    this.paint();
    this.hear();
  }

  /** Python hears of a finished stroke. */
  hear() {
    this.tell("drawing", this.drawing());
  }

  // --- what is seen -----------------------------------------------------------------------------------------------------

  get blank() {
    const last = this.kept.done.at(-1);
    return !last || Boolean(last.clear && !last.picture);
  }

  say(words) {
    this.root.querySelector("[aria-live]").textContent = words;
  }

  /** As many pixels as the screen has here. */
  fit() {
    const pixels = Math.round(this.canvas.clientWidth * devicePixelRatio);
    if (!pixels || !this.kept) return;
    for (const { canvas } of [this.screen, this.finished]) canvas.width = canvas.height = pixels;
    draw(this.finished, this.kept.done, this.side);
    this.refresh();
    this.paint();
  }

  /** At most once per frame. */
  paint() {
    this.frame ??= requestAnimationFrame(() => {
      this.frame = undefined;
      const { screen, finished, side } = this, scale = finished.canvas.width / side;
      screen.setTransform(1, 0, 0, 1, 0, 0);
      screen.drawImage(finished.canvas, 0, 0);
      screen.setTransform(scale, 0, 0, scale, 0, 0);
      if (this.stroke) trace(screen, this.stroke);
      this.root.querySelector(".it-hint").hidden = Boolean(this.stroke) || !this.blank;
    });
  }

  refresh() {
    const { done, undone, erasing, width } = this.kept;
    this.button("pen").setAttribute("aria-pressed", !erasing);
    this.button("eraser").setAttribute("aria-pressed", erasing);
    const able = { undo: done.length, redo: undone.length, clear: !this.blank };
    for (const [name, can] of Object.entries(able)) this.button(name).setAttribute("aria-disabled", !can); // disabled ones would lose the focus
    this.thickness.setAttribute("aria-valuetext", `${width} of ${this.side} pixels`);
    this.root.style.setProperty("--brush", `${(width / this.side) * this.canvas.clientWidth}px`);
  }

  /** A ring as large as the pen, where the mouse is. */
  showBrush({ pointerType, clientX, clientY }, { left, top }) {
    this.moveBrush(clientX - left, clientY - top);
    if (this.brush.hidden !== (pointerType === "touch")) this.brush.hidden = pointerType === "touch";
  }

  /** Its middle to a place on the sheet, in CSS pixels. */
  moveBrush(...place) {
    place.forEach((by, i) => this.brushTo[i](by));
  }
}

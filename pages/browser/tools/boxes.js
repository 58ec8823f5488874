// A photo with numbered boxes over it: select, move, resize, remove and add them with the mouse, a finger or the keyboard.
// A box is [top, left, bottom, right] in the photo's own pixels. Python hears of each change when it is finished.

import { listener, onResize } from "../events.js";
import { CORNERS, arrowStep, inside, moved, smallest, usual } from "./box_geometry.js";
import { BoxView } from "./box_view.js";
import { keys } from "./keys.js";

const SLOP_PX = 3; // a press that moved less is a click
const KEY_COMMIT_MS = 400; // after the last arrow key, the change is finished

const edits = new Map(); // by the component's key: they are there again after a visit to another page

export default class Boxes {
  constructor(root, signal) {
    this.root = root;
    root.classList.add("it", "it-boxes");
    root.dataset.testid = "box-editor";
    this.selected = -1;
    this.view = new BoxView(root, (element) => this.focused(element), signal);
    this.listen(listener(signal));
    onResize(this.view.stage, () => this.refresh(), signal);
    signal.addEventListener("abort", () => this.finishBurst(), { once: true });
  }

  // --- what Python says -------------------------------------------------------------------------------------------------

  update(data, tell) {
    this.tell = tell;
    if (this.data && JSON.stringify(this.data) === JSON.stringify(data)) return;
    const { key, photo, version, width, height } = data, before = edits.get(key), first = !this.data;
    this.data = data;
    this.view.photograph(photo, width / height);
    if (before?.photo === photo && before.version === version && first && before.edited) this.send(); // Python forgot them
    else if (before?.photo !== photo || before.version !== version) {
      clearTimeout(this.timer);
      this.burst = this.gesture = undefined;
      this.selected = -1;
      this.adding = false;
      edits.set(key, { photo, version, boxes: data.boxes.map((box) => inside(box, data)), past: [], number: before?.number ?? 0 });
    }
    this.refresh();
  }

  get kept() {
    return edits.get(this.data.key);
  }

  /** A change is finished: whole pixels, and Python is told. */
  commit(before) {
    const { kept } = this;
    kept.boxes = kept.boxes.map((box) => box.map(Math.round));
    kept.past.push(before);
    this.sendNew();
  }

  sendNew() {
    this.kept.number += 1;
    this.kept.edited = true;
    this.refresh();
    this.send();
  }

  send() {
    const { boxes, number, version } = this.kept;
    this.tell("boxes", { boxes: boxes.map((box) => box.map(Math.round)), number, version });
  }

  copy = () => this.kept.boxes.map((box) => [...box]);

  // --- what can be done -------------------------------------------------------------------------------------------------

  select(index, focus = true) {
    this.selected = index;
    this.refresh();
    if (focus && index >= 0) this.view.elements[index].focus({ preventScroll: true });
  }

  /** By Tab, or by the press that begins a drag. */
  focused(element) {
    const at = this.view.elements.indexOf(element);
    if (!this.gesture && !this.adding && this.selected !== at) this.select(at, false);
  }

  get full() {
    return this.kept.boxes.length >= this.data.limit;
  }

  /** Add a box, in the order of the list the last one, and select it; where there are as many as there may be, nothing. */
  add(box) {
    this.finishBurst();
    if (this.full) return this.setAdding(false);
    const before = this.copy();
    this.kept.boxes.push(inside(box, this.data));
    this.adding = false;
    this.commit(before);
    this.select(this.kept.boxes.length - 1);
  }

  remove() {
    if (this.selected < 0) return;
    this.finishBurst();
    if (this.gesture) { // it is just being dragged: the rest of the drag, and the click at its end, are nobody's
      this.giveUp();
      this.dragged = true;
    }
    const before = this.copy(), at = this.selected;
    this.kept.boxes.splice(at, 1);
    this.selected = Math.min(at, this.kept.boxes.length - 1);
    this.commit(before);
    this.select(this.selected);
    if (this.selected < 0) this.view.button("add").focus({ preventScroll: true });
  }

  undo() {
    this.finishBurst();
    if (!this.kept.past.length || this.gesture) return;
    this.kept.boxes = this.kept.past.pop();
    this.selected = Math.min(this.selected, this.kept.boxes.length - 1);
    this.sendNew();
  }

  // --- pointer ----------------------------------------------------------------------------------------------------------

  listen(on) {
    const { stage } = this.view;
    on(stage, "pointerdown", (event) => this.press(event));
    on(stage, "pointermove", (event) => this.drag(event));
    on(stage, "pointerup", (event) => this.release(event));
    on(stage, "pointercancel", () => this.giveUp());
    on(stage, "touchstart", (event) => this.gesture && event.preventDefault(), { passive: false }); // as in canvas.js
    on(stage, "click", (event) => this.click(event));
    on(this.view.button("add"), "click", (event) => {
      if (event.detail) this.setAdding(!this.adding);
      else this.add(usual([this.data.height / 2, this.data.width / 2], this.kept.boxes, this.data)); // by a key: the arrows take it where it belongs
    });
    for (const name of ["remove", "undo"]) on(this.view.button(name), "click", () => this[name]());
    const arrows = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] };
    const actions = { Delete: () => this.remove(), Backspace: () => this.remove(), "Ctrl+z": () => this.undo(), Escape: () => this.escape() };
    for (const [name, [dy, dx]] of Object.entries(arrows)) {
      actions[name] = () => this.nudge(dy, dx);
      actions[`Shift+${name}`] = () => this.nudge(dy, dx, [2, 3]);
    }
    on(this.root, "keydown", keys(actions));
    on(this.root, "focusout", () => this.finishBurst());
  }

  setAdding(adding) {
    this.adding = adding && !this.full;
    if (this.adding) this.selected = -1;
    this.refresh();
  }

  escape() {
    if (this.gesture) this.giveUp();
    else if (this.adding) this.setAdding(false);
    else this.select(-1);
  }

  /** The event's place in the photo, (y, x) in its pixels. */
  at({ clientX, clientY }) {
    const { left, top, width, height } = this.view.photo.getBoundingClientRect();
    return [((clientY - top) / height) * this.data.height, ((clientX - left) / width) * this.data.width];
  }

  press(event) {
    if (!event.isPrimary || event.button || this.gesture) return; // a second finger does not undo what the first has dragged
    this.dragged = false;
    this.finishBurst();
    const hit = this.hit(event), index = this.view.elements.indexOf(hit?.closest(".it-box")), corner = hit?.dataset.corner;
    if (!this.adding) {
      if (index < 0 || (event.pointerType === "touch" && index !== this.selected)) return; // a finger may want to scroll; a tap selects
      this.select(index);
    }
    event.preventDefault();
    this.view.stage.setPointerCapture(event.pointerId);
    const at = this.at(event), base = { pointer: event.pointerId, client: [event.clientY, event.clientX], at, before: this.copy() };
    if (this.adding) this.gesture = { ...base, index: this.kept.boxes.length };
    else this.gesture = { ...base, index, which: corner && CORNERS[corner] };
  }

  drag(event) {
    const { gesture } = this;
    if (gesture?.pointer !== event.pointerId) return;
    const far = Math.hypot(event.clientY - gesture.client[0], event.clientX - gesture.client[1]);
    if (far < SLOP_PX && !this.dragged) return;
    this.dragged = true;
    const [y, x] = this.at(event), { at: [y0, x0], index, before } = gesture;
    this.kept.boxes[index] = before[index] ? moved(before[index], y - y0, x - x0, gesture.which, this.data) : inside([y0, x0, y, x], this.data);
    this.refresh();
  }

  release(event) {
    const { gesture } = this;
    if (gesture?.pointer !== event.pointerId) return;
    this.gesture = undefined;
    const { index, before, at } = gesture, box = this.kept.boxes[index];
    if (before[index]) {
      if (this.dragged) this.commit(before);
      return;
    }
    this.kept.boxes = before;
    const large = this.dragged && Math.min(box[2] - box[0], box[3] - box[1]) >= smallest(this.data);
    this.add(large ? box : usual(at, this.kept.boxes, this.data)); // a tap is enough
    this.dragged = true; // the click that follows is not one into the empty photo
  }

  giveUp() {
    if (this.gesture) this.kept.boxes = this.gesture.before;
    this.gesture = undefined;
    this.refresh();
  }

  click(event) {
    if (this.dragged || this.adding) return;
    this.select(this.view.elements.indexOf(this.hit(event)?.closest(".it-box")));
  }

  /** What lies under the pointer. event.target is the stage while it has the pointer, and with a finger whatever is near. */
  hit({ clientX, clientY }) {
    return this.root.getRootNode().elementFromPoint(clientX, clientY);
  }

  // --- keyboard ---------------------------------------------------------------------------------------------------------

  /** Move or resize the selected box by one step; several in a row are one change. */
  nudge(dy, dx, which) {
    if (this.selected < 0 || this.gesture) return;
    this.burst ??= this.copy();
    const step = arrowStep(this.data);
    this.kept.boxes[this.selected] = moved(this.kept.boxes[this.selected], dy * step, dx * step, which, this.data);
    this.refresh();
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.finishBurst(), KEY_COMMIT_MS);
  }

  finishBurst() {
    clearTimeout(this.timer);
    const before = this.burst;
    this.burst = undefined;
    if (before) this.commit(before);
  }

  refresh() {
    if (!this.data) return;
    const { kept: { boxes, past }, data, selected, adding, full } = this;
    this.view.show(boxes, data, selected, adding);
    this.view.say({ count: boxes.length, selected, adding, full }, { add: !full, remove: selected >= 0, undo: past.length });
  }
}

// A photo with numbered boxes over it: select, move, resize, remove and add them with the mouse, a finger or the keyboard.
// A box is [top, left, bottom, right] in the photo's own pixels. Python hears of each change when it is finished.

import { listener, onResize } from "../events.js";
import { ICONS, keys } from "./keys.js";

const SLOP_PX = 3; // a press that moved less is a click
const KEY_COMMIT_MS = 400; // after the last arrow key, the change is finished
const STEPS = 200; // of an arrow key, across the photo's longer side
const SMALLEST = 1 / 100; // a box's side, of the photo's longer side
const TAG_PX = 20; // a box's number needs so much room above it
const CORNERS = [[0, 1], [0, 3], [2, 1], [2, 3]]; // which two of a box's four numbers a corner moves

const tool = (name, label) => `<button type="button" data-do="${name}">${ICONS[name === "remove" ? "clear" : name]}<span>${label}</span></button>`;
const SKELETON = `
  <div class="it-buttons">
    ${tool("add", "Add a box")}${tool("remove", "Remove")}${tool("undo", "Undo")}
    <p class="it-status" role="status"></p>
  </div>
  <div class="it-stage it-photo" role="group" data-testid="photo"><img alt="" draggable="false"></div>
  <p class="live-help live-fine"><b>Click</b> a box or <kbd>Tab</kbd> to it; <b>drag</b> it or its corners. <kbd>←</kbd> <kbd>→</kbd> <kbd>↑</kbd>
    <kbd>↓</kbd> move it, with <kbd>Shift</kbd> resize it, <kbd>Delete</kbd> removes it.</p>
  <p class="live-help live-coarse"><b>Tap</b> a box, then <b>drag</b> it or its corners.</p>`;

const edits = new Map(); // by the component's key: they are there again after a visit to another page

const clamp = (v, low, high) => Math.min(high, Math.max(low, v));

export default class Boxes {
  constructor(root, signal) {
    this.root = root;
    root.classList.add("it", "it-boxes");
    root.dataset.testid = "box-editor";
    root.innerHTML = SKELETON;
    const find = (selector) => root.querySelector(selector);
    this.stage = find(".it-stage");
    this.photo = find("img");
    this.status = find(".it-status");
    this.button = (name) => find(`[data-do="${name}"]`);
    this.elements = [];
    this.selected = -1;
    this.handles = CORNERS.flatMap(([y, x], corner) => ["it-dot", "it-handle"].map((part) => {
      const handle = document.createElement("i");
      handle.className = `${part} ${y ? "it-bottom" : "it-top"} ${x === 3 ? "it-end" : "it-start"}`;
      if (part === "it-handle") handle.dataset.corner = corner;
      return handle;
    }));
    this.on = listener(signal);
    this.listen(this.on);
    onResize(this.stage, () => this.refresh(), signal);
    signal.addEventListener("abort", () => this.finishBurst(), { once: true });
  }

  // --- what Python says -------------------------------------------------------------------------------------------------

  update(data, tell) {
    this.tell = tell;
    if (this.data && JSON.stringify(this.data) === JSON.stringify(data)) return;
    const { key, photo, version, width, height } = data, before = edits.get(key), first = !this.data;
    this.data = data;
    this.stage.style.setProperty("--ratio", width / height);
    if (this.photo.getAttribute("src") !== photo) this.photo.src = photo;
    if (before?.photo === photo && before.version === version && first && before.edited) this.send(); // Python forgot them
    else if (before?.photo !== photo || before.version !== version) {
      clearTimeout(this.timer);
      this.burst = this.gesture = undefined;
      this.selected = -1;
      this.adding = false;
      edits.set(key, { photo, version, boxes: data.boxes.map((box) => this.inside(box)), past: [], number: before?.number ?? 0 });
    }
    this.refresh();
  }

  get kept() {
    return edits.get(this.data.key);
  }

  get longer() {
    return Math.max(this.data.width, this.data.height);
  }

  get smallest() {
    return Math.max(1, Math.round(SMALLEST * this.longer));
  }

  /** A box with its corners in order and inside the photo. */
  inside([a, b, c, d]) {
    const { height, width } = this.data;
    return [clamp(Math.min(a, c), 0, height), clamp(Math.min(b, d), 0, width), clamp(Math.max(a, c), 0, height), clamp(Math.max(b, d), 0, width)];
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

  copy() {
    return this.kept.boxes.map((box) => [...box]);
  }

  // --- what can be done -------------------------------------------------------------------------------------------------

  select(index, focus = true) {
    this.selected = index;
    this.refresh();
    if (focus && index >= 0) this.elements[index].focus({ preventScroll: true });
  }

  get full() {
    return this.kept.boxes.length >= this.data.limit;
  }

  /** Add a box, in the order of the list the last one, and select it; where there are as many as there may be, nothing. */
  add(box) {
    this.finishBurst();
    if (this.full) return this.setAdding(false);
    const before = this.copy();
    this.kept.boxes.push(this.inside(box));
    this.adding = false;
    this.commit(before);
    this.select(this.kept.boxes.length - 1);
  }

  /** As large as the others usually are, with its middle here, or as near to it as the photo allows. */
  usual([y, x]) {
    const { width, height } = this.data, middle = (values) => values.sort((a, b) => a - b)[values.length >> 1];
    const { boxes } = this.kept, side = Math.min(width, height) / 4;
    const h = middle(boxes.map(([t, , b]) => b - t)) ?? side, w = middle(boxes.map(([, l, , r]) => r - l)) ?? side;
    const top = clamp(y - h / 2, 0, height - h), left = clamp(x - w / 2, 0, width - w);
    return [top, left, top + h, left + w];
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
    if (this.selected < 0) this.button("add").focus({ preventScroll: true });
  }

  undo() {
    this.finishBurst();
    if (!this.kept.past.length || this.gesture) return;
    this.kept.boxes = this.kept.past.pop();
    this.selected = Math.min(this.selected, this.kept.boxes.length - 1);
    this.sendNew();
  }

  /** Move a box, or the numbers of it that `which` names, by (dy, dx) from where it was. */
  moved(box, dy, dx, which) {
    const { height, width } = this.data, [t, l, b, r] = box;
    if (!which) {
      const y = clamp(dy, -t, height - b), x = clamp(dx, -l, width - r);
      return [t + y, l + x, b + y, r + x];
    }
    const next = [...box], least = this.smallest, [row, column] = which;
    next[row] = row ? clamp(b + dy, Math.min(height, t + least), height) : clamp(t + dy, 0, Math.max(0, b - least));
    next[column] = column === 3 ? clamp(r + dx, Math.min(width, l + least), width) : clamp(l + dx, 0, Math.max(0, r - least));
    return next;
  }

  // --- pointer ----------------------------------------------------------------------------------------------------------

  listen(on) {
    const { stage } = this;
    on(stage, "pointerdown", (event) => this.press(event));
    on(stage, "pointermove", (event) => this.drag(event));
    on(stage, "pointerup", (event) => this.release(event));
    on(stage, "pointercancel", () => this.giveUp());
    on(stage, "touchstart", (event) => this.gesture && event.preventDefault(), { passive: false }); // as in canvas.js
    on(stage, "click", (event) => this.click(event));
    on(this.button("add"), "click", (event) => {
      if (event.detail) this.setAdding(!this.adding);
      else this.add(this.usual([this.data.height / 2, this.data.width / 2])); // by a key: the arrows take it where it belongs
    });
    on(this.button("remove"), "click", () => this.remove());
    on(this.button("undo"), "click", () => this.undo());
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
    const { left, top, width, height } = this.photo.getBoundingClientRect();
    return [((clientY - top) / height) * this.data.height, ((clientX - left) / width) * this.data.width];
  }

  press(event) {
    if (!event.isPrimary || event.button || this.gesture) return; // a second finger does not undo what the first has dragged
    this.dragged = false;
    this.finishBurst();
    const hit = this.hit(event), index = this.elements.indexOf(hit?.closest(".it-box")), corner = hit?.dataset.corner;
    if (!this.adding) {
      if (index < 0 || (event.pointerType === "touch" && index !== this.selected)) return; // a finger may want to scroll; a tap selects
      this.select(index);
    }
    event.preventDefault();
    this.stage.setPointerCapture(event.pointerId);
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
    this.kept.boxes[index] = before[index] ? this.moved(before[index], y - y0, x - x0, gesture.which) : this.inside([y0, x0, y, x]);
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
    const large = this.dragged && Math.min(box[2] - box[0], box[3] - box[1]) >= this.smallest;
    this.add(large ? box : this.usual(at)); // a tap is enough
    this.dragged = true; // the click that follows is not one into the empty photo
  }

  giveUp() {
    if (this.gesture) this.kept.boxes = this.gesture.before;
    this.gesture = undefined;
    this.refresh();
  }

  click(event) {
    if (this.dragged || this.adding) return;
    this.select(this.elements.indexOf(this.hit(event)?.closest(".it-box")));
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
    const step = Math.max(1, Math.round(this.longer / STEPS));
    this.kept.boxes[this.selected] = this.moved(this.kept.boxes[this.selected], dy * step, dx * step, which);
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

  // --- what is seen -----------------------------------------------------------------------------------------------------

  refresh() {
    if (!this.data) return;
    const { boxes, past } = this.kept, n = boxes.length;
    while (this.elements.length < n) this.elements.push(this.stage.appendChild(this.element()));
    while (this.elements.length > n) this.elements.pop().remove();
    this.elements.forEach((element, i) => this.place(element, boxes[i], i));
    for (const handle of this.handles) {
      if (this.selected < 0 || this.adding) handle.remove();
      else if (handle.parentElement !== this.elements[this.selected]) this.elements[this.selected].append(handle);
    }
    this.stage.classList.toggle("it-adding", Boolean(this.adding));
    this.stage.setAttribute("aria-label", `Photo with ${n} ${n === 1 ? "box" : "boxes"}`);
    this.button("add").setAttribute("aria-pressed", Boolean(this.adding));
    const able = { add: !this.full, remove: this.selected >= 0, undo: past.length };
    for (const [name, can] of Object.entries(able)) this.button(name).setAttribute("aria-disabled", !can);
    const count = n ? `${n} ${n === 1 ? "box" : "boxes"}` : "No box yet", most = this.full ? ", the most there can be" : "";
    const words = this.adding ? "Drag over the photo, or tap it" : (this.selected >= 0 ? `Box ${this.selected + 1} of ${n}` : count) + most;
    if (this.status.textContent !== words) this.status.textContent = words;
  }

  element() {
    const element = document.createElement("div");
    element.className = "it-box";
    element.dataset.testid = "box";
    element.tabIndex = 0;
    element.setAttribute("role", "button");
    element.append(Object.assign(document.createElement("span"), { className: "it-tag" }));
    this.on(element, "focus", () => {
      const at = this.elements.indexOf(element);
      if (!this.gesture && !this.adding && this.selected !== at) this.select(at, false);
    });
    return element;
  }

  place(element, [t, l, b, r], i) {
    const { width, height } = this.data, percent = (v, of) => `${(100 * v) / of}%`;
    const area = ((b - t) * (r - l)) / (width * height), scale = this.stage.clientWidth / width, chosen = i === this.selected;
    Object.assign(element.style, {
      top: percent(t, height), left: percent(l, width), width: percent(r - l, width), height: percent(b - t, height),
      zIndex: chosen ? 1001 : Math.round(1000 * (1 - area)), // a small box lies on a large one
    });
    element.style.setProperty("--third", `${(Math.min(b - t, r - l) * scale) / 3}px`); // so far a handle reaches in
    element.classList.toggle("it-selected", chosen);
    element.classList.toggle("it-below", t * scale < TAG_PX);
    element.firstChild.textContent = i + 1;
    element.setAttribute("aria-pressed", chosen);
    element.setAttribute("aria-label", `Box ${i + 1} of ${this.elements.length}, ${Math.round(r - l)} by ${Math.round(b - t)} pixels`);
  }
}

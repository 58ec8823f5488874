// What is seen of the boxes over a photo: an element for each, handles at the corners of the selected one, and words.

import { listener } from "../events.js";
import { CORNERS } from "./box_geometry.js";
import { ICONS } from "./keys.js";

const TAG_PX = 20; // a box's number needs so much room above it

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

function handles() {
  return CORNERS.flatMap(([y, x], corner) => ["it-dot", "it-handle"].map((part) => {
    const handle = document.createElement("i");
    handle.className = `${part} ${y ? "it-bottom" : "it-top"} ${x === 3 ? "it-end" : "it-start"}`;
    if (part === "it-handle") handle.dataset.corner = corner;
    return handle;
  }));
}

export class BoxView {
  /** focused(element) is called when a box gets the focus. */
  constructor(root, focused, signal) {
    root.innerHTML = SKELETON;
    const find = (selector) => root.querySelector(selector);
    Object.assign(this, { focused, on: listener(signal), stage: find(".it-stage"), photo: find("img"), status: find(".it-status") });
    this.button = (name) => find(`[data-do="${name}"]`);
    this.elements = [];
    this.handles = handles();
  }

  photograph(uri, ratio) {
    this.stage.style.setProperty("--ratio", ratio);
    if (this.photo.getAttribute("src") !== uri) this.photo.src = uri;
  }

  show(boxes, photo, selected, adding) {
    while (this.elements.length < boxes.length) this.elements.push(this.stage.appendChild(this.element()));
    while (this.elements.length > boxes.length) this.elements.pop().remove();
    this.elements.forEach((element, i) => this.place(element, boxes[i], photo, i, i === selected));
    for (const handle of this.handles) {
      if (selected < 0 || adding) handle.remove();
      else if (handle.parentElement !== this.elements[selected]) this.elements[selected].append(handle);
    }
    this.stage.classList.toggle("it-adding", Boolean(adding));
  }

  element() {
    const element = document.createElement("div");
    element.className = "it-box";
    element.dataset.testid = "box";
    element.tabIndex = 0;
    element.setAttribute("role", "button");
    element.append(Object.assign(document.createElement("span"), { className: "it-tag" }));
    this.on(element, "focus", () => this.focused(element));
    return element;
  }

  place(element, [t, l, b, r], { width, height }, i, chosen) {
    const percent = (v, of) => `${(100 * v) / of}%`;
    const area = ((b - t) * (r - l)) / (width * height), scale = this.stage.clientWidth / width;
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

  /** How many boxes there are, which one is selected, and what can be done. */
  say({ count, selected, adding, full }, able) {
    const boxes = `${count} ${count === 1 ? "box" : "boxes"}`, most = full ? ", the most there can be" : "";
    this.stage.setAttribute("aria-label", `Photo with ${boxes}`);
    this.button("add").setAttribute("aria-pressed", Boolean(adding));
    for (const [name, can] of Object.entries(able)) this.button(name).setAttribute("aria-disabled", !can);
    const still = (selected >= 0 ? `Box ${selected + 1} of ${count}` : count ? boxes : "No box yet") + most;
    const words = adding ? "Drag over the photo, or tap it" : still;
    if (this.status.textContent !== words) this.status.textContent = words;
  }
}

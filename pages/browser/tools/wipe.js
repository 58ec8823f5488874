// Pictures side by side at one crisp scale, and two of them on top of each other with a divider that wipes between them.

import { listener, onResize } from "../events.js";

const GAP_PX = 12; // between two pictures of the row

const SKELETON = `
  <div class="it-row" role="list"></div>
  <div class="it-wipe">
    <div class="it-stage it-wiping" data-testid="wipe-stage">
      <img class="it-left" alt="" draggable="false"><img class="it-right" alt="" draggable="false">
      <span class="it-name"></span><span class="it-name"></span>
      <input type="range" min="0" max="100" step="1" value="50" aria-label="Divider between the left and the right picture">
      <div class="it-divider" aria-hidden="true"><svg viewBox="0 0 24 24"><path d="M9 7l-5 5 5 5M15 7l5 5-5 5"/></svg></div>
    </div>
    <div class="it-choices">
      <label>Left <select aria-label="Left picture"></select></label>
      <label>Right <select aria-label="Right picture"></select></label>
    </div>
  </div>`;

const scaled = (fit) => (fit >= 1 ? Math.floor(fit) : fit); // each pixel of a small picture as large as the next one

export default class Wipe {
  constructor(root, signal) {
    this.root = root;
    root.classList.add("it", "it-compare");
    root.dataset.testid = "wipe";
    root.innerHTML = SKELETON;
    const find = (selector) => root.querySelector(selector);
    this.row = find(".it-row");
    this.stage = find(".it-stage");
    this.range = find("input");
    this.sides = [find(".it-left"), find(".it-right")];
    this.names = [...root.querySelectorAll(".it-name")];
    this.selects = [...root.querySelectorAll("select")];
    this.on = listener(signal);
    this.on(this.range, "input", () => this.divide(Number(this.range.value)));
    for (const select of this.selects) this.on(select, "change", () => this.choose());
    this.on(this.stage, "pointerdown", (event) => this.press(event));
    this.on(this.stage, "pointermove", (event) => this.stage.hasPointerCapture(event.pointerId) && this.drag(event));
    onResize(root, () => this.arrange(), signal);
    this.divide(50);
  }

  update({ pictures, height, sides }) {
    this.height = height;
    const titles = pictures.map(({ title }) => title), same = JSON.stringify(titles) === JSON.stringify(this.titles);
    this.pictures = pictures;
    if (!same) this.begin(titles, sides);
    pictures.forEach(({ uri }, i) => this.images[i].getAttribute("src") === uri || (this.images[i].src = uri));
    this.choose();
    this.arrange();
  }

  /** Other pictures: a row for them; a choice that is still there stays. */
  begin(titles, sides) {
    const before = this.selects.map((select) => this.titles?.[select.value]);
    this.titles = titles;
    this.images = titles.map((title) => Object.assign(new Image(), { alt: title, draggable: false }));
    for (const image of this.images) this.on(image, "load", () => this.arrange());
    this.row.replaceChildren(...titles.map((title, i) => {
      const figure = document.createElement("figure");
      figure.setAttribute("role", "listitem");
      figure.append(this.images[i], Object.assign(document.createElement("figcaption"), { textContent: title }));
      return figure;
    }));
    this.selects.forEach((select, side) => {
      select.replaceChildren(...titles.map((title, i) => new Option(title, i)));
      select.value = [before[side], sides[side]].map((title) => titles.indexOf(title)).find((at) => at >= 0) ?? 0;
    });
    this.root.querySelector(".it-wipe").hidden = titles.length < 2;
  }

  /** Put the two chosen pictures on the stage. */
  choose() {
    this.selects.forEach((select, side) => {
      const picture = this.pictures[select.value];
      if (!picture) return;
      if (this.sides[side].getAttribute("src") !== picture.uri) this.sides[side].src = picture.uri;
      this.sides[side].alt = this.names[side].textContent = picture.title;
    });
    this.divide(Number(this.range.value));
  }

  /** Both pictures are cut at the divider, so that one that is transparent does not show the other. */
  divide(percent) {
    this.range.value = percent;
    const [left, right] = this.selects.map((select) => select.selectedOptions[0]?.textContent ?? "");
    this.range.setAttribute("aria-valuetext", `${percent} % ${left}, ${100 - percent} % ${right}`);
    this.stage.style.setProperty("--at", `${percent}%`);
  }

  press(event) {
    if (event.button || !event.isPrimary) return;
    this.stage.setPointerCapture(event.pointerId);
    this.range.focus({ preventScroll: true }); // the arrow keys go on from here
    this.drag(event);
  }

  drag({ clientX }) {
    const { left, width } = this.stage.getBoundingClientRect();
    this.divide(Math.round(Math.min(1, Math.max(0, (clientX - left) / width)) * 100));
  }

  /** One size for all: the largest picture's pixels, times a whole number where they fit. */
  arrange() {
    const loaded = this.images?.filter(({ naturalWidth }) => naturalWidth) ?? [], room = Math.floor(this.root.getBoundingClientRect().width); // clientWidth rounds up
    if (!loaded.length || !room) return;
    const [w, h] = ["naturalWidth", "naturalHeight"].map((side) => Math.max(...loaded.map((image) => image[side])));
    const largest = (width, height) => scaled(Math.min(width / w, height / h)), n = this.images.length;
    const least = largest(room, this.height / 2) * w; // a row of smaller ones is wrapped
    const columns = Math.min(n, Math.max(1, Math.floor((room + GAP_PX) / (least + GAP_PX))));
    const small = largest((room - GAP_PX * (columns - 1)) / columns, this.height), most = largest(room, this.height);
    const set = (element, scale) => {
      element.style.setProperty("--w", `${scale * w}px`);
      element.style.setProperty("--h", `${scale * h}px`);
      element.classList.toggle("it-crisp", scale >= 2);
    };
    set(this.row, small);
    set(this.stage, most);
  }
}

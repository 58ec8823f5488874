// The tool *Paths*: from code to code over the map, in a filmstrip beside what fading the pixels makes of the same two images.

import { listener } from "../events.js";
import { escape } from "../map/sentences.js";
import { STRANGE, why } from "../why.js";
import { Chosen } from "./chosen.js";
import { KINDS } from "./kinds.js";
import { Line } from "./line.js";
import { Pressing } from "./pressing.js";
import { Shown } from "./shown.js";
import { SKELETON } from "./skeleton.js";
import { Space } from "./space.js";
import { Take } from "./take.js";
import { MOST, USUAL, read, said } from "./waypoints.js";

const FIRST_CLASSES = [3, 8];
const HOW = {
  points: "Press the map to add points, or choose test images here; drag a point to move it.",
  draw: "Draw the path on the map in one go.",
  off: "The map is its own again. Choose points or draw to go on.",
};

export default class Paths {
  waypoints = [];
  chosen = { ...USUAL };
  space = null; // null until the model's codes are here
  stopper = new AbortController(); // of what is being computed

  /** A tool of the bench, see there. */
  constructor(map, element, signal) {
    Object.assign(this, { map, element, signal });
    element.classList.add("lp");
    element.dataset.testid = "paths";
    element.innerHTML = SKELETON;
    const find = (selector) => element.querySelector(selector), on = listener(signal);
    Object.assign(this, { find, line: new Line(map), pressing: new Pressing(map, this), list: new Chosen(find(".lp-points"), this, signal) });
    this.taking = new Take(find(".lm-path-take"), map, signal);
    this.shown = new Shown(map, element, this.line, (path) => this.take(path), signal);
    on(element, "click", ({ target }) => this.press(target.closest("button")?.dataset ?? {}));
    on(element, "submit", (event) => this.submit(event));
    on(find(".lp-steps"), "input", ({ target }) => this.choose({ steps: Number(target.value) }));
    signal.addEventListener("abort", () => this.stopper.abort(), { once: true });
    this.mode("points");
  }

  // --- what the bench says ------------------------------------------------------------------------------------------------

  open() {
    this.active = true;
    this.line.show();
    this.mode(this.left === undefined ? "points" : this.left);
  }

  close() {
    this.active = false;
    this.stop();
    this.space = null; // opened again, it looks anew
    this.left = this.pressing.mode;
    this.pressing.choose(null);
    this.line.hide();
  }

  /** Another model, plane or class to draw. */
  async update(facts) {
    const { readout } = this.map, known = JSON.stringify(facts);
    if (this.space && known === this.known && this.space.decoder === (readout.decoder ?? this.map.decoder)) return; // what plays goes on
    Object.assign(this, { known, space: null });
    this.stop();
    await null; // the panel begins to load them after this
    await readout.loading?.catch(() => {}); // and says where it cannot
    if (this.signal.aborted || readout.ready !== facts) return;
    const space = this.space = new Space(this.map, facts), { whyNot } = space;
    this.find(".lp-why-not").textContent = whyNot;
    this.find(".lp-why-not").hidden = !whyNot;
    this.find(".lp-all").hidden = Boolean(whyNot);
    this.waypoints = whyNot ? [] : carried(this.waypoints, this.last, space);
    this.last = space;
    if (whyNot) this.mode(null);
    this.offer();
    if (this.asked !== undefined) this.heed(this.asked);
    else this.changed();
  }

  get word() {
    return this.space ? said(this.chosen, this.waypoints) : this.asked ?? said(this.chosen, this.waypoints);
  }

  heed(word) {
    if (!this.space) return void (this.asked = word);
    this.asked = undefined;
    if (word === this.word) return this.changed(false);
    const { waypoints, ...chosen } = read(word, this.space);
    this.chosen = chosen;
    this.waypoints = this.space.whyNot ? [] : waypoints;
    this.changed(false);
  }

  // --- what somebody chooses ----------------------------------------------------------------------------------------------

  /** What is offered for the model. */
  offer() {
    const { space, find } = this;
    for (const select of this.element.querySelectorAll("select")) {
      const i = select === find("select") ? 0 : 1, present = [...new Set(space.labels)].sort((a, b) => a - b);
      const first = present.includes(FIRST_CLASSES[i]) ? FIRST_CLASSES[i] : present[Math.min(i, present.length - 1)];
      select.innerHTML = present.map((label) => `<option value="${label}"${label === first ? " selected" : ""}>${escape(space.facts.classes[label].name)}</option>`).join("");
    }
    for (const [kind, { missing }] of Object.entries(KINDS)) find(`[data-kind=${kind}]`).hidden = Boolean(missing(space));
    if (KINDS[this.chosen.kind].missing(space)) this.chosen.kind = USUAL.kind;
  }

  press({ mode, kind, by, act }) {
    if (mode) this.mode(mode === this.pressing.mode ? null : mode);
    if (kind) this.choose({ kind });
    if (by) this.choose({ by });
    if (act === "kept" && this.map.cursor.kept) this.add(this.map.cursor.kept);
    if (act === "last") this.remove(this.waypoints.length - 1);
    if (act === "clear") this.use([]);
  }

  submit(event) {
    const { target: form } = event, { space } = this;
    event.preventDefault();
    if (!space) return;
    if (form.dataset.form === "row") {
      const text = form.querySelector("input").value.trim(), row = Number(text);
      if (text === "" || !Number.isInteger(row) || row < 0 || row >= space.count) return this.how(`There are test images 0 to ${(space.count - 1).toLocaleString("en")}.`);
      return this.use([...this.waypoints, space.ofImage(row)]);
    }
    this.use([...form.querySelectorAll("select")].map(({ value }) => {
      const rows = Array.from(space.labels, (label, row) => (label === Number(value) ? row : -1)).filter((row) => row >= 0);
      return space.ofImage(rows[Math.floor(Math.random() * rows.length)]);
    }));
  }

  mode(mode) {
    this.pressing.choose(this.active || mode === null ? mode : null);
    for (const button of this.element.querySelectorAll("[data-mode]")) button.setAttribute("aria-pressed", button.dataset.mode === this.pressing.mode);
    this.how(HOW[mode ?? "off"]);
  }

  how(text) {
    this.find(".lp-how").textContent = text;
  }

  choose(change) {
    Object.assign(this.chosen, change);
    this.changed();
  }

  add(z) {
    if (this.space) this.use([...this.waypoints, this.space.ofPoint(z)]);
  }

  remove(i) {
    this.use(this.waypoints.filter((_, at) => at !== i));
  }

  use(waypoints) {
    if (waypoints.length > MOST) return this.how(`A path has at most ${MOST} points.`);
    this.waypoints = waypoints;
    this.changed();
  }

  /** A point is being dragged: the line follows, what is decoded waits. */
  move(i, z) {
    this.stop();
    this.waypoints = this.waypoints.map((one, at) => (at === i ? this.space.ofPoint(z) : one));
    this.line.use({ points: this.waypoints.map(({ point }) => point), waypoints: this.waypoints });
  }

  /** It is let go; -1: nothing has been moved in the end. */
  moved(i, z) {
    if (i >= 0) this.waypoints = this.waypoints.map((one, at) => (at === i ? this.space.ofPoint(z) : one));
    this.changed();
  }

  drawing(points) {
    this.stop();
    this.line.use({ points, waypoints: [] });
  }

  drew(points) {
    this.chosen.kind = USUAL.kind; // as it was drawn
    this.mode("points");
    this.use(points.map((z) => this.space.ofPoint(z)));
  }

  /** What can be taken along, see shown.js; null: nothing. */
  take(path) {
    this.path = path;
    this.taking.offer(path, KINDS[this.chosen.kind].title);
  }

  // --- what comes of it ---------------------------------------------------------------------------------------------------

  stop() {
    this.shown.playing.stop();
    this.stopper.abort();
    this.stopper = new AbortController();
    return this.stopper.signal;
  }

  /** Points, kind or steps are others; `tell`: the address does not know it yet. */
  async changed(tell = true) {
    const signal = this.stop(), { waypoints, space, chosen, chosen: { kind } } = this;
    if (tell) this.map.look.changed();
    this.reflect(chosen);
    if (!space) return;
    const missing = Object.values(KINDS).map((one) => one.missing(space)).filter(Boolean);
    this.find(".lp-kind").innerHTML = [KINDS[kind].says(space), ...missing].join(" ");
    this.list.draw();
    this.line.use({ waypoints, chosen, steps: [], points: waypoints.map(({ point }) => point) });
    try {
      await this.shown.use(space, waypoints, chosen, signal);
    } catch (error) {
      if (!signal.aborted) this.shown.state(`The path could not be computed: ${why(error, STRANGE)}. Choose another kind of path, or reload the page.`);
    }
  }

  /** Buttons and slider as they are chosen. */
  reflect({ kind, by, steps }) {
    const { element, find, waypoints: { length } } = this;
    for (const [name, value] of Object.entries({ kind, by })) {
      for (const button of element.querySelectorAll(`[data-${name}]`)) button.setAttribute("aria-pressed", button.dataset[name] === value);
    }
    find(".lp-steps").value = find("output").textContent = steps;
    find(".lp-chosen").hidden = !length;
    find(".lp-path").hidden = length < 2;
  }
}

/** The same waypoints in another model: test images stay what they are where it has the same; in the same model all do. */
function carried(waypoints, old, space) {
  if (!old) return waypoints;
  const same = old.labels.length === space.labels.length && old.labels.every((label, row) => label === space.labels[row]);
  if (old.codes === space.codes) return waypoints.map((one) => (one.row === null ? { ...one, point: space.point(one.code) } : space.ofImage(one.row)));
  return same ? waypoints.filter(({ row }) => row !== null).map(({ row }) => space.ofImage(row)) : [];
}

// Undo and redo of what one does on the map: the kept point, zoom, classes, switches, the tool's word. Ctrl+Z and Ctrl+Shift+Z (or Ctrl+Y), and
// two buttons beside the switches. Fields keep their own.

import { same } from "../agreed.js";
import { listener } from "../events.js";
import { meantFor } from "./own_keys.js";
import { Steps } from "./steps.js";

const arrow = (path) => `<svg viewBox="0 0 20 20" aria-hidden="true"><path d="${path}"/></svg>`;
const BUTTONS = `<span class="lm-undo" role="group" aria-label="What was done on the map" hidden>
  <button type="button" data-act="undo">${arrow("M7 4 3 8l4 4M3.5 8H12a4.5 4.5 0 0 1 0 9H8")}</button>
  <button type="button" data-act="redo">${arrow("M13 4l4 4-4 4M16.5 8H8a4.5 4.5 0 0 0 0 9h4")}</button></span>`;
const ACTS = { undo: ["Undo", "Undone", "Ctrl+Z"], redo: ["Redo", "Done again", "Ctrl+Shift+Z"] };
const KEPT = "the kept point", VIEW = "the view", LIT = "the classes"; // the parts of a state; and what of look.more is called `undone`
const CALLED = { paths: "the path", select: "the selection" }; // what a tool has, where it is one tool's before and after
const DRAGGED = [VIEW, "the tool", "the other numbers"]; // parts that change again and again in what is one step
const SETTLE_MS = 800; // after a view is set, what the plot makes of it is not somebody's doing

const tool = (state) => state?.["the tool"]?.split(":")[0]; // which tab is open: to open one is no step

export class Undoing {
  constructor(map, signal) {
    Object.assign(this, { map, steps: new Steps(() => this.mark(), DRAGGED) });
    map.root.querySelector(".lm-tools").insertAdjacentHTML("afterbegin", BUTTONS);
    this.element = map.root.querySelector(".lm-undo");
    const on = listener(signal);
    on(this.element, "click", ({ target }) => this.go(target.closest("button")?.dataset.act));
    on(window, "keydown", (event) => this.key(event), { capture: true });
    on(map.element, "pointerdown", () => this.steps.hold(true), { capture: true });
    for (const type of ["pointerup", "pointercancel"]) on(window, type, () => this.steps.hold(false), { capture: true });
    map.look.watch = (byPython) => this.hear(byPython);
    map.cursor.subscribe({ chosen: () => (this.choosing = true), kept: () => this.hear(!this.choosing) }, signal);
    signal.addEventListener("abort", () => this.steps.stop(), { once: true });
  }

  /** What can be undone: what it is called -> its word. */
  get state() {
    const { look, cursor } = this.map, [zoom, lit, ...more] = look.words;
    return { [KEPT]: cursor.kept, [VIEW]: zoom, [LIT]: lit, ...Object.fromEntries(look.more.flatMap(({ undone }, i) => (undone ? [[undone, more[i]]] : []))) };
  }

  /** Something has changed; `byPython`: or was set by an address. */
  hear(byPython) {
    const { map, map: { look, viewport, view }, steps } = this;
    this.choosing = false;
    if (!look.heard || !viewport.xr) return;
    const now = performance.now();
    if (byPython) this.settled = now + SETTLE_MS;
    if (view !== this.view) {
      this.view = view;
      this.settled = now + SETTLE_MS;
      this.element.hidden = false;
      return steps.begin(this.before = this.state);
    }
    const state = this.state, parts = steps.differ(this.before, state), another = tool(this.before) !== tool(state);
    this.before = state;
    if (this.restoring) return;
    const settling = now < this.settled && parts.every((part) => DRAGGED.includes(part));
    if (byPython || settling || another || !map.ready) steps.correct(state);
    else steps.did(state);
  }

  key(event) {
    const { key, ctrlKey, metaKey, altKey, shiftKey, target } = event, letter = key.toLowerCase();
    if ((!ctrlKey && !metaKey) || altKey || !"zy".includes(letter) || (letter === "y" && shiftKey) || !meantFor(this.map, target, true)) return;
    if (this.element.hidden) return;
    event.preventDefault();
    event.stopPropagation();
    this.go(letter === "y" || shiftKey ? "redo" : "undo");
  }

  go(act) {
    const { map, steps } = this, what = act && this.words(act), state = act && steps[act]();
    if (!state) return;
    this.settled = performance.now() + SETTLE_MS;
    this.restoring = true;
    map.touched();
    map.look.show([state[VIEW], state[LIT], ...map.look.more.map(({ word, undone }) => state[undone] ?? word)], map);
    if (!same(state[KEPT], map.cursor.kept)) map.keeping.keep(state[KEPT]);
    this.restoring = false;
    steps.correct(this.before = this.state);
    map.words.tell(`${ACTS[act][1]}: ${what}.`);
  }

  /** What was kept last was not meant: keep() puts the point before it back, and that is no step. */
  takeBack(keep) {
    const { settled } = this;
    this.restoring = true;
    keep();
    this.restoring = false;
    this.settled = settled;
    this.steps.correct(this.before = this.state);
    this.mark();
  }

  /** What the button would change; "": there is nothing. */
  words(act) {
    const { steps, before } = this, what = steps[`${act}es`][0] ?? "";
    if (what !== "the tool") return what;
    const [name, another] = new Set([before, steps.to(act)].map((state) => CALLED[tool(state)]).filter(Boolean));
    return name && !another ? name : what;
  }

  mark() {
    for (const button of this.element.children) {
      const { act } = button.dataset, what = this.words(act), [name, , key] = ACTS[act];
      button.setAttribute("aria-disabled", !what); // it keeps the focus
      button.title = what ? `${name}: ${what} (${key})` : `Nothing to ${act}`;
      button.setAttribute("aria-label", what ? `${name}: ${what}` : button.title);
    }
  }
}

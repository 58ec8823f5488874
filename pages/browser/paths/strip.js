// The filmstrip: what is decoded at each step, and below it the pixels of both ends mixed.

import { listener } from "../events.js";
import { grey, put } from "../map/ink.js";

export class Strip {
  shown = -1; // the step whose place is marked

  /** look(step): somebody points at it or has come to it by key, null: at none; keep(step): presses it. */
  constructor(element, look, keep, signal) {
    Object.assign(this, { element, look, keep });
    const on = listener(signal), step = ({ target }) => this.frames.indexOf(target.closest?.("button"));
    on(element, "click", (event) => step(event) >= 0 && keep(step(event)));
    for (const type of ["pointerover", "focusin"]) on(element, type, (event) => step(event) >= 0 && look(step(event)));
    for (const type of ["pointerleave", "focusout"]) on(element, type, () => look(null));
    on(element, "keydown", (event) => this.key(event));
  }

  get frames() {
    return [...this.element.querySelectorAll("button")];
  }

  /** steps, faded: images of ink in [0, 1]; shape: {width, height}. */
  show(steps, faded, shape) {
    const { element, frames } = this, focused = frames.indexOf(document.activeElement);
    element.style.setProperty("--steps", steps.length);
    if (frames.length !== steps.length) {
      const all = (one) => steps.map((_, i) => one(i)).join("");
      const frame = (i) => `<button type="button" aria-label="Step ${i + 1} of ${steps.length}: show it on the map"><canvas aria-hidden="true"></canvas><span aria-hidden="true">${i + 1}</span></button>`;
      element.innerHTML = `<p>Through the codes</p><div class="lp-frames" role="group" aria-label="Steps through the codes; arrow keys lead from one to the next">${all(frame)}</div>`
        + `<p>Pixels faded</p><div class="lp-frames" role="img" aria-label="The first and the last image faded into each other, in as many steps">${all(() => "<i><canvas></canvas></i>")}</div>`;
      this.shown = -1;
      this.rove(Math.max(0, Math.min(focused, steps.length - 1)), focused >= 0);
    }
    element.querySelectorAll("canvas").forEach((canvas, i) => put(canvas, grey(i < steps.length ? steps[i] : faded[i - steps.length]), shape));
  }

  /** Mark a step, -1: none. */
  mark(step) {
    if (step === this.shown) return;
    this.frames[this.shown]?.classList.remove("lp-here");
    this.frames[step]?.classList.add("lp-here");
    this.shown = step;
  }

  /** One frame at a time is in the order of Tab. */
  rove(step, focus) {
    const { frames } = this;
    frames.forEach((frame, i) => (frame.tabIndex = i === step ? 0 : -1));
    if (focus) frames[step].focus();
  }

  key(event) {
    const { frames } = this, at = frames.indexOf(event.target), last = frames.length - 1;
    const to = { ArrowRight: Math.min(at + 1, last), ArrowLeft: Math.max(at - 1, 0), Home: 0, End: last }[event.key];
    if (at < 0 || to === undefined) return;
    event.preventDefault();
    this.rove(to, true);
  }
}

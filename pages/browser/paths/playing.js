// A walk along the path, there and back, as long as nobody stops it; for who wants no motion, from step to step.

import { PAUSE, PLAY } from "../map/time_strip.js";
import { thereAndBack } from "../tools/player.js";

const WAY_MS = 4000, STILL_MS = 900; // from one end to the other; at each step, for who wants no motion

export class Playing {
  /** button: that begins and ends it; show(share): each frame's place; steps(): how many there are; ended(). */
  constructor(button, { show, steps, ended }, signal) {
    Object.assign(this, { button, show, steps, ended, frame: 0 });
    button.addEventListener("click", () => (this.frame ? this.stop() : this.play()), { signal });
    signal.addEventListener("abort", () => cancelAnimationFrame(this.frame), { once: true });
    this.say();
  }

  play() {
    const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
    let began, last = null;
    const next = (now) => {
      this.frame = requestAnimationFrame(next);
      began ??= now;
      const all = this.steps() - 1, share = still ? Math.round(all * thereAndBack(Math.floor((now - began) / STILL_MS), all)) / all : thereAndBack(now - began, WAY_MS);
      if (share !== last) this.show(share);
      last = share;
    };
    this.frame = requestAnimationFrame(next);
    this.say();
  }

  stop() {
    if (!this.frame) return;
    cancelAnimationFrame(this.frame);
    this.frame = 0;
    this.say();
    this.ended();
  }

  say() {
    this.button.innerHTML = `${this.frame ? PAUSE : PLAY}<span>${this.frame ? "Pause" : "Play"}</span>`;
  }
}

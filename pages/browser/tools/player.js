// Pictures one after another, there and back again: play, pause, and a slider to go through them by hand. It plays only when asked to.

import { listener } from "../events.js";
import { PAUSE, PLAY } from "../map/time_strip.js";

const SKELETON = `
  <div class="it-player">
    <img alt="" draggable="false" data-testid="player-picture">
    <div class="it-player-bar"><button type="button" data-testid="play"></button><input type="range" min="0" max="1" step="any"></div>
  </div>`;

/** Where a walk from 0 to 1 and back, of so many milliseconds each way, is after a time: 0 to 1. */
export function thereAndBack(elapsed, way) {
  const ways = (elapsed / way) % 2;
  return ways <= 1 ? ways : 2 - ways;
}

export default class Player {
  share = 0; // of the way

  constructor(root, signal) {
    root.classList.add("it");
    root.innerHTML = SKELETON;
    const find = (selector) => root.querySelector(selector);
    Object.assign(this, { picture: find("img"), button: find("button"), slider: find("input") });
    const on = listener(signal);
    on(this.button, "click", () => (this.playing ? this.pause() : this.play()));
    on(this.slider, "input", () => {
      this.pause();
      this.show(Number(this.slider.value));
    });
    signal.addEventListener("abort", () => this.pause(), { once: true });
    this.pause();
  }

  /** frames: addresses of the pictures; way: milliseconds from the first to the last; words: what they are, the whole. */
  update({ frames, way, words }) {
    Object.assign(this, { frames, way, words });
    this.slider.setAttribute("aria-label", `${words}: share of the way`);
    this.show(this.share);
  }

  play() {
    this.began = performance.now() - (this.share < 1 ? this.share : 0) * this.way;
    this.say(true);
    const step = (now) => {
      this.playing = requestAnimationFrame(step);
      this.show(thereAndBack(Math.max(0, now - this.began), this.way));
    };
    this.playing = requestAnimationFrame(step);
  }

  pause() {
    cancelAnimationFrame(this.playing);
    this.playing = undefined;
    this.say(false);
  }

  say(playing) {
    this.button.innerHTML = `${playing ? PAUSE : PLAY}<span>${playing ? "Pause" : "Play"}</span>`;
  }

  show(share) {
    this.share = share;
    const at = Math.round(share * (this.frames.length - 1)), percent = Math.round(100 * share);
    this.slider.value = share;
    this.slider.setAttribute("aria-valuetext", `${percent} %`);
    if (this.shown === this.frames[at]) return;
    this.picture.src = this.shown = this.frames[at];
    this.picture.alt = `${this.words}, ${percent} % of the way`;
  }
}

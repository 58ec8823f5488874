// The dial itself: the slider, a button for each trained model, playing, and the words for where it stands.

import { listener } from "../events.js";
import { clamp } from "../map/viewport.js";
import { dress } from "./skeleton.js";
import { eased, settled } from "./tween.js";

const GLIDE_MS = 700; // to a member whose button was pressed
const PLAY_MS = 2200; // from one member to the next
const PAUSE_MS = 1200; // at each, where nothing is to move by itself
const KEY_STEP = 0.1;

export class Turning {
  at = 0; // a position: 0 is the first member

  /** members: [{beta, effect, figures}]; turned(since) is called after each change; listeners and playing end with the signal. */
  constructor(root, count, members, turned, signal) {
    const find = (selector) => root.querySelector(selector);
    Object.assign(this, { members, last: count - 1, turned, slider: find("input[type=range]"), button: find(".lm-play") });
    [this.beta, this.figures, this.effect] = [".dl-beta", ".dl-figures", ".dl-effect"].map(find);
    this.slider.max = this.last;
    this.ticks = members.map(({ beta }, m) => {
      const tick = find(".dl-ticks").appendChild(Object.assign(document.createElement("button"), { type: "button", textContent: beta }));
      tick.setAttribute("aria-label", `β = ${beta}`);
      tick.style.left = `${(100 * m) / this.last}%`;
      return tick;
    });
    const on = listener(signal);
    on(this.slider, "input", () => this.go(Number(this.slider.value)));
    on(this.slider, "change", () => this.go(settled(this.at)));
    on(this.slider, "keydown", (event) => this.key(event));
    on(this.button, "click", () => (this.playing ? this.stop() : this.play()));
    this.ticks.forEach((tick, m) => on(tick, "click", () => this.glide(m)));
    signal.addEventListener("abort", () => this.stop(), { once: true });
    dress(this.button, false);
  }

  get still() {
    return matchMedia("(prefers-reduced-motion: reduce)").matches;
  }

  /** It stands here, by nobody's hand. */
  stand(at) {
    this.stop();
    this.to(at);
  }

  to(at, since) {
    this.at = clamp(Number(at.toFixed(4)), 0, this.last);
    this.slider.value = this.at;
    this.turned(since);
  }

  /** By hand. */
  go(at) {
    this.stop();
    this.to(at, performance.now());
  }

  key(event) {
    const onward = { ArrowRight: KEY_STEP, ArrowUp: KEY_STEP, ArrowLeft: -KEY_STEP, ArrowDown: -KEY_STEP }[event.key];
    const page = { PageUp: Math.floor(this.at) + 1, PageDown: Math.ceil(this.at) - 1 }[event.key];
    if ((onward === undefined && page === undefined) || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    this.go(page ?? Number((this.at + (event.shiftKey ? onward / 10 : onward)).toFixed(2)));
  }

  /** To a member, on a straight way; at once where nothing is to move by itself. */
  glide(member) {
    this.stop();
    if (this.still) return this.to(member, performance.now());
    const from = this.at;
    this.run((ms) => {
      const share = Math.min(1, ms / GLIDE_MS);
      this.to(from + (member - from) * eased(share), performance.now());
      return share < 1;
    });
  }

  /** From here to the last member; from the first where this is the last. */
  play() {
    this.stop();
    const from = this.at >= this.last ? 0 : this.at, { still } = this;
    this.playing = true;
    dress(this.button, true);
    this.run((ms) => {
      const at = still ? Math.ceil(from) + Math.floor(ms / PAUSE_MS) : from + ms / PLAY_MS;
      if (Math.min(at, this.last) !== this.at) this.to(Math.min(at, this.last), performance.now());
      if (at < this.last) return true;
      this.stop();
      return false;
    });
  }

  /** on(ms since now) at each frame, until it says that it is done. */
  run(on) {
    const start = performance.now(), step = () => {
      this.next = undefined;
      if (on(performance.now() - start)) this.next = requestAnimationFrame(step);
    };
    this.next = requestAnimationFrame(step);
  }

  stop() {
    cancelAnimationFrame(this.next);
    this.next = undefined;
    if (!this.playing) return;
    this.playing = false;
    dress(this.button, false);
  }

  /** Where it stands, in words; that of a place between two trained models nothing was measured. */
  say({ from, to, share }) {
    const { members } = this, nearest = members[share < 0.5 ? from : to];
    const words = share ? `between β = ${members[from].beta} and β = ${members[to].beta}` : `β = ${members[from].beta}`;
    write(this.beta, words);
    write(this.figures, share ? "Blended from its two neighbours, not trained." : members[from].figures);
    write(this.effect, share ? `Near β = ${nearest.beta}: ${nearest.effect}` : nearest.effect);
    if (this.said !== words) this.slider.setAttribute("aria-valuetext", share ? `${words}, ${Math.round(100 * share)} % of the way` : words);
    this.said = share ? null : words;
    this.ticks.forEach((tick, m) => tick.setAttribute("aria-current", !share && m === from));
  }
}

function write(element, words) {
  if (element.textContent !== words) element.textContent = words;
}

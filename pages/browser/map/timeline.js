// The time machine under the map of a run: brings the map and decoder of each epoch, follows the run while it learns, and plays it.

import { listener } from "../events.js";
import { Settling } from "../agreed.js";
import { Curves } from "./curves.js";
import { again, toDo, why } from "../why.js";
import { Shelf, readAtlas, readDecoder, readFigure } from "./frames.js";
import { PAUSE, PLAY, STRIP } from "./time_strip.js";

const KEPT = 40; // epochs kept ready; their decoders take 1 to 2 MB each
const AHEAD = 3; // epochs fetched in the direction of travel
const STEP_MS = 250; // of each epoch when playing
const WHOLE_GRID_MS = 1500; // playing waits so long, at most, for the decoded grid to be whole

const wait = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

export class Timeline {
  /** map: {show(epoch, figure, decoder, since), say(text) while nothing is shown, settled(), tell(name, value)}; listeners end with the signal. */
  constructor(root, map, signal) {
    Object.assign(this, { map, signal });
    this.strip = Object.assign(document.createElement("div"), { className: "lm-time", innerHTML: STRIP });
    this.strip.setAttribute("role", "group");
    this.strip.setAttribute("aria-label", "Epochs of this run");
    root.querySelector(".lm-help").before(this.strip);
    root.classList.add("lm-timed");
    const find = (selector) => this.strip.querySelector(selector);
    this.slider = find("input");
    this.bar = find(".lm-time-bar");
    this.button = find(".lm-play");
    this.latest = find(".lm-latest");
    this.curves = new Curves(this.strip, this.slider, (epoch) => this.scrub(this.nearest(epoch)), signal);
    this.frames = new Shelf(KEPT);
    this.following = true; // the newest epoch is shown as it comes
    this.direction = 1; // of travel
    this.plays = 0;
    this.asked = new Settling(null, (said) => map.tell("epoch", said)); // the epoch looked at; null: the newest
    const on = listener(signal);
    on(this.slider, "input", () => this.slid(performance.now()));
    on(this.button, "click", () => (this.playing ? this.pause() : this.play()));
    on(this.latest, "click", () => this.scrub(this.last));
    signal.addEventListener("abort", () => this.end(), { once: true });
  }

  // --- what Python says -------------------------------------------------------------------------------------------------

  update(data) {
    if (this.data && data.view !== this.data.view) this.begin();
    this.data = data;
    const { epochs, running, total, curves } = data.timeline;
    this.epochs = epochs;
    const from = epochs[0] ?? 0, to = Math.max(running ? total : this.last ?? 0, from + 1);
    Object.assign(this.slider, { min: from, max: to, disabled: !epochs.length });
    this.button.disabled = !epochs.length;
    this.curves.update(data.plotly, curves, [from, to]);
    this.strip.querySelector(".lm-no-curves").hidden = curves.epoch.length > 0;
    if (!epochs.length) this.map.say(running ? "The map appears as soon as the run has drawn its first codes." : "This run has kept no epoch to show.");
    else {
      if (this.asked.heed(data.timeline.asked)) this.ask(data.timeline.asked.value);
      if (!this.playing) this.seek(this.leader?.wanted !== undefined ? this.nearest(this.leader.wanted) : this.following ? this.last : this.nearest(this.wanted));
    }
    this.refresh();
  }

  /** A link or Back asks for this epoch, or (null) for the newest. */
  ask(epoch) {
    this.pause();
    this.following = epoch === null;
    this.wanted = epoch ?? this.last;
  }

  /** Another run: nothing of the one before holds. */
  begin() {
    this.pause();
    this.frames.giveUp();
    this.following = true;
    this.asked = new Settling(null, this.asked.tell);
    this.wanted = this.shown = this.shownAddress = undefined;
  }

  get last() {
    return this.epochs.at(-1);
  }

  /** The epoch on disk that is nearest to this one: a long run keeps every second. */
  nearest(epoch) {
    return this.epochs.reduce((best, e) => (Math.abs(e - epoch) < Math.abs(best - epoch) ? e : best));
  }

  // --- one epoch --------------------------------------------------------------------------------------------------------

  /** Show this epoch; of several asked for, the latest wins. `since`: when it was asked for. */
  async seek(epoch, since = performance.now()) {
    if (epoch !== this.wanted) this.direction = epoch < this.wanted ? -1 : 1;
    this.wanted = epoch;
    this.refresh();
    if (this.led?.epochs?.length) this.led.seek(this.led.nearest(epoch), since);
    const address = this.address(epoch, "");
    if (address === this.shownAddress && !this.painting) return this.solved();
    if (address === this.coming) return;
    this.coming = address;
    this.frames.giveUp(new Set([epoch, ...this.ahead()].map((e) => this.address(e, ""))));
    try {
      const [figure, decoder] = await this.fetch(epoch);
      if (this.wanted !== epoch || this.gone) return;
      this.next = { epoch, figure, decoder, since, address };
      await (this.painting ??= this.paint());
    } catch (error) {
      if (this.wanted === epoch && !this.gone && error.name !== "AbortError") this.failed(epoch, error); // aborted: asked for once more since
      return;
    } finally {
      if (this.coming === address) this.coming = undefined;
    }
    for (const e of this.ahead()) this.fetch(e).catch(() => {}); // it is said when the epoch is asked for
  }

  /** Give the map one epoch after the other: never two at once, and of those that came meanwhile the latest. */
  async paint() {
    try {
      while (this.next && !this.gone) {
        const { epoch, figure, decoder, since, address } = this.next;
        this.next = undefined;
        await this.map.show(epoch, figure, decoder, since);
        this.shown = epoch;
        this.shownAddress = address;
        this.solved();
        this.refresh();
      }
    } finally {
      this.painting = undefined;
    }
  }

  address(epoch, file) {
    return this.data.timeline.frames.replace("{epoch}", epoch).replace("{file}", file);
  }

  fetch(epoch) {
    const { live_decoder: live } = this.data.timeline, at = (file) => this.address(epoch, file);
    return this.frames.get(at(""), (signal) => {
      const figure = readFigure(at("figure.json"), signal);
      const decoder = live ? readDecoder(at("decoder.safetensors"), signal) : readAtlas(at("atlas.bin"), signal);
      return Promise.all([figure, decoder]);
    });
  }

  /** The next epochs in the direction of travel. */
  ahead() {
    const at = this.epochs.indexOf(this.wanted);
    return this.direction > 0 ? this.epochs.slice(at + 1, at + 1 + AHEAD) : this.epochs.slice(Math.max(0, at - AHEAD), at).reverse();
  }

  failed(epoch, error) {
    this.pause();
    again(error, () => this.wanted === epoch && this.seek(epoch), this.signal);
    const shown = this.shown === undefined ? "" : ` What you see is epoch ${this.shown}.`;
    const said = `The map of epoch ${epoch} could not be loaded: ${why(error)}.${shown} ${toDo(error, "Choose it again to try once more, or reload the page.")}`;
    if (!shown) this.map.say(said);
    this.problem(said);
  }

  solved() {
    this.problem("");
  }

  problem(text) {
    const element = this.strip.querySelector(".lm-problem");
    element.textContent = text;
    element.hidden = !text;
  }

  // --- slider and buttons -----------------------------------------------------------------------------------------------

  /** The slider stands between two epochs, or beyond the last: on to the next one in its direction. */
  slid(since) {
    const value = Number(this.slider.value), { epochs } = this;
    const onward = value > this.wanted ? epochs.find((e) => e >= value) : epochs.findLast((e) => e <= value);
    this.scrub(onward ?? this.nearest(value), since);
  }

  /** Another run's timeline goes wherever this one goes, from now on. */
  lead(other) {
    Object.assign(this, { led: other, leader: undefined });
    Object.assign(other, { leader: this, led: undefined });
    if (this.wanted !== undefined && other.epochs?.length) other.seek(other.nearest(this.wanted));
  }

  /** Someone asks for this epoch. */
  scrub(epoch, since) {
    if (this.leader) return this.leader.scrub(this.leader.nearest(epoch), since);
    this.pause();
    this.following = epoch === this.last;
    return this.seek(epoch, since);
  }

  /** From here on, or from the start where this is the end. */
  async play() {
    const mine = ++this.plays, after = (epoch) => this.epochs.find((e) => e > epoch);
    this.playing = true;
    this.following = false;
    let next = after(this.wanted) ?? this.epochs[0];
    while (next !== undefined && mine === this.plays) {
      const pause = wait(STEP_MS);
      await this.seek(next);
      await Promise.all([pause, Promise.race([this.map.settled(), wait(WHOLE_GRID_MS)])]);
      next = after(this.wanted);
    }
    if (mine !== this.plays) return;
    this.following = true;
    this.pause();
  }

  pause() {
    this.plays += 1;
    this.playing = false;
    this.asked.changed(() => (this.following || this.playing ? null : this.wanted));
    this.refresh();
  }

  /** Put button, slider, words and line to where we are. */
  refresh() {
    if (!this.data) return;
    const { running, total } = this.data.timeline, words = (epoch) => `epoch ${epoch} of ${total}`;
    this.button.innerHTML = this.playing ? PAUSE : PLAY;
    this.button.setAttribute("aria-label", this.playing ? "Pause" : "Play the epochs");
    this.button.title = this.playing ? "Pause" : "Play the epochs";
    this.latest.hidden = !running || this.following || this.playing;
    this.strip.querySelector(".lm-epoch").textContent = this.shown === undefined ? "" : words(this.shown);
    if (this.wanted === undefined) return;
    this.slider.value = this.wanted;
    this.slider.setAttribute("aria-valuetext", words(this.wanted));
    this.curves.mark(this.wanted);
  }

  end() {
    this.gone = true;
    this.pause();
    this.asked.stop();
    this.frames.giveUp();
  }
}

// What was done, step by step, to be undone and done again. A state is plain data: { name of a part: its word }. Changes that come soon after
// each other are one step, as of a drag or of arrow keys; but two points that are kept, one soon after the other, are two.

import { same } from "../agreed.js";

const QUIET_MS = 500; // after the last change of a step
const MOST = 100; // steps that are remembered

export class Steps {
  #past = [];
  #future = [];
  #now; // after the last finished step
  #latest; // with what has changed since
  #meant = false; // whether that has a change in it of which there is one in a step

  /** changed(): steps have come or gone. dragged: the parts that change several times in a step; of the others each change is one. */
  constructor(changed, dragged = []) {
    Object.assign(this, { changed, dragged });
  }

  /** Begin here, with nothing to undo. */
  begin(state) {
    this.stop();
    [this.#past, this.#future, this.#meant] = [[], [], false];
    this.#now = this.#latest = state;
    this.changed();
  }

  /** The state is another one, and nobody did that. */
  correct(state) {
    if (same(this.#now, this.#latest)) this.#now = state;
    this.#latest = state;
  }

  /** Someone has changed it. */
  did(state) {
    const parts = this.differ(this.#latest, state);
    if (!parts.length) return;
    const meant = parts.some((part) => !this.dragged.includes(part));
    if (meant && this.#meant) this.finish();
    this.#meant ||= meant;
    this.#latest = state;
    this.wait();
    this.changed();
  }

  /** Somebody holds what they move, and however long they rest it is one step; or lets it go. */
  hold(held) {
    this.held = held;
    this.wait();
  }

  wait() {
    this.stop();
    if (!this.held) this.timer = setTimeout(() => this.finish(), QUIET_MS);
  }

  /** What is changed from now on is another step. */
  finish() {
    this.stop();
    this.#meant = false;
    if (same(this.#now, this.#latest)) return;
    this.#past = [...this.#past, this.#now].slice(-MOST);
    this.#future = [];
    this.#now = this.#latest;
    this.changed();
  }

  /** The state to go back to, or null. */
  undo() {
    this.finish();
    return this.#go(this.#past, this.#future);
  }

  redo() {
    this.finish();
    return this.#go(this.#future, this.#past);
  }

  #go(from, to) {
    if (!from.length) return null;
    to.push(this.#now);
    this.#now = this.#latest = from.pop();
    this.changed();
    return this.#now;
  }

  /** The parts that undo() and redo() would change; none: there is nothing. */
  get undoes() {
    const pending = this.differ(this.#now, this.#latest);
    return pending.length ? pending : this.#past.length ? this.differ(this.#past.at(-1), this.#now) : [];
  }

  get redoes() {
    return this.#future.length && !this.differ(this.#now, this.#latest).length ? this.differ(this.#now, this.#future.at(-1)) : [];
  }

  /** The state that it would bring; undefined: there is none. */
  to(act) {
    if (act === "redo") return this.#future.at(-1);
    return this.differ(this.#now, this.#latest).length ? this.#now : this.#past.at(-1);
  }

  differ(one = {}, other) {
    return Object.keys(other).filter((part) => !same(one[part], other[part]));
  }

  stop() {
    clearTimeout(this.timer);
  }
}

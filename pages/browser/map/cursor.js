// What is looked at, kept and selected. Map, panel and legend subscribe to it; two maps that share one are linked.

const WORDS_MS = 100; // between two changes of words, which cost the page a layout
const NEXT_MS = 40; // for so long words wait for the frame of the pointer's next move
const REST_MS = 250; // a pointer that has not moved for so long rests

export class Cursor {
  pointed = null; // the point on show: under mouse, finger or thumb; else the kept one
  kept = null;
  selected = new Set(); // classes that are lit; empty: all
  pointing = false; // someone looks at a point, until they leave or keep one
  #passing = false; // a pointer is on its way, and the point on show may be another soon
  #subscribers = new Set();
  #said = -Infinity; // when words were last told

  /** Hear of changes until the signal aborts; each of these may be missing.
   *  frame(z, since): once an animation frame with a new point on show, or at once where it jumps; `since`: when the pointer's event came.
   *  words(z): the same for what is read, at most ten times a second, the last one always. rested(z): the same once no pointer is on
   *  its way. kept(z): at once; before it chosen(z), where someone has chosen it. selected(classes): at once. */
  subscribe(hears, signal) {
    this.#subscribers.add(hears);
    signal.addEventListener("abort", () => {
      this.#subscribers.delete(hears);
      if (!this.#subscribers.size) this.#stop();
    }, { once: true });
  }

  #tell(what, ...said) {
    for (const hears of this.#subscribers) hears[what]?.(...said);
  }

  /** Someone looks at z: it is shown on the next frame; of several points before it, the latest wins. `passing`: with a pointer on its way. */
  look(z, since = performance.now(), passing = false) {
    this.#passing = passing;
    this.pointing = true;
    this.pointed = z;
    this.since ??= since; // the oldest event that the frame answers
    this.frame ??= requestAnimationFrame(() => this.show(this.pointed));
  }

  /** Whether a pointer is on its way. */
  get passing() {
    return this.#passing;
  }

  /** Show z now (null: nothing). */
  show(z) {
    this.#draw(z);
    const wait = this.#said + WORDS_MS - performance.now();
    if (wait <= 0) this.say(); // with the frame: a task of its own would have the page put together once more
    else this.timer ??= setTimeout(() => this.say(), wait + NEXT_MS);
  }

  #draw(z) {
    const { since } = this;
    cancelAnimationFrame(this.frame);
    this.frame = this.since = undefined;
    this.pointed = z;
    this.#tell("frame", z, since);
  }

  /** Tell those who read what is on show. */
  say() {
    clearTimeout(this.timer);
    this.timer = undefined;
    this.#said = performance.now();
    this.#tell("words", this.pointed);
    clearTimeout(this.resting);
    if (this.#passing) this.resting = setTimeout(() => this.#tell("rested", this.pointed), REST_MS);
    else this.#tell("rested", this.pointed);
  }

  /** Back to the kept point, words and all. */
  rest() {
    this.#passing = false;
    this.#draw(this.kept);
    this.say();
  }

  leave() {
    if (!this.pointing) return;
    this.pointing = false;
    this.rest();
  }

  /** z is the kept point (null: none), whoever says so; who is looking elsewhere goes on. */
  keep(z) {
    this.kept = z;
    this.#tell("kept", z);
  }

  /** Someone has chosen z: looking ends, and it is kept. */
  choose(z) {
    this.pointing = false;
    this.#tell("chosen", z);
    this.keep(z);
    this.rest();
  }

  select(classes) {
    this.selected = new Set(classes);
    this.#tell("selected", this.selected);
  }

  #stop() {
    cancelAnimationFrame(this.frame);
    clearTimeout(this.timer);
    clearTimeout(this.resting);
    this.frame = this.timer = undefined;
  }
}

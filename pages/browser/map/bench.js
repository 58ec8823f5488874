// The bench under the map: tools, one tab each, one open at a time. A tool's module is fetched when its tab is opened, or when the page has
// nothing else to do, so that the first view waits for none of them and a lost connection loses none.

import { listener } from "../events.js";

const FIRST = "find"; // the tab that is open when nobody has chosen one
export const MOST = 1500; // characters of a tool's word in an address
const IDLE_MS = 2000; // after the first view, before the tools are fetched ahead

// name -> what its tab says, and its module: a class, constructor(map, element, signal), with these methods, each optional: open(), close(),
// update(facts) after open and for another model (the panel's, exploring/readout.py), `word` and heed(word) for the page's address.
export const TOOLS = {
  find: { title: "Find", load: () => import("./finder.js") },
  paths: { title: "Paths", load: () => import("../paths/paths.js") },
  select: { title: "Select", load: () => import("../selecting/selecting.js") },
  bookmarks: { title: "Bookmarks", load: () => import("../bookmarks/bookmarks.js") },
  dimensions: { title: "All dimensions", load: () => import("../dimensions/dimensions.js") },
};

export class Bench {
  #tools = new Map(); // name -> a promise of the tool
  undone = "the tool"; // see undoing.js

  constructor(map, signal) {
    Object.assign(this, { map, signal, name: FIRST, tool: null });
    this.element = Object.assign(document.createElement("section"), { className: "lm-bench", hidden: true });
    this.element.dataset.testid = "bench";
    this.element.setAttribute("aria-label", "Tools");
    const tabs = Object.entries(TOOLS).map(([name, { title }]) => `<button type="button" role="tab" id="lm-tab-${name}" data-tool="${name}" aria-controls="lm-tool-${name}">${title}</button>`);
    const panels = Object.keys(TOOLS).map((name) => `<div role="tabpanel" id="lm-tool-${name}" data-tool="${name}" aria-labelledby="lm-tab-${name}" hidden></div>`);
    this.element.innerHTML = `<div class="lm-tabs" role="tablist" aria-label="Tools">${tabs.join("")}</div>${panels.join("")}`;
    const on = listener(signal), list = this.element.firstElementChild;
    on(list, "click", ({ target }) => this.choose(target.closest("[data-tool]")?.dataset.tool));
    on(list, "keydown", (event) => this.key(event));
    signal.addEventListener("abort", () => this.ahead?.abort(), { once: true });
    this.mark();
  }

  /** Facts of another model; null: there is nothing to work on, and no bench. */
  use(facts) {
    const { heeded } = this, ahead = heeded && heeded.view === this.map.view ? heeded.own : undefined;
    Object.assign(this, { facts, heeded: null });
    this.element.hidden = !facts;
    if (!facts) return this.leave();
    if (!this.element.isConnected) this.map.root.querySelector(".lm-help").after(this.element); // not where two maps would have it twice
    this.fetchAhead(facts);
    if (this.tool) {
      this.tool.update?.(facts);
      if (ahead !== undefined) this.tool.heed?.(ahead); // it was told while the tool had the facts of the model before
    } else this.enter(this.name, this.waiting);
  }

  choose(name) {
    if (!name || (name === this.name && this.tool)) return;
    this.enter(name);
    this.map.look.changed();
  }

  /** Leave the open tool for another; word: what the address says of it, undefined: as it was left. */
  async enter(name, word) {
    if (name !== this.name) this.leave();
    Object.assign(this, { name, waiting: word });
    this.mark();
    if (!this.facts) return; // use() comes back to it
    const place = this.panel(name);
    try {
      const tool = await this.fetch(name);
      if (this.name !== name || this.tool === tool || this.signal.aborted) return;
      this.tool = tool;
      tool.open?.();
      tool.update?.(this.facts);
      if (this.waiting !== undefined) tool.heed?.(this.waiting);
      this.waiting = undefined;
    } catch (error) {
      console.warn(error);
      if (!this.#tools.has(name)) place.innerHTML = `<p class="lm-soft">${TOOLS[name].title} could not be fetched. Press its tab again to try once more.</p>`;
    }
  }

  leave() {
    if (this.tool) this.left = this.word; // bookmarks keep it
    this.tool?.close?.();
    this.tool = null;
  }

  fetch(name) {
    if (!this.#tools.has(name)) {
      const work = TOOLS[name].load().then(({ default: Tool }) => {
        const place = this.panel(name);
        place.replaceChildren();
        return new Tool(this.map, place, this.signal);
      });
      this.#tools.set(name, work);
      work.catch(() => this.#tools.delete(name));
    }
    return this.#tools.get(name);
  }

  /** When the page has nothing else to do: what the tools need for this model, see ahead.js. */
  fetchAhead(facts) {
    this.ahead?.abort();
    this.ahead = new AbortController();
    const { signal } = this.ahead, timer = setTimeout(() => import("./ahead.js").then(({ fetchAhead }) => fetchAhead(this, facts, signal)).catch(() => {}), IDLE_MS);
    signal.addEventListener("abort", () => clearTimeout(timer), { once: true });
  }

  panel(name) {
    return this.element.querySelector(`#lm-tool-${name}`);
  }

  mark() {
    for (const tab of this.element.querySelectorAll("[role=tab]")) {
      const open = tab.dataset.tool === this.name;
      tab.setAttribute("aria-selected", open);
      tab.tabIndex = open ? 0 : -1;
      this.panel(tab.dataset.tool).hidden = !open;
    }
  }

  /** Arrow keys, Home and End go from tab to tab, as the ARIA practices have it. */
  key(event) {
    const tabs = [...this.element.querySelectorAll("[role=tab]")], at = tabs.indexOf(event.target), last = tabs.length - 1;
    const to = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: last }[event.key];
    if (at < 0 || to === undefined) return;
    event.preventDefault();
    event.stopPropagation();
    const tab = tabs[(to + tabs.length) % tabs.length];
    tab.focus();
    this.choose(tab.dataset.tool);
  }

  // --- in the words of the page's address -------------------------------------------------------------------------------

  /** The open tool and its own word: "paths:0,1;1,2"; "" for the usual one with nothing to say. */
  get word() {
    const own = (this.tool ? this.tool.word : this.waiting) ?? "", short = own.length <= MOST ? own : "";
    return short ? `${this.name}:${short}` : this.name === FIRST ? "" : this.name;
  }

  heed(word) {
    const [, name, own] = /^(\w*):?([^]*)$/.exec(word), known = Object.hasOwn(TOOLS, name) ? name : FIRST;
    this.heeded = { own, view: this.map.view }; // what an address says of another model comes before that model's facts
    if (known === this.name && this.tool) this.tool.heed?.(own);
    else this.enter(known, own);
  }
}

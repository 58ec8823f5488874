// The beta dial: one slider through a family of models that differ in β alone. Their codes are here, and so are their decoders: nothing is
// asked of the server while it turns. Python mounts it (see __init__.py) and hears where it stands once it rests.

import { same, Settling } from "../agreed.js";
import { onResize } from "../events.js";
import { format } from "../map/controls.js";
import { Cursor } from "../map/cursor.js";
import { read, readDecoder } from "../map/frames.js";
import { Input } from "../map/input.js";
import { Legend } from "../map/legend.js";
import { Marks } from "../map/marks.js";
import { Shaping } from "../map/shaping.js";
import { measure } from "../map/timing.js";
import { Viewport } from "../map/viewport.js";
import { parseSafetensors } from "../nets/decoder.js";
import { again, toDo, why } from "../why.js";
import { Chart } from "./chart.js";
import { Cloud } from "./cloud.js";
import { Pictures } from "./pictures.js";
import { SKELETON, example } from "./skeleton.js";
import { Turning } from "./turning.js";
import { between, blended } from "./tween.js";

const FRAME = "beta-dial:frame"; // User Timing: from the word to turn to the end of painting
const UNBOUND = 1e6; // the wheel is the page's here

export default class Dial {
  viewport = Object.assign(new Viewport(), { bound: UNBOUND, margin: { l: 0, r: 0, t: 0, b: 0 } });
  cursor = new Cursor();
  sameScale = false;
  shaped = false; // whether each class's dots have a shape of their own
  sliders = []; // that input.js is to listen to

  constructor(room, signal) {
    room.classList.add("lm-room");
    this.root = room.appendChild(Object.assign(document.createElement("div"), { className: "dl", innerHTML: SKELETON }));
    this.find = (selector) => this.root.querySelector(selector);
    Object.assign(this, { signal, element: this.find(".dl-map") });
    this.plot = { toLatent: (event) => this.toLatent(event), zoom() {}, shift() {}, bringIn() {}, reset: () => this.rescale(!this.sameScale) };
  }

  async update(data, tell) {
    this.tell = tell;
    this.ready ??= this.begin(data).catch((error) => {
      this.find(".lm-loading").textContent = `The dial could not be read: ${why(error)}. ${toDo(error, "Reload the page.")}`;
      again(error, () => Object.assign(this, { ready: null }).update(data, this.tell), this.signal);
      throw error;
    });
    await this.ready.then(() => this.follow(data), () => {});
  }

  /** The codes first, then each member's decoder, the nearest to the dial first. */
  async begin(data) {
    const { tensors: { codes, labels } } = await read(data.codes, "arrayBuffer", this.signal).then(parseSafetensors);
    const [members, images] = codes.shape, one = 2 * images, each = (m) => codes.data.subarray(m * one, (m + 1) * one);
    this.family = { ...data, codes: data.members.map((_, m) => each(m)), labels: labels.data, members: data.members };
    const { family, cursor, signal, viewport } = this;
    viewport.limit = data.limit;
    this.agreed = new Settling(null, (said) => this.tell("dial", said));
    signal.addEventListener("abort", () => this.agreed.stop(), { once: true });
    this.cloud = new Cloud(this.find(".dl-cloud"), viewport, family);
    this.pictures = new Pictures(this.find(".dl-shown canvas"), data.examples.map((one) => example(this.find(".dl-row"), one)), data.places);
    this.chart = new Chart(this.find(".dl-chart"), data.curve, signal);
    this.chart.box.setAttribute("aria-label", data.chart_words);
    this.marks = new Marks(this.root, viewport);
    this.legend = new Legend(this.find(".lm-legend"), cursor, signal);
    this.legend.use({ data: data.classes.map(({ name, colour }, meta) => ({ meta, name, marker: { color: colour } })) });
    const map = { root: this.root, layers: this, refresh: () => this.rescale(this.sameScale), look: this };
    this.shaping = new Shaping(Object.defineProperty(map, "ready", { get: () => Boolean(this.views) }), signal);
    this.turning = new Turning(this.root, members, data.members, (since) => this.turned(since), signal);
    cursor.subscribe({ frame: (z) => this.show(z), selected: () => this.turned(), kept: (z) => this.where && this.marks.keep(z) }, signal);
    this.heed(data.dial);
    this.input = new Input(this, signal);
    onResize(this.element, () => this.fit(), signal);
    this.find(".lm-loading").hidden = true;
    const nearest = data.members.map((_, m) => m).sort((a, b) => Math.abs(a - this.turning.at) - Math.abs(b - this.turning.at));
    this.fetch = () => this.bring(nearest, data).catch((error) => this.signal.aborted || this.failed(error));
    this.fetch();
  }

  async bring(nearest, { members, plotly, figure, help }) {
    this.find(".dl-help").innerHTML = help;
    for (const m of nearest) {
      this.pictures.use(m, await readDecoder(members[m].decoder, this.signal));
      if (this.signal.aborted) return;
      this.turned();
    }
    await this.chart.use(plotly, await read(figure, "json", this.signal));
  }

  follow(data) {
    if (!same(data.dial, this.heard)) this.heed(data.dial);
    if (getComputedStyle(this.element).color === this.cloud.ink) return;
    this.fit(); // another theme
  }

  failed(error) {
    this.find(".dl-help").textContent = `Some of the dial could not be loaded: ${why(error)}. ${toDo(error, "Reload the page.")}`;
    again(error, this.fetch, this.signal);
  }

  // --- what the link says -----------------------------------------------------------------------------------------------

  /** Position, kept point, lit classes, scale and shapes, in the words of an address. */
  get words() {
    const { cursor: { kept, selected }, family: { home }, turning: { at } } = this;
    return [at === home.at ? "" : String(at), same(kept, home.z) ? "" : kept.join(), [...selected].sort((a, b) => a - b).join(), this.sameScale ? "same" : "", this.shaping.word];
  }

  heed(said) {
    this.heard = said;
    if (!this.agreed.heed(said)) return;
    const [at, z, classes, scale, shapes] = said.value, { home } = this.family;
    this.sameScale = scale === "same";
    this.shaping.heed(shapes);
    this.cursor.select(classes ? classes.split(",").map(Number) : []);
    this.cursor.choose(z ? z.split(",").map(Number) : home.z);
    this.turning.stand(at ? Number(at) : home.at);
    this.rescale(this.sameScale);
  }

  changed() {
    this.agreed.changed(() => this.words);
  }

  // --- what is drawn ----------------------------------------------------------------------------------------------------

  /** The map has another size or theme. */
  fit() {
    const { clientWidth: width, clientHeight: height } = this.element, { viewport, family } = this;
    if (!width || !height) return;
    Object.assign(viewport, { width, height });
    this.views = family.extents.map((extent) => {
      viewport.fit({ most: extent }, "most");
      return { xr: viewport.xr, yr: viewport.yr };
    });
    this.widest = this.views.reduce((a, b) => (b.xr[1] - b.xr[0] > a.xr[1] - a.xr[0] ? b : a));
    this.cloud.fit(this.shownViews(), this.shaped);
    this.chart.draw(); // here, too: another theme may be seen first by a map that has another size
    this.redraw();
  }

  shownViews() {
    return this.sameScale ? this.views.map(() => this.widest) : this.views;
  }

  rescale(one) {
    this.sameScale = one;
    this.find(".dl-same").setAttribute("aria-pressed", one);
    if (this.views) this.cloud.fit(this.shownViews(), this.shaped);
    this.redraw();
    this.changed();
  }

  /** Somebody turned the dial, or it turns; drawn once a frame. */
  turned(since) {
    this.redraw(since);
    this.changed();
  }

  redraw(since) {
    this.since ??= since;
    this.frame ??= requestAnimationFrame(() => {
      this.frame = undefined;
      if (this.views && !this.signal.aborted) this.paint();
    });
  }

  paint() {
    const { family: { classes, members }, cursor: { selected, pointed, kept }, since } = this, where = between(this.turning.at, members.length), views = this.shownViews();
    this.where = where;
    this.viewport.xr = [...blended(views.map(({ xr }) => xr), where)];
    this.viewport.yr = [...blended(views.map(({ yr }) => yr), where)];
    this.cloud.paint(where, classes.map((_, c) => !selected.size || selected.has(c)));
    this.pictures.paintExamples(where);
    this.chart.move(where);
    this.marks.keep(kept);
    this.show(pointed);
    this.turning.say(where);
    this.since = undefined;
    if (since !== undefined) measure(FRAME, since);
  }

  /** The image at z, its place and its words. */
  show(z) {
    if (!this.where) return;
    this.marks.point(z);
    this.pictures.paintShown(this.where, z);
    const words = z ? `z = (${z.map(format).join(", ")})` : "";
    if (words === this.said) return;
    this.said = words;
    this.find("figcaption").textContent = words;
    this.find(".dl-shown canvas").setAttribute("aria-label", `Decoded image at ${words}`);
  }

  // --- what is meant by someone's input ---------------------------------------------------------------------------------

  toLatent({ clientX, clientY }) {
    const { left, top } = this.element.getBoundingClientRect();
    return this.viewport.toLatent([clientX - left - this.element.clientLeft, clientY - top - this.element.clientTop]);
  }

  touched() {}

  snap = (z) => z;

  /** Someone keeps z; null: back to where it was at first. */
  keep(z) {
    const kept = (z ?? this.family.home.z).map((v) => Math.round(v * 1e4) / 1e4);
    this.cursor.choose(kept);
    this.find("[aria-live=polite]").textContent = `Kept z = (${kept.map(format).join(", ")}).`;
    this.changed();
  }
}

// The live map: codes in a plot, a pointer that decodes, two sliders, and the point that is kept. Here its parts are put together.
// Python mounts it (see __init__.py), passes addresses and the kept point, and hears only of points that are kept.

import { Offer } from "../drawing/offer.js";
import { Rest } from "../rest/rest.js";
import { again, toDo, why } from "../why.js";
import { Alone } from "./alone.js";
import { Background } from "./background.js";
import { Bench } from "./bench.js";
import { Controls, Picture } from "./controls.js";
import { Copying } from "./copying.js";
import { Cursor } from "./cursor.js";
import { readModel } from "./frames.js";
import { Input } from "./input.js";
import { Keeping } from "./keeping.js";
import { isLight } from "./layers/colours.js";
import { Layers } from "./layers/index.js";
import { Legend } from "./legend.js";
import { Look } from "./look.js";
import { Marks } from "./marks.js";
import { codeNear } from "./near.js";
import { Plot } from "./plot.js";
import { Readout } from "./readout.js";
import { Shortcuts } from "./shortcuts.js";
import { SKELETON } from "./skeleton.js";
import { switches } from "./switches.js";
import { measure } from "./timing.js";
import { Tour } from "./tour.js";
import { Undoing } from "./undoing.js";
import { Viewport } from "./viewport.js";
import { Words } from "./words.js";

const DECODE = "latent-map:decode", FRAME = "latent-map:frame"; // User Timing entries
const NO_WEBGL = "This browser has no WebGL: the map is drawn with SVG, which is slower.";

export default class LatentMap {
  viewport = new Viewport();
  drawn = new Set(); // what has a draw() of its own for each view

  /** room: the place on the page; what is listened to or observed ends with the signal. `cursor`: shared with another map, or its own.
   *  MapPlot: what draws it. */
  constructor(room, signal, cursor = new Cursor(), MapPlot = Plot) {
    room.classList.add("lm-room");
    room.innerHTML = `<div class="lm">${SKELETON}</div>`;
    this.root = room.firstElementChild;
    const find = (selector) => this.root.querySelector(selector);
    Object.assign(this, { cursor, signal, element: find(".lm-map") });
    this.marks = new Marks(this.root, this.viewport, cursor, () => cursor.passing && this.plot.place, () => this.input.mouse, signal);
    this.plot = new MapPlot(this.element, this.viewport, () => this.viewChanged(), signal);
    this.layers = new Layers(this.plot.element);
    this.legend = new Legend(find(".lm-legend"), cursor, signal);
    this.picture = new Picture(find(".lm-image"));
    this.controls = new Controls(this.root, signal);
    this.sliders = this.controls.sliders;
    this.words = new Words(this.root);
    this.background = new Background(this, signal);
    this.alone = new Alone(this, signal);
    this.switches = switches(this, room, signal);
    this.bench = new Bench(this, signal);
    this.rest = new Rest(this, signal);
    this.look = new Look(this.viewport, cursor, (said) => this.keeping.tell("look", said), signal, [...this.switches, this.bench, this.rest]);
    this.tour = new Tour((z) => cursor.show(z));
    this.input = new Input(this, signal);
    this.copying = new Copying(this, signal);
    this.shortcuts = new Shortcuts(this, signal);
    this.readout = new Readout(this, signal);
    this.keeping = new Keeping(this, room, signal);
    this.undoing = new Undoing(this, signal);
    this.drawing = new Offer(this, signal);
    cursor.subscribe({
      frame: (z, since) => this.show(z, since),
      words: (z) => this.figure && this.controls.say(z, this.viewport, this.figure, this.data.nearest),
      rested: () => this.controls.rest(),
      kept: () => this.ready && this.keptChanged(),
      selected: () => this.ready && this.plot.figure === this.figure && this.refresh(), // else it is about to be drawn
    }, signal);
    signal.addEventListener("abort", () => this.end(), { once: true });
  }

  // --- what Python says -------------------------------------------------------------------------------------------------

  async update(data, tell) {
    this.tell = tell;
    this.latest = data = this.alone.over(data);
    try {
      const model = data.timeline ? await import("./timeline.js") : await readModel(data);
      if (this.latest !== data || this.signal.aborted) return; // something newer came meanwhile
      if (data.timeline) await this.follow(data, model.Timeline);
      else await this.apply(data, ...model);
    } catch (error) {
      const alive = this.ready && this.data === data; // all but Plotly is there
      if (alive) this.words.note(`The map moves more slowly than it could: ${why(error)}. ${toDo(error, "Reload the page to try again.")}`);
      else this.words.instead(`The map could not be drawn: ${why(error)}. ${toDo(error, "Reload the page; if that does not help, restart the explorer.")}`);
      again(error, () => this.latest === data && this.update(this.alone.said, tell), this.signal);
    }
  }

  /** A run: what Python says goes to the epoch on show, and the timeline brings others. */
  async follow(data, Timeline) {
    this.timeline ??= new Timeline(this.root, {
      show: (epoch, figure, decoder, since) => this.showEpoch(epoch, figure, decoder, since),
      say: (text) => this.ready || this.words.instead(text),
      settled: () => this.layers.settled(),
      tell: (name, value) => this.tell(name, value),
    }, this.signal);
    if (this.ready) await this.apply(data, this.figure, this.decoder);
    if (this.latest === data && !this.signal.aborted) this.timeline.update(data);
  }

  async showEpoch(epoch, figure, decoder, since) {
    this.epoch = epoch;
    await this.apply(this.latest, figure, decoder);
    measure(FRAME, since);
  }

  async apply(data, figure, given) {
    const decoder = this.rest.through(given);
    const changed = figure !== this.figure || decoder !== this.decoder;
    this.data = data;
    for (const one of this.switches) one.told?.(data);
    this.words.describe(data, this.epoch);
    this.controls.name(data.axes);
    this.background.update(data.field);
    Object.assign(this.viewport, { limit: data.limit, bound: data.bound });
    const first = !this.ready;
    if (changed) {
      this.prepare(data, figure, decoder);
      const drawn = this.plot.draw(data.plotly, figure, () => this.looks());
      if (first) this.begin(data);
      await drawn;
      if (this.signal.aborted || this.figure !== figure) return; // another one is drawn instead
      this.refresh();
      this.lookAgain();
      if (this.latest !== data) return;
    } else {
      if (this.look.follow(data.look, figure.extents, data.view)) this.plot.relayout();
      this.refresh();
    }
    this.controls.stretch(this.viewport, this.cursor.pointed);
    this.words.note(data.note || (this.plot.withoutWebgl ? NO_WEBGL : ""));
    this.readout.update(data.readout, data.walk);
    this.drawing.update(data.readout);
    if (!first) this.keeping.heed(data, changed);
  }

  /** The first view: codes, pointer and kept point are there before Plotly has come. */
  begin(data) {
    this.ready = true;
    this.viewChanged();
    this.lookAgain();
    this.words.note(data.note);
    this.readout.update(data.readout, data.walk);
    this.drawing.update(data.readout);
    this.keeping.heed(data, true);
    this.words.instead("");
  }

  /** Who points at the map points at something else, once that has changed. */
  lookAgain() {
    if (this.cursor.pointing) this.cursor.show(this.input.under() ?? this.cursor.pointed);
  }

  // --- what is drawn ----------------------------------------------------------------------------------------------------

  /** Another figure or decoder: the same model keeps the zoom, as long as that is good for it. */
  prepare(data, figure, decoder) {
    const { viewport } = Object.assign(this, { figure, decoder });
    this.picture.fit(decoder);
    this.legend.use(figure, data.view, data.timeline);
    for (const one of this.switches) one.offer?.(data);
    if (data.view !== this.view || !viewport.xr) {
      this.plot.measure(figure.layout.margin);
      viewport.fit(figure.extents, "most");
    } else if (data.timeline && viewport.framing && !viewport.wellFramed(figure.extents)) viewport.fit(figure.extents, viewport.framing);
    this.view = data.view;
    this.look.follow(data.look, figure.extents, data.view);
    this.useLayers();
  }

  useLayers() {
    const { figure, decoder, background, cursor: { selected }, data: { layers } } = this, { field } = background;
    const on = new Set(field ? ["background", ...layers] : layers), dark = on.has("manifold") || isLight(getComputedStyle(this.root).color);
    this.element.classList.toggle("lm-inked", on.has("manifold")); // ink as the image's is: light on dark
    background.legend(dark);
    const lit = figure.data.map(({ meta }) => !selected.size || selected.has(meta));
    this.layers.use({ figure, decoder, field, dark, lit, on, picked: this.picked });
  }

  /** Bring a drawn map up to date with theme, layers and legend. */
  refresh() {
    this.useLayers();
    this.plot.update(this.looks());
  }

  /** What the layers make of the plot in the present view. */
  looks() {
    this.layers.look({ viewport: this.viewport, kept: this.cursor.kept });
    return this.layers.looks();
  }

  viewChanged() {
    const { viewport, cursor } = this;
    this.layers.look({ viewport, kept: cursor.kept });
    this.controls.stretch(viewport, cursor.pointed);
    this.marks.keep(cursor.kept);
    this.marks.point(cursor.pointed);
    for (const mark of this.drawn) mark.draw();
    this.look.changed();
  }

  keptChanged() {
    this.marks.keep(this.cursor.kept);
    this.layers.look({ viewport: this.viewport, kept: this.cursor.kept });
  }

  /** Decode and paint z, and put the crosshair to it; `since`: when someone asked for it. */
  show(z, since) {
    if (!this.viewport.xr) return;
    this.marks.point(z);
    this.picture.paint(z && (this.answerTo(z) || this.decoder.decode(z[0], z[1])));
    if (since !== undefined) measure(DECODE, since);
  }

  /** What is drawn of z where the decoder has only something near: of the kept point, the panel's answer. */
  answerTo(z) {
    return z === this.cursor.kept && !this.cursor.pointing && this.answer;
  }

  // --- what is meant by someone's input ---------------------------------------------------------------------------------

  touched() {
    this.tour.stop();
  }

  keep(z) {
    this.touched();
    if (this.ready) this.keeping.keep(z);
  }

  /** The code near z, if there is one, else z. */
  snap(z) {
    const { codes: { x, y } } = this.figure, at = codeNear(this, z);
    return at < 0 ? z : [x[at], y[at]];
  }

  end() {
    this.tour.stop();
    this.layers.stop();
  }
}

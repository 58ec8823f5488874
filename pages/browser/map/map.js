// The live map: a Plotly scatter that owns its view, a pointer that decodes, two sliders, and the point that is kept.
// Python mounts it (see __init__.py), passes addresses and the kept point, and hears only of commits.

import { faint } from "./curves.js";
import { PIXELS } from "../nets/decoder.js";
import { Shelf, readAtlas, readDecoder, readFigure } from "./frames.js";
import { Input, MIN_UNIT, clamp } from "./input.js";
import { GridLayer } from "./layers/grid.js";
import { NameLayer } from "./layers/names.js";
import { Timeline } from "./timeline.js";
import { Tour } from "./tour.js";

const SNAP_PX = 7; // a click this near to a code is on it
const KEY_COMMIT_MS = 400; // after the last arrow key, the point is kept
const DECODE = "latent-map:decode", FRAME = "latent-map:frame", MAX_MEASURES = 10_000; // User Timing entries
const DIMMED = 0.07;
const OUT = 4; // zoomed out all the way, the map shows so many times what the sliders reach at first
const EDGE_PX = 20, FOLLOW = 0.25; // a point that keys push so near to the edge is brought so far into the view
const PAD = 1.06; // of what the view is fitted to
const MIN_FILL = 0.5; // of the view: a cloud of codes that fills less of it, epoch by epoch, is looked at from nearer
const RING_PX = 24; // the kept point's ring, which no name covers
const ZOOM_BUTTONS = { x: 72, y: 26, width: 132, height: 44 }; // from the map's upper right corner: no name hides under them

const SKELETON = `
  <div class="lm-map" data-testid="latent-map" tabindex="0" role="application" aria-describedby="lm-help">
    <canvas class="lm-tiles" hidden></canvas>
    <div class="lm-plot"></div>
    <div class="lm-names" aria-hidden="true"></div>
    <svg class="lm-overlay" aria-hidden="true">
      <g class="lm-kept" visibility="hidden"><circle r="9"/><circle r="2.5"/></g>
      <g class="lm-cross" visibility="hidden"><path d="M-2000 0H-6M6 0H2000M0-2000V-6M0 6V2000"/><circle r="6"/></g>
    </svg>
    <div class="lm-zoom" role="group" aria-label="Zoom">
      <button type="button" data-zoom="in" aria-label="Zoom in" title="Zoom in">+</button>
      <button type="button" data-zoom="out" aria-label="Zoom out" title="Zoom out">−</button>
      <button type="button" data-zoom="reset" aria-label="Show the whole map" title="Show the whole map; once more: its outliers too">⤢</button>
    </div>
    <div class="lm-loading" role="status">Drawing the map …</div>
  </div>
  <div class="lm-side">
    <canvas class="lm-image" data-testid="decoded" width="28" height="28" role="img" aria-label="Decoded image"></canvas>
    <div class="lm-controls">
      <label><span>z<sub>1</sub></span><input type="range" data-testid="z1" aria-label="z1, first latent coordinate" step="0.01"><output></output></label>
      <label><span>z<sub>2</sub></span><input type="range" data-testid="z2" aria-label="z2, second latent coordinate" step="0.01"><output></output></label>
      <p class="lm-near" data-testid="nearest"></p>
      <p class="lm-note" hidden></p>
    </div>
  </div>
  <div class="lm-legend" role="group" aria-label="Classes: click for one alone, shift-click or long press to add"></div>
  <p class="lm-help live-help" id="lm-help"></p>
  <p class="live-hidden" aria-live="polite"></p>`;

const models = new Shelf(12);

/** Figure and decoder of a model that is done learning. */
function readModel({ figure, decoder, atlas, bound }) {
  return Promise.all([
    models.get(figure, () => readFigure(figure)),
    decoder ? models.get(decoder, () => readDecoder(decoder)) : models.get(atlas, () => readAtlas(atlas, bound)),
  ]);
}

let plotly;
function loadPlotly(path) {
  plotly ??= new Promise((resolve, reject) => {
    const script = Object.assign(document.createElement("script"), { src: path });
    script.onload = () => resolve(window.Plotly);
    script.onerror = () => {
      plotly = undefined;
      reject(new Error("plotly.min.js could not be fetched"));
    };
    document.head.append(script);
  });
  return plotly;
}

let webgl = true; // until Plotly says that there is none; asking for a context of our own would cost 66 ms

const format = (v) => v.toFixed(2).replace("-", "−");

export default class LatentMap {
  /** room: the place on the page; every listener and observer of this map ends with the signal. */
  constructor(room, signal) {
    room.classList.add("lm-room");
    room.innerHTML = `<div class="lm">${SKELETON}</div>`;
    this.root = room.firstElementChild;
    const find = (selector) => this.root.querySelector(selector);
    this.map = find(".lm-map");
    this.plot = find(".lm-plot");
    this.side = find(".lm-side");
    this.room = this.root.closest(".st-key-map-and-panel") ?? this.root; // the page's grid around the map, see map.css
    this.image = find(".lm-image");
    this.context = this.image.getContext("2d", { willReadFrequently: true }); // 784 pixels: faster without the GPU
    this.pixels = this.context.createImageData(28, 28);
    this.kept = find(".lm-kept");
    this.cross = find(".lm-cross");
    this.near = find(".lm-near");
    this.sliders = [...this.root.querySelectorAll(".lm-controls input")];
    this.spans = this.sliders.map(() => [0, 0]); // their ends
    this.outputs = [...this.root.querySelectorAll(".lm-controls output")];
    this.tiles = new GridLayer(find(".lm-tiles"));
    this.names = new NameLayer(find(".lm-names"));
    this.tour = new Tour((z) => this.show(z));
    this.chosen = new Set(); // classes that are not dimmed; empty: all are shown
    this.committed = null;
    this.sent = 0; // number of the last commit that Python was told of
    this.measures = { [DECODE]: 0, [FRAME]: 0 };
    this.limit = 0;
    this.signal = signal;
    this.input = new Input(this, signal);
    signal.addEventListener("abort", () => this.destroy(), { once: true });
  }

  // --- what Python says -------------------------------------------------------------------------------------------------

  async update(data, tell) {
    this.tell = tell;
    this.latest = data;
    try {
      const [Plotly, model] = await Promise.all([loadPlotly(data.plotly), data.timeline ? null : readModel(data)]);
      if (this.latest !== data || this.gone) return; // something newer came meanwhile
      this.Plotly = Plotly;
      if (model) await this.apply(data, ...model);
      else await this.follow(data);
    } catch (error) {
      this.say(`The map could not be drawn: ${error.message}. Reload the page; if that does not help, restart the explorer.`);
      console.warn(error);
    }
  }

  /** A run: what Python says goes to the epoch on show, and the timeline brings others. */
  async follow(data) {
    this.timeline ??= new Timeline(this.root, {
      show: (epoch, figure, decoder, since) => this.showEpoch(epoch, figure, decoder, since),
      say: (text) => this.plotted || this.say(text),
      settled: () => this.tiles.settled(),
    }, this.signal);
    if (this.plotted) await this.apply(data, this.figure, this.decoder);
    if (this.latest === data && !this.gone) this.timeline.update(this.Plotly, data);
  }

  async showEpoch(epoch, figure, decoder, since) {
    this.epoch = epoch;
    await this.apply(this.latest, figure, decoder);
    this.measure(FRAME, since);
  }

  async apply(data, figure, decoder) {
    const changed = figure !== this.figure || decoder !== this.decoder;
    this.data = data;
    this.nameAxes(data.axes);
    this.map.setAttribute("aria-label", data.description + (data.timeline ? ` Shown is epoch ${this.epoch} of ${data.timeline.total}.` : ""));
    this.root.querySelector(".lm-help").innerHTML = data.help;
    this.limit = data.limit;
    if (changed) {
      Object.assign(this, { figure, decoder });
      this.buildLegend(data);
      if (data.view !== this.view) this.xr = null; // another model: show it; the same one keeps the zoom
      else if (data.timeline && this.framing && !this.wellFramed()) this.fit(this.framing);
      this.view = data.view;
      await this.draw();
      if (this.gone) return;
      if (this.pointing) this.show(this.pointed());
      if (this.latest !== data) return;
    }
    this.refresh();
    this.stretch();
    this.note(data.note || (webgl ? "" : "This browser has no WebGL: the map is drawn with SVG, which is slower."));
    // A commit that Python has not heard of yet is newer than what it says.
    const news = data.commit >= this.sent;
    if (news) {
      this.sent = data.commit;
      this.setCommitted(data.z, data.decoded);
    } else if (changed && !this.pointing) this.restore();
    if (!data.walk) this.tour.stop();
    else if (changed && news && !this.pointing) this.tour.start(this.figure, this.committed);
  }

  /** A slider for each coordinate: codes of one number have one, and a plane of larger codes has its own. */
  nameAxes(axes) {
    this.sliders.forEach((slider, i) => {
      const label = slider.closest("label");
      label.style.display = i < axes.length ? "" : "none";
      if (i >= axes.length) return;
      label.querySelector("span").textContent = axes[i][0];
      slider.setAttribute("aria-label", axes[i][1]);
    });
  }

  note(text) {
    const element = this.root.querySelector(".lm-note");
    element.textContent = text ?? "";
    element.hidden = !text;
  }

  say(text) {
    const element = this.root.querySelector(".lm-loading");
    element.textContent = text;
    element.hidden = !text;
  }

  // --- drawing ----------------------------------------------------------------------------------------------------------

  /** Draw the figure as the present theme and layers want it: once, because every change to a drawn plot costs a redraw. */
  async draw() {
    const looks = this.looks(), layout = { ...structuredClone(this.figure.layout), ...this.size(), ...looks.layout };
    const traces = this.figure.data.map((trace, i) => ({
      ...trace, type: webgl ? "scattergl" : "scatter", marker: { ...trace.marker, opacity: looks.opacity[i] },
    }));
    this.margin = this.figure.layout.margin;
    if (!this.xr) this.fit("most");
    this.names.use(this.figure);
    for (const [axis, range] of [["xaxis", this.xr], ["yaxis", this.yr]]) Object.assign(layout[axis], looks.axis, { range: [...range] });
    await this.Plotly.react(this.plot, traces, layout, { displayModeBar: false, scrollZoom: true, doubleClick: false, responsive: false });
    if (webgl && this.plot.querySelector(".no-webgl")) {
      webgl = false;
      this.Plotly.purge(this.plot);
      this.plot.replaceChildren();
      return this.draw();
    }
    this.drawn = JSON.stringify(looks);
    this.showNames();
    this.say("");
    if (!this.plotted) {
      this.plotted = true;
      this.plot.on("plotly_relayouting", (change) => {
        this.framing = null; // by hand: Plotly says so of a drag or the wheel, not of what is asked of it
        this.viewChanged(change);
      });
      this.plot.on("plotly_relayout", (change) => {
        this.viewChanged(change);
        if (this.keepInside()) this.relayout();
      });
      const observer = new ResizeObserver(() => this.resize());
      observer.observe(this.map);
      observer.observe(this.side);
      this.signal.addEventListener("abort", () => observer.disconnect(), { once: true });
    }
    this.viewChanged({});
  }

  /** What theme, layers and legend make of the plot: opacity of each class, parts of the layout, parts of both axes. */
  looks() {
    const style = getComputedStyle(this.root), { shapes = [] } = this.figure.layout, layers = new Set(this.data.layers), lit = this.lit();
    const bright = (trace) => (layers.has("manifold") ? 0.5 : trace.marker.opacity);
    return {
      opacity: this.figure.data.map((trace, i) => (layers.has("points") ? (lit[i] ? bright(trace) : DIMMED) : 0)),
      layout: {
        font: { color: style.color, family: style.fontFamily },
        shapes: shapes.map((shape) => ({ ...shape, visible: layers.has("prior") })),
        annotations: [], // the names are a layer of their own
      },
      axis: { gridcolor: faint(style.color) },
    };
  }

  /** For each class, whether it is among the chosen ones. */
  lit() {
    return this.figure.data.map((trace) => !this.chosen.size || this.chosen.has(trace.meta));
  }

  showNames() {
    this.names.show(this.data.layers.includes("names"), this.lit());
    this.placeNames();
  }

  placeNames() {
    if (!this.xr || !this.plotted) return;
    const obstacles = [{ ...ZOOM_BUTTONS, x: this.map.clientWidth - ZOOM_BUTTONS.x }];
    if (this.committed) {
      const [x, y] = this.toPixel(this.committed);
      obstacles.push({ x, y, width: RING_PX, height: RING_PX });
    }
    this.names.look((z) => this.toPixel(z), this.unit, this.box(), this.committed, obstacles);
  }

  /** Bring a drawn plot up to date with theme, layers and legend. */
  refresh() {
    const looks = this.looks(), ink = getComputedStyle(this.root).color.match(/[\d.]+/g).slice(0, 3).map(Number);
    this.tiles.use(this.decoder, [...ink, 0]);
    this.tiles.show(this.data.layers.includes("manifold"));
    this.showNames();
    if (JSON.stringify(looks) === this.drawn) return;
    this.drawn = JSON.stringify(looks);
    const { gridcolor } = looks.axis;
    this.Plotly.update(this.plot, { "marker.opacity": looks.opacity }, { ...looks.layout, "xaxis.gridcolor": gridcolor, "yaxis.gridcolor": gridcolor });
  }

  size() {
    return { width: this.map.clientWidth, height: this.map.clientHeight };
  }

  box() {
    const { width, height } = this.size(), { l, r, t, b } = this.margin;
    return { left: l, top: t, width: Math.max(1, width - l - r), height: Math.max(1, height - t - b) };
  }

  /** Ranges that show "most" of the codes (their central 98 %) or "all" of them, one unit as long on both axes. */
  fit(what) {
    const { left, right, bottom, top } = this.figure.extents[what], box = this.box();
    const unit = Math.max((right - left) * PAD / box.width, (top - bottom) * PAD / box.height);
    this.centre((left + right) / 2, (bottom + top) / 2, unit);
    this.framing = what; // null once someone has moved the view
  }

  /** Is what the view was fitted to still in it, and not lost in the middle of it? */
  wellFramed() {
    const { left, right, bottom, top } = this.figure.extents[this.framing], [l, r] = this.xr, [b, t] = this.yr;
    const fill = Math.max((right - left) / (r - l), (top - bottom) / (t - b));
    return left >= l && right <= r && bottom >= b && top <= t && fill >= MIN_FILL;
  }

  /** Put (x, y) in the middle, with so many units to a pixel. */
  centre(x, y, unit) {
    const box = this.box();
    this.xr = [x - unit * box.width / 2, x + unit * box.width / 2];
    this.yr = [y - unit * box.height / 2, y + unit * box.height / 2];
  }

  relayout() {
    return this.Plotly.relayout(this.plot, { "xaxis.range": [...this.xr], "yaxis.range": [...this.yr], ...this.size() });
  }

  /** The map has another size; or what stands beside it has, and what the page puts below that moves along. */
  resize() {
    this.room.style.setProperty("--lm-side-height", `${this.side.offsetHeight}px`);
    if (!this.plotted || this.gone || !this.map.clientWidth) return;
    if (this.map.clientWidth === this.plot.layout.width && this.map.clientHeight === this.plot.layout.height) return;
    if (this.framing) this.fit(this.framing);
    else this.centre(...this.middle(), this.unit * this.plot.layout.width / this.map.clientWidth);
    this.relayout();
  }

  middle() {
    return [(this.xr[0] + this.xr[1]) / 2, (this.yr[0] + this.yr[1]) / 2];
  }

  /** Units to a pixel when zoomed out all the way. */
  maxUnit() {
    const { width, height } = this.box();
    return 2 * OUT * this.data.bound / Math.min(width, height);
  }

  /** Zoom by a factor around a point of the latent space (default: the middle), as far as it goes. */
  zoom(factor, [x, y] = this.middle()) {
    const by = this.unit / clamp(this.unit / factor, MIN_UNIT, this.maxUnit());
    this.framing = null;
    this.xr = this.xr.map((v) => x + (v - x) / by);
    this.yr = this.yr.map((v) => y + (v - y) / by);
    this.keepInside();
    return this.relayout();
  }

  /** The middle of the view stays where points can be; true where it had to be moved. */
  keepInside() {
    const middle = this.middle(), inside = middle.map((v) => clamp(v, -this.limit, this.limit));
    const moved = middle.some((v, i) => v !== inside[i]);
    if (moved) this.centre(...inside, (this.xr[1] - this.xr[0]) / this.box().width);
    return moved;
  }

  /** Bring z into the view, well away from its edges, when it is at one or beyond. */
  bringIn(z) {
    const edge = EDGE_PX * this.unit;
    const shifts = [this.xr, this.yr].map(([low, high], i) => {
      const inset = FOLLOW * (high - low);
      return z[i] > high - edge ? z[i] - (high - inset) : z[i] < low + edge ? z[i] - (low + inset) : 0;
    });
    if (!shifts.some(Boolean)) return;
    this.framing = null;
    this.xr = this.xr.map((v) => v + shifts[0]);
    this.yr = this.yr.map((v) => v + shifts[1]);
    this.relayout();
  }

  viewChanged(change) {
    const at = (axis, old) => [0, 1].map((i) => change[`${axis}.range[${i}]`] ?? change[`${axis}.range`]?.[i] ?? old[i]);
    this.xr = at("xaxis", this.xr);
    this.yr = at("yaxis", this.yr);
    this.unit = (this.xr[1] - this.xr[0]) / this.box().width;
    this.tiles.look(this.xr, this.yr, this.box());
    this.stretch();
    this.place(this.kept, this.committed);
    this.place(this.cross, this.shown);
    this.placeNames();
  }

  /** The sliders reach as far as the view and the point, and never less far than the codes. */
  stretch() {
    [this.xr, this.yr].forEach((range, i) => {
      const slider = this.sliders[i], { bound } = this.data, z = this.shown?.[i] ?? 0;
      const min = Math.max(-this.limit, Math.floor(2 * Math.min(-bound, range[0], z)) / 2);
      const max = Math.min(this.limit, Math.ceil(2 * Math.max(bound, range[1], z)) / 2);
      if (this.spans[i][0] === min && this.spans[i][1] === max) return;
      this.spans[i] = [min, max];
      Object.assign(slider, { min, max, value: z });
    });
  }

  toPixel([x, y]) {
    const box = this.box();
    return [
      box.left + (x - this.xr[0]) / (this.xr[1] - this.xr[0]) * box.width,
      box.top + (this.yr[1] - y) / (this.yr[1] - this.yr[0]) * box.height,
    ];
  }

  /** Is z where points can be? */
  allowed(z) {
    return z.every((v) => Math.abs(v) <= this.limit);
  }

  /** Pixel of the page -> latent point, or null outside the plot and beyond the limit. */
  toLatent({ clientX, clientY }) {
    if (!this.plotted) return null;
    const outer = this.map.getBoundingClientRect(), box = this.box();
    const u = (clientX - outer.left - this.map.clientLeft - box.left) / box.width;
    const v = (clientY - outer.top - this.map.clientTop - box.top) / box.height;
    if (u < 0 || u > 1 || v < 0 || v > 1) return null;
    const z = [this.xr[0] + u * (this.xr[1] - this.xr[0]), this.yr[1] - v * (this.yr[1] - this.yr[0])];
    return this.allowed(z) ? z : null;
  }

  place(mark, z) {
    const visible = Boolean(z && this.xr);
    mark.setAttribute("visibility", visible ? "visible" : "hidden");
    if (!visible) return;
    const [x, y] = this.toPixel(z);
    mark.setAttribute("transform", `translate(${x} ${y})`);
  }

  /** A button for each class; while a run learns, the classes stay, and so does what was chosen of them. */
  buildLegend({ view, timeline }) {
    const classes = JSON.stringify([view, this.figure.data.map(({ meta, name, marker }) => [meta, name, marker.color])]);
    if (timeline && classes === this.classes) return;
    this.classes = classes;
    const legend = this.root.querySelector(".lm-legend");
    legend.replaceChildren(...this.figure.data.map((trace) => {
      const button = Object.assign(document.createElement("button"), { type: "button", textContent: trace.name });
      button.style.setProperty("--class-colour", trace.marker.color);
      button.dataset.label = trace.meta;
      button.title = "Click: this class alone. Shift-click or long press: add it.";
      const { signal } = this;
      button.addEventListener("click", (event) => this.choose(trace.meta, event.shiftKey), { signal });
      button.addEventListener("contextmenu", (event) => {
        event.preventDefault();
        this.choose(trace.meta, true);
      }, { signal });
      return button;
    }));
    this.chosen.clear();
    this.markLegend();
  }

  /** One class alone (again: all of them), or one more (again: one less). */
  choose(label, add) {
    const alone = this.chosen.size === 1 && this.chosen.has(label);
    if (add) this.chosen.has(label) ? this.chosen.delete(label) : this.chosen.add(label);
    else this.chosen = new Set(alone ? [] : [label]);
    if (this.chosen.size === this.figure.data.length) this.chosen.clear();
    this.markLegend();
    this.refresh();
  }

  markLegend() {
    for (const button of this.root.querySelectorAll(".lm-legend button")) {
      button.setAttribute("aria-pressed", this.chosen.has(Number(button.dataset.label)));
      button.classList.toggle("lm-dim", this.chosen.size > 0 && !this.chosen.has(Number(button.dataset.label)));
    }
  }

  // --- decoding ---------------------------------------------------------------------------------------------------------

  /** Decode z on the next frame; of several points asked for before it, the latest wins. `since`: when the event came. */
  ask(z, since = performance.now()) {
    this.asked = z;
    this.since ??= since; // the oldest event that this frame answers
    this.frame ??= requestAnimationFrame(() => {
      this.frame = undefined;
      this.show(this.asked);
      this.measure(DECODE, this.since);
      this.since = undefined;
    });
  }

  measure(name, start) {
    performance.measure(name, { start, end: performance.now() });
    if (++this.measures[name] <= MAX_MEASURES) return;
    performance.clearMeasures(name);
    this.measures[name] = 0;
  }

  /** Someone looks at z, with the mouse at `pointer` or in another way, and goes on until `leave` or `commit`. */
  look(z, since, pointer = null) {
    this.pointing = true;
    this.pointer = pointer;
    this.ask(z, since);
  }

  /** The point being looked at: what is under the mouse now, else where finger, key or slider have put it. */
  pointed() {
    if (this.frame) return this.asked;
    return (this.pointer && this.toLatent(this.pointer)) ?? this.shown;
  }

  /** Decode and paint z now, and put crosshair, sliders and words to it; null empties the image. */
  show(z) {
    this.shown = z;
    this.place(this.cross, z);
    this.image.setAttribute("aria-label", z ? `Decoded image at z = (${z.map(format).join(", ")})` : "Decoded image: no point is chosen");
    if (!z || !this.decoder) {
      this.paint(null);
      this.near.textContent = z ? "" : "No point is chosen. Move over the map, or click to keep a point.";
      for (const output of this.outputs) output.textContent = "";
      return;
    }
    this.paint(this.decoder.decode(z[0], z[1]));
    if (z.some((v, i) => v < this.spans[i][0] || v > this.spans[i][1])) this.stretch();
    z.forEach((v, i) => {
      this.sliders[i].value = v;
      this.outputs[i].textContent = format(v);
    });
    const { index, distance } = this.figure.index.find(z[0], z[1]);
    const { owner, row } = this.figure.codes;
    if (index >= 0) this.near.textContent = `Nearest ${this.data.nearest}: ${this.figure.data[owner[index]].name} (test image ${row[index].toLocaleString("en")}), ${distance < 0.005 ? "right here" : `${distance.toFixed(2)} away`}`;
  }

  paint(ink) {
    const out = this.pixels.data;
    for (let i = 0; i < PIXELS; i++) {
      out[4 * i] = out[4 * i + 1] = out[4 * i + 2] = ink ? Math.round(255 * ink[i]) : 0;
      out[4 * i + 3] = ink ? 255 : 0;
    }
    this.context.putImageData(this.pixels, 0, 0);
  }

  /** Back to the kept point. */
  restore() {
    cancelAnimationFrame(this.frame);
    this.frame = this.since = undefined;
    this.show(this.committed);
    if (this.committed && this.answer) this.paint(this.answer); // the server's own decode, where the browser has none
  }

  setCommitted(z, decoded) {
    this.committed = z ?? null;
    this.answer = decoded ? Float32Array.from(atob(decoded), (c) => c.charCodeAt(0) / 255) : null;
    this.place(this.kept, this.committed);
    this.placeNames();
    if (!this.pointing && !this.tour.running) this.restore();
  }

  /** Keep z (null: none) and tell Python once. Beyond the limit there is nothing to keep. */
  commit(z) {
    clearTimeout(this.keyTimer);
    this.tour.stop();
    if (!this.plotted) return;
    if (z && !this.allowed(z)) return this.leave();
    const kept = z && z.map((v) => Math.round(v * 1e4) / 1e4);
    this.pointing = false;
    this.setCommitted(kept, null);
    this.root.querySelector("[aria-live]").textContent = kept ? `Kept ${this.data.axes.map(([name], i) => `${name} = ${format(kept[i])}`).join(", ")}. ${this.near.textContent}` : "No point is kept.";
    this.tell("pick", { z: kept, commit: ++this.sent });
  }

  /** Keep z when no key was pressed for a moment. */
  commitSoon(z) {
    clearTimeout(this.keyTimer);
    this.keyTimer = setTimeout(() => this.commit(z), KEY_COMMIT_MS);
  }

  /** Show the map; where that is what is shown, with its outliers. */
  reset() {
    if (!this.plotted) return;
    this.fit(this.framing === "most" ? "all" : "most");
    this.relayout();
  }

  leave() {
    if (!this.pointing) return;
    this.pointing = false;
    this.restore();
  }

  /** The code under z if there is one within SNAP_PX, else z. */
  snap(z) {
    const { index, distance } = this.figure.index.find(z[0], z[1]), { x, y, owner } = this.figure.codes;
    if (index < 0 || distance >= SNAP_PX * this.unit || !this.data.layers.includes("points")) return z;
    const dimmed = this.chosen.size && !this.chosen.has(this.figure.data[owner[index]].meta);
    return dimmed ? z : [x[index], y[index]];
  }

  destroy() {
    this.gone = true;
    this.tour.stop();
    this.tiles.stop();
    this.timeline?.destroy();
    cancelAnimationFrame(this.frame);
    clearTimeout(this.keyTimer);
    if (this.plotted) this.Plotly.purge(this.plot);
  }
}

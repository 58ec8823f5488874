// The plot: Plotly's scatter of the codes, which pans by dragging and zooms by the wheel, in the part of the latent space that a viewport says.

import { listener, onResize } from "../events.js";
import { Sketch } from "./sketch.js";

const AXES = ["xaxis", "yaxis"], TICK_PX = 36; // between two labels
const LETTERS_PX = 12, NUMBERS = 0.72; // of the numbers at the axes; in a presentation, of its type
const CONFIG = { displayModeBar: false, scrollZoom: true, doubleClick: false, responsive: false };

const painted = () => new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve)));

let loading;
/** Plotly, fetched once a page; not before what is on show already is painted, because running it takes the page a while. */
export async function loadPlotly(path) {
  if (!window.Plotly) await painted();
  loading ??= new Promise((resolve, reject) => {
    const script = Object.assign(document.createElement("script"), { src: path });
    script.onload = () => resolve(window.Plotly);
    script.onerror = () => {
      loading = undefined;
      reject(new Error("plotly.min.js could not be fetched"));
    };
    document.head.append(script);
  });
  return loading;
}

let webgl = true; // until Plotly says that there is none; asking for a context of our own would cost 66 ms

/** A plot's colour for the lines behind it, from that of its words; the system's too, where its colours are forced. */
export const faint = (colour) => colour.replace(/^rgb\((.*)\)$/, "rgba($1, 0.14)");

export class Plot {
  /** map: the element that it fills; changed() is called when the view has. */
  constructor(map, viewport, changed, signal) {
    Object.assign(this, { map, viewport, element: map.querySelector(".lm-plot") });
    this.sketch = new Sketch(this, signal);
    this.changed = () => {
      changed();
      this.sketch.draw();
    };
    onResize(map, () => this.resize(), signal);
    const on = listener(signal), above = map.querySelector(".lm-catch");
    for (const type of ["mousedown", "wheel"]) on(above, type, (event) => this.hand(event), { passive: false });
    signal.addEventListener("abort", () => this.end(), { once: true });
  }

  end() {
    this.ended = true;
    if (this.drawn) this.Plotly.purge(this.element);
  }

  get withoutWebgl() {
    return !webgl;
  }

  /** The map's size as it is now, before a view is fitted to it. */
  measure(margin) {
    this.margin = margin;
    Object.assign(this.viewport, { width: this.map.clientWidth, height: this.map.clientHeight });
    this.makeRoom();
  }

  /** Draw a figure once Plotly is there (its address is `path`), unless another is asked for meanwhile. All of its looks() at once, because
   *  every change to a drawn plot costs a redraw. */
  async draw(path, figure, looks) {
    this.begin(figure, looks);
    const Plotly = await loadPlotly(path);
    if (this.figure === figure && !this.ended) await this.react(Plotly, figure, looks());
  }

  /** Until Plotly draws the figure, the sketch does. */
  begin(figure, looks) {
    Object.assign(this, { figure, looks });
    if (!this.drawn) this.sketch.use(looks());
  }

  /** What the axes are to be, of Plotly's layout: the ranges on show, and labels where the scale has its own. */
  axes() {
    const { xr, yr, unit, scale } = this.viewport, room = ([low, high]) => [2 * low - high, 2 * high - low]; // as far as a drag leads
    return [xr, yr].map((range) => ({ range: [...range], ...scale.ticks(room(range), TICK_PX * this.enlarged * unit) }));
  }

  /** The labels that the axes are to have, to compare. */
  labels() {
    return JSON.stringify(this.axes().map(({ tickvals }) => tickvals));
  }

  async react(Plotly, figure, looks) {
    this.Plotly = Plotly;
    const { width, height, scale } = this.viewport, style = this.style(), layout = { ...structuredClone(figure.layout), width, height, margin: this.viewport.margin, ...looks.layout, ...style.layout };
    const traces = scale.drawn(figure).data.map((trace, i) => ({
      ...trace, type: webgl ? "scattergl" : "scatter", marker: { ...trace.marker, ...looks.dots[i] },
    }));
    this.axes().forEach((axis, i) => Object.assign(layout[AXES[i]], style.axis, axis));
    this.labelled = this.labels();
    await Plotly.react(this.element, traces, layout, CONFIG);
    if (webgl && this.element.querySelector(".no-webgl")) {
      webgl = false;
      Plotly.purge(this.element);
      this.element.replaceChildren();
      return this.react(Plotly, figure, looks);
    }
    if (!this.drawn) this.listen();
    this.sketch.end();
    this.map.dataset.plotted = "";
    Object.assign(this, { drawn: JSON.stringify([looks, style]), scale });
    this.changed();
    this.resize(); // it may have another size since
  }

  /** Plotly drags and zooms by an event on what lies above it. */
  hand(event) {
    const same = new event.constructor(event.type, event);
    if (this.element.querySelector(".nsewdrag")?.dispatchEvent(same) === false) event.preventDefault();
  }

  listen() {
    this.element.on("plotly_relayouting", (change) => {
      this.viewport.framing = null; // by hand: Plotly says so of a drag or the wheel, not of what is asked of it
      this.read(change);
    });
    this.element.on("plotly_relayout", (change) => {
      this.read(change);
      if (this.viewport.keepInside() || this.labels() !== this.labelled) this.relayout();
    });
  }

  /** How much larger the numbers at the axes are than usual: in a presentation they are read from the back of a room. */
  get enlarged() {
    return this.map.closest(".lm-stage") ? Math.max(1, (NUMBERS * parseFloat(getComputedStyle(this.map).fontSize)) / LETTERS_PX) : 1;
  }

  /** Around the plot there is room for its numbers; in and out of a presentation it changes. */
  makeRoom() {
    const { viewport, enlarged, margin } = this;
    if (!margin) return;
    viewport.margin = { ...margin, l: Math.round(margin.l * enlarged), b: Math.round(margin.b * enlarged) };
  }

  /** The same for what is drawn already. */
  redraw() {
    const { figure, viewport } = this;
    this.makeRoom();
    if (!figure) return;
    if (viewport.framing) viewport.fit(figure.extents, viewport.framing);
    if (this.drawn) this.react(this.Plotly, figure, this.looks());
    else this.update(this.looks());
  }

  /** What the theme makes of the plot: parts of the layout, and of both axes. The names are a layer of their own. */
  style() {
    const { color, fontFamily: family } = getComputedStyle(this.map);
    return { layout: { font: { color, family, size: LETTERS_PX * this.enlarged }, annotations: [] }, axis: { gridcolor: faint(color) } };
  }

  /** Bring the plot up to date with theme, layers and legend. */
  update(looks) {
    if (!this.drawn) return this.sketch.use(looks);
    const style = this.style(), wanted = JSON.stringify([looks, style]), { gridcolor } = style.axis;
    if (wanted === this.drawn) return;
    this.drawn = wanted;
    const layout = { ...looks.layout, ...style.layout, "xaxis.gridcolor": gridcolor, "yaxis.gridcolor": gridcolor };
    const dots = Object.keys(looks.dots[0] ?? {}).map((name) => [`marker.${name}`, looks.dots.map((dot) => dot[name])]);
    this.Plotly.update(this.element, Object.fromEntries(dots), layout);
  }

  /** Show what the viewport says; on another scale than before, everything is drawn anew. */
  relayout() {
    const { width, height, scale } = this.viewport;
    if (!this.drawn) {
      this.changed();
      if (scale !== this.sketch.scale) this.update(this.looks());
      return;
    }
    if (scale !== this.scale) return this.react(this.Plotly, this.figure, this.looks());
    this.labelled = this.labels();
    const entries = this.axes().flatMap((axis, i) => Object.entries(axis).map(([key, value]) => [`${AXES[i]}.${key}`, value]));
    return this.Plotly.relayout(this.element, { ...Object.fromEntries(entries), width, height });
  }

  zoom(factor, z) {
    this.viewport.zoom(factor, z);
    return this.relayout();
  }

  /** Move the view; it is drawn with the zoom that follows. */
  shift(dx, dy) {
    this.viewport.shift(dx, dy);
  }

  bringIn(z) {
    if (this.viewport.bringIn(z)) this.relayout();
  }

  /** Show the map; where that is what is shown, with its outliers. */
  reset() {
    this.viewport.fit(this.figure.extents, this.viewport.framing === "most" ? "all" : "most");
    return this.relayout();
  }

  /** Plotly has moved. */
  read(change) {
    const at = (axis, old) => [0, 1].map((i) => change[`${axis}.range[${i}]`] ?? change[`${axis}.range`]?.[i] ?? old[i]);
    const { viewport } = this;
    Object.assign(viewport, { xr: at("xaxis", viewport.xr), yr: at("yaxis", viewport.yr) });
    this.changed();
  }

  resize() {
    const { clientWidth: width, clientHeight: height } = this.map;
    if (!this.figure || !width || (width === this.viewport.width && height === this.viewport.height)) return;
    this.viewport.resize(width, height, this.figure.extents);
    this.relayout();
  }

  /** The event's latent point; null outside the plot and beyond the limit, or the `nearest` one. */
  toLatent({ clientX, clientY }, nearest = false) {
    const { left, top } = this.place = this.element.getBoundingClientRect();
    return this.viewport.toLatent([clientX - left, clientY - top], nearest);
  }
}

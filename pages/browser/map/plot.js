// The plot: Plotly's scatter of the codes in the part of the latent space that a viewport says, between axes and rings on canvases. Plotly takes
// several frames to draw another part: while the view moves, dots of our own (layers/points.js) stand for its, and once that rests it is told
// when nothing else is to be done. Where WebGL is emulated, ours stay in view: each picture of Plotly's would be read back in one task, of 65 ms
// and more where the CPU is slow.

import { onResize } from "../events.js";
import { Dragging } from "./dragging.js";
import { Sketch } from "./sketch.js";

const AXES = ["xaxis", "yaxis"], TICK_PX = 36; // between two labels
const LETTERS_PX = 12, NUMBERS = 0.72; // of the numbers at the axes; in a presentation, of its type
const CONFIG = { staticPlot: true, displayModeBar: false, responsive: false };
const REST_MS = 300, PATIENCE_MS = 2000; // without a move, after which Plotly is told; how long it waits for an idle moment then
const DRAWING_MS = 200; // from Plotly's commands to their picture, where there is no GPU
const whenIdle = (then) => (window.requestIdleCallback ? requestIdleCallback(then, { timeout: PATIENCE_MS }) : setTimeout(then));

const EMULATED = /swiftshader|llvmpipe|softpipe|software|basic render/i, MASKED = "WebKit WebGL"; // names of renderers; what Chromium says in place of one

/** Whether a WebGL context is drawn by the CPU. */
function byCpu(gl) {
  const said = gl.getParameter(gl.RENDERER), info = said === MASKED && gl.getExtension("WEBGL_debug_renderer_info");
  return EMULATED.test(info ? gl.getParameter(info.UNMASKED_RENDERER_WEBGL) : said);
}

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
    this.hand = new Dragging(this, map.querySelector(".lm-catch"), signal);
    this.changed = () => {
      changed();
      this.sketch.draw();
    };
    onResize(map, () => this.resize(), signal);
    signal.addEventListener("abort", () => this.end(), { once: true });
  }

  end() {
    this.ended = true;
    clearTimeout(this.resting);
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

  begin(figure, looks) {
    Object.assign(this, { figure, looks });
    this.sketch.use(looks());
  }

  /** What the axes are to be: the ranges on show, and labels where the scale has its own. */
  axes() {
    const { xr, yr, unit, scale } = this.viewport;
    return [xr, yr].map((range) => ({ range, ...scale.ticks(range, TICK_PX * this.enlarged * unit) }));
  }

  async react(Plotly, figure, looks) {
    this.Plotly = Plotly;
    this.sketch.use(looks);
    const { viewport: { width, height, margin, scale }, element, ranges } = this, tried = webgl, layout = { ...structuredClone(figure.layout), width, height, margin, shapes: [], annotations: [] };
    const traces = scale.drawn(figure).data.map((trace, i) => ({
      ...trace, type: webgl ? "scattergl" : "scatter", marker: { ...trace.marker, ...looks.dots[i] },
    }));
    ranges.forEach((range, i) => Object.assign(layout[AXES[i]], { range, visible: false }));
    await Plotly.react(element, traces, layout, CONFIG);
    if (tried && element.querySelector(".no-webgl")) { // another map may have found out meanwhile
      webgl = false;
      Plotly.purge(element);
      element.querySelector(".plot-container")?.remove();
      return this.react(Plotly, figure, looks);
    }
    this.sketch.canvases.embrace(element);
    Object.assign(this, { drawn: JSON.stringify(looks.dots), scale });
    this.told(ranges);
    this.changed();
    this.resize(); // it may have another size since
  }

  /** What Plotly's axes are to show. */
  get ranges() {
    return [this.viewport.xr, this.viewport.yr].map((range) => [...range]);
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

  /** Of what is written and drawn besides the dots: {ink, line, font: as CSS has it}. */
  style() {
    const { color, fontFamily } = getComputedStyle(this.map);
    return { ink: color, line: faint(color), font: `${LETTERS_PX * this.enlarged}px ${fontFamily}` };
  }

  /** Bring the plot up to date with theme, layers and legend. */
  update(looks) {
    this.sketch.use(looks);
    const wanted = JSON.stringify(looks.dots);
    if (!this.drawn || wanted === this.drawn) return;
    this.drawn = wanted;
    const dots = Object.keys(looks.dots[0] ?? {}).map((name) => [`marker.${name}`, looks.dots.map((dot) => dot[name])]);
    this.Plotly.restyle(this.element, Object.fromEntries(dots));
  }

  /** Show what the viewport says; on another scale than before, everything is drawn anew. */
  relayout() {
    const { scale } = this.viewport;
    if (this.drawn && scale !== this.scale) return this.react(this.Plotly, this.figure, this.looks());
    if (this.drawn) this.moved();
    this.changed();
    if (scale !== this.sketch.scale) this.update(this.looks());
  }

  /** Our dots stand for Plotly's, until it has drawn the view that rests. */
  moved() {
    const { map } = this, move = (this.move = {});
    delete map.dataset.plotted;
    map.classList.remove("lm-plotted");
    clearTimeout(this.resting);
    this.resting = setTimeout(() => whenIdle(() => move === this.move && !this.ended && this.tell()), REST_MS);
  }

  /** Tell Plotly what the viewport says. */
  async tell() {
    const { viewport: { width, height }, ranges, element: { layout } } = this, same = layout?.width === width && layout.height === height;
    await this.Plotly.relayout(this.element, { ...Object.fromEntries(ranges.map((range, i) => [`${AXES[i]}.range`, range])), ...(same ? {} : { width, height }) });
    await this.pictured();
    if (!this.ended) this.told(ranges);
  }

  /** Once the dots are drawn. Shown before, the page would wait for that in the frame that reads them back. */
  pictured() {
    const canvas = this.element.querySelector(".gl-canvas-context");
    if (this.emulated) return undefined; // they are not shown
    canvas?.getContext("webgl")?.flush(); // else what is hidden is begun when it is shown
    return canvas && new Promise((resolve) => setTimeout(resolve, DRAWING_MS));
  }

  /** Whether Plotly's WebGL is drawn by the CPU; asked once. */
  get emulated() {
    const gl = this.element.querySelector(".gl-canvas-context")?.getContext("webgl");
    if (gl) this.slow ??= byCpu(gl);
    return Boolean(gl && this.slow);
  }

  /** Plotly has drawn these ranges. */
  told(ranges) {
    if (String(ranges) !== String(this.ranges)) return this.moved(); // someone has moved it meanwhile
    clearTimeout(this.resting);
    this.move = null;
    this.map.dataset.plotted = "";
    this.map.classList.toggle("lm-plotted", !this.emulated);
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

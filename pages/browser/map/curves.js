// The loss curves under the scrubber: Plotly's lines, and over them a mark that moves with the epoch without drawing them again.

import { listener, onResize } from "../events.js";
import { faint, loadPlotly } from "./plot.js";
import { SHAPES, clipPath } from "./shapes.js";

const HEIGHT = 220, TOP = 8, BOTTOM = 40; // px
const SMALL = 0.3; // groups whose peak is below this share of the highest one's get axes of their own, or they would be a flat line
const ALONE = [[0, 1]], UPPER_AND_LOWER = [[0.4, 1], [0, 0.28]]; // shares of the height
const THUMB = 8; // half of the slider's thumb: where its track of values begins
const APART = 56; // of a plot whose slider stands elsewhere, room for the axis' words and numbers
const DOT = 4, SHAPED = 1.2; // radius of a dot where an epoch is marked, and so much larger where each group has a shape of its own (shaping.js)
const GROUPS = ["circle", "square", "diamond", "triangle-up", "star", "cross"]; // their shapes, in the order of the groups
const PAD = 0.06; // of the curves' range, above and below
const LEAST = 0.003; // of the largest value, the same: one epoch's two losses differ by thousandths, which no axis should be full of

const EXPONENT = Object.fromEntries([..."0123456789-"].map((digit, i) => [digit, "⁰¹²³⁴⁵⁶⁷⁸⁹⁻"[i]]));
const scientific = (v) => v.toExponential(1).replace(/e\+?(.*)/, (_, power) => ` × 10${[...power].map((c) => EXPONENT[c]).join("")}`);
const number = (v) => (Math.abs(v) < 1e6 ? v.toFixed(Math.abs(v) < 10 ? 2 : 1) : scientific(v)).replace("-", "−");

const median = (values) => values.sort((a, b) => a - b)[values.length >> 1];

/** The lowest and highest of the values, without those that would squeeze half of the others into one pixel: they are drawn at the edge. */
export function reach(values) {
  const finite = values.filter(Number.isFinite);
  if (!finite.length) return [0, 1];
  const middle = median([...finite]), spread = median(finite.map((v) => Math.abs(v - middle))); // of the nearer half
  const far = (HEIGHT - TOP - BOTTOM) * Math.max(2 * spread, 0.01 * Math.abs(middle)); // a hundredth: curves that are flat have a few, too
  const kept = finite.filter((v) => Math.abs(v - middle) <= (far || Infinity));
  return [Math.min(...kept), Math.max(...kept)];
}

export class Curves {
  /** strip: what holds the plot and its keys; slider: whose track the epochs are aligned to; pick(epoch) on a click; listeners end with the signal. */
  constructor(strip, slider, pick, signal) {
    const find = (selector) => strip.querySelector(selector);
    this.box = find(".lm-curves");
    this.plot = find(".lm-curves-plot");
    this.marks = find(".lm-curves-marks");
    this.keys = find(".lm-keys");
    this.outside = find(".lm-outside");
    this.slider = slider;
    this.chosen = new Set(); // groups that are drawn; empty: all
    this.on = listener(signal);
    this.on(this.box, "pointermove", (event) => this.point(event));
    this.on(this.box, "pointerleave", () => this.point(null));
    this.on(this.box, "click", (event) => pick(this.toEpoch(event)));
    onResize(this.box, () => this.draw(), signal);
    signal.addEventListener("abort", () => this.drawn && this.Plotly.purge(this.plot), { once: true });
  }

  update(path, curves, domain) {
    Object.assign(this, { curves, domain });
    this.box.hidden = !curves.epoch.length;
    this.list();
    if (this.Plotly) this.draw();
    else loadPlotly(path).then((Plotly) => {
      this.Plotly = Plotly;
      this.draw();
    }, () => {}); // the map says that it could not be fetched
  }

  /** A key for each series: its line, its name, its value. */
  list() {
    const series = this.curves.epoch.length ? this.curves.series : [], named = JSON.stringify(series.map(({ values, ...look }) => look));
    if (named === this.listed) return;
    this.listed = named;
    this.keys.replaceChildren(...series.map(({ name, group, colour, dashed }) => {
      const key = Object.assign(document.createElement("button"), { type: "button", title: "Click: this kind of curve alone. Shift-click: add it." });
      key.innerHTML = "<i></i><span></span><b></b>";
      key.querySelector("span").textContent = name;
      const { style } = key.querySelector("i");
      style.borderTop = `2px ${dashed ? "dashed" : "solid"} ${colour}`;
      style.setProperty("--curve-colour", colour);
      style.setProperty("--curve-shape", clipPath(this.shapeOf(group)));
      this.on(key, "click", (event) => this.choose(group, event.shiftKey));
      return key;
    }));
  }

  /** One group of curves alone (again: all of them), or one more (again: one less). */
  choose(group, add) {
    const alone = this.chosen.size === 1 && this.chosen.has(group);
    if (add) this.chosen.has(group) ? this.chosen.delete(group) : this.chosen.add(group);
    else this.chosen = new Set(alone ? [] : [group]);
    this.draw();
  }

  /** Of a group of curves, beside its colour. */
  shapeOf(group) {
    const symbol = GROUPS[[...new Set(this.curves.series.map((one) => one.group))].indexOf(group) % GROUPS.length];
    return SHAPES.find((one) => one.symbol === symbol);
  }

  lit = ({ group }) => !this.chosen.size || this.chosen.has(group);

  draw() {
    if (!this.Plotly || this.box.hidden || !this.box.clientWidth) return;
    const style = getComputedStyle(this.box), { chosen, curves, domain } = this;
    const look = { width: this.box.clientWidth, margin: this.margins(), colour: style.color, family: style.fontFamily, grid: faint(style.color) };
    const wanted = JSON.stringify([look, [...chosen], curves, domain]);
    if (wanted === this.drawn) return;
    this.drawn = wanted;
    this.panels = this.split();
    this.sayBeyond();
    this.Plotly.react(this.plot, this.traces(), this.layout(look), { staticPlot: true, displayModeBar: false, responsive: false });
    this.mark(this.epoch);
  }

  /** The plot begins and ends where the slider's values do, so that line and thumb stand under each other; not under one that is elsewhere, or not to be seen. */
  margins() {
    const plot = this.box.getBoundingClientRect(), track = this.slider.getBoundingClientRect();
    if (!track.width || !this.box.parentElement.contains(this.slider)) return { l: APART, r: THUMB, t: TOP, b: BOTTOM };
    return { l: Math.round(track.left - plot.left + THUMB), r: Math.round(plot.right - track.right + THUMB), t: TOP, b: BOTTOM };
  }

  /** The curves that are drawn, on one pair of axes, or on two where they are of different size. */
  split() {
    const lit = this.curves.series.filter(this.lit), peaks = {};
    for (const { group } of lit) peaks[group] ??= Math.max(...reach(lit.filter((one) => one.group === group).flatMap(({ values }) => values)).map(Math.abs));
    const highest = Math.max(...Object.values(peaks)), small = lit.filter(({ group }) => peaks[group] < SMALL * highest);
    const parts = [lit.filter((series) => !small.includes(series)), small].filter((part) => part.length);
    return parts.map((series, i) => ({ series, range: this.axis(series), domain: (parts[1] ? UPPER_AND_LOWER : ALONE)[i] }));
  }

  /** What an axis shows: where these curves are, and where a comparable model ended, with room around; below 0 none, where no value is. */
  axis(series) {
    const { reference } = this.curves, beside = reference && series.some(({ group }) => group === reference.group) ? [reference.nats] : [];
    const [low, high] = reach([...series.flatMap(({ values }) => values), ...beside]), room = Math.max(PAD * (high - low || 1), LEAST * Math.max(Math.abs(low), Math.abs(high)));
    return [low < 0 ? low - room : Math.max(0, low - room), high + room];
  }

  /** Values that their axis does not reach: with their epoch, their curve, and the edge beyond which they lie. */
  beyond() {
    return this.panels.flatMap(({ series, range: [low, high] }, panel) => series.flatMap(({ name, values, colour }) => values.flatMap((v, i) =>
      Number.isFinite(v) && (v < low || v > high) ? [{ name, colour, panel, value: v, epoch: this.curves.epoch[i], edge: v > high ? high : low, above: v > high }] : [])));
  }

  traces() {
    const x = this.curves.epoch, mode = x.length < 3 ? "lines+markers" : "lines", on = (panel) => (panel ? "y2" : "y");
    const lines = this.panels.flatMap(({ series, range: [low, high] }, panel) => series.map(({ name, values, colour, dashed }) => ({
      x, y: values.map((v) => (Number.isFinite(v) ? v : null)), name, mode, yaxis: on(panel), cliponaxis: values.some((v) => v < low || v > high), // 0 is at the edge
      marker: { size: 5 }, line: { color: colour, width: 2, dash: dashed ? "dash" : "solid" },
    })));
    return [...lines, ...this.beyond().map(({ name, colour, panel, epoch, edge, above }) => ({
      x: [epoch], y: [edge], name, mode: "markers", yaxis: on(panel), cliponaxis: false, marker: { size: 11, color: colour, symbol: `triangle-${above ? "up" : "down"}` },
    }))];
  }

  /** Say which values lie beyond their axis, the farthest of them by name. */
  sayBeyond() {
    const beyond = this.beyond().sort((a, b) => Math.abs(b.value) - Math.abs(a.value)), [{ name, epoch, value, above } = {}] = beyond;
    this.outside.hidden = !beyond.length;
    const others = beyond.length > 1 ? `, and ${beyond.length - 1} more ${beyond.length > 2 ? "values" : "value"}` : "";
    this.outside.textContent = beyond.length ? `${above ? "▲" : "▼"} Beyond the axis: ${name} ${number(value)} in epoch ${epoch}${others}.` : "";
  }

  /** Where a comparable model ended, on the axis of its loss: none or one. */
  ended() {
    const { reference } = this.curves, panel = this.panels.findIndex(({ series }) => series.some(({ group }) => group === reference?.group));
    const fits = panel >= 0 && reference.nats >= this.panels[panel].range[0] && reference.nats <= this.panels[panel].range[1];
    return fits ? [{ ...reference, yref: panel ? "y2" : "y" }] : [];
  }

  layout({ width, margin, colour, family, grid }) {
    const axis = { fixedrange: true, zeroline: false, gridcolor: grid, automargin: false, exponentformat: "power" }, [from, to] = this.domain, [upper, lower] = this.panels;
    const ended = this.ended();
    const across = ({ range, domain }, nticks) => ({ ...axis, range, domain, nticks });
    return {
      width, margin, height: HEIGHT, showlegend: false, hovermode: false, dragmode: false,
      font: { color: colour, family, size: 12 }, paper_bgcolor: "rgba(0,0,0,0)", plot_bgcolor: "rgba(0,0,0,0)",
      xaxis: { ...axis, range: [from, to], title: { text: "epoch", standoff: 6 }, nticks: 11, anchor: lower ? "y2" : "y", ...(to - from <= width / 45 && { dtick: 1 }) },
      yaxis: across(upper, lower ? 4 : 6),
      ...(lower && { yaxis2: across(lower, 3) }),
      shapes: ended.map(({ yref, nats }) => ({ type: "line", xref: "paper", x0: 0, x1: 1, yref, y0: nats, y1: nats, line: { color: colour, width: 1, dash: "dot" }, opacity: 0.6 })),
      annotations: [{
        text: "nats per image", textangle: -90, showarrow: false, xref: "paper", yref: "paper", x: 0, y: 0.5, xanchor: "left", xshift: 4 - margin.l, font: { size: 13 },
      }, ...ended.map(({ yref, nats, name }) => ({ // on the left, where the curves are still far above
        text: `${name} ${number(nats)}`, showarrow: false, xref: "paper", x: 0, xanchor: "left", yref, y: nats, yanchor: "bottom", opacity: 0.8, font: { size: 11 },
      }))],
    };
  }

  // --- the marked epoch -------------------------------------------------------------------------------------------------

  toEpoch({ clientX }) {
    const { l, r } = this.margins(), { left, width } = this.box.getBoundingClientRect(), [from, to] = this.domain;
    return Math.round(from + Math.max(0, Math.min(1, (clientX - left - l) / (width - l - r))) * (to - from));
  }

  /** Values of the epoch under the pointer, as long as it is there. */
  point(event) {
    const epochs = this.curves?.epoch ?? [];
    this.pointed = event && epochs.length ? Math.max(epochs[0], Math.min(epochs.at(-1), this.toEpoch(event))) : null;
    this.mark(this.epoch);
  }

  /** The epoch on show: a line through the curves, dots on them, and its values in the keys. */
  mark(epoch) {
    this.epoch = epoch;
    if (!this.curves?.epoch.length || epoch === undefined) return;
    const read = this.pointed ?? epoch, values = this.valuesAt(read);
    [...this.keys.children].forEach((key, i) => {
      const lit = this.lit(this.curves.series[i]);
      key.classList.toggle("lm-dim", !lit);
      key.setAttribute("aria-pressed", this.chosen.size > 0 && lit);
      key.lastChild.textContent = Number.isFinite(values[i]) ? number(values[i]) : values[i] ?? "";
    });
    const said = this.curves.series.map(({ name }, i) => (Number.isFinite(values[i]) ? `${name} ${number(values[i])}` : "")).filter(Boolean);
    this.box.setAttribute("aria-label", `Curves of the loss over the epochs. Epoch ${read}: ${said.join("; ") || "no values"}.`);
    if (this.panels) this.marks.innerHTML = this.line(epoch, "lm-at") + (read === epoch ? "" : this.line(read, "lm-read"));
  }

  /** Each series' value at an epoch: a word where it is not finite, null or undefined where there is none. */
  valuesAt(epoch) {
    const at = this.curves.epoch.indexOf(epoch);
    return this.curves.series.map(({ values }) => (at < 0 ? undefined : values[at]));
  }

  /** A dot on a curve, round, and as the shape that takes its place where there are shapes. */
  dot(x, y, colour, { corners }) {
    const round = `cx="${x}" cy="${y}" r="${DOT}" fill="${colour}"`;
    if (!corners) return `<circle ${round}/>`;
    const points = corners.map(([right, down]) => `${(x + SHAPED * DOT * right).toFixed(1)},${(y + SHAPED * DOT * down).toFixed(1)}`);
    return `<circle class="lm-curves-round" ${round}/><polygon points="${points.join(" ")}" fill="${colour}"/>`;
  }

  /** A line through the plot at an epoch, with a dot on each curve; the pointer's says which epoch it is. */
  line(epoch, kind) {
    const { l, r } = this.margins(), { clientWidth: width } = this.box, [from, to] = this.domain, tall = HEIGHT - TOP - BOTTOM;
    const x = l + (epoch - from) / (to - from) * (width - l - r), at = this.curves.epoch.indexOf(epoch);
    const dots = this.panels.flatMap(({ series, range: [low, high], domain: [bottom, top] }) => series.map(({ values, colour, group }) => {
      const share = Math.max(0, Math.min(1, (values[at] - low) / (high - low))), y = TOP + (1 - bottom - share * (top - bottom)) * tall;
      return Number.isFinite(values[at]) ? this.dot(x, y, colour, this.shapeOf(group)) : "";
    }));
    const [shift, anchor] = x > width - 90 ? [-7, "end"] : [7, "start"];
    const label = kind === "lm-read" ? `<text x="${x + shift}" y="${TOP + 11}" text-anchor="${anchor}">epoch ${epoch}</text>` : "";
    return `<g class="${kind}"><path d="M${x} ${TOP}v${tall}"/>${dots.join("")}${label}</g>`;
  }
}

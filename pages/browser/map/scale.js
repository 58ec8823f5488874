// The one place where coordinates of a code become coordinates of the map: as they are, or spread evenly, where equal areas hold equal
// shares of the prior (u = Φ(z), each axis by its percentiles: Kingma & Welling 2014, figure 4). Plain numbers, no page.

import { NearestIndex } from "../nets/nearest.js";

const FAR = 8.3; // beyond it Φ is 0 or 1 in double precision
const density = (z) => Math.exp(-0.5 * z * z) / Math.sqrt(2 * Math.PI);

/** The share of a standard normal distribution below z (Marsaglia 2004, "Evaluating the Normal Distribution", J. Stat. Software 11(4)). */
export function phi(z) {
  if (Math.abs(z) > FAR) return z > 0 ? 1 : 0;
  let sum = z, term = z, before = 0;
  for (let i = 3; sum !== before; i += 2) {
    before = sum;
    sum += term *= (z * z) / i;
  }
  return 0.5 + sum * density(z);
}

/** The z below which a share u lies: Abramowitz & Stegun 26.2.23, within 4.5e-4, then Halley's steps; -∞ and ∞ where there is none. */
export function quantile(u) {
  if (!(u > 0 && u < 1)) return u >= 1 ? Infinity : -Infinity;
  if (u > 0.5) return -quantile(1 - u);
  const t = Math.sqrt(-2 * Math.log(u));
  let z = (2.515517 + t * (0.802853 + t * 0.010328)) / (1 + t * (1.432788 + t * (0.189269 + t * 0.001308))) - t;
  for (let i = 0; i < 2; i++) {
    const step = (phi(z) - u) / density(z);
    z -= step / (1 + 0.5 * z * step);
  }
  return z;
}

const STEPS = [1, 0.5, 0.1, 0.05, 0.01], FARTHEST = 6; // of the axes' labels, in standard deviations

/** Labels for the part [low, high] of an axis, each at least `apart` from the next, in map coordinates: every standard deviation, and
 *  finer where there is room. As Plotly takes them. */
export function ticks([low, high], apart) {
  const roomy = (a, b) => phi(b) - phi(a) >= apart;
  const divided = (a, b, level) => {
    const step = STEPS[level], inner = Array.from({ length: Math.round((b - a) / step) }, (_, i) => [a + i * step, a + (i + 1) * step]);
    if (phi(b) < low || phi(a) > high || !step || !inner.every(([from, to]) => roomy(from, to))) return [a];
    return inner.flatMap(([from, to]) => divided(from, to, level + 1));
  };
  let most = 1;
  while (most < FARTHEST && roomy(most, most + 1)) most += 1;
  const right = Array.from({ length: most }, (_, i) => i).flatMap((i) => divided(i, i + 1, 1)).concat(most);
  const left = Array.from({ length: most }, (_, i) => -1 - i).flatMap((i) => divided(i, i + 1, 1));
  const values = [...left, ...right].map((z) => Math.round(100 * z) / 100).sort((a, b) => a - b);
  return { tickmode: "array", tickvals: values.map(phi), ticktext: values.map((z) => (z ? `${z}σ`.replace("-", "−") : "0")) };
}

/** The codes of a figure in map coordinates, with an index of them there; each figure is brought there once. */
const spreadFigures = new WeakMap();
function spreadFigure(figure) {
  if (!spreadFigures.has(figure)) {
    const data = figure.data.map((trace) => ({ ...trace, x: Float64Array.from(trace.x, phi), y: Float64Array.from(trace.y, phi) }));
    let index;
    const made = () => new NearestIndex(...["x", "y"].map((axis) => figure.codes[axis].map(phi)), figure.codes.row);
    spreadFigures.set(figure, { ...figure, data, get index() { return (index ??= made()); } });
  }
  return spreadFigures.get(figure);
}

const RING_POINTS = 180;

/** A circle round the origin of the latent space, as Plotly has it -> its outline on the map. */
function spreadCircle({ x0, x1, y0, y1, ...shape }) {
  const outline = Array.from({ length: RING_POINTS }, (_, i) => [x1 * Math.cos((2 * Math.PI * i) / RING_POINTS), y1 * Math.sin((2 * Math.PI * i) / RING_POINTS)]);
  return { ...shape, type: "path", path: `M${outline.map((z) => z.map((v) => phi(v).toFixed(6)).join(",")).join("L")}Z` };
}

const EDGE = { type: "rect", xref: "x", yref: "y", x0: 0, x1: 1, y0: 0, y1: 1, layer: "between", line: { width: 1, color: "#808a94" } };

/** to and from take one coordinate; `drawn`: a figure as it is drawn; `circle` and `edge`: Plotly's shapes; `ends`: of an axis;
 *  `extent`: what the map shows, whatever the codes; `widest`: zoomed out all the way; `finest`: units to a pixel; `digits`: of a link. */
export const LINEAR = {
  name: "linear", to: (z) => z, from: (u) => u, drawn: (figure) => figure, circle: (shape) => shape, edge: [], ends: [-Infinity, Infinity],
  extent: null, widest: null, finest: 1e-4, digits: 4, ticks: () => ({}),
};
export const SPREAD = {
  name: "spread", to: phi, from: quantile, drawn: spreadFigure, circle: spreadCircle, edge: [EDGE], ends: [0, 1],
  extent: { left: 0, right: 1, bottom: 0, top: 1 }, widest: 2, finest: 2e-5, digits: 6, ticks,
};

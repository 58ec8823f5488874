// What the map draws: a figure of codes and the decoder that goes with it, fetched, parsed and kept for a while.

import { AtlasDecoder, DenseDecoder } from "../nets/decoder.js";
import { NearestIndex } from "../nets/nearest.js";
import { asked, refused } from "../server.js";

const MOST = 0.98; // of the codes: what a map shows at first

/** Promises by address, the least recently asked for dropped first. The browser's cache holds the bytes; this spares parsing. */
export class Shelf {
  constructor(size) {
    this.size = size;
    this.kept = new Map(); // its order is the order of use
  }

  /** make(signal) is called for what is not here; what fails is not kept. */
  get(address, make) {
    const item = this.kept.get(address) ?? this.begin(address, make);
    this.kept.delete(address);
    this.kept.set(address, item);
    if (this.kept.size > this.size) this.kept.delete(this.kept.keys().next().value);
    return item.promise;
  }

  begin(address, make) {
    const stopper = new AbortController(), item = { promise: make(stopper.signal), stopper, arrived: false };
    const forget = () => this.kept.get(address) === item && this.kept.delete(address);
    item.promise.then(() => (item.arrived = true), forget);
    return item;
  }

  /** Stop fetching what is on its way and not one of these addresses. */
  giveUp(except = new Set()) {
    for (const [address, { arrived, stopper }] of [...this.kept]) {
      if (arrived || except.has(address)) continue;
      this.kept.delete(address);
      stopper.abort();
    }
  }
}

export const read = (path, kind, signal) => asked(path, { signal }, (response) => {
  if (!response.ok) throw refused(response);
  return response[kind]();
});

export const readFigure = (path, signal) => read(path, "json", signal).then(parseFigure);
export const readDecoder = (path, signal) => read(path, "arrayBuffer", signal).then((bytes) => new DenseDecoder(bytes));
export const readAtlas = (path, signal) => read(path, "arrayBuffer", signal).then((bytes) => new AtlasDecoder(bytes));

const models = new Shelf(12);

/** Figure and decoder of a model that is done learning; plane: the map's, and the class that it is told, where the decoder's file is of whole codes. */
export function readModel({ figure, decoder, atlas, plane }) {
  const onMap = (signal) => readDecoder(decoder, signal).then((whole) => (plane ? whole.onPlane(plane, plane.drawn) : whole));
  return Promise.all([
    models.get(figure, () => readFigure(figure)),
    decoder ? models.get(decoder, onMap) : models.get(atlas, () => readAtlas(atlas)),
  ]);
}

/** plotly.py writes arrays as {dtype, bdata}; the map needs them as typed arrays itself. */
function typedArray(value) {
  if (!value?.bdata) return value;
  const bytes = Uint8Array.from(atob(value.bdata), (c) => c.charCodeAt(0)).buffer;
  return new { f4: Float32Array, f8: Float64Array, i4: Int32Array, i2: Int16Array, u2: Uint16Array, i1: Int8Array, u1: Uint8Array }[value.dtype](bytes);
}

function parseFigure(figure) {
  for (const trace of figure.data) for (const key of ["x", "y", "customdata"]) trace[key] = typedArray(trace[key]);
  const join = (key) => Float64Array.from(figure.data.flatMap((trace) => Array.from(trace[key])));
  const owner = figure.data.flatMap((trace, t) => Array(trace.x.length).fill(t));
  const codes = { x: join("x"), y: join("y"), row: join("customdata"), owner };
  return { ...figure, codes, index: new NearestIndex(codes.x, codes.y, codes.row), extents: { most: extent(codes, MOST), all: extent(codes, 1) } };
}

/** Left, right, bottom and top of at least this share of the codes, what is far out left out, and of one standard deviation of the prior. */
function extent({ x, y }, share) {
  const reach = (values) => {
    const sorted = Float64Array.from(values).sort(), cut = Math.floor(sorted.length * (1 - share) / 4); // at each of the four sides
    return [Math.min(-1, sorted[cut] ?? 0), Math.max(1, sorted[sorted.length - 1 - cut] ?? 0)];
  };
  const [left, right] = reach(x), [bottom, top] = reach(y);
  return { left, right, bottom, top };
}

/** The label of each test image, from the figure's classes. */
export function labelsByRow({ codes: { row, owner }, data }) {
  const labels = new Uint8Array(row.length);
  row.forEach((r, i) => (labels[r] = data[owner[i]].meta));
  return labels;
}

// Decoders that run in the browser: dense layers held to torch by a parity test, and an atlas for what cannot run here.
// Both have decode(z1, z2) -> Float32Array(height * width) in [0, 1], row by row, which the next call overwrites.

import { PlainNetwork } from "./dense.js";
import { SimdNetwork, simd } from "./simd.js";

/** float16 bits -> number. */
function halfToNumber(bits) {
  const sign = bits & 0x8000 ? -1 : 1, exponent = (bits >> 10) & 31, fraction = bits & 1023;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 31) return fraction ? NaN : sign * Infinity;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

/** float16 bits -> float32, by a table of all 65,536: ten times as fast as computing each weight. */
let table;
function fromHalves(bits) {
  table ??= Float32Array.from({ length: 65536 }, (_, i) => halfToNumber(i));
  const out = new Float32Array(bits.length);
  for (let i = 0; i < bits.length; i++) out[i] = table[bits[i]];
  return out;
}

/** A safetensors file -> {metadata, tensors: {name: {shape, data: Float32Array}}}; F16, F32 and I8 only. */
export function parseSafetensors(buffer) {
  const headerBytes = Number(new DataView(buffer).getBigUint64(0, true));
  const header = JSON.parse(new TextDecoder().decode(new Uint8Array(buffer, 8, headerBytes)));
  const { __metadata__: metadata = {}, ...entries } = header, tensors = {};
  for (const [name, { dtype, shape, data_offsets: [from, to] }] of Object.entries(entries)) {
    const bytes = buffer.slice(8 + headerBytes + from, 8 + headerBytes + to); // copied: alignment is not guaranteed
    if (dtype === "F32") tensors[name] = { shape, data: new Float32Array(bytes) };
    else if (dtype === "F16") tensors[name] = { shape, data: fromHalves(new Uint16Array(bytes)) };
    else if (dtype === "I8") tensors[name] = { shape, data: Float32Array.from(new Int8Array(bytes)) };
    else throw new Error(`tensor ${name} has the type ${dtype}; F16, F32 or I8 is needed`);
  }
  return { metadata, tensors };
}

export const ACTIVATIONS = ["silu", "relu", "tanh"]; // between the layers
const OUTPUTS = ["sigmoid", "clip"]; // after the last

/** The decoder that core/export.py wrote: of points on the map, or of whole codes, of a conditional model for any class. */
export class DenseDecoder {
  exact = true;

  constructor(buffer, Network = simd() ? SimdNetwork : PlainNetwork) {
    const { metadata, tensors } = parseSafetensors(buffer);
    [, this.height, this.width] = JSON.parse(metadata.shape); // of an image: (1, H, W)
    if (!ACTIVATIONS.includes(metadata.activation)) throw new Error(`unknown activation ${metadata.activation}`);
    if (!OUTPUTS.includes(metadata.output)) throw new Error(`unknown output ${metadata.output}`);
    this.output = metadata.output;
    const layers = Array.from({ length: Number(metadata.layers) }, (_, i) => ({ weight: tensors[`${i}.weight`].data, bias: tensors[`${i}.bias`].data }));
    this.bias = layers[0].bias;
    this.labels = tensors["label.weight"]?.data; // what each class adds to the first layer's bias
    this.network = new Network(layers, metadata.activation);
  }

  /** How it computes: "simd", or "javascript" where the browser has no SIMD. */
  get kind() {
    return this.network.kind;
  }

  /** The pixels' logits at a code; label: the class to draw, where the file has them. The next call overwrites what this returns. */
  logits(z, label = null) {
    if (this.output === "clip") return this.image(z, label).map((v) => Math.log(v / (1 - v))); // the image is what the layers gave, clipped
    return this.network.run(z, this.told(label), null);
  }

  /** The first layer's bias for a class; none, or one that the model does not know, adds nothing, as in torch. */
  told(label) {
    const { bias, labels } = this;
    return label === null ? bias : bias.map((v, i) => v + (labels[label * bias.length + i] ?? 0));
  }

  /** The image at a code, as `logits`. */
  image(z, label = null) {
    return this.network.run(z, this.told(label), this.output);
  }

  decode(z1, z2) {
    return this.image([z1, z2]);
  }

  /** The decoder of points p on a plane {origin, axes}, told a class, from this one of whole codes: both become part of the first layer, as
   *  core/export.py has it: W (origin + axes^T p) + b = (W axes^T) p + (W origin + b). */
  onPlane({ origin, axes }, label) {
    const { layers: [{ weight }, ...others], activation } = this.network.given(), d = origin.length;
    const along = (way) => (_, unit) => way.reduce((sum, v, i) => sum + v * weight[unit * d + i], 0);
    const [columns, moved] = [axes.map((axis) => Array.from(this.bias, along(axis))), this.bias.map(along(origin))];
    const bias = this.told(label).map((v, unit) => v + moved[unit]);
    const first = { weight: Float32Array.from({ length: 2 * bias.length }, (_, i) => columns[i % 2][i >> 1]), bias };
    const network = new this.network.constructor([first, ...others], activation);
    return Object.assign(Object.create(DenseDecoder.prototype), this, { network, bias, labels: undefined });
  }

  /** The same decoder with so much added to the sums of its first layer, a number a unit: of codes that all lie so far from those given. */
  shifted(sums) {
    return Object.assign(Object.create(DenseDecoder.prototype), this, { bias: this.bias.map((v, i) => v + sums[i]) });
  }
}

/** The nearest of a grid of images that the server decoded (`atlas` in core/frame.py): a preview, not the model's answer at this very point. */
export class AtlasDecoder {
  exact = false;
  kind = "atlas";

  constructor(buffer) {
    const head = new DataView(buffer);
    this.bound = head.getFloat32(0, true); // the grid goes from -bound to bound
    this.height = head.getUint32(4, true);
    this.width = head.getUint32(8, true);
    this.images = new Uint8Array(buffer, 12); // (row from the top, column, height, width)
    this.output = new Float32Array(this.height * this.width);
    this.cells = Math.round(Math.sqrt(this.images.length / this.output.length));
  }

  decode(z1, z2) {
    const cell = (v) => Math.max(0, Math.min(this.cells - 1, Math.round((v + this.bound) / (2 * this.bound) * (this.cells - 1))));
    const pixels = this.output.length, start = ((this.cells - 1 - cell(z2)) * this.cells + cell(z1)) * pixels;
    for (let i = 0; i < pixels; i++) this.output[i] = this.images[start + i] / 255;
    return this.output;
  }
}

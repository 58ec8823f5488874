// Dense layers in WebAssembly, four numbers at once: dense.js's arithmetic in float32, and several times as fast. The module is assembled here.

import { I32, V128, assemble, call, get, integer, isLess, loop, plus, set } from "./assembler.js";
import { EDGE } from "./dense.js";
import { add, div, load, loadSame, max, min, mul, nearest, same, shiftLeft, store, sub, toIntegers } from "./assembler.js";

const BLOCK = 16; // outputs that are summed up at once, in four vectors; everything in the memory begins at a multiple of it
const PAGES = 512; // of 64 KiB, the memory for all networks: a dozen decoders or more. A browser reserves gigabytes of addresses for each memory
const EXP = 0; // the place of the first function

/** e^x = 2^n e^r, where x = n ln 2 + r and |r| <= ln 2 / 2: Taylor's series to r^7 / 7!, so to 6e-9, and n in the exponent's
 *  bits (128 is infinity). */
function exponential() {
  const [x, n] = [0, 1], factorials = [5040, 720, 120, 24, 6, 2, 1, 1];
  const series = factorials.map((k) => same(1 / k)).reduce((sum, term) => add(mul(sum, get(x)), term));
  const body = [
    set(n, nearest(max(same(-126), min(same(128), mul(get(x), same(Math.LOG2E)))))),
    set(x, max(same(-0.4), min(same(0.4), sub(get(x), mul(get(n), same(Math.LN2)))))), // where n ends too
    mul(series, shiftLeft(toIntegers(add(get(n), same(127))), integer(23))),
  ];
  return { parameters: [V128], results: [V128], locals: [V128], body };
}

const sigmoid = (v) => div(same(1), add(same(1), call(EXP, sub(same(0), v))));
const ACTIVATIONS = {
  sigmoid,
  silu: (v) => mul(v, sigmoid(v)),
  tanh: (v) => sub(mul(same(2), sigmoid(mul(same(2), v))), same(1)),
  relu: (v) => max(same(0), v),
  clip: (v) => min(same(1 - EDGE), max(same(EDGE), v)),
};

/** f(at, end): an activation of all numbers from one address to another, in place. */
function elementwise(f) {
  const [at, end] = [0, 1], body = [store(get(at), f(load(get(at)))), set(at, plus(get(at), integer(16)))];
  return { parameters: [I32, I32], results: [], locals: [], body: [loop(body, isLess(get(at), get(end)))] };
}

/** dense(weight, bias, input, inputEnd, output, outputEnd): addresses; a block of outputs at a time, over its packed weights. */
function dense() {
  const [weight, bias, input, inputEnd, output, outputEnd, at, x] = [0, 1, 2, 3, 4, 5, 6, 7], sums = [8, 9, 10, 11];
  const forward = (local, bytes) => set(local, plus(get(local), integer(bytes)));
  const step = [
    set(x, loadSame(get(at))),
    ...sums.map((sum, i) => set(sum, add(get(sum), mul(get(x), load(get(weight), 16 * i))))),
    forward(weight, 4 * BLOCK),
    forward(at, 4),
  ];
  const block = [
    ...sums.map((sum, i) => set(sum, load(get(bias), 16 * i))),
    set(at, get(input)),
    loop(step, isLess(get(at), get(inputEnd))),
    ...sums.map((sum, i) => store(get(output), get(sum), 16 * i)),
    forward(bias, 4 * BLOCK),
    forward(output, 4 * BLOCK),
  ];
  const locals = [I32, V128, V128, V128, V128, V128];
  return { parameters: Array(6).fill(I32), results: [], locals, body: [loop(block, isLess(get(output), get(outputEnd)))] };
}

/** The one instance of the module, {memory, floats (the same as numbers), dense, and a function for each activation}, made when it is first
 *  asked for; null where the browser has no SIMD, or the page's security policy refuses it. */
let kernels;
export function simd() {
  if (kernels !== undefined) return kernels;
  const activations = Object.fromEntries(Object.entries(ACTIVATIONS).map(([name, f]) => [name, elementwise(f)]));
  try {
    const module = new WebAssembly.Module(assemble({ exponential: exponential(), dense: dense(), ...activations }, PAGES));
    const { exports } = new WebAssembly.Instance(module);
    kernels = { ...exports, floats: new Float32Array(exports.memory.buffer) };
  } catch (error) {
    console.info(`Decoding in plain JavaScript, which is slower: ${error.message}`);
    kernels = null;
  }
  return kernels;
}

let taken = 0; // of the floats
let placed = new WeakMap(); // network -> where its numbers begin

/** Where a network's numbers lie in the memory, copied there unless they are still; when the room is used up, all are forgotten. */
function place(network) {
  if (placed.has(network)) return placed.get(network);
  const { numbers } = network, { floats } = simd();
  if (taken + numbers.length > floats.length) [taken, placed] = [0, new WeakMap()];
  floats.set(numbers, taken);
  placed.set(network, taken);
  taken += numbers.length;
  return taken - numbers.length;
}

const padded = (count) => Math.ceil(count / BLOCK) * BLOCK;

export class SimdNetwork {
  kind = "simd";

  /** layers: {weight (outputs x inputs, row by row), bias} of each; activation: what is between them. */
  constructor(layers, activation) {
    this.activation = activation;
    const widths = [layers[0].weight.length / layers[0].bias.length, ...layers.map(({ bias }) => bias.length)];
    let end = 0; // in numbers
    const take = (count) => (end += padded(count)) - padded(count);
    this.input = take(widths[0]);
    this.layers = layers.map(({ bias: { length: outputs } }, i) => {
      const inputs = widths[i], weight = take(padded(outputs) * inputs), bias = take(outputs), output = take(outputs);
      return { inputs, outputs, weight, bias, output };
    });
    this.numbers = new Float32Array(end);
    layers.forEach(({ weight, bias }, i) => {
      this.numbers.set(bias, this.layers[i].bias);
      pack(weight, widths[i], this.numbers.subarray(this.layers[i].weight));
    });
    this.output = new Float32Array(widths.at(-1));
  }

  /** As PlainNetwork's. */
  given() {
    const { activation, numbers } = this;
    const layers = this.layers.map(({ inputs, outputs, weight, bias }) => (
      { weight: unpack(numbers.subarray(weight), inputs, outputs), bias: numbers.slice(bias, bias + outputs) }
    ));
    return { activation, layers };
  }

  /** As PlainNetwork's. */
  run(z, bias, last) {
    const kernels = simd(), { floats } = kernels, start = place(this), at = (number) => 4 * (start + number); // an address is in bytes
    floats.set(z, start + this.input);
    floats.set(bias, start + this.layers[0].bias);
    let from = this.input;
    this.layers.forEach((layer, i) => {
      const end = layer.output + padded(layer.outputs), f = i < this.layers.length - 1 ? this.activation : last;
      kernels.dense(at(layer.weight), at(layer.bias), at(from), at(from + layer.inputs), at(layer.output), at(end));
      if (f) kernels[f](at(layer.output), at(end));
      from = layer.output;
    });
    this.output.set(floats.subarray(start + from, start + from + this.output.length));
    return this.output;
  }
}

/** Weights in the order in which `dense` reads them: of each block of outputs, for each input, the block's weights. */
function pack(weight, inputs, packed) {
  for (let o = 0, from = 0; from < weight.length; o++) {
    const block = (o - o % BLOCK) * inputs + o % BLOCK;
    for (let i = 0; i < inputs; i++) packed[block + BLOCK * i] = weight[from++];
  }
}

/** The way back: (outputs x inputs), row by row. */
function unpack(packed, inputs, outputs) {
  const weight = new Float32Array(outputs * inputs);
  for (let o = 0, to = 0; to < weight.length; o++) {
    const block = (o - o % BLOCK) * inputs + o % BLOCK;
    for (let i = 0; i < inputs; i++) weight[to++] = packed[block + BLOCK * i];
  }
  return weight;
}

// The encoder that is Bayes' rule, computed from its decoder: core/posterior.py's `anchored` in the page. A file with the decoder need not have it then.

import { turn } from "../turns.js";

const SLICE_MS = 8; // of computing at a time

/** A number as float16 has it, with 11 significant bits (Veltkamp's splitting; Dekker 1971, section 5). */
export const asHalf = (v) => v * (2 ** 42 + 1) - (v * (2 ** 42 + 1) - v);

/** The dense layers of the scores log p(x, z) of anchors z: the decoder ends in logits(z) = W h(z) + b, so the first is W^T and the second has h(z)
 *  of each anchor in a row. axis: the anchors' coordinates along each axis, (side,); bias: what depends on each alone, (side * side,). */
export async function layersOfBayesRule(decoder, axis, bias, progress) {
  const { layers, activation } = decoder.network.given(), last = layers.pop(), outputs = last.bias.length, width = last.weight.length / outputs;
  const body = new decoder.network.constructor(layers, activation), h = new Float32Array(bias.length * width), side = axis.length;
  for (let i = 0, until = performance.now() + SLICE_MS; i < bias.length; i++) {
    h.set(body.run([axis[Math.floor(i / side)], axis[i % side]], layers[0].bias, activation), i * width);
    if (performance.now() < until) continue;
    progress(i / bias.length);
    await turn();
    until = performance.now() + SLICE_MS;
  }
  const lift = last.weight.map((_, i) => last.weight[i % outputs * width + Math.floor(i / outputs)]); // W^T
  return [{ weight: lift, bias: new Float32Array(width) }, { weight: h, bias }];
}

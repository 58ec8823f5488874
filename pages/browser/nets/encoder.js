// Encoders that run in the browser: the dense layers of core/export.py's encoder_bytes, held to torch by a parity test.

import { peak } from "./anchors.js";
import { ACTIVATIONS, parseSafetensors } from "./decoder.js";
import { PlainNetwork } from "./dense.js";
import { SimdNetwork, simd } from "./simd.js";

const LINEAR = "none"; // between layers: nothing
const GIVES = ["mu", "mu, logvar", "scores"];

export class DenseEncoder {
  constructor(buffer, Network = simd() ? SimdNetwork : PlainNetwork) {
    const { metadata: { activation, gives, layers: count, shape, axis }, tensors } = parseSafetensors(buffer);
    [, this.height, this.width] = JSON.parse(shape); // of an image: (1, H, W)
    if (![...ACTIVATIONS, LINEAR].includes(activation)) throw new Error(`unknown activation ${activation}`);
    if (!GIVES.includes(gives)) throw new Error(`unknown answer ${gives}`);
    const layers = Array.from({ length: Number(count) }, (_, i) => ({ weight: tensors[`${i}.weight`].data, bias: tensors[`${i}.bias`].data }));
    Object.assign(this, { gives, axis: axis && JSON.parse(axis), bias: layers[0].bias, labels: tensors["label.weight"]?.data });
    this.network = new Network(layers, activation === LINEAR ? null : activation);
  }

  /** An image, H * W numbers in [0, 1] row by row, and the class that a conditional model is told (null: none) -> {mu, logvar} of q(z|x), a
   *  number for each coordinate; logvar is null where a code is mu itself. */
  encode(x, label = null) {
    const { bias, labels, gives } = this;
    const told = label === null || !labels ? bias : bias.map((v, i) => v + (labels[label * bias.length + i] ?? 0));
    const answer = this.network.run(x, told, null);
    if (gives === "scores") return peak(answer, this.axis);
    if (gives === "mu") return { mu: Array.from(answer), logvar: null };
    const d = answer.length / 2;
    return { mu: Array.from(answer.subarray(0, d)), logvar: Array.from(answer.subarray(d)) };
  }
}

// Encoders that run in the browser: the dense layers of core/export.py's encoder_bytes, held to torch by a parity test.

import { peak } from "./anchors.js";
import { asHalf, layersOfBayesRule } from "./bayes_rule.js";
import { ACTIVATIONS, parseSafetensors } from "./decoder.js";
import { PlainNetwork } from "./dense.js";
import { SimdNetwork, simd } from "./simd.js";

const LINEAR = "none"; // between layers: nothing
const OF_DECODER = "of the decoder"; // weights that the file does not have
const GIVES = ["mu", "mu, logvar", "scores"];

/** The weights of a layer: as they are, or levels of a scale that each row has. */
function weightsOf(tensors, layer) {
  const { [`${layer}.weight`]: { data, shape: [, inputs] }, [`${layer}.scale`]: scale } = tensors;
  return scale ? data.map((level, i) => level * scale.data[Math.floor(i / inputs)]) : data;
}

export class DenseEncoder {
  /** layers: those that go with a file without weights of its own. */
  constructor(buffer, Network = simd() ? SimdNetwork : PlainNetwork, layers = null) {
    const { metadata: { activation = LINEAR, gives, layers: count, shape, axis, weights }, tensors } = parseSafetensors(buffer);
    [, this.height, this.width] = JSON.parse(shape); // of an image: (1, H, W)
    if (![...ACTIVATIONS, LINEAR].includes(activation)) throw new Error(`unknown activation ${activation}`);
    if (!GIVES.includes(gives)) throw new Error(`unknown answer ${gives}`);
    if (weights === OF_DECODER && !layers) throw new Error("this encoder is computed from its decoder");
    layers ??= Array.from({ length: Number(count) }, (_, i) => ({ weight: weightsOf(tensors, i), bias: tensors[`${i}.bias`].data }));
    Object.assign(this, { gives, axis: axis && JSON.parse(axis), bias: layers[0].bias, labels: tensors["label.weight"]?.data });
    this.network = new Network(layers, activation === LINEAR ? null : activation);
  }

  /** The encoder of a file, computed from the decoder where it has no weights; progress(share) is told of that. */
  static async of(buffer, decoder, progress) {
    const { metadata: { weights, axis, precision }, tensors } = parseSafetensors(buffer), { constructor } = decoder.network ?? {};
    if (weights !== OF_DECODER) return new DenseEncoder(buffer);
    const layers = await layersOfBayesRule(decoder, JSON.parse(axis), tensors.bias.data, progress);
    if (precision === "float16") layers[1].weight = layers[1].weight.map(asHalf);
    return new DenseEncoder(buffer, constructor, layers);
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

// log p(x|z) of a dense decoder, and its slope in z: the way back through the layers that dense.js and simd.js only go forward.
// Of a layer y = W f + b the slope in f is W^T times the slope in y, which is a dense layer too. Held to torch's autograd by a test.

import { EDGE } from "./dense.js";
import { LIKELIHOODS, sigmoid } from "./losses.js";

/** d log p(x | logits) / d logit of a pixel; sigma: its scale, where it has one. */
const SLOPES = {
  bernoulli: (logit, x) => x - sigmoid(logit),
  gaussian: (logit, x, sigma) => throughSigmoid(logit, (p) => (x - p) / sigma ** 2),
  laplace: (logit, x, sigma) => throughSigmoid(logit, (p) => Math.sign(x - p) / sigma),
};

function throughSigmoid(logit, slope) {
  const p = sigmoid(logit);
  return slope(p) * p * (1 - p);
}

/** What makes logits of the last layer's numbers: [the logit, its slope] at v. See DenseDecoder.logits. */
const OUTPUTS = {
  sigmoid: (v) => [v, 1],
  clip: (v) => {
    const p = Math.min(1 - EDGE, Math.max(EDGE, v));
    return [Math.log(p / (1 - p)), p === v ? 1 / (p * (1 - p)) : 0];
  },
};

/** What is between layers: [its value, its slope] at v. */
const ACTIVATIONS = {
  silu: (v, s = sigmoid(v)) => [v * s, s * (1 + v * (1 - s))],
  relu: (v) => [Math.max(v, 0), v > 0 ? 1 : 0],
  tanh: (v, t = Math.tanh(v)) => [t, 1 - t * t],
};

/** (outputs x inputs), row by row -> (inputs x outputs). */
function transposed(weight, outputs) {
  const inputs = weight.length / outputs, turned = new Float32Array(weight.length);
  for (let o = 0, from = 0; o < outputs; o++) for (let i = 0; i < inputs; i++) turned[i * outputs + o] = weight[from++];
  return turned;
}

export class Slope {
  /** decoder: a DenseDecoder; label: the class that it is told (null: none); model: {likelihood, sigma}. */
  constructor(decoder, label, { likelihood, sigma }) {
    const { network } = decoder, { layers, activation } = network.given(), Network = network.constructor;
    layers[0].bias = decoder.told(label);
    this.forward = layers.map((layer) => ({ ...layer, network: new Network([layer], activation) }));
    this.back = layers.map(({ weight, bias: { length: outputs } }) => {
      const bias = new Float32Array(weight.length / outputs); // of the slope: zeros
      return { bias, network: new Network([{ weight: transposed(weight, outputs), bias }], activation) };
    });
    this.slopes = layers.map(() => null); // of what comes after each layer
    this.after = layers.map((_, i) => (i < layers.length - 1 ? ACTIVATIONS[activation] : OUTPUTS[decoder.output]));
    this.likelihood = (logits, x) => LIKELIHOODS[likelihood](logits, x, sigma);
    this.pixelSlope = (logit, x) => SLOPES[likelihood](logit, x, sigma);
  }

  /** log p(x|z), in nats, summed over pixels. */
  value(z, x) {
    return this.likelihood(this.logits(z), x);
  }

  /** The same, and its slope in z: {value, slope: Float32Array(D)}. */
  at(z, x) {
    const logits = this.logits(z), value = this.likelihood(logits, x);
    let slope = logits.map((logit, i) => this.pixelSlope(logit, x[i]));
    for (let i = this.back.length - 1; i >= 0; i--) {
      const { network, bias } = this.back[i], slopes = this.slopes[i];
      slope = network.run(slope.map((v, unit) => v * slopes[unit]), bias, null);
    }
    return { value, slope: slope.slice() };
  }

  /** Forward, keeping the slopes of what comes after each layer for the way back. */
  logits(z) {
    return this.forward.reduce((h, { network, bias }, i) => this.pass(network.run(h, bias, null), i), z);
  }

  pass(h, i) {
    const values = new Float32Array(h.length), slopes = new Float32Array(h.length), f = this.after[i];
    for (let unit = 0; unit < h.length; unit++) [values[unit], slopes[unit]] = f(h[unit]);
    this.slopes[i] = slopes;
    return values;
  }
}

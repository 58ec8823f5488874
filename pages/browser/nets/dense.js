// Dense layers in plain JavaScript, for browsers without what simd.js needs.

/** output[o] = bias[o] + sum over i of weight[o, i] input[i]. Four rows at once: an input is read once for four weights, and four sums keep
 *  the processor's adders busy (a quarter faster than row by row). */
function dense(weight, bias, input, output) {
  const n = input.length, inFours = output.length & ~3;
  for (let o = 0; o < inFours; o += 4) {
    let a = bias[o], b = bias[o + 1], c = bias[o + 2], d = bias[o + 3];
    for (let i = 0, wa = o * n, wb = wa + n, wc = wb + n, wd = wc + n; i < n; i++) {
      const v = input[i];
      a += weight[wa++] * v;
      b += weight[wb++] * v;
      c += weight[wc++] * v;
      d += weight[wd++] * v;
    }
    output[o] = a;
    output[o + 1] = b;
    output[o + 2] = c;
    output[o + 3] = d;
  }
  for (let o = inFours; o < output.length; o++) {
    let sum = bias[o];
    for (let i = 0; i < n; i++) sum += weight[o * n + i] * input[i];
    output[o] = sum;
  }
}

const sigmoid = (v) => 1 / (1 + Math.exp(-v));
export const EDGE = 1e-3; // as core/models/linear.py's: what a linear decoder draws is clipped to [EDGE, 1 - EDGE]
const clip = (v) => Math.min(1 - EDGE, Math.max(EDGE, v));
const ACTIVATIONS = { sigmoid, clip, silu: (v) => v * sigmoid(v), relu: (v) => Math.max(v, 0), tanh: Math.tanh };

export class PlainNetwork {
  kind = "javascript";

  /** layers: {weight (outputs x inputs, row by row), bias} of each; activation: what is between them. */
  constructor(layers, activation) {
    this.activation = activation;
    this.layers = layers.map((layer) => ({ ...layer, output: new Float32Array(layer.bias.length) }));
    this.input = new Float32Array(layers[0].weight.length / layers[0].bias.length);
  }

  /** What it was made of: {layers, activation}. */
  given() {
    const { activation } = this;
    return { activation, layers: this.layers.map(({ weight, bias }) => ({ weight, bias })) };
  }

  /** What the last layer gives for z, after the activation `last` (null: as it is); the first layer's bias is given too. The next call
   *  overwrites what this returns. */
  run(z, bias, last) {
    let h = this.input;
    h.set(z);
    this.layers.forEach((layer, index) => {
      const { weight, output } = layer, f = ACTIVATIONS[index < this.layers.length - 1 ? this.activation : last];
      dense(weight, index ? layer.bias : bias, h, output);
      if (f) for (let i = 0; i < output.length; i++) output[i] = f(output[i]);
      h = output;
    });
    return h;
  }
}

// What it takes to describe an image by its code, in nats: core/models/objectives.py and core/reconstruction.py's describe, held to
// them by a test.

import { breaks } from "../turns.js";

const softplus = (v) => Math.max(v, 0) + Math.log1p(Math.exp(-Math.abs(v)));
export const sigmoid = (v) => 1 / (1 + Math.exp(-v));

/** log p(x | logits), summed over pixels; sigma: the scale of a pixel, where it has one. */
export const LIKELIHOODS = {
  bernoulli: (logits, x) => logits.reduce((sum, logit, i) => sum + x[i] * logit - softplus(logit), 0),
  gaussian: (logits, x, sigma) => {
    const constant = Math.log(sigma) + Math.log(2 * Math.PI) / 2;
    return logits.reduce((sum, logit, i) => sum - ((x[i] - sigmoid(logit)) / sigma) ** 2 / 2 - constant, 0);
  },
  laplace: (logits, x, sigma) => logits.reduce((sum, logit, i) => sum - Math.abs(x[i] - sigmoid(logit)) / sigma - Math.log(2 * sigma), 0),
};

/** KL(N(mu, exp(logvar)) || N(0, I)). */
export function kl(mu, logvar) {
  return mu.reduce((sum, m, i) => sum + (m * m + Math.exp(logvar[i]) - 1 - logvar[i]) / 2, 0);
}

/** Random numbers from a seed, so that the same image always has the same figures: uniform in [0, 1) and normal.
 *  (mulberry32, T. Ettinger 2017; Box & Muller 1958) */
export function noise(seed) {
  const uniform = () => {
    seed = (seed + 0x6d2b79f5) | 0;
    let t = Math.imul(seed ^ (seed >>> 15), seed | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
  return { uniform, normal: () => Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform()) };
}

/** One sample of -log p(x|z), z ~ N(mu, exp(logvar)); x is turned into black or white at random for a model of such pixels, while mu and
 *  logvar stay those of the grey image, whose dot is on the map (a card's -ELBO encodes what was turned). */
function sampleLoss(decoder, { mu, logvar, x, label }, { likelihood, sigma, binarised }, { uniform, normal }) {
  const z = mu.map((m, i) => m + Math.exp(logvar[i] / 2) * normal());
  const seen = binarised ? x.map((v) => (uniform() < v ? 1 : 0)) : x;
  return -LIKELIHOODS[likelihood](decoder.logits(z, label), seen, sigma);
}

/** {reconstruction, kl}: the mean of so many samples, in slices; of a code without logvar mu's own loss, and no kl. Throws the
 *  signal's reason when that aborts. */
export async function describe(decoder, code, model, samples, signal, random) {
  if (!code.logvar) return { reconstruction: -LIKELIHOODS[model.likelihood](decoder.logits(code.mu, code.label), code.x, model.sigma), kl: null };
  const pause = breaks(signal);
  let sum = 0;
  for (let i = 0; i < samples; i++) {
    await pause();
    sum += sampleLoss(decoder, code, model, random);
  }
  return { reconstruction: sum / samples, kl: kl(code.mu, code.logvar) };
}

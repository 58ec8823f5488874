// The best code of one image: core/refine.py in the browser, held to it by a test.

import { breaks } from "../turns.js";
import { kl, noise } from "./losses.js";
import { Slope } from "./slope.js";

// As core/refine.py has them:
export const STEPS = 150;
const RATE = 0.1; // Adam's, falling linearly to zero
export const CLIMB_SAMPLES = 8, MEASURED_SAMPLES = 256; // of z: what the climb looks at, and what before and after are measured with

/** Draws of N(0, I) in opposite pairs, scaled so that each dimension has mean 0 and variance 1. */
export function fixedNormals(draws, dimensions, { normal }) {
  const half = Array.from({ length: draws / 2 }, () => Float64Array.from({ length: dimensions }, normal));
  for (let i = 0; i < dimensions; i++) {
    const scale = Math.sqrt(half.reduce((sum, eps) => sum + eps[i] ** 2, 0) / half.length);
    for (const eps of half) eps[i] /= scale;
  }
  return [...half, ...half.map((eps) => eps.map((v) => -v))];
}

/** Adam's next values (Kingma & Ba 2015, algorithm 1); `state` is its memory, {} at first. */
function adam(values, slopes, rate, state) {
  state.step = (state.step ?? 0) + 1;
  state.mean = slopes.map((g, i) => 0.9 * (state.mean?.[i] ?? 0) + 0.1 * g);
  state.square = slopes.map((g, i) => 0.999 * (state.square?.[i] ?? 0) + 0.001 * g * g);
  const [a, b] = [1 - 0.9 ** state.step, 1 - 0.999 ** state.step];
  return values.map((v, i) => v - rate * (state.mean[i] / a) / (Math.sqrt(state.square[i] / b) + 1e-8));
}

/** What it costs to describe an image x by q = {mu, logvar}: -ELBO, in nats, the KL weighted by beta; without logvar -log p(x|mu). */
class Cost {
  constructor(slope, x, beta, pause) {
    Object.assign(this, { slope, x, beta, pause });
  }

  /** The mean over draws z = mu + sigma eps. */
  async value({ mu, logvar }, eps) {
    if (!logvar) return -this.slope.value(mu, this.x);
    let sum = 0;
    for (const e of eps) {
      await this.pause();
      sum -= this.slope.value(mu.map((m, i) => m + Math.exp(logvar[i] / 2) * e[i]), this.x);
    }
    return sum / eps.length + this.beta * kl(mu, logvar);
  }

  /** The same with its slopes: {value, mu, logvar}. */
  async at({ mu, logvar }, eps) {
    if (!logvar) {
      await this.pause();
      const { value, slope } = this.slope.at(mu, this.x);
      return { value: -value, mu: Float64Array.from(slope, (v) => -v), logvar: null };
    }
    const spread = logvar.map((v) => Math.exp(v / 2)), { beta } = this;
    let value = beta * kl(mu, logvar);
    const found = { mu: mu.map((m) => beta * m), logvar: logvar.map((v) => beta * (Math.exp(v) - 1) / 2) };
    for (const e of eps) {
      await this.pause();
      const one = this.slope.at(mu.map((m, i) => m + spread[i] * e[i]), this.x);
      value -= one.value / eps.length;
      one.slope.forEach((v, i) => {
        found.mu[i] -= v / eps.length;
        found.logvar[i] -= v * e[i] * spread[i] / 2 / eps.length;
      });
    }
    return { value, ...found };
  }
}

/** Climb from the encoder's answer, {mu, logvar (null: it is a point)}, of an image x, told a label (null: none), in slices; model: {likelihood,
 *  sigma, beta}. Gives {path: mu from the start to what is kept, mu, logvar, before, after}, costs in nats, `after` never more than `before`.
 *  onStep(share) hears how far it is. Throws the signal's reason when that aborts. */
export async function refine(decoder, { mu, logvar, x, label }, model, signal, onStep = () => {}, draws = defaultDraws(mu.length)) {
  const start = { mu: Float64Array.from(mu), logvar: logvar ? Float64Array.from(logvar) : null };
  const cost = new Cost(new Slope(decoder, label, model), x, model.beta, breaks(signal));
  const { path, best } = await climb(cost, start, draws.climb, onStep);
  const before = await cost.value(start, draws.measured), after = await cost.value(best, draws.measured);
  if (after < before) return { path, ...best, before, after };
  return { path: [start.mu], ...start, before, after: before };
}

const defaultDraws = (dimensions, random = noise(0)) => ({
  climb: fixedNormals(CLIMB_SAMPLES, dimensions, random),
  measured: fixedNormals(MEASURED_SAMPLES, dimensions, random),
});

/** Adam on mu and logvar: the way of mu, and the best of all that it came by, where the way ends. */
async function climb(cost, start, eps, onStep) {
  const path = [], state = { mu: {}, logvar: {} };
  let q = start, best = start, least = Infinity;
  for (let step = 0; step <= STEPS; step++) {
    onStep(step / STEPS);
    const { value, ...slopes } = await cost.at(q, eps), rate = RATE * (1 - step / STEPS);
    if (value < least) [best, least] = [q, value];
    path.push(q.mu);
    q = { mu: adam(q.mu, slopes.mu, rate, state.mu), logvar: q.logvar && adam(q.logvar, slopes.logvar, rate, state.logvar) };
  }
  path[STEPS] = best.mu;
  return { path, best };
}

// The traversal table as numbers and words. told: {order, used, kl (null: no posterior), variance, middle, sigma, prior, threshold}, each list
// with an entry for each number of the code; see pages/exploring/readout.py.

import { number } from "../map/sentences.js";

export const STEPS = [-3, -2, -1, 0, 1, 2, 3]; // of a row, in standard deviations from the middle

/** "−3σ", "0", "+1σ" */
export const inSigmas = (step) => (step < 0 ? `−${-step}σ` : step > 0 ? `+${step}σ` : "0");

/** "₁₆" */
export const subscript = (n) => String(n).replace(/\d/g, (digit) => "₀₁₂₃₄₅₆₇₈₉"[digit]);

/** The number that a cell has in its row. */
export const cell = ({ middle, sigma }, i, step) => middle[i] + step * sigma[i];

/** Which column is nearest to a number; -1 where it is beyond all of them. */
export function closest({ middle, sigma }, i, value) {
  const steps = sigma[i] ? (value - middle[i]) / sigma[i] : 0;
  return STEPS.indexOf(Math.round(steps) || 0); // no −0
}

/** What a number says of the images. */
export function rowWords({ kl, variance, used }, i) {
  const says = kl ? `${number(kl[i])} nats` : `variance ${number(variance[i])}`;
  return used[i] ? says : `${says}, unused`;
}

/** How many of them say something. */
export function countWords({ used, threshold }) {
  const count = used.filter(Boolean).length, { length: all } = used, numbers = all === 1 ? "number" : "numbers";
  if (count === all) return all === 1 ? "The one number of a code is used." : `${all === 2 ? "Both" : `All ${all}`} numbers of a code are used.`;
  const others = !count ? "They are" : all - count === 1 ? "The other is" : "The others are";
  return `${count || "None"} of the ${all} ${numbers} of a code ${count === 1 ? "is" : "are"} used. ${others} unused (<i>inactive units</i>, `
    + `Burda et al. 2016): over the test images ${!count ? "the" : all - count === 1 ? "its" : "their"} variance is ${threshold} at most.`;
}

/** What the table is. */
export function headWords({ kl, prior }) {
  const order = kl ? "how much it says of an image, on average over the test images (its <i>KL divergence</i>)" : "how much the codes differ in it (their <i>variance</i>)";
  const reach = prior ? "of the prior" : "of the codes, around their mean";
  return `In each row one number of the code changes, from −3 to +3 standard deviations ${reach}; the others stay. The rows are in the order of ${order}. Framed: nearest to the code itself. Press a cell to keep its code.`;
}

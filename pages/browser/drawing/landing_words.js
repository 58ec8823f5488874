// What is said of a drawing that has landed, in words that a beginner understands, with the exact term beside them.

import { isThin, number } from "../map/sentences.js";

export const BARE = "Draw on the paper. The model takes the drawing as if it were one of its test images, and the map shows where its code lies.";

export const HOW = "An image will do, too: upload it, paste it (Ctrl V) or drop it here. By keyboard, arrows move the pen and Space puts it down and lifts it.";

export const fetching = (share, bytes) => `Fetching the encoder, ${(bytes / 1e6).toFixed(1)} MB: ${percent(share)}`;
export const computing = (share) => `Computing the encoder from the decoder (Bayes’ rule): ${percent(share)}`;
const percent = (share) => `${Math.round(100 * share)} %`;

/** Where it lies. */
export function where({ point }, mu) {
  if (mu.length > 2) return `It lands at (${point.map((v) => number(v)).join(", ")}) on the map’s plane`;
  const place = mu.length === 1 ? number(mu[0]) : `(${mu.map((v) => number(v)).join(", ")})`;
  return `It lands at ${place}`;
}

/** What lies around it; reading: nets/reading.js's, of the drawing's whole code. */
export function nearest(facts, reading) {
  const { classes, gap, conditional } = facts, { vote: { label, votes, neighbours }, distance } = reading, name = classes[label]?.name ?? String(label);
  const far = isThin(facts, reading) ? ` ${distance > gap ? "No test code is" : "Fewer than ten test codes are"} near, so this means little.` : "";
  const told = conditional ? " This model is told the class, so its codes need not say it." : "";
  return `Nearest class: ${name} (${votes} of the ${neighbours} nearest test codes).${far}${told}`;
}

const deviation = (v) => (v < 0.001 ? "less than 0.001" : number(v, 3));

/** What the ellipses are; covariance: of the cloud on the map. */
export function cloud({ conditional, classes, drawn }, { covariance }, mu) {
  const told = !conditional ? "" : drawn === null ? " The encoder was told no class." : ` The encoder was told the class ${classes[drawn]?.name ?? drawn}.`;
  if (!covariance) return `This model answers with a point, not a cloud.${told}`;
  const inside = mu.length === 1 ? "68 and 95 %" : "39 and 86 %"; // of a normal distribution in one dimension, and in two
  const wide = covariance.slice(0, Math.min(2, mu.length)).map((row, i) => deviation(Math.sqrt(row[i])));
  return `The encoder answers with a cloud (its posterior): the rings hold ${inside} of it, 1 and 2 standard deviations (${wide.join(", ")}).${told}`;
}

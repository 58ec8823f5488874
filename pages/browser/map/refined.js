// What refining a code gained, in words and pictures, for every kind of model.

import { MEASURED_SAMPLES, STEPS } from "../nets/refine.js";
import { errors, grey, put } from "./ink.js";
import { escape, number } from "./sentences.js";

export const LEAST_NATS = 0.05; // less is not worth a number
const FIGURES = [
  ["encoder’s code", "What the model draws from the encoder's code"],
  ["refined code", "What the model draws from the refined code"],
  ["error map, refined", "Where the refined drawing differs from the image: blue ink is missing, orange is invented"],
];

const mse = (x, xHat) => x.reduce((sum, v, i) => sum + (v - xHat[i]) ** 2, 0) / x.length;

/** HTML; found: {before, after, xHat}, `keeps`: whether the refined code is a point of the map that can be kept. */
export function result(facts, dot, { before, after, xHat }, keeps) {
  const title = "<h2>Refined code</h2>", exactly = how(facts, dot);
  if (before - after < LEAST_NATS) {
    return `${title}<p>The climb found nothing better: the encoder’s answer is already the best code near it, to within ${LEAST_NATS} nats.</p><p class="lm-soft">${exactly}</p>`;
  }
  const canvases = FIGURES.map(([caption, alt]) => `<figure><canvas role="img" aria-label="${alt}"></canvas><figcaption>${caption}</figcaption></figure>`);
  return `${title}<p>${words(dot, facts, before, after)}</p><div class="lm-images">${canvases.join("")}</div>`
    + `<p class="lm-soft">Mean squared error of the picture: ${number(mse(dot.x, dot.xHat), 4)} before, ${number(mse(dot.x, xHat), 4)} after.</p>`
    + `<p>${keeps ? '<button type="button" class="lm-button" data-testid="refine-keep">Keep this code</button> ' : ""}`
    + '<button type="button" class="lm-button" data-testid="refine-walk">Show the walk again</button></p>'
    + `<p class="lm-soft">${escape(facts.why_refined)} ${exactly}</p>`;
}

/** What it gained. */
function words({ logvar }, { beta }, before, after) {
  const digits = before - after < 1 ? 2 : 1; // so that a small gain is seen in the costs, too
  const [nats, costs] = [number(before - after, digits), `${number(before, digits)} → ${number(after, digits)} nats`];
  if (!logvar) return `The climb found a code whose picture is nearer to the image: it misses <b>${nats} nats</b> less than the encoder’s (${costs} of reconstruction loss).`;
  const weighted = beta === 1 ? "−ELBO" : `−ELBO with the KL weighted by β = ${beta}, as in training`;
  return `The encoder’s answer costs this image <b>${nats} nats</b> more than the best code near it (${costs}, ${weighted}).`;
}

/** How it was found, exactly. */
function how({ likelihood, classes, served }, { mu, logvar, label }) {
  const pixels = likelihood === "bernoulli" ? "grey pixels (cross-entropy)" : "grey pixels";
  const climbed = logvar
    ? `${STEPS} steps uphill (Adam) on the code’s mean and spread (mu, logvar); before and after are measured with the same ${MEASURED_SAMPLES} samples of z, in ${pixels}.`
    : `${STEPS} steps uphill (Adam) on the code z, in ${pixels}.`;
  const told = label === null ? "" : ` The model was told the image’s class, ${escape(classes[label]?.name ?? String(label))}.`;
  const shadow = mu.length > 2 ? ` The map shows the walk’s shadow: it went through all ${mu.length} dimensions.` : "";
  return `${climbed}${told}${shadow} Computed ${served ? "by the server" : "in your browser"}.`;
}

/** Paint the canvases of `result`, where it has any: x, what is drawn from the encoder's code and from the refined one. */
export function drawn(place, size, [x, before, after], colours) {
  const inks = [grey(before), grey(after), errors(x, after, colours)];
  place.querySelectorAll("canvas").forEach((canvas, i) => put(canvas, inks[i], size));
}

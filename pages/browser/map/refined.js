// What refining a code gained, in words and pictures, for every kind of model.

import { MEASURED_SAMPLES, STEPS } from "../nets/refine.js";
import { errors, grey } from "./readout.js";
import { escape, number } from "./sentences.js";

const LEAST_NATS = 0.05; // less is not worth a number
const FIGURES = [
  ["encoder’s code", "What the model draws from the encoder's code"],
  ["refined code", "What the model draws from the refined code"],
  ["error map, refined", "Where the refined drawing differs from the image: blue ink is missing, orange is invented"],
];

const mse = (x, xHat) => x.reduce((sum, v, i) => sum + (v - xHat[i]) ** 2, 0) / x.length;

/** HTML; found: {before, after, xHat}, `keeps`: whether the refined code is a point of the map that can be kept. */
export function result(facts, dot, { before, after, xHat }, keeps) {
  const gained = before - after, told = dot.label === null ? "" : `, told that the image is ${escape(facts.classes[dot.label]?.name ?? String(dot.label))}`;
  const where = facts.served ? "Computed by the server." : "Computed in your browser.";
  if (gained < LEAST_NATS) {
    return `<h2>Refined code</h2><p>The climb found nothing better: the encoder’s answer is already the best code near it, to within ${LEAST_NATS} nats.</p>`
      + `<p class="lm-soft">${how(dot, facts)}${told}. ${where}</p>`;
  }
  const canvases = FIGURES.map(([caption, alt]) => `<figure><canvas role="img" aria-label="${alt}"></canvas><figcaption>${caption}</figcaption></figure>`);
  return `<h2>Refined code</h2><p>${words(dot, facts, before, after)}</p><div class="lm-images">${canvases.join("")}</div>`
    + `<p class="lm-soft">Mean squared error of the drawing: ${number(mse(dot.x, dot.xHat), 4)} before, ${number(mse(dot.x, xHat), 4)} after.</p>`
    + `${keeps ? '<button type="button" class="lm-button" data-testid="refine-keep">Keep this code</button>' : ""}`
    + `<p class="lm-soft">${why(dot, facts)} ${how(dot, facts)}${told}. ${where}${dot.mu.length > 2 ? ` ${shadow(dot)}` : ""}</p>`;
}

/** What it gained. */
function words({ logvar }, { beta }, before, after) {
  const [nats, costs] = [number(before - after, 1), `${number(before, 1)} → ${number(after, 1)} nats`];
  if (!logvar) return `The climb found the code whose picture is nearest to the image: it misses <b>${nats} nats</b> less than the encoder’s (${costs} of reconstruction loss).`;
  const weighted = beta === 1 ? "−ELBO" : `−ELBO with the KL weighted by β = ${beta}, as in training`;
  return `The encoder’s answer costs this image <b>${nats} nats</b> more than the best code near it (${costs}, ${weighted}).`;
}

/** Why there was something to gain. */
function why({ logvar }, { keeps_to_prior: prior }) {
  const one = "One encoder has to answer for all images, so its answer is rarely the best for each.";
  if (logvar) return `${one} What that costs is the <b>amortization gap</b> (Cremer et al. 2018); there may be a better code still, farther away.`;
  return `${one} This model gives each image a single code, not a cloud, so the climb looks at log p(x|z) alone${prior ? ": nothing keeps the code near the prior" : ""}.`;
}

function how({ logvar }, { likelihood }) {
  const pixels = likelihood === "bernoulli" ? "grey pixels (cross-entropy)" : "grey pixels";
  return logvar
    ? `${STEPS} steps of Adam on mu and logvar; before and after measured with the same ${MEASURED_SAMPLES} samples of z, ${pixels}`
    : `${STEPS} steps of Adam on z, ${pixels}`;
}

const shadow = ({ mu }) => `The map shows the shadow of the walk: it went through all ${mu.length} dimensions.`;

/** Paint the canvases of `result`, where it has any: x, what is drawn from the encoder's code and from the refined one. */
export function drawn(place, { width, height }, [x, before, after], colours) {
  const inks = [grey(before), grey(after), errors(x, after, colours)];
  place.querySelectorAll("canvas").forEach((canvas, i) => {
    Object.assign(canvas, { width, height });
    canvas.getContext("2d").putImageData(new ImageData(inks[i], width, height), 0, 0);
  });
}

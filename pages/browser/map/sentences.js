// What the panel says of a kept point, as HTML: in words that a beginner understands, with the exact term beside them.
// `facts` are those of pages/exploring/readout.py, `reading` is nets/reading.js's.

import { HERE } from "../nets/nearest.js";

const MOST_NUMBERS = 4; // of a code that are written out

export const escape = (text) => text.replace(/[&<>"']/g, (c) => `&#${c.charCodeAt(0)};`);

/** A number with a proper minus sign, but none before zero. */
export function number(v, digits = 2) {
  const text = Math.abs(v).toFixed(digits);
  return v < 0 && /[1-9]/.test(text) ? `−${text}` : text;
}

export const className = ({ classes }, label) => classes[label]?.name ?? String(label);
const name = (facts, label) => escape(className(facts, label));
const inAll = ({ z }) => (z.length <= 2 ? "" : `, in all ${z.length} dimensions,`); // where distances are not those on the map
const chip = (facts, label) => `<span class="lm-chip" style="background:${facts.classes[label].colour};color:${facts.classes[label].text}">${name(facts, label)}</span>`;
const percent = (share) => (share < 0.01 ? "Less than 1\u00a0%" : share > 0.99 ? "More than 99\u00a0%" : `${(100 * share).toFixed(0)}\u00a0%`);

/** The standard normal distribution in so many dimensions. */
function prior(dimensions) {
  if (dimensions === 1) return "a bell curve around 0.";
  if (dimensions === 2) return "a round cloud around (0, 0).";
  return `a round cloud around the origin. In ${dimensions} dimensions a typical draw lies about ${Math.sqrt(dimensions).toFixed(1)} σ out.`;
}

export const NO_CODES = "The codes could not be fetched; the connection may be lost. Reload the page.";
export const NO_REST = "The rest could not be fetched; the connection may be lost. Keep a point again to try once more.";
export const LOST = "The rest comes from the server, which does not answer. It comes by itself when the server does.";
export const NONE_KEPT = "<h2>No point is kept</h2><p>Press anywhere on the map to keep one.</p>";

/** Of a point that is no code. */
export const notOnADot = ({ images }) => `<p class="lm-soft">Press a dot to see ${images ? "its test image beside what the model makes of it" : "what the model makes of its code"}.</p>`;

/** The point itself: its code; where that is larger than the map, its place there first. `place`: {names: of the map's axes, at: [x, y]}. */
function point({ plane }, z, { names, at }) {
  const [first, ...more] = Array.from(z, (v) => number(v)), shown = [first, ...more].slice(0, MOST_NUMBERS).join(", ");
  const code = `z = ${more.length ? `(${shown}${z.length > MOST_NUMBERS ? ", …" : ""})` : first}`;
  if (z.length <= 2) return `<p class="lm-big">${code}</p>`;
  const whole = `The code itself has ${z.length} numbers, ${code}.`, others = plane.rest ? ` See also <b>${plane.rest.title}</b>.` : "";
  const words = names[0].startsWith("z") ? `The two of the code’s ${z.length} numbers that the map shows.${others}` : `Its place on the map. ${whole}`;
  return `<p class="lm-big">${names.map((name, i) => `${name} = ${number(at[i])}`).join(", ")}</p><p class="lm-soft">${words}</p>`;
}

/** `example`: nobody has chosen the point yet; `place`: see point. */
export function where(facts, { z, sigmas, beyond }, example, place) {
  const title = example
    ? '<h2>An example: the first test image</h2><p class="lm-soft">Press anywhere on the map to keep a point of your own.</p>'
    : "<h2>The kept point</h2>";
  const meaning = facts.keeps_to_prior
    ? `<p>${number(sigmas)} σ from the centre of the prior</p><p class="lm-soft">The <b>prior</b> is what the codes, all together, were `
      + `trained to look like: ${prior(z.length)} ${percent(beyond)} of random draws from it lie farther out.</p>`
    : '<p class="lm-soft">Nothing told the codes of this model where to lie (no prior counted when it was made), and nothing promises that '
      + "what is decoded between them looks like anything.</p>";
  return title + point(facts, z, place) + meaning;
}

/** Whether the last of the ten that vote is so far that the vote means little: there, the background *10-NN regions* has no colour. */
export const isThin = ({ vote_gap: gap }, { farthest }) => farthest > gap;

const TENTH = "the tenth is farther away than from 99\u00a0% of the codes";
const few = ({ gap }, { distance }) => (distance > gap ? "No code is near" : "Fewer than ten codes are near");

export function neighbours(facts, reading) {
  const { vote: { label, votes, neighbours }, onCode } = reading, share = `${(100 * votes / neighbours).toFixed(0)}`;
  const here = reading.more + !onCode; // codes that could vote and are as near as can be
  const crowd = here > neighbours ? "<p><b>More codes than these lie in this very place</b>, so this vote means little.</p>" : "";
  const far = isThin(facts, reading) ? `<p><b>${few(facts, reading)}</b>: ${TENTH}, so this vote means little.</p>` : "";
  const told = facts.conditional
    ? '<p class="lm-soft">This model is told the class, so its codes need not say it, and neighbours of every class are no surprise.</p>' : "";
  return `<p>Its neighbours say it is ${chip(facts, label)}</p>`
    + `<div class="lm-bar"><div style="width:${share}%;background:${facts.classes[label].colour}"></div></div>`
    + `<p class="lm-soft">${votes} of the ${neighbours} nearest test codes${inAll(reading)} are ${name(facts, label)} (${share}\u00a0%, `
    + `a ${neighbours}-nearest-neighbour vote).</p>${far}${crowd}${told}`;
}

export function nearest(facts, reading, label) {
  const { onCode, distance, more } = reading, away = distance >= HERE ? number(distance) : "less than 0.01";
  const others = more ? ` Right here ${more === 1 ? "is 1 more code" : `are ${more.toLocaleString("en")} more codes`}.` : "";
  return `<p>Nearest: test image ${reading.nearest.toLocaleString("en")}, labelled ${chip(facts, label)}</p>`
    + `<p class="lm-soft">${onCode ? "This is its code." : `Its code is ${away} away${inAll(reading).replace(/,$/, "")}.`}${others}</p>`;
}

/** For a conditional model: which class the reconstruction was told, where the map's own image was told another. */
export function toldAnother(facts, label) {
  if (!facts.conditional || label === facts.drawn) return "";
  const drawn = facts.drawn === null ? "without a class" : `as ${name(facts, facts.drawn)}`;
  return `<p class="lm-soft">For the reconstruction the model was told the image's class, ${name(facts, label)}; the map draws the same code ${drawn}.</p>`;
}

/** What is described, where a model's pixels are black or white; and how the card's average differs, where there is one. */
const binarised = (average) => ", each with the pixels turned black or white at random (<i>binarised</i>). The code stays the grey image’s"
  + (average ? "; the average encodes each binarised image, which usually takes a little less." : ".");

/** What it takes to describe the image, in nats; kl: null for a model without a posterior. */
export function losses(facts, { reconstruction, kl }) {
  if (kl === null) {
    const density = facts.likelihood === "bernoulli" ? "" : " (of a density: it can be negative)";
    return `<p><b>${number(reconstruction, 1)} nats</b> of reconstruction loss${density}</p><p class="lm-soft">Grey pixels, summed. This model gives `
      + `each image a single code, not a cloud: there is no KL divergence. ${facts.nat}</p>`;
  }
  const average = facts.average === null ? "" : `; ${number(facts.average, 1)} on average over the test images`;
  return `<p><b>${number(reconstruction + kl, 1)} nats</b> ${facts.describes}${average}</p>`
    + `<p class="lm-soft">${number(reconstruction, 1)} for what the reconstruction misses + ${number(kl, 1)} for the code itself `
    + `(KL divergence); mean of ${facts.samples} samples of z${facts.binarised ? binarised(average) : ", of grey pixels."} ${facts.nat}</p>`;
}

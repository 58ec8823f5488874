// What a background says of a point, in a few words.

import { EMPTY, THIN, firstTwo } from "./field.js";

const SURE = 0.9; // from here on a classifier is taken at its word, as core/quality.py does
const WORTH_SAYING = 0.05; // of a second class
const OUTSIDE = "So far out, nothing was computed.";

const percent = (share) => `${Math.round(100 * share)}\u00a0%`;

/** "4 (62 %) or 9 (31 %)"; one alone where there is no doubt. names: of the classes, by label. */
export function classes(shares, names) {
  const [first, second] = firstTwo(shares), told = ({ label, share }) => `${names[label] ?? label} (${percent(share)})`;
  return first.share > SURE || !second || second.share < WORTH_SAYING ? told(first) : `${told(first)} or ${told(second)}`;
}

/** "3.1", "12", "140". */
const about = (v) => (v < 10 ? v.toFixed(1) : v < 100 ? v.toFixed(0) : Number(v.toPrecision(2)).toLocaleString("en"));

const SAYS = {
  codes(field) {
    const emptier = field.value(field.shares[0]);
    if (emptier < EMPTY) return "Hardly any test code comes here: the decoder invents.";
    return `Test codes come here; ${percent(emptier)} of them lie in places as empty or emptier.`;
  },
  neighbours(field, names) {
    const share = 2 ** field.nearBits;
    if (share < EMPTY) return "Fewer than ten test codes are near: a vote means little."; // how near, sentences.js says
    return `The ten nearest test codes${share < THIN ? ", some far" : ""}: ${classes(field.shares, names)}.`;
  },
  classifier: ({ shares }, names) => `Classifier: ${classes(shares, names)}.`,
  sensitivity(field) {
    const here = field.value(field.shares[0]);
    return `Sensitivity ${about(here)} per unit of z, ${about(here / field.median)} times the map’s middle value.`;
  },
  loss: (field) => `Test images near by lose ${about(field.value(field.shares[0]))} nats.`,
  rarity(field) {
    const bits = field.value(field.shares[0]), times = about(2 ** Math.abs(bits));
    if (times === "1.0") return "Test codes are as frequent here as draws from the prior.";
    return `Test codes are ${times} times ${bits > 0 ? "rarer here than" : "as frequent here as"} draws from the prior.`;
  },
};
const NOTHING = { loss: "No test code is near.", rarity: "The prior hardly ever comes here." };

/** traces: the figure's, with each class's label (`meta`) and name. */
export function said(field, z, traces) {
  const known = field.look(z);
  if (known === null) return OUTSIDE;
  return known ? SAYS[field.name](field, Object.fromEntries(traces.map(({ meta, name }) => [meta, name]))) : NOTHING[field.name] ?? "";
}

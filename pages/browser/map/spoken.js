// What is said to who cannot see the map: of a point that is kept (arrow keys and sliders keep one where they come to rest), and of what is laid
// over or under the dots. Never of a move.

import { className, isThin, number } from "./sentences.js";

export const TITLES = { points: "Points", names: "Class names", manifold: "Decoded grid", prior: "Prior rings" }; // as Python's LAYERS

/** "a 3", "an 8". */
const withArticle = (name) => `${/^(8|11$|18$|[aeiou])/i.test(name) ? "an" : "a"} ${name}`;

/** Of a kept point; facts: the panel's, reading: nets/reading.js's. */
export function ofPoint(facts, { z, vote: { label, votes, neighbours }, onCode, distance, farthest, nearest, more }) {
  const place = `Kept ${z.length > 2 ? "" : `(${Array.from(z, (v) => number(v)).join(", ")})`}`.trim(), name = className(facts, label);
  const share = `${Math.round((100 * votes) / neighbours)} %`;
  const dot = onCode ? ` This is the code of test image ${nearest.toLocaleString("en")}.` : "";
  if (facts.conditional) {
    const drawn = facts.drawn === null ? "drawn without a class" : `drawn as ${withArticle(className(facts, facts.drawn))}`;
    return `${place}: ${drawn}. This model is told the class, so neighbours do not say it.${dot}`;
  }
  if (isThin(facts, { farthest })) return `${place}: ${distance > facts.gap ? "no test code is near" : "fewer than ten test codes are near"}. Of the ten nearest, ${share} are ${name}.${dot}`;
  const crowd = more + !onCode > neighbours ? " More codes than these lie in this very place, so that means little." : "";
  return `${place}: looks like ${withArticle(name)}, ${share} of neighbours.${crowd}${dot}`;
}

/** Of what is on the map now and was not before, or no longer is: {on: names of layers, field: the background or null}. */
export function ofLayers(before, now) {
  const changed = Object.keys(TITLES).filter((name) => before.on.has(name) !== now.on.has(name));
  const said = changed.map((name) => `${TITLES[name]}: ${now.on.has(name) ? "on" : "off"}.`);
  if (before.field !== now.field) said.push(now.field ? `Background: ${now.field.title}. ${plain(now.field.sentence)}` : "No background.");
  return said.join(" ");
}

const plain = (html) => new DOMParser().parseFromString(html, "text/html").body.textContent;

export class Spoken {
  constructor(map) {
    this.map = map;
    map.layers.heard = (frame) => this.layers(frame);
  }

  /** reading: of the kept point; null: there is none. What nobody has chosen is not spoken of. */
  point(facts, reading) {
    if (this.map.keeping.chosen) this.map.words.tell(reading ? ofPoint(facts, reading) : "No point is kept.");
  }

  layers({ on, field }) {
    const now = { on, field }, said = this.before && ofLayers(this.before, now);
    this.before = now;
    if (said && this.map.data.readout) this.map.words.tell(said);
  }
}

// A selection as what it was made of, in order: boxes, lassos, circles, whole classes. It selects the same codes again in another page, from a
// short word in the address. Coordinates are those of codes on the map; a lasso's sides are straight on the scale that it was drawn on.

import { LINEAR, SPREAD } from "../map/scale.js";
import { inBox, inCircle, inLasso } from "./shapes.js";

export const MODES = { new: "", add: "+", remove: "-" }; // what a part does to those before it, and how the address says it
export const MOST_PARTS = 24, MOST_CORNERS = 48; // more are neither made nor read
const SCALES = { l: LINEAR, s: SPREAD };
const DIGITS = 4; // of a coordinate in the address; what is drawn is brought there, so that the link selects the same

const KINDS = { // letter of the address -> how many numbers it has, and which codes, by their index in {x, y} of a scale
  b: { fits: (n) => n === 4, find: ({ x, y }, [a, b, c, d]) => inBox(x, y, [[a, b], [c, d]]) },
  l: { fits: corners, find: ({ x, y }, numbers) => inLasso(x, y, pairs(numbers)) },
  s: { fits: corners, find: ({ x, y }, numbers) => inLasso(x, y, pairs(numbers)) },
  o: { fits: (n) => n === 3, find: ({ x, y }, [a, b, radius]) => inCircle(x, y, [a, b], radius) },
  c: { fits: (n) => n === 1, find: ({ label }, [wanted]) => label.flatMap((one, i) => (one === wanted ? [i] : [])) },
};

function corners(n) {
  return n >= 2 && n <= 2 * MOST_CORNERS && n % 2 === 0;
}

const pairs = (numbers) => Array.from({ length: numbers.length / 2 }, (_, i) => [numbers[2 * i], numbers[2 * i + 1]]);
const rounded = (v) => Number(v.toFixed(DIGITS)) + 0;

/** A part; kind: its letter above, numbers: coordinates of codes, lit: of which classes alone ([]: of all). */
export const part = (mode, kind, numbers, lit = []) => ({ mode, kind, numbers: numbers.map(rounded), lit: [...lit].sort((a, b) => a - b) });

/** The parts with one more; what is new begins anew, and where there are too many already there is none more. */
export const withPart = (parts, one) => (one.mode === "new" ? [one] : parts.length < MOST_PARTS ? [...parts, one] : parts);

/** The indices, among a figure's codes, of those that the parts select, ascending; before: rows that are selected to begin with. */
export function selected(parts, { codes: { x, y, owner, row }, data }, before = []) {
  const label = Array.from(owner, (one) => data[one].meta), drawn = { l: { x, y, label } }, first = new Set(before);
  const on = Uint8Array.from(x, (_, i) => (first.size && first.has(row[i]) ? 1 : 0));
  for (const { mode, kind, numbers, lit } of parts) {
    const scale = SCALES[kind] ?? LINEAR, name = SCALES[kind] ? kind : "l", to = (values) => Float64Array.from(values, scale.to);
    drawn[name] ??= { x: to(x), y: to(y), label };
    const found = KINDS[kind].find(drawn[name], scale === LINEAR ? numbers : numbers.map(scale.to));
    if (mode === "new") on.fill(0);
    for (const i of found) if (!lit.length || lit.includes(label[i])) on[i] = mode === "remove" ? 0 : 1;
  }
  return Array.from(on.keys()).filter((i) => on[i]);
}

/** The parts in the words of an address: "b-1,0,2,1.5~3.8+c4". */
export const written = (parts) => parts.map(({ mode, kind, numbers, lit }) =>
  `${MODES[mode]}${kind}${numbers.join(",")}${lit.length ? `~${lit.join(".")}` : ""}`).join(";");

const PART = /^([+-]?)([blsoc])([-\d.,]+)(?:~([\d.]+))?$/;

/** What an address says; no parts where it says anything else. limit: how far from the origin a coordinate may be. */
export function read(word, limit) {
  const said = word.split(";"), parts = said.map((text) => one(text, limit));
  return said.length <= MOST_PARTS && parts.every(Boolean) ? parts : [];
}

function one(text, limit) {
  const [, sign, kind, given, classes = ""] = PART.exec(text) ?? [];
  if (!kind) return null;
  const numbers = given.split(",").map((v) => (v === "" ? NaN : Number(v))), lit = classes ? classes.split(".").map(Number) : [];
  if (!KINDS[kind].fits(numbers.length) || !numbers.every((v) => Math.abs(v) <= limit) || !lit.every(Number.isInteger)) return null;
  return part(Object.keys(MODES).find((mode) => MODES[mode] === sign), kind, numbers, lit);
}

// Selections in the words of an address: the one at hand, those that have a name, and the step between two of them, as much as there is room for.
// "b0,0,1,1!A:c3!odd ones:b-1,-1,0,0+c4!*1,0,-0.5": parts, then a name and its parts, and again; at last the step, its ends and its amount.
// A selection that is one of the named ones is "*" and its number.

import { read as partsOf, written } from "./parts.js";

export const MOST = 12; // selections with a name
export const MOST_LETTERS = 24; // of it
export const FIRST = { from: 0, to: 1, amount: 1 }; // the step that nobody has chosen

const safe = (name) => name.replace(/[^\w -]/gu, (letter) => `(${letter.codePointAt(0).toString(16)})`);
const letter = (code) => (code <= 0x10ffff ? String.fromCodePoint(code) : "");
const plain = (text) => text.replace(/\(([0-9a-f]{1,6})\)/g, (_, code) => letter(parseInt(code, 16))).replace(/[\s\p{Cc}]+/gu, " ").trim();

/** {parts, named: [{name, parts, before}], step: {from, to: their numbers, amount}} -> {word, at most so many characters; whole: whether the
 *  selection at hand is in it; left: the named ones that are not}. What was selected on another plane (`before`) has no words. */
export function linked({ parts, named, step }, most) {
  const texts = named.map(({ name, parts: own, before }) => (before.length || !own.length ? "" : `!${safe(name)}:${written(own)}`)), own = written(parts);
  const same = (i) => texts[i] && own === written(named[i].parts), order = [...new Set([step.from, step.to, ...named.keys()])].filter((i) => texts[i]);
  let room = most - `*${MOST}!*${MOST},${MOST},${step.amount}`.length;
  const take = (text) => text.length <= room && ((room -= text.length), true);
  const ends = order.filter((i) => i === step.from || i === step.to), held = new Set(ends.filter((i) => take(texts[i])));
  const again = ends.find((i) => held.has(i) && same(i)), whole = again !== undefined || take(own);
  for (const i of order) if (!held.has(i) && take(texts[i])) held.add(i);
  const list = [...named.keys()].filter((i) => held.has(i)), [from, to] = [step.from, step.to].map((i) => list.indexOf(i));
  const usual = from === FIRST.from && to === FIRST.to && step.amount === FIRST.amount;
  const stepped = from < 0 || to < 0 || usual ? "" : `!*${from},${to}${step.amount === FIRST.amount ? "" : `,${step.amount}`}`;
  const now = !whole ? "" : again === undefined ? own : `*${list.indexOf(again)}`;
  return { word: now + list.map((i) => texts[i]).join("") + stepped, whole, left: [...named.keys()].filter((i) => !held.has(i)).map((i) => named[i]) };
}

/** What an address says; what it says amiss is left out. limit: how far from the origin a coordinate may be. */
export function read(word, limit) {
  const [now, ...rest] = word.split("!"), named = [];
  let step = FIRST;
  for (const text of rest) {
    const [, from, to, amount = "1"] = /^\*(\d\d?),(\d\d?)(?:,(-?[\d.]{1,5}))?$/.exec(text) ?? [];
    if (from) step = { from: Number(from), to: Number(to), amount: Number(amount) };
    const at = text.indexOf(":"), name = at > 0 ? plain(text.slice(0, at)) : "", parts = name ? partsOf(text.slice(at + 1), limit) : [];
    if (parts.length && name.length <= MOST_LETTERS && named.length < MOST && !named.some((one) => one.name === name)) named.push({ name, parts, before: [] });
  }
  if (!named[step.from] || !named[step.to] || step.from === step.to || !(Math.abs(step.amount) <= 2)) step = FIRST;
  const again = /^\*(\d\d?)$/.exec(now)?.[1];
  return { parts: again === undefined ? partsOf(now, limit) : named[again]?.parts ?? [], named, step };
}

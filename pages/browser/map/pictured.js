// What Python cannot know of the map and needs for a picture of it (exploring/marked.py): which codes are selected, what the open tool has drawn
// over the dots, and how large images close up are.

import { same } from "../agreed.js";

const DIGITS = 4; // of a coordinate
const NOTHING = null; // is marked

/** Points as [x, y, x, y, ...]. */
export const flat = (points) => points.flatMap(([x, y]) => [x, y].map((v) => Number(v.toFixed(DIGITS)) + 0));

/** A bit for each row up to the last of `count`, base64; on: of a figure's codes. */
export function bits({ codes: { row } }, on) {
  const bytes = new Uint8Array(Math.ceil(row.length / 8));
  on.forEach((one, i) => (bytes[row[i] >> 3] |= one << (row[i] & 7)));
  return btoa(String.fromCharCode(...bytes));
}

export class Pictured {
  /** late: Python's ear, see late.js, which asks at each turn whether there is news. */
  constructor(map, late) {
    this.map = map;
    late.ask("marks", () => this.news());
  }

  /** What is marked now: {view, picked, side, marks}; what is drawn has a `pictured` that says what it is. */
  get said() {
    const { view, picked, figure, drawn, viewport, layers: { closeUp } } = this.map, side = closeUp?.side ?? 0;
    const marks = [...drawn].map(({ pictured }) => pictured).filter(Boolean), own = picked?.figure === figure ? picked.on : null;
    if (!marks.length && !own && !side) return NOTHING;
    return { view, picked: own && bits(figure, own), side: side ? Number((side / viewport.box.width).toFixed(DIGITS)) : null, marks };
  }

  /** The word for Python, where it knows something else; undefined: it knows. */
  news() {
    const { map, map: { ready, look, view } } = this;
    if (!ready || !look.heard || !map.viewport.xr) return undefined;
    if (this.known === undefined) this.known = map.data.marked ? { view } : NOTHING;
    const { known, said } = this;
    if (same(said, known) || (!said && known.view !== view)) return undefined;
    this.known = said;
    return said;
  }
}

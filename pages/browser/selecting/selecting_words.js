// What is said of a selection.

import { MOST as ROOM } from "../map/bench.js";
import { MOST_PARTS, written } from "./parts.js";

const NOTHING = "Nothing is selected. Draw a box or a lasso on the map, or use the other buttons.";
const thousands = (n) => n.toLocaleString("en");

export const FULL = `A selection is made of at most ${MOST_PARTS} boxes, lassos, circles and classes. Name this one, or begin anew with New.`;

/** count: of the test images that are selected, of so many; by these parts, and before: how many of them were selected on another plane. */
export function said(count, all, parts, before) {
  if (!count && !parts.length && !before) return NOTHING;
  const some = `${thousands(count)} of ${thousands(all)} test images ${count === 1 ? "is" : "are"} selected.`;
  if (!count) return `${some} Nothing on show lies there.`;
  if (before) return `${some} Some were selected on another plane of the codes, so the link does not hold them.`;
  return written(parts).length > ROOM ? `${some} What they were selected by is too long for the link.` : some;
}

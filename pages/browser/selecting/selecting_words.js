// What is said of a selection.

import { MOST_PARTS } from "./parts.js";

const NOTHING = "Nothing is selected. Draw a box or a lasso on the map, or use the other buttons.";
const thousands = (n) => n.toLocaleString("en");

export const FULL = `A selection is made of at most ${MOST_PARTS} boxes, lassos, circles and classes. Name this one, or begin anew with New.`;

/** count: of the test images that are selected, of so many; by these parts, and before: how many of them were selected on another plane; held:
 *  whether the link has room for it. */
export function said(count, all, parts, before, held = true) {
  if (!count && !parts.length && !before) return NOTHING;
  const some = `${thousands(count)} of ${thousands(all)} test images ${count === 1 ? "is" : "are"} selected.`;
  if (!count) return `${some} Nothing on show lies there.`;
  if (before) return `${some} Some were selected on another plane of the codes, so the link does not hold them.`;
  return held ? some : `${some} What they were selected by is too long for the link.`;
}

/** Of named selections, which the link does not hold, and why; what it holds, where there are any. */
export function notHeld(list, left) {
  if (!list.length) return "";
  const names = (some) => some.map(({ name }) => name).join(", "), [moved, long] = [left.filter(({ before }) => before.length), left.filter(({ before }) => !before.length)];
  const why = [moved.length && `${names(moved)}: selected on another plane of the codes`, long.length && `${names(long)}: too long for it`].filter(Boolean);
  const rest = list.length - left.length;
  return why.length ? `The page’s link does not hold ${why.join("; ")}.` : `The page’s link holds ${rest === 1 ? "it" : rest === 2 ? "both, and the arrow" : "them, and the arrow"}.`;
}

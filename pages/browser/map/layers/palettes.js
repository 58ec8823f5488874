// The colours of fields: [red, green, blue, alpha], 0 to 255, by theme.

import { EMPTY, THIN } from "../field.js";
import { rgb } from "./colours.js";

// Light to dark, told apart under every common colour vision deficiency. ColorBrewer's YlGnBu (Harrower & Brewer 2003).
const YELLOW_TO_BLUE = ["#ffffd9", "#edf8b1", "#c7e9b4", "#7fcdbb", "#41b6c4", "#1d91c0", "#225ea8", "#253494", "#081d58"].map(rgb);
const RAMP_ALPHA = 225;
const VEIL = { light: [203, 208, 216], dark: [52, 58, 68] };
const VEIL_ALPHA = 235;
const EMPTY_BITS = Math.log2(EMPTY), THIN_BITS = Math.log2(THIN);
const FAINT = 0.04, STRONG = 0.6, LEAST = 0.3; // opacity of a class's colour, from a share of LEAST to all
const UNNAMED = "#808a94"; // a class that the map does not show, and classes in the legend
const LINE = { light: [13, 18, 27, 130], dark: [255, 255, 255, 130] }; // where one class gives way to another

/** A sequential colour for a share of the scale; the ground's end is low. */
export function ramp(share, dark) {
  const place = Math.max(0, Math.min(1, dark ? 1 - share : share)) * (YELLOW_TO_BLUE.length - 1), i = Math.min(YELLOW_TO_BLUE.length - 2, Math.floor(place));
  return [...YELLOW_TO_BLUE[i].map((v, c) => v + (place - i) * (YELLOW_TO_BLUE[i + 1][c] - v)), RAMP_ALPHA];
}

/** How empty it is, 0 to 1, where log2 of the share of all codes that lie where it is no fuller is that many `bits`. */
export function emptiness(bits) {
  const t = Math.max(0, Math.min(1, (THIN_BITS - bits) / (THIN_BITS - EMPTY_BITS)));
  return t * t * (3 - 2 * t);
}

/** The veil over what is as empty as that. */
export const veil = (bits, dark) => [...VEIL[dark ? "dark" : "light"], VEIL_ALPHA * emptiness(bits)];

/** A class's colour [r, g, b], the stronger the larger its share. */
const ofClass = (colour, share) => [...colour, 255 * (FAINT + (STRONG - FAINT) * Math.max(0, Math.min(1, (share - LEAST) / (1 - LEAST))))];

export const line = (dark) => LINE[dark ? "dark" : "light"];

/** The colour of a share of a field's scale; of classes in that of the class, "#rrggbb". */
function colourOf({ kind, low, high }, share, dark, colour = UNNAMED) {
  if (kind === "ramp") return ramp(share, dark);
  return kind === "veil" ? veil(low + share * (high - low), dark) : ofClass(rgb(colour), share);
}

/** All colours of a scale, one after the other: tones + 1 of them. */
export const scaleOf = (field, dark, colour, tones) =>
  Uint8ClampedArray.from(Array.from({ length: tones + 1 }, (_, i) => colourOf(field, i / tones, dark, colour)).flat());

/** Where on the legend's bar a field's `shares` are, from 0 at its left end to 1. */
export function along({ kind, shares }) {
  const share = kind === "veil" ? 1 - shares[0] : kind === "classes" ? (Math.max(...shares) - LEAST) / (1 - LEAST) : shares[0];
  return Math.max(0, Math.min(1, share));
}

/** The legend's bar, as CSS: how a field's scale is drawn, from what is least remarkable to what is most. */
export function gradient(field, dark) {
  const shares = Array.from({ length: 17 }, (_, i) => i / 16).map((t) => (field.kind === "veil" ? 1 - t : field.kind === "classes" ? LEAST + t * (1 - LEAST) : t));
  const stops = shares.map((share) => colourOf(field, share, dark)).map(([r, g, b, a]) => `rgb(${[r, g, b].map(Math.round).join(" ")} / ${(a / 255).toFixed(3)})`);
  return `linear-gradient(90deg, ${stops.join(", ")})`;
}

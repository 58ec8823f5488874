// Colours as numbers: as figures have them, "#rrggbb", or as the browser computes them, "rgb(r, g, b)".

/** [red, green, blue], 0 to 255. */
export const rgb = (colour) => (colour.startsWith("#") ? [1, 3, 5].map((i) => parseInt(colour.slice(i, i + 2), 16)) : colour.match(/[\d.]+/g).slice(0, 3).map(Number));

/** Whether a colour is nearer to white than to black (ITU-R BT.601 luma). */
export function isLight(colour) {
  const [red, green, blue] = rgb(colour);
  return 0.299 * red + 0.587 * green + 0.114 * blue > 127.5;
}

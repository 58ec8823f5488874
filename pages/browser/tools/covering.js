// A cover over an image of side x side pixels: a Uint8Array, 1 where a pixel is covered, row by row. Each function returns a new one.

const DIGITS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"; // base64url (RFC 4648): six pixels each

/** A cover as Python and the page's link write it; six pixels a letter. */
export function write(cover) {
  let text = "";
  for (let i = 0; i < cover.length; i += 6) {
    let six = 0;
    for (let bit = 0; bit < 6; bit++) six = 2 * six + (cover[i + bit] ?? 0);
    text += DIGITS[six];
  }
  return text;
}

/** The same the other way round. */
export function read(text, side) {
  return Uint8Array.from({ length: side * side }, (_, i) => (DIGITS.indexOf(text[Math.floor(i / 6)]) >> (5 - (i % 6))) & 1);
}

/** With a brush, `width` pixels across, drawn from one point to another, in pixels: all whose middle it comes over are `covered`, or not. */
export function brushed(cover, side, [ax, ay], [bx, by], width, covered) {
  const long = (bx - ax) ** 2 + (by - ay) ** 2;
  return cover.map((before, i) => {
    const x = (i % side) + 0.5, y = Math.floor(i / side) + 0.5;
    const along = long ? Math.min(1, Math.max(0, ((x - ax) * (bx - ax) + (y - ay) * (by - ay)) / long)) : 0;
    return Math.hypot(x - ax - along * (bx - ax), y - ay - along * (by - ay)) <= width / 2 ? Number(covered) : before;
  });
}

/** With so many pixels covered, drawn at random. (Fisher & Yates) */
export function scattered(cover, share, random = Math.random) {
  const order = Array.from(cover.keys()), drawn = new Uint8Array(cover.length);
  for (let i = 0; i < Math.round(share * cover.length); i++) {
    const other = i + Math.floor(random() * (order.length - i));
    [order[i], order[other]] = [order[other], order[i]];
    drawn[order[i]] = 1;
  }
  return drawn;
}

/** How many pixels are covered. */
export const count = (cover) => cover.reduce((sum, one) => sum + one, 0);

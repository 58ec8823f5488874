// Images as an animated GIF that loops for ever (GIF89a, CompuServe 1990), in grey levels, as core/sheets.py makes it.

const SIDE_PX = 280; // a frame's side, about
const BITS = 5, GREYS = 2 ** BITS; // of the palette
const MOST_FRAMES = 240;
const MOST_CODES = 4096; // of the compression
const BLOCK = 255; // bytes of a piece of data

const short = (n) => [n & 255, n >> 8];

/** Images, each ink in [0, 1], row by row, of that shape, as a GIF's bytes, each pixel a square of whole pixels. `ms`: from one to the next;
 *  `andBack`: after the last it plays backwards to the first. RangeError for none, or more than it may hold. */
export function gif(images, [height, width], { ms = 100, andBack = false } = {}) {
  if (!images.length || images.length > MOST_FRAMES) throw new RangeError(`A GIF holds 1 to ${MOST_FRAMES} images.`);
  const factor = Math.max(1, Math.round(SIDE_PX / Math.max(height, width))), size = [...short(factor * width), ...short(factor * height)];
  const palette = Array.from({ length: GREYS }, (_, level) => Math.round((255 * level) / (GREYS - 1))).flatMap((grey) => [grey, grey, grey]);
  const parts = [text("GIF89a"), [...size, 0xf0 | (BITS - 1), 0, 0], palette];
  parts.push([0x21, 0xff, 11], text("NETSCAPE2.0"), [3, 1, 0, 0, 0]); // again and again
  const frames = images.map((image) => compressed(levels(image, width, factor)));
  for (const frame of andBack ? [...frames, ...frames.slice(1, -1).reverse()] : frames) {
    parts.push([0x21, 0xf9, 4, 0, ...short(Math.round(ms / 10)), 0, 0], [0x2c, 0, 0, 0, 0, ...size, 0, BITS]);
    for (let at = 0; at < frame.length; at += BLOCK) {
      const block = frame.subarray(at, at + BLOCK);
      parts.push([block.length], block);
    }
    parts.push([0]);
  }
  return joined([...parts, [0x3b]]);
}

const text = (word) => [...word].map((letter) => letter.charCodeAt(0));

function joined(parts) {
  const bytes = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

/** Ink as indices of the palette, enlarged. */
function levels(ink, width, factor) {
  const across = factor * width, out = new Uint8Array(ink.length * factor * factor);
  for (let i = 0; i < ink.length; i++) {
    const top = factor * Math.floor(i / width), left = factor * (i % width);
    const level = Math.round(Math.min(1, Math.max(0, ink[i])) * (GREYS - 1));
    for (let y = top; y < top + factor; y++) out.fill(level, y * across + left, y * across + left + factor);
  }
  return out;
}

/** Indices of the palette by Lempel, Ziv and Welch (Welch 1984), as GIF has it: codes of growing length, low bits first. */
export function compressed(indices) {
  const clear = GREYS, end = clear + 1, known = new Int16Array(MOST_CODES * GREYS).fill(-1); // prefix, next index -> code
  const out = [];
  let bits = 0, held = 0, length, next;
  const emit = (code) => {
    bits |= code << held;
    for (held += length; held >= 8; held -= 8) {
      out.push(bits & 255);
      bits >>>= 8;
    }
  };
  const restart = () => {
    [length, next] = [BITS + 1, end + 1];
    known.fill(-1);
  };
  const grow = () => next++ === 1 << length && length++; // the reader is one code behind, and so knows its length just in time
  restart();
  emit(clear);
  let prefix = indices[0];
  for (let i = 1; i < indices.length; i++) {
    const place = prefix * GREYS + indices[i];
    if (known[place] >= 0) {
      prefix = known[place];
      continue;
    }
    emit(prefix);
    if (next < MOST_CODES) {
      known[place] = next;
      grow();
    } else {
      emit(clear);
      restart();
    }
    prefix = indices[i];
  }
  emit(prefix);
  if (next < MOST_CODES) grow();
  emit(end);
  if (held) out.push(bits & 255);
  return Uint8Array.from(out);
}

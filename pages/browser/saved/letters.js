// Bytes that stand in a saved page as text: saved/__init__.py's `in_letters` backwards. Two of 91 letters are 13 bits.

const BITS = 13, NOT = '"&<'; // of the printable ASCII characters, these are no letters
const VALUES = new Uint8Array(127);
for (let code = 33, value = 0; code < 127; code++) if (!NOT.includes(String.fromCharCode(code))) VALUES[code] = value++;

/** The first `length` bytes that a text stands for. */
export function bytesOf(text, length) {
  const bytes = new Uint8Array(length);
  for (let i = 0, to = 0, bits = 0, waiting = 0; to < length; i += 2) {
    bits = bits << BITS | 91 * VALUES[text.charCodeAt(i)] + VALUES[text.charCodeAt(i + 1)];
    for (waiting += BITS; waiting >= 8 && to < length; waiting -= 8) bytes[to++] = bits >> waiting - 8;
    bits &= (1 << waiting) - 1;
  }
  return bytes;
}

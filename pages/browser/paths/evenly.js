// Points at equal distances along a chain of codes, by a measure of one's own: the codes' distances, or those of what is decoded there.

/** How far apart two vectors are, of codes in the latent space, of images the root of the summed squared differences of their pixels. */
export function apart(a, b) {
  let squared = 0;
  for (let i = 0; i < a.length; i++) squared += (a[i] - b[i]) ** 2;
  return Math.sqrt(squared);
}

/** How far along the chain each of its vectors is: 0 for the first, the whole length for the last. */
export function lengths(chain) {
  const far = new Float64Array(chain.length);
  for (let i = 1; i < chain.length; i++) far[i] = far[i - 1] + apart(chain[i - 1], chain[i]);
  return far;
}

/** The same of what is decoded of each code of a chain, in slices; pause: see turns.js's breaks. */
export async function decodedLengths(chain, image, pause) {
  const far = new Float64Array(chain.length);
  let before;
  for (let i = 0; i < chain.length; i++) {
    await pause();
    const decoded = Float32Array.from(image(chain[i]));
    if (before) far[i] = far[i - 1] + apart(before, decoded);
    before = decoded;
  }
  return far;
}

/** The code so far along a chain, whose codes are `far` along it, straight between two of them. */
export function at(chain, far, length) {
  let next = far.findIndex((v) => v > length);
  if (next < 0) return Float64Array.from(chain.at(-1));
  next = Math.max(1, next);
  const share = (length - far[next - 1]) / (far[next] - far[next - 1]), a = chain[next - 1], b = chain[next];
  return Float64Array.from(a, (v, i) => (1 - share) * v + share * b[i]);
}

/** So many codes from the first to the last of a chain, equally far from each other by that measure. */
export function evenly(chain, far, count) {
  const inner = Array.from({ length: count - 2 }, (_, i) => at(chain, far, (far.at(-1) * (i + 1)) / (count - 1)));
  return [Float64Array.from(chain[0]), ...inner, Float64Array.from(chain.at(-1))];
}

// Pictures at another size as Pillow makes them (its Resample.c), in float32: what Python's core/data/normalizing.py resizes by.

const FILTERS = { // the reach of each, and its weights
  box: [0.5, (x) => (x > -0.5 && x <= 0.5 ? 1 : 0)],
  bicubic: [2, (x) => cubic(Math.abs(x), -0.5)],
};

/** Keys 1981, eq. 4. */
function cubic(x, a) {
  if (x < 1) return ((a + 2) * x - (a + 3)) * x * x + 1;
  return x < 2 ? (((x - 5) * x + 8) * x - 4) * a : 0;
}

/** For each of `size` outputs over [from, to) of so many inputs: {first: the first input that it sees, weights}. */
function weightsOf(inputs, [from, to], size, [reach, filter]) {
  const scale = (to - from) / size, stretch = Math.max(1, scale), support = reach * stretch;
  return Array.from({ length: size }, (_, i) => {
    const centre = from + (i + 0.5) * scale, first = Math.max(0, Math.trunc(centre - support + 0.5));
    const end = Math.min(inputs, Math.trunc(centre + support + 0.5));
    const seen = Array.from({ length: end - first }, (_, x) => filter((x + first - centre + 0.5) / stretch));
    const sum = seen.reduce((a, b) => a + b, 0);
    return { first, weights: sum ? seen.map((w) => w / sum) : seen };
  });
}

/** A picture {data, height, width}, row by row -> another one of height x width, from a box [top, left, bottom, right], in fractions of pixels. */
export function resized({ data, height, width }, [tall, wide], [top, left, bottom, right], kind) {
  const filter = FILTERS[kind], [t, l, b, r] = [top, left, bottom, right].map(Math.fround); // Pillow's box has float32
  const across = weightsOf(width, [l, r], wide, filter), down = weightsOf(height, [t, b], tall, filter);
  const begin = down[0].first, { first, weights: last } = down.at(-1), rows = first + last.length - begin; // of the picture, that are looked at
  const narrow = new Float32Array(rows * wide), out = new Float32Array(tall * wide);
  for (let y = 0; y < rows; y++) {
    for (let x = 0; x < wide; x++) {
      const { first, weights } = across[x], at = (begin + y) * width + first;
      let sum = 0;
      for (let i = 0; i < weights.length; i++) sum += weights[i] * data[at + i];
      narrow[y * wide + x] = sum;
    }
  }
  for (let y = 0; y < tall; y++) {
    const { first, weights } = down[y], at = (first - begin) * wide;
    for (let x = 0; x < wide; x++) {
      let sum = 0;
      for (let i = 0; i < weights.length; i++) sum += weights[i] * narrow[at + i * wide + x];
      out[y * wide + x] = sum;
    }
  }
  return { data: out, height: tall, width: wide };
}

/** A picture with so many empty pixels on each side. */
export function padded({ data, height, width }, margin) {
  const wide = width + 2 * margin, tall = height + 2 * margin, out = new Float32Array(tall * wide);
  for (let y = 0; y < height; y++) out.set(data.subarray(y * width, (y + 1) * width), (y + margin) * wide + margin);
  return { data: out, height: tall, width: wide };
}

/** A picture with each pixel changed. Chromium takes several times as long for a typed array's own map, from and reduce. */
export function changed({ data, ...size }, change) {
  const out = new Float32Array(data.length);
  for (let i = 0; i < out.length; i++) out[i] = change(data[i]);
  return { ...size, data: out };
}

/** The greatest of these numbers, none of which is below 0. */
export function greatest(data) {
  let most = 0;
  for (let i = 0; i < data.length; i++) if (data[i] > most) most = data[i];
  return most;
}

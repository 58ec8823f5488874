// A field over the map as core/fields.py gives it: values at the middles of square cells, and between them what lies between.

const NOTHING = 255, STEPS = 254;
const LOGARITHMIC = new Set(["codes", "sensitivity"]); // told as log2
export const EMPTY = 0.01, THIN = 0.04; // of the test codes lie where it is emptier: nobody comes here, and few do
const BITS = 10; // of the share of codes that are as far from theirs: core/fields.py's FARTHEST

export class Field {
  /** words: {name, kind, title, sentence, ends} of pages/exploring/fields.py; buffer: the bytes of core.fields.field_bytes. */
  constructor(words, buffer) {
    const head = new DataView(buffer);
    Object.assign(this, words, {
      bound: head.getFloat32(0, true), // the square goes from -bound to bound
      low: head.getFloat32(4, true), // what the levels 0 and 254 mean
      high: head.getFloat32(8, true),
      channels: head.getUint32(12, true),
      cells: head.getUint32(16, true), // a side
      levels: new Uint8Array(buffer, 20), // (channel, row from the top, column)
      logarithmic: LOGARITHMIC.has(words.name),
    });
    this.found = new Float32Array(this.channels); // of the scale, where somebody looked last
    this.voted = words.name === "neighbours"; // the last channel says how near those are
    this.shares = this.found.subarray(0, this.channels - this.voted);
  }

  /** Where somebody looked last, log2 of the share of test codes whose own neighbours are at least as far: 0 where codes are dense. */
  get nearBits() {
    return this.voted ? BITS * (this.found[this.channels - 1] - 1) : 0;
  }

  /** Work out each channel's share of the scale at a place, in cells from the left and from the top: `shares`. False where there is
   *  nothing to say. Called for each pixel of a background: it makes nothing that the collector would have to take away. */
  sample(across, down) {
    const { cells, channels, levels, found } = this, most = cells - 1;
    const x = across < 0.5 ? 0 : across > cells - 0.5 ? most : across - 0.5, y = down < 0.5 ? 0 : down > cells - 0.5 ? most : down - 0.5;
    const left = Math.floor(x), top = Math.floor(y), u = x - left, v = y - top, right = left < most ? 1 : 0, below = top < most ? cells : 0;
    const a = top * cells + left, b = a + right, c = a + below, d = c + right;
    let wa = (1 - u) * (1 - v), wb = u * (1 - v), wc = (1 - u) * v, wd = u * v;
    if (levels[a] === NOTHING) wa = 0;
    if (levels[b] === NOTHING) wb = 0;
    if (levels[c] === NOTHING) wc = 0;
    if (levels[d] === NOTHING) wd = 0;
    const known = wa + wb + wc + wd, all = STEPS * known;
    if (known < 0.5) return false;
    for (let i = 0, start = 0; i < channels; i++, start += cells * cells) {
      found[i] = (wa * levels[start + a] + wb * levels[start + b] + wc * levels[start + c] + wd * levels[start + d]) / all;
    }
    return true;
  }

  /** The same at a point of the map; null outside the square. */
  look([x, y]) {
    const { bound, cells } = this, across = ((x + bound) / (2 * bound)) * cells, down = ((bound - y) / (2 * bound)) * cells;
    return across < 0 || down < 0 || across > cells || down > cells ? null : this.sample(across, down);
  }

  /** What a share of the scale means. */
  value(share) {
    const v = this.low + share * (this.high - this.low);
    return this.logarithmic ? 2 ** v : v;
  }

  /** The value in the middle of all cells that have one. */
  get median() {
    this.sorted ??= this.levels.filter((level) => level !== NOTHING).sort();
    return this.value((this.sorted[this.sorted.length >> 1] ?? 0) / STEPS);
  }
}

/** The two largest of some shares: [{label, share}, ...]. */
export function firstTwo(shares) {
  const order = Array.from(shares, (share, label) => ({ label, share })).sort((a, b) => b.share - a.share);
  return order.slice(0, 2);
}

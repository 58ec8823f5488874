// User Timing entries that tests and benchmarks read.

const MOST = 10_000; // entries of a name are kept: a browser keeps them for as long as the page is open
const counts = {};

/** Say how long it took from `start` to now. */
export function measure(name, start) {
  performance.measure(name, { start, end: performance.now() });
  counts[name] = (counts[name] ?? 0) + 1;
  if (counts[name] <= MOST) return;
  performance.clearMeasures(name);
  counts[name] = 0;
}

// The slow walk that a first visitor sees: a closed path through the middles of the classes, until the first touch, or a few rounds: a page that is
// left open is not to keep a computer busy.

const SPEED = 0.45; // units of the latent space a second
const ROUNDS = 2; // then it rests where it began

const median = (values) => Float64Array.from(values).sort()[values.length >> 1];

/** The classes' middles in an order that keeps the way short: always on to the nearest one left. */
function stops(figure, from) {
  const left = figure.data.filter((trace) => trace.x.length).map((trace) => [median(trace.x), median(trace.y)]);
  const path = from ? [from] : [left.shift()];
  while (left.length) {
    const [x, y] = path.at(-1);
    left.sort((a, b) => Math.hypot(a[0] - x, a[1] - y) - Math.hypot(b[0] - x, b[1] - y));
    path.push(left.shift());
  }
  return path;
}

/** Catmull-Rom: a smooth curve through b and c, t from 0 to 1. */
const curve = (a, b, c, d, t) => b.map((_, i) => {
  const [p, q, r, s] = [a[i], b[i], c[i], d[i]];
  return 0.5 * (2 * q + (r - p) * t + (2 * p - 5 * q + 4 * r - s) * t * t + (3 * q - p - 3 * r + s) * t * t * t);
});

export class Tour {
  /** show(z) is called once a frame. */
  constructor(show) {
    this.show = show;
    this.running = false;
  }

  start(figure, from) {
    if (this.running || matchMedia("(prefers-reduced-motion: reduce)").matches) return;
    const path = stops(figure, from), n = path.length;
    if (n < 3) return;
    const at = (i) => path[((i % n) + n) % n];
    let leg = 0, t = 0, before;
    this.running = true;
    const step = (now) => {
      if (!this.running) return;
      const length = Math.hypot(at(leg + 1)[0] - at(leg)[0], at(leg + 1)[1] - at(leg)[1]) || 1;
      t += Math.min(0.1, (now - (before ?? now)) / 1000) * SPEED / length;
      before = now;
      if (t >= 1) {
        leg += 1;
        t = 0;
      }
      if (leg === ROUNDS * n) {
        this.stop();
        return this.show(path[0]);
      }
      this.show(curve(at(leg - 1), at(leg), at(leg + 1), at(leg + 2), t));
      this.frame = requestAnimationFrame(step);
    };
    this.frame = requestAnimationFrame(step);
  }

  stop() {
    this.running = false;
    cancelAnimationFrame(this.frame);
  }
}

// Ways from one code to another: straight, or along the prior's sphere. core/morphs.py in the browser, held to it by a test.

const SAME = 1e-9; // codes or angles that differ by less have no direction between them
const dot = (a, b) => a.reduce((sum, v, i) => sum + v * b[i], 0);

/** share in [0, 1] -> the code (D,) so far between start and end, both (D,). */
export const straight = (start, end) => (share) => Float64Array.from(start, (v, i) => (1 - share) * v + share * end[i]);

/** The same along a sphere round the origin: the direction turns evenly by the shorter way, the length changes evenly. The direction is
 *  Shoemake's (1985, section 3.3) slerp; of codes of one length it is what White (2016) proposes for latent spaces. From or to the origin,
 *  which has no direction, it is straight; of opposite codes, between which every way is as short, one is taken. */
export function spherical(start, end) {
  const from = Math.hypot(...start), to = Math.hypot(...end);
  if (Math.min(from, to) < SAME) return straight(start, end);
  const a = Float64Array.from(start, (v) => v / from), b = Float64Array.from(end, (v) => v / to), along = dot(a, b);
  let across = b.map((v, i) => v - along * a[i]); // what of b is at a right angle to a
  const angle = Math.atan2(Math.hypot(...across), along); // as exact at 0 and pi as between
  if (Math.hypot(...across) < SAME) across = angle > 1 ? rightAngleTo(a) : a.map(() => 0);
  const size = Math.max(Math.hypot(...across), SAME);
  return (share) => {
    const length = (1 - share) * from + share * to, [c, s] = [Math.cos(share * angle), Math.sin(share * angle) / size];
    return a.map((v, i) => length * (c * v + s * across[i]));
  };
}

/** A direction at a right angle to the direction a (D,); zero where there is none, in one dimension. */
function rightAngleTo(a) {
  const sizes = Array.from(a, Math.abs), least = sizes.indexOf(Math.min(...sizes));
  return a.map((v, i) => Number(i === least) - a[least] * v);
}

/** `parts` + 1 codes along a way. */
export const chain = (way, parts) => Array.from({ length: parts + 1 }, (_, i) => way(i / parts));

/** A chain with more codes between its own, so that it has at least so many parts. */
export function divided(codes, parts) {
  const each = Math.ceil(parts / Math.max(1, codes.length - 1));
  return [codes[0], ...codes.slice(1).flatMap((code, i) => chain(straight(codes[i], code), each).slice(1))];
}

// The plane of a map and the directions that it leaves out, as numbers: core/rest.py's. plane: {origin, axes, rest: {directions, home}}.

const dot = (one, other) => one.reduce((sum, v, i) => sum + v * other[i], 0);

/** The other numbers of a code, Float32Array(D - 2). */
export function along({ origin, rest: { directions, home } }, code) {
  const way = origin.map((v, i) => code[i] - v);
  return Float32Array.from(directions, (direction, k) => home[k] + dot(direction, way));
}

/** Where a code falls on the plane, [z1, z2]. */
export function foot({ origin, axes }, code) {
  return axes.map((axis) => dot(axis, origin.map((v, i) => code[i] - v)));
}

/** Where the plane lies whose points have these other numbers: its origin, (D,). */
export function placed({ origin, rest: { directions, home } }, values) {
  return origin.map((v, i) => directions.reduce((sum, direction, k) => sum + (values[k] - home[k]) * direction[i], v));
}

// What the scores of anchors on a grid say: the peak around the best of them, as core/models/anchors.py has it, in double precision.

const LEAST_SIGMA = 0.003, LEAST_CURVATURE = 1e-3, MOST_CURVATURE = 1e9; // as there

const clamp = (v, low, high) => Math.max(low, Math.min(high, v));

/** Scores (side * side, row by row) -> {mu, logvar} of N(mu, diag exp(logvar)); axis: the anchors' coordinates, (side,), the same for both. */
export function peak(scores, axis) {
  const side = axis.length, best = scores.reduce((found, score, i) => (score > scores[found] ? i : found), 0);
  const [row, column] = [Math.floor(best / side), best % side].map((i) => clamp(i, 1, side - 2)); // moved inwards at the border
  const { step, curvature } = newton((down, right) => scores[(row + down) * side + column + right]);
  const [mu, logvar] = [[], []];
  [row, column].forEach((at, i) => {
    const [low, middle, high] = [axis[at - 1], axis[at], axis[at + 1]], slope = (high - low) / 2, bend = (high - 2 * middle + low) / 2;
    const spacing = slope + 2 * step[i] * bend; // dz/dt
    mu.push(middle + step[i] * (slope + step[i] * bend));
    logvar.push(Math.log(spacing * spacing / curvature[i] + LEAST_SIGMA ** 2));
  });
  return { mu, logvar };
}

/** The peak of the quadratic through 3 x 3 values at(down, right), -1 to 1: its distance from their middle, at most half a spacing, and the
 *  curvature along each axis. */
function newton(at) {
  const middle = 2 * at(0, 0), down = (at(1, 0) - at(-1, 0)) / 2, right = (at(0, 1) - at(0, -1)) / 2;
  const cDown = clamp(middle - at(-1, 0) - at(1, 0), LEAST_CURVATURE, MOST_CURVATURE);
  const cRight = clamp(middle - at(0, -1) - at(0, 1), LEAST_CURVATURE, MOST_CURVATURE);
  const most = 0.9 * Math.sqrt(cDown * cRight); // so that it has a peak
  const mixed = clamp((at(-1, 1) - at(-1, -1) + at(1, -1) - at(1, 1)) / 4, -most, most), determinant = cDown * cRight - mixed * mixed;
  const step = [(cRight * down - mixed * right) / determinant, (cDown * right - mixed * down) / determinant];
  return { step: step.map((v) => clamp(v, -0.5, 0.5)), curvature: [cDown, cRight] };
}

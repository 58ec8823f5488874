// A normal distribution's ellipses on the map: where its density is that of 1 and of 2 standard deviations along each axis.

const POINTS = 64;

/** Where a code lies on the map's plane {origin, axes}: points, [z1, z2]; and the covariance [[a, b], [b, c]] there of N(mu, diag exp(logvar)),
 *  that is A diag(exp(logvar)) A^T; null without logvar. */
export function onMap({ origin, axes }, mu, logvar) {
  const point = axes.map((axis) => axis.reduce((sum, v, i) => sum + v * (mu[i] - origin[i]), 0));
  const covariance = logvar && axes.map((one) => axes.map((other) => logvar.reduce((sum, v, i) => sum + one[i] * other[i] * Math.exp(v), 0)));
  return { point, covariance };
}

/** Points round an ellipse, so many standard deviations from the middle: L u on the unit circle, where L L^T is the covariance (Cholesky). */
export function ellipse([x, y], [[a, b], [, c]], sigmas) {
  const first = Math.sqrt(a), mixed = first ? b / first : 0, second = Math.sqrt(Math.max(0, c - mixed * mixed));
  return Array.from({ length: POINTS }, (_, i) => {
    const angle = 2 * Math.PI * i / POINTS, [u, v] = [sigmas * Math.cos(angle), sigmas * Math.sin(angle)];
    return [x + first * u, y + mixed * u + second * v];
  });
}

// Ten shapes for classes, beside their colours: filled, and told apart at the size of a dot. Corners in units of a dot's radius, x to the right and
// y down, as Plotly draws the symbol of that name (its drawing/symbol_defs.js); a test compares them. The circle has none.

const [TRIANGLE, CROSS, ARM, X, DIAMOND] = [2 / Math.sqrt(3), 1.2, 0.4, 0.8 / Math.sqrt(2), 1.3];
const STAR = [[0.225, -0.309], [0.951, -0.309], [0.363, 0.118], [0.588, 0.809], [0, 0.382], [-0.588, 0.809], [-0.363, 0.118], [-0.951, -0.309], [-0.225, -0.309], [0, -1]];
const quarters = (corners) => [0, 1, 2, 3].flatMap((turns) => corners.map(([x, y]) => [[x, y], [-y, x], [-x, -y], [y, -x]][turns]));

/** By label; labels that the map shows near each other have shapes that are far from alike. */
export const SHAPES = [
  { symbol: "hourglass", corners: [[1, 1], [-1, 1], [1, -1], [-1, -1]] },
  { symbol: "bowtie", corners: [[1, 1], [1, -1], [-1, 1], [-1, -1]] },
  { symbol: "triangle-up", corners: [[-TRIANGLE, 0.5], [TRIANGLE, 0.5], [0, -1]] },
  { symbol: "square", corners: quarters([[1, 1]]) },
  { symbol: "x", corners: quarters([[X, 2 * X], [0, X], [-X, 2 * X]]) },
  { symbol: "star", corners: STAR.map(([x, y]) => [1.4 * x, 1.4 * y]) },
  { symbol: "diamond", corners: quarters([[DIAMOND, 0]]) },
  { symbol: "triangle-down", corners: [[-TRIANGLE, -0.5], [TRIANGLE, -0.5], [0, 1]] },
  { symbol: "cross", corners: quarters([[ARM, CROSS], [-ARM, CROSS], [-ARM, ARM]]) },
  { symbol: "circle", corners: null },
];
export const LARGER = 1.6; // a dot that has a shape, than one that has only a colour
export const REACH = 1.4; // of a shape, at most, in radii

/** Of a class's label; where there are more classes than shapes, they begin again, as colours do. */
export const shapeOf = (label) => SHAPES[label % SHAPES.length];

/** Draw the outline of a shape's dot, `radius` in the canvas's units, round (x, y). */
export function outline(context, { corners }, x, y, radius) {
  context.beginPath();
  if (corners) corners.forEach(([right, down], i) => context[i ? "lineTo" : "moveTo"](x + right * radius, y + down * radius));
  else context.arc(x, y, radius, 0, 2 * Math.PI);
  context.closePath();
}

/** The shape as CSS has it, as large as a box allows. */
export function clipPath({ corners }) {
  if (!corners) return "circle(50%)";
  const reach = Math.max(...corners.flat().map(Math.abs)), share = (v) => `${(50 + (50 * v) / reach).toFixed(1)}%`;
  return `polygon(${corners.map((corner) => corner.map(share).join(" ")).join(", ")})`;
}

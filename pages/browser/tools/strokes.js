// Strokes as lines {points, width, erase}, or {clear}, or {clear, picture}: an image on empty paper; and how they look.

const INK = "#000", PAPER = "#fff"; // in the light and in the dark theme: it is paper

/** Draw one stroke, smooth: a curve through the middles between its points. */
export function trace(context, { points, width, erase }) {
  context.strokeStyle = context.fillStyle = erase ? PAPER : INK;
  Object.assign(context, { lineWidth: width, lineCap: "round", lineJoin: "round" });
  const [[x, y]] = points, [endX, endY] = points.at(-1);
  context.beginPath();
  if (points.length === 1) {
    context.arc(x, y, width / 2, 0, 2 * Math.PI);
    return context.fill();
  }
  context.moveTo(x, y);
  for (let i = 1; i < points.length - 1; i++) {
    const [ax, ay] = points[i], [bx, by] = points[i + 1];
    context.quadraticCurveTo(ax, ay, (ax + bx) / 2, (ay + by) / 2);
  }
  context.lineTo(endX, endY);
  context.stroke();
}

/** Draw all strokes since the last clearing onto a canvas, `side` units wide. */
export function draw(context, strokes, side) {
  const { width } = context.canvas;
  context.setTransform(1, 0, 0, 1, 0, 0);
  context.fillStyle = PAPER;
  context.fillRect(0, 0, width, width);
  context.setTransform(width / side, 0, 0, width / side, 0, 0);
  const last = strokes.findLastIndex(({ clear }) => clear);
  if (strokes[last]?.picture) lay(context, strokes[last].picture, side);
  for (const stroke of strokes.slice(last + 1)) trace(context, stroke);
}

/** The pixels [left, top, width, height] of a sheet `side` wide that hold all that these strokes leave there, with two more on each side; null: nothing. */
export function bounds(strokes, side) {
  const last = strokes.findLastIndex(({ clear }) => clear);
  if (strokes[last]?.picture) return [0, 0, side, side];
  let [left, top, right, bottom] = [Infinity, Infinity, -Infinity, -Infinity];
  for (const { points, width, erase } of strokes.slice(last + 1)) {
    if (erase) continue;
    for (const [x, y] of points) {
      [left, right] = [Math.min(left, x - width / 2), Math.max(right, x + width / 2)];
      [top, bottom] = [Math.min(top, y - width / 2), Math.max(bottom, y + width / 2)];
    }
  }
  [left, top] = [left, top].map((v) => Math.max(0, Math.floor(v) - 2));
  [right, bottom] = [right, bottom].map((v) => Math.min(side, Math.ceil(v) + 2));
  return left < right && top < bottom ? [left, top, right - left, bottom - top] : null;
}

/** A picture in the middle of the sheet, as large as it can be. */
function lay(context, picture, side) {
  const scale = side / Math.max(picture.width, picture.height), [width, height] = [picture.width * scale, picture.height * scale];
  context.drawImage(picture, (side - width) / 2, (side - height) / 2, width, height);
}

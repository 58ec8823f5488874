// Codes as dots on a canvas.

import { REACH, SHAPES, outline } from "../shapes.js";

/** Paint a figure's dots as the viewport has them; dots: {symbol, size, opacity} of each class, as Plotly's markers have them; on: which codes
 *  alone (a number for each of figure.codes). */
export function paintDots(canvas, viewport, figure, dots, on = null) {
  const { width, height, box } = viewport, scale = devicePixelRatio || 1, context = canvas.getContext("2d");
  Object.assign(canvas, { width: width * scale, height: height * scale });
  context.scale(scale, scale);
  context.beginPath();
  context.rect(box.left, box.top, box.width, box.height);
  context.clip();
  const [left, top] = viewport.place([0, 0]), [right, bottom] = viewport.place([1, 1]), unit = [right - left, bottom - top];
  let before = 0; // codes of the classes that were drawn
  viewport.scale.drawn(figure).data.forEach(({ x, y, marker: { color } }, i) => {
    const { symbol, size, opacity } = dots[i], shape = SHAPES.find((one) => one.symbol === symbol);
    const across = (shape.corners ? REACH * size : size) + 2, dot = stamp(color, shape, size, across, scale);
    context.globalAlpha = opacity;
    for (let k = 0; opacity && k < x.length; k++) {
      if (!on || on[before + k]) context.drawImage(dot, left + x[k] * unit[0] - across / 2, top + y[k] * unit[1] - across / 2, across, across);
    }
    before += x.length;
  });
}

/** One dot, to be drawn many times: faster than as many circles. */
function stamp(color, shape, size, across, scale) {
  const canvas = document.createElement("canvas"), context = canvas.getContext("2d");
  canvas.width = canvas.height = Math.ceil(across * scale);
  context.scale(scale, scale);
  context.fillStyle = color;
  outline(context, shape, across / 2, across / 2, size / 2);
  context.fill();
  return canvas;
}

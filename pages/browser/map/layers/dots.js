// Codes as dots on a canvas.

/** Paint a figure's dots as the viewport has them, each class with its opacity; on: which codes alone (a number for each of figure.codes). */
export function paintDots(canvas, viewport, figure, opacity, on = null) {
  const { width, height, box } = viewport, scale = devicePixelRatio || 1, context = canvas.getContext("2d");
  Object.assign(canvas, { width: width * scale, height: height * scale });
  context.scale(scale, scale);
  context.beginPath();
  context.rect(box.left, box.top, box.width, box.height);
  context.clip();
  const [left, top] = viewport.place([0, 0]), [right, bottom] = viewport.place([1, 1]), unit = [right - left, bottom - top];
  let before = 0; // codes of the classes that were drawn
  viewport.scale.drawn(figure).data.forEach(({ x, y, marker: { color, size } }, i) => {
    const dot = stamp(color, size, scale), across = size + 2;
    context.globalAlpha = opacity[i];
    for (let k = 0; opacity[i] && k < x.length; k++) {
      if (!on || on[before + k]) context.drawImage(dot, left + x[k] * unit[0] - across / 2, top + y[k] * unit[1] - across / 2, across, across);
    }
    before += x.length;
  });
}

/** One dot, to be drawn many times: faster than as many circles. */
function stamp(color, size, scale) {
  const canvas = document.createElement("canvas"), context = canvas.getContext("2d"), middle = (size + 2) / 2;
  canvas.width = canvas.height = Math.ceil((size + 2) * scale);
  context.scale(scale, scale);
  context.fillStyle = color;
  context.arc(middle, middle, size / 2, 0, 2 * Math.PI);
  context.fill();
  return canvas;
}

// Codes as dots on a canvas, pixel by pixel: each frame of a view that moves has all of 10,000.

import { SHAPES } from "../shapes.js";
import { rgb } from "./colours.js";
import { FINE, stamp } from "./stamps.js";

const KEPT = 60; // stamps: ten shapes, in a few opacities

// Of ink (row, 0 to 255) over a pixel of an opacity (column): the opacity of both, and the ink's share in the colour, of 256. Porter & Duff 1984, "over".
const OPACITY = new Uint8Array(65536), SHARE = new Uint16Array(65536);
for (let i = 0; i < 65536; i++) {
  const ink = i >> 8, both = ink + ((i & 255) * (255 - ink)) / 255;
  OPACITY[i] = Math.round(both);
  SHARE[i] = both && Math.round((256 * ink) / both);
}

export class Dots {
  #stamps = new Map();

  constructor(canvas) {
    this.canvas = canvas;
    this.context = canvas.getContext("2d", { willReadFrequently: true }); // its pixels are computed here: faster without the GPU
  }

  /** Paint a figure's dots as the viewport has them; dots: {symbol, size, opacity} of each class, as Plotly's markers have them; on: which codes
   *  alone (a number for each of figure.codes). */
  paint(viewport, figure, dots, on = null) {
    const { canvas, context } = this, { box } = viewport, scale = devicePixelRatio || 1, px = (v) => Math.round(v * scale);
    const [width, height] = [viewport.width, viewport.height].map(px), stamps = dots.map((dot) => this.stamp(dot, scale)), edge = Math.max(0, ...stamps.map(({ across }) => across));
    const [left, top, wide, high] = [box.left, box.top, box.width, box.height].map(px); // of the plot; round it, as much as a dot at its edge reaches out
    if (canvas.width !== width || canvas.height !== height) Object.assign(canvas, { width, height });
    if (this.image?.width !== wide + 2 * edge || this.image.height !== high + 2 * edge) this.image = new ImageData(wide + 2 * edge, high + 2 * edge);
    const pixels = new Uint32Array(this.image.data.buffer), [x, y] = viewport.place([0, 0]), [right, down] = viewport.place([1, 1]);
    const place = { x: x * scale - left + edge, y: y * scale - top + edge, across: (right - x) * scale, down: (down - y) * scale };
    pixels.fill(0);
    let before = 0; // codes of the classes that were painted
    viewport.scale.drawn(figure).data.forEach((trace, i) => {
      const first = before;
      if (dots[i].opacity) this.add(pixels, place, trace, stamps[i], on && ((n) => on[first + n]));
      before += trace.x.length;
    });
    context.clearRect(0, 0, width, height);
    context.putImageData(this.image, left - edge, top - edge, edge, edge, wide, high);
  }

  /** A class's dots over what is painted; `on`: whether one is, where not all are. A colour is one number, as a canvas's pixels are read on a
   *  little-endian machine. */
  add(pixels, place, { x: xs, y: ys, marker }, { across, half, inks }, on) {
    const { width, height } = this.image, [red, green, blue] = rgb(marker.color), colour = red + 256 * green + 65536 * blue;
    for (let n = 0; n < xs.length; n++) {
      const fineX = Math.round(FINE * (place.x + xs[n] * place.across - half)), fineY = Math.round(FINE * (place.y + ys[n] * place.down - half));
      const column = fineX >> 2, row = fineY >> 2; // FINE is 4
      if (column < 0 || row < 0 || column + across > width || row + across > height || (on && !on(n))) continue;
      const ink = inks[(fineY & 3) * FINE + (fineX & 3)];
      for (let j = 0, k = 0; j < across; j++) {
        for (let i = 0, at = (row + j) * width + column; i < across; i++, k++, at++) {
          if (!ink[k]) continue;
          const under = pixels[at], pair = (ink[k] << 8) | (under >>> 24), share = SHARE[pair], rest = 256 - share;
          const redBlue = ((under & 0xff00ff) * rest + (colour & 0xff00ff) * share + 0x800080) >>> 8;
          const green = ((under & 0xff00) * rest + (colour & 0xff00) * share + 0x8000) >>> 8;
          pixels[at] = (OPACITY[pair] << 24) | (redBlue & 0xff00ff) | (green & 0xff00);
        }
      }
    }
  }

  /** What a dot puts on each pixel, 0 to 255, for each place within one. */
  stamp({ symbol, size, opacity }, scale) {
    const kind = [symbol, size, opacity, scale].join(), kept = this.#stamps;
    if (!kept.has(kind)) {
      const { across, half, shares } = stamp(SHAPES.find((one) => one.symbol === symbol), (size / 2) * scale);
      kept.set(kind, { across, half, inks: shares.map((share) => Uint8Array.from(share, (v) => Math.round(255 * opacity * v))) });
    }
    if (kept.size > KEPT) kept.delete(kept.keys().next().value);
    return kept.get(kind);
  }
}

// What stands beside the map: the image decoded at the point on show, a slider for each coordinate, and the code nearest to it.

import { listener } from "../events.js";
import { HERE } from "../nets/nearest.js";
import { mover } from "./still.js";
import { clamp } from "./viewport.js";

const thousands = new Intl.NumberFormat("en");

/** Two digits after the point, a proper minus sign, and none before zero. */
export const format = (v) => (Math.round(100 * v) / 100 || 0).toFixed(2).replace("-", "−");

/** Put other words into an element by its one text node: an element's own textContent would replace the node, and have every :has() looked at again. */
function write(element, words) {
  const text = element.firstChild ?? element.appendChild(new Text());
  if (text.data !== words) text.data = words;
}

/** The decoded image on its canvas. */
export class Picture {
  constructor(canvas) {
    this.context = canvas.getContext("2d", { willReadFrequently: true }); // few pixels: faster without the GPU
    this.pixels = this.context.createImageData(canvas.width, canvas.height);
  }

  /** As many pixels as a decoder draws; a canvas that is given the size it has is emptied too. Its `data-decoder` tells what kind draws. */
  fit({ width, height, kind }) {
    const { canvas } = this.context;
    canvas.dataset.decoder = kind;
    if (canvas.width === width && canvas.height === height) return;
    Object.assign(canvas, { width, height });
    this.pixels = this.context.createImageData(width, height);
  }

  /** ink: a number from 0 to 1 for each pixel; null empties the picture. */
  paint(ink) {
    const { data: out, width, height } = this.pixels;
    for (let i = 0; i < width * height; i++) {
      out[4 * i] = out[4 * i + 1] = out[4 * i + 2] = ink ? Math.round(255 * ink[i]) : 0;
      out[4 * i + 3] = ink ? 255 : 0;
    }
    this.context.putImageData(this.pixels, 0, 0);
  }
}

export class Controls {
  constructor(root, signal) {
    this.image = root.querySelector(".lm-image");
    this.near = root.querySelector(".lm-near .lm-said");
    this.sliders = [...root.querySelectorAll(".lm-controls input")];
    this.outputs = [...root.querySelectorAll(".lm-controls output .lm-said")];
    this.spans = this.sliders.map(() => [0, 0]); // their ends
    this.thumbs = this.sliders.map(({ parentElement }) => ["b", "u"].map((part) => mover(parentElement.querySelector(part), "X", "%", 100))); // no pseudo-element: where the map goes, for Present, theirs end
    const on = listener(signal);
    this.sliders.forEach((slider, i) => {
      on(slider, "input", () => this.slide(i, Number(slider.value)));
      for (const type of ["pointerdown", "keydown", "focus"]) on(slider, type, () => this.rest()); // before it moves from where it is
    });
  }

  /** A slider for each coordinate: codes of one number have one, and a plane of larger codes has its own. */
  name(axes) {
    this.sliders.forEach((slider, i) => {
      const label = slider.closest("label");
      label.style.display = i < axes.length ? "" : "none";
      if (i >= axes.length) return;
      label.querySelector("span").textContent = axes[i][0];
      slider.setAttribute("aria-label", axes[i][1]);
    });
  }

  /** The sliders reach as far as the view and the point, and never less far than the codes. */
  stretch({ reach, bound, limit }, z) {
    reach.forEach((range, i) => {
      const at = z?.[i] ?? 0;
      const min = Math.max(-limit, Math.floor(2 * Math.min(-bound, range[0], at)) / 2);
      const max = Math.min(limit, Math.ceil(2 * Math.max(bound, range[1], at)) / 2);
      if (this.spans[i][0] === min && this.spans[i][1] === max) return;
      this.spans[i] = [min, max];
      Object.assign(this.sliders[i], { min, max, value: at });
      this.slide(i, at);
    });
  }

  /** Draw a slider's thumb at v, and its track filled up to there. */
  slide(i, v) {
    const [min, max] = this.spans[i], share = 100 * clamp((v - min) / (max - min), 0, 1), [thumb, fill] = this.thumbs[i];
    thumb(share);
    fill(share - 100);
  }

  /** Say where the point on show is, and what is nearest to it: of the page's layout, as little as it can change at once. `named`: "code", or "dot" where the map does not show whole codes. */
  say(z, viewport, figure, named) {
    Object.assign(this, { said: z, behind: true });
    if (z?.some((v, i) => v < this.spans[i][0] || v > this.spans[i][1])) this.stretch(viewport, z);
    this.sliders.forEach((_, i) => {
      if (z) this.slide(i, z[i]);
      write(this.outputs[i], z ? format(z[i]) : "");
    });
    write(this.near, z ? nearest(z, figure, named) : "No point is chosen. Press anywhere on the map to keep one.");
  }

  /** Bring up to date what is read and taken hold of at rest only, and would cost a layout at each word: the image's name and the inputs' values. */
  rest() {
    const { said, behind } = this;
    if (!behind) return; // a key may have moved a slider since
    this.behind = false;
    this.image.setAttribute("aria-label", said ? `Decoded image at z = (${said.map(format).join(", ")})` : "Decoded image: no point is chosen");
    if (said) this.sliders.forEach((slider, i) => (slider.value = said[i]));
  }
}

/** The code nearest to a point in words, and how many more are there. */
export function nearest(z, { index, codes: { owner, row }, data }, named) {
  const { index: at, distance } = index.find(z[0], z[1]);
  if (at < 0) return "";
  const more = distance < HERE ? index.within(z[0], z[1], HERE) - 1 : 0;
  const away = distance < HERE ? `right here${more > 0 ? ` with ${thousands.format(more)} more` : ""}` : `${distance.toFixed(2)} away`;
  return `Nearest ${named}: ${data[owner[at]].name} (test image ${thousands.format(row[at])}), ${away}`;
}

// What is selected, in pictures and numbers: its classes counted, its images and codes averaged, and a gallery of it.

import { grey, picture } from "../map/ink.js";
import * as say from "../map/sentences.js";
import { thumbnail } from "../map/thumbnail.js";
import { breaks } from "../turns.js";
import { counts, mean } from "./averages.js";
import { inTheTable } from "./losses.js";
import { decoderOf, picturesOf } from "./pictures.js";
import { offerTaking } from "./taking.js";

const FIRST = 60, MORE = 120, MOST = 1500; // pictures in the gallery
const thousands = (n) => n.toLocaleString("en");

export class Found {
  /** readout: the map's panel, which knows codes, labels and images. */
  constructor(place, readout, signal) {
    Object.assign(this, { place, readout, stopper: new AbortController() });
    place.innerHTML = '<section class="sl-counts"></section><section class="sl-means"></section><section class="sl-pictures"></section><div class="sl-row sl-take"></div>';
    [this.counts, this.means, this.gallery, this.taking] = place.children;
    offerTaking(this.taking, readout, () => this, signal);
    signal.addEventListener("abort", () => this.stopper.abort(), { once: true });
  }

  /** rows: of test images, ascending. What was on its way for others is left. */
  async show(rows) {
    this.stopper.abort();
    this.stopper = new AbortController();
    const { signal } = this.stopper, { readout } = this;
    Object.assign(this, { rows, pictures: null });
    this.place.hidden = !rows.length;
    if (!rows.length) return;
    this.count(rows);
    this.taking.lastElementChild.textContent = inTheTable(readout);
    this.pictures = await picturesOf(readout, signal);
    signal.throwIfAborted();
    this.taking.querySelector("[data-take=png]").hidden = !this.pictures;
    this.average(rows);
    await this.picture(rows, signal);
  }

  /** How many are of each class, the largest first. */
  count(rows) {
    const { labels, facts, facts: { classes } } = this.readout, found = [...counts(rows, labels, classes.length)].map((count, label) => ({ count, label }));
    const bars = found.filter(({ count }) => count).sort((a, b) => b.count - a.count).map(({ count, label }) => {
      const { colour, text } = classes[label], share = (100 * count) / rows.length, name = say.escape(say.className(facts, label));
      return `<li><span class="lm-chip" style="background:${colour};color:${text}">${name}</span>`
        + `<div class="lm-bar"><div style="width:${share.toFixed(2)}%;background:${colour}"></div></div>`
        + `<span>${thousands(count)}${rows.length === count ? "" : ` (${share < 1 ? "under 1" : share.toFixed(0)} %)`}</span></li>`;
    });
    this.counts.innerHTML = `<h2>Which classes?</h2><ul>${bars.join("")}</ul>`;
  }

  /** The mean image beside the decoded mean code. */
  average(rows) {
    const { readout, readout: { facts, labels, map: { decoder: size } } } = this, decoder = decoderOf(readout), pixels = readout.hasImages && readout.images.pixels;
    const { data, shape: [, d] } = readout.codes.tensors.mu, code = mean(rows, data, d), figures = [];
    const found = counts(rows, labels, facts.classes.length), label = facts.conditional ? found.indexOf(Math.max(...found)) : null; // told the most frequent class
    const add = (caption, alt, ink) => figures.push([caption, Object.assign(picture(grey(ink), size), { alt })]);
    if (pixels) add("mean image", "The mean of the selected test images, pixel by pixel", mean(rows, pixels, size.height * size.width).map((v) => v / 255));
    if (decoder) add("mean code, decoded", "What the decoder draws of the mean of their codes", decoder.image(Float32Array.from(code), label));
    this.means.hidden = !figures.length;
    this.means.innerHTML = `<h2>On average</h2><div class="lm-images">${figures.map(([caption]) =>
      `<figure><figcaption>${caption}</figcaption></figure>`).join("")}</div>`
      + `<p class="lm-soft">${averages(rows.length, code, Boolean(pixels), Boolean(decoder))}${label === null || !decoder ? "" : ` The decoder was told ${say.escape(say.className(facts, label))}.`}</p>`;
    this.means.querySelectorAll("figure").forEach((figure, i) => figure.prepend(figures[i][1]));
  }

  /** The first pictures, and a button for more. */
  async picture(rows, signal) {
    const { gallery, pictures, readout: { facts } } = this;
    const title = `<h2>The selected ${pictures?.real === false ? "codes, decoded" : "test images"}</h2>`;
    if (!pictures) return void (gallery.innerHTML = `${title}<p class="lm-soft">There are no pictures of them: the test images are not here, and the decoder of this model does not run in the browser.</p>`);
    const why = pictures.real ? "" : `${facts.images ? "The test images could not be fetched: these are reconstructions." : facts.instead.replace(/ This is .*$/, " These are reconstructions: what the decoder makes of each code.")} `;
    gallery.innerHTML = `${title}<p class="lm-soft">${say.escape(why)}Press one to go to its code.</p><div class="lm-thumbs"></div>`
      + '<p class="sl-more"><button type="button" class="lm-button">Show more</button> <span class="lm-soft"></span></p>';
    const [thumbs, more] = gallery.querySelectorAll(".lm-thumbs, .sl-more"), button = more.firstElementChild;
    let shown = 0;
    const add = async (count) => {
      const pause = breaks(signal), end = Math.min(rows.length, MOST, shown + count);
      for (; shown < end; shown++) {
        thumbs.append(thumbnail(this.readout, rows[shown], pictures.ink(rows[shown]), signal));
        await pause();
      }
      more.hidden = shown >= rows.length;
      button.hidden = shown >= MOST;
      more.lastElementChild.textContent = `The first ${thousands(shown)} of ${thousands(rows.length)}.${shown >= MOST ? " All of them are in the table." : ""}`;
    };
    button.addEventListener("click", () => add(MORE).catch(() => {}), { signal });
    await add(FIRST);
  }
}

/** What the pictures are, and why they differ. */
export function averages(count, code, images, decoded) {
  const numbers = Array.from(code.slice(0, 4), (v) => say.number(v)).join(", "), z = `z = ${code.length > 1 ? `(${numbers}${code.length > 4 ? ", …" : ""})` : numbers}`;
  const drawing = `the codes are averaged, ${z}, and decoded once: a drawing of its own, which need not look like any of them.`;
  if (count === 1) return `It is one image, whose code is ${z}.`;
  const blur = `the pixels of ${thousands(count)} images are averaged: where they differ, it is blurred.`;
  if (!decoded) return `Here ${blur} The mean of their codes is ${z}; the decoder of this model does not run in the browser.`;
  return images ? `Left, ${blur} Right, ${drawing}` : `Here ${drawing}`;
}

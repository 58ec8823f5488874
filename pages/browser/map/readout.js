// The panel: what the kept point means. It is read off codes, test images and nets that the page has, and asks the server for nothing
// but what a decoder draws that the browser cannot run.

import { onResize } from "../events.js";
import { DenseDecoder, parseSafetensors } from "../nets/decoder.js";
import { describe, noise } from "../nets/losses.js";
import { ON_CODE, readPoint } from "../nets/reading.js";
import { Lost, asked, whenBack } from "../server.js";
import { PLACE, showAround } from "./around.js";
import { offerCloud } from "./cloud.js";
import { Shelf, labelsByRow, read } from "./frames.js";
import { errors, grey, levels, put } from "./ink.js";
import { Peek } from "./peek.js";
import * as say from "./sentences.js";
import { Spoken } from "./spoken.js";

const FIGURES = [ // caption, and what a screen reader hears
  ["test image", "The test image"],
  ["reconstruction", "What the model makes of it"],
  ["error map", "Where the two differ: blue ink is missing, orange is invented"],
];

const files = new Shelf(6); // codes, decoders and test images of the models last looked at
const file = (address, parse) => files.get(address, (signal) => read(address, "arrayBuffer", signal).then(parse));

export class Readout {
  /** map: what the point is on (its root, cursor, figure and decoder). */
  constructor(map, signal) {
    this.map = map;
    this.signal = signal;
    this.element = Object.assign(document.createElement("div"), { className: "lm-panel", hidden: true });
    this.element.dataset.testid = "panel";
    Object.assign(this.element, { role: "region", ariaLabel: "What the kept point means" });
    const side = map.root.querySelector(".lm-side");
    side.after(this.element);
    for (const part of [side, this.element]) onResize(part, () => this.placeOffer(), signal);
    this.stopper = new AbortController(); // of what is still computed for the point on show
    this.work = null; // a promise of it
    this.asked = null; // the row that somebody asked for: others may have the same code
    this.spoken = new Spoken(map);
    this.peek = new Peek(this, signal);
    signal.addEventListener("abort", () => this.stopper.abort(), { once: true });
    map.cursor.subscribe({ kept: () => this.show() }, signal);
  }

  /** Facts, see pages/exploring/readout.py; `example`: nobody has chosen the point yet. Null: there is no panel. */
  async update(facts, example) {
    const known = JSON.stringify([facts, example]);
    if (known === this.known) return;
    this.known = known;
    this.element.hidden = !facts;
    Object.assign(this, { facts, example });
    this.map.bench.use(facts);
    if (!facts) return;
    try {
      const loaded = await (this.loading = Promise.all([file(facts.codes, parseSafetensors), facts.decoder && file(facts.decoder, (bytes) => new DenseDecoder(bytes))]));
      if (this.facts !== facts || this.signal.aborted) return; // something newer came meanwhile
      [this.codes, this.decoder] = loaded;
      this.labels = labelsByRow(this.map.figure);
      this.ready = facts;
      this.map.rest.use(facts, this.decoder);
      this.show();
    } catch (error) {
      console.warn(error);
      this.element.innerHTML = `<p>${say.NO_CODES}</p>`;
    }
  }

  /** Streamlit's offer to download the test images stands where the panel ends. */
  placeOffer() {
    const page = this.map.root.closest(".st-key-map-and-panel");
    if (!page || !this.facts) return;
    const end = this.element.getBoundingClientRect().bottom - this.map.root.getBoundingClientRect().top;
    page.style.setProperty("--lm-panel-end", `${Math.round(end)}px`);
  }

  /** Read the kept point and write the panel; pictures and losses follow where they are not here yet. */
  show() {
    const { facts, map, element } = this, z = map.cursor.kept;
    if (!facts) return;
    map.answer = null;
    this.stopper.abort();
    this.stopper = new AbortController();
    if (!z) {
      element.innerHTML = say.NONE_KEPT;
      return this.spoken.point(facts, null);
    }
    if (this.ready !== facts) return void (element.innerHTML = '<p class="lm-soft">Reading the codes …</p>');
    const { code, row } = this.codeAt(z), reading = readPoint(this.codes.tensors.mu.data, this.labels, code, row);
    const label = this.labels[reading.nearest];
    const sections = [say.where(facts, reading, this.showsExample && row !== null, { names: map.data.axes.map(([name]) => name), at: z }), say.neighbours(facts, reading), say.nearest(facts, reading, label)];
    const able = facts.served || (this.decoder ?? map.decoder).exact; // a saved page may have an atlas, and no server
    if (facts.images) sections.push(PLACE);
    if (able) sections.push("", row === null ? say.notOnADot(facts) : ""); // where the pictures come, and what goes with them
    element.innerHTML = sections.map((section) => `<section>${section}</section>`).join("");
    this.spoken.point(facts, reading);
    this.around = showAround(this, reading, row, this.stopper.signal).catch((error) => row === null && this.failed(error)); // on a dot the rest says so
    if (able && (row !== null || facts.served)) this.work = this.decode(z, code, row, label, this.stopper.signal).catch((error) => this.failed(error));
  }

  /** Whether the point is the first test image's, which nobody has chosen. */
  get showsExample() {
    return this.example && !this.map.keeping.chosen;
  }

  /** The code that a point of the map stands for, and its row: a dot's own, else that of the plane there, and no row. */
  codeAt([x, y]) {
    const { facts: { plane: { origin, axes } }, map: { rest } } = this, row = this.rowAt([x, y]);
    if (row !== null && rest.stands(row)) return { code: this.of("mu", row), row };
    return { code: Float32Array.from(rest.origin ?? origin, (v, i) => v + x * axes[0][i] + y * axes[1][i]), row: null };
  }

  /** The row of the dot at a point of the map; null where there is none. */
  rowAt([x, y]) {
    const { figure } = this.map, { index, distance } = figure.index.find(x, y);
    if (distance > ON_CODE) return null;
    const asked = this.asked !== null && near(this.dot(this.asked), [x, y]) ? this.asked : figure.codes.row[index];
    return this.showsExample ? 0 : asked; // of collapsed codes others lie on it, too
  }

  /** Where the code of a row lies on the map. */
  dot(row) {
    const { x, y, row: rows } = this.map.figure.codes, at = rows.indexOf(row);
    return [x[at], y[at]];
  }

  /** Keep the code of a test image, and see that it is in view. */
  goTo(row) {
    const { map } = this, z = this.dot(row);
    this.asked = row;
    map.plot.bringIn(z);
    map.keep(z);
  }

  of(name, row) {
    const { data, shape: [, d] } = this.codes.tensors[name];
    return data.subarray(row * d, (row + 1) * d);
  }

  /** What the decoder draws of a dot's code, told the image's class, beside the image; of whole codes also the map's own picture. */
  async decode(z, code, row, label, signal) {
    const { facts } = this, told = facts.conditional ? label : null;
    if (facts.served) return this.ask(z, code, row, label, signal);
    const decoder = this.decoder ?? this.map.decoder;
    if (code.length > 2) this.answer(decoder.image(code, facts.drawn));
    const xHat = decoder.image(code, told).slice();
    this.paint(row, label, xHat);
    const x = await this.imageOf(row, label, xHat, signal);
    if (!x) return;
    const logvar = this.codes.tensors.logvar && this.of("logvar", row);
    const dot = { z, row, mu: code, logvar, x, xHat, label: told, signal };
    this.write(await describe(decoder, dot, facts, facts.samples, signal, noise(row)));
    this.offer(dot);
    offerCloud(this, dot);
  }

  /** The server decodes for this model. */
  async ask(z, code, row, label, signal) {
    const { facts } = this, query = new URLSearchParams({ z: z.join(), label: facts.drawn ?? "" });
    const response = await asked(`${facts.served}?${query}`, { signal });
    if (!response.ok) throw new Error(await response.text());
    const { drawn, x_hat, losses } = await response.json();
    this.answer(levels(drawn));
    if (row === null) return;
    const xHat = levels(x_hat);
    this.paint(row, label, xHat);
    const x = await this.imageOf(row, label, xHat, signal);
    if (!x) return;
    this.write(losses);
    const logvar = this.codes.tensors.logvar && this.of("logvar", row);
    this.offer({ z, row, mu: code, logvar, x, xHat, label: facts.conditional ? label : null, signal });
  }

  /** The map's own picture of the kept point, where its decoder has only something near to it. */
  answer(ink) {
    const { map } = this;
    map.answer = Float32Array.from(ink);
    if (!map.cursor.pointing) map.cursor.rest();
  }

  /** The test image of a row, in [0, 1], once it is here and painted; nothing where it cannot be had. */
  async imageOf(row, label, xHat, signal) {
    const { images } = this.facts, here = this.images?.address === images;
    if (!(await this.pixels(signal))) return;
    if (!here) this.paint(row, label, xHat);
    return this.image(row);
  }

  /** The bytes of all test images; nothing where they cannot be had. */
  async pixels(signal) {
    const { images } = this.facts;
    if (!images) return;
    if (this.images?.address !== images) {
      const pixels = await file(images, (bytes) => new Uint8Array(bytes));
      signal.throwIfAborted();
      this.images = { address: images, pixels };
    }
    return this.images.pixels;
  }

  image(row) {
    const { height, width } = this.map.decoder, size = height * width;
    return Float32Array.from(this.images.pixels.subarray(row * size, (row + 1) * size), (v) => v / 255);
  }

  get hasImages() {
    return Boolean(this.facts?.images) && this.images?.address === this.facts.images && this.ready === this.facts;
  }

  /** The last two sections: test image, reconstruction and error map, or as long as there is no test image the reconstruction alone; then
   *  the place for what is said of them. */
  paint(row, label, xHat) {
    const { facts, element: { lastElementChild: last }, map: { decoder } } = this, here = this.hasImages;
    const section = last.previousElementSibling, shown = here ? FIGURES : [["reconstruction", "What the model makes of the image"]];
    const canvases = shown.map(([caption, alt]) => `<figure><canvas role="img" aria-label="${alt}"></canvas><figcaption>${caption}</figcaption></figure>`);
    const words = here ? "Error map: blue ink was left out, orange ink was invented." : facts.images ? "The test images are being fetched …" : facts.instead;
    section.innerHTML = `<div class="lm-images">${canvases.join("")}</div><p class="lm-soft">${say.escape(words)}</p>`;
    last.innerHTML = `${say.toldAnother(facts, label)}${here ? '<div class="lm-refine"></div>' : ""}<div class="lm-losses${here ? ` lm-expected${this.codes.tensors.logvar ? "" : " lm-brief"}` : ""}"></div>`;
    const inks = here ? [grey(this.image(row)), grey(xHat), errors(this.image(row), xHat, facts.error_rgb)] : [grey(xHat)];
    section.querySelectorAll("canvas").forEach((canvas, i) => put(canvas, inks[i], decoder));
  }

  write(losses) {
    this.element.querySelector(".lm-losses").innerHTML = say.losses(this.facts, losses);
  }

  /** The button that refines the code of a dot (see refining.js, which is fetched when somebody may want it). */
  offer(dot) {
    const place = this.element.querySelector(".lm-refine");
    place.innerHTML = `<button type="button" class="lm-button" data-testid="refine">Refine the code</button>`
      + `<p class="lm-soft">${dot.logvar ? "Is there a better code for this very image than the encoder’s?" : "Is there a code whose picture is nearer to this very image?"}</p>`;
    const button = place.querySelector("button"), fetched = () => import("./refining.js");
    const ahead = () => fetched().catch(() => {}); // who clicks hears of it
    if (this.map.keeping.chosen) ahead(); // from then on it also works without a connection
    for (const type of ["pointerenter", "focus"]) button.addEventListener(type, ahead, { once: true });
    button.addEventListener("click", () => fetched().then(({ refineDot }) => refineDot(this, dot, place)).catch((error) => this.failed(error)), { once: true });
  }

  failed(error) {
    if (error.name === "AbortError") return; // another point has been kept
    console.warn(error);
    const lost = error instanceof Lost, said = lost ? say.LOST : say.NO_REST;
    this.map.words.tell(said);
    this.element.lastElementChild.insertAdjacentHTML("beforeend", `<p class="lm-soft">${said}</p>`);
    if (lost) whenBack(() => this.show(), this.stopper.signal);
  }
}

const near = ([x, y], [u, v]) => Math.hypot(x - u, y - v) <= ON_CODE;

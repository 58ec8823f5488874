// A sheet of paper beside the map: what is drawn on it is encoded in the page, and lands on the map while it is drawn.

import { readPoint } from "../nets/reading.js";
import { Picture } from "../map/controls.js";
import { Lost, whenBack } from "../server.js";
import { measure } from "../map/timing.js";
import { why } from "../why.js";
import { onMap } from "./ellipse.js";
import { encoderOf } from "./encoders.js";
import { Given } from "./given.js";
import { Landed } from "./landed.js";
import * as say from "./landing_words.js";
import { LiveSheet } from "./live_sheet.js";
import { SIDE, inMnistsForm } from "./mnist_form.js";

const LANDED = "latent-map:landed"; // User Timing entries, from the pointer's event to the end of what answers it
const WORDS_MS = 100; // between two changes of words, which cost the page a layout

const picture = (name, caption) => `<figure><canvas width="${SIDE}" height="${SIDE}" role="img" data-testid="${name}" aria-label="${caption}"></canvas><figcaption>${caption}</figcaption></figure>`;
const SKELETON = `
  <div class="dr-sheet"></div>
  <div class="dr-pictures">${picture("drawn-form", "in MNIST’s form")}${picture("drawn-answer", "reconstruction")}</div>
  <div class="dr-words"><p class="dr-where" data-testid="lands"></p><p class="dr-nearest"></p><p class="dr-cloud lm-soft"></p><p class="dr-fetching" role="status" hidden></p><p class="dr-said" role="status" hidden></p></div>
  <div class="dr-buttons"><button type="button" class="lm-button" data-testid="keep-landed" disabled>Keep this point</button>
    <button type="button" class="lm-button" data-testid="draw-close">Close</button></div>`;

export class Landing {
  open = false;

  /** button: what opened it, to which the focus returns. */
  constructor(map, button, signal) {
    Object.assign(this, { map, button, signal });
    this.element = Object.assign(document.createElement("section"), { className: "dr", hidden: true });
    this.element.dataset.testid = "drawing";
    this.element.setAttribute("aria-label", "Draw, and see where it lands");
    this.element.innerHTML = SKELETON;
    map.root.querySelector(".lm-side").prepend(this.element);
    const find = (selector) => this.element.querySelector(selector);
    [this.form, this.answer] = [...this.element.querySelectorAll(".dr-pictures canvas")].map((canvas) => new Picture(canvas));
    Object.assign(this, { where: find(".dr-where"), nearest: find(".dr-nearest"), cloud: find(".dr-cloud"), fetching: find(".dr-fetching") });
    this.keeper = find("[data-testid=keep-landed]");
    this.keeper.addEventListener("click", () => this.keep(), { signal });
    find("[data-testid=draw-close]").addEventListener("click", () => this.close(true), { signal });
    this.element.addEventListener("keydown", (event) => event.key === "Escape" && this.close(true), { signal });
    this.mark = new Landed(map);
    this.sheet = new LiveSheet(find(".dr-sheet"), signal, (...ink) => this.land(...ink));
    this.given = new Given(this, find(".dr-buttons"), find(".dr-said"), signal);
    signal.addEventListener("abort", () => clearTimeout(this.timer), { once: true });
  }

  show(facts) {
    this.open = true;
    this.map.touched(); // a first visitor's walk ends
    if (!this.map.cursor.pointing) this.map.cursor.rest();
    this.element.hidden = false;
    this.map.root.classList.add("lm-drawing");
    this.button.setAttribute("aria-expanded", "true");
    this.sheet.start();
    this.sheet.canvas.focus({ preventScroll: true });
    this.use(facts);
  }

  close(focus = false) {
    if (!this.open) return;
    this.open = false;
    this.element.hidden = true;
    this.map.root.classList.remove("lm-drawing");
    this.button.setAttribute("aria-expanded", "false");
    this.mark.show(null);
    if (focus) this.button.focus();
  }

  /** facts: the panel's, of the model on show; its encoder is fetched once. */
  async use(facts) {
    this.facts = facts;
    const { encoder, bytes } = facts.drawing, tell = (words) => this.facts.drawing?.encoder === encoder && this.tell(words);
    try {
      this.encoder = null;
      const ready = await encoderOf(facts.drawing, this.decoder, (share) => tell(say.fetching(share, bytes)), (share) => tell(say.computing(share)));
      if (this.facts !== facts || this.signal.aborted) return; // something newer came meanwhile
      this.encoder = ready;
      this.tell("");
      if (this.open) this.sheet.look();
    } catch (error) {
      if (this.facts !== facts) return;
      if (error instanceof Lost) this.wait(facts);
      else this.tell(`The encoder could not be fetched: ${why(error)}. Close the sheet and open it again.`);
    }
  }

  /** The server has the encoder, and does not answer. */
  wait(facts) {
    this.tell("The encoder comes from the server, which does not answer. Draw all the same: your drawing lands when the server answers again.");
    whenBack(() => this.facts === facts && this.use(facts), this.signal);
  }

  /** What there is to wait for; "": nothing. */
  tell(words) {
    Object.assign(this.fetching, { hidden: !words, textContent: words });
  }

  /** Of whole codes. */
  get decoder() {
    const { map: { decoder, readout } } = this;
    return readout.decoder ?? decoder;
  }

  /** The ink is this now: encode it, and show where it lies and what the model makes of it. */
  land(ink, since, resting, form) {
    const { encoder, map, facts } = this, x = this.open && encoder && (form ?? inMnistsForm(ink));
    this.x = x || null;
    if (this.open) this.form.paint(x);
    if (!x) return this.bare();
    const { mu, logvar } = encoder.encode(x, facts.drawn), at = onMap(facts.plane, mu, logvar);
    this.code = { mu, at };
    this.mark.show(at);
    this.paint(mu);
    if (since !== undefined) measure(LANDED, since);
    if (resting) map.plot.bringIn(at.point);
    this.timer ??= setTimeout(() => this.write(), resting ? 0 : WORDS_MS);
    this.resting = resting;
  }

  /** What the model draws of the code: the whole of it, of the class that the map draws. */
  paint(mu) {
    const { decoder: whole } = this;
    const drawn = whole.image ? whole.image(mu, this.facts.drawn) : whole.decode(...this.code.at.point);
    this.answer.fit(whole);
    this.answer.paint(drawn);
  }

  bare() {
    clearTimeout(this.timer);
    Object.assign(this, { code: null, timer: undefined });
    this.mark.show(null);
    this.answer.paint(null);
    this.keeper.disabled = true;
    this.where.textContent = "";
    [this.nearest.textContent, this.cloud.textContent] = this.encoder ? [say.BARE, say.HOW] : ["", ""];
  }

  write() {
    this.timer = undefined;
    const { code, facts, sheet, map: { readout, viewport } } = this;
    if (!code || !this.open) return;
    const { mu, at } = code;
    this.where.textContent = say.where(at, mu);
    this.nearest.textContent = readout.ready ? say.nearest(facts, readPoint(readout.codes.tensors.mu.data, readout.labels, Float32Array.from(mu), null)) : "";
    this.cloud.textContent = say.cloud(facts, at, mu);
    this.keeper.disabled = !viewport.allows(at.point);
    if (this.resting) sheet.say(`${this.where.textContent}. ${this.nearest.textContent}`);
  }

  keep() {
    if (this.code) this.map.keep(this.code.at.point);
  }
}

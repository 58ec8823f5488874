// The switch *All 70,000 codes*: those of the training images beside those of the test images, which the map always has. The server computes
// them once, which takes it some seconds; layers/crowd.js draws them.

import { listener } from "../events.js";
import { parseSafetensors } from "../nets/decoder.js";
import { Lost, asked, whenBack } from "../server.js";
import { why } from "../why.js";
import { escape } from "./sentences.js";

const SWITCH = '<button type="button" role="switch" aria-checked="false" class="lm-switch" data-testid="all-codes" hidden></button>';
const WORDS = '<p class="lm-training-words" role="status" data-testid="all-codes-said" hidden></p>';
const AGAIN_MS = 500; // how often the server is asked how far it is

export class Training {
  on = false;
  codes = null; // {points, labels} of the training images, once they are here and wanted

  constructor(map, signal) {
    Object.assign(this, { map, signal, stopper: new AbortController() });
    map.layers.training = this;
    map.root.querySelector(".lm-tools").insertAdjacentHTML("beforeend", SWITCH);
    map.root.querySelector(".lm-under").insertAdjacentHTML("beforeend", WORDS);
    [this.button, this.words] = ["all-codes", "all-codes-said"].map((id) => map.root.querySelector(`[data-testid=${id}]`));
    listener(signal)(this.button, "click", () => {
      this.heed(this.on ? "" : "1");
      map.look.changed();
    });
    signal.addEventListener("abort", () => this.drop(), { once: true });
  }

  /** For the model that the map shows now; called before anything of it is drawn. */
  offer() {
    const { map } = this, facts = map.data?.readout?.training ?? null, known = JSON.stringify(facts);
    if (known === this.known) return;
    Object.assign(this, { known, facts });
    this.drop();
    this.button.hidden = !facts;
    if (facts) this.button.textContent = facts.count ? `All ${said(this.count)} codes` : "All codes";
    this.follow();
  }

  /** Of test and training images. */
  get count() {
    return this.map.figure.codes.row.length + this.facts.count;
  }

  /** In the words of the page's address. */
  get word() {
    return this.on ? "1" : "";
  }

  heed(word) {
    if (Boolean(word) === this.on) return;
    this.on = Boolean(word);
    this.button.setAttribute("aria-checked", this.on);
    this.follow();
  }

  /** Do what is asked for now, as far as it can be done. */
  follow() {
    const { on, facts, map } = this;
    this.words.hidden = !on || !facts;
    if (!on || !facts) {
      const shown = this.codes;
      this.drop();
      return void (shown && map.refresh());
    }
    if (!facts.address) return this.say(`${escape(facts.why_not)} So these are the codes of the test images alone.`);
    if (this.codes || this.stopper.asking) return;
    this.say("Asking for the codes of the training images …");
    this.stopper.asking = true;
    this.bring(facts, this.stopper.signal).catch((error) => {
      if (error.name === "AbortError") return; // not wanted any more
      this.drop();
      if (error instanceof Lost) return this.wait();
      this.say(`The codes of the training images could not be had: ${escape(why(error))}. Switch them off and on to try again.`);
    });
  }

  async bring({ address, count }, signal) {
    const { map } = this;
    let response = await asked(address, { signal });
    while (response.status === 202) {
      const { share, left } = await response.json();
      this.say(`Encoding the ${said(count)} training images: ${Math.round(100 * share)} %${left && `, about ${left} left`} …`);
      await new Promise((resolve) => setTimeout(resolve, AGAIN_MS));
      signal.throwIfAborted();
      response = await asked(address, { signal });
    }
    if (!response.ok) throw new Error(await response.text());
    const { tensors: { points, labels } } = parseSafetensors(await response.arrayBuffer());
    signal.throwIfAborted();
    this.codes = { points: points.data, labels: Uint8Array.from(labels.data) };
    this.say(`<b>The small dots are the ${said(labels.data.length)} training images</b>, the larger ones the ${said(map.figure.codes.row.length)} test images. `
      + "A click keeps a test image, and what is said of a point is read off the test images alone.");
    this.map.refresh();
  }

  /** The server has the codes, and it does not answer. */
  wait() {
    this.say("The codes of the training images come from the server, which does not answer. They come by themselves when it does; until then these are the test images alone.");
    whenBack(() => this.follow(), this.stopper.signal);
  }

  say(html) {
    this.words.innerHTML = html;
  }

  /** Nothing is on its way, nothing is kept. */
  drop() {
    this.stopper.abort();
    this.stopper = new AbortController();
    this.codes = null;
  }
}

const said = (count) => count.toLocaleString("en");

// What a map draws of a dot that stands for more than its place: the whole code, where the map is a plane through larger ones. Where the browser
// cannot run the decoder, the server is asked for the point that is kept. (With a panel, readout.js does both.)

import { same } from "../agreed.js";
import { DenseDecoder, parseSafetensors } from "../nets/decoder.js";
import { asked } from "../server.js";
import { why } from "../why.js";
import { Shelf, read } from "./frames.js";
import { levels } from "./ink.js";

const ON_DOT = 1e-3; // as in core/latent.py
const files = new Shelf(4);
const file = (address, parse) => files.get(address, (signal) => read(address, "arrayBuffer", signal).then(parse));

export class WholeCodes {
  constructor(map, signal) {
    Object.assign(this, { map, signal, asked: new AbortController() });
    map.cursor.subscribe({ kept: (z) => this.ask(z) }, signal);
    signal.addEventListener("abort", () => this.asked.abort(), { once: true });
  }

  /** facts: `decoding` in __init__.py, and where Python knows the kept point's whole `code`; null: the map's own decoder says all. */
  async use(facts, code) {
    const known = JSON.stringify([facts, code]);
    if (known === this.known) return;
    Object.assign(this, { known, facts, code, loaded: null });
    this.ask(this.map.cursor.kept);
    if (!facts?.decoder) return;
    const [{ tensors: { mu: { data, shape: [, size] } } }, decoder] = await Promise.all([
      file(facts.codes, parseSafetensors), file(facts.decoder, (bytes) => new DenseDecoder(bytes))]);
    if (this.facts !== facts || this.signal.aborted) return; // something newer came meanwhile
    this.loaded = { decoder, of: (row) => data.subarray(row * size, (row + 1) * size) };
    this.show();
  }

  /** The image of the code that lies at z, ink in [0, 1]; nothing where no dot is, or the map's decoder says it. */
  image(z) {
    const { answer, loaded, facts, code, map: { cursor, figure } } = this;
    if (answer && same(answer.z, z)) return answer.ink;
    if (!loaded) return;
    if (code && same(cursor.kept, z)) return loaded.decoder.image(code, facts.drawn);
    const { index, distance } = figure.index.find(...z);
    if (index >= 0 && distance <= ON_DOT) return loaded.decoder.image(loaded.of(figure.codes.row[index]), facts.drawn);
  }

  /** Have the server decode the kept point, where only it can. Until its answer comes, and if none comes, the preview stays. */
  async ask(z) {
    this.asked.abort();
    this.asked = new AbortController();
    this.answer = null;
    if (!z || !this.facts?.served) return;
    const query = new URLSearchParams({ z: z.join(), label: this.facts.drawn ?? "" });
    try {
      const response = await asked(`${this.facts.served}?${query}`, { signal: this.asked.signal });
      if (!response.ok) throw new Error(await response.text());
      this.answer = { z, ink: Float32Array.from(levels((await response.json()).drawn)) };
      this.show();
    } catch (error) {
      if (error.name !== "AbortError") this.map.words.note(`The server did not decode the kept point, so a preview is shown: ${why(error)}.`);
    }
  }

  show() {
    if (!this.map.cursor.pointing) this.map.cursor.rest();
  }
}

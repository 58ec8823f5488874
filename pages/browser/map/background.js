// The background of a map: fetched when it is first chosen, its legend, and what it says of the point on show.

import { EMPTY, Field } from "./field.js";
import { said } from "./field_words.js";
import { Lost, asked, whenBack } from "../server.js";
import { why } from "../why.js";
import { Shelf } from "./frames.js";
import { along, gradient } from "./layers/palettes.js";
import { escape } from "./sentences.js";
import { mover } from "./still.js";

const fields = new Shelf(8); // the ones last looked at
const COMPUTING = "Computing it for the whole map …";

const OF_THE_CODES = ["codes", "rarity"]; // these say where codes fall on the map, wherever its plane lies
const ELSEWHERE = "was computed for the map as it lies by itself, with the other numbers of the code in the middle. Set them back to the middle to see it.";

export class Background {
  #computed = null; // for the map as it lies by itself
  #moved = false; // whether its plane lies elsewhere, see rest.js

  constructor(map, signal) {
    Object.assign(this, { map, signal });
    this.key = map.root.querySelector(".lm-key");
    this.line = map.root.querySelector(".lm-found");
    map.cursor.subscribe({ words: (z) => this.say(z) }, signal);
    signal.addEventListener("abort", () => (this.words = null), { once: true });
  }

  /** What is on show. */
  get field() {
    return this.#moved && !OF_THE_CODES.includes(this.#computed?.name) ? null : this.#computed;
  }

  set field(field) {
    this.#computed = field;
    this.drawn = null;
    if (field && !this.field) this.key.innerHTML = `<p><b>${escape(field.title)}</b> ${ELSEWHERE}</p>`;
  }

  /** The map's plane lies elsewhere now, or does again as it does by itself: whoever says so has the layers drawn anew. */
  off(moved) {
    if (moved === this.#moved) return;
    this.#moved = moved;
    this.field = this.#computed;
    this.say(this.map.cursor.pointed);
  }

  /** words: those of pages/exploring/fields.py; null: none. What is not here is fetched, and drawn when it comes. */
  async update(words) {
    if (words?.address === this.words?.address && !this.failed) return;
    Object.assign(this, { words, field: null, failed: false });
    this.tell("");
    this.key.hidden = this.line.hidden = !words;
    if (!words) return;
    this.key.innerHTML = `${heading(words)}<div class="lm-computing">${COMPUTING}</div>`; // as high as the legend: nothing moves when that comes
    this.tell(`${words.title}: being computed …`);
    this.write("");
    try {
      const field = await fields.get(words.address, (signal) => fetched(words, signal));
      if (this.words !== words) return; // something newer was chosen meanwhile
      this.field = field;
      this.tell("");
      if (this.map.ready) this.map.refresh();
      this.say(this.map.cursor.pointed);
    } catch (error) {
      if (this.words !== words) return;
      this.failed = true;
      if (error instanceof Lost) return this.wait(words);
      this.tell(`${words.title}: could not be had.`);
      this.key.innerHTML = `<p>This background could not be had: ${escape(why(error))}. Choose it again to try once more.</p>`;
    }
  }

  /** The server computes it, and does not answer. */
  wait(words) {
    this.tell(`${words.title}: the server does not answer.`);
    this.key.innerHTML = `<p><b>${escape(words.title)}</b> comes from the server, which does not answer. It comes by itself when the server does.</p>`;
    whenBack(() => this.words === words && this.update(words), this.signal);
  }

  /** Why it is not there yet: for the whole screen, where its legend is not; see stage.css. */
  tell(why) {
    this.line.dataset.why = why;
  }

  /** Draw the legend as the theme has it. */
  legend(dark) {
    const { field, key } = this;
    if (!field) return;
    const [low, high] = ends(field), drawn = JSON.stringify([field.address, dark]);
    if (drawn === this.drawn && key.querySelector(".lm-scale")) return;
    this.drawn = drawn;
    key.innerHTML = `${heading(field)}<div class="lm-scale"><span>${low}</span><i role="img" aria-label="Scale from ${low} to ${high}"><b></b></i><span>${high}</span></div>`;
    const bar = key.querySelector(".lm-scale i");
    bar.style.setProperty("--scale", gradient(field, dark));
    bar.classList.toggle("lm-on-dark", dark);
    this.mark = mover(bar.firstElementChild, "X", "%", 100);
    this.point(this.map.cursor.pointed);
  }

  /** What it says of z; null: no point is on show. */
  say(z) {
    const { field, map } = this;
    this.write(z && field ? said(field, z, map.figure.data) : "");
    this.point(z);
  }

  /** Mark on the legend's bar what is at z. */
  point(z) {
    const { field, key } = this, bar = field && key.querySelector(".lm-scale i");
    if (!bar) return;
    const known = Boolean(z && field.look(z)) && field.nearBits >= Math.log2(EMPTY);
    bar.classList.toggle("lm-marked", known);
    if (known) this.mark(100 * along(field));
  }

  write(words) {
    const place = this.line.firstElementChild, text = place.firstChild ?? place.appendChild(new Text());
    if (text.data !== words) text.data = words;
  }
}

async function fetched(words, signal) {
  const response = await asked(words.address, { signal });
  if (!response.ok) throw new Error(await response.text());
  return new Field(words, await response.arrayBuffer());
}

/** What it is, which is known before it has come. */
const heading = ({ title, sentence }) => `<p><b>${escape(title)}.</b> ${sentence}</p>`;

/** What the ends of the scale mean: in words where there are some, else as numbers. */
function ends(field) {
  if (field.ends[0]) return field.ends;
  const short = (v) => Number(v.toPrecision(2)).toLocaleString("en").replace("-", "−");
  const times = (bits) => (short(2 ** Math.abs(bits)) === "1" ? "as frequent" : bits < 0 ? `${short(2 ** -bits)} times as frequent` : `${short(2 ** bits)} times rarer`);
  const [low, high] = [field.value(0), field.value(1)];
  if (field.name === "rarity") return [times(low), times(high)];
  return [`${short(low)} or less`, `${short(high)} or more`];
}

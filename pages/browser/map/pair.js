// Two models beside each other: a map for each, linked at the same point or at the same test image.

import { same } from "../agreed.js";
import { Cursor } from "./cursor.js";
import LatentMap from "./map.js";
import { Trail } from "./trail.js";
import { WholeCodes } from "./whole_codes.js";

const ROOMS = `<div class="tr-maps">${'<section class="tr-map"><h2></h2><div></div></section>'.repeat(2)}</div>`;

/** One of the two maps: it tells the pair what someone keeps on it, and when its view has changed. */
class Half extends LatentMap {
  whole = new WholeCodes(this, this.signal);

  answerTo(z) {
    return this.whole.image(z);
  }

  keep(z) {
    super.keep(z && this.pair.snapped(this, z));
    if (this.ready) this.pair.kept(this);
  }

  viewChanged() {
    super.viewChanged();
    this.pair?.viewed(this);
  }
}

/** For each row of the test set its place among a figure's codes. */
const places = new WeakMap();
function placeOf({ codes: { row, x, y } }, wanted) {
  if (!places.has(row)) places.set(row, new Map(Array.from(row, (r, i) => [r, i])));
  const at = places.get(row).get(wanted);
  return at === undefined ? null : [x[at], y[at]];
}

/** The row of the code nearest to z. */
const rowAt = ({ index, codes }, z) => codes.row[index.find(...z).index];

/** The point of one figure that goes with z on the other: z itself, or the code there of the image whose code is nearest to z. */
export function across(by, from, to, z) {
  return by === "image" ? placeOf(to, rowAt(from, z)) : z;
}

/** What shows both. */
export function around(one, other) {
  const { min, max } = Math;
  return { left: min(one.left, other.left), right: max(one.right, other.right), bottom: min(one.bottom, other.bottom), top: max(one.top, other.top) };
}

/** The way of a code over a map, where Python has one; what is kept on the map is then an end of it, unless someone has asked for another. */
function lead(map, { trail, kept }) {
  if (!trail) return map.trail?.remove();
  const { cursor, keeping } = map;
  if (kept.number >= keeping.agreed.number && !same(cursor.kept, kept.value)) cursor.choose(kept.value);
  if (!same(map.trail?.path, trail)) new Trail(map, trail).draw();
}

export default class Pair {
  #linking = false; // one map is being brought to where the other is

  constructor(room, signal) {
    room.innerHTML = ROOMS;
    this.sections = [...room.querySelectorAll(".tr-map")];
    this.maps = this.sections.map((section) => Object.assign(new Half(section.lastElementChild, signal, new Cursor()), { pair: this }));
    this.sections.forEach((section, i) => { // an id is there once
      section.querySelector(".lm-map").setAttribute("aria-describedby", `lm-help-${i}`);
      section.querySelector(".lm-help").id = `lm-help-${i}`;
    });
    for (const map of this.maps) {
      map.cursor.subscribe({ frame: (z) => this.pointed(map, z), selected: (classes) => this.selected(map, classes) }, signal);
    }
  }

  /** data.halves: what each map is told, with a `title`; data.by: "point" or "image"; data.one_scale; data.same_classes: whether a class means
   *  the same on both; of each half `trail`: the way of a code over it, or null, and `whole` and `code`: see whole_codes.js. What the second map tells has "_other" behind its name. */
  async update({ halves, by, one_scale: oneScale, same_classes: sameClasses, ...shared }, tell) {
    this.sections.forEach((section, i) => (section.firstElementChild.textContent = halves[i].title));
    Object.assign(this, { by, sameClasses });
    await Promise.all(this.maps.map((map, i) => map.update({ ...shared, ...halves[i] }, (name, word) => tell(i ? `${name}_other` : name, word))));
    if (!this.both) return; // one could not be drawn, and says so
    const shown = JSON.stringify([oneScale, halves.map(({ view }) => view)]);
    if (shown !== this.shown) this.frame(oneScale);
    this.shown = shown;
    this.maps.forEach((map, i) => lead(map, halves[i]));
    this.maps.forEach(({ whole, words }, i) => whole.use(halves[i].whole, halves[i].code).catch(({ message }) =>
      words.note(`The codes could not be read, so a dot shows what the plane has there: ${message}. Reload the page.`)));
  }

  get both() {
    return this.maps.every((map) => map.ready);
  }

  other(map) {
    return this.maps[map === this.maps[0] ? 1 : 0];
  }

  /** Do something with the other map that it is not to answer. */
  link(map, act) {
    if (this.#linking || !this.both) return;
    this.#linking = true;
    act(this.other(map));
    this.#linking = false;
  }

  /** Someone looks at z on a map, or no longer. */
  pointed(map, z) {
    this.link(map, ({ cursor, figure }) => {
      if (!map.cursor.pointing) return cursor.leave();
      const at = z && across(this.by, map.figure, figure, z);
      if (cursor.pointing && same(cursor.pointed, at)) return; // the image nearest to the pointer is often the one of the move before
      cursor.pointing = true;
      cursor.show(at);
    });
  }

  /** Where someone who keeps z means to keep it: of images, at the code. */
  snapped({ figure }, z) {
    return this.by === "image" && this.both ? placeOf(figure, rowAt(figure, z)) : z;
  }

  /** Someone has kept a point on a map. */
  kept(map) {
    const z = map.cursor.kept;
    this.link(map, ({ cursor, figure }) => cursor.choose(z && across(this.by, map.figure, figure, z)));
  }

  selected(map, classes) {
    if (this.sameClasses) this.link(map, ({ cursor }) => cursor.select(classes));
  }

  /** Both maps show the same part of the latent space, or each its own codes. */
  frame(oneScale) {
    this.oneScale = false;
    const [one, other] = this.maps;
    for (const { viewport, figure, plot } of this.maps) {
      viewport.fit({ most: oneScale ? around(one.figure.extents.most, other.figure.extents.most) : figure.extents.most }, "most");
      plot.relayout();
    }
    this.oneScale = oneScale;
    this.viewed(one);
  }

  /** On one scale, the other map follows. */
  viewed(map) {
    if (this.oneScale) this.link(map, ({ viewport, plot }) => {
      const { middle, unit, scale } = map.viewport;
      if (viewport.scale !== scale) return; // of two maps that are switched one is the first
      if (Math.abs(viewport.unit - unit) < 1e-9 && viewport.middle.every((v, i) => Math.abs(v - middle[i]) < 1e-9)) return;
      viewport.centre(...middle, unit);
      viewport.framing = null;
      plot.relayout();
    });
  }
}

// A path to take along: as a GIF that goes there and back, and as a sheet of its film.

import { offerFilm } from "../tools/film.js";

const PLAYED = 40; // images of the GIF on the way there, however few steps the film has
const EQUAL = { z: "equal in z", pixels: "equal in pixels" };

export class Take {
  #path = null;

  /** element: the place of the buttons. */
  constructor(element, map, signal) {
    Object.assign(this, { element, map });
    offerFilm(element, (take) => this.#path && this.film(take), signal);
    this.offer(null);
  }

  /** path: {images, faded, by, course, width, height}, see shown.js; null: there is none. how: which way it leads, in words. */
  offer(path, how = "") {
    this.#path = path;
    this.how = how;
    this.element.hidden = !path;
  }

  film(take) {
    const { images, faded, by, course, width, height } = this.#path, { name, words, credit } = this.map.readout.facts.model;
    const rows = [{ name: "Through the codes", images }, { name: "Pixels faded", images: faded }];
    return {
      name: `${name}-path`, title: "A path through the codes", shape: [height, width], andBack: true,
      notes: [`${words} · ${new Date().toLocaleDateString("sv")}`, `${[this.how, `${images.length} steps`].filter(Boolean).join(", ")} ${EQUAL[by]}`, credit].filter(Boolean),
      heads: images.map((_, i) => String(i + 1)), rows: take === "gif" ? [{ images: course.steps(PLAYED, by).images }] : rows,
    };
  }
}

// What comes of a path: its line on the map, its filmstrip, what is said of it, and a walk along it.

import { crossFade, fromReal, lay } from "./course.js";
import { apart } from "./evenly.js";
import { Playing } from "./playing.js";
import { Strip } from "./strip.js";
import { MEASURES, said } from "./words.js";

const LATE_MS = 200; // what takes longer says so

export class Shown {
  course = null;
  path = null; // what can be taken along: {zs, images, faded, by, course}; null: there is none

  /** element: the tool's; line: on the map. took(path) is told of what can be taken along. */
  constructor(map, element, line, took, signal) {
    const find = (selector) => element.querySelector(selector);
    Object.assign(this, { map, line, took, film: find(".lp-film"), words: find(".lp-words"), says: find(".lp-state"), place: find(".lp-path") });
    this.strip = new Strip(this.film, (step) => this.look(step), (step) => this.keep(step), signal);
    this.playing = new Playing(find(".lp-play"), { show: (share) => this.walk(share), steps: () => this.path.zs.length, ended: () => this.look(null) }, signal);
    map.root.addEventListener("pointerdown", ({ target }) => map.element.contains(target) && this.playing.stop(), { capture: true, signal });
  }

  /** late: what is on show is of another path. */
  state(text, late = false) {
    this.says.textContent = text;
    this.place.classList.toggle("lp-late", late);
  }

  take(path) {
    this.path = path;
    this.film.hidden = this.words.hidden = !path;
    if (!path) this.words.textContent = "";
    this.took(path);
  }

  /** Through waypoints; fewer than two: nothing. Throws the signal's reason when that aborts. */
  async use(space, waypoints, { kind, steps, by }, signal) {
    const of = JSON.stringify([space.facts, waypoints, kind]);
    this.line.mark(null);
    if (waypoints.length < 2) return this.take(this.course = null);
    if (this.course?.of !== of) {
      const late = setTimeout(() => this.state("Looking for the path …", true), LATE_MS);
      signal.addEventListener("abort", () => clearTimeout(late), { once: true });
      const hear = (share) => performance.now() - began > LATE_MS && this.state(`Looking for the path: ${Math.round(100 * share)} %`, true), began = performance.now();
      const course = await lay(space, waypoints, kind, signal, hear).finally(() => clearTimeout(late));
      signal.throwIfAborted();
      this.course = course && Object.assign(course, { of });
    }
    this.state(this.course ? "" : "No way leads from code to code there: they lie in islands. Choose another way.");
    if (!this.course) return this.take(null);
    this.line.use({ points: this.course.codes.map((code) => space.point(code)) });
    await this.decode(space, steps, by, signal);
  }

  async decode(space, steps, by, signal) {
    const { course } = this, film = course.steps(steps, by), first = film.images[0], last = film.images.at(-1), faded = crossFade(first, last, steps);
    this.strip.show(film.images, faded, space);
    this.line.use({ steps: film.zs.map((z) => space.point(z)) });
    this.take({ ...film, faded, by, course, width: space.width, height: space.height });
    const write = (real) => (this.words.innerHTML = said(course, film, apart(first, last), real) + MEASURES);
    write(null);
    const pixels = await space.readout.pixels(signal).catch(() => null); // the panel says so
    signal.throwIfAborted();
    if (!pixels) return;
    const real = [await fromReal(film.images, pixels, signal), await fromReal(faded, pixels, signal)];
    signal.throwIfAborted();
    write(real);
  }

  // --- where on the path somebody looks -------------------------------------------------------------------------------------

  /** A step of the film; null: none. */
  look(step) {
    if (this.playing.frame) return;
    if (step === null) return this.leave();
    this.at(this.path.zs[step], step);
  }

  /** Press a step: its code is kept; of a larger one the map's plane goes through it. */
  keep(step) {
    const { map, path: { zs, course: { space } } } = this;
    this.playing.stop();
    this.look(step);
    const z = space.point(zs[step]);
    map.plot.bringIn(z);
    if (space.dimensions > 2) map.rest.facts && map.rest.keep(zs[step]);
    else map.keep(z);
    this.look(step);
  }

  walk(share) {
    const { course, by, zs } = this.path;
    this.at(course.code(share, by), Math.round(share * (zs.length - 1)));
  }

  /** The mark goes to a code of the path, whose image shows where the map's own would. */
  at(code, step) {
    const { map, line, strip, path: { course: { space } } } = this, z = space.point(code);
    strip.mark(step);
    line.mark(z);
    if (map.cursor.pointing) return; // somebody looks elsewhere
    if (space.flat) map.cursor.show(z);
    else map.picture.paint(space.image(code));
  }

  leave() {
    this.strip.mark(-1);
    this.line.mark(null);
    if (!this.map.cursor.pointing && this.map.ready) this.map.cursor.rest();
  }
}

// What is said of a path, as HTML.

import { number } from "../map/sentences.js";

const NOWHERE = 0.05; // in pixels: a path that is no longer shows one picture
const largest = (values) => values.reduce((best, v, i) => (v > values[best] ? i : best), 0);
const between = (values) => values.slice(1, -1).reduce((sum, v) => sum + v, 0) / (values.length - 2); // the ends are the same of both

/** Of its lengths, how far it gets from real codes, and why one goes through the codes. course: see course.js; steps: of the film, {zs, images};
 *  straight: how far the first image is from the last; fades: [of the steps, of the cross-fade], how far each image is from the nearest test
 *  image, null until that is known or where there are none. */
export function said(course, steps, straight, real) {
  const { space: { facts } } = course;
  if (course.far.pixels.at(-1) < NOWHERE) return `<p>All along this path the model draws one and the same picture: there is nothing to compare.</p>${told(facts)}`;
  const long = `<p>The path is <b>${number(course.far.z.at(-1))}</b> long in z and <b>${number(course.far.pixels.at(-1), 1)}</b> in pixels; the cross-fade ${number(straight, 1)} in pixels, `
    + "straight through the space of images, where nothing is shorter.</p>";
  return why(real) + long + codes(course, steps) + told(facts);
}

function why(real) {
  const begin = "<p><b>Why through the codes?</b> The lower row mixes the pixels of both ends: in the middle two pictures lie on top of each other. "
    + "The upper row draws codes in between, so each step is one picture, as the model would draw it.";
  if (!real) return `${begin}</p>`;
  const [path, faded] = real.map(between), more = faded / path;
  const tale = more > 1.05 ? "So it is here" : more < 0.95 ? "Here the path strays even more than the cross-fade" : "Here the two stray about as much";
  return `${begin} ${tale}: between the ends, the nearest test image is on average <b>${number(path, 1)}</b> from the path’s pictures and <b>${number(faded, 1)}</b> from the `
    + "cross-fade’s.</p>";
}

/** The farthest from a real code along the way. */
function codes({ space, space: { facts: { gap } } }, { zs }) {
  const away = zs.map((z) => space.distance(z)), step = largest(away), far = away[step] > gap;
  return `<p>Farthest from a test image’s code: <b>${number(away[step])}</b>, at step ${step + 1}. ${far
    ? "<b>No code is near there</b>, and what is drawn is the decoder’s guess."
    : "Codes are near all the way."}</p>`;
}

function told({ conditional, drawn, classes }) {
  if (!conditional) return "";
  const what = drawn === null ? "no class" : `the class ${classes[drawn]?.name ?? drawn}`;
  return `<p class="lm-soft">This model is told the class, here ${what} (*Draw as*, above the map) at every step: a path leads from style to style.</p>`.replace(/\*(.*?)\*/g, "<em>$1</em>");
}

/** In pixels: how far two images are apart. */
export const MEASURES = "<p class=\"lm-soft\">In pixels: how far two images are apart is the root of the summed squared differences of their pixels, ink from 0 to 1.</p>";

// "Refine the code": from the encoder's answer to the best code of this very image, with its way over the map and what it gains.
// Fetched only when somebody may want it.

import { refine } from "../nets/refine.js";
import { asked } from "../server.js";
import { LEAST_NATS, drawn, result } from "./refined.js";
import { Trail } from "./trail.js";

/** Refine the code of the dot on show and write what came of it into `place`, whose button says how far it is and stops it. readout: the panel;
 *  dot: {z: where it is on the map, row, mu, logvar, x, xHat, label: what the model was told (null: nothing), signal: until another point is kept}. */
export async function refineDot(readout, dot, place) {
  const { map, facts } = readout, stopper = new AbortController(), { signal } = stopper, button = place.querySelector("button");
  const stop = () => stopper.abort();
  dot.signal.addEventListener("abort", stop, { once: true });
  map.cursor.subscribe({ frame: () => map.cursor.pointing && stop() }, signal); // someone looks elsewhere
  button.addEventListener("click", stop, { once: true, signal });
  button.textContent = "Refining … press to stop";
  button.classList.add("lm-busy");
  try {
    const found = await (facts.served ? fromServer : inBrowser)(readout, dot, signal, (share) => button.style.setProperty("--share", share));
    signal.throwIfAborted();
    const path = found.path.map((code) => onMap(facts, dot, code)), [end] = path.slice(-1);
    const focused = button === document.activeElement, better = found.before - found.after >= LEAST_NATS;
    const keeps = better && dot.mu.length <= 2 && map.viewport.allows(end);
    place.innerHTML = result(facts, dot, found, keeps);
    map.words.tell(`Refined. ${place.querySelector("p").textContent}`);
    drawn(place, map.decoder, [dot.x, dot.xHat, found.xHat], facts.error_rgb);
    const [keep, again] = ["keep", "walk"].map((name) => place.querySelector(`[data-testid=refine-${name}]`));
    keep?.addEventListener("click", () => {
      map.element.focus({ preventScroll: true }); // the button goes
      map.keep(end);
    }, { signal: dot.signal });
    again?.addEventListener("click", () => {
      map.element.scrollIntoView({ block: "nearest" }); // on a phone it is far above
      show(map, path, dot, dot.signal);
    }, { signal: dot.signal });
    if (focused) (keep ?? again)?.focus();
    if (better) await show(map, path, dot, signal);
  } catch (error) {
    if (dot.signal.aborted) return; // the panel is about another point
    readout.offer(dot);
    if (error.name !== "AbortError") readout.failed(error);
  } finally {
    if (map.cursor.pointing) stop();
  }
}

async function inBrowser(readout, dot, signal, onStep) {
  const decoder = readout.decoder ?? readout.map.decoder;
  const found = await refine(decoder, dot, readout.facts, signal, onStep);
  return { ...found, xHat: decoder.image(Float32Array.from(found.mu), dot.label).slice() };
}

async function fromServer({ facts }, dot, signal) {
  const response = await asked(`${facts.served.replace("/points/", "/refined/")}?row=${dot.row}`, { signal });
  if (!response.ok) throw new Error(await response.text());
  const { x_hat: xHat, ...found } = await response.json();
  return { ...found, xHat: Float32Array.from(atob(xHat), (c) => c.charCodeAt(0) / 255) };
}

/** Where a code lies on the map, with four decimals, as kept points have; of one-dimensional codes at the height of the dot. */
function onMap({ plane: { origin, axes } }, { z, mu }, code) {
  const point = axes.map((axis) => axis.reduce((sum, v, i) => sum + v * (code[i] - origin[i]), 0));
  if (mu.length === 1) point[1] = z[1];
  return point.map((v) => Math.round(v * 1e4) / 1e4);
}

/** The way over the map, which where it is whole codes' also shows what is drawn there. */
async function show(map, path, dot, signal) {
  const trail = new Trail(map, [dot.z, ...path.slice(1)]), whole = dot.mu.length <= 2;
  if (whole) map.plot.bringIn(path.at(-1));
  await trail.walk(signal, (z) => whole && !map.cursor.pointing && map.cursor.show(z));
}

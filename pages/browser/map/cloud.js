// How sure the encoder is of a test image: its posterior's ellipses on the map, and draws from it, decoded.

import { ellipse, onMap } from "../drawing/ellipse.js";
import { Landed } from "../drawing/landed.js";
import { cloud } from "../drawing/landing_words.js";
import { noise } from "../nets/losses.js";
import { grey, put } from "./ink.js";

const DRAWS = 16;
const WIDE_PX = 200; // of the outer ring, once it is zoomed to

/** Offer it at the end of the panel, for a dot of readout.js with a posterior. It stays open from dot to dot. */
export function offerCloud(readout, dot) {
  const { map, facts, element } = readout, details = document.createElement("details");
  if (!dot.logvar || facts.served) return;
  details.className = "lm-cloud";
  details.dataset.testid = "cloud";
  details.innerHTML = `<summary>How sure is the encoder?</summary><p>${cloud({ ...facts, conditional: false }, onMap(facts.plane, dot.mu, dot.logvar), dot.mu)}</p>`
    + `<p class="lm-soft">${DRAWS} draws from it, decoded: where they differ, the encoder leaves it open.</p><div class="lm-draws"></div>`;
  details.querySelector("p").insertAdjacentHTML("afterend", '<p><button type="button" class="lm-button">Zoom to the rings</button></p>');
  const rings = { ...onMap(facts.plane, dot.mu, dot.logvar), point: dot.z };
  details.querySelector("button").addEventListener("click", () => zoomTo(map, rings), { signal: dot.signal });
  const show = () => {
    map.cloud ??= new Landed(map);
    map.cloud.show(rings);
    draws(readout, dot, details.querySelector(".lm-draws"));
  };
  dot.signal.addEventListener("abort", () => map.cloud?.show(null), { once: true }); // another point is kept
  details.addEventListener("toggle", () => {
    readout.cloudOpen = details.open;
    details.open ? show() : map.cloud?.show(null);
  }, { signal: dot.signal });
  element.lastElementChild.append(details);
  details.open = Boolean(readout.cloudOpen);
}

/** They are often smaller than the ring of the kept point. */
function zoomTo({ plot, viewport, element }, { point, covariance }) {
  const pixels = ellipse(point, covariance, 2).map((z) => viewport.toPixel(z)), wide = [0, 1].map((i) => Math.max(...pixels.map((p) => p[i])) - Math.min(...pixels.map((p) => p[i])));
  plot.bringIn(point);
  plot.zoom(WIDE_PX / Math.max(...wide, Number.MIN_VALUE), point);
  element.scrollIntoView({ block: "nearest" });
}

/** z = mu + sigma eps, decoded and told as the reconstruction was. */
function draws({ map, decoder }, { mu, logvar, label, row }, place) {
  if (place.childElementCount) return;
  const { normal } = noise(row);
  for (let i = 0; i < DRAWS; i++) {
    const z = mu.map((m, j) => m + Math.exp(logvar[j] / 2) * normal()), canvas = document.createElement("canvas");
    put(canvas, grey((decoder ?? map.decoder).image(z, label)), map.decoder);
    place.append(canvas);
  }
  place.setAttribute("role", "img");
  place.setAttribute("aria-label", `${DRAWS} images decoded from draws of the posterior`);
}

// How sure the encoder is of a test image: its posterior's ellipses on the map, and draws from it, decoded.

import { onMap } from "../drawing/ellipse.js";
import { Landed } from "../drawing/landed.js";
import { cloud } from "../drawing/landing_words.js";
import { noise } from "../nets/losses.js";
import { grey, put } from "./ink.js";

const DRAWS = 16;

/** Offer it at the end of the panel, for a dot of readout.js with a posterior. It stays open from dot to dot. */
export function offerCloud(readout, dot) {
  const { map, facts, element } = readout, details = document.createElement("details");
  if (!dot.logvar || facts.served) return;
  details.className = "lm-cloud";
  details.dataset.testid = "cloud";
  details.innerHTML = `<summary>How sure is the encoder?</summary><p>${cloud({ ...facts, conditional: false }, onMap(facts.plane, dot.mu, dot.logvar), dot.mu)}</p>`
    + `<p class="lm-soft">${DRAWS} draws from it, decoded: where they differ, the encoder leaves it open.</p><div class="lm-draws"></div>`;
  const show = () => {
    map.cloud ??= new Landed(map);
    map.cloud.show({ ...onMap(facts.plane, dot.mu, dot.logvar), point: dot.z });
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

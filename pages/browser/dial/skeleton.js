// The elements that the dial is made of.

import { PAUSE, PLAY } from "../map/time_strip.js";

/** The play button as it looks while it plays, and otherwise. */
export function dress(button, playing) {
  const words = playing ? "Pause" : "Play from no KL to much of it";
  button.innerHTML = playing ? PAUSE : PLAY;
  button.setAttribute("aria-label", words);
  button.title = words;
}

export const SKELETON = `
  <div class="dl-dial">
    <div class="dl-head"><output class="dl-beta" data-testid="dial-said" aria-live="off"></output><span class="dl-figures" data-testid="dial-figures"></span></div>
    <div class="dl-bar">
      <button class="lm-play" type="button" data-testid="dial-play"></button>
      <div class="dl-scale">
        <input type="range" data-testid="dial" aria-label="β, the weight of the KL divergence" min="0" step="0.01">
        <div class="dl-ticks" role="group" aria-label="The trained models"></div>
        <p class="dl-ends"><span>no KL: codes scatter</span><span>much KL: codes say little</span></p>
      </div>
    </div>
    <p class="dl-effect" data-testid="dial-effect"></p>
  </div>
  <div class="dl-map lm-map" data-testid="dial-map" tabindex="0" role="application" aria-label="Latent map">
    <canvas class="dl-cloud" aria-hidden="true"></canvas>
    <svg class="lm-overlay" aria-hidden="true"><g class="lm-kept" visibility="hidden"><circle r="9"/><circle r="9"/><circle r="2.5"/></g></svg>
    <div class="lm-cross" aria-hidden="true"><span><i></i><i></i><b></b></span></div>
    <div class="lm-catch"></div>
    <div class="lm-zoom"><button type="button" data-zoom="reset" class="dl-same" aria-pressed="false">One scale for all</button></div>
    <div class="lm-loading" role="status">Reading the codes …</div>
  </div>
  <div class="dl-side">
    <figure class="dl-shown">
      <canvas class="lm-image" data-testid="decoded" role="img"></canvas>
      <figcaption data-testid="dial-z"></figcaption>
    </figure>
    <div class="dl-row" data-testid="dial-row"></div>
    <div class="dl-chart" data-testid="rate-distortion" role="img"><div class="dl-plot"></div><i class="dl-mark" data-testid="dial-mark" hidden></i></div>
  </div>
  <div class="lm-strip">
    <div class="lm-legend" role="group" aria-label="Classes: click for one alone, shift-click or long press to add"></div>
    <div class="lm-tools"></div>
  </div>
  <p class="live-help dl-help"></p>
  <p class="live-hidden" aria-live="polite"></p>`;

/** An example: the test image, where it is here, over what the models make of its code; returns the canvas of that. */
export function example(row, { name, picture }) {
  const figure = row.appendChild(document.createElement("figure")), canvas = document.createElement("canvas");
  if (picture) figure.append(Object.assign(new Image(), { src: picture, alt: `The test image, a ${name}` }));
  canvas.setAttribute("role", "img");
  canvas.setAttribute("aria-label", `${name}, as the model draws it from its code`);
  figure.append(canvas);
  return canvas;
}

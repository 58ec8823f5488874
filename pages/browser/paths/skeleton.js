// The elements of the tool *Paths*.

import { KINDS } from "./kinds.js";
import { LEAST_STEPS, MOST_STEPS } from "./waypoints.js";

const button = (name, value, title, hint = "") => `<button type="button" class="lm-button" data-${name}="${value}" aria-pressed="false"${hint ? ` title="${hint}"` : ""}>${title}</button>`;
const kinds = Object.entries(KINDS).map(([name, { title }]) => button("kind", name, title));

export const SKELETON = `
  <p class="lp-why-not" hidden></p>
  <div class="lp-all">
    <div class="lp-row">
      <div class="lp-joined" role="group" aria-label="What a press on the map does">
        ${button("mode", "points", "Choose points", "A press on the map adds a point to the path, a dragged one moves")}
        ${button("mode", "draw", "Draw", "Draw the path on the map in one go")}
      </div>
      <button type="button" class="lm-button" data-act="kept">Add the kept point</button>
      <form data-form="row"><label>Test image <input type="number" min="0" step="1" inputmode="numeric"></label><button class="lm-button">Add</button></form>
      <form data-form="classes"><span>From a</span><select aria-label="Class of the first image"></select><span>to a</span><select aria-label="Class of the last image"></select>
        <button class="lm-button">Any two</button></form>
    </div>
    <p class="lm-soft lp-how"></p>
    <div class="lp-row lp-chosen" hidden>
      <ol class="lp-points" aria-label="Points of the path"></ol>
      <button type="button" class="lm-button" data-act="last">Remove the last</button>
      <button type="button" class="lm-button" data-act="clear">Clear</button>
    </div>
    <div class="lp-path" hidden>
      <div class="lp-row"><div class="lp-joined" role="group" aria-label="How the path leads from point to point">${kinds.join("")}</div></div>
      <p class="lm-soft lp-kind"></p>
      <div class="lp-row">
        <button type="button" class="lm-button lp-play" data-act="play" data-testid="path-play"></button>
        <label>Steps <input type="range" class="lp-steps" min="${LEAST_STEPS}" max="${MOST_STEPS}" step="1"><output></output></label>
        <div class="lp-joined" role="group" aria-label="In what the steps are equal">
          ${button("by", "z", "Equal in z", "Each step is as long as the next by the numbers of the code")}
          ${button("by", "pixels", "Equal in pixels", "From step to step the picture changes by as much")}
        </div>
      </div>
      <p class="lm-soft lp-state" role="status"></p>
      <div class="lp-film" data-testid="film"></div>
      <div class="lp-words"></div>
      <div class="lm-path-take"></div>
    </div>
  </div>`;

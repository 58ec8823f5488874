// The elements of the time machine.

export const PLAY = `<svg viewBox="0 0 20 20" aria-hidden="true"><path d="M6 3.5v13l10.5-6.5z"/></svg>`;
export const PAUSE = `<svg viewBox="0 0 20 20" aria-hidden="true"><path d="M5 4h3.5v12H5zM11.5 4H15v12h-3.5z"/></svg>`;

export const STRIP = `
  <div class="lm-time-head">
    <output class="lm-epoch" data-testid="epoch-shown" aria-live="off"></output>
    <button class="lm-latest" type="button" hidden>Latest</button>
  </div>
  <div class="lm-time-bar">
    <button class="lm-play" type="button" data-testid="play"></button>
    <input type="range" data-testid="epoch" aria-label="Epoch" step="1">
  </div>
  <p class="lm-problem" role="status" hidden></p>
  <p class="lm-no-curves">The curves begin after the first epoch.</p>
  <div class="lm-curves" data-testid="curves" role="img" hidden>
    <div class="lm-curves-plot"></div>
    <svg class="lm-curves-marks" aria-hidden="true"></svg>
  </div>
  <p class="lm-outside" hidden></p>
  <div class="lm-keys" role="group" aria-label="Curves: click for one kind alone, shift-click to add"></div>`;

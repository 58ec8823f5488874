// The elements that a map is made of; layers, timeline and legend add their own.

const slider = (i, ordinal) => `<label><span>z<sub>${i}</sub></span>
  <span class="lm-slider"><i><u></u></i><b></b><input type="range" data-testid="z${i}" aria-label="z${i}, ${ordinal} latent coordinate" step="0.01"></span>
  <output><span class="lm-said"></span></output></label>`;

export const SKELETON = `
  <div class="lm-map" data-testid="latent-map" tabindex="0" role="application" aria-describedby="lm-help">
    <div class="lm-plot"></div>
    <svg class="lm-overlay" aria-hidden="true">
      <g class="lm-kept" visibility="hidden"><circle r="9"/><circle r="9"/><circle r="2.5"/></g>
    </svg>
    <div class="lm-cross" aria-hidden="true"><span><i></i><i></i><b></b></span></div>
    <div class="lm-catch"></div>
    <div class="lm-zoom" role="group" aria-label="Zoom">
      <button type="button" data-zoom="in" aria-label="Zoom in" title="Zoom in">+</button>
      <button type="button" data-zoom="out" aria-label="Zoom out" title="Zoom out">−</button>
      <button type="button" data-zoom="reset" aria-label="Show the whole map" title="Show the whole map; once more: its outliers too">⤢</button>
    </div>
    <div class="lm-loading" role="status">Drawing the map …</div>
  </div>
  <div class="lm-over" role="status"><p class="lm-copied" hidden></p></div>
  <div class="lm-column"><div class="lm-side">
    <canvas class="lm-image" data-testid="decoded" role="img" aria-label="Decoded image"></canvas>
    <div class="lm-controls">
      ${slider(1, "first")}
      ${slider(2, "second")}
      <p class="lm-near" data-testid="nearest"><span class="lm-said"></span></p>
      <p class="lm-found" data-testid="background-said" hidden><span class="lm-said"></span></p>
    </div>
  </div></div>
  <div class="lm-under">
    <div class="lm-key" data-testid="background-key" hidden></div>
    <div class="lm-strip">
      <div class="lm-legend" role="group" aria-label="Classes: click for one alone, shift-click or long press to add"></div>
      <div class="lm-tools"></div>
    </div>
    <p class="lm-note" hidden></p>
  </div>
  <p class="lm-help live-help" id="lm-help"></p>
  <p class="live-hidden" aria-live="polite"></p>`;

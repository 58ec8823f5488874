// What the benchmark adds to a page before any of its own scripts run: clocks at the edges, no change to what the page does.
// All times are performance.now(): milliseconds since the navigation began.

const probe = (window.probe = { moves: 0, frames: 0, decodes: [], changes: {}, pictures: new Set() });
const ANSWERS = new Set(["latent-map:decode", "latent-map:landed"]); // a point under the pointer, a drawing's point
const MAP = '[data-testid="latent-map"]', SHEET = '[data-testid="sheet"]', PANEL = '[data-testid="panel"]';
const CHART = ".stPlotlyChart", PICTURE = '[data-testid="stImage"] img';

// --- pointer event -> pixels --------------------------------------------------------------------------------------------
// `since`: the time stamp that the browser gave to the oldest move a frame answers; `heard`: when the page was told of it; `end`: when the
// page has painted its answer. `frame`: a message sent while the frame was made arrives when the main thread is done with it (style, layout,
// paint, commit), ready for the compositor. `frames`: those that had a move to answer, whether or not the page answered it.

let oldest, heard, frame;
const frameDone = new MessageChannel();
frameDone.port1.onmessage = ({ data }) => (probe.decodes[data].frame = performance.now());
const frameOver = new MessageChannel(); // a move that was not answered in its frame (no new ink) is none that the next answers
frameOver.port1.onmessage = ({ data }) => (oldest === data ? (oldest = heard = undefined) : 0);
addEventListener("pointermove", (event) => {
  if (!event.target.closest?.(`${MAP}, ${SHEET}`)) return;
  const moves = event.getCoalescedEvents();
  probe.moves += 1;
  oldest ??= (moves[0] ?? event).timeStamp;
  heard ??= performance.now();
  frame ??= requestAnimationFrame(() => {
    frame = undefined;
    probe.frames += 1;
    frameOver.port2.postMessage(oldest);
  });
}, { capture: true, passive: true });

const measure = performance.measure.bind(performance);
performance.measure = (name, ...rest) => {
  const entry = measure(name, ...rest);
  if (ANSWERS.has(name) && oldest !== undefined) {
    probe.decodes.push({ since: oldest, heard, measured: entry.duration, end: performance.now() });
    frameDone.port2.postMessage(probe.decodes.length - 1);
    oldest = heard = undefined;
  }
  return entry;
};
probe.clear = () => {
  performance.clearMeasures("latent-map:decode");
  Object.assign(probe, { moves: 0, frames: 0, decodes: [] });
};

// --- click -> change ----------------------------------------------------------------------------------------------------

const find = (selector) => document.querySelector(selector);
let loaded; // address of the image that was loaded last; `load` does not bubble, but the document can capture it
document.addEventListener("load", ({ target }) => target.matches?.(PICTURE) && (loaded = target.currentSrc), true);
const signature = { panel: () => find(PANEL)?.textContent, image: () => loaded };

/** From now on: milliseconds from the next pointerup to the first change of the panel's text or the image, as probe.changes[what]. */
probe.watch = (what) => {
  const before = signature[what]();
  probe.changes[what] = new Promise((resolve) => {
    let since;
    addEventListener("pointerup", (event) => (since = event.timeStamp), { capture: true, once: true });
    const look = () => {
      const now = signature[what]();
      if (since === undefined || now === undefined || now === before) return;
      observer.disconnect();
      document.removeEventListener("load", look, true);
      resolve(performance.now() - since);
    };
    const observer = new MutationObserver(look);
    observer.observe(document.body, { subtree: true, childList: true, characterData: true, attributes: true });
    document.addEventListener("load", look, true);
  });
};

/** All points of the Plotly chart that lies inside `selector`. */
probe.codes = (selector) => find(`${selector} .js-plotly-plot`)._fullData.flatMap(({ x, y }) => Array.from(x, (value, i) => [value, y[i]]));

/** Page pixel of a latent point on the Plotly chart that lies inside `selector`, or null when it is out of view. */
probe.pixel = (selector, [x, y]) => {
  const plot = find(`${selector} .js-plotly-plot`), { xaxis, yaxis, _size: { l, t } } = plot._fullLayout;
  const outer = plot.getBoundingClientRect(), u = xaxis.l2p(x), v = yaxis.l2p(y);
  return u > 0 && v > 0 && u < xaxis._length && v < yaxis._length ? [outer.left + l + u, outer.top + t + v] : null;
};

// --- slider -> images ---------------------------------------------------------------------------------------------------

/** Count the distinct images shown from now on, looking once a frame; the one shown now is not counted. */
probe.collect = () => {
  const canvas = find('[data-testid="decoded"]');
  const seen = () => (canvas ? canvas.toDataURL() : signature.image());
  const first = seen();
  probe.pictures = new Set();
  probe.collecting = true;
  const look = () => {
    const now = seen();
    if (now !== undefined && now !== first) probe.pictures.add(now);
    if (probe.collecting) requestAnimationFrame(look);
  };
  requestAnimationFrame(look);
};

// --- navigation -> map on screen ------------------------------------------------------------------------------------------

/** Ours: the cover over the map is gone: dots are painted and the pointer decodes; Plotly is still to come.
 *  Rival: the chart's WebGL canvas and its axis are there and the image is loaded. */
const mapShown = () =>
  find(`${MAP} .lm-loading[hidden]`) || (find(`${CHART} .gl-canvas`) && find(`${CHART} .main-svg .xtick`) && signature.image());

probe.shown = new Promise((resolve) => {
  const look = () => {
    if (!mapShown()) return requestAnimationFrame(look);
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => resolve(performance.now());
    requestAnimationFrame(() => port2.postMessage(null)); // when that frame is done
  };
  requestAnimationFrame(look);
});

// Where Streamlit and the bundle meet: one instance per place on the page, for as long as Streamlit keeps that place.

import "./connection.js";

/** A part is a class: made with its root element and a signal that aborts when it ends, then update(data, tell) at each word from Python. */
const PARTS = {
  map: () => import("./map/map.js"),
  wipe: () => import("./tools/wipe.js"),
  canvas: () => import("./tools/canvas.js"),
  boxes: () => import("./tools/boxes.js"),
  cover: () => import("./tools/cover.js"),
  pair: () => import("./map/pair.js"),
  "two-runs": () => import("./map/two_runs.js"),
  dial: () => import("./dial/dial.js"),
  pad: () => import("./tools/pad.js"),
  player: () => import("./tools/player.js"),
  "copy-link": () => import("./tools/copy_link.js"),
  again: () => import("./again.js"),
};

const instances = new WeakMap();
const mounts = new WeakMap(); // how often Streamlit has mounted each place

/** A part in a place of its own; everything that it listens to or observes ends with the signal. */
function begin(Part, place) {
  const root = place.querySelector(".live") ?? place.appendChild(Object.assign(document.createElement("div"), { className: "live" }));
  const stopper = new AbortController();
  return { part: new Part(root, stopper.signal), stopper };
}

/** Called by Streamlit whenever data or theme change. */
export async function mount({ parentElement, data, setStateValue }) {
  const mine = (mounts.get(parentElement) ?? 0) + 1;
  mounts.set(parentElement, mine); // before anything is waited for: meanwhile the mount before this one may be ended
  const { default: Part } = await PARTS[data.part]();
  if (!instances.has(parentElement)) instances.set(parentElement, begin(Part, parentElement));
  const instance = instances.get(parentElement);
  await instance.part.update(data, setStateValue);
  return () => {
    if (mine !== mounts.get(parentElement)) return; // Streamlit ends a mount that a newer one overtook; the part lives on
    instance.stopper.abort();
    instances.delete(parentElement);
  };
}

// A saved page: the live map of one model in one file, without a server. `begin` is called once by boot.js, which has unpacked the file.

import { CanvasPlot } from "../map/canvas_plot.js";
import { Cursor } from "../map/cursor.js";
import LatentMap from "../map/map.js";
import { readAddress } from "../map/address.js";

/** data: what Python tells a map (see map/__init__.py); titles: of the layers that are offered, by name. */
export function begin(room, pills, data, titles) {
  const signal = new AbortController().signal, map = new LatentMap(room, signal, new Cursor(), CanvasPlot);
  const asked = readAddress(data.limit);
  if (asked !== undefined) data.kept = { value: asked, number: 0 };
  const show = () => map.update({ ...data, layers: [...shown] }, () => {});
  const shown = new Set(data.layers);
  pills.append(...Object.entries(titles).map(([name, title]) => pill(title, shown.has(name), (on) => {
    shown[on ? "add" : "delete"](name);
    show();
  })));
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", show); // the map's ink is the page's
  return show();
}

/** A button that is on or off. */
function pill(title, on, changed) {
  const button = Object.assign(document.createElement("button"), { type: "button", textContent: title });
  const set = (value) => button.setAttribute("aria-pressed", value);
  set(on);
  button.addEventListener("click", () => {
    const now = button.getAttribute("aria-pressed") !== "true";
    set(now);
    changed(now);
  });
  return button;
}

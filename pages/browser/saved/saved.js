// A saved page: the live map of one model in one file, without a server. `begin` is called once, by the script at the page's end.

import { readAddress } from "../map/address.js";
import { CanvasPlot } from "../map/canvas_plot.js";
import { Cursor } from "../map/cursor.js";
import LatentMap from "../map/map.js";
import { bytesOf } from "./letters.js";

/** What stands in the page packed by gzip and written in letters, as addresses by name. */
async function unpacked(page) {
  const unpack = async ({ dataset, text }) => {
    const packed = new Blob([bytesOf(text, Number(dataset.bytes))]).stream();
    return [dataset.file, URL.createObjectURL(await new Response(packed.pipeThrough(new DecompressionStream("gzip"))).blob())];
  };
  return Object.fromEntries(await Promise.all([...page.querySelectorAll("script[data-file]")].map(unpack)));
}

/** The page says {map: what Python tells a map (see map/__init__.py), titles: of the layers that are offered, by name}. */
export async function begin(page) {
  const files = await unpacked(page), find = (selector) => page.querySelector(selector);
  const { map: data, titles } = JSON.parse(find("script[data-told]").text, (_, value) => files[value] ?? value);
  const map = new LatentMap(find(".live"), new AbortController().signal, new Cursor(), CanvasPlot), shown = new Set(data.layers);
  const asked = readAddress(data.limit);
  if (asked !== undefined) data.kept = { value: asked, number: 0 };
  const show = () => { // the background is no layer of its own: it has a pill all the same
    const layers = [...shown].filter((name) => name !== "background");
    return map.update({ ...data, layers, field: shown.has("background") ? data.field : null }, () => {});
  };
  find(".saved-layers").append(...Object.entries(titles).map(([name, title]) => pill(title, shown.has(name), (on) => {
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

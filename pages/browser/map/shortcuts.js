// What keys, mouse and fingers do on the map: a window that "?" opens, or the button with that sign.

import { listener } from "../events.js";
import { onKey } from "./own_keys.js";

const KEYS = [
  ["← → ↑ ↓", "move the point; with Shift finer"],
  ["Enter", "keep the point on show"],
  ["Esc", "keep none"],
  ["+ −", "zoom in and out"],
  ["0", "show the whole map; once more: its outliers too"],
  ["C", "copy the decoded image"],
  ["Tab", "go on to sliders, classes and buttons"],
  ["?", "this window"],
];
const UNDO = ["Ctrl + Z", "undo what was done here; with Shift, or Ctrl + Y, do it again"]; // where its buttons are
const MOUSE = [
  ["move", "decode the point under the pointer"],
  ["click", "keep it"],
  ["drag", "move the map"],
  ["wheel", "zoom"],
  ["double click", "show the whole map; once more: its outliers too"],
  ["Shift + click", "on a class in the legend: add it to those that are lit"],
];
const FINGERS = [
  ["slide one", "decode the point under it"],
  ["lift it", "keep the point"],
  ["two", "move the map and zoom"],
  ["long press", "on a class in the legend: add it to those that are lit"],
];

const WITH_TOOLS = [ // where there is a bench
  ["Box, Lasso", "of Select: drag, or slide a finger, to select codes; with Shift more, with Alt fewer; Esc gives the pointer back"],
  ["Space", "with one of them begins the outline and ends it; arrow keys draw"],
];

const table = (title, rows) => `<h3>${title}</h3><dl>${rows.map(([what, does]) => `<div><dt>${what}</dt><dd>${does}</dd></div>`).join("")}</dl>`;

export class Shortcuts {
  /** map: {root, element}. */
  constructor({ root, element }, signal) {
    Object.assign(this, { root, on: listener(signal) });
    const { on } = this, button = document.createElement("button");
    Object.assign(button, { type: "button", textContent: "?", title: "What keys, mouse and fingers do here" });
    button.setAttribute("aria-label", button.title);
    root.querySelector(".lm-zoom").append(button);
    on(button, "click", () => this.open());
    onKey({ root, element }, "?", () => this.open(), signal);
    signal.addEventListener("abort", () => this.window?.remove(), { once: true });
  }

  open() {
    if (!this.window) {
      this.window = document.createElement("dialog");
      const keys = this.root.querySelector(".lm-undo:not([hidden])") ? KEYS.toSpliced(-2, 0, UNDO) : KEYS;
      const coarse = matchMedia("(pointer: coarse)").matches, fingers = table("Fingers", FINGERS); // first where there are fingers
      this.window.className = "lm-keys-window";
      this.window.setAttribute("aria-label", "What keys, mouse and fingers do on the map");
      this.window.innerHTML = `<form method="dialog"><h2>On the map</h2><button class="lm-button" autofocus>Close</button></form>`
        + `<div>${coarse ? fingers : ""}${table("Keys, with the map in focus", keys)}${table("Mouse", MOUSE)}${coarse ? "" : fingers}${this.root.querySelector(".lm-bench") ? table("Tools", WITH_TOOLS) : ""}</div>`;
      this.on(this.window, "click", ({ target }) => target === this.window && this.window.close()); // beside it
      this.on(this.window, "keydown", (event) => event.stopPropagation()); // Esc closes it, and keeps the point
      this.root.append(this.window);
    }
    if (!this.window.open) this.window.showModal();
  }
}

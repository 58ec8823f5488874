// The legend: a button for each class. A click shows one alone, shift-click or a long press adds one.

import { listener } from "../events.js";
import { clipPath, shapeOf } from "./shapes.js";

/** The classes that are lit after a click on one: it alone (again: all), or with `add` one more (again: one less). Empty: all of `count`. */
export function afterClick(selected, label, add, count) {
  const next = new Set(add ? selected : []);
  if (add) next.delete(label) || next.add(label);
  else if (!(selected.size === 1 && selected.has(label))) next.add(label);
  return next.size === count ? new Set() : next;
}

export class Legend {
  /** Builds its buttons in the element; what they choose is the cursor's. */
  constructor(element, cursor, signal) {
    Object.assign(this, { element, cursor, on: listener(signal) });
    cursor.subscribe({ selected: () => this.mark() }, signal);
  }

  /** A button for each class of the figure; as long as `stays` and they are the same, so do they and what was chosen of them. */
  use(figure, view, stays) {
    const classes = JSON.stringify([view, figure.data.map(({ meta, name, marker }) => [meta, name, marker.color])]);
    if (stays && classes === this.classes) return;
    this.classes = classes;
    this.element.replaceChildren(...figure.data.map((trace) => this.button(trace, figure.data.length)));
    this.cursor.select([]);
  }

  button({ meta: label, name, marker }, count) {
    const button = Object.assign(document.createElement("button"), { type: "button", textContent: name });
    const choose = (add) => this.cursor.select(afterClick(this.cursor.selected, label, add, count));
    button.style.setProperty("--class-colour", marker.color);
    button.style.setProperty("--class-shape", clipPath(shapeOf(label)));
    button.dataset.label = label;
    button.title = "Click: this class alone. Shift-click or long press: add it.";
    this.on(button, "click", (event) => choose(event.shiftKey));
    this.on(button, "contextmenu", (event) => {
      event.preventDefault();
      choose(true);
    });
    return button;
  }

  mark() {
    const { selected } = this.cursor;
    for (const button of this.element.children) {
      const lit = selected.has(Number(button.dataset.label));
      button.setAttribute("aria-pressed", lit);
      button.classList.toggle("lm-dim", selected.size > 0 && !lit);
    }
  }
}

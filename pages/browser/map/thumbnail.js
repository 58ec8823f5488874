// A test image as a button that goes to its code on the map.

import { grey, picture } from "./ink.js";
import * as say from "./sentences.js";

/** The button, with its class's name below; readout: the panel, which goes there, ink: of the image in [0, 1]. */
export function thumbnail(readout, row, ink, signal) {
  const { labels, facts, map: { decoder } } = readout, name = say.className(facts, labels[row]);
  const button = Object.assign(document.createElement("button"), { type: "button" });
  button.setAttribute("aria-label", `Go to test image ${row.toLocaleString("en")}, labelled ${name}`);
  button.title = `Test image ${row.toLocaleString("en")}: ${name}`;
  const word = Object.assign(document.createElement("span"), { textContent: name });
  button.append(picture(grey(ink), decoder), word);
  button.addEventListener("click", () => readout.goTo(row), { signal });
  return button;
}

// An image instead of a drawing: chosen as a file, pasted from the clipboard, or dropped on the sheet. It lands on the paper as ink, where one can
// draw on; undo takes it away. All in the page.

import { FileError, greyOf } from "./image_file.js";
import { inkOn, isInForm } from "./paper.js";

const BUTTONS = `<button type="button" class="lm-button" data-testid="give-file">Upload</button>
  <button type="button" class="lm-button" data-testid="give-paste">Paste</button><input type="file" accept="image/*" hidden>`;
const NOTHING = "There is no image on the clipboard. Copy one first.";
const INSTEAD = matchMedia("(pointer: coarse)").matches ? "Upload the file instead." : "Press Ctrl V instead, or upload the file."; // a phone has no Ctrl
const REFUSED = `Your browser does not let this page look at the clipboard. ${INSTEAD}`;

export class Given {
  /** landing: {element, open, sheet}; place: where its buttons go, said: where its sentences do. */
  constructor(landing, place, said, signal) {
    Object.assign(this, { landing, said });
    place.insertAdjacentHTML("afterbegin", BUTTONS);
    const [file, paste, input] = place.children, on = (target, type, act) => target.addEventListener(type, act, { signal });
    on(file, "click", () => input.click());
    on(input, "change", () => {
      this.take(input.files[0]);
      input.value = ""; // so that the same file can be chosen again
    });
    on(paste, "click", () => this.fromClipboard());
    on(document, "paste", (event) => this.pasted(event));
    on(landing.sheet.canvas, "pointerdown", () => this.say("")); // what was said is of another picture
    on(landing.element, "dragover", (event) => event.preventDefault());
    on(landing.element, "drop", (event) => {
      event.preventDefault();
      this.take(event.dataTransfer.files[0]);
    });
  }

  say(words) {
    Object.assign(this.said, { textContent: words, hidden: !words });
  }

  pasted(event) {
    if (!this.landing.open || event.target.closest?.("input, textarea, [contenteditable]")) return;
    const file = [...event.clipboardData.files].find(({ type }) => type.startsWith("image/"));
    if (file) event.preventDefault();
    this.take(file, NOTHING);
  }

  async fromClipboard() {
    try {
      for (const item of await navigator.clipboard.read()) {
        const type = item.types.find((one) => one.startsWith("image/"));
        if (type) return this.take(await item.getType(type));
      }
      this.say(NOTHING);
    } catch { // refused, or on plain http there is none
      this.say(REFUSED);
    }
  }

  /** Put a file's ink on the paper, or say why not. */
  async take(file, missing = "") {
    if (!file) return this.say(missing);
    try {
      const grey = await greyOf(file), { ink, problem } = inkOn(grey);
      if (problem) return this.say(problem);
      this.landing.sheet.lay(drawnOn(ink), isInForm(ink) ? ink.data : null);
      this.say(grey.notes.join(" "));
    } catch (error) {
      if (!(error instanceof FileError)) console.warn(error);
      this.say(error instanceof FileError ? error.message : "Your browser could not read the image. Save it as a PNG or a JPEG, smaller if it is large, and try again.");
    }
  }
}

/** Ink as a canvas, black on white. */
function drawnOn({ data, height, width }) {
  const context = Object.assign(document.createElement("canvas"), { width, height }).getContext("2d"), image = context.createImageData(width, height);
  data.forEach((v, i) => image.data.set([255 * (1 - v), 255 * (1 - v), 255 * (1 - v), 255], 4 * i));
  context.putImageData(image, 0, 0);
  return context.canvas;
}

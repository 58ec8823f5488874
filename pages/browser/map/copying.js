// One key that copies the decoded image; where the browser keeps the clipboard from a page, as on plain http, a link to download it.

import { listener } from "../events.js";
import { onKey } from "./own_keys.js";

const KEY = "c", SIDE_PX = 280; // of what is copied, about: each pixel of the image is a square of whole pixels
const SAID_MS = 5000; // how long "Image copied" stands
const COPIED = "Image copied.", NOTHING = "There is no image to copy. Move over the map first.";
const REFUSED = "Your browser won’t let this page copy. ", INSTEAD = "Download the image";

/** The image on a canvas as a larger canvas, without smoothing. */
export function enlarged(canvas) {
  const factor = Math.max(1, Math.round(SIDE_PX / Math.max(canvas.width, canvas.height)));
  const large = Object.assign(document.createElement("canvas"), { width: factor * canvas.width, height: factor * canvas.height });
  const context = large.getContext("2d");
  context.imageSmoothingEnabled = false;
  context.drawImage(canvas, 0, 0, large.width, large.height);
  return large;
}

export class Copying {
  /** map: {root, element, cursor}. */
  constructor({ root, element, cursor }, signal) {
    Object.assign(this, { cursor, status: root.querySelector(".lm-copied"), image: root.querySelector(".lm-image") });
    const on = listener(signal);
    onKey({ root, element }, KEY, () => this.copy(), signal);
    on(document, "pointerdown", ({ target }) => this.status.contains(target) || this.say(""));
    signal.addEventListener("abort", () => clearTimeout(this.timer), { once: true });
  }

  async copy() {
    if (!this.cursor.pointed) return this.say(NOTHING);
    const large = enlarged(this.image);
    try {
      const blob = new Promise((done) => large.toBlob(done, "image/png")); // not awaited here: Safari would no longer see the key's press
      await navigator.clipboard.write([new ClipboardItem({ "image/png": blob })]);
      this.say(COPIED);
    } catch { // refused, or there is none
      this.say(REFUSED, large.toDataURL("image/png"));
    }
  }

  /** uri: of the image, to download. */
  say(text, uri = "") {
    clearTimeout(this.timer);
    this.status.textContent = text;
    this.status.hidden = !text;
    if (uri) this.status.append(Object.assign(document.createElement("a"), { href: uri, download: "decoded.png", textContent: INSTEAD }));
    else if (text) this.timer = setTimeout(() => this.say(""), SAID_MS);
  }
}

// The button that copies the page's link; where the browser keeps the clipboard from a page, as on plain http, a field with the link selected.

import { updated } from "../again.js";
import { listener } from "../events.js";
import { ICONS } from "./keys.js";

const SAID_MS = 6000; // how long "Link copied" stands
const HERE = /^(localhost|127\.[\d.]+|\[::1\])$/; // names that mean this computer on every computer
const COPIED = "Link copied.", COPIED_HERE = "Link copied. It works only on this computer.";
const UPDATED = "The explorer was updated, and this page goes on with the new version. Drawings that were on it are gone.";
const SELECTED = "Your browser won't let this page copy. The link is selected below: copy it from there.";

export default class CopyLink {
  constructor(root, signal) {
    root.classList.add("copy-link");
    root.innerHTML = `<p class="live-help" hidden></p>
      <button type="button" title="Copy the link to what is shown here" data-testid="copy-link">${ICONS.link}<span>Copy link</span></button>
      <div><p role="status"></p><input readonly aria-label="The link" hidden></div>`;
    const [missing, button, status, field] = ["p", "button", "[role=status]", "input"].map((selector) => root.querySelector(selector));
    Object.assign(this, { missing, button, status, field });
    const on = listener(signal);
    on(button, "click", () => this.copy());
    on(document, "pointerdown", ({ target }) => root.contains(target) || this.say(""));
    on(root, "keydown", ({ key }) => key === "Escape" && this.close());
    signal.addEventListener("abort", () => clearTimeout(this.timer), { once: true });
    if (updated) this.say(UPDATED);
  }

  /** missing: what is shown and is not in the link, as a sentence; "" where all of it is. */
  update({ missing = "" }) {
    Object.assign(this.missing, { textContent: missing, hidden: !missing });
  }

  async copy() {
    const link = location.href; // as it is now: the map writes it too
    try {
      await navigator.clipboard.writeText(link);
      this.copied();
    } catch { // refused, or there is none
      this.offer(link);
    }
  }

  copied() {
    this.say(HERE.test(location.hostname) ? COPIED_HERE : COPIED);
    this.timer = setTimeout(() => this.say(""), SAID_MS);
  }

  /** The link in a field, selected; most browsers still copy what is selected, without the clipboard. */
  offer(link) {
    this.say(SELECTED, link);
    if (!document.execCommand("copy")) return;
    this.button.focus();
    this.copied();
  }

  say(text, link = "") {
    clearTimeout(this.timer);
    this.status.textContent = text;
    Object.assign(this.field, { value: link, hidden: !link });
    if (link) this.field.select();
  }

  close() {
    this.say("");
    this.button.focus();
  }
}

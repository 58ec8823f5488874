// The button beside the map that brings a sheet to draw on, or a sentence where this model cannot be drawn for. The sheet and all that it takes
// are fetched when somebody asks for them.

import { ICONS } from "../tools/keys.js";

export class Offer {
  constructor(map, signal) {
    Object.assign(this, { map, signal });
    this.element = Object.assign(document.createElement("div"), { className: "dr-offer", hidden: true });
    this.element.innerHTML = `<button type="button" class="lm-button" data-testid="draw-here" aria-expanded="false">${ICONS.pen} Draw, and see where it lands</button>
      <p class="lm-soft" hidden></p>`;
    [this.button, this.sentence] = this.element.children;
    map.root.querySelector(".lm-controls").append(this.element);
    this.button.addEventListener("click", () => (this.landing?.open ? this.landing.close() : this.show()), { signal });
  }

  /** facts: the panel's; null: there is no panel, and nothing to draw. */
  update(facts) {
    const drawing = facts?.drawing;
    this.facts = facts;
    this.element.hidden = !drawing;
    if (!drawing) return this.landing?.close();
    const { why_not: whyNot } = drawing;
    this.button.hidden = Boolean(whyNot);
    Object.assign(this.sentence, { hidden: !whyNot, textContent: whyNot && `A drawing cannot land here: ${whyNot} Reconstruct has the server encode it.` });
    if (whyNot) this.landing?.close();
    else if (this.landing?.open) this.landing.use(facts);
  }

  async show() {
    try {
      const { Landing } = await import("./landing.js");
      if (this.signal.aborted) return;
      this.sentence.hidden = true;
      this.landing ??= new Landing(this.map, this.button, this.signal);
      this.landing.show(this.facts);
    } catch (error) {
      console.warn(error);
      Object.assign(this.sentence, { hidden: false, textContent: "The sheet could not be fetched; the connection may be lost. Press the button once more." });
    }
  }
}

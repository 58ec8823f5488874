// What the map says in words: what it shows, what is the matter, and, to who cannot see it, what has happened.

export class Words {
  constructor(root) {
    this.find = (selector) => root.querySelector(selector);
  }

  describe({ description, timeline, help }, epoch) {
    this.find(".lm-map").setAttribute("aria-label", description + (timeline ? ` Shown is epoch ${epoch} of ${timeline.total}.` : ""));
    this.find(".lm-help").innerHTML = help;
  }

  note(text = "") {
    Object.assign(this.find(".lm-note"), { textContent: text, hidden: !text });
  }

  /** Instead of the map, until there is one. */
  instead(text) {
    Object.assign(this.find(".lm-loading"), { textContent: text, hidden: !text });
  }

  tell(text) {
    this.find(":scope > [aria-live]").textContent = text;
  }
}

// Present: the map, what is decoded and what is kept on the whole screen, in large type, for a projector. A modal dialog has it: nothing behind
// it can be reached, and Esc leaves.

import { listener } from "../events.js";

const STAGE = '<dialog class="lm-stage" aria-label="Presentation" data-testid="stage"><button type="button" class="lm-leave" title="Leave (Esc)" aria-label="Leave the presentation">✕</button></dialog>';
const BUTTON = '<button type="button" class="lm-button" data-testid="present" title="The map on the whole screen, in large type" hidden>Present</button>';

export class Presenting {
  /** room: where the map stands on the page, and comes back to. */
  constructor(map, room, signal) {
    Object.assign(this, { map, room });
    room.insertAdjacentHTML("beforeend", STAGE);
    map.root.querySelector(".lm-tools").insertAdjacentHTML("beforeend", BUTTON);
    [this.stage, this.button] = [room.querySelector(".lm-stage"), map.root.querySelector("[data-testid=present]")];
    const on = listener(signal);
    on(this.button, "click", () => this.begin());
    on(this.stage.firstElementChild, "click", () => this.stage.close());
    on(this.stage, "keydown", (event) => event.key === "Escape" && event.stopPropagation(), { capture: true }); // it leaves, and clears no point
    on(this.stage, "close", () => this.end());
    on(document, "fullscreenchange", () => document.fullscreenElement || (this.full && this.stage.close()));
  }

  /** Whether it is offered for what the map shows now. */
  offer({ look }) {
    this.button.hidden = !look;
  }

  /** In the words of the page's address. */
  get word() {
    return this.stage.open ? "1" : "";
  }

  heed(word) {
    if (word) this.show();
    else this.stage.close();
  }

  /** By hand: then the browser gives its own frame up, too, if it may. */
  begin() {
    this.show();
    document.documentElement.requestFullscreen?.().then(() => (this.full = true), () => {});
  }

  show() {
    if (this.stage.open) return;
    const { map, room, stage } = this;
    room.style.minHeight = `${room.offsetHeight}px`; // the page behind stays where it is
    stage.append(map.root);
    stage.showModal();
    map.plot.redraw();
    map.element.focus();
    map.look.changed();
  }

  end() {
    const { map, room, stage } = this;
    stage.before(map.root);
    room.style.minHeight = "";
    map.plot.redraw();
    if (this.full && document.fullscreenElement) document.exitFullscreen();
    this.full = false;
    this.button.focus({ preventScroll: true });
    map.look.changed();
  }
}

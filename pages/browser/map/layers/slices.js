// Work that is done a little at a time, so that the pointer stays live.

import { turn } from "../../turns.js";

const BUDGET_MS = 5; // of it at a time

export class Slices {
  #frame = 0;
  #run = null; // what is under way
  #waiting = []; // for all of it to be done

  /** From the next frame on: first(), with what it draws in that frame, then piece() again and again as long as that says there is more, and
   *  show() after each few of them. It takes the place of what was under way. */
  begin(first, piece, show = () => {}) {
    cancelAnimationFrame(this.#frame);
    const run = (this.#run = {});
    this.#frame = requestAnimationFrame(async () => {
      first();
      show();
      for (let more = true; more;) {
        await turn(); // the frame itself is done first
        if (this.#run !== run) return;
        const deadline = performance.now() + BUDGET_MS;
        while (more && performance.now() < deadline) more = piece();
        show();
      }
      this.stop();
    });
  }

  /** Resolves when what is under way is done, or stopped. */
  settled() {
    return this.#run ? new Promise((resolve) => this.#waiting.push(resolve)) : Promise.resolve();
  }

  stop() {
    cancelAnimationFrame(this.#frame);
    this.#run = null;
    for (const resolve of this.#waiting.splice(0)) resolve();
  }
}

// Work that is done a little in each frame, so that the pointer stays live.

const BUDGET_MS = 7; // of it in one frame

export class Slices {
  #frame = 0;
  #waiting = []; // for all of it to be done

  /** From the next frame on: first(), then piece() again and again as long as that says there is more. It takes the place of what was under way. */
  begin(first, piece) {
    cancelAnimationFrame(this.#frame);
    const some = () => {
      const deadline = performance.now() + BUDGET_MS;
      let more = true;
      while (more && performance.now() < deadline) more = piece();
      if (more) this.#frame = requestAnimationFrame(some);
      else this.stop();
    };
    this.#frame = requestAnimationFrame(() => {
      first();
      some();
    });
  }

  /** Resolves when what is under way is done, or stopped. */
  settled() {
    return this.#frame ? new Promise((resolve) => this.#waiting.push(resolve)) : Promise.resolve();
  }

  stop() {
    cancelAnimationFrame(this.#frame);
    this.#frame = 0;
    for (const resolve of this.#waiting.splice(0)) resolve();
  }
}

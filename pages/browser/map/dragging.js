// The mouse moves the view: it is dragged, and the wheel zooms, by as much as Plotly does. Plotly itself is not asked: it draws for each of them.

import { listener } from "../events.js";

const CLICK_PX = 5; // as input.js: a press that moved less is a click, and the map stays
const WHEEL_MOST = 20, WHEEL_PER = 200; // of an event's way, and of which it takes so much to zoom by a factor of e

/** How much a turn of the wheel zooms in. */
export const wheelFactor = ({ deltaY }) => Math.exp(Math.max(-WHEEL_MOST, Math.min(WHEEL_MOST, -deltaY)) / WHEEL_PER);

export class Dragging {
  drags = false; // whether the view is in a hand

  /** plot: {viewport, relayout(), zoom(factor, z), toLatent(event)}; above: the element that the pointer hits. */
  constructor(plot, above, signal) {
    this.plot = plot;
    this.signal = signal;
    const on = listener(signal);
    on(above, "mousedown", (event) => event.button === 0 && this.grab(event));
    on(above, "wheel", (event) => this.turn(event), { passive: false });
  }

  turn(event) {
    const { viewport, toLatent } = this.plot;
    if (!viewport.xr) return;
    event.preventDefault();
    this.plot.zoom(wheelFactor(event), toLatent.call(this.plot, event) ?? undefined);
  }

  grab(start) {
    const { plot, plot: { viewport } } = this, released = new AbortController(), on = listener(released.signal);
    let at = start;
    this.signal.addEventListener("abort", () => released.abort(), { signal: released.signal });
    released.signal.addEventListener("abort", () => (this.drags = false), { once: true });
    on(window, "mousemove", (event) => {
      if (!event.buttons) return released.abort(); // it was let go outside the window
      this.drags ||= Math.hypot(event.clientX - start.clientX, event.clientY - start.clientY) >= CLICK_PX;
      if (!this.drags || !viewport.xr) return;
      const { unit } = viewport;
      viewport.shift((at.clientX - event.clientX) * unit, (event.clientY - at.clientY) * unit);
      viewport.keepInside();
      at = event;
      plot.relayout();
    });
    on(window, "mouseup", () => released.abort());
  }
}

// Pointer, touch, keys and sliders: what someone does on the map, told to it as what is meant (look, leave, commit, zoom, reset).

const CLICK_PX = 5; // a press that moved less is a click
const ARROW_PX = 10, FINE_ARROW_PX = 1; // steps of the arrow keys, at the present zoom
const DOUBLE_CLICK_MS = 350; // the second click of a double click is not one more point
const ZOOM_STEP = 1.6;
export const MIN_UNIT = 1e-4; // latent units to a pixel: a kept point has four decimals

export const clamp = (v, low, high) => Math.max(low, Math.min(high, v));

/** Hears what is done on a map's elements until the signal aborts. */
export class Input {
  constructor(view, signal) {
    this.view = view;
    this.listen(signal);
  }

  listen(signal) {
    const { view } = this, { map } = view, on = (target, type, f, options) => target.addEventListener(type, f, { ...options, signal });
    const onControls = (event) => event.target.closest?.(".lm-zoom");
    on(view.root, "pointerdown", () => view.tour.stop(), { capture: true });
    on(view.root, "keydown", () => view.tour.stop(), { capture: true });

    on(map, "pointermove", (event) => {
      if (event.pointerType === "touch") return;
      const since = performance.now(), z = view.toLatent(event);
      if (!z || onControls(event)) return view.leave();
      view.tour.stop();
      view.look(z, since, { clientX: event.clientX, clientY: event.clientY });
    });
    on(map, "pointerleave", (event) => event.pointerType !== "touch" && view.leave());
    on(map, "pointerdown", (event) => {
      if (event.pointerType === "touch" || event.button !== 0 || onControls(event)) return;
      map.focus({ preventScroll: true }); // Plotly keeps the browser from doing it; the arrow keys need it
      const from = event;
      on(window, "pointerup", (to) => {
        const z = view.toLatent(to);
        const apart = (event) => Math.hypot(to.clientX - event.clientX, to.clientY - event.clientY);
        const again = this.clicked && to.timeStamp - this.clicked.timeStamp < DOUBLE_CLICK_MS && apart(this.clicked) < CLICK_PX;
        this.clicked = again ? null : to;
        if (apart(from) >= CLICK_PX) return;
        if (again) view.reset(); // there is no dblclick to hear: Plotly covers the map while a button is down
        else if (z) view.commit(view.snap(z));
      }, { once: true, capture: true });
    }, { capture: true });
    on(map, "wheel", (event) => {
      if (!view.plotted || (event.deltaY < 0 ? view.unit > MIN_UNIT : view.unit < view.maxUnit())) return;
      event.preventDefault(); // as far as it goes: neither Plotly nor the page is to move on
      event.stopPropagation();
    }, { capture: true, passive: false });

    // One finger moves the point and keeps it when lifted; two pan and zoom. Plotly does not see them.
    for (const type of ["touchstart", "touchmove", "touchend", "touchcancel"]) {
      on(map, type, (event) => onControls(event) || this.touch(event), { capture: true, passive: false });
    }

    on(map, "keydown", (event) => this.key(event));
    view.sliders.forEach((slider, i) => {
      let byKey = false;
      const z = () => [0, 1].map((j) => (j === i ? Number(slider.value) : (view.frame ? view.asked : view.shown)?.[j] ?? 0));
      on(slider, "input", () => {
        view.look(z()); // and what Python says meanwhile does not move the thumb
      });
      on(slider, "change", () => (byKey ? view.commitSoon(z()) : view.commit(z())));
      on(slider, "pointerdown", () => (byKey = false));
      on(slider, "keydown", (event) => {
        byKey = true; // a held key changes the value thirty times a second
        if (event.key === "Escape") view.commit(null);
      });
    });
    on(view.root.querySelector(".lm-zoom"), "click", ({ target }) => {
      const act = target.dataset.zoom;
      if (!view.plotted || !act) return;
      if (act === "reset") view.reset();
      else view.zoom(act === "in" ? ZOOM_STEP : 1 / ZOOM_STEP);
    });
  }

  touch(event) {
    const { view } = this;
    if (!view.plotted) return;
    event.stopPropagation();
    if (event.cancelable) event.preventDefault();
    const touches = [...event.touches];
    if (touches.length === 2) {
      const [a, b] = touches, middle = { clientX: (a.clientX + b.clientX) / 2, clientY: (a.clientY + b.clientY) / 2 };
      const spread = Math.max(20, Math.hypot(a.clientX - b.clientX, a.clientY - b.clientY)), z = view.toLatent(middle);
      if (this.pinch && z) {
        const shift = [0, 1].map((i) => this.pinch.z[i] - z[i]);
        view.xr = view.xr.map((v) => v + shift[0]);
        view.yr = view.yr.map((v) => v + shift[1]);
        view.zoom(spread / this.pinch.spread, this.pinch.z);
        this.pinch.spread = spread;
      } else if (z) this.pinch = { z, spread };
      return;
    }
    if (touches.length === 1 && !this.pinch) {
      const z = view.toLatent(touches[0]);
      if (event.type === "touchstart") this.finger = null;
      if (!z) return;
      this.finger = z;
      view.look(z);
    } else if (!touches.length) {
      const lifted = event.type === "touchend" && !this.pinch && this.finger;
      this.pinch = this.finger = null;
      if (lifted) view.commit(view.snap(lifted));
      else view.leave();
    }
  }

  key(event) {
    const { view } = this;
    if (event.ctrlKey || event.metaKey || event.altKey) return; // the browser's own
    const direction = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] }[event.key];
    if (direction && view.plotted && event.target === view.map) {
      event.preventDefault();
      const step = (event.shiftKey ? FINE_ARROW_PX : ARROW_PX) * view.unit;
      const from = view.frame ? view.asked : view.shown ?? view.middle();
      const to = from.map((v, i) => clamp(v + step * direction[i], -view.limit, view.limit));
      view.look(to);
      view.bringIn(to);
      view.commitSoon(to);
    } else if (event.key === "Escape") view.commit(null);
    else if (event.key === "Enter" && event.target === view.map && view.shown) view.commit(view.shown);
    else if (["+", "=", "-", "0"].includes(event.key) && event.target === view.map && view.plotted) {
      event.key === "0" ? view.reset() : view.zoom(event.key === "-" ? 1 / ZOOM_STEP : ZOOM_STEP);
    }
  }
}

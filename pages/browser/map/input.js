// Pointer, touch, keys and sliders: what someone does on the map, told to it as what is meant (look, leave, keep, zoom, shift, reset).

import { listener } from "../events.js";
const CLICK_PX = 5; // a press that moved less is a click
const ARROW_PX = 10, FINE_ARROW_PX = 1; // steps of the arrow keys, at the present zoom
const DOUBLE_CLICK_MS = 500; // as systems have it; the second click of a double click is not one more point
const KEEP_MS = 400; // after the last arrow key, the point is kept
const ZOOM_STEP = 1.6;
const MIN_SPREAD_PX = 20; // two fingers are never taken to be nearer

const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] };

/** How far an arrow key goes, in pixels to the right and up; undefined: it is another key. */
export const arrowStep = ({ key, shiftKey }) => ARROWS[key]?.map((way) => way * (shiftKey ? FINE_ARROW_PX : ARROW_PX));

const onZoomButtons = (event) => event.target.closest?.(".lm-zoom");

export class Input {
  /** map: {root, element, sliders, ready, viewport, cursor, plot: {toLatent(event)}}, and what is meant: touched(), keep(z), snap(z),
   *  plot.zoom(factor, z), shift(dx, dy), bringIn(z), reset(); keeping.back(), where it can be taken back. Hears what is done on its elements until the signal aborts. */
  constructor(map, signal) {
    this.map = map;
    this.borrower = null;
    this.on = listener(signal);
    for (const type of ["pointerdown", "keydown"]) this.on(map.root, type, () => map.touched(), { capture: true });
    this.listenToPointer();
    this.listenToFingers();
    this.on(map.element, "keydown", (event) => this.key(event));
    map.sliders.forEach((slider, i) => this.listenToSlider(slider, i));
    signal.addEventListener("abort", () => clearTimeout(this.timer), { once: true });
  }

  /** What is under a mouse that rests over the map, which the view may have moved; null without one. */
  under() {
    return this.mouse && this.map.plot.toLatent(this.mouse);
  }

  /** Lend presses on the map to a tool, instead of panning and keeping: down(z, at), move(z, at), up(z, at), cancel() (Esc, a second
   *  finger), of mouse, pen or one finger; at: where on the page, z: null beside the map. Returns how to give them back. */
  borrow(tool) {
    this.borrower?.cancel?.();
    this.borrower = tool;
    this.map.element.classList.add("lm-lent");
    return () => {
      if (this.borrower !== tool) return;
      this.borrower = null;
      this.map.element.classList.remove("lm-lent");
    };
  }

  /** A pointer passes over z; `mouse`: where a mouse or pen is on the page. */
  pass(z, since, mouse = null) {
    this.mouse = mouse;
    this.map.cursor.look(z, since, true);
  }

  /** A key or a slider goes to z. */
  look(z) {
    this.mouse = null;
    this.map.cursor.look(z);
  }

  keep(z) {
    clearTimeout(this.timer);
    this.map.keep(z);
  }

  /** Keep z when no key was pressed for a moment. */
  keepSoon(z) {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.keep(z), KEEP_MS);
  }

  // --- mouse and pen ----------------------------------------------------------------------------------------------------

  listenToPointer() {
    const { on, map } = this, { element, cursor } = map;
    const ours = ({ target, pointerType }) => pointerType !== "touch" && element.contains(target); // heard first, because the page's libraries listen to all moves
    on(window, "pointermove", (event) => ours(event) && this.move(event), { capture: true });
    on(window, "mousemove", (event) => !event.buttons && ours(event) && event.stopPropagation(), { capture: true }); // nobody needs it
    on(element, "pointerleave", (event) => {
      if (event.pointerType === "touch") return;
      this.seen = this.mouse = null;
      cursor.leave();
    });
    on(element, "pointerdown", (event) => {
      if (event.pointerType === "touch" || event.button !== 0 || onZoomButtons(event)) return;
      map.element.focus({ preventScroll: true }); // Plotly keeps the browser from doing it; the arrow keys need it
      if (this.borrower) this.lend(event);
      else this.press(event);
    }, { capture: true });
    on(element, "mousedown", (event) => this.borrower && !onZoomButtons(event) && event.stopPropagation(), { capture: true }); // it does not pan
    on(element, "wheel", (event) => {
      const { unit, maxUnit, scale } = map.viewport;
      if (!map.ready || (event.deltaY < 0 ? unit > scale.finest : unit < maxUnit)) return;
      event.preventDefault(); // as far as it goes: neither Plotly nor the page is to move on
      event.stopPropagation();
    }, { capture: true, passive: false });
    on(map.root.querySelector(".lm-zoom"), "click", ({ target }) => {
      const act = target.dataset.zoom;
      if (!map.ready || !act) return;
      if (act === "reset") map.plot.reset();
      else map.plot.zoom(act === "in" ? ZOOM_STEP : 1 / ZOOM_STEP);
    });
  }

  move(event) {
    event.stopPropagation();
    if (this.map.plot.hand?.drags) return; // the map moves with the pointer, which stays on its point
    const since = performance.now(), { clientX, clientY, pointerType } = event;
    if (this.seen?.clientX === clientX && this.seen.clientY === clientY) return; // it rests: browsers say so too when the page below it changed
    this.seen = { clientX, clientY };
    const z = this.map.plot.toLatent(event);
    if (!z || onZoomButtons(event)) return this.map.cursor.leave();
    this.map.touched();
    this.pass(z, since, { clientX, clientY, pointerType });
  }

  /** A button goes down: where it comes up as near by, that was a click. */
  press(from) {
    const { map } = this;
    this.on(window, "pointerup", (to) => {
      const z = map.plot.toLatent(to), apart = (event) => Math.hypot(to.clientX - event.clientX, to.clientY - event.clientY);
      const again = this.clicked && to.timeStamp - this.clicked.timeStamp < DOUBLE_CLICK_MS && apart(this.clicked) < CLICK_PX;
      this.clicked = again ? null : to;
      if (!again) this.back = null;
      if (apart(from) >= CLICK_PX) return;
      if (again) {
        this.back?.(); // the first click was half of this one, and has kept nothing
        map.plot.reset(); // on the second release, wherever the first has moved the map
      } else if (z) {
        this.back = map.keeping?.back();
        this.keep(map.snap(z));
      }
    }, { once: true, capture: true });
  }

  /** A press that belongs to the borrower, until the button comes up wherever that is. */
  lend(from) {
    const { map: { plot, ready }, borrower } = this, released = new AbortController(), on = listener(released.signal);
    if (!ready) return;
    const tell = (type, end) => (event) => {
      if (event.pointerId !== from.pointerId) return;
      if (end) released.abort();
      if (this.borrower === borrower) borrower[type]?.(plot.toLatent(event), event);
    };
    tell("down")(from);
    for (const [type, what] of [["pointermove", "move"], ["pointerup", "up"], ["pointercancel", "cancel"]]) {
      on(window, type, tell(what, what !== "move"), { capture: true });
    }
  }

  // --- fingers ----------------------------------------------------------------------------------------------------------

  /** One finger moves the point and keeps it when lifted; two pan and zoom. Plotly does not see them. */
  listenToFingers() {
    for (const type of ["touchstart", "touchmove", "touchend", "touchcancel"]) {
      this.on(this.map.element, type, (event) => onZoomButtons(event) || this.touch(event), { capture: true, passive: false });
    }
  }

  touch(event) {
    const { map } = this, touches = [...event.touches];
    if (!map.ready) return;
    event.stopPropagation();
    if (event.cancelable) event.preventDefault();
    if (touches.length === 2) {
      if (!this.pinched) this.borrower?.cancel?.();
      return this.pinch(...touches);
    }
    if (this.borrower && !this.pinched) return this.lendFinger(event);
    if (touches.length === 1 && !this.pinched) {
      const z = map.plot.toLatent(touches[0]);
      if (event.type === "touchstart") this.finger = null;
      if (!z) return;
      this.finger = z;
      this.pass(z);
    } else if (!touches.length) {
      const lifted = event.type === "touchend" && !this.pinched && this.finger;
      this.pinched = this.finger = null;
      if (lifted) this.keep(map.snap(lifted));
      else map.cursor.leave();
    }
  }

  /** The one finger on the map is the borrower's, and what is under it is decoded. */
  lendFinger({ type, changedTouches: [at] }) {
    const z = this.map.plot.toLatent(at), what = { touchstart: "down", touchmove: "move", touchend: "up" }[type] ?? "cancel";
    if (z && what !== "cancel") this.pass(z);
    this.borrower[what]?.(z, at);
    if (what === "up" || what === "cancel") this.map.cursor.leave();
  }

  pinch(a, b) {
    const middle = { clientX: (a.clientX + b.clientX) / 2, clientY: (a.clientY + b.clientY) / 2 }, z = this.map.plot.toLatent(middle, true);
    const spread = Math.max(MIN_SPREAD_PX, Math.hypot(a.clientX - b.clientX, a.clientY - b.clientY));
    if (this.pinched && z) {
      const to = this.map.viewport.toMap(z);
      this.map.plot.shift(...this.map.viewport.toMap(this.pinched.z).map((v, i) => v - to[i]));
      this.map.plot.zoom(spread / this.pinched.spread, this.pinched.z);
      this.pinched.spread = spread;
    } else if (z) this.pinched = { z, spread };
  }

  // --- keys and sliders -------------------------------------------------------------------------------------------------

  key(event) {
    const { map } = this, { element, viewport, cursor } = map, onMap = event.target === element && map.ready;
    if (event.ctrlKey || event.metaKey || event.altKey) return; // the browser's own
    const step = arrowStep(event);
    if (step && onMap) {
      event.preventDefault();
      const to = viewport.step(cursor.pointed, step);
      this.look(to);
      map.plot.bringIn(to);
      this.keepSoon(to);
    } else if (event.key === "Escape") this.borrower?.cancel ? this.borrower.cancel() : this.keep(null);
    else if (event.key === "Enter" && event.target === element && cursor.pointed) this.keep(cursor.pointed);
    else if (onMap && event.key === "0") map.plot.reset();
    else if (onMap && ["+", "=", "-"].includes(event.key)) map.plot.zoom(event.key === "-" ? 1 / ZOOM_STEP : ZOOM_STEP);
  }

  listenToSlider(slider, i) {
    let byKey = false;
    const z = () => [0, 1].map((j) => (j === i ? Number(slider.value) : this.map.cursor.pointed?.[j] ?? 0));
    this.on(slider, "input", () => this.look(z())); // and what Python says meanwhile does not move the thumb
    this.on(slider, "change", () => (byKey ? this.keepSoon(z()) : this.keep(z())));
    this.on(slider, "pointerdown", () => (byKey = false));
    this.on(slider, "keydown", (event) => {
      byKey = true; // a held key changes the value thirty times a second
      if (event.key === "Escape") this.keep(null);
    });
  }
}

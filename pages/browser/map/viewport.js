// Which part of the latent space a map shows, one unit as long on both axes: points to pixels of the map, and back. Points are latent; what
// the axes show is in coordinates of the map, which a scale makes of them. Plain numbers, no page.

import { LINEAR } from "./scale.js";

const OUT = 4; // zoomed out all the way, the map shows so many times what the sliders reach at first
const EDGE_PX = 20, FOLLOW = 0.25; // a point that keys push so near to the edge is brought so far into the view
const PAD = 1.06; // of what the view is fitted to
const MIN_FILL = 0.5; // of the view: a cloud of codes that fills less of it, epoch by epoch, is looked at from nearer

export const clamp = (v, low, high) => Math.max(low, Math.min(high, v));

export class Viewport {
  scale = LINEAR;
  xr = null; // what the axes show, [from, to] in map coordinates; null before anything is fitted
  yr = null;
  framing = null; // "most" or "all", what the view was fitted to; null once someone has moved it
  width = 0; // of the map in CSS pixels; the plot is what the margins leave
  height = 0;
  margin = { l: 0, r: 0, t: 0, b: 0 };
  limit = 0; // how far from the origin points can be, on either axis
  bound = 1; // how far the sliders reach at first

  /** The plot in pixels of the map. */
  get box() {
    const { l, r, t, b } = this.margin;
    return { left: l, top: t, width: Math.max(1, this.width - l - r), height: Math.max(1, this.height - t - b) };
  }

  /** Units of the map to a pixel. */
  get unit() {
    return (this.xr[1] - this.xr[0]) / this.box.width;
  }

  /** The same, zoomed out all the way. */
  get maxUnit() {
    const { width, height } = this.box;
    return (this.scale.widest ?? 2 * OUT * this.bound) / Math.min(width, height);
  }

  get middle() {
    return [(this.xr[0] + this.xr[1]) / 2, (this.yr[0] + this.yr[1]) / 2];
  }

  /** What the axes show in coordinates of codes, [[from, to], [from, to]]; 0 for an end beyond all of them. */
  get reach() {
    return [this.xr, this.yr].map((range) => range.map((u) => this.scale.from(u)).map((z) => (Number.isFinite(z) ? z : 0)));
  }

  /** Show "most" of the codes (their central 98 %) or "all" of them; on a scale with ends, all there is. */
  fit(extents, what) {
    const { left, right, bottom, top } = this.scale.extent ?? extents[what], { width, height } = this.box;
    this.centre((left + right) / 2, (bottom + top) / 2, Math.max((right - left) * PAD / width, (top - bottom) * PAD / height));
    this.framing = this.scale.extent ? "most" : what;
  }

  /** Is what the view was fitted to still in it, and not lost in the middle of it? */
  wellFramed(extents) {
    const { left, right, bottom, top } = this.scale.extent ?? extents[this.framing], [l, r] = this.xr, [b, t] = this.yr;
    const fill = Math.max((right - left) / (r - l), (top - bottom) / (t - b));
    return left >= l && right <= r && bottom >= b && top <= t && fill >= MIN_FILL;
  }

  /** Another scale. What was fitted is fitted anew; else the same point stays in the middle, and about as much of the codes in view. */
  rescale(scale, extents) {
    const { xr, yr, middle, bound, box: { width, height } } = this, old = this.scale, near = (u) => clamp(old.from(u), -bound, bound);
    const ranges = [xr, yr].map((range) => range.map(near)), centre = middle.map(near);
    this.scale = scale;
    if (this.framing) return this.fit(extents, "most");
    const [across, up] = ranges.map(([low, high]) => scale.to(high) - scale.to(low));
    this.centre(...this.toMap(centre), clamp(Math.sqrt((across / width) * (up / height)), scale.finest, this.maxUnit));
  }

  /** Put (x, y) of the map in the middle, with so many units to a pixel. */
  centre(x, y, unit) {
    const { width, height } = this.box;
    this.xr = [x - unit * width / 2, x + unit * width / 2];
    this.yr = [y - unit * height / 2, y + unit * height / 2];
  }

  /** The map has another size: show what was fitted, or as much to the width as before. */
  resize(width, height, extents) {
    Object.assign(this, { width, height });
    if (this.framing) this.fit(extents, this.framing);
    else if (this.xr) this.centre(...this.middle, this.unit);
  }

  /** By so much in map coordinates. */
  shift(dx, dy) {
    this.framing = null;
    this.xr = this.xr.map((v) => v + dx);
    this.yr = this.yr.map((v) => v + dy);
  }

  /** Zoom by a factor around a point of the latent space (default: the middle), as far as it goes. */
  zoom(factor, z = null) {
    const [x, y] = z ? this.toMap(z) : this.middle, by = this.unit / clamp(this.unit / factor, this.scale.finest, this.maxUnit);
    this.framing = null;
    this.xr = this.xr.map((v) => x + (v - x) / by);
    this.yr = this.yr.map((v) => y + (v - y) / by);
    this.keepInside();
  }

  /** The middle of the view stays where points can be; true where it had to be moved. */
  keepInside() {
    const { middle, unit, scale, limit } = this, inside = middle.map((v) => clamp(v, scale.to(-limit), scale.to(limit)));
    const moved = middle.some((v, i) => v !== inside[i]);
    if (moved) this.centre(...inside, unit);
    return moved;
  }

  /** Bring z into the view, well away from its edges, when it is at one or beyond; true where the view had to be moved. */
  bringIn(z) {
    const edge = EDGE_PX * this.unit, at = this.toMap(z);
    const [dx, dy] = [this.xr, this.yr].map(([low, high], i) => {
      const inset = FOLLOW * (high - low);
      return at[i] > high - edge ? at[i] - (high - inset) : at[i] < low + edge ? at[i] - (low + inset) : 0;
    });
    if (!dx && !dy) return false;
    this.shift(dx, dy);
    return true;
  }

  /** z (null: the middle) moved by so many pixels [to the right, up], as far as points can be. */
  step(z, by) {
    const { scale, unit, limit } = this, [first, last] = scale.ends, from = z ?? this.middle.map(scale.from);
    return from.map((v, i) => {
      if (!by[i]) return clamp(v, -limit, limit);
      const u = scale.to(v), to = clamp(u + unit * by[i], Math.min(u, first + unit / 2), Math.max(u, last - unit / 2));
      return clamp(scale.from(to), -limit, limit);
    });
  }

  /** A latent point in map coordinates. */
  toMap([x, y]) {
    return [this.scale.to(x), this.scale.to(y)];
  }

  /** Latent point -> pixel of the map. */
  toPixel(z) {
    return this.place(this.toMap(z));
  }

  /** The same of a point in map coordinates. */
  place([x, y]) {
    const { left, top, width, height } = this.box;
    return [left + (x - this.xr[0]) / (this.xr[1] - this.xr[0]) * width, top + (this.yr[1] - y) / (this.yr[1] - this.yr[0]) * height];
  }

  /** Is z where points can be? */
  allows(z) {
    return z.every((v) => Math.abs(v) <= this.limit);
  }

  /** Pixel of the map -> latent point, or null outside the plot and beyond the limit; `nearest`: the nearest one instead. */
  toLatent([px, py], nearest = false) {
    const { box: { left, top, width, height }, xr, yr, scale, limit } = this, u = (px - left) / width, v = (py - top) / height;
    if (!xr || (!nearest && (u < 0 || u > 1 || v < 0 || v > 1))) return null;
    const z = [xr[0] + u * (xr[1] - xr[0]), yr[1] - v * (yr[1] - yr[0])].map(scale.from);
    if (nearest) return z.map((one) => clamp(one, -limit, limit));
    return this.allows(z) ? z : null;
  }
}

// The classes' names: chips at the classes' middles, moved aside where one would cover another or the ring of the kept point.

const GAP_PX = 3; // between two chips
const FAR_PX = 240, RING_STEP_PX = 3, DIRECTIONS = 24; // how far, how finely and in how many directions a free place is looked for
const RING_PX = 24; // the kept point's ring, which no name covers
const ZOOM_BUTTONS = { x: 72, y: 26, width: 132, height: 44 }; // from the map's upper right corner: no name hides under them
const LED_PX = 14; // a chip that stands farther from its place than this has a line to it

/** Ways to move a chip aside, the shortest first. */
const ASIDE = [[0, 0]];
for (let r = RING_STEP_PX; r <= FAR_PX; r += RING_STEP_PX) {
  for (let i = 0; i < DIRECTIONS; i++) {
    const angle = (2 * Math.PI * i) / DIRECTIONS;
    ASIDE.push([r * Math.cos(angle), r * Math.sin(angle)]);
  }
}

/** Is a chip with its centre at (x, y) clear of all others? */
const clear = (x, y, { width, height }, others) => others.every((other) =>
  Math.abs(other.x - x) * 2 >= other.width + width + 2 * GAP_PX || Math.abs(other.y - y) * 2 >= other.height + height + 2 * GAP_PX);

/** Is a box of that size with its centre at (x, y) within the frame? */
const within = (x, y, width, height, frame) =>
  x - width / 2 >= frame.left && x + width / 2 <= frame.left + frame.width && y - height / 2 >= frame.top && y + height / 2 <= frame.top + frame.height;

/** Offsets [dx, dy] of chips {x, y, width, height}, centres in pixels, so that none covers another or one of the obstacles.
 *  A chip whose place is inside the frame stays inside, if there is room. */
export function placed(chips, obstacles, frame) {
  const taken = [...obstacles];
  return chips.map((chip) => {
    const { x, y, width, height } = chip, inside = within(x, y, 0, 0, frame);
    const free = ([dx, dy]) => clear(x + dx, y + dy, chip, taken);
    const aside = (inside && ASIDE.find((way) => within(x + way[0], y + way[1], width, height, frame) && free(way))) || ASIDE.find(free) || ASIDE[0];
    taken.push({ x: x + aside[0], y: y + aside[1], width, height });
    return aside;
  });
}

export class NameLayer {
  constructor(plot) {
    this.layer = Object.assign(document.createElement("div"), { className: "lm-names", ariaHidden: "true" });
    plot.after(this.layer);
    this.names = [];
  }

  /** The names of a figure, as core/figures.py gives them: place, colours and opacity as annotations, one for each trace. */
  use({ figure, lit }) {
    if (figure !== this.figure) this.build(figure);
    this.names.forEach(({ chip, leader }, i) => [chip, leader].forEach(({ classList }) => classList.toggle("lm-dim", !lit[i])));
  }

  build(figure) {
    this.figure = figure;
    this.layout = this.width = null;
    this.names = (figure.layout.annotations ?? []).map(({ x, y, font, bgcolor }, i) => {
      const chip = document.createElement("span"), leader = document.createElement("i");
      chip.textContent = figure.data[i].name;
      Object.assign(chip.style, { color: font.color, background: bgcolor });
      leader.style.background = bgcolor;
      return { x, y, chip, leader };
    });
    this.layer.replaceChildren(...this.names.map(({ leader }) => leader), ...this.names.map(({ chip }) => chip));
  }

  show(visible) {
    this.layer.hidden = !visible;
  }

  stop() {}

  /** Zoom buttons and the kept point's ring, which no chip covers. */
  obstacles({ viewport, kept }) {
    const buttons = { ...ZOOM_BUTTONS, x: viewport.width - ZOOM_BUTTONS.x };
    if (!kept) return [buttons];
    const [x, y] = viewport.toPixel(kept);
    return [buttons, { x, y, width: RING_PX, height: RING_PX }];
  }

  /** Put the chips to a view. Where they stand aside is worked out anew when they get nearer to each other or to the kept point;
   *  panning moves them together. */
  look(view) {
    if (this.layer.hidden || !this.names.length) return;
    const { viewport, kept } = view, frame = viewport.box;
    const places = this.names.map(({ x, y }) => viewport.toPixel([x, y]));
    const layout = [viewport.unit.toPrecision(6), viewport.scale.name, kept, frame.width, frame.height].join();
    if (layout !== this.layout) {
      this.layout = layout;
      if (frame.width !== this.width) for (const name of this.names) Object.assign(name, { width: name.chip.offsetWidth, height: name.chip.offsetHeight });
      this.width = frame.width; // of which the letters' size depends: measured then only
      const chips = this.names.map(({ width, height }, i) => ({ x: places[i][0], y: places[i][1], width, height }));
      placed(chips, this.obstacles(view), frame).forEach((aside, i) => (this.names[i].aside = aside));
    }
    this.names.forEach(({ chip, leader, aside: [dx, dy] }, i) => {
      const [x, y] = places[i], visible = within(x, y, 0, 0, frame), far = Math.hypot(dx, dy);
      chip.style.visibility = visible ? "visible" : "hidden";
      leader.style.visibility = visible && far > LED_PX ? "visible" : "hidden";
      if (!visible) return;
      chip.style.transform = `translate(${x + dx}px, ${y + dy}px) translate(-50%, -50%)`;
      leader.style.transform = `translate(${x}px, ${y}px) rotate(${Math.atan2(dy, dx)}rad) scaleX(${far})`;
    });
  }
}

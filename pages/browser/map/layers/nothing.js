// Where the view shows no code, words say so, and how to get back: an empty map looks broken.

const WORDS = "No test image has its code in this part of the map. ⤢ or a double click shows all of it.";

/** Whether the view shows a code of the figure: {xr, yr} in coordinates of the map, as the codes are on this scale. */
function anyInView({ xr: [left, right], yr: [low, high], scale }, figure) {
  return scale.drawn(figure).data.some(({ x, y }) => x.some((v, i) => v >= left && v <= right && y[i] >= low && y[i] <= high));
}

export class NothingLayer {
  constructor(plot) {
    this.element = Object.assign(document.createElement("p"), { className: "lm-nothing", hidden: true, textContent: WORDS });
    plot.after(this.element);
  }

  /** Of points that are switched off nothing is missed, nor where a figure has none. */
  use({ figure, on }) {
    Object.assign(this, { figure, wanted: on.has("points") && figure.data.some(({ x }) => x.length) });
    this.judge();
  }

  look({ viewport }) {
    this.viewport = viewport;
    this.judge();
  }

  judge() {
    const { element, figure, viewport, wanted } = this, hidden = !wanted || !viewport?.xr || anyInView(viewport, figure);
    if (element.hidden !== hidden) element.hidden = hidden;
  }

  show() {}

  stop() {}
}

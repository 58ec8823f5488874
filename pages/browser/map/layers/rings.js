// One, two and three standard deviations of the prior, as core/figures.py gives them, drawn by Plotly.

export class RingLayer {
  use({ figure }) {
    this.shapes = figure.layout.shapes ?? [];
  }

  look() {}

  show(visible) {
    this.visible = visible;
  }

  looks() {
    return { layout: { shapes: this.shapes.map((shape) => ({ ...shape, visible: this.visible })) } };
  }

  stop() {}
}

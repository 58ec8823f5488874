// One, two and three standard deviations of the prior, as core/figures.py gives them, drawn with the axes.

export class RingLayer {
  use({ figure }) {
    this.shapes = figure.layout.shapes ?? [];
  }

  look({ viewport: { scale } }) {
    this.scale = scale;
  }

  show(visible) {
    this.visible = visible;
  }

  looks() {
    const { circle, edge } = this.scale;
    return { shapes: [...edge, ...this.shapes.map((shape) => ({ ...circle(shape), visible: this.visible }))] };
  }

  stop() {}
}

// The codes as dots, drawn by Plotly.

const DIMMED = 0.07;
const OVER_THE_GRID = 0.5;

export class PointLayer {
  use({ figure, lit, on }) {
    const bright = ({ marker }) => (on.has("manifold") ? OVER_THE_GRID : marker.opacity);
    this.opacity = figure.data.map((trace, i) => (lit[i] ? bright(trace) : DIMMED));
  }

  look() {}

  show(visible) {
    this.visible = visible;
  }

  looks() {
    return { opacity: this.opacity.map((opacity) => (this.visible ? opacity : 0)) };
  }

  stop() {}
}

// The model that a path leads through: its codes, where they lie on the map, and what is decoded of them.

import { ON_CODE, nearest } from "../nets/reading.js";

export class Space {
  /** map: see map.js; facts: those of its panel, whose codes are here. */
  constructor(map, facts) {
    const { readout, readout: { codes: { tensors: { mu } }, decoder, labels } } = map;
    Object.assign(this, { map, facts, readout, labels, codes: mu.data, dimensions: mu.shape[1], decoder: decoder ?? map.decoder });
    Object.assign(this, { height: map.decoder.height, width: map.decoder.width });
  }

  /** Why no path can be decoded here; "" where it can. */
  get whyNot() {
    if (this.decoder.exact && !this.facts.served) return "";
    return "The browser does not have this model’s decoder, only a grid of pictures that it has drawn, and a path would jump from one to the next. "
      + "Choose a model of dense layers in the sidebar.";
  }

  /** Whether a point of the map is a whole code. */
  get flat() {
    return this.dimensions === 2;
  }

  get count() {
    return this.labels.length;
  }

  code(row) {
    return this.codes.subarray(row * this.dimensions, (row + 1) * this.dimensions);
  }

  /** A waypoint at the code of a test image: {code, point: on the map, row}. */
  ofImage(row) {
    return { code: Float64Array.from(this.code(row)), point: this.readout.dot(row), row };
  }

  /** A waypoint at a point of the map; where a dot lies it is that image's. */
  ofPoint([x, y]) {
    const { map: { rest, figure: { index, codes } }, facts: { plane: { origin, axes } } } = this, found = index.find(x, y);
    if (found.distance <= ON_CODE) return this.ofImage(codes.row[found.index]);
    return { code: Float64Array.from(rest.origin ?? origin, (v, i) => v + x * axes[0][i] + y * axes[1][i]), point: [x, y], row: null };
  }

  /** A waypoint at a whole code. */
  ofCode(code) {
    return { code: Float64Array.from(code), point: this.point(code), row: null };
  }

  /** Where a code lies on the map; a code of one number at no height of its own. */
  point(code) {
    if (this.flat && !this.readout.decoder) return [code[0], code[1]];
    const { origin, axes } = this.facts.plane;
    return axes.map((axis) => axis.reduce((sum, v, i) => sum + v * (code[i] - origin[i]), 0));
  }

  /** What is decoded of a code, told the class that the map is told: ink in [0, 1]. The next call overwrites it. */
  image(code) {
    return this.decoder.image(code, this.facts.drawn);
  }

  /** How far the nearest test code is. */
  distance(code) {
    return nearest(this.codes, code, 1)[0].distance;
  }
}

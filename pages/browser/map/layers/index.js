// The table of layers: what can be switched on and off. A new one is a file and a line here; Python's LAYERS has its title, but for the
// background, which is chosen by itself, and what belongs to the points: images, the crowd, and words where there are none.

import { CrowdLayer } from "./crowd.js";
import { FieldLayer } from "./field.js";
import { GridLayer } from "./grid.js";
import { ImageLayer } from "./images.js";
import { NameLayer } from "./names.js";
import { NothingLayer } from "./nothing.js";
import { PointLayer } from "./points.js";
import { RingLayer } from "./rings.js";

/** Every layer has: use(frame), with {figure, decoder, lit, on, field, dark, picked, shaped, closeUp, training}; look(view), with
 *  {viewport, kept}; show(on); stop(). One that plot.js draws also has looks(): {dots}, the marker of each class, or {shapes}. */
export const LAYERS = { background: FieldLayer, crowd: CrowdLayer, points: PointLayer, images: ImageLayer, names: NameLayer, nothing: NothingLayer, manifold: GridLayer, prior: RingLayer };

export class Layers {
  shaped = false; // whether each class's dots have a shape of their own
  closeUp = null; // close_up.js's switch, where dots can become images
  training = null; // training.js's, where there can be codes of the training images

  /** plot: the element that Plotly draws into; layers put their own under and over it. */
  constructor(plot) {
    this.all = Object.entries(LAYERS).map(([name, Layer]) => Object.assign(new Layer(plot), { name }));
  }

  /** on: the set of names that are switched on. */
  use(frame) {
    const { shaped, closeUp, training } = this;
    this.heard?.(frame); // who says what is on the map
    for (const layer of this.all) {
      layer.use({ ...frame, shaped, closeUp, training });
      layer.show(frame.on.has(layer.name));
    }
  }

  look(view) {
    for (const layer of this.all) layer.look(view);
  }

  /** What all layers make of the plot: {dots, shapes}. */
  looks() {
    return Object.assign({}, ...this.all.map((layer) => layer.looks?.()));
  }

  /** Resolves when what is put together piece by piece is whole. */
  settled() {
    return Promise.all(this.all.map((layer) => layer.settled?.()));
  }

  stop() {
    for (const layer of this.all) layer.stop();
  }
}

// A canvas that shows finished pictures. Without a GPU, Chromium copies every 2-D canvas in view at each frame of the page, drawn on or not:
// two of the map's size took a tenth of what a pointer's move cost. A picture that is handed over is not copied again.

export class StillCanvas {
  constructor(className) {
    this.element = Object.assign(document.createElement("canvas"), { className, ariaHidden: "true" });
    this.screen = this.element.getContext("bitmaprenderer");
    this.sheet = new OffscreenCanvas(1, 1);
    this.context = this.sheet.getContext("2d");
  }

  /** An empty sheet of width x height CSS pixels, to draw the next picture on: its context. */
  begin({ width, height }) {
    const scale = devicePixelRatio || 1, size = { width: Math.max(1, Math.round(width * scale)), height: Math.max(1, Math.round(height * scale)) };
    Object.assign(this.sheet, size); // which empties it
    if (this.element.width !== size.width || this.element.height !== size.height) Object.assign(this.element, size);
    this.context.scale(scale, scale);
    return this.context;
  }

  /** The sheet, as it is drawn, is what is seen. */
  show() {
    this.screen.transferFromImageBitmap(this.sheet.transferToImageBitmap());
  }
}

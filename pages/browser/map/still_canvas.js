// A canvas that shows finished pictures. Without a GPU, Chromium copies every 2-D canvas in view at each frame of the page, drawn on or not:
// two of the map's size took a tenth of what a pointer's move cost. A picture that is handed over is not copied again.

export class StillCanvas {
  constructor(className) {
    this.element = Object.assign(document.createElement("canvas"), { className, ariaHidden: "true" });
    this.screen = this.element.getContext("bitmaprenderer");
    this.sheet = new OffscreenCanvas(1, 1);
    this.context = this.sheet.getContext("2d");
    this.copy = new OffscreenCanvas(1, 1).getContext("2d");
  }

  /** An empty sheet of width x height device pixels: its context. */
  clear(width, height) {
    Object.assign(this.sheet, { width, height }); // which empties it
    if (this.element.width !== width || this.element.height !== height) Object.assign(this.element, { width, height });
    return this.context;
  }

  /** The sheet, as it is drawn, is what is seen, and is empty then. */
  show() {
    this.screen.transferFromImageBitmap(this.sheet.transferToImageBitmap());
  }

  /** The sheet, as far as it is drawn, is what is seen; more is drawn on it. */
  showSoFar() {
    const { sheet, sheet: { width, height }, copy } = this;
    Object.assign(copy.canvas, { width, height });
    copy.drawImage(sheet, 0, 0);
    this.screen.transferFromImageBitmap(copy.canvas.transferToImageBitmap());
  }
}

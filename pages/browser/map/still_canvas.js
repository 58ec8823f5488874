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

  /** An empty sheet of width x height CSS pixels, to draw the next picture on: its context. */
  begin({ width, height }) {
    const scale = devicePixelRatio || 1;
    this.clear(Math.max(1, Math.round(width * scale)), Math.max(1, Math.round(height * scale)));
    this.context.scale(scale, scale);
    return this.context;
  }

  /** An empty sheet over a box of the map, in CSS pixels, to be drawn on in device pixels, crisp: its context. */
  over({ left, top, width, height }) {
    const scale = devicePixelRatio || 1;
    Object.assign(this.element.style, { left: `${left}px`, top: `${top}px`, width: `${width}px`, height: `${height}px` });
    this.clear(Math.round(width * scale), Math.round(height * scale)).imageSmoothingEnabled = false;
    return this.context;
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

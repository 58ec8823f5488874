// Drawing on a sheet by keyboard: arrow keys move the pen, Space puts it down and lifts it.

import { keys } from "./keys.js";

const STEPS = 28, FINE_STEPS = 140; // from one side of the sheet to the other
const POINTER = "keys"; // in place of a pointer's number
const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

export class KeyPen {
  place = null; // in the sheet's own pixels; null: never moved

  /** sheet: {canvas, side, kept, stroke, brush, moveBrush(x, y), add(point), end(event), paint(), say(words)} */
  constructor(sheet, on) {
    this.sheet = sheet;
    const moves = Object.entries(ARROWS).flatMap(([key, by]) => [[key, () => this.move(by, STEPS)], [`Shift+${key}`, () => this.move(by, FINE_STEPS)]]);
    on(sheet.canvas, "keydown", keys({ ...Object.fromEntries(moves), " ": (event) => event.repeat || this.press() }));
    on(sheet.canvas, "pointerdown", () => this.lift(), { capture: true });
    on(sheet.canvas, "blur", () => this.lift());
  }

  get down() {
    return this.sheet.stroke?.pointer === POINTER;
  }

  move([dx, dy], steps) {
    const { sheet } = this, { side } = sheet, [x, y] = this.place ?? [side / 2, side / 2];
    this.place = [x + (dx * side) / steps, y + (dy * side) / steps].map((v) => Math.max(0, Math.min(side, v)));
    if (this.down) sheet.add(this.place);
    this.show();
    sheet.paint();
  }

  press() {
    if (this.down) return this.lift();
    const { sheet } = this, { side } = sheet;
    if (sheet.stroke) return; // a finger is drawing
    this.place ??= [side / 2, side / 2];
    sheet.stroke = { pointer: POINTER, points: [this.place], width: sheet.kept.width, erase: sheet.kept.erasing };
    this.show();
    sheet.paint();
    const [column, row] = this.place.map((v) => Math.round((100 * v) / side));
    sheet.say(`Pen down, ${column} % from the left and ${row} % from the top`);
  }

  lift() {
    if (!this.down) return;
    this.sheet.end({ pointerId: POINTER });
    this.sheet.say("Pen up");
  }

  /** The ring as large as the pen, where it is. */
  show() {
    const { brush, canvas, side } = this.sheet;
    this.sheet.moveBrush(...this.place.map((v) => (v / side) * canvas.clientWidth));
    brush.hidden = false;
  }
}

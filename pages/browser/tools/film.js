// Rows of images to take along: as an animation of the first row, and as a sheet with its title, its model and a name for each row.

import { listener } from "../events.js";
import { grey, put } from "../map/ink.js";
import { gif } from "./gif.js";

const SIDE_PX = 112, GAP = 8, MARGIN = 28, LEAST_WIDTH = 640; // of the sheet
const TITLE = 26, NOTE = 16, NAME = 15, LINE = 1.35; // letters, and from a line to the next
const FONT = "system-ui, sans-serif", INK = "#000", SOFT = "#5a5a5a", EDGE = "#bebebe";
const MOST_COLUMNS = 40;

/** Two buttons in the element. film("gif" or "png"), which may be a promise, says what is taken along, or null for nothing: { name: of the
 *  file, title, notes: [lines], heads: [over the columns], rows: [{ name, images: [ink in [0, 1]] }], shape: [height, width], andBack }. */
export function offerFilm(element, film, signal) {
  element.classList.add("lm-take");
  element.innerHTML = '<button type="button" class="lm-button" data-take="gif">Animation (GIF)</button>'
    + '<button type="button" class="lm-button" data-take="png">Sheet (PNG)</button>';
  listener(signal)(element, "click", async ({ target }) => {
    const take = target.closest("[data-take]")?.dataset.take, shown = take && (await film(take));
    if (!shown?.rows[0]?.images.length) return;
    const { name, rows: [{ images }], shape, andBack } = shown;
    if (take === "gif") save(new Blob([gif(images, shape, { andBack })], { type: "image/gif" }), `${name}.gif`);
    else sheet(shown).toBlob((blob) => save(blob, `${name}.png`), "image/png");
  });
}

/** Hand a visitor a file. */
export function save(blob, name) {
  const link = Object.assign(document.createElement("a"), { href: URL.createObjectURL(blob), download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000); // browsers may still be reading it
}

/** The sheet, on a canvas: light ink on black, as on the page. */
export function sheet({ title, notes = [], heads = [], rows, shape: [height, width] }) {
  const columns = Math.min(MOST_COLUMNS, Math.max(...rows.map(({ images }) => images.length)));
  const factor = Math.max(1, Math.round(SIDE_PX / Math.max(height, width))), [across, down] = [factor * width, factor * height];
  const canvas = document.createElement("canvas"), pen = canvas.getContext("2d");
  const font = (size) => (pen.font = `${size}px ${FONT}`);
  font(NAME);
  const names = Math.max(0, ...rows.map(({ name = "" }) => pen.measureText(name).width + 2 * GAP));
  const wide = Math.max(LEAST_WIDTH, Math.ceil(2 * MARGIN + names + columns * (across + GAP) - GAP));
  const words = [[title, TITLE, INK], ...notes.map((note) => [note, NOTE, SOFT])].flatMap(([said, size, shade]) => {
    font(size);
    return wrapped(said, pen, wide - 2 * MARGIN).map((line) => [line, size, shade]);
  });
  const top = MARGIN + words.reduce((sum, [, size]) => sum + LINE * size, 0) + 2 * GAP, head = heads.length ? LINE * NAME : 0;
  Object.assign(canvas, { width: wide, height: Math.ceil(top + head + rows.length * (down + GAP) - GAP + MARGIN) });
  pen.fillStyle = "#fff";
  pen.fillRect(0, 0, canvas.width, canvas.height);
  Object.assign(pen, { textBaseline: "top", imageSmoothingEnabled: false, strokeStyle: EDGE });
  const write = (said, x, y, size, shade) => {
    font(size);
    pen.fillStyle = shade;
    pen.fillText(said, x, y);
  };
  let y = MARGIN;
  for (const [line, size, shade] of words) {
    write(line, MARGIN, y, size, shade);
    y += LINE * size;
  }
  const left = Math.round(MARGIN + names), small = document.createElement("canvas");
  heads.slice(0, columns).forEach((said, i) => write(said, left + i * (across + GAP), top, NAME, SOFT));
  rows.forEach(({ name = "", images }, row) => {
    const at = Math.round(top + head + row * (down + GAP));
    write(name, MARGIN, at + (down - NAME) / 2, NAME, INK);
    images.slice(0, columns).forEach((image, i) => {
      const x = left + i * (across + GAP);
      put(small, grey(image), { width, height });
      pen.drawImage(small, x, at, across, down);
      pen.strokeRect(x - 0.5, at - 0.5, across + 1, down + 1);
    });
  });
  return canvas;
}

/** A text in lines of that width; a word that is wider has a line of its own. */
function wrapped(said, pen, width) {
  const lines = [""];
  for (const word of said.split(" ")) {
    const longer = `${lines.at(-1)} ${word}`.trim();
    if (pen.measureText(longer).width > width && lines.at(-1)) lines.push(word);
    else lines[lines.length - 1] = longer;
  }
  return lines;
}

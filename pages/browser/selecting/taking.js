// What is taken along of a selection: a table of its codes (CSV), and a sheet of its images (PNG), both made in the page.

import { listener } from "../events.js";
import * as say from "../map/sentences.js";
import { save, sheet } from "../tools/film.js";
import { losses } from "./losses.js";

const COLUMNS = 12, MOST_ROWS = 20; // of the sheet
const DIGITS = 6; // of a number, as in the tables that Python writes (core/sheets.py)
const TABLE = "Table of their codes (CSV)";
const thousands = (n) => n.toLocaleString("en");

/** Two buttons in the element, and room for words; selection() says what is selected: {rows, pictures: of pictures.js or null, stopper: of what is
 *  computed for it}. */
export function offerTaking(element, readout, selection, signal) {
  element.innerHTML = `<button type="button" class="lm-button" data-take="csv">${TABLE}</button>`
    + '<button type="button" class="lm-button" data-take="png">Sheet of them (PNG)</button><p class="lm-soft"></p>';
  listener(signal)(element, "click", ({ target }) => {
    const button = target.closest("[data-take]"), take = button?.dataset.take, { rows, pictures, stopper } = selection(), name = `${readout.facts.model.name}-selection`;
    if (take === "csv") takeTable(button, readout, rows, stopper.signal, name);
    if (take === "png" && pictures) sheet(sheetOf(readout, rows, pictures)).toBlob((blob) => save(blob, `${name}.png`), "image/png");
  });
}

/** The losses take a while for many images: the button says how far they are. Where the test images cannot be fetched the table goes without. */
async function takeTable(button, readout, rows, signal, name) {
  if (button.ariaBusy) return;
  button.ariaBusy = "true";
  const step = (share) => (button.textContent = `${TABLE} … ${Math.floor(100 * share)} %`);
  const found = await losses(readout, rows, signal, step).catch((error) => !signal.aborted && (console.warn(error), {}));
  Object.assign(button, { textContent: TABLE, ariaBusy: null });
  if (found) save(new Blob([table(readout, rows, found)], { type: "text/csv" }), `${name}.csv`);
}

/** image, class, z1, z2, ... of each row: the number of the test image, its label, and its code (of a VAE the mean of its posterior); then what
 *  losses.js has found, name -> a number for each row. */
export function table({ codes: { tensors: { mu: { data, shape: [, d] } } }, labels, facts }, rows, found = {}) {
  const heads = ["image", "class", ...Array.from({ length: d }, (_, j) => `z${j + 1}`), ...Object.keys(found)], short = (v) => Number(v.toPrecision(DIGITS));
  const numbers = (row, i) => [...data.subarray(row * d, (row + 1) * d), ...Object.values(found).map((column) => column[i])].map(short);
  const lines = rows.map((row, i) => [row, cell(say.className(facts, labels[row])), ...numbers(row, i)]);
  return [heads, ...lines].map((line) => `${line.join(",")}\r\n`).join(""); // RFC 4180
}

/** A name, quoted where it needs that, and with an apostrophe where a spreadsheet would take it for a formula. */
function cell(name) {
  const safe = /^[=+\-@\t\r]/.test(name) ? `'${name}` : name;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

/** What film.js makes a sheet of: the images class by class, the first of them where there are too many. */
export function sheetOf({ facts, labels, map: { decoder } }, selected, { ink, real }) {
  const classes = [...new Set(Array.from(selected, (row) => labels[row]))].sort((a, b) => a - b), rows = [];
  for (const label of classes) {
    const own = selected.filter((row) => labels[row] === label);
    for (let i = 0; i < own.length; i += COLUMNS) rows.push({ label, own: own.slice(i, i + COLUMNS), name: i ? "" : say.className(facts, label) });
  }
  const kept = fewer(rows, classes.length), shown = kept.reduce((sum, { own }) => sum + own.length, 0);
  const what = real ? `test image${selected.length === 1 ? "" : "s"}` : "codes, decoded";
  return {
    title: `${thousands(selected.length)} selected ${what}`,
    notes: [...(shown < selected.length ? [`${thousands(shown)} of them, the first of each class.`] : []), facts.model.words, facts.model.credit].filter(Boolean),
    rows: kept.map(({ own, name }) => ({ name, images: own.map((row) => Float32Array.from(ink(row))) })),
    shape: [decoder.height, decoder.width],
  };
}

/** At most MOST_ROWS of the rows, the first of every class among them, then the second, and so on; in the order that they had. */
function fewer(rows, classes) {
  if (rows.length <= MOST_ROWS) return rows;
  const turn = new Map(), order = rows.map((row) => {
    turn.set(row.label, (turn.get(row.label) ?? -1) + 1);
    return turn.get(row.label);
  });
  const first = rows.map((_, i) => i).sort((a, b) => order[a] - order[b] || a - b).slice(0, Math.max(MOST_ROWS, classes));
  return first.sort((a, b) => a - b).map((i) => rows[i]);
}

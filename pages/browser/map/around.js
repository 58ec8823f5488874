// The test images around a kept point: the ten nearest by their codes, and of a test image also the ten most similar by their pixels.

import { mostAlike } from "../nets/alike.js";
import { thumbnail } from "./thumbnail.js";

const MOST = 10;

/** The section for them, empty until the test images are here. */
export const PLACE = '<div class="lm-around"></div>';

/** Fill the panel's place with the images around what it reads; readout: the panel, row: of the test image whose code is kept, or null. */
export async function showAround(readout, reading, row, signal) {
  const place = readout.element.querySelector(".lm-around"), pixels = await readout.pixels(signal);
  if (!place || !pixels) return;
  const label = row === null ? reading.vote.label : readout.labels[row];
  const whose = row === null ? "most of them" : "the image itself";
  place.innerHTML = `<h2>Who is near?</h2><p class="lm-soft">Press one to go to its code. A frame marks another class than that of ${whose}.</p>`
    + '<p>Nearest by their codes</p><div class="lm-thumbs"></div>'
    + (row === null ? "" : '<p>Most similar by their pixels</p><div class="lm-thumbs"></div><p class="lm-soft lm-agree"></p>');
  const [byCode, byPixel] = place.querySelectorAll(".lm-thumbs");
  fill(readout, byCode, reading.voters, label, signal);
  if (row === null) return;
  const { width, height } = readout.map.decoder, alike = await mostAlike(pixels, width * height, row, MOST, signal);
  fill(readout, byPixel, alike, label, signal);
  const both = alike.filter((one) => reading.voters.includes(one)).length;
  place.querySelector(".lm-agree").textContent = `${both || "None"} of these ${alike.length} ${both === 1 ? "is" : "are"} also among the nearest by code.`;
}

/** A button with its image for each row; those of another class than `label` are framed in their class's colour. */
function fill(readout, place, rows, label, signal) {
  const { labels, facts } = readout;
  place.replaceChildren(...rows.map((row) => {
    const button = thumbnail(readout, row, readout.image(row), signal);
    if (labels[row] !== label) {
      button.className = "lm-other";
      button.style.setProperty("--class-colour", facts.classes[labels[row]].colour);
    }
    return button;
  }));
}

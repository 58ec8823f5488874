// What it takes to describe the images of a selection, in nats: columns of its table, under the names that the table of all codes has for them
// (pages/exploring/code_table.py).

import { LIKELIHOODS, kl } from "../nets/losses.js";
import { breaks } from "../turns.js";
import { decoderOf } from "./pictures.js";

/** {reconstruction_nats, kl_nats}, of each row, as far as they can be had: −log p(x|z) of the test image at its code, and the KL divergence of its
 *  posterior from the prior. In slices; step(share) hears how far it is. Throws the signal's reason when that aborts. */
export async function losses(readout, rows, signal, step = () => {}) {
  const { facts, labels, codes: { tensors: { logvar } } } = readout, decoder = decoderOf(readout), pause = breaks(signal), found = {};
  if (facts.images && decoder) {
    const column = (found.reconstruction_nats = []);
    await readout.pixels(signal);
    for (const row of rows) {
      const logits = decoder.logits(readout.of("mu", row), facts.conditional ? labels[row] : null);
      column.push(-LIKELIHOODS[facts.likelihood](logits, readout.image(row), facts.sigma));
      step(column.length / rows.length);
      await pause();
    }
  }
  if (logvar) found.kl_nats = Array.from(rows, (row) => kl(readout.of("mu", row), readout.of("logvar", row)));
  return found;
}

/** What the table has, and what it has not. */
export function inTheTable(readout) {
  const { facts, codes: { tensors: { logvar } } } = readout, decoder = decoderOf(readout);
  const columns = [...(facts.images && decoder ? [`the reconstruction loss at that code (−log p(x|z)${facts.likelihood === "bernoulli" ? "" : ", of a density"})`] : []), ...(logvar ? ["the KL"] : [])];
  const missing = !facts.images ? "the test images are not here" : decoder ? "" : "the decoder of this model does not run in the browser; the table of all codes, under Take it along, has it";
  return `The table has each image’s number, class and code${columns.length ? `; ${columns.join(" and ")}, in nats` : ""}.${missing && ` Without a reconstruction loss: ${missing}.`}`;
}

// The pictures of a selection: its test images, or where they are not on this machine what the decoder makes of their codes.

/** {ink(row): in [0, 1], real: whether these are the test images}; null where the page has neither them nor the decoder. */
export async function picturesOf(readout, signal) {
  const { facts, labels } = readout, decoder = decoderOf(readout), told = (row) => (facts.conditional ? labels[row] : null);
  try {
    if (await readout.pixels(signal)) return { ink: (row) => readout.image(row), real: true };
  } catch (error) {
    if (error.name === "AbortError") throw error; // else the connection is lost, and the decoder is here
  }
  return decoder && { ink: (row) => decoder.image(readout.of("mu", row), told(row)), real: false };
}

/** What decodes whole codes in the page; null where only the server can. */
export function decoderOf({ decoder, map }) {
  const own = decoder ?? map.decoder;
  return own.exact ? own : null;
}

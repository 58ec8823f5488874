// The encoders of the models last looked at: their files, which are large and may be on their way before anybody draws, and what runs them.

import { DenseEncoder } from "../nets/encoder.js";
import { Shelf } from "../map/frames.js";
import { fetched } from "./fetching.js";

const MOST = 4;
const files = new Shelf(MOST), ready = new Shelf(MOST);
const waiting = new Map(); // address -> who is told how much of the file is here

/** The file's bytes, asked for once. */
const bytesOf = ({ encoder, bytes }) => files.get(encoder, (signal) => fetched(encoder, bytes, (share) => waiting.get(encoder)?.(share), signal));

/** drawing: the panel's facts of it; decoder: of whole codes; fetching(share) and computing(share) are told how far it is. */
export function encoderOf(drawing, decoder, fetching, computing) {
  const { encoder } = drawing;
  waiting.set(encoder, fetching);
  return ready.get(encoder, async () => DenseEncoder.of(await bytesOf(drawing), decoder, computing)).finally(() => waiting.delete(encoder));
}

/** Have the file here before somebody draws; who leaves meanwhile needs it no more. */
export function encoderAhead(drawing, signal) {
  const stop = () => waiting.has(drawing.encoder) || files.giveUp();
  signal.addEventListener("abort", stop, { once: true });
  return bytesOf(drawing).finally(() => signal.removeEventListener("abort", stop));
}

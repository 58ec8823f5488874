// Searches for test images that are worth a look. The server makes them; each is asked for once.

import { asked } from "../server.js";
import { Shelf } from "./frames.js";

export const SLOW = "alike"; // all pairs of test images are compared, once for a data set
export const WAYS = { typical: "Most typical", worst: "Worst reconstructed", between: "Between two classes", alike: "Alike, but far apart" };
const OF_IMAGES = ["worst", "alike"];

const searches = new Shelf(16); // of the models last looked at

/** What can be searched for with these facts of a model, see pages/exploring/readout.py. */
export const waysOf = ({ found, images }) => Object.keys(WAYS).filter((way) => found && (images || !OF_IMAGES.includes(way)));

/** {rows, values, others} of core/findings.py. */
export const search = ({ found }, way) => searches.get(`${found}&way=${way}`, async (signal) => {
  const { ok, body } = await asked(`${found}&way=${way}`, { signal }, async (response) => ({ ok: response.ok, body: await (response.ok ? response.json() : response.text()) }));
  if (!ok) throw new Error(body.replace(/\.$/, ""));
  return body;
});

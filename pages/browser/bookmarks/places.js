// Places on the map that are worth coming back to, as plain data: { name, z: the kept point or null, zoom, spread, tool, rest }, the last four in the
// words of the page's address. What the browser's storage or a file says is a stranger's word: whatever is not such a place is left out.

export const MOST = 60; // places of one map
export const MOST_LETTERS = 40; // of a name
const MOST_WORD = 1500; // characters of a tool's word, as the bench has it
const MOST_FILE = 400_000; // characters of a file
const FORMAT = "latent-places", VERSION = 1; // of the file
const LIMIT = 100; // of a coordinate: as far as a map goes
const STORED = "latent-places:"; // and a map's name

const finite = (values) => values.every((v) => typeof v === "number" && Number.isFinite(v));

/** The name as it may stand on the page; "" for none. */
export const named = (name) => (typeof name === "string" ? [...name.replace(/\s+/g, " ").trim()].slice(0, MOST_LETTERS).join("") : "");

/** A place, where this is one; else null. Nothing but what is known is taken over. */
export function place(said) {
  if (!said || typeof said !== "object") return null;
  const { z, zoom, spread, tool, rest = "" } = said, name = named(said.name);
  const point = z === null || (Array.isArray(z) && z.length === 2 && finite(z) && z.every((v) => Math.abs(v) <= LIMIT));
  if (!name || !point || !isZoom(zoom) || !["", "1"].includes(spread) || ![tool, rest].every(isWord)) return null;
  return { name, z: z && [...z], zoom, spread, tool, rest };
}

const isWord = (word) => typeof word === "string" && word.length <= MOST_WORD;

function isZoom(word) {
  if (word === "" || word === "all") return true;
  const numbers = typeof word === "string" && word.length < 100 ? word.split(",") : [];
  return numbers.length === 3 && numbers.every((text) => text.trim() !== "") && finite(numbers.map(Number)) && Number(numbers[2]) > 0;
}

/** The places among these, no two the same, at most MOST. */
export function places(said) {
  const found = Array.isArray(said) ? said.slice(0, 10 * MOST).map(place).filter(Boolean) : [];
  return [...new Map(found.map((one) => [JSON.stringify(one), one])).values()].slice(0, MOST);
}

/** What a browser has kept for the map of that name; nothing where it is forbidden to look, or finds what is not ours. */
export function stored(map, storage = () => localStorage) {
  try {
    return places(JSON.parse(storage().getItem(STORED + map)));
  } catch {
    return [];
  }
}

/** Keep them in this browser; what keeps it from that, in a sentence, or "". */
export function store(map, list, storage = () => localStorage) {
  try {
    if (list.length) storage().setItem(STORED + map, JSON.stringify(list));
    else storage().removeItem(STORED + map);
    return "";
  } catch (error) {
    return error.name === "QuotaExceededError"
      ? "The browser’s storage is full: these places last until you leave the page. Save them as a file."
      : "This browser keeps nothing for this page: these places last until you leave it. Save them as a file.";
  }
}

/** Places as a file's text. */
export const written = (map, list) => JSON.stringify({ format: FORMAT, version: VERSION, map, places: list }, null, 1);

/** The places of a file, and how many entries of it were none: { found, left }. Throws an Error that says what is wrong with the file. */
export function read(text, map) {
  let said;
  try {
    if (text.length > MOST_FILE) throw new Error();
    said = JSON.parse(text);
  } catch {
    throw new Error("This is no file of places.");
  }
  if (said?.format !== FORMAT || !Array.isArray(said.places)) throw new Error("This is no file of places.");
  if (said.version !== VERSION) throw new Error("This file was made by another version of the explorer.");
  if (said.map !== map) throw new Error("These are places of another model’s map, or of another plane of it.");
  const found = places(said.places);
  return { found, left: said.places.length - found.length };
}

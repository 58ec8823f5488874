// The kept point and the view in the page's address, written and read as pages/session/properties.py does: checkpoint, z, and what else there is. A saved
// page has it behind "#": of a file's address that is all that a page may change.

const saved = () => "saved" in document.documentElement.dataset;
const query = () => new URLSearchParams(saved() ? location.hash.slice(1) : location.search);

/** Put z (null: none is kept) into the address: as a new entry in the history, so that Back goes to the earlier point, or in place of this one. */
export function writeAddress(z, instead = false) {
  const others = [...query()].filter(([name]) => name !== "z");
  const first = others.filter(([name]) => name === "checkpoint"), rest = others.filter(([name]) => name !== "checkpoint");
  const said = new URLSearchParams([...first, ["z", z ? z.map((v) => Number(v.toFixed(4)) || 0).join() : ""], ...rest]);
  history[instead ? "replaceState" : "pushState"]({}, "", saved() ? `#${said}` : `${location.pathname}?${said}${location.hash}`);
}

/** Put a view's word ("": the usual one) into the address, in place; not into a saved page's, which does not read it. */
export function writeView(word) {
  const said = query();
  if (saved() || (said.get("view") ?? "") === word) return;
  if (word) said.set("view", word);
  else said.delete("view");
  history.replaceState({}, "", `${location.pathname}${said.size ? `?${said}` : ""}${location.hash}`);
}

/** The address's point: null where it says that none is kept, undefined where it says nothing that can be used. */
export function readAddress(limit) {
  const text = query().get("z");
  if (text === null) return undefined;
  if (text === "") return null;
  const z = text.split(",").map(Number);
  return z.length === 2 && z.every((v) => Math.abs(v) <= limit) ? z : undefined;
}

// The kept point in the page's address, written and read as pages/session/properties.py does: checkpoint, z, and what else there is.

/** Put z (null: none is kept) into the address: as a new entry in the history, so that Back goes to the earlier point, or in place of this one. */
export function writeAddress(z, instead = false) {
  const others = [...new URLSearchParams(location.search)].filter(([name]) => name !== "z");
  const first = others.filter(([name]) => name === "checkpoint"), rest = others.filter(([name]) => name !== "checkpoint");
  const query = new URLSearchParams([...first, ["z", z ? z.map((v) => Number(v.toFixed(4)) || 0).join() : ""], ...rest]);
  history[instead ? "replaceState" : "pushState"]({}, "", `${location.pathname}?${query}${location.hash}`);
}

/** The address's point: null where it says that none is kept, undefined where it says nothing that can be used. */
export function readAddress(limit) {
  const text = new URLSearchParams(location.search).get("z");
  if (text === null) return undefined;
  if (text === "") return null;
  const z = text.split(",").map(Number);
  return z.length === 2 && z.every((v) => Math.abs(v) <= limit) ? z : undefined;
}

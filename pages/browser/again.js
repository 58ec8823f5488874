// After the connection was lost, Streamlit may talk to a session that knows nothing of this page: the server was started again, or has forgotten
// who was away for more than two minutes. Streamlit then asks for no run, and drops whatever is pressed in a fragment. So it is asked here.

import { connected, look, onConnection } from "./server.js";

const VERSION = "explorerVersion"; // a property of the window: this module's address, which has the bundle's hash in it
const tellers = new Set();

/** Whether the server has come back with another version of these modules: the page's parts are new then, and have what its address says. */
export const updated = (globalThis[VERSION] ??= import.meta.url) !== import.meta.url;
globalThis[VERSION] = import.meta.url;

/** The part that does so. It shows nothing, is on every page (pages/main.py) and in no fragment. */
export default class Again {
  constructor(root, signal) {
    runAgain((name, value) => this.tell(name, value), signal);
  }

  update(data, tell) {
    this.tell = tell;
  }
}

/** Have Streamlit run the whole page whenever it is connected again; tell(name, value) is that of a part in no fragment. */
export function runAgain(tell, signal) {
  let there = connected();
  onConnection(async () => {
    const before = there;
    there = connected();
    if (before || !there) return;
    await look(); // who waits for the server is told first
    for (const told of [...tellers]) told();
    setTimeout(() => signal.aborted || tell("again", Date.now())); // what is told in one task asks for one run, of a fragment where any of it comes from one
  }, signal);
}

/** told() tells Python, before that run, what the page has and a new session does not; until the signal aborts. */
export function onAgain(told, signal) {
  tellers.add(told);
  signal.addEventListener("abort", () => tellers.delete(told), { once: true });
}

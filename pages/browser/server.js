// Whether the explorer's server answers, and who hears when that changes. A saved page has no server and asks for none.

const AGAIN_MS = 3000, PATIENCE_MS = 4000; // until it is asked once more whether it is there, and for its answer
const HEALTH = "../../healthz"; // from this module, /assets/<bundle>/server.js
const hearers = new Set();
let there = true, asking = null, timer;

/** Why a file did not come: the server does not answer. Everything else has a sentence of the server's own. */
export class Lost extends Error {
  constructor(cause) {
    super("the server does not answer", { cause });
  }
}

/** fetch, and what take(response) reads of the answer; Lost where none comes. */
export async function asked(address, options, take = (response) => response) {
  try {
    return await take(await fetch(address, options));
  } catch (error) {
    if (!(error instanceof TypeError)) throw error; // given up, or no JSON
    look();
    throw new Lost(error);
  }
}

export const answers = () => there;

/** heard(answers) at each change, until the signal aborts. */
export function hear(heard, signal) {
  hearers.add(heard);
  signal.addEventListener("abort", () => hearers.delete(heard), { once: true });
}

/** Call once(), as soon as the server answers again. */
export function whenBack(once, signal) {
  const stop = new AbortController(), { signal: till } = stop;
  const end = () => stop.abort();
  signal.addEventListener("abort", end, { once: true, signal: till });
  hear((now) => now && (end(), signal.aborted || once()), till);
}

/** Streamlit's own connection; null where there is no Streamlit. */
const app = () => document.querySelector("[data-testid=stApp]");

/** Ask whether the server is there, and as long as it is not, again and again. */
export async function look() {
  if (!app() || asking) return;
  asking = fetch(new URL(HEALTH, import.meta.url), { cache: "no-store", signal: AbortSignal.timeout(PATIENCE_MS) });
  const healthy = await asking.then(({ ok }) => ok, () => false);
  asking = null;
  say(healthy && app()?.dataset.testConnectionState === "CONNECTED");
}

function say(now) {
  clearTimeout(timer);
  if (!now) timer = setTimeout(look, AGAIN_MS);
  if (now === there) return;
  there = now;
  for (const heard of [...hearers]) heard(now);
}

for (const type of ["online", "offline"]) addEventListener(type, look); // offline alone does not say it: the server may be on this device
if (app()) new MutationObserver(look).observe(app(), { attributes: true, attributeFilter: ["data-test-connection-state"] });

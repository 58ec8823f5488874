// Whether the explorer's server answers, and who hears when that changes. A saved page has no server and asks for none.

const AGAIN_MS = 3000, PATIENCE_MS = 4000; // until it is asked once more whether it is there, and for its answer
const CONNECTION = "data-test-connection-state"; // Streamlit's attribute
const HEALTH = "../../healthz"; // from this module, /assets/<bundle>/server.js
const DEVICE = ["online", "offline"]; // events of the window
const hearers = new Set();
let there = true, asking = null, timer, device; // device: ends what is heard of it

/** Why a file did not come: the server does not answer. Everything else has a sentence of the server's own. */
export class Lost extends Error {
  constructor(cause) {
    super("the server does not answer", { cause });
  }
}

/** fetch, and what take(response) reads of the answer; Lost where none comes. Where the server is there all the same, it is asked once more.
 *  A web page is no answer: something on the way, a hotel's network or a proxy, sent its own. */
export async function asked(address, options, take = (response) => response) {
  const once = async () => take(ours(await fetch(address, options)));
  const cut = (error) => error instanceof TypeError; // else it was given up, or is no JSON
  try {
    return await once();
  } catch (error) {
    if (!cut(error)) throw error;
    if (!(await look())) throw new Lost(error);
  }
  return once().catch((error) => {
    throw cut(error) ? new Error("the connection was cut", { cause: error }) : error;
  });
}

function ours(response) {
  if (response.headers.get("content-type")?.includes("text/html")) throw new TypeError("this is a web page");
  return response;
}

/** What a visitor is told where the server has no answer. */
export const refused = ({ status }) => new Error(status === 404 ? "the server does not have it any more (404)" : `the server could not make it (${status})`);

export const answers = () => there;

/** heard(answers) at each change, until the signal aborts. While anybody hears, the device says, too, when it goes offline or comes back:
 *  a reason to ask and no answer, the server may be on this device. */
export function hear(heard, signal) {
  if (!hearers.size) {
    device = new AbortController();
    for (const type of DEVICE) addEventListener(type, look, { signal: device.signal });
  }
  hearers.add(heard);
  signal.addEventListener("abort", () => hearers.delete(heard) && !hearers.size && device.abort(), { once: true });
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

/** Whether that is up; onConnection(told) has every change of it told, until the signal aborts. */
export const connected = () => app()?.getAttribute(CONNECTION) === "CONNECTED";

export function onConnection(told, signal) {
  if (!app()) return;
  const observer = new MutationObserver(told);
  observer.observe(app(), { attributes: true, attributeFilter: [CONNECTION] });
  signal?.addEventListener("abort", () => observer.disconnect(), { once: true });
}

/** Ask whether the server is there, and as long as it is not, again and again. */
export const look = () => (asking ??= ask().finally(() => (asking = null)));

async function ask() {
  if (!app()) return false;
  const answer = fetch(new URL(HEALTH, import.meta.url), { cache: "no-store", signal: AbortSignal.timeout(PATIENCE_MS) });
  const healthy = await answer.then(async (response) => response.ok && (await response.json()).status === "ok").catch(() => false);
  say(healthy && connected());
  return there;
}

function say(now) {
  clearTimeout(timer);
  if (!now) timer = setTimeout(look, AGAIN_MS);
  if (now === there) return;
  there = now;
  for (const heard of [...hearers]) heard(now);
}

onConnection(look);

// What Explore's tools ask the server for, fetched when the page has nothing else to do: who then loses the connection loses none of them. One
// after another, the likeliest first, each by the tool's own way, so that nothing is fetched twice.

import { encoderAhead } from "../drawing/encoders.js";
import { TOOLS } from "./bench.js";
import { SLOW, search, waysOf } from "./searches.js";

const SLOW_MS = 15_000; // for one of them: on such a line the next would be in the way of what is asked for
const IDLE_MS = 2000; // at most, until the page is idle

/** What there is to fetch for a model, in this order. bench: of the tools; facts: the panel's. */
const wanted = (bench, facts, signal) => {
  const { drawing } = facts, searches = (slow) => waysOf(facts).filter((way) => slow === (way === SLOW)).map((way) => () => search(facts, way));
  return [
    ...Object.keys(TOOLS).map((name) => () => bench.fetch(name)),
    ...(drawing?.encoder ? [() => import("../drawing/landing.js")] : []),
    ...searches(false),
    () => import("./refining.js"),
    ...(facts.images ? [() => bench.map.readout.pixels(signal)] : []),
    ...(drawing?.encoder ? [() => encoderAhead(drawing, signal)] : []),
    ...searches(true),
  ];
};

export async function fetchAhead(bench, facts, signal) {
  for (const fetched of wanted(bench, facts, signal)) {
    const { saveData, effectiveType = "4g" } = navigator.connection ?? {};
    await idle();
    if (signal.aborted || saveData || effectiveType !== "4g") return;
    const began = performance.now();
    await fetched().catch(() => {}); // who asks for it hears of it
    if (performance.now() - began > SLOW_MS) return;
  }
}

const idle = () => new Promise((go) => (globalThis.requestIdleCallback ? requestIdleCallback(go, { timeout: IDLE_MS }) : setTimeout(go, 0)));

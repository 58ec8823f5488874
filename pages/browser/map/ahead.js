// What Explore's tools ask the server for, fetched when the page has nothing else to do: who then loses the connection loses none of them. One
// after another, the likeliest first, each by the tool's own way, so that nothing is fetched twice.

import { encoderAhead } from "../drawing/encoders.js";
import { TOOLS } from "./bench.js";
import { SLOW, search, waysOf } from "./searches.js";

const SLOW_MS = 15_000; // for one of them: on such a line the next would be in the way of what is asked for
const IDLE_MS = 2000; // at most, until the page is idle
const LATER_MS = 20_000; // before the search that takes a server seconds, once: a class that opens the page together has its pages by then

const searches = (facts, slow) => waysOf(facts).filter((way) => slow === (way === SLOW)).map((way) => () => search(facts, way));

/** What there is to fetch for a model, in this order. bench: of the tools; facts: the panel's. */
const wanted = (bench, facts, signal) => {
  const { drawing } = facts;
  return [
    ...Object.keys(TOOLS).map((name) => () => bench.fetch(name)),
    ...(drawing?.encoder ? [() => import("../drawing/landing.js")] : []),
    ...searches(facts, false),
    () => import("./refining.js"),
    ...(facts.images ? [() => bench.map.readout.pixels(signal)] : []),
    ...(drawing?.encoder ? [() => encoderAhead(drawing, signal)] : []),
  ];
};

export async function fetchAhead(bench, facts, signal) {
  if (!(await inTurn(wanted(bench, facts, signal), signal))) return;
  await new Promise((go) => setTimeout(go, LATER_MS));
  await inTurn(searches(facts, true), signal);
}

/** Fetch one after another; whether the line and the visitor let it come to the end. */
async function inTurn(files, signal) {
  for (const fetched of files) {
    const { saveData, effectiveType = "4g" } = navigator.connection ?? {};
    await idle();
    if (signal.aborted || saveData || effectiveType !== "4g") return false;
    const began = performance.now();
    await fetched().catch(() => {}); // who asks for it hears of it
    if (performance.now() - began > SLOW_MS) return false;
  }
  return true;
}

const idle = () => new Promise((go) => (globalThis.requestIdleCallback ? requestIdleCallback(go, { timeout: IDLE_MS }) : setTimeout(go, 0)));

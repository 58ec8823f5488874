// Whose turn it is on the page's one thread: long computing lets input, frames and other tasks come in between.

const SLICE_MS = 4; // of computing at a time

/** Resolves when the tasks that wait now have had their turn, input before all of them. Not by setTimeout, which browsers hold back for 4 ms
 *  after five in a row; nor by scheduler.yield, after which one's own work goes on before what others have asked for. */
export const turn = globalThis.scheduler?.postTask ? () => scheduler.postTask(() => {}) : byMessage();

function byMessage() {
  const { port1, port2 } = new MessageChannel(), waiting = [];
  port1.onmessage = () => waiting.shift()();
  return () => new Promise((go) => {
    waiting.push(go);
    port2.postMessage(null);
  });
}

/** Computing in slices: call and await what this gives between pieces of work; others have their turn where a slice is over. Throws the
 *  signal's reason when that aborts. */
export function breaks(signal) {
  let until = performance.now() + SLICE_MS;
  return async () => {
    signal.throwIfAborted();
    if (performance.now() <= until) return;
    await turn();
    signal.throwIfAborted();
    until = performance.now() + SLICE_MS;
  };
}

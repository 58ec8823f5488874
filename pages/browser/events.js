// Listeners and observers that end with a signal, so that none outlives what it serves.

/** on(target, type, f, options): addEventListener until the signal aborts. */
export const listener = (signal) => (target, type, f, options) => target.addEventListener(type, f, { ...options, signal });

/** Call f when the element's size changes, and once at first. */
export function onResize(element, f, signal) {
  const observer = new ResizeObserver(f);
  observer.observe(element);
  signal.addEventListener("abort", () => observer.disconnect(), { once: true });
}

/** Resolves when so many frames have begun. */
export async function onFrames(count) {
  for (let i = 0; i < count; i++) await new Promise(requestAnimationFrame);
}

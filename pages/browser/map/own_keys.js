// A key that is meant for a map: for the one under the pointer or, without one, for that in focus.

import { listener } from "../events.js";

const TYPED_INTO = "input:not([type=range]), textarea, select, [contenteditable]";

/** Call act() when a key is pressed for this map, {root, element}; who types into a field means the field. Before Streamlit, which has shortcuts of its own. */
export function onKey({ root, element }, wanted, act, signal) {
  listener(signal)(window, "keydown", (event) => {
    const { key, ctrlKey, metaKey, altKey, repeat, target } = event;
    if (key.toLowerCase() !== wanted || ctrlKey || metaKey || altKey || repeat || target.closest?.(TYPED_INTO)) return;
    const under = document.querySelector(".lm-map:hover");
    if (under ? under !== element : !root.contains(target)) return;
    event.preventDefault();
    event.stopPropagation();
    act();
  }, { capture: true });
}

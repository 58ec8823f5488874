// A key that is meant for a map: for the one under the pointer or, without one, for that in focus.

import { listener } from "../events.js";

const TYPED_INTO = "input:not([type=range]), textarea, select, [contenteditable], .it"; // the last: a sheet to draw on

/** Whether a key that is pressed there is meant for this map. `alone`: also where nothing is in focus, if it is the page's only one. */
export function meantFor({ root, element }, target, alone = false) {
  if (target.closest?.(TYPED_INTO)) return false;
  const under = document.querySelector(".lm-map:hover"), only = target === document.body && document.querySelectorAll(".lm-map").length === 1;
  return under ? under === element : root.contains(target) || (alone && only);
}

/** Call act() when a key is pressed for this map, {root, element}; who types into a field means the field. Before Streamlit, which has shortcuts of its own. */
export function onKey(map, wanted, act, signal) {
  listener(signal)(window, "keydown", (event) => {
    const { key, ctrlKey, metaKey, altKey, repeat, target } = event;
    if (key.toLowerCase() !== wanted || ctrlKey || metaKey || altKey || repeat || !meantFor(map, target)) return;
    event.preventDefault();
    event.stopPropagation();
    act();
  }, { capture: true });
}

// What the tools share: keys that do something, and icons.

/** A listener that does `actions[name(event)]`, where there is one, and keeps the event from the page and its shortcuts. */
export const keys = (actions) => (event) => {
  const held = [event.ctrlKey || event.metaKey ? "Ctrl" : "", event.shiftKey ? "Shift" : "", event.altKey ? "Alt" : ""];
  const name = [...held, event.key.length === 1 ? event.key.toLowerCase() : event.key].filter(Boolean).join("+");
  if (!actions[name]) return;
  event.preventDefault();
  event.stopPropagation();
  actions[name](event);
};

const icon = (path) => `<svg viewBox="0 0 24 24" aria-hidden="true"><path d="${path}"/></svg>`;

export const ICONS = {
  pen: icon("M4 20l1-4.5L16.5 4l3.5 3.5L8.5 19zM14 6.5l3.5 3.5"),
  eraser: icon("M9 20L3.5 14.5a1.5 1.5 0 0 1 0-2L12.5 3.5l8 8L12 20zM8 8l8 8M9 20h12"),
  undo: icon("M9 14L4 9l5-5M4 9h10a6 6 0 0 1 0 12h-4"),
  redo: icon("M15 14l5-5-5-5M20 9H10a6 6 0 0 0 0 12h4"),
  clear: icon("M4 7h16M9 7V4h6v3M6 7l1 14h10l1-14M10 11v6M14 11v6"),
  add: icon("M12 5v14M5 12h14"),
  link: icon("M10 14a4 4 0 0 0 5.7 0l3.6-3.6a4 4 0 0 0-5.7-5.7L12 6.3M14 10a4 4 0 0 0-5.7 0l-3.6 3.6a4 4 0 0 0 5.7 5.7l1.6-1.6"),
};

// Streamlit's dialog *Connection error* speaks of a terminal, to a student who has none. Here it says what is the matter and what goes on. Over
// Explore's map, which goes on and says so itself (map/alone.js), it is closed.

const TITLE = "Connection error";
// On its own machine, from another, over a dead line, and where something on the way answers in its place.
const GONE = /^Is Streamlit still running|^Streamlit server is not responding|^Connection timed out|^Connection failed with status 5/;
const GOES_ON = ".lm-alone:not([hidden])";
const WORDS = [
  "The explorer’s server does not answer: it has been stopped, or this device is offline.",
  "Close this (Esc) to go on: Explore’s map, its panel and most of its tools need no server. The page connects again by itself.",
  "Whoever runs the explorer starts it with make run.",
];

/** Our words in place of Streamlit's, if that is what this element is; none where the page goes on. */
export function explain(element) {
  const title = element.querySelector("[role=dialog] h2"), theirs = title?.nextElementSibling;
  if (title?.textContent !== TITLE || !GONE.test(theirs?.textContent.trim())) return;
  if (document.querySelector(GOES_ON)) return element.querySelector("[aria-label=Close]").click();
  const said = document.createElement("div");
  said.append(...WORDS.map((words) => Object.assign(document.createElement("p"), { textContent: words })));
  said.className = theirs.className;
  theirs.style.display = "none";
  theirs.after(said);
}

new MutationObserver((changes) => {
  for (const { addedNodes } of changes) {
    for (const node of addedNodes) if (node.dataset?.testid === "stDialog") requestAnimationFrame(() => explain(node));
  }
}).observe(document.body, { childList: true }); // where Streamlit puts its dialogs; for as long as the page is open

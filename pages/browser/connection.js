// Streamlit's dialog *Connection error* speaks of a terminal, to a student who has none. Here it says what is the matter and what goes on.

const TITLE = "Connection error", GONE = /^Is Streamlit still running|^Streamlit server is not responding/; // on its own machine, and from another
const WORDS = [
  "The explorer’s server does not answer: it has been stopped, or this device is offline.",
  "Close this (Esc) to go on: Explore’s map, its panel and most of its tools need no server. The page connects again by itself.",
  "Whoever runs the explorer starts it with make run.",
];

/** Our words in place of Streamlit's, if that is what this element is. */
export function explain(element) {
  const title = element.querySelector("[role=dialog] h2"), theirs = title?.nextElementSibling;
  if (title?.textContent !== TITLE || !GONE.test(theirs?.textContent.trim())) return;
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

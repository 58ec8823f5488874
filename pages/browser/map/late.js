// Words for Python that can wait: each costs a rerun of the page, so they are told when the visitor turns to what Python draws.

import { listener } from "../events.js";

// Who leaves for another page needs no rerun of this one, which would run into that page's; keeping.js remembers the point.
// An exercise's link asks for another look than the one here.
const LEAVING = "[data-testid=stSidebarNav], .st-key-exercises";

export class Late {
  #words = new Map(); // name -> what makes the word, when it is told
  #asked = new Map(); // name -> what makes a word where there is news, else undefined

  /** room: where the visitor can do what they like before Python has to know; tell(name, word): Streamlit's own way. */
  constructor(room, signal, tell) {
    this.tell = tell;
    const on = listener(signal), turn = ({ target }) => room.contains(target) || target.closest?.(LEAVING) || this.flush();
    on(document, "pointerdown", turn, { capture: true }); // before the click that makes Streamlit run
    on(document, "focusin", turn, { capture: true });
    on(document, "keydown", (event) => event.target === document.body || turn(event), { capture: true }); // of what has the focus still, after the map was zoomed
  }

  /** The word for a name, in place of an earlier one. */
  say(name, make) {
    this.#words.set(name, make);
  }

  /** At each turn to what Python draws, news() is asked for a word. */
  ask(name, news) {
    this.#asked.set(name, news);
  }

  /** Tell them all now. */
  flush() {
    const words = [...this.#words];
    this.#words.clear();
    for (const [name, make] of words) this.tell(name, make());
    for (const [name, news] of this.#asked) {
      const word = news();
      if (word !== undefined) this.tell(name, word);
    }
  }
}

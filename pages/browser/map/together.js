// A switch that turns on all maps of a page at once, where it is no part of a look (look.js): Compare's and Train's. Its word is agreed with
// Python, which hears it once.

import { Agreed } from "../agreed.js";

export class Together {
  agreed = new Agreed(); // the word as Python knows it, which says nothing of it where there is a look

  /** name: what Python calls it; all: a Set of those on the page that are switched together; one: the switch, with `map`, turn(word), and
   *  show(), which draws what all have turned to. */
  constructor(name, all, one, signal) {
    Object.assign(this, { name, all, one });
    all.add(this);
    signal.addEventListener("abort", () => all.delete(this), { once: true });
  }

  /** What Python says, before anything is drawn of it. */
  told({ switched }) {
    const said = switched?.[this.name];
    if (said && this.agreed.heed(said)) this.bring([this], said.value);
  }

  /** By hand. */
  press(word) {
    const telling = [...this.all].filter(({ agreed }) => agreed.value !== undefined);
    this.bring([...this.all], word);
    const said = telling.map(({ agreed }) => agreed.change(word));
    telling[0]?.one.map.tell(this.name, said[0]); // one word for all of them
  }

  bring(which, word) {
    for (const { one } of which) one.turn(word);
    for (const { one } of which) if (one.map.ready) one.show();
  }
}

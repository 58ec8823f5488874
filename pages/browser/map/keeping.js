// The point that is kept: by a visitor, by Python, by Back and Forward; and who is told of it.

import { onAgain } from "../again.js";
import { Agreed, same } from "../agreed.js";
import { listener } from "../events.js";
import { readAddress, writeAddress } from "./address.js";
import { format } from "./controls.js";
import { Late } from "./late.js";
import { Pictured } from "./pictured.js";

let last; // what was kept here and Python may not have heard of: { view, z, known: what Python knows }; it outlives the map when a visitor leaves

export class Keeping {
  agreed = new Agreed(); // the kept point as Python knows it
  chosen = false; // someone has kept a point here

  /** room: where a visitor can do what they like before Python has to know of it. */
  constructor(map, room, signal) {
    this.map = map;
    this.late = new Late(room, signal, (name, word) => map.tell(name, word));
    this.pictured = new Pictured(map, this.late);
    this.late.ask("look", () => (map.ready ? map.look.news() : undefined));
    this.page = location.pathname;
    onAgain(() => this.tellAgain(), signal);
    listener(signal)(window, "popstate", () => this.followAddress());
  }

  /** The kept point as Python knows it; `changed`: the map is another one. */
  heed({ kept, walk }, changed) {
    const { cursor, tour, figure, view } = this.map, first = this.agreed.value === undefined;
    const news = this.agreed.heed(kept);
    if (first && last?.view === view && same(last.known, kept.value)) { // Python has not heard of what was kept before the visitor left
      writeAddress(last.z, true);
      this.choose(last.z);
      return tour.stop();
    }
    if (news) cursor.keep(kept.value);
    if ((news || changed) && !cursor.pointing && !(news && tour.running)) cursor.rest();
    if (!walk || this.chosen) tour.stop();
    else if (changed && news && !cursor.pointing) tour.start(figure, cursor.kept);
    this.holdAddress();
  }

  /** The address has what was kept here: Python, at work on something else just then, may have put the point before it back there. */
  holdAddress() {
    const { cursor: { kept }, data: { readout }, viewport } = this.map;
    if (!this.chosen || !readout || location.pathname !== this.page) return;
    if (!same(readAddress(viewport.limit), kept)) writeAddress(kept, true);
  }

  /** Someone keeps z (null: none). Beyond the limit there is nothing to keep. */
  keep(z) {
    const { viewport, cursor, data: { readout, axes }, words, controls } = this.map;
    if (z && !viewport.allows(z)) return cursor.leave();
    const kept = z && z.map((v) => Math.round(v * 1e4) / 1e4);
    if (readout) writeAddress(kept);
    this.choose(kept);
    if (readout) return; // spoken.js says it, once the panel has read it
    const place = kept && axes.map(([name], i) => `${name} = ${format(kept[i])}`).join(", ");
    words.tell(kept ? `Kept ${place}. ${controls.near.textContent}` : "No point is kept.");
  }

  /** How to go back to the point that is kept now, as if none had been kept since. */
  back() {
    const { chosen, map: { cursor, cursor: { kept } } } = this;
    return () => {
      if (this.map.data.readout) writeAddress(kept, true);
      this.chosen = chosen;
      this.map.undoing.takeBack(() => cursor.keep(kept));
      cursor.rest();
      this.report(kept);
    };
  }

  /** z is kept by choice. */
  choose(z) {
    this.chosen = true;
    this.map.cursor.choose(z);
    this.report(z);
  }

  /** Python hears of z: late where this page knows by itself what the point means. */
  report(z) {
    const pick = () => {
      last = undefined;
      return this.agreed.change(z);
    };
    last = { view: this.map.view, z, known: this.agreed.value };
    if (this.map.data.readout) this.late.say("pick", pick);
    else this.map.tell("pick", pick());
  }

  /** Tell a session that may know nothing of this page where its map stands. */
  tellAgain() {
    const { ready, data, cursor: { kept }, look } = this.map;
    if (!ready || !data.readout) return;
    if (this.chosen) this.report(kept);
    this.late.flush();
    look.tellAgain();
  }

  /** Tell Python something else, after the kept point: what it then writes into the address holds both. */
  tell(name, word) {
    this.late.flush();
    this.map.tell(name, word);
  }

  /** Back or Forward to another point of this page. */
  followAddress() {
    const { ready, data, viewport } = this.map;
    if (!ready || !data.readout || location.pathname !== this.page) return;
    const z = readAddress(viewport.limit);
    this.map.touched();
    this.choose(z === undefined ? data.start : z);
  }
}

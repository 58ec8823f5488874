// Two runs beside each other: a map for each, one cursor, and one scrubber that takes both through their epochs.

import { Cursor } from "./cursor.js";
import LatentMap from "./map.js";

const ROOMS = `<div class="tr-bar" role="group" aria-label="The epoch of both runs"></div>
  <div class="tr-maps">${'<section class="tr-map"><h2></h2><div></div></section>'.repeat(2)}</div>`;

export default class TwoRuns {
  constructor(room, signal) {
    room.innerHTML = ROOMS;
    const cursor = new Cursor();
    this.bar = room.querySelector(".tr-bar");
    this.sections = [...room.querySelectorAll(".tr-map")];
    this.maps = this.sections.map((section) => new LatentMap(section.lastElementChild, signal, cursor));
    this.sections.forEach((section, i) => { // an id is there once
      section.querySelector(".lm-map").setAttribute("aria-describedby", `lm-help-${i}`);
      section.querySelector(".lm-help").id = `lm-help-${i}`;
    });
  }

  /** data.runs: what each map is told, with a `title`; data.leader: the one whose epochs the scrubber has. What either map tells is told of both. */
  async update(data, tell) {
    const { runs, leader, ...shared } = data;
    this.sections.forEach((section, i) => (section.firstElementChild.textContent = runs[i].title));
    await Promise.all(this.maps.map((map, i) => map.update({ ...shared, ...runs[i] }, (name, word) => tell(name, word))));
    const [first, second] = this.maps.map(({ timeline }) => timeline);
    if (!first || !second) return; // overtaken by a newer word
    const [leads, follows] = leader ? [second, first] : [first, second];
    if (leads.led !== follows) leads.lead(follows);
    if (!this.bar.contains(leads.bar)) this.arrange(leads, follows);
  }

  /** The leader's slider stands above both maps; the other's where it began, unseen. */
  arrange(leads, follows) {
    follows.strip.querySelector(".lm-time-head").after(follows.bar);
    this.bar.replaceChildren(leads.bar);
    for (const { curves } of [leads, follows]) curves.draw();
  }
}

// The list of a path's points: each with what is decoded there; arrow keys move one, Delete takes it away, a press shows it.

import { grey, put } from "../map/ink.js";
import { className, number } from "../map/sentences.js";

const SHOWN = 9; // of more, which somebody has drawn, only the number is said
const DIRECTIONS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] };
const STEP_PX = 10, FINE_PX = 1;

export class Chosen {
  /** tool: see paths.js. */
  constructor(element, tool, signal) {
    Object.assign(this, { element, tool });
    const index = ({ target }) => [...element.querySelectorAll("button")].indexOf(target.closest?.("button"));
    element.addEventListener("click", (event) => index(event) >= 0 && tool.show(tool.waypoints[index(event)]), { signal });
    element.addEventListener("keydown", (event) => this.key(event, index(event)), { signal });
  }

  draw() {
    const { element, tool: { waypoints, space } } = this, focused = [...element.querySelectorAll("button")].indexOf(document.activeElement);
    if (waypoints.length > SHOWN) return void (element.innerHTML = `<li>${waypoints.length} points, drawn</li>`);
    element.innerHTML = waypoints.map((one, i) => {
      const words = name(space, one);
      return `<li><button type="button" title="Arrow keys move it, Delete takes it away" aria-label="Point ${i + 1}: ${words}. Arrow keys move it, Delete takes it away."><canvas aria-hidden="true"></canvas><span>${i + 1}</span></button></li>`;
    }).join("");
    element.querySelectorAll("canvas").forEach((canvas, i) => put(canvas, grey(space.image(waypoints[i].code)), space));
    if (focused >= 0) [...element.querySelectorAll("button")].at(Math.min(focused, waypoints.length - 1))?.focus();
  }

  key(event, i) {
    const { tool, tool: { map: { viewport } } } = this, way = DIRECTIONS[event.key];
    if (i < 0 || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "Delete" || event.key === "Backspace") tool.remove(i);
    else if (way) tool.moved(i, viewport.step(tool.waypoints[i].point, way.map((v) => v * (event.shiftKey ? FINE_PX : STEP_PX))));
    else return;
    event.preventDefault();
    event.stopPropagation();
  }
}

/** What a point is, in words. */
export function name(space, { row, point }) {
  if (row === null) return `(${point.map((v) => number(v)).join(", ")})`;
  return `test image ${row.toLocaleString("en")}, labelled ${className(space.facts, space.labels[row])}`;
}

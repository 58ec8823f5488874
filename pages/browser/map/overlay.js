// What is drawn over the dots as SVG, under the ring of the kept point.

import { clamp } from "./viewport.js";

const FAR_PX = 1e5; // beside the map: as far as SVG is asked to draw

/** An SVG element of that name and class, with what is inside; where it lies on a map is its owner's. */
export function svg(name, className, inside = "") {
  const element = document.createElementNS("http://www.w3.org/2000/svg", name);
  element.setAttribute("class", className);
  element.innerHTML = inside;
  return element;
}

/** Put it over the dots of a map. */
export const lay = (map, element) => map.root.querySelector(".lm-kept").before(element);

/** The pixel of a latent point, or one far out in its direction. */
export const within = (viewport, z) => viewport.toPixel(z).map((v) => clamp(v, -FAR_PX, FAR_PX));

// What follows the pointer is moved by animations that stand still. A style's transform that changes makes Chromium work out all layers of
// the page again, a sixth of all that a move cost; an animation's does not, and its time, unlike its keyframes, need not be parsed.

/** A function that moves an element by so many "px" or "%" along "X" or "Y": up to `most`, either way. */
export function mover(element, axis, unit, most) {
  const transform = [-most, most].map((by) => `translate${axis}(${by}${unit})`);
  const animation = element.animate({ transform }, { duration: 2 * most, fill: "both", composite: "add" });
  animation.pause();
  const move = (by) => (animation.currentTime = most + by);
  move(0);
  return move;
}

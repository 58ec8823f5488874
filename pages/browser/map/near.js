// Which dot is meant by a point of the map.

const SNAP_PX = 7; // a click this near to a code is on it

/** The index, among the figure's codes, of the one on show within SNAP_PX of z; else -1. map: {figure, cursor, viewport, data: {layers}}. */
export function codeNear({ figure, cursor: { selected }, viewport, data: { layers } }, z) {
  const { codes: { owner }, data } = figure, { index: at, distance } = viewport.scale.drawn(figure).index.find(...viewport.toMap(z));
  if (at < 0 || distance >= SNAP_PX * viewport.unit || !layers.includes("points")) return -1;
  return selected.size && !selected.has(data[owner[at]].meta) ? -1 : at;
}

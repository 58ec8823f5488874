// Which dot is meant by a point of the map.

const SNAP_PX = 7; // a click this near to a code's dot is on it

/** The index, among the figure's codes, of the one on show so near to z that it is meant; else -1. map: {figure, cursor, viewport, layers, data: {layers}}. */
export function codeNear({ figure, cursor: { selected }, viewport, layers: drawn, data: { layers } }, z) {
  const { codes: { owner }, data } = figure, { index: at, distance } = viewport.scale.drawn(figure).index.find(...viewport.toMap(z));
  if (at < 0 || distance >= (drawn?.closeUp?.reach || SNAP_PX) * viewport.unit || !layers.includes("points")) return -1;
  return selected.size && !selected.has(data[owner[at]].meta) ? -1 : at;
}

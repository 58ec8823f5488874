// Plotly's dots with other ranges on the axes, without the rest of what Plotly does for them: the way it moves them itself while it is dragged.

/** Draw what Plotly drew into an element as if its axes had these ranges; false where it has not drawn by WebGL. */
export function moveDots({ _fullLayout }, [left, right], [bottom, top]) {
  const scene = _fullLayout?._plots?.xy?._scene, canvases = _fullLayout?._glcanvas;
  if (!scene?.draw || !canvases?.each) return false;
  canvases.each(({ regl }) => regl?.clear({ color: [0, 0, 0, 0], depth: 1 }));
  scene.update({ range: [left, bottom, right, top] });
  scene.draw();
  return true;
}

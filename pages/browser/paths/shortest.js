// The shortest path in a graph whose edges have lengths (Dijkstra 1959), with a binary heap of what is to be looked at next.

import { breaks } from "../turns.js";

/** Numbers of vertices by their distance, nearest out first. A vertex may be in it twice; the farther one comes out later and is skipped. */
class Heap {
  items = [];

  push(vertex, distance) {
    const { items } = this;
    let place = items.push([vertex, distance]) - 1;
    for (let above; place && items[above = (place - 1) >> 1][1] > distance; place = above) items[place] = items[above];
    items[place] = [vertex, distance];
  }

  pop() {
    const { items } = this, first = items[0], last = items.pop();
    if (!items.length) return first;
    let place = 0;
    for (let below = 1; below < items.length; below = 2 * place + 1) {
      if (below + 1 < items.length && items[below + 1][1] < items[below][1]) below++;
      if (items[below][1] >= last[1]) break;
      items[place] = items[below];
      place = below;
    }
    items[place] = last;
    return first;
  }
}

/** {path: vertices from one to another, length}, or null where no path leads there. count: of the vertices; edges(vertex, visit): calls
 *  visit(other, length) for each that it is connected to; no length is negative. In slices; throws the signal's reason when that aborts. */
export async function shortest(count, edges, from, to, signal) {
  const pause = breaks(signal);
  const distance = new Float64Array(count).fill(Infinity), before = new Int32Array(count).fill(-1), heap = new Heap();
  distance[from] = 0;
  heap.push(from, 0);
  while (heap.items.length) {
    await pause();
    const [vertex, far] = heap.pop();
    if (vertex === to) break;
    if (far > distance[vertex]) continue;
    edges(vertex, (other, length) => {
      if (far + length >= distance[other]) return;
      distance[other] = far + length;
      before[other] = vertex;
      heap.push(other, distance[other]);
    });
  }
  if (distance[to] === Infinity) return null;
  const path = [to];
  while (path[0] !== from) path.unshift(before[path[0]]);
  return { path, length: distance[to] };
}

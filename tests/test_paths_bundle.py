"""The geometry of Explore's paths in a page of a real browser, against core/morphs.py, scipy, torch's Jacobian and known geodesics."""

import base64
from itertools import pairwise

import numpy as np
import pytest
import torch
from bundle import Bundle
from scipy.sparse import coo_array
from scipy.sparse.csgraph import dijkstra
from scipy.spatial import KDTree
from torch.func import jacrev

from core import checkpoints, export, latent, morphs

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("bundle")]

GENERATOR = np.random.default_rng(5)
WINDOW = [[-1.5, 1.5], [-1.0, 1.0]]

# A sphere as a decoder: stereographic projection. Its shortest paths are great circles.
SPHERE = "const decode = (x, y) => { const s = x * x + y * y; return [2 * x / (1 + s), 2 * y / (1 + s), (s - 1) / (s + 1)]; };"
HILLS = "const decode = (x, y) => [x, 2 * y, Math.sin(3 * x) * Math.cos(2 * y)];"
MEASURED = """const lattice = new m.Lattice(given.window), { signal } = new AbortController(), shares = [];
  await lattice.measure(decode, signal, (share) => shares.push(share));"""


def sphere(points: np.ndarray) -> np.ndarray:
    squared = (points**2).sum(-1, keepdims=True)
    return np.concatenate([2 * points / (1 + squared), (squared - 1) / (squared + 1)], -1)


def hills(points: np.ndarray) -> np.ndarray:
    x, y = points.T
    return np.stack([x, 2 * y, np.sin(3 * x) * np.cos(2 * y)], -1)


@pytest.mark.parametrize("dimensions", [1, 2, 3, 16])
def test_ways_are_those_of_morphs(bundle: Bundle, dimensions: int) -> None:
    start, end = GENERATOR.standard_normal((2, dimensions))
    pairs = [(start, end), (start, -start), (start, start), (np.zeros(dimensions), end), (start, 2 * start)]
    for a, b in pairs:
        for js, python in (("straight", morphs.straight), ("spherical", morphs.spherical)):
            script = f"return m.chain(m.{js}(given[0], given[1]), 8).map((z) => [...z])"
            found = bundle.run("paths/ways.js", script, [a.tolist(), b.tolist()])
            np.testing.assert_allclose(found, python(a, b, 9), atol=1e-12)


def test_steps_are_equal_in_the_measure_that_they_are_to_be_equal_in(bundle: Bundle) -> None:
    corner = [[0.0, 0.0], [1.0, 0.0], [1.0, 3.0]]
    script = "return m.evenly(given, m.lengths(given), 5).map((z) => [...z])"
    assert np.allclose(bundle.run("paths/evenly.js", script, corner), [[0, 0], [1, 0], [1, 1], [1, 2], [1, 3]])
    chain = np.linspace([0.1, -0.4], [1.4, 0.9], 400)
    images = hills(chain)
    script = "return m.evenly(given[0], m.lengths(given[1]), 7).map((z) => [...z])"
    steps = np.array(bundle.run("paths/evenly.js", script, [chain.tolist(), images.tolist()]))
    along = [np.linalg.norm(np.diff(hills(np.linspace(a, b, 500)), axis=0), axis=1).sum() for a, b in pairwise(steps)]
    assert along == pytest.approx([np.mean(along)] * 6, rel=1e-3), "along the curve, not as the crow flies"
    assert np.ptp(np.linalg.norm(np.diff(steps, axis=0), axis=1)) > 0.02, "which is not equal in z"


def test_a_path_of_no_length_stays_where_it_is(bundle: Bundle) -> None:
    script = "const z = [[1, 2], [1, 2]]; return m.evenly(z, m.lengths(z), 5).map((z) => [...z])"
    assert bundle.run("paths/evenly.js", script) == [[1, 2]] * 5


def test_the_shortest_path_is_scipys(bundle: Bundle) -> None:
    count = 60
    edges: list[tuple[int, int, float]] = []
    for _ in range(220):
        a, b = GENERATOR.integers(0, count - 1, 2)  # nothing leads to the last one
        edges.append((int(a), int(b), float(GENERATOR.uniform(0.1, 3))))
    script = """const edges = Array.from({ length: given.count }, () => []);
      for (const [a, b, length] of given.edges) { edges[a].push([b, length]); edges[b].push([a, length]); }
      const visit = (vertex, f) => edges[vertex].forEach(([other, length]) => f(other, length));
      const { signal } = new AbortController();
      return Promise.all(Array.from({ length: given.count }, (_, to) => m.shortest(given.count, visit, 0, to, signal)))"""
    found = bundle.run("paths/shortest.js", script, {"count": count, "edges": edges})
    least: dict[tuple[int, int], float] = {}
    for a, b, length in edges:
        for pair in ((a, b), (b, a)):
            least[pair] = min(length, least.get(pair, np.inf))
    rows, columns = zip(*least, strict=True)
    wanted = dijkstra(coo_array((list(least.values()), (rows, columns)), shape=(count, count)).tocsr(), indices=0)
    assert found[-1] is None and not np.isfinite(wanted[-1])
    for to, one in enumerate(found):
        assert (one is None) == (not np.isfinite(wanted[to]))
        if one:
            assert one["length"] == pytest.approx(wanted[to]) and (one["path"][0], one["path"][-1]) == (0, to)
            assert sum(least.get(pair, 0) for pair in pairwise(one["path"])) == pytest.approx(wanted[to])


@pytest.mark.parametrize(("a", "b"), [([-1.3, -0.9], [1.2, 0.7]), ([1.2, 0.7], [-1.3, -0.9]), ([-1.4, 0.8], [0.3, -1.0])])
def test_the_path_over_a_lattice_is_scipys_over_the_same(bundle: Bundle, a: list[float], b: list[float]) -> None:
    script = f"""{HILLS} {MEASURED} const {{ columns, rows }} = lattice;
      const path = (await lattice.path(given.a, given.b, signal)).map((z) => [...z]);
      const visit = (v, f) => lattice.neighbours(v, f), [from, to] = [given.a, given.b].map((z) => lattice.vertex(z));
      return {{ path, columns, rows, shares, length: (await s.shortest(lattice.count, visit, from, to, signal)).length }}"""
    script = f"const s = await import('/paths/shortest.js'); {script}"
    found = bundle.run("paths/lattice.js", script, {"window": WINDOW, "a": a, "b": b})
    columns, rows, step = found["columns"], found["rows"], 3 / 96
    assert columns == 97 and rows == 65 and found["shares"][0] == 0 and found["shares"] == sorted(found["shares"])
    grid = np.stack(np.meshgrid(-1.5 + step * np.arange(columns), -1 + step * np.arange(rows)), -1)
    images = hills(grid.reshape(-1, 2)).reshape(rows, columns, 3)
    ends, weights = [], []
    number = np.arange(rows * columns).reshape(rows, columns)
    for down in range(-2, 3):
        for right in range(-2, 3):
            if np.gcd(down, right) != 1:
                continue
            here = (slice(max(0, -down), rows - max(0, down)), slice(max(0, -right), columns - max(0, right)))
            there = (slice(max(0, down), rows + min(0, down)), slice(max(0, right), columns + min(0, right)))
            ends.append(np.stack([number[here].ravel(), number[there].ravel()]))
            weights.append(np.linalg.norm(images[here] - images[there], axis=-1).ravel())
    graph = coo_array((np.concatenate(weights), tuple(np.concatenate(ends, 1))), shape=(rows * columns,) * 2).tocsr()
    first, last = (int(np.linalg.norm(grid - z, axis=-1).argmin()) for z in (a, b))
    assert found["length"] == pytest.approx(dijkstra(graph, indices=first)[last], rel=1e-5)
    assert found["path"][0] == a and found["path"][-1] == b, "the ends themselves, not the vertices next to them"


def test_on_a_sphere_the_smoothed_path_is_the_great_circle(bundle: Bundle) -> None:
    a, b, window = np.array([-0.9, -0.7]), np.array([1.0, -0.5]), [[-1.6, 1.6], [-2.2, 1.0]]
    script = f"""{SPHERE} {MEASURED} const {{ smooth }} = await import('/paths/geodesic.js');
      const rough = await lattice.path(given.a, given.b, signal);
      return [rough, await smooth(lattice, rough, signal)].map((path) => path.map((z) => [...z]))"""
    rough, smooth = bundle.run("paths/lattice.js", script, {"window": window, "a": a.tolist(), "b": b.tolist()})
    ends = sphere(np.stack([a, b]))
    arc = np.arccos(ends[0] @ ends[1])

    def length(path: list[list[float]]) -> float:
        dense = np.concatenate([np.linspace(start, end, 20) for start, end in pairwise(np.array(path))])
        return float(np.linalg.norm(np.diff(sphere(dense), axis=0), axis=1).sum())

    straight = length([a.tolist(), b.tolist()])
    assert straight > 1.05 * arc, "the straight way would not do"
    assert arc - 1e-6 <= length(smooth) < 1.002 * arc and length(smooth) <= length(rough)
    off = np.abs(sphere(np.array(smooth)) @ np.cross(*ends) / np.linalg.norm(np.cross(*ends)))
    assert off.max() < 0.02, "it lies in the plane through the ends and the sphere's middle"
    assert smooth[0] == a.tolist() and smooth[-1] == b.tolist() and len(smooth) == 65


@pytest.mark.parametrize(("name", "half"), [("vae-mnist-2d", 0.4), ("beta-1-mnist-2d", 2.0)])
def test_the_metric_of_a_real_model_is_that_of_torchs_jacobian(bundle: Bundle, name: str, half: float) -> None:
    model = checkpoints.load(name).model
    weights = base64.b64encode(export.decoder_bytes(model)).decode()
    points = half * GENERATOR.uniform([-0.9, -0.7], [0.9, 0.7], (12, 2))
    script = f"""const {{ DenseDecoder }} = await import('/nets/decoder.js');
      const decoder = new DenseDecoder(Uint8Array.from(atob(given.weights), (c) => c.charCodeAt(0)).buffer);
      const decode = (x, y) => decoder.decode(x, y);
      {MEASURED} return given.points.map((z) => [[1, 0], [0, 1], [0.6, -0.8]].map((by) => lattice.squared(z, by)))"""
    given = {"window": [[-half, half], [-0.8 * half, 0.8 * half]], "weights": weights, "points": points.tolist()}
    found = np.array(bundle.run("paths/lattice.js", script, given))
    jacobian = jacrev(lambda z: model.decode(z[None])[0].flatten())
    directions = np.array([[1, 0], [0, 1], [0.6, -0.8]])
    wanted = []
    for z in points:
        j = jacobian(torch.tensor(z, dtype=torch.float32)).detach().numpy()
        wanted.append(((directions @ j.T) ** 2).sum(1))
    off = np.abs(np.sqrt(found) / np.sqrt(np.array(wanted)) - 1)
    assert off.max() < 0.1 and off.mean() < 0.02, (off.max(), off.mean())


def test_a_lattice_that_is_no_longer_wanted_is_not_measured(bundle: Bundle) -> None:
    script = """const stop = new AbortController(), lattice = new m.Lattice([[-1, 1], [-1, 1]]);
      const slow = (x, y) => { const until = performance.now() + 1; while (performance.now() < until); return [x, y]; };
      const work = lattice.measure(slow, stop.signal); stop.abort(new Error('left'));
      return work.then(() => 'done', (error) => error.message)"""
    assert bundle.run("paths/lattice.js", script) == "left"


@pytest.mark.parametrize("dimensions", [2, 5])
def test_a_path_by_way_of_codes_is_scipys_over_their_ten_nearest(bundle: Bundle, dimensions: int) -> None:
    codes = GENERATOR.normal(0, 3, (400, dimensions)).astype(np.float32)
    a, b = codes[0] + np.float32(0.01), codes[1] - np.float32(0.02)
    script = """const graph = new m.CodeGraph(Float32Array.from(given.codes), given.dimensions);
      const { signal } = new AbortController();
      await graph.measure(signal); const { rows, path } = await graph.path(given.a, given.b, signal);
      return { rows, path: path.map((z) => [...z]) }"""
    given = {"codes": codes.flatten().tolist(), "dimensions": dimensions, "a": a.tolist(), "b": b.tolist()}
    found = bundle.run("paths/by_codes.js", script, given)
    tree, joined = KDTree(codes), np.concatenate([codes, [a, b]])
    distances, others = tree.query(codes, 11)
    starts = np.repeat(np.arange(400), 10)
    end_distances, end_others = tree.query([a, b], 10)
    rows = np.concatenate([starts, np.repeat([400, 401], 10)])
    columns = np.concatenate([others[:, 1:].ravel(), end_others.ravel()])
    weights = np.concatenate([distances[:, 1:].ravel(), end_distances.ravel()]) ** 2
    graph = coo_array((weights, (rows, columns)), shape=(402, 402)).tocsr()
    wanted = dijkstra(graph.maximum(graph.T), directed=False, indices=400)[401]
    steps = np.diff(np.array(found["path"]), axis=0)
    assert (steps**2).sum() == pytest.approx(wanted, rel=1e-4)
    assert np.allclose(joined[[400, *found["rows"], 401]], found["path"])


def test_between_islands_of_codes_there_is_no_way_and_beside_a_gap_it_goes_round(bundle: Bundle) -> None:
    angles = GENERATOR.uniform(0.6, 2 * np.pi - 0.6, 600)
    ring = np.stack([np.cos(angles), np.sin(angles)], -1) * GENERATOR.uniform(0.95, 1.05, (600, 1))
    islands = np.concatenate([GENERATOR.normal(0, 0.1, (50, 2)), GENERATOR.normal(9, 0.1, (50, 2))])
    script = """const graph = new m.CodeGraph(Float32Array.from(given.codes), 2); const { signal } = new AbortController();
      await graph.measure(signal); return (await graph.path(given.a, given.b, signal))?.path.map((z) => [...z]) ?? null"""
    assert bundle.run("paths/by_codes.js", script, {"codes": islands.flatten().tolist(), "a": [0, 0], "b": [9, 9]}) is None
    ends = {"a": ring[angles.argmin()].tolist(), "b": ring[angles.argmax()].tolist()}
    path = np.array(bundle.run("paths/by_codes.js", script, {"codes": ring.flatten().tolist(), **ends}))
    assert path[:, 0].min() < -0.9, "not over the gap on the right, where no code is"
    assert latent.nearest(ring.astype(np.float32), path[len(path) // 2].astype(np.float32), 1)[1][0] < 1e-6

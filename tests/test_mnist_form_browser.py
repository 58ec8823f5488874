"""A drawing brought into MNIST's form in the page, against Python's: the strokes of strokes.js on the sheet that a visitor draws on."""

import base64
from typing import Any

import numpy as np
import pytest
from bundle import Bundle
from drawn_pages import STROKES, normalized_in
from PIL import Image
from scipy import ndimage

from core.data.mnist_form import in_mnists_form
from core.data.photo import whole_drawing
from core.data.uploads import read_image

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

SIDE = 280  # pixels of the sheet

DRAW = """const { draw } = await import('/tools/strokes.js');
  const sheet = Object.assign(document.createElement('canvas'), { width: 280, height: 280 }).getContext('2d', { willReadFrequently: true });
  draw(sheet, given, 280);
  const ink = m.inkOf(sheet), x = m.inMnistsForm(ink), text = (floats) => btoa(String.fromCharCode(...new Uint8Array(floats.buffer)));
  let bytes = ''; for (const v of ink.data) bytes += String.fromCharCode(Math.round(255 * v));
  return { ink: btoa(bytes), x: x && text(x), png: sheet.canvas.toDataURL('image/png').split(',')[1] };"""


def strokes(digit: int, height: float, pen: float, left: float = 60, top: float = 40, turn: float = 0.0) -> list[dict[str, Any]]:
    """A digit as strokes.js draws it: height and pen in pixels of the sheet, turned by radians."""
    cos, sin = np.cos(turn), np.sin(turn)

    def placed(x: float, y: float) -> list[float]:
        x, y = height * x, height * y
        return [left + cos * x - sin * y, top + sin * x + cos * y]

    return [{"points": [placed(x, y) for x, y in line], "width": pen} for line in STROKES[digit]]


def drawn(bundle: Bundle, lines: list[dict[str, Any]]) -> tuple[np.ndarray, np.ndarray | None, bytes]:
    """Of strokes: the ink on the sheet, (280, 280); what the page makes of it, (28, 28); the sheet as a PNG."""
    found = bundle.run("drawing/mnist_form.js", DRAW, lines)
    ink = np.frombuffer(base64.b64decode(found["ink"]), np.uint8).reshape(SIDE, SIDE).astype(np.float32) / 255
    x = None if found["x"] is None else np.frombuffer(base64.b64decode(found["x"]), "<f4").reshape(28, 28)
    return ink, x, base64.b64decode(found["png"])


def around(ink: np.ndarray) -> tuple[int, int, int, int]:
    """The box of the ink of a sheet, with a pixel more on each side: top, left, bottom, right."""
    rows, columns = (np.flatnonzero((ink > 0.3).any(axis)) for axis in (1, 0))
    return max(0, rows[0] - 1), max(0, columns[0] - 1), min(SIDE, rows[-1] + 2), min(SIDE, columns[-1] + 2)


PENS = [7, 12, 20, 40]  # the thinnest, the usual and the thickest, and one between


@pytest.mark.parametrize("digit", STROKES)
def test_a_drawing_comes_into_mnists_form_as_in_python(bundle: Bundle, digit: int) -> None:
    for number, pen in enumerate(PENS):
        height, turn = (200.0, 90.0, 140.0, 220.0)[number], (0.0, 0.3, -0.3, 0.1)[number]
        ink, x, png = drawn(bundle, strokes(digit, height, pen, turn=turn))
        assert x is not None and in_mnists_form(x[None])[0]
        np.testing.assert_allclose(x, normalized_in(ink, around(ink)).x[0], atol=1e-5, err_msg=f"{digit}, pen {pen}")
        whole = whole_drawing(read_image(png))  # as a drawing that is sent to the server is read, with light and ink found first
        assert whole is not None
        moved = [np.abs(x - np.roll(whole.x[0], (down, right), (0, 1))).mean() for down in (-1, 0, 1) for right in (-1, 0, 1)]
        assert min(moved) < 0.02, "it may see the box a pixel larger or smaller"


def test_dots_lines_and_specks_are_drawings_too_and_bare_paper_is_none(bundle: Bundle) -> None:
    dot, line = {"points": [[90, 200]], "width": 12}, {"points": [[20, 30], [260, 30]], "width": 20}
    speck, edge = {"points": [[5, 5], [5, 5.2]], "width": 7}, {"points": [[0, 0], [280, 280]], "width": 40}
    for lines in ([dot], [line], [speck], [edge], [dot, line]):
        ink, x, _ = drawn(bundle, lines)
        assert x is not None
        np.testing.assert_allclose(x, normalized_in(ink, around(ink)).x[0], atol=1e-5, err_msg=str(lines))
    assert drawn(bundle, [])[1] is None
    assert drawn(bundle, [line, {"points": [[0, 30], [280, 30]], "width": 60, "erase": True}])[1] is None, "wiped away again"


@pytest.mark.parametrize("lightest", [0.2, 0.55, 0.8])
def test_ink_of_many_shades_is_as_dark_as_most_of_it(bundle: Bundle, lightest: float) -> None:
    """Not as its darkest pixel: a picture that is uploaded may have one."""
    y, x = np.mgrid[0:200, 0:120]
    bowl = np.abs(np.hypot(y - 100, 1.8 * (x - 60)) - 80) < 11
    ink = (bowl * np.linspace(lightest, 1, 200)[:, None] ** 3).astype(np.float32)
    script = "return Array.from(m.inMnistsForm({ data: Float32Array.from(given.flat()), height: 200, width: 120 }));"
    ours = np.reshape(bundle.run("drawing/mnist_form.js", script, ink.tolist()), (28, 28))
    np.testing.assert_allclose(ours, normalized_in(ink, around(ink)).x[0], atol=1e-5)


BOUNDED = """const { bounds, draw } = await import('/tools/strokes.js');
  const sheet = Object.assign(document.createElement('canvas'), { width: 280, height: 280 }).getContext('2d', { willReadFrequently: true });
  draw(sheet, given, 280);
  const box = bounds(given, 280), total = (ink) => ink.data.reduce((a, b) => a + b, 0);
  const same = (a, b) => (a === null ? b === null : a.every((v, i) => v === b[i]));
  const all = m.inkOf(sheet), held = box && m.inkOf(sheet, box);
  return { box, all: total(all), held: held && total(held), same: same(m.inMnistsForm(all), m.inMnistsForm(held)) };"""


def test_only_the_part_of_the_sheet_that_has_strokes_is_looked_at(bundle: Bundle) -> None:
    dot, corner = {"points": [[90, 200]], "width": 12}, {"points": [[0, 0], [20, 9]], "width": 40}
    wiped, off = {"points": [[0, 0], [280, 280]], "width": 60, "erase": True}, {"points": [[-90, 30], [-60, 30]], "width": 20}
    bent = {"points": [[40, 40], [200, 60], [60, 250], [220, 270]], "width": 7}
    for lines in ([dot], [corner], [bent], [bent, wiped], [dot, {"clear": True}, bent], [off, dot], strokes(8, 200, 20)):
        found = bundle.run("drawing/mnist_form.js", BOUNDED, lines)
        assert found["same"] and found["held"] == found["all"], lines
    assert bundle.run("drawing/mnist_form.js", BOUNDED, [dot])["box"] == [82, 192, 16, 16]
    for lines in ([], [wiped], [off], [bent, {"clear": True}]):
        found = bundle.run("drawing/mnist_form.js", BOUNDED, lines)
        assert (found["box"], found["same"]) == (None, True), lines


@pytest.mark.parametrize("size", [(20, 20), (37, 61), (120, 90)])
@pytest.mark.parametrize("kind", ["box", "bicubic"])
def test_pictures_are_resized_as_by_pillow(bundle: Bundle, kind: str, size: tuple[int, int]) -> None:
    picture = np.random.default_rng(1).random((50, 43), np.float32)
    script = """const [data, size, box, kind] = given;
      return Array.from(m.resized({ data: Float32Array.from(data.flat()), height: 50, width: 43 }, size, box, kind).data);"""
    for box in ([0, 0, 50, 43], [3.3, 1.7, 45.1, 40.9]):
        top, left, bottom, right = box
        found = bundle.run("drawing/resample.js", script, [picture.tolist(), size, box, kind])
        wanted = Image.fromarray(picture).resize(size[::-1], getattr(Image.Resampling, kind.upper()), box=(left, top, right, bottom))
        np.testing.assert_allclose(np.reshape(found, size), np.asarray(wanted), atol=1e-6)


@pytest.mark.parametrize("by", [-4, -1, 1, 2, 7, 25])
def test_strokes_grow_and_thin_as_by_scipys_filters(bundle: Bundle, by: int) -> None:
    ink = np.pad(np.random.default_rng(2).random((30, 40), np.float32), 26)
    reach = abs(by)
    y, x = np.mgrid[-reach : reach + 1, -reach : reach + 1]
    extreme = ndimage.maximum_filter if by > 0 else ndimage.minimum_filter
    wanted = extreme(ink, footprint=y**2 + x**2 <= (reach + 0.3) ** 2, mode="constant")
    script = "return Array.from(m.grown({ data: Float32Array.from(given[0].flat()), height: 82, width: 92 }, given[1]).data);"
    np.testing.assert_array_equal(
        np.reshape(np.float32(bundle.run("drawing/strokes_width.js", script, [ink.tolist(), by])), ink.shape), wanted
    )


def test_the_mean_depth_is_that_of_the_exact_distance_transform(bundle: Bundle) -> None:
    for seed, share in enumerate((0.1, 0.5, 0.9, 0.99)):
        mask = np.pad(np.random.default_rng(seed).random((30, 40)) < share, 3)
        script = "return m.meanDepth({ data: Float32Array.from(given.flat()), height: 36, width: 46 });"
        found = bundle.run("drawing/strokes_width.js", script, mask.astype(int).tolist())
        assert found == pytest.approx(ndimage.distance_transform_edt(mask)[mask].mean(), abs=1e-9)

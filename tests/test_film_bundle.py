"""Rows of images to take along from the browser: the sheet's pixels, and the two files."""

import base64
import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from bundle import Bundle
from PIL import Image, ImageSequence
from test_sheets import found

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("bundle")]

LEVELS = np.random.default_rng(0).integers(0, 256, (10, 28, 28))
FILM: dict[str, Any] = {
    "name": "a-model-path", "title": "A way from 7 to 2", "notes": ["A model · 2 numbers per image", "word " * 80], "shape": [28, 28],
    "heads": ["0 %", "25 %", "50 %", "75 %", "100 %"],
    "rows": [{"name": "Through the codes", "images": LEVELS[:5]}, {"name": "Pixels mixed", "images": LEVELS[5:]}],
}  # fmt: skip
INK = """const ink = (levels) => Float32Array.from(levels, (v) => v / 255);
  const film = { ...given, rows: given.rows.map((row) => ({ ...row, images: row.images.map(ink) })) };"""
GIVEN = FILM | {"rows": [row | {"images": [image.ravel().tolist() for image in row["images"]]} for row in FILM["rows"]]}


def sheet(bundle: Bundle, given: dict[str, Any]) -> np.ndarray:
    """The sheet as Pillow reads it, grey."""
    uri = bundle.run("tools/film.js", f"{INK} return m.sheet(film).toDataURL('image/png')", given)
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(uri.partition(",")[2]))).convert("L"))


def test_every_image_is_on_the_sheet_crisp_and_in_its_place(bundle: Bundle) -> None:
    page = sheet(bundle, GIVEN)
    places = [found(page, image / 255, [4]) for image in LEVELS]
    assert None not in places
    tops, lefts = [place[1] for place in places], [place[2] for place in places]
    assert tops == [tops[0]] * 5 + [tops[0] + 120] * 5 and lefts[:5] == lefts[5:] == list(range(lefts[0], lefts[0] + 600, 120))
    assert (page[:, -28:] == 255).all() and (page[-26:] == 255).all() and (page[:, :27] == 255).all(), "nothing in the margins"


def test_title_notes_names_and_heads_are_written(bundle: Bundle) -> None:
    bare = GIVEN | {"title": "", "notes": [], "heads": [], "rows": [row | {"name": ""} for row in GIVEN["rows"]]}
    dark = {"bare": (sheet(bundle, bare) < 128).sum()}
    for name in ("title", "notes", "heads", "rows"):
        assert (sheet(bundle, bare | {name: GIVEN[name]}) < 128).sum() > dark["bare"], name


def test_the_buttons_save_both_files_and_ask_for_nothing_before(bundle: Bundle) -> None:
    script = f"""{INK} const place = document.body.appendChild(document.createElement('div'));
      window.asked = 0;
      const shown = async () => {{ window.asked++; return window.empty ? null : film; }};
      m.offerFilm(place, shown, new AbortController().signal);
      return [window.asked, place.innerText]"""
    asked, words = bundle.run("tools/film.js", script, GIVEN)
    assert asked == 0 and "GIF" in words and "PNG" in words
    with bundle.page.expect_download() as animation:
        bundle.page.click("[data-take=gif]")
    with bundle.page.expect_download() as still:
        bundle.page.click("[data-take=png]")
    assert [download.value.suggested_filename for download in (animation, still)] == ["a-model-path.gif", "a-model-path.png"]
    assert len(list(ImageSequence.Iterator(Image.open(io.BytesIO(Path(animation.value.path()).read_bytes()))))) == 5
    assert np.array_equal(np.asarray(Image.open(io.BytesIO(Path(still.value.path()).read_bytes())).convert("L")), sheet(bundle, GIVEN))
    bundle.page.evaluate("window.empty = true; document.querySelector('[data-take=gif]').click()")  # no way yet: nothing, and no error
    assert not bundle.errors

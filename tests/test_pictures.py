"""Pictures and their legend: one colour means one thing wherever errors are shown."""

import re
from pathlib import Path

import numpy as np

from pages.images import gallery, pictures
from pages.reconstructing import rows

STYLES = (Path(__file__).resolve().parents[1] / "pages" / "style.css").read_text("utf-8")


def swatches(html: str) -> list[tuple[int, ...]]:
    return [tuple(map(int, found)) for found in re.findall(r"rgb\((\d+), (\d+), (\d+)\)", html)]


def test_the_legends_colours_are_those_of_the_error_map_and_of_the_losses() -> None:
    missing, invented = pictures.error_map(np.array([[1.0, 0.0]]), np.array([[0.0, 1.0]]))[0, :, :3].tolist()
    loss = pictures.heat(np.ones((1, 1)), 1.0)[0, 0, :3].tolist()
    assert swatches(pictures.legend("removed")) == [tuple(missing), tuple(invented)]
    assert swatches(pictures.legend("left out", 2.5)) == [tuple(missing), tuple(invented), tuple(loss)]


def test_the_legend_says_what_is_gone_and_the_largest_loss() -> None:
    assert "ink removed" in pictures.legend("removed") and "nats" not in pictures.legend("removed")
    html = pictures.legend("left out", 2.5)
    assert "ink left out" in html and "ink invented" in html and "2.5 nats" in html


def test_bars_of_a_code_have_the_colours_of_too_little_and_too_much() -> None:
    html = rows.code(np.array([1.0, -1.0] * 5, np.float32))
    assert swatches(html)[:2] == [pictures.INVENTED_RGB, pictures.MISSING_RGB]


def test_every_kind_of_picture_has_looks() -> None:
    sources = [Path(module.__file__ or "").read_text("utf-8") for module in (gallery, rows, pictures)]
    names = {name for source in sources for names in re.findall(r'class="([a-z -]+)"', source) for name in names.split()}
    assert {"pictures", "gallery", "bottlenecks", "ink-legend", "code"} <= names
    assert {name for name in names if not re.search(rf"\.{name}(?![\w-])", STYLES)} == set()

"""A path taken along from the tool Paths: what its two files are made of."""

from typing import Any

import pytest
from bundle import Bundle
from PIL import Image, ImageSequence

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("bundle")]

SETUP = """
  const element = document.body.appendChild(document.createElement('div'));
  const model = { name: 'vae-mnist-2d', words: 'VAE · 2 numbers per image', credit: 'MNIST. Licence: CC BY-SA 3.0.' };
  const take = new m.Take(element, { readout: { facts: { model } } }, new AbortController().signal);
  const image = (v) => new Float32Array(4).fill(v), ramp = (n) => Array.from({ length: n }, (_, i) => image(i / (n - 1)));
  const course = { steps: (n, by) => ({ images: ramp(n), by }) };
  const path = { images: ramp(5), faded: ramp(5).reverse(), by: 'pixels', course, width: 2, height: 2 };
"""


def run(bundle: Bundle, script: str) -> Any:
    return bundle.run("paths/take.js", SETUP + script)


def test_nothing_is_offered_without_a_path(bundle: Bundle) -> None:
    script = """const seen = [element.hidden]; take.offer(path); seen.push(element.hidden); take.offer(null); seen.push(element.hidden);
      element.remove(); return seen"""
    assert run(bundle, script) == [True, False, True]


def test_the_sheet_says_model_way_and_whose_data_and_has_both_rows(bundle: Bundle) -> None:
    film = run(bundle, "take.offer(path, 'Straight'); element.remove(); return JSON.parse(JSON.stringify(take.film('png')))")
    assert film["name"] == "vae-mnist-2d-path" and film["shape"] == [2, 2] and film["heads"] == ["1", "2", "3", "4", "5"]
    model, way, credit = film["notes"]
    assert model.startswith("VAE · 2 numbers per image · 20") and way == "Straight, 5 steps equal in pixels" and credit.startswith("MNIST")
    codes, pixels = ([image["0"] for image in row["images"]] for row in film["rows"])
    assert codes == [0, 0.25, 0.5, 0.75, 1] and pixels == codes[::-1]


def test_the_gif_goes_smoothly_there_and_back(bundle: Bundle) -> None:
    run(bundle, "take.offer(path)")
    with bundle.page.expect_download() as download:
        bundle.page.click("[data-take=gif]")
    assert download.value.suggested_filename == "vae-mnist-2d-path.gif"
    with Image.open(download.value.path()) as animation:
        first = [frame.convert("L").getpixel((0, 0)) for frame in ImageSequence.Iterator(animation)]
    assert len(first) == 78 and first[0] == 0 and first[39] == 255 and first[1:39] == first[77:39:-1]

"""The homework sheet in a browser: opened on Explore by a press, and taken along as one A4 page."""

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import expect
from view import View

from core import checkpoints, pairs

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("tools")]


def test_a_press_shows_the_pairs_and_another_takes_them_along(view: View) -> None:
    page = view.open("?checkpoint=vae-mnist-2d").page
    shown = page.get_by_test_id("pairs")
    expect(shown).to_have_count(0)
    page.get_by_text("Twenty pairs for homework").click()
    expect(shown.locator(".way figure")).to_have_count(4 * pairs.PAIRS)
    rows = np.concatenate(pairs.choose(checkpoints.load("vae-mnist-2d").latents.label, 0)).ravel()
    assert [text.split()[-1] for text in shown.locator("figcaption").all_inner_texts()] == [f"{row:,}" for row in rows]
    widths = shown.locator(".way > div > img").evaluate_all("images => images.map((image) => [image.naturalWidth, image.naturalHeight])")
    assert widths == [[28 * pairs.STEPS, 28]] * 4 * pairs.PAIRS
    assert shown.evaluate("element => element.scrollWidth <= element.clientWidth")
    with page.expect_download() as download:
        page.get_by_role("button", name="A4 sheet to print (PNG)").last.click()
    assert download.value.suggested_filename == "vae-mnist-2d-pairs-0.png"
    assert Image.open(io.BytesIO(Path(download.value.path()).read_bytes())).size == (2480, 3508)

"""An image that is uploaded or pasted lands on the map, a drawing by keyboard, too: in a browser; and the modules for it one by one."""

import io
from pathlib import Path

import numpy as np
import pytest
import torch
from bundle import Bundle
from drawn_pages import normalized_in
from PIL import Image
from playwright.sync_api import FilePayload, Page, expect
from test_drawing_browser import picture, where
from view import View

from core import checkpoints, latent
from core.data.mnist_form import in_mnists_form
from core.data.polarity import ink_is_dark

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("tools")]

MODEL = "vae-mnist-2d"
SAID = ".dr-said"


def drawn(count: int = 1) -> np.ndarray:
    """Images that the model draws of its test images' codes, (N, 28, 28) in [0, 1] with ink = 1."""
    checkpoint = checkpoints.load(MODEL)
    return latent.decode(checkpoint.model, checkpoint.latents.mu[:count])


def in_form() -> np.ndarray:
    """One of them that is in MNIST's form, its darkest pixel 1 and its levels those of bytes."""
    images = drawn(60)
    images = np.rint(images / images.max((1, 2), keepdims=True) * 255).astype(np.float32) / 255
    return images[in_mnists_form(images)][0]


def png(levels: np.ndarray, kind: str = "PNG", **how: object) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(np.rint(levels * 255).astype(np.uint8)).save(buffer, kind, **how)
    return buffer.getvalue()


def opened(view: View) -> Page:
    page = view.open("?z=0.5,1.5").page
    page.get_by_test_id("draw-here").click()
    page.get_by_text("Draw on the paper.").wait_for()
    return page


def give(page: Page, content: bytes, name: str = "a.png") -> None:
    page.locator(".dr input[type=file]").set_input_files(FilePayload(name=name, mimeType="image/png", buffer=content))


def test_an_uploaded_image_lands_where_the_model_puts_it_and_undo_takes_it_away(view: View) -> None:
    page, model, x = opened(view), checkpoints.load(MODEL).model, in_form()
    asked = view.asked()
    mu, _ = latent.encode(model, torch.from_numpy(x)[None, None])
    for levels in (x, 1 - x):
        give(page, png(levels))
        expect(page.get_by_test_id("lands")).to_contain_text("It lands at (")
        view.frames(3)
        np.testing.assert_allclose(picture(page, "drawn-form"), x, atol=1e-6)
        np.testing.assert_allclose(where(view), mu[0], atol=0.02)  # the page's pixels have their width
        page.get_by_test_id("drawing").get_by_role("button", name="Undo").click()
        expect(page.get_by_test_id("landed")).to_be_hidden()

    large = np.kron(x, np.ones((30, 30), np.float32))  # 840 pixels a side: brought into MNIST's form as a drawing is
    give(page, png(1 - large))
    expect(page.get_by_test_id("landed")).to_be_visible()
    view.frames(3)
    near = normalized_in(large).x[0]
    assert np.abs(picture(page, "drawn-form") - near).mean() < 0.03
    assert asked == [], "nothing is sent anywhere"


@pytest.mark.slow
def test_what_cannot_land_says_why_and_the_sheet_stays_as_it_was(view: View) -> None:
    page, x = opened(view), in_form()
    give(page, b"This is no image.", "a.png")
    expect(page.locator(SAID)).to_contain_text("not an image that your browser can read")
    two = np.zeros((280, 600), np.float32)
    two[:, :280] = two[:, 320:] = np.kron(x, np.ones((10, 10), np.float32))
    give(page, png(1 - two))
    expect(page.locator(SAID)).to_contain_text("There seem to be 2 digits")
    give(page, png(np.ones((50, 50))))
    expect(page.locator(SAID)).to_contain_text("There is no ink")
    expect(page.get_by_test_id("landed")).to_be_hidden()
    give(page, png(1 - x, "GIF", save_all=True, append_images=[Image.new("L", (28, 28))]), "a.gif")
    expect(page.locator(SAID)).to_have_text("It is animated: this is its first frame.")
    expect(page.get_by_test_id("landed")).to_be_visible()


def test_an_image_on_the_clipboard_is_pasted(view: View) -> None:
    page = view.open("?z=0.5,1.5").page
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.get_by_test_id("latent-map").focus()
    page.keyboard.press("c")
    page.get_by_text("Image copied.").wait_for()
    z = view.url_z()
    page.get_by_test_id("draw-here").click()
    page.get_by_text("Draw on the paper.").wait_for()
    page.get_by_test_id("give-paste").click()
    expect(page.get_by_test_id("lands")).to_contain_text("It lands at (")
    view.frames(3)
    assert np.linalg.norm(where(view) - z) < 0.8, "what the model draws at a point lands near it again"
    page.get_by_test_id("drawing").get_by_role("button", name="Undo").click()
    expect(page.get_by_test_id("landed")).to_be_hidden()

    paste = """async (data) => { const files = new DataTransfer(), bytes = Uint8Array.from(data);
      if (data.length) files.items.add(new File([bytes], 'a.png', { type: 'image/png' }));
      document.activeElement.dispatchEvent(new ClipboardEvent('paste', { clipboardData: files, bubbles: true, cancelable: true })); }"""
    page.evaluate(paste, [])
    expect(page.locator(SAID)).to_contain_text("no image on the clipboard")
    page.evaluate(paste, list(png(in_form())))
    expect(page.get_by_test_id("landed")).to_be_visible()
    expect(page.locator(SAID)).to_be_hidden()
    page.get_by_test_id("draw-close").click()
    page.evaluate(paste, [])  # who pastes elsewhere is not told of it
    expect(page.locator(SAID)).to_be_hidden()


HEAR = """live => { window.heard = [];
  new MutationObserver(() => heard.push(live.textContent)).observe(live, { childList: true }); }"""


def test_a_one_is_drawn_by_keyboard(view: View) -> None:
    page = opened(view)
    page.locator(".dr-sheet [aria-live]").evaluate(HEAR)  # the next words may come before a look at these
    sheet, mark = page.get_by_test_id("sheet"), page.get_by_test_id("landed")
    expect(sheet).to_be_focused()
    for _ in range(8):
        page.keyboard.press("ArrowUp")
    expect(mark).to_be_hidden()
    page.keyboard.press("Space")
    for _ in range(16):
        page.keyboard.press("ArrowDown")
    expect(mark).to_be_visible()  # before the pen is lifted
    page.keyboard.press("Shift+ArrowRight")
    page.keyboard.press("Space")
    page.wait_for_function("heard.includes('Pen up') && heard.at(-1).startsWith('It lands at')")
    x = picture(page, "drawn-form")
    assert np.flatnonzero(x.sum(0) > 2).size <= 5 and np.flatnonzero(x.sum(1) > 0.5).size >= 18, "a stroke from top to bottom"
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("Control+z")
    expect(mark).to_be_hidden()


# --- one by one -----------------------------------------------------------------------------------------------------------


def pictured(levels: np.ndarray) -> dict:
    height, width = levels.shape
    return {"data": levels.ravel().tolist(), "height": height, "width": width}


@pytest.mark.slow
def test_ink_is_found_dark_or_light_as_python_finds_it(bundle: Bundle) -> None:
    images = [*drawn(6), *(np.kron(x, np.ones((8, 8), np.float32)) for x in drawn(3)), np.zeros((20, 20), np.float32)]
    levels = [np.asarray(np.rint(255 * v) / 255, np.float32) for x in images for v in (x, 1 - x, 0.2 + 0.5 * x)]
    script = "return given.map(({ data, ...size }) => m.inkIsDark({ data: Float32Array.from(data), ...size }))"
    ours = bundle.run("drawing/paper.js", script, [pictured(v) for v in levels])
    assert ours == [ink_is_dark(v) for v in levels] and 0 < sum(ours) < len(ours)


def test_an_image_in_mnists_form_is_known_as_python_knows_it(bundle: Bundle) -> None:
    images = drawn(80)
    images[:70] /= images[:70].max((1, 2), keepdims=True)
    images[40:50] = np.roll(images[40:50], 2, 1)
    images[50:60] *= 0.6  # too faint
    script = "return given.map(({ data, ...size }) => m.isInForm({ data: Float32Array.from(data), ...size }))"
    ours = bundle.run("drawing/paper.js", script, [pictured(x) for x in images])
    expected = in_mnists_form(images).tolist()
    assert ours == expected and 5 < sum(expected) < 75
    assert bundle.run("drawing/paper.js", script, [pictured(np.kron(images[0], np.ones((2, 2))))]) == [False]


def test_a_picture_of_one_digit_and_pictures_that_are_none(bundle: Bundle) -> None:
    script = (
        "const { data, ...size } = given, said = m.inkOn({ data: Float32Array.from(data), ...size }); return said.problem ?? said.ink.data"
    )
    x = np.kron(in_form(), np.ones((6, 6), np.float32))
    ink = bundle.run("drawing/paper.js", script, pictured(0.9 - 0.6 * x))
    np.testing.assert_allclose(list(ink.values()) if isinstance(ink, dict) else ink, x.ravel(), atol=1e-5)
    y, across = np.mgrid[0:168, 0:168] / 168
    photo = (0.35 + 0.5 * across + 0.1 * y) * (1 - 0.6 * x)
    assert "This looks like a photo" in bundle.run("drawing/paper.js", script, pictured(photo.astype(np.float32)))
    assert "one brightness" in bundle.run("drawing/paper.js", script, pictured(np.full((40, 40), 0.5)))
    under = np.concatenate([x, np.zeros((20, 168), np.float32), x])
    assert "There seem to be 2 digits" in bundle.run("drawing/paper.js", script, pictured(1 - under))


def test_more_frames_than_one_are_seen(bundle: Bundle, tmp_path: Path) -> None:
    script = "return given.map((bytes) => m.animated(Uint8Array.from(bytes)))"
    still, moves = [], []
    other = [Image.fromarray(np.full((28, 28), 128, np.uint8))]
    for kind in ("GIF", "PNG", "WEBP"):
        still.append(list(png(in_form(), kind)))
        moves.append(list(png(in_form(), kind, save_all=True, append_images=other)))
    still.append(list(png(in_form(), "JPEG")))
    assert bundle.run("drawing/image_file.js", script, still) == [False] * 4
    assert bundle.run("drawing/image_file.js", script, moves) == [True] * 3
    assert bundle.run("drawing/image_file.js", script, [one[:cut] for one in moves for cut in (0, 5, 13, 20)]) is not None


@pytest.mark.parametrize(("ink", "alpha", "expected"), [(0, 0, 1), (255, 0, 0), (0, 255, 1)])
def test_what_shows_through_is_paper(bundle: Bundle, ink: int, alpha: int, expected: int) -> None:
    """Dark ink on nothing lies on white, light ink on black; with nothing to see through, nothing is said."""
    pixels = [ink, ink, ink, 255, 128, 128, 128, alpha]
    found = bundle.run("drawing/image_file.js", "return m.under(given)", pixels)
    assert found == {"ground": expected, "seen": alpha < 255}


@pytest.mark.parametrize(("size", "words"), [(0, "The file is empty"), ((32 << 20) + 1, "larger than 32 MB")])
def test_a_file_of_no_or_too_many_bytes_is_not_read(bundle: Bundle, size: int, words: str) -> None:
    script = "return m.greyOf(new Blob([new Uint8Array(given)])).catch((error) => error.message)"
    assert words in bundle.run("drawing/image_file.js", script, size)

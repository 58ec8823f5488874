"""The key that copies the decoded image, in a real browser; and where the browser refuses the clipboard."""

import io
from typing import Any

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Locator, expect
from view import View

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]
FACTOR = 10
CLIPBOARD = """async () => {
  const [item] = await navigator.clipboard.read(), picture = await createImageBitmap(await item.getType("image/png"));
  const canvas = new OffscreenCanvas(picture.width, picture.height), context = canvas.getContext("2d");
  context.drawImage(picture, 0, 0);
  return [picture.width, picture.height, ...context.getImageData(0, 0, picture.width, picture.height).data.filter((_, i) => i % 4 === 0)];
}"""


def said(view: View) -> Locator:
    return view.page.locator(".lm-copied")


def copied(view: View) -> np.ndarray:
    """The picture in the clipboard, uint8 (H, W)."""
    width, height, *levels = view.page.evaluate(CLIPBOARD)
    return np.array(levels, np.uint8).reshape(height, width)


def shown(view: View) -> np.ndarray:
    """The decoded image, each pixel a square."""
    return view.image().reshape(28, 28).repeat(FACTOR, 0).repeat(FACTOR, 1)


@pytest.fixture
def opened(view: View) -> View:
    view.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    return view.open("?z=0.5,0.5")


def test_the_image_under_the_pointer_is_copied_crisp(opened: View) -> None:
    opened.point(0.4, 0.4)
    under = shown(opened)
    opened.page.keyboard.press("c")
    expect(said(opened)).to_have_text("Image copied.")
    assert np.array_equal(copied(opened), under) and under.max() > 100
    opened.point(0.7, 0.6)
    opened.page.keyboard.press("c")
    expect(said(opened)).to_have_text("Image copied.")
    assert not np.array_equal(shown(opened), under)


@pytest.mark.slow
def test_by_keyboard_alone(opened: View) -> None:
    opened.page.mouse.move(1, 1)
    opened.page.get_by_test_id("latent-map").focus()
    opened.page.keyboard.press("ArrowRight")
    opened.page.wait_for_function("new URLSearchParams(location.search).get('z') !== '0.5,0.5'")  # it is kept a moment later
    opened.frame()
    opened.page.keyboard.press("c")
    expect(said(opened)).to_have_text("Image copied.")
    assert np.array_equal(copied(opened), shown(opened))


@pytest.mark.slow
def test_other_keys_and_places_copy_nothing(opened: View) -> None:
    opened.point(0.4, 0.4)
    opened.page.evaluate("navigator.clipboard.writeText('kept')")
    opened.page.keyboard.press("Control+c")
    opened.page.mouse.move(1, 1)
    opened.page.evaluate("document.activeElement.blur()")
    opened.page.keyboard.press("c")
    expect(said(opened)).to_be_hidden()
    box: Any = opened.page.evaluate_handle("document.body.appendChild(document.createElement('input'))")
    box.focus()
    opened.point(0.4, 0.4)
    box.press("c")
    assert box.input_value() == "c"
    expect(said(opened)).to_be_hidden()
    assert opened.page.evaluate("navigator.clipboard.readText()") == "kept"


@pytest.mark.slow
@pytest.mark.parametrize("clipboard", ["undefined", "{ write: async () => { throw new Error('refused') } }"])
def test_where_nothing_may_be_copied_a_download_is_offered(opened: View, clipboard: str) -> None:
    opened.page.evaluate(f"Object.defineProperty(navigator, 'clipboard', {{ value: {clipboard}, configurable: true }})")
    opened.point(0.4, 0.4)
    under = shown(opened)
    opened.page.keyboard.press("c")
    expect(said(opened)).to_contain_text("won’t let this page copy")
    with opened.page.expect_download() as download:
        said(opened).get_by_role("link", name="Download the image").click()
    picture = Image.open(io.BytesIO(download.value.path().read_bytes()))
    assert np.array_equal(np.asarray(picture.convert("L")), under)
    opened.page.mouse.click(1, 1)
    expect(said(opened)).to_be_hidden()


@pytest.mark.slow
def test_the_help_names_the_key(opened: View) -> None:
    expect(opened.page.locator(".lm-help")).to_contain_text("C copies the image")

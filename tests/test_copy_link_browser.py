"""The button that copies the page's link: on every page that has one, and where the browser refuses the clipboard."""

import io
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from bundle import HOST, Bundle
from live import Server, returning
from PIL import Image
from playwright.sync_api import BrowserContext, Page, expect

from pages.images.given_picture import Given
from pages.images.picked import Picked
from pages.images.sent import Sent
from pages.session import heading

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]
SENT = Sent(Picked(np.zeros((28, 28), np.float32), "An image"), "Explore")
OWN = "Your own pictures are not in the link."
A_PICTURE, DRAWN = Given(b""), np.zeros((1, 28, 28), np.float32)
OTHERS = ("reconstruct?image=5", "denoise?damage=mask", "super_resolution?tab=noise")  # pages that have the button too


def button(page: Page) -> Any:
    return page.get_by_role("button", name="Copy link")


def said(page: Page) -> Any:
    return page.locator(".copy-link").get_by_role("status")


def in_the_clipboard(page: Page) -> str:
    return page.evaluate("navigator.clipboard.readText()")


@pytest.mark.parametrize("page", ["", *(pytest.param(page, marks=pytest.mark.slow) for page in OTHERS)])
def test_the_address_is_copied_as_it_is_now(server: Server, profile: BrowserContext, page: str) -> None:
    with returning(profile, f"{server.url}/{page}") as opened:
        opened.context.grant_permissions(["clipboard-read", "clipboard-write"])
        expect(button(opened)).to_be_visible()
        if not page:
            opened.wait_for_selector("[data-testid=latent-map][data-plotted]")
            opened.get_by_test_id("latent-map").click(position={"x": 200, "y": 150})
            opened.wait_for_function("/[?&]z=[^&]/.test(location.search)")
        button(opened).focus()
        opened.keyboard.press("Enter")
        expect(said(opened)).to_have_text("Link copied. It works only on this computer.")
        assert in_the_clipboard(opened) == opened.evaluate("location.href")
        expect(opened.get_by_text(OWN)).to_be_hidden()


@pytest.mark.slow
def test_a_picture_of_ones_own_is_said_not_to_be_in_the_link(server: Server, profile: BrowserContext) -> None:
    file = io.BytesIO()
    Image.fromarray(np.eye(40, dtype=np.uint8) * 255).save(file, "PNG")
    with returning(profile, f"{server.url}/super_resolution?tab=larger") as page:
        chooser = page.locator("input[type=file]")
        chooser.set_input_files({"name": "own.png", "mimeType": "image/png", "buffer": file.getvalue()})
        expect(page.get_by_text(OWN)).to_be_visible()
        page.get_by_role("radio", name="Noise").click()
        expect(page.get_by_text(OWN)).to_be_hidden()
        page.get_by_role("radio", name="A larger picture").click()
        expect(page.get_by_text(OWN)).to_be_visible()
        page.get_by_role("button", name="Remove it").click()
        expect(page.get_by_text(OWN)).to_be_hidden()


@pytest.mark.parametrize(
    ("page", "state", "said"),
    [
        ("explore", {}, ""),
        ("reconstruct", {"reconstruct_upload": {"id": 1}}, ""),  # it was uploaded, and a test image is on show
        ("reconstruct", {"reconstruct_kind": "upload"}, ""),  # nothing yet
        ("reconstruct", {"reconstruct_kind": "upload", "reconstruct_upload": {"id": 1}}, OWN),
        ("reconstruct", {"reconstruct_kind": "draw", "reconstruct_drawing": DRAWN}, OWN),
        ("reconstruct", {"reconstruct_kind": "draw", "reconstruct_drawing": None}, ""),
        ("denoise", {"denoise_kind": "draw", "denoise_drawing": DRAWN}, OWN),
        ("denoise", {"denoise_mode": "photo", "denoise_kind": "draw", "denoise_drawing": DRAWN}, ""),
        ("denoise", {"denoise_mode": "photo", "denoise_given": A_PICTURE}, OWN),
        ("denoise", {"denoise_mode": "picture", "denoise_given": A_PICTURE}, OWN),
        ("denoise", {"denoise_mode": "photo", "denoise_given": A_PICTURE, "denoise_sample": (1, "vae-mnist-2d")}, ""),
        ("denoise", {"denoise_mode": "files", "denoise_files_upload": ["a file"]}, OWN),
        ("denoise", {"denoise_mode": "files", "denoise_given": A_PICTURE}, ""),
        ("super-resolution", {"sr_source_kind": "draw", "sr_source_drawing": DRAWN}, OWN),
        ("super-resolution", {"sr_given": b"a file"}, ""),
        ("super-resolution", {"sr_given": b"a file", "sr_tab": "larger"}, OWN),
        ("generate", {"generate_tab": "told", "style_kind": "draw", "style_drawing": DRAWN}, OWN),
        ("generate", {"generate_tab": "morph", "style_kind": "draw", "style_drawing": DRAWN}, ""),
        ("generate", {"generate_tab": "complete", "complete_kind": "sent", "carried": SENT}, "The image from Explore is not in the link."),
        ("reconstruct", {"reconstruct_kind": "sent"}, ""),  # it is gone
    ],
)
def test_what_is_shown_and_not_in_the_link(monkeypatch: pytest.MonkeyPatch, page: str, state: dict[str, Any], said: str) -> None:
    monkeypatch.setattr(heading.st, "session_state", state)
    assert heading.left_out(page) == said


# --- where there is no clipboard -----------------------------------------------------------------------------------------------


@pytest.fixture
def unsafe(bundle: Bundle) -> Iterator[Page]:
    """The button on a page of plain http, as a class server's, where browsers have no clipboard for pages."""
    page = bundle.page
    page.evaluate("document.body.innerHTML = '<div></div><button>Other</button>'")
    bundle.run(
        "tools/copy_link.js", "self.ends = new AbortController(); new m.default(document.querySelector('div'), ends.signal).update({});"
    )
    assert page.evaluate("navigator.clipboard") is None
    yield page
    page.evaluate("ends.abort()")


def test_without_a_clipboard_the_link_is_copied_from_a_field(unsafe: Page) -> None:
    unsafe.evaluate("document.addEventListener('copy', () => (self.copied = getSelection().toString()), { once: true })")
    button(unsafe).click()
    expect(said(unsafe)).to_have_text("Link copied.")
    assert unsafe.evaluate("copied") == f"{HOST}/"
    expect(unsafe.get_by_role("textbox")).to_be_hidden()


@pytest.mark.parametrize("clipboard", [None, "{ writeText: async () => { throw new Error('refused') } }"])
def test_where_nothing_may_be_copied_the_link_stands_selected_in_a_field(unsafe: Page, clipboard: str | None) -> None:
    unsafe.evaluate("document.execCommand = () => false")
    if clipboard:
        unsafe.evaluate(f"Object.defineProperty(navigator, 'clipboard', {{ value: {clipboard}, configurable: true }})")
    button(unsafe).click()
    field = unsafe.get_by_role("textbox", name="The link")
    expect(field).to_be_focused()
    expect(said(unsafe)).to_contain_text("won't let this page copy")
    assert field.input_value() == f"{HOST}/" and field.evaluate("f => f.value.slice(f.selectionStart, f.selectionEnd)") == f"{HOST}/"
    unsafe.keyboard.press("Escape")
    expect(field).to_be_hidden()
    expect(button(unsafe)).to_be_focused()
    expect(said(unsafe)).to_be_empty()
    button(unsafe).click()
    expect(field).to_be_focused()
    unsafe.get_by_role("button", name="Other").click()
    expect(field).to_be_hidden()
    unsafe.evaluate("delete document.execCommand, delete navigator.clipboard")

"""What "?" opens on a map."""

import pytest
from playwright.sync_api import expect
from view import View

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]


def test_a_question_mark_shows_the_keys_and_closing_them_leaves_the_kept_point(view: View) -> None:
    page = view.open("?checkpoint=vae-mnist-2d&z=0.5,1.5").page
    window = page.get_by_role("dialog", name="What keys, mouse and fingers do on the map")
    page.get_by_role("spinbutton", name="Test image").click()
    page.keyboard.press("?")
    expect(window).to_be_hidden()  # who types into a field means the field
    page.get_by_test_id("latent-map").focus()
    page.keyboard.press("?")
    expect(window).to_be_visible()
    expect(window.get_by_role("button", name="Close")).to_be_focused()
    page.keyboard.press("0")
    page.keyboard.press("Escape")
    expect(window).to_be_hidden()
    expect(page.get_by_test_id("latent-map")).to_be_focused()
    assert view.url_z() == (0.5, 1.5), "Esc closed the window and nothing else"
    page.get_by_role("button", name="What keys, mouse and fingers do here").click()
    expect(window).to_contain_text("copy the decoded image")
    page.mouse.click(5, 5)
    expect(window).to_be_hidden()
    assert view.url_z() == (0.5, 1.5)

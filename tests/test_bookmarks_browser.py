"""Bookmarks on Explore in a browser: a place is kept, outlives the page, and is gone back to with its zoom and its axes."""

import pytest
from playwright.sync_api import expect
from view import View

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("tools")]
PIXELS = """image => { const c = Object.assign(document.createElement('canvas'), { width: 28, height: 28 }), p = c.getContext('2d');
  p.drawImage(image, 0, 0); return [...p.getImageData(0, 0, 28, 28).data].filter((_, i) => i % 4 === 0); }"""


def test_a_place_outlives_the_page_and_a_press_goes_back_there(view: View) -> None:
    page = view.open("?checkpoint=vae-mnist-2d&z=0.5,1.5&view=0.4,1.4,2&tool=bookmarks").page
    tool = page.get_by_test_id("bookmarks")
    expect(tool).to_contain_text("No places yet")
    there, image = view.ranges(), view.image()
    tool.get_by_role("button", name="Keep this place").click()
    go = tool.get_by_role("button", name="Go to")
    expect(go).to_have_count(1)
    assert go.locator("img").evaluate(PIXELS) == pytest.approx(image.astype(int), abs=1)
    tool.get_by_label("Name of this place").fill("the first")
    page.keyboard.press("Enter")

    view.open("?checkpoint=vae-mnist-2d&z=-1,0&tool=bookmarks")
    assert view.ranges() != pytest.approx(there, abs=0.01)
    tool.get_by_role("button", name="Go to the first").click()
    expect(tool).to_contain_text("You are at the first.")
    assert view.url_z() == (0.5, 1.5)
    wanted = "(wanted) => document.querySelector('.lm-plot').layout.xaxis.range.every((v, i) => Math.abs(v - wanted[i]) < 0.01)"
    page.wait_for_function(wanted, arg=there[:2])
    page.get_by_role("button", name="Undo: the kept point").click()
    assert view.url_z() == (-1, 0)
    tool.get_by_role("button", name="Remove the first").click()
    expect(go).to_have_count(0)
    tool.get_by_role("button", name="Undo", exact=True).click()
    expect(go).to_have_count(1)


@pytest.mark.slow
def test_a_place_of_a_larger_model_has_the_code_s_other_numbers_too(view: View) -> None:
    numbers = ",".join(["1.5", "-1", *[""] * 12])
    page = view.open(f"?checkpoint=vae-mnist-16d&plane=9,15&z=0.5,-0.5&rest={numbers}&tool=bookmarks").page
    tool, rest = page.get_by_test_id("bookmarks"), page.get_by_test_id("rest")
    expect(rest.locator("summary")).to_contain_text("(moved)")
    tool.get_by_role("button", name="Keep this place").click()
    go, there = tool.get_by_role("button", name="Go to"), view.image().astype(int)
    assert go.locator("img").evaluate(PIXELS) == pytest.approx(there, abs=2)
    rest.locator("summary").click()
    rest.get_by_role("button", name="To the middle").click()
    expect(rest.locator("summary")).not_to_contain_text("(moved)")
    assert abs(view.image().astype(int) - there).max() > 50
    go.click()
    expect(rest.locator("summary")).to_contain_text("(moved)")
    view.frame()
    assert view.image().astype(int) == pytest.approx(there, abs=2)
    assert go.locator("img").evaluate(PIXELS) == pytest.approx(there, abs=2)
    page.get_by_role("button", name="Undo: the other numbers").click()
    expect(rest.locator("summary")).not_to_contain_text("(moved)")

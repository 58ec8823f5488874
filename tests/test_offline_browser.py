"""Explore with the connection gone some seconds after it has opened: what its tools need is here."""

import re

import pytest
from playwright.sync_api import expect
from test_drawing_browser import draw
from view import View

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

GONE = "ERR_INTERNET_DISCONNECTED"


def test_draw_and_searches_go_on_and_what_needs_the_server_says_so_and_comes_by_itself(view: View) -> None:
    page = view.page
    page.add_init_script("Object.defineProperty(navigator, 'connection', { value: { effectiveType: '4g' } })")  # it may fetch ahead
    with page.expect_request_finished(lambda request: request.url.endswith("/encoder.safetensors")):
        view.open("?checkpoint=beta-1-mnist-2d&z=")  # no kept point has asked for the test images
    page.wait_for_load_state("networkidle")
    page.context.set_offline(True)
    alone, finder = page.get_by_test_id("alone"), page.get_by_test_id("finder")
    expect(alone).to_contain_text("The server does not answer.")

    page.get_by_test_id("draw-here").click()
    draw(page, 3)
    expect(page.get_by_test_id("lands")).to_contain_text("It lands at (")
    finder.get_by_role("button", name="Most typical").click()
    expect(finder).to_contain_text("Most typical, 1 of 30")
    expect(page.get_by_test_id("panel").get_by_role("img", name="The test image")).to_be_visible()
    alone.get_by_role("switch", name="Decoded grid").click()
    expect(page.get_by_test_id("latent-map")).to_have_class(re.compile("lm-inked"))
    all_codes = page.get_by_test_id("all-codes")
    pills = page.get_by_role("toolbar", name="Layers").get_by_role("button", name="Decoded grid")
    expect(pills).to_have_attribute("aria-pressed", "false")

    page.context.set_offline(False)
    expect(alone).to_be_hidden()
    expect(pills).to_have_attribute("aria-pressed", "true")  # Python hears of the layers
    page.wait_for_function("/manifold/.test(location.search)")
    expect(page.get_by_test_id("latent-map")).to_have_class(re.compile("lm-inked"))
    assert all_codes
    view.errors[:] = [error for error in view.errors if GONE not in error]

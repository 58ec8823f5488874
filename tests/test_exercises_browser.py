"""Exercises in a browser: a link on the map's own page leads to what it says, also where the map has news for Python."""

import pytest
from playwright.sync_api import expect
from view import View

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]


def test_a_link_on_the_map_s_own_page_shows_its_answer_above_and_in_the_address(view: View) -> None:
    page = view.open().page
    main, address = page.get_by_test_id("stMain"), "new URLSearchParams(location.search)"
    page.get_by_text("Questions to work on").click()
    page.get_by_role("link", name="The tool Paths").wait_for()
    main.evaluate("main => main.scrollTo(0, 0)")
    page.mouse.move(*view.at(0.4, 0.4))
    page.mouse.wheel(0, -300)
    page.wait_for_function(f"{address}.has('view')")  # so the map knows what Python has not heard of
    page.get_by_role("link", name="The tool Paths").click()
    expect(page.get_by_role("tab", name="Paths", selected=True)).to_be_visible()
    page.wait_for_function(f"{address}.get('tool') === 'paths'")
    assert main.evaluate("main => main.scrollTop") == 0
    page.get_by_role("link", name="The point (0, 0)").click()
    expect(page.get_by_test_id("panel")).to_contain_text("z = (0.00, 0.00)")
    page.wait_for_function(f"{address}.get('z') === '0,0' && !{address}.has('tool')")
    assert main.evaluate("main => main.scrollTop") == 0
    page.go_back()
    page.wait_for_function(f"{address}.get('tool') === 'paths'")
    expect(page.get_by_role("tab", name="Paths", selected=True)).to_be_visible()

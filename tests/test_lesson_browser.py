"""Lesson in a browser: with the keyboard from step to step and to where one is done live, and back to the same step; on a phone, too."""

import re

import pytest
from live import Server, visitor
from playwright.sync_api import Browser, Page, expect

from pages.session.lesson_words import STEPS

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]


def at_step(page: Page, number: int) -> None:
    expect(page.get_by_role("heading", name=f"{number}. {STEPS[number - 1].title}")).to_be_visible()
    expect(page.get_by_role("radio", name=f"{number} {STEPS[number - 1].title}")).to_be_checked()


def test_by_keyboard_to_the_next_step_to_the_page_and_back(server: Server, chromium: Browser) -> None:
    with visitor(chromium, f"{server.url}/lesson?step=10") as page:
        at_step(page, 10)
        page.get_by_role("button", name="Next: Told what to draw").press("Enter")
        at_step(page, 11)
        expect(page).to_have_url(re.compile(r"/lesson\?step=11$"))
        page.get_by_role("link", name="One style, ten digits").press("Enter")
        expect(page.get_by_role("heading", name="Generate", level=1)).to_be_visible()
        expect(page).to_have_url(re.compile(r"/generate\?checkpoint=cvae-mnist-2d&tab=told"))
        page.go_back()
        at_step(page, 11)


def test_the_cloud_that_a_step_speaks_of_is_there(server: Server, chromium: Browser) -> None:
    with visitor(chromium, f"{server.url}/lesson?step=6") as page:
        page.get_by_role("link", name="A kept test image").click()
        page.get_by_text("How sure is the encoder?").click()
        expect(page.get_by_role("img", name="16 images decoded from draws of the posterior")).to_be_visible()


@pytest.mark.parametrize("width", [390, 820, 1440, 1920])
def test_every_step_fits_and_the_next_one_begins_at_its_top(server: Server, chromium: Browser, width: int) -> None:
    context = chromium.new_context(viewport={"width": width, "height": 844})
    page = context.new_page()
    page.goto(f"{server.url}/lesson")
    main = page.get_by_test_id("stMain")
    for number in range(1, len(STEPS) + 1):
        at_step(page, number)
        assert main.evaluate("main => main.scrollWidth - main.clientWidth") == 0, number
        assert main.evaluate("main => main.scrollTop") == 0, number
        if number < len(STEPS):
            page.get_by_role("button", name="Next: ").click()
    context.close()

"""The Reconstruct page in a real browser: the main path, drawing with the pointer, a narrow screen."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from live import Server, Watched, first_visit
from playwright.sync_api import Browser, BrowserContext, expect

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]


class View(Watched):
    """The Reconstruct page, entered by its link, as visitors do."""

    def open(self) -> "View":
        self.page.goto(self.base)
        self.page.wait_for_selector("[data-testid=latent-map][data-plotted]")
        if self.page.viewport_size["width"] < 500:  # there the sidebar is closed, and closes again after a choice
            self.page.get_by_test_id("stExpandSidebarButton").click()
        self.link().click()
        self.rows()
        return self

    def link(self):
        return self.page.get_by_role("link", name="Reconstruct")

    def rows(self) -> list[float]:
        """The cross-entropies of the rows."""
        text = self.page.get_by_test_id("rows").inner_text()
        return [float(value) for value in re.findall(r"Cross-entropy\s+([\d.]+) nats", text)]

    def take(self, source: str) -> None:
        self.page.get_by_test_id("stButtonGroup").get_by_text(source, exact=True).click()

    def image(self) -> str:
        return self.page.get_by_test_id("image").locator("img").get_attribute("src")

    def stroke(self, *points: tuple[float, float]) -> None:
        """One stroke on the sheet, in fractions of its side."""
        sheet = self.page.get_by_test_id("sheet")
        sheet.scroll_into_view_if_needed()
        box = sheet.bounding_box()
        at = [(box["x"] + u * box["width"], box["y"] + v * box["height"]) for u, v in points]
        self.page.mouse.move(*at[0])
        self.page.mouse.down()
        for point in at[1:]:
            self.page.mouse.move(*point, steps=6)
        self.page.mouse.up()


def viewed(server: Server, chromium: Browser, **how: Any) -> Iterator[View]:
    context = chromium.new_context(**how)
    yield from checked(View(context.new_page(), server.url))
    context.close()


def checked(view: View) -> Iterator[View]:
    """The view, in which nothing may have gone wrong."""
    yield view
    assert view.errors == []
    assert view.hosts <= {view.base, view.base.replace("http", "ws")}, "the running app must not need the network"


@pytest.fixture
def view(server: Server, profile: BrowserContext) -> Iterator[View]:
    with first_visit(profile, server.url) as page:
        yield from checked(View(page, server.url))


@pytest.fixture
def phone(server: Server, chromium: Browser) -> Iterator[View]:
    yield from viewed(server, chromium, viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True)


def test_main_path_image_code_reconstruction_noise_and_gauge(view: View) -> None:
    view.open()
    page = view.page
    assert len(view.rows()) >= 2
    pictures = page.locator("[data-testid=rows] img")
    assert set(pictures.evaluate_all("all => all.map(i => getComputedStyle(i).imageRendering)")) == {"pixelated"}
    sizes = pictures.evaluate_all("all => all.map(i => [i.clientWidth, i.clientHeight])")
    assert len({round(side) for size in sizes for side in size}) == 1, sizes
    expect(page.get_by_text(re.compile(r"Stranger than [\d.]+ % of [\d,]+ MNIST test images"))).to_be_visible()
    expect(page.locator(".js-plotly-plot")).to_be_visible()
    before, losses = view.image(), view.rows()
    page.get_by_role("button", name="Another one").click()
    page.wait_for_function("src => document.querySelector('[data-testid=image] img').src !== src", arg=before)
    page.wait_for_function(
        "old => !document.querySelector('[data-testid=rows]').innerText.includes(old)", arg=f"{losses[0]:.1f} nats"
    )  # the rows follow
    neighbours = page.get_by_test_id("neighbours").locator("img")
    expect(neighbours).to_have_count(9)
    second = neighbours.nth(1).get_attribute("src")
    page.get_by_role("button", name="Again").click()
    page.wait_for_function("src => document.querySelectorAll('[data-testid=neighbours] img')[1].src !== src", arg=second)
    page.get_by_text("The same image through every model").click()
    expect(page.get_by_test_id("every-model").get_by_text(re.compile(r"^VAE: the main model · [\d.]+ nats"))).to_be_visible()


@pytest.mark.slow
def test_a_drawn_digit_is_reconstructed_and_outlives_another_page(view: View) -> None:
    view.open()
    page = view.page
    view.take("Draw")
    expect(page.get_by_text("Draw a digit with the mouse")).to_be_visible()
    expect(page.get_by_test_id("rows")).to_have_count(0)
    view.stroke((0.3, 0.25), (0.7, 0.25), (0.5, 0.6), (0.45, 0.85))
    expect(page.get_by_test_id("image")).to_contain_text("Your drawing")
    losses, drawn = view.rows(), view.image()
    assert len(losses) >= 2 and losses[0] < losses[1], "a seven is a digit: the VAE draws it better than two principal components"
    page.get_by_role("link", name="Models").click()
    expect(page.get_by_text("Upload a model")).to_be_visible()
    view.link().click()
    expect(page.get_by_test_id("image")).to_contain_text("Your drawing")
    assert view.image() == drawn
    page.get_by_role("button", name="Clear").click()
    expect(page.get_by_test_id("rows")).to_have_count(0)


@pytest.mark.slow
def test_an_upload_stays_when_the_visitor_comes_back(view: View, tmp_path) -> None:
    from PIL import Image

    from core.data.datasets import load

    Image.fromarray(load("digits", "test").images[3]).save(tmp_path / "mine.png")
    view.open()
    page = view.page
    view.take("Upload")
    page.locator("input[type=file]").set_input_files(tmp_path / "mine.png")
    expect(page.get_by_test_id("image")).to_contain_text("mine.png")
    losses = view.rows()
    page.get_by_role("link", name="Models").click()
    expect(page.get_by_text("Upload a model")).to_be_visible()
    view.link().click()
    expect(page.get_by_test_id("image")).to_contain_text("mine.png")
    assert view.rows() == losses


@pytest.mark.slow
def test_on_a_phone_nothing_is_wider_than_the_screen(phone: View) -> None:
    phone.open()
    page = phone.page
    page.wait_for_selector(".js-plotly-plot")
    for opened in ("The same image through every model", "What am I looking at?"):
        page.get_by_text(opened).click()
    expect(page.get_by_test_id("every-model")).to_be_visible()
    assert page.evaluate("[document.documentElement.scrollWidth, innerWidth]") == [390, 390]
    parts = "[...document.querySelectorAll('[data-testid=rows] *, [data-testid=neighbours] *')]"
    assert page.evaluate(f"{parts}.filter(e => e.getBoundingClientRect().right > 391).map(e => e.className)") == []


@pytest.mark.slow
def test_a_fresh_clone_says_what_it_shows(bare_server: Server, chromium: Browser) -> None:
    for view in viewed(bare_server, chromium, viewport={"width": 1440, "height": 900}):
        view.open()
        expect(view.page.get_by_test_id("image")).to_contain_text("scikit-learn digits, test image 0")
        expect(view.page.get_by_role("button", name="Download MNIST (11 MB)")).to_be_visible()
        expect(view.page.get_by_text("needs the test images of MNIST")).to_be_visible()

"""The Super-resolution page in a real browser: sizes on the screen, the wipe, the upload and what is downloaded."""

import io
from collections.abc import Iterator

import numpy as np
import pytest
from live import PATIENCE_MS, Server, Watched, first_visit
from PIL import Image
from playwright.sync_api import Browser, BrowserContext, Page, expect

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

TABS = {"One digit": 8, "Ten digits": 40, "Noise": 18, "A larger picture": 0}  # the pictures that each begins with


def open_page(page: Page, server: Server) -> Page:
    """By way of the sidebar, as a visitor comes."""
    page.set_default_timeout(PATIENCE_MS)
    page.goto(server.url)
    page.get_by_role("link", name="Super-resolution").click()
    page.wait_for_selector("[data-testid=enlarged] img")
    return page


@pytest.fixture
def page(server: Server, profile: BrowserContext) -> Iterator[Page]:
    with first_visit(profile, server.url) as opened:
        watched = Watched(opened, server.url)
        yield open_page(opened, server)
    assert watched.errors == []
    assert watched.hosts <= {server.url, server.url.replace("http", "ws")}, "the running app must not need the network"


def sizes(page: Page, testid: str) -> list[list[float]]:
    """Of each picture: its pixels' number along a side, and its width and height on the screen."""
    script = "images => images.map(i => [i.naturalWidth, i.getBoundingClientRect().width, i.getBoundingClientRect().height])"
    page.wait_for_function(f"[...document.querySelectorAll('[data-testid={testid}] img')].every(i => i.complete && i.naturalWidth)")
    return page.locator(f"[data-testid={testid}] img").evaluate_all(script)


def scroll_width(page: Page) -> float:
    return page.evaluate("document.documentElement.scrollWidth - innerWidth")


def test_from_a_digit_to_a_downloaded_picture(page: Page) -> None:
    assert sizes(page, "enlarged") == [[14, 140, 140], *[[28, 140, 140]] * 6]
    assert page.locator("[data-testid=enlarged] img").first.evaluate("i => getComputedStyle(i).imageRendering") == "pixelated"
    tops = page.locator("[data-testid=enlarged] img").evaluate_all("images => images.map(i => i.getBoundingClientRect().top)")
    assert len(set(tops)) == 1, "all seven fit beside each other"
    expect(page.locator("[data-testid=enlarged] b")).to_have_count(2)

    page.get_by_role("radio", name="×4, from 7 × 7").locator("visible=true").click()
    expect(page.locator("[data-testid=enlarged] img")).to_have_count(6)
    assert sizes(page, "enlarged")[0] == [7, 140, 140]
    expect(page.locator("[data-testid=enlarged]")).not_to_contain_text("Course")

    assert sizes(page, "error-map") == [[28, 280, 280]], "as large as the divider's picture"
    stage = page.get_by_test_id("wipe-stage").locator("visible=true")
    expect(page.get_by_label("Right").locator("visible=true").locator("option:checked")).to_have_text("Our model")
    box = stage.bounding_box()
    assert box is not None
    page.mouse.click(box["x"] + box["width"] * 0.2, box["y"] + 50)
    assert stage.evaluate("s => s.style.getPropertyValue('--at')") == "20%"
    expect(page.locator(".it-row").first).to_be_hidden()

    page.get_by_role("radio", name="Ten digits").click()
    expect(page.locator("[data-testid=ten] img").last).to_be_visible()
    assert len(sizes(page, "ten")) == 40

    page.get_by_role("radio", name="Noise").click()
    drawn = page.locator("[data-testid=noise] img").first
    before = drawn.get_attribute("src")
    page.get_by_role("button", name="Draw again").click()
    expect(drawn).not_to_have_attribute("src", before)
    assert [size[0] for size in sizes(page, "noise")] == [7] * 6 + [28] * 12
    expect(page.get_by_role("radio", name="Noise")).to_be_checked()

    page.get_by_role("radio", name="A larger picture").click()
    pixels = np.full((50, 90), 255, np.uint8)
    pixels[20:30, 10:80] = 20
    page.locator("input[type=file]").last.set_input_files({"name": "bar.png", "mimeType": "image/png", "buffer": png(pixels)})
    with page.expect_download() as download:
        page.get_by_role("button", name="Download (PNG)").click()
    image = Image.open(download.value.path())
    assert image.format == "PNG" and image.size == (180, 100)
    large = np.asarray(image).astype(float)
    assert large[:30].mean() > 230 and large[44:56, 30:150].mean() < 60, "dark on light, as it was given"
    expect(page.get_by_text("your eyes have to judge")).to_be_visible()


def png(pixels: np.ndarray) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "PNG")
    return buffer.getvalue()


@pytest.mark.slow
def test_what_is_chosen_stays_while_one_is_on_another_page(page: Page) -> None:
    page.get_by_role("radio", name="×4, from 7 × 7").locator("visible=true").click()
    expect(page.locator("[data-testid=enlarged] img")).to_have_count(6)
    page.get_by_role("link", name="Models").click()
    expect(page.get_by_role("heading", name="Models")).to_be_visible()
    page.get_by_role("link", name="Super-resolution").click()
    expect(page.locator("[data-testid=enlarged] img")).to_have_count(6)


@pytest.mark.slow
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nothing_sticks_out_of_a_phone(server: Server, chromium: Browser, scheme) -> None:
    context = chromium.new_context(
        viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True, device_scale_factor=2, color_scheme=scheme
    )
    page = context.new_page()
    page.set_default_timeout(PATIENCE_MS)
    page.goto(f"{server.url}/super_resolution")
    page.wait_for_selector("[data-testid=enlarged] img")
    for tab, pictures in TABS.items():
        page.get_by_role("radio", name=tab).click()
        expect(page.get_by_role("radio", name=tab)).to_be_checked()
        expect(page.locator(".gallery img")).to_have_count(pictures)
        assert scroll_width(page) <= 0, tab
        for image in page.locator(".gallery img").all():
            box = image.bounding_box()
            assert box is not None, tab
            assert box["x"] >= 0 and box["x"] + box["width"] <= 390 and box["width"] == pytest.approx(box["height"], abs=0.5), tab
    context.close()

"""The Denoise page in a real browser: a photo's boxes and zip, the wipe, a drawing, and a phone's width."""

import io
import re
import zipfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from live import Server, pause, returning
from PIL import Image
from playwright.sync_api import BrowserContext, Page, expect

from core.data.datasets import load

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

COUNT = 8


@pytest.fixture(scope="module")
def photo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Eight dark digits on unevenly lit paper with grain, as a phone takes them."""
    generator = np.random.default_rng(0)
    ink = np.zeros((420, 760), np.float32)
    for number, digit in enumerate(load("digits", "test").images[:COUNT]):
        top, left = 60 + 180 * (number // 4), 60 + 175 * (number % 4)
        ink[top : top + 84, left : left + 84] = np.kron(digit / 255, np.ones((3, 3)))
    paper = np.linspace(0.9, 0.6, 760)[None] * (1 - 0.8 * ink) + generator.normal(0, 0.015, ink.shape)
    path = tmp_path_factory.mktemp("photo") / "photo.jpg"
    Image.fromarray(np.clip(paper * 255, 0, 255).astype(np.uint8)).save(path, quality=90)
    return path


@pytest.fixture
def page(server: Server, profile: BrowserContext) -> Iterator[Page]:
    """The page by way of the navigation, 1440 pixels wide."""
    with returning(profile, server.url) as page:
        page.get_by_role("link", name="Denoise").click()
        expect(page.get_by_role("heading", name="Denoise")).to_be_visible()
        expect(page.get_by_test_id("denoise-table")).to_be_visible()
        yield page


def choose(page: Page, mode: str) -> None:
    page.get_by_test_id("stMain").get_by_text(mode, exact=True).click()


def upload(page: Page, photo: Path) -> None:
    """The photo; a filter as the method, which is the fastest."""
    choose(page, "A photo of digits")
    page.locator("input[type=file]").set_input_files(photo)
    expect(page.locator(".it-box")).to_have_count(COUNT)  # until then the photo's coming closes an open list of methods
    page.get_by_role("combobox", name=re.compile("Method")).click()
    page.get_by_role("option", name="Median filter").click()
    expect(page.get_by_test_id("digit-card")).to_have_count(COUNT)


def test_the_boxes_of_a_photo_its_digits_and_the_zip(page: Page, photo: Path) -> None:
    upload(page, photo)
    expect(page.locator(".it-box")).to_have_count(COUNT)
    sizes = page.get_by_test_id("digit-card").locator("img").evaluate_all("images => images.map(i => i.naturalWidth > 0)")
    assert len(sizes) == 4 * COUNT and all(sizes)
    with page.expect_download() as download:
        page.get_by_role("button", name="Download (zip)").click()
    archive = zipfile.ZipFile(io.BytesIO(Path(download.value.path()).read_bytes()))
    assert download.value.suggested_filename == "denoised.zip" and len(archive.namelist()) == 1 + 2 * COUNT
    assert Image.open(io.BytesIO(archive.read("08-digit.png"))).size == (28, 28)
    assert Image.open(io.BytesIO(archive.read("photo-denoised.png"))).size == (760, 420)


@pytest.mark.slow
def test_a_box_that_is_removed_takes_its_digit_with_it(page: Page, photo: Path) -> None:
    upload(page, photo)
    page.locator(".it-box").nth(2).click()
    page.get_by_role("button", name="Remove", exact=True).click()
    expect(page.get_by_test_id("digit-card")).to_have_count(COUNT - 1)
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_test_id("digit-card")).to_have_count(COUNT)


@pytest.mark.slow
def test_the_wipe_moves_and_keeps_pixels_crisp(page: Page) -> None:
    stage = page.get_by_test_id("wipe-stage")
    expect(stage).to_be_visible()
    assert stage.locator(".it-name").all_inner_texts() == ["Damaged", "Blind U-Net denoiser"]
    box = stage.bounding_box()
    assert box and box["width"] % 28 == 0, "a whole number of screen pixels to a pixel"
    assert stage.locator("img").first.evaluate("i => getComputedStyle(i).imageRendering") == "pixelated"
    page.mouse.click(box["x"] + 0.25 * box["width"], box["y"] + 50)
    assert stage.evaluate("s => s.style.getPropertyValue('--at')") == "25%"


@pytest.mark.slow
def test_a_drawing_is_denoised(page: Page) -> None:
    choose(page, "Draw")
    sheet = page.locator(".it-sheet canvas")
    expect(sheet).to_be_visible()
    sheet.scroll_into_view_if_needed()
    box = sheet.bounding_box()
    assert box
    page.mouse.move(box["x"] + 0.5 * box["width"], box["y"] + 0.2 * box["height"])
    page.mouse.down()
    page.mouse.move(box["x"] + 0.5 * box["width"], box["y"] + 0.8 * box["height"], steps=8)
    page.mouse.up()
    expect(page.get_by_test_id("normalised").locator("img")).to_have_count(2)
    expect(page.get_by_test_id("denoise-table")).to_contain_text("unknown")


@pytest.mark.slow
@pytest.mark.parametrize(
    "mode", ["A photo of digits", *(pytest.param(mode, marks=pytest.mark.slow) for mode in ("One digit", "A whole picture", "Many files"))]
)
def test_no_mode_is_wider_than_a_phone(page: Page, photo: Path, mode: str) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    if mode == "A photo of digits":
        upload(page, photo)
    else:
        choose(page, mode)
        expect(page.get_by_text("What am I looking at?")).to_be_visible()
    if mode == "A whole picture":
        page.locator("input[type=file]").set_input_files(photo)
        expect(page.get_by_text("760 × 420 pixels")).to_be_visible()
    page.wait_for_selector("[data-testid=stApp][data-test-script-state=notRunning]")
    pause(page, 500)
    wider = "[document.documentElement, document.querySelector('[data-testid=stMain]')].map(e => e.scrollWidth - e.clientWidth)"
    assert page.evaluate(wider) == [0, 0]
    page.set_viewport_size({"width": 820, "height": 1000})
    for kinds in page.get_by_test_id("stFileUploaderDropzoneInstructions").locator("span").all():
        assert kinds.evaluate("e => e.scrollWidth <= e.clientWidth"), "which kinds of file are read is whole in a narrow column"

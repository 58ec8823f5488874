"""Uploads in a real browser and Streamlit's own server: what fits comes in, what does not says so, what was left behind makes room."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from live import PATIENCE_MS, Server
from playwright.sync_api import Browser, FilePayload, Page, expect

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]
FILE: FilePayload = {"name": "a.bin", "mimeType": "application/octet-stream", "buffer": b"x" * 60_000}


@pytest.fixture
def page(chromium: Browser, tmp_path: Path) -> Iterator[Page]:
    """The page, just opened."""
    server = Server(tmp_path, tmp_path / "log", "tests/uploads_app.py")
    page = chromium.new_page()
    page.set_default_timeout(PATIENCE_MS)
    page.goto(server.url)
    yield page
    page.close()
    server.stop()
    assert "Traceback" not in server.output(), server.output()


def test_a_second_file_is_refused_until_the_first_is_left_behind(page: Page) -> None:
    expect(page.get_by_text("0 files are here")).to_be_visible()
    chooser = page.locator("input[type=file]")
    chooser.set_input_files(FILE)
    expect(page.get_by_text("1 files are here")).to_be_visible()
    chooser.set_input_files(FILE)
    expect(page.get_by_text("status code 413")).to_be_visible()
    toggle = page.get_by_text("Show the uploader")
    toggle.click()
    expect(chooser).to_have_count(0)
    toggle.click()
    expect(page.get_by_text("0 files are here")).to_be_visible()
    chooser.set_input_files(FILE)
    expect(page.get_by_text("1 files are here")).to_be_visible()

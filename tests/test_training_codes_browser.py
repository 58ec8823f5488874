"""All codes of a model on Explore's map in a real browser: asked for, painted, said, in the link, gone again."""

from pathlib import Path

import pytest
from live import Server, returning, visitor, write_mnist_files
from playwright.sync_api import Browser, BrowserContext, expect
from view import COPY

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("tools")]

PAINTED = """() => { const c = document.querySelector('.lm-crowd canvas'); if (!c) return 0;
  return COPY.getImageData(0, 0, c.width, c.height).data.reduce((sum, v, i) => sum + (i % 4 === 3 && v > 0), 0); }""".replace("COPY", COPY)


@pytest.mark.slow
def test_all_codes_come_when_they_are_wanted_and_go_again(tmp_path: Path, chromium: Browser) -> None:
    server = Server(write_mnist_files(tmp_path, train=2_500), tmp_path / "log")
    try:
        with visitor(chromium, server.url) as page:
            switch, said = page.get_by_test_id("all-codes"), page.get_by_test_id("all-codes-said")
            expect(switch).to_have_text("All 12,500 codes")
            switch.click()
            expect(said).to_contain_text("The small dots are the 2,500 training images, the larger ones the 10,000 test images.")
            page.wait_for_function(f"() => ({PAINTED})() > 1500")
            page.wait_for_function("() => new URLSearchParams(location.search).get('all') === '1'")
            page.reload()
            page.wait_for_function(f"() => ({PAINTED})() > 1500")
            switch.click()
            expect(said).to_be_hidden()
            expect(page.locator(".lm-crowd canvas")).to_have_count(0)
            page.wait_for_function("() => !new URLSearchParams(location.search).has('all')")
        assert "Traceback" not in server.output()
    finally:
        server.stop()


def test_without_the_training_images_it_is_said_and_they_are_offered(server: Server, profile: BrowserContext) -> None:
    with returning(profile, f"{server.url}/?all=1") as page:
        expect(page.get_by_test_id("all-codes-said")).to_contain_text("The training images are not on this machine")
        expect(page.get_by_text("To see their codes, too, download MNIST.")).to_be_visible()
        expect(page.get_by_role("button", name="Download MNIST")).to_be_visible()

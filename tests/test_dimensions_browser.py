"""The tab *All dimensions*: what its cells draw against torch, what a click keeps, and its words."""

import io
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from bundle import Bundle
from live import Server
from PIL import Image
from playwright.sync_api import BrowserContext, Locator, expect
from view import View, as_new, left_open

from core import checkpoints, dimensions, latent

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("tools")]
STEPS = [-3, -2, -1, 0, 1, 2, 3]
PIXELS = """async (button) => {
  const image = button.querySelector('img'), canvas = document.createElement('canvas');
  await image.decode();
  [canvas.width, canvas.height] = [image.naturalWidth, image.naturalHeight];
  const context = canvas.getContext('2d');
  context.drawImage(image, 0, 0);
  return [...context.getImageData(0, 0, canvas.width, canvas.height).data].filter((_, i) => i % 4 === 0);
}"""


LARGE = "vae-mnist-16d"


@pytest.fixture(scope="module")
def left(server: Server, profile: BrowserContext) -> Iterator[View]:
    with left_open(profile, server.url, f"?checkpoint={LARGE}&tool=dimensions") as shared:
        yield shared


@pytest.fixture
def opened(left: View, request: pytest.FixtureRequest) -> View:
    """The large model's table, opened once: the tests that only look at it come first."""
    return as_new(left, request)


def cell(table: Locator, row: int, column: int) -> Locator:
    return table.locator(f"tbody tr:nth-child({row + 1}) td:nth-child({column + 2}) button")


def whole(view: View) -> Locator:
    """The table, once all is drawn."""
    every = "[...document.querySelectorAll('[data-testid=traversal] button')]"
    view.page.wait_for_function(f"() => {every}.length && {every}.every(button => button.querySelector('img'))")
    return view.page.get_by_test_id("traversal")


def drawn(name: str, code: np.ndarray, label: int | None = None) -> np.ndarray:
    return 255 * latent.decode(checkpoints.opened(name).model, code[None].astype(np.float32), label)[0].ravel()


@pytest.mark.parametrize(
    "name", [LARGE, *(pytest.param(n, marks=pytest.mark.slow) for n in ("vae-mnist-2d", "ae-mnist-2d", "cvae-mnist-2d"))]
)
def test_each_cell_is_the_kept_code_with_one_number_changed(request: pytest.FixtureRequest, name: str) -> None:
    checkpoint = checkpoints.opened(name)
    latents, told = checkpoint.latents, dimensions.of_codes(checkpoint.latents.mu, checkpoint.latents.logvar)
    prior = latent.keeps_to_prior(checkpoint.model)
    view = request.getfixturevalue("opened" if name == LARGE else "view")
    if name != LARGE:
        view.open(f"?checkpoint={name}&tool=dimensions")
    table, label = whole(view), int(latents.label[0]) if checkpoint.model.conditional else None
    for row, i in list(enumerate(told.order.tolist()))[:: max(1, told.count // 4)]:
        for column in (0, 4):
            code = latents.mu[0].copy()
            code[i] = STEPS[column] * (1 if prior else told.variance[i] ** 0.5) + (0 if prior else told.mean[i])
            assert np.abs(np.array(cell(table, row, column).evaluate(PIXELS)) - drawn(name, code, label)).max() < 1.5
    first = told.order[0]
    sigmas = latents.mu[0, first] if prior else (latents.mu[0, first] - told.mean[first]) / told.variance[first] ** 0.5
    framed = table.locator("tbody tr:first-child .dm-here")
    assert framed.evaluate("button => Number(button.dataset.column)") == STEPS.index(round(float(sigmas)))


def test_rows_say_what_each_number_says_and_which_are_unused(opened: View) -> None:
    latents = checkpoints.opened(LARGE).latents
    told = dimensions.of_codes(latents.mu, latents.logvar)
    rows = whole(opened).locator("tbody th").all_inner_texts()
    assert told.kl_nats is not None and [text.split("\n")[1].split(" ")[0] for text in rows] == [
        f"{told.kl_nats[i]:.2f}" for i in told.order
    ]
    assert sum("unused" in text for text in rows) == 4 and all("unused" in text for text in rows[12:])
    expect(opened.page.locator(".dm-body")).to_contain_text("12 of the 16 numbers of a code are used.")


def test_a_cell_shows_large_and_a_click_keeps_its_code(opened: View) -> None:
    latents = checkpoints.opened(LARGE).latents
    order = dimensions.of_codes(latents.mu, latents.logvar).order
    table, page = whole(opened), opened.page
    cell(table, 0, 5).hover()
    expect(page.locator(".dm-said")).to_contain_text("z₉ = 2.00 (+2σ)")
    cell(table, 0, 5).click()
    code = latents.mu[0].copy()
    code[order[0]] = 2
    expect(page.get_by_test_id("rest").locator("summary")).to_contain_text("(moved)")
    page.wait_for_function("() => new URLSearchParams(location.search).get('rest')")
    page.mouse.move(5, 5)
    opened.frames(4)
    assert np.abs(opened.image() - drawn(LARGE, code)).max() < 1.5, "the map's picture is that code's"
    table = whole(opened)
    cell(table, 0, 3).focus()
    cell(table, 0, 3).press("ArrowDown")
    assert page.evaluate("document.activeElement.getAttribute('aria-label')") == f"z{order[1] + 1} = 0.00"
    with page.expect_download() as download:
        page.get_by_role("button", name="Table (PNG)").click()
    picture = Image.open(io.BytesIO(download.value.path().read_bytes()))
    assert download.value.suggested_filename == "vae-mnist-16d-dimensions.png" and picture.height > 16 * 112


@pytest.mark.slow
def test_where_the_number_is_none_of_the_maps_the_point_stays_and_is_another_code(view: View) -> None:
    """It lies in the very place of a dot, and is not that."""
    opened = checkpoints.opened("vae-mnist-16d")
    view.open("?checkpoint=vae-mnist-16d&tool=dimensions&plane=9,15&rest=image")
    table, code = whole(view), opened.latents.mu[0].copy()
    row = dimensions.of_codes(opened.latents.mu, opened.latents.logvar).order.tolist().index(10)
    cell(table, row, 6).click()
    code[10] = 3
    expect(view.page.get_by_test_id("rest").locator("summary")).to_contain_text("(moved)")
    view.page.mouse.move(5, 5)
    view.frames(4)
    assert np.abs(view.image() - drawn("vae-mnist-16d", code)).max() < 1.5
    expect(view.page.get_by_test_id("panel")).not_to_contain_text("This is its code")


def test_of_two_numbers_a_click_moves_the_point(view: View) -> None:
    view.open("?z=0.5,1.25&tool=dimensions")
    latents = checkpoints.opened("vae-mnist-2d").latents
    first = int(dimensions.of_codes(latents.mu, latents.logvar).order[0])
    cell(whole(view), 0, 0).click()
    view.page.wait_for_function("() => new URLSearchParams(location.search).get('z').includes('-3')")
    assert view.url_z()[first] == -3 and view.url_z()[1 - first] == (0.5, 1.25)[1 - first]


@pytest.mark.slow
def test_what_the_browser_cannot_decode_has_no_table(view: View) -> None:
    view.open("?checkpoint=conv-vae-mnist-2d&tool=dimensions")
    expect(view.page.get_by_test_id("bench")).to_contain_text("cannot run this model’s decoder")


TOLD: dict[str, Any] = {
    "order": [1, 0], "used": [True, True], "kl": [1.0, 2.0], "variance": [0.5, 0.7], "middle": [1.0, -2.0], "sigma": [0.5, 2.0],
    "prior": False, "threshold": 0.01,
}  # fmt: skip


def test_cells_and_the_framed_one(bundle: Bundle) -> None:
    script = "return given[1].map((v) => [m.cell(given[0], 1, v), m.closest(given[0], 1, v)])"
    found = bundle.run("dimensions/table.js", script, [TOLD, [-3, -2, 0, 2.9, 9]])
    assert [value for value, _ in found] == [-8, -6, -2, 3.8, 16]
    assert [column for _, column in found] == [STEPS.index(step) if abs(step) <= 3 else -1 for step in (0, 0, 1, 2, 6)]
    assert bundle.run("dimensions/table.js", "return m.closest(given, 0, 5)", TOLD | {"sigma": [0, 1]}) == 3


@pytest.mark.parametrize(
    ("used", "says"),
    [
        ([True], "The one number of a code is used."), ([True, True], "Both numbers of a code are used."),
        ([True, False], "1 of the 2 numbers of a code is used. The other is unused"),
        ([False, False], "None of the 2 numbers of a code are used. They are unused"),
    ],
)  # fmt: skip
def test_it_says_how_many_are_used(bundle: Bundle, used: list[bool], says: str) -> None:
    assert bundle.run("dimensions/table.js", "return m.countWords(given)", TOLD | {"used": used}).startswith(says)

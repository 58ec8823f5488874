"""Explore's tool *Paths* as it is used: chosen on the map, walked through in the film, played, drawn, in the link."""

import re
from pathlib import Path

import numpy as np
import pytest
from live import Server, until, visitor
from playwright.sync_api import Browser, Page, expect
from test_saved_browser import Saved, made
from view import View

from core import checkpoints, latent, morphs

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("tools")]

MAIN = checkpoints.load("vae-mnist-2d")
LARGE = checkpoints.load("vae-mnist-16d")


def film(page: Page) -> np.ndarray:
    """What the film shows, (2 x steps, 784) in [0, 1]: the steps through the codes, then the faded ones."""
    inks = """all => all.map(c => [...c.getContext('2d').getImageData(0, 0, 28, 28).data].filter((_, i) => i % 4 === 0))"""
    return np.array(page.get_by_test_id("film").locator("canvas").evaluate_all(inks)) / 255


def frames(page: Page, count: int) -> None:
    expect(page.get_by_test_id("film").get_by_role("button")).to_have_count(count)


def scroll_to_top(page: Page) -> None:
    page.evaluate("document.querySelector('[data-testid=stMain]').scrollTo(0, 0)")


@pytest.mark.parametrize("by", ["straight", pytest.param("sphere", marks=pytest.mark.slow)])
def test_a_path_in_the_link_is_decoded_as_by_torch_beside_its_fading(view: View, by: str) -> None:
    page = view.open(f"?checkpoint=vae-mnist-2d&tool=paths:{by},9,z;18;61").page
    frames(page, 9)
    path = morphs.PATHS[by](MAIN.latents.mu[18], MAIN.latents.mu[61], 4000)
    along = np.concatenate([[0], np.cumsum(np.linalg.norm(np.diff(path, axis=0), axis=1))])
    codes = path[[np.abs(along - share * along[-1]).argmin() for share in np.linspace(0, 1, 9)]].astype(np.float32)
    wanted = latent.decode(MAIN.model, codes).reshape(9, 784)
    shown, faded = film(page), morphs.cross_fade(wanted[0].reshape(28, 28), wanted[-1].reshape(28, 28), 9).reshape(9, 784)
    assert np.abs(shown[:9] - wanted).max() < 0.03 and np.abs(shown[9:] - faded).max() < 0.03
    expect(page.get_by_test_id("paths")).to_contain_text(f"The path is {along[-1]:.2f} long in z")


def test_points_chosen_on_the_map_become_a_path_that_can_be_changed_walked_and_kept(view: View) -> None:
    page = view.open("?checkpoint=vae-mnist-2d").page
    page.get_by_role("tab", name="Paths").click()
    paths, line = page.get_by_test_id("paths"), page.get_by_test_id("path-line")
    expect(paths.get_by_role("button", name="Choose points")).to_have_attribute("aria-pressed", "true")
    scroll_to_top(page)
    kept = page.evaluate("new URLSearchParams(location.search).get('z')")
    for u, v in ((0.3, 0.3), (0.7, 0.5)):
        page.mouse.click(*view.at(u, v))
    expect(line.locator("text")).to_have_count(2)
    frames(page, 9)
    assert page.evaluate("new URLSearchParams(location.search).get('z')") == kept, "a press adds a point and keeps none"
    page.wait_for_function("/tool=paths(:|%3A)straight/.test(location.href)")

    x, y = view.at(0.7, 0.5)
    before = film(page)
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x - 60, y + 80, steps=4)
    page.mouse.up()
    page.wait_for_function("() => !document.querySelector('.lp-state').textContent")
    expect(line.locator("text")).to_have_count(2)  # dragged, not added
    assert np.abs(film(page)[0] - before[0]).max() < 1e-6 and np.abs(film(page)[8] - before[8]).max() > 0.1

    paths.get_by_role("button", name="Least change").click()
    expect(paths.get_by_text("the shortest path by the metric")).to_be_visible()
    expect(paths.get_by_text(re.compile("Looking for the path"))).to_have_count(0)
    paths.get_by_role("button", name="By real codes").click()
    expect(paths.get_by_text("kNN graph")).to_be_visible()

    third = page.get_by_test_id("film").get_by_role("button").nth(2)
    third.click()
    expect(third).to_have_class("lp-here")
    page.wait_for_function("kept => new URLSearchParams(location.search).get('z') !== kept", arg=kept)
    until(lambda: np.abs(film(page)[2] - view.image() / 255).max() < 0.02)  # the map shows what the film does

    paths.get_by_test_id("path-play").click()
    expect(paths.get_by_test_id("path-play")).to_have_text("Pause")
    mark = line.locator("> circle")
    places = set()
    for _ in range(5):
        view.frames(6)
        places.add(mark.get_attribute("transform"))
    assert len(places) > 2, "it travels"
    paths.get_by_test_id("path-play").click()
    expect(mark).to_have_attribute("visibility", "hidden")

    paths.get_by_role("button", name="Remove the last").click()
    expect(page.get_by_test_id("film")).to_be_hidden()
    page.get_by_role("tab", name="Find").click()
    expect(line).to_have_count(0)
    scroll_to_top(page)
    view.click(0.45, 0.6)  # the map is its own again


def test_a_path_is_drawn_with_the_mouse_and_chosen_by_keys_alone(view: View) -> None:
    page = view.open("?checkpoint=beta-1-mnist-2d&tool=paths").page
    paths = page.get_by_test_id("paths")
    paths.get_by_role("button", name="Draw", exact=True).click()
    scroll_to_top(page)
    page.mouse.move(*view.at(0.2, 0.4))
    page.mouse.down()
    for u in np.linspace(0.2, 0.7, 20):
        page.mouse.move(*view.at(float(u), 0.4 + 0.1 * np.sin(8 * u)))
    page.mouse.up()
    frames(page, 9)
    expect(paths.get_by_role("button", name="Choose points")).to_have_attribute("aria-pressed", "true")
    paths.get_by_role("button", name="Clear").click()

    paths.get_by_label("Test image").focus()
    page.keyboard.type("17")
    page.keyboard.press("Enter")
    page.keyboard.press("Control+a")
    page.keyboard.type("99999")
    page.keyboard.press("Enter")
    expect(paths).to_contain_text("There are test images 0 to 9,999.")
    page.keyboard.press("Control+a")
    page.keyboard.type("4")
    page.keyboard.press("Enter")
    frames(page, 9)
    last = paths.get_by_role("button", name=re.compile("^Point 2: test image 4"))
    last.focus()
    page.keyboard.press("ArrowUp")
    moved = paths.get_by_role("button", name=re.compile(r"^Point 2: \("))
    expect(moved).to_be_focused()
    page.keyboard.press("Delete")
    expect(page.get_by_test_id("film")).to_be_hidden()
    paths.get_by_label("Class of the last image").select_option("5")
    paths.get_by_role("button", name="Any two").press("Enter")
    expect(paths.get_by_role("button", name=re.compile("^Point 1: test image .* labelled 3"))).to_be_visible()
    expect(paths.get_by_role("button", name=re.compile("^Point 2: test image .* labelled 5"))).to_be_visible()


@pytest.mark.slow
def test_in_sixteen_dimensions_it_leads_through_whole_codes(view: View) -> None:
    page = view.open("?checkpoint=vae-mnist-16d&tool=paths:sphere,7,z;18;61").page
    frames(page, 7)
    start, end = LARGE.latents.mu[[18, 61]].astype(np.float64)
    path = morphs.spherical(start, end, 4000)
    along = np.concatenate([[0], np.cumsum(np.linalg.norm(np.diff(path, axis=0), axis=1))])
    codes = path[[np.abs(along - share * along[-1]).argmin() for share in np.linspace(0, 1, 7)]].astype(np.float32)
    assert np.abs(film(page)[:7] - latent.decode(LARGE.model, codes).reshape(7, 784)).max() < 0.03
    expect(page.get_by_test_id("paths")).to_contain_text("in 16 dimensions would have too many places")
    expect(page.get_by_role("button", name="Least change")).to_be_hidden()
    page.get_by_test_id("film").get_by_role("button").nth(3).click()
    expect(page.get_by_test_id("panel")).to_contain_text(f"z = ({codes[3][0]:.2f}".replace("-", "−"))
    view.frames(2)
    assert np.abs(view.image() / 255 - film(page)[3].astype(float)).max() < 0.02, "the plane goes through it"


@pytest.mark.slow
def test_where_the_browser_has_no_decoder_it_says_so(view: View) -> None:
    page = view.open("?checkpoint=conv-vae-mnist-2d&tool=paths:straight,9,z;18;61").page
    expect(page.get_by_test_id("paths")).to_contain_text("The browser does not have this model’s decoder")
    expect(page.get_by_test_id("film")).to_be_hidden()


@pytest.mark.slow
def test_a_conditional_model_leads_from_style_to_style(view: View) -> None:
    page = view.open("?checkpoint=cvae-mnist-2d&draw_as=5&tool=paths:straight,5,z;18;61").page
    frames(page, 5)
    told = checkpoints.load("cvae-mnist-2d")
    codes = morphs.straight(told.latents.mu[18], told.latents.mu[61], 5)
    wanted = latent.decode(told.model, codes.astype(np.float32), 5).reshape(5, 784)
    assert np.abs(film(page)[:5] - wanted).max() < 0.03
    expect(page.get_by_test_id("paths")).to_contain_text("here the class 5")


@pytest.mark.slow
@pytest.mark.parametrize("width", [360, 820])
def test_on_a_small_screen_fingers_choose_and_nothing_is_wider_than_the_page(server: Server, chromium: Browser, width: int) -> None:
    with visitor(chromium, f"{server.url}/?checkpoint=vae-mnist-2d&spread=1&tool=paths", width, has_touch=True) as page:
        page.wait_for_selector("[data-testid=latent-map][data-plotted]")
        map_, paths = page.get_by_test_id("latent-map"), page.get_by_test_id("paths")
        expect(paths.get_by_role("button", name="Choose points")).to_be_visible()
        map_.scroll_into_view_if_needed()
        box = map_.bounding_box()
        assert box
        for u, v in ((0.3, 0.4), (0.6, 0.7)):
            page.touchscreen.tap(box["x"] + u * box["width"], box["y"] + v * box["height"])
        frames(page, 9)
        assert page.evaluate("document.querySelector('[data-testid=stMain]').scrollWidth") <= width
        for height in paths.locator("button:visible, input:visible, select:visible").evaluate_all(
            "all => all.filter((one) => one.type !== 'range').map((one) => one.getBoundingClientRect().height)"
        ):
            assert height >= 40, "large enough for a finger"


def test_on_a_saved_page_it_works_without_a_network(chromium: Browser, tmp_path: Path) -> None:
    file = tmp_path / "page.html"
    file.write_bytes(made("beta-1-mnist-2d"))
    context = chromium.new_context(viewport={"width": 1280, "height": 900})
    try:
        saved = Saved(context.new_page(), file).open()
        saved.page.get_by_role("tab", name="Paths").click()
        saved.page.get_by_role("button", name="Any two").click()
        frames(saved.page, 9)
        for kind in ("Least change", "By real codes"):
            saved.page.get_by_role("button", name=kind).click()
            expect(saved.page.get_by_role("button", name=kind)).to_have_attribute("aria-pressed", "true")
            expect(saved.page.locator(".lp-late")).to_have_count(0)
            expect(saved.page.get_by_test_id("paths")).to_contain_text("Farthest from a test image’s code")
        assert not saved.errors
    finally:
        context.close()

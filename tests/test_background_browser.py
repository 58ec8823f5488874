"""Explore's background in a real browser: fetched when chosen, drawn in its place, said at the pointer, in the link, in both themes."""

import re

import numpy as np
import pytest
from live import PATIENCE_MS
from playwright.sync_api import expect
from test_accessibility import settled
from view import COPY, View

from core import checkpoints, latent
from core.figures import class_colour

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

POINT = (-0.9, -1.2)  # among the ones
CODES = checkpoints.load("vae-mnist-2d").latents

# The pixel of the background under a point of the page: [red, green, blue, alpha]; until it has come, it is hidden and without a size.
UNDER = """([x, y]) => { const c = document.querySelector('.lm-field canvas'), box = c.getBoundingClientRect();
  if (!box.width) return [0, 0, 0, 0];
  const at = [(x - box.left) / box.width * c.width, (y - box.top) / box.height * c.height].map(Math.floor);
  return [...COPY.getImageData(...at, 1, 1).data]; }""".replace("COPY", COPY)


def choose(view: View, title: str) -> None:
    view.page.get_by_role("combobox", name=re.compile("Background")).click()
    view.page.get_by_role("option", name=title).click()
    expect(view.page.get_by_test_id("background-key")).to_contain_text(title, timeout=PATIENCE_MS)
    view.page.locator("[data-testid=background-key] .lm-scale").wait_for()


def place(view: View, z: tuple[float, float]) -> tuple[float, float]:
    """The page's pixel of a point of the map."""
    x0, x1, y0, y1 = view.ranges()
    box = view.page.locator(".lm-plot").bounding_box()
    assert box
    across, down = (z[0] - x0) / (x1 - x0), (y1 - z[1]) / (y1 - y0)
    return box["x"] + 34 + across * (box["width"] - 40), box["y"] + 6 + down * (box["height"] - 34)


def painted(view: View, z: tuple[float, float]) -> list[int]:
    """The background's pixel at a point of the map, once it is painted there."""
    there = f"at => {{ const pixel = ({UNDER})(at); return pixel[3] > 0 && pixel; }}"  # in one go: what is painted anew is empty first
    return view.page.wait_for_function(there, arg=list(place(view, z))).json_value()


def test_regions_are_fetched_when_chosen_drawn_in_their_place_said_and_in_the_link(view: View) -> None:
    asked: list[str] = []
    view.page.on("request", lambda request: asked.append(request.url))
    view.open(f"?z={POINT[0]},{POINT[1]}&layers=points")
    assert not any("/fields/" in url for url in asked), "nothing is computed that nobody asked for"
    choose(view, "10-NN regions")
    red, green, blue, alpha = painted(view, POINT)
    index, _ = latent.nearest(CODES.mu, np.array(POINT), 10)
    assert (CODES.label[index] == 1).all() and f"#{red:02x}{green:02x}{blue:02x}"[:2] == class_colour(1)[:2] and alpha > 130
    assert np.abs(np.array([red, green, blue]) - [int(class_colour(1)[i : i + 2], 16) for i in (1, 3, 5)]).max() <= 3
    said = view.page.get_by_test_id("background-said")
    expect(said).to_have_text("The ten nearest test codes: 1 (100 %).")
    marked = view.page.locator(".lm-scale i")
    expect(marked).to_have_class(re.compile("lm-marked"))
    mark = """i => (i.firstElementChild.getBoundingClientRect().left - i.getBoundingClientRect().left) / i.clientWidth"""
    assert marked.evaluate(mark) == pytest.approx(1, abs=0.05), "all ten neighbours are of one class: the end of the scale"
    border = (-0.16, -0.9)
    view.page.mouse.move(*place(view, border))
    expect(said).to_contain_text(" or ")
    assert marked.evaluate(mark) < 0.9
    view.page.get_by_role("button", name="Zoom in").click()
    assert np.abs(np.array(painted(view, POINT)) - [red, green, blue, alpha]).max() <= 8, "zoomed, it lies where it lay"
    expect(view.page).to_have_url(re.compile("background=neighbours"))
    assert len([url for url in asked if "/fields/" in url]) == 1
    view.page.reload()
    view.page.locator("[data-testid=background-key] .lm-scale").wait_for()
    assert np.abs(np.array(painted(view, POINT)) - [red, green, blue, alpha]).max() <= 8
    choose_none(view)
    expect(view.page).not_to_have_url(re.compile("background="))


def choose_none(view: View) -> None:
    view.page.get_by_role("combobox", name=re.compile("Background")).click()
    view.page.get_by_role("option", name="None").click()
    expect(view.page.get_by_test_id("background-key")).to_be_hidden()
    assert view.page.locator(".lm-field").is_hidden() and view.page.get_by_test_id("background-said").is_hidden()


@pytest.mark.slow
def test_the_veil_and_the_grid_have_the_image_s_polarity_in_both_themes(view: View) -> None:
    nowhere = (-2.4, 2.4)
    view.open(f"?z={POINT[0]},{POINT[1]}&layers=points,manifold&background=codes")
    for scheme in ("light", "dark"):
        view.page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
        view.page.wait_for_function("scheme => getComputedStyle(document.querySelector('.stApp')).colorScheme === scheme", arg=scheme)
        settled(view.page)
        veil = painted(view, nowhere)
        assert max(veil[:3]) < 90 and veil[3] > 200, "dark over the dark ground of the digits"
        ground, ink = view.page.locator(".lm-map").evaluate("e => [getComputedStyle(e).backgroundColor, getComputedStyle(e).color]")
        assert ground == "rgb(0, 0, 0)" and min(map(int, re.findall(r"\d+", ink))) > 200
        view.page.wait_for_function(f"at => ({UNDER})(at)[3] === 0", arg=list(place(view, POINT)))  # codes are here
    view.page.get_by_role("button", name="Decoded grid").click()
    view.page.wait_for_function("() => !document.querySelector('.lm-map').classList.contains('lm-inked')")


@pytest.mark.slow
def test_a_background_that_cannot_be_had_is_told_and_asked_for_again(view: View) -> None:
    view.open(f"?z={POINT[0]},{POINT[1]}")
    view.page.route("**/fields/**", lambda route: route.fulfill(status=503, body="The server is busy with other maps."))
    view.page.get_by_role("combobox", name=re.compile("Background")).click()
    view.page.get_by_role("option", name="Rarity").click()
    expect(view.page.get_by_test_id("background-key")).to_contain_text("The server is busy with other maps.")
    view.errors.clear()  # the browser's own line about the status
    view.page.unroute("**/fields/**")
    choose_none(view)
    choose(view, "Rarity")
    expect(view.page.get_by_test_id("background-said")).to_contain_text("draws from the prior")

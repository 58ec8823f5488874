"""The map spread evenly in a real browser: the switch, what is under the pointer, the grid, the link."""

import re
from io import BytesIO

import numpy as np
import pytest
import torch
from live import Server, visitor
from PIL import Image
from playwright.sync_api import Browser, expect
from view import View

from core import checkpoints, latent
from core.rest import of_plane, through

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("tools")]

CODES = checkpoints.load("vae-mnist-2d").latents.mu
BOX = "(p => [p.clientWidth - 40, p.clientHeight - 34])(document.querySelector('.lm-plot'))"


def spread_pixels(view: View, z: np.ndarray) -> np.ndarray:
    """Where the spread map, as Plotly has it now, shows points (N, 2): (N, 2) pixels of the page."""
    left, right, bottom, top = view.ranges()
    width, height = view.page.evaluate(BOX)
    map_box, u = view.box(), torch.special.ndtr(torch.from_numpy(z).double()).numpy()
    x = map_box["x"] + 1 + 34 + (u[:, 0] - left) / (right - left) * width
    return np.stack([x, map_box["y"] + 1 + 6 + (top - u[:, 1]) / (top - bottom) * height], axis=1)


def pixels(view: View) -> np.ndarray:
    """What the map shows, (height, width, 3)."""
    shown = view.page.get_by_test_id("latent-map").screenshot()
    return np.array(Image.open(BytesIO(shown)).convert("RGB"), np.int16)


def test_spread_evenly_is_switched_in_the_page_and_all_of_the_map_follows(view: View) -> None:
    view.open("?z=0.5,1.5")
    switch = view.page.get_by_test_id("spread")
    expect(switch).to_have_attribute("aria-checked", "false")
    asked = view.asked()
    switch.click()
    view.page.wait_for_function("() => document.querySelector('.lm-plot').layout.xaxis.range[0] > -0.5")
    assert asked == [] and switch.get_attribute("aria-checked") == "true", "nothing is fetched for it"
    left, right, bottom, top = view.ranges()
    assert max(left, bottom) == pytest.approx(-0.03, abs=1e-3) and min(right, top) == pytest.approx(1.03, abs=1e-3), "it fills its square"
    assert "Φ(z)" in view.page.locator(".lm-spread-words").inner_text()

    pixels = spread_pixels(view, CODES)
    apart = np.linalg.norm(pixels[:200, None] - pixels[None], axis=2)
    alone = int(np.sort(apart, axis=1)[:, 1].argmax())  # a dot with no other near, so that a click beside it means it
    view.page.mouse.click(pixels[alone, 0] + 3, pixels[alone, 1] - 2)
    view.page.wait_for_function("() => !new URLSearchParams(location.search).get('z').startsWith('0.5,')")
    assert view.url_z() == pytest.approx(CODES[alone], abs=1e-4)
    view.page.wait_for_function("() => new URLSearchParams(location.search).get('spread') === '1'")

    view.page.get_by_test_id("latent-map").press("ArrowRight")  # ten pixels
    view.frame()
    to = view.page.evaluate("[1, 2].map(i => Number(document.querySelector(`[data-testid=z${i}]`).value))")
    assert spread_pixels(view, np.array([to]))[0] - pixels[alone] == pytest.approx([10, 0], abs=1.5)

    switch.click()
    expect(switch).to_have_attribute("aria-checked", "false")
    view.page.wait_for_function("() => !new URLSearchParams(location.search).has('spread')")
    assert view.ranges()[1] > 1.5


@pytest.mark.slow
def test_switched_back_the_map_is_as_it_was(view: View) -> None:
    view.open("?z=0.5,1.5")
    switch = view.page.get_by_test_id("spread")
    switch.focus()
    view.frames(3)
    before = pixels(view)
    for checked in ("true", "false"):
        switch.press("Enter")
        expect(switch).to_have_attribute("aria-checked", checked)
        view.ranges()  # once the view rests
        apart = np.abs(pixels(view) - before).max(axis=-1) > 8
        assert apart.mean() > 0.05 if checked == "true" else apart.sum() < 20, "the spread map's edge is gone, too"


def test_a_link_opens_the_spread_map_where_it_was(view: View) -> None:
    view.open("?z=0.5,1.5&spread=1&view=0.6,0.8,0.25&layers=manifold")
    left, right, bottom, top = view.ranges()
    assert [(left + right) / 2, (bottom + top) / 2, right - left] == pytest.approx([0.6, 0.8, 0.25], abs=1e-4)
    view.point(0.6, 0.4)
    at = np.array(view.at(0.6, 0.4))
    box, (width, height) = view.box(), view.page.evaluate(BOX)
    u = left + (at[0] - box["x"] - 35) / width * (right - left), top - (at[1] - box["y"] - 7) / height * (top - bottom)
    model = checkpoints.load("vae-mnist-2d").model
    with torch.no_grad():
        drawn = model.decode(torch.special.ndtri(torch.tensor([u], dtype=torch.float64)).float()).flatten().mul(255).numpy()
    assert np.abs(view.image() - drawn).max() < 4, "what is under the pointer is decoded there"


@pytest.mark.parametrize("name", ["ae-mnist-2d", pytest.param("pca-mnist-2d", marks=pytest.mark.slow)])
@pytest.mark.slow
def test_a_model_without_such_a_prior_is_not_spread_and_says_why(view: View, name: str) -> None:
    view.open(f"?checkpoint={name}&spread=1")
    switch, words = view.page.get_by_test_id("spread"), view.page.locator(".lm-spread-words")
    expect(switch).to_have_attribute("aria-disabled", "true")
    assert view.ranges()[1] > 1.1 and not re.search("spread", view.page.evaluate("location.search"))
    before = view.ranges()
    expect(words).to_be_hidden()
    switch.press("Space")
    expect(words).to_have_text(
        "This model has no prior that its codes keep to, so there are no percentiles to spread them by. The map stays as it is."
    )
    assert switch.get_attribute("aria-checked") == "false" and view.ranges() == before
    switch.press("Space")
    expect(words).to_be_hidden()


@pytest.mark.parametrize("shown", [None, (8, 14)])
@pytest.mark.slow
def test_a_plane_of_larger_codes_is_spread_by_the_priors_own_margin(view: View, shown: tuple[int, int] | None) -> None:
    """Dots where Φ of their coordinates on the plane is; a click keeps one; the pointer has the plane's codes, with the other numbers as
    they are set."""
    opened = checkpoints.load("vae-mnist-16d")
    codes = opened.latents.mu
    plane = latent.axes_plane(codes, shown, True) if shown else latent.map_plane(codes, True)
    points = plane.points(codes)
    view.open(f"?checkpoint=vae-mnist-16d&z=0.5,1.5{'&plane=9,15' if shown else ''}")
    page = view.page
    page.get_by_test_id("spread").click()
    page.wait_for_function("() => document.querySelector('.lm-plot').layout.xaxis.range[0] > -0.5")
    words = page.locator(".lm-spread-words").inner_text()
    assert ("Φ(z₉) and Φ(z₁₅)" if shown else "Φ(u₁) and Φ(u₂)") in words and "of the other directions it says nothing" in words

    drawn = page.evaluate("document.querySelector('.lm-plot').data.map(({ x, y, customdata }) => [[...x], [...y], [...customdata]])")
    x, y, row = (np.concatenate([one[i] for one in drawn]) for i in range(3))
    u = torch.special.ndtr(torch.from_numpy(points).double()).numpy()
    np.testing.assert_allclose(np.stack([x, y], 1), u[row.astype(int)], atol=1e-6)

    pixels = spread_pixels(view, points)
    alone = int(np.sort(np.linalg.norm(pixels[:200, None] - pixels[None], axis=2), axis=1)[:, 1].argmax())
    page.mouse.click(pixels[alone, 0] + 2, pixels[alone, 1] - 2)
    page.wait_for_function("() => !new URLSearchParams(location.search).get('z').startsWith('0.5,')")
    assert view.url_z() == pytest.approx(points[alone], abs=1e-4)
    page.wait_for_function("() => new URLSearchParams(location.search).get('spread') === '1'")

    rest = page.get_by_test_id("rest")
    rest.locator("summary").click()
    expect(rest.locator("summary")).to_contain_text("(of the kept image)")
    slider = rest.locator("input").first
    slider.evaluate("input => { input.value = '1'; input.dispatchEvent(new Event('input', { bubbles: true })); }")
    expect(rest.locator("summary")).to_contain_text("(moved)")
    numbers = [float(v) for v in rest.locator("input").evaluate_all("all => all.map((input) => input.value)")]
    where = of_plane(codes, plane, shown)
    page.get_by_test_id("latent-map").scroll_into_view_if_needed()
    view.point(0.6, 0.4)
    view.frames(15)  # words come a little later
    there = [float(text.replace("−", "-")) for text in page.locator(".lm-controls output").all_inner_texts()]
    left, right, bottom, top = view.ranges()
    (px, py), box, (width, height) = view.at(0.6, 0.4), view.box(), page.evaluate(BOX)
    at = left + (px - box["x"] - 35) / width * (right - left), top - (py - box["y"] - 7) / height * (top - bottom)
    assert torch.special.ndtr(torch.tensor(there, dtype=torch.float64)).numpy() == pytest.approx(at, abs=0.005)
    z = through(where, plane, np.array(numbers)).codes(torch.special.ndtri(torch.tensor([at], dtype=torch.float64)).numpy())
    assert np.abs(view.image() - 255 * latent.decode(opened.model, z)[0].ravel()).max() < 6, "sliders are rounded to 0.01"


# --- two maps -------------------------------------------------------------------------------------------------------------

BOTH = """(spread) => [...document.querySelectorAll('.lm-plot')]
  .filter(({ layout }) => layout && (layout.xaxis.range[0] > -0.5) === spread).length === 2"""


@pytest.mark.slow
def test_both_maps_of_a_comparison_are_spread_by_one_switch(server: Server, chromium: Browser) -> None:
    """The dots lie at the percentiles of their codes, the link says so, and the pointer has the same numbers on both."""
    names = "beta-1-mnist-2d", "beta-10-mnist-2d"
    with visitor(chromium, f"{server.url}/compare?models={','.join(names)}&link=point") as page:
        for number in range(2):
            page.locator("[data-testid=latent-map][data-plotted]").nth(number).wait_for()
        switches = page.get_by_test_id("spread")
        switches.nth(1).press("Space")
        page.wait_for_function(BOTH, arg=True)
        for number, name in enumerate(names):
            expect(switches.nth(number)).to_have_attribute("aria-checked", "true")
            drawn = page.locator(".lm-plot").nth(number).evaluate("({ data }) => data.map(({ x, y }) => [[...x], [...y]])")
            x, y = (np.sort(np.concatenate([one[i] for one in drawn])) for i in range(2))
            u = torch.special.ndtr(torch.from_numpy(checkpoints.load(name).latents.mu).double()).numpy()
            np.testing.assert_allclose(np.stack([x, y], 1), np.sort(u, axis=0), atol=1e-6)
        page.wait_for_function("() => new URLSearchParams(location.search).get('spread') === '1'")
        page.reload()
        page.wait_for_function(BOTH, arg=True)
        box = page.get_by_test_id("latent-map").nth(0).bounding_box()
        page.mouse.move(box["x"] + 0.7 * box["width"], box["y"] + 0.3 * box["height"])
        values = "() => ['z1', 'z2'].map((name) => [...document.querySelectorAll(`[data-testid=${name}]`)].map(({ value }) => value))"
        page.wait_for_function(f"() => ({values})().every(([one, other]) => one === other && Number(one))")
        assert max(abs(float(one)) for one, _ in page.evaluate(values)) < 3, "no point is far out, where equal areas hold equal shares"
        switches.nth(0).click()
        page.wait_for_function(BOTH, arg=False)
        page.wait_for_function("() => !new URLSearchParams(location.search).has('spread')")

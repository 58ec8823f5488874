"""What is said to who cannot see the map: the sentences one by one, and when they come, in a browser."""

import pytest
from bundle import Bundle
from live import pause
from playwright.sync_api import expect
from view import View

from core import checkpoints, latent
from pages.browser.map import LAYERS

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("tools")]

MODEL = "vae-mnist-2d"
REGION = ".lm > [aria-live]"

POINT = """const facts = { classes: [{ name: '0' }, { name: '8' }, { name: 'ankle boot' }, { name: '3' }], gap: 0.5, vote_gap: 0.8,
    conditional: false, drawn: null };
  const reading = { z: [0.5, -1.25], vote: { label: 3, votes: 9, neighbours: 10 }, onCode: false, distance: 0.1, farthest: 0.7,
    nearest: 1234, more: 0 };
  return m.ofPoint({ ...facts, ...given.facts }, { ...reading, ...given.reading });"""


@pytest.mark.parametrize(
    ("facts", "reading", "said"),
    [
        ({}, {}, "Kept (0.50, −1.25): looks like a 3, 90 % of neighbours."),
        ({}, {"vote": {"label": 1, "votes": 4, "neighbours": 10}}, "Kept (0.50, −1.25): looks like an 8, 40 % of neighbours."),
        ({}, {"vote": {"label": 2, "votes": 3, "neighbours": 3}}, "Kept (0.50, −1.25): looks like an ankle boot, 100 % of neighbours."),
        ({}, {"z": [1, 2, 3]}, "Kept: looks like a 3, 90 % of neighbours."),
        (
            {},
            {"onCode": True, "distance": 0},
            "Kept (0.50, −1.25): looks like a 3, 90 % of neighbours. This is the code of test image 1,234.",
        ),
        (
            {},
            {"distance": 0.6, "farthest": 0.9},
            "Kept (0.50, −1.25): no test code is near. Of the ten nearest, 90 % are 3.",
        ),
        (
            {},
            {"onCode": True, "distance": 0, "farthest": 0.9},
            "Kept (0.50, −1.25): fewer than ten test codes are near. Of the ten nearest, 90 % are 3. This is the code of test image 1,234.",
        ),
        (
            {},
            {"onCode": True, "distance": 0, "more": 40},
            "Kept (0.50, −1.25): looks like a 3, 90 % of neighbours. More codes than these lie in this very place, so that means little. "
            "This is the code of test image 1,234.",
        ),
        (
            {"conditional": True, "drawn": 1},
            {},
            "Kept (0.50, −1.25): drawn as an 8. This model is told the class, so neighbours do not say it.",
        ),
        (
            {"conditional": True},
            {"distance": 0.6},
            "Kept (0.50, −1.25): drawn without a class. This model is told the class, so neighbours do not say it.",
        ),
    ],
)
def test_what_is_said_of_a_kept_point(bundle: Bundle, facts: dict, reading: dict, said: str) -> None:
    assert bundle.run("map/spoken.js", POINT, {"facts": facts, "reading": reading}) == said


def test_what_is_said_of_layers_and_backgrounds(bundle: Bundle) -> None:
    script = """const field = { title: 'Rarity', sentence: 'How <i>rare</i> codes are.' }, none = { on: new Set(['points']), field: null };
      const other = { on: new Set(['manifold', 'background']), field };
      return [m.ofLayers(none, none), m.ofLayers(none, other), m.ofLayers(other, none)];"""
    expected = [
        "",
        "Points: off. Decoded grid: on. Background: Rarity. How rare codes are.",
        "Points: on. Decoded grid: off. No background.",
    ]
    assert bundle.run("map/spoken.js", script) == expected
    assert bundle.run("map/spoken.js", "return m.TITLES") == LAYERS, "they are called what the pills above the map say"


def test_it_says_what_a_kept_point_looks_like_and_nothing_while_it_moves(view: View) -> None:
    page = view.open("?z=0.5,1.5").page
    region = page.locator(REGION)
    expect(region).to_have_text("")  # what a link brings is read on the page
    page.evaluate(
        """selector => { window.said = []; const region = document.querySelector(selector);
      new MutationObserver(() => said.push(region.textContent)).observe(region, { childList: true, subtree: true }); }""",
        REGION,
    )
    for v in (0.3, 0.4, 0.5, 0.6):
        view.point(0.4, v)
    pause(page, 600)
    assert page.evaluate("said") == [], "moves are not spoken of"
    page.get_by_test_id("latent-map").focus()
    page.evaluate(  # at once, as a machine that is busy may take longer from key to key than a pause is long
        """() => { for (let i = 0; i < 4; i++)
          document.activeElement.dispatchEvent(new KeyboardEvent('keydown', { key: 'ArrowRight', bubbles: true, cancelable: true })); }"""
    )
    page.wait_for_function("said.length")
    view.frame()
    (said,) = page.evaluate("said")
    codes, z = checkpoints.load(MODEL).latents, view.url_z()
    vote = latent.read_point(codes.mu, codes.label, z).vote
    place = ", ".join(f"{v:.2f}" for v in z).replace("-", "−")
    assert said == f"Kept ({place}): looks like {'an' if vote.label == 8 else 'a'} {vote.label}, {100 * vote.share:.0f} % of neighbours."
    page.keyboard.press("Escape")
    expect(region).to_have_text("No point is kept.")
    page.get_by_role("button", name="Decoded grid").click()
    expect(region).to_have_text("Decoded grid: on.")

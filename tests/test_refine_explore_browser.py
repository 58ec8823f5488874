"""Explore's "Refine the code" in a browser: the climb, its way over the map, keeping what it found, ending it."""

from collections.abc import Iterator

import pytest
from explore import CODES
from live import Server
from playwright.sync_api import Browser
from view import View

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]
MODULE = "performance.getEntriesByType('resource').some(e => e.name.endsWith('/map/refining.js'))"
TRAIL = "document.querySelectorAll('.lm-trail').length"
KEPT = "new URLSearchParams(location.search).get('z')"


@pytest.fixture
def dot(server: Server, chromium: Browser) -> Iterator[View]:
    """Explore with the code of test image 0 kept, by a link."""
    page = chromium.new_page(viewport={"width": 1200, "height": 1800})
    view = View(page, server.url).open(f"?z={CODES.mu[0][0]:.4f},{CODES.mu[0][1]:.4f}")
    page.wait_for_selector("[data-testid=refine]")
    yield view
    page.close()
    assert not view.errors


def refined(view: View) -> None:
    """Press the button and wait for what comes of it."""
    view.page.click("[data-testid=refine]")
    view.page.wait_for_selector("[data-testid=refine-keep]")


def test_refining_shows_the_nats_and_the_walk_and_the_code_can_be_kept(dot: View) -> None:
    page = dot.page
    assert not page.evaluate(MODULE), "nobody asked for it yet"
    start = page.evaluate(KEPT)
    refined(dot)
    assert "nats more than the best code near it" in dot.panel() and "amortization gap" in dot.panel()
    assert "Computed in your browser" in dot.panel()
    assert page.locator(".lm-refine canvas").count() == 3
    page.wait_for_function("document.querySelector('.lm-trail polyline').getAttribute('points').split(' ').length > 100")
    assert page.evaluate(KEPT) == start, "it is not kept until somebody says so"
    page.evaluate("window.earlier = document.querySelector('.lm-trail')")
    page.click("[data-testid=refine-walk]")
    page.wait_for_function(f"!window.earlier.isConnected && {TRAIL} === 1")
    page.click("[data-testid=refine-keep]")
    page.wait_for_function(f"start => {KEPT} !== start", arg=start)
    page.wait_for_selector("[data-testid=refine]", state="detached")
    assert "Its neighbours say it is" in dot.panel() and page.evaluate(TRAIL) == 1
    page.go_back()
    page.wait_for_selector("[data-testid=refine]")
    assert page.evaluate(KEPT) == start and page.evaluate(TRAIL) == 1
    page.locator("[data-testid=latent-map]").press("Escape")
    page.wait_for_function(f"{TRAIL} === 0")


@pytest.mark.slow
def test_it_works_by_keyboard_and_says_when_it_is_over(dot: View) -> None:
    page = dot.page
    page.locator("[data-testid=refine]").focus()
    page.keyboard.press("Enter")
    page.wait_for_selector("[data-testid=refine-keep]:focus")
    start = page.evaluate(KEPT)
    page.keyboard.press("Enter")
    page.wait_for_function(f"start => {KEPT} !== start", arg=start)
    page.wait_for_selector("[data-testid=latent-map]:focus")


@pytest.mark.slow
def test_looking_elsewhere_and_a_second_press_end_it(dot: View) -> None:
    page = dot.page
    page.evaluate("performance.now = (now => () => now() * 1e4)(performance.now.bind(performance))")  # a break after each piece of work
    page.click("[data-testid=refine]")
    page.wait_for_selector("[data-testid=refine].lm-busy")
    dot.point(0.3, 0.3)
    page.wait_for_selector("[data-testid=refine]:not(.lm-busy)")
    page.click("[data-testid=refine]")
    page.click("[data-testid=refine].lm-busy")
    page.wait_for_selector("[data-testid=refine]:not(.lm-busy)")
    assert page.evaluate(TRAIL) == 0 and "Refine the code" in dot.panel() and "could not" not in dot.panel()


@pytest.mark.slow
def test_the_trail_follows_the_zoom_and_goes_with_another_point(dot: View) -> None:
    page = dot.page
    refined(dot)
    page.wait_for_function("document.querySelector('.lm-trail polyline').getAttribute('points').split(' ').length > 100")
    points = "document.querySelector('.lm-trail polyline').getAttribute('points')"
    before = page.evaluate(points)
    page.click("[data-zoom=out]")
    page.wait_for_function(f"before => {points} !== before", arg=before)
    dot.click(0.2, 0.7)
    page.wait_for_function(f"{TRAIL} === 0")


@pytest.mark.slow
def test_once_a_point_was_kept_it_works_without_a_connection(dot: View) -> None:
    page, start = dot.page, dot.page.evaluate(KEPT)
    dot.click(0.2, 0.7)
    page.go_back()
    page.wait_for_function(f"start => {KEPT} === start", arg=start)
    page.wait_for_selector("[data-testid=refine]")
    page.wait_for_function(MODULE)
    page.wait_for_function(
        MODULE.replace("/map/refining.js", "/nets/slope.js")
    )  # the last that it imports; the network has been idle before
    page.wait_for_load_state("networkidle")
    page.context.set_offline(True)
    refined(dot)
    page.context.set_offline(False)
    dot.errors[:] = [error for error in dot.errors if "ERR_INTERNET_DISCONNECTED" not in error]  # Streamlit's own attempts


@pytest.mark.slow
def test_who_wants_no_motion_sees_the_whole_walk_at_once(server: Server, chromium: Browser) -> None:
    page = chromium.new_page(reduced_motion="reduce")
    view = View(page, server.url).open(f"?z={CODES.mu[0][0]:.4f},{CODES.mu[0][1]:.4f}")
    page.wait_for_selector("[data-testid=refine]")
    page.evaluate("""() => new MutationObserver(records => (window.drawn ??= []).push(...records.map(r => r.target.getAttribute('points'))))
        .observe(document.querySelector('.lm-overlay'), { subtree: true, attributeFilter: ['points'] })""")
    refined(view)
    page.wait_for_function("window.drawn?.length")
    view.frames(10)
    assert len(set(page.evaluate("window.drawn"))) == 1
    page.close()

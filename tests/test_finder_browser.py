"""Finding test images on the map, and who is near a kept point."""

import re
from collections.abc import Iterator
from typing import Any, Literal

import numpy as np
import pytest
from bundle import Bundle
from live import Server
from playwright.sync_api import Browser, BrowserContext, Page, Route, expect
from view import View, as_new, left_open

from core import checkpoints, findings, latent

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

CODES = checkpoints.load("vae-mnist-2d").latents
SOFT = checkpoints.load("beta-1-mnist-2d").latents

ALIKE = "return m.mostAlike(Uint8Array.from(given.pixels), given.size, given.row, given.k, new AbortController().signal)"


@pytest.mark.parametrize("size", [9, pytest.param(784, marks=pytest.mark.slow)])
def test_the_most_alike_are_those_with_the_least_squared_difference(bundle: Bundle, size: int) -> None:
    pixels = np.random.default_rng(size).integers(0, 256, (150, size), np.uint8)
    pixels[70] = pixels[20]  # two that are equal: the lower row comes first
    for row in (0, 33, 149):
        squared = np.square(pixels.astype(int) - pixels[row]).sum(1)
        wanted = [other for other in np.argsort(squared, kind="stable") if other != row]
        given = {"pixels": pixels.flatten().tolist(), "size": size, "row": row, "k": 10}
        assert bundle.run("nets/alike.js", ALIKE, given) == wanted[:10]
        assert bundle.run("nets/alike.js", ALIKE, given | {"k": 200}) == wanted, "as many as there are"


def test_what_is_alike_is_not_computed_for_a_point_that_has_been_left(bundle: Bundle) -> None:
    script = """const stop = new AbortController(), pixels = new Uint8Array(784 * 20000).map((_, i) => (i * 2654435761) >>> 24);
      const work = m.mostAlike(pixels, 784, 0, 10, stop.signal);
      stop.abort(new Error('left')); return work.then(() => 'done', (error) => error.message)"""
    assert bundle.run("nets/alike.js", script) == "left"


FINDER = """const { Cursor } = await import('/map/cursor.js'), root = document.body.appendChild(document.createElement('div'));
  const stopper = new AbortController(), went = [], cursor = new Cursor(), answers = given, come = {};
  const classes = [3, 5, 8].map((name) => ({ name: `${name}` })), facts = { codes: 'a', found: '/found?of=1', images: '/images', classes };
  const readout = { map: { cursor }, facts, labels: Uint8Array.of(0, 1, 2) };
  readout.goTo = (row) => { went.push(row); cursor.keep([row, 0]); };
  const real = window.fetch;
  window.fetch = async (address) => {
    await come.late; const answer = answers[new URL(address, location).searchParams.get('way')];
    return { ok: !answer.error, headers: new Headers(), text: async () => answer.error, json: async () => answer }; };
  const finder = new m.default({ readout }, root, stopper.signal), soon = () => new Promise((done) => setTimeout(done, 20));
  finder.update(facts);
  const say = () => root.querySelector('[role=status]').textContent, press = (way) => root.querySelector(`[data-way=${way}]`).click();"""
TYPICAL = {"rows": [2, 0], "values": [0.001, 0.5], "others": None}


def finding(bundle: Bundle, script: str, **answers: object) -> Any:
    """What a script of a finder among three test images returns; `answers`: the server's to each search."""
    return bundle.run(
        "map/finder.js", f"{FINDER} try {{ {script} }} finally {{ stopper.abort(); root.remove(); window.fetch = real; }}", answers
    )


@pytest.mark.parametrize("number", ["", "3", "-1", "1.5"])
def test_of_a_number_that_no_test_image_has_it_is_said_which_there_are(bundle: Bundle, number: str) -> None:
    assert finding(bundle, f"finder.byNumber('{number}'); return [say(), went];") == ["There are test images 0 to 2.", []]


def test_a_number_is_gone_to_and_the_words_go_with_the_point(bundle: Bundle) -> None:
    script = "finder.byNumber('1'); const said = say(); cursor.keep([9, 9]); return [said, went, say()];"
    assert finding(bundle, script) == ["Test image 1.", [1], ""]


def test_a_search_is_asked_once_and_gone_through_in_turn(bundle: Bundle) -> None:
    script = """const said = []; for (let i = 0; i < 3; i++) { press('typical'); await soon(); said.push(say()); delete answers.typical; }
      return [went, said.map((words) => words.slice(0, 49))];"""
    went, said = finding(bundle, script, typical=TYPICAL)
    assert went == [2, 0, 2], "after the last one comes the first"
    assert said[0] == said[2] == "Most typical, 1 of 2: test image 2, labelled 8, l" and said[1].startswith(
        "Most typical, 2 of 2: test image 0"
    )


def test_a_search_that_fails_says_why_and_one_that_comes_late_moves_nobody(bundle: Bundle) -> None:
    script = """press('between'); await soon(); const failed = say(); let arrive; come.late = new Promise((done) => { arrive = done; });
      press('typical'); finder.byNumber('1'); arrive(); await soon(); return [failed, went, say()];"""
    failed, went, said = finding(bundle, script, typical=TYPICAL, between={"error": "The server is busy."})
    assert failed == "That could not be looked up: The server is busy. Try again." and went == [1] and said == "Test image 1."


def test_without_test_images_the_searches_of_images_are_not_offered(bundle: Bundle) -> None:
    script = """finder.update({ ...facts, codes: 'b', images: null });
      return [...root.querySelectorAll('[data-way]:not([hidden])')].map(({ dataset: { way } }) => way);"""
    assert finding(bundle, script) == ["any", "typical", "between"]


def url_of(row: int) -> re.Pattern[str]:
    z1, z2 = (f"{round(float(v), 4):g}" for v in CODES.mu[row])
    return re.compile(rf"[?&]z={re.escape(z1)}(,|%2C){re.escape(z2)}(&|$)")


def say(page: Page) -> str:
    return page.get_by_test_id("finder").get_by_role("status").inner_text()


def test_finding_by_number_by_a_search_and_the_other_of_a_pair(view: View) -> None:
    page = view.open("?checkpoint=vae-mnist-2d").page
    finder, panel = page.get_by_test_id("finder"), page.get_by_test_id("panel")
    finder.get_by_label("Test image").fill("4113")
    finder.get_by_role("button", name="Find", exact=True).click()
    expect(panel).to_contain_text("test image 4,113, labelled")
    expect(page).to_have_url(url_of(4113))
    finder.get_by_label("Test image").fill("10000")
    page.keyboard.press("Enter")
    expect(finder).to_contain_text("There are test images 0 to 9,999.")
    assert view.url_z() == pytest.approx(CODES.mu[4113], abs=1e-4), "nothing else is kept"

    rows = findings.typical(CODES.mu, CODES.label).rows
    for place, row in enumerate(rows[:2]):
        finder.get_by_role("button", name="Most typical").click()
        expect(finder).to_contain_text(f"Most typical, {place + 1} of 30: test image {row:,}, labelled {place}")
        expect(panel).to_contain_text(f"test image {row:,}, labelled")

    finder.get_by_role("button", name="Alike, but far apart").click()
    expect(finder).to_contain_text("By its pixels test image")
    other = re.search(r"By its pixels test image ([\d,]+)", say(page))
    assert other and page.locator(".lm-trail").count() == 1, "a line leads to it"
    for tool, lines in (("Select", 0), ("Find", 1)):  # it is of this tool
        page.get_by_role("tab", name=tool).click()
        expect(page.locator(".lm-trail")).to_have_count(lines)
    finder.get_by_role("button", name="Go to the other").click()
    expect(panel).to_contain_text(f"test image {other[1]}, labelled")
    assert page.locator(".lm-trail").count() == 1
    page.evaluate("document.querySelector('[data-testid=stMain]').scrollTo(0, 0)")
    view.click(0.4, 0.4)
    expect(page.locator(".lm-trail")).to_have_count(0)
    assert say(page) == "", "what was said was said of another point"


@pytest.mark.slow
def test_a_search_that_ends_late_moves_nobody_from_what_was_done_since(view: View) -> None:
    page = view.open("?checkpoint=vae-mnist-2d").page
    finder, held = page.get_by_test_id("finder"), list[Route]()
    page.route("**/*way=worst*", lambda route: held.append(route))
    finder.get_by_role("button", name="Worst reconstructed").click()
    expect(finder).to_contain_text("Looking through the test images")
    finder.get_by_role("button", name="Most typical").click()
    expect(finder).to_contain_text("Most typical, 1 of 30")
    kept = view.url_z()
    with page.expect_response("**/*way=worst*"):
        held[0].continue_()
    expect(finder.get_by_role("button", name="Worst reconstructed")).not_to_have_class(re.compile("lm-busy"))
    assert say(page).startswith("Most typical, 1 of 30") and view.url_z() == kept
    finder.get_by_role("button", name="Worst reconstructed").click()
    expect(finder).to_contain_text("Worst reconstructed, 1 of 30")


@pytest.fixture(scope="module")
def left(server: Server, profile: BrowserContext) -> Iterator[View]:
    with left_open(profile, server.url, f"?checkpoint=vae-mnist-2d&z={CODES.mu[17][0]:.4f},{CODES.mu[17][1]:.4f}") as shared:
        yield shared


@pytest.fixture
def opened(left: View, request: pytest.FixtureRequest) -> View:
    """The map at the code of test image 17, opened once for the tests that begin there or wherever the point is."""
    return as_new(left, request)


def test_who_is_near_by_code_and_by_pixels_and_a_click_goes_there(opened: View) -> None:
    page = opened.page
    by_code = page.locator(".lm-thumbs").first.locator("button")
    expect(page.locator(".lm-agree")).to_contain_text("also among the nearest by code")
    near, _ = latent.nearest(CODES.mu, CODES.mu[17], 11)
    wanted = [row for row in near.tolist() if row != 17]
    names = by_code.evaluate_all("buttons => buttons.map((one) => one.getAttribute('aria-label'))")
    assert names == [f"Go to test image {row:,}, labelled {CODES.label[row]}" for row in wanted]
    framed = by_code.evaluate_all("buttons => buttons.map((one) => one.classList.contains('lm-other'))")
    assert framed == [CODES.label[row] != CODES.label[17] for row in wanted]
    drawn = by_code.first.locator("img").evaluate(
        """async (image) => { await image.decode(); const c = document.createElement('canvas').getContext('2d'); c.drawImage(image, 0, 0);
          return [image.naturalWidth, c.getImageData(0, 0, 28, 28).data.filter((_, i) => i % 4 === 0).reduce((a, b) => a + b)]; }"""
    )
    assert drawn[0] == 28 and drawn[1] > 0, "the image is painted"
    by_code.nth(3).click()
    expect(page).to_have_url(url_of(wanted[3]))
    expect(page.get_by_test_id("panel")).to_contain_text(f"test image {wanted[3]:,}, labelled")


def test_a_code_s_test_image_shows_at_the_pointer_and_goes_with_it(opened: View) -> None:
    page = opened.page
    page.mouse.move(3, 3)
    page.evaluate("document.querySelector('[data-testid=stMain]').scrollTo(0, 0)")
    expect(page.locator(".lm-agree")).to_be_attached()  # the test images are here
    peek = page.locator(".lm-peek")
    expect(peek).to_be_hidden()
    where = """(z) => { const plot = document.querySelector('.lm-plot'), { x, y } = plot.getBoundingClientRect();
      const { xaxis, yaxis } = plot._fullLayout; return [x + xaxis._offset + xaxis.d2p(z[0]), y + yaxis._offset + yaxis.d2p(z[1])]; }"""
    (row,), _ = latent.nearest(CODES.mu, np.array([0.4, 0.6]), 1)  # in the part of the map that is on the screen
    x, y = page.evaluate(where, CODES.mu[row].tolist())
    page.mouse.move(x, y)
    expect(peek).to_be_visible()
    page.mouse.move(*opened.at(0.02, 0.02))
    expect(peek).to_be_hidden()


@pytest.mark.slow
@pytest.mark.parametrize(("width", "scheme"), [(390, "dark"), (820, "light")])
def test_on_small_screens_nothing_is_wider_than_the_page_and_fingers_find_it(
    server: Server, chromium: Browser, width: int, scheme: Literal["dark", "light"]
) -> None:
    context = chromium.new_context(viewport={"width": width, "height": 844}, color_scheme=scheme, has_touch=True)
    try:
        page = context.new_page()
        page.goto(f"{server.url}/?checkpoint=vae-mnist-2d")
        finder = page.get_by_test_id("finder")
        finder.get_by_role("button", name="Between two classes").tap()
        expect(finder).to_contain_text("Between two classes, 1 of 30")
        assert page.evaluate("document.querySelector('[data-testid=stMain]').scrollWidth") <= width
        for box in finder.locator("button:visible, input").evaluate_all("all => all.map((one) => one.getBoundingClientRect().height)"):
            assert box >= 40, "large enough for a finger"
    finally:
        context.close()


def test_how_sure_the_encoder_is_shows_on_the_map_and_in_draws_and_goes_with_the_point(view: View) -> None:
    page = view.open(f"?checkpoint=beta-1-mnist-2d&z={SOFT.mu[17][0]:.4f},{SOFT.mu[17][1]:.4f}").page
    cloud, rings = page.get_by_test_id("cloud"), page.locator(".lm-landed").last.locator("polygon")
    cloud.get_by_text("How sure is the encoder?").click()
    assert SOFT.logvar is not None
    sigmas = np.exp(SOFT.logvar[17] / 2)
    expect(cloud).to_contain_text(f"({sigmas[0]:.3f}, {sigmas[1]:.3f})")
    shown = cloud.locator("canvas").evaluate_all("all => all.map((c) => c.getContext('2d').getImageData(0, 0, 28, 28).data.join())")
    assert len(shown) == 16 and len(set(shown)) == 16, "each draw is another"
    wide, high = (rings.first.evaluate(f"e => e.getBBox().{side}") for side in ("width", "height"))
    unit = page.evaluate(
        "(({ xaxis }) => xaxis._length / (xaxis.range[1] - xaxis.range[0]))(document.querySelector('.lm-plot')._fullLayout)"
    )
    assert (wide, high) == pytest.approx(4 * sigmas * unit, abs=0.6), "the outer ring is two standard deviations to each side"
    cloud.get_by_role("button", name="Zoom to the rings").click()  # often they are smaller than the ring of the kept point
    page.wait_for_function("e => Math.abs(Math.max(e.getBBox().width, e.getBBox().height) - 200) < 1", arg=rings.first.element_handle())
    page.get_by_test_id("finder").get_by_role("button", name="Any").click()
    expect(cloud.locator("canvas")).to_have_count(16)  # it stays open for the next one
    page.evaluate("document.querySelector('[data-testid=stMain]').scrollTo(0, 0)")
    page.get_by_test_id("latent-map").focus()
    page.keyboard.press("Escape")
    expect(page.locator(".lm-landed").last).to_have_attribute("visibility", "hidden")

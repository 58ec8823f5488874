"""Draw and see it land: the sheet beside the map, in a browser; and its modules one by one."""

import numpy as np
import pytest
import torch
from bundle import HOST, Bundle
from drawn_pages import STROKES
from live import Server, until
from playwright.sync_api import Browser, Page, expect
from view import View

from core import checkpoints, latent
from core.latent import Plane

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

MODEL = "vae-mnist-2d"
LANDED = "performance.getEntriesByName('latent-map:landed').length"


def places(page: Page, digit: int) -> list[list[tuple[float, float]]]:
    """The strokes of a digit as pixels of the page, in the middle of the sheet."""
    box = page.get_by_test_id("sheet").bounding_box()
    assert box
    left, top, side = box["x"], box["y"], box["width"]
    return [[(left + side * (0.25 + 0.75 * x), top + side * (0.15 + 0.7 * y)) for x, y in line] for line in STROKES[digit]]


def picture(page: Page, name: str) -> np.ndarray:
    """A canvas of 28 x 28, grey levels in [0, 1]."""
    script = "c => [...c.getContext('2d').getImageData(0, 0, 28, 28).data].filter((_, i) => i % 4 === 0)"
    return np.array(page.get_by_test_id(name).evaluate(script), np.float32).reshape(28, 28) / 255


def where(view: View) -> np.ndarray:
    """The point of the map on which the mark lies."""
    script = """e => { const box = e.lastElementChild.getBoundingClientRect(), plot = document.querySelector('.lm-plot');
      const { left, top } = plot.getBoundingClientRect(), { xaxis, yaxis } = plot._fullLayout;
      const [x, y] = [box.left + box.width / 2 - left, box.top + box.height / 2 - top];
      return [xaxis.p2c(x - xaxis._offset), yaxis.p2c(y - yaxis._offset)]; }"""
    return np.array(view.page.get_by_test_id("landed").evaluate(script))


def draw(page: Page, digit: int) -> None:
    for line in places(page, digit):
        page.mouse.move(*line[0])
        page.mouse.down()
        for place in line[1:]:
            page.mouse.move(*place)
        page.mouse.up()


def test_a_drawing_lands_where_the_model_puts_it_while_it_is_drawn(view: View) -> None:
    page, model = view.page, checkpoints.load(MODEL).model
    fetched: list[str] = []
    page.on("request", lambda request: fetched.append(request.url.rsplit("/", 1)[-1]))
    view.open("?z=0.5,1.5")
    page.get_by_test_id("draw-here").click()
    expect(page.get_by_test_id("sheet")).to_be_focused()
    expect(page.get_by_text("Draw on the paper.")).to_be_visible()
    assert fetched.count("encoder.safetensors") == 1, "once, whether the sheet came first or the page had nothing else to do"
    mark, keep = page.get_by_test_id("landed"), page.get_by_test_id("keep-landed")
    expect(mark).to_be_hidden()
    expect(keep).to_be_disabled()

    first, *rest = places(page, 3)[0]
    page.mouse.move(*first)
    page.mouse.down()
    for place in rest:
        page.mouse.move(*place)
        view.frames(1)
    expect(mark).to_be_visible()
    assert page.evaluate(LANDED) > 3, "it moves while the stroke is drawn"
    page.mouse.up()
    expect(page.get_by_test_id("lands")).to_contain_text("It lands at (")
    view.frames(2)
    x = picture(page, "drawn-form")
    mu, _ = latent.encode(model, torch.from_numpy(x)[None, None])
    np.testing.assert_allclose(where(view), mu[0], atol=0.02)  # the picture has 256 grey levels, and the page's pixels their width
    np.testing.assert_allclose(picture(page, "drawn-answer"), latent.decode(model, mu)[0], atol=0.05)
    assert "z=0.5%2C1.5" in page.url or "z=0.5,1.5" in page.url, "the link holds what is kept, and nothing else"

    page.get_by_test_id("drawing").get_by_role("button", name="Undo").click()
    expect(mark).to_be_hidden()
    page.get_by_test_id("drawing").get_by_role("button", name="Redo").click()
    expect(mark).to_be_visible()
    keep.click()
    page.wait_for_function("() => !/z=0.5/.test(location.search)")
    np.testing.assert_allclose(view.url_z(), mu[0], atol=0.01)
    expect(page.get_by_test_id("panel")).to_contain_text("The kept point")

    page.keyboard.press("Escape")  # the sheet has not the focus any more, but the button in it has
    expect(page.get_by_test_id("drawing")).to_be_hidden()
    expect(page.get_by_test_id("draw-here")).to_be_focused()
    expect(mark).to_be_hidden()
    page.get_by_test_id("draw-here").click()
    expect(mark).to_be_visible()
    assert fetched.count("encoder.safetensors") == 1 and "z=" in page.url


@pytest.mark.slow
def test_on_a_phone_a_finger_draws_and_sheet_and_map_are_on_one_screen(server: Server, chromium: Browser) -> None:
    context = chromium.new_context(viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True)
    view = View(context.new_page(), server.url).open("?z=0.5,1.5")
    page, session = view.page, context.new_cdp_session(view.page)
    page.get_by_test_id("draw-here").tap()
    expect(page.get_by_text("Draw on the paper.")).to_be_visible()
    scrolled = page.get_by_test_id("stMain").evaluate("e => e.scrollTop")
    for line in places(page, 4):
        for kind, at in (("touchStart", line[:1]), *(("touchMove", [place]) for place in line[1:]), ("touchEnd", [])):
            session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": [{"x": x, "y": y} for x, y in at]})
            view.frame()
    expect(page.get_by_test_id("landed")).to_be_visible()
    assert page.get_by_test_id("stMain").evaluate("e => e.scrollTop") == scrolled, "the page does not move under the finger"
    sheet, box = page.get_by_test_id("sheet").bounding_box(), view.box()
    assert sheet and sheet["y"] > 0 and box["y"] + 0.75 * box["height"] < 844, "most of the map is in sight beside all of the sheet"
    page.get_by_test_id("give-paste").tap()
    said, words = page.get_by_text("Your browser does not let this page look at the clipboard."), page.locator(".dr-nearest").bounding_box()
    expect(said).to_be_visible()
    place, zoom = said.bounding_box(), page.locator(".lm-zoom").bounding_box()
    assert view.box() == box, "words of a refused paste push nothing"
    assert place and words and zoom and place["y"] > words["y"] + words["height"], "and the nearest class is still to be read"
    assert place["x"] + place["width"] <= zoom["x"] and place["width"] > 120
    width = page.evaluate("[document.documentElement.scrollWidth, innerWidth]")
    assert width[0] <= width[1], "nothing sticks out sideways"
    context.close()
    assert view.errors == []


@pytest.mark.slow
def test_the_walk_of_a_first_visitor_ends_at_the_kept_point_when_the_sheet_comes(view: View) -> None:
    page, mu = view.open().page, checkpoints.load(MODEL).latents.mu[:1]
    kept = np.rint(255 * latent.decode(checkpoints.load(MODEL).model, mu)[0].ravel())
    until(lambda: np.abs(view.image() - kept).max() > 20)
    page.get_by_test_id("draw-here").click()
    page.get_by_text("Draw on the paper.").wait_for()
    for _ in range(2):
        assert np.abs(view.image() - kept).max() <= 1
        view.frames(30)


@pytest.mark.slow
def test_a_convolutional_encoder_is_not_drawn_for_and_the_page_says_where_it_is(view: View) -> None:
    page = view.open("?checkpoint=conv-vae-mnist-2d").page
    expect(page.get_by_text("A drawing cannot land here")).to_be_visible()
    expect(page.get_by_test_id("draw-here")).to_be_hidden()


# --- one by one -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("dimensions", [1, 2, 5])
def test_ellipses_are_those_of_the_projected_normal_distribution(bundle: Bundle, dimensions: int) -> None:
    """Every point of them has that Mahalanobis distance from the middle, under the covariance A diag(sigma^2) A^T."""
    generator = np.random.default_rng(dimensions)
    axes = np.eye(2, dimensions) if dimensions <= 2 else np.linalg.qr(generator.normal(size=(dimensions, 2)))[0].T
    plane = Plane(generator.normal(size=dimensions).astype(np.float32), axes.astype(np.float32))
    mu, logvar = generator.normal(size=dimensions), generator.normal(-1, 1, dimensions)
    script = """const { plane, mu, logvar } = given, at = m.onMap(plane, mu, logvar);
      return [at.point, [1, 2].map((sigmas) => m.ellipse(at.point, at.covariance, sigmas))];"""
    given = {"plane": {"origin": plane.origin.tolist(), "axes": plane.axes.tolist()}, "mu": mu.tolist(), "logvar": logvar.tolist()}
    point, rings = bundle.run("drawing/ellipse.js", script, given)
    np.testing.assert_allclose(point, plane.feet(mu[None])[0], atol=1e-6)
    covariance = plane.axes @ np.diag(np.exp(logvar)) @ plane.axes.T
    for sigmas, ring in enumerate(np.array(rings), 1):
        apart = ring - point
        if dimensions == 1:
            assert np.abs(apart[:, 0]).max() == pytest.approx(sigmas * np.exp(logvar[0] / 2)) and not apart[:, 1].any()
        else:
            distance = np.sqrt(np.einsum("ni,ij,nj->n", apart, np.linalg.inv(covariance), apart))
            np.testing.assert_allclose(distance, sigmas, rtol=1e-5)


def test_a_model_without_a_posterior_has_no_ellipse(bundle: Bundle) -> None:
    script = "return m.onMap({ origin: [0, 0], axes: [[1, 0], [0, 1]] }, [1, 2], null)"
    assert bundle.run("drawing/ellipse.js", script) == {"point": [1, 2], "covariance": None}


ROOM = """const { Viewport } = await import('/map/viewport.js');
  document.body.innerHTML = '<div id=map><svg><g class=lm-kept></g></svg></div>';
  const viewport = Object.assign(new Viewport(), { width: 400, height: 400, xr: [0, 400], yr: [0, 400] });
  const map = { root: document.getElementById('map'), viewport, drawn: new Set() };
  const landed = new m.Landed(map), [behind] = landed.element.children;
  const covariance = [[100, 0], [0, 25]], looked = given.map(([x, y, drawn]) => {
    landed.show({ point: [x, y], covariance });
    if (drawn) for (const thing of map.drawn) thing.draw();
    return ['x', 'y', 'width', 'height'].map((name) => Number(behind.getAttribute(name)));
  });
  document.body.innerHTML = ''; return looked;"""


@pytest.mark.slow
@pytest.mark.parametrize("size", [(820, 1180), (1100, 800)])
def test_what_a_background_says_of_the_point_is_whole_beside_the_sheet(view: View, size: tuple[int, int]) -> None:
    view.page.set_viewport_size({"width": size[0], "height": size[1]})
    view.open("?z=0.5,1.5&background=rarity")
    words = view.page.get_by_test_id("background-said")
    expect(words).to_contain_text("Test codes are")
    view.page.get_by_test_id("draw-here").click()
    expect(view.page.get_by_test_id("sheet")).to_be_visible()
    below = """e => { const words = document.createRange(); words.selectNodeContents(e);
      return words.getBoundingClientRect().bottom - e.getBoundingClientRect().bottom; }"""
    assert words.locator(".lm-said").evaluate(below) <= 0


def test_what_lies_behind_the_mark_stays_until_the_mark_leaves_it_or_the_view_changes(bundle: Bundle) -> None:
    """The bounds of what is drawn there do not change with each move of the pen; they hold the mark and its ellipses."""
    places = [(200, 200, False), (230, 170, False), (200, 200, False), (300, 200, False), (310, 200, False), (310, 200, True)]
    looked = bundle.run("drawing/landed.js", ROOM, places)
    for (x, y, _), (left, top, width, height) in zip(places, looked, strict=True):
        assert left <= x - 20 - 9 and x + 20 + 9 <= left + width, "two standard deviations of 10 and the point's edge"
        assert top <= 400 - y - 10 - 9 and 400 - y + 10 + 9 <= top + height, "the map's pixels go down"
    assert looked[0] == looked[1] == looked[2] != looked[3] == looked[4] != looked[5]
    assert looked[5][0] - looked[0][0] == 110 and looked[5][2:] == looked[0][2:], "after a change of the view it is round the mark again"


WORDS = """const facts = { classes: [{ name: 'four' }, { name: 'nine' }], gap: 0.5, vote_gap: 0.8,
    conditional: given.conditional, drawn: given.drawn };
  const reading = { vote: { label: 1, votes: 7, neighbours: 10 }, distance: given.distance, farthest: given.farthest };
  const at = { point: given.mu.slice(0, 2), covariance: given.cloud && [[given.narrow ? 1e-8 : 0.04, 0], [0, 0.01]] };
  return [m.where(at, given.mu), m.nearest(facts, reading), m.cloud(facts, at, given.mu)];"""


@pytest.mark.parametrize(
    ("given", "place", "near", "cloud"),
    [
        ({"mu": [-1, 0.5]}, "It lands at (−1.00, 0.50)", "Nearest class: nine (7 of the 10 nearest test codes).", "hold 39 and 86 % of it"),
        ({"mu": [0.25]}, "It lands at 0.25", "nine (7", "68 and 95 % of it, 1 and 2 standard deviations (0.200)."),
        ({"mu": [1, 2, 3]}, "on the map’s plane", "nine (7", "(0.200, 0.100)."),
        ({"mu": [1, 2], "distance": 0.6, "farthest": 0.9}, "It lands at", "No test code is near, so this means little.", "posterior"),
        ({"mu": [1, 2], "farthest": 0.9}, "It lands at", "Fewer than ten test codes are near, so this means little.", "posterior"),
        ({"mu": [1, 2], "distance": 0.6}, "It lands at", "Nearest class: nine (7 of the 10 nearest test codes).", "posterior"),
        ({"mu": [1, 2], "narrow": True}, "It lands at", "nine", "standard deviations (less than 0.001, 0.100)"),
        ({"mu": [1, 2], "cloud": False}, "It lands at", "nine", "This model answers with a point, not a cloud."),
        ({"mu": [1, 2], "conditional": True, "drawn": 0}, "It lands at", "codes need not say it", "The encoder was told the class four."),
        ({"mu": [1, 2], "conditional": True}, "It lands at", "its codes need not say it", "The encoder was told no class."),
    ],
)  # fmt: skip
def test_where_it_lands_in_words(bundle: Bundle, given: dict, place: str, near: str, cloud: str) -> None:
    usual = {"distance": 0.1, "farthest": 0.7, "cloud": True, "conditional": False, "drawn": None}
    said = bundle.run("drawing/landing_words.js", WORDS, usual | given)
    assert place in said[0] and near in said[1] and cloud in said[2]


def test_the_button_is_there_where_there_is_something_to_draw_for(bundle: Bundle) -> None:
    script = """document.body.innerHTML = '<div id=map><div class=lm-controls></div></div>';
      const offer = new m.Offer({ root: document.getElementById('map') }, new AbortController().signal), seen = [];
      for (const drawing of [undefined, null, { encoder: '/e', why_not: '' }, { encoder: null, why_not: 'It is <b>odd</b>.' }]) {
        offer.update(drawing === undefined ? null : { drawing });
        seen.push(offer.element.hidden ? 'nothing' : offer.button.hidden ? offer.sentence.textContent : 'button');
      }
      document.body.innerHTML = ''; return seen;"""
    words = "A drawing cannot land here: It is <b>odd</b>. Reconstruct has the server encode it."
    assert bundle.run("drawing/offer.js", script) == ["nothing", "nothing", "button", words]


def test_a_sheet_that_could_not_be_fetched_is_said_without_addresses_and_comes_at_the_next_press(bundle: Bundle) -> None:
    bundle.page.goto(f"{HOST}/")  # no module is here yet
    bundle.page.route(f"{HOST}/drawing/landing.js", lambda route: route.abort(), times=1)
    script = """document.body.innerHTML = '<div id=map><div class=lm-side></div><div class=lm-controls></div></div>';
      const map = { root: document.getElementById('map') }, stop = new AbortController(), offer = new m.Offer(map, stop.signal), said = [];
      offer.update({ drawing: { encoder: '/e', why_not: '' } });
      const press = async () => { await offer.show(); said.push(offer.sentence.hidden || offer.sentence.textContent); };
      await press(); offer.landing = { show: () => said.push('shown') }; await press();
      stop.abort(); document.body.innerHTML = ''; return said;"""
    lost = "The sheet could not be fetched; the connection may be lost. Press the button once more."
    assert bundle.run("drawing/offer.js", script) == [lost, "shown", True]


def test_progress_is_told_of_a_large_file(bundle: Bundle) -> None:
    bundle.served["large.bin"] = bytes(range(256)) * 4096
    script = """const told = [], bytes = await m.fetched('/large.bin', 2 ** 20, (share) => told.push(share), new AbortController().signal);
      const { fetch } = window;
      window.fetch = async () => new Response('', { status: 404 });
      const refused = await m.fetched('/nothing.bin', 1, () => {}, new AbortController().signal).catch((error) => error.message);
      window.fetch = fetch;
      return [bytes.byteLength, new Uint8Array(bytes).at(-1), told, refused];"""
    size, last, told, refused = bundle.run("drawing/fetching.js", script)
    assert (size, last, refused) == (2**20, 255, "the server does not have it any more (404)")
    assert told and told == sorted(told) and told[-1] == 0.99

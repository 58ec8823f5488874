"""The live map of a run in a real browser: it follows the run while it learns, and then it is a time machine."""

import itertools
import re
import urllib.request
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
import timeline_app
import torch
from live import PROJECT, Server, pause, until
from playwright.sync_api import Browser, BrowserContext, Route, expect
from view import COPY, View

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("timeline")]

POINT = (0.5, 1.5)
NAMES = (f"run{number}" for number in itertools.count())


class RunView(View):
    """The map of a run, with what the tests do to its timeline."""

    def begin(self, ready: int, query: str = "", run: str = "") -> "RunView":
        """Open the page on a new run that has finished so many epochs."""
        self.run = run or next(NAMES)
        self.page.goto(f"{self.base}/?run={self.run}&ready={ready}{query}")
        self.page.wait_for_selector("[data-testid=epoch]")
        if not run:
            self.wait_for(ready)
        return self

    def learn(self, ready: int) -> None:
        """The run finishes epochs until it has so many."""
        with urllib.request.urlopen(f"{self.base}/set/{self.run}?ready={ready}") as response:
            assert response.status == 200

    def wait_for(self, epoch: int) -> None:
        expect(self.shown).to_have_text(f"epoch {epoch} of {timeline_app.TOTAL}")
        self.frame()

    def scrub(self, epoch: int) -> None:
        self.slider.fill(str(epoch))
        self.wait_for(epoch)

    @property
    def shown(self) -> Any:
        return self.page.get_by_test_id("epoch-shown")

    @property
    def slider(self) -> Any:
        return self.page.get_by_test_id("epoch")

    @property
    def problem(self) -> Any:
        return self.page.locator(".lm-problem")

    @property
    def curves(self) -> Any:
        return self.page.get_by_test_id("curves")

    def places(self) -> np.ndarray:
        """What is drawn: codes (N, 2), class after class."""
        script = "document.querySelector('.lm-plot').data.flatMap(trace => Array.from(trace.x, (x, i) => [x, trace.y[i]]))"
        return np.array(self.page.evaluate(script))

    def mark_x(self) -> float:
        """Where the line through the curves stands, in pixels of the page."""
        box = self.page.locator(".lm-curves-marks .lm-at path").bounding_box()
        return box["x"] + box["width"] / 2


@pytest.fixture(scope="module")
def run_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    running = Server(tmp_path_factory.mktemp("none"), tmp_path_factory.mktemp("run-server") / "log", "tests/timeline_app.py")
    yield running
    running.stop()
    # Streamlit's own traceback, when a page is closed while a fragment answers it, is not ours.
    assert not re.search(rf'File "{PROJECT}/(pages|core|tests)/', running.output()), running.output()


@pytest.fixture(scope="module")
def context(chromium: Browser) -> Iterator[BrowserContext]:
    shared = chromium.new_context(viewport={"width": 1440, "height": 1100})
    yield shared
    shared.close()


@pytest.fixture
def view(run_server: Server, context: BrowserContext) -> Iterator[RunView]:
    opened = RunView(context.new_page(), run_server.url)
    yield opened
    opened.page.close()
    assert opened.errors == []


def pixels(epoch: int, z: tuple[float, float] = POINT) -> np.ndarray:
    """What the decoder of that epoch makes of z, grey levels (784,)."""
    with torch.no_grad():
        return timeline_app.model(epoch).decode(torch.tensor([z])).flatten().mul(255).numpy()


def drawn(epoch: int) -> np.ndarray:
    """The codes of that epoch, class after class."""
    codes, labels = timeline_app.codes(epoch)
    return codes[np.argsort(labels, kind="stable")]


def near(a: np.ndarray, b: np.ndarray) -> bool:
    return bool(np.abs(a - b).max() <= 0.51)


def test_each_new_epoch_comes_into_the_same_map(view: RunView) -> None:
    view.begin(2)
    view.page.evaluate("document.querySelector('.lm-plot').remembered = true")
    assert near(view.image(), pixels(2)) and np.allclose(view.places(), drawn(2))
    view.learn(4)
    view.wait_for(4)
    assert near(view.image(), pixels(4)) and np.allclose(view.places(), drawn(4))
    assert view.page.evaluate("document.querySelector('.lm-plot').remembered") is True
    assert "epoch 4 of 12" in view.page.get_by_test_id("latent-map").get_attribute("aria-label")


@pytest.mark.slow
def test_what_the_pointer_is_on_is_decoded_anew(view: RunView) -> None:
    view.begin(3)
    view.page.get_by_role("button", name="Zoom out").click()  # by hand: from now on the view stays
    view.point(0.4, 0.6)
    before, near_by = view.image(), view.page.get_by_test_id("nearest").inner_text()
    z = view.page.locator(".lm-controls output").all_inner_texts()
    view.learn(8)
    view.wait_for(8)
    assert view.page.locator(".lm-controls output").all_inner_texts() == z
    assert (view.image() != before).any() and view.page.get_by_test_id("nearest").inner_text() != near_by
    view.page.mouse.move(3, 3)
    view.frame()
    assert near(view.image(), pixels(8))


def test_scrubbing_stays_in_the_browser_and_python_still_hears_of_commits(view: RunView) -> None:
    view.begin(12)
    view.scrub(5)
    assert near(view.image(), pixels(5)) and np.allclose(view.places(), drawn(5))
    view.page.mouse.click(*view.at(0.3, 0.3))
    expect(view.page.get_by_text(re.compile(r"kept \("))).not_to_contain_text("kept (0.5, 1.5)")
    expect(view.shown).to_have_text("epoch 5 of 12")
    kept = view.page.get_by_text(re.compile(r"kept \(")).inner_text()
    z1, z2 = (float(v) for v in re.findall(r"-?[\d.]+", kept))
    view.page.mouse.move(3, 3)
    view.scrub(9)
    assert near(view.image(), pixels(9, (z1, z2)))


@pytest.mark.slow
def test_scrubbing_back_ends_following_until_latest_or_the_end(view: RunView) -> None:
    view.begin(4)
    latest = view.page.get_by_role("button", name="Latest")
    expect(latest).to_be_hidden()
    view.scrub(2)
    view.learn(5)
    expect(view.curves).to_have_attribute("aria-label", re.compile("Epoch 2:"))
    view.page.wait_for_function("document.querySelector('.lm-curves-plot').data[0].x.length === 5")
    expect(view.shown).to_have_text("epoch 2 of 12")
    latest.click()
    view.wait_for(5)
    view.learn(6)
    view.wait_for(6)
    view.scrub(1)
    view.slider.press("End")
    view.wait_for(6)
    expect(latest).to_be_hidden()
    view.learn(7)
    view.wait_for(7)


@pytest.mark.slow
def test_the_view_grows_with_the_cloud_until_someone_moves_it(view: RunView) -> None:
    view.begin(0)
    small = view.ranges()
    view.learn(8)
    view.wait_for(8)
    grown = view.ranges()
    assert grown[3] - grown[2] > 2 * (small[3] - small[2])
    low, high = np.quantile(view.places(), [0.01, 0.99], axis=0)  # most of it; the outliers are a press away
    assert grown[0] <= low[0] and high[0] <= grown[1] and grown[2] <= low[1] and high[1] <= grown[3]
    view.page.mouse.move(*view.at(0.5, 0.5))
    view.page.mouse.wheel(0, -300)
    view.page.wait_for_function("grown => document.querySelector('.lm-plot').layout.xaxis.range[0] !== grown", arg=grown[0])
    view.frame()
    own = view.ranges()
    view.learn(12)
    view.wait_for(12)
    assert view.ranges() == pytest.approx(own)
    view.scrub(0)
    assert view.ranges() == pytest.approx(own)
    view.page.get_by_role("button", name="Show the whole map").click()
    assert view.ranges() == pytest.approx(small, rel=0.01)
    view.scrub(12)
    assert view.ranges()[3] >= np.quantile(view.places(), 0.99, axis=0)[1], "the whole map, and automatic again"
    view.page.get_by_role("button", name="Show the whole map").click()
    low, high, seen = view.places().min(0), view.places().max(0), view.ranges()
    assert seen[0] <= low[0] and high[0] <= seen[1] and seen[2] <= low[1] and high[1] <= seen[3], "and now its outliers"


RINGS = """(c => { const sheet = new OffscreenCanvas(c.width, c.height).getContext('2d'); sheet.drawImage(c, 0, 0);
  return sheet.getImageData(0, 0, c.width, c.height).data.some((v, i) => i % 4 === 3 && v); })(document.querySelectorAll('.lm-axes')[1])"""


@pytest.mark.slow
def test_legend_and_layers_stay(view: RunView) -> None:
    view.begin(6)
    view.page.locator(".lm-legend button").nth(3).click()
    view.wait_for_bright(3)
    view.page.get_by_role("button", name="Prior rings").click()
    view.page.wait_for_function(RINGS)
    view.learn(7)
    view.wait_for(7)
    view.wait_for_bright(3)
    assert view.page.locator(".lm-legend button").nth(3).get_attribute("aria-pressed") == "true"
    assert view.page.evaluate(RINGS)


@pytest.mark.slow
def test_the_decoded_grid_is_that_epochs(view: RunView) -> None:
    view.begin(12)
    view.page.get_by_role("button", name="Decoded grid").click()
    ink = """() => { const c = document.querySelector('.lm-tiles'); if (c.hidden) return 0;
      const { data } = COPY.getImageData(0, 0, c.width, c.height);
      let sum = 0; for (let i = 3; i < data.length; i += 4) sum += data[i];
      return sum / c.width / c.height; }""".replace("COPY", COPY)
    now_and_then = 300  # ms: to read the whole canvas in every frame leaves no time to draw it
    view.page.get_by_role("button", name="Zoom in").click()  # the same tiles of both epochs
    view.page.wait_for_function(f"({ink})() > 10", polling=now_and_then)
    late = None
    while late != (late := view.page.evaluate(ink)):  # until the last tile is there
        pause(view.page, 1000)
    view.scrub(0)  # grey everywhere: sigmoid of next to nothing
    view.page.wait_for_function(f"late => ({ink})() > 1.5 * late", arg=late, polling=now_and_then)
    view.scrub(12)
    view.page.wait_for_function(f"late => Math.abs(({ink})() - late) < 0.01 * late", arg=late, polling=now_and_then)


@pytest.mark.slow
def test_play_shows_every_epoch_once_and_stops_at_the_end(view: RunView) -> None:
    view.begin(12)
    watch = """() => { const out = document.querySelector('[data-testid=epoch-shown]'); window.seen = [out.textContent];
      const note = () => window.seen.at(-1) !== out.textContent && window.seen.push(out.textContent);
      new MutationObserver(note).observe(out, { childList: true }); }"""
    view.page.evaluate(watch)
    play = view.page.get_by_test_id("play")
    play.focus()
    view.page.keyboard.press("Space")
    expect(play).to_have_attribute("aria-label", "Pause")
    view.page.wait_for_function("() => seen.length > 3")  # the epochs go by faster than they can be waited for one by one
    view.page.keyboard.press("Space")
    expect(play).to_have_attribute("aria-label", "Play the epochs")
    paused = int(view.slider.input_value())
    view.wait_for(paused)  # what was on its way comes, and nothing after it
    view.frames(60)
    assert view.shown.inner_text() == f"epoch {paused} of 12"
    play.click()
    view.wait_for(12)
    expect(play).to_have_attribute("aria-label", "Play the epochs")
    assert view.page.evaluate("seen") == [f"epoch {e} of 12" for e in (12, *range(13))]
    assert near(view.image(), pixels(12))


@pytest.mark.slow
def test_the_latest_request_wins(view: RunView) -> None:
    view.begin(12)
    held: list[Route] = []
    view.page.route("**/3/figure.json", lambda route: held.append(route))
    view.slider.fill("3")
    view.slider.fill("8")
    view.wait_for(8)
    for route in held:
        route.continue_()
    view.frames(60)
    expect(view.shown).to_have_text("epoch 8 of 12")
    assert np.allclose(view.places(), drawn(8)) and near(view.image(), pixels(8))


@pytest.mark.slow
def test_the_next_epochs_are_fetched_ahead_in_the_direction_of_travel(view: RunView) -> None:
    view.begin(12)
    asked: set[int] = set()
    view.page.on("request", lambda request: asked.update(int(e) for e in re.findall(r"/(\d+)/figure.json", request.url)))
    view.scrub(6)
    until(lambda: view.frames() or asked >= {3, 4, 5, 6})
    view.frames(30)
    assert not asked & {0, 1, 2}


@pytest.mark.slow
def test_an_epoch_that_is_gone_gets_a_sentence_and_the_map_stays(view: RunView) -> None:
    view.begin(12)
    view.page.route("**/4/decoder.safetensors", lambda route: route.fulfill(status=404, body="gone"))
    view.slider.fill("4")
    expect(view.problem).to_contain_text("epoch 4")
    expect(view.problem).to_contain_text("What you see is epoch 12")
    expect(view.shown).to_have_text("epoch 12 of 12")
    assert np.allclose(view.places(), drawn(12)) and near(view.image(), pixels(12))
    view.scrub(5)
    expect(view.problem).to_be_hidden()
    view.errors[:] = [error for error in view.errors if "404" not in error]  # the browser's own words


@pytest.mark.slow
def test_a_run_that_is_gone_gets_a_sentence(view: RunView) -> None:
    view.begin(12, run="gone")
    expect(view.problem).to_contain_text("the server does not have it any more (404)")
    expect(view.page.locator(".lm-loading")).to_contain_text("the server does not have it any more (404)")
    view.page.get_by_test_id("play").click()
    view.page.mouse.move(*view.at(0.5, 0.5))
    view.frames(30)
    expect(view.page.get_by_test_id("play")).to_have_attribute("aria-label", "Play the epochs")
    view.errors[:] = [error for error in view.errors if "404" not in error]


@pytest.mark.slow
def test_before_the_first_epoch_there_are_words_and_then_curves(view: RunView) -> None:
    view.begin(0)
    expect(view.page.get_by_text("The curves begin after the first epoch.")).to_be_visible()
    expect(view.curves).to_be_hidden()
    view.learn(1)
    expect(view.curves).to_be_visible()
    expect(view.page.get_by_text("The curves begin after the first epoch.")).to_be_hidden()
    titles = "(({ layout }) => [layout.xaxis.title.text, layout.annotations[0].text])(document.querySelector('.lm-curves-plot'))"
    view.page.wait_for_function("document.querySelector('.lm-curves-plot').layout")
    assert view.page.evaluate(titles) == ["epoch", "nats per image"]


@pytest.mark.slow
def test_the_line_stands_under_the_thumb_and_a_click_in_the_curves_jumps(view: RunView) -> None:
    view.begin(12)
    track, plot = view.slider.bounding_box(), view.curves.bounding_box()
    for epoch in (0, 3, 12):
        view.scrub(epoch)
        assert view.mark_x() == pytest.approx(track["x"] + 8 + epoch / 12 * (track["width"] - 16), abs=1.5)
    at_nine = track["x"] + 8 + 9 / 12 * (track["width"] - 16)
    view.page.mouse.click(at_nine + 4, plot["y"] + 60)
    view.wait_for(9)
    assert near(view.image(), pixels(9))


@pytest.mark.slow
def test_pointing_at_the_curves_reads_their_values(view: RunView) -> None:
    view.begin(12)
    series = timeline_app.curves(12)["series"]
    keys = view.page.locator(".lm-keys button b")
    words = lambda epoch: [  # noqa: E731
        v if isinstance(v := one["values"][epoch - 1], str) else "" if v is None else f"{v:.2f}" if v < 10 else f"{v:.1f}" for one in series
    ]
    assert keys.all_inner_texts() == words(12)
    track, plot = view.slider.bounding_box(), view.curves.bounding_box()
    view.page.mouse.move(track["x"] + 8 + 3 / 12 * (track["width"] - 16), plot["y"] + 60)
    expect(view.page.locator(".lm-read text")).to_have_text("epoch 3")
    assert keys.all_inner_texts() == words(3) and "not finite" in words(3)
    expect(view.shown).to_have_text("epoch 12 of 12")
    view.page.mouse.move(track["x"] + 8 + 1 / 12 * (track["width"] - 16), plot["y"] + 60)
    expect(view.page.locator(".lm-read text")).to_have_text("epoch 1")
    assert keys.all_inner_texts() == words(1) and "" in words(1), "what there is not is no number that went wrong"
    view.page.mouse.move(3, 3)
    assert keys.all_inner_texts() == words(12)
    view.page.locator(".lm-keys button").nth(4).click()
    assert view.page.evaluate("document.querySelector('.lm-curves-plot').data.map(({ name }) => name)") == ["KL, test", "KL, training"]


@pytest.mark.slow
def test_one_value_that_is_far_off_does_not_flatten_the_curves(view: RunView) -> None:
    ranges = "['yaxis', 'yaxis2'].map(a => document.querySelector('.lm-curves-plot').layout[a].range)"
    view.begin(12)
    view.page.wait_for_function("document.querySelector('.lm-curves-plot').layout?.yaxis2")
    usual, outside = view.page.evaluate(ranges), view.page.locator(".lm-outside")
    expect(outside).to_be_hidden()
    view.begin(12, "&outlier=1")
    expect(outside).to_have_text("▲ Beyond the axis: −ELBO, training 3.0 × 10⁹ in epoch 7, and 1 more value.")
    assert view.page.evaluate(ranges) == [pytest.approx(range, rel=0.05) for range in usual], "as without them"
    marks = "document.querySelector('.lm-curves-plot').data.filter(t => t.marker.symbol).map(t => [t.x[0], t.y[0], t.yaxis])"
    assert view.page.evaluate(marks) == [[7, view.page.evaluate(ranges)[0][1], "y"], [7, view.page.evaluate(ranges)[1][1], "y2"]]
    view.scrub(7)
    expect(view.page.locator(".lm-keys button b").nth(1)).to_have_text("3.0 × 10⁹")
    plot = view.curves.bounding_box()
    for dot in view.page.locator(".lm-curves-marks circle").all():
        assert plot["y"] <= dot.bounding_box()["y"] + 4 <= plot["y"] + plot["height"]


@pytest.mark.slow
def test_arrows_go_on_where_epochs_are_missing(view: RunView) -> None:
    view.begin(12, "&every=3")
    view.slider.focus()
    for epoch in (9, 6):
        view.page.keyboard.press("ArrowLeft")
        view.wait_for(epoch)
    view.page.keyboard.press("ArrowRight")
    view.wait_for(9)
    assert view.slider.get_attribute("aria-valuetext") == "epoch 9 of 12"


@pytest.mark.slow
def test_another_run_begins_anew(view: RunView) -> None:
    view.begin(12)
    view.scrub(0)
    view.page.get_by_role("button", name="Zoom in").click()
    zoomed = view.ranges()
    view.page.get_by_role("textbox").fill(next(NAMES))
    view.page.get_by_role("textbox").press("Enter")
    view.wait_for(12)
    assert view.ranges()[1] - view.ranges()[0] > 2 * (zoomed[1] - zoomed[0])


@pytest.mark.slow
def test_a_decoder_that_the_browser_cannot_run_is_previewed(view: RunView) -> None:
    view.begin(12, "&atlas=1")
    for epoch in (12, 3):
        view.scrub(epoch)
        far = timeline_app.shown(epoch).bound
        places = np.linspace(-far, far, timeline_app.EPOCH_CELLS)
        z1, z2 = (float(places[np.abs(places - v).argmin()]) for v in POINT)
        assert near(view.image(), pixels(epoch, (z1, z2)))


@pytest.mark.slow
def test_every_change_of_epoch_leaves_a_measure(view: RunView) -> None:
    view.begin(12)
    count: Callable[[], int] = lambda: view.page.evaluate("performance.getEntriesByName('latent-map:frame').length")  # noqa: E731
    before = count()
    for epoch in (4, 5, 6):
        view.scrub(epoch)
    assert count() == before + 3
    durations = view.page.evaluate("performance.getEntriesByName('latent-map:frame').map(entry => entry.duration)")
    assert all(0 < duration < 30_000 for duration in durations)


@pytest.mark.slow
def test_the_map_has_room_at_every_width(view: RunView) -> None:
    view.begin(12)
    settled = """() => { const map = document.querySelector('.lm-map'), { layout } = document.querySelector('.lm-plot');
      return map.clientWidth >= 300 && layout.width === map.clientWidth && layout.height === map.clientHeight; }"""
    for width in (360, 390, 520, 600, 650, 700, 768, 820, 900, 1024, 1280, 1440, 1920, 2560):
        view.page.set_viewport_size({"width": width, "height": 1000})
        view.page.wait_for_function(settled, timeout=15_000)
        assert max(map(abs, view.ranges()[2:])) < 10, (width, view.ranges())
        assert view.page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
    view.page.set_viewport_size({"width": 1440, "height": 1100})


@pytest.mark.slow
@pytest.mark.parametrize("scheme", ["light", pytest.param("dark", marks=pytest.mark.slow)])
def test_on_a_phone(run_server: Server, chromium: Browser, scheme: Any) -> None:
    context = chromium.new_context(viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True, color_scheme=scheme)
    view = RunView(context.new_page(), run_server.url).begin(9)
    box = view.slider.bounding_box()
    assert box["height"] >= 40 and view.page.get_by_test_id("play").bounding_box()["height"] >= 40
    view.slider.scroll_into_view_if_needed()
    box = view.slider.bounding_box()
    view.page.touchscreen.tap(box["x"] + 8 + 4 / 12 * (box["width"] - 16), box["y"] + box["height"] / 2)
    view.wait_for(4)
    assert near(view.image(), pixels(4))
    right = view.page.evaluate(
        "Math.max(...[...document.querySelectorAll('.lm, .lm-time, .lm-time *')].map(e => e.getBoundingClientRect().right))"
    )
    assert right <= 390, "nothing sticks out sideways"
    colour = view.page.evaluate("document.querySelector('.lm-curves-plot').layout.font.color")
    assert colour == view.page.locator("h1").evaluate("h => getComputedStyle(h).color")
    context.close()
    assert view.errors == []

"""The Compare page in a real browser: the beta dial, and two runs in one time machine."""

import itertools
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from live import PATIENCE_MS, Server, Watched, until
from playwright.sync_api import Browser, ConsoleMessage, Locator, expect

from benchmarks.killing import kill
from core import checkpoints, jobs, latent, refine
from core.data.datasets import load, to_ink
from core.family import beta_family
from core.models.config import to_json
from core.models.vae import VAEConfig
from core.training.__main__ import main as train
from core.training.config import TrainingConfig
from core.training.run_config import RunConfig

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser"), pytest.mark.slow]

Z = (0.5, -1.0)


BOTH_PLOTTED = ".tr-map + .tr-map [data-testid=latent-map][data-plotted]"

# Whether both maps show what someone points at on the map `own`: the same point, or the same test image, at the other map's code of it.
LINKED = """([by, own, other]) => {
  const said = [...document.querySelectorAll('[data-testid=nearest]')].map((e) => e.textContent);
  const values = ['z1', 'z2'].map((name) => [...document.querySelectorAll(`[data-testid=${name}]`)].map((e) => e.value));
  const images = said.map((words) => words.match(/test image [\\d,]+/)?.[0]);
  return values[0][own] !== '0' && (by === 'point' ? values.every(([a, b]) => a === b)
    : images[0] && images[0] === images[1] && said[other].includes('right here')); }"""


class Compare(Watched):
    """The Compare page, and what is read off it."""

    def _console(self, message: ConsoleMessage) -> None:
        if "/_stcore/" not in message.location["url"]:  # Streamlit asks below the page's address first
            super()._console(message)

    def open(self, query: str, ready: str = "[data-testid=dial-mark]:not([hidden])") -> "Compare":
        self.page.goto(f"{self.base}/compare?{query if 'mode=' in query else f'mode=dial&{query}'}")
        self.page.locator(ready).first.wait_for()
        self.frames()
        return self

    @property
    def dial(self) -> Locator:
        return self.page.get_by_test_id("dial")

    def cloud(self) -> np.ndarray:
        """How bright every third pixel of every third row of the map is, (N,)."""
        script = """c => { const { data, width, height } = c.getContext('2d').getImageData(0, 0, c.width, c.height), seen = [];
          for (let y = 0; y < height; y += 3)
            for (let x = 0, i = 4 * y * width; x < width; x += 3, i += 12) seen.push(data[i] + data[i + 1] + data[i + 2]);
          return seen; }"""
        return np.array(self.page.locator(".dl-cloud").evaluate(script), float) / 3

    def pixels(self, canvas: Locator) -> np.ndarray:
        """A picture's grey levels, (784,)."""
        script = "c => [...c.getContext('2d').getImageData(0, 0, 28, 28).data].filter((_, i) => i % 4 === 0)"
        return np.array(canvas.evaluate(script), float)

    def mark(self) -> tuple[float, float]:
        """Where the mark stands on the rate-distortion figure, in pixels of the page."""
        box = self.page.get_by_test_id("dial-mark").bounding_box()
        assert box is not None
        return box["x"], box["y"]

    def turn(self, position: float) -> None:
        self.dial.evaluate("(dial, at) => { dial.value = at; dial.dispatchEvent(new Event('input', { bubbles: true })); }", position)
        self.frames()

    def query(self, name: str, wanted: str | None) -> None:
        """Wait until the address says so of that property."""
        self.page.wait_for_function("([name, wanted]) => new URLSearchParams(location.search).get(name) === wanted", arg=[name, wanted])


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two finished runs that differ in β."""
    root = tmp_path_factory.mktemp("checkpoints")
    tiny = ["--dataset", "digits", "--encoder-hidden", "16", "--decoder-hidden", "16", "--device", "cpu"]
    for name, more in {"low": ["--epochs", "4"], "high": ["--epochs", "3", "--beta", "8"]}.items():
        assert train([*tiny, *more, "--out", str(root / name)]) == 0
    (root / "runs" / ".speeds.json").write_text("{}")
    return root


@pytest.fixture(scope="module")
def compare_server(root: Path, mnist_like: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """The app with these."""
    running = Server(mnist_like, tmp_path_factory.mktemp("compare") / "log", LATENT_CHECKPOINTS=str(root))
    yield running
    running.stop()


@pytest.fixture(params=[(1440, 1000)])
def view(compare_server: Server, chromium: Browser, request: pytest.FixtureRequest) -> Iterator[Compare]:
    width, height = request.param
    context = chromium.new_context(viewport={"width": width, "height": height}, has_touch=width < 500)
    opened = Compare(context.new_page(), compare_server.url)
    yield opened
    context.close()
    assert opened.errors == []
    assert opened.hosts == {compare_server.url}


@pytest.mark.parametrize("view", [(1440, 1000), (390, 844)], indirect=True)
def test_the_dial_turns_map_pictures_and_mark_without_a_jump(view: Compare) -> None:
    family = beta_family()
    view.open("dial=2&z=0.5,-1")
    shown, row = view.page.get_by_test_id("decoded"), view.page.get_by_test_id("dial-row").locator("canvas")
    for member in (2, 3):
        view.turn(member)
        assert view.pixels(shown) == pytest.approx(latent.decode(family.members[member].model, np.array([Z]))[0].ravel() * 255, abs=0.6)
        code = family.codes[member, family.examples[4]][None]
        assert view.pixels(row.nth(4)) == pytest.approx(latent.decode(family.members[member].model, code)[0].ravel() * 255, abs=0.6)
    seen, marks = [], []
    for position in np.linspace(2, 3, 11):
        view.turn(position)
        seen.append(view.cloud())
        marks.append(view.mark())
    whole = np.abs(seen[-1] - seen[0]).mean()
    assert whole > 1, "the two maps differ"
    parts = [np.abs(b - a).mean() for a, b in itertools.pairwise(seen)]
    assert max(parts) < 2.5 * min(parts), "each tenth of the way changes about as much of the map as another"
    x, y = np.array(marks).T
    assert (np.diff(x) < 0).all() and (np.diff(y) < 0).all(), "less rate, more distortion"
    assert np.diff(x) == pytest.approx(np.full(10, (x[-1] - x[0]) / 10), abs=0.5)
    expect(view.page.get_by_test_id("dial-said")).to_have_text("β = 1")
    view.turn(2.5)
    expect(view.page.get_by_test_id("dial-said")).to_have_text("between β = 0.3 and β = 1")
    expect(view.page.get_by_test_id("dial-figures")).to_have_text("Blended from its two neighbours, not trained.")


def test_the_dials_chart_follows_a_theme_that_comes_with_another_size(view: Compare) -> None:
    view.open("dial=2")
    word = view.page.locator(".dl-plot .xtick text").first
    expect(word).to_be_visible()
    view.page.locator(".dl-map").evaluate(
        """map => { map.closest(".dl").style.color = "rgb(1, 2, 3)"; map.style.height = `${map.clientHeight + 40}px`; }"""
    )
    expect(word).to_have_css("fill", "rgb(1, 2, 3)")


def test_what_the_dial_shows_is_in_the_link(view: Compare) -> None:
    view.open("")
    expect(view.page.get_by_test_id("dial-said")).to_have_text("β = 1")
    view.dial.focus()
    view.page.keyboard.press("PageDown")
    expect(view.page.get_by_test_id("dial-said")).to_have_text("β = 0.3")
    view.query("dial", "2")
    view.page.get_by_role("button", name="One scale for all").click()
    view.page.locator(".lm-legend button").nth(7).click()
    view.query("scale", "same")
    view.query("classes", "7")
    box = view.page.get_by_test_id("dial-map").bounding_box()
    assert box is not None
    view.page.mouse.click(box["x"] + 0.6 * box["width"], box["y"] + 0.4 * box["height"])
    view.page.wait_for_function("new URLSearchParams(location.search).get('z')")
    kept = view.page.get_by_test_id("dial-z").inner_text()
    cloud = view.cloud()
    view.page.mouse.move(5, 5)
    again = Compare(view.page.context.new_page(), view.base)
    again.page.goto(view.page.evaluate("location.href"))
    again.page.locator("[data-testid=dial-mark]:not([hidden])").wait_for()
    again.frames()
    expect(again.page.get_by_test_id("dial-said")).to_have_text("β = 0.3")
    expect(again.page.get_by_test_id("dial-z")).to_have_text(kept)
    assert np.abs(again.cloud() - cloud).mean() < 1 and again.errors == []
    again.page.close()
    view.page.get_by_test_id("dial-map").focus()
    view.page.keyboard.press("Escape")
    expect(view.page.get_by_test_id("dial-z")).to_have_text("z = (0.00, 0.00)")
    view.query("z", None)


def test_two_runs_go_through_their_epochs_together(view: Compare) -> None:
    view.open("mode=runs&first=low&second=high", ".lm-plot .plotly")
    shown = view.page.get_by_test_id("epoch-shown")
    expect(shown).to_have_text(["epoch 4 of 4", "epoch 3 of 3"])
    drawn = """() => [...document.querySelectorAll('.lm-curves-plot')]
      .filter(plot => plot._fullLayout?.xaxis._length > 0.7 * plot.clientWidth).length === 2"""
    view.page.wait_for_function(drawn)  # both runs' curves fill their boxes
    (slider,) = [one for one in view.page.get_by_test_id("epoch").all() if one.is_visible()]
    slider.fill("1")
    expect(shown).to_have_text(["epoch 1 of 4", "epoch 1 of 3"])
    slider.fill("4")
    expect(shown).to_have_text(["epoch 4 of 4", "epoch 3 of 3"])
    slider.fill("2")
    expect(shown).to_have_text(["epoch 2 of 4", "epoch 2 of 3"])
    view.query("epoch", "2")
    maps, decoded = view.page.get_by_test_id("latent-map"), view.page.get_by_test_id("decoded")
    box = maps.first.bounding_box()
    assert box is not None
    view.page.mouse.click(box["x"] + 0.7 * box["width"], box["y"] + 0.3 * box["height"])
    view.page.wait_for_function("new URLSearchParams(location.search).get('z')")
    view.frames()
    said = [canvas.get_attribute("aria-label") for canvas in decoded.all()]
    assert said[0] == said[1] and re.fullmatch(r"Decoded image at z = \(.*\)", said[0] or ""), "the same point in both"
    assert np.abs(view.pixels(decoded.first) - view.pixels(decoded.last)).max() > 0, "by each run's own decoder"
    expect(view.page.get_by_text("Both runs began")).to_contain_text("same seed (0), but differ in 2 settings")
    view.page.reload()
    expect(shown).to_have_text(["epoch 2 of 4", "epoch 2 of 3"])
    assert view.page.evaluate(
        "document.querySelectorAll('[id]').length === new Set([...document.querySelectorAll('[id]')].map(e => e.id)).size"
    )


@pytest.fixture
def left(root: Path) -> Iterator[Callable[[], jobs.Run]]:
    """A long run that has begun, as it is when asked; it goes when the test ends, so that a second try can begin another."""
    runs = root / "runs"
    model = {"name": "vae", "config": to_json(VAEConfig(encoder_hidden=(16,), decoder_hidden=(16,)))}
    recipe = to_json(TrainingConfig(dataset="digits", epochs=100_000))
    jobs.start(RunConfig(name="left", dataset="digits", model=model, recipe=recipe, threads=1), runs)
    yield lambda: jobs.find("left", runs)
    if (runs / "left").exists():
        kill(jobs.find("left", runs))
        jobs.delete(jobs.find("left", runs))


def test_an_interrupted_run_is_seen_to_go_on_and_to_be_deleted_by_somebody_else(view: Compare, left: Callable[[], jobs.Run]) -> None:
    until(lambda: left().epoch > 4)
    kill(left())
    assert left().state == "interrupted"
    view.open("mode=runs&first=left&second=high", ".lm-plot .plotly")
    epoch = "() => +document.querySelector('[data-testid=epoch-shown]').textContent.split(' ')[1]"
    kept = view.page.evaluate(epoch)
    assert kept >= 4
    jobs.resume(left())
    view.page.wait_for_function(f"(kept) => ({epoch})() > kept + 1", arg=kept)
    kill(left())
    jobs.delete(left())
    expect(view.page.get_by_text("left", exact=True)).to_have_count(0)
    expect(view.page.get_by_test_id("latent-map")).to_have_count(2)


def test_where_nothing_is_to_move_the_dial_steps_from_model_to_model(compare_server: Server, chromium: Browser) -> None:
    context = chromium.new_context(viewport={"width": 1440, "height": 1000}, reduced_motion="reduce")
    view = Compare(context.new_page(), compare_server.url).open("dial=4")
    view.page.evaluate("""() => { window.seen = new Set(); const dial = document.querySelector('[data-testid=dial]');
      const note = () => { seen.add(dial.value); requestAnimationFrame(note); }; note(); }""")
    view.page.get_by_test_id("dial-play").click()
    expect(view.page.get_by_test_id("dial-said")).to_have_text("β = 10", timeout=PATIENCE_MS)
    assert view.page.evaluate("[...seen]") == ["4", "5"]
    context.close()
    assert view.errors == []


@pytest.mark.parametrize(("width", "height"), [(1440, 1600), (390, 2400)])
def test_two_models_share_the_image_or_the_point_whichever_map_one_points_at(
    compare_server: Server, chromium: Browser, width: int, height: int
) -> None:
    context = chromium.new_context(viewport={"width": width, "height": height})
    view = Compare(context.new_page(), compare_server.url)
    pair = "models=ae-mnist-2d,beta-1-mnist-2d"
    for by in ("image", "point"):
        view.open(f"mode=models&{pair}&link={by}", "[data-testid=latent-map][data-plotted]")
        view.page.wait_for_function("() => document.querySelectorAll('[data-testid=latent-map][data-plotted]').length === 2")
        maps = view.page.get_by_test_id("latent-map")
        for side in (0, 1):
            maps.nth(side).scroll_into_view_if_needed()
            box = maps.nth(side).bounding_box()
            assert box is not None
            view.page.mouse.move(box["x"] + 0.55 * box["width"], box["y"] + 0.45 * box["height"], steps=4)
            view.page.wait_for_function(LINKED, arg=[by, side, 1 - side])
            view.page.mouse.move(2, 2)
    context.close()


RANGES = "[...document.querySelectorAll('.lm-plot')].map(({ layout: { xaxis, yaxis } }) => [...xaxis.range, ...yaxis.range])"


def test_each_map_has_its_scale_and_a_class_chosen_on_one_is_chosen_on_both(view: Compare) -> None:
    maps = view.page.locator(".tr-map")
    view.open("mode=models&models=ae-mnist-2d,beta-1-mnist-2d", BOTH_PLOTTED)
    one, other = view.page.evaluate(RANGES)
    assert one[1] - one[0] > 5 * (other[1] - other[0]), "each has its own"
    maps.last.locator(".lm-legend button").nth(7).click()
    expect(maps.first.locator(".lm-legend button").nth(7)).to_have_attribute("aria-pressed", "true")


def test_of_digits_and_clothes_each_map_has_classes_of_its_own(view: Compare) -> None:
    view.open("mode=models&models=beta-1-mnist-2d,vae-fashion-2d", BOTH_PLOTTED)
    legends = [one.locator(".lm-legend button").nth(7) for one in view.page.locator(".tr-map").all()]
    legends[0].click()
    expect(legends[0]).to_have_attribute("aria-pressed", "true")
    view.frames(10)
    expect(legends[1]).to_have_attribute("aria-pressed", "false")


@pytest.mark.parametrize("by", ["image", "point"])
def test_on_a_phone_the_maps_stack_and_a_finger_on_one_moves_both(compare_server: Server, chromium: Browser, by: str) -> None:
    context = chromium.new_context(viewport={"width": 390, "height": 844}, has_touch=True)
    view = Compare(context.new_page(), compare_server.url)
    view.open(f"mode=models&models=ae-mnist-2d,beta-1-mnist-2d&link={by}", BOTH_PLOTTED)
    upper, lower = (one.bounding_box() for one in view.page.get_by_test_id("latent-map").all())
    assert upper is not None and lower is not None
    assert upper["y"] + upper["height"] < lower["y"] and lower["x"] == upper["x"], "one over the other"
    assert upper["y"] + upper["height"] / 2 < 844, "half of the first is on the first screen"
    fingers = context.new_cdp_session(view.page)
    x, y = upper["x"] + 0.6 * upper["width"], upper["y"] + 0.2 * upper["height"]
    for kind, step in (("touchStart", 0), ("touchMove", 10), ("touchMove", 20)):
        fingers.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": [{"x": x - step, "y": y + step}]})
    view.page.wait_for_function(LINKED, arg=[by, 0, 1])
    fingers.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    view.page.wait_for_function("new URLSearchParams(location.search).get('z')")
    view.page.wait_for_function(LINKED, arg=[by, 0, 1])
    context.close()
    assert view.errors == []


@pytest.mark.parametrize("side", [0, 1])
@pytest.mark.parametrize("name", ["vae-mnist-16d", "conv-vae-mnist-2d"])
def test_a_dot_is_drawn_as_its_whole_code_or_by_the_server(view: Compare, name: str, side: int) -> None:
    """A plane through sixteen dimensions, and a decoder that the browser cannot run."""
    pair = ("beta-1-mnist-2d", name) if side else (name, "beta-1-mnist-2d")
    view.open(f"mode=models&models={','.join(pair)}&link=image", BOTH_PLOTTED)
    for by_hand in (1 - side, side):  # on the other map, whose dot is linked, and on its own
        box = view.page.get_by_test_id("latent-map").nth(by_hand).bounding_box()
        assert box is not None
        view.page.mouse.click(box["x"] + 0.6 * box["width"], box["y"] + (0.4 + 0.2 * by_hand) * box["height"])
        view.page.mouse.move(5, 5)
        view.page.wait_for_function("new URLSearchParams(location.search).get('z')")
        words = view.page.get_by_test_id("nearest").nth(side).text_content() or ""
        (row,) = re.findall(r"test image ([\d,]+)", words)
        checkpoint = checkpoints.opened(name)
        drawn = latent.decode(checkpoint.model, checkpoint.latents.mu[[int(row.replace(",", ""))]])[0].ravel() * 255
        canvas = view.page.get_by_test_id("decoded").nth(side)
        until(lambda: np.abs(view.pixels(canvas) - drawn).max() < 1.5, PATIENCE_MS / 1000)  # noqa: B023 (asked at once)
        expect(view.page.locator(".lm-note").nth(side)).to_contain_text(
            "its own code is decoded" if "16" in name else "decoded by the server"
        )


def test_both_maps_are_on_the_first_screen(compare_server: Server, chromium: Browser) -> None:
    for width, height in ((1440, 900), (820, 1180), (1920, 1080)):
        context = chromium.new_context(viewport={"width": width, "height": height})
        view = Compare(context.new_page(), compare_server.url).open("mode=models", BOTH_PLOTTED)
        for one in view.page.get_by_test_id("latent-map").all():
            box = one.bounding_box()
            assert box is not None and box["y"] + box["height"] <= height and box["x"] + box["width"] <= width, (width, box)
        context.close()


def test_refining_is_opened_by_its_link_and_a_clicked_dot_is_refined_next(
    view: Compare, mnist_like: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LATENT_DATA", str(mnist_like))
    name, row = "beta-1-mnist-2d", 33
    view.open(f"mode=models&models={name},{name}&image={row}", BOTH_PLOTTED)
    maps, decoded = view.page.get_by_test_id("latent-map"), view.page.get_by_test_id("decoded")
    titles = ["VAE with β = 1: the encoder’s code", "VAE with β = 1: the refined code"]
    for down in (0.3, 0.7):
        model, image = checkpoints.opened(name).model, to_ink(load("mnist", "test").images[row])
        found = refine.refine_image(model, image)
        expect(view.page.locator(".tr-map h2")).to_have_text(titles)
        expect(view.page.locator(".lm-trail")).to_have_count(2)
        for canvas, code in zip(decoded.all(), (found.path[0, 0], found.mu[0]), strict=True):
            label = f"Decoded image at z = ({', '.join(f'{v:.2f}'.replace('-', '−') for v in np.round(code.astype(float), 4))})"
            expect(canvas).to_have_attribute("aria-label", label)
            view.frames()
            drawn = latent.decode(model, np.round(code, 4)[None])[0].ravel() * 255
            assert view.pixels(canvas) == pytest.approx(drawn, abs=1)
        box = maps.last.bounding_box()
        assert box is not None
        view.page.mouse.click(box["x"] + 0.5 * box["width"], box["y"] + down * box["height"])
        view.page.mouse.move(5, 5)
        view.page.wait_for_function("row => new URLSearchParams(location.search).get('image') !== row", arg=str(row))
        row = int(view.page.evaluate("new URLSearchParams(location.search).get('image')"))

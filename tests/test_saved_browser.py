"""*Save this page*: the file, opened from disk in a real browser with the network off."""

import re
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

import numpy as np
import pytest
import torch
from bundle import Bundle
from live import tried_before, until
from playwright.sync_api import Browser, Page, expect
from test_accessibility import SIZES, complaints
from test_drawing_browser import draw, picture
from test_touch_browser import LEAST_PX, SMALL
from view import COPY, View

from core import checkpoints, latent, small_encoder
from core.checkpoints import SHIPPED, SHIPPED_ROOT
from core.data.datasets import load, to_ink
from pages.browser import saved as bundled
from pages.exploring import fields, readout, saved, saved_encoder
from pages.exploring.saved import MOST_BYTES
from pages.images.pictures import png_bytes
from pages.session import caches

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]
MAIN, LARGEST, NOT_LIVE, TOLD = "vae-mnist-2d", "vae-mnist-16d", "conv-vae-mnist-2d", "cvae-mnist-2d"
LAYERS = ("points", "names")
KEPT = (0.5, 1.5)


def make(name: str, layers: tuple[str, ...] = LAYERS, look: tuple[str, str] = ("", "")) -> bytes:
    """The file of a shipped model, a conditional one told its first test image's class."""
    checkpoint = checkpoints.load(name, SHIPPED_ROOT)
    view = caches.map_view(name, int(checkpoint.latents.label[0]) if checkpoint.model.conditional else None)
    return saved.page(view, readout.facts(view, None, ""), KEPT, layers, look)


made = cache(make)


class Saved(View):
    """A saved page, opened from disk without a network."""

    def __init__(self, page: Page, file: Path) -> None:
        page.context.set_offline(True)
        super().__init__(page, file.as_uri())
        self.asked: list[str] = []
        page.on("request", lambda request: self.asked.append(request.url))

    def open(self, query: str = "") -> "Saved":
        self.page.goto(f"{self.base}{query}")
        self.page.wait_for_selector("[data-testid=latent-map][data-plotted]")
        expect(self.page.get_by_test_id("panel")).to_contain_text(re.compile("z[₀-₉]* = "))
        expect(self.page.locator(".saved-instead")).to_have_count(0)
        self.frame()
        return self

    def names(self) -> np.ndarray:
        """Where the classes' names are on the page, (classes, 2): they move with the map."""
        script = "[...document.querySelectorAll('.lm-names span')].map(e => { const { x, y } = e.getBoundingClientRect(); return [x, y]; })"
        return np.array(self.page.evaluate(script))

    def code_at(self, u: float, v: float) -> list[float]:
        """The code under the pointer there, as the words beside the sliders have it."""
        self.page.mouse.move(*self.at(u, v))
        self.frames(12)
        return [float(text.replace("−", "-")) for text in self.page.locator(".lm-controls output").all_inner_texts()]

    def painted(self, selector: str) -> int:
        """How many pixels of a canvas are not empty."""
        script = """c => { if (!c.width) return 0;
          return COPY.getImageData(0, 0, c.width, c.height).data.filter((v, i) => i % 4 === 3 && v).length; }""".replace("COPY", COPY)
        return self.page.locator(selector).evaluate(script)


@pytest.fixture
def open_saved(chromium: Browser, tmp_path: Path) -> Iterator[Callable[..., Saved]]:
    """Opens the file of a model; nothing may go wrong in it, and it asks for nothing but itself."""
    context = chromium.new_context(viewport={"width": 1280, "height": 900})
    opened: list[Saved] = []

    def open_it(name: str = MAIN, fragment: str = "", content: bytes | None = None) -> Saved:
        file = tmp_path / f"{name}.html"
        file.write_bytes(content or made(name))
        opened.append(Saved(context.new_page(), file))
        return opened[-1].open(fragment)

    yield open_it
    for page in opened:
        assert page.errors == []
        assert {url for url in page.asked if not url.startswith(("data:", "blob:"))} == {page.page.url.partition("#")[0]}
    context.close()


@pytest.fixture(scope="module")
def left_open(chromium: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Saved]:
    """The main model's file, opened once for the tests that leave its map, its layers and its tools as they were."""
    context = chromium.new_context(viewport={"width": 1280, "height": 900})
    file = tmp_path_factory.mktemp("saved") / f"{MAIN}.html"
    file.write_bytes(made(MAIN))
    page = Saved(context.new_page(), file).open()
    yield page
    assert page.errors == []
    assert {url for url in page.asked if not url.startswith(("data:", "blob:"))} == {file.as_uri()}
    context.close()


@pytest.fixture
def shared(left_open: Saved, request: pytest.FixtureRequest) -> Saved:
    """The same, at the point that was kept when it was saved."""
    if tried_before(request):
        left_open.open()
    left_open.page.goto(f"{left_open.base}#z={KEPT[0]},{KEPT[1]}")  # within the file
    expect(left_open.page.get_by_test_id("panel")).to_contain_text("(0.50, 1.50)")
    left_open.page.mouse.move(3, 3)
    left_open.frame()
    return left_open


@pytest.mark.parametrize("name", [MAIN, LARGEST, NOT_LIVE, TOLD, *(pytest.param(n, marks=pytest.mark.slow) for n in SHIPPED)])
def test_the_file_is_small(name: str) -> None:
    assert len(made(name)) < MOST_BYTES


def test_it_decodes_under_the_pointer_what_the_model_decodes(shared: Saved) -> None:
    page = shared
    before = page.image()
    page.page.mouse.click(*page.at(0.3, 0.4))
    page.frame()
    page.page.wait_for_function("location.hash.startsWith('#z=') && location.hash !== '#z=0.5,1.5'")
    z = [float(v) for v in page.page.evaluate("new URLSearchParams(location.hash.slice(1)).get('z')").split(",")]
    expected = 255 * latent.decode(checkpoints.load(MAIN).model, np.array([z], np.float32))[0].ravel()
    page.page.mouse.move(3, 3)
    page.frame()
    assert np.abs(page.image() - expected).max() <= 0.51 and (page.image() != before).any()
    assert page.page.locator("[data-testid=decoded]").get_attribute("data-decoder") == "simd"
    page.point(0.7, 0.3)
    assert np.abs(page.image() - expected).max() > 50, "the pointer alone decodes, too"


def test_it_shows_what_the_live_page_shows(view: View, open_saved: Callable[..., Saved]) -> None:
    view.open(f"?z={KEPT[0]},{KEPT[1]}")
    page = open_saved()
    assert (page.image() == view.image()).all()
    assert page.panel().splitlines()[:12] == view.panel().splitlines()[:12], "place, neighbours and nearest code"


def test_a_link_within_the_file_and_back(open_saved: Callable[..., Saved]) -> None:
    page = open_saved(fragment="#z=-1,0.25")
    assert "(−1.00, 0.25)" in page.panel()
    page.page.mouse.click(*page.at(0.3, 0.4))
    expect(page.page.get_by_test_id("panel")).not_to_contain_text("(−1.00, 0.25)")
    page.page.go_back()
    expect(page.page.get_by_test_id("panel")).to_contain_text("(−1.00, 0.25)")


def test_dragging_wheel_keys_and_buttons_move_the_map(shared: Saved) -> None:
    page = shared
    first = page.names()
    x, y = page.at(0.5, 0.5)
    page.page.mouse.move(x, y)
    page.page.mouse.down()
    page.page.mouse.move(x + 60, y + 25, steps=4)
    page.page.mouse.up()
    page.frame()
    dragged = page.names()
    assert np.allclose(dragged - first, (60, 25), atol=1.5)
    assert "(0.50, 1.50)" in page.panel(), "a drag keeps no point"
    page.page.mouse.wheel(0, -200)
    page.frame()
    wheeled = page.names()
    assert np.ptp(wheeled[:, 0]) > 1.05 * np.ptp(dragged[:, 0])
    page.page.get_by_role("button", name="Zoom in").click()
    page.frame()
    assert np.ptp(page.names()[:, 0]) > 1.3 * np.ptp(wheeled[:, 0])
    page.page.get_by_role("button", name="Show the whole map").click()
    page.frame()
    assert np.allclose(page.names(), first, atol=1.5)
    page.page.get_by_test_id("latent-map").focus()
    page.page.keyboard.press("ArrowRight")
    expect(page.page.get_by_test_id("panel")).not_to_contain_text("(0.50, 1.50)")


def test_a_click_does_not_move_the_map(shared: Saved) -> None:
    page = shared
    before, (x, y) = page.code_at(0.45, 0.55), page.at(0.45, 0.55)
    page.page.mouse.down()
    page.page.mouse.move(x + 4, y + 2)
    page.page.mouse.up()
    page.page.wait_for_function("location.hash.startsWith('#z=') && location.hash !== '#z=0.5,1.5'")
    assert page.code_at(0.45, 0.55) == before


def test_layers_are_switched(open_saved: Callable[..., Saved]) -> None:
    page = open_saved()
    names = {"Points": ".lm-dots", "Decoded grid": ".lm-tiles", "Prior rings": ".lm-axes >> nth=1"}
    rings = page.painted(names["Prior rings"])
    assert rings == 0 and page.painted(names["Points"]) > 10_000
    for title in ("Prior rings", "Decoded grid"):
        page.page.get_by_role("button", name=title).click()
    page.frames(30)
    assert page.painted(names["Prior rings"]) > 500
    assert page.page.locator(names["Decoded grid"]).is_visible() and page.painted(names["Decoded grid"]) > 5000
    for title in ("Points", "Class names"):
        page.page.get_by_role("button", name=title).click()
    assert not page.page.locator(names["Points"]).is_visible() and not page.page.locator(".lm-names").is_visible()
    assert page.page.get_by_role("button", name="Points").get_attribute("aria-pressed") == "false"


def test_zoom_layers_and_classes_are_as_they_were(open_saved: Callable[..., Saved]) -> None:
    page = open_saved(content=made(MAIN, ("points", "prior"), ("0.5,0.5,1.5", "3,8")))
    pressed = page.page.locator(".saved-layers button[aria-pressed=true]").all_inner_texts()
    assert pressed == ["Points", "Prior rings"]
    assert page.page.locator(".lm-legend button[aria-pressed=true]").all_inner_texts() == ["3", "8"]
    assert page.code_at(0.6, 0.5)[0] - page.code_at(0.5, 0.5)[0] == pytest.approx(0.15, abs=0.02), "a tenth of the width"


def test_what_the_browser_cannot_decode_comes_from_an_atlas_and_is_said(open_saved: Callable[..., Saved]) -> None:
    on_a_dot = [float(v) for v in caches.map_view(NOT_LIVE).frame.points[3].round(4)]
    page = open_saved(NOT_LIVE, f"#z={on_a_dot[0]},{on_a_dot[1]}")
    expect(page.page.locator(".lm-note")).to_contain_text("This file has 32 by 32 images")
    before = page.image()
    page.point(0.3, 0.5)
    assert page.image().max() > 60 and (page.image() != before).any()
    assert page.page.locator(".lm-panel .lm-losses, .lm-panel .lm-images").count() == 0, "nothing that only a decoder knows"
    assert "This is its code." in page.panel() and "could not" not in page.panel()
    page.page.mouse.click(*page.at(0.1, 0.9))
    page.page.wait_for_function("z => new URLSearchParams(location.hash.slice(1)).get('z') !== z", arg=",".join(map(str, on_a_dot)))
    assert "Press a dot" not in page.panel()


def test_a_code_of_more_numbers_is_decoded_whole(open_saved: Callable[..., Saved]) -> None:
    view = caches.map_view(LARGEST)
    z = [float(v) for v in view.frame.points[3].round(4)]
    page = open_saved(LARGEST, f"#z={z[0]},{z[1]}")
    page.page.get_by_text("reconstruction", exact=True).wait_for()
    page.frame()
    expected = 255 * latent.decode(view.checkpoint.model, view.checkpoint.latents.mu[3:4].astype(np.float32))[0].ravel()
    assert np.abs(page.image() - expected).max() <= 0.51


def test_its_other_numbers_are_set_and_moved_without_a_server(open_saved: Callable[..., Saved]) -> None:
    """As the page was saved: the plane goes through a code with another first number; then the slider moves on."""
    view = caches.map_view(LARGEST, None, (8, 14))
    z = tuple(float(v) for v in view.frame.points[3].round(4))
    look = *[""] * 8, "2" + "," * 13  # the page's LOOK, of which these are the last
    content = saved.page(view, readout.facts(view, None, ""), z, LAYERS, look)
    assert len(content) < MOST_BYTES
    page = open_saved(content=content)
    rest = page.page.get_by_test_id("rest")
    expect(rest.locator("summary")).to_contain_text("(moved)")
    code = np.zeros(16, np.float32)
    code[[0, 8, 14]] = 2, *z
    for first in (2, -1):
        code[0] = first
        set_to = f"input => {{ input.value = {first}; input.dispatchEvent(new Event('input', {{ bubbles: true }})); }}"
        rest.locator("input").first.evaluate(set_to)
        page.frame()
        assert np.abs(page.image() - 255 * latent.decode(view.checkpoint.model, code[None])[0].ravel()).max() < 1.5


def test_it_says_model_figures_licences_and_where_it_is_from(shared: Saved) -> None:
    page = shared
    words, card = page.page.locator(".saved-about").inner_text(), checkpoints.load(MAIN).card
    assert page.page.get_by_role("heading", level=1).inner_text() == SHIPPED[MAIN].title
    assert f"{card['metrics']['knn_accuracy_percent']['value']:.1f} %" in words and "MNIST" in words and "CC BY-SA" in words
    assert re.search(r"Saved on 20\d\d-\d\d-\d\d from the Latent space explorer \d+\.\d+\.\d+", words)
    page.page.get_by_text("The MIT licence", exact=True).click()
    assert "Permission is hereby granted" in page.page.locator(".saved-about pre").inner_text()


def landed(page: Saved) -> list[float]:
    """Where the drawing lies on the map, as the words have it."""
    said = page.page.get_by_test_id("lands").inner_text()
    return [float(v.replace("−", "-")) for v in re.findall(r"[−\d.]+\d", said)]


DRAWN = (MAIN, "computes it from the decoder"), ("beta-1-mnist-2d", "with all its digits"), (LARGEST, "one of 255 levels")


@pytest.mark.parametrize(("name", "how"), [DRAWN[0], *(pytest.param(*one, marks=pytest.mark.slow) for one in DRAWN[1:])])
def test_a_drawing_lands_where_the_model_puts_it(open_saved: Callable[..., Saved], name: str, how: str) -> None:
    page, view = open_saved(name), caches.map_view(name)
    assert how in page.page.locator(".saved-about").inner_text()
    page.page.get_by_test_id("draw-here").click()
    expect(page.page.get_by_text("Draw on the paper.")).to_be_visible()
    draw(page.page, 3)
    expect(page.page.get_by_test_id("landed")).to_be_visible()
    expect(page.page.get_by_test_id("lands")).to_contain_text("It lands at (")
    mu, _ = latent.encode(view.checkpoint.model, torch.from_numpy(picture(page.page, "drawn-form"))[None, None])
    until(lambda: np.allclose(landed(page), view.frame.plane.feet(mu)[0], atol=0.03))  # words come later; the picture has 256 grey levels
    np.testing.assert_allclose(picture(page.page, "drawn-answer"), latent.decode(view.checkpoint.model, mu)[0], atol=0.06)
    page.page.get_by_test_id("keep-landed").click()
    page.page.wait_for_function("location.hash.startsWith('#z=')")
    expect(page.page.get_by_test_id("panel")).to_contain_text("The kept point")


@pytest.mark.slow
def test_an_image_file_lands_too(open_saved: Callable[..., Saved], tmp_path: Path) -> None:
    page, x = open_saved(), to_ink(load("digits", "test").images)[0]
    (tmp_path / "digit.png").write_bytes(png_bytes((255 * x).astype(np.uint8)))
    page.page.get_by_test_id("draw-here").click()
    expect(page.page.get_by_text("Draw on the paper.")).to_be_visible()
    page.page.locator("[data-testid=drawing] input[type=file]").set_input_files(tmp_path / "digit.png")
    expect(page.page.get_by_test_id("landed")).to_be_visible()


def test_what_the_encoder_changes_is_said_in_figures_that_were_measured() -> None:
    """Of a rounded one how far the codes of images move that the model drew; and where there is none, why."""
    view = caches.map_view(LARGEST)
    told = {small.how: words for small, words in saved_encoder.ways(view, readout.facts(view, None, ""))}
    *_, small = small_encoder.ways(view.checkpoint.model)
    far = small_encoder.moved(view.checkpoint.model, small, view.checkpoint.latents.mu)
    half, largest = (float(v) for v in re.findall(r"at most (\S+) from the explorer’s, none by more than (\S+),", told["rounded"])[0])
    assert far.distance.half <= half < far.distance.half + 0.001 and far.distance.largest <= largest < far.distance.largest + 0.001
    assert "move" not in told["exact"]
    main = caches.map_view(MAIN)
    ((_, computed),) = saved_encoder.ways(main, readout.facts(main, None, ""))
    assert "Tried on 1,000 images that the model drew, no code is as much as 0.001 from" in computed
    assert "Left out: drawing a digit of your own. The browser encodes by dense layers only" in made(NOT_LIVE).decode()


def test_an_encoder_that_leaves_no_room_is_left_out_and_that_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    with_encoder = len(make("vae-digits-2d"))
    monkeypatch.setattr(saved, "MOST_BYTES", with_encoder)
    rounded = make("vae-digits-2d").decode()
    assert "one of 255 levels" in rounded and len(rounded) < with_encoder
    monkeypatch.setattr(saved, "MOST_BYTES", len(rounded.encode()))
    without = make("vae-digits-2d").decode()
    assert "Left out: drawing a digit of your own. With its encoder, this file would be larger than" in without
    assert 'data-file="file:encoder"' not in without


@pytest.mark.parametrize("size", [0, 1, 2, 12, 13, 14, 1000, 65_536])
def test_bytes_written_in_letters_are_read_back(bundle: Bundle, size: int) -> None:
    content = np.random.default_rng(size).integers(0, 256, size, np.uint8)
    text = bundled.in_letters(content.tobytes())
    assert set(text) <= set(bundled.LETTERS) and len(bundled.LETTERS) == 91 and len(text) <= 16 * size / 13 + 2
    assert bundle.run("saved/letters.js", "return Array.from(m.bytesOf(...given))", [text, size]) == content.tolist()
    assert not re.search(r'[<&"]', bundled.LETTERS), "HTML takes none of it for its own"


def test_a_strangers_words_stay_words(open_saved: Callable[..., Saved]) -> None:
    bad = "</script><script>document.title = 'broken'</script><!-- & \"quoted\""
    view = caches.map_view(MAIN)
    told = saved.saved_map(view, readout.facts(view, None, ""), None, [], ["", ""], "") | {"description": bad}
    content = bundled.html(bad, "", "", {"map": told, "titles": {}}, {}, {"light": {}, "dark": {}})
    text = content.decode()
    assert "<script>document.title" not in text and text.count("</title>") == 1


def test_nothing_that_only_a_server_has_is_offered(open_saved: Callable[..., Saved]) -> None:
    page = open_saved()
    told = page.page.locator("script[data-told]").inner_text()
    assert not re.search(r'"(/|https?:)', told)
    for button in page.page.locator(".lm button:visible:not([data-testid=draw-here])").all():
        if (button.get_attribute("data-zoom") or button.inner_text()) not in ("in", "out", "reset"):
            button.click()
            page.frames(3)
            page.page.evaluate("for (const dialog of document.querySelectorAll('dialog[open]')) dialog.close()")
    assert "fetched" not in page.page.locator("main").inner_text(), "and errors are asked for at the end"


@pytest.mark.parametrize("scheme", ["light", pytest.param("dark", marks=pytest.mark.slow)])
@pytest.mark.parametrize("size", SIZES)
def test_axe_finds_nothing(chromium: Browser, tmp_path: Path, size: str, scheme: str) -> None:
    file = tmp_path / "saved.html"
    file.write_bytes(made(MAIN, (*LAYERS, "prior")))
    width, height = SIZES[size]
    context = chromium.new_context(viewport={"width": width, "height": height}, color_scheme=scheme)  # type: ignore[arg-type]
    page = Saved(context.new_page(), file).open()
    assert page.page.evaluate("document.documentElement.scrollWidth <= innerWidth"), "nothing is wider than the screen"
    assert complaints(page.page) == []
    context.close()


def test_the_background_on_show_comes_along(open_saved: Callable[..., Saved]) -> None:
    view = caches.map_view("vae-digits-2d")
    background = fields.told(view, "neighbours")
    page = open_saved(content=saved.page(view, readout.facts(view, None, ""), (0.5, 0.5), ("points",), ("", ""), background))
    key, said = page.page.get_by_test_id("background-key"), page.page.get_by_test_id("background-said")
    expect(key).to_contain_text("10-NN regions.")
    expect(said).to_contain_text("The ten nearest test codes: ")
    page.page.get_by_role("button", name="10-NN regions").click()
    expect(key).to_be_hidden()
    assert page.page.locator(".lm-field").is_hidden() and not any("/fields/" in url for url in page.asked)
    page.page.get_by_role("button", name="10-NN regions").click()
    expect(key).to_contain_text("10-NN regions.")


def test_it_follows_a_change_of_the_theme(open_saved: Callable[..., Saved]) -> None:
    page = open_saved(content=made(MAIN, ("manifold",)))
    page.frames(30)
    words = page.page.locator(".lm-legend button").first
    ink = """c => {
      const pixels = COPY.getImageData(0, 0, c.width, c.height).data;
      return pixels[pixels.findIndex((v, i) => i % 4 === 3 && v > 200) - 3];
    }""".replace("COPY", COPY)
    brightness = "e => Math.max(...getComputedStyle(e).color.match(/\\d+/g).map(Number))"
    assert words.evaluate(brightness) < 60 and page.page.locator(".lm-tiles").evaluate(ink) > 190
    page.page.emulate_media(color_scheme="dark")
    page.frames(60)
    assert words.evaluate(brightness) > 190 and page.page.locator(".lm-tiles").evaluate(ink) > 190, (
        "the ink is light, as the image's, in both"
    )


def test_a_module_is_named_by_its_path_and_brings_what_it_imports() -> None:
    source, imported = bundled.renamed("map/layers/x.js", 'import { a } from "../b.js";\nconst c = () => import("./d.js");\n')
    assert imported == ["map/b.js", "map/layers/d.js"]
    assert source == 'import { a } from "map/b.js";\nconst c = () => import("map/layers/d.js");\n'
    sources = bundled.sources()
    assert {"saved/saved.js", "map/map.js", "nets/simd.js", "map/layers/grid.js"} <= set(sources)
    assert not any(re.search(r'(from|import)\s*\(?\s*"\.', text) for text in sources.values())


def test_what_it_never_asks_for_is_not_in_it() -> None:
    """Two modules are left out by name, and what only they need goes with them: the names are right, and nothing else is missing."""
    sources = bundled.sources()
    wanted = {path for source in sources.values() for path in re.findall(r'(?:from|import)\s*\(?\s*"([a-z_/]+\.js)"', source)}
    assert wanted - set(sources) == set(bundled.NEVER) and "drawing/landing.js" in sources and "map/curves.js" not in sources


@pytest.mark.slow
def test_on_a_phone_an_image_is_pasted_and_lands_and_all_that_is_pressed_is_large_enough(chromium: Browser, tmp_path: Path) -> None:
    (file := tmp_path / "page.html").write_bytes(made(MAIN))
    context = chromium.new_context(viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True)
    try:
        saved = Saved(context.new_page(), file).open()
        page = saved.page
        page.get_by_test_id("draw-here").tap()
        expect(page.get_by_text("Draw on the paper.")).to_be_visible()
        page.evaluate("""async () => {
          const sheet = new OffscreenCanvas(300, 300), context = sheet.getContext("2d"), clipboardData = new DataTransfer();
          Object.assign(context, { fillStyle: "#fff", lineWidth: 24 });
          context.fillRect(0, 0, 300, 300);
          for (const [x, y] of [[90, 80], [210, 80], [130, 230]]) context.lineTo(x, y);
          context.stroke();
          clipboardData.items.add(new File([await sheet.convertToBlob()], "seven.png", { type: "image/png" }));
          document.dispatchEvent(new ClipboardEvent("paste", { clipboardData, bubbles: true, cancelable: true }));
        }""")
        expect(page.get_by_test_id("drawing")).to_contain_text("Nearest class: 7")
        assert page.evaluate(SMALL.replace("[data-testid=stMain]", "body"), LEAST_PX) == []
        assert saved.errors == []
    finally:
        context.close()

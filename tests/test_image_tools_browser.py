"""Wipe, sheet and boxes in a real browser, and what Python makes of whatever a browser may send."""

import base64
import io
import re
import time
from collections.abc import Callable, Iterator
from typing import Any

import image_tools_app
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from live import PATIENCE_MS, PROJECT, Server
from PIL import Image
from playwright.sync_api import Browser, BrowserContext, expect
from view import View

from pages.browser.tools import MAX_BOXES, MAX_DRAWING_BYTES, PNG_MAGIC, read_boxes, read_drawing

browser_test = pytest.mark.browser
pytestmark = pytest.mark.xdist_group("tools")

SIZE = image_tools_app.HEIGHT, image_tools_app.WIDTH
BOXES = [tuple(int(v) for v in box) for box in image_tools_app.photo()[1]]
WIDE: dict[str, Any] = {"viewport": {"width": 1440, "height": 1300}}
PHONE: dict[str, Any] = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}
Box = tuple[int, int, int, int]


class Tools(View):
    """The pages of tests/image_tools_app.py, with the gestures that the tests make."""

    session: Any = None  # for touch

    def to(self, name: str, testid: str) -> "Tools":
        """Follow the link to a page, as a visitor does."""
        if self.page.url == "about:blank":
            self.page.goto(self.base)
        self.page.get_by_role("link", name=f"To {name}").click()
        expect(self.page.get_by_test_id(testid)).to_be_visible()
        self.frame()
        return self

    def button(self, name: str) -> Any:
        return self.page.get_by_role("button", name=name, exact=True)

    def says(self, text: str | re.Pattern[str]) -> str:
        """Wait until Python says this; returns the whole line."""
        line = self.page.get_by_test_id("stText")
        expect(line).to_contain_text(text)
        return line.inner_text()

    def run_again(self) -> None:
        self.button("Run again").click()
        expect(self.page.get_by_test_id("stApp")).to_have_attribute("data-test-script-state", "notRunning")
        self.frame()

    def fits(self) -> bool:
        widths = "[document.documentElement, document.querySelector('.stMain')].map(({ scrollWidth }) => scrollWidth)"
        return self.page.evaluate(f"Math.max(...{widths}) <= innerWidth")

    # --- the sheet

    def place(self, u: float, v: float, testid: str = "sheet") -> tuple[float, float]:
        """The page's pixel at a fraction of an element's width and height."""
        box = self.page.get_by_test_id(testid).bounding_box()
        return box["x"] + u * box["width"], box["y"] + v * box["height"]

    def drag(self, start: tuple[float, float], end: tuple[float, float]) -> None:
        """Press at a pixel of the page, move to another, release."""
        self.page.mouse.move(*start)
        self.page.mouse.down()
        self.page.mouse.move(*end, steps=6)
        self.page.mouse.up()

    def touch(self, *points: tuple[float, float], finger: int = 0) -> None:
        """A finger goes from pixel to pixel of the page."""
        session = self.session = self.session or self.page.context.new_cdp_session(self.page)
        for i, (x, y) in enumerate(points):
            where = [{"x": x, "y": y, "id": finger}]
            session.send("Input.dispatchTouchEvent", {"type": "touchMove" if i else "touchStart", "touchPoints": where})
        session.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})

    def line(self, v: float = 0.5) -> None:
        """A level stroke across the sheet's middle."""
        self.drag(self.place(0.25, v), self.place(0.75, v))

    def drawn(self, number: int) -> int | None:
        """Dark pixels in the drawing with this number, as Python counted them; None for an empty sheet."""
        found = re.match(r"ink (\w+), drawings", self.says(re.compile(rf"drawings {number}\b")))
        assert found is not None
        return None if found[1] == "None" else int(found[1])

    def ink(self, number: int) -> int:
        """The same of a sheet that is not empty."""
        dark = self.drawn(number)
        assert dark is not None
        return dark

    def dark(self) -> int:
        """Dark pixels of the canvas on the screen."""
        script = """c => { const { data } = c.getContext('2d').getImageData(0, 0, c.width, c.height);
          return data.reduce((sum, v, i) => sum + (i % 4 === 0 && v < 128), 0); }"""
        self.frame()
        return self.page.get_by_test_id("sheet").evaluate(script)

    # --- the boxes

    @property
    def boxes(self) -> Any:
        return self.page.get_by_test_id("box")

    def pixel(self, y: float, x: float) -> tuple[float, float]:
        """The page's pixel at a pixel of the photo."""
        return self.place(x / SIZE[1], y / SIZE[0], "photo")

    def shown(self) -> list[Box]:
        """The boxes on the screen, in the photo's pixels."""
        self.frame()
        script = "b => ['top', 'left', 'height', 'width'].map(side => parseFloat(b.style[side]) / 100)"
        found = [self.boxes.nth(i).evaluate(script) for i in range(self.boxes.count())]
        (h, w), corners = SIZE, [(top, left, top + height, left + width) for top, left, height, width in found]
        return [(round(top * h), round(left * w), round(bottom * h), round(right * w)) for top, left, bottom, right in corners]

    def edited(self, number: int) -> list[Box]:
        """The boxes as Python has them after so many edits."""
        found = re.match(r"boxes (.*), edits", self.says(re.compile(rf"edits {number}$")))
        assert found is not None
        boxes = [tuple(int(v) for v in box.split(", ")) for box in re.findall(r"\(([\d, ]+)\)", found[1])]
        return [(top, left, bottom, right) for top, left, bottom, right in boxes]


@pytest.fixture(scope="module")
def tool_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    running = Server(tmp_path_factory.mktemp("none"), tmp_path_factory.mktemp("tool-server") / "log", "tests/image_tools_app.py")
    yield running
    running.stop()
    assert not re.search(rf'File "{PROJECT}/(pages|core|tests)/', running.output()), running.output()


@pytest.fixture(scope="module")
def wide(chromium: Browser) -> Iterator[BrowserContext]:
    context = chromium.new_context(**WIDE)
    yield context
    context.close()


@pytest.fixture(scope="module")
def phone(chromium: Browser) -> Iterator[BrowserContext]:
    context = chromium.new_context(**PHONE)
    yield context
    context.close()


def opened(context: BrowserContext, server: Server) -> Iterator[Tools]:
    tools = Tools(context.new_page(), server.url)
    yield tools
    assert tools.page.url == "about:blank" or tools.fits()
    tools.page.close()
    assert tools.errors == []
    assert tools.hosts <= {server.url, server.url.replace("http", "ws")}, "a request left the machine"


@pytest.fixture
def view(wide: BrowserContext, tool_server: Server) -> Iterator[Tools]:
    yield from opened(wide, tool_server)


@pytest.fixture
def hand(phone: BrowserContext, tool_server: Server) -> Iterator[Tools]:
    """On a phone."""
    yield from opened(phone, tool_server)


# --- wipe ------------------------------------------------------------------------------------------------------------------


def stage(view: Tools) -> np.ndarray:
    """What is seen of the two pictures, (280, 280) grey."""
    box = {name: round(v) for name, v in view.page.get_by_test_id("wipe-stage").bounding_box().items()}
    return np.array(Image.open(io.BytesIO(view.page.screenshot(clip=box))).convert("L"))


def comes(view: Tools, right: Callable[[np.ndarray], bool]) -> None:
    """Wait until what is seen is right: a busy machine paints some frames later."""
    deadline = time.monotonic() + PATIENCE_MS / 1000
    while not right(stage(view)):
        assert time.monotonic() < deadline, "it was never seen"
        view.page.wait_for_timeout(50)


def expected(title: str, side: int) -> np.ndarray:
    """A picture with each pixel as a square, (side, side) grey."""
    uri = image_tools_app.comparison()[title]
    return np.array(Image.open(io.BytesIO(base64.b64decode(uri.split(",")[1]))).convert("L").resize((side, side), Image.Resampling.NEAREST))


def same(seen: np.ndarray, title: str, columns: slice, rows: slice = slice(20, 110)) -> bool:
    """Whether this part of the stage (by default without knob and names) shows the picture, pixel by pixel."""
    return bool((np.abs(seen[rows, columns].astype(int) - expected(title, len(seen))[rows, columns]) <= 1).all())


@browser_test
def test_wiping_shows_one_picture_left_and_the_other_right_pixel_by_pixel(view: Tools) -> None:
    view.to("Compare", "wipe")
    seen = stage(view)
    assert seen.shape == (280, 280)
    assert same(seen, "Noisy", slice(10, 135)) and same(seen, "Clean", slice(145, 270))
    view.drag(view.place(0.5, 0.3, "wipe-stage"), view.place(0.2, 0.9, "wipe-stage"))
    seen = stage(view)
    assert same(seen, "Noisy", slice(10, 50)) and same(seen, "Clean", slice(62, 270)) and not same(seen, "Noisy", slice(62, 135))
    view.page.get_by_label("Left picture", exact=True).select_option("Low resolution")
    seen = stage(view)
    assert same(seen, "Low resolution", slice(10, 50)) and same(seen, "Clean", slice(62, 270))
    assert view.page.locator(".it-wiping .it-name").all_inner_texts() == ["Low resolution", "Clean"]


@browser_test
def test_a_long_name_on_the_stage_is_whole(view: Tools) -> None:
    view.to("Compare", "wipe")
    name = view.page.locator(".it-wiping .it-name").first
    wider, end, stage = name.evaluate("""name => { name.textContent = "Wavelet shrinkage, each scale with a threshold of its own";
      const [own, stage] = [name, name.parentElement].map((element) => element.getBoundingClientRect());
      return [name.scrollWidth - name.clientWidth, own.right, stage.right]; }""")
    assert wider <= 0 and end <= stage - 140, "on several lines, and in its half"


@browser_test
def test_wiping_with_the_arrow_keys(view: Tools) -> None:
    view.to("Compare", "wipe")
    slider = view.page.get_by_role("slider", name="Divider")
    slider.focus()
    for _ in range(30):
        view.page.keyboard.press("ArrowRight")
    assert slider.get_attribute("aria-valuetext") == "80 % Noisy, 20 % Clean"
    comes(view, lambda seen: same(seen, "Noisy", slice(10, 215)) and same(seen, "Clean", slice(232, 270)))
    view.page.keyboard.press("Home")
    comes(view, lambda seen: same(seen, "Clean", slice(10, 270)))
    view.page.keyboard.press("End")
    comes(view, lambda seen: same(seen, "Noisy", slice(10, 270)))


@pytest.mark.slow
@browser_test
def test_a_transparent_picture_does_not_show_the_other_one(view: Tools) -> None:
    view.to("Compare", "wipe")
    before = stage(view)
    view.page.get_by_label("Left picture", exact=True).select_option("Error")
    comes(view, lambda seen: not same(seen, "Noisy", slice(10, 135)))
    with_clean = stage(view)[20:110, 10:135]
    view.page.get_by_label("Right picture", exact=True).select_option("Noisy")
    comes(view, lambda seen: same(seen, "Noisy", slice(145, 270)))
    changed = np.abs(with_clean.astype(int) - stage(view)[20:110, 10:135])
    assert changed.max() <= 1 and np.abs(with_clean.astype(int) - before[20:110, 10:135]).max() > 1


@browser_test
def test_the_row_has_every_picture_at_one_scale(view: Tools) -> None:
    view.to("Compare", "wipe")
    row = view.page.locator(".it-row img")
    boxes = [row.nth(i).bounding_box() for i in range(4)]
    assert {(b["width"], b["height"], b["y"]) for b in boxes} == {(280, 280, boxes[0]["y"])}
    assert row.nth(0).evaluate("i => getComputedStyle(i).imageRendering") == "pixelated"
    assert view.page.locator(".it-row figcaption").all_inner_texts() == list(image_tools_app.comparison())


@pytest.mark.slow
@browser_test
def test_other_pictures_keep_divider_and_choice(view: Tools) -> None:
    view.to("Compare", "wipe")
    view.page.get_by_label("Left picture", exact=True).select_option("Clean")
    view.page.get_by_label("Right picture", exact=True).select_option("Error")
    view.drag(view.place(0.5, 0.3, "wipe-stage"), view.place(0.25, 0.3, "wipe-stage"))
    view.page.get_by_text("Only two").click()
    expect(view.page.locator(".it-row figure")).to_have_count(2)
    assert view.page.locator(".it-wiping .it-name").all_inner_texts() == ["Clean", "Clean"]
    assert view.page.get_by_role("slider").input_value() == "25"


@pytest.mark.slow
@browser_test
def test_wiping_with_a_finger_on_a_phone(hand: Tools) -> None:
    hand.to("Compare", "wipe")
    row = hand.page.locator(".it-row img")
    boxes = [row.nth(i).bounding_box() for i in range(4)]
    assert {b["width"] for b in boxes} == {168} and boxes[2]["y"] > boxes[1]["y"], "two rows, six screen pixels to a pixel"
    hand.page.get_by_test_id("wipe-stage").scroll_into_view_if_needed()
    hand.touch(*(hand.place(u, 0.5, "wipe-stage") for u in (0.5, 0.6, 0.7, 0.75)))
    assert hand.page.get_by_role("slider").input_value() == "75"
    for select in hand.page.locator(".it-choices select").all():
        assert select.bounding_box()["height"] >= 44


# --- the sheet -------------------------------------------------------------------------------------------------------------


@browser_test
def test_a_stroke_reaches_python(view: Tools) -> None:
    view.to("Draw", "draw-canvas")
    expect(view.page.get_by_text("Draw here")).to_be_visible()
    view.line()
    ink = view.ink(1)
    assert ink == pytest.approx(140 * 20 + np.pi * 10**2, rel=0.03), "half the sheet long, 20 pixels wide, round ends"
    assert view.dark() == pytest.approx(ink, rel=0.03)
    expect(view.page.get_by_text("Draw here")).to_be_hidden()
    view.page.mouse.click(*view.place(0.5, 0.2))
    assert view.ink(2) - ink == pytest.approx(np.pi * 10**2, rel=0.1), "a click is a dot"


@pytest.mark.slow
@browser_test
def test_undo_redo_and_clear(view: Tools) -> None:
    view.to("Draw", "draw-canvas")
    view.line(0.3)
    one = view.ink(1)
    view.line(0.7)
    two = view.ink(2)
    view.button("Undo").click()
    assert view.ink(3) == one < two and view.dark() == pytest.approx(one, rel=0.03)
    view.button("Redo").click()
    assert view.drawn(4) == two and view.dark() == pytest.approx(two, rel=0.03)
    view.button("Clear").click()
    assert view.drawn(5) is None and view.dark() == 0
    assert view.button("Clear").get_attribute("aria-disabled") == "true"
    view.button("Undo").click()
    assert view.drawn(6) == two, "clearing can be taken back"
    view.button("Undo").click()
    assert view.drawn(7) == one
    view.button("Undo").click()
    assert view.drawn(8) is None
    assert "now False" in view.says("ink")
    view.page.keyboard.press("Control+z")  # there is nothing left to take back
    view.button("Redo").click()
    assert view.drawn(9) == one


@pytest.mark.slow
@browser_test
def test_undo_and_clear_by_keyboard(view: Tools) -> None:
    view.to("Draw", "draw-canvas")
    view.line(0.3)
    view.drawn(1)
    view.line(0.7)
    two = view.ink(2)
    view.page.keyboard.press("Control+z")
    one = view.ink(3)
    assert one < two
    view.page.keyboard.press("Control+Shift+Z")
    assert view.drawn(4) == two
    view.page.keyboard.press("Delete")
    assert view.drawn(5) is None
    view.page.keyboard.press("Control+z")
    assert view.drawn(6) == two
    view.page.keyboard.press("Tab")
    assert view.button("Pen").evaluate("b => b.matches(':focus-visible') && getComputedStyle(b).outlineStyle") == "solid"


@pytest.mark.slow
@browser_test
def test_the_eraser_takes_ink_away_until_nothing_is_left(view: Tools) -> None:
    view.to("Draw", "draw-canvas")
    view.line()
    whole = view.ink(1)
    view.button("Eraser").click()
    assert view.button("Eraser").get_attribute("aria-pressed") == "true"
    view.drag(view.place(0.5, 0.4), view.place(0.5, 0.6))
    part = view.ink(2)
    assert whole - part == pytest.approx(20 * 20, rel=0.1) and view.dark() == pytest.approx(part, rel=0.03)
    view.page.get_by_test_id("thickness").fill("40")
    view.drag(view.place(0.1, 0.5), view.place(0.9, 0.5))
    assert view.drawn(3) is None, "a white sheet is an empty one"


@pytest.mark.slow
@browser_test
def test_thickness(view: Tools) -> None:
    view.to("Draw", "draw-canvas")
    view.page.get_by_test_id("thickness").fill("8")
    view.line(0.3)
    thin = view.ink(1)
    assert thin == pytest.approx(140 * 8 + np.pi * 4**2, rel=0.05)
    view.page.get_by_test_id("thickness").fill("36")
    view.line(0.7)
    assert view.ink(2) - thin == pytest.approx(140 * 36 + np.pi * 18**2, rel=0.05)


@pytest.mark.slow
@browser_test
def test_the_drawing_survives_reruns_and_other_pages(view: Tools) -> None:
    view.to("Draw", "draw-canvas")
    view.line()
    ink = view.drawn(1)
    view.run_again()
    assert view.dark() == pytest.approx(ink, rel=0.03)
    view.to("Compare", "wipe").to("Draw", "draw-canvas")
    assert view.dark() == pytest.approx(ink, rel=0.03)
    assert view.drawn(2) == ink, "sent once more"
    assert "now True" in view.says("ink")
    view.button("Undo").click()
    assert view.drawn(3) is None


@pytest.mark.slow
@browser_test
def test_what_is_sent_is_black_on_white_in_the_dark_theme_too(view: Tools) -> None:
    view.page.emulate_media(color_scheme="dark")
    view.to("Draw", "draw-canvas")
    view.line()
    assert view.ink(1) < 280 * 280 / 10
    assert view.page.get_by_test_id("sheet").evaluate("c => [...c.getContext('2d').getImageData(9, 9, 1, 1).data]") == [255, 255, 255, 255]


@pytest.mark.slow
@browser_test
def test_drawing_with_a_finger_on_a_phone(hand: Tools) -> None:
    hand.to("Draw", "draw-canvas")
    scrolled = hand.page.evaluate("document.querySelector('.stMain').scrollTop")
    hand.touch(*(hand.place(0.5, v) for v in (0.25, 0.4, 0.6, 0.75)))
    assert hand.drawn(1) == pytest.approx(140 * 20 + np.pi * 10**2, rel=0.03), "in the sheet's own pixels, however large it is shown"
    assert hand.page.evaluate("document.querySelector('.stMain').scrollTop") == scrolled
    for button in hand.page.locator(".it button").all():
        assert button.bounding_box()["height"] >= 44
    ink = hand.dark()
    hand.touch(*(hand.place(0.2, v) for v in (0.25, 0.4, 0.6, 0.75)))
    hand.page.wait_for_timeout(400)
    assert hand.dark() > 1.9 * ink
    hand.button("Undo").tap()  # Chromium ignores a tap that soon after a flick, which the stroke must not be
    assert hand.dark() == ink


@pytest.mark.slow
@browser_test
def test_a_second_finger_does_not_draw(hand: Tools) -> None:
    hand.to("Draw", "draw-canvas")
    session = hand.page.context.new_cdp_session(hand.page)
    (ax, ay), (bx, by), (cx, cy) = hand.place(0.25, 0.3), hand.place(0.75, 0.3), hand.place(0.5, 0.8)
    first, second = {"x": ax, "y": ay, "id": 0}, {"x": cx, "y": cy, "id": 1}
    for kind, fingers in [
        ("touchStart", [first]),
        ("touchStart", [first, second]),
        ("touchMove", [first | {"x": bx, "y": by}, second]),
        ("touchEnd", [first | {"x": bx, "y": by}]),
        ("touchEnd", []),
    ]:
        session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": fingers})
    assert hand.drawn(1) == pytest.approx(140 * 20 + np.pi * 10**2, rel=0.03)


# --- the boxes -------------------------------------------------------------------------------------------------------------


@browser_test
def test_boxes_are_shown_where_python_says_and_numbered(view: Tools) -> None:
    view.to("Boxes", "box-editor")
    assert view.shown() == BOXES
    assert view.boxes.all_inner_texts() == ["1", "2", "3", "4", "5", "6"]
    assert view.boxes.nth(1).get_attribute("aria-label") == "Box 2 of 6, 56 by 56 pixels"
    seen, wanted = view.boxes.nth(4).bounding_box(), view.pixel(*BOXES[4][:2])
    assert (seen["x"], seen["y"]) == pytest.approx(wanted, abs=0.5)


@pytest.mark.slow
@browser_test
def test_a_box_is_moved_by_dragging_and_stays_inside(view: Tools) -> None:
    view.to("Boxes", "box-editor")
    view.page.mouse.click(*view.pixel(118, 88))
    view.frame()
    assert view.boxes.nth(0).get_attribute("aria-pressed") == "true" and "edits 0" in view.says("edits"), "a click selects, no more"
    view.drag(view.pixel(118, 88), view.pixel(138, 128))
    assert view.edited(1) == [(110, 100, 166, 156), *BOXES[1:]] == view.shown()
    view.drag(view.pixel(138, 128), view.pixel(20, -200))
    assert view.edited(2)[0] == (0, 0, 56, 56) == view.shown()[0]
    view.page.mouse.click(*view.pixel(330, 300))
    expect(view.page.locator(".it-selected")).to_have_count(0)


@pytest.mark.slow
@browser_test
def test_a_box_is_resized_by_its_corners(view: Tools) -> None:
    view.to("Boxes", "box-editor")
    top, left, bottom, right = BOXES[1]
    view.boxes.nth(1).click()
    view.drag(view.pixel(bottom, right), view.pixel(bottom + 24, right + 40))
    assert view.edited(1)[1] == (top, left, bottom + 24, right + 40)
    view.drag(view.pixel(top, left), view.pixel(top + 10, left - 20))
    assert view.edited(2)[1] == (top + 10, left - 20, bottom + 24, right + 40)
    view.drag(view.pixel(top + 10, right + 40), view.pixel(SIZE[0], 0))
    t, left_now, b, right_now = view.edited(3)[1]
    assert (left_now, b) == (left - 20, bottom + 24) and b - t == right_now - left_now == 5, "not turned inside out"
    top, left, bottom, right = BOXES[4]
    view.boxes.nth(4).click()
    view.drag(view.pixel(bottom, right), view.pixel(0, 0))
    assert view.edited(4)[4] == (top, left, top + 5, left + 5)


@pytest.mark.slow
@browser_test
def test_boxes_are_removed_and_come_back(view: Tools) -> None:
    view.to("Boxes", "box-editor")
    view.boxes.nth(2).click()
    view.button("Remove").click()
    assert view.edited(1) == BOXES[:2] + BOXES[3:] == view.shown()
    assert view.boxes.all_inner_texts() == ["1", "2", "3", "4", "5"]
    view.page.keyboard.press("Delete")
    assert view.edited(2) == BOXES[:2] + BOXES[4:], "the next one was selected"
    view.page.keyboard.press("Control+z")
    assert view.edited(3) == BOXES[:2] + BOXES[3:]
    view.button("Undo").click()
    assert view.edited(4) == BOXES == view.shown()
    view.boxes.nth(5).focus()
    for _ in range(6):  # faster than Python can answer
        view.page.keyboard.press("Delete")
    view.says("boxes []")
    expect(view.page.get_by_role("status")).to_have_text("No box yet")
    assert view.button("Add a box").evaluate("b => b === document.activeElement")


@pytest.mark.slow
@browser_test
def test_boxes_are_added_by_dragging_or_by_a_click(view: Tools) -> None:
    view.to("Boxes", "box-editor")
    view.button("Add a box").click()
    view.drag(view.pixel(300, 420), view.pixel(20, 380))
    assert view.edited(1) == [*BOXES, (20, 380, 300, 420)] == view.shown()
    expect(view.page.get_by_role("status")).to_have_text("Box 7 of 7")
    view.button("Add a box").click()
    view.page.mouse.click(*view.pixel(180, 270))
    assert view.edited(2)[-1] == (152, 242, 208, 298), "as large as the others"
    view.button("Add a box").click()
    view.page.keyboard.press("Escape")
    view.drag(view.pixel(10, 10), view.pixel(60, 60))
    view.run_again()
    assert "edits 2" in view.says("edits")


@browser_test
@pytest.mark.slow
def test_boxes_by_keyboard_alone(view: Tools) -> None:
    view.to("Boxes", "box-editor")
    view.button("Undo").focus()
    view.page.keyboard.press("Tab")
    view.page.keyboard.press("Tab")
    assert view.boxes.nth(1).get_attribute("aria-pressed") == "true"
    top, left, bottom, right = BOXES[1]
    for key in ("ArrowRight", "ArrowRight", "ArrowDown"):
        view.page.keyboard.press(key)
    assert view.edited(1)[1] == (top + 3, left + 6, bottom + 3, right + 6), "three keys, one change"
    for key in ("Shift+ArrowRight", "Shift+ArrowUp"):
        view.page.keyboard.press(key)
    assert view.edited(2)[1] == (top + 3, left + 6, bottom, right + 9)
    view.button("Add a box").focus()
    view.page.keyboard.press("Enter")
    assert view.edited(3)[-1] == (152, 242, 208, 298)
    view.page.keyboard.press("ArrowLeft")
    view.page.keyboard.press("Shift+Tab")
    view.page.keyboard.press("ArrowLeft")
    view.page.keyboard.press("Control+z")  # each box is a change of its own, however quick one is
    assert view.shown()[-2:] == [BOXES[5], (152, 239, 208, 295)]
    view.page.keyboard.press("Escape")
    expect(view.page.locator(".it-selected")).to_have_count(0)


@pytest.mark.slow
@browser_test
def test_there_are_never_more_boxes_than_there_may_be(view: Tools) -> None:
    view.to("Boxes", "box-editor")
    view.page.get_by_text("Nearly full").click()
    expect(view.boxes).to_have_count(MAX_BOXES - 1)
    add, status = view.button("Add a box"), view.page.locator(".it-status")
    add.focus()
    for _ in range(3):
        view.page.keyboard.press("Enter")
        add.focus()
    assert len(view.edited(1)) == MAX_BOXES
    expect(view.boxes).to_have_count(MAX_BOXES)
    expect(status).to_have_text(f"Box {MAX_BOXES} of {MAX_BOXES}, the most there can be")
    expect(add).to_have_attribute("aria-disabled", "true")
    view.button("Remove").click()
    assert len(view.edited(2)) == MAX_BOXES - 1
    add.focus()
    view.page.keyboard.press("Enter")
    assert len(view.edited(3)) == MAX_BOXES


@pytest.mark.slow
@browser_test
def test_a_box_that_is_deleted_while_it_is_dragged_goes_alone(view: Tools) -> None:
    view.to("Boxes", "box-editor")
    for number, doomed in ((1, 2), (2, 4)):  # one in the middle, and what is now the last
        before = view.shown()
        t, left, b, r = before[doomed]
        y, x = (t + b) / 2, (left + r) / 2
        view.page.mouse.move(*view.pixel(y, x))
        view.page.mouse.down()
        view.page.mouse.move(*view.pixel(y + 20, x + 20), steps=4)
        view.page.keyboard.press("Delete")
        view.page.mouse.move(*view.pixel(y + 40, x + 60), steps=4)
        view.page.mouse.up()
        assert view.edited(number) == before[:doomed] + before[doomed + 1 :] == view.shown()
    view.button("Undo").click()
    view.edited(3)  # two clicks within one answer of Python's would reach it as one edit
    view.button("Undo").click()
    assert view.edited(4) == BOXES


@pytest.mark.slow
@browser_test
def test_edits_win_until_another_version_or_photo_comes(view: Tools) -> None:
    view.to("Boxes", "box-editor")
    view.boxes.nth(0).click()
    view.page.keyboard.press("Delete")
    assert view.edited(1) == BOXES[1:]
    view.run_again()
    assert view.shown() == BOXES[1:]
    view.to("Compare", "wipe").to("Boxes", "box-editor")
    assert view.shown() == BOXES[1:] == view.edited(2), "after another page they are there, and sent once more"
    view.button("Start anew").click()
    expect(view.boxes).to_have_count(6)
    assert view.shown() == BOXES
    view.boxes.nth(5).click()
    view.page.keyboard.press("Delete")
    assert view.edited(3) == BOXES[:5]
    view.page.get_by_text("Another photo").click()
    expect(view.boxes).to_have_count(6)
    expect(view.page.get_by_role("status")).to_have_text("6 boxes")


@pytest.mark.slow
@browser_test
def test_boxes_with_a_finger_on_a_phone(hand: Tools) -> None:
    hand.to("Boxes", "box-editor")
    hand.touch(hand.pixel(118, 88))
    expect(hand.page.get_by_role("status")).to_have_text("Box 1 of 6")
    hand.touch(hand.pixel(118, 88), hand.pixel(130, 100), hand.pixel(148, 118))
    (top, left, *_), *rest = hand.edited(1)
    assert (top, left) == pytest.approx((120, 90), abs=1) and rest == BOXES[1:]
    handle = hand.page.locator(".it-selected [data-corner='3']")
    assert handle.bounding_box()["width"] == handle.bounding_box()["height"] == 44
    box = hand.boxes.nth(0).bounding_box()
    under = "([x, y]) => document.elementFromPoint(x, y).className"
    assert "it-box" in hand.page.evaluate(under, [box["x"] + box["width"] / 2, box["y"] + box["height"] / 2]), "room to take the box itself"
    hand.touch(hand.pixel(top + 62, left + 62), hand.pixel(top + 80, left + 80), hand.pixel(top + 92, left + 92))
    assert hand.edited(2)[0] == pytest.approx((top, left, top + 86, left + 86), abs=2), "taken outside its corner"
    hand.button("Add a box").tap()
    hand.touch(hand.pixel(20, 300), hand.pixel(40, 350), hand.pixel(60, 400))
    assert hand.edited(3)[-1] == pytest.approx((20, 300, 60, 400), abs=1)
    hand.button("Remove").tap()
    assert len(hand.edited(4)) == 6


# --- what comes from a browser ---------------------------------------------------------------------------------------------

PNG = base64.b64encode(PNG_MAGIC + b"rest").decode()
scalars = st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary()
anything = st.recursive(scalars, lambda inner: st.lists(inner, max_size=5) | st.dictionaries(st.text(), inner, max_size=4), max_leaves=12)


@given(anything)
def test_read_drawing_never_raises(value: object) -> None:
    for given_value in (value, {"png": value, "number": 1}):
        content = read_drawing(given_value)
        assert content is None or content.startswith(PNG_MAGIC)


def test_read_drawing_takes_a_png_of_a_sensible_size() -> None:
    assert read_drawing({"png": PNG, "number": 1}) == PNG_MAGIC + b"rest"
    largest = PNG_MAGIC + bytes(MAX_DRAWING_BYTES - len(PNG_MAGIC))
    assert read_drawing({"png": base64.b64encode(largest).decode()}) == largest
    for bad in (largest + b"\0", b"GIF89a", b"", PNG_MAGIC[1:]):
        assert read_drawing({"png": base64.b64encode(bad).decode()}) is None
    for text in (PNG + "!", PNG[:-1], "\ud800", "é" * 8, f"data:image/png;base64,{PNG}"):
        assert read_drawing({"png": text}) is None
    for missing in (None, {}, {"png": None}, {"png": PNG.encode()}, PNG, [PNG]):
        assert read_drawing(missing) is None


@given(anything, st.lists(st.lists(st.integers(-3, 50) | st.floats(), min_size=3, max_size=5), max_size=4))
def test_read_boxes_never_raises_and_gives_boxes_inside(value: object, near: list[list[float]]) -> None:
    for given_value in (value, {"boxes": value}, {"boxes": [value]}, {"boxes": near}):
        boxes = read_boxes(given_value, (40, 30))
        for top, left, bottom, right in boxes or []:
            assert 0 <= top < bottom <= 40 and 0 <= left < right <= 30
            assert all(type(v) is int for v in (top, left, bottom, right))


def test_read_boxes_takes_boxes_inside_the_photo() -> None:
    assert read_boxes({"boxes": [[0, 0, 40, 30], [1.4, 2.6, 9.5, 10]], "number": 1}, (40, 30)) == [(0, 0, 40, 30), (1, 3, 10, 10)]
    assert read_boxes({"boxes": []}, (40, 30)) == []
    bad: list[Any] = [[0, 0, 41, 30], [0, 0, 40, 31], [-1, 0, 4, 4], [4, 0, 4, 4], [0, 5, 4, 4], [0, 0, 0.3, 4], [0, 0, float("nan"), 4]]
    bad += [[0, 0, float("inf"), 4], [0, 0, 10**400, 4], [0, 0, 4], [0, 0, 4, 4, 4], [0, 0, "4", 4], [False, 0, 4, 4], "0044", None]
    for box in bad:
        assert read_boxes({"boxes": [[0, 0, 4, 4], box]}, (40, 30)) is None, box
    assert read_boxes({"boxes": [[0, 0, 4, 4]] * MAX_BOXES}, (40, 30)) == [(0, 0, 4, 4)] * MAX_BOXES
    assert read_boxes({"boxes": [[0, 0, 4, 4]] * (MAX_BOXES + 1)}, (40, 30)) is None


def test_read_boxes_refuses_those_of_another_version() -> None:
    sent = {"boxes": [[0, 0, 4, 4]], "number": 1, "version": 2}
    assert read_boxes(sent, (40, 30)) == read_boxes(sent, (40, 30), version=2) == [(0, 0, 4, 4)]
    assert read_boxes(sent, (40, 30), version=3) is None
    assert read_boxes({"boxes": [[0, 0, 4, 4]]}, (40, 30), version=3) is None

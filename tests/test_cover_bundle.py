"""The brush that covers an image, in a page of a real browser without a server: what it covers, what Python hears, keys and buttons."""

import base64
import io
from collections.abc import Iterator

import numpy as np
import pytest
from bundle import Bundle
from PIL import Image

from core.shape import SIDE
from pages.images import cover

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("bundle")]

MODULE = "tools/covering.js"
NOTHING = cover.write(cover.READY["none"])


def test_browser_and_python_write_a_cover_alike(bundle: Bundle) -> None:
    random = np.random.default_rng(0)
    for share in (0.0, 0.01, 0.5, 1.0):
        some = random.random((SIDE, SIDE)) < share
        written = bundle.run(MODULE, "return m.write(Uint8Array.from(given))", some.flatten().astype(int).tolist())
        assert written == cover.write(some)
        assert bundle.run(MODULE, "return Array.from(m.read(given, 28))", written) == some.flatten().astype(int).tolist()


@pytest.mark.parametrize(
    ("start", "end", "width"), [((4.0, 5.5), (20.3, 11.2), 5), ((10.5, 10.5), (10.5, 10.5), 1), ((-3.0, 2.0), (30.0, 2.0), 3)]
)
def test_the_brush_covers_what_lies_within_half_its_width_of_its_way(bundle: Bundle, start, end, width) -> None:
    """Against the nearest of many points along the way."""
    way = np.linspace(start, end, 20_001)  # (S, 2): x, y
    y, x = np.mgrid[:SIDE, :SIDE] + 0.5
    distance = np.array([np.hypot(way[:, 0] - a, way[:, 1] - b).min() for a, b in zip(x.flat, y.flat, strict=True)])
    clear = np.abs(distance - width / 2) > 1e-2  # of pixels on the very edge rounding decides
    script = "return Array.from(m.brushed(Uint8Array.from(given.cover), 28, given.start, given.end, given.width, given.covered))"
    given = {"start": start, "end": end, "width": width, "covered": True, "cover": [0] * SIDE**2}
    covered = np.array(bundle.run(MODULE, script, given))
    assert (covered[clear] == (distance <= width / 2)[clear]).all() and covered.sum() > 0
    left = np.array(bundle.run(MODULE, script, given | {"covered": False, "cover": [1] * SIDE**2}))
    assert np.array_equal(left, 1 - covered)


def test_a_random_cover_has_just_its_share_of_pixels_and_each_pixel_its_chance(bundle: Bundle) -> None:
    script = "return Array.from({ length: 400 }, () => Array.from(m.scattered(new Uint8Array(36), 0.25)))"
    drawn = np.array(bundle.run(MODULE, script))
    assert (drawn.sum(1) == 9).all()
    assert np.abs(drawn.mean(0) - 0.25).max() < 0.1  # 4.6 standard deviations
    assert len({tuple(row) for row in drawn}) > 390


# --- the editor ------------------------------------------------------------------------------------------------------------------


class Editor:
    """The cover editor, mounted 280 pixels wide, and what Python hears of it."""

    def __init__(self, bundle: Bundle, start: str = NOTHING) -> None:
        self.bundle, self.page = bundle, bundle.page
        buffer = io.BytesIO()
        Image.fromarray(np.full((SIDE, SIDE), 200, np.uint8)).save(buffer, "PNG")
        uri = "data:image/png;base64," + base64.b64encode(buffer.getvalue()).decode()
        ready = {"Left half": cover.write(cover.READY["left"]), "Nothing": NOTHING}
        script = """const { default: Cover } = await import('/tools/cover.js');
          const root = document.body.appendChild(document.createElement('div'));
          root.className = 'live'; root.style.width = '700px'; window.heard = []; window.stopper = new AbortController();
          const style = root.appendChild(document.createElement('style'));
          style.textContent = '.it-sheet, .it-covered > * { position: absolute; width: 280px; height: 280px }'
            + '.it-tools { padding-top: 300px }';
          const part = window.part = new Cover(root, stopper.signal); root.append(style); window.data = given;
          window.say = (cover) => part.update({ ...data, cover }, (name, said) => heard.push([name, said]));
          say({ value: given.start, number: 0 });"""
        bundle.run("agreed.js", script, {"image": uri, "side": SIDE, "ready": ready, "start": start})
        self.canvas = self.page.get_by_test_id("cover")

    def heard(self) -> list[np.ndarray]:
        """The covers that Python was told, in order, numbered from 1."""
        said = self.page.evaluate("heard")
        assert [name for name, _ in said] == ["cover"] * len(said)
        assert [one["number"] for _, one in said] == [*range(1, len(said) + 1)]
        covers = [cover.read(one["value"]) for _, one in said]
        return [one for one in covers if one is not None]

    def say(self, one: np.ndarray, number: int) -> None:
        """A word from Python."""
        self.page.evaluate("said => say(said)", {"value": cover.write(one), "number": number})

    def shown(self) -> np.ndarray:
        """What is covered on the screen."""
        script = "c => [...c.getContext('2d').getImageData(0, 0, 28, 28).data].filter((_, i) => i % 4 === 3)"
        return np.array(self.canvas.evaluate(script)).reshape(SIDE, SIDE) == 255

    def drag(self, *places: tuple[float, float]) -> None:
        """With the mouse, from one of the image's pixels to another."""
        box = self.canvas.bounding_box()
        assert box
        for i, (x, y) in enumerate(places):
            self.page.mouse.move(box["x"] + 10 * x, box["y"] + 10 * y)
            if not i:
                self.page.mouse.down()
        self.page.mouse.up()

    def press(self, name: str) -> None:
        self.page.get_by_role("button", name=name, exact=True).click()

    def end(self) -> None:
        self.page.evaluate("stopper.abort(); part.root.remove()")


@pytest.fixture
def editor(bundle: Bundle) -> Iterator[Editor]:
    opened = Editor(bundle)
    yield opened
    opened.end()


def test_python_hears_once_of_a_stroke_and_of_what_it_covers(editor: Editor) -> None:
    editor.drag((3.5, 10.5), (14, 10.5), (24.5, 10.5))
    (covered,) = editor.heard()
    assert covered[8:13, 4:24].all() and not covered[:8].any() and not covered[13:].any()
    assert np.array_equal(editor.shown(), covered)
    editor.press("Uncover")
    editor.drag((3.5, 10.5), (24.5, 10.5))
    assert not editor.heard()[1].any() and not editor.shown().any()


def test_what_changes_nothing_is_no_step_to_undo(editor: Editor) -> None:
    editor.press("Left half")
    editor.press("Left half")
    editor.drag((5, 10), (7, 10))  # where all is covered
    assert len(editor.heard()) == 1
    editor.press("Undo")
    assert not editor.shown().any()


def test_a_finger_covers_too(editor: Editor) -> None:
    box = editor.canvas.bounding_box()
    assert box
    session = editor.page.context.new_cdp_session(editor.page)
    for kind, x in (("touchStart", 50), ("touchMove", 120), ("touchMove", 200), ("touchEnd", 0)):
        points = [{"x": box["x"] + x, "y": box["y"] + 55, "id": 0}] if x else []
        session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})
    (covered,) = editor.heard()
    assert covered[5, 5:20].all() and not covered[20:].any()


def test_a_click_covers_a_half_or_every_other_pixel_at_random(editor: Editor) -> None:
    editor.press("Left half")
    editor.press("Random 50 %")
    editor.press("Nothing")
    left, some, none = editor.heard()
    assert np.array_equal(left, cover.READY["left"]) and some.sum() == SIDE * SIDE // 2 and not none.any()
    assert not np.array_equal(some, left)


def test_the_last_change_can_be_taken_back_and_done_again(editor: Editor) -> None:
    assert editor.page.get_by_role("button", name="Undo").get_attribute("aria-disabled") == "true"
    editor.press("Left half")
    editor.drag((20.5, 20.5), (20.5, 20.5))  # the middle of a pixel
    editor.press("Undo")
    editor.press("Redo")
    editor.canvas.focus()
    editor.page.keyboard.press("Control+z")
    editor.page.keyboard.press("Control+z")
    editor.page.keyboard.press("Control+z")  # there is nothing more
    assert [int(one.sum()) for one in editor.heard()] == [392, 413, 392, 413, 392, 0]


def test_keys_move_the_brush_and_use_it(editor: Editor) -> None:
    editor.canvas.focus()
    editor.page.get_by_test_id("brush").fill("1")
    editor.canvas.focus()
    for key in ("ArrowRight", "ArrowUp", "Shift+ArrowDown", " "):
        editor.page.keyboard.press(key)
    (covered,) = editor.heard()
    assert np.argwhere(covered).tolist() == [[13 - 1 + 4, 13 + 1]]
    assert "1 of 784 pixels are covered" in editor.page.locator("[aria-live]").inner_text()
    editor.page.keyboard.press("Delete")
    assert not editor.heard()[1].any()
    for _ in range(9):
        editor.page.keyboard.press("Shift+ArrowLeft")  # it stops at the edge
    assert editor.page.locator("[aria-live]").inner_text() == "Row 17, column 1, not covered"


def test_python_s_word_counts_unless_it_is_older_than_a_change_here(editor: Editor) -> None:
    editor.say(cover.READY["right"], 0)
    assert np.array_equal(editor.shown(), cover.READY["right"]) and not editor.heard()
    editor.press("Left half")
    editor.say(cover.READY["right"], 0)  # it had not heard of the click
    assert np.array_equal(editor.shown(), cover.READY["left"])
    editor.say(cover.READY["top"], 1)  # a link, followed since
    assert np.array_equal(editor.shown(), cover.READY["top"]) and len(editor.heard()) == 1


def test_what_a_screen_reader_hears_names_the_cover(editor: Editor) -> None:
    editor.press("Left half")
    label = editor.canvas.get_attribute("aria-label")
    assert label is not None and "392 of its 784 pixels covered" in label

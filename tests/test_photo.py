"""Photos of handwritten digits: found, brought to MNIST's form, pasted back. Pages that nobody has photographed are drawn here."""

import io
import math
import os
import subprocess
import sys
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst
from PIL import Image, ImageDraw, ImageOps
from scipy import ndimage

from core.data import datasets, lines, photo
from core.data.photo import Digit

PROJECT = Path(__file__).resolve().parents[1]
PHOTO = Path(os.environ.get("LATENT_DATA") or PROJECT.parent / "shared" / "data") / "photos" / "photo_1.jpg"


# --- paper, pens and light ------------------------------------------------------------------------------------------------


def arc(cx: float, cy: float, rx: float, ry: float, start: float, end: float) -> list[tuple[float, float]]:
    """Points of an ellipse's arc; degrees, clockwise from the right as y points down."""
    angles = np.radians(np.linspace(start, end, 24))
    return list(zip(cx + rx * np.cos(angles), cy + ry * np.sin(angles), strict=True))


STROKES = {  # as a person writes them, in a box 0.6 wide and 1 high
    0: [arc(0.3, 0.5, 0.28, 0.48, -90, 275)],
    1: [[(0.12, 0.22), (0.34, 0.02), (0.32, 0.98)]],
    2: [[*arc(0.3, 0.28, 0.26, 0.26, -170, 20), (0.3, 0.68), (0.02, 0.96), (0.6, 0.94)]],
    3: [[*arc(0.28, 0.25, 0.26, 0.23, -150, 80), *arc(0.26, 0.72, 0.32, 0.25, -80, 150)]],
    4: [[(0.4, 0.02), (0.02, 0.66), (0.6, 0.64)], [(0.42, 0.35), (0.4, 0.98)]],
    5: [[(0.12, 0.04), (0.08, 0.45), *arc(0.26, 0.68, 0.32, 0.28, -110, 140)], [(0.1, 0.04), (0.56, 0.02)]],
    6: [[(0.46, 0.03), (0.16, 0.3), *arc(0.3, 0.7, 0.27, 0.27, -170, 190)]],
    7: [[(0.02, 0.05), (0.58, 0.03), (0.22, 0.98)]],
    8: [[*arc(0.3, 0.25, 0.22, 0.22, 90, 450), *arc(0.3, 0.73, 0.27, 0.25, -90, 270)]],
    9: [[*arc(0.28, 0.28, 0.24, 0.25, 0, 360), (0.5, 0.5), (0.42, 0.98)]],
}


@dataclass(frozen=True)
class Scene:
    """What a page is like; the sizes are shares of the digits' height or of the page's width."""

    pen: float = 0.08  # thickness
    darkness: float = 0.75  # of the ink
    ruled: str = ""  # "lines" or "squares"
    light: float = 0.85  # of the paper
    gradient: float = 0.0  # how much of the light is gone at one side
    shadow: float = 0.0  # how much of it a shadow takes
    turn: float = 0.0  # degrees
    texture: float = 0.006  # of the paper
    noise: float = 0.008  # of the sensor
    rows: int = 1
    columns: int = 6
    gap: float = 0.0  # between a 5 and its hat
    height: int = 90  # of the digits, pixels
    chalk: bool = False
    jpeg: int = 85
    desk: bool = False  # whether a dark table shows on two sides


KINDS = {
    "pen": Scene(),
    "dim": Scene(light=0.3, noise=0.006),
    "gradient": Scene(gradient=0.7),
    "shadow": Scene(shadow=0.45),
    "ruled": Scene(ruled="lines", rows=2),
    "squared": Scene(ruled="squares", rows=2),
    "faint on lines": Scene(ruled="lines", rows=2, darkness=0.4, pen=0.07, turn=4.0),
    "faint on squares": Scene(ruled="squares", rows=2, darkness=0.4, pen=0.07, turn=4.0),
    "turned": Scene(turn=6.0, rows=2, columns=7),
    "marker": Scene(pen=0.17, darkness=0.9),
    "pencil": Scene(pen=0.04, darkness=0.3, texture=0.012),
    "coarse paper": Scene(texture=0.03, noise=0.02),
    "jpeg": Scene(jpeg=20),
    "rows": Scene(rows=4, columns=8, height=60, turn=3.0),
    "chalk": Scene(chalk=True, pen=0.1),
    "hats": Scene(gap=0.12),
    "long rows aslant": Scene(rows=3, columns=13, height=60, turn=7.5),
    "one": Scene(columns=1, height=260),
    "desk": Scene(desk=True),
}


@dataclass(frozen=True)
class Page:
    """A drawn photo, ink = 1, and what is on it in reading order."""

    image: np.ndarray
    labels: list[int]
    boxes: np.ndarray  # (N, 4): top, left, bottom, right
    ink: np.ndarray  # (H, W): where the pen touched


def draw_page(scene: Scene, seed: int) -> Page:
    """Rows of digits as a person with this pen might write and photograph them."""
    rng = np.random.default_rng(seed)
    tall = scene.height
    pitch_x, pitch_y = (1.15 * tall, 1.75 * tall) if scene.columns > 1 else (2.6 * tall, 2.0 * tall)
    margin = 0.9 * tall
    width, height = round(scene.columns * pitch_x + 2 * margin), round(scene.rows * pitch_y + 2 * margin)
    turn = math.radians(scene.turn * rng.choice([-1, 1]) * rng.uniform(0.6, 1))
    middle = np.array([width, height]) / 2

    def turned(points: np.ndarray) -> np.ndarray:
        rotation = np.array([[math.cos(turn), -math.sin(turn)], [math.sin(turn), math.cos(turn)]])
        return (points - middle) @ rotation.T + middle

    canvas = Image.new("L", (2 * width, 2 * height))  # twice the size, halved below: smooth edges
    labels, boxes = [], []
    for row in range(scene.rows):
        for column in range(scene.columns):
            label = 5 if scene.gap and column % 2 else int(rng.integers(10))
            size = tall * rng.uniform(0.85, 1.1)
            corner = np.array([margin + (column + 0.2) * pitch_x, margin + row * pitch_y + 0.3 * tall]) + rng.normal(0, 0.04 * tall, 2)
            slant, wide = rng.normal(0, 0.1), rng.uniform(0.85, 1.1)
            one = Image.new("L", canvas.size)
            for stroke, points in enumerate(STROKES[label]):
                path = np.array(points) * [wide, 1] + rng.normal(0, 0.008, (len(points), 2))
                path[:, 0] -= slant * (path[:, 1] - 0.5)
                path = path * size + corner + ([0.03 * tall, -(scene.gap + 0.5 * scene.pen) * tall] if scene.gap and stroke else [0, 0])
                trace(ImageDraw.Draw(one), 2 * turned(path), 2 * scene.pen * tall)
            canvas.paste(255, mask=one)
            x0, y0, x1, y1 = np.array(one.getbbox()) / 2
            labels.append(label)
            boxes.append((y0, x0, y1, x1))
    ink = np.asarray(canvas.reduce(2), np.float32) / 255
    return Page(photograph(ink, scene, turned, rng), labels, np.array(boxes), ink)


def trace(draw: ImageDraw.ImageDraw, path: np.ndarray, thickness: float) -> None:
    """A line with round joints and ends."""
    draw.line([tuple(p) for p in path], fill=255, width=max(1, round(thickness)))
    for x, y in path:
        r = thickness / 2
        draw.ellipse((x - r, y - r, x + r, y + r), fill=255)


def photograph(ink: np.ndarray, scene: Scene, turned, rng: np.random.Generator) -> np.ndarray:
    """What a camera makes of a page with this ink, in its light; ink = 1."""
    height, width = ink.shape
    grain = ndimage.gaussian_filter(rng.normal(size=ink.shape), 1.5) * 5.3  # of unit variance
    pressure = np.clip(1 + 0.15 * grain, 0, 1.2) if scene.darkness < 0.5 else 1
    paper = np.ones_like(ink)
    if scene.ruled:
        sheet = Image.new("L", (2 * width, 2 * height))
        draw, step, far = ImageDraw.Draw(sheet), 0.58 * scene.height, 2 * max(ink.shape)
        for k in np.arange(-far, far, step):
            draw.line([tuple(p) for p in 2 * turned(np.array([[-far, k], [far, k]]))], fill=255, width=4)
            if scene.ruled == "squares":
                draw.line([tuple(p) for p in 2 * turned(np.array([[k, -far], [k, far]]))], fill=255, width=4)
        paper -= 0.22 * np.asarray(sheet.reduce(2), np.float32) / 255
    reflected = paper * (1 + scene.texture * grain) * (1 - scene.darkness * pressure * ink)
    y, x = np.mgrid[0:height, 0:width]
    angle = rng.uniform(0, 2 * math.pi)
    along = (np.cos(angle) * (x / width - 0.5) + np.sin(angle) * (y / height - 0.5)) / (abs(np.cos(angle)) + abs(np.sin(angle)))
    light = scene.light * (1 - scene.gradient * (along + 0.5))
    light *= 1 - scene.shadow / (1 + np.exp(-(along - rng.uniform(-0.2, 0.2)) * 60))  # a soft edge across the page
    if scene.desk:
        reflected[:, : round(0.06 * width)] = 0.15
        reflected[round(0.93 * height) :] = 0.2
    grey = reflected * light
    if scene.chalk:
        grey = 0.12 + 0.03 * grain + (0.75 * scene.darkness) * ink * np.clip(1 + 0.2 * grain, 0.3, 1.2)
    grey = np.clip(ndimage.gaussian_filter(grey, 0.6) + rng.normal(0, scene.noise, ink.shape), 0, 1)
    file = io.BytesIO()
    Image.fromarray((255 * grey).astype(np.uint8)).save(file, "JPEG", quality=scene.jpeg)
    seen = np.asarray(Image.open(file), np.float32) / 255
    return seen if scene.chalk else 1 - seen


def overlap(a, b) -> float:
    """Intersection over union of two boxes."""
    tall, wide = min(a[2], b[2]) - max(a[0], b[0]), min(a[3], b[3]) - max(a[1], b[1])
    common = max(tall, 0) * max(wide, 0)
    return common / ((a[2] - a[0]) * (a[3] - a[1]) + (b[2] - b[0]) * (b[3] - b[1]) - common)


def right(page: Page, digits: list[Digit], least: float = 0.5) -> bool:
    """Whether these are the page's digits, all of them, in order and no others."""
    return len(digits) == len(page.boxes) and all(overlap(d.box, b) > least for d, b in zip(digits, page.boxes, strict=True))


# --- finding --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("kind", KINDS)
def test_every_digit_of_a_drawn_page_is_found_in_order_and_nothing_else(kind, seed):
    page = draw_page(KINDS[kind], seed)
    digits = photo.find_digits(page.image)
    assert right(page, digits, 0.8 if kind == "hats" else 0.5), [d.box for d in digits]
    assert all(d.x.shape == (1, 28, 28) and d.x.dtype == np.float32 and d.x.min() >= 0 and d.x.max() == 1 for d in digits)


@pytest.fixture(scope="module")
def real() -> np.ndarray:
    if not PHOTO.is_file():
        pytest.skip(f"the real photo is not at {PHOTO}; set LATENT_DATA to the folder that has photos/photo_1.jpg")
    with Image.open(PHOTO) as picture:
        return 1 - np.asarray(ImageOps.exif_transpose(picture).convert("L"), np.float32) / 255


def test_the_real_photo_has_its_eight_digits_in_order(real):
    digits = photo.find_digits(real)
    middles = [((d.box[1] + d.box[3]) / 2, (d.box[0] + d.box[2]) / 2) for d in digits]
    seen = [(92, 290), (173, 295), (269, 294), (345, 292), (428, 288), (493, 290), (583, 289), (661, 285)]  # by eye, x and y
    np.testing.assert_allclose(middles, seen, atol=5)


def test_the_real_photo_is_read_by_a_model_that_saw_other_peoples_digits(real, monkeypatch):
    from sklearn.neighbors import KNeighborsClassifier

    raw = PHOTO.parents[1] / "MNIST" / "raw" / "t10k-images-idx3-ubyte"
    if not raw.is_file():
        pytest.skip(f"MNIST is not at {raw}")
    monkeypatch.setattr(datasets, "data_root", lambda: PHOTO.parents[1])
    mnist = datasets.load("mnist", "test")
    x = np.stack([d.x.ravel() for d in photo.find_digits(real)])
    assert KNeighborsClassifier(5).fit(mnist.images.reshape(10_000, -1) / 255, mnist.labels).predict(x).tolist() == [0, 5, 2, 2, 1, 8, 5, 9]


@pytest.mark.parametrize("kind", ["pen", "gradient", "ruled", "desk", "dim"])
def test_an_inverted_photo_is_turned_over(kind):
    page = draw_page(KINDS[kind], 7)
    upright, inverted = photo.find_digits(page.image), photo.find_digits(1 - page.image)
    assert right(page, inverted)
    assert len(upright) == len(inverted)


def test_light_is_evened_and_the_ink_stays():
    page = draw_page(replace(KINDS["gradient"], shadow=0.4, texture=0.002, noise=0.002, pen=0.12), 3)
    flat = photo.flatten_light(page.image)
    assert flat.shape == page.image.shape
    assert flat.dtype == np.float32
    paper, ink = ndimage.maximum_filter(page.ink, 9) == 0, ndimage.minimum_filter(page.ink, 5) == 1
    assert page.image[paper].std() > 0.1  # there was something to even
    assert np.percentile(flat[paper], 95) < 0.08
    np.testing.assert_allclose(np.percentile(flat[ink], [5, 50, 95]), 0.75, atol=0.08)


# --- hands ----------------------------------------------------------------------------------------------------------------


def test_a_box_by_hand_gives_the_digit_that_was_found():
    page = draw_page(KINDS["ruled"], 4)
    for digit in photo.find_digits(page.image):
        top, left, bottom, end = digit.box
        by_hand = photo.digit_in_box(page.image, (top - 4, left - 4, bottom + 4, end + 4))
        assert overlap(by_hand.box, digit.box) > 0.85
        assert np.corrcoef(by_hand.x.ravel(), digit.x.ravel())[0, 1] > 0.95


def test_a_box_by_hand_joins_what_lies_in_it_and_cuts_what_does_not():
    page = draw_page(KINDS["pen"], 4)
    a, b = page.boxes[1], page.boxes[2]
    both = photo.digit_in_box(page.image, tuple(int(v) for v in (min(a[0], b[0]) - 3, a[1] - 3, max(a[2], b[2]) + 3, b[3] + 3)))
    assert overlap(both.box, (min(a[0], b[0]), a[1], max(a[2], b[2]), b[3])) > 0.85
    half = photo.digit_in_box(page.image, tuple(int(v) for v in (a[0] - 3, a[1] - 3, (a[0] + a[2]) / 2, a[3] + 3)))
    assert half.box[2] <= (a[0] + a[2]) / 2 + 2


@pytest.mark.parametrize("box", [(0, 0, 30, 30), (5, 5, 5, 9), (-50, -50, -1, -1), (9_000, 9_000, 9_100, 9_100), (40, 40, 20, 20)])
def test_a_box_without_ink_has_no_digit(box):
    assert photo.digit_in_box(draw_page(KINDS["pen"], 1).image, box) is None


def test_all_of_a_drawing_is_one_digit():
    canvas = Image.new("L", (280, 280))
    for points in STROKES[4]:
        trace(ImageDraw.Draw(canvas), np.array(points) * 200 + (80, 40), 20)
    ImageDraw.Draw(canvas).ellipse((20, 120, 50, 150), fill=255)  # far from the rest
    digit = photo.whole_drawing(np.asarray(canvas, np.float32) / 255)
    assert overlap(digit.box, (34, 20, 246, 210)) > 0.9
    assert photo.whole_drawing(np.zeros((280, 280))) is None


# --- MNIST's form ---------------------------------------------------------------------------------------------------------


def stroke_width(x: np.ndarray) -> float:
    """Four times the mean depth inside the strokes of x (28, 28), pixels; its median over MNIST is 2.8."""
    large = np.asarray(Image.fromarray(x).resize((168, 168), Image.Resampling.BICUBIC)) > 0.5
    return 4 * float(ndimage.distance_transform_edt(large)[large].mean()) / 6


@pytest.mark.parametrize("pen", [0.02, 0.05, 0.1, 0.25])
@pytest.mark.parametrize("label", range(10))
def test_the_form_is_mnists(label, pen):
    """A box of 20 x 20, the centre of mass at index 14 (MNIST's own mean is 13.99 and 14.00, 99 % within 0.5), its strokes' width."""
    canvas = Image.new("L", (400, 500))
    for points in STROKES[label]:
        trace(ImageDraw.Draw(canvas), np.array(points) * 300 + (90, 80), pen * 300)
    ink = np.asarray(canvas, np.float32) / 255
    rows, columns = np.nonzero(ink)
    digit = photo.normalize_digit(ink * 0.4, (rows.min() - 9, columns.min() - 20, rows.max() + 30, columns.max() + 2))
    x = digit.x[0]
    tall, wide = (np.nonzero(x.any(axis))[0] for axis in (1, 0))
    assert max(np.ptp(tall), np.ptp(wide)) + 1 == 20
    mass = x.sum()
    assert abs((x.sum(1) * np.arange(28)).sum() / mass - 14) <= 0.51
    assert abs((x.sum(0) * np.arange(28)).sum() / mass - 14) <= 0.51
    assert x.max() == 1
    assert x.min() == 0
    assert 1.9 < stroke_width(x) < 4.0  # 80 % of MNIST's lie within 2.1 and 3.7
    assert ((x > 0.1) & (x < 0.9)).any()  # greys: the resampling averages
    assert digit.darkness == pytest.approx(0.4, abs=0.02)


def test_the_aspect_is_kept():
    ink = np.zeros((200, 200))
    ink[50:150, 90:115] = 1  # 4 to 1
    x = photo.normalize_digit(ink, (40, 40, 160, 160)).x[0]
    assert (x.max(1) > 0.5).sum() == 20
    assert (x.max(0) > 0.5).sum() == pytest.approx(20 * 0.25, abs=1.1)


@pytest.mark.parametrize("length", [10, 30, 100, 700])
@pytest.mark.parametrize("width", [1, 2, 5])
def test_a_straight_line_is_a_digit_too(length, width):
    ink = np.zeros((length + 40, 80))
    ink[20 : 20 + length, 40 : 40 + width] = 0.8
    for image in (ink, ink.T):
        digit = photo.normalize_digit(image, (0, 0, *image.shape))
        x = digit.x[0]
        assert max(np.ptp(np.nonzero(x.any(axis))[0]) for axis in (0, 1)) + 1 == 20
        middle = np.array(ndimage.center_of_mass(x)) + 0.5
        place = np.array([digit.top, digit.left]) + middle / digit.scale
        np.testing.assert_allclose(place - 0.5, ndimage.center_of_mass(image), atol=0.6 + 0.02 * length)


def test_no_ink_cannot_be_normalised():
    with pytest.raises(ValueError, match="no ink"):
        photo.normalize_digit(np.zeros((40, 40)), (3, 3, 20, 20))


# --- back into the photo --------------------------------------------------------------------------------------------------


def centre(image: np.ndarray) -> tuple[float, float]:
    return ndimage.center_of_mass(np.where(image > 0.15, image, 0))


@pytest.mark.parametrize("kind", ["pen", "gradient", "chalk", "marker", "squared"])
def test_a_digit_pasted_back_lands_where_it_came_from(kind):
    page = draw_page(KINDS[kind], 5)
    digits = photo.find_digits(page.image)
    pasted = photo.paste_back(page.image, digits, [d.x[0] for d in digits])
    assert pasted.dtype == np.float32
    assert pasted.shape == page.image.shape
    before, after = photo.flatten_light(page.image), photo.flatten_light(pasted)
    for digit in digits:
        top, left, bottom, end = digit.box
        own = digit.mask > 0.5
        was, now = before[top:bottom, left:end] * own, after[top:bottom, left:end] * own
        np.testing.assert_allclose(centre(now), centre(was), atol=1.2)
        assert np.corrcoef(was[own], now[own])[0, 1] > 0.75
        assert np.corrcoef(was.ravel(), now.ravel())[0, 1] > 0.88


def test_the_frame_of_x_is_the_inverse_of_the_cut():
    """What x says about the photo, without paper or light: a drawn digit, sampled through scale, top and left."""
    page = draw_page(replace(KINDS["pen"], pen=0.12, texture=0, noise=0), 6)
    for digit in photo.find_digits(page.image):
        side = 28 / digit.scale
        rows, columns = (start + (np.arange(28) + 0.5) * side / 28 - 0.5 for start in (digit.top, digit.left))
        sampled = ndimage.map_coordinates(ndimage.gaussian_filter(page.ink, 1), np.meshgrid(rows, columns, indexing="ij"), order=1)
        own = ndimage.maximum_filter(digit.x[0], 5) > 0
        np.testing.assert_allclose(ndimage.center_of_mass(sampled * own), ndimage.center_of_mass(digit.x[0]), atol=0.25)
        assert np.corrcoef((sampled * own).ravel(), digit.x.ravel())[0, 1] > 0.93


def test_paper_without_ink_keeps_its_pixels():
    page = draw_page(KINDS["shadow"], 5)
    digits = photo.find_digits(page.image)
    pasted = photo.paste_back(page.image, digits, [d.x[0] for d in digits])
    far = ndimage.maximum_filter(page.ink, 25) == 0
    np.testing.assert_allclose(pasted[far], page.image[far], atol=1e-6)  # floats round


def test_nothing_pasted_wipes_the_ink_and_leaves_paper():
    page = draw_page(KINDS["gradient"], 5)
    before = page.image.copy()
    digits = photo.find_digits(page.image)
    wiped = photo.paste_back(page.image, digits, [np.zeros((28, 28))] * len(digits))
    np.testing.assert_array_equal(page.image, before)
    assert photo.find_digits(wiped) == []
    assert photo.flatten_light(wiped).max() < 0.25


def test_what_falls_off_the_photo_is_lost():
    page = draw_page(KINDS["one"], 1)
    top, left, bottom, end = (round(v) for v in page.boxes[0])
    tight = page.image[top - 3 : bottom + 3, left - 3 : end + 3]
    digit = photo.whole_drawing(tight)
    assert min(digit.top, digit.left) < -3  # the frame is larger than the photo
    pasted = photo.paste_back(tight, [digit], [np.ones((28, 28))])
    assert pasted.shape == tight.shape
    assert np.isfinite(pasted).all()


def test_digits_of_another_photo_are_refused():
    page = draw_page(KINDS["pen"], 1)
    digits = photo.find_digits(page.image)
    with pytest.raises(ValueError, match="another photo"):
        photo.paste_back(np.zeros((60, 60)), digits, [d.x[0] for d in digits])


def test_pasting_into_28_by_28_is_the_result():
    image = np.zeros((28, 28), np.float32)
    image[4:24, 13:16] = 1  # a 1 in MNIST's form
    digits = photo.find_digits(image)
    result = np.random.default_rng(0).random((28, 28), np.float32)
    np.testing.assert_array_equal(photo.paste_back(image, digits, [result]), result)


# --- anything at all ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "image",
    [
        np.zeros((1, 1)),
        np.ones((1, 1)),
        np.zeros((300, 400)),
        np.ones((300, 400)),
        np.full((50, 60), np.nan),
        np.full((50, 60), np.inf),
        np.random.default_rng(0).random((20_000, 3)),
        np.random.default_rng(0).random((3, 20_000)),
        np.random.default_rng(0).random((400, 500)),
        np.random.default_rng(0).normal(0.3, 0.1, (600, 800)),
        np.linspace(0, 1, 300 * 400).reshape(300, 400),
        draw_page(Scene(columns=3, pen=0.08, darkness=0.0), 0).image,
        draw_page(Scene(columns=3, darkness=0.0, gradient=0.7, shadow=0.5), 0).image,
        draw_page(Scene(columns=3, darkness=0.0, ruled="squares", turn=4.0), 0).image,
    ],
    ids=lambda image: "x".join(map(str, image.shape)),
)
def test_where_there_is_nothing_nothing_is_found(image):
    assert photo.find_digits(image) == []


def test_values_that_are_not_finite_are_background():
    page = draw_page(KINDS["pen"], 2)
    image = page.image.copy()
    image[:8, ::2] = np.nan
    image[-8:, ::2] = -np.inf
    assert right(page, photo.find_digits(image))


@pytest.mark.parametrize("shape", [(3, 30, 30), (30,), (0, 5)])
def test_what_is_no_image_is_refused(shape):
    with pytest.raises(ValueError, match="image"):
        photo.find_digits(np.zeros(shape))


@given(npst.arrays(np.float32, npst.array_shapes(min_dims=2, max_dims=2, min_side=1, max_side=70), elements=st.floats(width=32)))
def test_any_small_array_gives_a_list(image):
    digits = photo.find_digits(image)
    assert all(np.isfinite(d.x).all() and 0 <= d.box[0] < d.box[2] <= image.shape[0] for d in digits)
    pasted = photo.paste_back(image, digits, [d.x[0] for d in digits])
    assert pasted.shape == image.shape
    photo.whole_drawing(image)
    photo.digit_in_box(image, (1, 1, 9, 9))


BIG = """
import resource, sys, time
import numpy as np
from core.data import photo
small = np.load(sys.argv[1])
rows, columns = (np.arange(n) * small.shape[i] // n for i, n in enumerate((3000, 4000)))
image = small[rows][:, columns]
start = time.perf_counter()
digits = photo.find_digits(image)
photo.paste_back(image, digits, [d.x[0] for d in digits])
seconds = time.perf_counter() - start
try:  # Linux: getrusage would count what the parent held when it forked
    status = open("/proc/self/status").read()
    kilobytes = int(status.split("VmHWM:")[1].split()[0])
except OSError:
    kilobytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1024 if sys.platform == "darwin" else 1)
print(len(digits), seconds, kilobytes / 1024)
"""


def test_boxes_read_together_are_what_each_is_alone():
    page = draw_page(KINDS["pen"], 3).image
    boxes = [*[digit.box for digit in photo.find_digits(page)][:3], (0, 0, 5, 5), (9, 9, 3, 3)]
    together = photo.digits_in_boxes(page, boxes)
    assert [digit is None for digit in together] == [False, False, False, True, True]
    for digit, box in zip(together[:3], boxes, strict=False):
        alone = photo.digit_in_box(page, box)
        assert alone.box == digit.box and (alone.x == digit.x).all()


def test_an_edited_image_of_28_by_28_pixels():
    image = np.zeros((28, 28), np.float32)
    image[6:20, 5:8] = image[8:22, 18:21] = 1
    halves = photo.digits_in_boxes(image, [(0, 0, 28, 13), (0, 14, 28, 28)])
    pasted = photo.paste_back(image, halves, [digit.x[0] for digit in halves])
    assert pasted[:, :13].sum() > 10 and pasted[:, 14:].sum() > 10, "both are there"
    wiped = photo.paste_back(image, halves, [np.zeros((28, 28)), halves[1].x[0]])
    assert wiped[:, :13].max() < 0.3 and wiped[:, 14:].sum() > 10, "each result stays in its box"


@pytest.mark.parametrize("step", [4, 6])
def test_a_texture_is_not_searched_for_line_after_line(step, monkeypatch):
    dots = np.zeros((400, 400), np.float32)
    dots[::step, ::step] = 1
    asked = []
    search = lines._strongest_line
    monkeypatch.setattr(lines, "_strongest_line", lambda *arguments: (asked.append(1), search(*arguments))[1])
    monkeypatch.setattr(lines, "MOST_LINES", 5)
    photo.find_digits(dots)
    digit = photo.whole_drawing(dots)
    assert len(asked) <= 4 * (5 + lines.MOST_MISSES)
    assert digit is None or digit.x.shape == (1, 28, 28)


def test_of_very_many_parts_the_largest_are_taken(monkeypatch):
    dots = np.zeros((300, 300), np.float32)
    for row, column in np.ndindex(10, 10):
        dots[30 * row : 30 * row + 12, 30 * column : 30 * column + 12] = 1  # too large to be left out as specks
    dots[90:210, 130:170] = 0
    dots[100:200, 140:160] = 1
    monkeypatch.setattr(photo, "MOST_PARTS", 1)
    top, left, bottom, right = photo.whole_drawing(dots).box
    assert (95 <= top <= 100, 200 <= bottom <= 205, left >= 135, right <= 165) == (True,) * 4


def test_a_photo_of_12_megapixels_needs_little_time_and_memory(tmp_path):
    page = draw_page(Scene(rows=4, columns=6, turn=4.0, ruled="lines"), 3)
    np.save(tmp_path / "page.npy", page.image)
    command = [sys.executable, "-c", BIG, str(tmp_path / "page.npy")]
    done = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=True, timeout=60)
    count, seconds, megabytes = (float(v) for v in done.stdout.split())
    assert count == len(page.labels)
    assert seconds < 20
    assert megabytes < 700


def test_the_same_digits_are_found_at_any_resolution():
    page = draw_page(KINDS["rows"], 8)
    large = np.asarray(Image.fromarray(page.image).resize((page.image.shape[1] * 5, page.image.shape[0] * 5), Image.Resampling.BICUBIC))
    digits = photo.find_digits(large)
    assert len(digits) == len(page.boxes)
    assert all(overlap(d.box, 5 * b) > 0.5 for d, b in zip(digits, page.boxes, strict=True))

"""Photos of handwritten digits: found, brought to MNIST's form, pasted back. Pages that nobody has photographed are drawn here."""

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from unittest.mock import Mock

import numpy as np
import pytest
from drawn_pages import KINDS, STROKES, Scene, digit_in_box, draw_page, normalized_in, overlap, right, trace
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst
from PIL import Image, ImageDraw, ImageOps
from scipy import ndimage

from core.data import datasets, lines, normalizing, photo
from core.data.normalizing import Digit
from core.data.page import flatten_light
from core.data.pasting import paste_back

PROJECT = Path(__file__).resolve().parents[1]
PHOTO = Path(os.environ.get("LATENT_DATA") or PROJECT.parent / "shared" / "data") / "photos" / "photo_1.jpg"


# --- finding --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", [0, *(pytest.param(seed, marks=pytest.mark.slow) for seed in (1, 2))])
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
    flat = flatten_light(page.image)
    assert flat.shape == page.image.shape
    assert flat.dtype == np.float32
    paper, ink = ndimage.maximum_filter(page.ink, 9) == 0, ndimage.minimum_filter(page.ink, 5) == 1
    assert page.image[paper].std() > 0.1  # there was something to even
    assert np.percentile(flat[paper], 95) < 0.08
    np.testing.assert_allclose(np.percentile(flat[ink], [5, 50, 95]), 0.75, atol=0.08)


# --- hands ----------------------------------------------------------------------------------------------------------------


def found(digit: Digit | None) -> Digit:
    """The digit, where there has to be one."""
    assert digit is not None
    return digit


def whole(top: float, left: float, bottom: float, end: float) -> tuple[int, int, int, int]:
    """A box of whole pixels."""
    return int(top), int(left), int(bottom), int(end)


@pytest.mark.slow
def test_a_box_by_hand_gives_the_digit_that_was_found():
    page = draw_page(KINDS["ruled"], 4)
    for digit in photo.find_digits(page.image):
        top, left, bottom, end = digit.box
        by_hand = found(digit_in_box(page.image, (top - 4, left - 4, bottom + 4, end + 4)))
        assert overlap(by_hand.box, digit.box) > 0.85
        assert np.corrcoef(by_hand.x.ravel(), digit.x.ravel())[0, 1] > 0.95


def test_a_box_by_hand_joins_what_lies_in_it_and_cuts_what_does_not():
    page = draw_page(KINDS["pen"], 4)
    a, b = page.boxes[1], page.boxes[2]
    both = found(digit_in_box(page.image, whole(min(a[0], b[0]) - 3, a[1] - 3, max(a[2], b[2]) + 3, b[3] + 3)))
    assert overlap(both.box, (min(a[0], b[0]), a[1], max(a[2], b[2]), b[3])) > 0.85
    half = found(digit_in_box(page.image, whole(a[0] - 3, a[1] - 3, (a[0] + a[2]) / 2, a[3] + 3)))
    assert half.box[2] <= (a[0] + a[2]) / 2 + 2


@pytest.mark.parametrize("box", [(0, 0, 30, 30), (5, 5, 5, 9), (-50, -50, -1, -1), (9_000, 9_000, 9_100, 9_100), (40, 40, 20, 20)])
def test_a_box_without_ink_has_no_digit(box):
    assert digit_in_box(draw_page(KINDS["pen"], 1).image, box) is None


def test_all_of_a_drawing_is_one_digit():
    canvas = Image.new("L", (280, 280))
    for points in STROKES[4]:
        trace(ImageDraw.Draw(canvas), np.array(points) * 200 + (80, 40), 20)
    ImageDraw.Draw(canvas).ellipse((20, 120, 50, 150), fill=255)  # far from the rest
    digit = found(photo.whole_drawing(np.asarray(canvas, np.float32) / 255))
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
    digit = normalized_in(ink * 0.4, (rows.min() - 9, columns.min() - 20, rows.max() + 30, columns.max() + 2))
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
    x = normalized_in(ink, (40, 40, 160, 160)).x[0]
    assert (x.max(1) > 0.5).sum() == 20
    assert (x.max(0) > 0.5).sum() == pytest.approx(20 * 0.25, abs=1.1)


@pytest.mark.parametrize("length", [10, 30, 100, 700])
@pytest.mark.parametrize("width", [1, 2, 5])
def test_a_straight_line_is_a_digit_too(length, width):
    ink = np.zeros((length + 40, 80))
    ink[20 : 20 + length, 40 : 40 + width] = 0.8
    for image in (ink, ink.T):
        digit = normalized_in(image)
        x = digit.x[0]
        assert max(np.ptp(np.nonzero(x.any(axis))[0]) for axis in (0, 1)) + 1 == 20
        middle = np.array(ndimage.center_of_mass(x)) + 0.5
        place = np.array([digit.top, digit.left]) + middle / digit.scale
        np.testing.assert_allclose(place - 0.5, ndimage.center_of_mass(image), atol=0.6 + 0.02 * length)


def test_no_ink_cannot_be_normalised():
    with pytest.raises(ValueError, match="no ink"):
        normalized_in(np.zeros((40, 40)), (3, 3, 20, 20))


# --- back into the photo --------------------------------------------------------------------------------------------------


def centre(image: np.ndarray) -> tuple[float, float]:
    return ndimage.center_of_mass(np.where(image > 0.15, image, 0))


@pytest.mark.parametrize("kind", ["pen", "gradient", "chalk", "marker", "squared"])
def test_a_digit_pasted_back_lands_where_it_came_from(kind):
    page = draw_page(KINDS[kind], 5)
    digits = photo.find_digits(page.image)
    pasted = paste_back(page.image, digits, [d.x[0] for d in digits])
    assert pasted.dtype == np.float32
    assert pasted.shape == page.image.shape
    before, after = flatten_light(page.image), flatten_light(pasted)
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
    pasted = paste_back(page.image, digits, [d.x[0] for d in digits])
    far = ndimage.maximum_filter(page.ink, 25) == 0
    np.testing.assert_allclose(pasted[far], page.image[far], atol=1e-6)  # floats round


def test_nothing_pasted_wipes_the_ink_and_leaves_paper():
    page = draw_page(KINDS["gradient"], 5)
    before = page.image.copy()
    digits = photo.find_digits(page.image)
    wiped = paste_back(page.image, digits, [np.zeros((28, 28))] * len(digits))
    np.testing.assert_array_equal(page.image, before)
    assert photo.find_digits(wiped) == []
    assert flatten_light(wiped).max() < 0.25


def test_what_falls_off_the_photo_is_lost():
    page = draw_page(KINDS["one"], 1)
    top, left, bottom, end = (round(v) for v in page.boxes[0])
    tight = page.image[top - 3 : bottom + 3, left - 3 : end + 3]
    digit = found(photo.whole_drawing(tight))
    assert min(digit.top, digit.left) < -3  # the frame is larger than the photo
    pasted = paste_back(tight, [digit], [np.ones((28, 28))])
    assert pasted.shape == tight.shape
    assert np.isfinite(pasted).all()


def test_digits_of_another_photo_are_refused():
    page = draw_page(KINDS["pen"], 1)
    digits = photo.find_digits(page.image)
    with pytest.raises(ValueError, match="another photo"):
        paste_back(np.zeros((60, 60)), digits, [d.x[0] for d in digits])


def test_pasting_into_28_by_28_is_the_result():
    image = np.zeros((28, 28), np.float32)
    image[4:24, 13:16] = 1  # a 1 in MNIST's form
    digits = photo.find_digits(image)
    result = np.random.default_rng(0).random((28, 28), np.float32)
    np.testing.assert_array_equal(paste_back(image, digits, [result]), result)


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
        pytest.param(draw_page(Scene(columns=3, darkness=0.0, gradient=0.7, shadow=0.5), 0).image, marks=pytest.mark.slow),
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
    pasted = paste_back(image, digits, [d.x[0] for d in digits])
    assert pasted.shape == image.shape
    photo.whole_drawing(image)
    digit_in_box(image, (1, 1, 9, 9))


BIG = """
import resource, sys, time
import numpy as np
from core.data import photo
from core.data.pasting import paste_back
small = np.load(sys.argv[1])
rows, columns = (np.arange(n) * small.shape[i] // n for i, n in enumerate((3000, 4000)))
image = small[rows][:, columns]
start = time.perf_counter()
digits = photo.find_digits(image)
paste_back(image, digits, [d.x[0] for d in digits])
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
        alone, digit = found(digit_in_box(page, box)), found(digit)
        assert alone.box == digit.box and (alone.x == digit.x).all()


def test_an_edited_image_of_28_by_28_pixels():
    image = np.zeros((28, 28), np.float32)
    image[6:20, 5:8] = image[8:22, 18:21] = 1
    halves = [found(digit) for digit in photo.digits_in_boxes(image, [(0, 0, 28, 13), (0, 14, 28, 28)])]
    pasted = paste_back(image, halves, [digit.x[0] for digit in halves])
    assert pasted[:, :13].sum() > 10 and pasted[:, 14:].sum() > 10, "both are there"
    wiped = paste_back(image, halves, [np.zeros((28, 28)), halves[1].x[0]])
    assert wiped[:, :13].max() < 0.3 and wiped[:, 14:].sum() > 10, "each result stays in its box"


@pytest.mark.parametrize("step", [4, 6])
def test_a_texture_is_not_searched_for_line_after_line(step, monkeypatch):
    dots = np.zeros((400, 400), np.float32)
    dots[::step, ::step] = 1
    search = Mock(wraps=lines._strongest_line)
    monkeypatch.setattr(lines, "_strongest_line", search)
    monkeypatch.setattr(lines, "MOST_LINES", 5)
    photo.find_digits(dots)
    digit = photo.whole_drawing(dots)
    assert search.call_count <= 4 * (5 + lines.MOST_MISSES)
    assert digit is None or digit.x.shape == (1, 28, 28)


def test_of_very_many_parts_the_largest_are_taken(monkeypatch):
    dots = np.zeros((300, 300), np.float32)
    for row, column in np.ndindex(10, 10):
        dots[30 * row : 30 * row + 12, 30 * column : 30 * column + 12] = 1  # too large to be left out as specks
    dots[90:210, 130:170] = 0
    dots[100:200, 140:160] = 1
    monkeypatch.setattr(normalizing, "MOST_PARTS", 1)
    top, left, bottom, right = found(photo.whole_drawing(dots)).box
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

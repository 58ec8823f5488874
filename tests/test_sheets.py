"""Sheets, GIFs and tables, read back."""

import csv
import io

import numpy as np
import pytest
from PIL import Image

from core import sheets
from core.sheets import Sheet


def opened(data):
    picture = Image.open(io.BytesIO(data))
    picture.load()
    return picture


def some(count, height=28, width=28, seed=0):
    return np.random.default_rng(seed).random((count, height, width)).astype(np.float32)


def found(page, image, factors):
    """Where on the page (H, W) the image lies, enlarged by one of those whole numbers, each pixel a square: (factor, top, left)."""
    levels = np.rint(image * 255).astype(np.uint8)
    for factor in factors:
        large = levels.repeat(factor, 0).repeat(factor, 1)
        height, width = large.shape
        tops, lefts = np.nonzero(page[: page.shape[0] - height + 1, : page.shape[1] - width + 1] == large[0, 0])
        for y, x in np.random.default_rng(0).integers((0, 0), large.shape, (12, 2)):  # what differs in a few pixels is passed over
            same = page[tops + y, lefts + x] == large[y, x]
            tops, lefts = tops[same], lefts[same]
        for top, left in zip(tops, lefts, strict=True):
            if np.array_equal(page[top : top + height, left : left + width], large):
                return factor, top, left
    return None


def test_every_picture_is_on_the_sheet_crisp_and_in_its_place():
    images = some(5)
    page = np.asarray(opened(sheets.png(Sheet("Five", images, 3))))
    places = [found(page, image, [4]) for image in images]
    assert None not in places
    tops, lefts = [top for _, top, _ in places], [left for _, _, left in places]
    assert tops[0] == tops[1] == tops[2] < tops[3] == tops[4]
    assert lefts[0] < lefts[1] < lefts[2] and lefts[3:] == lefts[:2]


@pytest.mark.parametrize(("paper", "size"), [("A4", (2480, 3508)), ("A3", (3508, 4961))])
def test_a_printed_sheet_is_one_page_at_300_dpi_with_dark_ink(paper, size):
    images = some(6)
    picture = opened(sheets.printed(Sheet("Six", images, 2, notes=["A note"], credit="MNIST"), paper))
    assert picture.size in (size, size[::-1])
    assert picture.info["dpi"] == pytest.approx((300, 300), abs=0.1)
    page = np.asarray(picture)
    inked = [(255 - np.rint(image * 255)) / 255 for image in images]
    factor, *_ = found(page, inked[0], range(60, 3, -1))
    assert factor >= 20 and all(found(page, image, [factor]) for image in inked)  # they fill the page
    margin = 100
    assert (page[:margin] == 255).all() and (page[:, :margin] == 255).all() and (page[-margin:] == 255).all()


def test_a_wide_sheet_is_printed_across_and_a_high_one_upright():
    wide, high = (opened(sheets.printed(Sheet("", some(12), columns))).size for columns in (6, 2))
    assert wide == (3508, 2480) and high == (2480, 3508)


@pytest.mark.slow
@pytest.mark.parametrize("paper", list(sheets.PAPERS_MM))
@pytest.mark.parametrize("columns", [1, 20, sheets.MAX_COLUMNS])
def test_the_largest_sheets_fit_on_a_page(columns, paper):
    count = sheets.MAX_IMAGES if columns > 1 else 20
    words = ["a word that is long, and many more of them"] * count
    sheet = Sheet("T" * 400, some(count), columns, words, notes=["n" * 2000] * 2, credit="c " * 2000)
    assert max(opened(sheets.printed(sheet, paper)).size) in (3508, 4961)


def test_title_captions_names_notes_and_credit_are_written():
    images = np.zeros((2, 28, 28), np.float32)
    blank = np.asarray(opened(sheets.printed(Sheet("", images, 1))))
    for words in ({"captions": ["one", "two"]}, {"rows": ["one", "two"]}, {"heads": ["one"]}, {"notes": ["one"]}, {"credit": "one"}):
        said = np.asarray(opened(sheets.printed(Sheet("", images, 1, **words))))
        assert (said < 128).sum() > (blank < 128).sum(), words
    titled = np.asarray(opened(sheets.printed(Sheet("Title", images, 1))))
    assert (titled[: titled.shape[0] // 10] < 128).any() and not (blank[: blank.shape[0] // 10] < 128).any()


def test_words_are_wrapped_to_their_width_and_cut_after_the_last_line():
    text = "one two three four five six seven eight nine ten"
    lines = sheets.wrapped(text, 20, 100, 50)
    assert " ".join(lines) == text and len(lines) > 2
    short = sheets.wrapped(text, 20, 100, 2)
    assert len(short) == 2 and short[0] == lines[0] and short[1].endswith("…")
    (one,) = sheets.wrapped("W" * 100, 20, 100, 3)
    assert one.endswith("…") and 2 < len(one) < 12
    assert sheets.wrapped("first\nsecond", 20, 1000, 3) == ["first", "second"]
    assert sheets.wrapped("one", 20, 100, 0) == []


NAMES = [
    "VAE, 2 numbers",
    "Denoising-autoencoder-of-the-whole-class\n2 numbers",
    "Course autoencoder\n8 images of 4 × 4 pixels, 128 numbers in all · trained on MNIST",
]


@pytest.mark.parametrize("make", [sheets.png, sheets.printed])
def test_a_rows_name_is_whole_where_there_is_room(make, monkeypatch):
    written = []
    monkeypatch.setattr(sheets, "write", lambda pen, lines, *place: written.append(" ".join(lines)))
    make(Sheet("", some(9), 3, captions=["one"] * 9, rows=NAMES))
    assert all(" ".join(sheets.plain(name) for name in text.split("\n")) in written for text in NAMES)


def test_what_the_font_cannot_write_is_spelt_or_left_out():
    assert sheets.plain("β = 4, σ² → Zoë’s −1.5") == "beta = 4, sigma2 -> Zoe’s -1.5"
    assert sheets.plain("お o") == "o"
    tofu = bytes(sheets.typeface(40).getmask("\uffff"))
    written = sheets.plain("".join(map(chr, range(32, 0x3100))))
    missing = [letter for letter in set(written) if bytes(sheets.typeface(40).getmask(letter)) == tofu]
    assert not missing


def test_coloured_pictures_and_small_ones():
    image = np.zeros((28, 28, 4), np.uint8)
    image[:14] = (200, 30, 10, 255)  # the other half is clear
    picture = opened(sheets.png(Sheet("", [image, some(1, 7, 7)[0]], 2)))
    page = np.asarray(picture)
    assert picture.mode == "RGB" and (page == (200, 30, 10)).all(-1).sum() == 14 * 28 * 16
    assert found(page[..., 0], some(1, 7, 7)[0], [16]) is not None  # as large as its neighbour


@pytest.mark.parametrize(
    "wrong",
    [
        {"images": some(0)},
        {"images": some(sheets.MAX_IMAGES + 1)},
        {"columns": 0},
        {"columns": sheets.MAX_COLUMNS + 1},
        {"captions": ["one"]},
        {"rows": ["one"]},
        {"heads": ["one"]},
    ],
)
def test_what_does_not_fit_together_is_refused(wrong):
    with pytest.raises(ValueError, match=r"sheet holds|should be"):
        Sheet(**{"title": "", "images": some(4), "columns": 2} | wrong)


def test_a_gif_is_the_sequence_enlarged_looped_and_there_and_back():
    images = some(5)
    picture = opened(sheets.gif(images, frame_ms=70))
    assert (picture.n_frames, picture.size, picture.info["loop"], picture.info["duration"]) == (5, (280, 280), 0, 70)
    for number, image in enumerate(images):
        picture.seek(number)
        shown = np.asarray(picture.convert("L"))
        assert np.array_equal(shown, shown[::10, ::10].repeat(10, 0).repeat(10, 1))  # crisp
        assert np.abs(shown[::10, ::10] / 255 - image).max() <= 0.5 / (sheets.GREYS - 1) + 1 / 255
    back = opened(sheets.gif(images, and_back=True))
    assert back.n_frames == 8
    frames = []
    for number in range(8):
        back.seek(number)
        frames.append(np.asarray(back.convert("L")))
    assert all(np.array_equal(frames[4 + i], frames[4 - i]) for i in range(4))


@pytest.mark.parametrize("count", [0, sheets.MAX_FRAMES + 1])
def test_a_gif_of_none_or_too_many_is_refused(count):
    with pytest.raises(ValueError, match="frames"):
        sheets.gif(some(count))


def test_a_table_read_back():
    z = np.array([[0.5, -1.25], [1e-7, 123456.0]], np.float32)
    data = sheets.table({"image": [0, 1], "z": z, "class": np.array([7, 4]), "share": [0.25, None], "said": ['a "word", two', "=1+1"]})
    rows = list(csv.DictReader(io.StringIO(data.decode())))
    assert list(rows[0]) == ["image", "z1", "z2", "class", "share", "said"]
    assert [[float(row["z1"]), float(row["z2"])] for row in rows] == [[0.5, -1.25], [1e-7, 123456.0]]
    assert [row["class"] for row in rows] == ["7", "4"] and [row["share"] for row in rows] == ["0.25", ""]
    assert [row["said"] for row in rows] == ['a "word", two', "'=1+1"]  # no formula


def test_a_table_of_unequal_columns_is_refused():
    with pytest.raises(ValueError, match=r"shorter|longer"):
        sheets.table({"a": [1, 2], "b": [1]})

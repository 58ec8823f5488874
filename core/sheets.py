"""What a page shows, as files to take along: pictures in a titled grid (PNG for a screen, A4 or A3 to print), a GIF, a table (CSV).

Pixels of a picture become squares of whole pixels, never smoothed.
"""

import csv
import io
import unicodedata
from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from PIL import Image, ImageDraw, ImageFont

MAX_IMAGES = 400  # on a sheet
MAX_COLUMNS = 30
MAX_FRAMES = 240  # of a GIF
DPI = 300  # of what is printed
PAPERS_MM = {"A4": (210, 297), "A3": (297, 420)}  # width, height
SCREEN_PX = 112  # a picture's side on a screen, about
LEAST_PRINTED_PX = 118  # a picture's side in print (10 mm) before its captions are cut shorter
MOST_CAPTION_LINES = 3
MOST_LETTERS = 500  # of one text
GIF_PX = 280  # a frame's side, about
GREYS = 32  # of a GIF
WHITE, BLACK, SOFT, LINE = "#ffffff", "#000000", "#5a5a5a", "#bebebe"  # of the page, its text, its quieter text, the line round a picture
# What the font that comes with Pillow cannot write, in letters that it can; see `plain`.
SPELT = {
    "β": "beta", "σ": "sigma", "μ": "mu", "Φ": "Phi", "−": "-", "–": "-", "—": "-", "×": "x", "→": "->", "∞": "inf", "ß": "ss", "★": "*",
}  # fmt: skip


@dataclass(frozen=True, eq=False)
class Sheet:
    """Pictures in a grid, row by row, and what is said of them; ValueError where that does not fit together."""

    title: str
    images: Sequence[np.ndarray] | np.ndarray  # each ink (H, W) in [0, 1], or uint8 (H, W, 4); all are drawn as large
    columns: int
    captions: Sequence[str] = ()  # one under each picture, or none at all; "\n" begins a line
    rows: Sequence[str] = ()  # a name before each row, or none at all
    heads: Sequence[str] = ()  # a name above each column, or none at all
    notes: Sequence[str] = ()  # lines under the title: model, date, figures
    credit: str = ""  # at the foot: whose the data are, and on what terms

    def __post_init__(self) -> None:
        if not 1 <= len(self.images) <= MAX_IMAGES or not 1 <= self.columns <= MAX_COLUMNS:
            raise ValueError(f"A sheet holds 1 to {MAX_IMAGES} pictures in 1 to {MAX_COLUMNS} columns.")
        for name, expected in (("captions", len(self.images)), ("rows", self.row_count), ("heads", self.columns)):
            if len(getattr(self, name)) not in (0, expected):
                raise ValueError(f"{name} are {len(getattr(self, name))}, and should be {expected} or none.")

    @property
    def row_count(self) -> int:
        """How many rows there are; the last may be shorter."""
        return -(-len(self.images) // self.columns)

    @property
    def side(self) -> int:
        """The side of the square that holds any picture, in a picture's own pixels; of a single one, its width."""
        return self.images[0].shape[1] if len(self.images) == 1 else max(max(image.shape[:2]) for image in self.images)

    @property
    def high(self) -> float:
        """How high a picture's frame is, in widths: a single picture has its own shape, others stand in squares."""
        return self.images[0].shape[0] / self.side if len(self.images) == 1 else 1.0


@dataclass(frozen=True)
class Type:
    """Sizes in pixels: letters and distances."""

    title: int
    note: int
    caption: int
    gap: int
    margin: int


SCREEN = Type(title=28, note=17, caption=15, gap=10, margin=28)
A4 = Type(title=75, note=42, caption=33, gap=30, margin=142)  # 18, 10 and 8 points at DPI; a margin of 12 mm


def png(sheet: Sheet) -> bytes:
    """The sheet for a screen: light ink on black, as it is on the page."""
    factor = max(1, round(SCREEN_PX / sheet.side))
    grid = Grid(sheet, SCREEN, factor * sheet.side, MOST_CAPTION_LINES)
    width = max(640, grid.width + 2 * SCREEN.margin)
    top, foot = words_of(sheet.title, sheet.notes, sheet.credit, SCREEN, width - 2 * SCREEN.margin)
    height = 2 * SCREEN.margin + top.height + grid.height + foot.height
    return as_png(_put_together(top, grid, foot, (width, height), SCREEN), None)


def printed(sheet: Sheet, paper: str = "A4") -> bytes:
    """The sheet as a PNG of exactly one page of that paper at 300 dpi, upright or across, its pictures as large as they fit: dark ink on
    white. KeyError for a paper that is not in PAPERS_MM."""
    enlarged = PAPERS_MM[paper][0] / PAPERS_MM["A4"][0]  # letters too: it may hang on a wall
    style = Type(*(round(size * enlarged) for size in (A4.title, A4.note, A4.caption, A4.gap, A4.margin)))
    upright = tuple(round(mm / 25.4 * DPI) for mm in PAPERS_MM[paper])
    size, grid = max(((size, _fitted(sheet, style, size)) for size in (upright, upright[::-1])), key=lambda fit: fit[1].side)
    top, foot = words_of(sheet.title, sheet.notes, sheet.credit, style, size[0] - 2 * style.margin)
    return as_png(_put_together(top, grid, foot, size, style, dark_ink=True), DPI)


def gif(images: np.ndarray, frame_ms: int = 100, and_back: bool = False) -> bytes:
    """Images (N, H, W), ink in [0, 1], as a GIF that loops for ever, enlarged by a whole number, in GREYS grey levels; `and_back`: after
    the last frame it plays backwards to the first. ValueError for none, or more than MAX_FRAMES."""
    if not 1 <= len(images) <= MAX_FRAMES:
        raise ValueError(f"A GIF holds 1 to {MAX_FRAMES} frames.")
    factor = max(1, round(GIF_PX / max(images.shape[1:])))
    levels = np.rint(np.clip(images, 0, 1) * (GREYS - 1)).astype(np.uint8).repeat(factor, 1).repeat(factor, 2)
    palette = np.rint(np.linspace(0, 255, GREYS)).astype(np.uint8).repeat(3).tobytes()
    frames = []
    for frame in [*levels, *(levels[-2:0:-1] if and_back else ())]:
        frames.append(Image.fromarray(frame, "P"))
        frames[-1].putpalette(palette)
    buffer = io.BytesIO()
    frames[0].save(buffer, "GIF", save_all=True, append_images=frames[1:], duration=frame_ms, loop=0, optimize=False)
    return buffer.getvalue()


def table(columns: Mapping[str, Sequence[object] | np.ndarray]) -> bytes:
    """Columns of one length as CSV in UTF-8; an array (N, D) of that name becomes D columns, name1, name2, ... ValueError where the
    lengths differ. A text that a spreadsheet would take for a formula gets an apostrophe before it."""
    flat: dict[str, Sequence[object] | np.ndarray] = {}
    for name, values in columns.items():
        if isinstance(values, np.ndarray) and values.ndim == 2:
            flat |= {f"{name}{i}": column for i, column in enumerate(values.T, 1)}
        else:
            flat[name] = values
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")  # RFC 4180
    writer.writerow(map(_cell, flat))
    writer.writerows([_cell(value) for value in row] for row in zip(*flat.values(), strict=True))
    return text.getvalue().encode()


def _cell(value: object) -> str:
    """A number in six significant digits; None is an empty cell."""
    if value is None:
        return ""
    if isinstance(value, float | np.floating):
        return f"{float(value):.6g}"
    text = str(value)
    return f"'{text}" if isinstance(value, str) and text[:1] in tuple("=+-@\t\r") else text


def plain(text: str) -> str:
    """The text as far as the sheet's font can write it: ASCII and a few signs; accents go, Greek letters are spelt, others are left out."""
    spelt = "".join(SPELT.get(letter, letter) for letter in text)
    known = (letter for letter in unicodedata.normalize("NFKD", spelt) if (letter.isascii() and letter.isprintable()) or letter in "·…’“”°")
    return " ".join("".join(known).split())


# --- the layout ----------------------------------------------------------------------------------------------------------------


@lru_cache(16)
def typeface(size: int) -> ImageFont.FreeTypeFont:
    """The font that comes with Pillow."""
    font = ImageFont.load_default(size)
    assert isinstance(font, ImageFont.FreeTypeFont)  # with a size it is
    return font


def line_px(size: int) -> int:
    """From a line of letters of that size to the next."""
    return round(1.3 * size)


def wrapped(text: str, size: int, width: int, most: int, spelt: bool = True) -> list[str]:
    """The text in at most so many lines of that width in pixels; what is left out is "…". spelt: as the sheet's font can write it."""
    font, lines = typeface(size), list[str]()
    for paragraph in text[:MOST_LETTERS].split("\n"):
        lines.append("")
        for word in (plain(paragraph) if spelt else paragraph).split():
            longer = f"{lines[-1]} {word}".strip()
            if font.getlength(longer) > width and lines[-1]:
                lines.append(word)
            else:
                lines[-1] = longer
    lines = [line for line in lines if line]
    if len(lines) > most:
        lines = [*lines[: most - 1], f"{lines[most - 1]} …"] if most else []
    return [_cut(line, font, width) for line in lines]


def _whole(texts: Sequence[str], size: int, widths: Sequence[int], most: int) -> list[list[str]]:
    """The texts, each in at most so many lines, in the first of the widths that leaves nothing of them out; else in the last."""
    made = list[list[str]]()
    for width in widths:
        made = [wrapped(text, size, width, most) for text in texts]
        if not any(line.endswith("…") for lines in made for line in lines):
            break
    return made


def _cut(line: str, font: ImageFont.FreeTypeFont, width: int) -> str:
    if font.getlength(line) <= width:
        return line
    while line and font.getlength(f"{line}…") > width:
        line = line[:-1].rstrip(" …")
    return f"{line}…"


@dataclass(frozen=True)
class Words:
    """Lines of text, each with its size and shade, over each other."""

    lines: Sequence[tuple[str, int, str]]
    below: int = 0  # pixels left free under them
    above: int = 0  # and over them

    @property
    def height(self) -> int:
        """In pixels, with what is left free."""
        return self.above + sum(line_px(size) for _, size, _ in self.lines) + self.below

    def draw(self, pen: ImageDraw.ImageDraw, x: int, y: int) -> None:
        """Write them; (x, y) is the upper left corner of all, with what is left free."""
        y += self.above
        for text, size, shade in self.lines:
            pen.text((x, y), text, shade, typeface(size))
            y += line_px(size)


def words_of(title: str, notes: Sequence[str], credit: str, style: Type, width: int) -> tuple[Words, Words]:
    """Title and notes, to stand above the pictures; the credit, to stand below them."""
    head = [(line, style.title, BLACK) for line in wrapped(title, style.title, width, 2)]
    more = [(line, style.note, SOFT) for note in notes for line in wrapped(note, style.note, width, 3)]
    foot = [(line, style.caption, SOFT) for line in wrapped(credit, style.caption, width, 3)]
    return Words([*head, *more], below=2 * style.gap), Words(foot, above=2 * style.gap)


class Grid:
    """Where the pictures go when each has that side, with at most so many lines of caption. room: the page's width, 0 where that grows with
    the grid; rows' names, and then captions, are wider where there is room."""

    def __init__(self, sheet: Sheet, style: Type, side: int, most_lines: int, room: int = 0) -> None:
        self.sheet, self.style, self.side, self.high = sheet, style, side, round(side * sheet.high)
        line, font = line_px(style.caption), typeface(style.caption)
        least = max(side, 9 * style.caption)
        free = room - sheet.columns * (side + style.gap) if room else 3 * least
        self.names = _whole(sheet.rows, style.caption, range(least, max(least, free) + 1, line), max(1, side // line))
        self.left = max((round(font.getlength(text)) + style.gap for lines in self.names for text in lines), default=0)
        share = (room - self.left + style.gap) // sheet.columns - style.gap
        self.cell = max(side, min(share, 2 * side)) if sheet.captions else side
        self.heads = [wrapped(head, style.caption, self.cell, 2) for head in sheet.heads]
        self.captions = [wrapped(caption, style.caption, self.cell, most_lines) for caption in sheet.captions]
        self.top = line * max(map(len, self.heads), default=0)
        by_row = [self.captions[i * sheet.columns : (i + 1) * sheet.columns] for i in range(sheet.row_count)]
        self.row_px = [self.high + style.gap + line * max(map(len, captions), default=0) for captions in by_row]
        self.width = self.left + sheet.columns * (self.cell + style.gap) - style.gap
        self.height = self.top + sum(self.row_px) - style.gap

    def draw(self, page: Image.Image, left: int, top: int, dark_ink: bool) -> None:
        """Draw it there."""
        pen, style, side = ImageDraw.Draw(page), self.style, self.side
        for column, head in enumerate(self.heads):
            write(pen, head, left + self.left + column * (self.cell + style.gap), top, style.caption)
        y = top + self.top
        for row in range(self.sheet.row_count):
            if self.names:
                write(pen, self.names[row], left, y, style.caption)
            for column in range(self.sheet.columns):
                index = row * self.sheet.columns + column
                if index < len(self.sheet.images):
                    x = left + self.left + column * (self.cell + style.gap)
                    paste(page, self.sheet.images[index], x, y, (side, self.high), dark_ink)
                    pen.rectangle((x - 1, y - 1, x + side, y + self.high), outline=LINE)
                    if self.captions:
                        write(pen, self.captions[index], x, y + self.high + style.gap // 4, style.caption)
            y += self.row_px[row]


def _fitted(sheet: Sheet, style: Type, size: tuple[int, ...]) -> Grid:
    """The grid with the largest pictures that fit on the page; captions are cut shorter where the pictures would be tiny."""
    width, height = size[0] - 2 * style.margin, size[1] - 2 * style.margin
    height -= sum(words.height for words in words_of(sheet.title, sheet.notes, sheet.credit, style, width))
    most = max(1, min(width // sheet.columns, int(height // sheet.row_count / sheet.high)) // sheet.side)  # times a picture's own pixels

    def too_large(factor: int, lines: int) -> bool:
        grid = Grid(sheet, style, factor * sheet.side, lines, width)
        return grid.width > width or grid.height > height

    for lines in range(MOST_CAPTION_LINES if sheet.captions else 0, -1, -1):
        factor = bisect_left(range(1, most + 1), True, key=lambda factor: too_large(factor, lines))  # the last that is not
        if factor and (factor * sheet.side >= LEAST_PRINTED_PX or lines == 0):
            return Grid(sheet, style, factor * sheet.side, lines, width)
    raise ValueError("These are too many pictures for one page.")


def write(pen: ImageDraw.ImageDraw, lines: Sequence[str], x: int, y: int, size: int) -> None:
    """Lines of text under each other."""
    for number, line in enumerate(lines):
        pen.text((x, y + number * line_px(size)), line, BLACK, typeface(size))


def paste(page: Image.Image, image: np.ndarray, x: int, y: int, frame: tuple[int, int], dark_ink: bool) -> None:
    """A picture in the middle of its frame (width, height), each of its pixels a square of whole pixels."""
    (wide, high), (height, width) = frame, image.shape[:2]
    factor = max(1, min(wide // width, high // height))
    if image.ndim == 2:
        grey = np.rint(np.clip(image, 0, 1) * 255).astype(np.uint8)
        pixels = 255 - grey if dark_ink else grey
    else:
        alpha = image[..., 3:] / 255
        pixels = np.rint(image[..., :3] * alpha + 255 * (1 - alpha)).astype(np.uint8)
    large = Image.fromarray(pixels.repeat(factor, 0).repeat(factor, 1))
    page.paste(large, (x + (wide - large.width) // 2, y + (high - large.height) // 2))


def _put_together(top: Words, grid: Grid, foot: Words, size: tuple[int, ...], style: Type, dark_ink: bool = False) -> Image.Image:
    """The page: words, grid in the middle of its width, words at the foot."""
    coloured = any(image.ndim == 3 for image in grid.sheet.images)
    page = Image.new("RGB" if coloured else "L", (size[0], size[1]), WHITE)
    pen = ImageDraw.Draw(page)
    top.draw(pen, style.margin, style.margin)
    foot.draw(pen, style.margin, size[1] - style.margin - foot.height)
    grid.draw(page, (size[0] - grid.width) // 2, style.margin + top.height, dark_ink)
    return page


def as_png(page: Image.Image, dpi: int | None) -> bytes:
    """A page as a PNG's bytes; dpi: how large it is printed."""
    buffer = io.BytesIO()
    page.save(buffer, "PNG", **({"dpi": (dpi, dpi)} if dpi else {}))
    return buffer.getvalue()

"""Pairs of test images and the ways between them (core.pairs) as one A4 page at 300 dpi, dark ink on white: those of one class on the left,
those of two on the right."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from PIL import Image, ImageDraw

from core.pairs import STEPS, Pair, Pairs
from core.sheets import A4, BLACK, DPI, LINE, PAPERS_MM, SOFT, WHITE, as_png, line_px, paste, typeface, words_of, wrapped

SIDES_PX = 112, 84, 56  # of a picture, the largest that fits: 112 are 9.5 mm, and a pixel of 28 x 28 is then a square of four dots
STYLE = replace(A4, note=37)
LETTERS = 27  # of what stands at the pictures: 6.5 points
APART = 24  # dots between an image and the ways to the other
NEAR, LEAST, MOST = 6, 8, 30  # dots between the two ways of a pair; from a pair to the next


def printed(pairs: Pairs, names: Sequence[str], title: str, notes: Sequence[str] = (), credit: str = "") -> bytes:
    """The page as a PNG. `names`: of the classes, by label."""
    width, height = (round(mm / 25.4 * DPI) for mm in PAPERS_MM["A4"])
    page = Image.new("L", (width, height), WHITE)
    pen = ImageDraw.Draw(page)
    top, foot = words_of(title, notes, credit, STYLE, width - 2 * STYLE.margin)
    top.draw(pen, STYLE.margin, STYLE.margin)
    foot.draw(pen, STYLE.margin, height - STYLE.margin - foot.height)
    blocks = [(head, some) for head, some in (("One class", pairs.same), ("Two classes", pairs.different)) if some]
    room = height - 2 * STYLE.margin - top.height - foot.height
    most = max(len(some) for _, some in blocks)
    side = next((side for side in SIDES_PX if Block.height(side, most, LEAST) <= room), SIDES_PX[-1])
    gap = min(MOST, LEAST + (room - Block.height(side, most, LEAST)) // most)
    for number, (head, some) in enumerate(blocks):
        left = STYLE.margin + number * (width - 2 * STYLE.margin - Block.width(side))
        Block(page, names, left, side, gap).draw(some, head, STYLE.margin + top.height)
    return as_png(page, DPI)


@dataclass(frozen=True)
class Block:
    """Pairs under each other, from `left` on, with pictures of that side and so many dots from a pair to the next."""

    page: Image.Image
    names: Sequence[str]
    left: int
    side: int
    gap: int

    @staticmethod
    def width(side: int) -> int:
        """In dots."""
        return (STEPS + 2) * side + 2 * APART

    @staticmethod
    def height(side: int, pairs: int, gap: int) -> int:
        """In dots, with what stands over them."""
        return line_px(STYLE.caption) + line_px(LETTERS) + 2 * NEAR + pairs * (2 * side + NEAR + gap) - gap

    def draw(self, pairs: Sequence[Pair], head: str, top: int) -> None:
        """Draw them, with what they are, a head for each column, and the names of both images."""
        pen, ways, right = ImageDraw.Draw(self.page), self.left + self.side + APART, self.left + self.width(self.side) - self.side
        distances = [pair.distance for pair in pairs]
        said = f"{head}: codes {min(distances):.2f} to {max(distances):.2f} apart, {np.mean(distances):.2f} on average"
        pen.text((self.left, top), said, BLACK, typeface(STYLE.caption))
        top += line_px(STYLE.caption) + NEAR
        for x, text in ((self.left, "A"), *((ways + i * self.side, str(i + 1)) for i in range(STEPS)), (right, "B")):
            pen.text((x + self.side // 2, top), text, SOFT, typeface(LETTERS), anchor="ma")
        top += line_px(LETTERS) + NEAR
        for pair in pairs:
            for end, x in enumerate((self.left, right)):
                self._draw_images(pair.images[end : end + 1], x, top)
                self._name(pair, end, x, top + self.side + NEAR)
            self._draw_images(pair.decoded, ways, top)
            self._draw_images(pair.faded, ways, top + self.side + NEAR)
            top += 2 * self.side + NEAR + self.gap

    def _draw_images(self, images: np.ndarray, left: int, top: int) -> None:
        """Images (N, H, W) beside each other, and a line round them."""
        for number, image in enumerate(images):
            paste(self.page, image, left + number * self.side, top, (self.side, self.side), dark_ink=True)
        ImageDraw.Draw(self.page).rectangle((left - 1, top - 1, left + len(images) * self.side, top + self.side), outline=LINE)

    def _name(self, pair: Pair, end: int, left: int, top: int) -> None:
        """The class of one of its images, as far as there is room, and the image's number."""
        lines = wrapped(self.names[pair.labels[end]], LETTERS, self.side + APART - NEAR, self.side // line_px(LETTERS) - 1)
        pen = ImageDraw.Draw(self.page)
        for number, (line, shade) in enumerate([*((line, BLACK) for line in lines), (f"no. {pair.rows[end]:,}", SOFT)]):
            pen.text((left, top + number * line_px(LETTERS)), line, shade, typeface(LETTERS))

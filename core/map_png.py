"""The same picture of the map as PNG."""

import io

import numpy as np
from PIL import Image, ImageDraw
from PIL.PngImagePlugin import PngInfo

from core import field_picture, figures
from core.map_marks import DASH, Disc, Piece, Stroke
from core.map_picture import (
    BAR,
    CHIP_PX,
    DIMMED_NAME,
    FAINT,
    INK,
    KEPT,
    KEPT_MIDDLE,
    KEY_PX,
    LED_PX,
    LEFT,
    RING,
    ROW_LETTERS_PX,
    SAMPLE_PX,
    SIDE,
    TOP,
    WIDTH,
    MapPicture,
    chip_width,
    legend,
)
from core.markers import corners_of, pieces, reach_of
from core.sheets import plain, typeface

FINER = 2  # it is drawn so many times as large, and made smaller
RING_DASH = 4.0  # pixels
CORNER = np.array([LEFT, TOP])


def png(picture: MapPicture) -> bytes:
    """The picture as PNG."""
    page = Image.new("RGB", (FINER * WIDTH, FINER * picture.height), "#ffffff")
    pen = ImageDraw.Draw(page)
    for line in picture.lines:
        _line(pen, *line)
    left, top, right, bottom = _large(LEFT, TOP, LEFT + SIDE, TOP + SIDE)
    page.paste(_map(picture, page.crop((left, top, right, bottom))), (left, top))
    for label, places in picture.names.items():
        _name(page, picture, label, *places)
    for label, at in legend(picture).items():
        _entry(pen, picture, label, *at)
    for y, pieces_of, words in picture.rows:
        for piece in pieces_of:
            _piece(pen, piece, np.zeros(2))
        _write(pen, LEFT + SAMPLE_PX + 26, y, ROW_LETTERS_PX, words)
    _key(page, picture)
    for y, size, text, colour in picture.said:
        _write(pen, LEFT, y, size, text, colour)
    return _bytes(page.resize((WIDTH, picture.height), Image.Resampling.BOX), picture)


def _bytes(page: Image.Image, picture: MapPicture) -> bytes:
    """With title, notes and credit as the words of the file."""
    said, buffer = PngInfo(), io.BytesIO()
    for name, text in (("Title", picture.title), ("Description", " ".join(picture.notes)), ("Copyright", picture.credit)):
        said.add_itxt(name, text)
    page.save(buffer, "PNG", pnginfo=said)
    return buffer.getvalue()


def _large(*pixels: float) -> list[int]:
    return [round(FINER * v) for v in pixels]


def _map(picture: MapPicture, inside: Image.Image) -> Image.Image:
    """All that does not go beyond the map's edges."""
    if picture.dark:
        inside.paste("#000000", (0, 0, *inside.size))
    if not picture.veiled:
        _paint(inside, picture)
    if picture.decoded is not None:
        inside.paste("#ffffff", mask=Image.fromarray(picture.decoded).resize(inside.size, Image.Resampling.NEAREST))
    if picture.veiled:
        _paint(inside, picture)
    for label in picture.labels:
        inside.paste(
            figures.class_colour(label), mask=_dots(picture, label, picture.small_dots(label), picture.small_opacity(label), small=True)
        )
    for group in picture.groups:
        inside.paste(figures.class_colour(group[0]), mask=_dots(picture, *group))
    if picture.painted_images is not None:
        large = Image.fromarray(picture.painted_images).resize(inside.size, Image.Resampling.NEAREST)
        inside.paste(large, mask=large)
    pen = ImageDraw.Draw(inside)
    for ring in picture.rings:
        _dashed(pen, FINER * (ring - CORNER))
    if picture.edge is not None:
        left, top, right, bottom = (FINER * (v - CORNER[i % 2]) for i, v in enumerate(picture.edge))
        pen.rectangle((left, top, right, bottom), outline=RING, width=FINER)
    for piece in picture.marked:
        _piece(pen, piece, CORNER)
    if picture.mark is not None:
        x, y = picture.mark
        for colour, wide, more in (("#ffffff", 8, 2), (INK, 4, 0)):
            pen.ellipse(_round(x - LEFT, y - TOP, KEPT + wide / 2), outline=colour, width=FINER * wide)
            pen.ellipse(_round(x - LEFT, y - TOP, KEPT_MIDDLE + more), colour)
    return inside


def _round(x: float, y: float, radius: float) -> list[float]:
    return [FINER * v for v in (x - radius, y - radius, x + radius, y + radius)]


def _paint(inside: Image.Image, picture: MapPicture) -> None:
    """The background."""
    if picture.painted is not None:
        large = Image.fromarray(picture.painted).resize(inside.size, Image.Resampling.BILINEAR)
        inside.paste(large, mask=large)


def _piece(pen: ImageDraw.ImageDraw, piece: Piece, corner: np.ndarray) -> None:
    """Of a mark, on what has its upper left corner at that pixel of the picture."""
    if isinstance(piece, Stroke):
        points = FINER * (piece.points - corner)
        if piece.dashed:
            return _dashed(pen, points, piece.colour, DASH, piece.wide)
        return _stroke(pen, points, piece.colour, FINER * piece.wide)
    x, y = (np.array([piece.x, piece.y]) - corner).tolist()
    if isinstance(piece, Disc):
        pen.ellipse(_round(x, y, piece.radius + piece.wide / 2), piece.edge)
        pen.ellipse(_round(x, y, piece.radius - piece.wide / 2), piece.fill)
        return None
    return _write(pen, x, y, 16, piece.text, piece.colour, "mm")


def _stroke(pen: ImageDraw.ImageDraw, points: np.ndarray, colour: str, wide: float) -> None:
    """A line (K, 2) with round ends and corners. Pillow draws very short pieces of a wide line too thin: they are left out."""
    shown = [points[0]]
    for point in points[1:]:
        if np.linalg.norm(point - shown[-1]) > wide:
            shown.append(point)
    shown = [*shown[: max(1, len(shown) - 1)], points[-1]]
    pen.line([(x, y) for x, y in np.array(shown).tolist()], colour, round(wide))
    for x, y in np.array(shown).tolist():
        pen.ellipse((x - wide / 2, y - wide / 2, x + wide / 2, y + wide / 2), colour)


def _dots(picture: MapPicture, label: int, dots: np.ndarray, opacity: float, small: bool = False) -> Image.Image:
    """Where a class's dots (N, 2) are, so opaque; where they cover each other no more than that, as in a path of the SVG."""
    mask = Image.new("L", (FINER * SIDE, FINER * SIDE))
    pen, level, corners, at = ImageDraw.Draw(mask), round(255 * opacity), picture.corners(label, small), dots - CORNER
    for x, y in at.tolist() if corners is None else ():
        pen.ellipse(_round(x, y, picture.small_radius if small else picture.radius), level)
    for piece in () if corners is None else pieces(corners):
        for outline in (FINER * (at[:, None] + piece)).reshape(len(at), 2 * len(piece)).tolist():
            pen.polygon(outline, level)
    return mask


def _dashed(pen: ImageDraw.ImageDraw, outline: np.ndarray, colour: str = RING, dash: float = RING_DASH, wide: float = 2) -> None:
    """A closed outline (K, 2), dashed."""
    closed = np.concatenate([outline, outline[:1]])
    along = np.concatenate([[0], np.cumsum(np.linalg.norm(np.diff(closed, axis=0), axis=1))])
    starts = np.arange(0, along[-1], 2 * dash * FINER)
    ends = [np.stack([np.interp(at, along, closed[:, i]) for i in (0, 1)], axis=1) for at in (starts, starts + dash * FINER)]
    for one in np.concatenate(ends, axis=1).tolist():
        pen.line(one, colour, round(wide * FINER))


def _line(pen: ImageDraw.ImageDraw, axis: int, at: float, text: str) -> None:
    """At an axis's number."""
    ends = (at, TOP, at, TOP + SIDE) if axis == 0 else (LEFT, at, LEFT + SIDE, at)
    pen.line([FINER * v for v in ends], FAINT, FINER)
    x, y, anchor = (at, TOP + SIDE + 24, "ms") if axis == 0 else (LEFT - 10, at + 6, "rs")
    _write(pen, x, y, 16, text.replace("σ", " sd"), INK, anchor)  # the font has no Greek


def _name(page: Image.Image, picture: MapPicture, label: int, x: float, y: float, to_x: float, to_y: float) -> None:
    if np.hypot(x - to_x, y - to_y) > LED_PX:
        ImageDraw.Draw(page).line(_large(to_x, to_y, x, y), figures.class_colour(label), 3 * FINER)
    wide, high = chip_width(picture.name(label)), round(CHIP_PX)
    chip = Image.new("RGBA", (round(FINER * wide), FINER * high))
    pen = ImageDraw.Draw(chip)
    pen.rounded_rectangle((0, 0, chip.width - 1, chip.height - 1), 6 * FINER, figures.class_colour(label), "#ffffff", FINER)
    _write(pen, wide / 2, high / 2 + 8, 22, picture.name(label), figures.text_colour(label), "ms")
    share = 1.0 if picture.is_lit(label) else DIMMED_NAME
    corner = round(FINER * x - chip.width / 2), round(FINER * (y - high / 2))
    page.paste(chip, corner, chip.getchannel("A").point(lambda v: round(share * v)))


def _entry(pen: ImageDraw.ImageDraw, picture: MapPicture, label: int, x: float, y: float) -> None:
    """Of the legend."""
    colour, corners = figures.class_colour(label), corners_of(label) if picture.shaped else None
    if corners is None:
        pen.ellipse(_round(x, y, 8), colour)
    for piece in () if corners is None else pieces(corners):
        pen.polygon((FINER * (np.array([x, y]) + piece * 9 / reach_of(corners))).ravel().tolist(), colour)
    _write(pen, x + 16, y + 6, 18, picture.name(label))


def _key(page: Image.Image, picture: MapPicture) -> None:
    """The background's legend."""
    if picture.background is None:
        return
    pen, (left, wide, high), y, (low, most) = ImageDraw.Draw(page), BAR, picture.height - KEY_PX - 4, picture.background.ends
    box = _large(left, y - high + 3, left + wide, y + 3)
    pen.rectangle(box, "#000000" if picture.dark else "#ffffff", RING, FINER)
    colours = Image.fromarray(field_picture.bar(picture.background, wide, picture.dark)[None]).resize((FINER * wide, FINER * high))
    page.paste(colours, (box[0], box[1]), colours)
    for x, size, text, anchor in (
        (LEFT, 17, picture.background.title, "ls"),
        (left - 10, 16, low, "rs"),
        (left + wide + 10, 16, most, "ls"),
    ):
        _write(pen, x, y, size, text, INK, anchor)


def _write(pen: ImageDraw.ImageDraw, x: float, y: float, size: int, text: str, colour: str = INK, anchor: str = "ls") -> None:
    pen.text((FINER * x, FINER * y), plain(text), colour, typeface(FINER * size), anchor)

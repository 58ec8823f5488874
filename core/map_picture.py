"""The map as a picture to keep: an SVG, whose dots stay sharp at any size, and a PNG that shows the same."""

import base64
import io
from collections.abc import Collection
from dataclasses import dataclass
from html import escape
from math import ceil, floor, log10

import numpy as np
from PIL import Image, ImageDraw

from core import figures, latent
from core.frame import Frame
from core.portrait import Window
from core.sheets import plain, typeface

SIDE = 1_120  # of the map, in pixels
LEFT, TOP, RIGHT, BELOW = 72, 92, 24, 128  # room around it: numbers, title; legend and credit
WIDTH, HEIGHT = LEFT + SIDE + RIGHT, TOP + SIDE + BELOW
CELLS = 20  # a side, of the decoded grid: a pixel of 28 x 28 is then a square of whole pixels
DOT, DIMMED, OVER_THE_GRID, BRIGHT = 6.0, 0.07, 0.5, 0.75  # the dots' size and opacities, as on the live map
RING, FAINT, INK, SOFT = "#808a94", "#dde2ea", "#0d121b", "#5a5f66"
FINER = 2  # the PNG is drawn so many times as large, and made smaller
MOST_LINES = 9  # at an axis
ENTRIES = 6  # of the legend, in a line


@dataclass(frozen=True, eq=False)
class MapPicture:
    """What is on the picture."""

    frame: Frame
    window: Window  # the part of the map that is shown, in latent units
    layers: Collection[str]  # of "points", "names", "manifold" and "prior"
    lit: Collection[int] = ()  # the classes that are not dimmed; none: all
    title: str = ""
    note: str = ""  # a line under the title
    credit: str = ""  # a line at the foot

    @property
    def labels(self) -> list[int]:
        """The classes that there are, in order."""
        return np.unique(self.frame.labels).tolist()

    def opacity(self, label: int) -> float:
        """Of a class's dots."""
        bright = OVER_THE_GRID if "manifold" in self.layers else BRIGHT
        return bright if not self.lit or label in self.lit else DIMMED

    def pixel(self, x: float, y: float) -> tuple[float, float]:
        """Where a point of the map is on the picture."""
        across, down = self.window.place(x, y)
        return LEFT + SIDE * across, TOP + SIDE * down

    def dots(self, label: int) -> np.ndarray:
        """Pixels of a class's dots, those that are shown: (N, 2)."""
        points = self.frame.points[self.frame.labels == label]
        shown = points[(np.abs(points - (self.window.x, self.window.y)) <= self.window.half).all(1)]
        return np.stack(self.pixel(*shown.T), axis=1)  # type: ignore[arg-type]

    @property
    def rings(self) -> list[float]:
        """Radii of the prior's rings in pixels, of 1 to 3 standard deviations; none where they are not shown."""
        shown = "prior" in self.layers and latent.has_rings(self.frame.model)
        return [sigmas * SIDE / (2 * self.window.half) for sigmas in (1, 2, 3) if shown]

    @property
    def names(self) -> dict[int, tuple[float, float]]:
        """Where classes' names stand, in pixels, those that are shown."""
        middles = self.frame.middles.items() if "names" in self.layers else ()
        at = {label: self.pixel(*middle) for label, middle in middles}
        return {label: (x, y) for label, (x, y) in at.items() if LEFT < x < LEFT + SIDE and TOP < y < TOP + SIDE}

    def name(self, label: int) -> str:
        """What a class is called."""
        return figures.class_name(self.frame.classes, label)

    def decoded(self) -> Image.Image | None:
        """The decoded grid, dark ink, as small as it was decoded; None where it is not shown."""
        if "manifold" not in self.layers:
            return None
        frame = self.frame
        grid = latent.manifold_grid(frame.model, *self.window.corners(CELLS), CELLS, frame.plane, frame.label)
        return Image.fromarray(255 - np.rint(grid * 255).astype(np.uint8))

    @property
    def lines(self) -> list[tuple[int, float, str]]:
        """Lines at round numbers: the axis (0: x, 1: y), the pixel along it, the number."""
        found = []
        for axis, middle in enumerate((self.window.x, self.window.y)):
            for value, text in ticks(middle - self.window.half, middle + self.window.half, MOST_LINES):
                found.append((axis, self.pixel(value, value)[axis], text))
        return found


def ticks(low: float, high: float, most: int) -> list[tuple[float, str]]:
    """Round numbers from low to high, at most so many and evenly apart: 1, 2 or 5 times a power of ten; with their words."""
    least = (high - low) / most
    power = 10.0 ** floor(log10(least))
    step = next(times * power for times in (1, 2, 5, 10) if times * power >= least * (1 - 1e-9))
    digits = max(0, ceil(-log10(step) - 1e-9))
    values = (number * step for number in range(ceil(low / step - 1e-9), floor(high / step + 1e-9) + 1))
    return [(value, f"{value:.{digits}f}".replace("-", "−") if abs(value) > step / 2 else "0") for value in values]


# --- SVG -----------------------------------------------------------------------------------------------------------------------


def svg(picture: MapPicture) -> bytes:
    """The picture as SVG: each class's dots are one path."""
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" height="{HEIGHT}" role="img" '
        f'font-family="system-ui, sans-serif" fill="{INK}">',
        f"<title>{escape(picture.title)}</title><desc>{escape(picture.frame.description)}</desc>",
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#ffffff"/>',
        f'<clipPath id="map"><rect x="{LEFT}" y="{TOP}" width="{SIDE}" height="{SIDE}"/></clipPath>',
        _said(LEFT, 44, 30, picture.title, bold=True),
        _said(LEFT, 74, 17, picture.note, SOFT),
        *(_line(*line) for line in picture.lines),
        '<g clip-path="url(#map)">',
    ]
    if decoded := picture.decoded():
        parts.append(
            f'<image x="{LEFT}" y="{TOP}" width="{SIDE}" height="{SIDE}" style="image-rendering:pixelated;mix-blend-mode:multiply" '
            f'href="data:image/png;base64,{base64.b64encode(_png(decoded)).decode()}"/>'
        )
    if "points" in picture.layers:
        for label in picture.labels:
            path = "".join(f"M{x:.1f},{y:.1f}h0" for x, y in picture.dots(label).tolist())
            parts.append(
                f'<path d="{path}" stroke="{figures.class_colour(label)}" stroke-width="{DOT:g}" stroke-linecap="round" fill="none" '
                f'opacity="{picture.opacity(label):g}"/>'
            )
    x, y = picture.pixel(0, 0)
    ring = f'fill="none" stroke="{RING}" stroke-width="2" stroke-dasharray="4 4"'
    parts += [f'<circle cx="{x:.2f}" cy="{y:.2f}" r="{radius:.2f}" {ring}/>' for radius in picture.rings]
    parts.append("</g>")
    for label, (x, y) in picture.names.items():
        name, wide = picture.name(label), _chip_width(picture.name(label))
        chip = f'rx="6" fill="{figures.class_colour(label)}" stroke="#ffffff"'
        parts.append(f'<rect x="{x - wide / 2:.1f}" y="{y - 17:.1f}" width="{wide:.1f}" height="34" {chip}/>')
        parts.append(_said(x, y + 8, 22, name, figures.text_colour(label), "middle", bold=True))
    for label, (x, y) in _legend(picture).items():
        parts.append(f'<circle cx="{x}" cy="{y}" r="8" fill="{figures.class_colour(label)}"/>')
        parts.append(_said(x + 16, y + 6, 18, picture.name(label)))
    parts += [_said(LEFT, HEIGHT - 12, 14, picture.credit, SOFT), "</svg>"]
    return "\n".join(parts).encode()


def _said(x: float, y: float, size: int, text: str, colour: str = INK, anchor: str = "start", bold: bool = False) -> str:
    weight = ' font-weight="700"' if bold else ""
    return f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size}" fill="{colour}" text-anchor="{anchor}"{weight}>{escape(text)}</text>'


def _line(axis: int, at: float, text: str) -> str:
    bottom, right = TOP + SIDE, LEFT + SIDE
    if axis == 0:
        return f'<path d="M{at:.1f},{TOP}V{bottom}" stroke="{FAINT}"/>{_said(at, bottom + 24, 16, text, anchor="middle")}'
    return f'<path d="M{LEFT},{at:.1f}H{right}" stroke="{FAINT}"/>{_said(LEFT - 10, at + 6, 16, text, anchor="end")}'


def _chip_width(name: str) -> float:
    return 20 + 12.5 * len(name)


def _legend(picture: MapPicture) -> dict[int, tuple[int, int]]:
    """Where each class's dot stands in the legend: in two lines at most."""
    labels = picture.labels
    each = max(1, ceil(len(labels) / 2)) if len(labels) > ENTRIES else max(1, len(labels))
    return {label: (LEFT + 8 + (i % each) * (SIDE // each), TOP + SIDE + 52 + 26 * (i // each)) for i, label in enumerate(labels)}


# --- PNG -----------------------------------------------------------------------------------------------------------------------


def png(picture: MapPicture) -> bytes:
    """The same as PNG."""
    page = Image.new("RGB", (FINER * WIDTH, FINER * HEIGHT), "#ffffff")
    pen = ImageDraw.Draw(page)
    box = tuple(FINER * v for v in (LEFT, TOP, LEFT + SIDE, TOP + SIDE))
    for axis, at, text in picture.lines:
        ends = ((at, TOP), (at, TOP + SIDE)) if axis == 0 else ((LEFT, at), (LEFT + SIDE, at))
        pen.line([(FINER * x, FINER * y) for x, y in ends], FAINT, FINER)
        x, y, anchor = (at, TOP + SIDE + 24, "ms") if axis == 0 else (LEFT - 10, at + 6, "rs")
        _write(pen, x, y, 16, text, INK, anchor)
    inside = Image.new("RGB", (FINER * SIDE, FINER * SIDE), "#ffffff")
    inside.paste(page.crop(box))  # type: ignore[arg-type]
    if decoded := picture.decoded():
        large = decoded.resize(inside.size, Image.Resampling.NEAREST).convert("RGB")
        inside = Image.fromarray((np.asarray(inside).astype(np.uint16) * np.asarray(large) // 255).astype(np.uint8))
    if "points" in picture.layers:
        for label in picture.labels:
            inside.paste(figures.class_colour(label), mask=_mask(picture.dots(label), picture.opacity(label)))
    drawn, (x, y) = ImageDraw.Draw(inside), picture.pixel(0, 0)
    for radius in picture.rings:
        _dashed(drawn, FINER * (x - LEFT), FINER * (y - TOP), FINER * radius)
    page.paste(inside, box[:2])  # type: ignore[arg-type]
    for label, (x, y) in picture.names.items():
        half = _chip_width(picture.name(label)) / 2
        chip = [FINER * v for v in (x - half, y - 17, x + half, y + 17)]
        pen.rounded_rectangle(chip, 6 * FINER, figures.class_colour(label), "#ffffff", FINER)
        _write(pen, x, y + 8, 22, picture.name(label), figures.text_colour(label), "ms")
    for label, (x, y) in _legend(picture).items():
        pen.ellipse([FINER * v for v in (x - 8, y - 8, x + 8, y + 8)], figures.class_colour(label))
        _write(pen, x + 16, y + 6, 18, picture.name(label))
    for y, size, text, colour in ((44, 30, picture.title, INK), (74, 17, picture.note, SOFT), (HEIGHT - 12, 14, picture.credit, SOFT)):
        _write(pen, LEFT, y, size, text, colour)
    return _png(page.resize((WIDTH, HEIGHT), Image.Resampling.BOX))


def _mask(dots: np.ndarray, opacity: float) -> Image.Image:
    """Where dots (N, 2) are, so opaque; where they cover each other no more than that, as in a path of the SVG."""
    mask = Image.new("L", (FINER * SIDE, FINER * SIDE))
    pen, radius, level = ImageDraw.Draw(mask), FINER * DOT / 2, round(255 * opacity)
    for x, y in ((dots - (LEFT, TOP)) * FINER).tolist():
        pen.ellipse((x - radius, y - radius, x + radius, y + radius), level)
    return mask


def _dashed(pen: ImageDraw.ImageDraw, x: float, y: float, radius: float) -> None:
    dash = np.degrees(4 * FINER / radius)
    for start in np.arange(0, 360, 2 * dash).tolist():
        pen.arc((x - radius, y - radius, x + radius, y + radius), start, start + dash, RING, 2 * FINER)


def _write(pen: ImageDraw.ImageDraw, x: float, y: float, size: int, text: str, colour: str = INK, anchor: str = "ls") -> None:
    pen.text((FINER * x, FINER * y), plain(text), colour, typeface(FINER * size), anchor)


def _png(image: Image.Image) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, "PNG")
    return buffer.getvalue()

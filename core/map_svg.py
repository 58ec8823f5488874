"""The map as SVG: dots stay sharp at any size, and each class's are one path."""

import base64
from html import escape

import numpy as np
from PIL import Image

from core import field_picture, figures
from core.map_marks import DASH, Disc, Piece, Stroke
from core.map_picture import (
    BAR,
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
from core.sheets import as_png

PLACE = f'x="{LEFT}" y="{TOP}" width="{SIDE}" height="{SIDE}"'


def svg(picture: MapPicture) -> bytes:
    """The picture as SVG."""
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {picture.height}" width="{WIDTH}" height="{picture.height}" '
        f'role="img" font-family="system-ui, sans-serif" fill="{INK}">',
        f"<title>{escape(picture.title)}</title><desc>{escape(' '.join([*picture.notes, picture.frame.description]))}</desc>",
        f'<rect width="{WIDTH}" height="{picture.height}" fill="#ffffff"/><clipPath id="map"><rect {PLACE}/></clipPath>',
        *(_text(LEFT, y, size, text, colour, bold=not i) for i, (y, size, text, colour) in enumerate(picture.said)),
        *(_line(*line) for line in picture.lines),
        '<g clip-path="url(#map)">',
        *_ground(picture),
        *(_small_dots(picture, label) for label in picture.labels if len(picture.small_dots(label))),
        *(_dots(picture, *group) for group in picture.groups),
        *_images(picture),
        *(_outline(ring, f'fill="none" stroke="{RING}" stroke-width="2" stroke-dasharray="4 4"') for ring in picture.rings),
        *_edge(picture),
        *map(_piece, picture.marked),
        *_kept(picture),
        "</g>",
        *(_name(picture, label, *at) for label, at in picture.names.items()),
        *(_entry(picture, label, *at) for label, at in legend(picture).items()),
        *(_piece(piece) for _, pieces, _ in picture.rows for piece in pieces),
        *(_text(LEFT + SAMPLE_PX + 26, y, ROW_LETTERS_PX, words) for y, _, words in picture.rows),
        *_key(picture),
        "</svg>",
    ]
    return "\n".join(parts).encode()


def _text(x: float, y: float, size: int, text: str, colour: str = INK, anchor: str = "start", bold: bool = False) -> str:
    weight = ' font-weight="700"' if bold else ""
    return f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size}" fill="{colour}" text-anchor="{anchor}"{weight}>{escape(text)}</text>'


def _line(axis: int, at: float, text: str) -> str:
    bottom, right = TOP + SIDE, LEFT + SIDE
    if axis == 0:
        return f'<path d="M{at:.1f},{TOP}V{bottom}" stroke="{FAINT}"/>{_text(at, bottom + 24, 16, text, anchor="middle")}'
    return f'<path d="M{LEFT},{at:.1f}H{right}" stroke="{FAINT}"/>{_text(LEFT - 10, at + 6, 16, text, anchor="end")}'


def _ground(picture: MapPicture) -> list[str]:
    """What is under the dots: the background, and the decoded grid."""
    parts = []
    if picture.dark:
        parts.append(f'<rect {PLACE} fill="#000000"/>')
    if picture.decoded is not None:
        ink = np.stack([np.full_like(picture.decoded, 255), picture.decoded], axis=-1)
        parts.append(f'<image {PLACE} style="image-rendering:pixelated" href="{_file(ink)}"/>')
    if picture.painted is not None:
        parts.insert(len(parts) if picture.veiled else int(picture.dark), f'<image {PLACE} href="{_file(picture.painted)}"/>')
    return parts


def _file(pixels: np.ndarray) -> str:
    """An image in the file itself."""
    return f"data:image/png;base64,{base64.b64encode(as_png(Image.fromarray(pixels), None)).decode()}"


def _small_dots(picture: MapPicture, label: int) -> str:
    return _dots(picture, label, picture.small_dots(label), picture.small_opacity(label), small=True)


def _dots(picture: MapPicture, label: int, dots: np.ndarray, opacity: float, small: bool = False) -> str:
    """A class's dots (N, 2) as one path: where they cover each other, they are no more opaque."""
    corners, colour = picture.corners(label, small), figures.class_colour(label)
    if corners is None:
        return _round(dots, 2 * (picture.small_radius if small else picture.radius), colour, opacity)
    drawn = [(piece[0].tolist(), _steps(piece)) for piece in pieces(corners)]
    path = "".join(f"M{x + right:.1f},{y + down:.1f}{steps}" for x, y in dots.tolist() for (right, down), steps in drawn)
    return f'<path d="{path}" fill="{colour}" opacity="{opacity:g}"/>'


def _images(picture: MapPicture) -> list[str]:
    """Codes close up."""
    painted = picture.painted_images
    return [] if painted is None else [f'<image {PLACE} style="image-rendering:pixelated" href="{_file(painted)}"/>']


def _piece(piece: Piece) -> str:
    """Of a mark."""
    if isinstance(piece, Stroke):
        points = "L".join(f"{x:.1f},{y:.1f}" for x, y in piece.points.tolist())
        dashes = f' stroke-dasharray="{DASH:g}"' if piece.dashed else ""
        look = f'fill="none" stroke="{piece.colour}" stroke-width="{piece.wide:g}" stroke-linecap="round" stroke-linejoin="round"{dashes}'
        return f'<path d="M{points}" {look}/>'
    if isinstance(piece, Disc):
        look = f'fill="{piece.fill}" stroke="{piece.edge}" stroke-width="{piece.wide:g}"'
        return f'<circle cx="{piece.x:.1f}" cy="{piece.y:.1f}" r="{piece.radius:g}" {look}/>'
    return _text(piece.x, piece.y + 5.5, 16, piece.text, piece.colour, "middle", bold=True)


def _round(dots: np.ndarray, wide: float, colour: str, opacity: float) -> str:
    path = "".join(f"M{x:.1f},{y:.1f}h0" for x, y in dots.tolist())
    return f'<path d="{path}" stroke="{colour}" stroke-width="{wide:g}" stroke-linecap="round" fill="none" opacity="{opacity:g}"/>'


def _steps(outline: np.ndarray) -> str:
    """From the first point of an outline (K, 2) to the others and back, each from the one before."""
    return "l" + " ".join(f"{x:.2f},{y:.2f}" for x, y in np.diff(outline, axis=0).tolist()) + "z"


def _outline(points: np.ndarray, look: str) -> str:
    return f'<path d="M{"L".join(f"{x:.2f},{y:.2f}" for x, y in points.tolist())}Z" {look}/>'


def _edge(picture: MapPicture) -> list[str]:
    if picture.edge is None:
        return []
    left, top, right, bottom = picture.edge
    return [f'<path d="M{left:.1f},{top:.1f}H{right:.1f}V{bottom:.1f}H{left:.1f}Z" fill="none" stroke="{RING}"/>']


def _kept(picture: MapPicture) -> list[str]:
    """The kept point's ring and middle, dark on a light seam: it shows on every colour."""
    if picture.mark is None:
        return []
    at = 'cx="{:.1f}" cy="{:.1f}"'.format(*picture.mark)
    return [
        f'<circle {at} r="{KEPT}" fill="none" stroke="{colour}" stroke-width="{wide}"/><circle {at} r="{middle}" fill="{colour}"/>'
        for colour, wide, middle in (("#ffffff", 8, KEPT_MIDDLE + 2), (INK, 4, KEPT_MIDDLE))
    ]


def _name(picture: MapPicture, label: int, x: float, y: float, to_x: float, to_y: float) -> str:
    name, wide = picture.name(label), chip_width(picture.name(label))
    chip = f'rx="6" fill="{figures.class_colour(label)}" stroke="#ffffff"'
    far, line = np.hypot(x - to_x, y - to_y) > LED_PX, f'stroke="{figures.class_colour(label)}" stroke-width="3"'
    drawn = f'<path d="M{to_x:.1f},{to_y:.1f}L{x:.1f},{y:.1f}" {line}/>' * bool(far)
    drawn += f'<rect x="{x - wide / 2:.1f}" y="{y - 17:.1f}" width="{wide:.1f}" height="34" {chip}/>'
    drawn += _text(x, y + 8, 22, name, figures.text_colour(label), "middle", bold=True)
    return drawn if picture.is_lit(label) else f'<g opacity="{DIMMED_NAME}">{drawn}</g>'


def _entry(picture: MapPicture, label: int, x: float, y: float) -> str:
    """Of the legend."""
    colour, corners = f'fill="{figures.class_colour(label)}"', corners_of(label) if picture.shaped else None
    if corners is None:
        mark = f'<circle cx="{x}" cy="{y}" r="8" {colour}/>'
    else:
        mark = "".join(_outline(np.array([x, y]) + piece * 9 / reach_of(corners), colour) for piece in pieces(corners))
    return mark + _text(x + 16, y + 6, 18, picture.name(label))


def _key(picture: MapPicture) -> list[str]:
    """The background's legend."""
    if picture.background is None:
        return []
    (left, wide, high), y, (low, most) = BAR, picture.height - KEY_PX - 4, picture.background.ends
    at = f'x="{left}" y="{y - high + 3}" width="{wide}" height="{high}"'
    ground = f'<rect {at} fill="{"#000000" if picture.dark else "#ffffff"}" stroke="{RING}"/>'
    drawn = f'<image {at} preserveAspectRatio="none" href="{_file(field_picture.bar(picture.background, wide, picture.dark)[None])}"/>'
    ends = _text(left - 10, y, 16, low, anchor="end") + _text(left + wide + 10, y, 16, most)
    return [_text(LEFT, y, 17, picture.background.title, bold=True), ground + drawn, ends]

"""A model's portrait as HTML: its small map with rings and the classes' names, and what it draws there."""

from html import escape

from core import figures
from core.portrait import Portrait, Window
from pages import browser
from pages.web.assets import Asset

NEAR = 0.075  # a share of a small map's side: of classes whose middles are nearer one is not named
WIDTHS_PX = {240: "", 450: ' class="roomy"'}  # of a large map: names for which the first has no room are seen from the second on
LETTER_PX, ROUND_PX, HEIGHT_PX = 7, 14, 20  # of a name on it: a letter, what is around them, in height
SHORT = 2  # characters of a name that fits on a small map
RINGS = (1, 2, 3)  # standard deviations of the prior


def both(made: Portrait, map_picture: Asset, grid: Asset, large: bool = False) -> str:
    """Map and grid beside each other, of a model's own window."""
    return (
        f'<div class="portrait{" large" if large else ""}">{map_html(made, map_picture, made.window, large)}{grid_html(made, grid)}</div>'
    )


def map_html(made: Portrait, picture: Asset, window: Window, large: bool = False) -> str:
    """The map within a window; large: with room for any class's name."""
    marks = "".join(_ring(window, sigmas) for sigmas in RINGS if made.rings) + _names(made, window, large)
    alt = escape(f"{made.entry.title}. {made.map_words}")
    image = f'<img src="{browser.address(picture)}" alt="{alt}" loading="lazy">'
    return f'<div class="map" data-testid="portrait-map">{image}<div aria-hidden="true">{marks}</div></div>'


def grid_html(made: Portrait, picture: Asset) -> str:
    """What is decoded there; of a conditional model with the classes' names beside the rows."""
    alt = escape(f"{made.entry.title}. {made.grid_words}")
    return f'<div class="grid" data-testid="portrait-grid"><img src="{browser.address(picture)}" alt="{alt}" loading="lazy"></div>'


def _ring(window: Window, sigmas: int) -> str:
    left, top = window.place(-sigmas, sigmas)
    return f'<i style="--x:{left:.2%};--y:{top:.2%};--width:{sigmas / window.half:.2%}"></i>'


def _names(made: Portrait, window: Window, large: bool) -> str:
    """The classes' names at their middles, none over another, and none over the map's edge."""
    names = {label: figures.class_name(made.classes, label) for label in made.middles}
    at = {label: window.place(*middle) for label, middle in made.middles.items()}
    inside = {label: place for label, place in at.items() if min(place) >= 0 and max(place) <= 1}
    if large:
        return "".join(_name(label, names[label], *placed) for label, placed in _with_room(inside, names).items())
    if max(map(len, names.values()), default=0) > SHORT:
        return ""
    placed: dict[int, tuple[float, float]] = {}
    for label, (left, top) in inside.items():
        if all(max(abs(left - a), abs(top - b)) >= NEAR for a, b in placed.values()):
            placed[label] = left, top
    return "".join(_name(label, names[label], *place) for label, place in placed.items())


def _with_room(at: dict[int, tuple[float, float]], names: dict[int, str]) -> dict[int, tuple[float, float, str]]:
    """Where on a large map the names stand that have room, and the class of those that only a wide one shows."""
    placed: dict[int, tuple[float, float, str]] = {}
    for side, kind in WIDTHS_PX.items():
        width = {label: (LETTER_PX * len(name) + ROUND_PX) / side for label, name in names.items()}
        for label in [label for label in at if label not in placed]:
            left, top = (
                min(max(place, size / 2), 1 - size / 2) for place, size in zip(at[label], (width[label], HEIGHT_PX / side), strict=True)
            )
            if all(
                abs(left - a) * 2 >= width[label] + width[other] or abs(top - b) >= HEIGHT_PX / side for other, (a, b, _) in placed.items()
            ):
                placed[label] = left, top, kind
    return placed


def _name(label: int, name: str, left: float, top: float, kind: str = "") -> str:
    colours = f"background:{figures.class_colour(label)};color:{figures.text_colour(label)}"
    return f'<b{kind} style="--x:{left:.1%};--y:{top:.1%};{colours}">{escape(name)}</b>'

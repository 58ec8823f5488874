"""A model's portrait as HTML: its small map with rings and the classes' names, and what it draws there."""

from html import escape

from core import figures
from core.portrait import Portrait, Window
from pages import browser
from pages.web.assets import Asset

NEAR = {False: 0.075, True: 0.045}  # shares of a small and a large map's side: of classes whose middles are nearer one is not named
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
    """The classes' names at their middles, none over another."""
    names = {label: figures.class_name(made.classes, label) for label in made.middles}
    if not large and max(map(len, names.values()), default=0) > SHORT:
        return ""
    placed: list[tuple[float, float]] = []
    chips = []
    for label, (x, y) in made.middles.items():
        left, top = window.place(x, y)
        if not (0 <= left <= 1 and 0 <= top <= 1) or any(max(abs(left - a), abs(top - b)) < NEAR[large] for a, b in placed):
            continue
        placed.append((left, top))
        colours = f"background:{figures.class_colour(label)};color:{figures.text_colour(label)}"
        chips.append(f'<b style="--x:{left:.1%};--y:{top:.1%};{colours}">{escape(names[label])}</b>')
    return "".join(chips)

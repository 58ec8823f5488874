"""Tools for pictures: wipe (compare), draw_canvas (draw), cover_editor (cover some pixels), box_editor (mark places in a photo) and
style_pad (choose how all classes are drawn), player (play pictures); and the button for the page's link.

What draw_canvas and box_editor send comes from the browser: read_drawing and read_boxes check it.
"""

import base64
import math
from collections.abc import Callable, Mapping, Sequence

import numpy as np

from core.latent import Plane
from core.portrait import Window
from pages.browser import mount

MAX_DRAWING_BYTES = 1 << 20
MAX_BOXES = 200
PNG_MAGIC = b"\x89PNG\r\n\x1a\n"


def wipe(pictures: Mapping[str, str], key: str, height_px: int = 280, sides: tuple[str, str] | None = None) -> None:
    """Show pictures (title -> data URI, all of one aspect) side by side, and two of them under a divider that wipes between them.

    All are drawn at one scale, a whole number of screen pixels to a pixel where they are small. `sides`: the titles that lie left and
    right of the divider at first; None: the first and the last. Nothing is sent to Python.
    """
    shown = [{"title": title, "uri": uri} for title, uri in pictures.items()]
    mount("wipe", key, {"pictures": shown, "height": height_px, "sides": list(sides or (*pictures,)[:: max(1, len(pictures) - 1)])})


def draw_canvas(on_draw: Callable[[], None], key: str, side_px: int = 280) -> None:
    """Mount a white sheet to draw on with black ink; what is drawn stays while the browser's tab is open, also on other pages.

    After each change st.session_state[key].drawing is {"png": base64 of side_px x side_px pixels, "number": n}, or None for a
    blank sheet; see read_drawing. Coming back from another page, the browser sends a drawing once more.
    """
    mount("canvas", key, {"key": key, "side": side_px}, on_drawing_change=on_draw)


def cover_editor(
    image_uri: str, side: int, ready: Mapping[str, str], cover: tuple[str, int], on_cover: Callable[[], None], key: str
) -> None:
    """Mount an image of side x side pixels, some of which are covered: by a brush, or at one click by one of the `ready` covers.

    `ready`: title -> cover; `cover`: what is covered at present, and the number that it came with (0: from Python). Covers are text, see
    images/cover.py. When it has changed, st.session_state[key].cover is {"value": cover, "number": n}; it comes from the browser, so
    check it.
    """
    said = {"value": cover[0], "number": cover[1]}
    mount("cover", key, {"image": image_uri, "side": side, "ready": dict(ready), "cover": said}, on_cover_change=on_cover)


def style_pad(
    decoder: str,
    classes: Sequence[str],
    picture: str,
    window: Window,
    plane: Plane,
    marks: np.ndarray,
    style: tuple[Sequence[float], int],
    help_html: str,
    on_style: Callable[[], None],
    key: str,
) -> None:
    """Mount a small map on which a style is chosen, and beside it that style as every class, decoded in the browser.

    `decoder`: the address of what export.code_decoder_bytes wrote; `picture`: that of the map within `window`; `marks`: points (N, 2) that
    are numbered on it; `style`: the chosen point, and the number that it came with (0: from Python). When another is chosen,
    st.session_state[key].style is {"value": [x, y], "number": n}; it comes from the browser, so check it.
    """
    data = {
        "decoder": decoder,
        "classes": list(classes),
        "map": picture,
        "window": {"x": window.x, "y": window.y, "half": window.half},
        "plane": {"origin": plane.origin.tolist(), "axes": plane.axes.tolist()},
        "marks": marks.tolist(),
        "style": {"value": list(style[0]), "number": style[1]},
        "help": help_html,
        "description": "Pad for the style: a map of the test codes. The arrow keys choose another point.",
    }
    mount("pad", key, data, on_style_change=on_style)


def player(frame_uris: Sequence[str], words: str, key: str, seconds: float = 2.0) -> None:
    """Mount pictures that are played one after another, there (in so many seconds) and back; `words`: what they are, the whole."""
    mount("player", key, {"frames": list(frame_uris), "way": 1000 * seconds, "words": words})


def copy_link(missing: str) -> None:
    """Mount the button that copies the page's address, beside a sentence on what is shown and is not in it; "" where all of it is."""
    mount("copy-link", "copy-link", {"missing": missing}, width="content")


def read_drawing(value: object) -> bytes | None:
    """A drawing as the browser sent it -> the bytes of its PNG, or None when there is none or it makes no sense; raises nothing."""
    png = value.get("png") if isinstance(value, Mapping) else None
    if not isinstance(png, str) or len(png) > 4 * math.ceil(MAX_DRAWING_BYTES / 3):
        return None
    try:
        content = base64.b64decode(png, validate=True)
    except ValueError:
        return None
    return content if content.startswith(PNG_MAGIC) and len(content) <= MAX_DRAWING_BYTES else None


def box_editor(
    photo_uri: str,
    size: tuple[int, int],
    boxes: Sequence[tuple[float, float, float, float]],
    on_change: Callable[[], None],
    key: str,
    version: int = 0,
) -> None:
    """Mount a photo with numbered boxes over it, (top, left, bottom, right) in pixels of `size` (height, width), to be edited.

    What was edited in the browser wins over `boxes` until another photo or another `version` comes. After each change
    st.session_state[key].boxes is {"boxes": [[t, l, b, r], ...], "number": n, "version": version}; see read_boxes. Give the same
    `boxes` on each rerun (what was found, not what was edited): data that changes is sent again, with the photo.
    """
    height, width = size
    data = {
        "key": key,
        "photo": photo_uri,
        "height": height,
        "width": width,
        "boxes": [[float(v) for v in box] for box in boxes],
        "version": version,
        "limit": MAX_BOXES,
    }
    mount("boxes", key, data, on_boxes_change=on_change)


def read_boxes(value: object, size: tuple[int, int], version: int | None = None) -> list[tuple[int, int, int, int]] | None:
    """Edited boxes as the browser sent them -> whole pixels inside size (height, width), or None when they make no sense.

    Raises nothing. With `version`, None also for what was edited in another version: the photo before this one.
    """
    given = value.get("boxes") if isinstance(value, Mapping) else None
    if not isinstance(given, list | tuple) or len(given) > MAX_BOXES:
        return None
    if version is not None and isinstance(value, Mapping) and value.get("version") != version:
        return None
    boxes = [_read_box(box, *size) for box in given]
    return None if None in boxes else [box for box in boxes if box is not None]


def _read_box(box: object, height: int, width: int) -> tuple[int, int, int, int] | None:
    if not isinstance(box, list | tuple) or len(box) != 4:
        return None
    if not all(isinstance(v, int | float) and not isinstance(v, bool) for v in box):
        return None
    if not all(0 <= v <= limit for v, limit in zip(box, (height, width, height, width), strict=True)):  # NaN is not
        return None
    top, left, bottom, right = (round(v) for v in box)
    return (top, left, bottom, right) if top < bottom and left < right else None

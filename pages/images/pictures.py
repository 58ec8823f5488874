"""Small images as data URIs, crisp at any size."""

import base64
import io
from collections.abc import Sequence

import numpy as np
from PIL import Image

from core.colours import rgb
from core.words import number

MISSING_RGB, INVENTED_RGB = (63, 144, 218), (231, 99, 0)  # of the error map: ink the model left out, ink it added
LOSS_RGB = (168, 85, 247)  # of the loss of each pixel


def legend(gone: str, top_nats: float | None = None) -> str:
    """The colours of an error map, as HTML: ink that is gone, in a word ("removed", "left out"), and ink that was invented; with top_nats
    those of the loss of each pixel too."""
    colours = ((MISSING_RGB, gone), (INVENTED_RGB, "invented"))
    words = [f'<span><b style="background:rgb{rgb}"></b>ink {said}</span>' for rgb, said in colours]
    if top_nats is not None:
        scale = f'<b class="scale" style="background:linear-gradient(to right, transparent, rgb{LOSS_RGB})"></b>'
        words.append(f"<span>loss of a pixel: 0 {scale}{number(top_nats, 1)} nats</span>")
    return f'<div class="ink-legend">{"".join(words)}</div>'


def data_uri(pixels: np.ndarray) -> str:
    """uint8 (H, W) grey or (H, W, 4) colour with alpha -> a PNG as a data URI."""
    return "data:image/png;base64," + base64.b64encode(png_bytes(pixels)).decode()


def png_bytes(pixels: np.ndarray) -> bytes:
    """The same as a PNG's bytes."""
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "PNG")
    return buffer.getvalue()


def indexed_png(numbers: np.ndarray, colours: Sequence[str]) -> bytes:
    """uint8 (H, W) as a PNG's bytes: 0 is transparent, n has the n-th of the colours, "#rrggbb"."""
    picture = Image.fromarray(numbers, "P")
    picture.putpalette([0, 0, 0, *(v for colour in colours for v in rgb(colour))])
    buffer = io.BytesIO()
    picture.save(buffer, "PNG", transparency=0, optimize=True)
    return buffer.getvalue()


def photo_uri(image: np.ndarray, dark_ink: bool = True, most_px: int = 1600) -> str:
    """Ink in [0, 1], (H, W), dark on white paper or the other way round, for showing: a data URI, reduced and as JPEG where it is large."""
    paper = Image.fromarray(255 - grey(image) if dark_ink else grey(image))
    if max(image.shape) <= 512:
        return data_uri(np.asarray(paper))
    paper.thumbnail((most_px, most_px), reducing_gap=2.0)
    buffer = io.BytesIO()
    paper.save(buffer, "JPEG", quality=92)
    return "data:image/jpeg;base64," + base64.b64encode(buffer.getvalue()).decode()


def png(image: np.ndarray, paper: bool = False) -> bytes:
    """Ink in [0, 1], (H, W), as a PNG's bytes: white on black, or, for paper, dark on white."""
    buffer = io.BytesIO()
    Image.fromarray(255 - grey(image) if paper else grey(image)).save(buffer, "PNG")
    return buffer.getvalue()


def grey(image: np.ndarray) -> np.ndarray:
    """Ink in [0, 1], (H, W) -> uint8."""
    return np.rint(np.clip(image, 0, 1) * 255).astype(np.uint8)


def error_map(x: np.ndarray, x_hat: np.ndarray) -> np.ndarray:
    """Where x_hat differs from x, both (H, W) in [0, 1] -> uint8 (H, W, 4): blue ink is missing, orange is invented."""
    error = np.clip(x_hat - x, -1, 1)
    colour = np.where((error > 0)[..., None], np.array(INVENTED_RGB), np.array(MISSING_RGB))
    return np.concatenate([colour, np.rint(255 * np.abs(error))[..., None]], axis=-1).astype(np.uint8)


def change_uri(x: np.ndarray, x_hat: np.ndarray, most_px: int = 800) -> str:
    """The error map of a picture of any size (H, W), for showing: a data URI, from block means where the picture is large."""
    factor = -(-max(x.shape) // most_px)
    small, small_hat = (np.asarray(Image.fromarray(np.ascontiguousarray(p, np.float32)).reduce(factor)) for p in (x, x_hat))
    return data_uri(error_map(small, small_hat))


def heat(values: np.ndarray, top: float) -> np.ndarray:
    """Values (H, W) from 0 to top -> uint8 (H, W, 4): the larger the less transparent."""
    share = np.clip(values / (top or 1), 0, 1)
    return np.concatenate([np.broadcast_to(LOSS_RGB, (*values.shape, 3)), np.rint(255 * share)[..., None]], axis=-1).astype(np.uint8)


def tiles(images: np.ndarray, columns: int) -> np.ndarray:
    """Small images (N, h, w), each at least 0, in a grid with transparent lines between: uint8 (H, W, 4), the largest value white."""
    count, height, width = images.shape
    rows = -(-count // columns)
    out = np.zeros((rows * (height + 1) - 1, columns * (width + 1) - 1, 4), np.uint8)
    for index, levels in enumerate(grey(images / (images.max() or 1))):
        top, left = (index // columns) * (height + 1), (index % columns) * (width + 1)
        out[top : top + height, left : left + width, :3] = levels[..., None]
        out[top : top + height, left : left + width, 3] = 255
    return out

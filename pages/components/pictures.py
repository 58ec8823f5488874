"""Small images as data URIs, crisp at any size."""

import base64
import io

import numpy as np
from PIL import Image

MISSING_RGB, INVENTED_RGB = (63, 144, 218), (231, 99, 0)  # of the error map: ink the model left out, ink it added


def data_uri(pixels: np.ndarray) -> str:
    """uint8 (H, W) grey or (H, W, 4) colour with alpha -> a PNG as a data URI."""
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "PNG")
    return "data:image/png;base64," + base64.b64encode(buffer.getvalue()).decode()


def grey(image: np.ndarray) -> np.ndarray:
    """Ink in [0, 1], (H, W) -> uint8."""
    return np.rint(np.clip(image, 0, 1) * 255).astype(np.uint8)


def error_map(x: np.ndarray, x_hat: np.ndarray) -> np.ndarray:
    """Where x_hat differs from x, both (H, W) in [0, 1] -> uint8 (H, W, 4): blue ink is missing, orange is invented."""
    error = np.clip(x_hat - x, -1, 1)
    colour = np.where((error > 0)[..., None], np.array(INVENTED_RGB), np.array(MISSING_RGB))
    return np.concatenate([colour, np.rint(255 * np.abs(error))[..., None]], axis=-1).astype(np.uint8)

"""The app behind tests/test_image_tools_browser.py: the three tools for pictures, each on a page of its own.

Its pages are in tests/image_tools_page.py. To see them: `streamlit run tests/image_tools_app.py`, then /wipe, /draw and /boxes.
"""

import numpy as np
import streamlit as st
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from core.data.datasets import load
from pages.images.pictures import data_uri, error_map, grey

HEIGHT, WIDTH = 360, 540
DIGIT_PX = 56


def digit(index: int) -> np.ndarray:
    """A digit, ink in [0, 1], (28, 28)."""
    return load("digits", "test").images[index].astype(np.float32) / 255


def comparison() -> dict[str, str]:
    """A digit, with noise, at half the size, and its error map, which is transparent."""
    x = digit(3)
    noisy = np.clip(x + np.random.default_rng(0).normal(0, 0.3, x.shape), 0, 1).astype(np.float32)
    small = x.reshape(14, 2, 14, 2).mean((1, 3))
    return {
        "Noisy": data_uri(grey(noisy)),
        "Low resolution": data_uri(grey(small)),
        "Error": data_uri(error_map(x, noisy)),
        "Clean": data_uri(grey(x)),
    }


def photo(first: int = 0) -> tuple[str, list[tuple[float, float, float, float]]]:
    """Digits on paper that is in bright light on the left and in the dark on the right, and where they are."""
    light = np.linspace(1.3, -0.2, WIDTH).clip(0.06, 1)
    paper = np.repeat(light[None], HEIGHT, 0) * 250
    boxes = []
    for i in range(6):
        top, left = 90 + 120 * (i // 3), 60 + 170 * (i % 3)
        large = np.kron(digit(first + i), np.ones((DIGIT_PX // 28, DIGIT_PX // 28)))
        paper[top : top + DIGIT_PX, left : left + DIGIT_PX] *= 1 - 0.85 * large
        boxes.append((float(top), float(left), float(top + DIGIT_PX), float(left + DIGIT_PX)))
    return data_uri(np.rint(paper).astype(np.uint8)), boxes


def asset(request: Request) -> Response:
    """As in app.py."""
    from pages.web import assets

    return assets.respond(request)


def healthz(request: Request) -> Response:
    """As in app.py."""
    return JSONResponse("ok")


app = st.App("image_tools_page.py", routes=[Route("/healthz", healthz), Route("/assets/{bundle}/{name:path}", asset)])

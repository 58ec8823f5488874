"""One image through several bottlenecks: for each a row of its code, its reconstruction, what is wrong with that, and figures."""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

import numpy as np
import streamlit as st

from core.reconstruction import Reconstruction, Scores
from core.words import decibels, number
from pages.images.pictures import INVENTED_RGB, MISSING_RGB, data_uri, error_map, grey, heat, legend, tiles

AS_NUMBERS = 8  # coordinates of a code; more are drawn as bars
BELOW, ABOVE = (f"rgb{colour}" for colour in (MISSING_RGB, INVENTED_RGB))  # of the bars: below and above zero


@dataclass(frozen=True)
class Row:
    """A bottleneck and what became of the image in it."""

    title: str
    note: str
    made: Reconstruction


def draw(x: np.ndarray, rows: Sequence[Row]) -> None:
    """Draw the rows of one image (28, 28), the losses of pixels on one scale, and the legend."""
    top = max(float(row.made.pixel_nats.max()) for row in rows)
    body = "".join(_row(x, row, top) for row in rows)
    st.html(f'<div class="pictures bottlenecks" data-testid="rows">{body}{legend("left out", top)}</div>')


def _row(x: np.ndarray, row: Row, top: float) -> str:
    pictures = (
        ("reconstruction", "What is drawn from the code", grey(row.made.x_hat)),
        ("error map", "Blue: ink that was left out; orange: ink that was invented", error_map(x, row.made.x_hat)),
        (
            "loss of each pixel",
            f"Where the loss comes from; the most in all rows is {number(top, 1)} nats",
            heat(row.made.pixel_nats, top),
        ),
    )
    cells = "".join(
        f'<figure><img src="{data_uri(pixels)}" alt="{escape(alt)}"><figcaption>{caption}</figcaption></figure>'
        for caption, alt, pixels in pictures
    )
    words = f'<div class="title">{escape(row.title)}</div><div class="soft">{escape(row.note)}</div>'
    first = f"<figure>{code(row.made.code)}<figcaption>code</figcaption></figure>"
    return f'<section>{words}<div class="row">{first}{cells}{_figures(row.made.scores)}</div></section>'


def code(z: np.ndarray) -> str:
    """A code's HTML: images (C, h, w) as images; up to AS_NUMBERS coordinates (D,) as numbers; more as bars, up for positive ones."""
    if z.ndim == 3:
        return f'<img src="{data_uri(tiles(z, int(np.ceil(np.sqrt(len(z))))))}" alt="The code: {len(z)} small images">'
    if len(z) <= AS_NUMBERS:
        numbers = "".join(f"<span>z<sub>{i}</sub>{number(float(v))}</span>" for i, v in enumerate(z, 1))
        return f'<div class="code{" two" * (len(z) > 4)}">{numbers}</div>'
    heights = 50 * z / (np.abs(z).max() or 1)  # per cent of the box
    bars = "".join(
        f'<i style="--t:{50 - max(h, 0):.1f}%;--h:{max(abs(h), 0.5):.1f}%;--c:{ABOVE if h > 0 else BELOW}"></i>' for h in heights
    )
    return f'<div class="code bars" role="img" aria-label="The code: {len(z)} numbers as bars">{bars}</div>'


def _figures(scores: Scores) -> str:
    rows = (
        ("Cross-entropy", f"{number(scores.loss_nats, 1)} nats"),
        ("MSE", number(scores.mse, 4)),
        ("PSNR", decibels(scores.psnr_db)),
        ("SSIM", number(scores.ssim, 3)),
    )
    return f"<table>{''.join(f'<tr><td>{name}</td><td>{value}</td></tr>' for name, value in rows)}</table>"

"""One image through several bottlenecks: for each a row of its code, its reconstruction, what is wrong with that, and figures."""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

import numpy as np
import streamlit as st

from core.reconstruction import Reconstruction, Scores
from core.words import decibels, number
from pages.images.pictures import INVENTED_RGB, LOSS_RGB, MISSING_RGB, data_uri, error_map, grey, heat, tiles

AS_NUMBERS = 8  # coordinates of a code; more are drawn as bars
MISSING, INVENTED, LOSS = ("rgb({}, {}, {})".format(*colour) for colour in (MISSING_RGB, INVENTED_RGB, LOSS_RGB))

STYLE = f"""<style>
.bn {{ container-type: inline-size; font-size: 15px; line-height: 1.4; }}
.bn figure {{ margin: 0; min-width: 0; }}
.bn img, .bn .code {{ display: block; width: 100%; aspect-ratio: 1; border-radius: 6px; image-rendering: pixelated;
                      background: color-mix(in srgb, currentColor 6%, transparent); }}
.bn figcaption {{ margin-top: 4px; font-size: 12px; opacity: .8; text-align: center; }}
.bn .title {{ font-weight: 600; }}
.bn .soft {{ opacity: .75; font-size: 13px; }}
.bn .whole {{ max-width: 260px; }}
.bn .whole figcaption {{ font-size: 14px; opacity: 1; text-align: left; overflow-wrap: anywhere; }}
.bn section {{ padding: 12px 0; border-top: 1px solid color-mix(in srgb, currentColor 15%, transparent); }}
.bn section:first-of-type {{ border-top: 0; padding-top: 0; }}
.bn .row {{ display: grid; grid-template-columns: repeat(4, minmax(0, 132px)) minmax(150px, 190px); gap: 4px 12px; margin-top: 6px; }}
.bn .code {{ box-sizing: border-box; display: grid; align-content: center; justify-content: center; gap: 2px 12px; padding: 6px;
             font-variant-numeric: tabular-nums; }}
.bn .code.two {{ grid-template-columns: auto auto; font-size: 13px; }}
.bn .code sub {{ opacity: .75; font-size: 11px; margin: 0 5px 0 1px; }}
.bn .bars {{ align-content: stretch; justify-content: stretch; gap: 1px; grid-auto-flow: column; grid-auto-columns: minmax(0, 1fr); }}
.bn .bars i {{ position: relative; }}
.bn .bars i::after {{ content: ""; position: absolute; left: 0; right: 0; top: var(--t); height: var(--h); background: var(--c); }}
.bn table {{ border-collapse: collapse; width: 100%; align-self: start; font-size: 14px; font-variant-numeric: tabular-nums; }}
.bn td {{ padding: 4px 0; border: 0; white-space: nowrap; }}
.bn td:first-child {{ opacity: .75; padding-right: 10px; }}
.bn td:last-child {{ text-align: right; font-weight: 600; }}
.bn .legend {{ display: flex; flex-wrap: wrap; gap: 4px 18px; margin-top: 4px; }}
.bn .legend b {{ display: inline-block; width: 11px; height: 11px; border-radius: 3px; margin-right: 6px; vertical-align: -1px; }}
.bn .legend .scale {{ width: 72px; margin-left: 6px; background: linear-gradient(to right, transparent, {LOSS});
                      border: 1px solid color-mix(in srgb, currentColor 25%, transparent); }}
.bn .many {{ display: grid; grid-template-columns: repeat(auto-fill, minmax(104px, 1fr)); gap: 14px 12px; max-width: 1100px; }}
.bn .strip {{ display: grid; grid-template-columns: repeat(9, minmax(0, 124px)); gap: 8px; }}
@container (max-width: 690px) {{
  .bn .row {{ grid-template-columns: repeat(4, minmax(0, 1fr)); gap: 8px 8px; }}
  .bn table {{ grid-column: 1 / -1; max-width: 300px; }}
}}
@container (max-width: 480px) {{
  .bn .row {{ grid-template-columns: repeat(2, minmax(0, 1fr)); }}
  .bn .strip {{ grid-template-columns: repeat(3, minmax(0, 1fr)); }}
  .bn .whole {{ max-width: 180px; }}
}}
</style>"""


@dataclass(frozen=True)
class Row:
    """A bottleneck and what became of the image in it."""

    title: str
    note: str
    of: Reconstruction


def show_image(x: np.ndarray, title: str) -> None:
    """Draw the image itself, ink (28, 28) in [0, 1]."""
    picture = f'<figure class="whole"><img src="{data_uri(grey(x))}" alt="The image"><figcaption>{escape(title)}</figcaption></figure>'
    st.html(f'{STYLE}<div class="bn" data-testid="image">{picture}</div>')


def show_rows(x: np.ndarray, rows: Sequence[Row]) -> None:
    """Draw the rows of one image (28, 28), the losses of pixels on one scale, and the legend."""
    top = max(float(row.of.pixel_nats.max()) for row in rows)
    body = "".join(_row(x, row, top) for row in rows)
    legend = (
        f'<div class="legend soft"><span><b style="background:{MISSING}"></b>ink left out</span>'
        f'<span><b style="background:{INVENTED}"></b>ink invented</span>'
        f'<span>loss of a pixel: 0 <b class="scale"></b>{number(top, 1)} nats</span></div>'
    )
    st.html(f'{STYLE}<div class="bn" data-testid="rows">{body}{legend}</div>')


def show_strip(images: np.ndarray, captions: Sequence[str], testid: str, many: bool = False) -> None:
    """Draw images (N, 28, 28) in [0, 1] beside each other: nine to a line, or as many as fit."""
    cells = "".join(
        f'<figure><img src="{data_uri(grey(image))}" alt="{escape(caption)}"><figcaption>{escape(caption)}</figcaption></figure>'
        for image, caption in zip(images, captions, strict=True)
    )
    st.html(f'{STYLE}<div class="bn" data-testid="{testid}"><div class="{"many" if many else "strip"}">{cells}</div></div>')


def _row(x: np.ndarray, row: Row, top: float) -> str:
    pictures = (
        ("reconstruction", "What is drawn from the code", grey(row.of.x_hat)),
        ("error map", "Blue: ink that was left out; orange: ink that was invented", error_map(x, row.of.x_hat)),
        (
            "loss of each pixel",
            f"Where the loss comes from; the most in all rows is {number(top, 1)} nats",
            heat(row.of.pixel_nats, top),
        ),
    )
    cells = "".join(
        f'<figure><img src="{data_uri(pixels)}" alt="{escape(alt)}"><figcaption>{caption}</figcaption></figure>'
        for caption, alt, pixels in pictures
    )
    words = f'<div class="title">{escape(row.title)}</div><div class="soft">{escape(row.note)}</div>'
    first = f"<figure>{code(row.of.code)}<figcaption>code</figcaption></figure>"
    return f'<section>{words}<div class="row">{first}{cells}{_figures(row.of.scores)}</div></section>'


def code(z: np.ndarray) -> str:
    """A code's HTML: images (C, h, w) as images; up to AS_NUMBERS coordinates (D,) as numbers; more as bars, up for positive ones."""
    if z.ndim == 3:
        return f'<img src="{data_uri(tiles(z, int(np.ceil(np.sqrt(len(z))))))}" alt="The code: {len(z)} small images">'
    if len(z) <= AS_NUMBERS:
        numbers = "".join(f"<span>z<sub>{i}</sub>{number(float(v))}</span>" for i, v in enumerate(z, 1))
        return f'<div class="code{" two" * (len(z) > 4)}">{numbers}</div>'
    heights = 50 * z / (np.abs(z).max() or 1)  # per cent of the box
    bars = "".join(
        f'<i style="--t:{50 - max(h, 0):.1f}%;--h:{max(abs(h), 0.5):.1f}%;--c:{INVENTED if h > 0 else MISSING}"></i>' for h in heights
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

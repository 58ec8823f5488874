"""Pictures beside each other at one size, their pixels crisp, with what was measured of them underneath."""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

import numpy as np
import streamlit as st

from pages.images.pictures import data_uri, grey


@dataclass(frozen=True)
class Figure:
    """Something measured, in words: "PSNR", "28.4 dB"; whether it is the best of those beside it."""

    name: str
    value: str
    best: bool = False


@dataclass(frozen=True)
class Picture:
    """A picture, ink (H, W) in [0, 1] or uint8 (H, W, 4), its title, a soft line, and what was measured of it."""

    title: str
    image: np.ndarray
    note: str = ""
    figures: tuple[Figure, ...] = ()


@dataclass(frozen=True)
class Strip:
    """Several pictures (N, H, W) in [0, 1] that were made in one way, with what was measured of them all."""

    title: str
    images: np.ndarray
    note: str = ""
    figures: tuple[Figure, ...] = ()


@dataclass(frozen=True)
class Pair:
    """A picture (H, W) in [0, 1] with its name and a line under it, and one beside it, where there is one, with words and a line too."""

    image: np.ndarray
    name: str
    said: str
    other: np.ndarray | None = None
    other_name: str = ""
    other_said: str = ""


def uri(image: np.ndarray) -> str:
    """Ink (H, W) in [0, 1], or uint8 (H, W, 4), as a data URI."""
    return data_uri(image if image.ndim == 3 else grey(image))


def one(x: np.ndarray, title: str, alt: str, testid: str) -> None:
    """Draw one image, ink (H, W) in [0, 1], with its title under it."""
    cell = f'<figure><img src="{uri(x)}" alt="{escape(alt)}"><figcaption>{escape(title)}</figcaption></figure>'
    st.html(f'<div class="pictures one" data-testid="{testid}">{cell}</div>')


def strip(images: np.ndarray, captions: Sequence[str], testid: str, many: bool = False) -> None:
    """Draw images (N, H, W) in [0, 1] beside each other: nine to a line, or as many as fit."""
    cells = "".join(
        f'<figure><img src="{uri(image)}" alt="{escape(caption)}"><figcaption>{escape(caption)}</figcaption></figure>'
        for image, caption in zip(images, captions, strict=True)
    )
    st.html(f'<div class="pictures {"many" if many else "strip"}" data-testid="{testid}"><div>{cells}</div></div>')


def pairs(shown: Sequence[Pair], testid: str) -> None:
    """Draw pairs, as many to a line as fit."""
    cells = "".join(
        f'<figure><div><img src="{uri(pair.image)}" alt="{escape(pair.name)}">'
        + (f'<img src="{uri(pair.other)}" alt="{escape(pair.other_name)}">' if pair.other is not None else "")
        + f'</div><figcaption>{escape(pair.said)}<div class="soft">{escape(pair.other_said)}</div></figcaption></figure>'
        for pair in shown
    )
    single = " single" * all(pair.other is None for pair in shown)
    st.html(f'<div class="pictures pairs{single}" data-testid="{testid}"><div>{cells}</div></div>')


def row(pictures: Sequence[Picture], testid: str, side_px: int = 140, narrow_px: int = 98) -> None:
    """Draw pictures in a row that wraps where it has to; their sides in a wide place and in a narrow one."""
    cells = "".join(
        f'<figure><img src="{uri(picture.image)}" alt="{escape(picture.title)}"><figcaption>{_words(picture)}</figcaption></figure>'
        for picture in pictures
    )
    sizes = f"--side:{side_px}px;--narrow:{narrow_px}px"
    st.html(f'<div class="pictures gallery" data-testid="{testid}"><div class="row" style="{sizes}">{cells}</div></div>')


def table(strips: Sequence[Strip], names: Sequence[str], testid: str, side_px: int = 84, heads: Sequence[str] = ()) -> None:
    """Draw strips under each other: a column for each of `names`, which only those who cannot see the pictures are told, and over it
    its head, where there are heads."""
    cells = "".join(f'<div class="head" aria-hidden="true">{escape(head)}</div>' for head in heads)
    cells += "".join(
        f'<div class="name">{_words(strip)}</div>'
        + "".join(
            f'<img src="{uri(image)}" alt="{escape(f"{strip.title}: {name}")}">' for image, name in zip(strip.images, names, strict=True)
        )
        for strip in strips
    )
    sizes = f"--count:{len(names)};--cell:{side_px}px"
    st.html(f'<div class="pictures gallery" data-testid="{testid}"><div class="table" style="{sizes}">{cells}</div></div>')


def _words(shown: Picture | Strip) -> str:
    note = f'<div class="soft">{escape(shown.note)}</div>' if shown.note else ""
    return f'<div class="title">{escape(shown.title)}</div>{note}{"".join(map(_figure, shown.figures))}'


def _figure(figure: Figure) -> str:
    value = f'<b title="the best of these">★ {escape(figure.value)}</b>' if figure.best else escape(figure.value)
    return f'<div class="figure"><span>{escape(figure.name)}</span>{value}</div>'

"""Circles, boxes, tables and frames round digits are not taken for digits, and what is in them is read."""

import itertools
import math

import numpy as np
import pytest
from drawn_pages import found_right, seen, trace, write
from PIL import ImageDraw

from core.data import photo

CELL, MARGIN = 110, 40
ROWS = [[7, 1, 4], [3, 0, 8]]


def circle(x: float, y: float, radius: float, gap: float = 0.0) -> list[tuple[float, float]]:
    return [(x + radius * math.cos(t), y + radius * math.sin(t)) for t in np.linspace(0.9, 0.9 + 2 * math.pi * (1 - gap), 80)]


def box(x: float, y: float, half: float, wobble: float = 0.0, gap: float = 0.0) -> list[tuple[float, float]]:
    """The four sides as a hand draws them, from a corner round to it; the last part is missing."""
    corners = np.array([(-1, -1), (1, -1), (1, 1), (-1, 1), (-1, -1)]) * half + (x, y)
    points = np.concatenate([a + np.linspace(0, 1, 30)[:, None] * (b - a) for a, b in itertools.pairwise(corners)])
    points += wobble * np.sin(np.arange(len(points)) / 9)[:, None] * (1, -1)
    return [tuple(point) for point in points[: round(len(points) * (1 - gap))]]


def middles() -> list[tuple[float, float]]:
    return [(MARGIN + CELL * (column + 0.5), MARGIN + CELL * (row + 0.5)) for row in range(2) for column in range(3)]


def table(bend: float = 0.0, outer: bool = True) -> list[list[tuple[float, float]]]:
    """The lines of a table of 2 x 3 cells, each bent by so many pixels."""
    steps = np.linspace(0, 1, 40)
    across = [
        [(MARGIN + 3 * CELL * t, MARGIN + CELL * k + bend * math.sin(3 * t + k)) for t in steps] for k in (range(3) if outer else [1])
    ]
    down = [
        [(MARGIN + CELL * k + bend * math.sin(3 * t + 2 * k), MARGIN + 2 * CELL * t) for t in steps]
        for k in (range(4) if outer else [1, 2])
    ]
    return across + down


OUTLINES = {
    "circles": [circle(x, y, 48) for x, y in middles()],
    "open circles": [circle(x, y, 48, 0.08) for x, y in middles()],
    "boxes": [box(x, y, 44) for x, y in middles()],
    "wobbly boxes": [box(x, y, 46, 3) for x, y in middles()],
    "open boxes": [box(x, y, 46, 2, 0.08) for x, y in middles()],
    "one circle": [circle(*middles()[4], 48)],
    "table": table(),
    "bent table": table(6),
    "bent table without a rim": table(6, False),
    "frame": [[(x * 1.45 - 90, y) for x, y in box(MARGIN + 1.5 * CELL, MARGIN + CELL, CELL + 12)]],
    "wobbly frame": [[(x * 1.45 - 90, y) for x, y in box(MARGIN + 1.5 * CELL, MARGIN + CELL, CELL + 20, 5, 0.03)]],
    "ring in a ring": [circle(x, y, radius) for x, y in middles() for radius in (42, 52)],
}


@pytest.mark.parametrize("thickness", [2, 5])
@pytest.mark.parametrize("kind", OUTLINES)
def test_digits_are_found_in_outlines_and_outlines_are_not(kind, thickness):
    canvas, boxes = write(ROWS, 60, CELL, MARGIN)
    for line in OUTLINES[kind]:
        trace(ImageDraw.Draw(canvas), np.array(line), thickness)
    digits = photo.find_digits(1 - seen(canvas))
    assert found_right(digits, boxes), [d.box for d in digits]


@pytest.mark.parametrize("thick", [3, 7])
def test_a_sudoku_with_empty_cells(thick):
    canvas, boxes = write([[(3 * row + column) % 10 for column in range(6)] for row in range(6)], 36, 60, 30)
    draw = ImageDraw.Draw(canvas)
    empty = list(range(0, 36, 4))
    for number in empty:
        top, left, bottom, right = boxes[number]
        draw.rectangle((left, top, right, bottom), fill=0)
    for k in range(7):
        width = thick if k % 3 == 0 else 2
        draw.line((30, 30 + 60 * k, 390, 31 + 60 * k), fill=200, width=width)
        draw.line((30 + 60 * k, 30, 31 + 60 * k, 390), fill=200, width=width)
    digits = photo.find_digits(1 - seen(canvas))
    assert found_right(digits, np.delete(boxes, empty, 0)), [d.box for d in digits]


def test_an_empty_box_beside_full_ones_is_no_digit():
    canvas, boxes = write(ROWS, 60, CELL, MARGIN)
    draw = ImageDraw.Draw(canvas)
    top, left, bottom, right = boxes[2]
    draw.rectangle((left, top, right, bottom), fill=0)
    for x, y in middles():
        trace(draw, np.array(box(x, y, 42)), 4)
    assert found_right(photo.find_digits(1 - seen(canvas)), np.delete(boxes, 2, 0))


@pytest.mark.parametrize("sign", ["dot", "slash"])
def test_a_0_with_a_sign_in_it_is_a_digit(sign):
    canvas, boxes = write([[0, 7], [6, 9]], 80, 130, 30)
    top, left, bottom, right = boxes[0]
    draw, x, y = ImageDraw.Draw(canvas), (left + right) / 2, (top + bottom) / 2
    if sign == "dot":
        draw.ellipse((x - 6, y - 6, x + 6, y + 6), fill=255)
    else:
        trace(draw, np.array([(x + 8, y - 22), (x - 8, y + 22)]), 5)
    assert found_right(photo.find_digits(1 - seen(canvas)), boxes)

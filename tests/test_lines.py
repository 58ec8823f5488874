"""Ruled lines go, bent ones and very many too, and the digits that they cross stay."""

import math

import numpy as np
import pytest
from drawn_pages import found_right, seen, trace, write
from PIL import Image, ImageDraw

from core.data import lines, photo

ROWS = [[2, 7, 1, 8, 0, 6, 4, 9], [5, 3, 4, 1, 7, 2, 0, 8]]


def bent(x: np.ndarray, width: int, kind: str, most: float) -> np.ndarray:
    """By how many pixels a line is off a straight one at each x."""
    return {
        "straight": 0.03 * x,
        "arc": most * np.sin(math.pi * x / width),
        "wave": most * np.sin(2 * math.pi * x / width + 1),
        "one side": most * (x / width) ** 3,
    }[kind]


@pytest.mark.parametrize(
    ("kind", "squared"), [("straight", False), ("straight", True), ("arc", False), ("wave", False), ("wave", True), ("one side", False)]
)
def test_digits_are_found_on_ruled_paper_that_bends(kind, squared):
    canvas, boxes = write(ROWS, 70, 130, 60)  # 1160 pixels wide
    width, height = canvas.size
    sheet = Image.new("L", canvas.size)
    draw, x = ImageDraw.Draw(sheet), np.linspace(0, width, 120)
    for y in range(-40, height + 40, 48):
        trace(draw, np.stack([x, y + bent(x, width, kind, 15)], 1), 3)
    for start in range(-40, width + 40, 48) if squared else []:
        trace(draw, np.array([(start, 0), (start + 0.03 * height, height)]), 3)
    ink = np.maximum(np.asarray(canvas), 0.5 * np.asarray(sheet))
    digits = photo.find_digits(1 - seen(ink))
    assert found_right(digits, boxes), [d.box for d in digits]


def test_fine_squared_paper_has_more_than_seventy_lines_one_way():
    canvas, boxes = write([[2, 7, 1, 8, 0, 6]] * 4, 110, 180, 40)  # 1160 x 800
    ink = np.array(canvas)
    lines_mask = np.zeros_like(ink)
    lines_mask[7::15] = lines_mask[8::15] = lines_mask[:, 7::15] = lines_mask[:, 8::15] = 110
    digits = photo.find_digits(1 - seen(np.maximum(ink, lines_mask)))
    assert found_right(digits, boxes), [d.box for d in digits]


@pytest.mark.parametrize("kind", ["rings", "diagonals"])
def test_votes_are_counted_once_and_taken_back(kind, monkeypatch):
    """So that many lines take little time: what each search counts is what it has removed."""
    page = Image.new("L", (800, 800), 235)
    draw = ImageDraw.Draw(page)
    for k in range(6, 390, 12):
        if kind == "rings":
            draw.rectangle((k, k, 800 - k, 800 - k), outline=40, width=2)
        else:
            draw.line((0, 2 * k, 800, 2 * k + 90), fill=40, width=2)
    counted = []
    add = lines._Votes._add

    def count(self: lines._Votes, ys: np.ndarray, xs: np.ndarray, sign: int) -> None:
        counted.append(sign * len(ys))
        add(self, ys, xs, sign)

    monkeypatch.setattr(lines._Votes, "_add", count)
    photo.find_digits(1 - np.asarray(page, np.float32) / 255)
    assert len(counted) > 20
    assert sum(map(abs, counted)) <= 2 * sum(count for count in counted if count > 0)

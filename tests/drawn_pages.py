"""Pages of handwritten digits that nobody has photographed: drawn, lit and seen by a camera."""

import io
import math
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageDraw
from scipy import ndimage

from core.data import photo
from core.data.normalizing import Digit, normalized
from core.data.parts import Box


def digit_in_box(image: np.ndarray, box: Box) -> Digit | None:
    """All ink in a box of a photo as one digit, if there is any."""
    return photo.digits_in_boxes(image, [box])[0]


def normalized_in(ink: np.ndarray, box: Box | None = None) -> Digit:
    """The ink in a box of an evenly lit sheet, or all of it, in MNIST's form."""
    top, left, bottom, right = box or (0, 0, *ink.shape)
    crop = np.ascontiguousarray(ink[max(0, top) : bottom, max(0, left) : right], np.float32)
    return normalized(crop, np.ones_like(crop), (max(0, top), max(0, left)))


def arc(cx: float, cy: float, rx: float, ry: float, start: float, end: float) -> list[tuple[float, float]]:
    """Points of an ellipse's arc; degrees, clockwise from the right as y points down."""
    angles = np.radians(np.linspace(start, end, 24))
    return list(zip(cx + rx * np.cos(angles), cy + ry * np.sin(angles), strict=True))


STROKES = {  # as a person writes them, in a box 0.6 wide and 1 high
    0: [arc(0.3, 0.5, 0.28, 0.48, -90, 275)],
    1: [[(0.12, 0.22), (0.34, 0.02), (0.32, 0.98)]],
    2: [[*arc(0.3, 0.28, 0.26, 0.26, -170, 20), (0.3, 0.68), (0.02, 0.96), (0.6, 0.94)]],
    3: [[*arc(0.28, 0.25, 0.26, 0.23, -150, 80), *arc(0.26, 0.72, 0.32, 0.25, -80, 150)]],
    4: [[(0.4, 0.02), (0.02, 0.66), (0.6, 0.64)], [(0.42, 0.35), (0.4, 0.98)]],
    5: [[(0.12, 0.04), (0.08, 0.45), *arc(0.26, 0.68, 0.32, 0.28, -110, 140)], [(0.1, 0.04), (0.56, 0.02)]],
    6: [[(0.46, 0.03), (0.16, 0.3), *arc(0.3, 0.7, 0.27, 0.27, -170, 190)]],
    7: [[(0.02, 0.05), (0.58, 0.03), (0.22, 0.98)]],
    8: [[*arc(0.3, 0.25, 0.22, 0.22, 90, 450), *arc(0.3, 0.73, 0.27, 0.25, -90, 270)]],
    9: [[*arc(0.28, 0.28, 0.24, 0.25, 0, 360), (0.5, 0.5), (0.42, 0.98)]],
}


@dataclass(frozen=True)
class Scene:
    """What a page is like; the sizes are shares of the digits' height or of the page's width."""

    pen: float = 0.08  # thickness
    darkness: float = 0.75  # of the ink
    ruled: str = ""  # "lines" or "squares"
    light: float = 0.85  # of the paper
    gradient: float = 0.0  # how much of the light is gone at one side
    shadow: float = 0.0  # how much of it a shadow takes
    turn: float = 0.0  # degrees
    texture: float = 0.006  # of the paper
    noise: float = 0.008  # of the sensor
    rows: int = 1
    columns: int = 6
    gap: float = 0.0  # between a 5 and its hat
    height: int = 90  # of the digits, pixels
    chalk: bool = False
    jpeg: int = 85
    desk: bool = False  # whether a dark table shows on two sides


KINDS = {
    "pen": Scene(),
    "dim": Scene(light=0.3, noise=0.006),
    "gradient": Scene(gradient=0.7),
    "shadow": Scene(shadow=0.45),
    "ruled": Scene(ruled="lines", rows=2),
    "squared": Scene(ruled="squares", rows=2),
    "faint on lines": Scene(ruled="lines", rows=2, darkness=0.4, pen=0.07, turn=4.0),
    "faint on squares": Scene(ruled="squares", rows=2, darkness=0.4, pen=0.07, turn=4.0),
    "turned": Scene(turn=6.0, rows=2, columns=7),
    "marker": Scene(pen=0.17, darkness=0.9),
    "pencil": Scene(pen=0.04, darkness=0.3, texture=0.012),
    "coarse paper": Scene(texture=0.03, noise=0.02),
    "jpeg": Scene(jpeg=20),
    "rows": Scene(rows=4, columns=8, height=60, turn=3.0),
    "chalk": Scene(chalk=True, pen=0.1),
    "hats": Scene(gap=0.12),
    "long rows aslant": Scene(rows=3, columns=13, height=60, turn=7.5),
    "one": Scene(columns=1, height=260),
    "desk": Scene(desk=True),
}


@dataclass(frozen=True)
class Page:
    """A drawn photo, ink = 1, and what is on it in reading order."""

    image: np.ndarray
    labels: list[int]
    boxes: np.ndarray  # (N, 4): top, left, bottom, right
    ink: np.ndarray  # (H, W): where the pen touched


def draw_page(scene: Scene, seed: int) -> Page:
    """Rows of digits as a person with this pen might write and photograph them."""
    rng = np.random.default_rng(seed)
    tall = scene.height
    pitch_x, pitch_y = (1.15 * tall, 1.75 * tall) if scene.columns > 1 else (2.6 * tall, 2.0 * tall)
    margin = 0.9 * tall
    width, height = round(scene.columns * pitch_x + 2 * margin), round(scene.rows * pitch_y + 2 * margin)
    turn = math.radians(scene.turn * rng.choice([-1, 1]) * rng.uniform(0.6, 1))
    middle = np.array([width, height]) / 2

    def turned(points: np.ndarray) -> np.ndarray:
        rotation = np.array([[math.cos(turn), -math.sin(turn)], [math.sin(turn), math.cos(turn)]])
        return (points - middle) @ rotation.T + middle

    canvas = Image.new("L", (2 * width, 2 * height))  # twice the size, halved below: smooth edges
    labels, boxes = [], []
    for row in range(scene.rows):
        for column in range(scene.columns):
            label = 5 if scene.gap and column % 2 else int(rng.integers(10))
            size = tall * rng.uniform(0.85, 1.1)
            corner = np.array([margin + (column + 0.2) * pitch_x, margin + row * pitch_y + 0.3 * tall]) + rng.normal(0, 0.04 * tall, 2)
            slant, wide = rng.normal(0, 0.1), rng.uniform(0.85, 1.1)
            one = Image.new("L", canvas.size)
            for stroke, points in enumerate(STROKES[label]):
                path = np.array(points) * [wide, 1] + rng.normal(0, 0.008, (len(points), 2))
                path[:, 0] -= slant * (path[:, 1] - 0.5)
                path = path * size + corner + ([0.03 * tall, -(scene.gap + 0.5 * scene.pen) * tall] if scene.gap and stroke else [0, 0])
                trace(ImageDraw.Draw(one), 2 * turned(path), 2 * scene.pen * tall)
            canvas.paste(255, mask=one)
            x0, y0, x1, y1 = np.array(one.getbbox()) / 2
            labels.append(label)
            boxes.append((y0, x0, y1, x1))
    ink = np.asarray(canvas.reduce(2), np.float32) / 255
    return Page(photograph(ink, scene, turned, rng), labels, np.array(boxes), ink)


def trace(draw: ImageDraw.ImageDraw, path: np.ndarray, thickness: float) -> None:
    """A line with round joints and ends."""
    draw.line([tuple(p) for p in path], fill=255, width=max(1, round(thickness)))
    for x, y in path:
        r = thickness / 2
        draw.ellipse((x - r, y - r, x + r, y + r), fill=255)


def photograph(ink: np.ndarray, scene: Scene, turned, rng: np.random.Generator) -> np.ndarray:
    """What a camera makes of a page with this ink, in its light; ink = 1."""
    height, width = ink.shape
    grain = ndimage.gaussian_filter(rng.normal(size=ink.shape), 1.5) * 5.3  # of unit variance
    pressure = np.clip(1 + 0.15 * grain, 0, 1.2) if scene.darkness < 0.5 else 1
    paper = np.ones_like(ink)
    if scene.ruled:
        sheet = Image.new("L", (2 * width, 2 * height))
        draw, step, far = ImageDraw.Draw(sheet), 0.58 * scene.height, 2 * max(ink.shape)
        for k in np.arange(-far, far, step):
            draw.line([tuple(p) for p in 2 * turned(np.array([[-far, k], [far, k]]))], fill=255, width=4)
            if scene.ruled == "squares":
                draw.line([tuple(p) for p in 2 * turned(np.array([[k, -far], [k, far]]))], fill=255, width=4)
        paper -= 0.22 * np.asarray(sheet.reduce(2), np.float32) / 255
    reflected = paper * (1 + scene.texture * grain) * (1 - scene.darkness * pressure * ink)
    y, x = np.mgrid[0:height, 0:width]
    angle = rng.uniform(0, 2 * math.pi)
    along = (np.cos(angle) * (x / width - 0.5) + np.sin(angle) * (y / height - 0.5)) / (abs(np.cos(angle)) + abs(np.sin(angle)))
    light = scene.light * (1 - scene.gradient * (along + 0.5))
    light *= 1 - scene.shadow / (1 + np.exp(-(along - rng.uniform(-0.2, 0.2)) * 60))  # a soft edge across the page
    if scene.desk:
        reflected[:, : round(0.06 * width)] = 0.15
        reflected[round(0.93 * height) :] = 0.2
    grey = reflected * light
    if scene.chalk:
        grey = 0.12 + 0.03 * grain + (0.75 * scene.darkness) * ink * np.clip(1 + 0.2 * grain, 0.3, 1.2)
    grey = np.clip(ndimage.gaussian_filter(grey, 0.6) + rng.normal(0, scene.noise, ink.shape), 0, 1)
    file = io.BytesIO()
    Image.fromarray((255 * grey).astype(np.uint8)).save(file, "JPEG", quality=scene.jpeg)
    seen = np.asarray(Image.open(file), np.float32) / 255
    return seen if scene.chalk else 1 - seen


def overlap(a, b) -> float:
    """Intersection over union of two boxes."""
    tall, wide = min(a[2], b[2]) - max(a[0], b[0]), min(a[3], b[3]) - max(a[1], b[1])
    common = max(tall, 0) * max(wide, 0)
    return common / ((a[2] - a[0]) * (a[3] - a[1]) + (b[2] - b[0]) * (b[3] - b[1]) - common)


def right(page: Page, digits: list[Digit], least: float = 0.5) -> bool:
    """Whether these are the page's digits, all of them, in order and no others."""
    return found_right(digits, page.boxes, least)


def write(rows: list[list[int]], tall: int = 60, cell: int = 110, margin: int = 40, pen: float = 0.09) -> tuple[Image.Image, np.ndarray]:
    """Digits in the middles of cells, as ink (255) on an "L" canvas, and their boxes (N, 4)."""
    canvas = Image.new("L", (cell * len(rows[0]) + 2 * margin, cell * len(rows) + 2 * margin))
    boxes = []
    for (row, column), label in np.ndenumerate(rows):
        one = Image.new("L", canvas.size)
        corner = np.array([margin + cell * (column + 0.5) - 0.3 * tall, margin + cell * (row + 0.5) - 0.5 * tall])
        for points in STROKES[int(label)]:
            trace(ImageDraw.Draw(one), np.array(points) * tall + corner, pen * tall)
        canvas.paste(255, mask=one)
        box = one.getbbox()
        assert box is not None, "every digit has strokes"
        x0, y0, x1, y1 = box
        boxes.append((y0, x0, y1, x1))
    return canvas, np.array(boxes)


def seen(ink: Image.Image | np.ndarray, paper: float = 0.85, darkness: float = 0.75, seed: int = 0) -> np.ndarray:
    """A grey picture (H, W), white = 1, of ink on even paper: a little blurred, with a little noise."""
    grey = paper * (1 - darkness * np.asarray(ink, np.float32) / 255)
    return np.clip(ndimage.gaussian_filter(grey, 0.6) + np.random.default_rng(seed).normal(0, 0.01, grey.shape), 0, 1).astype(np.float32)


def found_right(digits: list[Digit], boxes: np.ndarray, least: float = 0.5) -> bool:
    """Whether these are the digits of the boxes, and no others, in order."""
    return len(digits) == len(boxes) and all(overlap(d.box, b) > least for d, b in zip(digits, boxes, strict=True))

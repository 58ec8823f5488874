"""A model's portrait: what is on its small pictures, and that no weights are kept for it."""

import dataclasses
import io
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from core import checkpoints, figures, portrait
from core.checkpoints import Checkpoint, CheckpointError, Latents
from core.models import MODELS, build
from core.portrait import Window
from pages.images import pictures
from pages.session import caches


def of(kind: str, dimensions: int = 2, codes: np.ndarray | None = None, **settings: Any) -> Checkpoint:
    """A model of random weights with random codes, as if it had been opened."""
    small: dict[str, Any] = {"encoder_hidden": (8,), "decoder_hidden": (8,)}
    known = {field.name for field in dataclasses.fields(MODELS[kind].config)}
    fitting = {name: value for name, value in small.items() if name in known}
    model = build(kind, MODELS[kind].config(latent_dim=dimensions, **fitting, **settings)).eval()
    if codes is None:
        codes = np.random.default_rng(0).normal(size=(200, dimensions)).astype(np.float32)
    card = {"model": checkpoints.describe(kind, model), "dataset": {"name": "mnist"}}
    return Checkpoint("mine", model, card, Latents(codes, None, (np.arange(len(codes)) % 10).astype(np.uint8)))


@pytest.mark.parametrize("kind", MODELS)
@pytest.mark.parametrize("dimensions", [1, 2, 5])
def test_every_kind_has_a_portrait_without_weights(kind: str, dimensions: int) -> None:
    made = portrait.portrait_of(of(kind, dimensions))
    assert all(parameter.is_meta for parameter in made.model.parameters())
    assert made.grid.dtype == np.uint8 and made.grid.shape[2:] == (28, 28)
    assert made.grid.shape[:2] == ((10, 10) if kind == "cvae" else (8, 8))
    assert made.rings == (kind not in ("ae", "pca") and dimensions > 1)
    assert made.entry.kind == kind and made.entry.dataset == "mnist" and made.entry.title == "mine"


def test_the_grid_is_what_the_model_draws_at_the_middles_of_the_cells() -> None:
    opened = of("vae")
    made = portrait.portrait_of(opened)
    cell = 2 * made.window.half / 8
    z = np.array([made.window.x - made.window.half + 2.5 * cell, made.window.y + made.window.half - 0.5 * cell])
    drawn = np.rint(255 * portrait.latent.decode(opened.model, z[None])[0])
    assert np.abs(made.grid[0, 2] - drawn).max() <= 1


def test_a_row_of_a_conditional_model_is_one_class() -> None:
    opened = of("cvae")
    made = portrait.portrait_of(opened)
    middle = made.window.y
    left = float(np.quantile(made.points[:, 0], 0.05))
    drawn = portrait.latent.decode(opened.model, np.array([[left, middle]]), 7)[0]
    assert np.abs(made.grid[7, 0] - np.rint(255 * drawn)).max() <= 1


def test_the_window_shows_nearly_all_codes_and_no_outlier_shrinks_them() -> None:
    codes = np.random.default_rng(0).normal(size=(1000, 2)).astype(np.float32)
    codes[0] = 500, 500
    window = portrait.window_of(codes)
    inside = (np.abs(codes - (window.x, window.y)) <= window.half).all(1)
    assert inside.mean() > 0.97 and window.half < 5
    assert portrait.window_of(np.ones((50, 2), np.float32)).half > 0, "codes may lie on one spot"


def test_collapsed_codes_are_a_spot_within_the_prior_s_rings() -> None:
    codes = np.random.default_rng(0).normal(size=(200, 2), scale=0.01).astype(np.float32)
    assert portrait.portrait_of(of("vae", codes=codes)).window.half == 2.5
    assert portrait.portrait_of(of("ae", codes=codes)).window.half < 0.1, "which a plain autoencoder has not: it fills its map"


def test_dots_are_where_the_codes_are_in_the_colours_of_their_classes() -> None:
    points = np.array([[-0.5, 0.5], [0.5, -0.5], [0.5, -0.5], [9.0, 0.0]], np.float32)
    picture = portrait.dots(points, np.array([3, 4, 7], np.uint8).repeat([1, 1, 2]), Window(0, 0, 1), 101)
    assert picture.shape == (101, 101) and set(np.unique(picture)) == {0, 4, 8}
    assert picture[25, 25] == 4, "up and to the left: rows from the top"
    assert picture[75, 75] == 8, "of two on one spot the later one is seen, whole"
    assert (picture == 4).sum() == (picture == 8).sum()
    assert portrait.dots(points, np.array([13, 13, 13, 13], np.uint8), Window(0, 0, 1), 101)[25, 25] == 4, "colours begin again"


def test_a_dot_at_the_edge_is_cut_off_and_does_not_come_in_at_the_other_side() -> None:
    picture = portrait.dots(np.array([[-1.0, 1.0]], np.float32), np.array([0], np.uint8), Window(0, 0, 1), 64)
    assert picture[0, 0] == 1 and not picture[40:].any() and not picture[:, 40:].any()


def test_a_window_around_others_shows_them_all() -> None:
    both = Window(0, 0, 1).around(Window(3, 0.5, 2))
    assert both.x - both.half <= -1 and both.x + both.half >= 5 and both.y - both.half <= -1.5 and both.y + both.half >= 2.5
    assert both.half == 3


def test_a_pixel_of_the_model_is_a_square_on_the_sheet() -> None:
    grid = np.arange(2 * 3 * 4 * 5, dtype=np.uint8).reshape(2, 3, 4, 5)
    sheet = portrait.sheet(grid)
    factor = sheet.shape[1] // 15
    assert sheet.shape[1] >= portrait.GRID_PX and sheet.shape[0] == 8 * factor
    assert (sheet[4 * factor : 5 * factor, 5 * factor : 6 * factor] == grid[1, 1, 0, 0]).all()


def test_an_indexed_png_has_these_colours_on_nothing() -> None:
    drawn = Image.open(io.BytesIO(pictures.indexed_png(np.array([[0, 1, 10]], np.uint8), figures.CLASS_COLOURS))).convert("RGBA")
    pixels = np.asarray(drawn)
    assert pixels[0, 0, 3] == 0
    for column, colour in ((1, figures.CLASS_COLOURS[0]), (2, figures.CLASS_COLOURS[9])):
        assert bytes(pixels[0, column]).hex() == f"{colour[1:]}ff"


@pytest.mark.parametrize("card", [{}, {"title": 3, "description": [], "model": "x", "dataset": {"name": ["mnist"]}}, {"dataset": None}])
def test_an_entry_of_an_odd_card_is_an_entry(card: dict) -> None:
    assert portrait.entry_of("mine", card) == portrait.Entry("mine", "mine", "", "", "")


def test_an_entry_s_words_are_short() -> None:
    made = portrait.entry_of("mine", {"title": "a\nb" * 1000, "description": "\ud800" + "c" * 9000})
    assert len(made.title) == checkpoints.MAX_TITLE and "\n" not in made.title
    assert len(made.description) == checkpoints.MAX_DESCRIPTION and made.description.isprintable()


def test_pictures_are_made_once_for_each_version_of_the_files_and_no_model_stays_open(
    tmp_path: Path, checkpoint_root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(checkpoints, "CHECKPOINTS", tmp_path)
    shutil.copytree(checkpoint_root / "tiny", tmp_path / "mine")
    made: list[str] = []
    load = portrait.load

    def counted(name: str) -> portrait.Portrait:
        made.append(name)
        return load(name)

    monkeypatch.setattr(portrait, "load", counted)
    opened = dict(checkpoints._opened._values)
    stamp = checkpoints.stamps()["mine"]
    assert stamp == checkpoints.stamp("mine", tmp_path)
    first = caches.pictured("mine", stamp)
    assert caches.pictured("mine", stamp) is first and made == ["mine"]
    assert caches.map_within("mine", stamp, first.portrait.window).content == first.map.content
    checkpoints.describe_card("mine", "Another", "")
    again = caches.pictured("mine", checkpoints.stamps()["mine"])
    assert again.portrait.entry.title == "Another" and made == ["mine", "mine"]
    assert checkpoints._opened._values == opened
    (tmp_path / "mine" / "model.safetensors").write_bytes(b"damaged")
    with pytest.raises(CheckpointError, match="not a whole safetensors file"):
        caches.pictured("mine", checkpoints.stamps()["mine"])


def test_a_model_of_another_shape_has_a_portrait() -> None:
    made = portrait.portrait_of(of("vae", 2, shape=(1, 8, 12)))
    assert made.grid.shape == (8, 8, 8, 12)
    assert portrait.sheet(made.grid).shape[1] >= portrait.GRID_PX

"""Pairs for homework: who is with whom, what lies between them, the sheet read back, and the part of Explore's page."""

import io
import re
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from test_sheets import found
from visit import address, html, html_if_any, visit, words

from core import checkpoints, pair_sheet, pairs
from core.checkpoints import CheckpointError
from core.pairs import PAIRS, STEPS

NAME, TOLD = "vae-mnist-2d", "cvae-mnist-2d"
LABELS = np.random.default_rng(0).integers(10, size=400)


@pytest.mark.parametrize("seed", range(5))
def test_ten_pairs_of_one_class_and_ten_of_two(seed: int) -> None:
    same, different = pairs.choose(LABELS, seed)
    assert same.shape == different.shape == (PAIRS, 2)
    assert [tuple(pair) for pair in LABELS[same]] == [(c, c) for c in range(10)]
    assert (LABELS[different[:, 0]] != LABELS[different[:, 1]]).all()
    assert all(sorted(LABELS[side]) == list(range(10)) for side in different.T)
    assert len(np.unique(np.concatenate([same, different]))) == 4 * PAIRS  # no image twice


def test_a_seed_is_always_the_same_pairs_and_another_one_others() -> None:
    first, again, other = (np.concatenate(pairs.choose(LABELS, seed)) for seed in (3, 3, 4))
    assert np.array_equal(first, again) and not np.array_equal(first, other)


@pytest.mark.parametrize("classes", [2, 3, 4, 12, 47])
def test_few_and_many_classes(classes: int) -> None:
    labels = np.repeat(np.arange(classes), 30)
    same, different = pairs.choose(labels, 0)
    assert same.shape == different.shape == (PAIRS, 2)
    assert (labels[same[:, 0]] == labels[same[:, 1]]).all() and (same[:, 0] != same[:, 1]).all()
    assert (labels[different[:, 0]] != labels[different[:, 1]]).all()
    assert len(np.unique(labels[same[:, 0]])) == min(classes, PAIRS)


def test_where_there_are_no_pairs() -> None:
    one_class, all_different = pairs.choose(np.zeros(5, np.int64), 0), pairs.choose(np.arange(12), 0)
    assert one_class[0].shape == (PAIRS, 2) and one_class[1].shape == (0, 2)
    assert all_different[0].shape == (0, 2) and all_different[1].shape == (PAIRS, 2)


@pytest.mark.parametrize("name", [NAME, "vae-mnist-16d", TOLD])
def test_the_ways_are_those_of_a_computation_by_hand(name: str) -> None:
    """Each step decoded by itself; a conditional model told A's class up to the middle, then B's."""
    checkpoint = checkpoints.load(name)
    mu, labels = checkpoint.latents.mu, checkpoint.latents.label.astype(np.int64)
    images = np.random.default_rng(1).integers(256, size=(len(mu), 28, 28), dtype=np.uint8)
    made = pairs.between(checkpoint.model, mu, labels, images, 5)
    assert len(made.same) == len(made.different) == PAIRS
    for pair in (made.same[3], made.different[0], made.different[9]):
        a, b = pair.rows
        assert pair.labels == (labels[a], labels[b])
        assert pair.distance == pytest.approx(np.sqrt(((mu[a] - mu[b]) ** 2).sum()), rel=1e-5)
        assert np.allclose(pair.images * 255, images[[a, b]], atol=1e-4)
        for step in range(STEPS):
            share = step / (STEPS - 1)
            z = torch.tensor(mu[a] + share * (mu[b] - mu[a]), dtype=torch.float32)[None]
            told = torch.tensor([labels[a] if step <= 3 else labels[b]]) if name == TOLD else None
            with torch.no_grad():
                x_hat = checkpoint.model.decode(z, told)[0, 0].numpy()
            assert np.allclose(pair.decoded[step], x_hat, atol=1e-4), (pair.rows, step)
            assert np.allclose(pair.faded[step] * 255, (1 - share) * images[a] + share * images[b], atol=1e-2)


@pytest.mark.parametrize(
    ("words", "factor"), [(("Title", ["a note"] * 6, "credit"), 4), (("Title " * 99, ["note " * 99] * 3, "credit " * 99), 3)]
)
def test_the_sheet_is_one_a4_page_with_every_picture_in_its_place(words: tuple[str, list[str], str], factor: int) -> None:
    checkpoint = checkpoints.load(NAME)
    mu, labels = checkpoint.latents.mu, checkpoint.latents.label
    made = pairs.between(checkpoint.model, mu, labels, np.random.default_rng(1).integers(256, size=(len(mu), 28, 28), dtype=np.uint8), 5)
    names = [f"a class with a long name {label}" for label in range(10)]
    picture = Image.open(io.BytesIO(pair_sheet.printed(made, names, *words)))
    assert picture.size == (2480, 3508) and picture.info["dpi"] == pytest.approx((300, 300), abs=0.1)
    page = np.asarray(picture)
    tops = []
    for side, some in enumerate((made.same, made.different)):
        for pair in (some[0], some[9]):
            a, *steps, b = (place_of(x, page, factor) for x in (pair.images[0], *pair.decoded, pair.images[1]))
            faded = [place_of(x, page, factor) for x in pair.faded[1:-1]]  # its ends are A and B
            assert {top for top, _ in (a, *steps, b)} == {a[0]} and {top for top, _ in faded} == {a[0] + 28 * factor + 6}
            lefts = [left for _, left in steps]
            assert a[1] < lefts[0] and lefts == sorted(lefts) and lefts[-1] < b[1] and lefts[1:-1] == [left for _, left in faded]
            assert (a[1] > 1240) == bool(side)  # one kind on either half
            tops.append(a[0])
    assert tops[:2] == tops[2:] and tops[0] < tops[1]
    assert (page[:140] == 255).all() and (page[-100:] == 255).all() and (page[:, :140] == 255).all()


def place_of(image: np.ndarray, page: np.ndarray, factor: int) -> tuple[int, int]:
    """Where it is printed, so many dots a pixel, dark on white: from the top, from the left."""
    factor_top_left = found(page, (255 - np.rint(np.clip(image, 0, 1) * 255)) / 255, [factor])
    assert factor_top_left
    return factor_top_left[1:]


# --- on the page ---------------------------------------------------------------------------------------------------------------


@pytest.fixture
def data(mnist_like: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Test images are here, though others than MNIST's."""
    monkeypatch.setenv("LATENT_DATA", str(mnist_like))


@pytest.mark.usefixtures("data")
def test_nothing_is_computed_while_it_is_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pairs, "between", lambda *_: pytest.fail("computed"))
    app = visit("explore.py", {"checkpoint": NAME})
    assert not html_if_any(app, "pairs") and "pairs" not in address(app)


@pytest.mark.usefixtures("no_data")
def test_without_test_images_it_says_so() -> None:
    app = visit("explore.py", {"checkpoint": NAME, "pairs": "7"})
    assert "not on this machine" in words(app) and not html_if_any(app, "pairs")


@pytest.mark.usefixtures("data")
def test_a_link_opens_the_pairs_of_its_seed_and_another_seed_shows_others() -> None:
    app = visit("explore.py", {"checkpoint": NAME, "pairs": "7"})
    shown = html(app, "pairs")
    labels = checkpoints.load(NAME).latents.label
    rows = np.concatenate(pairs.choose(labels, 7)).ravel()
    said = re.findall(r"<figcaption>(.*?)</figcaption>", shown)
    assert said == [f"{labels[row]}<br>{row:,}" for row in rows]
    assert shown.count("<img") == 4 * 2 * PAIRS and address(app)["pairs"] == "7"
    app.number_input(key="explore_pairs_seed").set_value(8).run()
    assert html(app, "pairs") != shown and address(app)["pairs"] == "8"
    assert "is told the class" not in words(app)


@pytest.mark.usefixtures("data")
def test_of_a_conditional_model_it_says_what_that_is_told() -> None:
    assert "up to step 4 A’s, from step 5 on B’s" in words(visit("explore.py", {"checkpoint": TOLD, "pairs": "0"}))


@pytest.mark.usefixtures("data")
def test_what_cannot_be_made_is_said_without_a_stranger_s_markdown(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise CheckpointError("The card holds ![a picture](http://elsewhere.example/x.png).")

    monkeypatch.setattr(pairs, "between", refuse)
    app = visit("explore.py", {"checkpoint": NAME, "pairs": "7"})
    (said,) = [warning.value for warning in app.warning]
    assert "The card holds" in said and "![" not in said and "http://" not in said

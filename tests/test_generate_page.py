"""The Generate page through AppTest."""

import shutil
from pathlib import Path

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest
from visit import checked, html, visit

from core import checkpoints, latent, quality
from core.data.datasets import DATASETS, load
from core.generation import WAYS, Request, generate, judge
from pages.generating import by_image
from pages.images.gallery import uri
from pages.session.properties.generate import GENERATING

pytestmark = pytest.mark.usefixtures("no_data")


def run(**query: str) -> AppTest:
    """The page with this address, and few images; it must not raise."""
    return visit("generate.py", {"count": "3"} | query)


def go(app: AppTest) -> AppTest:
    """The page, drawn again."""
    return checked(app.run())


def text(app: AppTest) -> str:
    return "\n".join(part.value for part in app.markdown)


def test_every_tab_has_a_title() -> None:
    shown = run().segmented_control(key="generate_tab").options
    assert [title.format(nouns="digits") for title in GENERATING.values()] == shown
    assert run(checkpoint="vae-fashion-2d").segmented_control(key="generate_tab").options[0] == "New garments"


@pytest.mark.parametrize(
    ("name", "way"),
    [*(pytest.param(name, "codes", marks=pytest.mark.slow) for name in checkpoints.SHIPPED), *(("cvae-mnist-2d", way) for way in WAYS)],
)
def test_every_shipped_model_draws_and_a_model_draws_in_every_way(name: str, way: str) -> None:
    assert html(run(checkpoint=name, way=way), "generated").count("<figure>") == 3


@pytest.mark.parametrize(
    ("name", "way", "words"),
    [
        ("vae-mnist-2d", "prior", "the model’s prior"),
        ("beta-0-mnist-2d", "prior", "Nothing drew this model’s own codes towards it"),
        ("ae-mnist-2d", "prior", "has no prior"),
        ("vae-mnist-2d", "codes", "that image’s own posterior"),
        ("ae-mnist-2d", "codes", "Scott’s rule"),
        ("ae-mnist-2d", "image", "Scott’s rule"),
        ("vae-mnist-2d-collapsed", "prior", "so all of these look alike"),
        ("vae-mnist-2d-collapsed", "class", "so all of these look alike"),
        ("vae-fashion-2d", "class", "class **T-shirt**"),
        ("vae-fashion-2d", "image", "a garment of class **Ankle boot**"),
    ],
)
def test_what_is_drawn_is_said_in_words_that_are_true_of_the_model(name: str, way: str, words: str) -> None:
    assert words in text(run(checkpoint=name, way=way))


def test_only_of_collapsed_codes_all_images_are_said_to_be_alike() -> None:
    assert not [
        name for name in ("vae-mnist-2d", "beta-10-mnist-2d", "pca-mnist-2d") if "of these look alike" in text(run(checkpoint=name))
    ]


def test_another_seed_draws_other_images_and_goes_into_the_address() -> None:
    app = run()
    before = html(app, "generated")
    app.button(key="generate_again").click()
    go(app)
    assert html(app, "generated") != before and app.query_params["seed"]


def test_without_the_data_nothing_is_beside_the_images_and_a_download_is_offered() -> None:
    app = run()
    assert "<img" in html(app, "generated") and "nearest" not in html(app, "generated")
    assert any("MNIST, which is not on this machine" in box.value for box in app.info) and app.button(key="download-mnist")
    assert "Are they copied?" not in text(app)


def test_the_nearest_training_image_stands_beside_each_where_the_training_images_are_here() -> None:
    app = run(checkpoint="vae-digits-2d", way="codes", seed="4")
    drawn = html(app, "generated")
    train = load("digits", "train")
    images = generate(checkpoints.opened("vae-digits-2d"), Request("codes", 3, 4)).images
    squared = np.square(train.images[None] / 255 - images[:, None]).mean((2, 3))  # (3, N)
    for row, distance in zip(squared.argmin(1), np.sqrt(squared.min(1)), strict=True):
        assert f'alt="the nearest: training image {row:,}, {train.labels[row]}"' in drawn
        assert f"nearest: {train.labels[row]}, {100 * distance:.0f} % off" in drawn
        assert uri(train.images[row] / 255) in drawn
    assert f"most similar of {len(train.images):,} training images" in text(app)


def test_where_only_test_images_are_here_the_page_compares_with_those(mnist_like: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LATENT_DATA", str(mnist_like))
    app = run()
    assert "the nearest: test image" in html(app, "generated") and "most similar of 10,000 test images of MNIST" in text(app)
    assert not app.info


def test_around_an_image_that_image_is_shown_where_it_is_here(mnist_like: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    opened = checkpoints.opened("vae-mnist-2d")
    decoded = uri(latent.decode(opened.model, opened.latents.mu[5:6])[0])
    assert html(run(way="image", image="5"), "start").count("<img") == 1
    monkeypatch.setenv("LATENT_DATA", str(mnist_like))
    start = html(run(way="image", image="5"), "start")
    assert decoded in start and uri(load("mnist", "test").images[5] / 255) in start


def test_damaged_data_become_a_sentence(mnist_like: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.copytree(mnist_like, tmp_path / "data")
    (file,) = (tmp_path / "data" / "MNIST" / "raw").glob("*images*")
    file.write_bytes(b"nonsense")
    monkeypatch.setenv("LATENT_DATA", str(tmp_path / "data"))
    app = run()
    assert len(app.error) == 1 and str(tmp_path) not in app.error[0].value and "nearest" not in html(app, "generated")


def test_the_classifier_says_what_each_image_shows() -> None:
    images = generate(checkpoints.opened("vae-mnist-2d"), Request("prior", 3, 0)).images
    probabilities = quality.class_probabilities(checkpoints.load_classifier("mnist").model, images)
    drawn = html(run(), "generated")
    for row in probabilities:
        assert f"<figcaption>{by_image.verdict(row, DATASETS['mnist'].classes)}<" in drawn


@pytest.mark.parametrize(
    ("probabilities", "words"),
    [
        ([0.0, 0.98, 0.02], "b, 98 %"),
        ([0.9996, 0.0004, 0.0], "a, over 99 %"),
        ([0.9, 0.05, 0.05], "a? 90 %"),
        ([0.31, 0.17, 0.52], "c or a? 52 %, 31 %"),
    ],
)
def test_a_verdict_is_said_in_a_few_words(probabilities: list[float], words: str) -> None:
    assert by_image.verdict(np.array(probabilities), ("a", "b", "c")) == words


@pytest.mark.parametrize(("name", "learned"), [("vae-fashion-2d", "Fashion-MNIST"), ("vae-digits-2d", "scikit-learn digits")])
def test_of_other_images_the_classifier_says_nothing_and_the_page_says_so(name: str, learned: str) -> None:
    app = run(checkpoint=name)
    assert any(f"knows only MNIST, and this model learned from {learned}" in caption.value for caption in app.caption)
    assert not app.metric and not app.get("plotly_chart")


def test_a_damaged_classifier_becomes_a_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.copytree(checkpoints.CLASSIFIERS_ROOT, tmp_path / "classifiers")
    (tmp_path / "classifiers" / "mnist" / "model.safetensors").write_bytes(b"nonsense")
    monkeypatch.setattr(checkpoints, "CLASSIFIERS_ROOT", tmp_path / "classifiers")
    app = run()
    (said,) = [caption.value for caption in app.caption if "the classifier cannot be used" in caption.value]
    assert str(tmp_path) not in said and not app.metric and html(app, "generated").count("<figure>") == 3


def test_the_model_is_judged_by_a_thousand_draws_of_the_same_kind() -> None:
    app = run(temperature="0.5", seed="3")
    found = judge(checkpoints.opened("vae-mnist-2d"), checkpoints.load_classifier("mnist").model, Request("prior", 3, 3, 0.5))
    sure, even = app.metric
    assert sure.value == f"{100 * found.verdict.confident:.0f} %" and even.value == f"{found.verdict.entropy_bits:.2f} of 3.32 bits"
    low, high = (100 * share for share in found.confident_between)
    assert any(f"{low:.1f} to {high:.1f}\u00a0%, with a confidence of 95\u00a0%" in caption.value for caption in app.caption)
    assert app.get("plotly_chart") and html(app, "doubtful").count("<figure>") == 12
    app.number_input(key="generate_seed").set_value(9)
    assert go(app).metric[0].value == sure.value, "the model is judged, not the seed"
    app.slider(key="generate_temperature").set_value(2.0)
    assert go(app).metric[0].value != sure.value


@pytest.mark.parametrize(
    ("query", "titles"),
    [
        ({}, ["How evenly the classes come"]),
        ({"way": "class", "class": "8"}, ["Come out as 8"]),
        ({"way": "image", "image": "0"}, ["Come out as 7"]),
        ({"checkpoint": "cvae-mnist-2d"}, ["How evenly the classes come", "Come out as asked"]),
        ({"checkpoint": "cvae-mnist-2d", "draw_as": "0"}, ["Come out as 0"]),
    ],
)
def test_where_a_class_is_meant_a_figure_says_how_often_it_comes_in_place_of_how_evenly_all_do(
    query: dict[str, str], titles: list[str]
) -> None:
    assert [metric.label for metric in run(**query).metric] == ["Look like a digit", *titles]


def test_what_the_classifier_is_worth_is_said_from_its_card() -> None:
    metrics = checkpoints.load_classifier("mnist").card["metrics"]
    (said,) = [caption.value for caption in run().caption if "be trusted" in caption.value]
    for name in ("accuracy_percent", "calibration_error_percent"):
        assert f"{metrics[name]['value']:.1f} " in said


def test_a_conditional_model_is_asked_for_a_class() -> None:
    app = run(checkpoint="cvae-mnist-2d", draw_as="4")
    assert html(app, "generated").count("<figcaption>asked for 4: ") == 3
    assert not [box for box in run().selectbox if box.label == "Draw as"]

"""The Reconstruct page through AppTest: every source of an image, every kind of model, what may be missing or wrong."""

import io
import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from unittest.mock import Mock

import numpy as np
import pytest
import torch
from live import until
from PIL import Image
from streamlit.testing.v1 import AppTest
from visit import by_label, checked, html, html_if_any, visit, words

from core import checkpoints, latent, reconstruction, refine
from core.checkpoints import Latents
from core.data import datasets, photo
from core.data.normalizing import made_small
from core.models import MODELS, build
from core.models.autoencoder import AutoencoderConfig
from core.models.vae import VAEConfig
from pages.reconstructing import every_model
from pages.session import caches
from pages.session.words import ONE_ENCODER, why_refined

pytestmark = pytest.mark.usefixtures("no_data")


@pytest.fixture(scope="module", autouse=True)
def few_to_compare_with() -> Iterator[None]:
    """A gauge of 200 test images, not of 1,000 (half a second for each model), but where it is looked at."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(caches, "GAUGE_IMAGES", 200)
        caches._test_losses_nats.clear()
        yield
    caches._test_losses_nats.clear()


@pytest.fixture
def mnist(mnist_like: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """MNIST's test images, but not its training images."""
    monkeypatch.setenv("LATENT_DATA", str(mnist_like))


def run(**state: object) -> AppTest:
    """The page, once, with this in the session; it must not raise."""
    return visit("reconstruct.py", session=state)


def losses(app: AppTest) -> list[float]:
    """The cross-entropies of the rows, from the top."""
    return [float(found.replace("−", "-")) for found in re.findall(r"Cross-entropy</td><td>([\d.−]+) nats", html_if_any(app, "rows"))]


def picture(app: AppTest) -> str:
    """The image's data URI."""
    found = re.search(r'src="([^"]+)"', html(app, "image"))
    assert found is not None
    return found[1]


def as_bytes(pixels: np.ndarray, kind: str = "PNG") -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, kind)
    return buffer.getvalue()


def save_model(root: Path, name: str, kind: str, dataset: str = "mnist", dimensions: int = 3, rows: int = 50, seed: int = 0) -> None:
    """A checkpoint with random weights and random codes."""
    codes = np.random.default_rng(0).normal(size=(rows, dimensions))
    has_posterior = kind in ("vae", "cvae", "conv-vae", "lesson-vae")
    latents = Latents(codes, np.zeros_like(codes) if has_posterior else None, np.arange(rows) % 10)
    model = build(kind, MODELS[kind].config(latent_dim=dimensions), seed).eval()
    model.set_mean_image(torch.full((1, 28, 28), (1 + seed * 7 % 13) / 20))  # each draws another grey
    checkpoints.save(root / name, kind, model, {"dataset": {"name": dataset}}, latents)


def test_rows_show_what_the_core_computes(mnist: None) -> None:
    app = run()
    x = datasets.to_ink(datasets.load("mnist", "test").images[0])
    model = checkpoints.load("vae-mnist-2d").model
    principal, fitted_on = caches.principal("mnist")
    expected = [reconstruction.by_model(model, x), reconstruction.by_pca(principal.first(2), x)]
    assert losses(app)[:2] == pytest.approx([made.scores.loss_nats for made in expected], abs=0.06)
    rows = html(app, "rows")
    assert fitted_on == "10,000 test images of MNIST" and fitted_on in rows
    assert "error map" in rows and "loss of each pixel" in rows and "ink left out" in rows and "ink invented" in rows
    assert f"z<sub>1</sub>{expected[0].code[0]:.2f}".replace("-", "−") in rows
    assert "MNIST, test image 0" in html(app, "image")


def test_pca_learns_from_the_training_images_where_they_are() -> None:
    assert caches.principal("digits")[1] == "1,437 training images of scikit-learn digits"
    assert caches.principal("mnist")[1] == caches.principal("a stranger's data set")[1] == "1,437 training images of scikit-learn digits"


def test_a_fresh_clone_shows_other_digits_and_says_so() -> None:
    app = run()
    assert "scikit-learn digits, test image 0" in html(app, "image") and len(losses(app)) >= 2
    assert "MNIST, which the model learnt from, is not on this machine" in words(app) and app.button(key="download-mnist")
    assert "needs the test images of MNIST" in words(app) and not app.get("plotly_chart")


def test_a_data_set_that_is_not_here_is_offered_and_nothing_else_shown() -> None:
    app = run()
    app.selectbox(key="reconstruct_dataset").set_value("kmnist")
    checked(app.run())
    assert "KMNIST is not on this machine" in words(app) and app.button(key="download-kmnist") and not html_if_any(app, "rows")


def test_class_number_and_another_one(mnist: None) -> None:
    app = run()
    labels = datasets.load("mnist", "test").labels
    app.selectbox(key="reconstruct_class-mnist").set_value(4)
    checked(app.run())
    first = html(app, "image")
    assert f"test image {np.flatnonzero(labels == 4)[0]:,}: 4" in first
    app.button(key="reconstruct_another").click()
    checked(app.run())
    assert html(app, "image") != first and ": 4</figcaption>" in html(app, "image")
    app.number_input(key="reconstruct_number-mnist-4").set_value(2)
    checked(app.run())
    assert f"test image {np.flatnonzero(labels == 4)[2]:,}: 4" in html(app, "image")


def test_gauge_knows_a_digit_from_what_is_none(mnist: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(caches, "GAUGE_IMAGES", 1_000)
    caches._test_losses_nats.clear()
    app = run()
    said = re.search(r"Stranger than ([\d.]+) %", words(app))
    assert said is not None
    share = float(said[1])
    reference = caches.test_losses_nats("vae-mnist-2d", "mnist")
    assert len(reference) == caches.GAUGE_IMAGES and (np.diff(reference) >= 0).all()
    x = datasets.to_ink(datasets.load("mnist", "test").images[:1])
    value = reconstruction.negative_elbo_each_nats(checkpoints.load("vae-mnist-2d").model, x)[0]
    assert share == pytest.approx(100 * (reference < value).mean(), abs=2)
    assert len(app.get("plotly_chart")) == 1 and "−ELBO" in words(app)
    app.segmented_control(key="reconstruct_kind").set_value("upload").run()
    noise = np.random.default_rng(0).integers(0, 256, (28, 28)).astype(np.uint8)
    app.file_uploader(key="reconstruct_file").upload("noise.png", as_bytes(noise), "image/png").run()
    assert "Stranger than all 1,000 MNIST test images" in words(checked(app))


@pytest.mark.parametrize("kind", ["PNG", "BMP", "TIFF"])
def test_an_upload_of_28_pixels_goes_through_untouched_as_it_is(mnist: None, kind: str) -> None:
    test = run()
    app = run(reconstruct_kind="upload")
    assert not html_if_any(app, "rows")
    pixels = datasets.load("mnist", "test").images[0]
    app.file_uploader(key="reconstruct_file").upload(f"<b>seven.{kind.lower()}", as_bytes(pixels, kind)).run()
    pills = by_label(checked(app).button_group, "Use it")
    pills.set_value("As it is").run()
    assert picture(checked(app)) == picture(test) and losses(app) == losses(test)
    assert "<figcaption>&lt;b&gt;seven." in html(app, "image")
    app.file_uploader(key="reconstruct_file").clear().run()
    assert not html_if_any(checked(app), "rows")


def test_28_pixels_that_are_not_mnists_are_taken_as_a_digit_or_as_they_are(mnist: None) -> None:
    digit = photo.whole_drawing(datasets.load("digits", "test").images[0] / 255)
    assert digit is not None
    seven = np.rint(255 * digit.x[0]).astype(np.uint8)
    app = run(reconstruct_kind="upload")
    app.file_uploader(key="reconstruct_file").upload("seven.png", as_bytes(seven)).run()
    assert "already in MNIST's form" in words(checked(app)) and not [group for group in app.button_group if group.label == "Use it"]
    right = picture(app)
    app.file_uploader(key="reconstruct_file").upload("off.png", as_bytes(np.roll(seven, -4, 0))).run()
    pills = by_label(checked(app).button_group, "Use it")
    assert list(pills.options) == ["As a digit", "As it is"] and "Normalised:" in words(app)
    normalised = picture(app)
    pills.set_value("As it is").run()
    assert "nothing was moved" in words(checked(app)) and len({right, normalised, picture(app)}) >= 2 and picture(app) != normalised


def test_a_page_of_digits_is_cut_and_can_be_taken_whole() -> None:
    paper = np.full((160, 300), 255, np.uint8)
    for place, row in enumerate((0, 3)):
        large = np.kron(datasets.load("digits", "test").images[row], np.ones((4, 4), np.uint8))
        paper[24:136, 20 + 150 * place : 132 + 150 * place] = 255 - large
    app = run(reconstruct_kind="upload")
    app.file_uploader(key="reconstruct_file").upload("page.png", as_bytes(paper), "image/png").run()
    pills = by_label(checked(app).button_group, "Digit")
    assert list(pills.options) == ["1", "2", "Whole picture"] and "page.png: digit 1" in html(app, "image")
    first = picture(app)
    pills.set_value("2").run()
    second = picture(checked(app))
    pills = by_label(app.button_group, "Digit")
    pills.set_value("Whole picture").run()
    assert len({first, second, picture(checked(app))}) == 3 and "page.png: whole picture" in html(app, "image")


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", ""),
        (b"no image at all", ""),
        (as_bytes(np.zeros((40, 40), np.uint8)), "all of its pixels are the same"),
        (b"\x89PNG\r\n\x1a\n", ""),
    ],
)
def test_an_upload_that_is_no_image_gets_a_sentence(data: bytes, said: str) -> None:
    app = run(reconstruct_kind="upload")
    app.file_uploader(key="reconstruct_file").upload("what.png", data, "image/png").run()
    assert len(checked(app).error) == 1 and said in app.error[0].value and not html_if_any(app, "rows")


def test_a_large_picture_is_made_small_by_its_means() -> None:
    image = np.random.default_rng(0).random((56, 112), np.float32)
    small = made_small(image)[0]
    assert small.shape == (28, 28) and (small[:7] == 0).all() and (small[21:] == 0).all()
    assert small[7:21] == pytest.approx(image.reshape(14, 4, 28, 4).mean((1, 3)), abs=1e-5)
    for shape in ((3, 500), (500, 3), (1, 1), (29, 28)):
        assert made_small(np.ones(shape, np.float32)).shape == (1, 28, 28)


def test_a_drawing_is_reconstructed_and_an_empty_sheet_says_what_to_do() -> None:
    app = run(reconstruct_kind="draw")
    assert "Draw a digit" in words(app) and not html_if_any(app, "rows")
    x = datasets.load("digits", "test").images[:1].astype(np.float32) / 255
    app = run(reconstruct_kind="draw", reconstruct_drawing=x)
    assert losses(app) == losses(run()) and "Your drawing" in html(app, "image")


def test_a_generated_digit_has_a_seed(mnist: None) -> None:
    app = run(reconstruct_kind="generate")
    first = picture(app)
    assert "Generated by vae-mnist-2d" in html(app, "image") and picture(run(reconstruct_kind="generate")) == first
    app.button(key="reconstruct_draw").click().run()
    assert picture(checked(app)) != first
    app.number_input(key="reconstruct_seed").set_value(0).run()
    assert picture(checked(app)) == first


def test_inventions_of_a_model_without_a_prior_lie_where_its_codes_lie(own_checkpoints: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    spread = np.array([[2.0, 0.0, 0.0], [1.0, 0.5, 0.0], [0.0, 0.0, 0.1]])
    codes = (np.array([10.0, -5.0, 3.0]) + np.random.default_rng(0).normal(size=(500, 3)) @ spread.T).astype(np.float32)
    model = build("ae", AutoencoderConfig(latent_dim=3, encoder_hidden=(8,), decoder_hidden=(8,))).eval()
    checkpoints.save(own_checkpoints / "plain", "ae", model, {}, Latents(codes, None, np.arange(500) % 10))
    draw = Mock(return_value=[None])
    monkeypatch.setattr(latent, "decode", draw)
    checkpoint = checkpoints.load("plain")
    for seed in range(3000):
        latent.invent(checkpoint.model, checkpoint.latents.mu, seed)
    found = np.concatenate([z for (_, z, _), _ in draw.call_args_list])
    assert found.mean(0) == pytest.approx(codes.mean(0), abs=0.15)
    assert np.cov(found.T) == pytest.approx(np.cov(codes.T), abs=0.4)


def test_more_noise_goes_farther_and_again_draws_others(mnist: None) -> None:
    app = run()
    strip = html(app, "neighbours")
    latents = checkpoints.load("vae-mnist-2d").latents
    assert latents.logvar is not None
    own = np.median(np.exp(0.5 * latents.logvar) / latents.mu.std(0))
    assert app.slider(key="reconstruct_sigma-vae-mnist-2d").value == round(float(own), 2) == 0.01
    assert f"typically σ\u00a0=\u00a0{own:.2g}" in words(app) and "another digit" in words(app)
    assert strip.count("<img") == 9 and "no noise" in strip
    app.button(key="reconstruct_again").click().run()
    assert html(checked(app), "neighbours") != strip
    app.slider(key="reconstruct_sigma-vae-mnist-2d").set_value(0.0).run()
    assert len(set(re.findall(r'src="([^"]+)"', html(checked(app), "neighbours")))) == 1


@pytest.mark.parametrize("kind", MODELS)
@pytest.mark.parametrize("dimensions", [1, 8, pytest.param(20, marks=pytest.mark.slow)])
def test_every_kind_of_model(own_checkpoints: Path, mnist: None, kind: str, dimensions: int) -> None:
    save_model(own_checkpoints, "other", kind, dimensions=dimensions)
    app = run(reconstruct_kind="test")
    app.session_state.checkpoint = "other"
    checked(app.run())
    rows = html(app, "rows")
    assert MODELS[kind].title in rows and ("told the class" in rows) == (kind == "cvae")
    assert ("aria-label" in rows) == (dimensions > 8)
    variational = kind in ("vae", "cvae", "conv-vae", "lesson-vae")
    assert ("−ELBO" in words(app)) == variational and "Stranger" in words(app)
    assert ("trained with noise in its codes" in words(app)) == variational
    assert ("trained without noise in its codes" in words(app)) == (kind in ("ae", "aae"))
    assert ('<div class="title">PCA</div>' in html(app, "rows")) == (kind != "pca"), "which would stand there twice"
    assert ("it draws in straight lines" in words(app)) == (kind == "pca")
    assert ("in quite another style" in words(app)) == (kind == "cvae") and ("another digit" in words(app)) == (kind != "cvae")
    app.session_state.reconstruct_kind = "generate"
    assert "Generated by other" in html(checked(app.run()), "image")
    assert ("asked for" in html(app, "image")) == (kind == "cvae")


def test_an_encoder_that_is_bayes_rule_is_not_said_to_be_one_for_all_images() -> None:
    said = [why_refined(checkpoints.load(name).model) for name in ("vae-mnist-2d", "beta-1-mnist-2d")]
    assert ["Bayes’ rule" in one for one in said] == [True, False] and [ONE_ENCODER in one for one in said] == [False, True]


def test_a_class_of_other_data_is_not_told(own_checkpoints: Path) -> None:
    save_model(own_checkpoints, "told", "cvae", dataset="mnist")
    app = run()
    app.session_state.checkpoint = "told"
    assert "told the class" not in html(checked(app.run()), "rows")


def test_the_lessons_network_is_there_or_missed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if "lesson-autoencoder" in checkpoints.available(checkpoints.RESTORERS_ROOT):
        assert "128 numbers" in html(run(), "rows") and len(losses(run())) == 3
    monkeypatch.setattr(checkpoints, "RESTORERS_ROOT", tmp_path)
    app = run()
    assert len(losses(app)) == 2 and "AI for Beginners is left out" in words(app)


def test_every_model_is_shown_only_when_asked_the_best_first(own_checkpoints: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(every_model, "MOST_MODELS", 12)
    for number in range(12):
        save_model(own_checkpoints, f"m{number:02d}", "ae", dimensions=2, seed=number)
    (own_checkpoints / "m03" / "model.safetensors").write_bytes(b"?")
    app = run()
    assert not html_if_any(app, "every-model")
    app = run(reconstruct_every=True)
    shown = html(app, "every-model")
    nats = [float(value) for value in re.findall(r"<figcaption>[^<]+ · ([\d.]+) nats", shown)]
    assert nats == sorted(nats) and len(set(nats)) == 11 and "m03 is left out" in words(app) and "first 12 of 13" in words(app)


def test_a_card_without_a_data_set_has_no_gauge(own_checkpoints: Path) -> None:
    model = build("vae", VAEConfig(encoder_hidden=(8,), decoder_hidden=(8,))).eval()
    codes = np.zeros((4, 2))
    checkpoints.save(own_checkpoints / "stray", "vae", model, {"dataset": "?"}, Latents(codes, codes, np.arange(4)))
    app = run()
    app.session_state.checkpoint = "stray"
    assert "does not say which data set" in words(checked(app.run())) and losses(app)


def test_without_any_checkpoint_the_page_says_what_to_do(own_checkpoints: Path) -> None:
    shutil.rmtree(own_checkpoints / "vae-mnist-2d")
    assert "Train one" in run().info[0].value


def test_damaged_images_get_a_sentence(mnist_like: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = tmp_path / "damaged"
    shutil.copytree(mnist_like, root)
    images = root / "MNIST" / "raw" / "t10k-images-idx3-ubyte"
    images.write_bytes(images.read_bytes()[:-1])
    monkeypatch.setenv("LATENT_DATA", str(root))
    app = run()
    assert "Delete this file" in app.error[0].value
    app = run(reconstruct_kind="generate")  # then PCA and gauge need them
    assert "PCA is left out" in words(app) and "Delete this file" in words(app) and len(losses(app)) >= 1


def test_a_rerun_computes_nothing_heavy_again(mnist: None, monkeypatch: pytest.MonkeyPatch) -> None:
    app = run()

    def refuse(*_: object) -> None:
        raise AssertionError("computed again")

    monkeypatch.setattr(reconstruction, "pca", refuse)
    monkeypatch.setattr(checkpoints, "load", refuse)
    monkeypatch.setattr(checkpoints, "load_restorer", refuse)
    monkeypatch.setattr(datasets, "load", refuse)
    app.button(key="reconstruct_another").click().run()
    assert len(losses(checked(app))) >= 2


# --- refining ---------------------------------------------------------------------------------------------------------------------


def written(app: AppTest) -> set[str]:
    """The words in the charts."""
    layouts = (json.loads(chart.proto.spec)["layout"] for chart in app.get("plotly_chart"))
    return {annotation["text"] for layout in layouts for annotation in layout.get("annotations", [])}


def refined(app: AppTest) -> AppTest:
    """Press the button and wait for the work."""
    app.button(key="reconstruct_refine").click()
    checked(app.run())
    until(lambda: app.session_state["reconstruct_refined"].done)
    return checked(app.run())


def test_refining_says_the_nats_that_core_finds_and_shows_the_walk(mnist: None) -> None:
    app = run()
    assert "<b>refined</b>" not in written(app)
    refined(app)
    x = datasets.to_ink(datasets.load("mnist", "test").images[0])
    found = refine.refine_image(checkpoints.load("vae-mnist-2d").model, x)
    before, after = float(found.cost_before_nats[0]), float(found.cost_after_nats[0])
    digits = 1 if before - after >= 1 else 2
    costs = f"{before:.{digits}f} → {after:.{digits}f} nats"
    assert f"**{before - after:.{digits}f} nats** more than the best code near it ({costs}, −ELBO)" in words(app)
    assert "amortization gap" in words(app) and "Computed by the server" in words(app)
    assert html(app, "refined").count("<img") == 3
    assert {"<b>the encoder’s answer</b>", "<b>refined</b>"} <= written(app)
    app.button(key="reconstruct_another").click()
    checked(app.run())
    assert not html_if_any(app, "refined") and app.button(key="reconstruct_refine"), "that was another picture"


@pytest.mark.parametrize(("kind", "dimensions"), [("ae", 1), ("aae", 3), ("pca", 2), ("cvae", 2), ("lesson-vae", 2)])
def test_refining_says_what_is_true_of_each_kind(own_checkpoints: Path, mnist: None, kind: str, dimensions: int) -> None:
    save_model(own_checkpoints, "other", kind, dimensions=dimensions)
    app = refined(run(checkpoint="other"))
    said = words(app)
    assert ("amortization gap" in said) <= (kind in ("cvae", "lesson-vae"))
    assert ("steps uphill (Adam) on the code z," in said) == (kind in ("ae", "aae", "pca"))
    assert ("was told the image’s class" in said) == (kind == "cvae")
    if "found nothing better" not in said:
        assert ("course’s mistaken loss" in said) == (kind == "lesson-vae")
        assert ("Nothing keeps the code near the prior" in said) == (kind == "aae")
        assert ("PCA’s code" in said) == (kind == "pca")
        assert ("picture is nearer to the image: it misses" in said) == (kind in ("ae", "aae", "pca"))


def test_a_climb_that_gains_nothing_says_so(own_checkpoints: Path, mnist: None) -> None:
    config = VAEConfig(encoder_hidden=(), decoder_hidden=())
    model = build("vae", config)
    for parameter in model.parameters():
        parameter.data.zero_()  # every posterior is the prior, which the decoder does not look at
    checkpoints.save(
        own_checkpoints / "other", "vae", model, {"dataset": {"name": "mnist"}}, Latents(np.zeros((50, 2)), None, np.arange(50) % 10)
    )
    app = refined(run(checkpoint="other"))
    assert "found nothing better" in words(app) and not html_if_any(app, "refined")

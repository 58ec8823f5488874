"""The Super-resolution page through AppTest, with tiny stand-ins for the networks; and what it computes on its own."""

import io
import re
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from live import until
from PIL import Image
from streamlit.testing.v1 import AppTest
from streamlit.testing.v1.element_tree import Element
from visit import by_label, checked, html, html_if_any, visit, words

from core import checkpoints, enlarging, metrics, restore
from core.models import build_restorer
from core.models.restoration import LessonConfig, RestorerConfig, UpscalerConfig
from pages.enlarging import whole_picture
from pages.enlarging.comparing import figures_of
from pages.images import gallery
from pages.session import downloads, link

STANDINS: dict[str, tuple[str, RestorerConfig]] = {
    "upscaler-x2": ("upscaler", UpscalerConfig(2, (4,), (1,))),
    "upscaler-x4": ("upscaler", UpscalerConfig(4, (4, 4), (1, 1))),
    "lesson-upscaler": ("lesson", LessonConfig("enlarge")),
}


@pytest.fixture(scope="module")
def standins(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Untrained restorers under the shipped ones' names, and cards with figures."""
    root = tmp_path_factory.mktemp("restorers")
    for name, (kind, config) in STANDINS.items():
        card = {"metrics": {"psnr_db": {"value": 12.34}, "ssim": {"value": 0.567}}}
        checkpoints.save(root / name, kind, build_restorer(kind, config, seed=1), card)
    return root


@pytest.fixture(autouse=True)
def restorers(standins: Path, tmp_path: Path, mnist_like: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the stand-ins that a test may damage; test images that look like MNIST's."""
    root = tmp_path / "restorers"
    shutil.copytree(standins, root)
    monkeypatch.setattr(checkpoints, "RESTORERS_ROOT", root)
    monkeypatch.setenv("LATENT_DATA", str(mnist_like))
    downloads._jobs.clear()
    return root


def run(tab: str = "one", **state: object) -> AppTest:
    """The page, once, at one of its tabs, with this in the session; it must not raise."""
    return visit("super_resolution.py", session={"sr_tab": tab, **state})


def turn_to(app: AppTest, tab: str) -> AppTest:
    """The same page at another tab."""
    app.button_group(key="sr_tab").set_value(tab)
    return checked(app.run())


def titles(body: str) -> list[str]:
    return re.findall(r'<div class="title">(.*?)</div>', body)


def figures(body: str) -> dict[str, list[str]]:
    """Title -> its PSNR and SSIM, with the star of the best."""
    cells = body.split('<div class="title">')[1:]
    return {
        cell.split("</div>")[0]: re.findall(r"</span>(?:<b[^>]*>)?(.*?)(?:</b>)?</div>", cell) for cell in cells if 'class="figure"' in cell
    }


def png(pixels: np.ndarray) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "PNG")
    return buffer.getvalue()


def test_x2_shows_every_way_and_x4_leaves_the_lessons_out() -> None:
    app = run()
    expected = ["Small", "Nearest", "Bicubic", "Lanczos", "Course network", "Our model", "Original"]
    assert titles(html(app, "enlarged")) == expected and "14 × 14 pixels" in html(app, "enlarged")
    assert html(app, "enlarged").count("<img") == 7 and html(app, "error-map").count("<img") == 1
    app.button_group(key="sr_factor").set_value(4).run()
    assert not app.exception
    assert titles(html(app, "enlarged")) == [title for title in expected if "Course" not in title]
    assert "7 × 7 pixels" in html(app, "enlarged")


def test_figures_are_those_of_the_metrics_and_the_best_is_starred() -> None:
    app = run()
    shown = figures(html(app, "enlarged"))
    x = image(0)
    small = x.reshape(14, 2, 14, 2).mean((1, 3))
    values = {}
    for name in ("nearest", "bicubic", "lanczos", "lesson-upscaler", "upscaler-x2"):
        x_hat = torch.from_numpy(restore.enlarge(small, name, 2))[None, None]
        pair = (x_hat, torch.from_numpy(x)[None, None])
        values[name] = (metrics.psnr_db(*pair).item(), metrics.ssim(*pair).item())
    best = [max(column) for column in zip(*values.values(), strict=True)]
    for cells, (psnr, ssim) in zip(shown.values(), values.values(), strict=True):
        assert cells == ["★ " * (psnr == best[0]) + f"{psnr:.1f} dB", "★ " * (ssim == best[1]) + f"{ssim:.3f}"]
    assert sum(cell.startswith("★") for cells in shown.values() for cell in cells) == 2


def image(row: int) -> np.ndarray:
    from core.data.datasets import load

    return load("mnist", "test").images[row].astype(np.float32) / 255


def test_ten_digits_with_their_means_and_the_cards_figures() -> None:
    app = run("ten")
    body = html(app, "ten")
    assert body.count("<img") == 40 and all(f'alt="Our model: {digit}"' in body for digit in range(10))
    assert "12.3 dB and 0.567" in words(app)
    digits = np.stack([image(row) for row in first_of_each()])
    mean = enlarging.compare(digits, 2).by["bicubic"].psnr_db.mean()
    assert figures(body)["Bicubic"][0].endswith(f"{mean:.1f} dB")
    app.button_group(key="sr_factor_ten").set_value(4).run()
    assert "7 × 7 pixels" in html(app, "ten")
    assert "14 × 14 pixels" in html(turn_to(app, "one"), "enlarged"), "the tabs do not share their factor"
    assert "7 × 7 pixels" in html(turn_to(app, "ten"), "ten"), "and each keeps its own"


def first_of_each() -> list[int]:
    from core.data.datasets import load

    labels = load("mnist", "test").labels.tolist()
    return [labels.index(digit) for digit in range(10)]


def test_noise_is_the_seeds_and_another_draw_is_another() -> None:
    app = run("noise")
    first = html(app, "noise")
    assert first.count("<img") == 18 and "hallucination" in words(app)
    again = by_label(app.button, "Draw again")
    again.click().run()
    second = html(app, "noise")
    assert app.number_input(key="sr_noise_seed").value == 1 and second != first
    app.number_input(key="sr_noise_seed").set_value(0).run()
    assert html(app, "noise") == first
    app.button_group(key="sr_noise").set_value("gaussian").run()
    assert html(app, "noise") not in (first, second) and not app.exception


def test_a_missing_network_is_said_and_the_rest_is_shown(restorers: Path) -> None:
    shutil.rmtree(restorers / "upscaler-x2")
    shutil.rmtree(restorers / "upscaler-x4")
    app = run()
    assert titles(html(app, "enlarged"))[-2:] == ["Course network", "Original"] and not html_if_any(app, "error-map")
    assert app.warning[0].value.startswith("Our model is left out. There is no checkpoint named")
    assert len(app.warning) == 1
    assert titles(html(turn_to(app, "ten"), "ten")) == ["Small", "Bicubic", "Original"] and len(app.warning) == 1
    assert not html_if_any(turn_to(app, "noise"), "noise") and len(app.warning) == 1


def test_a_damaged_network_is_said_with_its_file(restorers: Path) -> None:
    weights = restorers / "lesson-upscaler" / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:100])
    app = run()
    assert "Course network is left out." in app.warning[0].value and "model.safetensors" in app.warning[0].value
    assert "Our model" in titles(html(app, "enlarged"))


def test_a_network_that_comes_later_is_used(restorers: Path, standins: Path) -> None:
    shutil.rmtree(restorers / "upscaler-x2")
    app = run()
    assert app.warning
    shutil.copytree(standins / "upscaler-x2", restorers / "upscaler-x2")
    app.run()
    assert not app.warning and "Our model" in titles(html(app, "enlarged"))
    assert "Our model" in titles(html(turn_to(app, "ten"), "ten")) and not app.warning


def test_without_mnist_the_page_works_and_offers_it_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LATENT_DATA", str(tmp_path / "nothing"))
    app = run()
    assert html(app, "enlarged") and app.button(key="download-mnist")
    assert html(turn_to(app, "ten"), "ten").count("<img") == 40 and "scikit-learn's digits" in words(app)


def test_damaged_test_images_get_a_sentence(mnist_like: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = tmp_path / "damaged"
    shutil.copytree(mnist_like, root)
    file = root / "MNIST" / "raw" / "t10k-images-idx3-ubyte"
    file.write_bytes(file.read_bytes()[:-1])
    monkeypatch.setenv("LATENT_DATA", str(root))
    app = run()
    for tab in ("one", "ten"):
        (error,) = turn_to(app, tab).error
        assert "Delete this file" in error.value
    assert html(turn_to(app, "noise"), "noise") and not app.error


def wait_for_the_work(app: AppTest) -> AppTest:
    """Run the page again until nothing is under way."""
    until(lambda: app.session_state[whole_picture.SLOT].done)
    return app.run()


def test_larger_picture_says_what_to_do_and_what_is_not_known() -> None:
    assert "Upload a picture" in words(run("larger"))
    pixels = np.full((30, 50), 255, np.uint8)
    pixels[10:20, 5:45:3] = 0
    app = wait_for_the_work(run("larger", sr_given=png(pixels)))
    assert "100 × 60 pixels" in words(app) and "*unknown*" in words(app) and "uploaded last" in words(app)
    (button,) = app.get("download_button")
    assert isinstance(button, Element) and button.label == "Download (PNG)"


def test_what_is_no_picture_gets_a_sentence() -> None:
    app = run("larger", sr_given=b"no picture")
    assert len(app.error) == 1 and not app.get("download_button")


def test_larger_picture_without_the_network_gets_a_sentence_and_can_be_tried_again(restorers: Path, standins: Path) -> None:
    shutil.rmtree(restorers / "upscaler-x2")
    app = wait_for_the_work(run("larger", sr_given=png(np.eye(40, dtype=np.uint8) * 255)))
    assert "There is no checkpoint named" in app.warning[-1].value and not app.exception
    shutil.copytree(standins / "upscaler-x2", restorers / "upscaler-x2")
    again = by_label(app.button, "Try again")
    assert wait_for_the_work(again.click().run()).get("download_button")


def test_a_picture_too_large_is_cut_to_its_middle() -> None:
    image = np.zeros((1030, 2000), np.float32)
    image[3, 488] = 1
    cut = whole_picture.middle(image)
    assert cut.shape == (1024, 1024) and cut[0, 0] == 1
    assert whole_picture.middle(image[:7, :5]).shape == (7, 5)


@pytest.mark.parametrize(("height", "width"), [(200, 300), (64, 64), (20, 100), (1, 1), (65, 3)])
def test_the_busiest_part_is_the_one_of_all_with_most_change(height: int, width: int) -> None:
    image = np.random.default_rng(0).random((height, width)).astype(np.float32) ** 4
    rows, columns = whole_picture.busiest(image)
    h, w = min(64, height), min(64, width)
    assert (rows.stop - rows.start, columns.stop - columns.start) == (h, w) and rows.stop <= height and columns.stop <= width
    change = np.zeros(image.shape)
    change[:-1] += np.abs(image[1:] - image[:-1])
    change[:, :-1] += np.abs(image[:, 1:] - image[:, :-1])
    sums = [change[top : top + h, left : left + w].sum() for top in range(height - h + 1) for left in range(width - w + 1)]
    assert change[rows, columns].sum() == pytest.approx(max(sums))


def test_the_verdict_says_who_is_better_and_by_how_much(monkeypatch: pytest.MonkeyPatch) -> None:
    def verdict(**psnr: float) -> str:
        def compare(originals: np.ndarray, factor: int) -> enlarging.Comparison:  # as many as the tab asks for
            count = len(originals)
            by = {
                name.replace("_", "-"): enlarging.Enlarged(np.zeros((count, 28, 28)), np.full(count, value), np.full(count, 0.5))
                for name, value in psnr.items()
            }
            return enlarging.Comparison(np.zeros((count, 14, 14), np.float32), by)

        monkeypatch.setattr(enlarging, "compare", compare)
        return words(run())

    assert "**Our model gains 10.0 dB** over the best rule (Lanczos): a mean squared error 10.0 times" in verdict(
        nearest=18.0, lanczos=20.0, upscaler_x2=30.0, lesson_upscaler=40.0
    )
    assert "**Here a rule is better**: Bicubic by 3.0 dB, a mean squared error 2.0 times" in verdict(bicubic=23.0, upscaler_x2=20.0)
    assert "infinite" in verdict(bicubic=np.inf, upscaler_x2=np.inf)


def test_figures_below_zero_have_a_minus_sign_and_zero_has_none() -> None:
    made = {name: enlarging.Enlarged(np.zeros((1, 28, 28)), np.array([psnr]), np.array([ssim])) for name, psnr, ssim in (
        ("nearest", -2.0, -0.25), ("bicubic", -0.04, -0.0004),
    )}  # fmt: skip
    comparison = enlarging.Comparison(np.zeros((1, 14, 14), np.float32), made)
    said = {name: [figure.value for figure in figures_of(comparison, name)] for name in made}
    assert said == {"nearest": ["−2.0 dB", "−0.250"], "bicubic": ["0.0 dB", "0.000"]}


def test_strangers_words_do_not_come_to_life() -> None:
    picture = gallery.Picture("<script>x</script>", np.zeros((2, 2), np.float32), "<b>", (gallery.Figure("<i>", "<u>"),))
    body = gallery._words(picture)
    assert "<script" not in body and "<b>" not in body and "<i>" not in body and "<u>" not in body
    assert link.plain("[a](b)") != "[a](b)"

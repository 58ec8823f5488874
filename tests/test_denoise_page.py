"""The Denoise page through AppTest: every mode with uploads, what is known and what is not, and what can be wrong with a file."""

import base64
import io
import json
import threading
import time
import zipfile
from functools import partial
from operator import mul
from pathlib import Path

import numpy as np
import pytest
import streamlit as st
import torch
from live import PATIENCE_S, until
from mounted import mounted
from PIL import Image, ImageDraw
from streamlit.testing.v1 import AppTest
from untrained import save_random
from visit import by_label, checked, html, visit, words

from core import checkpoints, metrics, restore
from core.data import pixels, uploads, zips
from core.data.datasets import load
from core.data.pasting import paste_back
from core.data.photo import digits_in_boxes, find_digits
from core.models import build_restorer
from core.models.restoration import DenoiserConfig, LessonConfig
from pages.denoising import batch, damage, methods, one_digit
from pages.denoising import photo as denoise_photo
from pages.denoising import zipped as denoise_zip
from pages.denoising.damage import Damage
from pages.images import given_picture as given_page
from pages.session import background, caches
from pages.session.background import Work
from pages.session.properties.denoise import FIRST_METHODS

VAE = checkpoints.load("vae-mnist-2d")
UNKNOWN = "PSNR and SSIM are *unknown*"


@pytest.fixture(autouse=True)
def tiny_restorers(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Untrained networks where the shipped ones lie, and no data set but the embedded one."""
    root = tmp_path_factory.mktemp("restorers")
    tiny = build_restorer("denoiser", DenoiserConfig(channels=(4, 4), blocks=(1, 1)), seed=0)
    checkpoints.save(root / "denoiser", "denoiser", tiny, {})
    checkpoints.save(root / "lesson-denoiser", "lesson", build_restorer("lesson", LessonConfig("denoise"), seed=0), {})
    monkeypatch.setattr(checkpoints, "RESTORERS_ROOT", root)
    monkeypatch.setenv("LATENT_DATA", str(root / "nothing"))
    return root


def run(mode: str = "digit", **state: object) -> AppTest:
    """The page in that mode, once."""
    return visit("denoise.py", session={"denoise_mode": mode} | state)


def component(app: AppTest, name: str) -> dict:
    """What a component of pictures was given."""
    (found,) = mounted(app, name)
    return found


def titles(app: AppTest) -> list[str]:
    return [picture["title"] for picture in component(app, "wipe")["pictures"]]


def png(image: np.ndarray) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(np.clip(np.rint(image * 255), 0, 255).astype(np.uint8)).save(buffer, "PNG")
    return buffer.getvalue()


def digits(count: int = 1) -> np.ndarray:
    return load("digits", "test").images[:count].astype(np.float32) / 255


def page_of_digits(count: int = 3) -> bytes:
    """Dark digits on white paper, in a row."""
    paper = np.ones((200, 60 + 130 * count), np.float32)
    for number, digit in enumerate(digits(count)):
        paper[60:144, 60 + 130 * number : 144 + 130 * number] -= 0.85 * np.kron(digit, np.ones((3, 3)))
    return png(paper)


def uploaded(app: AppTest, *files: tuple[str, bytes], label: str = "") -> AppTest:
    (uploader,) = [box for box in app.file_uploader if label in box.label]
    uploader.set_value([(name, data, "image/png") for name, data in files])
    return checked(app.run())


def press(app: AppTest, label: str) -> AppTest:
    (button,) = [button for button in app.button if label in button.label]
    return checked(button.click().run())


def finished(app: AppTest, slot: str) -> AppTest:
    """The page after the background work has ended."""
    until(lambda: app.session_state[slot].done)
    return checked(app.run())


def table_rows(app: AppTest) -> list[str]:
    return html(app, "denoise-table").split("<img")[1:]


# --- one digit -----------------------------------------------------------------------------------------------------------------


def test_first_visit_compares_methods_best_first_with_figures_that_are_right() -> None:
    app = run()
    assert titles(app)[:2] == ["Clean", "Damaged"] and len(titles(app)) == 2 + len(FIRST_METHODS)
    values = [float(row.split('class="number">')[1].split("<")[0].replace("−", "-")) for row in table_rows(app)]
    assert len(values) == 4 and values == sorted(values, reverse=True)
    clean = digits()[0]
    given = damage.apply(clean, Damage("gaussian", 0.5, 0))
    tv = restore.denoise(given, "tv")
    expected = metrics.psnr_db(*(as_batch(picture) for picture in (tv, clean))).item()
    (row,) = [row for row in table_rows(app) if "Total variation" in row]
    assert f">{expected:.1f}<" in row and UNKNOWN not in words(app)
    assert app.get("plotly_chart"), "the path on the map"


@pytest.mark.parametrize(
    ("name", "means"),
    [
        ("vae-mnist-2d", "turns the image into that class"),
        ("cvae-mnist-2d", "the style, not the class"),
        ("pca-mnist-2d", "works in straight lines"),
        ("vae-mnist-2d-collapsed", "the path leads nowhere"),
    ],
)
def test_what_is_said_of_the_path_is_true_of_every_kind_of_model(name: str, means: str) -> None:
    assert means in one_digit.path_words(checkpoints.load(name))


@pytest.mark.parametrize("method", ["vae", "vae-search"])
def test_of_a_collapsed_model_it_is_said_that_any_input_gives_this_image(method: str) -> None:
    collapsed, sound = (methods.summary(method, checkpoints.load(name)) for name in ("vae-mnist-2d-collapsed", "vae-mnist-2d"))
    assert "whatever it is given, it draws the same image" in collapsed and "collapsed" not in sound
    assert "collapsed" not in methods.summary("tv", checkpoints.load("vae-mnist-2d-collapsed")), "which a filter has nothing to do with"


def test_a_code_of_one_number_walks_along_a_line(own_checkpoints: Path) -> None:
    """The dots of such a map have made-up heights that keep them apart; a walk with heights would show what is not there."""
    save_random(own_checkpoints, "vae", 1)
    (chart,) = run(checkpoint="other").get("plotly_chart")
    (walk, _) = [trace for trace in json.loads(chart.proto.spec)["data"] if trace.get("name") == "path"]
    assert values(walk["y"]) == [0] * 13 and len(set(values(walk["x"]))) > 1


def values(said: dict) -> list[float]:
    """An array of a chart, as Plotly sends it."""
    return np.frombuffer(base64.b64decode(said["bdata"]), said["dtype"]).tolist()


def as_batch(picture: np.ndarray) -> torch.Tensor:
    return torch.from_numpy(np.ascontiguousarray(picture, np.float32))[None, None]


def test_an_upload_is_taken_as_it_is_and_its_quality_is_unknown_until_damage_is_added() -> None:
    app = uploaded(run(denoise_kind="upload"), ("three.png", png(digits(4)[3])))
    assert titles(app)[0] == "What the models see" and UNKNOWN in words(app)
    assert table_rows(app) and all('class="number">unknown' in row and "★" not in row for row in table_rows(app))
    box = by_label(app.selectbox, "Damage")
    assert box.value == "none"
    checked(box.set_value("mask").run())
    assert titles(app)[:2] == ["Clean", "Damaged"] and UNKNOWN not in words(app)
    assert "unknown" not in html(app, "denoise-table")


def test_a_clean_test_image_without_damage_has_infinite_psnr_as_given() -> None:
    app = run(**{"denoise_damage-False": "none"})
    assert "∞" in html(app, "denoise-table") and "1.000" in html(app, "denoise-table") and titles(app)[0] == "What the models see"


def test_a_drawing_is_shown_before_and_after_its_normalisation() -> None:
    x = digits()[0][None]
    app = run(denoise_kind="draw", denoise_drawing=x)
    assert "what the models see" in html(app, "normalised") and UNKNOWN in words(app) and titles(app)[0] == "What the models see"
    assert "Draw a digit" in words(run(denoise_kind="draw"))


def test_a_generated_digit_and_a_file_that_is_no_image() -> None:
    assert titles(run(denoise_kind="generate"))[:2] == ["Clean", "Damaged"]
    app = uploaded(run(denoise_kind="upload"), ("a.png", b"not an image"))
    assert "This is text" in app.error[0].value


def test_methods_that_are_not_there_are_left_out_with_a_sentence(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(checkpoints, "RESTORERS_ROOT", tmp_path / "empty")
    app = run()
    assert len(app.warning) == 2 and "is left out" in app.warning[0].value
    assert "Total variation" in titles(app) and len(table_rows(app)) == 2


def test_without_any_vae_the_rest_works(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(checkpoints, "CHECKPOINTS", tmp_path)
    monkeypatch.setattr(checkpoints, "SHIPPED_ROOT", tmp_path)
    app = run()
    assert "Total variation" in titles(app) and "Chosen model: encode and decode" not in titles(app) and not app.get("plotly_chart")


def test_no_method_chosen_says_so() -> None:
    assert "at least one method" in words(run(denoise_methods=[]))


def test_the_search_and_the_filters_strength() -> None:
    app = run(denoise_methods=["vae-search", "median"])
    weak = component(app, "wipe")["pictures"][3]["uri"]
    (slider,) = [slider for slider in app.slider if slider.label.startswith("Median filter")]
    checked(slider.set_value(3).run())
    assert len(titles(app)) == 4 and component(app, "wipe")["pictures"][3]["uri"] != weak


def test_answers_are_computed_once_and_stay_in_the_session(monkeypatch: pytest.MonkeyPatch) -> None:
    calls = []

    def unchanged(x: np.ndarray, method: str, **options: object) -> np.ndarray:
        calls.append(method)
        return x

    monkeypatch.setattr(restore, "denoise_batch", unchanged)
    app = run()
    count = len(calls)
    checked(app.run())
    assert count == 4 and len(calls) == count
    assert len(app.session_state["denoise_answers"]) == 4


def test_what_is_kept_in_a_session_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(st, "session_state", {})
    made = [caches.of_session("slot", n, partial(mul, n, 10), 2) for n in (1, 2, 1, 3, 1)]
    assert made == [10, 20, 10, 30, 10] and list(st.session_state["slot"]) == [3, 1]


# --- a photo -------------------------------------------------------------------------------------------------------------------


def test_a_photo_shows_boxes_and_each_digit_before_and_after() -> None:
    app = uploaded(run("photo"), ("page.png", page_of_digits()))
    assert len(component(app, "boxes")["boxes"]) == 3
    assert html(app, "digit-cards").count('data-testid="digit-card"') == 3 and "3 digits" in words(app)
    assert titles(app) == ["The photo", "Its digits denoised"]


def test_edited_boxes_are_followed_and_one_without_ink_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    app = uploaded(run("photo"), ("page.png", page_of_digits()))
    first = component(app, "boxes")["boxes"][0]
    app.session_state["denoise_boxes"] = [tuple(map(int, first)), (2, 2, 20, 20), (40, 170, 170, 310)]
    checked(app.run())
    assert html(app, "digit-cards").count("<figure") == 2 and "no ink in box 2" in words(app)
    assert "<b>1</b>" in html(app, "digit-cards") and "<b>3</b>" in html(app, "digit-cards"), "a card has its box's number"
    app.session_state["denoise_boxes"] = []
    checked(app.run())
    assert "No digit is marked" in words(app)
    uploaded(app, ("other.png", page_of_digits(2)))  # another photo: its own boxes
    assert html(app, "digit-cards").count("<figure") == 2


def test_what_is_in_boxes_is_kept_for_those_that_are_there_alone_and_not_for_all_of_the_photo_many_times_over() -> None:
    app = uploaded(run("photo"), ("page.png", page_of_digits()))
    for shift in range(3):
        app.session_state["denoise_boxes"] = [(40 + shift, 170, 170, 310)]
        checked(app.run())
    assert list(app.session_state["denoise_within"][1]) == [(42, 170, 170, 310)]
    app.session_state["denoise_boxes"] = [(0, 0, 200 - n, 450) for n in range(6)]
    checked(app.run())
    assert "several times over" in words(app) and len(app.session_state["denoise_within"][1]) == 4


def test_the_photos_zip_holds_numbered_names_and_readable_pictures() -> None:
    image = uploads.read_image(page_of_digits(2))
    found = find_digits(image)
    answers = np.stack([digit.x[0] for digit in found])
    archive = zipfile.ZipFile(io.BytesIO(denoise_photo.pack(dict(enumerate(found, 1)), answers, paste_back(image, found, list(answers)))))
    assert sorted(archive.namelist()) == ["01-before.png", "01-digit.png", "02-before.png", "02-digit.png", "photo-denoised.png"]
    assert np.array(Image.open(io.BytesIO(archive.read("01-digit.png")))).shape == (28, 28)
    whole = np.array(Image.open(io.BytesIO(archive.read("photo-denoised.png"))))
    assert whole.shape == image.shape and whole.mean() > 128, "paper is light"


def test_a_sample_is_made_and_its_digits_are_found() -> None:
    app = press(run("photo"), "Make a sample")
    assert "A sample: digits that the model VAE: the main model decoded" in words(app)
    assert 6 <= html(app, "digit-cards").count("<figure") <= 10
    assert given_page.sample(VAE, 1) == given_page.sample(VAE, 1) != given_page.sample(VAE, 2)
    assert app.query_params["sample"] in ("1,vae-mnist-2d", ["1,vae-mnist-2d"])
    before = html(app, "digit-cards")
    assert html(press(app, "Another sample"), "digit-cards") != before
    assert app.query_params["sample"] in ("2,vae-mnist-2d", ["2,vae-mnist-2d"])


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_the_sample_is_truly_damaged(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """There is something to mend on each of its digits, and the shipped denoiser brings them nearer to what was written."""
    monkeypatch.setattr(checkpoints, "RESTORERS_ROOT", checkpoints.SHIPPED_ROOT / "restorers")
    clean, damaged = (uploads.read_image(given_page.sample(VAE, seed, *how)) for how in ((0, 0, 0), ()))
    assert len(find_digits(damaged)) == len(find_digits(clean)) == 8
    boxes = [digit.box for digit in find_digits(clean)]
    wanted, given = (
        torch.from_numpy(np.stack([digit.x for digit in digits_in_boxes(image, boxes) if digit is not None])) for image in (clean, damaged)
    )
    mended = torch.from_numpy(restore.denoise_batch(given.numpy(), "denoiser"))
    before, after = metrics.psnr_db(given, wanted), metrics.psnr_db(mended, wanted)
    assert metrics.psnr_db(mended, given).median() < 30, "clean ones are left as they are: 50 dB"
    assert after.mean() > before.mean() + 0.3


def test_a_reduced_size_and_how_a_file_was_read_are_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pixels, "MAX_WORKING_PIXELS", 30_000)
    app = uploaded(run("picture"), ("page.png", page_of_digits()))
    assert "450 × 200 pixels" in words(app) and "scaled down to 225 × 100" in words(app) and "missing" not in words(app)
    uploaded(app, ("page.png", page_of_digits()[:-4]))
    assert "The file's end is missing, but all of the picture was there" in words(app)


def shown(uri: str) -> np.ndarray:
    """The pixels of a data URI."""
    return np.array(Image.open(io.BytesIO(base64.b64decode(uri.split(",")[1]))).convert("L"))


@pytest.mark.parametrize("mode", ["photo", "picture"])
def test_light_ink_on_a_dark_board_stays_light(mode: str) -> None:
    board = 1 - uploads.read_grey(page_of_digits())[0]
    app = uploaded(run(mode, denoise_picture_method="median", denoise_photo_method="median"), ("board.png", png(board)))
    if mode == "picture":
        finished(press(app, "Denoise it"), "denoise_picture")
    pictures = component(app, "wipe")["pictures"][:2]
    assert all(np.median(shown(picture["uri"])) < 60 for picture in pictures)
    if mode == "photo":
        found = dict(enumerate(find_digits(uploads.read_image(png(board))), 1))
        packed = denoise_photo.pack(found, np.concatenate([digit.x for digit in found.values()]), board.astype(np.float32), False)
        pasted = zipfile.ZipFile(io.BytesIO(packed)).read("photo-denoised.png")
        assert np.median(np.array(Image.open(io.BytesIO(pasted)))) < 60


@pytest.mark.parametrize("mode", ["photo", "picture"])
def test_nothing_given_and_nothing_readable_get_a_sentence(mode: str) -> None:
    app = run(mode)
    assert "Upload a photo" in words(app)
    uploaded(app, ("x.png", b"\x89PNG\r\n\x1a\nbroken"))
    assert "PNG file" in app.error[0].value
    uploaded(app, ("blank.png", png(np.ones((50, 80)))))
    assert mode == "picture" or "No digit is marked" in words(app)


# --- a whole picture -------------------------------------------------------------------------------------------------------------


def test_a_picture_is_denoised_at_its_own_size_and_says_what_the_network_knows() -> None:
    app = uploaded(run("picture"), ("page.png", page_of_digits()))
    assert "handwritten digits alone" in words(app)
    finished(press(app, "Denoise it"), "denoise_picture")
    outcome = app.session_state["denoise_picture"].result
    assert outcome.denoised.shape == (200, 450) and outcome.clean is None
    assert titles(app) == ["Before", "Denoised", "Changed"] and UNKNOWN in words(app)
    box = by_label(app.selectbox, "Method")
    checked(box.set_value("gaussian").run())
    assert not mounted(app, "wipe"), "what another method made is not shown as this one's"


def test_damage_added_to_a_picture_can_be_measured_and_a_detail_cut_out() -> None:
    app = uploaded(
        run("picture", **{"denoise_picture_damage-True": "gaussian", "denoise_picture_method": "tv"}), ("p.png", page_of_digits())
    )
    finished(press(app, "Denoise it"), "denoise_picture")
    assert titles(app) == ["Clean", "Damaged", "Denoised", "Changed"] and "dB**" in words(app)
    app.session_state["denoise_detail"] = "Detail"
    checked(app.run())
    (first, *_) = component(app, "wipe")["pictures"]
    assert Image.open(io.BytesIO(base64.b64decode(first["uri"].split(",")[1]))).size == (140, 140)


@pytest.mark.parametrize("shape", [(1, 1), (5, 9), (3, 600)])
def test_a_tiny_picture_s_ssim_is_unknown_and_nothing_breaks(shape: tuple[int, int]) -> None:
    picture = png(np.linspace(0, 1, shape[0] * shape[1]).reshape(shape))
    state = {"denoise_picture_damage-True": "gaussian", "denoise_picture_method": "median", "denoise_flatten": False}
    app = uploaded(run("picture", **state), ("p.png", picture))
    finished(press(app, "Denoise it"), "denoise_picture")
    assert "SSIM **unknown → unknown**" in words(app)


def test_damage_of_no_strength_leaves_an_infinite_psnr(monkeypatch: pytest.MonkeyPatch) -> None:
    state = {"denoise_picture_damage-True": "gaussian", "denoise_picture_strength-gaussian": 0.0, "denoise_picture_method": "median"}
    app = uploaded(run("picture", **state), ("p.png", page_of_digits()))
    finished(press(app, "Denoise it"), "denoise_picture")
    assert "PSNR **∞ →" in words(app)
    monkeypatch.setattr(methods, "psnr_and_ssim", lambda *pictures: pytest.fail("a picture is measured once, in the background"))
    checked(app.run())


def test_an_error_of_the_work_becomes_its_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*arguments: object, **options: object) -> None:
        raise restore.RestoreError("This cannot be done; choose another.")

    monkeypatch.setattr(restore, "denoise_page", refuse)
    app = uploaded(run("picture"), ("p.png", page_of_digits()))
    finished(press(app, "Denoise it"), "denoise_picture")
    assert app.warning[0].value == "This cannot be done; choose another."


def test_work_shows_its_progress_and_can_be_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    def slow(image, method, on_progress, should_stop, **options):
        while True:
            on_progress(0.25)
            time.sleep(0.005)

    monkeypatch.setattr(restore, "denoise_page", slow)
    app = press(uploaded(run("picture"), ("p.png", page_of_digits())), "Denoise it")
    until(lambda: app.session_state["denoise_picture"].share == 0.25)
    until(lambda: "left" in checked(app.run()).get("progress")[0].proto.text)
    assert "450 × 200 pixels" in app.get("progress")[0].proto.text
    press(app, "Stop")
    finished(app, "denoise_picture")
    assert "Stopped." in words(app) and not app.get("progress")


# --- work in the background ------------------------------------------------------------------------------------------------------


def test_work_that_nobody_watches_ends_and_others_wait_their_turn(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(background, "_turns", threading.BoundedSemaphore(1))
    work, other = Work("a"), Work("b")
    held = threading.Event()
    first = threading.Thread(target=background._run, args=(work, lambda _: held.wait(PATIENCE_S)))
    second = threading.Thread(target=background._run, args=(other, lambda _: "done"))
    first.start()
    until(lambda: work.began)
    second.start()
    time.sleep(0.3)
    assert not other.began and "somebody else" in background.describe(other, time.monotonic())
    held.set()
    first.join()
    second.join()
    assert other.result == "done"
    work.watched -= background.UNWATCHED_S + 1
    work.step(0.4)  # its browser is there, on whatever page
    monkeypatch.setattr(background, "connected", lambda session: False)
    work.step(0.5)  # it may come back
    work.watched -= background.UNWATCHED_S + 1
    with pytest.raises(background.Stopped):
        work.step(0.6)


def test_a_failure_nobody_foresaw_is_a_sentence_and_in_the_log(capsys: pytest.CaptureFixture[str]) -> None:
    work = Work("a")
    background._run(work, lambda _: 1 / 0)
    assert work.done and "ZeroDivisionError" in work.error and "ZeroDivisionError" in capsys.readouterr().err


def test_time_left_in_words() -> None:
    assert background.time_left(0.0, 10) == " …"
    assert background.time_left(0.25, 10) == ", about 30 s left"
    assert background.time_left(0.1, 60) == ", about 9 min left"


# --- many files ------------------------------------------------------------------------------------------------------------------


def test_the_table_names_the_chosen_model_and_what_it_knows() -> None:
    said = html(run(checkpoint="vae-fashion-2d", denoise_methods=["vae", "vae-search"]), "denoise-table")
    for sentence in ("code in {}, decoded", "code of {} that most probably"):
        assert sentence.format("the chosen model (VAE of clothes, which knows Fashion-MNIST)") in said


def test_many_files_become_a_table_and_a_zip() -> None:
    app = run("files")
    assert "Upload several images" in words(app) and "200 images" in words(app)
    files = [("=1+1.png", png(digits()[0])), ("../../etc/passwd.png", png(digits(2)[1])), ("broken.png", b"no")]
    app = finished(press(uploaded(app, *files), "Denoise them"), "denoise_files")
    outcome = app.session_state["denoise_files"].result
    assert [row.result for row in outcome.rows] == ["001-digit.png", "002-digit.png", ""] and "This is text" in outcome.rows[2].problem
    assert "2 denoised**, 1 with a problem" in words(app) and len(app.dataframe[0].value) == 3
    table = app.dataframe[0].value
    assert not table.isna().any(axis=None), "the browser would show None, for a missing picture too"
    archive = zipfile.ZipFile(io.BytesIO(outcome.archive))
    assert archive.namelist() == ["001-digit.png", "002-digit.png", "table.csv"]
    app.file_uploader[0].set_value([])
    assert "files you uploaded last" in words(checked(app.run())) and len(app.dataframe[0].value) == 3, "as after another page"
    table = archive.read("table.csv").decode()
    assert "'=1+1.png" in table and "etc/" not in table


def test_of_a_circled_digit_the_circle_goes_and_several_taken_as_one_are_said() -> None:
    circled = Image.new("L", (200, 200), 230)
    draw = ImageDraw.Draw(circled)
    draw.line([(80, 60), (125, 60), (95, 140)], fill=40, width=10, joint="curve")
    draw.ellipse((30, 30, 170, 170), outline=40, width=5)
    picture = np.asarray(circled, np.float32) / 255
    app = finished(press(uploaded(run("files"), ("7.png", png(picture)), ("page.png", page_of_digits())), "Denoise them"), "denoise_files")
    rows, (seven,) = app.session_state["denoise_files"].result.rows, find_digits(uploads.read_image(png(picture)))
    assert rows[0].before == batch._thumbnail(seven.x[0]) and not rows[0].note
    assert [row.file for row in rows] == ["7.png", "page.png"] and "taken as one" in rows[1].note


def test_several_digits_each_and_a_zip_of_them() -> None:
    zipped = io.BytesIO()
    with zipfile.ZipFile(zipped, "w") as archive:
        archive.writestr("a/one.png", page_of_digits(2))
        archive.writestr("b.png", png(np.ones((40, 40))))
    app = uploaded(run("files", denoise_files_kind="digits"), ("all.zip", zipped.getvalue()))
    app = finished(press(app, "Denoise them"), "denoise_files")
    outcome = app.session_state["denoise_files"].result
    names = zipfile.ZipFile(io.BytesIO(outcome.archive)).namelist()
    assert names == ["001-01-digit.png", "001-02-digit.png", "001-photo.png", "table.csv"]
    assert outcome.rows[2].problem == "No digit was found on it."


def test_whole_pictures_of_many_files_and_too_many_results(monkeypatch: pytest.MonkeyPatch) -> None:
    files = [("a.png", page_of_digits(1)), ("b.png", page_of_digits(2))]
    method = methods.Chosen("median", 1.0)
    outcome = batch.run(Work("a"), files, "picture", method)
    archive = zipfile.ZipFile(io.BytesIO(outcome.archive))
    assert Image.open(io.BytesIO(archive.read("002-picture.png"))).size == (320, 200)
    monkeypatch.setattr(batch, "MAX_RESULT", 10)
    outcome = batch.run(Work("a"), files, "picture", method)
    assert [row.result for row in outcome.rows] == [""] and "grew too large" in outcome.rows[0].problem


@pytest.mark.parametrize("dark_ink", [True, False])
def test_whole_pictures_of_many_files_keep_their_paper_and_say_how_they_were_read(dark_ink: bool) -> None:
    """By a network that has learnt nothing: what it does to ink is not the point here."""
    paper = np.full((60, 90), 0.6)
    paper[10:50, 20:26] = 0.1
    given = paper if dark_ink else 1 - paper
    files = [("a.png", png(given)[:-4])]
    outcome = batch.run(Work("a"), files, "picture", methods.Chosen("denoiser"))
    after = np.array(Image.open(io.BytesIO(zipfile.ZipFile(io.BytesIO(outcome.archive)).read("001-picture.png")))) / 255
    assert np.abs(after[:, 60:] - given[:, 60:]).mean() < 0.05
    assert "end is missing" in outcome.rows[0].note and "end is missing" not in outcome.rows[0].problem


@pytest.mark.parametrize("shape", [(3, 2000), (300, 1), (1, 1)])
def test_a_thin_picture_does_not_end_the_others(shape: tuple[int, int]) -> None:
    files = [("a.png", page_of_digits(1)), ("thin.png", png(np.linspace(0, 1, shape[0] * shape[1]).reshape(shape)))]
    outcome = batch.run(Work("a"), files, "picture", methods.Chosen("median", 1.0))
    assert [row.result for row in outcome.rows] == ["001-picture.png", "002-picture.png"]


def test_progress_through_a_zip_only_grows(monkeypatch: pytest.MonkeyPatch) -> None:
    zipped = io.BytesIO()
    with zipfile.ZipFile(zipped, "w") as archive:
        for number in range(4):
            archive.writestr(f"{number}.png", page_of_digits(1))
    seen: list[float] = []
    work = Work("a")
    monkeypatch.setattr(work, "step", lambda share, said="": seen.append(share))
    batch.run(work, [("all.zip", zipped.getvalue())], "picture", methods.Chosen("median", 1.0))
    assert seen == sorted(seen) and seen[0] == 0 and seen[-1] == 1 and {0.25, 0.5, 0.75} <= set(seen)


def test_more_files_than_are_read_are_said() -> None:
    data = png(digits()[0])
    app = uploaded(run("files"), *((f"{n}.png", data) for n in range(zips.MAX_FILES + 2)))
    app = finished(press(app, "Denoise them"), "denoise_files")
    rows = app.session_state["denoise_files"].result.rows
    assert [bool(row.result) for row in rows] == [True] * zips.MAX_FILES + [False]
    assert f"more than {zips.MAX_FILES} images" in rows[-1].problem


def test_what_was_done_before_a_stop_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    work = Work("a")
    files = [(f"{n}.png", png(digits()[0])) for n in range(3)]
    step = work.step

    def stop_at_the_second(share: float, said: str = "") -> None:
        work.stopped = share >= 1 / 3 and said != ""
        step(share, said)

    monkeypatch.setattr(work, "step", stop_at_the_second)
    background._run(work, lambda work: batch.run(work, files, "digit", methods.Chosen("median", 1.0)))
    assert [row.result for row in work.result.rows] == ["001-digit.png", ""] and "stopped here" in work.result.rows[1].problem


def test_only_our_own_names_go_into_a_zip() -> None:
    with pytest.raises(AssertionError):
        denoise_zip.pack({"../evil.png": b""})


def test_a_batch_that_is_stopped_stops() -> None:
    work = Work("a", stopped=True)
    background._run(work, lambda work: batch.run(work, [("a.png", page_of_digits(1))], "digit", methods.Chosen("tv")))
    assert work.error == "Stopped." and work.result is None

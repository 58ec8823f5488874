"""python -m core.denoise: the file it writes, and the sentence it says when it cannot."""

import io
import stat
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from core import checkpoints, denoise, restore
from core.data import uploads
from core.data.datasets import Split
from core.denoise import main
from core.methods import METHODS


def page(dark_ink: bool = True) -> np.ndarray:
    """A page with two strokes and some wrong pixels, uint8 (60, 90)."""
    ink = np.zeros((60, 90), np.uint8)
    ink[10:50, 20:26], ink[20:28, 40:80], ink[5::11, 7::13] = 230, 200, 255
    return 255 - ink if dark_ink else ink


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "in.bmp"
    Image.fromarray(page()).save(path)
    return path


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def pixels(path: Path) -> np.ndarray:
    with Image.open(path) as image:
        assert image.format == "PNG" and image.mode == "L"
        return np.asarray(image)


@pytest.mark.parametrize("dark_ink", [True, False])
def test_it_writes_what_the_core_gives_in_the_polarity_it_came(tmp_path: Path, dark_ink: bool, capsys: pytest.CaptureFixture[str]) -> None:
    source, target = tmp_path / "in.png", tmp_path / "out.PNG"
    Image.fromarray(page(dark_ink)).save(source)
    assert main([str(source), str(target), "--method", "median", "--strength", "2"]) == 0
    ink = np.rint(255 * restore.denoise(uploads.read_image(source.read_bytes()), "median", 2)).astype(np.uint8)
    np.testing.assert_array_equal(pixels(target), 255 - ink if dark_ink else ink)
    assert capsys.readouterr() == ("", "")
    assert names(tmp_path) == ["in.png", "out.PNG"]


def test_it_says_when_a_large_picture_was_reduced(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    source, target = tmp_path / "in.png", tmp_path / "out.png"
    Image.new("L", (4200, 4100), 255).save(source)
    monkeypatch.setattr(denoise, "denoise_page", lambda image, *args, **settings: image)
    assert main([str(source), str(target)]) == 0
    sentence = "The picture has 4,200 x 4,100 pixels, more than 17 megapixels: it was scaled down to 2,100 x 2,050.\n"
    assert capsys.readouterr() == ("", sentence) and pixels(target).shape == (2050, 2100)


def test_it_says_how_a_file_was_read(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source = tmp_path / "in.png"
    Image.fromarray(page().astype(np.uint16) * 4).save(source)
    source.write_bytes(source.read_bytes()[:-4])
    assert main([str(source), str(tmp_path / "out.png"), "--method", "median"]) == 0
    said = capsys.readouterr().err.splitlines()
    assert len(said) == 2 and "10 bits and stretched" in said[0] and "all of the picture was there" in said[1]


@pytest.mark.parametrize("dark_ink", [True, False])
@pytest.mark.parametrize("level", [0.9, 0.6])
def test_paper_stays_at_its_level_and_smooth_and_strokes_come_out_no_worse(tmp_path: Path, level: float, dark_ink: bool) -> None:
    clean = np.full((120, 150), level)
    clean[20:100, 30:37] = clean[20:27, 30:100] = 0.2 * level
    given = np.clip(clean + np.random.default_rng(0).normal(0, 0.03, clean.shape), 0, 1)
    if not dark_ink:
        clean, given = 1 - clean, 1 - given
    Image.fromarray(np.rint(255 * given).astype(np.uint8)).save(tmp_path / "in.png")
    assert main([str(tmp_path / "in.png"), str(tmp_path / "out.png")]) == 0
    after = pixels(tmp_path / "out.png") / 255
    paper = after[105:]
    assert abs(paper.mean() - clean[110, 5]) < 0.02 and paper.std() < 0.01
    assert np.square(after - clean).mean() < 0.5 * np.square(given - clean).mean()


@pytest.mark.parametrize("kind", ["JPEG", "WEBP"])
def test_a_picture_that_lies_on_its_side_is_not_reduced(tmp_path: Path, kind: str, capsys: pytest.CaptureFixture[str]) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.fromarray(page()).save(tmp_path / "in", kind, exif=exif)
    assert main([str(tmp_path / "in"), str(tmp_path / "out.png"), "--method", "median"]) == 0
    assert capsys.readouterr() == ("", "") and pixels(tmp_path / "out.png").shape == (90, 60)


def test_a_file_that_is_there_is_replaced_even_the_source(tmp_path: Path) -> None:
    both = tmp_path / "page.png"
    Image.fromarray(page()).save(both)
    before = pixels(both)
    assert main([str(both), str(both), "--method", "median"]) == 0
    assert (pixels(both) != before).any()


def test_the_file_is_like_any_new_one(source: Path, tmp_path: Path) -> None:
    (tmp_path / "usual").write_bytes(b"")
    assert main([str(source), str(tmp_path / "out.png"), "--method", "median"]) == 0
    assert stat.S_IMODE((tmp_path / "out.png").stat().st_mode) == stat.S_IMODE((tmp_path / "usual").stat().st_mode)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["nothing.png", "out.png"], "There is no file"),
        ([".", "out.png"], "could not be read"),
        (["text.png", "out.png"], "This is text"),
        (["in.bmp", "out.jpg"], "ends in .png"),
        (["in.bmp", "out"], "ends in .png"),
        (["in.bmp", "folder.png"], "is a folder"),
        (["in.bmp", "none/out.png"], "is not a folder that you may write to"),
        (["in.bmp", "out.png", "--method", "vae"], "28 x 28 pixels"),
        (["in.bmp", "out.png", "--method", "median", "--strength", "9"], "from 1 to 5"),
        (["in.bmp", "out.png", "--method", "median", "--strength", "nan"], "from 1 to 5"),
        (["in.bmp", "out.png", "--strength", "1"], "no strength"),
        (["empty.bmp", "out.png", "--digits", "--method", "median"], "No digit was found"),
    ],
)
def test_what_is_wrong_is_a_sentence(
    source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], arguments: list[str], words: str
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "text.png").write_text("hello")
    (tmp_path / "folder.png").mkdir()
    Image.fromarray(np.full((90, 90), 255, np.uint8)).save(tmp_path / "empty.bmp")
    before = names(tmp_path)
    assert main(arguments) == 1
    out, err = capsys.readouterr()
    assert out == "" and err.startswith("error: ") and words in err and err.count("\n") == 1
    assert names(tmp_path) == before


def test_a_write_that_fails_leaves_what_was_there(
    source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    target = tmp_path / "out.png"
    target.write_bytes(b"precious")

    def full(self: Path, target: Path) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", full)
    assert main([str(source), str(target), "--method", "median"]) == 1
    assert "No space left" in capsys.readouterr().err
    assert target.read_bytes() == b"precious" and names(tmp_path) == ["in.bmp", "out.png"]


def test_interrupted(source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def interrupted(*args: object, **settings: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(denoise, "denoise_page", interrupted)
    assert main([str(source), str(tmp_path / "out.png")]) == 130
    assert "nothing was written" in capsys.readouterr().err and not (tmp_path / "out.png").exists()


def test_time_left_is_told_of_what_takes_long(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    clock = [100.0]
    monkeypatch.setattr(denoise.time, "monotonic", lambda: clock[0])
    said = denoise.Said()
    for share in (0.0, 0.25, 0.5):  # at 0, 0.4 and 0.8 s: not yet
        said(share)
        clock[0] += 0.4
    assert capsys.readouterr().err == ""
    said(0.75)  # after 1.2 s
    said(0.8)  # at once again: too soon
    said.finish()
    assert capsys.readouterr().err == "\r 75%, 1 s left   \n"


def test_each_digit_is_denoised_and_put_back(digits: tuple[Split, Split], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    photo = np.full((200, 320), 250, np.uint8)
    for number, image in enumerate(digits[1].images[:2]):
        photo[60:144, 40 + 130 * number : 124 + 130 * number] -= (image.repeat(3, 0).repeat(3, 1) * 0.8).astype(np.uint8)
    Image.fromarray(photo).save(tmp_path / "in.png")
    shown = []
    work = restore.denoise_batch

    def watched(x, *args, **settings):
        shown.append(tuple(x.shape))
        return work(x, *args, **settings)

    monkeypatch.setattr(denoise, "denoise_batch", watched)
    assert main([str(tmp_path / "in.png"), str(tmp_path / "out.png"), "--digits", "--method", "gaussian", "--strength", "2"]) == 0
    after = pixels(tmp_path / "out.png")
    assert len(shown) == 1 and shown[0][1:] == (1, 28, 28) and shown[0][0] >= 2
    assert after.shape == photo.shape and np.median(after) > 200
    assert (np.abs(after[60:144, 40:124].astype(int) - photo[60:144, 40:124]) > 20).any()
    np.testing.assert_array_equal(after[:20], photo[:20])  # paper far from them keeps its pixels


def test_help_names_every_method(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["--help"])
    told = capsys.readouterr().out
    assert all(f"  {name} " in told for name in METHODS) and "trained on handwritten digits alone" in told
    assert "code in vae-mnist-2d, decoded" in told and "code of vae-mnist-2d that most probably" in told  # no other can be chosen here


def test_as_a_command(source: Path, tmp_path: Path) -> None:
    command = [sys.executable, "-W", "error", "-m", "core.denoise", str(source), str(tmp_path / "out.png"), "--method", "tv"]
    done = subprocess.run(command, cwd=Path(__file__).resolve().parents[1], capture_output=True, text=True, timeout=120)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert pixels(tmp_path / "out.png").shape == (60, 90)


def test_without_the_network(source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(checkpoints, "RESTORERS_ROOT", tmp_path)
    assert main([str(source), str(tmp_path / "out.png")]) == 1
    assert "There is no checkpoint named 'denoiser'" in capsys.readouterr().err


def test_png_rounds_to_the_nearest_grey() -> None:
    image = np.array([[0.0, 0.4 / 255, 0.6 / 255, 1.0]], np.float32)
    with Image.open(io.BytesIO(denoise.png(denoise.Picture(image, dark_ink=True)))) as picture:
        assert np.asarray(picture).tolist() == [[255, 255, 254, 0]]

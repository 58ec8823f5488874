"""Data sets on disk and from a mirror: a local HTTP server stands for the real ones."""

import contextlib
import gzip
import hashlib
import io
import re
import socket
import tempfile
import threading
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import example, given
from hypothesis import strategies as st

from core.data import __main__ as command
from core.data import datasets
from core.data.datasets import DATASETS, DatasetError, DownloadCancelled, download, load, on_disk, to_ink, to_unit_images

MNIST_FILES = ("train-images-idx3-ubyte", "train-labels-idx1-ubyte", "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte")


def idx(array: np.ndarray) -> bytes:
    """An IDX file of bytes."""
    return bytes([0, 0, 8, array.ndim]) + np.array(array.shape, ">u4").tobytes() + array.astype(np.uint8).tobytes()


def tiny_mnist(prefix: str = "", test_prefix: str = "t10k") -> dict[str, bytes]:
    """The four files of a data set of five training and three test images; each image is noise of its own."""
    rng = np.random.default_rng(0)
    files = {}
    for stem, n in (("train", 5), (test_prefix, 3)):
        files[f"{prefix}{stem}-images-idx3-ubyte"] = idx(rng.integers(0, 256, (n, 28, 28)))
        files[f"{prefix}{stem}-labels-idx1-ubyte"] = idx(np.arange(n))
    return files


def write(folder: Path, files: dict[str, bytes]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        (folder / name).write_bytes(content)


@pytest.fixture
def root(tmp_path, monkeypatch) -> Path:
    """An empty folder of data sets that LATENT_DATA names."""
    monkeypatch.setenv("LATENT_DATA", str(tmp_path))
    return tmp_path


@pytest.fixture
def raw(root) -> Path:
    """A folder with a tiny MNIST in it."""
    write(root / "MNIST" / "raw", tiny_mnist())
    return root / "MNIST" / "raw"


# --- reading --------------------------------------------------------------------------------------------------------------


def test_images_and_labels_come_as_they_lie_on_disk(raw):
    for split, stem, n in (("train", "train", 5), ("test", "t10k", 3)):
        data = load("mnist", split)
        assert data.images.tobytes() == (raw / f"{stem}-images-idx3-ubyte").read_bytes()[16:]
        assert data.images.shape == (n, 28, 28)
        assert data.labels.tolist() == list(range(n))
        assert (data.images.dtype, data.labels.dtype) == (np.uint8, np.int64)


def test_emnist_is_turned_upright(root):
    files = tiny_mnist("emnist-digits-", "test")
    write(root / "EMNIST" / "raw", files)
    stored = np.frombuffer(files["emnist-digits-test-images-idx3-ubyte"][16:], np.uint8).reshape(3, 28, 28)
    np.testing.assert_array_equal(load("emnist-digits", "test").images, stored.transpose(0, 2, 1))


def test_the_data_root_is_latent_data_or_the_project(monkeypatch, tmp_path):
    monkeypatch.setenv("LATENT_DATA", str(tmp_path))
    assert datasets.data_root() == tmp_path
    for nothing in (lambda: monkeypatch.setenv("LATENT_DATA", ""), lambda: monkeypatch.delenv("LATENT_DATA")):
        nothing()
        assert datasets.data_root() == datasets.PROJECT / "data"


@pytest.mark.parametrize("name", DATASETS)
def test_the_file_names_and_classes_are_those_of_torchvision(name):
    from torchvision import datasets as tv  # here, as it takes each worker as long as torch does

    dataset = DATASETS[name]
    if dataset.embedded:
        assert len(dataset.classes) == 10
        return
    source = getattr(tv, dataset.folder)
    expected = set(MNIST_FILES)
    if name == "emnist-digits":
        expected = {f"emnist-digits-{stem}-{kind}-ubyte" for stem in ("train", "test") for kind in ("images-idx3", "labels-idx1")}
    else:
        assert {file.removesuffix(".gz") for file, _ in source.resources} == expected
    assert {file for split in ("train", "test") for file in dataset.idx_files(split)} == expected
    assert len(dataset.classes) == 10


@pytest.mark.parametrize(
    ("name", "split", "sentence"), [("minst", "test", "choose one of mnist"), ("mnist", "valid", "choose train or test")]
)
def test_names_that_do_not_exist(name, split, sentence):
    with pytest.raises(DatasetError, match=sentence):
        load(name, split)


def test_a_data_set_that_is_not_there(root):
    assert not on_disk("mnist")
    with pytest.raises(DatasetError, match=r"train-images-idx3-ubyte is missing.*python -m core.data mnist"):
        load("mnist", "train")


def test_on_disk_asks_for_the_files_of_a_split(raw):
    assert on_disk("mnist")
    (raw / "t10k-labels-idx1-ubyte").unlink()
    assert on_disk("mnist", "train")
    assert not on_disk("mnist", "test")
    assert not on_disk("mnist")


IMAGES, LABELS = "train-images-idx3-ubyte", "train-labels-idx1-ubyte"
WHOLE = tiny_mnist()
CORRUPT = {
    "empty": (IMAGES, b""),
    "header cut in the magic number": (IMAGES, WHOLE[IMAGES][:3]),
    "header cut after the magic number": (IMAGES, WHOLE[IMAGES][:4]),
    "header cut in a size": (IMAGES, WHOLE[IMAGES][:11]),
    "header cut after a size": (IMAGES, WHOLE[IMAGES][:12]),
    "images cut": (IMAGES, WHOLE[IMAGES][:-1]),
    "one byte too many": (IMAGES, WHOLE[IMAGES] + b"\0"),
    "still compressed": (IMAGES, gzip.compress(WHOLE[IMAGES])),
    "a web page": (IMAGES, b"<!doctype html><title>404</title>"),
    "numbers of another type": (IMAGES, b"\0\0\x0d" + WHOLE[IMAGES][3:]),
    "no dimensions": (IMAGES, b"\0\0\x08\x00"),
    "too many dimensions": (IMAGES, idx(np.zeros((1, 1, 28, 28)))),
    "images of another size": (IMAGES, idx(np.zeros((5, 32, 32)))),
    "more images than labels": (IMAGES, idx(np.zeros((6, 28, 28)))),
    "no images": (IMAGES, idx(np.zeros((0, 28, 28)))),
    "images without rows": (IMAGES, idx(np.zeros((5, 0, 28)))),
    "labels in place of images": (IMAGES, WHOLE[LABELS]),
    "images in place of labels": (LABELS, WHOLE[IMAGES]),
    "no labels": (LABELS, idx(np.zeros(0))),
    "a label that is no class": (LABELS, idx(np.array([0, 1, 2, 3, 10]))),
}


@pytest.mark.parametrize(("file", "content"), CORRUPT.values(), ids=CORRUPT)
def test_a_corrupt_file_is_refused_with_its_name_and_the_cure(raw, file, content):
    (raw / file).write_bytes(content)
    with pytest.raises(DatasetError, match=r"ubyte is damaged.*python -m core\.data mnist") as refusal:
        load("mnist", "train")
    assert str(raw) in str(refusal.value)


def test_a_single_corrupt_file_leaves_the_other_split_usable(raw):
    (raw / IMAGES).write_bytes(b"")
    assert len(load("mnist", "test").images) == 3


MAGIC = st.integers(0, 4).map(lambda dimensions: bytes([0, 0, 8, dimensions]))
SIZES = st.lists(st.sampled_from([0, 1, 3, 5, 28, 2**31, 2**32 - 1]), max_size=4).map(lambda sizes: np.array(sizes, ">u4").tobytes())
IDX_LIKE = st.tuples(MAGIC, SIZES, st.binary(max_size=30)).map(b"".join)


@given(content=st.binary(max_size=200) | IDX_LIKE, file=st.sampled_from([IMAGES, LABELS]))
@example(content=WHOLE[IMAGES], file=IMAGES)
def test_no_bytes_make_the_reader_raise_anything_but_its_own_error(content, file):
    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        patch.setenv("LATENT_DATA", folder)
        write(Path(folder) / "MNIST" / "raw", {**WHOLE, file: content})
        with contextlib.suppress(DatasetError):
            data = load("mnist", "train")
            assert data.images.shape == (len(data.labels), 28, 28)


def test_the_digits_of_scikit_learn_are_always_there(root):
    assert on_disk("digits")
    download("digits")
    train, test = load("digits", "train"), load("digits", "test")
    assert (len(train.images), len(test.images)) == (1437, 360)
    assert train.images.shape[1:] == (28, 28)
    assert set(train.labels.tolist()) == set(test.labels.tolist()) == set(range(10))
    assert train.images.dtype == np.uint8
    assert train.images.max() == 255
    for edge in (train.images[:, :4], train.images[:, -4:], train.images[:, :, :4], train.images[:, :, -4:]):
        assert not edge.any()  # ink is 1 on an empty background
    assert list(root.iterdir()) == []


def test_unit_images():
    images = np.zeros((2, 28, 28), np.uint8)
    images[1, 3, 5] = 255
    x = to_unit_images(images[:, ::1])
    assert x.shape == (2, 1, 28, 28)
    assert x.dtype == torch.float32
    assert x.sum().item() == x[1, 0, 3, 5].item() == 1.0
    assert images[1, 3, 5] == 255


@pytest.mark.skipif(not on_disk("mnist"), reason="MNIST is not on this machine: python -m core.data mnist, or set LATENT_DATA")
def test_the_real_mnist():
    train, test = load("mnist", "train"), load("mnist", "test")
    assert (len(train.images), len(test.images)) == (60_000, 10_000)
    assert train.labels[:5].tolist() == [5, 0, 4, 1, 9]
    assert test.labels[:5].tolist() == [7, 2, 1, 0, 4]
    assert np.bincount(test.labels).tolist() == [980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009]
    assert train.images.mean() / 255 == pytest.approx(0.1307, abs=1e-4)
    assert train.images.std() / 255 == pytest.approx(0.3081, abs=1e-4)


# --- downloading ----------------------------------------------------------------------------------------------------------


class Mirror(ThreadingHTTPServer):
    """A mirror on 127.0.0.1 that can break off, or ignore where a client wants to go on; it keeps what it was asked."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.files: dict[str, bytes] = {}
        self.break_after: int | None = None  # bytes of a body, then the connection ends
        self.ranges = True
        self.says_length = True
        self.asked: list[tuple[str, str | None]] = []  # (file, its Range header)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/"


class _Handler(BaseHTTPRequestHandler):
    server: Mirror

    def do_GET(self) -> None:
        name, wanted = self.path.lstrip("/"), self.headers.get("Range")
        self.server.asked.append((name, wanted))
        if name not in self.server.files:
            return self.send_error(404)
        body = self.server.files[name]
        start = int(wanted.removeprefix("bytes=").removesuffix("-")) if wanted and self.server.ranges else 0
        if start >= len(body):
            return self.send_error(416)
        body = body[start:]
        self.send_response(206 if start else 200)
        if self.server.says_length:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body if self.server.break_after is None else body[: self.server.break_after])
        return None

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def mirror(monkeypatch) -> Iterator[Mirror]:
    """A mirror that has a tiny MNIST, in place of torchvision's."""
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    with Mirror() as server:
        server.files = {f"{name}.gz": gzip.compress(content, mtime=0) for name, content in WHOLE.items()}
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        monkeypatch.setattr("torchvision.datasets.MNIST.mirrors", [server.url])
        monkeypatch.setattr(
            "torchvision.datasets.MNIST.resources", [(name, hashlib.md5(content).hexdigest()) for name, content in server.files.items()]
        )
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture
def nowhere(monkeypatch) -> str:
    """An address on this machine where nothing listens."""
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{unused.getsockname()[1]}/"


def brought(root: Path, folder: str = "MNIST") -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in (root / folder / "raw").iterdir()}


def test_a_download_leaves_the_files_and_nothing_else(root, mirror):
    steps: list[datasets.Progress] = []
    download("mnist", steps.append)
    assert brought(root) == WHOLE
    assert len(load("mnist", "train").images) == 5
    assert mirror.asked == [(name, None) for name in mirror.files]
    assert [(step.file, step.file_number, step.files) for step in steps] == [(name, n, 4) for n, name in enumerate(mirror.files, 1)]
    assert all(step.done_bytes == step.total_bytes == len(mirror.files[step.file]) for step in steps)


def test_what_is_there_is_not_downloaded_again(root, mirror):
    download("mnist")
    (root / "MNIST" / "raw" / LABELS).unlink()
    mirror.asked.clear()
    download("mnist")
    download("mnist")
    assert mirror.asked == [(f"{LABELS}.gz", None)]
    assert brought(root) == WHOLE


def test_a_compressed_file_that_was_copied_there_is_read_as_it_is_and_stays(root, mirror):
    own = {f"{IMAGES}.gz": mirror.files[f"{IMAGES}.gz"]}
    write(root / "MNIST" / "raw", own)
    download("mnist")
    assert f"{IMAGES}.gz" not in dict(mirror.asked)
    assert brought(root) == {name: content for name, content in WHOLE.items() if name != IMAGES} | own


def test_a_packed_data_set_needs_no_download_and_nothing_is_written(root, mirror):
    write(root / "MNIST" / "raw", dict(mirror.files))
    assert datasets.on_disk("mnist")
    download("mnist")
    packed = [datasets.load("mnist", split) for split in ("train", "test")]
    assert mirror.asked == [] and brought(root) == mirror.files
    write(root / "MNIST" / "raw", WHOLE)
    for split, was in zip(("train", "test"), packed, strict=True):
        np.testing.assert_array_equal(datasets.load("mnist", split).images, was.images)
        assert was.images.flags.writeable, "torch warns of what is not"
        np.testing.assert_array_equal(datasets.load("mnist", split).labels, was.labels)


def test_a_zip_that_was_copied_there_stays(root, mirror, emnist):
    package = mirror.files["gzip.zip"]
    write(root / "EMNIST" / "raw", {"gzip.zip": package})
    download("emnist-digits")
    assert brought(root, "EMNIST")["gzip.zip"] == package and datasets.on_disk("emnist-digits") and mirror.asked == []


def test_a_home_folder_is_expanded(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("LATENT_DATA", "~/data")
    assert datasets.data_root() == tmp_path / "data"


def test_a_distribution_s_package_is_found(root, tmp_path, monkeypatch):
    monkeypatch.setitem(datasets.DATASETS, "fashion-mnist", replace(datasets.DATASETS["fashion-mnist"], system=str(tmp_path / "share")))
    assert not datasets.on_disk("fashion-mnist")
    write(tmp_path / "share", {f"{name}.gz": gzip.compress(content) for name, content in WHOLE.items()})
    assert datasets.on_disk("fashion-mnist") and datasets.load("fashion-mnist", "test").images.shape[1:] == (28, 28)


@pytest.mark.skipif(not Path(DATASETS["fashion-mnist"].system).is_dir(), reason="apt install dataset-fashion-mnist")
@pytest.mark.parametrize(("split", "count"), [("train", 60_000), ("test", 10_000)])
def test_the_package_s_own_files_are_fashion_mnist(root, split, count):
    found = datasets.load("fashion-mnist", split)
    assert found.images.shape == (count, 28, 28) and (np.bincount(found.labels) == count // 10).all()
    assert not (root / "FashionMNIST").exists()


@pytest.mark.parametrize(("name", "what"), [("mnist", "Fashion-MNIST, another data set, comes"), ("fashion-mnist", "It also comes")])
def test_what_is_missing_names_the_package_that_brings_images_where_there_is_apt(root, tmp_path, monkeypatch, name, what):
    monkeypatch.setitem(datasets.DATASETS, "fashion-mnist", replace(DATASETS["fashion-mnist"], system=str(tmp_path / "share")))
    monkeypatch.setattr(datasets.shutil, "which", lambda program: f"/usr/bin/{program}")
    with pytest.raises(DatasetError, match=f"is missing.*{what}.* sudo apt install dataset-fashion-mnist"):
        datasets.load(name, "test")
    monkeypatch.setattr(datasets.shutil, "which", lambda program: None)
    with pytest.raises(DatasetError, match="is missing") as missing:
        datasets.load(name, "test")
    assert "apt" not in str(missing.value)
    monkeypatch.setattr(datasets.shutil, "which", lambda program: f"/usr/bin/{program}")
    write(tmp_path / "share", {f"{file}.gz": gzip.compress(content) for file, content in WHOLE.items()})
    assert datasets.package_hint("mnist") == ""


@pytest.mark.parametrize("name", DATASETS)
def test_every_data_set_says_whose_it_is_and_on_what_terms(name):
    data = DATASETS[name]
    assert data.authors and data.licence and data.source.startswith("http")
    assert data.credit.startswith(f"[{data.name}]({data.source})") and data.credit.count("\n") == 0 and data.credit.endswith(".")


def test_a_broken_download_goes_on_where_it_stopped(root, mirror):
    mirror.break_after = 40
    with pytest.raises(DatasetError, match=r"could not be downloaded .*ended early.*continues where it stopped"):
        download("mnist")
    assert brought(root) == {f"{IMAGES}.gz.part": mirror.files[f"{IMAGES}.gz"][:40]}
    mirror.break_after = None
    mirror.asked.clear()
    download("mnist")
    assert mirror.asked[0] == (f"{IMAGES}.gz", "bytes=40-")
    assert brought(root) == WHOLE


def test_a_server_that_cannot_go_on_sends_the_whole_file_again(root, mirror):
    write(root / "MNIST" / "raw", {f"{IMAGES}.gz.part": mirror.files[f"{IMAGES}.gz"][:40]})
    mirror.ranges = False
    steps: list[datasets.Progress] = []
    download("mnist", steps.append)
    assert mirror.asked[0][1] == "bytes=40-"
    assert steps[0].done_bytes == steps[0].total_bytes == len(mirror.files[f"{IMAGES}.gz"])
    assert brought(root) == WHOLE


def test_a_part_that_is_already_whole_is_used(root, mirror):
    write(root / "MNIST" / "raw", {f"{IMAGES}.gz.part": mirror.files[f"{IMAGES}.gz"]})
    download("mnist")
    assert brought(root) == WHOLE


def test_a_server_that_does_not_say_the_length(root, mirror):
    mirror.says_length = False
    steps: list[datasets.Progress] = []
    download("mnist", steps.append)
    assert steps[0].total_bytes is None
    assert brought(root) == WHOLE


@pytest.mark.parametrize("there", [b"", b"not what the mirror sends", bytes(10_000)], ids=["nothing", "a part", "too long a part"])
def test_a_wrong_checksum_is_thrown_away(root, mirror, there):
    if there:
        write(root / "MNIST" / "raw", {f"{IMAGES}.gz.part": there})
    else:
        mirror.files[f"{IMAGES}.gz"] = gzip.compress(b"something else")
    with pytest.raises(DatasetError, match=r"checksum is wrong, so the file was discarded"):
        download("mnist")
    assert brought(root) == {}


def test_a_file_that_became_good_is_downloaded_from_its_start(root, mirror):
    write(root / "MNIST" / "raw", {f"{IMAGES}.gz.part": b"not what the mirror sends"})
    with pytest.raises(DatasetError):
        download("mnist")
    download("mnist")
    assert brought(root) == WHOLE


def test_no_server_is_a_sentence(root, nowhere, monkeypatch):
    monkeypatch.setattr("torchvision.datasets.MNIST.mirrors", [nowhere])
    with pytest.raises(DatasetError, match=r"could not be downloaded \(http://127.*refused.*Check the network") as error:
        download("mnist")
    assert str(root / "MNIST" / "raw") in str(error.value)


def test_a_file_that_no_mirror_has_is_a_sentence(root, mirror):
    del mirror.files[f"{IMAGES}.gz"]
    with pytest.raises(DatasetError, match=r"could not be downloaded .*Not Found"):
        download("mnist")


def test_the_next_mirror_is_tried(root, mirror, nowhere, monkeypatch):
    monkeypatch.setattr("torchvision.datasets.MNIST.mirrors", [nowhere, mirror.url + "moved/", mirror.url])
    download("mnist")
    assert brought(root) == WHOLE


def test_a_cancelled_download_goes_on_later(root, mirror, monkeypatch):
    monkeypatch.setattr(datasets, "CHUNK_BYTES", 64)
    with pytest.raises(DownloadCancelled):
        download("mnist", lambda progress: progress.done_bytes < 200)
    (part,) = brought(root).items()
    assert part == (f"{IMAGES}.gz.part", mirror.files[f"{IMAGES}.gz"][:256])
    mirror.asked.clear()
    done = []
    download("mnist", lambda progress: done.append(progress.done_bytes))
    assert mirror.asked[0] == (f"{IMAGES}.gz", "bytes=256-")
    assert done[0] == 320  # counted from the file's start
    assert brought(root) == WHOLE


def zipped(files: dict[str, bytes]) -> bytes:
    """EMNIST's package: a zip of gzipped files in a folder named gzip."""
    package = io.BytesIO()
    with zipfile.ZipFile(package, "w") as archive:
        for name, content in files.items():
            archive.writestr(f"gzip/{name}.gz", gzip.compress(content))
    return package.getvalue()


@pytest.fixture
def emnist(mirror, monkeypatch) -> dict[str, bytes]:
    """The four files that the mirror has in EMNIST's zip, among files of other splits."""
    files = tiny_mnist("emnist-digits-", "test")
    mirror.files["gzip.zip"] = zipped({"emnist-letters-train-images-idx3-ubyte": b"", **files})
    monkeypatch.setattr("torchvision.datasets.EMNIST.url", mirror.url + "gzip.zip")
    monkeypatch.setattr("torchvision.datasets.EMNIST.md5", hashlib.md5(mirror.files["gzip.zip"]).hexdigest())
    return files


def test_emnist_comes_out_of_its_zip(root, mirror, emnist):
    download("emnist-digits")
    assert brought(root, "EMNIST") == emnist
    assert load("emnist-digits", "test").labels.tolist() == [0, 1, 2]
    download("emnist-digits")
    assert mirror.asked == [("gzip.zip", None)]  # half a gigabyte, once


@pytest.mark.parametrize(
    "package",
    [b"no zip at all", zipped({}), zipped(tiny_mnist("emnist-digits-", "test"))[:-30]],
    ids=["not a zip", "without the files", "cut"],
)
def test_a_zip_that_was_copied_there_and_is_damaged_is_a_sentence(root, emnist, package):
    write(root / "EMNIST" / "raw", {"gzip.zip": package})
    with pytest.raises(DatasetError, match=r"could not be unpacked .*Delete the \.gz or \.zip"):
        download("emnist-digits")


PACKED = gzip.compress(WHOLE[IMAGES])


@pytest.mark.parametrize(
    "package",
    [b"no gzip", PACKED[:-300], PACKED[:10] + b"\xff" * 50, PACKED[:-8] + bytes(8)],
    ids=["not gzip", "cut", "damaged inside", "wrong checksum"],
)
def test_a_gz_that_was_copied_there_and_is_damaged_is_a_sentence(root, mirror, package):
    write(root / "MNIST" / "raw", WHOLE)
    (root / "MNIST" / "raw" / IMAGES).unlink()
    write(root / "MNIST" / "raw", {f"{IMAGES}.gz": package})
    with pytest.raises(DatasetError, match=rf"{IMAGES}\.gz is damaged: .*Delete this file and download mnist again") as refusal:
        datasets.load("mnist", "train" if "train" in IMAGES else "test")
    assert not re.search(r"Error|b'|end-of-stream|Not a gzipped", str(refusal.value)), refusal.value
    assert IMAGES not in brought(root)


def test_a_full_disk_is_a_sentence(root, mirror, monkeypatch):
    def full(source, target):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(datasets, "_write_whole", full)
    with pytest.raises(DatasetError, match=r"could not be written \(No space left on device\)"):
        download("mnist")


def test_a_root_that_cannot_be_made_is_a_sentence(tmp_path, mirror, monkeypatch):
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("LATENT_DATA", str(tmp_path / "file"))
    with pytest.raises(DatasetError, match="could not be written"):
        download("mnist")


def test_the_command_brings_a_data_set(root, mirror, monkeypatch, capsys):
    monkeypatch.setattr("sys.argv", ["core.data", "mnist"])
    assert command.main() == 0
    assert brought(root) == WHOLE
    assert f"mnist is in {root}" in capsys.readouterr().out


def test_the_command_fails_with_a_sentence(root, nowhere, monkeypatch, capsys):
    monkeypatch.setattr("torchvision.datasets.MNIST.mirrors", [nowhere])
    monkeypatch.setattr("sys.argv", ["core.data", "mnist"])
    assert command.main() == 1
    assert "could not be downloaded" in capsys.readouterr().err


def test_pages_and_models_see_the_same_grey():
    images = np.arange(256, dtype=np.uint8).reshape(1, 16, 16)
    assert (to_ink(images) == to_unit_images(images)[:, 0].numpy()).all() and to_ink(images[0]).dtype == np.float32

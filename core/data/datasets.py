"""Data sets by name, read from disk in torchvision's layout; `digits` is embedded in scikit-learn and always works.

`load(name, split)` never downloads; `download(name)` does, and resumes where a broken download stopped.
"""

import gzip
import hashlib
import http.client
import math
import os
import shutil
import ssl
import urllib.error
import urllib.request
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import torch

from core.replacing import replacing
from core.shape import SHAPE

PROJECT = Path(__file__).resolve().parents[2]
SPLITS = ("train", "test")
CHUNK_BYTES = 1 << 18
TIMEOUT_S = 20.0
HELD_OUT = 5_000  # training images to choose by, the last ones; of a small data set a tenth
MAX_DATA_BYTES = 1 << 30  # of an IDX file; EMNIST's largest has 188 MB


class DatasetError(Exception):
    """A data set that cannot be read or downloaded; the message names the file and the cure."""


class DownloadCancelled(Exception):
    """`on_progress` returned False."""


@dataclass(frozen=True)
class Split:
    """One split of a data set: images uint8 (N, 28, 28), ink = 255 on 0; labels int64 (N,)."""

    images: np.ndarray
    labels: np.ndarray


@dataclass(frozen=True)
class Progress:
    """How far a download is: this file, its bytes so far and in all (None: the server did not say), and the files' count."""

    file: str
    done_bytes: int
    total_bytes: int | None
    file_number: int
    files: int


@dataclass(frozen=True)
class Dataset:
    """A data set as the registry knows it."""

    title: str
    classes: tuple[str, ...]
    folder: str = ""  # below the root, torchvision's name
    prefix: str = ""  # of the four file names
    test_prefix: str = ""
    transposed: bool = False  # EMNIST stores its images mirrored
    megabytes: int = 0  # size of the download
    training_images: int = 60_000
    noun: str = "image"  # what one of its images shows, in a word
    look_alikes: str = "two classes"  # neighbours on a map, for "the border between ..."
    package: str = ""  # of Debian and Ubuntu
    system: str = ""  # where that package puts it
    authors: str = ""  # whose it is, and where that is written
    licence: str = ""
    source: str = ""  # its page

    def idx_files(self, split: str) -> tuple[str, str]:
        """Names of the image file and the label file of a split."""
        stem = f"{self.prefix}{'train' if split == 'train' else self.test_prefix}"
        return f"{stem}-images-idx3-ubyte", f"{stem}-labels-idx1-ubyte"

    @property
    def name(self) -> str:
        """The title's first words."""
        return self.title.partition(":")[0]

    @property
    def credit(self) -> str:
        """Whose it is and on what terms, as a line of Markdown."""
        return f"[{self.name}]({self.source}): {self.authors}. Licence: {self.licence}."

    @property
    def embedded(self) -> bool:
        """Whether the data set comes with a package and needs no download."""
        return not self.folder


DIGITS = tuple("0123456789")
CLOTHES = ("T-shirt", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot")
KANA = ("お o", "き ki", "す su", "つ tsu", "な na", "は ha", "ま ma", "や ya", "れ re", "を wo")

FOURS_AND_NINES = "the 4s and the 9s"

DATASETS: dict[str, Dataset] = {
    "mnist": Dataset(
        "MNIST: handwritten digits",
        DIGITS,
        "MNIST",
        test_prefix="t10k",
        megabytes=11,
        noun="digit",
        look_alikes=FOURS_AND_NINES,
        authors="Yann LeCun, Corinna Cortes and Christopher Burges, 1998",
        licence="commonly given as CC BY-SA 3.0",
        source="https://yann.lecun.com/exdb/mnist/",
    ),
    "fashion-mnist": Dataset(
        "Fashion-MNIST: clothes",
        CLOTHES,
        "FashionMNIST",
        test_prefix="t10k",
        megabytes=29,
        noun="garment",
        look_alikes="the pullovers and the coats",
        package="dataset-fashion-mnist",
        system="/usr/share/datasets/fashion-mnist",
        authors="Han Xiao, Kashif Rasul and Roland Vollgraf (Zalando Research), 2017, arXiv:1708.07747",
        licence="MIT",
        source="https://github.com/zalandoresearch/fashion-mnist",
    ),
    "kmnist": Dataset(
        "KMNIST: cursive Japanese",
        KANA,
        "KMNIST",
        test_prefix="t10k",
        megabytes=20,
        noun="character",
        authors="“KMNIST Dataset” (created by CODH), adapted from “Kuzushiji Dataset” (created by NIJL and others), doi:10.20676/00000341",
        licence="CC BY-SA 4.0",
        source="http://codh.rois.ac.jp/kmnist/",
    ),
    "emnist-digits": Dataset(
        "EMNIST digits: more of MNIST",
        DIGITS,
        "EMNIST",
        prefix="emnist-digits-",
        test_prefix="test",
        transposed=True,
        megabytes=536,
        training_images=240_000,
        noun="digit",
        look_alikes=FOURS_AND_NINES,
        authors="Gregory Cohen, Saeed Afshar, Jonathan Tapson and André van Schaik, 2017, from NIST Special Database 19",
        licence="public domain, a work of the US government",
        source="https://www.nist.gov/itl/products-and-services/emnist-dataset",
    ),
    "digits": Dataset(
        "scikit-learn digits: small",
        DIGITS,
        training_images=1_437,
        noun="digit",
        look_alikes=FOURS_AND_NINES,
        authors="Ethem Alpaydin and Cenk Kaynak, 1998, UCI Optical Recognition of Handwritten Digits, doi:10.24432/C50P49",
        licence="CC BY 4.0",
        source="https://archive.ics.uci.edu/dataset/80/optical+recognition+of+handwritten+digits",
    ),
}


def data_root() -> Path:
    """Where data sets lie: the environment variable LATENT_DATA, else data/ in the project."""
    return Path(os.environ.get("LATENT_DATA") or PROJECT / "data").expanduser()


def _raw(dataset: Dataset) -> Path:
    """The folder of its files that is downloaded to."""
    return data_root() / dataset.folder / "raw"


def _found(dataset: Dataset, file: str) -> Path:
    """Where an IDX file of a data set is, packed (.gz) or not; where it should be if it is nowhere."""
    folders = [_raw(dataset), *([Path(dataset.system)] if dataset.system else [])]
    there = (path for folder in folders for path in (folder / file, folder / f"{file}.gz") if path.is_file())
    return next(there, folders[0] / file)


def package_hint(name: str) -> str:
    """Where no download from the mirrors is wanted: the sentence on Fashion-MNIST, or whatever comes as a package of the system.

    "" where there is no apt, or what it would bring is here already.
    """
    by_package = [known for known, dataset in DATASETS.items() if dataset.package and not on_disk(known)]
    if not by_package or not shutil.which("apt"):
        return ""
    chosen = name if name in by_package else by_package[0]
    what = "It also" if chosen == name else f"{DATASETS[chosen].name}, another data set,"
    return f"{what} comes as a package of Debian and Ubuntu: sudo apt install {DATASETS[chosen].package}"


def lookup(name: str) -> Dataset:
    """The registry's entry, or a DatasetError that lists the names."""
    if name not in DATASETS:
        raise DatasetError(f"There is no data set named {name!r}; choose one of {', '.join(DATASETS)}.")
    return DATASETS[name]


def load(name: str, split: str) -> Split:
    """Images uint8 (N, 28, 28) and labels (N,) of a split ("train" or "test"); DatasetError names the file and the cure."""
    dataset = lookup(name)
    if split not in SPLITS:
        raise DatasetError(f"There is no split named {split!r}; choose train or test.")
    if dataset.embedded:
        return _load_sklearn_digits(split)
    image_file, label_file = (_found(dataset, file) for file in dataset.idx_files(split))
    images, labels = _read_idx(name, image_file), _read_idx(name, label_file)
    if images.ndim != 3 or images.shape[1:] != SHAPE[1:] or labels.ndim != 1 or len(images) != len(labels) or not len(images):
        raise _corrupt(name, image_file, f"its images are {images.shape} and there are {labels.shape} labels")
    if labels.max() >= len(dataset.classes):
        raise _corrupt(name, label_file, f"it holds the label {labels.max()}")
    if dataset.transposed:
        images = images.transpose(0, 2, 1)
    return Split(np.ascontiguousarray(images), labels.astype(np.int64))


def count(name: str, split: str) -> int:
    """How many images a split has, by its labels, which are read sooner; DatasetError as in `load`."""
    dataset = lookup(name)
    if dataset.embedded:
        return len(_load_sklearn_digits(split).labels)
    return len(_read_idx(name, _found(dataset, dataset.idx_files(split)[1])))


def hold_out(train: Split) -> tuple[Split, Split]:
    """The images to train on, and the last ones, by which to choose."""
    count = min(HELD_OUT, len(train.images) // 10)
    return Split(train.images[:-count], train.labels[:-count]), Split(train.images[-count:], train.labels[-count:])


def on_disk(name: str, split: str | None = None) -> bool:
    """Whether the files of a split (default: of both) are there; they may still be found corrupt when read."""
    dataset = lookup(name)
    splits = SPLITS if split is None else (split,)
    return dataset.embedded or all(_found(dataset, file).is_file() for s in splits for file in dataset.idx_files(s))


def to_unit_images(images: np.ndarray) -> torch.Tensor:
    """uint8 (N, 28, 28) -> float32 (N, 1, 28, 28) in [0, 1]: the form of every image inside core."""
    return torch.from_numpy(np.ascontiguousarray(images)).float().div_(255.0).unsqueeze(1)


def to_ink(images: np.ndarray) -> np.ndarray:
    """uint8 of any shape -> float32 in [0, 1] of the same shape: what `to_unit_images` holds, for those who need no tensor."""
    return np.divide(images, 255, dtype=np.float32)


def _corrupt(name: str, path: Path, what: str) -> DatasetError:
    return DatasetError(f"{path} is damaged: {what}. Delete this file and download {name} again (python -m core.data {name}).")


def _read_idx(name: str, path: Path) -> np.ndarray:
    """An IDX file of bytes, packed (.gz) or not; its length must be what its header says."""
    if not path.is_file():
        hint = f" {hint}." if (hint := package_hint(name)) else ""
        raise DatasetError(
            f"{path} is missing. Download it with: python -m core.data {name}, or set LATENT_DATA to the folder that has it.{hint}"
        )
    packed = path.suffix == ".gz"
    try:
        with gzip.open(path) if packed else path.open("rb") as file:
            magic = file.read(4)
            if len(magic) < 4 or magic[:3] != b"\x00\x00\x08" or not 1 <= magic[3] <= 3:
                raise _corrupt(name, path, "it does not start like an IDX file")
            sizes = file.read(4 * magic[3])
            if len(sizes) < 4 * magic[3]:
                raise _corrupt(name, path, "it ends within its header")
            shape = np.frombuffer(sizes, ">u4").tolist()
            count, header = math.prod(shape), 4 + len(sizes)
            content = file.read(min(count, MAX_DATA_BYTES) + 1)
        size = header + len(content) if packed else path.stat().st_size
        if size != header + count or not count:
            raise _corrupt(name, path, f"it has {size:,} bytes and its header asks for {header + count:,}, {count:,} of them data")
        return np.frombuffer(content, np.uint8).reshape(shape).copy()  # writable: torch warns of what is not
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise _corrupt(name, path, "it cannot be unpacked, because it was cut short or is no gzip file") from error
    except OSError as error:
        raise DatasetError(f"{path} could not be read ({error.strerror}). Check its permissions and the disk.") from error


def _load_sklearn_digits(split: str) -> Split:
    """scikit-learn's 8x8 digits, enlarged to MNIST's 20x20 box in the middle of 28x28; the last 360 are the test split."""
    from sklearn.datasets import load_digits  # here: half a second that only this data set needs

    bunch = load_digits()
    small = torch.from_numpy(bunch.images).float().unsqueeze(1) / 16.0  # (N, 1, 8, 8)
    large = torch.nn.functional.interpolate(small, size=(20, 20), mode="bicubic", align_corners=False).clamp(0, 1)
    images = torch.nn.functional.pad(large, (4, 4, 4, 4)).mul(255).round().byte().squeeze(1).numpy()
    part = slice(None, -360) if split == "train" else slice(-360, None)
    return Split(images[part], bunch.target[part].astype(np.int64))


# --- downloading -------------------------------------------------------------------------------------------------------

OnProgress = Callable[[Progress], bool | None]


def download(name: str, on_progress: OnProgress = lambda progress: None) -> None:
    """Bring a data set to `data_root()`; files already there are kept, a broken download goes on where it stopped.

    `on_progress` is called for every chunk; when it returns False the download stops (DownloadCancelled) and can be resumed.
    Raises DatasetError when no mirror answers, the disk is full, or what came is not what torchvision's checksums say.
    """
    dataset = lookup(name)
    if dataset.embedded or on_disk(name):
        return
    raw = _raw(dataset)
    try:
        raw.mkdir(parents=True, exist_ok=True)
        files = list(_remote_files(dataset))
        for number, (urls, md5) in enumerate(files, 1):
            packed = raw / urls[0].rsplit("/", 1)[-1]
            if packed.suffix == ".gz" and _found(dataset, packed.stem).is_file():  # read as it is, packed or not
                continue
            if packed.exists():  # somebody put it there, so it stays
                _unpack(packed, dataset)
                continue
            _fetch(urls, packed, md5, partial(_report, on_progress, packed.name, number, len(files)))
            _unpack(packed, dataset)
            packed.unlink()
    except (EOFError, KeyError, zlib.error, zipfile.BadZipFile, gzip.BadGzipFile) as error:  # BadGzipFile is an OSError too
        raise DatasetError(f"A file in {raw} could not be unpacked (it is damaged). Delete the .gz or .zip there and try again.") from error
    except OSError as error:
        raise DatasetError(
            f"{raw} could not be written ({error.strerror or error}). Free some space, or set LATENT_DATA to another folder."
        ) from error


def _report(on_progress: OnProgress, file: str, number: int, files: int, done: int, total: int | None) -> bool | None:
    return on_progress(Progress(file, done, total, number, files))


def _remote_files(dataset: Dataset) -> Iterator[tuple[list[str], str]]:
    """(the addresses of a file, most trusted first; its MD5), from torchvision's tables."""
    from torchvision import datasets as tv  # here: 150 MB and seconds that only a download needs

    source = getattr(tv, dataset.folder)
    if dataset.folder == "EMNIST":
        yield [source.url], source.md5
        return
    for file, md5 in source.resources:
        yield [mirror + file for mirror in source.mirrors], md5


def _fetch(urls: list[str], target: Path, md5: str, on_bytes: Callable[[int, int | None], bool | None]) -> None:
    """Download to target.part, resuming it if it is there; rename when the checksum agrees."""
    part = target.with_name(target.name + ".part")
    reasons = []
    for url in urls:
        try:
            _stream(url, part, on_bytes)
        except (urllib.error.URLError, http.client.HTTPException, ssl.SSLError, ConnectionError, TimeoutError) as error:
            reasons.append(f"{url}: {getattr(error, 'reason', error)}")
            continue
        with part.open("rb") as file:
            if _md5(file) == md5:
                part.replace(target)
                return
        part.unlink()
        reasons.append(f"{url}: the checksum is wrong, so the file was discarded")
    raise DatasetError(
        f"{target.name} could not be downloaded ({'; '.join(reasons)}). Check the network and try again: it continues where it "
        f"stopped. Or copy the files into {target.parent} yourself."
    )


def _md5(file) -> str:
    digest = hashlib.md5()
    while chunk := file.read(CHUNK_BYTES):
        digest.update(chunk)
    return digest.hexdigest()


def _stream(url: str, part: Path, on_bytes: Callable[[int, int | None], bool | None]) -> None:
    """Append what is missing of url to part."""
    have = part.stat().st_size if part.exists() else 0
    request = urllib.request.Request(url, headers={"Range": f"bytes={have}-"} if have else {})
    try:
        response = urllib.request.urlopen(request, timeout=TIMEOUT_S)
    except urllib.error.HTTPError as error:
        error.close()
        if error.code == 416 and have:  # nothing is missing, or the part is longer than the file: the checksum decides
            return
        raise
    with response:
        if response.status != 206:  # the server sends the whole file again
            have = 0
        length = response.headers.get("Content-Length")
        total = have + int(length) if length and length.isdigit() else None
        with part.open("ab" if have else "wb") as out:
            while chunk := response.read(CHUNK_BYTES):
                out.write(chunk)
                have += len(chunk)
                if on_bytes(have, total) is False:
                    raise DownloadCancelled
    if total is not None and have < total:
        raise ConnectionError("the connection ended early")


def _unpack(packed: Path, dataset: Dataset) -> None:
    """Write the IDX files that a .gz, or EMNIST's zip of .gz, holds; each appears whole or not at all."""
    if packed.suffix == ".gz":
        with gzip.open(packed) as source:
            _write_whole(source, packed.with_suffix(""))
    else:
        with zipfile.ZipFile(packed) as archive:
            for name in (file for split in SPLITS for file in dataset.idx_files(split)):
                with archive.open(f"gzip/{name}.gz") as compressed, gzip.open(compressed) as source:
                    _write_whole(source, packed.parent / name)


def _write_whole(source, target: Path) -> None:
    with replacing(target) as beside, beside.open("wb") as out:
        shutil.copyfileobj(source, out, CHUNK_BYTES)

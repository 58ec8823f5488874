"""Checkpoints as zips: what is packed can be used and uploaded again; no bytes make `unpack` raise anything but its own error."""

import contextlib
import io
import json
import os
import pickle
import struct
import tempfile
import threading
import warnings
import zipfile
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from onnxruntime import InferenceSession
from safetensors.numpy import save as save_arrays
from safetensors.torch import save as save_tensors
from tiny import TINY

from core import archive, checkpoints, export
from core.archive import ArchiveError, pack, unpack
from core.checkpoints import CARD_FILE, LATENTS_FILE, WEIGHTS_FILE, Latents, available, load, save
from core.models import MODELS, build, describe
from core.models.autoencoder import AutoencoderConfig
from core.onnx_recorder import NotRecordable

FILES = (WEIGHTS_FILE, CARD_FILE, LATENTS_FILE)
CODES = Latents(np.zeros((4, 2), np.float32), np.zeros((4, 2), np.float32), np.arange(4, dtype=np.uint8))


@pytest.fixture(scope="module")
def source(tmp_path_factory) -> Path:
    """A folder with one checkpoint, `good`; not to be changed."""
    root = tmp_path_factory.mktemp("source")
    save(root / "good", "vae", build("vae", TINY, seed=1), {"title": "Good"}, CODES)
    return root


@pytest.fixture(scope="module")
def packed(source) -> bytes:
    return pack("good", source)


@pytest.fixture(scope="module")
def files(source) -> dict[str, bytes]:
    return checkpoints.contents("good", source)


@pytest.fixture
def root(tmp_path) -> Path:
    """Where uploads go; empty."""
    return tmp_path / "uploads"


def zipped(members, method: int = zipfile.ZIP_DEFLATED) -> bytes:
    """A zip of any members, (name or ZipInfo, content)."""
    content = io.BytesIO()
    with warnings.catch_warnings(), zipfile.ZipFile(content, "w", method) as made:
        warnings.simplefilter("ignore")  # that a name stands in it twice
        for name, data in members:
            made.writestr(name, data)
    return content.getvalue()


def listed(folder: Path) -> list[str]:
    """What is in a folder, hidden files too."""
    return sorted(file.name for file in folder.iterdir()) if folder.is_dir() else []


def refused(data: bytes, root: Path, sentence: str, name: str = "good") -> None:
    """`unpack` refuses these bytes with this sentence, and nothing is left behind."""
    before = listed(root)
    with pytest.raises(ArchiveError, match=sentence) as refusal:
        unpack(data, name, root)
    assert str(root) not in str(refusal.value)
    assert str(refusal.value).endswith((".", ".)"))
    assert listed(root) == before


# --- pack -----------------------------------------------------------------------------------------------------------------


def test_a_zip_holds_the_files_as_they_are_and_both_networks(packed, files):
    with zipfile.ZipFile(io.BytesIO(packed)) as made:
        assert set(made.namelist()) == {*FILES, "encoder.onnx", "decoder.onnx", "README.txt"}
        assert {name: made.read(name) for name in FILES} == files
        assert made.testzip() is None
        readme = made.read("README.txt").decode()
    assert all(name in readme for name in (*FILES, "encoder.onnx", "decoder.onnx"))
    assert "label" not in readme.replace("labels:", "")


def test_the_same_checkpoint_gives_the_same_bytes(packed, source):
    assert pack("good", source) == packed


@pytest.mark.parametrize("model", MODELS)
def test_every_model_goes_out_and_comes_back(root, model):
    made = build(model, MODELS[model].config(), seed=2)
    codes = CODES if made.numbers_per_coordinate == 2 else Latents(CODES.mu, None, CODES.label)
    save(root / "one", model, made, {}, codes)
    data = pack("one", root)
    assert unpack(data, "two", root) == "two"
    again = load("two", root).model
    assert all(torch.equal(tensor, again.state_dict()[name]) for name, tensor in made.state_dict().items())
    with zipfile.ZipFile(io.BytesIO(data)) as content:
        assert ("-1 stands for no label" in content.read("README.txt").decode()) == made.conditional
        session = InferenceSession(content.read("decoder.onnx"), providers=["CPUExecutionProvider"])
    assert [i.name for i in session.get_inputs()] == (["z", "label"] if made.conditional else ["z"])


def test_the_readme_says_how_to_use_each_file(packed, tmp_path, monkeypatch):
    with zipfile.ZipFile(io.BytesIO(packed)) as made:
        made.extractall(tmp_path)
    monkeypatch.chdir(tmp_path)
    lines = [line.strip() for line in (tmp_path / "README.txt").read_text().splitlines() if line.startswith(" " * 25)]
    assert len(lines) == 6
    names = {"x": np.zeros((3, 1, 28, 28), np.float32), "z": np.zeros((3, 2), np.float32)}
    exec("\n".join(lines), names)
    assert (names["codes"].shape, names["mu"].shape, names["x_hat"].shape) == ((4, 2), (3, 2), (3, 1, 28, 28))
    assert "decoder.0.weight" in names["weights"]


def test_without_onnx_the_readme_says_why(source, root, monkeypatch):
    def impossible(model):
        raise NotRecordable("the model uses erfinv in a way that is not known here.")

    monkeypatch.setattr(export, "encoder_onnx", impossible)
    data = pack("good", source)
    with zipfile.ZipFile(io.BytesIO(data)) as made:
        assert set(made.namelist()) == {*FILES, "decoder.onnx", "README.txt"}
        assert "There is no encoder.onnx here: the model uses erfinv in a way" in made.read("README.txt").decode()
    assert unpack(data, "good", root) == "good"


def test_what_is_no_checkpoint_is_not_packed(source):
    with pytest.raises(checkpoints.CheckpointError, match="no checkpoint named"):
        pack("../source/good", source)


# --- unpack ---------------------------------------------------------------------------------------------------------------


def test_what_was_packed_becomes_the_same_checkpoint(packed, files, root):
    assert unpack(packed, "mine", root) == "mine"
    assert checkpoints.contents("mine", root) == files
    assert set(listed(root / "mine")) == set(FILES)
    assert (root / "mine").stat().st_mode & 0o777 == 0o755
    assert listed(root) == ["mine"]
    assert pack("mine", root) == packed


def test_an_open_file_will_do(packed, root):
    assert unpack(io.BytesIO(packed), "mine", root) == "mine"


def test_an_existing_checkpoint_is_never_overwritten(packed, root):
    assert [unpack(packed, "mine", root) for _ in range(3)] == ["mine", "mine-2", "mine-3"]
    (root / "mine" / CARD_FILE).write_text("mine")
    unpack(packed, "mine", root)
    assert (root / "mine" / CARD_FILE).read_text() == "mine"
    assert available(root) == ["mine", "mine-2", "mine-3", "mine-4"]


def test_two_at_once_get_two_names(packed, root):
    threads = [threading.Thread(target=unpack, args=(packed, "mine", root)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert listed(root) == ["mine", "mine-2", "mine-3", "mine-4"]
    assert {load(name, root).card["title"] for name in available(root)} == {"Good"}


def test_it_is_not_listed_before_it_has_been_checked(packed, root, monkeypatch):
    seen, load_folder = [], checkpoints.load_folder

    def look(folder: Path) -> checkpoints.Checkpoint:
        seen.extend(listed(root))
        return load_folder(folder)

    monkeypatch.setattr(checkpoints, "load_folder", look)
    unpack(packed, "mine", root)
    assert [name[0] for name in seen] == ["."]


@pytest.mark.parametrize("folder", ["", "vae/", "any thing é/", "vae\\", "./", "./vae/", "vae/./", ".\\vae\\"])
@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_at_the_top_or_in_one_folder_among_other_files(files, root, folder, method):
    others = [("__MACOSX/._card.json", b"x"), ("a/b/c.txt", b"x"), (f"{folder}notes.txt", b"x"), (f"a/b/{WEIGHTS_FILE}", b"x")]
    members = [(zipfile.ZipInfo(folder or "empty/"), b""), *((folder + name, data) for name, data in files.items()), *others]
    assert unpack(zipped(members, method), "mine", root) == "mine"
    assert set(listed(root / "mine")) == set(FILES)


@pytest.mark.parametrize("prefix", ["../", "/", "./../", "/./", "a/../", "../../", "C:/../", "..\\", "\\", "//host/share/", "a/b/"])
def test_names_never_become_paths(files, root, prefix):
    root.mkdir()
    refused(zipped((prefix + name, data) for name, data in files.items()), root, f"has no {WEIGHTS_FILE}, at its top or in one folder")
    assert listed(root.parent) == ["uploads"]


def test_a_link_in_a_zip_is_only_its_text(files, root, tmp_path):
    (tmp_path / "secret").write_bytes(files[WEIGHTS_FILE])
    link = zipfile.ZipInfo(WEIGHTS_FILE)
    link.create_system, link.external_attr = 3, 0o120777 << 16
    members = [(link, str(tmp_path / "secret")), (CARD_FILE, files[CARD_FILE]), (LATENTS_FILE, files[LATENTS_FILE])]
    refused(zipped(members), root, r"^The zip's model\.safetensors is not a whole safetensors file")


@pytest.mark.parametrize("second", [CARD_FILE, f"other/{CARD_FILE}", f"other/{LATENTS_FILE}"])
def test_two_checkpoints_in_a_zip_are_refused(files, root, second):
    refused(zipped([*files.items(), (second, b"{}")]), root, "more than one checkpoint, or .* twice")


def test_parts_from_several_folders_are_refused(files, root):
    refused(zipped((f"{index}/{name}", data) for index, (name, data) in enumerate(files.items())), root, "more than one checkpoint")


@pytest.mark.parametrize("missing", FILES)
def test_a_zip_without_one_of_the_files(files, root, missing):
    members = [(name, data) for name, data in files.items() if name != missing]
    refused(zipped(members), root, rf"^The zip has no {missing}, .*zip all three\.$")
    refused(
        zipped([*members, ("a/model.pt", pickle.dumps(1))]), root, rf"^The zip has no {missing} but a/model\.pt\. Pickle files can run code"
    )


def test_what_torch_saves_is_refused_as_pickle(root):
    content = io.BytesIO()
    torch.save({"w": torch.zeros(3)}, content)
    refused(content.getvalue(), root, r"data\.pkl\. Pickle files can run code.*save the weights with safetensors")


def test_pickle_under_a_trusted_name_is_never_run(files, root, tmp_path):
    class Malice:
        def __reduce__(self):
            return (os.mkdir, (str(tmp_path / "code was run"),))

    refused(zipped([*list(files.items())[1:], (WEIGHTS_FILE, pickle.dumps(Malice()))]), root, "not a whole safetensors file")
    assert not (tmp_path / "code was run").exists()


@pytest.mark.parametrize("name", ["", "..", "../out", "a/b", "runs", "restorers", ".hidden", "x" * 65])
def test_a_name_that_is_none_is_refused(packed, root, name):
    with pytest.raises(ArchiveError, match=r"cannot be used as a name|is reserved"):
        unpack(packed, name, root)
    assert not root.exists()


@pytest.mark.parametrize(
    "data", [b"", b"x", b"PK", b"PK\5\6", b"\x1f\x8b\x08", b"x" * 100_000, b"PK\5\6" + b"\xff" * 18, b"PK\6\6" + b"\0" * 52 + b"PK\6\7"]
)
def test_what_is_no_zip_is_refused(root, data):
    refused(data, root, r"^The file is not a whole zip \(.*\)\. Download it again\.$")
    refused(data, root, r"\(cut short, damaged or another format\)")


def test_an_empty_zip_is_refused(root):
    refused(zipped([]), root, "has no model.safetensors")


def test_a_truncated_zip_is_refused(packed, root):
    for length in (10, 100, len(packed) // 2, len(packed) - 1):
        refused(packed[:length], root, "is not a whole zip")
    refused(packed[len(packed) // 2 :], root, "is not a whole zip|larger|no model")


def test_a_changed_byte_of_the_weights_is_noticed(files, root):
    data = bytearray(zipped(files.items(), zipfile.ZIP_STORED))
    data[data.index(files[WEIGHTS_FILE]) + len(files[WEIGHTS_FILE]) - 9] ^= 1
    refused(bytes(data), root, "Bad CRC-32")


def test_an_encrypted_zip_is_refused(packed, root):
    data = packed.replace(b"PK\3\4\x14\0\0\0", b"PK\3\4\x14\0\1\0").replace(b"PK\1\2\x14\3\x14\0\0\0", b"PK\1\2\x14\3\x14\0\1\0")
    assert data != packed
    refused(data, root, "is encrypted. Zip it again without a password")


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_methods_that_may_need_gigabytes_are_refused(files, root, method):
    refused(zipped(files.items(), method), root, "uses a compression that cannot be read here")


# --- sizes ----------------------------------------------------------------------------------------------------------------


def test_a_zip_too_large_is_not_even_read(root, monkeypatch):
    monkeypatch.setattr(archive, "MAX_ZIP_BYTES", 1 << 20)
    endless = type("Endless", (io.RawIOBase,), {"read": lambda self, size: b"x" * size})()
    refused(b"x" * ((1 << 20) + 1), root, "The zip is larger than 1 MB")
    refused(endless, root, "The zip is larger than 1 MB")


def test_a_member_too_large_is_refused(files, root):
    files = {**files, CARD_FILE: b" " * ((1 << 20) + 1)}
    assert len(zipped(files.items())) < 200_000
    refused(zipped(files.items()), root, r"The zip's card\.json is larger than 1 MB")


def lying(data: bytes, file: str, size: int) -> bytes:
    """The zip with another size stated for a member, in its own header and in the list at the end."""
    out = bytearray(data)
    for signature, size_at, name_at in ((b"PK\3\4", 22, 30), (b"PK\1\2", 24, 46)):
        at = out.index(file.encode()) - name_at if signature == b"PK\3\4" else out.rindex(file.encode()) - name_at
        assert out[at : at + 4] == signature
        out[at + size_at : at + size_at + 4] = struct.pack("<L", size)
    return bytes(out)


@pytest.mark.parametrize("size", [0, 10, 1 << 20, 0xFFFFFFFE])
def test_a_bomb_that_lies_about_its_size_stops_early(files, root, size, monkeypatch):
    data = lying(zipped({**files, CARD_FILE: b" " * (30 << 20)}.items()), CARD_FILE, size)
    assert len(data) < 200_000
    unpacked, read = [], zipfile.ZipExtFile.read

    def counted(self, n):
        unpacked.append(read(self, n))
        return unpacked[-1]

    monkeypatch.setattr(zipfile.ZipExtFile, "read", counted)
    refused(data, root, r"card\.json is larger than 1 MB" if size > 1 << 20 else "Bad CRC-32")
    others = len(files[WEIGHTS_FILE]) + len(files[LATENTS_FILE])
    assert sum(map(len, unpacked)) <= archive.CHUNK + checkpoints.MAX_BYTES[CARD_FILE] + others


def test_more_files_than_any_checkpoint_has_are_not_listed(root, monkeypatch):
    data = zipped((str(index), b"") for index in range(archive.MAX_MEMBERS + 1))
    monkeypatch.setattr(zipfile, "ZipFile", None)  # it makes an object of half a kilobyte for each
    refused(data, root, "more than 1000 files")


def test_a_full_disk_becomes_a_sentence_and_leaves_nothing(packed, root, monkeypatch):
    def full(descriptor):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    refused(packed, root, r"The zip could not be unpacked \(No space left on device\)")


def test_a_checkpoint_that_does_not_load_leaves_nothing(files, root):
    refused(zipped({**files, CARD_FILE: b"{}"}.items()), root, r"The zip's card\.json describes a model that cannot be built")
    refused(zipped({**files, WEIGHTS_FILE: files[LATENTS_FILE]}.items()), root, r"The zip's model\.safetensors does not fit its card")


# --- what a stranger's model may hold -------------------------------------------------------------------------------------


def with_codes(files, farthest: float, name: str = "vae") -> bytes:
    """A zip of a model of that kind whose codes lie as far out."""
    mu = np.array([[0, farthest], [1, 1], [0, 0], [2, -1]], np.float32)
    arrays: dict[str, np.ndarray] = {"mu": mu, "label": np.arange(4, dtype=np.uint8)}
    card = json.loads(files[CARD_FILE])
    weights = files[WEIGHTS_FILE]
    if name == "ae":
        model = build("ae", AutoencoderConfig(encoder_hidden=(8,), decoder_hidden=(8,)))
        card, weights = {"model": describe("ae", model)}, save_tensors(model.state_dict())
    contents = {WEIGHTS_FILE: weights, CARD_FILE: json.dumps(card).encode(), LATENTS_FILE: save_arrays(arrays)}
    return zipped(contents.items())


@pytest.mark.parametrize("farthest", [100.5, -101.0, 6e4])
def test_codes_beyond_the_map_are_refused(files, root, farthest):
    refused(
        with_codes(files, farthest), root, r"The zip's latents\.safetensors holds codes as far out as [\d.,]+; a map goes from -100 to 100"
    )


@pytest.mark.parametrize("name", ["vae", "ae"])
@pytest.mark.parametrize("farthest", [3e38, -1e5, np.inf, np.nan])
def test_codes_that_no_map_can_draw_are_refused(files, root, farthest, name):
    refused(with_codes(files, farthest, name), root, r"The zip's latents\.safetensors holds codes that are not finite numbers")


def test_codes_on_the_map_and_those_of_a_model_without_a_prior_are_welcome(files, root):
    assert unpack(with_codes(files, 100.0), "far", root) == "far"
    assert unpack(with_codes(files, 139.2, "ae"), "farther", root) == "farther"


@pytest.mark.parametrize("depth", [33, 900, 20_000])
def test_a_card_nested_too_deeply_is_refused(files, root, depth):
    card = files[CARD_FILE].rstrip()[:-1] + b', "deep": ' + b"[" * depth + b"]" * depth + b"}"
    refused(
        zipped({**files, CARD_FILE: card}.items()), root, r"The zip's card\.json (is nested more than 32 levels|is not a whole json file)"
    )


def test_a_card_that_would_grow_beyond_its_limit_when_it_is_written_is_refused(files, root):
    card = json.loads(files[CARD_FILE]) | {"many": [[[[[1] * 100]]]] * 4000}
    small = json.dumps(card, separators=(",", ":")).encode()
    assert len(small) < checkpoints.MAX_BYTES[CARD_FILE]
    refused(zipped({**files, CARD_FILE: small}.items()), root, r"The zip's card\.json would become larger than 1 MB")


# --- any bytes ------------------------------------------------------------------------------------------------------------


def accepts_or_refuses(data: bytes) -> None:
    """`unpack` raises nothing but ArchiveError and leaves nothing behind, or makes a checkpoint that loads."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        try:
            name = unpack(data, "mine", root)
        except ArchiveError as error:
            assert str(error).endswith(".")
            assert listed(root) == []
        else:
            assert listed(root) == [name]
            load(name, root)


@given(data=st.binary(max_size=300), end=st.sampled_from([b"", b"PK\5\6" + b"\0" * 18, b"PK\6\7" + b"\0" * 16 + b"PK\5\6" + b"\xff" * 18]))
def test_random_bytes(data, end):
    accepts_or_refuses(data + end)


@pytest.fixture(scope="module")
def small(files) -> bytes:
    """A valid zip whose directory is a large part of it, so that random changes meet all its fields."""
    return zipped(files.items())


@given(data=st.data())
def test_random_changes_of_a_valid_zip(small, data):
    changed = bytearray(small)
    directory = small.index(b"PK\1\2")
    places = st.integers(directory, len(small) - 1) | st.integers(0, 60) | st.integers(0, len(small) - 1)
    for _ in range(data.draw(st.integers(1, 6))):
        changed[data.draw(places)] = data.draw(st.sampled_from([0, 1, 0x7F, 0x80, 0xFF]) | st.integers(0, 255))
    accepts_or_refuses(bytes(changed))


@given(data=st.data())
def test_pieces_cut_doubled_and_moved(small, data):
    cuts = sorted(data.draw(st.lists(st.integers(0, len(small)), min_size=2, max_size=4)))
    pieces = [small[a:b] for a, b in zip([0, *cuts], [*cuts, len(small)], strict=True)]
    accepts_or_refuses(b"".join(data.draw(st.lists(st.sampled_from(pieces), max_size=6))))


@given(names=st.lists(st.sampled_from([*FILES, "../x", "a/" + CARD_FILE, "model.pt"]) | st.text(max_size=5), max_size=6), data=st.data())
def test_any_members(files, names, data):
    with contextlib.suppress(UnicodeEncodeError):
        accepts_or_refuses(zipped((name or "x", data.draw(st.just(files.get(name, b"x")) | st.binary(max_size=20))) for name in names))

"""Checkpoints: what is saved comes back, a save happens whole or not at all, and what cannot be used is refused with a sentence."""

import contextlib
import json
import os
import pickle
import re
import shutil
import struct
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from refused import NO_NAMES, shown
from safetensors.numpy import save as save_arrays
from safetensors.torch import load as load_tensors
from safetensors.torch import save as save_tensors
from tiny import TINY, linear
from together import Together

from core import checkpoints, restore
from core.checkpoints import (
    CARD_FILE,
    LATENTS_FILE,
    MAX_BYTES,
    WEIGHTS_FILE,
    CheckpointError,
    Latents,
    available,
    load,
    opened,
    opened_restorer,
    save,
    stamp,
)
from core.methods import MethodMissingError, restorer
from core.models import Model, Restorer, build, build_restorer
from core.models.restoration import DenoiserConfig
from pages.session import caches

FILES = (WEIGHTS_FILE, CARD_FILE, LATENTS_FILE)


def codes(n: int = 6, seed: int = 0) -> Latents:
    rng = np.random.default_rng(seed)
    return Latents(rng.normal(size=(n, 2)).astype(np.float32), rng.normal(size=(n, 2)).astype(np.float32), np.arange(n, dtype=np.uint8))


def contents(folder: Path) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in folder.iterdir()}


def half_precision(model: Model) -> Model:
    """A copy of the model with float16 weights."""
    copy = type(model)(model.config)
    copy.load_state_dict(model.state_dict())
    return copy.half()


@pytest.fixture
def root(tmp_path, tiny_model) -> Path:
    """A folder of checkpoints with one in it, `good`."""
    save(tmp_path / "good", "vae", tiny_model, {"title": "Good"}, codes())
    return tmp_path


# --- save and load --------------------------------------------------------------------------------------------------------


def test_what_is_saved_comes_back(root, tiny_model):
    checkpoint = load("good", root)
    assert checkpoint.name == "good"
    assert checkpoint.card == {"model": {"name": "vae", "config": json.loads(json.dumps(vars(TINY)))}, "title": "Good"}
    assert checkpoint.model.config == TINY
    assert not checkpoint.model.training
    for name, tensor in tiny_model.state_dict().items():
        assert torch.equal(checkpoint.model.state_dict()[name], tensor)
    saved = codes()
    assert saved.logvar is not None
    np.testing.assert_array_equal(checkpoint.latents.mu, saved.mu.astype(np.float16).astype(np.float32))
    np.testing.assert_array_equal(checkpoint.latents.logvar, saved.logvar.astype(np.float16).astype(np.float32))
    np.testing.assert_array_equal(checkpoint.latents.label, saved.label)
    assert (checkpoint.latents.mu.dtype, checkpoint.latents.label.dtype) == (np.float32, np.uint8)


def test_a_card_is_read_without_weights_or_codes(root):
    (root / "good" / WEIGHTS_FILE).write_bytes(b"damaged")
    (root / "good" / LATENTS_FILE).unlink()
    assert checkpoints.card_of("good", root)["title"] == "Good"
    with pytest.raises(CheckpointError, match="no checkpoint named 'bad'"):
        checkpoints.card_of("bad", root)


def test_a_checkpoint_is_three_files_that_others_may_read(root):
    assert set(contents(root / "good")) == set(FILES)
    assert (root / "good").stat().st_mode & 0o777 == 0o755
    stored = {name: array.dtype for name, array in checkpoints.load_arrays((root / "good" / LATENTS_FILE).read_bytes()).items()}
    assert stored == {"mu": np.float16, "logvar": np.float16, "label": np.uint8}


def test_float16_weights_are_stored_small_and_load_as_float32(root, tiny_model):
    save(root / "half", "vae", half_precision(tiny_model), {}, codes())
    assert {tensor.dtype for tensor in load_tensors((root / "half" / WEIGHTS_FILE).read_bytes()).values()} == {torch.float16}
    again = load("half", root).model
    for name, tensor in tiny_model.state_dict().items():
        assert again.state_dict()[name].dtype == torch.float32
        assert torch.equal(again.state_dict()[name], tensor.half().float())


def test_a_model_without_a_posterior_has_no_logvar(root, tiny_model):
    save(root / "plain", "vae", tiny_model, {}, Latents(codes().mu, None, codes().label))
    assert load("plain", root).latents.logvar is None


def test_saving_again_replaces_the_earlier_one(root):
    save(root / "good", "vae", build("vae", TINY, seed=9), {"title": "New"}, codes(3))
    assert load("good", root).card["title"] == "New"
    assert len(load("good", root).latents.mu) == 3
    assert [file.name for file in root.iterdir()] == ["good"]


def test_the_folder_above_is_made(tmp_path, tiny_model):
    save(tmp_path / "a" / "b", "vae", tiny_model, {}, codes())
    assert available(tmp_path / "a") == ["b"]


def test_loading_leaves_the_global_generator_as_it_was(root):
    before = torch.get_rng_state()
    load("good", root)
    assert torch.equal(torch.get_rng_state(), before)


# --- whole or not at all --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("call", [1, 2, 3])
@pytest.mark.parametrize("there_before", [True, False], ids=["replacing", "new"])
def test_a_full_disk_leaves_the_old_checkpoint_and_no_trace(root, monkeypatch, call, there_before):
    before, calls = contents(root / "good"), []

    def full_at_the_nth(descriptor):
        calls.append(descriptor)
        if len(calls) == call:
            raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full_at_the_nth)
    with pytest.raises(OSError, match="No space left"):
        save(root / ("good" if there_before else "other"), "vae", build("vae", TINY, seed=9), {}, codes(3))
    assert contents(root / "good") == before
    assert os.listdir(root) == ["good"]  # noqa: PTH208 (hidden ones too)


@pytest.mark.parametrize("interruption", [OSError(13, "Permission denied"), KeyboardInterrupt()], ids=["error", "ctrl-c"])
@pytest.mark.parametrize("call", [1, 2])
def test_a_rename_that_fails_leaves_the_old_checkpoint_and_no_trace(root, monkeypatch, call, interruption):
    before, calls, rename = contents(root / "good"), [], Path.rename

    def fail_at_the_nth(self, target):
        calls.append(target)
        if len(calls) == call:
            raise interruption
        return rename(self, target)

    monkeypatch.setattr(Path, "rename", fail_at_the_nth)
    with pytest.raises(type(interruption)):
        save(root / "good", "vae", build("vae", TINY, seed=9), {}, codes(3))
    assert contents(root / "good") == before
    assert [file.name for file in root.iterdir()] == ["good"]


def test_an_old_checkpoint_that_cannot_go_back_is_not_thrown_away(root, monkeypatch):
    before, calls, rename = contents(root / "good"), [], Path.rename

    def fail_from_the_second_on(self, target):
        calls.append(target)
        if len(calls) >= 2:
            raise OSError(5, "Input/output error")
        return rename(self, target)

    monkeypatch.setattr(Path, "rename", fail_from_the_second_on)
    with pytest.raises(OSError, match="Input/output"):
        save(root / "good", "vae", build("vae", TINY, seed=9), {}, codes(3))
    (kept,) = root.glob(".good.old.*/old")
    assert contents(kept) == before


def test_a_new_checkpoint_does_not_appear_before_its_last_byte_is_on_the_disk(root, tiny_model, monkeypatch):
    seen = []
    monkeypatch.setattr(os, "fsync", lambda descriptor: seen.append(available(root)))
    save(root / "new", "vae", tiny_model, {}, codes())
    assert seen == [["good"]] * 3
    assert available(root) == ["good", "new"]


def test_a_card_that_json_cannot_hold_changes_nothing(root, tiny_model):
    before = contents(root / "good")
    with pytest.raises(TypeError):
        save(root / "good", "vae", tiny_model, {"oops": object()}, codes())
    assert contents(root / "good") == before
    assert available(root) == ["good"]


def test_a_folder_that_is_no_checkpoint_is_never_replaced(tmp_path, tiny_model):
    (tmp_path / "thesis").mkdir()
    (tmp_path / "thesis" / "chapter1.tex").write_text("three years")
    with pytest.raises(CheckpointError, match=r"thesis already exists and is not a checkpoint"):
        save(tmp_path / "thesis", "vae", tiny_model, {}, codes())
    assert contents(tmp_path / "thesis") == {"chapter1.tex": b"three years"}


def test_a_checkpoint_among_other_files_is_never_replaced(root, tiny_model):
    (root / "good" / "notes.txt").write_text("mine")
    with pytest.raises(CheckpointError, match=r"notes\.txt"):
        save(root / "good", "vae", tiny_model, {}, codes())
    assert (root / "good" / "notes.txt").read_text() == "mine"


def test_a_file_is_never_replaced(tmp_path, tiny_model):
    (tmp_path / "thesis").write_text("three years")
    with pytest.raises(CheckpointError, match="already exists"):
        save(tmp_path / "thesis", "vae", tiny_model, {}, codes())
    assert (tmp_path / "thesis").read_text() == "three years"


def test_an_empty_folder_is_filled(tmp_path, tiny_model):
    (tmp_path / "empty").mkdir()
    save(tmp_path / "empty", "vae", tiny_model, {}, codes())
    assert load("empty", tmp_path).model.config == TINY


@pytest.mark.parametrize("folder", [".", "..", "a/.."])
def test_a_folder_without_a_name_is_refused(root, tiny_model, monkeypatch, folder):
    monkeypatch.chdir(root / "good")
    before = contents(root / "good")
    with pytest.raises(CheckpointError, match="name"):
        save(Path(folder), "vae", tiny_model, {}, codes())
    assert contents(root / "good") == before


@pytest.mark.parametrize("damage", ["weights", "beyond float16", "mu", "logvar"])
def test_what_load_would_refuse_is_not_saved(tmp_path, tiny_model, damage):
    model, latents = tiny_model, codes()
    with torch.no_grad():
        if damage == "weights":
            linear(model.decoder, 0).weight[0, 0] = torch.nan
        if damage == "beyond float16":
            linear(model.decoder, 0).weight[0, 0] = 1e6
            model = half_precision(model)
    if damage == "mu":
        latents.mu[1, 1] = 1e6  # infinite as float16
    if damage == "logvar":
        assert latents.logvar is not None
        latents.logvar[1, 1] = np.nan
    with pytest.raises(CheckpointError, match="diverged"):
        save(tmp_path / "new", "vae", model, {}, latents)
    assert list(tmp_path.iterdir()) == []


# --- refusals -------------------------------------------------------------------------------------------------------------


def refused(root: Path, sentence: str, name: str = "good") -> str:
    """The message with which `load` refuses the checkpoint; it must match the sentence."""
    with pytest.raises(CheckpointError, match=sentence) as refusal:
        load(name, root)
    return str(refusal.value)


@pytest.mark.parametrize("file", [WEIGHTS_FILE, LATENTS_FILE])
def test_pickle_is_never_read(root, file):
    class Malice:
        def __reduce__(self):
            return (os.mkdir, (str(root / "code was run"),))

    (root / "good" / file).unlink()
    (root / "good" / "model.pt").write_bytes(pickle.dumps(Malice()))
    refused(root, r"but model\.pt\. Pickle files can run code.*safetensors")
    (root / "good" / file).write_bytes(pickle.dumps(Malice()))
    refused(root, "is not a whole safetensors file")
    assert not (root / "code was run").exists()


@pytest.mark.parametrize("file", FILES)
def test_a_missing_file(root, file):
    (root / "good" / file).unlink()
    refused(root, f"{file} is missing. Train the model again")


@pytest.mark.parametrize("file", FILES)
def test_truncated_files(root, file):
    whole = (root / "good" / file).read_bytes()
    for length in (0, 1, 7, 8, 9, 40, len(whole) // 2, len(whole) - 2):
        (root / "good" / file).write_bytes(whole[:length])
        assert str(root / "good" / file) in refused(root, r"is not a whole (safetensors|json) file .*truncated")


@pytest.mark.parametrize("file", FILES)
@pytest.mark.parametrize("content", [b"", b"{", b"\xff\xfe", b'{"model": nonsense}', bytes(100)])
def test_a_damaged_file_is_said_in_words_for_people(root, file, content):
    (root / "good" / file).write_bytes(content)
    said = refused(root, "is not a whole")
    assert not re.search(r"Expecting|Error|codec|char \d|deserializ|[Hh]eader", said), said


def test_who_wrote_a_card_by_hand_is_told_the_line(root):
    (root / "good" / CARD_FILE).write_text('{\n  "title": "Mine",\n  "model": \n}\n')
    refused(root, r"is not a whole json file \(truncated, or another format; line 4 cannot be read\)")


@pytest.mark.parametrize("file", FILES)
@pytest.mark.parametrize(
    "content", [b"Hello, I am text.", b"\x89PNG\r\n\x1a\n" + bytes(100), b"\xff\xfe\xfd" * 50], ids=["text", "png", "noise"]
)
def test_another_format(root, file, content):
    (root / "good" / file).write_bytes(content)
    refused(root, "is not a whole (safetensors|json) file")


@pytest.mark.parametrize("file", FILES)
def test_a_file_too_large_to_be_one_of_ours(root, file, monkeypatch):
    monkeypatch.setitem(MAX_BYTES, file, (root / "good" / file).stat().st_size)
    load("good", root)
    monkeypatch.setitem(MAX_BYTES, file, (root / "good" / file).stat().st_size - 1)
    refused(root, f"{file} is larger than")


def edit_card(root: Path, **changes: object) -> None:
    path = root / "good" / CARD_FILE
    path.write_text(json.dumps({**json.loads(path.read_text()), **changes}))


@pytest.mark.parametrize("content", ["[]", "3", '"card"', "null"])
def test_a_card_that_is_no_object(root, content):
    (root / "good" / CARD_FILE).write_text(content)
    refused(root, "must hold a JSON object")


def test_a_card_that_is_nested_too_deep(root):
    (root / "good" / CARD_FILE).write_text("[" * 200_000 + "]" * 200_000)
    refused(root, "is not a whole json file")


@pytest.mark.parametrize(
    ("model", "sentence"),
    [
        (None, "name and config"),
        ("vae", "name and config"),
        ({"name": "diffusion", "config": {}}, "model must be one of .*vae"),
        ({"name": None, "config": {}}, "model must be one of .*vae"),
        ({"name": "vae", "config": []}, "must be a JSON object"),
        ({"name": "vae", "config": {"latent_dim": 10**9}}, "latent_dim must be a whole number from 1 to 128"),
        ({"name": "vae", "config": {"latent_dim": 10**400}}, "latent_dim"),
        ({"name": "vae", "config": {"encoder_hidden": [10**9]}}, "encoder_hidden"),
        ({"name": "vae", "config": {"decoder_hidden": [4] * 1000}}, "decoder_hidden"),
        ({"name": "vae", "config": {"sigma": "NaN"}}, "sigma"),
        ({"name": "vae", "config": {"__class__": "os.system"}}, "no setting named __class__"),
    ],
    ids=lambda value: repr(value)[:50],
)
def test_a_card_whose_model_cannot_be_built(root, model, sentence):
    edit_card(root, model=model)
    refused(root, f"card.json describes a model that cannot be built: .*{sentence}")


def test_a_card_that_describes_another_model(root):
    edit_card(root, model={"name": "vae", "config": {"latent_dim": 2, "encoder_hidden": [24], "decoder_hidden": [17]}})
    refused(root, r"does not fit its card: decoder\.0\.bias is \(16,\) and should be \(17,\)")
    edit_card(root, model={"name": "vae", "config": {"latent_dim": 2, "encoder_hidden": [24], "decoder_hidden": [16, 784]}})
    refused(root, r"is missing and should be \(784,\)")
    edit_card(root, model={"name": "vae", "config": {"latent_dim": 2, "encoder_hidden": [], "decoder_hidden": [16]}})
    refused(root, r"should be (absent|\()")


def edit_weights(root: Path, name: str, tensor: torch.Tensor) -> None:
    path = root / "good" / WEIGHTS_FILE
    path.write_bytes(save_tensors({**load_tensors(path.read_bytes()), name: tensor}))


@pytest.mark.parametrize("value", [torch.nan, torch.inf, -torch.inf])
def test_weights_that_are_not_finite(root, value):
    bias = torch.zeros(784)
    bias[-1] = value
    edit_weights(root, "decoder.2.bias", bias)
    refused(root, "weights that are not numbers: its training diverged")


@pytest.mark.parametrize("dtype", [torch.float64, torch.bfloat16, torch.int8, torch.bool, torch.complex64, torch.float8_e5m2])
def test_weights_of_any_type_are_refused_or_load_as_float32(root, dtype):
    edit_weights(root, "decoder.2.bias", torch.ones(784).to(dtype))
    with contextlib.suppress(CheckpointError):
        bias = linear(load("good", root).model.decoder, 2).bias
        assert dtype.is_floating_point
        assert torch.equal(bias, torch.ones(784))


def test_weights_that_overflow_as_float32(root):
    edit_weights(root, "decoder.2.bias", torch.full((784,), 1e300, dtype=torch.float64))
    refused(root, "weights that are not numbers")


def test_a_weight_that_is_no_part_of_the_model(root):
    edit_weights(root, "backdoor", torch.zeros(3))
    refused(root, r"backdoor is \(3,\) and should be absent")


def edit_latents(root: Path, **changes: np.ndarray | None) -> None:
    arrays = {"mu": np.zeros((4, 2), np.float16), "logvar": np.zeros((4, 2), np.float16), "label": np.zeros(4, np.uint8), **changes}
    (root / "good" / LATENTS_FILE).write_bytes(save_arrays({name: array for name, array in arrays.items() if array is not None}))


def halves(*shape: int) -> np.ndarray:
    return np.zeros(shape, np.float16)


@pytest.mark.parametrize(
    "changes",
    [
        {"mu": None},
        {"label": None},
        {"mu": halves(4, 3)},
        {"mu": halves(5, 2)},
        {"mu": halves(8)},
        {"mu": halves(4, 2, 1)},
        {"mu": halves(0, 2), "logvar": halves(0, 2), "label": np.zeros(0, np.uint8)},
        {"logvar": halves(4, 1)},
        {"label": np.zeros((), np.uint8)},
        {"label": np.zeros((4, 1), np.uint8)},
        {"label": np.zeros(4, np.int64)},
        {"label": np.zeros(4, np.float16)},
        {"mu": np.full((4, 2), np.nan, np.float16)},
        {"mu": np.full((4, 2), 1e300)},
        {"mu": np.zeros((4, 2), np.int32)},
        {"mu": np.zeros((4, 2), bool)},
        {"mu": np.zeros((4, 2), np.complex64)},
        {"logvar": np.full((4, 2), np.inf, np.float32)},
        {"logvar": np.zeros((4, 2), np.complex64)},
    ],
    ids=lambda changes: " ".join(f"{name} {getattr(array, 'shape', '')}{getattr(array, 'dtype', None)}" for name, array in changes.items()),
)
def test_codes_that_cannot_be_used(root, changes):
    edit_latents(root)
    load("good", root)
    edit_latents(root, **changes)
    refused(root, r"latents\.safetensors .*Train the model again")


def test_codes_in_a_type_that_numpy_does_not_have(root):
    tensors = {"mu": torch.zeros(4, 2, dtype=torch.bfloat16), "label": torch.zeros(4, dtype=torch.uint8)}
    (root / "good" / LATENTS_FILE).write_bytes(save_tensors(tensors))
    refused(root, r"latents\.safetensors")


@pytest.mark.parametrize("name", ["../outside/good", "good/../good", "./good", "", ".", "..", "good/", "GOOD", "good\0", "nothing"])
def test_a_name_is_never_a_path(root, name):
    inside = root / "inside"
    shutil.copytree(root / "good", inside / "good")
    shutil.copytree(root / "good", root / "outside" / "good")
    with pytest.raises(CheckpointError, match=r"no checkpoint named .*Available: good"):
        load(name, inside)
    with pytest.raises(CheckpointError, match="no checkpoint named"):
        load(str(root / "good"), inside)


def test_no_checkpoints_at_all(tmp_path):
    assert available(tmp_path) == available(tmp_path / "nowhere") == []
    with pytest.raises(CheckpointError, match="none; train one first"):
        load("good", tmp_path)


def test_a_damaged_folder_is_listed_and_does_not_hide_the_others(root):
    for name, keep in (("a-damaged", WEIGHTS_FILE), ("z-damaged", CARD_FILE)):
        (root / name).mkdir()
        (root / name / keep).write_bytes(b"rubbish")
    (root / "runs" / "x").mkdir(parents=True)  # no checkpoint
    (root / ".good.tmp").mkdir()
    (root / ".good.tmp" / CARD_FILE).write_text("{}")  # a save that was killed
    (root / "README.md").write_text("text")
    assert available(root) == ["a-damaged", "good", "z-damaged"]
    assert load("good", root).card["title"] == "Good"
    refused(root, r"card\.json is missing", "a-damaged")
    refused(root, "is not a whole json file", "z-damaged")


# --- rename, describe, delete ---------------------------------------------------------------------------------------------


def test_a_renamed_checkpoint_is_the_same_under_its_new_name(root):
    before = contents(root / "good")
    assert checkpoints.rename("good", "My.best_run-2", root) == "My.best_run-2"
    assert os.listdir(root) == ["My.best_run-2"]  # noqa: PTH208 (hidden ones too)
    assert contents(root / "My.best_run-2") == before == checkpoints.contents("My.best_run-2", root)
    assert checkpoints.rename("My.best_run-2", "My.best_run-2", root) == "My.best_run-2"


@pytest.mark.parametrize("new", NO_NAMES, ids=shown)
def test_a_name_that_is_none_is_refused(root, new):
    with pytest.raises(CheckpointError, match=r"cannot be used as a name: use 1 to 64 letters|is reserved") as refusal:
        checkpoints.rename("good", new, root)
    assert len(str(refusal.value)) < 400
    assert os.listdir(root) == ["good"]  # noqa: PTH208


@pytest.mark.parametrize("kind", ["checkpoint", "folder", "file", "dangling link"])
def test_a_rename_never_overwrites(root, tiny_model, kind):
    other = root / "other"
    if kind == "checkpoint":
        save(other, "vae", tiny_model, {"title": "Other"}, codes())
    if kind == "folder":
        other.mkdir()
    if kind == "file":
        other.write_text("mine")
    if kind == "dangling link":
        other.symlink_to(root / "nowhere")
    with pytest.raises(CheckpointError, match="name other is already taken"):
        checkpoints.rename("good", "other", root)
    assert load("good", root).card["title"] == "Good"
    assert kind != "checkpoint" or load("other", root).card["title"] == "Other"
    assert kind != "file" or other.read_text() == "mine"


def test_of_two_who_want_one_name_the_slower_gets_a_sentence(root, tiny_model, monkeypatch):
    save(root / "other", "vae", tiny_model, {"title": "Other"}, codes())
    monkeypatch.setattr(os.path, "lexists", lambda path: False)  # it was not there yet when we looked
    with pytest.raises(CheckpointError, match="name other is already taken"):
        checkpoints.rename("good", "other", root)
    assert [load(name, root).card["title"] for name in available(root)] == ["Good", "Other"]


def test_a_folder_is_placed_under_the_first_free_name(root):
    def another() -> Path:
        return shutil.copytree(root / "good", root / ".new")

    long = "x" * 64
    assert [checkpoints.place(another(), name, root) for name in ("good", "good", long, long, "free")] == [
        "good-2",
        "good-3",
        long,
        "x" * 62 + "-2",
        "free",
    ]
    with pytest.raises(CheckpointError, match="cannot be used as a name"):
        checkpoints.place(another(), "../out", root)


def test_title_and_description_are_written_into_the_card(root):
    weights = (root / "good" / WEIGHTS_FILE).read_bytes()
    checkpoints.describe_card("good", "  Größe 4 → 9  ", "First line.\r\n\r\nSecond: 日本 👩‍🔬\t!", root)
    card = load("good", root).card
    assert (card["title"], card["description"]) == ("Größe 4 → 9", "First line.\n\nSecond: 日本 👩‍🔬 !")
    assert card["model"]["name"] == "vae"
    assert (root / "good" / WEIGHTS_FILE).read_bytes() == weights
    assert set(contents(root / "good")) == set(FILES)
    assert os.listdir(root) == ["good"]  # noqa: PTH208
    checkpoints.describe_card("good", "Other", "", root)
    assert "description" not in load("good", root).card
    checkpoints.describe_card("good", " \n\0", "Untitled.", root)
    assert "title" not in load("good", root).card and load("good", root).card["description"] == "Untitled."


def test_control_characters_halves_and_turns_are_dropped(root):
    checkpoints.describe_card("good", "a\0b\x1b[31mc\nd\ud800\x9f", "e\u202ef\u2066g\x07\u2028h", root)
    card = load("good", root).card
    assert (card["title"], card["description"]) == ("ab[31mc d", "efg\nh")


@pytest.mark.parametrize(("title", "description"), [("x" * 121, ""), ("x", "y" * 2001)])
def test_words_too_many_are_refused(root, title, description):
    before = contents(root / "good")
    with pytest.raises(CheckpointError, match="A title has at most 120 characters and a description at most 2000; these have"):
        checkpoints.describe_card("good", title, description, root)
    assert contents(root / "good") == before
    checkpoints.describe_card("good", "x" * 120, "y" * 2000, root)


@pytest.mark.parametrize("failing", ["fsync", "replace"])
def test_a_description_is_written_whole_or_not_at_all(root, monkeypatch, failing):
    def full(*_):
        raise OSError(28, "No space left on device")

    before = contents(root / "good")
    monkeypatch.setattr(os if failing == "fsync" else Path, failing, full)
    with pytest.raises(CheckpointError, match=r"good could not be described \(No space left on device\)"):
        checkpoints.describe_card("good", "New", "", root)
    assert contents(root / "good") == before
    assert os.listdir(root) == ["good"]  # noqa: PTH208


def test_odd_cards_can_be_described_or_say_why_not(root):
    edit_card(root, half="x")
    path = root / "good" / CARD_FILE
    path.write_bytes(path.read_bytes().replace(b'"x"', b'"\\ud800"'))
    checkpoints.describe_card("good", "New", "", root)
    assert load("good", root).card["half"] == "?"
    path.write_text(json.dumps({"long": "x" * ((1 << 20) - 100)}))
    with pytest.raises(CheckpointError, match="would become larger than 1 MB"):
        checkpoints.describe_card("good", "New", "y" * 100, root)


def test_a_card_is_nested_32_levels_deep_at_most(root):
    deepest: object = 1
    for _ in range(checkpoints.MAX_DEPTH - 1):  # the card is a level itself
        deepest = [deepest] if isinstance(deepest, dict) else {"in": deepest}
    edit_card(root, deep=deepest)
    checkpoints.describe_card("good", "New", "", root)
    assert load("good", root).card["deep"] == deepest
    edit_card(root, deep=[deepest])
    refused(root, "nested more than 32 levels deep")
    with pytest.raises(CheckpointError, match="nested more than 32 levels deep"):
        checkpoints.describe_card("good", "New", "", root)


def test_a_deleted_checkpoint_is_gone(root, tiny_model):
    save(root / "other", "vae", tiny_model, {}, codes())
    checkpoints.delete("good", root)
    assert os.listdir(root) == ["other"]  # noqa: PTH208


def test_a_damaged_checkpoint_can_be_deleted(root):
    (root / "good" / WEIGHTS_FILE).unlink()
    checkpoints.delete("good", root)
    assert available(root) == []


def test_other_files_are_never_deleted(root):
    (root / "good" / "thesis.tex").write_text("three years")
    with pytest.raises(CheckpointError, match=r"also holds thesis\.tex, which deleting would lose"):
        checkpoints.delete("good", root)
    assert set(contents(root / "good")) == {*FILES, "thesis.tex"}


def test_a_link_is_deleted_and_not_what_it_leads_to(root):
    (root / "link").symlink_to(root / "good")
    checkpoints.delete("link", root)
    assert available(root) == ["good"]
    assert load("good", root).card["title"] == "Good"


def test_what_the_disk_refuses_becomes_a_sentence(root, monkeypatch):
    def denied(*_):
        raise OSError(13, "Permission denied")

    before = contents(root / "good")
    monkeypatch.setattr(Path, "rename", denied)
    with pytest.raises(CheckpointError, match=r"good was not renamed \(Permission denied\)\. Check"):
        checkpoints.rename("good", "other", root)
    with pytest.raises(CheckpointError, match=r"good was not deleted \(Permission denied\)\. Check"):
        checkpoints.delete("good", root)
    assert contents(root / "good") == before
    assert os.listdir(root) == ["good"]  # noqa: PTH208


CHANGES = {
    "rename": lambda name, root: checkpoints.rename(name, "new", root),
    "describe": lambda name, root: checkpoints.describe_card(name, "New", "", root),
    "delete": lambda name, root: checkpoints.delete(name, root),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_what_comes_with_the_repository_stays_as_it_is(root, change):
    shutil.copytree(root / "good", root / "vae-mnist-2d")
    with pytest.raises(CheckpointError, match="vae-mnist-2d comes with the explorer and stays as it is"):
        change("vae-mnist-2d", root)
    assert contents(root / "vae-mnist-2d") == contents(root / "good")


def test_the_shipped_names_are_those_in_the_repository():
    assert all((checkpoints.SHIPPED_ROOT / name / WEIGHTS_FILE).is_file() for name in checkpoints.SHIPPED)


@pytest.mark.parametrize("change", [*CHANGES.values(), checkpoints.contents], ids=[*CHANGES, "contents"])
@pytest.mark.parametrize("name", ["nothing", "../inside/good", "good/", ".", "..", "", "runs"])
def test_only_a_listed_name_is_changed(root, change, name):
    inside = root / "inside"
    shutil.copytree(root / "good", inside / "good")
    with pytest.raises(CheckpointError, match=r"no checkpoint named .*Available: good"):
        change(name, inside)
    assert set(contents(inside / "good")) == set(FILES)


# --- a folder of one's own ------------------------------------------------------------------------------------------------


@pytest.fixture
def elsewhere(root, monkeypatch) -> Path:
    """LATENT_CHECKPOINTS is a folder with one checkpoint, `good`."""
    monkeypatch.setattr(checkpoints, "CHECKPOINTS", root)
    return root


def test_what_is_shipped_is_there_beside_a_folder_of_one_s_own(elsewhere):
    assert available() == sorted(["good", *checkpoints.SHIPPED])
    assert load("good").card["title"] == "Good"
    assert load("vae-mnist-2d").card["metrics"]
    assert available(elsewhere) == ["good"] and "denoiser" in checkpoints.available(checkpoints.RESTORERS_ROOT)


def test_a_shipped_model_comes_before_another_of_its_name(elsewhere):
    assert checkpoints.hidden() == []
    shutil.copytree(elsewhere / "good", elsewhere / "vae-mnist-2d")
    assert load("vae-mnist-2d").card.get("title") != "Good"
    assert available() == sorted(["good", *checkpoints.SHIPPED]) and checkpoints.hidden() == ["vae-mnist-2d"]


def test_in_the_repository_itself_nothing_is_hidden():
    assert checkpoints.hidden() == []


def test_nothing_shipped_is_changed_and_nothing_gets_its_name(elsewhere):
    before = {file: (checkpoints.SHIPPED_ROOT / "vae-mnist-2d" / file).read_bytes() for file in FILES}
    for change in CHANGES.values():
        with pytest.raises(CheckpointError, match="stays as it is"):
            change("vae-mnist-2d", None)
    for name in (*checkpoints.SHIPPED, "VAE-MNIST-2d"):
        with pytest.raises(CheckpointError, match="already taken"):
            checkpoints.rename("good", name)
    assert checkpoints.place(shutil.copytree(elsewhere / "good", elsewhere / ".new"), "vae-mnist-2d", elsewhere) == "vae-mnist-2d-2"
    assert {file: (checkpoints.SHIPPED_ROOT / "vae-mnist-2d" / file).read_bytes() for file in FILES} == before


def test_the_folder_s_home_is_expanded_and_its_path_is_whole(tmp_path):
    ask = """import os, sys
for given in ("~/models", "models"):
    os.environ["LATENT_CHECKPOINTS"] = given
    from core import checkpoints, jobs
    print(checkpoints.CHECKPOINTS, jobs.RUNS)
    for name in [name for name in sys.modules if name.partition(".")[0] == "core"]:
        del sys.modules[name]"""
    environment = os.environ | {"HOME": str(tmp_path), "PYTHONPATH": str(checkpoints.SHIPPED_ROOT.parent)}
    answer = subprocess.run([sys.executable, "-c", ask], cwd=tmp_path, env=environment, capture_output=True, text=True, check=True)
    assert answer.stdout.split() == [str(tmp_path / "models"), str(tmp_path / "models" / "runs")] * 2


# --- opened once ----------------------------------------------------------------------------------------------------------


@pytest.fixture
def own(root, monkeypatch) -> Path:
    """The folder with `good` in it, as that of all checkpoints and of all restorers."""
    for name in ("CHECKPOINTS", "SHIPPED_ROOT", "RESTORERS_ROOT"):
        monkeypatch.setattr(checkpoints, name, root)
    return root


@pytest.fixture
def reads(monkeypatch) -> list[str]:
    """The folders whose weights were read, in order."""
    read, seen = checkpoints._load_weights, []

    def note(model: Model | Restorer, folder: Path) -> None:
        seen.append(folder.name)
        read(model, folder)

    monkeypatch.setattr(checkpoints, "_load_weights", note)
    return seen


def test_an_opened_model_is_read_once_for_each_version_of_its_files(own, tiny_model):
    first = opened("good")
    assert opened("good") is first
    save(own / "good", "vae", tiny_model, {"title": "Good again"}, codes())
    os.utime(own / "good" / CARD_FILE, (1, 1))  # even to an older time
    assert opened("good") is not first and opened("good").card["title"] == "Good again"


def test_explore_and_denoise_share_one_model_in_memory(own, reads):
    shown = caches.map_view("good").checkpoint
    with torch.no_grad():
        linear(shown.model.decoder, -1).bias.fill_(50.0)  # ink everywhere: seen by whoever has this very model
    paper = np.zeros((28, 28), np.float32)
    assert restore.denoise(paper, "vae", checkpoint="good").min() > 0.99
    assert restore.denoise(paper, "vae-search", checkpoint="good").min() > 0.99
    assert reads == ["good"]


def test_a_network_is_shared_by_those_who_use_it_and_those_who_quote_its_card(own, reads):
    save(own / "denoiser", "denoiser", build_restorer("denoiser", DenoiserConfig((4, 4), (1, 1))), {"title": "Ours"})
    shown = opened_restorer("denoiser")
    assert shown.card["title"] == "Ours" and restorer("denoiser") is shown.model and reads == ["denoiser"]
    assert not any(weights.requires_grad for weights in shown.model.parameters())


def test_ten_who_open_a_model_at_once_read_it_once(own, reads, monkeypatch):
    together, load_once = Together(monkeypatch), checkpoints.load
    monkeypatch.setattr(checkpoints, "load", lambda name: (together.wait(), load_once(name))[1])
    answers = together.ask(lambda: opened("good"))
    assert reads == ["good"] and all(answer is answers[0] for answer in answers) and answers[0].name == "good"


def test_a_folder_that_goes_while_it_is_looked_at_is_a_sentence(own, monkeypatch):
    monkeypatch.setattr(checkpoints, "_lists", lambda root, name: True)
    for ask in (opened, opened_restorer):
        with pytest.raises(CheckpointError, match="missing"):
            ask("gone")
    with pytest.raises(MethodMissingError, match="missing"):
        restore.denoise(np.zeros((28, 28), np.float32), "vae", checkpoint="gone")


def test_a_model_that_could_not_be_opened_is_tried_again(own, tiny_model):
    with pytest.raises(CheckpointError, match="no checkpoint named 'late'"):
        opened("late")
    save(own / "late", "vae", tiny_model, {}, codes())
    assert opened("late").name == "late"


def test_no_name_becomes_a_path_to_stamp(own):
    assert stamp("good", own) and stamp(f"../{own.name}/good", own) == stamp("good/../good", own) == stamp("", own) == ()


# --- any bytes ------------------------------------------------------------------------------------------------------------


def container(header: object, body: bytes) -> bytes:
    """A file with the frame of safetensors around any header and body."""
    text = json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + body


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5), lambda inner: st.lists(inner, max_size=3)
)
CONFIGS = st.dictionaries(st.sampled_from(["latent_dim", "encoder_hidden", "activation", "beta", "x"]), JSON, max_size=3)
CARDS = st.fixed_dictionaries({"model": JSON | st.fixed_dictionaries({"name": st.just("vae") | JSON, "config": CONFIGS | JSON})}) | JSON
ENTRIES = st.fixed_dictionaries(
    {
        "dtype": st.sampled_from(["F16", "F32", "F64", "BF16", "U8", "I64", "BOOL", "C64", "F8_E5M2", "F8_E4M3", "F8_E8M0", "F4", "X"]),
        "shape": st.lists(st.sampled_from([0, 1, 2, 4]), max_size=3),
        "data_offsets": st.sampled_from([[0, 0], [0, 1], [0, 2], [0, 4], [0, 8], [0, 16], [0, 32], [8, 4]]),
    }
)
TENSORS = st.builds(
    container, st.dictionaries(st.sampled_from(["mu", "label", "logvar", "x"]), ENTRIES | JSON, max_size=2), st.binary(max_size=40)
)
CONTENT = {CARD_FILE: CARDS.map(lambda card: json.dumps(card).encode()), WEIGHTS_FILE: TENSORS, LATENTS_FILE: TENSORS}


@pytest.fixture(scope="module")
def pristine(tmp_path_factory) -> dict[str, bytes]:
    """The files of a good checkpoint."""
    folder = tmp_path_factory.mktemp("pristine") / "good"
    save(folder, "vae", build("vae", TINY), {}, codes())
    return contents(folder)


@pytest.mark.parametrize("file", FILES)
@given(data=st.data())
def test_no_bytes_make_load_raise_anything_but_its_own_error(pristine, file, data):
    content = data.draw(st.binary(max_size=200) | CONTENT[file])
    with tempfile.TemporaryDirectory() as folder:
        good = Path(folder) / "good"
        good.mkdir()
        for name, before in {**pristine, file: content}.items():
            (good / name).write_bytes(before)
        with contextlib.suppress(CheckpointError):
            checkpoint = load("good", Path(folder))
            assert len(checkpoint.latents.mu) == len(checkpoint.latents.label) > 0


DTYPES = st.sampled_from(["float16", "float32", "float64", "uint8", "int64", "bool", "complex64"])
SHAPES = st.lists(st.sampled_from([0, 1, 2, 4]), max_size=3).map(tuple)
ARRAYS = st.builds(lambda dtype, shape, value: np.full(shape, value).astype(dtype), DTYPES, SHAPES, st.sampled_from([0, 1]))


@given(arrays=st.dictionaries(st.sampled_from(["mu", "label", "logvar", "x"]), ARRAYS))
def test_no_arrays_make_load_raise_anything_but_its_own_error(pristine, arrays):
    with tempfile.TemporaryDirectory() as folder:
        good = Path(folder) / "good"
        good.mkdir()
        for name, content in {**pristine, LATENTS_FILE: save_arrays(arrays)}.items():
            (good / name).write_bytes(content)
        with contextlib.suppress(CheckpointError):
            latents = load("good", Path(folder)).latents
            assert latents.mu.shape == (len(latents.label), 2)

"""Whatever hands or crashes leave in a run's files: a sentence on the Train page and at /runs/, never a file outside, never a traceback."""

import json
import tempfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from safetensors.numpy import save_file
from starlette.requests import Request

from core import frame, jobs
from core.kept import Kept
from core.models import build, describe
from core.models.vae import VAEConfig
from core.runs import read
from core.training import run_config, snapshot
from core.training.folder import CONFIG, EPOCHS_FOLDER, METRICS, STATUS, SUBSET
from core.training.history import read_metrics
from core.training.snapshot import SnapshotError, read_subset
from pages.training import run_settings, run_view
from pages.web import epochs

MODEL = build("vae", VAEConfig(encoder_hidden=(4,), decoder_hidden=(4,)), seed=0)
GOOD = {
    "name": "mine", "owner": "", "created": 1.0, "dataset": "digits", "model": describe("vae", MODEL), "recipe": {"epochs": 3},
}  # fmt: skip
NUMBERS = st.sampled_from(["NaN", "Infinity", "-Infinity", "1e400", "-1", "0", "1", "2.5", "1e300", "9" * 30, "true", "null"])
WORDS = st.sampled_from(['"x"', '"../../etc"', '"a/b"', '"1"', '"vae"', '"finished"', '""'])
JSON = st.recursive(
    NUMBERS | WORDS,
    lambda inner: (
        st.lists(inner, max_size=3).map(lambda parts: f"[{','.join(parts)}]")
        | st.dictionaries(st.sampled_from(["name", "config", "epochs", "latent_dim", "kl_nats", "x"]), inner, max_size=3).map(
            lambda parts: "{" + ",".join(f'"{key}": {value}' for key, value in parts.items()) + "}"
        )
    ),
    max_leaves=6,
)


def a_run(root: Path) -> Path:
    """A finished run with epochs 0 and 1."""
    folder = root / "runs" / "mine"
    folder.mkdir(parents=True)
    (folder / CONFIG).write_text(json.dumps(GOOD))
    (folder / STATUS).write_text(json.dumps({"state": "finished", "epoch": 3, "epochs": 3}))
    points = np.random.default_rng(0).normal(size=(5, 2)).astype(np.float32)
    for epoch in (0, 1):
        snapshot.write(folder, epoch, MODEL, snapshot.Plane(np.zeros(2, np.float32), np.eye(2, dtype=np.float32)), points)
    save_file({"row": np.arange(5, dtype=np.int32), "label": np.arange(5, dtype=np.uint8)}, folder / SUBSET)
    return folder


def with_fields(good: dict, changes: dict[str, str]) -> str:
    """JSON of a good object with these fields as they are written, whatever they are."""
    kept = {key: json.dumps(value) for key, value in good.items()} | changes
    return "{" + ",".join(f'"{key}": {value}' for key, value in kept.items()) + "}"


def look(root: Path) -> jobs.Run:
    """All that the page computes of a run, and all its addresses: nothing may raise, and what is not there is 404 with a sentence."""
    run = read(root / "runs" / "mine")
    assert 0 <= run.epoch <= 1e5 and 0 <= run.epochs <= 1e5 and "/" not in run.name
    lines = read_metrics(run.folder)
    json.dumps({"curves": run_view.curves(lines), "epochs": snapshot.epochs(run.folder)}, allow_nan=False)
    assert 0 < frame.bound(max([line.get("extent") or 0.0 for line in lines], default=0.0)) < 1e6
    frame.why_not_live(run.config.model)
    epochs.has_subset(run.folder)
    try:
        run_settings.in_words(run.config)
    except run_settings.ConfigError as error:
        assert str(error)
    template = epochs.template(run, None).replace("{epoch}", "1")
    for file in epochs.FILES:
        path = template.replace("{file}", file)
        _, _, run_id, stamp, epoch, _ = path.split("/")
        named = {"run": run_id, "stamp": stamp, "epoch": epoch, "file": file}
        response = epochs.respond(Request({"type": "http", "path": path, "headers": [], "path_params": named}))
        assert response.status_code in (200, 404)
        if response.status_code == 404:
            said = bytes(response.body).decode()
            assert said.startswith("This epoch is not available. ") and str(root) not in said
    return run


@pytest.fixture(autouse=True)
def nothing_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    """Frames are built anew."""
    monkeypatch.setattr(epochs, "_kept", Kept(0))


def looked_at(root: Path, change) -> jobs.Run:
    """A run that something happened to, looked at; with its folder as that of all runs."""
    folder = a_run(root)
    change(folder)
    before, jobs.RUNS = jobs.RUNS, root / "runs"
    try:
        return look(root)
    finally:
        jobs.RUNS = before
        assert sorted(path.name for path in root.iterdir()) == ["runs"]


def test_a_good_run_is_shown(tmp_path):
    assert looked_at(tmp_path, lambda folder: None).state == "finished"


CONFIGS = st.dictionaries(st.sampled_from(sorted([*run_config.FIELDS, "replace"])), JSON, min_size=1, max_size=3)
STATUSES = st.dictionaries(
    st.sampled_from(["state", "epoch", "epochs", "seconds", "losses", "checkpoint", "removed_epochs"]), JSON, max_size=3
)


@given(config=CONFIGS, status=STATUSES)
def test_any_config_and_status(config, status):
    def change(folder: Path) -> None:
        (folder / CONFIG).write_text(with_fields(GOOD, config))
        (folder / STATUS).write_text(with_fields({"state": "finished"}, status))

    with tempfile.TemporaryDirectory() as root:
        looked_at(Path(root), change)


@given(
    lines=st.lists(
        st.dictionaries(st.sampled_from(["epoch", "train", "test", "extent", "step", "seconds"]), JSON, max_size=4) | JSON, max_size=5
    )
)
def test_any_metrics(lines):
    written = [with_fields({"epoch": 1, "train": {"kl_nats": 1.0}}, line) if isinstance(line, dict) else line for line in lines]
    with tempfile.TemporaryDirectory() as root:
        looked_at(Path(root), lambda folder: (folder / METRICS).write_text("\n".join(written)))


ARRAYS = st.builds(
    lambda dtype, shape, value: np.full(shape, value).astype(dtype),
    st.sampled_from(["float16", "float32", "int32", "int64", "uint8"]),
    st.lists(st.sampled_from([0, 1, 2, 5]), max_size=3).map(tuple),
    st.sampled_from([0.0, 1.0, 7.0]),
)


@given(arrays=st.dictionaries(st.sampled_from(["row", "label", "points", "origin", "axes", "decoder.0.weight"]), ARRAYS, min_size=1))
@pytest.mark.parametrize("file", [SUBSET, f"{EPOCHS_FOLDER}/00001.safetensors"])
def test_any_arrays(file, arrays):
    with tempfile.TemporaryDirectory() as root:
        looked_at(Path(root), lambda folder: save_file(arrays, folder / file))


@given(content=st.binary(max_size=64), file=st.sampled_from([SUBSET, f"{EPOCHS_FOLDER}/00001.safetensors", CONFIG, STATUS, METRICS]))
def test_any_bytes(content, file):
    with tempfile.TemporaryDirectory() as root:
        looked_at(Path(root), lambda folder: (folder / file).write_bytes(content))


def test_a_snapshot_of_numbers_that_are_not_finite_is_refused(tmp_path):
    folder = a_run(tmp_path)
    points = np.full((5, 2), np.nan, np.float32)
    snapshot.write(folder, 1, MODEL, snapshot.Plane(np.zeros(2, np.float32), np.eye(2, dtype=np.float32)), points)
    with pytest.raises(SnapshotError, match="not finite"):
        snapshot.read(folder, 1, GOOD["model"])


@pytest.mark.parametrize("name", ["7.safetensors", "99999999999999999999.safetensors", "100001.safetensors", "x.safetensors", "00001.txt"])
def test_only_epochs_that_can_be_read_are_listed(tmp_path, name):
    folder = a_run(tmp_path)
    (folder / EPOCHS_FOLDER / name).write_bytes(b"x")
    assert snapshot.epochs(folder) == [0, 1]


def test_a_damaged_subset_is_a_sentence(tmp_path):
    folder = a_run(tmp_path)
    (folder / SUBSET).write_bytes(b"nonsense")
    with pytest.raises(SnapshotError, match="missing or damaged"):
        read_subset(folder)


def test_a_subset_of_another_length_is_a_sentence(tmp_path):
    folder = a_run(tmp_path)
    save_file({"row": np.arange(4, dtype=np.int32), "label": np.arange(4, dtype=np.uint8)}, folder / SUBSET)
    with pytest.raises(SnapshotError, match="does not fit the run's list of test images"):
        frame.of_epoch(folder, run_config.from_json(GOOD), 1)

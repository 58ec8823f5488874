"""What a model or a run may be called: one rule everywhere, and suggestions that keep to it."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from refused import NO_NAMES, shown

from core import archive, checkpoints, jobs, names
from core.training import presets
from core.training.__main__ import main as train
from core.training.folder import CONFIG, write_json
from core.training.run_config import from_json
from pages.training import form

QUICK = presets.usual("vae", "quick", 60_000)


@pytest.fixture(autouse=True)
def own_root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of models and runs, empty."""
    root = tmp_path / "checkpoints"
    root.mkdir()
    monkeypatch.setattr(checkpoints, "CHECKPOINTS", root)
    monkeypatch.setattr(jobs, "RUNS", root / "runs")
    return root


@pytest.mark.parametrize("name", NO_NAMES, ids=shown)
def test_what_cannot_be_a_name_is_refused_with_the_same_words_everywhere(own_root, tmp_path, capsys, name):
    sentence = names.problem(name)
    assert sentence.endswith(".") and len(sentence) < 300
    for refuse in (
        lambda: checkpoints.check_name(name),  # uploads and saving
        lambda: jobs.start(from_json({"name": name, "owner": "", "dataset": "digits", "model": {}, "recipe": {}})),
    ):
        with pytest.raises((checkpoints.CheckpointError, jobs.JobError)) as refusal:
            refuse()
        assert str(refusal.value) == sentence
    folder = tmp_path / name
    if "\0" not in name and folder.name == name:  # as a path it has that name
        assert train(["--dataset", "digits", "--epochs", "1", "--out", str(folder)]) == 1
        assert sentence in capsys.readouterr().err
    assert not any(own_root.iterdir())


@pytest.mark.parametrize("name", ["a", "0", "vae-mnist-2d-beta-0.5", "My.best_run-2", "x" * 64, "runs-2"])
def test_what_can_be_a_name(name):
    assert names.problem(name) == ""
    numbered = names.numbered(name)
    assert next(numbered) == name
    assert all(not names.problem(another) for another, _ in zip(numbered, range(1000), strict=False))


@given(file=st.text(max_size=80) | st.sampled_from(["Runs", "restorers.zip", "RESTORERS.ZIP", ".zip", "a" * 80 + ".zip"]))
def test_whatever_an_upload_is_called_its_suggested_name_can_be_had(file):
    assert not names.problem(archive.suggested_name(file))


@pytest.mark.parametrize("name", ["../outside", "a/b", "..", ""])
def test_a_run_s_file_with_a_path_for_a_name_is_damaged_and_says_so(own_root, name):
    folder = own_root / "runs" / "mine"
    folder.mkdir(parents=True)
    write_json(folder / CONFIG, {"name": name, "owner": "", "created": 1.0})
    run = jobs.find("mine")
    assert run.state == "failed" and "strange name" in run.message and run.name == "mine"


# --- what the Train page suggests -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "name"),
    [
        ({"latent_dim": 3}, "vae-mnist-3d"),
        ({"latent_dim": 10}, "vae-mnist-10d"),
        ({"beta": 4.0}, "vae-mnist-2d-beta-4"),
        ({"beta": 0.5, "seed": 7}, "vae-mnist-2d-beta-0.5-seed-7"),
        ({"likelihood": "gaussian", "binarize": False}, "vae-mnist-2d-mse"),
        ({"likelihood": "laplace", "epochs": 5}, "vae-mnist-2d-l1-epochs-5"),
        ({"learning_rate": 1e-5, "encoder_hidden": (9,)}, "vae-mnist-2d-rate-1e-05"),
        ({"latent_dim": None, "beta": None, "epochs": -3}, "vae-mnist-beta-none-epochs--3"),
    ],
)
def test_a_suggested_name_says_what_differs_from_the_preset(changes, name):
    assert form.suggested("vae", "mnist", "quick", QUICK | changes) == name
    assert not names.problem(name)


def test_a_suggested_name_is_free_and_never_too_long(own_root):
    many = QUICK | {"beta": 1.23456789e-7, "sigma": 0.123456789, "epochs": 99_999, "seed": 2**31 - 1, "batch_size": 65_536}
    long = form.suggested("vae", "emnist-digits", "quick", many)
    assert not names.problem(f"{long}-999") and long.startswith("vae-emnist-digits-2d-")
    assert form.suggested("vae", "mnist", "quick", QUICK) == "vae-mnist-2d-2"  # the shipped model has the first
    (own_root / "VAE-mnist-2d-2").mkdir()
    (own_root / "runs" / "vae-mnist-2d-3").mkdir(parents=True)
    assert form.suggested("vae", "mnist", "quick", QUICK) == "vae-mnist-2d-4"

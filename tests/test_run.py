"""A run directory carried out: what it leaves behind, how it is stopped, paused, killed and resumed, and what it says when it fails."""

import dataclasses
import errno
import json
import random
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from live import until
from safetensors import SafetensorError
from safetensors.torch import load_file

from core import checkpoints, latent
from core.data.datasets import load, to_unit_images
from core.latent import Plane
from core.models import MODELS, build, describe
from core.models.config import to_json
from core.training import card, snapshot
from core.training import run as running
from core.training.config import TrainingConfig
from core.training.folder import CONFIG, FINISH, METRICS, PAUSE, STOP, begin, read_config_unchecked, read_status, write_status
from core.training.history import read_metrics
from core.training.loop import Trainer
from core.training.run import Execution, Hooks, execute, explain, train
from core.training.run_config import RunConfig
from core.training.snapshot import read_subset
from core.training.state import STATE_FILE

PROJECT = Path(running.__file__).resolve().parents[2]
RECIPE = TrainingConfig(dataset="digits", epochs=4, batch_size=200, learning_rate=1e-2, device="cpu", precision="float32")
SMALL: dict[str, Any] = {"encoder_hidden": (24,), "decoder_hidden": (16,)}


def a_run(root: Path, name: str = "mine", model: str = "vae", sizes: dict[str, Any] = SMALL, **changes: Any) -> Path:
    """A run directory that waits to be carried out."""
    folder = root / "runs" / name
    config = MODELS[model].config(**sizes)
    described, recipe = {"name": model, "config": to_json(config)}, to_json(dataclasses.replace(RECIPE, **changes))
    begin(folder, RunConfig(name, name, "", time.time(), "digits", described, recipe, threads=1))
    return folder


@pytest.fixture(autouse=True)
def measured_in_no_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """How a model is measured has tests of its own; here it is a short affair."""
    monkeypatch.setattr("core.metrics.nll_nats", lambda *_: 100.0)


def carry_out(folder: Path) -> dict[str, Any]:
    """In this process; the status it ended with."""
    execute(folder, "cpu", lambda: None, lambda: "cpu")
    return read_status(folder)


def weights(root: Path, name: str = "mine") -> dict[str, torch.Tensor]:
    return load_file(root / name / "model.safetensors")


def same(a: dict[str, torch.Tensor], b: dict[str, torch.Tensor]) -> bool:
    return a.keys() == b.keys() and all(torch.equal(a[name], b[name]) for name in a)


# --- to the end -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("model", MODELS)
def test_a_run_leaves_a_checkpoint_metrics_and_a_snapshot_of_every_epoch(tmp_path, model):
    sizes = {"conv-vae": {"channels": (4, 4), "hidden": 8}, "pca": {}}.get(model, SMALL)
    folder = a_run(tmp_path, model=model, sizes=sizes, epochs=2)
    status = carry_out(folder)
    assert (status["state"], status["checkpoint"], status["epoch"], status["epochs"]) == ("finished", "mine", 2, 2)
    loaded = checkpoints.load("mine", tmp_path)
    assert loaded.card["recipe"]["dataset"] == "digits"
    assert "title" not in loaded.card  # it is called what its run was called
    lines = read_metrics(folder)
    assert [line["epoch"] for line in lines] == [0, 1, 2]
    assert lines[0]["train"] is None
    names = set(MODELS[model].module.LOSSES)
    assert all(names <= line["test"].keys() for line in lines) and all(names <= line["train"].keys() for line in lines[1:])
    assert snapshot.epochs(folder) == [0, 1, 2]
    assert not (folder / STATE_FILE).exists()


def test_an_epochs_map_is_not_there_before_its_losses_are_measured(tmp_path, monkeypatch):
    """Who watches would see it without a loss for as long as that takes."""
    folder, there, measured = a_run(tmp_path, epochs=2), list[list[int]](), running.test_losses

    def watched(*given):
        there.append(snapshot.epochs(folder))
        return measured(*given)

    monkeypatch.setattr(running, "test_losses", watched)
    carry_out(folder)
    assert there == [[], [0], [0, 1]]


def test_the_last_snapshot_is_the_checkpoint_s_decoder_and_codes(tmp_path):
    folder = a_run(tmp_path)
    carry_out(folder)
    last, loaded = snapshot.read(folder, 4, checkpoints.load("mine", tmp_path).card["model"]), checkpoints.load("mine", tmp_path)
    z = np.array([[0.5, -1.0], [2.0, 0.0]], np.float32)
    np.testing.assert_array_equal(latent.decode(last.model, z), latent.decode(loaded.model, z))
    rows, labels = read_subset(folder)
    np.testing.assert_allclose(last.points, loaded.latents.mu[rows], atol=2e-2)  # the weights of one are rounded, the codes of both
    np.testing.assert_array_equal(labels, loaded.latents.label[rows])


def test_the_test_losses_are_those_of_the_average_on_the_subset(tmp_path):
    folder = a_run(tmp_path, binarize=False, epochs=1)
    carry_out(folder)
    test = load("digits", "test")
    loaded = checkpoints.load("mine", tmp_path).model
    x = to_unit_images(test.images)
    mu, logvar = loaded.encode(x)
    assert logvar is not None
    kl = 0.5 * (mu**2 + logvar.exp() - 1 - logvar).sum(1).mean().item()
    assert read_metrics(folder)[-1]["test"]["kl_nats"] == pytest.approx(kl, rel=2e-2)


def test_of_two_runs_of_one_name_each_gives_its_own_to_its_model_whichever_is_done_first(tmp_path):
    first = a_run(tmp_path, epochs=1)
    second = tmp_path / "runs" / "mine-2"  # as jobs.start calls it
    config = read_config_unchecked(first)
    assert config is not None
    begin(second, dataclasses.replace(config, id="mine-2"))
    assert carry_out(second)["checkpoint"] == "mine-2"
    assert carry_out(first)["checkpoint"] == "mine"


def test_a_second_run_of_that_name_does_not_replace_the_first_one_s_checkpoint(tmp_path):
    carry_out(a_run(tmp_path))
    first = weights(tmp_path)
    status = carry_out(a_run(tmp_path, seed=3))
    assert status["checkpoint"] == "mine-2"
    assert same(first, weights(tmp_path))


# --- stopping, pausing, dying ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("at", [1, 7, 8, 20])  # of 28 steps; 7 is the end of an epoch
def test_a_stopped_and_resumed_run_is_the_uninterrupted_one_bit_for_bit(tmp_path, at):
    carry_out(a_run(tmp_path / "whole"))
    folder = a_run(tmp_path / "parts")
    hooks = Hooks("cpu")
    seen: list[int] = []
    hooks.on_step = lambda progress: seen.append(progress.step)
    hooks.should_stop = lambda: len(seen) >= at
    assert train(folder, hooks) == "stopped"
    assert read_status(folder)["state"] == "stopped"
    assert carry_out(folder)["state"] == "finished"
    assert same(weights(tmp_path / "whole"), weights(tmp_path / "parts"))
    losses = [[line["test"] | line["train"] for line in read_metrics(tmp_path / part / "runs/mine")[1:]] for part in ("whole", "parts")]
    assert losses[0] == losses[1]


def test_a_stop_file_stops_it(tmp_path):
    folder = a_run(tmp_path, epochs=1000)
    threading.Timer(0.5, (folder / STOP).touch).start()
    assert carry_out(folder)["state"] == "stopped"
    assert (folder / STATE_FILE).exists()


def test_pause_step_and_resume_without_leaving_the_process(tmp_path):
    """Pause after the first epoch, step to the second, then to the end; the device is given up and asked for again each time."""
    carry_out(a_run(tmp_path / "whole"))
    folder = a_run(tmp_path / "parts")
    log: list[str | float] = []

    def reacquire() -> str:
        log.append("again")
        return "cpu"

    (folder / PAUSE).write_text("1")
    hooks = Hooks("cpu", release=lambda: log.append(read_status(folder)["epoch"]), reacquire=reacquire)
    process = threading.Thread(target=train, args=(folder, hooks))
    process.start()
    until(lambda: log == [1.0])
    assert read_status(folder)["state"] == "paused"
    (folder / PAUSE).write_text("2")
    until(lambda: log == [1.0, "again", 2.0])
    (folder / PAUSE).unlink()
    process.join(30)
    assert log == [1.0, "again", 2.0, "again"]
    assert read_status(folder)["state"] == "finished"
    assert same(weights(tmp_path / "whole"), weights(tmp_path / "parts"))


def test_a_long_pause_ends_the_process_and_loses_nothing(tmp_path, monkeypatch):
    monkeypatch.setattr(running, "LINGER_S", 0.0)
    carry_out(a_run(tmp_path / "whole"))
    folder = a_run(tmp_path / "parts")
    (folder / PAUSE).write_text("2")
    assert carry_out(folder)["state"] == "paused"
    (folder / PAUSE).unlink()
    assert carry_out(folder)["state"] == "finished"
    assert same(weights(tmp_path / "whole"), weights(tmp_path / "parts"))


def test_a_cancelled_pause_ends_it(tmp_path):
    folder = a_run(tmp_path)
    (folder / PAUSE).write_text("1")
    assert train(folder, Hooks("cpu", release=(folder / STOP).touch)) == "stopped"
    assert read_status(folder)["state"] == "stopped"


def test_a_run_that_is_finished_early_keeps_what_it_has_learnt_and_learns_no_more(tmp_path):
    """A cancelled one, without one step more."""
    folder = a_run(tmp_path, epochs=1000)
    (folder / PAUSE).write_text("2")
    assert train(folder, Hooks("cpu", release=(folder / STOP).touch)) == "stopped"
    state = load_file(folder / STATE_FILE)
    for control in (STOP, PAUSE):
        (folder / control).unlink()
    (folder / FINISH).touch()
    status = carry_out(folder)
    assert (status["state"], status["epoch"]) == ("finished", 2.0)
    assert status["message"] == "Finished early, as asked, after 2 of 1,000 epochs."
    assert not (folder / STATE_FILE).exists()
    kept = checkpoints.load("mine", tmp_path)
    assert kept.card["epochs"] == 2.0
    averages = {name.removeprefix("average."): tensor for name, tensor in state.items() if name.startswith("average.")}
    assert same(weights(tmp_path), {name: averages[name].to(stored.dtype) for name, stored in weights(tmp_path).items()})


def test_a_training_run_is_finished_early(tmp_path):
    folder = a_run(tmp_path, epochs=100_000)
    threading.Timer(0.5, (folder / FINISH).touch).start()
    status = carry_out(folder)
    assert status["state"] == "finished" and 0 < status["epoch"] < 100_000
    part = "" if status["epoch"].is_integer() else " and a part of the next"
    assert status["message"] == f"Finished early, as asked, after {int(status['epoch']):,} of 100,000 epochs{part}."
    assert checkpoints.load("mine", tmp_path).card["epochs"] == pytest.approx(status["epoch"], abs=1e-3)


def test_a_paused_run_is_finished_early_by_its_own_process(tmp_path):
    folder = a_run(tmp_path, epochs=1000)
    (folder / PAUSE).write_text("1")
    log: list[str] = []

    def release() -> None:
        log.append("released")
        (folder / FINISH).touch()
        (folder / PAUSE).unlink()

    def reacquire() -> str:
        log.append("again")
        return "cpu"

    assert train(folder, Hooks("cpu", release=release, reacquire=reacquire)) == "finished"
    assert log == ["released", "again"]
    assert checkpoints.load("mine", tmp_path).card["epochs"] == 1.0


def test_a_run_cancelled_while_it_finishes_early_says_how_to_keep_it_and_can_go_on(tmp_path, monkeypatch):
    folder = a_run(tmp_path, epochs=3)
    (folder / PAUSE).write_text("1")
    measure = Execution.measuring

    def cancelled(self: Execution, what: str) -> None:
        (folder / STOP).touch()
        measure(self, what)

    def release() -> None:
        (folder / FINISH).touch()
        (folder / PAUSE).unlink()

    with monkeypatch.context() as patch:
        patch.setattr(Execution, "measuring", cancelled)
        hooks = Hooks("cpu", release=release, reacquire=lambda: "cpu")
        assert train(folder, hooks) == "stopped"
    assert "Finish here measures and keeps it" in read_status(folder)["message"]
    for control in (STOP, FINISH):  # as `jobs.resume` does
        (folder / control).unlink()
    status = carry_out(folder)
    assert (status["state"], status["epoch"], status["message"]) == ("finished", 3.0, "")


def test_a_run_whose_minutes_are_over_keeps_what_it_has_learnt(tmp_path):
    """Of all its sessions together."""
    folder = a_run(tmp_path, epochs=300)
    config = json.loads((folder / CONFIG).read_text())
    (folder / CONFIG).write_text(json.dumps(config | {"minutes": 0.6 / 60}))
    (folder / PAUSE).write_text("1")
    assert train(folder, Hooks("cpu", release=(folder / STOP).touch)) == "stopped"
    for control in (STOP, PAUSE):
        (folder / control).unlink()
    status = carry_out(folder)
    assert status["state"] == "finished" and 1 <= status["epoch"] < 300
    assert status["seconds"] >= 0.6
    assert f"minutes was reached after {int(status['epoch'])} of 300 epochs" in status["message"]
    assert checkpoints.load("mine", tmp_path).card["epochs"] == pytest.approx(status["epoch"], abs=1e-3)


def test_nothing_is_finished_before_it_has_begun(tmp_path):
    folder = a_run(tmp_path, epochs=1)
    (folder / FINISH).touch()
    assert carry_out(folder)["epoch"] > 0


@pytest.mark.slow
def test_kill_9_at_random_moments_loses_no_finished_epoch_and_changes_no_bit(tmp_path):
    settings: dict[str, Any] = {"epochs": 60, "batch_size": 100}
    carry_out(a_run(tmp_path / "whole", **settings))
    folder, dice, kills = a_run(tmp_path / "parts", **settings), random.Random(0), 0
    code = f"from pathlib import Path; from core.training.run import *; execute(Path({str(folder)!r}), 'cpu', lambda: None, lambda: 'cpu')"
    while read_status(folder)["state"] != "finished":
        process = subprocess.Popen([sys.executable, "-c", code], cwd=PROJECT)
        before = {line["epoch"] for line in read_metrics(folder)}
        until(lambda p=process, b=before: p.poll() is not None or len(read_metrics(folder)) > len(b))
        time.sleep(dice.uniform(0, 0.4))
        reported = [line["epoch"] for line in read_metrics(folder)]
        if kills < 3 and process.poll() is None:
            process.send_signal(signal.SIGKILL)
            kills += 1
        assert process.wait(120) in (0, -signal.SIGKILL)
        assert (folder / STATE_FILE).exists() or read_status(folder)["state"] == "finished" or max(reported) == 0  # untrained: no state
        assert before <= set(reported) <= {line["epoch"] for line in read_metrics(folder)}
    assert kills == 3
    assert same(weights(tmp_path / "whole"), weights(tmp_path / "parts"))
    whole, parts = (read_metrics(tmp_path / part / "runs/mine") for part in ("whole", "parts"))
    assert [(line["epoch"], line["test"], line["train"]) for line in whole] == [
        (line["epoch"], line["test"], line["train"]) for line in parts
    ]
    assert snapshot.epochs(folder) == list(range(61))


def test_an_epoch_whose_record_was_cut_off_is_recorded_again(tmp_path):
    folder = a_run(tmp_path)
    (folder / PAUSE).write_text("3")
    train(folder, Hooks("cpu", release=(folder / STOP).touch))
    whole = (folder / METRICS).read_text()
    (folder / METRICS).write_text(whole[: whole.rindex('"test"')])
    snapshot._path(folder, 3).unlink()
    (folder / PAUSE).write_text("3")
    train(folder, Hooks("cpu", release=(folder / STOP).touch))
    assert [line["epoch"] for line in read_metrics(folder)] == [0, 1, 2, 3]
    assert read_metrics(folder)[-1] == json.loads(whole.splitlines()[-1])
    assert snapshot.epochs(folder) == [0, 1, 2, 3]


# --- failing --------------------------------------------------------------------------------------------------------------


def fails_and_then_goes_on(folder: Path, sentence: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The run fails and says so; once what was broken (with monkeypatch) is whole again, it finishes."""
    status = carry_out(folder)
    assert status["state"] == "failed"
    assert sentence in status["message"]
    monkeypatch.undo()
    assert carry_out(folder)["state"] == "finished"


def test_a_full_disk_says_so_and_the_run_goes_on_once_there_is_room(tmp_path, monkeypatch):
    carry_out(a_run(tmp_path / "whole"))
    folder, write = a_run(tmp_path / "parts"), snapshot.write

    def full(folder, epoch, *rest):
        if epoch == 2:
            raise OSError(errno.ENOSPC, "No space left on device")
        write(folder, epoch, *rest)

    monkeypatch.setattr(snapshot, "write", full)
    fails_and_then_goes_on(folder, "disk is full", monkeypatch)
    assert same(weights(tmp_path / "whole"), weights(tmp_path / "parts"))


def test_a_model_that_cannot_be_measured_says_so_and_is_measured_by_resuming(tmp_path, monkeypatch):
    folder = a_run(tmp_path)
    with monkeypatch.context() as patched:
        patched.setattr(card, "measure", lambda *_: 1 / 0)
        status = carry_out(folder)
    assert status["state"] == "failed"
    assert status["message"].startswith("The training is done, but its model could not be measured and saved. Something unexpected")
    assert status["message"].endswith("Resume tries once more.")
    assert not (tmp_path / "mine").exists()
    assert carry_out(folder)["checkpoint"] == "mine"


def test_a_resumed_run_does_not_repeat_the_time_left_of_before(tmp_path, monkeypatch):
    folder = a_run(tmp_path)
    write_status(folder, seconds_left=99.0)
    monkeypatch.setattr(Execution, "pick_subset", lambda self: 1 / 0)
    assert carry_out(folder)["seconds_left"] is None


def test_a_run_killed_after_its_checkpoint_was_saved_finishes_with_that_checkpoint(tmp_path, monkeypatch):
    """The state goes last, so whatever came before can be said again."""
    folder, unlink = a_run(tmp_path), Path.unlink

    def die(path, **how):
        if path.name == STATE_FILE:
            raise KeyboardInterrupt  # as good as a kill: nothing catches it
        unlink(path, **how)

    with monkeypatch.context() as patched, pytest.raises(KeyboardInterrupt):
        patched.setattr(Path, "unlink", die)
        carry_out(folder)
    assert read_status(folder)["state"] == "finished"
    (folder / "status.json").write_text(json.dumps(read_status(folder) | {"state": "running"}))
    assert carry_out(folder)["checkpoint"] == "mine"
    assert checkpoints.available(tmp_path) == ["mine"]
    assert snapshot.epochs(folder) == [0, 1, 2, 3, 4]


def test_a_run_whose_state_is_gone_keeps_its_epochs(tmp_path):
    folder = a_run(tmp_path)
    (folder / PAUSE).write_text("2")
    train(folder, Hooks("cpu", release=(folder / STOP).touch))
    (folder / STOP).unlink()
    (folder / STATE_FILE).unlink()
    status = carry_out(folder)
    assert (status["state"], snapshot.epochs(folder)) == ("failed", [0, 1, 2])
    assert "saved state is gone" in status["message"]


def test_a_checkpoint_that_appears_while_the_model_is_measured_is_not_replaced(tmp_path, monkeypatch):
    folder, measure = a_run(tmp_path), card.measure
    carry_out(a_run(tmp_path, "other"))

    def slow(*arguments):
        (tmp_path / "other").rename(tmp_path / "mine")
        return measure(*arguments)

    monkeypatch.setattr(card, "measure", slow)
    assert carry_out(folder)["checkpoint"] == "mine-2"
    assert checkpoints.available(tmp_path) == ["mine", "mine-2"]


@pytest.mark.parametrize("dimensions", [2, pytest.param(5, marks=pytest.mark.slow)])
def test_weights_that_are_no_numbers_never_replace_the_last_good_state(tmp_path, monkeypatch, dimensions):
    """The loss of the last step was finite, and then the weights were not."""
    whole: dict[str, Any] = {"sizes": SMALL | {"latent_dim": dimensions}}
    carry_out(a_run(tmp_path / "whole", **whole))
    folder, learn = a_run(tmp_path / "parts", **whole), Trainer._learn

    def break_down(self, rows):
        learn(self, rows)
        if self.step == 13:  # the last of the second epoch
            with torch.no_grad():
                next(self.model.parameters()).fill_(float("nan"))

    monkeypatch.setattr(Trainer, "_learn", break_down)
    fails_and_then_goes_on(folder, "no longer finite", monkeypatch)
    assert same(weights(tmp_path / "whole"), weights(tmp_path / "parts"))


def test_a_damaged_snapshot_does_not_keep_a_run_from_going_on(tmp_path):
    folder = a_run(tmp_path)
    (folder / PAUSE).write_text("2")
    train(folder, Hooks("cpu", release=(folder / STOP).touch))
    (folder / STOP).unlink()
    (folder / PAUSE).unlink()
    snapshot._path(folder, 2).write_bytes(b"")
    assert carry_out(folder)["state"] == "finished"


def test_a_recorded_again_epoch_of_many_dimensions_lies_as_it_lay(tmp_path):
    """The plane of more than two dimensions is turned towards the epoch before, and so it must be when that comes from the disk."""
    sizes = SMALL | {"latent_dim": 5}
    carry_out(a_run(tmp_path / "whole", sizes=sizes))
    folder = a_run(tmp_path / "parts", sizes=sizes)
    (folder / PAUSE).write_text("3")
    train(folder, Hooks("cpu", release=(folder / STOP).touch))
    for control in (STOP, PAUSE):
        (folder / control).unlink()
    snapshot._path(folder, 3).unlink()
    carry_out(folder)
    for epoch in range(5):
        whole, parts = (snapshot._path(tmp_path / part / "runs/mine", epoch) for part in ("whole", "parts"))
        assert same(load_file(whole), load_file(parts)), epoch


def test_divergence_says_what_to_change(tmp_path):
    status = carry_out(a_run(tmp_path, learning_rate=10.0, epochs=20))
    assert status["state"] == "failed"
    assert "lower learning rate" in status["message"]
    assert not (tmp_path / "mine").exists()


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2 GiB"), "ran out of memory. Choose a smaller batch"),
        (OSError(errno.ENOSPC, "No space left on device"), "disk is full. Make room"),
        (OSError(errno.EDQUOT, "Disk quota exceeded"), "disk is full. Make room"),
        (SafetensorError('IoError(Os { code: 28, message: "No space left on device" }): (os error 28)'), "disk is full. Make room"),
        (PermissionError(errno.EACCES, "Permission denied"), "Permission denied"),
        (ZeroDivisionError("what"), "unexpected happened (ZeroDivisionError: what). The run's log.txt"),
    ],
)
def test_every_failure_is_a_sentence_that_says_what_to_do(tmp_path, monkeypatch, error, words):
    def fail(self, rows):
        raise error

    monkeypatch.setattr(Trainer, "_learn", fail)
    status = carry_out(a_run(tmp_path))
    assert status["state"] == "failed"
    assert words in status["message"] == explain(error)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda config: config.clear(), "config.json is missing or damaged"),
        (lambda config: config["recipe"].update(epochs=-1), "epochs must be"),
        (lambda config: config["recipe"].update(dataset="../etc"), "no data set named"),
        (lambda config: config["model"].update(name="gan"), "must be one of"),
        (lambda config: config["model"]["config"].update(latent_dim=10**9), "latent_dim must be"),
        (lambda config: config.update(name=".."), "cannot be used as a name"),
    ],
)
def test_a_strange_config_is_a_sentence(tmp_path, change, words):
    folder = a_run(tmp_path)
    config = json.loads((folder / CONFIG).read_text())
    change(config)
    (folder / CONFIG).write_text(json.dumps(config))
    status = carry_out(folder)
    assert status["state"] == "failed"
    assert words in status["message"]


# --- snapshots ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("dimensions", [1, 2, 7])
def test_a_snapshot_comes_back_as_it_was(tmp_path, model, dimensions):
    whole = build(model, MODELS[model].config(latent_dim=dimensions), seed=2).eval()
    plane = latent.map_plane(np.random.default_rng(0).normal(size=(50, dimensions)).astype(np.float32), True)
    points = np.random.default_rng(1).normal(size=(50, 2)).astype(np.float16)
    snapshot.write(tmp_path, 3, whole, plane, points)
    back = snapshot.read(tmp_path, 3, describe(model, whole))
    np.testing.assert_array_equal(back.points, points)
    np.testing.assert_array_equal(back.plane.axes, plane.axes)
    z = plane.codes(points[:4])
    np.testing.assert_allclose(latent.decode(back.model, z), latent.decode(whole, z), atol=5e-3)  # float16 weights


@pytest.mark.parametrize("content", [b"", b"not a snapshot", None])
def test_a_damaged_snapshot_is_a_sentence(tmp_path, content):
    model = build("vae", MODELS["vae"].config(**SMALL))
    snapshot.write(tmp_path, 1, model, Plane(np.zeros(2, np.float32), np.eye(2, dtype=np.float32)), np.zeros((4, 2)))
    path = snapshot._path(tmp_path, 1)
    path.write_bytes(path.read_bytes()[:-8] if content is None else content)
    with pytest.raises(snapshot.SnapshotError, match=r"epoch 1 cannot be used \(its file is damaged, or does not fit the model\)"):
        snapshot.read(tmp_path, 1, describe("vae", model))
    with pytest.raises(snapshot.SnapshotError, match="no snapshot of epoch 2"):
        snapshot.read(tmp_path, 2, describe("vae", model))
    snapshot.write(tmp_path, 1, model, Plane(np.zeros(2, np.float32), np.eye(2, dtype=np.float32)), np.zeros((4, 2)))
    with pytest.raises(snapshot.SnapshotError):
        snapshot.read(tmp_path, 1, {"name": "vae", "config": {"decoder_hidden": [3]}})


def test_a_long_run_s_snapshots_are_thinned_evenly_and_the_last_stays(tmp_path, monkeypatch):
    model = build("vae", MODELS["vae"].config(**SMALL))
    plane, points = Plane(np.zeros(2, np.float32), np.eye(2, dtype=np.float32)), np.zeros((4, 2))
    snapshot.write(tmp_path, 0, model, plane, points)
    monkeypatch.setattr(snapshot, "MAX_BYTES", 10 * snapshot._path(tmp_path, 0).stat().st_size)
    for epoch in range(1, 36):
        snapshot.write(tmp_path, epoch, model, plane, points)
        assert len(snapshot.epochs(tmp_path)) <= 12
    assert snapshot.epochs(tmp_path) == [0, 4, 8, 12, 16, 20, 24, 28, 32, 35]

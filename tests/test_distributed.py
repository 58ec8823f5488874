"""Several processes as one trainer: two of them on this machine, started by hand or by torchrun."""

import json
import multiprocessing
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import torch
import torch.distributed as dist
from live import until
from safetensors.torch import load_file, save_file
from tiny import gradient
from torch import Tensor, nn

from core.data.datasets import load
from core.models import MODELS
from core.training import __main__ as command
from core.training.config import TrainingConfig
from core.training.distributed import ALONE, STOP_EVERY, LostContact, Ranks, in_contact, joined, leave
from core.training.folder import STOP, read_status
from core.training.history import read_metrics
from core.training.loop import Trainer
from core.training.state import STATE_FILE

pytestmark = pytest.mark.xdist_group("distributed")  # two processes at a time are enough

PROJECT = Path(command.__file__).resolve().parents[2]
RECIPE: dict[str, Any] = {
    "dataset": "digits",
    "epochs": 3,
    "batch_size": 10,
    "learning_rate": 1e-2,
    "device": "cpu",
    "precision": "float32",
}
TRAINED = [name for name in MODELS if name != "pca"]  # that is computed
SIZES: dict[str, dict[str, Any]] = {"conv-vae": {"channels": (4, 4), "hidden": 8}, "pca": {}}
SMALL: dict[str, Any] = {"encoder_hidden": (24,), "decoder_hidden": (16,)}
IMAGES = 301  # one more than two can share
PATIENCE_S = 120


class Apart(Ranks):
    """One of two that share the data, but not their gradients."""

    def parallel(self, objective: nn.Module, device: torch.device) -> nn.Module:
        return objective


def a_trainer(ranks: Ranks, model: str = "vae", **changes: Any) -> Trainer:
    digits = load("digits", "train")
    config = MODELS[model].config(**SIZES.get(model, SMALL))
    return Trainer(TrainingConfig(**RECIPE | changes), model, config, digits.images[:IMAGES], digits.labels[:IMAGES], ranks)


def after_a_step(trainer: Trainer) -> dict[str, Tensor]:
    """The gradients of the first step."""
    trainer.update(next(trainer._batches_left()), trainer.schedule())
    return {name: gradient(parameter).clone() for name, parameter in trainer.model.named_parameters()}


def weights(trainer: Trainer) -> dict[str, Tensor]:
    return {name: tensor.clone() for name, tensor in (trainer.model.state_dict() | {"sums": trainer.ranks.sum(trainer.sums)}).items()}


def same(a: dict[str, Tensor], b: dict[str, Tensor]) -> bool:
    return a.keys() == b.keys() and all(torch.equal(a[name], b[name]) for name in a)


# --- two processes, started by hand -----------------------------------------------------------------------------------------


def work(rank: int, folder: Path) -> None:
    """What each of the two does: everything that the tests below look at, written to files."""
    torch.set_num_threads(1)
    dist.init_process_group("gloo", init_method=f"file://{folder}/meeting", rank=rank, world_size=2)
    ranks = Ranks(rank, 2, rank)
    for model in MODELS:
        if model in TRAINED:
            save_file(after_a_step(a_trainer(ranks, model)), folder / f"gradients-{model}-{rank}")
        trainer = a_trainer(ranks, model, epochs=1)
        trainer.run()
        save_file(weights(trainer), folder / f"weights-{model}-{rank}")

    whole = a_trainer(ranks)
    losses: list[dict[str, float]] = []
    whole.run(on_epoch=lambda _, means: losses.append(means))
    save_file(weights(whole), folder / f"whole-{rank}")
    first, second = a_trainer(ranks), a_trainer(ranks)
    first.run(should_stop=lambda: rank == 1 and first.step >= 3)
    first.save_state(folder / f"state-{rank}" if rank else folder)
    second.restore(folder if rank == 0 else folder / "not-seen-from-here")
    resumed: list[dict[str, float]] = []
    second.run(on_epoch=lambda _, means: resumed.append(means))
    save_file(weights(second), folder / f"resumed-{rank}")

    facts = {
        "stopped": first.step,
        "told": ranks.told(lambda: f"from {rank}"),
        "gathered": ranks.gather(torch.tensor([rank, 10 + rank])).tolist(),
        "own": ranks.own(ranks.gather(torch.tensor([rank, 10 + rank]))).tolist(),
        "any": [ranks.any(flag, torch.device("cpu")) for flag in (False, rank == 1)],
        "losses": losses,
        "resumed": resumed,
    }

    def fail(trainer: Trainer, means: dict[str, float]) -> None:
        if rank == 0:
            raise OSError("the disk is full")

    began = time.monotonic()
    try:
        with in_contact():
            a_trainer(ranks).run(on_epoch=fail)
    except (OSError, LostContact) as error:
        facts |= {"end": f"{type(error).__name__}: {error}", "waited": time.monotonic() - began}
    (folder / f"facts-{rank}.json").write_text(json.dumps(facts))
    os._exit(3)  # as a failed process ends: without a word to the other


@pytest.fixture(scope="module")
def two(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder in which two processes have left what they did."""
    folder = tmp_path_factory.mktemp("two")
    processes = [multiprocessing.get_context("spawn").Process(target=work, args=(rank, folder), daemon=True) for rank in range(2)]
    try:
        for process in processes:
            process.start()
        for process in processes:
            process.join(PATIENCE_S)
        assert [process.exitcode for process in processes] == [3, 3]
    finally:
        for process in processes:
            process.kill()
    return folder


def facts(two: Path, rank: int) -> dict[str, Any]:
    return json.loads((two / f"facts-{rank}.json").read_text())


@pytest.mark.slow
@pytest.mark.parametrize("model", TRAINED)
def test_the_gradient_is_the_mean_over_both_shares_of_the_batch(two, model):
    parts = [after_a_step(a_trainer(Apart(rank, 2), model)) for rank in range(2)]
    for rank in range(2):
        found = load_file(two / f"gradients-{model}-{rank}")
        assert found.keys() == parts[0].keys()
        for name, mean in found.items():
            assert (mean - (parts[0][name] + parts[1][name]) / 2).abs().max() <= 1e-6, name
            assert mean.abs().max() > 0, name
    assert any((parts[0][name] - parts[1][name]).abs().max() > 1e-3 for name in parts[0])  # each has its own images and noise
    if "discriminator.0.weight" in parts[0]:
        assert (parts[0]["discriminator.0.weight"] - parts[1]["discriminator.0.weight"]).abs().max() > 1e-6


def test_the_gradient_is_one_process_s_on_the_whole_batch():
    """What `test_the_gradient_is_the_mean...` compares with, where a model draws no noise: one process, both shares as one batch."""
    apart = [a_trainer(Apart(rank, 2), "ae", binarize=False) for rank in range(2)]
    batch = torch.cat([trainer.batch(next(trainer._batches_left()))[0] for trainer in apart])
    alone = a_trainer(ALONE, "ae", binarize=False)
    loss, _ = alone.objective(batch, batch, None, alone.generator, 1.0)
    loss.backward()
    parts = [after_a_step(a_trainer(Apart(rank, 2), "ae", binarize=False)) for rank in range(2)]
    for name, parameter in alone.model.named_parameters():
        mean = (parts[0][name] + parts[1][name]) / 2
        assert (gradient(parameter) - mean).abs().max() <= 1e-6 * max(1.0, mean.abs().max().item()), name


@pytest.mark.slow
@pytest.mark.parametrize("model", MODELS)
def test_after_an_epoch_both_have_the_same_weights_to_the_last_bit(two, model):
    ours, theirs = (load_file(two / f"weights-{model}-{rank}") for rank in range(2))
    assert same(ours, theirs)
    untouched = same(ours, {**a_trainer(ALONE, model).model.state_dict(), "sums": ours["sums"]})
    assert untouched == (model not in TRAINED)  # what is computed stays, what is trained has moved


def test_the_shares_are_disjoint_equal_and_cover_the_data():
    digits = load("digits", "train")
    shares = [a_trainer(Apart(rank, 2), "cvae") for rank in range(2)]
    seen = [sorted(map(bytes, share.images.flatten(1).numpy())) for share in shares]
    assert [len(images) for images in seen] == [150, 150]
    assert sorted(seen[0] + seen[1]) == sorted(map(bytes, digits.images[:300].reshape(300, -1)))
    for rank, share in enumerate(shares):
        assert share.labels is not None and torch.equal(share.labels, torch.from_numpy(digits.labels[rank:300:2]))
    assert [share.batch_size for share in shares] == [5, 5]
    orders = [torch.cat(list(share._batches_left())) for share in shares]
    assert not torch.equal(*orders)  # each shuffles in its own way


@pytest.mark.slow
def test_both_stop_at_the_same_step_when_one_wants_to(two):
    assert [facts(two, rank)["stopped"] for rank in range(2)] == [STOP_EVERY, STOP_EVERY]


@pytest.mark.slow
def test_a_run_stopped_within_an_epoch_goes_on_bit_for_bit_on_each(two):
    """Also where only the first one sees the folder: the other one's noise and sums come from there."""
    for rank in range(2):
        assert same(load_file(two / f"whole-{rank}"), load_file(two / f"resumed-{rank}"))
        assert facts(two, rank)["losses"] == facts(two, rank)["resumed"] == facts(two, 0)["losses"]
    assert (two / STATE_FILE).exists() and not (two / "state-1").exists()


@pytest.mark.slow
def test_what_one_asks_all_hear(two):
    for rank in range(2):
        said = facts(two, rank)
        assert (said["told"], said["any"]) == ("from 0", [False, True])
        assert (said["gathered"], said["own"]) == ([0, 10, 1, 11], [rank, 10 + rank])


@pytest.mark.slow
def test_when_one_fails_the_other_ends_at_once_and_says_so(two):
    assert facts(two, 0)["end"] == "OSError: the disk is full"
    assert facts(two, 1)["end"].startswith("LostContact: Another process of this run ended")
    assert facts(two, 1)["waited"] < 20


# --- without others ---------------------------------------------------------------------------------------------------------


def test_alone_nothing_is_asked_of_anybody(monkeypatch):
    monkeypatch.delenv("WORLD_SIZE", raising=False)
    with joined("cpu") as ranks:
        assert ranks == ALONE and ranks.first and not dist.is_initialized()
    values = torch.arange(3)
    assert ALONE.sum(values) is ALONE.gather(values) is values and torch.equal(ALONE.own(values), values)
    assert ALONE.any(True, torch.device("cpu")) and ALONE.told(lambda: "asked") == "asked"


@pytest.mark.parametrize(("device", "sentence"), [("cuda", "There are more processes than GPUs"), ("mps", "add --device cpu")])
def test_devices_that_are_not_there_for_everyone_are_a_sentence(monkeypatch, device, sentence):
    monkeypatch.setenv("WORLD_SIZE", "2")
    monkeypatch.setenv("LOCAL_RANK", "1")
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 1)
    with pytest.raises(ValueError, match=sentence), joined(device):
        pass


@pytest.mark.parametrize(("world", "at_once"), [(None, []), ("1", []), ("2", [3])])
def test_one_of_several_processes_ends_at_once(monkeypatch, world, at_once):
    """Without the interpreter's own end, in which a thread of gloo's may abort it."""
    ended: list[int] = []
    monkeypatch.delenv("WORLD_SIZE", raising=False)
    if world:
        monkeypatch.setenv("WORLD_SIZE", world)
    monkeypatch.setattr(os, "_exit", ended.append)
    with pytest.raises(SystemExit, match="3"):
        leave(3)
    assert ended == at_once


def test_other_errors_stay_what_they_are():
    with pytest.raises(RuntimeError, match="shapes"), in_contact():
        raise RuntimeError("shapes do not match")


def options(out: Path, epochs: int = 24) -> list[str]:
    """What the runs below are."""
    return (
        f"--dataset digits --epochs {epochs} --batch-size 64 --latent-dim 3 --encoder-hidden 24 --decoder-hidden 16 "
        f"--device cpu --precision float32 --out {out}"
    ).split()


def test_a_stop_file_leaves_a_checkpoint(tmp_path, capsys):
    folder = tmp_path / "runs/m"

    def touch_it() -> None:
        until(lambda: (folder / "epochs/00001.safetensors").exists())
        (folder / STOP).touch()

    toucher = threading.Thread(target=touch_it)
    toucher.start()
    assert command.main(options(tmp_path / "m", epochs=5000)) == 130
    toucher.join()
    assert "Interrupted" in capsys.readouterr().out
    assert read_status(folder)["state"] == "stopped" and (tmp_path / "m/card.json").exists()


# --- torchrun ---------------------------------------------------------------------------------------------------------------


@contextmanager
def torchrun(log: Path, *arguments: str) -> Iterator[subprocess.Popen]:
    """A launcher that writes to log; whatever happens, it and its processes are gone afterwards."""
    environment = {**os.environ, "PYTHONPATH": str(PROJECT), "OMP_NUM_THREADS": "1"}
    launch = [sys.executable, "-m", "torch.distributed.run", *arguments]
    with log.open("w") as file:
        launcher = subprocess.Popen(launch, cwd=log.parent, env=environment, stdout=file, stderr=subprocess.STDOUT)
    try:
        yield launcher
    finally:
        if launcher.poll() is None:
            launcher.terminate()  # it ends its processes, by force after 30 s
            launcher.wait(40)


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


@pytest.mark.slow
def test_two_nodes_and_one_node_stopped_and_resumed_make_the_same_checkpoint(tmp_path, capsys):
    """Two launchers that meet at a port, as on two machines; then two processes of one launcher, with Ctrl-C and --resume between."""
    port, there = free_port(), tmp_path / "nodes"
    nodes = [
        ("--nnodes=2", "--nproc-per-node=1", f"--node-rank={node}", "--rdzv-backend=c10d", f"--rdzv-endpoint=127.0.0.1:{port}",
         "--rdzv-id=test", "-m", "core.training", *options(there / "m"))
        for node in range(2)
    ]  # fmt: skip
    with torchrun(tmp_path / "node-0", *nodes[0]) as zero, torchrun(tmp_path / "node-1", *nodes[1]) as one:
        assert [zero.wait(PATIENCE_S), one.wait(PATIENCE_S)] == [0, 0], "\n".join((tmp_path / f"node-{n}").read_text() for n in range(2))
    assert [line["epoch"] for line in read_metrics(there / "runs/m")] == list(range(25))
    said = [(tmp_path / f"node-{node}").read_text() for node in range(2)]
    assert sorted(len(re.findall(r"^Saved ", text, re.MULTILINE)) for text in said) == [0, 1]  # one alone writes

    here = tmp_path / "one"
    folder, launch = here / "runs/m", ("--standalone", "--nproc-per-node=2", "-m", "core.training", *options(here / "m"))
    with torchrun(tmp_path / "stopped", *launch) as launcher:
        until(lambda: (folder / "epochs/00002.safetensors").exists() or launcher.poll() is not None)
        launcher.send_signal(signal.SIGINT)
        launcher.wait(PATIENCE_S)
    log = (tmp_path / "stopped").read_text()
    assert "Interrupted" in log and "[rank" not in log, log  # torchrun marks what a process of its own says of an exception
    status = read_status(folder)
    assert status["state"] == "stopped" and 0 < status["step"] < status["total_steps"]
    assert (here / "m/card.json").exists() and (folder / STATE_FILE).exists()

    assert command.main([*options(here / "m"), "--resume"]) == 1
    assert "holds a run of 2 processes" in capsys.readouterr().err
    with torchrun(tmp_path / "resumed", *launch, "--resume") as launcher:
        assert launcher.wait(PATIENCE_S) == 0, (tmp_path / "resumed").read_text()
    assert same(load_file(here / "m/model.safetensors"), load_file(there / "m/model.safetensors"))
    losses = [[(line["train"], line["test"]) for line in read_metrics(place / "runs/m")] for place in (here, there)]
    assert losses[0] == losses[1]

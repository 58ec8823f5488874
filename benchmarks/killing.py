"""What is lost when a run's process and its server are killed with -9 at random moments, again and again."""

import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import torch
from safetensors.torch import load_file

from benchmarks.tables import table
from core import jobs
from core.models.config import to_json
from core.models.vae import VAEConfig
from core.places import PROJECT
from core.training import run_config
from core.training.config import TrainingConfig
from core.training.history import read_metrics
from core.training.run_config import RunConfig

NAME, LONGEST_LIFE_S = "killed", 8.0  # about half of it is the start of a process
SIZES = VAEConfig(encoder_hidden=(64,), decoder_hidden=(64,))
SERVER = """
import json, sys, time
from pathlib import Path
from core import jobs
from core.training.run_config import from_json
root = Path(sys.argv[1])
run = next((run for run in jobs.runs(root)), None)
jobs.start(from_json(json.loads(sys.argv[2])), root) if run is None else jobs.resume(run)
print("started", flush=True)
time.sleep(3600)
"""


def measure(quick: bool) -> str:
    """The table as Markdown."""
    kills, epochs = (2, 300) if quick else (50, 6000)
    dice = random.Random(0)
    with tempfile.TemporaryDirectory() as folder:
        calm, rough = Path(folder) / "calm/runs", Path(folder) / "rough/runs"
        start(calm, epochs)
        wait_for(calm)
        done = in_training = lost = 0
        reported: set[int] = set()
        while done < kills:
            start(rough, epochs, dice.uniform(0, LONGEST_LIFE_S))
            run = jobs.find(NAME, rough)
            if run.state == "finished":
                break
            in_training += run.state == "running"
            reported |= {line["epoch"] for line in read_metrics(run.folder)}
            kill(run)
            done += 1
            lost += len(reported - {line["epoch"] for line in read_metrics(run.folder)})
        start(rough, epochs)
        wait_for(rough)
        lost += len(reported - {line["epoch"] for line in read_metrics(rough / NAME)})
        weights, losses = same_weights(calm, rough), history(calm) == history(rough)
    header = ["finished epochs lost", "killed", "of these, while it trained", "weights as if never killed", "losses as if never killed"]
    row = [str(lost), f"{done} times", str(in_training), *("bit for bit" if same else "no" for same in (weights, losses))]
    return table(f"A run of {epochs:,} epochs on digits; its process and the one that started it killed at random moments", header, [row])


def start(root: Path, epochs: int, lives_s: float = 0.5) -> None:
    """Start or resume the run from a process in the server's place, which is killed after so many seconds."""
    recipe = TrainingConfig(dataset="digits", epochs=epochs, batch_size=200, device="cpu", precision="float32")
    model = {"name": "vae", "config": to_json(SIZES)}
    config = RunConfig(name=NAME, dataset="digits", model=model, recipe=to_json(recipe), threads=1, devices=("cpu",))
    server = subprocess.Popen(
        [sys.executable, "-c", SERVER, str(root), json.dumps(run_config.to_json(config))],
        cwd=PROJECT,
        stdout=subprocess.PIPE,
        start_new_session=True,
    )
    assert server.stdout is not None and server.stdout.readline() == b"started\n"
    time.sleep(lives_s)
    os.killpg(server.pid, signal.SIGKILL)
    server.communicate()


def kill(run: jobs.Run) -> None:
    """Kill the run's process, and wait until it is gone."""
    for entry in Path("/proc").iterdir():
        if entry.name.isdecimal():
            try:
                arguments = (entry / "cmdline").read_bytes().split(b"\0")
            except OSError:
                continue  # it has ended
            if b"core.worker" in arguments and bytes(run.folder) in arguments:
                os.kill(int(entry.name), signal.SIGKILL)
    while jobs.find(run.id, run.folder.parent).alive:
        time.sleep(0.01)


def wait_for(root: Path) -> None:
    """Until the run has finished."""
    while (run := jobs.find(NAME, root)).alive or run.state != "finished":
        if not run.alive:
            raise RuntimeError(f"The run did not finish: {run.state}. {run.message}")
        time.sleep(0.2)


def same_weights(calm: Path, rough: Path) -> bool:
    """Whether both made the same model, to the last bit."""
    a, b = (load_file(root.parent / NAME / "model.safetensors") for root in (calm, rough))
    return a.keys() == b.keys() and all(torch.equal(a[name], b[name]) for name in a)


def history(root: Path) -> list[tuple]:
    """Every epoch's number and losses."""
    return [(line["epoch"], line["train"], line["test"]) for line in read_metrics(root / NAME)]

"""What finished runs hold of the disk is bounded: the oldest lose their epochs, no run that can go on loses anything."""

import os
from pathlib import Path

import pytest

from core import jobs, room, worker
from core.runs import STATES, JobError
from core.training.folder import CONFIG, EPOCHS_FOLDER, LOCK, METRICS, STATUS, hold, write_json
from core.training.run_config import from_json

EPOCH_BYTES = 10_000


def a_run(root: Path, name: str, created: float, state: str = "finished", epochs: int = 6) -> Path:
    """A run's directory with epochs of EPOCH_BYTES each."""
    folder = root / name
    (folder / EPOCHS_FOLDER).mkdir(parents=True)
    write_json(folder / CONFIG, {"name": name, "owner": "", "created": created})
    write_json(folder / STATUS, {"state": state, "checkpoint": name})
    (folder / METRICS).write_text('{"epoch": 0}\n')
    (folder / LOCK).touch()
    for epoch in range(epochs):
        (folder / EPOCHS_FOLDER / f"{epoch:05d}.safetensors").write_bytes(os.urandom(EPOCH_BYTES))
    return folder


def epochs(folder: Path) -> list[int]:
    return sorted(int(path.stem) for path in (folder / EPOCHS_FOLDER).iterdir())


def allow(monkeypatch: pytest.MonkeyPatch, epoch_files: float) -> None:
    """Let finished runs hold about so many epochs."""
    monkeypatch.setenv("LATENT_DISK_GB", str(epoch_files * EPOCH_BYTES / 1e9))


def test_the_oldest_lose_their_epochs_first_but_for_the_first_and_the_last(tmp_path, monkeypatch):
    old, newer, newest = (a_run(tmp_path, name, created) for name, created in (("b", 1.0), ("a", 2.0), ("c", 3.0)))
    allow(monkeypatch, 15)
    room.make(tmp_path)
    assert [epochs(folder) for folder in (old, newer, newest)] == [[0, 5], list(range(6)), list(range(6))]
    assert [jobs.find(name, tmp_path).status.get("removed_epochs") for name in "bac"] == [True, None, None]
    assert (old / METRICS).read_text() and jobs.find("b", tmp_path).state == "finished"
    allow(monkeypatch, 11)
    room.make(tmp_path)
    assert [len(epochs(folder)) for folder in (old, newer, newest)] == [2, 2, 6]


def test_where_that_is_not_enough_all_epochs_go_and_nothing_else(tmp_path, monkeypatch):
    folders = [a_run(tmp_path, name, created) for name, created in (("a", 1.0), ("b", 2.0))]
    allow(monkeypatch, 3)
    room.make(tmp_path)
    assert [len(epochs(folder)) for folder in folders] == [0, 2]
    monkeypatch.setenv("LATENT_DISK_GB", "0")
    room.make(tmp_path)
    assert [len(epochs(folder)) for folder in folders] == [0, 0]
    for folder in folders:
        assert {path.name for path in folder.iterdir()} == {CONFIG, STATUS, METRICS, LOCK, EPOCHS_FOLDER}


@pytest.mark.parametrize("state", [state for state in STATES if state not in ("finished", "interrupted")])
def test_a_run_that_can_go_on_loses_nothing(tmp_path, monkeypatch, state):
    folder = a_run(tmp_path, "old", 1.0, state)
    a_run(tmp_path, "new", 2.0)
    monkeypatch.setenv("LATENT_DISK_GB", "0")
    room.make(tmp_path)
    assert len(epochs(folder)) == 6


def test_a_run_that_a_process_holds_loses_nothing(tmp_path, monkeypatch):
    folder = a_run(tmp_path, "old", 1.0)
    monkeypatch.setenv("LATENT_DISK_GB", "0")
    with hold(folder):
        room.make(tmp_path)
    assert len(epochs(folder)) == 6
    lock = room.take_lock(tmp_path / room.MAKING_ROOM)  # another process is just making room
    room.make(tmp_path)
    assert len(epochs(folder)) == 6
    assert lock is not None
    os.close(lock)
    room.make(tmp_path)
    assert epochs(folder) == []


def test_within_the_limit_nothing_is_touched(tmp_path):
    folder = a_run(tmp_path, "mine", 1.0)
    before = (folder / STATUS).read_bytes()
    room.make(tmp_path)
    assert len(epochs(folder)) == 6 and (folder / STATUS).read_bytes() == before
    assert room.limit_bytes() == 10e9


@pytest.mark.parametrize("text", ["-1", "ten", "nan", "inf", "1e400"])
def test_a_limit_that_is_no_number_starts_no_run_and_says_so(tmp_path, monkeypatch, text):
    monkeypatch.setenv("LATENT_DISK_GB", text)
    with pytest.raises(JobError, match=r"LATENT_DISK_GB is .* must be a number of gigabytes"):
        jobs.start(from_json({"name": "mine", "owner": "", "dataset": "digits", "model": {}, "recipe": {}}), tmp_path)
    assert not list(tmp_path.iterdir())


def test_a_run_s_process_makes_room_when_it_ends(tmp_path, monkeypatch):
    old = a_run(tmp_path, "old", 1.0)
    mine = a_run(tmp_path, "mine", 2.0, "queued")
    allow(monkeypatch, 8.5)

    def execute(folder, **_):
        write_json(folder / STATUS, {"state": "finished"})

    assert worker.work(mine, execute=execute) == 0
    assert epochs(old) == [0, 5] and len(epochs(mine)) == 6

"""Runs in the background: real processes with a tiny trainer in place of the real one, which only counts epochs.

The trainer is put there by a sitecustomize module, since the process that trains is started as for people, not by the test.
"""

import errno
import json
import math
import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from live import until

from core import jobs, permission, processes, worker
from core.jobs import JobError
from core.runs import STATES, STATUS_FIELDS
from core.training import folder as files
from core.training import run_config
from core.turns import Waiting, queue_order, share_out

PROJECT = Path(__file__).resolve().parents[1]
FAKE_TRAINER = """
import os, sys, time, types

def execute(folder, device, release, reacquire):
    from core.training.folder import pause_is_due, read_json, read_status, write_status
    recipe = read_json(folder / "config.json")["recipe"]
    epoch = read_status(folder).get("epoch") or 0

    def say(**fields):
        write_status(folder, epoch=epoch, epochs=recipe["epochs"], **fields)

    def note(what):
        with open(folder.parent / "trace", "a") as file:
            file.write(f"{what} {folder.name} {os.getpid()} {device} {os.environ.get('CUDA_VISIBLE_DEVICES')}\\n")

    (folder / "pid").write_text(str(os.getpid()))
    note("begin")
    say(state="running", phase="training")
    os.system(recipe.get("command", ":"))
    if "raises" in recipe:
        raise OSError(recipe["raises"], "said the trainer")
    while epoch < recipe["epochs"] and not (folder / "finish").exists():
        time.sleep(recipe["seconds"])
        epoch += 1
        say()
        if (folder / "stop").exists():
            note("end")
            say(state="stopped")
            return time.sleep(recipe.get("ends_in", 0))
        if pause_is_due(folder, epoch):
            say(state="paused")
            note("end")
            release()
            until = time.monotonic() + recipe.get("lingers", 0)
            while pause_is_due(folder, epoch):
                if time.monotonic() >= until:
                    if crossing := recipe.get("crossing"):  # comes after the last look
                        (folder / "pause").unlink() if crossing == "resume" else (folder / "stop").touch()
                    return
                if (folder / "stop").exists():
                    return say(state="stopped")
                time.sleep(0.01)
            reacquire()
            note("begin")
            say(state="running", phase="training")
    note("end")
    say(state="finished")

module = types.ModuleType("core.training.run")
module.execute = execute
sys.modules["core.training.run"] = module
"""


def config(name: str = "run", owner: str = "ann", devices: tuple[str, ...] = ("cpu",), **recipe: object) -> dict:
    recipe = {"epochs": 3, "seconds": 0.02} | recipe
    return {"name": name, "owner": owner, "dataset": "digits", "model": {}, "recipe": recipe, "threads": 1, "devices": list(devices)}


def start(config: dict, root: Path) -> jobs.Run:
    return jobs.start(run_config.from_json(config), root)


ENDLESS: dict[str, Any] = {"epochs": 100_000}


def goes_beyond(run: jobs.Run, epoch: float) -> None:
    """Wait for progress."""
    until(lambda: jobs.find(run.id, run.folder.parent).epoch > epoch)


def reaches(run: jobs.Run, state: str) -> jobs.Run:
    """Wait for the state; for the process's end too, where the state is one to end in."""
    ended = state in ("finished", "stopped", "failed", "interrupted")

    def there() -> bool:
        now = jobs.find(run.id, run.folder.parent)
        return now.state == state and not (ended and now.alive)

    until(there)
    return jobs.find(run.id, run.folder.parent)


def kill(run: jobs.Run) -> None:
    until((run.folder / "pid").exists)
    os.kill(int((run.folder / "pid").read_text()), signal.SIGKILL)


def trace(root: Path) -> list[list[str]]:
    return [line.split() for line in (root / "trace").read_text().splitlines()]


def most_at_once(root: Path, wanted: Callable[[list[str]], bool] = lambda line: True) -> int:
    now = most = 0
    for line in filter(wanted, trace(root)):
        now += 1 if line[0] == "begin" else -1
        most = max(most, now)
    return most


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Where runs are, with the tiny trainer; no process is left when the test ends."""
    (tmp_path / "fake").mkdir()
    (tmp_path / "fake" / "sitecustomize.py").write_text(FAKE_TRAINER)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path / "fake"))
    for variable in [*filter(re.compile("LATENT_TRAINING").match, os.environ), "CUDA_VISIBLE_DEVICES"]:
        monkeypatch.delenv(variable, raising=False)
    root = tmp_path / "checkpoints" / "runs"
    yield root
    for run in jobs.runs(root):
        (run.folder / "stop").touch()
    until(lambda: not any(run.alive for run in jobs.runs(root)))


# --- one run ----------------------------------------------------------------------------------------------------------------


def test_a_run_from_start_to_end(root: Path) -> None:
    run = start(config(), root)
    assert (run.id, run.name, run.owner, run.alive) == ("run", "run", "ann", True)
    assert run.state in ("queued", "running") and run.active
    written = json.loads((run.folder / "config.json").read_text())
    assert written["id"] == "run" and abs(written["created"] - time.time()) < 60
    assert (run.folder / "reserve").stat().st_size == 64 << 10
    run = reaches(run, "finished")
    assert (run.epoch, run.epochs, run.message, run.queue_position) == (3, 3, "", None)
    assert (run.folder / "log.txt").read_text() == ""
    until(lambda: not Path("/proc", (run.folder / "pid").read_text()).exists())  # no zombie


def test_what_training_starts_does_not_keep_a_run_alive(root: Path) -> None:
    reaches(start(config(command="sleep 20 &"), root), "finished")


def test_a_started_run_never_looks_dead(root: Path) -> None:
    run = start(config(), root)
    seen = [run.state]
    while seen[-1] != "finished":
        seen.append(jobs.find("run", root).state)
    assert "interrupted" not in seen


def test_ids_are_free_names(root: Path) -> None:
    (root / "digits").mkdir(parents=True)
    (root / "digits-2").write_text("a file")
    (root / "digits-3").mkdir()
    (root / "digits-3" / "resume.safetensors").write_bytes(b"of the command line")
    assert [start(config("digits"), root).id for _ in range(2)] == ["digits-4", "digits-5"]
    assert [run.id for run in jobs.runs(root)] == ["digits-5", "digits-4"]


@pytest.mark.parametrize("name", ["", "-a", "../a", "a/b", "a" * 65, "a\n", "ä", "runs", "Restorers", None, 3])
def test_strange_names_are_refused(root: Path, name: object) -> None:
    with pytest.raises(JobError, match=r"cannot be used as a name|is reserved"):
        start(config() | {"name": name}, root)


def test_a_run_that_names_no_device_waits_for_the_cpu(root: Path) -> None:
    run = start({name: value for name, value in config().items() if name != "devices"}, root)
    assert run.devices == ["cpu"] and json.loads((run.folder / "config.json").read_text())["devices"] == ["cpu"]


@pytest.mark.parametrize("change", [{"devices": ["../x"]}, {"devices": []}, {"owner": 3}, {"recipe": []}, {"model": {"name": {1}}}])
def test_strange_configs_are_refused_and_leave_nothing(root: Path, change: dict) -> None:
    with pytest.raises(JobError, match=r"settings cannot be used|JSON"):
        start(config() | change, root)
    assert not [path for path in root.glob("*") if path.name != ".queue"]


@pytest.mark.parametrize("run_id", ["..", ".", "", "other", "/etc", ".hidden", "../runs/run"])
def test_only_listed_ids_are_found(root: Path, run_id: str) -> None:
    for name in ("run", ".hidden"):
        (root / name).mkdir(parents=True)
        (root / name / "config.json").write_text("{}")
    assert jobs.find("run", root).id == "run"
    with pytest.raises(JobError, match="no run"):
        jobs.find(run_id, root)


def test_links_are_no_runs(root: Path, tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text("{}")
    root.mkdir(parents=True)
    (root / "link").symlink_to(tmp_path)
    assert jobs.runs(root) == [] and jobs.runs(tmp_path / "nothing") == []


def test_pause_resume_and_step(root: Path) -> None:
    run = start(config(epochs=1000, lingers=30), root)
    first = 100  # far enough that a busy machine has asked before
    jobs.pause(run, after_epoch=first)
    run = reaches(run, "paused")
    assert run.epoch == first and run.alive
    jobs.pause(run)  # another tab
    jobs.step_epoch(run)
    until(lambda: jobs.find("run", root).epoch == first + 1)
    assert reaches(run, "paused").epoch == first + 1
    jobs.resume(run)
    jobs.resume(run)
    until(lambda: jobs.find("run", root).epoch > first + 3)
    assert reaches(run, "running").active
    jobs.pause(run)
    reaches(run, "paused")
    jobs.cancel(run)
    jobs.cancel(run)
    assert reaches(run, "stopped").epoch > first + 3
    assert len({line[2] for line in trace(root)}) == 1, "all in one process"


def test_a_paused_run_whose_process_has_left_goes_on_in_another(root: Path) -> None:
    run = start(config(epochs=6), root)
    jobs.pause(run, after_epoch=1)
    until(lambda: not reaches(run, "paused").alive)
    jobs.step_epoch(run)
    until(lambda: jobs.find("run", root).epoch == 2 and not jobs.find("run", root).alive)
    assert jobs.find("run", root).state == "paused"
    jobs.resume(run)
    assert reaches(run, "finished").epoch == 6
    assert len({line[2] for line in trace(root)}) == 3


def test_a_stopped_run_goes_on(root: Path) -> None:
    run = start(config(epochs=1000), root)
    until(lambda: jobs.find("run", root).epoch > 1)
    jobs.cancel(run)
    run = reaches(run, "stopped")
    jobs.resume(run)
    assert jobs.find("run", root).alive
    until(lambda: jobs.find("run", root).epoch > run.epoch)


@pytest.mark.parametrize("state", ["running", "paused", "stopped"])
def test_a_run_is_finished_early(root: Path, state: str) -> None:
    run = start(config(lingers=0.2, **ENDLESS), root)
    until(lambda: jobs.find("run", root).epoch > 1)
    if state == "paused":
        jobs.pause(run)
    elif state == "stopped":
        jobs.cancel(run)
    jobs.finish(reaches(run, state))
    assert 1 < reaches(run, "finished").epoch < ENDLESS["epochs"]


def test_what_has_not_learnt_anything_is_not_finished(root: Path) -> None:
    run = folder_with(root, "stopped")
    files.write_status(run.folder, epoch=0.0)
    with pytest.raises(JobError, match="not learnt anything yet"):
        jobs.finish(run)
    assert not (run.folder / "finish").exists()


@pytest.mark.parametrize("action", [jobs.resume, jobs.step_epoch])
def test_who_resumes_takes_an_early_finish_back(root: Path, action: Callable[[jobs.Run], None], monkeypatch) -> None:
    monkeypatch.setattr(processes, "spawn", lambda folder, lock: None)
    run = folder_with(root, "stopped")
    (run.folder / "finish").touch()
    action(run)
    assert not (run.folder / "finish").exists()


def test_a_killed_run_is_interrupted_and_goes_on_while_others_train(root: Path) -> None:
    first = start(config("first", **ENDLESS), root)
    second = start(config("second"), root)
    until(lambda: jobs.find("first", root).epoch > 2)
    assert jobs.find("second", root).queue_position == 0
    kill(first)
    first = reaches(first, "interrupted")
    assert "last finished epoch" in first.message
    reaches(second, "finished")
    jobs.resume(first)
    until(lambda: jobs.find("first", root).epoch > first.epoch)
    assert most_at_once(root) <= 2  # the killed one never said that it ended


def test_the_servers_death_ends_no_run(root: Path, tmp_path: Path) -> None:
    (tmp_path / "config").write_text(json.dumps(config(epochs=40)))
    code = "from core.training.run_config import from_json; "
    code += "import json, time; from core import jobs; from pathlib import Path; "
    code += f"jobs.start(from_json(json.load(open({str(tmp_path / 'config')!r}))), "
    code += f"Path({str(root)!r})); print('started', flush=True); time.sleep(60)"
    server = subprocess.Popen([sys.executable, "-c", code], cwd=PROJECT, stdout=subprocess.PIPE, start_new_session=True)
    assert server.stdout is not None and server.stdout.readline() == b"started\n"
    os.killpg(server.pid, signal.SIGKILL)
    server.communicate()
    run = jobs.find("run", root)
    assert run.active
    reaches(run, "finished")


def test_only_one_process_per_run(root: Path) -> None:
    run = start(config(**ENDLESS), root)
    with pytest.raises(JobError, match="has a process already"):
        processes.launch(run)
    reaches(run, "running")
    done = subprocess.run([sys.executable, "-m", "core.worker", str(run.folder)], cwd=PROJECT, capture_output=True, text=True)
    assert done.returncode == 1 and "has a process already" in done.stderr


def test_a_run_by_hand(root: Path) -> None:
    run = reaches(start(config(epochs=1000), root), "running")
    jobs.cancel(run)
    reaches(run, "stopped")
    (run.folder / "stop").unlink()
    (run.folder / "config.json").write_text(json.dumps(config() | {"created": 1}))
    done = subprocess.run([sys.executable, "-m", "core.worker", str(run.folder)], cwd=PROJECT, capture_output=True, text=True)
    assert (done.returncode, done.stderr, jobs.find("run", root).state) == (0, "", "finished")


def test_a_run_whose_files_were_damaged_does_not_wait_for_ever(root: Path) -> None:
    run = folder_with(root, "stopped")
    (run.folder / "config.json").write_text(json.dumps(config(epochs=0) | {"created": 1}))
    assert worker.work(run.folder) == 1
    assert "damaged" in jobs.find("run", root).message


# --- what makes no sense in the present state -------------------------------------------------------------------------------


def folder_with(root: Path, state: str, run_id: str = "run") -> jobs.Run:
    """A run without a process."""
    folder = root / run_id
    folder.mkdir(parents=True)
    files.write_json(folder / "config.json", config(run_id, epochs=1) | {"id": run_id, "created": time.time()})
    files.write_status(folder, state=state, epoch=1.0)
    return jobs.find(run_id, root)


@pytest.mark.parametrize(
    ("state", "refused", "allowed"),
    [
        ("queued", ["pause"], ["resume", "step_epoch", "finish", "cancel", "delete"]),
        ("running", ["pause"], ["resume", "step_epoch", "finish", "cancel", "delete"]),
        ("paused", [], ["pause", "resume", "step_epoch", "finish", "cancel", "delete"]),
        ("stopped", ["pause"], ["resume", "step_epoch", "finish", "cancel", "delete"]),
        ("failed", ["pause", "cancel"], ["resume", "step_epoch", "finish", "delete"]),
        ("finished", ["pause", "cancel", "resume", "step_epoch", "finish"], ["delete"]),
    ],
)
def test_what_may_be_asked_of_a_run_without_a_process(root: Path, state: str, refused: list, allowed: list, monkeypatch) -> None:
    started = []
    monkeypatch.setattr(processes, "spawn", lambda folder, lock: started.append(folder.name))
    for number, action in enumerate(refused + allowed):
        run = folder_with(root, state, f"{action.replace('_', '-')}-{number}")
        assert run.state == ("interrupted" if state in ("queued", "running") else state) and not run.alive
        if action in refused:
            with pytest.raises(JobError, match=rf"{run.id} (is|has) .*(finished|failed|stopped|interrupted)"):
                getattr(jobs, action)(run)
            continue
        getattr(jobs, action)(run)
        left = files.read_status(run.folder).get("state")
        revived = {"resume": "queued", "step_epoch": "queued", "finish": "queued"}
        assert left == ({"cancel": "stopped", "delete": None, "pause": "paused"} | revived)[action]
        assert (run.id in started) == (action in revived)
        assert (run.folder / "finish").exists() == (action == "finish")
        assert (run.folder / "pause").exists() == (action in ("step_epoch", "pause"))


def test_a_running_run_is_not_deleted_and_a_deleted_one_is_gone(root: Path) -> None:
    run = reaches(start(config(ends_in=0.5, **ENDLESS), root), "running")
    with pytest.raises(JobError, match="Cancel it first"):
        jobs.delete(run)
    jobs.cancel(run)
    until(lambda: jobs.find("run", root).state == "stopped")
    assert jobs.find("run", root).alive
    jobs.delete(run)  # waits for the process
    jobs.delete(run)
    assert jobs.runs(root) == [] and not list(root.glob("*run*")) and not list(root.glob(".deleted*"))
    for action in (jobs.pause, jobs.resume, jobs.step_epoch, jobs.cancel):
        with pytest.raises(JobError, match="no longer there"):
            action(run)


def test_an_old_tab_does_not_act_on_a_new_run_of_the_same_name(root: Path, monkeypatch) -> None:
    old = folder_with(root, "stopped")
    jobs.delete(old)
    new = folder_with(root, "stopped")
    jobs.delete(old)
    assert jobs.find(new.id, root).created == new.created != old.created
    with pytest.raises(JobError, match="no longer there"):
        jobs.cancel(old)


def test_a_run_being_cancelled_is_not_resumed(root: Path) -> None:
    run = reaches(start(config(epochs=1000, seconds=0.5), root), "running")
    jobs.cancel(run)
    assert jobs.find("run", root).stopping
    with pytest.raises(JobError, match="just being cancelled"):
        jobs.resume(run)


# --- the queue --------------------------------------------------------------------------------------------------------------


def test_one_run_per_device_at_a_time(root: Path) -> None:
    runs = [start(config(owner=owner), root) for owner in ("ann", "ann", "bob")]
    other = start(config("elsewhere", "cat", ("mps",)), root)
    for run in [*runs, other]:
        reaches(run, "finished")
    assert most_at_once(root, lambda line: line[3] == "cpu") == 1
    began = [line[1] for line in trace(root) if line[0] == "begin"]
    assert began.index("run-3") < began.index("run-2"), "bob's first comes before ann's second"


def test_places_on_a_device_are_the_administrators_choice(root: Path, monkeypatch) -> None:
    monkeypatch.setenv("LATENT_TRAINING_SLOTS", "2")
    runs = [start(config(**ENDLESS), root) for _ in range(3)]
    until(lambda: sum(run.state == "running" for run in jobs.runs(root)) == 2)
    time.sleep(0.5)
    assert sorted(run.state for run in jobs.runs(root)) == ["queued", "running", "running"]
    assert [run.id for run in jobs.runs(root)] == [run.id for run in reversed(runs)]


def test_a_busy_device_does_not_hold_up_who_wants_another(root: Path) -> None:
    start(config("busy", **ENDLESS), root)
    reaches(jobs.find("busy", root), "running")
    waiting = start(config("waiting", "bob", **ENDLESS), root)
    reaches(start(config("free", "cat", ("cpu", "cuda:0")), root), "finished")
    assert jobs.find(waiting.id, root).queue_position == 0


@pytest.mark.parametrize(("visible", "seen"), [(None, "1"), ("5,7", "7"), ("GPU-aa,GPU-bb,GPU-cc", "GPU-bb")])
def test_a_run_sees_its_gpu_only(root: Path, monkeypatch, visible: str | None, seen: str) -> None:
    if visible is not None:
        monkeypatch.setenv("CUDA_VISIBLE_DEVICES", visible)
    reaches(start(config(devices=("cuda:1",)), root), "finished")
    assert trace(root)[0][3:] == ["cuda", seen]


def test_a_gpu_that_is_not_there(root: Path, monkeypatch) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "5")
    assert "There is no cuda:1" in reaches(start(config(devices=("cuda:1",)), root), "failed").message


def test_waiting_runs_can_be_paused_cancelled_and_resumed(root: Path) -> None:
    busy = reaches(start(config("busy", "bob", **ENDLESS), root), "running")
    first, second = (start(config(), root) for _ in range(2))
    until(lambda: [jobs.find(run.id, root).queue_position for run in (first, second)] == [0, 1])
    jobs.pause(first)
    until(lambda: not reaches(first, "paused").alive)
    assert jobs.find(second.id, root).queue_position == 0
    jobs.cancel(second)
    reaches(second, "stopped")
    jobs.resume(first)
    jobs.cancel(busy)
    reaches(first, "finished")
    assert not [line for line in trace(root) if line[1] == second.id]


def test_a_paused_run_gives_its_device_up_and_queues_again(root: Path) -> None:
    first = start(config("first", lingers=30, **ENDLESS), root)
    jobs.pause(first, after_epoch=1)
    reaches(first, "paused")
    second = reaches(start(config("second", **ENDLESS), root), "running")
    jobs.resume(first)
    until(lambda: jobs.find("first", root).queue_position == 0)
    jobs.pause(first)
    reaches(first, "paused")
    jobs.resume(first)
    reaches(first, "queued")
    jobs.cancel(second)
    reaches(second, "stopped")
    until(lambda: jobs.find("first", root).epoch > 1)
    jobs.pause(first)
    reaches(first, "paused")
    assert most_at_once(root) == 1 and len({line[2] for line in trace(root)}) == 2


@pytest.mark.parametrize("lingers", [30, 0])
def test_a_resumed_run_has_its_place_before_those_who_came_after_it(root: Path, lingers: float) -> None:
    """In the same process or in another; and who came before it got its device is not overtaken again."""
    early = start(config("early", "eve", lingers=lingers, **ENDLESS), root)
    reaches(early, "running")
    before = start(config("before", "bob", **ENDLESS), root)
    later = start(config("later", "ann", **ENDLESS), root)
    jobs.pause(early)
    reaches(early, "paused")
    reaches(before, "running")
    jobs.resume(early)
    until(lambda: jobs.find("early", root).queue_position == 0)
    assert jobs.find(later.id, root).queue_position == 1
    jobs.pause(before)
    reaches(early, "running")
    jobs.pause(early)  # it has overtaken `later` once
    reaches(later, "running")
    jobs.resume(before)
    jobs.resume(early)
    until(lambda: [jobs.find(run_id, root).queue_position for run_id in ("before", "early")] == [0, 1])


def test_put_first(root: Path) -> None:
    busy = reaches(start(config("busy", "bob", **ENDLESS), root), "running")
    with pytest.raises(JobError, match="only one that waits"):
        jobs.put_first(busy)
    start(config("before", "ann", **ENDLESS), root)
    chosen = start(config("chosen", "cat", lingers=30, **ENDLESS), root)
    jobs.put_first(chosen)
    assert [jobs.find(run_id, root).queue_position for run_id in ("chosen", "before")] == [0, 1]
    jobs.cancel(busy)
    reaches(chosen, "running")
    assert not jobs.find("chosen", root).put_first, "granted once"


def test_a_paused_run_that_queues_again_can_be_cancelled(root: Path) -> None:
    first = start(config("first", lingers=30, **ENDLESS), root)
    jobs.pause(first, after_epoch=1)
    reaches(first, "paused")
    reaches(start(config("second", **ENDLESS), root), "running")
    jobs.resume(first)
    reaches(first, "queued")
    jobs.cancel(first)
    reaches(first, "stopped")


lines = st.lists(st.tuples(st.sampled_from("abcd"), st.integers(0, 50)), max_size=12).map(
    lambda runs: [Waiting(f"{owner}{number}", owner, float(created)) for number, (owner, created) in enumerate(runs)]
)


@given(lines, st.dictionaries(st.sampled_from("abcd"), st.integers(0, 3)), st.dictionaries(st.sampled_from("abcd"), st.floats(0, 60)))
def test_order_takes_everybody_in_turn(waiting: list[Waiting], running: dict[str, int], last_turn: dict[str, float]) -> None:
    order = queue_order(waiting, running, last_turn)
    by_id = {run.id: run for run in waiting}
    assert sorted(order) == sorted(by_id)
    have, left = Counter(running), Counter(run.owner for run in waiting)
    for run_id in order:
        owner = by_id[run_id].owner
        assert have[owner] == min(have[other] for other in +left), "whoever has least is next"
        have[owner] += 1
        left[owner] -= 1
    for owner in "abcd":
        own = [by_id[run_id].created for run_id in order if by_id[run_id].owner == owner]
        assert own == sorted(own)


pauses = st.one_of(st.none(), st.tuples(st.integers(1, 8), st.integers(1, 12)))  # after so long on a device, for so long


@given(
    st.lists(st.tuples(st.sampled_from("abcd"), st.integers(0, 60), st.integers(1, 20), pauses), min_size=1, max_size=30),
    st.integers(1, 3),
)
def test_nobody_without_a_device_is_overtaken_twice_by_the_same_person(starts: list[tuple], devices: int) -> None:
    """Not by somebody who pauses and resumes a run again and again either."""
    to_come = sorted((created, owner, f"{owner}{number}") for number, (owner, created, *_) in enumerate(starts))
    left = {f"{owner}{number}": length for number, (owner, _, length, _) in enumerate(starts)}
    habit = {f"{owner}{number}": pause for number, (owner, _, _, pause) in enumerate(starts)}
    waiting: dict[str, Waiting] = {}
    busy: list[tuple[float, Waiting]] = []  # until when
    paused: list[tuple[float, Waiting]] = []
    last_turn: dict[str, float] = {}
    overtaken: dict[str, Counter] = {}
    now = 0.0
    while to_come or waiting or busy or paused:
        for entry in [entry for entry in busy if entry[0] <= now]:
            busy.remove(entry)
            if left[entry[1].id]:  # a pause is no end of a turn
                paused.append((now + habit[entry[1].id][1], entry[1]))
            else:
                last_turn[entry[1].owner] = now
        for entry in [entry for entry in paused if entry[0] <= now]:
            paused.remove(entry)
            waiting[entry[1].id] = entry[1]
        while to_come and to_come[0][0] <= now:
            created, owner, run_id = to_come.pop(0)
            waiting[run_id] = Waiting(run_id, owner, created)
        while waiting and len(busy) < devices:
            has = Counter(run.owner for _, run in busy)
            run = waiting.pop(queue_order(waiting.values(), has, last_turn)[0])
            turn = min(left[run.id], habit[run.id][0] if habit[run.id] else 100)
            left[run.id] -= turn
            busy.append((now + turn, run))
            last_turn[run.owner] = now + 0.5 + len(busy) / 100  # what happens in one tick happens one after the other
            overtaken.pop(run.owner, None)
            patient = {w.owner for w in waiting.values()} - {run.owner} - has.keys()
            overtaken = {owner: count for owner, count in overtaken.items() if owner in patient | has.keys()}
            for owner in patient:
                count = overtaken.setdefault(owner, Counter())
                count[run.owner] += 1
                assert count[run.owner] < 2
        now += 1
        assert now < 5000, "somebody starves"


def test_what_the_administrator_put_first_comes_first_and_counts_as_its_owner_s_turn() -> None:
    waiting = [Waiting("a1", "ann", 1.0), Waiting("a2", "ann", 2.0), Waiting("b1", "bob", 3.0), Waiting("c1", "cat", 4.0)]
    assert queue_order(waiting, {}, {}) == ["a1", "b1", "c1", "a2"]
    assert queue_order([*waiting[:3], waiting[3]._replace(put_first=9.0)], {}, {}) == ["c1", "a1", "b1", "a2"]
    put = [waiting[0], waiting[1]._replace(put_first=8.0), waiting[2], waiting[3]._replace(put_first=9.0)]
    assert queue_order(put, {}, {}) == ["c1", "a2", "b1", "a1"]


@given(
    st.lists(st.lists(st.sampled_from(["cpu", "cuda:0", "cuda:1"]), max_size=3), max_size=8),
    st.dictionaries(st.sampled_from(["cpu", "cuda:0", "cuda:1"]), st.integers(0, 2)),
)
def test_devices_are_shared_out_in_order(wishes: list[list[str]], free: dict[str, int]) -> None:
    wants = {str(number): wish for number, wish in enumerate(wishes)}
    left = Counter(free)
    given_out = share_out(wants, wants, free)
    for run_id, wish in wants.items():
        if run_id in given_out:
            assert given_out[run_id] in wish
            left[given_out[run_id]] -= 1
            assert left[given_out[run_id]] >= 0
        else:
            assert not any(left[device] > 0 for device in wish)


# --- many at once -----------------------------------------------------------------------------------------------------------


def at_once(*calls: Callable[[], object]) -> list[object]:
    """What the calls return, or their JobErrors; anything else they raise is raised."""
    gate = threading.Barrier(len(calls))

    def call(what: Callable[[], object]) -> object:
        gate.wait()
        try:
            return what()
        except JobError as error:
            return error

    with ThreadPoolExecutor(len(calls)) as pool:
        return list(pool.map(call, calls))


def test_eight_starts_at_once_and_the_limit(root: Path) -> None:
    results = at_once(*[lambda: start(config(**ENDLESS), root)] * 8)
    started = [run.id for run in results if isinstance(run, jobs.Run)]
    assert sorted(started) == ["run", "run-2", "run-3"] and sorted(run.id for run in jobs.runs(root)) == sorted(started)
    assert all("You already have 3 runs" in str(error) for error in results if isinstance(error, JobError))
    assert start(config(owner="bob"), root).alive


def test_eight_tabs_resume_one_run(root: Path) -> None:
    run = folder_with(root, "stopped")
    files.write_json(run.folder / "config.json", config(**ENDLESS) | {"created": run.created})
    assert at_once(*[lambda: jobs.resume(run)] * 8) == [None] * 8
    reaches(run, "running")
    time.sleep(0.2)
    assert len(trace(root)) == 1


@pytest.mark.parametrize(("crossing", "state"), [("resume", "finished"), ("cancel", "stopped")])
def test_what_crosses_a_leaving_process_is_not_lost(root: Path, crossing: str, state: str) -> None:
    run = start(config(crossing=crossing), root)
    jobs.pause(run, after_epoch=1)
    reaches(run, state)


@pytest.mark.parametrize("state", ["queued", "running", "paused", "stopped"])
def test_any_things_at_once_end_in_order(root: Path, state: str) -> None:
    run = start(config(lingers=0.2, **ENDLESS), root)
    if state == "paused":
        jobs.pause(run, after_epoch=1)
    elif state == "stopped":
        jobs.cancel(run)
    run = reaches(run, state) if state != "queued" else run
    actions = [jobs.resume, jobs.cancel, jobs.pause, jobs.step_epoch, jobs.delete, jobs.resume, jobs.cancel, jobs.delete]
    at_once(*[partial(action, run) for action in actions])
    until(lambda: (now := jobs.runs(root)) == [] or not now[0].stopping)
    for left in jobs.runs(root):
        assert left.state in ("queued", "running", "paused", "stopped")
        jobs.cancel(left)
        reaches(left, "stopped")
        at_once(*[partial(jobs.delete, left)] * 8)
    assert [path.name for path in root.glob("*") if path.is_dir()] == []
    assert not (root / "trace").exists() or most_at_once(root) == 1


def test_pause_and_resume_at_once_lose_nothing(root: Path) -> None:
    """Whatever was asked before, the last word counts."""
    run = start(config(lingers=0.05, **ENDLESS), root)
    for _ in range(4):
        at_once(*[partial(action, run) for action in [jobs.pause, jobs.step_epoch, jobs.resume, jobs.pause]])
        reached = jobs.find(run.id, root).epoch
        jobs.resume(run)
        goes_beyond(run, reached)
    assert most_at_once(root) == 1


def test_looks_do_not_disturb(root: Path) -> None:
    """A look shares the lock for a moment; who wants it for good waits that moment."""
    run = folder_with(root, "stopped")
    (run.folder / "lock").touch()
    ended = threading.Event()

    def look() -> None:
        while not ended.is_set():
            assert not files.is_held(run.folder / "lock")

    with ThreadPoolExecutor(2) as pool:
        looks = [pool.submit(look) for _ in range(2)]
        time.sleep(0.2)
        ended.set()
        [look.result() for look in looks]
        ended.clear()
        reading = [pool.submit(jobs.runs, root) for _ in range(50)]
        jobs.resume(run)
        [looked.result() for looked in reading]
    reaches(run, "finished")


# --- what goes wrong --------------------------------------------------------------------------------------------------------

STRANGE = b'{"state": "stopped", "seconds": "long"}'
DAMAGED = [STRANGE, b"", b"{", b"[]", b"null", b"\xff\xfe", b"[" * 100_000, b'{"a": ' + b"9" * 5000 + b"}", b'"text"']


@pytest.mark.parametrize("file", ["config.json", "status.json"])
@pytest.mark.parametrize("content", [*DAMAGED, None], ids=lambda content: repr(content)[:12])
def test_a_run_with_damaged_files_is_listed_as_failed(root: Path, file: str, content: bytes | None) -> None:
    run = folder_with(root, "stopped")
    (run.folder / file).unlink()
    if content is not None:
        (run.folder / file).write_bytes(content)
    (run,) = jobs.runs(root)
    assert run.state == "failed" and file in run.message and run.message.endswith(".")
    if file == "config.json":
        with pytest.raises(JobError, match=r"config\.json"):
            jobs.resume(run)
        jobs.delete(run)
        assert jobs.runs(root) == []
    else:
        jobs.resume(run)
        reaches(run, "finished")


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.just(10**400) | st.floats() | st.text(max_size=5) | st.sampled_from(STATES),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5) | st.just("epochs"), inner, max_size=3),
    max_leaves=6,
)


@given(
    strange=st.dictionaries(st.sampled_from([*run_config.FIELDS, "id"]), anything),
    status=st.dictionaries(st.sampled_from([*STATUS_FIELDS, "x"]), anything),
)
@example(strange={"recipe": {"epochs": 10**400}}, status={"epoch": math.nan})
@example(strange={"created": math.inf}, status={"epochs": True, "losses": {"kl_nats": "3"}})
def test_no_files_make_a_page_fall_over(tmp_path_factory: pytest.TempPathFactory, strange: dict, status: dict) -> None:
    root = tmp_path_factory.getbasetemp() / "strange-runs"
    (root / "run").mkdir(parents=True, exist_ok=True)
    (root / "run" / "config.json").write_text(json.dumps(config() | {"created": 1} | strange))
    (root / "run" / "status.json").write_text(json.dumps({"state": "finished"} | status))
    (run,) = jobs.runs(root)
    assert run.state in STATES
    assert all(isinstance(text, str) for text in (run.name, run.owner, run.phase, run.message))
    assert all(math.isfinite(number) and f"{number:.1f}" for number in (run.created, run.epoch, run.epochs))
    assert all(isinstance(device, str) and "/" not in device for device in run.devices)
    assert not (run.active or run.stopping or run.pausing)
    assert (run.state == "failed" and "damaged" in run.message) or {
        name: repr(value) for name, value in run_config.to_json(run.config).items() if name in strange
    } == {name: repr(value) for name, value in json.loads(json.dumps(strange)).items()}


def test_a_full_disk_at_the_start(root: Path, monkeypatch) -> None:
    def full(path: Path, value: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(files, "write_json", full)
    with pytest.raises(JobError, match="the disk is full"):
        start(config(), root)
    assert [path.name for path in root.iterdir()] == [".queue"]


def test_a_process_that_cannot_be_started(root: Path, monkeypatch) -> None:
    def none_left(*arguments: object, **named: object) -> None:
        raise OSError(errno.EAGAIN, "Resource temporarily unavailable")

    monkeypatch.setattr(subprocess, "Popen", none_left)
    with pytest.raises(JobError, match="could not be started: Resource temporarily unavailable"):
        start(config(), root)
    assert [path.name for path in root.iterdir()] == [".queue"]


def test_leftovers_of_a_crash_are_swept(root: Path) -> None:
    for name in (".new-1-2-3", ".deleted-1-2-3"):
        (root / name).mkdir(parents=True)
        (root / name / "config.json").write_text("{}")
    start(config(), root)
    assert not list(root.glob(".new-*")) and not list(root.glob(".deleted-*"))


@pytest.mark.parametrize(("number", "words"), [(errno.ENOSPC, "disk is full"), (errno.EIO, "said the trainer.*log.txt")])
def test_unexpected_errors_are_told(root: Path, number: int, words: str) -> None:
    run = reaches(start(config(raises=number), root), "failed")
    assert re.search(words, run.message)
    assert "Traceback" in (run.folder / "log.txt").read_text()
    assert (run.folder / "reserve").exists() == (number != errno.ENOSPC)
    assert start(config(), root).alive


def test_training_code_that_cannot_be_loaded(root: Path, tmp_path: Path) -> None:
    (tmp_path / "fake" / "sitecustomize.py").write_text("import sys; sys.modules['core.training.run'] = None")
    assert "could not be loaded" in reaches(start(config(), root), "failed").message


# --- the administrator ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("value", "allowed"), [(None, True), ("on", True), ("off", False), ("", False), ("yes", False)])
def test_the_switch(root: Path, monkeypatch, value: str | None, allowed: bool) -> None:
    if value is not None:
        monkeypatch.setenv("LATENT_TRAINING", value)
    assert permission.training_allowed() == allowed == (permission.refusal() == "")
    if not allowed:
        with pytest.raises(JobError, match=r"turned off|must be on or off"):
            start(config(), root)
        with pytest.raises(JobError, match=r"turned off|must be on or off"):
            jobs.resume(folder_with(root, "stopped"))


def test_the_password(root: Path, monkeypatch) -> None:
    assert permission.password() is None and permission.check_password("") and permission.check_password("anything")
    monkeypatch.setenv("LATENT_TRAINING_PASSWORD", "größe")
    assert permission.password() == "größe" and permission.check_password("größe")
    assert not any(map(permission.check_password, ("", "größ", "grosse", "\ud800", "größe ")))


def test_the_administrator_s_password_is_one_of_its_own(root: Path, monkeypatch) -> None:
    monkeypatch.setenv("LATENT_TRAINING_PASSWORD", "piaf")
    monkeypatch.setenv("LATENT_ADMIN_PASSWORD", "brel")
    right = permission.check_password
    assert right("brel", "admin") and not right("piaf", "admin") and not right("brel")


def test_no_password_is_in_a_trainer_s_environment(root: Path, tmp_path: Path, monkeypatch) -> None:
    for variable in permission.PASSWORDS.values():
        monkeypatch.setenv(variable, "hush-hush")
    reaches(start(config(command=f"env > {tmp_path}/seen"), root), "finished")
    seen = (tmp_path / "seen").read_text()
    assert "PYTHONPATH" in seen and "hush-hush" not in seen


def test_limits(root: Path, monkeypatch) -> None:
    monkeypatch.setenv("LATENT_TRAINING_LIMIT", "1")
    first = start(config(**ENDLESS), root)
    with pytest.raises(JobError, match="You already have a run"):
        start(config(), root)
    other = folder_with(root, "stopped", "other")
    with pytest.raises(JobError, match="You already have a run"):
        jobs.resume(other)
    monkeypatch.setattr(jobs, "MAX_RUNS", 1)
    with pytest.raises(JobError, match="1 runs are already running"):
        start(config(owner="bob"), root)
    reaches(first, "running")
    kill(first)
    jobs.resume(reaches(first, "interrupted"))  # it does not stand in its own way
    jobs.cancel(first)
    reaches(first, "stopped")
    jobs.resume(other)
    for limit in ("0", "many", "-1", ""):
        monkeypatch.setenv("LATENT_TRAINING_LIMIT", limit)
        with pytest.raises(JobError, match="LATENT_TRAINING_LIMIT is"):
            start(config(), root)


def test_a_limit_on_minutes_is_the_run_s_own(root: Path, monkeypatch) -> None:
    assert start(config(), root).minutes is None
    monkeypatch.setenv("LATENT_TRAINING_MINUTES", "10")
    assert start(config() | {"minutes": 1000}, root).minutes == 10, "nobody sets their own"
    for minutes in ("0", "many", ""):
        monkeypatch.setenv("LATENT_TRAINING_MINUTES", minutes)
        with pytest.raises(JobError, match="LATENT_TRAINING_MINUTES is"):
            start(config(), root)


def test_waiting_costs_next_to_nothing() -> None:
    code = "import sys, core.jobs, core.worker; assert not {'torch', 'numpy', 'plotly', 'streamlit'} & sys.modules.keys()"
    subprocess.run([sys.executable, "-c", code], cwd=PROJECT, check=True)


def test_where_there_are_no_locks(root: Path, monkeypatch) -> None:
    monkeypatch.setattr(files, "fcntl", None)
    folder_with(root, "finished")
    assert [run.state for run in jobs.runs(root)] == ["finished"]
    with pytest.raises(JobError, match="need Linux or macOS"):
        start(config(), root)

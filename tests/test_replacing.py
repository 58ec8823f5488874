"""Write beside, then replace: a write that fails leaves the old file whole and nothing beside it, wherever the program writes."""

import errno
import io
import json
import os
import resource
import stat
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors import SafetensorError
from tiny import TINY

from core import checkpoints, denoise
from core.checkpoints import CheckpointError
from core.data import datasets
from core.latent import Plane
from core.models import build
from core.replacing import replacing
from core.restore import RestoreError
from core.training import folder, history, presets, snapshot, state
from pages.web import identity

OLD = b'{"title": "old"}'


def write_snapshot(target: Path) -> None:
    plane = Plane(np.zeros(2, np.float32), np.eye(2, dtype=np.float32))
    snapshot.write(target.parents[1], 7, build("vae", TINY, seed=0), plane, np.zeros((3, 2), np.float32))


WRITERS: dict[str, tuple[str, Callable[[Path], object]]] = {  # the file it writes, and how it is asked to
    "state": ("run/resume.safetensors", lambda target: state.write_state(target.parent, {"w": torch.zeros(9)}, {})),
    "snapshot": ("run/epochs/00007.safetensors", write_snapshot),
    "subset": ("run/subset.safetensors", lambda target: snapshot.write_subset(target.parent, np.zeros(3, np.int32), np.zeros(3))),
    "json": ("run/status.json", lambda target: folder.write_json(target, {"new": True})),
    "metrics": ("run/metrics.jsonl", lambda target: history.write_metrics(target.parent, [{"epoch": 1}])),
    "pause": ("run/pause", lambda target: folder.ask(target.parent, folder.PAUSE, "12345678")),
    "denoised": ("pictures/picture.png", lambda target: denoise._write(target, b"a new picture")),
    "title": ("models/mine/card.json", lambda target: checkpoints.describe_card("mine", "New", "", target.parents[1])),
    "owner": ("models/mine/card.json", lambda target: checkpoints.set_owner(target.parent, "ann")),
    "speeds": ("runs/.speeds.json", lambda target: presets.write_speeds(target, {"vae": 1.0})),
    "data set": ("raw/images", lambda target: datasets._write_whole(io.BytesIO(b"new images"), target)),
    "key": (f"runs/{identity.KEY_FILE}", lambda target: identity._key(target.parent)),
}


@contextmanager
def no_room(how: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A disk that takes no more: the kernel's own refusal after four bytes, or one when the file is to take its place."""
    if how == "after four bytes":
        before = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (4, before[1]))
        try:
            yield
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, before)
        return

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(Path, "replace", full)
        yield


def files(root: Path) -> list[str]:
    return sorted(str(path.relative_to(root)) for path in root.rglob("*") if not path.is_dir())


@pytest.fixture
def target(tmp_path: Path, request: pytest.FixtureRequest) -> Path:
    path = tmp_path / WRITERS[request.node.callspec.params["writer"]][0]
    path.parent.mkdir(parents=True)
    path.write_bytes(OLD)
    identity._key.cache_clear()
    return path


@pytest.mark.parametrize("how", ["after four bytes", "at the end"])
@pytest.mark.parametrize("writer", WRITERS)
def test_a_write_that_fails_leaves_the_old_file_and_nothing_beside_it(writer, how, target, tmp_path, monkeypatch, capsys) -> None:
    refused = (OSError, SafetensorError, CheckpointError, RestoreError)
    with no_room(how, monkeypatch), nullcontext() if writer == "key" else pytest.raises(refused):  # a key that cannot be kept is made anew
        WRITERS[writer][1](target)
    assert target.read_bytes() == OLD and files(tmp_path) == [str(target.relative_to(tmp_path))]


@pytest.mark.parametrize("writer", WRITERS)
def test_a_write_that_succeeds_leaves_the_new_file_and_nothing_beside_it(writer, target, tmp_path) -> None:
    WRITERS[writer][1](target)
    assert target.read_bytes() != OLD and files(tmp_path) == [str(target.relative_to(tmp_path))]


@pytest.mark.parametrize("writer", ["state", "title", "owner"])
def test_what_must_outlive_a_power_cut_is_on_the_disk_before_it_takes_its_place(writer, target, monkeypatch) -> None:
    calls: list[str] = []
    fsync, replace = os.fsync, Path.replace

    def noted_fsync(descriptor: int) -> None:
        calls.append("fsync")
        fsync(descriptor)

    def noted_replace(self: Path, to: Path) -> Path:
        calls.append("replace")
        return replace(self, to)

    monkeypatch.setattr(os, "fsync", noted_fsync)
    monkeypatch.setattr(Path, "replace", noted_replace)
    WRITERS[writer][1](target)
    assert calls == ["fsync", "replace"]


def test_a_full_disk_costs_the_reserve_and_not_the_message(tmp_path, monkeypatch) -> None:
    (tmp_path / folder.RESERVE).write_bytes(b"reserve")
    replace = Path.replace

    def full_while_there_is_a_reserve(self: Path, to: Path) -> Path:
        if (tmp_path / folder.RESERVE).exists():
            raise OSError(errno.ENOSPC, "No space left on device")
        return replace(self, to)

    monkeypatch.setattr(Path, "replace", full_while_there_is_a_reserve)
    folder.write_json(tmp_path / "status.json", {"state": "failed"})
    assert json.loads((tmp_path / "status.json").read_text()) == {"state": "failed"} and files(tmp_path) == ["status.json"]


@pytest.mark.parametrize("error", [OSError(errno.ENOSPC, "full"), KeyboardInterrupt(), ValueError("no JSON")])
def test_whatever_ends_the_writing(tmp_path, error) -> None:
    (tmp_path / "file").write_bytes(OLD)
    with pytest.raises(type(error)), replacing(tmp_path / "file") as beside:
        beside.write_bytes(b"half of i")
        raise error
    assert (tmp_path / "file").read_bytes() == OLD and files(tmp_path) == ["file"]


def test_a_new_file_has_the_usual_permissions_or_those_that_were_asked_for_from_its_first_byte(tmp_path) -> None:
    before = os.umask(0o027)
    try:
        for mode, expected in ((0o666, 0o640), (0o600, 0o600)):
            with replacing(tmp_path / "file", mode=mode) as beside:
                assert stat.S_IMODE(beside.stat().st_mode) == expected
                beside.write_bytes(b"secret")
            assert stat.S_IMODE((tmp_path / "file").stat().st_mode) == expected
    finally:
        os.umask(before)


@pytest.mark.parametrize("writer", [name for name in WRITERS if name != "key"])  # which is nobody else's to read
def test_everybody_may_read_what_the_umask_lets_them(writer, target) -> None:
    """Of a class server, another user too; safetensors' own files are for their writer alone."""
    before = os.umask(0o022)
    try:
        WRITERS[writer][1](target)
    finally:
        os.umask(before)
    assert stat.S_IMODE(target.stat().st_mode) == 0o644


def test_threads_that_write_the_same_file_do_not_meet(tmp_path) -> None:
    meet, errors = threading.Barrier(8, timeout=10), []

    def write(number: int) -> None:
        try:
            with replacing(tmp_path / "file") as beside:
                meet.wait()
                beside.write_bytes(bytes([number]) * 1000)
                meet.wait()
        except Exception as error:
            errors.append(error)

    threads = [threading.Thread(target=write, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    content = (tmp_path / "file").read_bytes()
    assert not errors and len(content) == 1000 and len(set(content)) == 1 and files(tmp_path) == ["file"]


def test_a_link_that_somebody_left_in_its_way_is_not_followed(tmp_path) -> None:
    (tmp_path / "precious").write_bytes(OLD)
    with replacing(tmp_path / "file") as beside:
        name = beside.name
    (tmp_path / name).symlink_to(tmp_path / "precious")
    with replacing(tmp_path / "file") as beside:
        beside.write_bytes(b"new")
    assert (tmp_path / "precious").read_bytes() == OLD and (tmp_path / "file").read_bytes() == b"new"


def test_a_name_may_be_as_long_as_the_disk_allows(tmp_path) -> None:
    for name in ("x" * 255, "名" * 85):
        with replacing(tmp_path / name) as beside:
            beside.write_bytes(b"new")
        assert (tmp_path / name).read_bytes() == b"new"

"""Streamlit servers for the time of a benchmark, each a process of its own on a free port of this machine."""

import os
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

PROJECT = Path(__file__).resolve().parents[1]
START_S = 120


class Served(NamedTuple):
    """A running server."""

    address: str
    pid: int


@contextmanager
def serve(script: str, project: Path = PROJECT, **environment: str) -> Iterator[Served]:
    """`streamlit run script` in a project's root; yields it once it is healthy, and ends it in the end."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    address = ["--server.address", "127.0.0.1", "--server.port", str(port)]
    command = [sys.executable, "-m", "streamlit", "run", script, *address, "--server.fileWatcherType", "none"]
    own = os.environ | {"PYTHONPATH": str(project)} | environment
    with tempfile.TemporaryFile("w+") as log:
        process = subprocess.Popen(command, cwd=project, env=own, stdout=log, stderr=subprocess.STDOUT)
        try:
            if not healthy(process, f"http://127.0.0.1:{port}"):
                log.seek(0)
                raise RuntimeError(f"{script} could not be served:\n{log.read()[-4000:]}")
            yield Served(f"http://127.0.0.1:{port}", process.pid)
        finally:
            process.terminate()
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()


def healthy(process: subprocess.Popen, address: str) -> bool:
    """Wait for the server's answer; False when it ended or did not answer in time."""
    deadline = time.monotonic() + START_S
    while time.monotonic() < deadline and process.poll() is None:
        try:
            with urllib.request.urlopen(f"{address}/_stcore/health", timeout=2):
                return True
        except OSError:
            time.sleep(0.1)
    return False

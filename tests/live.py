"""The running app and a browser, for the tests that need both: a server on a free port, and MNIST-shaped files for it to read."""

from __future__ import annotations

import json
import os
import re
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Awaitable, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from fcntl import LOCK_EX, LOCK_SH, LOCK_UN, flock
from pathlib import Path
from typing import TYPE_CHECKING, Any

import anyio
import numpy as np

from core.data.datasets import load

if TYPE_CHECKING:
    import pytest
    from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Request

PROJECT = Path(__file__).resolve().parents[1]
START_S = 90
PATIENCE_S = 120  # what a test waits for at most: it may share the machine
PATIENCE_MS = 60_000  # and what a browser test waits for


def write_mnist_files(root: Path, test: int = 10_000, train: int = 0) -> Path:
    """scikit-learn's digits, repeated to so many, as the splits of MNIST in torchvision's layout (none: no files); returns root."""
    raw = root / "MNIST" / "raw"
    raw.mkdir(parents=True)
    for split, prefix, count in (("test", "t10k", test), ("train", "train", train)):
        if count:
            digits = load("digits", split)
            rows = np.arange(count) % len(digits.labels)
            header = np.array([0x803, count, 28, 28], ">u4").tobytes()
            (raw / f"{prefix}-images-idx3-ubyte").write_bytes(header + digits.images[rows].tobytes())
            labels = digits.labels[rows].astype(np.uint8).tobytes()
            (raw / f"{prefix}-labels-idx1-ubyte").write_bytes(np.array([0x801, count], ">u4").tobytes() + labels)
    return root


class Server:
    """`streamlit run app.py`, or another app, on a free port of this machine, with its data sets in `data`."""

    def __init__(self, data: Path, log: Path, app: str = "app.py", **environment: str) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        self.url, self.log = f"http://127.0.0.1:{port}", log
        self.command = [sys.executable, "-m", "streamlit", "run", app, "--server.address", "127.0.0.1", "--server.port", str(port)]
        self.environment = os.environ | {"LATENT_DATA": str(data), "OMP_NUM_THREADS": "1"} | environment
        self.start()

    def start(self) -> None:
        """Begin, also once more after stop(): at the same address, and with nothing of what it knew."""
        with self.log.open("ab") as out:
            self.process = subprocess.Popen(self.command, cwd=PROJECT, env=self.environment, stdout=out, stderr=subprocess.STDOUT)
        self.pid = self.process.pid
        deadline = time.monotonic() + START_S
        while not self._healthy():
            if self.process.poll() is not None or time.monotonic() > deadline:
                self.stop()
                raise RuntimeError(f"the app did not start:\n{self.output()}")
            time.sleep(0.2)

    @classmethod
    def running(cls, url: str, log: Path, pid: int) -> Server:
        """One that another process has started, and will end."""
        server = cls.__new__(cls)
        server.url, server.log, server.pid = url, log, pid
        return server

    def _healthy(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self.url}/healthz", timeout=2) as response:
                return response.status == 200
        except OSError:
            return False

    def output(self) -> str:
        """What the server has printed."""
        return self.log.read_text(errors="replace")

    def stop(self) -> None:
        """End it."""
        self.process.terminate()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


@contextmanager
def shared(folder: Path, start: Callable[[], Server]) -> Iterator[Server]:
    """A server for all processes that name this folder: the first starts it, and ends it when the others have left."""
    with (folder / "server").open("a+") as door, (folder / "server-used").open("a") as used:
        flock(door, LOCK_EX)
        door.seek(0)
        told = door.read()
        if told:
            flock(used, LOCK_SH)
            flock(door, LOCK_UN)
            url, log, pid = json.loads(told)
            yield Server.running(url, Path(log), pid)
            return
        server = start()
        try:
            door.write(json.dumps([server.url, str(server.log), server.pid]))
            door.flush()
            flock(door, LOCK_UN)
            yield server
        finally:
            flock(door, LOCK_EX)  # who comes now starts another
            door.truncate(0)
            flock(door, LOCK_UN)
            flock(used, LOCK_EX)
            server.stop()


def run_async(function: Callable[[], Awaitable[Any]]) -> Any:
    """What an asynchronous function returns, from a thread of its own: Playwright's loop may run in this one."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(anyio.run, function).result()


def ahead(url: str) -> bool:
    """Whether this is what Explore fetches when it has nothing else to do: modules, searches and the encoder (map/ahead.js)."""
    return url.endswith((".js", "/encoder.safetensors")) or "/found/" in url


def until(what: Callable[[], object], seconds: float = PATIENCE_S) -> None:
    """Wait for what only Python can see."""
    end = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < end, "it did not come to this in time"
        time.sleep(0.02)


def tried_before(request: pytest.FixtureRequest) -> bool:
    """Whether a test has its second try: what the first has left may be anything."""
    return getattr(request.node, "execution_count", 1) > 1


def pause(page: Page, ms: int) -> None:
    """Let so much time pass as the page counts it: what it had put off for less has come, however busy the machine is."""
    page.evaluate("ms => new Promise(done => setTimeout(done, ms))", ms)


@contextmanager
def first_visit(profile: BrowserContext, base: str) -> Iterator[Page]:
    """A page of a kept profile, for somebody who is at this address for the first time, but for the files."""
    before = profile.pages
    page = profile.new_page()
    try:
        yield page
    finally:
        profile.set_offline(False)
        profile.clear_permissions()
        profile.clear_cookies()
        forget = {"origin": base, "storageTypes": "local_storage,indexeddb,cache_storage,service_workers"}
        profile.new_cdp_session(page).send("Storage.clearDataForOrigin", forget)
        for opened in profile.pages:
            if opened not in before:
                opened.close()


@contextmanager
def visitor(browser: Browser, url: str = "", width: int = 1440, has_touch: bool = False) -> Iterator[Page]:
    """Somebody with a browser of their own, so many pixels wide, at this address if one is named; the page must not fail."""
    context = browser.new_context(viewport={"width": width, "height": 1000}, has_touch=has_touch)
    try:
        with unfailing(context.new_page()) as page:
            if url:
                page.goto(url)
            yield page
    finally:
        context.close()


@contextmanager
def returning(profile: BrowserContext, url: str) -> Iterator[Page]:
    """A visitor whose browser has the app's files from other tests: a page opens for half the work."""
    with first_visit(profile, "/".join(url.split("/")[:3])) as page, unfailing(page):
        page.set_viewport_size({"width": 1440, "height": 1000})
        page.goto(url)
        yield page


@contextmanager
def unfailing(page: Page) -> Iterator[Page]:
    """The page, which must not fail."""
    page.set_default_timeout(PATIENCE_MS)
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    yield page
    assert not errors


class Watched:
    """A page whose errors, and the hosts that it asks, are written down."""

    def __init__(self, page: Page, base: str) -> None:
        self.page, self.base = page, base
        self.errors: list[str] = []
        self.hosts: set[str] = set()
        page.on("console", self._console)
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.on("request", lambda request: self.hosts.update(re.findall(r"^(?:blob:)?(\w+://[^/]*)", request.url)))
        page.set_default_timeout(PATIENCE_MS)

    def asked(self) -> list[str]:
        """What the page asks for from now on, without what comes when it has nothing else to do, and without fonts, which come with the
        first word that is set in them."""
        urls: list[str] = []

        def note(request: Request) -> None:
            if not (ahead(request.url) or request.url.endswith(".woff2")):
                urls.append(request.url)

        self.page.on("request", note)
        return urls

    def frames(self, count: int = 2) -> None:
        """Let so many frames be painted: what was asked for is seen after two; what was not would be by thirty."""
        count_down = "n => new Promise(done => { const next = () => n-- > 0 ? requestAnimationFrame(next) : done(); next(); })"
        self.page.evaluate(count_down, count)

    def _console(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            self.errors.append(message.text)

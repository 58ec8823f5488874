"""Fixtures that every test file can ask for: a tiny model, a few digits, and a folder with one trained checkpoint.

All but pytest is imported where it is needed: the process that shares the tests out among workers begins them two seconds sooner
without torch, and the tests of training also run on a machine with a GPU that has only torch's libraries.
"""

from __future__ import annotations

import gc
import os
import re
import shutil
from collections.abc import Generator, Iterator
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from chromium import ADVICE, FLAGS, NO_SUGGESTIONS, ON_CPU, SLOW_LINE, find

if TYPE_CHECKING:
    from bundle import Bundle
    from live import Server
    from playwright.sync_api import Browser, BrowserContext
    from view import View

    from core.data.datasets import Split
    from core.models import Model
    from core.training.loop import Trainer

PAGE_TESTS = re.compile(r"_pages?(_links)?$")  # files that open a page over and over

if find_spec("hypothesis"):
    from hypothesis import settings

    settings.register_profile("tests", max_examples=50, deadline=None, derandomize=True)
    settings.load_profile("tests")


@pytest.hookimpl(wrapper=True)
def pytest_collection(session: pytest.Session) -> Generator[None, object, object]:
    """What was imported for good need not be looked through for garbage, as in app.py; and of the rest, not after every 700 objects.

    One thread per worker, from the first model that a test file opens: the order of floating-point sums does not depend on the machine, and
    workers do not compete.
    """
    if not session.config.pluginmanager.has_plugin("dsession"):  # it only shares the tests out
        import torch

        torch.set_num_threads(1)
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.set_threshold(20_000, 20, 20)
        gc.enable()


@pytest.hookimpl(tryfirst=True)  # before the groups are read
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """A browser on a busy machine may be late: its tests get a second try, and the summary lists every RERUN.

    What a page has computed for one test, its other tests find in its caches: they run on one worker.
    """
    for item in items:
        if item.get_closest_marker("browser"):
            item.add_marker(pytest.mark.flaky(reruns=1))
        if PAGE_TESTS.search(item.path.stem) and not item.get_closest_marker("xdist_group"):
            item.add_marker(pytest.mark.xdist_group(item.path.stem))


@pytest.fixture
def tiny_model() -> Model:
    """An untrained VAE with a 2-D latent, in evaluation mode."""
    from tiny import TINY

    from core.models import build

    return build("vae", TINY, seed=1).eval()


@pytest.fixture(scope="session")
def digits() -> tuple[Split, Split]:
    """300 training and 100 test images of scikit-learn's digits."""
    from core.data.datasets import Split, load

    train, test = load("digits", "train"), load("digits", "test")
    return Split(train.images[:300], train.labels[:300]), Split(test.images[:100], test.labels[:100])


@pytest.fixture(scope="session")
def trained(digits: tuple[Split, Split]) -> Trainer:
    """A finished run of three epochs; not to be changed."""
    from tiny import TINY

    from core.training.config import TrainingConfig
    from core.training.loop import Trainer

    recipe = TrainingConfig(dataset="digits", epochs=3, batch_size=50, learning_rate=1e-2, device="cpu", precision="float32")
    trainer = Trainer(recipe, "vae", TINY, digits[0].images)
    trainer.run()
    return trainer


@pytest.fixture(scope="session")
def checkpoint_root(trained: Trainer, digits: tuple[Split, Split], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of checkpoints that holds one, `tiny`; not to be changed."""
    from core.training.card import write_checkpoint

    root = tmp_path_factory.mktemp("checkpoints")
    write_checkpoint(trained, root / "tiny", *digits)
    return root


@pytest.fixture(scope="session")
def mnist_like(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data root with 10,000 digits where MNIST's test split lies, so that no test needs a download."""
    from live import write_mnist_files

    return write_mnist_files(tmp_path_factory.mktemp("data"))


@pytest.fixture(scope="session")
def server(mnist_like: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """The running app with MNIST-shaped test images, for all workers; it must not have printed a traceback when it ends."""
    from live import Server, shared

    mine = tmp_path_factory.getbasetemp()
    everybodys = mine.parent if "PYTEST_XDIST_WORKER" in os.environ else mine
    with shared(everybodys, lambda: Server(mnist_like, tmp_path_factory.mktemp("server") / "log")) as running:
        yield running
    assert "Traceback" not in running.output(), running.output()


@pytest.fixture(scope="session")
def bare_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """The running app as in a fresh clone: no data set on disk."""
    from live import Server

    running = Server(tmp_path_factory.mktemp("nothing"), tmp_path_factory.mktemp("bare-server") / "log")
    yield running
    running.stop()
    assert "Traceback" not in running.output(), running.output()


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """A headless Chromium with software rendering; its pages fetch nothing ahead."""
    from live import PATIENCE_MS
    from playwright.sync_api import expect, sync_playwright

    path = find()
    if path is None:
        pytest.fail(ADVICE)
    expect.set_options(timeout=PATIENCE_MS)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=[*FLAGS, ON_CPU, NO_SUGGESTIONS, SLOW_LINE])
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def profile(chromium: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[BrowserContext]:
    """A browser that keeps files and compiled scripts, as a visitor's does: a page that it has seen opens for two thirds of the work."""
    context = chromium.browser_type.launch_persistent_context(
        tmp_path_factory.mktemp("profile"),
        executable_path=find(),
        args=[*FLAGS, ON_CPU, NO_SUGGESTIONS, SLOW_LINE],
        viewport={"width": 1440, "height": 900},
    )
    yield context
    context.close()


@pytest.fixture
def view(server: Server, profile: BrowserContext) -> Iterator[View]:
    """The Explore page for somebody who is here for the first time, but for the files; nothing may have gone wrong in it."""
    from live import first_visit
    from view import View

    with first_visit(profile, server.url) as page:
        opened = View(page, server.url)
        yield opened
    assert opened.errors == []


@pytest.fixture(scope="module")
def opened_bundle(chromium: Browser) -> Iterator[Bundle]:
    """The page of `bundle`, the same for the tests of a file."""
    from bundle import Bundle

    opened = Bundle(chromium)
    yield opened
    opened.close()
    assert opened.errors == []


@pytest.fixture
def bundle(opened_bundle: Bundle, request: pytest.FixtureRequest) -> Bundle:
    """The browser's modules in a page without a server; nothing may have gone wrong in it. A second try finds a page as new."""
    from live import tried_before

    if tried_before(request):
        opened_bundle.close()
        opened_bundle.open()
    return opened_bundle


@pytest.fixture(scope="session")
def nothing(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that there is not: the same for all tests, so that what was made without data is found again in the caches."""
    return tmp_path_factory.mktemp("without-data") / "nothing"


@pytest.fixture
def no_data(nothing: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """As in a fresh clone, unless a test says otherwise."""
    from core.data.datasets import DATASETS
    from pages.session import downloads

    monkeypatch.setenv("LATENT_DATA", str(nothing))
    for name, dataset in DATASETS.items():
        if dataset.system:
            monkeypatch.setitem(DATASETS, name, replace(dataset, system=str(nothing / "no-package")))
    downloads._jobs.clear()
    yield
    assert not nothing.exists(), "the next test would find data there"


@pytest.fixture
def own_checkpoints(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the shipped checkpoints that a test may damage."""
    from core import checkpoints

    root = tmp_path / "checkpoints"
    shutil.copytree(checkpoints.CHECKPOINTS / "vae-mnist-2d", root / "vae-mnist-2d")
    monkeypatch.setattr(checkpoints, "CHECKPOINTS", root)
    monkeypatch.setattr(checkpoints, "SHIPPED_ROOT", root)
    return root

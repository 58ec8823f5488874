"""Whose run it is, in a real browser: in two tabs, after reloads, closed and opened again, in another browser, and without cookies."""

import hashlib
import json
import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from chromium import FLAGS, NO_SUGGESTIONS, find
from live import PATIENCE_MS, PROJECT, Server
from playwright.sync_api import Browser, BrowserContext, Page, expect

from core.training.folder import CONFIG, STATUS

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

RELOADS = 5


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Checkpoints and runs of these tests; the shipped model is among them."""
    root = tmp_path_factory.mktemp("checkpoints")
    shutil.copytree(PROJECT / "checkpoints" / "vae-mnist-2d", root / "vae-mnist-2d")
    return root


@pytest.fixture(scope="module")
def class_server(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server with passwords, so that nobody is in charge for sitting at this machine."""
    log = tmp_path_factory.mktemp("class-server") / "log"
    passwords = {"LATENT_ADMIN_PASSWORD": "brel", "LATENT_TRAINING_PASSWORD": "piaf"}
    running = Server(tmp_path_factory.mktemp("nothing"), log, LATENT_CHECKPOINTS=str(root), **passwords)
    yield running
    running.stop()
    assert "Traceback" not in running.output(), running.output()


@pytest.fixture
def opened(chromium: Browser, tmp_path: Path) -> Iterator[Callable[..., BrowserContext]]:
    """A window of a browser with that profile, which is kept when the window is closed."""
    with ExitStack() as open_windows:

        def window(profile: str = "ann", cookies: bool = True) -> BrowserContext:
            folder = tmp_path / profile
            if not cookies:  # what the switch in Chromium's settings writes
                (folder / "Default").mkdir(parents=True)
                settings = {"profile": {"default_content_setting_values": {"cookies": 2}}}
                (folder / "Default" / "Preferences").write_text(json.dumps(settings))
            context = chromium.browser_type.launch_persistent_context(str(folder), executable_path=find(), args=[*FLAGS, NO_SUGGESTIONS])
            context.set_default_timeout(PATIENCE_MS)
            open_windows.callback(context.close)
            return context

        yield window


def owner_of(context: BrowserContext) -> str:
    """What the server calls this browser."""
    (cookie,) = [cookie for cookie in context.cookies() if cookie["name"].startswith("latent-visitor-")]
    assert cookie["httpOnly"] and cookie["sameSite"] == "Lax"
    return hashlib.sha256(cookie["value"].partition(".")[0].encode()).hexdigest()[:16]


def paused_run(root: Path, name: str, owner: str) -> None:
    """A run of that owner which its owner, and nobody else, can resume."""
    folder = root / "runs" / name
    folder.mkdir(exist_ok=True)  # a second try's owner is another
    model = {"name": "vae", "config": {"encoder_hidden": [16], "decoder_hidden": [16]}}
    config = {"name": name, "id": name, "owner": owner, "created": 1.0, "dataset": "digits", "model": model, "recipe": {"epochs": 3}}
    (folder / CONFIG).write_text(json.dumps(config))
    (folder / STATUS).write_text(json.dumps({"state": "paused", "epoch": 1.0, "epochs": 3}))


def unlock(page: Page, text: str) -> None:
    page.get_by_label("Password", exact=True).fill(text)
    page.get_by_role("button", name="Unlock").click()


@pytest.mark.slow
def test_a_run_and_the_password_stay_with_the_browser(opened, root, class_server):
    url = class_server.url
    window = opened()
    tabs = [window.new_page(), window.new_page()]
    for tab in tabs:  # the second asks before the first has its answer
        tab.evaluate("(url) => { setTimeout(() => location.href = url, 50) }", f"{url}/train")
    for tab in tabs:
        expect(tab.get_by_text("Training here needs a password")).to_be_visible()
    owner = owner_of(window)
    paused_run(root, "mine", owner)
    unlock(tabs[0], "not-it")
    expect(tabs[0].get_by_text("That is not the password")).to_be_visible()
    assert "A wrong training password was given from 127.0.0.1" in class_server.output() and "not-it" not in class_server.output()
    unlock(tabs[0], "piaf")
    expect(tabs[0].get_by_text(f"Others see your runs as those of visitor {owner[:4]}.")).to_be_visible()
    unlock(tabs[1], "")  # whatever makes the other tab's page run again
    expect(tabs[1].get_by_text(f"Others see your runs as those of visitor {owner[:4]}.")).to_be_visible()

    tabs[0].goto(f"{url}/train?run=mine")
    for _ in range(RELOADS):
        expect(tabs[0].get_by_text("yours")).to_be_visible()
        expect(tabs[0].get_by_role("button", name="Resume")).to_be_visible()
        tabs[0].reload()
    window.close()

    again = opened().new_page()
    again.goto(f"{url}/train?run=mine")
    expect(again.get_by_text("yours")).to_be_visible()
    expect(again.get_by_role("button", name="Resume")).to_be_visible()

    other = opened("bob").new_page()
    other.goto(f"{url}/train?run=mine")
    expect(other.get_by_text("somebody else's")).to_be_visible()
    expect(other.get_by_role("button", name="Resume")).to_have_count(0)
    other.get_by_role("button", name="New run").click()
    expect(other.get_by_text("Training here needs a password")).to_be_visible()


@pytest.mark.slow
def test_a_browser_that_keeps_no_cookies_is_told_what_that_means(opened, class_server):
    url = class_server.url
    page = opened("eve", cookies=False).new_page()
    page.goto(f"{url}/train")
    unlock(page, "piaf")
    expect(page.get_by_text("yours only until you reload or close this page")).to_be_visible()
    page.reload()
    expect(page.get_by_text("Training here needs a password")).to_be_visible()

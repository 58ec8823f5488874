"""Who a browser is, and who knows a password: the cookie, what may pass for it, and how fast passwords can be guessed."""

import logging
import stat
from collections import OrderedDict
from collections.abc import MutableMapping
from dataclasses import replace
from http.cookies import SimpleCookie
from pathlib import Path
from typing import Any

import pytest
from live import run_async
from starlette.responses import PlainTextResponse

from core import jobs, permission
from pages.web import identity, passwords

HTML = "text/html,application/xhtml+xml"


@pytest.fixture(autouse=True)
def runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of runs, and with it a key, of the test's own."""
    monkeypatch.setattr(jobs, "RUNS", tmp_path / "runs")
    for variable in permission.PASSWORDS.values():
        monkeypatch.delenv(variable, raising=False)
    return tmp_path / "runs"


def answer(accept: str = HTML, method: str = "GET", status: int = 200, path: str = "/", scheme: str = "http", **headers: str) -> dict:
    """The headers of one answer of the app inside the middleware, by lower-case name."""
    sent: list[MutableMapping[str, Any]] = []

    async def send(message: MutableMapping[str, Any]) -> None:
        sent.append(message)

    async def receive() -> MutableMapping[str, Any]:
        raise AssertionError("no answer here needs the request's body")

    given = {"accept": accept, **{name.replace("_", "-"): value for name, value in headers.items()}}
    raw = [(name.encode(), value.encode("latin-1")) for name, value in given.items()]
    scope = {
        "type": "http", "method": method, "path": path, "scheme": scheme, "headers": raw, "query_string": b"", "server": ("x", 80),
    }  # fmt: skip
    app = identity.Identity(PlainTextResponse("page", status, {"Cache-Control": "public, immutable"}))
    run_async(lambda: app(scope, receive, send))
    return {name.decode(): value.decode() for name, value in sent[0]["headers"]}


def cookie_in(headers: dict) -> str:
    return SimpleCookie(headers["set-cookie"])[identity.cookie_name()].value


def test_a_document_brings_a_cookie_for_a_year():
    headers = answer()
    (morsel,) = SimpleCookie(headers["set-cookie"]).values()
    assert morsel["httponly"] and morsel["samesite"] == "lax" and morsel["max-age"] == "31536000" and morsel["path"] == "/"
    assert not morsel["secure"]
    assert len(identity.visitor(morsel.value) or "") == 16
    assert headers["cache-control"] == "private, no-cache"


def test_the_cookie_is_kept_and_its_year_begins_anew():
    given = cookie_in(answer())
    assert cookie_in(answer(cookie=f"other=1; {identity.cookie_name()}={given}")) == given
    assert cookie_in(answer(status=304, cookie=f"{identity.cookie_name()}={given}")) == given


def test_two_browsers_are_two_visitors():
    assert identity.visitor(cookie_in(answer())) != identity.visitor(cookie_in(answer()))


@pytest.mark.parametrize("forged", ["", "me", "0" * 32, f"{'0' * 32}.{'0' * 64}", "ü", "a" * 5000])
def test_a_forged_or_malformed_cookie_is_replaced(forged: str):
    assert identity.visitor(forged) is None
    assert identity.visitor(cookie_in(answer(cookie=f"{identity.cookie_name()}={forged}"))) is not None


def test_a_cookie_of_another_server_is_none_of_ours(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    name, theirs = identity.cookie_name(), identity.new_cookie()
    monkeypatch.setattr(jobs, "RUNS", tmp_path / "another")
    assert identity.visitor(theirs) is None
    assert identity.cookie_name() != name  # so that two servers on one machine do not replace each other's


def test_the_key_outlives_the_server_and_is_nobody_else_s(runs: Path):
    given = identity.new_cookie()
    identity._key.cache_clear()  # as after a restart
    assert identity.visitor(given) is not None
    assert stat.S_IMODE((runs / identity.KEY_FILE).stat().st_mode) == 0o600


@pytest.mark.parametrize(("scheme", "headers"), [("https", {}), ("http", {"x_forwarded_proto": "https"})])
def test_who_comes_by_https_gets_a_secure_cookie(scheme: str, headers: dict):
    assert "secure" in answer(scheme=scheme, **headers)["set-cookie"].lower()


@pytest.mark.parametrize("request_", [{"accept": "*/*"}, {"accept": "image/png"}, {"method": "POST"}, {"status": 404}])
def test_what_is_no_document_brings_none(request_: dict):
    headers = answer(**request_)
    assert "set-cookie" not in headers and headers["cache-control"] == "public, immutable"


LOCAL = {"Host": "localhost:8501"}


@pytest.mark.parametrize(
    ("address", "headers", "direct"),
    [
        (None, LOCAL, True),
        (None, {"Host": "127.0.0.1:8501"}, True),
        (None, {"Host": "[::1]:80"}, True),
        ("10.0.0.7", LOCAL, False),
        (None, {"Host": "class.example.org"}, False),  # through a tunnel or a TCP forwarder
        (None, {"Host": "localhost.example.org"}, False),
        (None, LOCAL | {"Origin": "http://localhost:8501"}, True),
        (None, LOCAL | {"Origin": "https://class.example.org"}, False),
        (None, {}, False),
        *((None, LOCAL | {name: "x"}, False) for name in identity.FORWARDING_HEADERS),
    ],
)
def test_only_a_direct_connection_by_this_machine_s_own_name_is_direct(address, headers, direct):
    assert identity.is_direct(address, headers) == direct


# --- passwords ------------------------------------------------------------------------------------------------------------


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The time that wrong guesses are counted by."""
    now = [0.0]
    monkeypatch.setattr(passwords, "guesses", replace(passwords.guesses, levels=OrderedDict(), now=lambda: now[0]))
    return now


@pytest.fixture
def tried(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The guesses that were looked at."""
    texts: list[str] = []
    right = permission.check_password
    monkeypatch.setenv("LATENT_TRAINING_PASSWORD", "piaf")
    monkeypatch.setenv("LATENT_ADMIN_PASSWORD", "brel")

    def check(text: str, role: str) -> bool:
        texts.append(text)
        return right(text, role)

    monkeypatch.setattr(permission, "check_password", check)
    return texts


def test_a_thousand_wrong_passwords_in_a_minute(clock, tried):
    for number in range(1000):
        clock[0] = number * 0.06
        role = ("training", "admin")[number % 2]  # both count together
        problem = passwords.unlock(role, f"guess {number}", f"tab {number}", "10.0.0.7")
    assert 1 <= len(tried) <= 20
    assert "Too many wrong passwords" in problem and "Wait 1" in problem
    assert "Too many" in passwords.unlock("training", "piaf", "eve", "10.0.0.7")  # else the refusal would tell
    assert passwords.unlock("training", "piaf", "ann", "10.0.0.8") == ""
    clock[0] += 60
    assert passwords.unlock("training", "piaf", "eve", "10.0.0.7") == ""


def test_a_class_behind_one_address_gives_the_right_password_at_once(clock, tried):
    assert {passwords.unlock("training", "piaf", f"pupil {number}", "10.0.0.7") for number in range(300)} == {""}


def test_counting_guesses_has_bounds(clock, tried, monkeypatch):
    monkeypatch.setattr(passwords.guesses, "most", 5)
    for number in range(50):
        passwords.unlock("training", "wrong", "eve", f"10.0.0.{number}")
    assert len(passwords.guesses.levels) == 5


def test_a_wrong_guess_is_logged_without_the_guess(clock, tried, caplog):
    with caplog.at_level(logging.WARNING):
        passwords.unlock("admin", "hunter2", "eve", "10.0.0.7")
    (line,) = caplog.messages
    assert "admin" in line and "10.0.0.7" in line and "hunter2" not in line


def test_who_gave_the_password_is_remembered_until_it_changes(clock, tried, monkeypatch):
    assert not passwords.unlocked("training", "ann")
    passwords.unlock("training", "piaf", "ann", "10.0.0.7")
    assert passwords.unlocked("training", "ann")
    assert not passwords.unlocked("training", "bob") and not passwords.unlocked("admin", "ann")
    monkeypatch.setenv("LATENT_TRAINING_PASSWORD", "aznavour")
    assert not passwords.unlocked("training", "ann")
    monkeypatch.setenv("LATENT_TRAINING_PASSWORD", "piaf")
    passwords.lock("training", "ann")
    assert not passwords.unlocked("training", "ann")


def test_who_is_remembered_has_bounds_and_a_damaged_file_locks(clock, tried, runs, monkeypatch):
    monkeypatch.setattr(passwords, "MAX_UNLOCKED", 3)
    for number in range(5):
        passwords.unlock("training", "piaf", f"pupil {number}", "10.0.0.7")
    assert [passwords.unlocked("training", f"pupil {number}") for number in range(5)] == [False, False, True, True, True]
    for damaged in ("[]", "{", '{"training pupil 4": "ü"}', '{"training pupil 4": 1}'):
        (runs / passwords.UNLOCKED_FILE).write_text(damaged)
        assert not passwords.unlocked("training", "pupil 4")


def test_what_the_server_cannot_keep_is_said(clock, tried, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(passwords, "write_json", full)
    assert "No space left on device" in passwords.unlock("training", "piaf", "ann", "10.0.0.7")

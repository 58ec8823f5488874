"""The guard around everything: which names are answered to, what every response says, and what stays closed."""

import base64
import os
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import streamlit
from live import Server, run_async

from pages.web import hosts
from pages.web.guard import HEADERS, Guard

HERE = socket.gethostname().lower()


def guarded(kind: str = "http", path: str = "/", host: str | list[str] | None = "localhost:8501", **headers: str) -> list[Any]:
    """What is sent for one request or websocket, in front of an app that answers 200 (or accepts)."""
    lines = [host] if isinstance(host, str) else host or []
    raw = [(b"host", line.encode("latin-1")) for line in lines] + [(name.encode(), value.encode()) for name, value in headers.items()]
    scope = {"type": kind, "method": "GET", "path": path, "client": ("127.0.0.1", 1), "headers": raw}
    sent: list[Any] = []

    async def inner(scope: Any, receive: Any, send: Any) -> None:
        if path == "/broken":
            raise FileNotFoundError("/secret/place")
        start = {"type": "http.response.start", "status": 200, "headers": [(b"referrer-policy", b"no-referrer")] if path == "/own" else []}
        await send(start if kind == "http" else {"type": "websocket.accept"})

    async def receive() -> Any:
        return {"type": f"{kind}.connect"}

    async def send(message: Any) -> None:
        sent.append(message)

    try:
        run_async(lambda: Guard(inner)(scope, receive, send))
    except FileNotFoundError:
        assert path == "/broken"  # for the log
    return sent


def status(**request: Any) -> int:
    return guarded(**request)[0]["status"]


def body(sent: list[Any]) -> str:
    return b"".join(message.get("body", b"") for message in sent).decode()


@pytest.fixture
def address(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """Sets what the server listens on; before, this machine alone."""
    before = streamlit.get_option("server.address")
    monkeypatch.delenv("LATENT_HOSTS", raising=False)

    def listen(on: str | None) -> None:
        streamlit.config.set_option("server.address", on)

    listen("127.0.0.1")
    yield listen
    listen(before)


@pytest.fixture(autouse=True)
def on_this_machine(address: Any) -> None:
    """Each test begins with a server at 127.0.0.1."""


# --- names ------------------------------------------------------------------------------------------------------------

LOOPBACK = ["localhost", "localhost:8501", "LOCALHOST.:8501", "127.0.0.1", "127.0.0.1:8501", "127.8.9.1:80", "[::1]", "[::1]:8501"]
NOT_A_HOST = [
    "",
    "evil.example:8501@localhost",
    "localhost/evil",
    "a b",
    "[::1",
    "[evil]",
    "localhost:x",
    "[::1]evil",
    "é",
    "localhost,evil",
]
FOREIGN = ["evil.example", "localhost.evil.example", "evil-localhost", "127.0.0.1.evil.example", "192.168.1.20:8501", "[2001:db8::1]:8501"]


@pytest.mark.parametrize("host", LOOPBACK)
def test_loopback_is_always_answered_to(host: str, address: Any) -> None:
    for listening_on in ("127.0.0.1", "0.0.0.0", "192.168.1.20", None):
        address(listening_on)
        assert status(host=host) == 200 and guarded("websocket", host=host)[0]["type"] == "websocket.accept"


@pytest.mark.parametrize("host", [*FOREIGN, *NOT_A_HOST, None, ["localhost", "evil.example"]])
def test_others_are_not(host: Any) -> None:
    sent = guarded(host=host)
    assert sent[0]["status"] == 403 and "evil.example:" not in body(sent)
    for origin in ({}, {"origin": f"http://{host}"}):
        assert guarded("websocket", host=host, **origin) == [{"type": "websocket.close", "code": 1008}]


@pytest.mark.parametrize(
    ("listening_on", "host", "allowed"),
    [
        ("0.0.0.0", "192.168.1.20:8501", True),  # how a class opens it
        ("::", "[2001:db8::1]:8501", True),
        (None, "192.168.1.20:8501", True),
        ("0.0.0.0", f"{HERE}:8501", True),
        ("0.0.0.0", f"{HERE.upper()}.local.:8501", True),
        ("0.0.0.0", "evil.example:8501", False),
        ("0.0.0.0", "192.168.1.20.evil.example", False),
        ("192.168.1.20", "192.168.1.20:8501", True),
        ("192.168.1.20", "192.168.1.21:8501", False),
        ("2001:db8::1", "[2001:DB8:0::1]:8501", True),
        ("explorer.example", "Explorer.Example.", True),
        ("127.0.0.1", f"{HERE}.local", False),
    ],
)
def test_what_the_server_listens_on_is_answered_to(listening_on: str | None, host: str, allowed: bool, address: Any) -> None:
    address(listening_on)
    assert status(host=host) == (200 if allowed else 403)
    assert guarded("websocket", host=host)[0]["type"] == ("websocket.accept" if allowed else "websocket.close")


def test_more_names(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LATENT_HOSTS", "Explorer.School.edu, teacher-laptop.local:8501")
    for host in ("explorer.school.edu", "EXPLORER.school.edu.:443", "teacher-laptop.local:8501", "localhost"):
        assert status(host=host) == 200
    assert status(host="school.edu") == status(host="192.168.1.20") == 403
    monkeypatch.setenv("LATENT_HOSTS", "*")
    assert status(host="evil.example") == 200
    monkeypatch.setenv("LATENT_HOSTS", "a.example, https://b.example/")
    with pytest.raises(ValueError, match=r"LATENT_HOSTS should be names.*'https://b.example/' is not one"):
        hosts.read("127.0.0.1")


def test_a_student_reads_what_to_do(address: Any) -> None:
    address("0.0.0.0")
    sent = guarded(host="teacher-laptop.lan:8501")
    assert "does not answer to the name teacher-laptop.lan." in body(sent) and "LATENT_HOSTS=teacher-laptop.lan" in body(sent)
    assert dict(sent[0]["headers"])[b"content-type"].startswith(b"text/plain")
    api = guarded(path="/api/v1/methods", host="evil.example")
    assert '"code":"wrong_host"' in body(api) and dict(api[0]["headers"])[b"content-type"] == b"application/json"


# --- pages that open a websocket --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("host", "origin", "allowed"),
    [
        ("localhost:8501", "http://localhost:8501", True),
        ("localhost:8501", "http://LOCALHOST:8501", True),
        ("localhost:8501", "http://evil.example", False),
        ("localhost:8501", "http://localhost:3000", False),
        ("localhost:8501", "null", False),
        ("127.0.0.1:8501", "http://203.0.113.5", False),
        ("127.0.0.1:8501", "https://explorer.school.edu", True),  # a proxy that puts its own Host
        ("explorer.school.edu", "https://explorer.school.edu", True),
        ("explorer.school.edu", "https://explorer.school.edu.evil.example", False),
    ],
)
def test_only_our_own_pages_open_a_websocket(host: str, origin: str, allowed: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LATENT_HOSTS", "explorer.school.edu")
    assert guarded("websocket", host=host, origin=origin)[0]["type"] == ("websocket.accept" if allowed else "websocket.close")


# --- headers, and what is closed --------------------------------------------------------------------------------------


@pytest.mark.parametrize("request_", [{}, {"host": "evil.example"}, {"path": "/_stcore/metrics"}, {"path": "/broken"}])
def test_every_response_has_the_headers(request_: dict[str, str]) -> None:
    headers = dict(guarded(**request_)[0]["headers"])
    assert {name: headers[name.lower().encode()].decode() for name in HEADERS} == HEADERS


def test_a_header_of_its_own_stays() -> None:
    assert dict(guarded(path="/own")[0]["headers"])[b"referrer-policy"] == b"no-referrer"


def test_a_fault_is_a_sentence_without_a_path() -> None:
    sent = guarded(path="/broken")
    assert sent[0]["status"] == 500 and "went wrong" in body(sent) and "secret" not in body(sent)


def test_metrics_are_closed_unless_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "LATENT_METRICS=on" in body(guarded(path="/_stcore/metrics"))
    assert status(path="/_stcore/metrics") == 404 and status(path="/_stcore/health") == 200
    monkeypatch.setenv("LATENT_METRICS", "on")
    assert status(path="/_stcore/metrics") == 200


# --- the running server -----------------------------------------------------------------------------------------------


def shaken(server: Server, host: str, origin: str | None = None, path: str = "/_stcore/stream") -> tuple[str, str]:
    """The status line and the rest that a raw websocket handshake is answered with."""
    lines = [f"GET {path} HTTP/1.1", f"Host: {host}", *([f"Origin: {origin}"] if origin else [])]
    if path == "/_stcore/stream":
        key = base64.b64encode(os.urandom(16)).decode()
        lines += ["Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Version: 13", f"Sec-WebSocket-Key: {key}"]
    with socket.create_connection(("127.0.0.1", urlsplit(server.url).port or 80), timeout=30) as connection:
        connection.sendall("\r\n".join([*lines, "", ""]).encode())
        first, _, rest = connection.recv(65536).decode("latin-1").partition("\r\n")
    return first, rest


@pytest.mark.browser
@pytest.mark.xdist_group("browser")
def test_the_running_server_turns_a_rebound_name_away(server: Server) -> None:
    own = server.url.removeprefix("http://")
    assert " 101 " in shaken(server, own, server.url)[0]
    assert " 403 " in shaken(server, "evil.example:8501", "http://evil.example:8501")[0]
    assert " 403 " in shaken(server, own, "http://evil.example:8501")[0]
    for path in ("/", "/healthz", "/_stcore/health", "/api/v1/methods"):
        assert " 200 " in shaken(server, own, path=path)[0]
        first, rest = shaken(server, "evil.example", path=path)
        assert " 403 " in first and "frame-ancestors 'self'" in rest
    assert " 404 " in shaken(server, own, path="/_stcore/metrics")[0]
    assert "Traceback" not in Path(server.log).read_text("utf-8")

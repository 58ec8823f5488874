"""Whose request it is: behind trusted proxies the real client, and nobody can make himself somebody else."""

from typing import Any

import pytest
from live import run_async
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from pages.web import client
from pages.web.guard import Guard

SPOOF = "198.51.100.7"  # what a stranger writes into the header


def scope_of(peer: str, kind: str = "http", **headers: str | list[str]) -> dict[str, Any]:
    lines = [(n.replace("_", "-").encode(), v) for n, values in headers.items() for v in (values if isinstance(values, list) else [values])]
    return {
        "type": kind,
        "path": "/",
        "client": (peer, 5000),
        "headers": [(name, value.encode("latin-1")) for name, value in lines],
        "scheme": "http",
    }


async def silent(*_: object) -> Any:
    """Neither says nor hears anything: the address is known before that."""
    raise AssertionError


def seen(peer: str, trusted: str = "", **headers: str | list[str]) -> str:
    """The address after uvicorn's own middleware, in front of the app as it runs."""
    found: list[str] = []

    async def inner(scope: Any, receive: Any, send: Any) -> None:
        found.append(client.address(scope, client.proxies(trusted)))

    app: Any = ProxyHeadersMiddleware(inner, "127.0.0.1,::1")  # which is stricter with scopes than Starlette
    run_async(lambda: app(scope_of(peer, "http", **headers), silent, silent))
    return found[0]


@pytest.mark.parametrize(
    ("peer", "trusted", "x_forwarded_for", "expected"),
    [
        ("192.0.2.1", "", SPOOF, "192.0.2.1"),  # nobody is trusted
        ("127.0.0.1", "", SPOOF, "127.0.0.1"),  # a tunnel: all who come through it are one
        ("127.0.0.1", "", f"{SPOOF}:4711", "127.0.0.1"),
        ("127.0.0.1", "", "unknown", "127.0.0.1"),
        ("127.0.0.1", "", "127.0.0.1", "127.0.0.1"),
        ("::1", "", SPOOF, "127.0.0.1"),
        ("127.0.0.1", "127.0.0.1", "203.0.113.5", "203.0.113.5"),  # a proxy on this machine
        ("127.0.0.1", "127.0.0.1", "[2001:db8::5]:4711", "2001:db8::5"),
        ("127.0.0.1", "127.0.0.1", f"{SPOOF}, 203.0.113.5", "203.0.113.5"),  # what the proxy wrote stands right
        ("127.0.0.1", "127.0.0.1,10.0.0.0/8", f"{SPOOF}, 203.0.113.5, 10.0.0.7", "203.0.113.5"),
        ("10.0.0.7", "10.0.0.0/8", f"{SPOOF}, 203.0.113.5:80", "203.0.113.5"),
        ("::ffff:10.0.0.7", "10.0.0.0/8", "203.0.113.5", "203.0.113.5"),  # the server listens on ::
        ("10.0.0.7", "10.0.0.0/8", "203.0.113.5, 10.0.0.9", "203.0.113.5"),
        ("10.0.0.7", "10.0.0.0/8", "10.0.0.8, 10.0.0.9", "10.0.0.8"),  # all trusted: the farthest
        ("10.0.0.7", "10.0.0.0/8", "203.0.113.5, junk", "10.0.0.7"),
        ("10.0.0.7", "10.0.0.0/8", "", "10.0.0.7"),
        ("203.0.113.5", "127.0.0.1", f"203.0.113.5, {SPOOF}", "203.0.113.5"),  # reaches the server without the proxy
        ("203.0.113.5", "127.0.0.1", f"{SPOOF}, 203.0.113.5", "203.0.113.5"),
    ],
)
def test_x_forwarded_for_is_believed_as_far_as_it_is_trusted(peer: str, trusted: str, x_forwarded_for: str, expected: str) -> None:
    assert seen(peer, trusted, x_forwarded_for=x_forwarded_for) == expected


def test_no_header_no_doubt() -> None:
    assert seen("203.0.113.5", "127.0.0.1") == "203.0.113.5"
    assert client.address({"type": "http", "client": None, "headers": []}) == ""


@pytest.mark.parametrize(
    ("forwarded", "expected"),
    [
        ("for=203.0.113.5", "203.0.113.5"),
        ('For="[2001:db8::5]:4711"; proto=https', "2001:db8::5"),
        (f"for={SPOOF}, proto=https;for=203.0.113.5;by=10.0.0.7", "203.0.113.5"),
        ("for=_hidden", "10.0.0.7"),
        ("for=203.0.113.5, by=10.0.0.9", "10.0.0.7"),
    ],
)
def test_forwarded_is_read_likewise(forwarded: str, expected: str) -> None:
    assert seen("10.0.0.7", "10.0.0.0/8", forwarded=forwarded) == expected


def test_several_lines_are_one_chain_and_two_headers_must_agree() -> None:
    assert seen("10.0.0.7", "10.0.0.0/8", x_forwarded_for=[SPOOF, "203.0.113.5"]) == "203.0.113.5"
    assert seen("10.0.0.7", "10.0.0.0/8", x_forwarded_for="203.0.113.5", forwarded="for=203.0.113.5") == "203.0.113.5"
    assert seen("10.0.0.7", "10.0.0.0/8", x_forwarded_for="203.0.113.5", forwarded=f"for={SPOOF}") == "10.0.0.7"


def test_what_is_no_network_is_said_at_the_start(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LATENT_PROXIES", " 10.0.0.5 , 192.168.0.0/24,")
    assert len(client.proxies()) == 2
    with pytest.raises(ValueError, match=r"LATENT_PROXIES should be addresses or networks.*proxy\.local"):
        client.proxies("proxy.local")


def test_a_household() -> None:
    assert client.household("2001:db8::1") == client.household("2001:db8::ffff:2") != client.household("2001:db8:0:1::1")
    assert client.household("192.0.2.1") == "192.0.2.1" and client.household("") == ""


@pytest.mark.parametrize("kind", ["http", "websocket"])
def test_the_guard_puts_the_address_in_place(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LATENT_PROXIES", "10.0.0.7")
    found: list[Any] = []

    async def inner(scope: Any, receive: Any, send: Any) -> None:
        found.append(scope["client"])

    scope = scope_of("10.0.0.7", kind, host="localhost", x_forwarded_for="203.0.113.5")
    run_async(lambda: Guard(inner)(scope, silent, silent))
    assert found == [("203.0.113.5", 5000)]

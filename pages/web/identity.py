"""Who a browser is: a random, signed cookie of ours, set with every page and good for a year. A visitor's name is a hash of it."""

import functools
import hashlib
import hmac
import re
import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from core import jobs
from core.replacing import replacing

KEY_FILE, KEY_BYTES = ".visitor-key", 32  # beside the runs, whose owners it vouches for
YEAR_S = 365 * 24 * 3600
COOKIE = re.compile(r"([0-9a-f]{32})\.([0-9a-f]{64})")  # random token, signature
LOOPBACK_HOST = re.compile(r"(https?://)?(localhost|127\.0\.0\.1|\[::1\])(:\d{1,5})?", re.IGNORECASE)
FORWARDING_HEADERS = (
    "Forwarded", "Via", "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto", "X-Forwarded-Server", "X-Real-Ip", "X-Client-Ip",
    "True-Client-Ip", "CF-Connecting-Ip", "Fly-Client-Ip",
)  # fmt: skip


class Identity:
    """ASGI middleware: every document comes with the visitor's cookie, the one they have or, if that is none of ours, a new one."""

    def __init__(self, app: ASGIApp, path: str = "/") -> None:
        self.app, self.path = app, path

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http" or scope["method"] != "GET":
            return await self.app(scope, receive, send)
        request = Request(scope)
        if "text/html" not in request.headers.get("accept", ""):  # a document, not what it loads
            return await self.app(scope, receive, send)

        async def send_with_cookie(message: Message) -> None:
            if message["type"] == "http.response.start" and message["status"] < 400:
                headers = MutableHeaders(scope=message)
                headers.append("Set-Cookie", self.header(request))
                headers["Cache-Control"] = "private, no-cache"  # no cache between may give it to somebody else
            await send(message)

        await self.app(scope, receive, send_with_cookie)

    def header(self, request: Request) -> str:
        """The cookie as a header; Secure where the browser came by https."""
        name, given = cookie_name(), request.cookies.get(cookie_name())
        value = given if given and visitor(given) else new_cookie()
        proto = request.headers.get("x-forwarded-proto", "").partition(",")[0].strip()
        response = Response()
        response.set_cookie(
            name, value, max_age=YEAR_S, path=self.path, httponly=True, samesite="lax", secure="https" in (request.url.scheme, proto)
        )
        return response.headers["set-cookie"]


def new_cookie() -> str:
    """The value of a cookie for somebody new."""
    token = secrets.token_hex(16)
    return f"{token}.{sign('cookie', token)}"


def visitor(cookie: object) -> str | None:
    """The name of the visitor who has this cookie: 16 hexadecimal digits that tell nobody what is in it. None if we did not make it."""
    match = COOKIE.fullmatch(cookie) if isinstance(cookie, str) else None
    if match is None or not hmac.compare_digest(sign("cookie", match[1]), match[2]):
        return None
    return hashlib.sha256(match[1].encode()).hexdigest()[:16]


def cookie_name() -> str:
    """It goes with the key: browsers give two servers on one machine the same cookies, and neither must replace the other's."""
    return f"latent-visitor-{hashlib.sha256(key()).hexdigest()[:8]}"


def sign(*words: str) -> str:
    """A signature of these words that only this server can make."""
    return hmac.new(key(), "\0".join(words).encode("utf-8", "surrogateescape"), hashlib.sha256).hexdigest()


def key() -> bytes:
    """This server's secret, kept beside the runs so that it outlives the server."""
    return _key(jobs.RUNS)


@functools.lru_cache(maxsize=4)
def _key(root: Path) -> bytes:
    path = root / KEY_FILE
    try:
        root.mkdir(parents=True, exist_ok=True)
        if path.exists() and len(kept := path.read_bytes()) == KEY_BYTES:
            return kept
        made = secrets.token_bytes(KEY_BYTES)
        with replacing(path, mode=0o600) as beside:
            beside.write_bytes(made)
        return path.read_bytes()  # another server's, should one have started in this very moment
    except OSError as error:
        print(f"Visitors will be forgotten when this server stops: the key of their cookies cannot be kept ({error}).")
        return secrets.token_bytes(KEY_BYTES)


def is_direct(address: str | None, headers: Mapping[str, Any]) -> bool:
    """Whether a browser on this very machine asks, by this machine's own name, with nothing in between.

    `address` is the peer's as Streamlit says it: None for this machine.
    """
    names = [str(headers.get(name, "")) for name in ("Host", *(["Origin"] if "Origin" in headers else []))]
    by_its_own_name = all(map(LOOPBACK_HOST.fullmatch, names))  # a proxy may change the Host, but not what the browser calls the site
    return address is None and by_its_own_name and not any(name in headers for name in FORWARDING_HEADERS)

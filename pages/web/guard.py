"""What every request and every websocket passes first: the client's real address is put in place, foreign names are turned away, and
every response gets the headers that keep it from being framed, guessed at or told on."""

import os
from collections.abc import Mapping

import streamlit as st
from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from pages.web import client, hosts

HEADERS: Mapping[str, str] = {
    "Content-Security-Policy": "frame-ancestors 'self'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
}
METRICS = "LATENT_METRICS"  # "on" answers at Streamlit's metrics address, which tells every visitor how many others there are
POLICY_VIOLATION = 1008  # RFC 6455, section 7.4.1


class Guard:
    """ASGI middleware around everything. Its settings are read once, when the server starts."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app
        self.proxies = client.proxies()
        self.hosts = hosts.read(st.get_option("server.address") or "")
        base = (st.get_option("server.baseUrlPath") or "").strip("/")
        self.prefix = f"/{base}" if base else ""
        self.closed = () if os.environ.get(METRICS, "").strip().lower() == "on" else (f"{self.prefix}/_stcore/metrics",)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let one request or websocket through, or turn it away."""
        if scope["type"] == "http":
            scope["client"] = self._client(scope)
            await self._http(scope, receive, send)
        elif scope["type"] == "websocket":
            scope["client"] = self._client(scope)
            await self._websocket(scope, receive, send)
        else:
            await self.app(scope, receive, send)

    def _client(self, scope: Scope) -> tuple[str, int]:
        return client.address(scope, self.proxies), (scope.get("client") or ("", 0))[1]

    async def _http(self, scope: Scope, receive: Receive, send: Send) -> None:
        started = False

        async def send_with_headers(message: Message) -> None:
            nonlocal started
            if message["type"] == "http.response.start":
                started, headers = True, MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        if refusal := self._refusal(scope):
            return await refusal(scope, receive, send_with_headers)
        try:
            await self.app(scope, receive, send_with_headers)
        except Exception:
            if not started:  # the traceback is for the log alone
                await PlainTextResponse("Something went wrong on the server. Try again.", 500)(scope, receive, send_with_headers)
            raise

    def _refusal(self, scope: Scope) -> Response | None:
        host = _host(scope)
        if not self.hosts.allow(host):
            return self._wrong_host(scope, hosts.host_name(host or ""))
        if scope["path"] in self.closed:
            return PlainTextResponse(f"The metrics are switched off. {METRICS}=on switches them on.", 404)
        return None

    def _wrong_host(self, scope: Scope, name: str) -> Response:
        """Said to whoever typed the address, who may be a student, and to whoever can mend it."""
        sentence = (
            f"This explorer does not answer to the name {name[:80]}. Open it by its machine's address, such as http://192.168.1.20:8501, "
            f"or ask whoever runs it to start it with {hosts.VARIABLE}={name[:80]}"
            if name
            else "The request does not say which server it is for: its Host header is missing or damaged."
        )
        if scope["path"].startswith(f"{self.prefix}/api/"):
            return JSONResponse({"error": {"code": "wrong_host", "message": sentence}}, 403)
        return PlainTextResponse(sentence, 403)

    async def _websocket(self, scope: Scope, receive: Receive, send: Send) -> None:
        host, origin = _host(scope), Headers(scope=scope).get("origin")
        if self.hosts.allow(host) and (origin is None or self._own_page(origin, host)):
            return await self.app(scope, receive, send)
        await receive()  # websocket.connect
        await send({"type": "websocket.close", "code": POLICY_VIOLATION})

    def _own_page(self, origin: str, host: str | None) -> bool:
        """Whether a page may connect. Decided here, because Streamlit asks the network for this machine's address when it does not know."""
        return self.hosts.allow_origin(origin, host) or origin in st.get_option("server.corsAllowedOrigins")


def _host(scope: Scope) -> str | None:
    """The one Host header; None when there is none, or more than one."""
    found = Headers(scope=scope).getlist("host")
    return found[0] if len(found) == 1 else None

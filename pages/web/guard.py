"""What every request and every websocket passes first: the client's real address is put in place."""

from starlette.types import ASGIApp, Receive, Scope, Send

from pages.web import client


class Guard:
    """ASGI middleware around everything. Its settings are read once, when the server starts."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app
        self.proxies = client.proxies()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let one request or websocket through."""
        if scope["type"] not in ("http", "websocket"):
            return await self.app(scope, receive, send)
        scope["client"] = (client.address(scope, self.proxies), (scope.get("client") or ("", 0))[1])
        await self.app(scope, receive, send)

"""Files that the browser fetches: /assets/<hash of the content>/<name>, kept in memory, compressed once, cached for a year.

Only what was published is served. A request's path is looked up in a dict and never touches the disk.
"""

import gzip
import hashlib
import threading
from collections import OrderedDict
from dataclasses import dataclass, field
from functools import cached_property

import streamlit as st
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

MAX_BYTES = 256 << 20  # of everything published; the least recently used goes first
MEDIA_TYPES = {".js": "text/javascript", ".css": "text/css", ".json": "application/json", ".png": "image/png"}
CACHE_FOR_A_YEAR = "public, max-age=31536000, immutable"


@dataclass(frozen=True)
class Asset:
    """A named content and the address it is served at; `bundle` lets files that import each other share a folder."""

    name: str
    content: bytes = field(repr=False)
    bundle: str = ""
    level: int = 9  # of the compression; the higher ones take their time over megabytes

    @cached_property
    def url(self) -> str:
        """The address below the app's base path, without a leading slash."""
        return f"assets/{self.bundle or digest(self.content)}/{self.name}"

    @cached_property
    def compressed(self) -> bytes:
        """The content as gzip."""
        return gzip.compress(self.content, self.level, mtime=0)

    @property
    def media_type(self) -> str:
        """What the browser is told it is."""
        return MEDIA_TYPES.get(self.name[self.name.rfind(".") :], "application/octet-stream")


_published: OrderedDict[str, Asset] = OrderedDict()
_lock = threading.Lock()


def digest(content: bytes) -> str:
    """A short name for a content, different when the content is."""
    return hashlib.sha256(content).hexdigest()[:20]


def prefix() -> str:
    """What every address on this server begins with: "" or "/base", without a slash at its end."""
    base = (st.get_option("server.baseUrlPath") or "").strip("/")
    return f"/{base}" if base else ""


def publish(asset: Asset) -> str:
    """Serve the asset from now on; returns its address. Publishing it again keeps it from being dropped, and costs nothing."""
    url = asset.url
    with _lock:
        fresh = url not in _published
        _published[url] = asset
        _published.move_to_end(url)
        if fresh:
            size = sum(len(a.content) for a in _published.values())
            while size > MAX_BYTES and len(_published) > 1:
                size -= len(_published.popitem(last=False)[1].content)
    return url


def respond(request: Request) -> Response:
    """The response to GET /assets/{bundle}/{name}, where a name may have folders: the asset, 304, or 404 for whatever is not published."""
    url = f"assets/{request.path_params['bundle']}/{request.path_params['name']}"
    with _lock:
        asset = _published.get(url)
    if asset is None:
        return PlainTextResponse("There is nothing at this address. Reload the page to get the current ones.", 404)
    tag = f'"{digest(url.encode())}"'
    headers = {"Cache-Control": CACHE_FOR_A_YEAR, "ETag": tag, "Vary": "Accept-Encoding", "X-Content-Type-Options": "nosniff"}
    if request.headers.get("if-none-match") == tag:
        return Response(status_code=304, headers=headers)
    return sent(asset, request, headers)


def sent(asset: Asset, request: Request, headers: dict[str, str]) -> Response:
    """An asset with these headers, as gzip to who takes it."""
    if "gzip" in request.headers.get("accept-encoding", ""):
        return Response(asset.compressed, media_type=asset.media_type, headers=headers | {"Content-Encoding": "gzip"})
    return Response(asset.content, media_type=asset.media_type, headers=headers | {"Content-Encoding": "identity"})

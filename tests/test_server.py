"""The running server's own routes: health, assets, and nothing else."""

import gzip
import json
import urllib.error
import urllib.request
from email.message import Message
from typing import NamedTuple

import pytest
from live import Server

from pages.browser import shared_assets
from pages.web import assets
from pages.web.assets import Asset

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]


class Answer(NamedTuple):
    """A response, read whole and closed."""

    status: int
    headers: Message
    body: bytes


def get(url: str, **headers: str) -> Answer:
    try:
        with urllib.request.urlopen(urllib.request.Request(url, headers=headers), timeout=20) as response:
            return Answer(response.status, response.headers, response.read())
    except urllib.error.HTTPError as error:
        with error:
            return Answer(error.code, error.headers, error.read())


def test_health(server: Server) -> None:
    assert json.loads(get(f"{server.url}/healthz").body) == {"status": "ok"}


@pytest.mark.parametrize("name", ["plotly.min.js", "mount.js", "map/map.js"])
def test_assets_are_compressed_and_cached_for_a_year(server: Server, name: str) -> None:
    asset = shared_assets()[name]
    plain, packed = get(f"{server.url}/{asset.url}"), get(f"{server.url}/{asset.url}", **{"Accept-Encoding": "gzip"})
    assert plain.body == asset.content
    assert packed.headers["Content-Encoding"] == "gzip" and gzip.decompress(packed.body) == asset.content
    assert len(packed.body) < len(asset.content)
    assert "immutable" in plain.headers["Cache-Control"] and "max-age=31536000" in plain.headers["Cache-Control"]
    assert plain.headers["Content-Type"].startswith("text/javascript")
    assert get(f"{server.url}/{asset.url}", **{"If-None-Match": plain.headers["ETag"]}).status == 304


@pytest.mark.parametrize("path", ["assets/x/y", "assets/0/plotly.min.js", "assets/x/app.py"])
def test_what_is_not_published_is_404(server: Server, path: str) -> None:
    assert get(f"{server.url}/{path}").status == 404


@pytest.mark.parametrize(
    "path", ["assets/0/../../app.py", "assets/%2e%2e/app.py", "assets/x/..%2f..%2fapp.py", "assets//app.py", "assets/x/..%5capp.py"]
)
def test_no_path_reaches_a_file(server: Server, path: str) -> None:
    assert b"def warm_up" not in get(f"{server.url}/{path}").body


def test_published_assets_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(assets, "MAX_BYTES", 1000)
    monkeypatch.setattr(assets, "_published", type(assets._published)())
    urls = [assets.publish(Asset("a.bin", bytes([i]) * 300)) for i in range(5)]
    assert list(assets._published) == urls[2:]
    assets.publish(Asset("a.bin", bytes([2]) * 300))  # used again: not the next to go
    assets.publish(Asset("a.bin", bytes([9]) * 300))
    assert urls[2] in assets._published and urls[3] not in assets._published

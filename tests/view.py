"""The Explore page in a browser: what its tests do there, and read off it."""

import re
import time
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import pytest
from live import Watched, tried_before
from playwright.sync_api import BrowserContext

# JavaScript: a context with a copy of the canvas c. One that shows a finished picture has none of its own to read.
COPY = "((s) => (s.drawImage(c, 0, 0), s))(new OffscreenCanvas(c.width, c.height).getContext('2d'))"


class View(Watched):
    """The Explore page in a browser, with the gestures that the tests make."""

    first = ""  # what it was opened with, where it is left open for several tests

    def open(self, query: str = "") -> "View":
        self.page.goto(f"{self.base}/{query}")
        self.page.wait_for_selector("[data-testid=latent-map][data-plotted]")
        self.page.wait_for_selector("[data-testid=panel]")
        return self

    def image(self) -> np.ndarray:
        """The decoded image on the canvas, uint8 (784,)."""
        script = "c => [...c.getContext('2d').getImageData(0, 0, 28, 28).data].filter((_, i) => i % 4 === 0)"
        return np.array(self.page.locator("[data-testid=decoded]").evaluate(script), np.uint8)

    def box(self) -> dict[str, float]:
        return self.page.locator("[data-testid=latent-map]").bounding_box()

    def at(self, u: float, v: float) -> tuple[float, float]:
        """The page's pixel at a fraction of the map's width and height."""
        box = self.box()
        return box["x"] + u * box["width"], box["y"] + v * box["height"]

    def point(self, u: float, v: float) -> None:
        self.page.mouse.move(*self.at(u, v))
        self.frame()

    def click(self, u: float, v: float) -> None:
        """Click, and wait until the address names the point."""
        kept = "new URLSearchParams(location.search).get('z')"  # Python may write the rest of the address meanwhile
        before = self.page.evaluate(kept)
        self.page.mouse.click(*self.at(u, v))
        self.page.wait_for_function(f"before => {kept} !== before", arg=before)
        self.frame()

    def double_click(self, u: float, v: float) -> None:
        """Two clicks 40 ms apart as their events have it, however late a busy machine sends the second."""
        x, y = self.at(u, v)
        self.page.mouse.move(x, y)
        session, began = self.page.context.new_cdp_session(self.page), time.time()
        for i, kind in enumerate(["mousePressed", "mouseReleased"] * 2):
            event = {"type": kind, "x": x, "y": y, "button": "left", "clickCount": 1 + i // 2, "timestamp": began + i / 50}
            session.send("Input.dispatchMouseEvent", event)
        session.detach()

    def frame(self) -> None:
        """Let the frames that were asked for be painted."""
        self.frames(2)

    def decodes(self) -> int:
        return self.page.evaluate("performance.getEntriesByName('latent-map:decode').length")

    def url_z(self) -> tuple[float, ...]:
        self.page.wait_for_function("/[?&]z=[^&]/.test(location.search)")  # the panel may answer before the address does
        match = re.search(r"[?&]z=([^&]*)", address := self.page.evaluate("location.href"))  # page.url hears of it a little later
        assert match, address
        return tuple(float(v) for v in match[1].replace("%2C", ",").split(","))

    def panel(self) -> str:
        return self.page.locator("[data-testid=panel]").inner_text()

    def wait_for_bright(self, *classes: int) -> list[float]:
        """Wait until these classes alone are drawn brightly; returns every class's opacity."""
        opacities = "document.querySelector('.lm-plot').data.map(trace => trace.marker.opacity)"
        bright = f"() => {opacities}.map((o, i) => o > 0.5 ? i : -1).filter(i => i >= 0).join() === '{','.join(map(str, classes))}'"
        self.page.wait_for_function(bright)
        return self.page.evaluate(opacities)

    def ranges(self) -> list[float]:
        self.page.wait_for_selector("[data-testid=latent-map][data-plotted]")  # Plotly is told once the view rests
        script = "(p => [...p.layout.xaxis.range, ...p.layout.yaxis.range])(document.querySelector('.lm-plot'))"
        return self.page.evaluate(script)


@contextmanager
def left_open(profile: BrowserContext, base: str, query: str) -> Iterator[View]:
    """Explore, opened once for several tests; nothing may have gone wrong in it by their end."""
    shared = View(profile.new_page(), base).open(query)
    shared.first = query
    yield shared
    shared.page.close()
    assert shared.errors == []


def as_new(shared: View, request: pytest.FixtureRequest) -> View:
    """A page that is left open; a second try finds it as it was opened."""
    return shared.open(shared.first) if tried_before(request) else shared

"""A headless Chromium, pages with the probe in them, and a hand that moves the mouse at a steady pace."""

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from playwright.async_api import Browser, BrowserContext, CDPSession, FloatRect, Page, ViewportSize, async_playwright

from tests.chromium import ADVICE, FLAGS, ON_CPU, find

PROBE = Path(__file__).with_name("probe.js").read_text(encoding="utf-8")
VIEWPORT: ViewportSize = {"width": 1440, "height": 900}
MOVES_PER_S = 60
SETTLE_S = 0.4
PATIENCE_S = 120

Point = Sequence[float]


@dataclass
class View:
    """A page and the DevTools connection to it."""

    page: Page
    cdp: CDPSession

    async def ask(self, expression: str, *arguments: object) -> Any:
        """The value of a JavaScript expression (a promise is awaited); a function gets the arguments as one array."""
        try:
            return await asyncio.wait_for(self.page.evaluate(expression, list(arguments) if arguments else None), PATIENCE_S)
        except asyncio.TimeoutError:
            raise RuntimeError(f"{self.page.url} did not answer {expression} within {PATIENCE_S} s.") from None

    async def box(self, selector: str) -> FloatRect:
        """Where the element lies on the page, in pixels; RuntimeError where it does not show."""
        box = await self.page.locator(selector).bounding_box()
        if box is None:
            raise RuntimeError(f"{self.page.url} does not show {selector}.")
        return box

    async def mouse(self, kind: str, at: Point, pressed: bool = False) -> None:
        """One mouse event at a pixel of the page, stamped by the browser when it comes in."""
        button = {"button": "left", "clickCount": 1} if pressed or kind == "mouseReleased" else {}
        event = {"type": kind, "x": at[0], "y": at[1], "buttons": int(pressed), **button}
        await self.cdp.send("Input.dispatchMouseEvent", event)

    async def move(self, path: Sequence[Point], pressed: bool = False) -> float:
        """Move along the path at MOVES_PER_S, without waiting for the page; returns the seconds that it took."""
        began, sent = time.perf_counter(), []
        for index, point in enumerate(path):
            await asyncio.sleep(max(0.0, began + index / MOVES_PER_S - time.perf_counter()))
            sent.append(asyncio.ensure_future(self.mouse("mouseMoved", point, pressed)))
        seconds = time.perf_counter() - began
        await asyncio.gather(*sent)
        return seconds

    async def click(self, at: Point) -> None:
        """Move there, press and release, then let the page settle."""
        await self.mouse("mouseMoved", at)
        await asyncio.sleep(0.1)
        await self.mouse("mousePressed", at, pressed=True)
        await self.mouse("mouseReleased", at)


@asynccontextmanager
async def launch(more_flags: Sequence[str] = (ON_CPU,)) -> AsyncIterator[Browser]:
    """The installed Chromium, headless, with the flags of the tests and more."""
    executable = find()
    if not executable:
        raise RuntimeError(ADVICE)
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=executable, args=[*FLAGS, *more_flags])
        yield browser
        await browser.close()


async def visitor(browser: Browser) -> BrowserContext:
    """Someone who was never here: an empty cache. Each of the pages gets the probe."""
    context = await browser.new_context(viewport=VIEWPORT)
    await context.add_init_script(PROBE)
    return context


async def open_page(context: BrowserContext, address: str, slowdown: int = 1) -> tuple[View, float]:
    """A new page at that address, its CPU slowed down so much, and the milliseconds from navigation to the map on screen."""
    page = await context.new_page()
    view = View(page, await context.new_cdp_session(page))
    await view.cdp.send("Emulation.setCPUThrottlingRate", {"rate": slowdown})
    await page.goto(address, wait_until="commit")
    return view, float(await view.ask("probe.shown"))

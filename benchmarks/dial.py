"""How many frames a second the beta dial is drawn in while it is dragged: 10,000 dots, eleven images and the mark on the figure in each."""

import asyncio
import math

from playwright.async_api import FloatRect

from benchmarks.browser import SETTLE_S, Point, View, launch, visitor
from benchmarks.interaction import SLOWDOWN
from benchmarks.servers import serve
from benchmarks.tables import ms, p50, p95, table

SLIDER, READY = '[data-testid="dial"]', "[data-testid=dial-mark]:not([hidden])"
TURNS = 2  # there and back, in one drag
START = 0.6  # where on its way the thumb stands at first: the fourth of six


def measure(quick: bool) -> tuple[str, str]:
    """The table as Markdown, and Chromium's version."""
    with serve("app.py") as server:
        return asyncio.run(_measure(f"{server.address}/compare?mode=dial", quick))


async def _measure(address: str, quick: bool) -> tuple[str, str]:
    rounds, count = (1, 60) if quick else (5, 300)
    seen: dict[int, tuple[list[float], list[float]]] = {rate: ([], []) for rate in (1, SLOWDOWN)}
    async with launch() as browser:
        context = await visitor(browser)
        page = await context.new_page()
        view = View(page, await context.new_cdp_session(page))
        await page.goto(address)
        await page.wait_for_selector(READY)
        await drag(view, 1, 60)  # the first frames run code that the browser has not compiled yet
        for _ in range(rounds):
            for rate, (per_s, durations) in seen.items():
                frames, seconds = await drag(view, rate, count)
                per_s.append(len(frames) / seconds)
                durations += frames
        return dial_table(seen), browser.version


async def drag(view: View, rate: int, count: int) -> tuple[list[float], float]:
    """Drag the thumb by so many moves with the CPU slowed down: milliseconds of each frame that was drawn, and the seconds that it took."""
    await view.cdp.send("Emulation.setCPUThrottlingRate", {"rate": rate})
    await asyncio.sleep(SETTLE_S)
    path = way(await view.box(SLIDER), count)
    await view.ask("performance.clearMeasures('beta-dial:frame')")
    await view.mouse("mouseMoved", path[0])
    await view.mouse("mousePressed", path[0], pressed=True)
    seconds = await view.move(path, pressed=True)
    await view.mouse("mouseReleased", path[-1])
    frames = await view.ask("performance.getEntriesByName('beta-dial:frame').map((entry) => entry.duration)")
    await view.cdp.send("Emulation.setCPUThrottlingRate", {"rate": 1})
    return frames, seconds


def way(box: FloatRect, count: int) -> list[Point]:
    """Along the slider and back, from where its thumb stands at first to where it stood: count pixels."""
    begin = math.asin(2 * START - 1)
    shares = (0.5 + 0.5 * math.sin(begin + 2 * math.pi * TURNS * index / (count - 1)) for index in range(count))
    return [(box["x"] + 8 + share * (box["width"] - 16), box["y"] + box["height"] / 2) for share in shares]


def dial_table(seen: dict[int, tuple[list[float], list[float]]]) -> str:
    """Frames a second first; a row for each slow-down."""
    rows = []
    for rate, (per_s, durations) in seen.items():
        title = "as it is" if rate == 1 else f"CPU slowed {rate}x"
        rows.append([f"{p50(per_s):.0f}", title, f"{min(per_s):.0f}", f"{ms(p50(durations))} / {ms(p95(durations))}", len(durations)])
    header = ["frames a second, of 60 moves", "a drag of the dial", "the slowest drag", "beta-dial:frame, ms p50 / p95", "frames"]
    return table("The beta dial while it is dragged", header, rows)

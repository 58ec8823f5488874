"""From a stroke on Explore's sheet to the point where the drawing lands, encoded in the page."""

import asyncio
from collections.abc import Sequence
from itertools import pairwise

from benchmarks.browser import SETTLE_S, Point, View, launch, open_page, visitor
from benchmarks.floor import busy_s
from benchmarks.interaction import MAP, SLOWDOWN
from benchmarks.servers import serve
from benchmarks.tables import ms, p50, p95, table
from tests.drawn_pages import STROKES

MODEL = "vae-mnist-2d"  # the shipped encoder that computes most
SHEET = "[data-testid=sheet]"
LANDED = "performance.getEntriesByName('latent-map:landed').map((entry) => entry.duration)"
Seen = dict[int, dict[str, list[float]]]  # by slow-down, milliseconds: "landed" a point, "busy" a move


def measure(quick: bool) -> tuple[str, str]:
    """The table as Markdown, and Chromium's version."""
    with serve("app.py") as server:
        return asyncio.run(_measure(f"{server.address}/?checkpoint={MODEL}", quick))


async def _measure(address: str, quick: bool) -> tuple[str, str]:
    rounds = 1 if quick else 5
    seen: Seen = {rate: {"landed": [], "busy": []} for rate in (1, SLOWDOWN)}
    async with launch() as browser:
        view = (await open_page(await visitor(browser), address))[0]
        await view.page.wait_for_selector(f"{MAP}[data-plotted]")
        await view.page.get_by_test_id("draw-here").click()
        await view.page.get_by_text("Draw on the paper.").wait_for()
        await view.cdp.send("Performance.enable", {"timeDomain": "timeTicks"})
        await _draw(view, 8, 1)  # the first strokes run code that the browser has not compiled yet
        for turn in range(rounds):
            for rate, found in seen.items():
                for digit in (3, 8, 0) if quick else range(10):
                    landed, busy = await _draw(view, (digit + turn) % 10, rate)
                    found["landed"] += landed
                    found["busy"].append(busy)
        return drawing_table(seen), browser.version


async def _draw(view: View, digit: int, rate: int) -> tuple[list[float], float]:
    """A digit on the bare sheet, the CPU slowed down: milliseconds from each frame's oldest move to the end of what answers it, and of the
    main thread for each move."""
    await view.cdp.send("Emulation.setCPUThrottlingRate", {"rate": 1})
    await view.page.locator(SHEET).press("Delete")
    await view.page.get_by_text("Draw on the paper.").wait_for()
    await view.cdp.send("Emulation.setCPUThrottlingRate", {"rate": rate})
    await asyncio.sleep(SETTLE_S)
    await view.ask("performance.clearMeasures('latent-map:landed')")
    box, before, count = await view.box(SHEET), await busy_s(view.cdp), 0
    for line in STROKES[digit]:
        path = [(box["x"] + box["width"] * (0.25 + 0.75 * x), box["y"] + box["height"] * (0.15 + 0.7 * y)) for x, y in _fine(line)]
        await view.mouse("mousePressed", path[0], pressed=True)
        await view.move(path, pressed=True)
        await view.mouse("mouseReleased", path[-1])
        count += len(path)
    busy = await busy_s(view.cdp) - before
    return await view.ask(LANDED), 1000 * busy / count


def _fine(line: list[tuple[float, float]]) -> Sequence[Point]:
    """A line with at least 24 points on it."""
    parts = max(1, 24 // (len(line) - 1))
    ends = list(pairwise(line))
    return [(a + (c - a) * i / parts, b + (d - b) * i / parts) for (a, b), (c, d) in ends for i in range(parts)] + [line[-1]]


def drawing_table(seen: Seen) -> str:
    """As it is and slowed down: from the stroke to the point, and the main thread's time."""
    rows = []
    for rate, found in seen.items():
        title = "as it is" if rate == 1 else f"CPU slowed {rate}x"
        rows.append([f"{ms(p50(found['landed']))} / {ms(p95(found['landed']))}", title, ms(p50(found["busy"])), len(found["landed"])])
    return table("From a stroke to the point", ["ms p50 / p95", "a stroke", "main thread, ms a move", "points"], rows)

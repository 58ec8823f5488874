"""From a stroke on Explore's sheet to the point where the drawing lands, encoded in the page; beside the same strokes over floor.html."""

import asyncio
from collections.abc import Sequence
from itertools import pairwise

from benchmarks.browser import SETTLE_S, Point, View, launch, open_page, visitor
from benchmarks.floor import FLOOR, PAGE, busy_s
from benchmarks.interaction import MAP, OURS, SLOWDOWN
from benchmarks.servers import serve
from benchmarks.tables import ms, p50, p95, table, times
from tests.drawn_pages import STROKES

MODEL = "vae-mnist-2d"  # the shipped encoder that computes most
SHEET = "[data-testid=sheet]"
DRAWN_ON = {OURS: SHEET, FLOOR: MAP}
Seen = dict[tuple[str, int], dict[str, list[float]]]  # by page and slow-down, milliseconds: "answered" and "landed" a point, "busy" a move


def measure(quick: bool) -> tuple[str, str]:
    """The table as Markdown, and Chromium's version."""
    with serve("app.py") as server:
        return asyncio.run(_measure(f"{server.address}/?checkpoint={MODEL}", quick))


async def _measure(address: str, quick: bool) -> tuple[str, str]:
    rounds = 1 if quick else 5
    async with launch() as browser:
        addresses = {OURS: address, FLOOR: PAGE.as_uri()}
        views = {name: (await open_page(await visitor(browser), at))[0] for name, at in addresses.items()}
        await views[OURS].page.wait_for_selector(f"{MAP}[data-plotted]")
        await views[OURS].page.get_by_test_id("draw-here").click()
        await views[OURS].page.get_by_text("Draw on the paper.").wait_for()
        for name, view in views.items():
            await view.cdp.send("Performance.enable", {"timeDomain": "timeTicks"})
            await _draw(view, name, 8, 1)  # the first strokes run code that the browser has not compiled yet
        seen: Seen = {(name, rate): {"answered": [], "landed": [], "busy": []} for rate in (1, SLOWDOWN) for name in views}
        for turn in range(rounds):
            for (name, rate), found in seen.items():
                for digit in (3, 8, 0) if quick else range(10):
                    for kind, values in (await _draw(views[name], name, (digit + turn) % 10, rate)).items():
                        found[kind] += values
        return drawing_table(seen), browser.version


async def _draw(view: View, name: str, digit: int, rate: int) -> dict[str, list[float]]:
    """A digit on the bare sheet, or the same moves over the floor, the CPU slowed down, in milliseconds: "answered", from when the page
    hears each frame's oldest move to the end of what answers it; "landed", the same from the move's own time stamp on; "busy", one number,
    the main thread for each move."""
    await view.page.bring_to_front()
    await view.cdp.send("Emulation.setCPUThrottlingRate", {"rate": 1})
    if name == OURS:
        await view.page.locator(SHEET).press("Delete")
        await view.page.get_by_text("Draw on the paper.").wait_for()
    await view.cdp.send("Emulation.setCPUThrottlingRate", {"rate": rate})
    await asyncio.sleep(SETTLE_S)
    await view.ask("probe.clear()")
    box, before, count = await view.box(DRAWN_ON[name]), await busy_s(view.cdp), 0
    for line in STROKES[digit]:
        path = [(box["x"] + box["width"] * (0.25 + 0.75 * x), box["y"] + box["height"] * (0.15 + 0.7 * y)) for x, y in _fine(line)]
        await view.mouse("mousePressed", path[0], pressed=True)
        await view.move(path, pressed=True)
        await view.mouse("mouseReleased", path[-1])
        count += len(path)
    busy = await busy_s(view.cdp) - before
    decodes = await view.ask("probe.decodes")
    waits = {kind: [decode["end"] - decode[since] for decode in decodes] for kind, since in (("answered", "heard"), ("landed", "since"))}
    return waits | {"busy": [1000 * busy / count]}


def _fine(line: list[tuple[float, float]]) -> Sequence[Point]:
    """A line with at least 24 points on it."""
    parts = max(1, 24 // (len(line) - 1))
    ends = list(pairwise(line))
    return [(a + (c - a) * i / parts, b + (d - b) * i / parts) for (a, b), (c, d) in ends for i in range(parts)] + [line[-1]]


def drawing_table(seen: Seen) -> str:
    """Ours and the floor, the ratio of the 95th percentiles first: from the stroke to the point, and the main thread's time."""
    rows = []
    for rate in (1, SLOWDOWN):
        ours, floor = seen[OURS, rate], seen[FLOOR, rate]
        title = "as it is" if rate == 1 else f"CPU slowed {rate}x"
        waits = [f"{ms(p50(one[kind]))} / {ms(p95(one[kind]))}" for kind in ("answered", "landed") for one in (ours, floor)]
        busy = [ms(p50(one["busy"])) for one in (ours, floor)]
        rows.append([times(p95(ours["landed"]) / p95(floor["landed"])), title, *waits, *busy, len(ours["landed"])])
    header = ["ours / floor: p95 from the stroke", "a stroke", "ours from hearing of it, ms p50 / p95", "floor"]
    header += ["ours from the stroke", "floor", "ours main thread, ms a move", "floor main thread", "points"]
    return table("From a stroke to the point", header, rows)

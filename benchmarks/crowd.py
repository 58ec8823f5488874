"""How long a frame takes while a map of all codes, of the training images too, is panned: ours, and st.plotly_chart with the same."""

import asyncio
import math
from itertools import pairwise

from playwright.async_api import BrowserContext, FloatRect

from benchmarks.browser import SETTLE_S, Point, View, launch, visitor
from benchmarks.floor import busy_s
from benchmarks.interaction import CHART, MAP, OURS, RIVAL, SLOWDOWN
from benchmarks.servers import serve
from benchmarks.tables import ms, p50, p95, table

REACH_PX = 160  # of the drag, to each side
DRAWN = {OURS: f"{MAP}[data-plotted]", RIVAL: f"{CHART} canvas"}
ALL_HERE = "[data-testid=all-codes-said] b"  # the sentence that is written when they are drawn
PLACE = {OURS: MAP, RIVAL: CHART}
TICK = """window.ticks = []; (function tick(now) { ticks.push(now); requestAnimationFrame(tick); })(performance.now());"""
PATIENCE_MS = 240_000
Seen = dict[
    tuple[str, int], dict[str, list[float]]
]  # by page and slow-down: milliseconds of each "frame", of the main thread "busy" a move


def measure(quick: bool) -> tuple[str, str]:
    """The table as Markdown, and Chromium's version."""
    with serve("app.py") as server, serve("benchmarks/rival/many.py") as rival:
        return asyncio.run(_measure({OURS: f"{server.address}/?all=1", RIVAL: rival.address}, quick))


async def _measure(addresses: dict[str, str], quick: bool) -> tuple[str, str]:
    rounds, count = (1, 30) if quick else (5, 120)
    seen: Seen = {(name, rate): {"frame": [], "busy": []} for rate in (1, SLOWDOWN) for name in addresses}
    async with launch() as browser:
        views = {name: await opened(await visitor(browser), name, address) for name, address in addresses.items()}
        for _ in range(rounds):
            for (name, rate), found in seen.items():
                frames, busy = await pan(views[name], PLACE[name], rate, count)
                found["frame"] += frames
                found["busy"].append(busy)
        return crowd_table(seen), browser.version


async def opened(context: BrowserContext, name: str, address: str) -> View:
    """The page with all codes drawn, dragged once."""
    page = await context.new_page()
    view = View(page, await context.new_cdp_session(page))
    await view.cdp.send("Performance.enable", {"timeDomain": "timeTicks"})
    await page.goto(address)
    await page.wait_for_selector(DRAWN[name], timeout=PATIENCE_MS)
    if name == OURS:
        await page.wait_for_selector(ALL_HERE, timeout=PATIENCE_MS)
    await view.ask(f"(() => {{ {TICK} }})()")
    await pan(view, PLACE[name], 1, 30)  # the first frames run code that the browser has not compiled yet
    return view


async def pan(view: View, place: str, rate: int, count: int) -> tuple[list[float], float]:
    """Drag the map to and fro by so many moves with the CPU slowed down: ms from frame to frame, and of the main thread a move."""
    await view.page.bring_to_front()
    await view.cdp.send("Emulation.setCPUThrottlingRate", {"rate": rate})
    await asyncio.sleep(SETTLE_S)
    path = to_and_fro(await view.box(place), count)
    await view.mouse("mouseMoved", path[0])
    await view.mouse("mousePressed", path[0], pressed=True)
    await view.ask("ticks.splice(0) && 0")
    before = await busy_s(view.cdp)
    await view.move(path, pressed=True)
    ticks, busy = await view.ask("ticks.splice(0)"), await busy_s(view.cdp) - before
    await view.mouse("mouseReleased", path[-1])
    await view.cdp.send("Emulation.setCPUThrottlingRate", {"rate": 1})
    return [later - earlier for earlier, later in pairwise(ticks)], 1000 * busy / count


def to_and_fro(box: FloatRect, count: int) -> list[Point]:
    """From the middle to both sides and back to the middle, with a little up and down."""
    middle = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    turns = (2 * math.pi * index / (count - 1) for index in range(count))
    return [(middle[0] + REACH_PX * math.sin(t), middle[1] + REACH_PX / 3 * math.sin(2 * t)) for t in turns]


def crowd_table(seen: Seen) -> str:
    """The ratios first, ours to the other's: of the mean frames, and of the main thread's time."""
    rows = []
    for rate in (1, SLOWDOWN):
        ours, rival = seen[OURS, rate], seen[RIVAL, rate]
        mean = [sum(one["frame"]) / max(1, len(one["frame"])) for one in (ours, rival)]
        ratio = f"{mean[0] / mean[1]:.2f} / {p50(ours['busy']) / p50(rival['busy']):.2f}"
        title = "as it is" if rate == 1 else f"CPU slowed {rate}x"
        frames = [f"{ms(one)} / {ms(p95(found['frame']))}" for one, found in zip(mean, (ours, rival), strict=True)]
        rows.append([ratio, title, *frames, *(ms(p50(one["busy"])) for one in (ours, rival)), len(ours["frame"])])
    header = ["ours / st.plotly_chart: frame / main thread", "panning all codes", "ours, ms a frame: mean / p95", "st.plotly_chart"]
    header += ["ours, main thread, ms a move", "st.plotly_chart", "our frames"]
    return table("Panning the codes of training and test images", header, rows)

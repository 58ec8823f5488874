"""How long Explore's page is held while its map is zoomed in deep by the wheel, out again, and dragged: tasks of 50 ms and more."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from itertools import pairwise

from playwright.async_api import FloatRect

from benchmarks.browser import SETTLE_S, View, launch, open_page, visitor
from benchmarks.crowd import TICK, to_and_fro
from benchmarks.interaction import MAP, SLOWDOWN
from benchmarks.servers import serve
from benchmarks.tables import ms, p50, p95, table

TURNS_PER_S, TURN_PX = 30, 100  # of the wheel
LONG = """window.held = []; const note = ({ startTime, duration }) => held.push([startTime, duration]);
  new PerformanceObserver((list) => list.getEntries().forEach(note)).observe({ type: 'longtask' });"""
LONG_MS = 50  # what a browser calls long
Seen = dict[tuple[str, int], dict[str, list[float]]]  # by movement and slow-down: ms, each "frame", long tasks "moving" or "resting"


def measure(quick: bool) -> tuple[str, str]:
    """The table as Markdown, and Chromium's version."""
    with serve("app.py") as server:
        return asyncio.run(_measure(server.address, quick))


async def _measure(address: str, quick: bool) -> tuple[str, str]:
    rounds, count = (1, 20) if quick else (5, 90)
    movements: dict[str, Callable[[View, FloatRect], Awaitable[object]]] = {
        "zooming in by the wheel": lambda view, box: wheel(view, box, count, -TURN_PX),
        "zooming out": lambda view, box: wheel(view, box, 2 * count // 3, TURN_PX),
        "dragging what is zoomed": drag,
    }
    seen: Seen = {(what, rate): {"frame": [], "moving": [], "resting": []} for rate in (1, SLOWDOWN) for what in movements}
    async with launch() as browser:
        view, _ = await open_page(await visitor(browser), address)
        await view.page.wait_for_selector(f"{MAP}[data-plotted]")
        await view.ask(f"(() => {{ {TICK} {LONG} }})()")
        for move in movements.values():
            await held(view, move)  # the first frames run code that the browser has not compiled yet
        for _ in range(rounds):
            for rate in (1, SLOWDOWN):
                await view.cdp.send("Emulation.setCPUThrottlingRate", {"rate": rate})
                for what, move in movements.items():
                    for kind, values in (await held(view, move)).items():
                        seen[what, rate][kind] += values
                await view.cdp.send("Emulation.setCPUThrottlingRate", {"rate": 1})
                await view.page.dblclick(MAP, position={"x": 30, "y": 30})  # the whole map
        return zoom_table(seen, rounds), browser.version


async def held(view: View, move: Callable[[View, FloatRect], Awaitable[object]]) -> dict[str, list[float]]:
    """Milliseconds of the frames while the view is moved, of long tasks by then, and of those that follow until Plotly has drawn it."""
    await asyncio.sleep(SETTLE_S)
    await view.ask("held.splice(0) && ticks.splice(0) && 0")
    await move(view, await view.box(MAP))
    ticks, now = await view.ask("[ticks.splice(0), performance.now()]")
    await view.page.wait_for_selector(f"{MAP}[data-plotted]")
    await asyncio.sleep(SETTLE_S)
    tasks = await view.ask("held.splice(0)")
    frames = [later - earlier for earlier, later in pairwise(ticks)]
    return {"frame": frames, "moving": [t for at, t in tasks if at < now], "resting": [t for at, t in tasks if at >= now]}


async def wheel(view: View, box: FloatRect, count: int, step: int) -> None:
    """So many turns of the wheel at TURNS_PER_S, without waiting for the page."""
    at = {"x": box["x"] + 0.45 * box["width"], "y": box["y"] + 0.55 * box["height"]}
    began, sent = time.perf_counter(), []
    for index in range(count):
        await asyncio.sleep(max(0.0, began + index / TURNS_PER_S - time.perf_counter()))
        event = {"type": "mouseWheel", "deltaX": 0, "deltaY": step, **at}
        sent.append(asyncio.ensure_future(view.cdp.send("Input.dispatchMouseEvent", event)))
    await asyncio.gather(*sent)


async def drag(view: View, box: FloatRect) -> None:
    """To both sides and back, 120 moves."""
    path = to_and_fro(box, 120)
    await view.mouse("mouseMoved", path[0])
    await view.mouse("mousePressed", path[0], pressed=True)
    await view.move(path, pressed=True)
    await view.mouse("mouseReleased", path[-1])


def zoom_table(seen: Seen, rounds: int) -> str:
    """The longest task first; how many are long, of all rounds."""
    rows = []
    for (what, rate), found in seen.items():
        longest = [f"{ms(max(found[kind]))} ({len(found[kind])})" if found[kind] else f"< {LONG_MS}" for kind in ("moving", "resting")]
        title = what if rate == 1 else f"{what}, CPU slowed {rate}x"
        rows.append([longest[0], title, f"{ms(p50(found['frame']))} / {ms(p95(found['frame']))}", longest[1], len(found["frame"])])
    header = ["longest task while it moves, ms (how many over 50)", f"{rounds} rounds", "frames, ms p50 / p95"]
    header += ["longest task once it rests, ms (how many)", "frames"]
    return table("Zooming deep", header, rows)

"""What a pointer move over our map costs, as it opens and with every layer on, beside the least that any page can do: floor.html."""

import asyncio
from pathlib import Path

from playwright.async_api import CDPSession

from benchmarks.browser import MOVES_PER_S, PATIENCE_S, SETTLE_S, View, launch, open_page, visitor
from benchmarks.interaction import MAP, OURS, SLOWDOWN, wander
from benchmarks.servers import serve
from benchmarks.tables import ms, p50, p95, table, times
from pages.browser.map import LAYERS

FLOOR = "floor"
FULL = "every layer on"
ALL_ON = f"/?layers={','.join(LAYERS)}&background=classifier&shapes=1"
PAGE = Path(__file__).with_name("floor.html")
DECODED_S = 5  # by then the grid's tiles are
Seen = dict[tuple[str, int], dict[str, list[float]]]  # by page and slow-down: milliseconds, "answered" and "painted" a frame, "busy" a move


def measure(quick: bool) -> tuple[str, str]:
    """The table as Markdown, and Chromium's version."""
    with serve("app.py") as server:
        return asyncio.run(_measure({OURS: server.address, FULL: server.address + ALL_ON, FLOOR: PAGE.as_uri()}, quick))


async def _measure(addresses: dict[str, str], quick: bool) -> tuple[str, str]:
    rounds, count = (1, 30) if quick else (5, 300)
    seen: Seen = {(name, rate): {"answered": [], "painted": [], "busy": []} for rate in (1, SLOWDOWN) for name in addresses}
    async with launch() as browser:
        views = {name: (await open_page(await visitor(browser), address))[0] for name, address in addresses.items()}
        for ours in (OURS, FULL):
            await views[ours].page.wait_for_selector(f"{MAP}[data-plotted]")
        await views[FULL].page.wait_for_selector(".lm-scale", timeout=1000 * PATIENCE_S)  # the background is there
        await asyncio.sleep(DECODED_S)
        for view in views.values():
            await view.cdp.send("Performance.enable", {"timeDomain": "timeTicks"})
            await view.move(wander(await view.box(MAP), 60))  # the first moves run code that the browser has not compiled yet
        for turn in range(rounds):
            for (name, rate), found in seen.items():
                for kind, values in (await walk(views[name], rate, count, turn)).items():
                    found[kind] += values
        return pointer_table(seen), browser.version


async def walk(view: View, rate: int, count: int, phase: int, over: str = MAP) -> dict[str, list[float]]:
    """So many moves over the map (`over`: its selector) with the CPU slowed down, in milliseconds: "answered", from when the page hears a
    frame's oldest move until it has painted what answers it; "painted", from that move's own time stamp to the end of the frame; "busy",
    one number, the main thread for each move, without what it does while the pointer rests."""
    await view.page.bring_to_front()
    await view.cdp.send("Emulation.setCPUThrottlingRate", {"rate": rate})
    await asyncio.sleep(SETTLE_S)
    seconds, before = count / MOVES_PER_S, await busy_s(view.cdp)
    await asyncio.sleep(seconds)
    resting = await busy_s(view.cdp) - before
    await view.ask("probe.clear()")
    before = await busy_s(view.cdp)
    await view.move(wander(await view.box(over), count, phase=phase))
    await asyncio.sleep(SETTLE_S)
    busy = await busy_s(view.cdp) - before
    decodes = await view.ask("probe.decodes")
    await view.cdp.send("Emulation.setCPUThrottlingRate", {"rate": 1})
    return {
        "answered": [decode["end"] - decode["heard"] for decode in decodes],
        "painted": [decode["frame"] - decode["since"] for decode in decodes],
        "busy": [1000 * (busy - resting) / count],
    }


async def busy_s(cdp: CDPSession) -> float:
    """Seconds that the page's main thread has been busy so far."""
    metrics = (await cdp.send("Performance.getMetrics"))["metrics"]
    return next(float(metric["value"]) for metric in metrics if metric["name"] == "TaskDuration")


def pointer_table(seen: Seen) -> str:
    """Ours and the floor, the ratios first: of the 95th percentiles until a move is painted, and of the main thread's time."""
    rows = []
    for rate in (1, SLOWDOWN):
        floor = seen[FLOOR, rate]
        for name in (OURS, FULL):
            ours = seen[name, rate]
            ratio = f"{times(p95(ours['painted']) / p95(floor['painted']))} / {times(p50(ours['busy']) / p50(floor['busy']))}"
            title = ("as it opens" if name == OURS else FULL) + (f", CPU slowed {rate}x" if rate > 1 else "")
            waits = [f"{ms(p50(one[kind]))} / {ms(p95(one[kind]))}" for kind in ("answered", "painted") for one in (ours, floor)]
            rows.append([ratio, title, *waits, *(ms(p50(one["busy"])) for one in (ours, floor)), len(ours["painted"])])
    header = ["ours / floor: painted p95 / main thread", "a move over the map", "ours answered, ms p50 / p95", "floor answered"]
    header += ["ours painted, ms p50 / p95", "floor painted", "ours main thread, ms a move", "floor main thread", "moves painted"]
    return table("A pointer move beside the least that any page can do", header, rows)

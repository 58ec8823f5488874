"""What a pointer move costs the browser over two linked maps, in both ways to link them, beside a move over one map of the same model."""

import asyncio

from benchmarks.browser import launch, open_page, visitor
from benchmarks.floor import Seen, walk
from benchmarks.interaction import MAP, SLOWDOWN, wander
from benchmarks.servers import serve
from benchmarks.tables import ms, p50, p95, table, times

ONE = "one map (Explore)"
LINKED = {"image": "two maps, the same image", "point": "two maps, the same point"}
FIRST = f"{MAP} >> nth=0"  # of the page's maps
MODEL, OTHER = "beta-1-mnist-2d", "ae-mnist-2d"


def measure(quick: bool) -> tuple[str, str]:
    """The table as Markdown, and Chromium's version."""
    with serve("app.py") as server:
        pages = {ONE: f"{server.address}/?checkpoint={MODEL}"}
        pages |= {title: f"{server.address}/compare?models={MODEL},{OTHER}&link={by}" for by, title in LINKED.items()}
        return asyncio.run(_measure(pages, quick))


async def _measure(addresses: dict[str, str], quick: bool) -> tuple[str, str]:
    rounds, count = (1, 30) if quick else (5, 300)
    seen: Seen = {(name, rate): {"answered": [], "painted": [], "busy": []} for rate in (1, SLOWDOWN) for name in addresses}
    async with launch() as browser:
        views = {name: (await open_page(await visitor(browser), address))[0] for name, address in addresses.items()}
        for name, view in views.items():
            drawn = f"document.querySelectorAll('{MAP}[data-plotted]').length === {1 if name == ONE else 2}"
            await view.page.wait_for_function(drawn)
            await view.cdp.send("Performance.enable", {"timeDomain": "timeTicks"})
            await view.move(wander(await view.box(FIRST), 60))  # the first moves run code that the browser has not compiled yet
        for turn in range(rounds):
            for (name, rate), found in seen.items():
                for kind, values in (await walk(views[name], rate, count, turn, FIRST)).items():
                    found[kind] += values
        return pair_table(seen), browser.version


def pair_table(seen: Seen) -> str:
    """Two maps beside one, the ratios first: of the main thread's time for a move."""
    rows = []
    for rate in (1, SLOWDOWN):
        one = seen[ONE, rate]
        for name in (ONE, *LINKED.values()):
            found, title = seen[name, rate], name if rate == 1 else f"{name}, CPU slowed {rate}x"
            ratio = times(p50(found["busy"]) / p50(one["busy"]))
            painted = f"{ms(p50(found['painted']))} / {ms(p95(found['painted']))}"
            rows.append([ratio, title, ms(p50(found["busy"])), painted, len(found["painted"])])
    header = ["main thread / one map's", "a move over", "main thread, ms a move", "painted, ms p50 / p95", "moves painted"]
    return table("A pointer move over two linked maps", header, rows)

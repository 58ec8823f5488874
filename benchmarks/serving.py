"""What a class costs the server: many people open the page, and keep points; ours and the usual way (rival/app.py)."""

import asyncio
import time

from playwright.sync_api import Browser, Page, sync_playwright
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.asyncio.client import connect
from websockets.typing import Origin, Subprotocol

from benchmarks.interaction import OURS, RIVAL
from benchmarks.servers import Served, serve
from benchmarks.tables import ms, p50, p95, table, times
from benchmarks.watching import an_explorer, cpu_seconds
from tests.chromium import FLAGS, find

PATIENCE_S = 120
PAUSE_S = 1.0  # between two points that are kept
STEP_PX = 7  # from one point to the next


def measure(quick: bool) -> str:
    """All tables as Markdown."""
    crowds, seconds, points = ((2, 4), 1, 3) if quick else ((100, 300), 30, 30)
    with serve("app.py") as ours, serve("benchmarks/rival/app.py") as rival:
        servers = {OURS: ours, RIVAL: rival}
        kept = keeping(servers, points)
        tables = [keeping_table(kept, points)]
        for people in crowds:
            opened = {name: asyncio.run(opening(server, people, seconds)) for name, server in servers.items()}
            tables.append(opening_table(opened, people, seconds))
    return "\n\n".join(tables)


# --- keeping points ----------------------------------------------------------------------------------------------------------


def keeping(servers: dict[str, Served], points: int) -> dict[str, float]:
    """Milliseconds of the server's CPU for each point that someone keeps in a real browser, without what the open page costs anyway."""
    costs = {}
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find(), args=FLAGS)
        for name, server in servers.items():
            page = an_explorer(browser, server.address) if name == OURS else a_rival(browser, server.address)
            keep(page, name, 0)  # the first is for warming up
            began, used = time.perf_counter(), cpu_seconds(server.pid)
            time.sleep(points * PAUSE_S)
            resting = (cpu_seconds(server.pid) - used) / (time.perf_counter() - began)
            began, used = time.perf_counter(), cpu_seconds(server.pid)
            for index in range(1, points + 1):
                keep(page, name, index)
            busy = cpu_seconds(server.pid) - used - resting * (time.perf_counter() - began)
            costs[name] = 1000 * max(0.0, busy) / points
            page.context.close()
        browser.close()
    return costs


def a_rival(browser: Browser, address: str) -> Page:
    """The rival's page, its sliders there and the panel full."""
    page = browser.new_context(viewport={"width": 1280, "height": 900}).new_page()
    page.goto(address)
    page.wait_for_selector("[data-testid=panel]", timeout=1000 * PATIENCE_S)
    return page


def keep(page: Page, name: str, index: int) -> None:
    """Keep another point, a click on our map and a step of the rival's slider; RuntimeError unless the panel tells of it in time."""
    panel = page.locator("[data-testid=panel]")
    before, began = panel.inner_text(), time.perf_counter()
    if name == OURS:
        box = page.locator("[data-testid=latent-map]").bounding_box()
        assert box is not None
        page.mouse.click(box["x"] + 0.4 * box["width"] + STEP_PX * (index % 20), box["y"] + 0.5 * box["height"] + STEP_PX * (index // 20))
    else:
        page.locator("[data-testid=stSlider] [role=slider], [data-testid=stSlider] input").first.press("ArrowRight")
    page.wait_for_function("(old) => document.querySelector('[data-testid=panel]')?.innerText !== old", arg=before)
    time.sleep(max(0.0, PAUSE_S - (time.perf_counter() - began)))


def keeping_table(kept: dict[str, float], points: int) -> str:
    """CPU time of the server for a kept point."""
    ratio = times(kept[RIVAL] / kept[OURS]) if kept[OURS] >= 0.5 else "ours: nothing"  # half a tick of the clock that counts, and less
    rows = [[ratio, "a point is kept", *(f"{kept[name]:.1f}" for name in (OURS, RIVAL)), points]]
    return table("The server's CPU for a kept point", ["rival / ours", "what", "ours, ms", "rival, ms", "points"], rows)


# --- opening the page ----------------------------------------------------------------------------------------------------------


async def opening(server: Served, people: int, seconds: float) -> tuple[list[float], float]:
    """So many people, one after the other within so many seconds: milliseconds until each has all of the page that the server makes for
    them, and milliseconds of its CPU for each."""
    used = cpu_seconds(server.pid)
    waits = await asyncio.gather(*(open_once(server.address, seconds * index / people) for index in range(people)))
    return list(waits), 1000 * (cpu_seconds(server.pid) - used) / people


async def open_once(address: str, delay: float) -> float:
    """Open the page in Streamlit's own protocol; milliseconds until its script has run. RuntimeError where that fails."""
    await asyncio.sleep(delay)
    began = time.perf_counter()
    await asyncio.wait_for(_run_page(address), PATIENCE_S)
    return 1000 * (time.perf_counter() - began)


async def _run_page(address: str) -> None:
    stream = f"ws://{address.removeprefix('http://')}/_stcore/stream"
    async with connect(stream, subprotocols=[Subprotocol("streamlit")], origin=Origin(address), max_size=None) as socket:
        request = BackMsg()
        request.rerun_script.query_string = ""
        request.rerun_script.context_info.url = f"{address}/"
        await socket.send(request.SerializeToString())
        while True:
            message = ForwardMsg()
            message.ParseFromString(await socket.recv(decode=False))
            if message.WhichOneof("type") == "script_finished":
                if message.script_finished != ForwardMsg.FINISHED_SUCCESSFULLY:
                    raise RuntimeError(f"{address} could not be opened: {message}")
                return


def opening_table(opened: dict[str, tuple[list[float], float]], people: int, seconds: float) -> str:
    """How long a class waits for the page, and what that costs the server."""
    (ours, ours_cpu), (rival, rival_cpu) = opened[OURS], opened[RIVAL]
    rows = [
        [times(p95(rival) / p95(ours)), "wait for the page, p95", ms(p95(ours)), ms(p95(rival)), len(ours)],
        [times(p50(rival) / p50(ours)), "wait for the page, p50", ms(p50(ours)), ms(p50(rival)), len(ours)],
        [times(rival_cpu / ours_cpu), "the server's CPU for each", ms(ours_cpu), ms(rival_cpu), len(ours)],
    ]
    title = f"{people} people open the page within {seconds:g} s"
    return table(title, ["rival / ours", "what", "ours, ms", "rival, ms", "people"], rows)

"""How long a visitor waits, in our app and in a rival of the same page built from Streamlit's own widgets (rival/app.py)."""

import asyncio
import math
from contextlib import ExitStack

import numpy as np
from playwright.async_api import Browser, FloatRect

from benchmarks.browser import SETTLE_S, Point, View, launch, open_page, visitor
from benchmarks.servers import serve
from benchmarks.tables import ms, p50, p95, table, times

MAP, CHART = '[data-testid="latent-map"]', ".stPlotlyChart"
OURS, RIVAL, FROZEN = "ours", "rival", "rival, gc.freeze"
SLOWDOWN = 4
APART_PX = 25  # between two points that are clicked, so that they are two codes
DRAG_EVENTS, DRAG_PX = 30, 110
QUIET_S = 3.0


def measure(quick: bool) -> tuple[str, str]:
    """All tables as Markdown, and Chromium's version."""
    with ExitStack() as stack:
        addresses = {
            OURS: stack.enter_context(serve("app.py")).address,
            RIVAL: stack.enter_context(serve("benchmarks/rival/app.py")).address,
            FROZEN: stack.enter_context(serve("benchmarks/rival/app.py", RIVAL_FREEZE="1")).address,
        }
        return asyncio.run(_measure(addresses, quick))


async def _measure(addresses: dict[str, str], quick: bool) -> tuple[str, str]:
    rounds, count = (1, 30) if quick else (3, 300)
    async with launch() as browser:
        views, first = {}, {}
        for name, address in addresses.items():
            views[name], first[name] = await open_page(await visitor(browser), address)
        await views[OURS].page.wait_for_selector(f"{MAP}[data-plotted]")  # what is clicked is found by Plotly's axes
        moves = await pointer(views[OURS], rounds, count)
        waits = await clicks(views, count=2 if quick else 30)
        slider = {name: await drag(views[name], repeats=1 if quick else 3) for name in (OURS, RIVAL)}
        for view in views.values():
            await view.page.context.close()
        arrivals = await navigation(browser, addresses, repeats=1 if quick else 5)
        arrivals["navigation -> map on screen, the server's first visitor"] = {name: [first[name]] for name in (OURS, RIVAL)}
        weights = {name: await weight(browser, addresses[name]) for name in (OURS, RIVAL)}
    async with launch(more_flags=()) as browser:
        view, _ = await open_page(await visitor(browser), addresses[OURS])
        walks = {"frames put together on the CPU": moves, "and by an emulated GPU": await pointer(view, rounds, count)}
        parts = [waiting_table(moves, waits, arrivals), slider_table(slider), pointer_table(walks), weight_table(weights)]
        return "\n\n".join(parts), browser.version


# --- pointer -> pixels ---------------------------------------------------------------------------------------------------


async def pointer(view: View, rounds: int, count: int) -> dict[int, dict]:
    """Move over our map, as is and with the renderer's CPU slowed down, in turns; what the probe saw, by slow-down."""
    seen: dict[int, dict] = {rate: {"sent": 0, "seconds": 0.0, "moves": 0, "frames": 0, "decodes": []} for rate in (1, SLOWDOWN)}
    box = await view.box(MAP)
    await view.move(wander(box, 60))  # the first decodes run code that the browser has not compiled yet
    for turn in range(rounds):
        for rate, total in seen.items():
            await view.cdp.send("Emulation.setCPUThrottlingRate", {"rate": rate})
            await asyncio.sleep(SETTLE_S)
            await view.ask("probe.clear()")
            total["seconds"] += await view.move(wander(box, count, phase=turn))
            total["sent"] += count
            await asyncio.sleep(SETTLE_S)
            found = await view.ask("({moves: probe.moves, frames: probe.frames, decodes: probe.decodes})")
            entries = await view.ask("performance.getEntriesByName('latent-map:decode').map((entry) => entry.duration)")
            assert len(entries) == len(found["decodes"]), "each decode left one User Timing entry"
            for key, value in found.items():
                total[key] += value
    await view.cdp.send("Emulation.setCPUThrottlingRate", {"rate": 1})
    return seen


def wander(box: FloatRect, count: int, phase: float = 0.0) -> list[Point]:
    """A closed Lissajous curve over the middle of the map, between the digits too: count pixels."""
    turns = [2 * math.pi * (index / count) + phase for index in range(count)]
    middle = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    return [(middle[0] + 0.38 * box["width"] * math.sin(3 * t), middle[1] + 0.36 * box["height"] * math.sin(2 * t + 1)) for t in turns]


def pointer_table(walks: dict[str, dict[int, dict]]) -> str:
    """Ours in detail, by compositor: three ways to say how long a move takes, and how many moves were decoded."""
    rows = []
    for compositor, moves in walks.items():
        for rate, seen in moves.items():
            decodes = seen["decodes"]
            durations = [
                [decode["measured"] for decode in decodes],
                [decode["end"] - decode["since"] for decode in decodes],
                [decode["frame"] - decode["since"] for decode in decodes],
            ]
            share = f"{100 * len(decodes) / max(1, seen['frames']):.0f} %"
            per_s = [f"{value / seen['seconds']:.0f}" for value in (seen["sent"], seen["moves"], seen["frames"], len(decodes))]
            title = compositor if rate == 1 else f"{compositor}, CPU slowed {rate}x"
            rows.append([share, title, *per_s, *(f"{ms(p50(values))} / {ms(p95(values))}" for values in durations)])
    header = ["frames with a move that were decoded", "our map", "moves sent /s", "heard /s", "frames with a move /s", "decoded /s"]
    header += ["latent-map:decode, ms p50 / p95", "time stamp -> decoded", "time stamp -> frame done"]
    return table("Moving over the map", header, rows)


# --- click -> panel and image ----------------------------------------------------------------------------------------------


async def clicks(views: dict[str, View], count: int) -> dict[str, dict[str, list[float]]]:
    """Click on codes, the same in each app, in turns; milliseconds to the panel and, for the rivals, to the image."""
    waits: dict[str, dict[str, list[float]]] = {name: {"panel": [], "image": []} for name in views}
    wanted = await far_apart(views, count + 1)
    for index, code in enumerate(wanted):
        for name, view in views.items():
            what = ["panel"] if name == OURS else ["panel", "image"]
            at = await view.ask("([selector, code]) => probe.pixel(selector, code)", MAP if name == OURS else CHART, code)
            for change in what:
                await view.ask(f"probe.watch('{change}')")
            await view.click(at)
            for change in what:
                milliseconds = await view.ask(f"probe.changes.{change}")
                if index:  # the first click is for warming up
                    waits[name][change].append(milliseconds)
            await asyncio.sleep(SETTLE_S)
    return waits


async def far_apart(views: dict[str, View], count: int) -> list[list[float]]:
    """Codes of test images, spread over the map: no two of them nearer than APART_PX on any of the charts."""
    codes = np.array(await views[OURS].ask("([selector]) => probe.codes(selector)", MAP))  # (N, 2)
    chosen: list[list[float]] = []
    pixels: list[np.ndarray] = []
    for row in np.random.default_rng(0).permutation(len(codes)):
        code = codes[row].tolist()
        at = [await v.ask("([s, code]) => probe.pixel(s, code)", MAP if n == OURS else CHART, code) for n, v in views.items()]
        if None in at or any(np.linalg.norm(np.array(at) - other, axis=1).min() < APART_PX for other in pixels):
            continue
        chosen.append(code)
        pixels.append(np.array(at))
        if len(chosen) == count:
            return chosen
    raise RuntimeError(f"The map has no {count} codes that are {APART_PX} pixels apart.")


def waiting_table(moves: dict[int, dict], waits: dict[str, dict[str, list[float]]], arrivals: dict[str, dict[str, list[float]]]) -> str:
    """What a visitor waits for, in ours and in the rival, the ratio of the medians first."""
    pointing = [decode["frame"] - decode["since"] for decode in moves[1]["decodes"]]
    pairs = {
        "a point's image (ours: pointer moves -> frame done; rival: click -> image loaded)": (pointing, waits[RIVAL]["image"]),
        "the same, the rival with our gc.freeze": (pointing, waits[FROZEN]["image"]),
        "click -> panel text": (waits[OURS]["panel"], waits[RIVAL]["panel"]),
        "click -> panel text, the rival with our gc.freeze": (waits[OURS]["panel"], waits[FROZEN]["panel"]),
    }
    pairs |= {what: (seen[OURS], seen[RIVAL]) for what, seen in arrivals.items()}
    rows = []
    for what, (ours, rival) in pairs.items():
        figures = [ms(f(values)) for values in (ours, rival) for f in (p50, p95)]
        rows.append([times(p50(rival) / p50(ours)), what, *figures, f"{len(ours)} / {len(rival)}"])
    header = ["rival / ours", "what one waits for", "ours p50, ms", "ours p95", "rival p50", "rival p95", "n (ours / rival)"]
    return table("Waiting", header, rows)


# --- slider -----------------------------------------------------------------------------------------------------------------


async def drag(view: View, repeats: int) -> dict[str, list[int]]:
    """Drag the z1 slider and hold; distinct images and messages to the server before the release, images after it."""
    seen: dict[str, list[int]] = {"images": [], "messages": [], "after": []}
    messages = 0

    def count(_: object) -> None:
        nonlocal messages
        messages += 1

    view.cdp.on("Network.webSocketFrameSent", count)
    await view.cdp.send("Network.enable")
    for _ in range(repeats):
        start, direction = await view.ask(THUMB)
        path = [(start[0] + direction * DRAG_PX * step / DRAG_EVENTS, start[1]) for step in range(1, DRAG_EVENTS + 1)]
        await view.mouse("mouseMoved", start)
        await asyncio.sleep(SETTLE_S)
        await view.ask("probe.collect()")
        await view.mouse("mousePressed", start, pressed=True)
        await asyncio.sleep(SETTLE_S)  # a press alone may already send something; that counts
        await view.move(path, pressed=True)
        await asyncio.sleep(QUIET_S)  # an answer that is late still counts as one that came while dragging
        held = await view.ask("probe.pictures.size")
        seen["messages"].append(messages)
        await view.mouse("mouseReleased", path[-1])
        await asyncio.sleep(QUIET_S)
        seen["images"].append(held)
        seen["after"].append(await view.ask("(probe.collecting = false, probe.pictures.size)") - held)
        messages = 0
    await view.cdp.send("Network.disable")
    return seen


# The z1 slider's thumb as a pixel, and the direction in which there is more room.
THUMB = """() => {
  const range = document.querySelector('input[data-testid="z1"]'), track = range ?? document.querySelector('[data-testid="stSlider"]');
  const box = track.getBoundingClientRect();
  const share = range ? (range.value - range.min) / (range.max - range.min) : null;
  const thumb = range ? { left: box.left + 8 + share * (box.width - 16), width: 0, top: box.top, height: box.height }
    : track.querySelector("input").closest('[style*="left:"]').getBoundingClientRect();
  const x = thumb.left + thumb.width / 2;
  return [[x, thumb.top + thumb.height / 2], x < box.left + box.width / 2 ? 1 : -1];
}"""


def slider_table(slider: dict[str, dict[str, list[int]]]) -> str:
    """Distinct images during one drag; medians over the repeats."""
    rows = [
        [f"{p50(seen['images']):g} of {DRAG_EVENTS}", name, f"{p50(seen['messages']):g}", f"{p50(seen['after']):g}", len(seen["images"])]
        for name, seen in slider.items()
    ]
    header = ["images while dragging, of events", "z1 slider", "messages to the server while dragging", "images after the release", "drags"]
    return table("Dragging a slider", header, rows)


# --- navigation and weight ----------------------------------------------------------------------------------------------------


async def navigation(browser: Browser, addresses: dict[str, str], repeats: int) -> dict[str, dict[str, list[float]]]:
    """Milliseconds to the map on screen, for a visitor with an empty cache and for the same one coming again."""
    seen: dict[str, dict[str, list[float]]] = {
        f"navigation -> map on screen, {cache}": {OURS: [], RIVAL: []} for cache in ("empty cache", "second visit")
    }
    for _ in range(repeats):
        for name in (OURS, RIVAL):
            context = await visitor(browser)
            for by_app in seen.values():
                view, milliseconds = await open_page(context, addresses[name])
                by_app[name].append(milliseconds)
                await view.page.close()
            await context.close()
            await asyncio.sleep(SETTLE_S)
    return seen


async def weight(browser: Browser, address: str) -> dict[str, float]:
    """Bytes on the wire of a first visit, by kind: bodies and headers as encoded, and payloads of the web socket."""
    context = await visitor(browser)
    page = await context.new_page()
    cdp = await context.new_cdp_session(page)
    urls: dict[str, str] = {}
    kinds: dict[str, float] = {}

    def add(kind: str, size: float) -> None:
        kinds[kind] = kinds.get(kind, 0) + size

    def frame(event: dict) -> None:
        data, binary = event["response"]["payloadData"], event["response"]["opcode"] == 2  # binary payloads come as base64
        add("web socket", len(data) * 3 / 4 - data.count("=", -2) if binary else len(data.encode()))

    cdp.on("Network.requestWillBeSent", lambda event: urls.update({event["requestId"]: event["request"]["url"]}))
    cdp.on("Network.loadingFinished", lambda event: add(kind_of(urls.get(event["requestId"], "")), event["encodedDataLength"]))
    cdp.on("Network.webSocketFrameReceived", frame)
    cdp.on("Network.webSocketFrameSent", frame)
    await cdp.send("Network.enable")
    await page.goto(address)
    await page.evaluate("probe.shown")
    await asyncio.sleep(QUIET_S)
    await context.close()
    return kinds


def kind_of(url: str) -> str:
    """What a file is to the visitor, by its address."""
    name = url.rsplit("/", 1)[-1].lower()
    if "plotly" in name:
        return "Plotly"
    if "/assets/" in url:
        return "the map's code, codes, nets and test images"
    return "Streamlit itself" if "/media/" not in url or "/static/" in url else "images"


def weight_table(weights: dict[str, dict[str, float]]) -> str:
    """Megabytes by kind."""
    totals = {"in all": {name: sum(kinds.values()) for name, kinds in weights.items()}}
    kinds = dict.fromkeys(kind for by_kind in weights.values() for kind in by_kind)
    by_kind = totals | {kind: {name: weights[name].get(kind, 0.0) for name in weights} for kind in kinds}
    rows = []
    for kind, sizes in by_kind.items():
        ratio = f"{sizes[RIVAL] / sizes[OURS]:.2f} x" if sizes[OURS] and sizes[RIVAL] else ""
        rows.append([ratio, kind, *(f"{sizes[name] / 1e6:.3f}" for name in (OURS, RIVAL))])
    return table("Bytes on the wire, first visit", ["rival / ours", "what", "ours, MB", "rival, MB"], rows)

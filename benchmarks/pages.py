"""How soon each page shows what somebody came for: python -m benchmarks pages."""

import asyncio

from playwright.async_api import Browser

from benchmarks.browser import SETTLE_S, VIEWPORT, View, launch
from benchmarks.interaction import SLOWDOWN
from benchmarks.servers import serve
from benchmarks.tables import p50, table, times

WITHIN_S = 3.0  # what is asked of every page
MAP = "[data-testid=latent-map] .lm-loading[hidden]"  # its dots are painted and the pointer decodes
FIRST = {  # of a page, or a part of it: its address, and the first things of use, all of them
    "Explore": ("", MAP),
    "Reconstruct": ("reconstruct", "[data-testid=rows] img"),
    "Denoise": ("denoise", "[data-testid=denoise-table] img"),
    "Super-resolution": ("super_resolution", "[data-testid=enlarged] img"),
    "Generate, *New digits*": ("generate", "[data-testid=generated] img"),
    "Generate, *Told what to draw*": ("generate?checkpoint=cvae-mnist-2d&tab=told", "[data-testid=told-row] canvas"),
    "Generate, *Morphs*": ("generate?tab=morph", "[data-testid=morph] img"),
    "Generate, *Arithmetic*": ("generate?tab=arithmetic", "[data-testid=sum] img"),
    "Generate, *Complete it*": ("generate?tab=complete", "[data-testid=completions] img"),
    "Compare, *Two models*": ("compare", f".tr-map:first-child {MAP}", f".tr-map:last-child {MAP}"),
    "Compare, *The beta dial*": ("compare?mode=dial", "[data-testid=dial-mark]:not([hidden])"),
    "Train": ("train", "[data-testid=stRadio]"),
    "Models": ("models", "[data-testid=portrait-map] img"),
    "Lesson": ("lesson", ".st-key-exercises h2"),
}
SEEN = """(selectors) => new Promise((resolve) => {
  const there = (e) => e && (e.hidden || e.checkVisibility()) && (e.tagName !== "IMG" || (e.complete && e.naturalWidth > 0));
  const look = () => {
    if (!selectors.every((one) => there(document.querySelector(one)))) return requestAnimationFrame(look);
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => resolve(performance.now());
    requestAnimationFrame(() => port2.postMessage(null)); // when that frame is done
  };
  look();
})"""
Waits = dict[tuple[str, int], list[float]]  # by page and slow-down: seconds from navigation


def measure(quick: bool) -> tuple[str, str]:
    """The table as Markdown, and Chromium's version."""
    with serve("app.py") as server:
        return asyncio.run(_measure(server.address, rounds=1 if quick else 3))


async def _measure(address: str, rounds: int) -> tuple[str, str]:
    seen: Waits = {(page, rate): [] for rate in (1, SLOWDOWN) for page in FIRST}
    async with launch() as browser:
        first = {page: await wait(browser, address, page, 1) for page in FIRST}  # on this server nobody has seen it yet
        for turn in range(rounds):
            for (page, rate), found in seen.items():
                if rate == 1 or turn == 0:  # slowed down, each page takes so long that once has to do
                    found.append(await wait(browser, address, page, rate))
        return pages_table(first, seen), browser.version


async def wait(browser: Browser, address: str, page: str, rate: int) -> float:
    """Somebody with an empty cache and a CPU that is slowed down so much: seconds from navigation to the first thing of use."""
    path, *selectors = FIRST[page]
    context = await browser.new_context(viewport=VIEWPORT)
    opened = await context.new_page()
    view = View(opened, await context.new_cdp_session(opened))
    await view.cdp.send("Emulation.setCPUThrottlingRate", {"rate": rate})
    await opened.goto(f"{address}/{path}", wait_until="commit")
    seconds = float(await view.ask(SEEN, *selectors)) / 1000
    await context.close()
    await asyncio.sleep(SETTLE_S)
    return seconds


def pages_table(first: dict[str, float], seen: Waits) -> str:
    """A page a row, its ratio to Explore first; its median, and whether it is within WITHIN_S; slowed down; the first visitor."""
    rows = []
    for page in FIRST:
        usual, slow = seen[page, 1], seen[page, SLOWDOWN]
        ratio = times(p50(usual) / p50(seen["Explore", 1]))
        met = "" if p50(usual) <= WITHIN_S else f" (over {WITHIN_S:g})"
        figures = [f"{v:.1f}" for v in (max(usual), p50(slow), first[page])]
        rows.append([ratio, page, f"{p50(usual):.1f}{met}", *figures, len(usual)])
    slowed = f"CPU slowed {SLOWDOWN}x"
    header = [
        "page / Explore",
        "navigation -> the first thing of use",
        "s, p50",
        "slowest",
        f"{slowed}, once",
        "the server's first visitor",
        "n",
    ]
    return table("Each page, empty cache", header, rows)

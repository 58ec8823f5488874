"""Long computing in the browser, without a server: others come in between, input before all, and nothing of it is waited for."""

import pytest
from bundle import Bundle

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("bundle")]

TURNS = "const { breaks, turn } = await import(`/turns.js#${Math.random()}`);"
HIDDEN = f"""const own = Object.getOwnPropertyDescriptor(window, 'scheduler');
  Object.defineProperty(window, 'scheduler', {{ value: undefined, configurable: true }});
  {TURNS} Object.defineProperty(window, 'scheduler', own);"""
WAYS = [TURNS, HIDDEN]  # where there is a scheduler, and none


@pytest.mark.parametrize("way", WAYS, ids=["scheduler", "messages"])
def test_who_asked_before_is_served_before(bundle: Bundle, way: str) -> None:
    script = f"""{way} const {{ port1, port2 }} = new MessageChannel(), order = [];
      port1.onmessage = ({{ data }}) => order.push(data);
      for (const i of [1, 2, 3]) {{ port2.postMessage(`other ${{i}}`); await turn(); order.push(`mine ${{i}}`); }}
      return order;"""
    assert bundle.run("turns.js", script) == [f"{who} {i}" for i in (1, 2, 3) for who in ("other", "mine")]


@pytest.mark.parametrize("way", WAYS, ids=["scheduler", "messages"])
def test_slices_wait_for_no_timer(bundle: Bundle, way: str) -> None:
    script = f"""{way} const {{ setTimeout }} = window, pause = breaks(new AbortController().signal); let timers = 0, slices = 0;
      window.setTimeout = (...given) => (timers++, setTimeout(...given));
      for (let i = 0; i < 12; i++) {{ const end = performance.now() + 5; while (performance.now() < end); await pause(); slices++; }}
      window.setTimeout = setTimeout; return [timers, slices];"""
    assert bundle.run("turns.js", script) == [0, 12]


@pytest.mark.parametrize("way", WAYS, ids=["scheduler", "messages"])
def test_a_click_and_frames_come_in_between_slices(bundle: Bundle, way: str) -> None:
    start = f"""{way} const pause = breaks(new AbortController().signal), seen = (window.seen = {{ frames: 0 }});
      addEventListener('click', () => (seen.clicked = true), {{ once: true }});
      (function tick() {{ seen.frames++; if (!seen.ended) requestAnimationFrame(tick); }})();
      window.work = (async () => {{ while (!seen.clicked || seen.frames < 3) await pause(); seen.ended = true; return seen; }})();"""
    bundle.run("turns.js", start)
    bundle.page.mouse.click(20, 20)
    assert bundle.page.evaluate("window.work")["clicked"], "the computing ends by it alone"


def test_an_abort_ends_computing_where_it_pauses(bundle: Bundle) -> None:
    script = """const stopper = new AbortController(), pause = m.breaks(stopper.signal), seen = [];
      await pause(); stopper.abort(); await pause().catch(({ name }) => seen.push(name)); return seen;"""
    assert bundle.run("turns.js", script) == ["AbortError"]


SLICES = """const slices = new m.Slices(), done = [], count = (name, most) => { let i = 0;
    return [() => done.push(name), () => { done.push(`${name} ${++i}`); return i < most; }]; };"""


def test_work_in_slices_begins_with_a_frame_and_goes_on_to_its_end(bundle: Bundle) -> None:
    script = f"""{SLICES} slices.begin(...count('a', 3)); requestAnimationFrame(() => done.push('that frame'));
      await slices.settled(); await slices.settled(); return done;"""
    assert bundle.run("map/layers/slices.js", script) == ["a", "that frame", "a 1", "a 2", "a 3"]


def test_newer_work_takes_the_place_of_what_is_under_way(bundle: Bundle) -> None:
    script = f"""{SLICES} slices.begin(...count('a', 3)); slices.begin(...count('b', 1e9)); const waited = slices.settled();
      while (done.length < 3) await new Promise(requestAnimationFrame);
      slices.begin(...count('c', 2)); await new Promise(requestAnimationFrame); const before = done.indexOf('c'); await waited;
      const after = done.slice(before); slices.begin(...count('d', 1e9)); slices.stop(); await slices.settled();
      await new Promise(requestAnimationFrame);
      return [done[0], done.some((one) => one.startsWith('a') || one.startsWith('d')), after];"""
    assert bundle.run("map/layers/slices.js", script) == ["b", False, ["c", "c 1", "c 2"]]

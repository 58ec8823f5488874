"""The bench of tools under the map, without a server: tabs, what a tool is told and says, and who has the pointer."""

from typing import Any

import pytest
from bundle import Bundle
from test_bundle import meant

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("bundle")]

BENCH = """
  const root = document.body.appendChild(document.createElement('div')), stopper = new AbortController(), said = [], come = {};
  root.innerHTML = '<p class="lm-help"></p>';
  const map = { root, look: { changed: () => said.push('changed') } };
  const tool = (name) => class {
    constructor(map, element) { this.element = element; element.textContent = name; said.push(`${name} made`); }
    open() { said.push(`${name} open`); } close() { said.push(`${name} closed`); }
    update(facts) { said.push(`${name} ${facts.codes}`); } heed(word) { this.word = word; said.push(`${name} heeds ${word}`); }
  };
  const real = { ...m.TOOLS }; for (const name of Object.keys(m.TOOLS)) delete m.TOOLS[name];
  m.TOOLS.find = { title: 'Find', load: async () => ({ default: tool('find') }) };
  m.TOOLS.paths = { title: 'Paths', load: async () => { if (come.lost) throw new Error('lost'); return { default: tool('paths') }; } };
  const bench = new m.Bench(map, stopper.signal), soon = () => new Promise((done) => setTimeout(done, 20));
  const tab = (name) => root.querySelector(`[role=tab][data-tool=${name}]`);
  const shown = () => [...root.querySelectorAll('[role=tabpanel]')].filter((panel) => !panel.hidden).map((panel) => panel.textContent);
"""


def benched(bundle: Bundle, script: str) -> Any:
    """What a script of a bench with two tools returns."""
    return bundle.run(
        "map/bench.js",
        f"{BENCH} try {{ {script} }} finally {{ stopper.abort(); root.remove(); delete m.TOOLS.paths; Object.assign(m.TOOLS, real); }}",
    )


def test_there_is_no_bench_without_facts_and_the_first_tool_is_open_with_them(bundle: Bundle) -> None:
    script = """const before = root.querySelector('.lm-bench'); bench.use({ codes: 'a' }); await soon(); bench.use({ codes: 'b' });
      const open = shown(), there = bench.element.hidden; bench.use(null); return [before, said, open, there, bench.element.hidden];"""
    said = ["find made", "find open", "find a", "find b", "find closed"]
    assert benched(bundle, script) == [None, said, ["find"], False, True]


def test_one_tab_is_open_and_arrow_keys_go_from_tab_to_tab(bundle: Bundle) -> None:
    script = """bench.use({ codes: 'a' }); await soon(); said.length = 0; tab('find').focus();
      const key = (key) => document.activeElement.dispatchEvent(new KeyboardEvent('keydown', { key, bubbles: true }));
      key('ArrowRight'); await soon();
      const second = [document.activeElement.dataset.tool, shown(), tab('paths').ariaSelected, tab('find').tabIndex];
      key('ArrowRight'); await soon(); return [second, document.activeElement.dataset.tool, shown(), said];"""
    second, focus, shown, said = benched(bundle, script)
    assert second == ["paths", ["paths"], "true", -1] and (focus, shown) == ("find", ["find"])
    there = ["find closed", "changed", "paths made", "paths open", "paths a"]
    assert said == [*there, "paths closed", "changed", "find open", "find a"], "a tool is made once"


def test_the_address_has_the_open_tool_and_its_own_word(bundle: Bundle) -> None:
    script = """const words = [bench.word]; bench.heed('paths:1,2;3,4'); words.push(bench.word); bench.use({ codes: 'a' }); await soon();
      words.push(bench.word); bench.heed('paths:5'); words.push(bench.word); bench.tool.word = 'x'.repeat(5000); words.push(bench.word);
      bench.heed('nonsense:7'); await soon(); words.push(bench.word, bench.name);
      bench.heed(''); words.push(bench.word); return [words, said];"""
    words, said = benched(bundle, script)
    assert words == ["", "paths:1,2;3,4", "paths:1,2;3,4", "paths:5", "paths", "find:7", "find", ""]
    assert said[:4] == ["paths made", "paths open", "paths a", "paths heeds 1,2;3,4"]


def test_what_an_address_says_of_another_model_is_told_again_with_its_facts(bundle: Bundle) -> None:
    script = """map.view = 'a'; bench.heed('paths:1'); bench.use({ codes: 'a' }); await soon(); said.length = 0;
      map.view = 'b'; bench.heed('paths:2'); bench.use({ codes: 'b' }); const back = said.splice(0);
      bench.heed('paths:3'); map.view = 'c'; bench.use({ codes: 'c' }); const another = said.splice(0);
      map.view = 'b'; bench.use({ codes: 'b' }); return [back, another, said];"""
    back, another, said = benched(bundle, script)
    assert back == ["paths heeds 2", "paths b", "paths heeds 2"]
    assert another == ["paths heeds 3", "paths c"] and said == ["paths b"], "what was said of one model is not meant of the next"


def test_a_tool_that_could_not_be_fetched_is_fetched_when_it_is_pressed_again(bundle: Bundle) -> None:
    script = """bench.use({ codes: 'a' }); come.lost = true; tab('paths').click(); await soon(); const failed = shown();
      come.lost = false; tab('paths').click(); await soon(); return [failed, shown()];"""
    failed, shown = benched(bundle, script)
    assert failed == ["Paths could not be fetched. Press its tab again to try once more."] and shown == ["paths"]


LENT = """const says = (name) => (z, at) => { meant.push([name, z && [...z], at && Math.round(at.clientX)]); };
  const tool = Object.fromEntries(['down', 'move', 'up', 'cancel'].map((name) => [name, says(name)]));
  const input = new m.Input(map, stopper.signal); meant.length = 0; cursor.look = () => {}; cursor.leave = () => {};"""


def names(found: list[list[Any]]) -> list[str]:
    return [what for what, *_ in found]


def lent(bundle: Bundle, script: str) -> list[str]:
    """What gestures mean while a tool has the pointer; the first Input, that of `meant`, hears them too, so it is silenced."""
    return names(meant(bundle, f"stopper.abort(); {{ const stopper = new AbortController(); {LENT} {script} stopper.abort(); }}"))


def test_a_borrowed_press_is_the_tool_s_and_neither_pans_nor_keeps(bundle: Bundle) -> None:
    drag = "pointer('pointerdown', 300, 100); pointer('pointermove', 200, 100); pointer('pointerup', 100, 100);"
    drag += "pointer('pointermove', 50, 100);"  # no longer the tool's
    plotly = """element.append(document.createElement('i')); element.lastChild.addEventListener('mousedown', () => meant.push(['pans']));
      const press = () => element.lastChild.dispatchEvent(new MouseEvent('mousedown', at(1, 1)));"""
    assert lent(bundle, f"input.borrow(tool); {drag}") == ["down", "move", "up"]
    assert lent(bundle, f"const back = input.borrow(tool); back(); {drag} click(300, 100);") == ["keep"]
    assert lent(bundle, f"{plotly} const back = input.borrow(tool); press(); back(); press();") == ["pans"]


def test_a_borrowed_finger_is_the_tool_s_and_a_second_one_ends_that(bundle: Bundle) -> None:
    touch = """const finger = (type, x) => element.dispatchEvent(new TouchEvent(type, { bubbles: true, cancelable: true,
      touches: type === 'touchend' ? [] : [new Touch({ identifier: 0, target: element, ...at(x, 100) })],
      changedTouches: [new Touch({ identifier: 0, target: element, ...at(x, 100) })] }));"""
    one = "finger('touchstart', 300); finger('touchmove', 200); finger('touchend', 100);"
    assert lent(bundle, f"{touch} input.borrow(tool); {one}") == ["down", "move", "up"]
    two = "finger('touchstart', 300); touch('touchstart', [300, 100], [200, 100]); finger('touchmove', 210); touch('touchend');"
    assert lent(bundle, f"{touch} input.borrow(tool); {two} {one}") == ["down", "cancel", "down", "move", "up"]


def test_escape_is_the_tool_s_while_it_has_the_pointer(bundle: Bundle) -> None:
    assert lent(bundle, "const back = input.borrow(tool); key('Escape'); back(); key('Escape');") == ["cancel", "keep"]
    assert lent(bundle, "input.borrow(tool); input.borrow({});") == ["cancel"], "another tool has it now"

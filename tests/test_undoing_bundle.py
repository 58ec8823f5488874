"""Undo and redo on the map: the steps themselves, and what of the map they remember and bring back."""

from typing import Any

import pytest
from bundle import Bundle

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("bundle")]

STEPS = """let told = 0; const steps = new m.Steps(() => told++, ['view', 'tool']);
  const quiet = () => new Promise((done) => setTimeout(done, 600));
  const state = (kept, view = '', tool = '') => ({ kept, view, tool }); steps.begin(state(null));"""


def steps(bundle: Bundle, script: str) -> Any:
    """What a script returns that has `steps`, begun at state(null); state(kept, view, tool) makes one."""
    return bundle.run("map/steps.js", f"{STEPS} {script}")


def test_each_kept_point_is_a_step_however_soon_the_next_one_comes(bundle: Bundle) -> None:
    script = """steps.did(state([1, 1])); steps.did(state([2, 2])); steps.did(state([3, 3]));
      const times = (act) => [1, 2, 3, 4].map(() => steps[act]()), back = times('undo'), forth = times('redo');
      return [back, forth].map((states) => states.map((one) => one && one.kept))"""
    assert steps(bundle, script) == [[[2, 2], [1, 1], None, None], [[1, 1], [2, 2], [3, 3], None]]
    assert steps(bundle, "return steps.undo()") is None


def test_a_drag_is_one_step_and_the_next_drag_after_a_rest_another(bundle: Bundle) -> None:
    script = """for (const view of ['1', '2', '3']) steps.did(state(null, view));
      await quiet(); for (const view of ['4', '5']) steps.did(state(null, view));
      return [steps.undo().view, steps.undo().view, steps.undo(), steps.redo().view, steps.redo().view]"""
    assert steps(bundle, script) == ["3", "", None, "3", "5"]


def test_a_drag_that_rests_before_it_is_let_go_is_one_step(bundle: Bundle) -> None:
    script = """steps.hold(true); steps.did(state(null, '1')); await quiet(); steps.did(state(null, '2')); steps.hold(false);
      await quiet(); steps.did(state(null, '3')); return [steps.undo().view, steps.undo().view, steps.undo()]"""
    assert steps(bundle, script) == ["2", "", None]


def test_a_point_that_is_gone_to_is_one_step_with_the_view_that_follows(bundle: Bundle) -> None:
    script = "steps.did(state([1, 1])); steps.did(state([1, 1], 'moved')); return [steps.undo(), steps.undo()]"
    assert steps(bundle, script) == [{"kept": None, "view": "", "tool": ""}, None]


def test_what_is_done_after_undoing_forgets_what_was_undone(bundle: Bundle) -> None:
    script = """steps.did(state([1, 1])); steps.did(state([2, 2])); steps.undo(); steps.did(state([9, 9]));
      return [steps.redoes, steps.redo(), steps.undo().kept, steps.redo().kept]"""
    assert steps(bundle, script) == [[], None, [1, 1], [9, 9]]


def test_what_nobody_did_is_no_step_and_is_not_lost(bundle: Bundle) -> None:
    script = """steps.did(state([1, 1])); steps.finish(); steps.correct(state([1, 1], 'by itself')); const after = steps.undoes;
      steps.did(state([2, 2], 'by itself')); return [after, steps.undoes, steps.undo(), steps.undo().kept]"""
    after, undoes, first, second = steps(bundle, script)
    assert (after, undoes) == (["kept", "view"], ["kept"]) and first == {"kept": [1, 1], "view": "by itself", "tool": ""} and second is None


def test_it_says_what_would_be_undone_and_how_often_that_changes(bundle: Bundle) -> None:
    script = """const said = [steps.undoes, steps.redoes]; steps.did(state(null, '1')); said.push(steps.undoes); steps.undo();
      said.push(steps.undoes, steps.redoes); return [said, told > 2]"""
    assert steps(bundle, script) == [[[], [], ["view"], [], ["view"]], True]


def test_a_hundred_steps_are_remembered(bundle: Bundle) -> None:
    script = (
        "for (let i = 1; i <= 150; i++) steps.did(state([i, i]));let last, one; while ((one = steps.undo())) last = one; return last.kept"
    )
    assert steps(bundle, script) == [50, 50]


# --- on a map --------------------------------------------------------------------------------------------------------------

MAP = """document.body.innerHTML = `<div id=room><div class="lm-map" tabindex=0></div><div class="lm-tools"></div><input id=field></div>`;
  const [{ Cursor }, { Look }, { Viewport }] = await Promise.all(['cursor', 'look', 'viewport'].map((name) => import(`/map/${name}.js`)));
  const stop = new AbortController(), cursor = new Cursor(), said = [], drawn = [];
  const viewport = Object.assign(new Viewport(), { width: 700, height: 420, bound: 3.5, limit: 100 });
  const figure = { extents: { most: { left: -3, right: 2.5, bottom: -1, top: 2 }, all: { left: -6, right: 4, bottom: -9, top: 3 } } };
  const one = (undone) => ({ undone, word: '', heed(word) { this.word = word; } });
  const more = [one('the axes'), one(undefined), one('the tool')], element = document.querySelector('.lm-map');
  const map = { cursor, viewport, figure, root: document.getElementById('room'), element, view: 'a', ready: true,
    look: new Look(viewport, cursor, () => {}, stop.signal, more), keeping: { keep: (z) => cursor.choose(z) }, touched() {}, refresh() {},
    plot: { relayout: () => drawn.push(map.look.words[0]) }, words: { tell: (text) => said.push(text) } };
  const undoing = new m.Undoing(map, stop.signal), [undo, redo] = map.root.querySelectorAll('button');
  viewport.fit(figure.extents, 'most'); map.look.follow({ value: ['', '', '', '', ''], number: 0 }, figure.extents);
  cursor.keep([0, 0]); undoing.settled = 0;
  const settle = () => (undoing.steps.finish(), (undoing.settled = 0));
  const press = (key, more = {}, target = document.body) => {
    const event = new KeyboardEvent('keydown', { key, bubbles: true, cancelable: true, ...more });
    target.dispatchEvent(event); undoing.settled = 0; return event.defaultPrevented;
  };
  const end = (found) => { stop.abort(); document.body.innerHTML = ''; return found; };"""


def on_map(bundle: Bundle, script: str) -> Any:
    """What a script returns that has a `map` of which Python has said what it knows: [0, 0] is kept."""
    return bundle.run("map/undoing.js", f"{MAP} {script}")


def test_each_part_of_the_map_is_undone_and_done_again(bundle: Bundle) -> None:
    script = """const now = () => [cursor.kept, map.look.words[0], [...cursor.selected], more[0].word, more[2].word], seen = [now()];
      const say = (part, word) => { part.word = word; map.look.changed(); };
      const acts = [() => cursor.choose([1, 2]), () => { viewport.zoom(2, [0, 0]); map.look.changed(); }, () => cursor.select([3, 8]),
        () => say(more[0], '1'), () => say(more[2], 'find:7'), () => cursor.choose(null)];
      more[2].word = 'find:'; map.look.changed();
      for (const act of acts) { act(); settle(); seen.push(now()); }
      const back = [], forth = [];
      for (const act of acts) { back.unshift(now()); press('z', { ctrlKey: true }); }
      const start = now(); for (const act of acts) { press('z', { metaKey: true, shiftKey: true }); forth.push(now()); }
      return end([seen, start, back, forth, said]);"""
    seen, start, back, forth, said = on_map(bundle, script)
    seen[0][4] = "find:"
    assert len({str(state) for state in seen}) == 7 and start == seen[0] and back == forth == seen[1:]
    assert said[:6] == [f"Undone: the {what}." for what in ("kept point", "tool", "axes", "classes", "view", "kept point")]
    assert said[6] == "Done again: the kept point."


def test_what_python_says_and_another_model_s_map_are_not_undone(bundle: Bundle) -> None:
    script = """const states = () => [undo, redo].map((button) => button.getAttribute('aria-disabled')); const seen = [states()];
      map.look.follow({ value: ['1,1,2', '4', '', '', ''], number: 0 }, figure.extents); cursor.keep([5, 5]); seen.push(states());
      cursor.choose([1, 1]); seen.push(states()); press('z', { ctrlKey: true }); seen.push(states()); const kept = cursor.kept;
      map.view = 'b'; cursor.keep([3, 3]); seen.push(states()); return end([seen, kept, undoing.element.hidden]);"""
    assert on_map(bundle, script) == [
        [["true", "true"], ["true", "true"], ["false", "true"], ["true", "false"], ["true", "true"]], [5, 5], False,
    ]  # fmt: skip


def test_fields_keep_their_own_undo_and_other_keys_are_not_taken(bundle: Bundle) -> None:
    script = """cursor.choose([1, 1]); const field = document.getElementById('field');
      const ctrl = { ctrlKey: true }, taken = [press('z', ctrl, field), press('z'), press('z', { ...ctrl, altKey: true })];
      const kept = cursor.kept; taken.push(press('z', ctrl, map.element), press('y', ctrl)); return end([taken, kept, cursor.kept]);"""
    assert on_map(bundle, script) == [[False, False, False, True, True], [1, 1], [1, 1]]


def test_the_buttons_say_what_they_would_undo_and_keep_the_focus(bundle: Bundle) -> None:
    script = """const before = [undo.title, redo.title]; cursor.select([2]); undo.focus(); const after = undo.title; undo.click();
      return end([before, after, undo.title, redo.getAttribute('aria-label'), document.activeElement === undo, cursor.selected.size]);"""
    before, after, *rest = on_map(bundle, script)
    assert before == ["Nothing to undo", "Nothing to redo"] and after == "Undo: the classes (Ctrl+Z)"
    assert rest == ["Nothing to undo", "Redo: the classes", True, 0]


def test_to_open_a_tool_is_no_step_but_what_was_done_there_is_undone_there(bundle: Bundle) -> None:
    script = """const tool = (word) => { more[2].word = word; map.look.changed(); settle(); };
      tool('paths'); const opened = undo.getAttribute('aria-disabled'); tool('paths:1'); tool('find'); press('z', { ctrlKey: true });
      return end([opened, more[2].word]);"""
    assert on_map(bundle, script) == ["true", "paths"]


def test_what_a_tool_has_is_called_by_its_name(bundle: Bundle) -> None:
    script = """const tool = (word) => { more[2].word = word; map.look.changed(); settle(); }, ctrl = { ctrlKey: true };
      tool('select'); tool('select:c3'); const seen = [undo.title]; press('z', ctrl); seen.push(redo.title); press('y', ctrl);
      const titled = () => { undoing.mark(); seen.push(undo.title); }; tool('find'); titled(); tool('paths'); titled();
      tool('paths:1'); titled(); return end([seen, said]);"""
    seen, said = on_map(bundle, script)
    assert [title.split(" (")[0] for title in seen] == [
        "Undo: the selection", "Redo: the selection", "Undo: the selection", "Undo: the tool", "Undo: the path",
    ]  # fmt: skip
    assert said == ["Undone: the selection.", "Done again: the selection."]

"""Places kept on the map, without a server: what may be one, what storage and files are trusted with, and the tool itself."""

import json
from typing import Any

import pytest
from bundle import Bundle

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("bundle")]

PLACE: dict[str, Any] = {"name": "a seven", "z": [0.25, -1.5], "zoom": "0.5,-1,3", "spread": "", "tool": "paths:0,1;1,1", "rest": ""}
VIEW = PLACE | {"name": "all of it", "z": None, "zoom": "all", "tool": ""}
PLACES = "bookmarks/places.js"


@pytest.mark.parametrize("good", [PLACE, VIEW, PLACE | {"spread": "1", "zoom": ""}, PLACE | {"z": [-100, 100], "rest": "1,,2"}])
def test_a_place_is_taken_over_as_it_is_and_nothing_else_with_it(bundle: Bundle, good: dict[str, Any]) -> None:
    assert bundle.run(PLACES, "return m.place(given)", good | {"onclick": "x"}) == good


@pytest.mark.parametrize(
    "change",
    [
        {"name": ""}, {"name": "  \n"}, {"name": 7}, {"z": "0,1"}, {"z": [0]}, {"z": [0, 1, 2]}, {"z": [0, "1"]}, {"z": [0, 101]},
        {"z": [0, None]},
        {"zoom": "1,2"}, {"zoom": "1,2,0"}, {"zoom": "1,2,-1"}, {"zoom": "a,b,c"}, {"zoom": "1,,2"}, {"zoom": None}, {"zoom": "1,2,1e999"},
        {"spread": "yes"}, {"spread": True}, {"tool": None}, {"rest": 7}, {"tool": "x" * 1501},
    ],
)  # fmt: skip
def test_what_is_no_place_is_left_out(bundle: Bundle, change: dict[str, Any]) -> None:
    assert bundle.run(PLACES, "return [m.place(given), m.places([given])]", PLACE | change) == [None, []]
    assert bundle.run(PLACES, "return [null, 7, 'x', [], undefined].map(m.place)") == [None] * 5


def test_names_are_short_and_on_one_line(bundle: Bundle) -> None:
    long = "<b>a</b>\n  b " + "é" * 100
    assert bundle.run(PLACES, "return m.named(given)", long) == ("<b>a</b> b " + "é" * 100)[:40]


STORAGE = """const held = new Map(), storage = () => ({ getItem: (k) => held.get(k) ?? null, setItem: (k, v) => held.set(k, v),
      removeItem: (k) => held.delete(k) });
  const refusing = (name) => () => { throw Object.assign(new Error(), { name }); };"""


def test_each_map_has_its_own_and_what_storage_says_is_checked(bundle: Bundle) -> None:
    script = f"""{STORAGE} const said = [m.store('a', given, storage), m.stored('a', storage), m.stored('b', storage)];
      const rubbish = ['', '{{', 'null', '7', '{{"0":1}}', '[1,null,{{"name":"x"}}]',
        JSON.stringify([given[0], {{ ...given[0], z: 'x' }}, given[0]])];
      for (const text of rubbish) {{ held.set('latent-places:b', text); said.push(m.stored('b', storage).length); }}
      held.set('latent-places:b', JSON.stringify(Array.from({{ length: 500 }}, (_, i) => ({{ ...given[0], z: [i / 10, 0] }}))));
      m.store('a', [], storage); return [...said, m.stored('b', storage).length, held.has('latent-places:a')]"""
    stored, read_, other, *rest = bundle.run(PLACES, script, [PLACE, VIEW])
    assert stored == "" and read_ == [PLACE, VIEW] and other == [] and rest == [0, 0, 0, 0, 0, 0, 1, 60, False]


def test_storage_that_is_full_or_forbidden_is_said_in_words(bundle: Bundle) -> None:
    script = f"""{STORAGE} const say = (error) => m.store('a', given, refusing(error));
      return [say('QuotaExceededError'), say('SecurityError'), m.stored('a', refusing('x'))]"""
    full, forbidden, nothing = bundle.run(PLACES, script, [PLACE])
    assert "is full" in full and "keeps nothing" in forbidden and nothing == []


def test_a_file_is_read_again_and_other_files_are_refused_in_words(bundle: Bundle) -> None:
    script = """const text = m.written('a', given), said = JSON.parse(text), wrong = (change) => JSON.stringify({ ...said, ...change });
      const refused = ['', 'x', '[]', '{}', '"x"', ' '.repeat(400001), wrong({ format: 'x' }), wrong({ places: {} }),
      wrong({ version: 2 }), wrong({ map: 'b' })];
      const words = refused.map((bad) => { try { m.read(bad, 'a'); return ''; } catch ({ message }) { return message; } });
      return [m.read(text, 'a'), words, m.read(wrong({ places: [given[0], 7, { ...given[1], z: {} }] }), 'a')]"""
    good, words, partly = bundle.run(PLACES, script, [PLACE, VIEW])
    assert good == {"found": [PLACE, VIEW], "left": 0} and partly == {"found": [PLACE], "left": 2}
    assert words[:8] == ["This is no file of places."] * 8
    assert "another version" in words[8] and "another model" in words[9]


# --- the tool ----------------------------------------------------------------------------------------------------------------

TOOL = """localStorage.clear(); document.body.innerHTML = '<div id=tool></div>';
  const element = document.getElementById('tool'), stop = new AbortController(), went = [], told = [];
  const axes = { undone: 'the axes', word: '', button: { hidden: false } }, bench = { undone: 'the tool', word: 'bookmarks',
      left: given?.left };
  const decoder = { width: 2, height: 2, decode: (x, y) => Float32Array.of(x, y, 0, 1) };
  const cursor = { kept: [0.5, 1] }, classes = [{ name: 'zero' }, { name: '<one>' }];
  const figure = { data: [{ meta: 0 }, { meta: 1 }], codes: { owner: [0, 1] }, index: { find: () => ({ index: 1 }) } };
  const map = { view: 'a', decoder, rest: { word: '' }, undoing: { steps: { finish() {} } }, cursor, bench, figure,
      viewport: { toMap: (z) => z, scale: { drawn: () => figure } },
    touched() {},
    look: { more: [axes, { word: '' }, bench], words: ['0,0,3', '7'], show: (words) => went.push(words) },
      keeping: { keep: (z) => went.push(z) },
    words: { tell: (text) => told.push(text) }, readout: { facts: { classes, model: { name: 'vae' } } } };
  const tool = new m.default(map, element, stop.signal); await tool.update();
  const press = (act, i = 0) => element.querySelectorAll(`[data-act=${act}]`)[i].click(),
      kept = () => JSON.parse(localStorage.getItem('latent-places:a'));
  const names = () => [...element.querySelectorAll('li input')].map(({ value }) => value),
      says = () => element.querySelector('[role=status]').textContent;
  const end = (found) => { stop.abort(); localStorage.clear(); document.body.innerHTML = ''; return found; };"""


def run(bundle: Bundle, script: str, **given: Any) -> Any:
    """What a script returns that has the tool of a map where [0.5, 1] is kept beside a code of the class <one>."""
    return bundle.run("bookmarks/bookmarks.js", f"{TOOL} {script}", given)


def test_a_place_is_kept_with_its_name_and_image_and_a_press_goes_back_there(bundle: Bundle) -> None:
    script = """press('keep'); const stored = kept(), image = element.querySelector('li img'); await image.decode();
      const size = [image.naturalWidth, image.naturalHeight], twice = (press('keep'), says()), count = names().length;
      cursor.kept = [9, 9]; press('go');
      return end([stored, size, twice, count, went, says(), told, element.querySelector('.bm-none').hidden]);"""
    (stored,), size, twice, count, went, said, told, hidden = run(bundle, script, left="paths:1;2")
    assert stored == {"name": "<one> at (0.50, 1.00)", "z": [0.5, 1], "zoom": "0,0,3", "spread": "", "tool": "paths:1;2", "rest": ""}
    assert size == [2, 2] and twice == "This place is kept already." and count == 1 and hidden
    assert (
        went == [["0,0,3", "7", "", "", "paths:1;2"], [0.5, 1]]
        and said == "You are at <one> at (0.50, 1.00)."
        and told == ["Kept <one> at (0.50, 1.00)."]
    )


def test_a_tool_that_says_nothing_is_not_kept_and_the_present_one_stays_open(bundle: Bundle) -> None:
    script = "press('keep'); cursor.kept = null; press('keep'); press('go', 1); return end([kept(), went]);"
    (point, view), went = run(bundle, script, left="find")
    assert point["tool"] == "" and view == {"name": "A view of the map", "z": None, "zoom": "0,0,3", "spread": "", "tool": "", "rest": ""}
    assert went == [["0,0,3", "7", "", "", "bookmarks"]], "no point is kept, as it is now"


def test_names_are_changed_places_are_removed_and_brought_back(bundle: Bundle) -> None:
    script = """press('keep'); cursor.kept = [1, 1]; press('keep'); const input = element.querySelector('li input');
      const name = (text) => { input.value = text; input.dispatchEvent(new Event('change', { bubbles: true })); };
      name('  my   <place> '); const seen = [names(), kept()[0].name, element.querySelector('li button').getAttribute('aria-label')];
      name('   '); seen.push(names()[0]); press('remove'); seen.push(names(), says(), kept().length); press('back');
      seen.push(names(), kept().length);
      element.querySelector('[data-act=go]').dispatchEvent(new KeyboardEvent('keydown', { key: 'Delete', bubbles: true }));
      seen.push(names().length);
      return end(seen);"""
    second = "<one> at (1.00, 1.00)"
    both = ["my <place>", second]
    assert run(bundle, script) == [both, "my <place>", "Go to my <place>", "my <place>", [second], "my <place> is removed.", 1, both, 2, 1]


def test_each_map_shows_its_own_and_there_is_an_end_to_them(bundle: Bundle) -> None:
    script = """press('keep'); map.view = 'b'; await tool.update(); const other = names().length; map.view = 'a'; await tool.update();
      for (let i = 0; i < 70; i++) { cursor.kept = [i / 10, 3]; press('keep');
      } return end([other, names().length, says(), kept().length]);"""
    assert run(bundle, script) == [0, 60, "There is room for 60 places. Remove one first.", 60]


def test_a_file_is_saved_and_loaded(bundle: Bundle) -> None:
    run(bundle, "press('keep'); window.end = end; window.tool = tool")
    page = bundle.page
    with page.expect_download() as download:
        page.click("[data-act=save]")
    assert download.value.suggested_filename == "vae-places.json"
    text = download.value.path().read_text("utf-8")
    assert json.loads(text)["places"][0]["z"] == [0.5, 1]
    page.click("[data-act=remove]")
    load = {"name": "places.json", "mimeType": "application/json", "buffer": text.encode()}
    page.set_input_files(".bm-load input", load)  # type: ignore[arg-type]
    page.wait_for_function("document.querySelectorAll('li').length === 1")
    assert page.inner_text("[role=status]") == "1 place added."
    page.set_input_files(".bm-load input", load | {"buffer": b"<script>"})  # type: ignore[arg-type]
    page.wait_for_function("document.querySelector('[role=status]').textContent === 'This is no file of places.'")
    assert bundle.run("bookmarks/bookmarks.js", "return window.end(tool.list.length)") == 1 and not bundle.errors

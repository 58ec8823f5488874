"""What did not work is said in a visitor's words, never in the browser's own; and what is waited for comes by itself."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from bundle import MODULES, Bundle
from test_offline_bundle import run  # noqa: F401

from pages.browser import FOLDER

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

OWN = {"why.js", "nets/simd.js", "drawing/given.js"}  # the second says it to the console alone, the third of a FileError


def test_no_module_shows_what_an_error_says_without_asking_whose_words_they_are() -> None:
    raw = [name for name in MODULES if re.search(r"error\.message", (FOLDER / name).read_text("utf-8"))]
    assert set(raw) == OWN


def test_words_of_ours_and_the_server_s_are_said_and_what_a_browser_throws_is_not(bundle: Bundle) -> None:
    script = """const { Lost } = await import('/server.js'), busy = new Error('The server is busy.');
      const errors = [busy, new Lost(), new TypeError('x is undefined'), new Error(''), new Error('Internal Server Error')];
      return errors.map((error) => [m.why(error), m.why(error, m.STRANGE), m.toDo(error, 'Reload the page.')]);"""
    busy, away = "The server is busy", "the server does not answer"
    assert bundle.run("why.js", script) == [
        [busy, busy, "Reload the page."],
        [away, away, "It comes by itself when the server answers again."],
        ["what came from the server could not be used", "something went wrong in this page", "Reload the page."],
        *[["the server could not make it", "the server could not make it", "Reload the page."]] * 2,
    ]


WEB = "new Response('<!doctype html><title>Sign in</title>', { headers: { 'content-type': 'text/html; charset=utf-8' } })"


def test_a_web_page_that_something_on_the_way_sends_is_no_answer(run: Callable[..., Any]) -> None:  # noqa: F811
    script = f"""const answer = window.fetch, heard = []; server.hear((there) => heard.push(there), stop.signal);
      window.fetch = async () => {WEB};
      const {{ read }} = await import('/map/frames.js'), said = async (status) => {{
        window.fetch = async (address) => (/healthz/.test(address) ? new Response('{{"status": "ok"}}') : new Response('', {{ status }}));
        return read('/figure.json', 'json').catch(({{ message }}) => message);
      }};
      const lost = await read('/figure.json', 'json').catch((error) => error instanceof server.Lost), away = server.answers();
      const refused = [await said(404), await said(500)];
      window.fetch = async (address) => (/healthz/.test(address) ? new Response('{{"status": "ok"}}') : {WEB});
      await server.look();
      const between = await read('/figure.json', 'json').catch(({{ message }}) => message);
      window.fetch = answer;
      return [lost, away, refused, between, heard];"""
    lost, away, refused, between, heard = run(script)
    assert (lost, away, heard) == (True, False, [False, True])
    assert refused == ["the server does not have it any more (404)", "the server could not make it (500)"]
    assert between == "the connection was cut"


FAILS = "new TypeError(\"Cannot read properties of undefined (reading 'x')\")"


@pytest.mark.parametrize(
    ("module", "script", "said"),
    [
        (
            "dial/dial.js",
            "const part = Object.create(m.default.prototype);"
            "Object.assign(part, { find: () => part.place, place: {}, signal, begin: fail });"
            "await part.update({}, () => {}); return part.place.textContent;",
            "The dial could not be read: what came from the server could not be used. Reload the page.",
        ),
        (
            "dial/dial.js",
            "const part = Object.create(m.default.prototype); Object.assign(part, { find: () => part.place, place: {}, signal });"
            "part.failed(error); return part.place.textContent;",
            "Some of the dial could not be loaded: what came from the server could not be used. Reload the page.",
        ),
        (
            "map/timeline.js",
            "let said; const part = { pause() {}, shown: 2, signal, problem: (text) => (said = text) };"
            "m.Timeline.prototype.failed.call(part, 3, error); return said;",
            "The map of epoch 3 could not be loaded: what came from the server could not be used. What you see is epoch 2. "
            "Choose it again to try once more, or reload the page.",
        ),
        (
            "selecting/selecting.js",
            "const part = Object.defineProperties({ rows: [], said: {}, map: { readout: {} } }, { parts: { get() { throw error; } } });"
            "part.map.readout = { loading: Promise.reject(error) }; await m.default.prototype.show.call(part);"
            "return part.said.textContent;",
            "The pictures could not be made: something went wrong in this page. Select again to try once more.",
        ),
        (
            "drawing/given.js",
            "let said; const say = (text) => (said = text);"
            "await m.Given.prototype.take.call({ say }, { size: 1, arrayBuffer: fail });"
            "return said;",
            "Your browser could not read the image. Save it as a PNG or a JPEG, smaller if it is large, and try again.",
        ),
        (
            "bookmarks/bookmarks.js",
            "let said; const file = { files: [{ size: 1, text: fail }] }, say = (text) => (said = text);"
            "await m.default.prototype.load.call({ file, say });"
            "return said;",
            "The file could not be read. Choose it again.",
        ),
        (
            "paths/paths.js",
            "let said; const nothing = () => {}, none = { innerHTML: '' }, space = {}; const { KINDS } = await import('/paths/kinds.js');"
            "for (const kind of Object.values(KINDS)) kind.missing = kind.says = () => '';"
            "const shown = { use: fail, state: (text) => (said = text) }, list = { draw: nothing }, line = { use: nothing };"
            "await m.default.prototype.changed.call({ stop: () => signal, waypoints: [], space, chosen: { kind: Object.keys(KINDS)[0] },"
            "reflect: nothing, find: () => none, list, line, shown }, false); return said;",
            "The path could not be computed: something went wrong in this page. Choose another kind of path, or reload the page.",
        ),
    ],
)
def test_an_error_that_nobody_expected_is_a_sentence_and_what_to_do(bundle: Bundle, module: str, script: str, said: str) -> None:
    given = f"const error = {FAILS}, fail = async () => {{ throw error; }}, {{ signal }} = new AbortController();"
    assert bundle.run(module, given + script) == said


def test_an_epoch_and_a_dial_that_were_lost_come_when_the_server_answers_again(run: Callable[..., Any]) -> None:  # noqa: F811
    script = """const { Timeline } = await import('/map/timeline.js'), { default: Dial } = await import('/dial/dial.js'), asked = [];
      let said; const failed = (wanted) => Timeline.prototype.failed.call({ pause() {}, wanted, signal: stop.signal, map: { say() {} },
        problem: (text) => (said = text), seek: (epoch) => asked.push(epoch) }, 3, new server.Lost());
      await go(false); failed(3); failed(4);
      const dial = Object.create(Dial.prototype), place = {};
      Object.assign(dial, { find: () => place, signal: stop.signal, follow: () => asked.push('dial'),
        begin: async () => { if (!window.alive) throw new server.Lost(); } });
      await dial.update({}, () => {});
      const words = place.textContent;
      await go(true); await soon();
      return [said, words, asked];"""
    said, words, asked = run(script)
    assert said == "The map of epoch 3 could not be loaded: the server does not answer. It comes by itself when the server answers again."
    assert words == "The dial could not be read: the server does not answer. It comes by itself when the server answers again."
    assert asked == [3, "dial"]

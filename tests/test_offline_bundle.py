"""With the connection gone: who hears of it, what is fetched ahead, and what the map has in place of Streamlit's controls."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from bundle import HOST, Bundle
from playwright.sync_api import Route

from pages.browser import FOLDER

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

# Streamlit's page, whose server answers or not: window.alive. `asked`: what else was asked for.
SERVER = """document.body.innerHTML = '<div data-testid="stApp" data-test-connection-state="CONNECTED"></div>';
  window.alive = true;
  const asked = [], stop = new AbortController(), soon = () => new Promise((done) => setTimeout(done, 20));
  window.fetch = async (address) => {
    if (new URL(address, location).pathname !== '/healthz') asked.push(address);
    if (!window.alive) throw new TypeError('Failed to fetch');
    return new Response('{"rows": [1], "status": "ok"}');
  };
  const server = await import('/server.js'), go = async (alive) => { window.alive = alive; await server.look(); };"""


@pytest.fixture
def run(bundle: Bundle) -> Iterator[Callable[..., Any]]:
    """What a script returns that knows SERVER; its modules are new, and end with it."""

    def script(text: str, given: Any = None) -> Any:
        return bundle.page.evaluate(f"async (given) => {{ {SERVER} try {{ {text} }} finally {{ stop.abort(); }} }}", given)

    bundle.page.goto(f"{HOST}/")
    yield script
    bundle.page.goto(f"{HOST}/")


def test_what_does_not_come_is_lost_and_who_waits_is_called_once_when_the_server_answers_again(run: Callable[..., Any]) -> None:
    script = """const heard = [], back = [], gone = new AbortController();
      server.hear((there) => heard.push(there), stop.signal);
      window.alive = false;
      const lost = await server.asked('/codes').catch((error) => [error instanceof server.Lost, error.message]);
      await soon();
      server.whenBack(() => back.push('stayed'), stop.signal); server.whenBack(() => back.push('left'), gone.signal);
      gone.abort();
      const other = new AbortController();
      server.whenBack(() => other.abort(), stop.signal); server.whenBack(() => back.push('ended by who was called before'), other.signal);
      const away = [server.answers(), [...heard]];
      await go(false); await go(true); await go(false); await go(true);
      return [lost, away, heard, back, await server.asked('/codes', {}, (response) => response.text())];"""
    lost, away, heard, back, text = run(script)
    assert lost == [True, "the server does not answer"] and away == [False, [False]]
    assert heard == [False, True, False, True] and back == ["stayed"] and '"rows": [1]' in text


def test_what_is_cut_off_for_a_moment_is_asked_for_once_more(run: Callable[..., Any]) -> None:
    script = """const answer = window.fetch, cut = [0, 0];
      window.fetch = async (address) => {
        if (address in cut && cut[address]++ < 1 + address) throw new TypeError('Failed to fetch');
        return answer(address);
      };
      const text = (response) => response.text(), failed = (error) => [error.message, error instanceof server.Lost];
      return [await server.asked(0, {}, text), await server.asked(1, {}, text).catch(failed), server.answers()];"""
    assert run(script) == ['{"rows": [1], "status": "ok"}', ["the connection was cut", False], True]


def test_what_is_given_up_is_not_lost_and_streamlit_s_word_counts(run: Callable[..., Any]) -> None:
    script = """const failed = await server.asked('/codes', {}, () => { throw new DOMException('', 'AbortError'); })
        .catch((error) => error.name);
      const app = document.querySelector('[data-testid=stApp]'), seen = [server.answers()];
      for (const state of ['PINGING_SERVER', 'CONNECTED']) {
        app.dataset.testConnectionState = state;
        await soon(); seen.push(server.answers());
      }
      return [failed, seen];"""
    assert run(script) == ["AbortError", [True, False, True]]


AHEAD = """const done = [], facts = { found: '/found?of=1', images: '/images', drawing: { encoder: '/encoder', bytes: 3 } };
  const bench = { fetch: async (name) => done.push(name), map: { readout: { pixels: async () => done.push('images') } } };
  const { fetchAhead } = await import('/map/ahead.js');
  const connection = (value) => Object.defineProperty(navigator, 'connection', { value, configurable: true });"""


def test_what_the_tools_ask_for_is_fetched_ahead_once_in_the_order_of_use(run: Callable[..., Any]) -> None:
    script = f"""{AHEAD} connection(undefined); const later = setTimeout, pauses = [];
      window.setTimeout = (then, ms) => (ms < 10_000 ? later(then, ms) : later(then, 0, pauses.push([ms, asked.length])));
      await fetchAhead(bench, facts, stop.signal); window.setTimeout = later;
      const {{ search }} = await import('/map/searches.js'), {{ encoderOf }} = await import('/drawing/encoders.js');
      await search(facts, 'worst');
      await encoderOf(facts.drawing, null, () => {{}}, () => {{}}).catch(() => {{}}); // it is none
      const modules = performance.getEntriesByType('resource').map(({{ name }}) => new URL(name).pathname);
      return [pauses, done, asked, modules.includes('/drawing/landing.js'), modules.includes('/map/refining.js')];"""
    pauses, done, asked, *modules = run(script)
    assert pauses == [[20_000, 4]], "before the search that takes a server seconds"
    assert done == ["find", "paths", "select", "bookmarks", "dimensions", "images"] and modules == [True, True]
    assert asked == [*(f"/found?of=1&way={way}" for way in ("typical", "worst", "between")), "/encoder", "/found?of=1&way=alike"]


@pytest.mark.parametrize("link", [{"saveData": True, "effectiveType": "4g"}, {"saveData": False, "effectiveType": "3g"}])
def test_who_saves_data_or_has_a_slow_line_is_sent_nothing_ahead(run: Callable[..., Any], link: dict[str, Any]) -> None:
    assert run(f"{AHEAD} connection(given); await fetchAhead(bench, facts, stop.signal); return [done, asked];", link) == [[], []]


def test_who_leaves_is_sent_nothing_more_and_a_file_under_way_is_given_up(run: Callable[..., Any]) -> None:
    script = f"""{AHEAD} connection(undefined);
      bench.map.readout.pixels = async () => stop.abort();
      await fetchAhead(bench, facts, stop.signal);
      const {{ encoderAhead }} = await import('/drawing/encoders.js'), leave = new AbortController();
      let given = null;
      window.fetch = (address, {{ signal }}) => new Promise((_, fail) =>
        signal.addEventListener('abort', () => {{ given = address; fail(signal.reason); }}));
      const work = encoderAhead(facts.drawing, leave.signal).catch((error) => error.name);
      leave.abort();
      return [asked.filter((one) => /encoder|alike/.test(one)), given, await Promise.race([work, soon().then(() => 'goes on')])];"""
    assert run(script) == [[], "/encoder", "AbortError"]


# Explore's map as it is told: its element, and what Python says; `told`: what it was updated with, `word`: what Python is told.
ALONE = """const { Alone } = await import('/map/alone.js'); await import('/connection.js');
  const room = document.body.appendChild(document.createElement('div'));
  const pill = (title) => `<button aria-pressed="true">${title}</button>`;
  room.innerHTML = `<div class="st-key-explore-layers"><div role="toolbar">${['Points', 'Class names'].map(pill).join('')}</div></div>
    <div class="lm"><div class="lm-under"></div></div>`;
  const pills = [...room.querySelectorAll('[role=toolbar] button')], told = [], word = [];
  const update = (data) => { const { layers, field } = alone.over(data); told.push([layers.join(), field?.title ?? null]); };
  const tell = (name, { value, number }) => word.push(value && [value.layers.join(), value.background]);
  const map = { root: room.querySelector('.lm'), words: { tell() {} }, update, tell }, alone = new Alone(map, stop.signal);
  const titles = { points: 'Points', names: 'Class names' };
  const says = { view: 'a', titles, layers: ['points', 'names'], field: { title: 'Rarity' } };
  const press = (name) => alone.element.querySelector(`[data-layer=${name}]`).click();
  const later = setTimeout; let end = null; // what waits for Python's word longer than a test does
  window.setTimeout = (then, ms) => (ms === 5000 ? (end = then, -1) : later(then, ms));
  stop.signal.addEventListener('abort', () => (window.setTimeout = later));"""


def test_while_the_server_is_gone_the_map_has_the_layers_switches_and_python_is_told_after(run: Callable[..., Any]) -> None:
    script = f"""{ALONE} map.update(says);
      const hidden = [alone.element.hidden];
      await go(false);
      hidden.push(alone.element.hidden);
      const offered = [...alone.element.querySelectorAll('button')].map(({{ textContent, ariaChecked }}) => [textContent, ariaChecked]);
      const words = alone.element.innerText;
      press('names'); press('background'); press('background');
      const before = word.length;
      await go(true);
      hidden.push(alone.element.hidden);
      const waits = [end];
      map.update(says); waits.push(end !== null); map.update({{ ...says, layers: ['points'] }}); map.update(says);
      return [hidden, offered, before, word, told, words, waits];"""
    hidden, offered, before, word, told, words, waits = run(script)
    assert hidden == [True, False, True]
    assert words.startswith("The server does not answer.")
    assert offered == [["Points", "true"], ["Class names", "true"], ["Rarity", "true"]]
    assert (before, word) == (0, [["points", True]])
    assert told[1:4] == [["points", "Rarity"], ["points", None], ["points", "Rarity"]]
    assert waits == [None, True], "its time is counted from Python's first word, however long a server takes to start"
    assert told[4:] == [["points", "Rarity"], ["points", "Rarity"], ["points,names", "Rarity"]], "until Python has heard of it"


def test_a_background_switched_off_stays_off_and_what_python_does_not_take_is_as_it_says(run: Callable[..., Any]) -> None:
    script = f"""{ALONE} map.update(says); await go(false); press('background'); press('points'); await go(true);
      map.update(says); end();
      const refused = told.at(-1);
      await go(false); press('background'); await go(true); map.update(says); map.update({{ ...says, field: null }}); map.update(says);
      return [word, refused, told.slice(-3)];"""
    word, refused, taken = run(script)
    assert word == [["names", False], ["points,names", False]]
    assert refused == ["points,names", "Rarity"]
    assert taken == [["points,names", None], ["points,names", None], ["points,names", "Rarity"]]


def test_who_loses_the_connection_twice_keeps_what_was_switched_and_old_words_are_taken_back(run: Callable[..., Any]) -> None:
    script = f"""{ALONE} map.update(says); await go(false); press('names'); await go(true); await go(false); press('background');
      await go(true); map.update({{ ...says, layers: ['points'], field: null }});
      map.update(says); await go(false); await go(true); // a session that is new would hear the first words as news
      const {{ runAgain }} = await import('/again.js'), app = document.querySelector('[data-testid=stApp]'), again = [];
      runAgain((name) => again.push([name, word.length]), stop.signal);
      for (const state of ['PINGING_SERVER', 'CONNECTED']) {{ app.dataset.testConnectionState = state; await soon(); }}
      return [word, told.at(-1), again];"""
    word, told, again = run(script)
    assert word[:2] == [["points", True], ["points", False]]
    assert word[2:] == [None] and told == ["points,names", "Rarity"]
    assert again == [["again", 3]], "the page is run after Python was told"


def test_the_page_is_run_after_each_connection_alone_and_no_more_once_it_is_left(run: Callable[..., Any]) -> None:
    script = """const { onAgain, runAgain } = await import('/again.js'), app = document.querySelector('[data-testid=stApp]');
      const seen = [], leave = new AbortController(), one = new AbortController();
      onAgain(() => { seen.push('first'); setTimeout(() => seen.push('sent')); }, leave.signal);
      onAgain(() => seen.push('left'), one.signal); one.abort();
      runAgain((name, value) => seen.push(name, typeof value), leave.signal);
      const go = async (state) => { app.dataset.testConnectionState = state; await soon(); };
      await go('CONNECTED'); await go('PINGING_SERVER'); await go('CONNECTING');
      const before = seen.length;
      await go('CONNECTED');
      const after = [...seen];
      leave.abort(); await go('PINGING_SERVER'); await go('CONNECTED');
      return [before, after, seen.length];"""
    assert run(script) == [0, ["first", "sent", "again", "number"], 4], "in a task of its own: else it would be a fragment's run"


def test_a_page_that_goes_on_with_another_version_says_so(run: Callable[..., Any], bundle: Bundle) -> None:
    def newer(route: Route) -> None:
        route.fulfill(body=(FOLDER / route.request.url.removeprefix(f"{HOST}/newer/")).read_text("utf-8"), content_type="text/javascript")

    bundle.page.route(f"{HOST}/newer/**", newer)
    script = """const said = async (version) => {
        const place = document.createElement('div'), { default: CopyLink } = await import(`${version}/tools/copy_link.js`);
        new CopyLink(place, stop.signal);
        return place.querySelector('[role=status]').textContent;
      };
      return [await said(''), await said('/newer')];"""
    assert run(script) == ["", "The explorer was updated, and this page goes on with the new version. Drawings that were on it are gone."]


def test_streamlit_s_own_pills_work_where_it_has_not_noticed_yet_or_python_not_heard(run: Callable[..., Any]) -> None:
    script = f"""{ALONE} map.update(says); await go(false); pills[1].click(); pills[1].click(); pills[1].click();
      const seen = [told.at(-1)[0], alone.element.querySelector('[data-layer=names]').ariaChecked];
      await go(true); pills[0].click();
      return [seen, word, told.at(-1)[0]];"""
    assert run(script) == [["points", "false"], [["points", True], ["", True]], ""]


def test_another_model_is_drawn_as_python_says_and_a_map_without_titles_has_no_switches(run: Callable[..., Any]) -> None:
    script = f"""{ALONE} map.update({{ ...says, titles: null }}); await go(false);
      const bare = alone.element.hidden;
      await go(true); map.update(says); await go(false); press('points'); map.update({{ ...says, view: 'b' }});
      return [bare, told.at(-1)];"""
    assert run(script) == [True, ["points,names", "Rarity"]]


def test_no_dialog_lies_over_a_map_that_goes_on(run: Callable[..., Any]) -> None:
    script = f"""{ALONE} map.update(says);
      const dialog = () => {{
        const element = Object.assign(document.createElement('div'), {{ innerHTML: given }});
        element.dataset.testid = 'stDialog';
        element.querySelector('button').addEventListener('click', () => element.remove());
        document.body.append(element);
      }};
      await go(false); dialog(); await soon(); await soon();
      const over = document.querySelectorAll('[data-testid=stDialog]').length;
      await go(true); dialog(); await soon(); await soon();
      return [over, document.querySelector('[data-testid=stDialog]').innerText.includes('server does not answer')];"""
    words = "Streamlit server is not responding. Are you connected to the internet?"
    dialog = f'<section role="dialog"><h2>Connection error</h2><div>{words}</div><button aria-label="Close"></button></section>'
    assert run(script, dialog) == [0, True]

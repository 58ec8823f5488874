"""What one visitor looks at, in st.session_state, under the keys that properties/ names; it begins with the URL and goes back there."""

from contextlib import suppress

import streamlit as st

from core import checkpoints
from pages import browser
from pages.browser.map import LAYERS
from pages.session import link, properties
from pages.session.properties.explore import NO_BACKGROUND
from pages.session.properties.shared import DEFAULT_LAYERS, default_checkpoint

LAYER_PILLS = {True: "layer_pills", False: "layer_pills_without_rings"}  # the widget's key, by whether the model has rings to show
MOST_SENT = 100  # addresses that may be on their way to the browser


def begin(page: str) -> bool:
    """What the URL asks of this page becomes the session's, the first time, and when Back or an edited address asks for another;
    what it asks in vain becomes `link_problems`. Whether Back went to an address that says nothing: the page as it is at first."""
    _begin_session()
    _leave_deleted()
    query = {name: st.query_params[name] for name in properties.PAGES[page] if name in st.query_params}
    strange = link.unknown(properties.NAMES, st.query_params)  # once: `address` does not write it
    sent = _sent(page)
    came, bare = st.session_state.get("page") != page, False
    if came:
        del sent[:-1]  # what was on its way when the visitor left
        st.session_state.page = page
    if query in sent and (query == sent[-1] or _address(page) != sent[-1]):  # a change was made before the newest came to the browser
        del sent[: sent.index(query)]
    elif query or not came:
        _ask(page, query)
        sent[:] = [query]
        bare = not query
    else:  # a link in the sidebar drops it, and the page stays as it was left
        sent.insert(0, query)  # what is changed before the browser has the page's address comes with this one
    browser.heed()
    if strange:
        st.session_state.link_problems = [*st.session_state.get("link_problems", ()), *strange]
    return bare


def address(page: str) -> None:
    """Put what the page shows into the browser's address bar."""
    query, sent = _address(page), _sent(page)
    if query not in sent[-1:]:
        sent.append(query)
        del sent[:-MOST_SENT]
    if dict(st.query_params) != query:
        st.query_params.from_dict(query)


def words(page: str, *names: str) -> dict[str, str]:
    """Some properties as the address has them; "" where it says nothing."""
    query = _address(page)
    return {name: query.get(name, "") for name in names}


def take(page: str, said: object, *names: str) -> None:
    """Some properties as the browser says them, in the words of an address; what cannot be used is left as it was."""
    table, values = properties.PAGES[page], _values(page)
    for name in filter(names.__contains__, table):  # in the table's order: a key may depend on what comes before
        text, key = said.get(name) if isinstance(said, dict) else None, link.told(table[name].key, values)
        if text == "":
            st.session_state.pop(key, None)
            values[name] = link.told(table[name].default, values)
        elif isinstance(text, str):
            with suppress(link.UnusableError):
                st.session_state[key] = values[name] = table[name].read(text, values)


def take_layers(said: object) -> None:
    """What a visitor switched on Explore's map while the server did not answer: {"layers": [...], "background": whether it stays}."""
    state = st.session_state
    if not isinstance(said, dict) or not isinstance(layers := said.get("layers"), list):
        return
    state.layers = [layer for layer in LAYERS if layer in layers]
    for pills in LAYER_PILLS.values():
        state.pop(pills, None)  # they begin again with these layers
    if said.get("background") is False:
        state.background = NO_BACKGROUND


def say_problems() -> None:
    """What a link asked for in vain, once."""
    for problem in st.session_state.pop("link_problems", ()):
        st.warning(problem, icon=":material/link_off:")


def _sent(page: str) -> list[link.Query]:
    """The addresses that this page wrote, from the one that the browser last came with to the newest."""
    sent: list[link.Query] = st.session_state.setdefault("sent", {}).setdefault(page, [])
    return sent


def _address(page: str) -> link.Query:
    return link.write(properties.PAGES[page], _values(page))


def _values(page: str) -> dict[str, object]:
    """What the session holds for each property of a page."""
    state, values = st.session_state, dict[str, object]()
    for name, entry in properties.PAGES[page].items():
        default = link.told(entry.default, values)
        said = not entry.said or state.get(entry.said)
        values[name] = state.get(link.told(entry.key, values), default) if said else link.UNSET
    return values


def _ask(page: str, query: link.Query) -> None:
    """This link's values become the session's: of all that it can say, so that what it does not say is as it is at first."""
    state, table = st.session_state, properties.PAGES[page]
    values, asked, problems = link.read(table, query)
    for name, entry in table.items():
        key = link.told(entry.key, values)
        if entry.said:
            state[entry.said] = name in asked
        if values[name] is link.UNSET:
            state.pop(key, None)
        elif entry.when(values):
            state[key] = values[name]
    if page == "explore":
        for pills in LAYER_PILLS.values():
            state.pop(pills, None)  # they begin again with these layers
    _begin_session()
    state.link_problems = problems


def _begin_session() -> None:
    """What every page relies on."""
    state = st.session_state
    if "checkpoint" not in state:
        state.checkpoint = default_checkpoint()
    if "layers" not in state:
        state.layers = list(DEFAULT_LAYERS)
    for key, value in {"point": None, "point_given": False, "point_number": 0}.items():
        if key not in state:
            state[key] = value


def _leave_deleted() -> None:
    """A model that was deleted, here or by somebody else, gives way to the default; `gone` says which it was."""
    name = st.session_state.get("checkpoint")
    if name is not None and name not in checkpoints.available():
        choose(default_checkpoint())
        st.session_state.gone = name


def index_of(names: list[str]) -> int | None:
    """The present checkpoint's place among these names."""
    chosen = st.session_state.get("checkpoint")
    return names.index(chosen) if chosen in names else None


def choose(name: str | None) -> None:
    """Look at this checkpoint from now on, from its starting point."""
    st.session_state.update(checkpoint=name, point=None, point_given=False)

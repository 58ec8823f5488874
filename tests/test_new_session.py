"""A page that is open while its session is lost: what its parts have said reaches the new session, once, and is checked."""

from typing import Any

import pytest
from explore import map_data, run
from streamlit.testing.v1 import AppTest

from pages.session import state


def page() -> None:
    import streamlit as st

    from pages import browser

    browser.heed()
    calls = st.session_state.setdefault("calls", [])
    st.session_state.setdefault("runs", 0)
    st.session_state.runs += 1
    for key, said in (("map", {"look": 1, "pick": None, "marks": 2}), ("empty", {"look": None})):
        hears = {f"on_{name}_change": (lambda name=name, key=key: calls.append(f"{key} {name}")) for name in said if name != "marks"}
        browser._hear(key, said, hears | {"on_marks_change": browser.nothing})


def test_words_of_an_open_page_are_heard_once_in_a_new_session() -> None:
    app = AppTest.from_function(page).run()
    assert app.session_state.calls == ["map look"] and app.session_state.runs == 2
    app.run()
    assert app.session_state.calls == ["map look"] and app.session_state.runs == 3


@pytest.mark.parametrize(
    ("said", "layers", "background"),
    [
        ({"layers": ["manifold", "points", "nothing"], "background": False}, ["points", "manifold"], None),
        ({"layers": [], "background": True}, [], "rarity"),
        ({"layers": "manifold"}, ["points", "names"], "rarity"),
        ([], ["points", "names"], "rarity"),
    ],
)
def test_layers_switched_while_the_server_was_gone_are_those_of_the_page(
    said: Any, layers: list[str], background: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = run(layers="points,names", background="rarity")
    monkeypatch.setattr(state.browser, "heed", lambda: state.take_layers(said))  # at the beginning of a run
    app.run()
    assert not app.exception
    data = map_data(app)
    assert sorted(data["layers"]) == sorted(layers) and (data["field"] or {}).get("name") == background
    assert ("background" in app.query_params) == (background is not None)

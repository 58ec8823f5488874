"""What the server does besides answering: garbage is collected once a minute, and not after each run of each visitor."""

import gc
import weakref

import anyio
import streamlit as st
from live import run_async

import app

PATIENCE_S = 20.0


class Loop:
    """Refers to itself, so that only a collection frees it."""

    def __init__(self) -> None:
        self.me = self


def test_streamlit_does_not_collect_after_each_run():
    assert st.get_option("runner.postScriptGC") is False


def test_what_only_refers_to_itself_is_freed_while_the_server_runs(monkeypatch):
    monkeypatch.setattr(app, "COLLECT_S", 0.01)

    async def serve() -> None:
        async with app.collecting():
            with anyio.fail_after(PATIENCE_S):
                while gone() is not None:
                    await anyio.sleep(0.01)

    gc.disable()  # but for the one that the server asks for
    try:
        gone = weakref.ref(Loop())
        assert gone() is not None
        run_async(serve)
    finally:
        gc.enable()


def test_the_collector_ends_with_the_server(monkeypatch):
    monkeypatch.setattr(app, "COLLECT_S", 0.0)
    collected: list[int] = []
    monkeypatch.setattr(gc, "collect", lambda: collected.append(1))

    async def serve() -> int:
        async with app.collecting():
            while not collected:
                await anyio.sleep(0)
        at_the_end = len(collected)
        for _ in range(10):
            await anyio.sleep(0)
        return at_the_end

    assert run_async(serve) == len(collected)

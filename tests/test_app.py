"""What the server does besides answering: garbage is collected once a minute, and not after each run of each visitor; and who waits
for whom."""

import gc
import threading
import weakref

import anyio
import streamlit as st
from live import run_async
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

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


def test_who_waits_for_others_work_keeps_no_other_route_waiting():
    """More requests than there are threads wait for their turn: a route that has nothing to wait for answers all the same."""
    turn, request = threading.Event(), Request({"type": "http"})
    answered: list[int] = []

    def wait(request: Request) -> Response:
        turn.wait(PATIENCE_S)
        return PlainTextResponse("")

    async def ask() -> None:
        answered.append((await app.patient(wait)(request)).status_code)

    async def serve() -> None:
        threads = int(anyio.to_thread.current_default_thread_limiter().total_tokens)
        async with anyio.create_task_group() as group:
            for _ in range(threads + 1):
                group.start_soon(ask)
            await anyio.wait_all_tasks_blocked()
            try:
                with anyio.fail_after(PATIENCE_S / 2):
                    assert (await anyio.to_thread.run_sync(app.healthz, request)).status_code == 200
                assert not answered
            finally:
                turn.set()
        assert answered == [200] * (threads + 1)

    run_async(serve)


def test_whose_turn_does_not_come_in_time_is_told_so_and_not_worked_for(monkeypatch):
    monkeypatch.setattr(app, "TURN_S", 0.05)
    turn, request, worked = threading.Event(), Request({"type": "http"}), []
    answered: list[int] = []

    def wait(request: Request) -> Response:
        worked.append(1)
        turn.wait(PATIENCE_S)
        return PlainTextResponse("")

    async def ask() -> None:
        answered.append((await app.patient(wait)(request)).status_code)
        if answered == [503]:
            turn.set()

    async def serve() -> None:
        async with anyio.create_task_group() as group:
            for _ in range(int(app.WAITING.total_tokens) + 1):
                group.start_soon(ask)

    run_async(serve)
    assert answered[0] == 503 and answered.count(200) == len(worked) == app.WAITING.total_tokens


def test_what_waits_for_its_turn_is_patient():
    patient = app.patient(app.healthz).__name__
    waiting = {route.path for route in app.app._user_routes if isinstance(route, Route) and route.name == patient}
    assert waiting == {"/refined/{name}", "/fields/{name}/{stamp}/{field}", "/found/{name}"}

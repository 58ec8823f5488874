"""Uploads to Streamlit's own address: what fits is let through, the rest refused before it is read, and what nobody needs is let go of."""

import uuid
from types import SimpleNamespace
from typing import Any

import anyio
import pytest
from live import run_async
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from streamlit.proto.WidgetStates_pb2 import WidgetState
from streamlit.runtime.memory_uploaded_file_manager import MemoryUploadedFileManager
from streamlit.runtime.uploaded_file_manager import UploadedFileRec

from pages.web import pace, uploads
from pages.web.uploads import Uploads

KB = 1000
ADDRESS = "192.0.2.1"


class FakeRuntime:
    """Streamlit's, as far as uploads need it."""

    def __init__(self) -> None:
        self.uploaded_file_mgr = MemoryUploadedFileManager("/_stcore/upload_file")
        self.active: set[str] = set()
        self.closed: list[str] = []
        self.widgets: dict[str, list[WidgetState]] = {}
        self._session_mgr = self

    def is_active_session(self, session: str) -> bool:
        return session in self.active

    def close_session(self, session: str) -> None:
        self.closed.append(session)

    def get_active_session_info(self, session: str) -> Any:
        state = SimpleNamespace(get_widget_states=lambda: self.widgets.get(session, []))
        return SimpleNamespace(session=SimpleNamespace(session_state=state)) if session in self.active else None

    def holds(self, session: str, *files: str) -> None:
        """What the page's one uploader shows."""
        widget = WidgetState(id="uploader")
        for file in files:
            widget.file_uploader_state_value.uploaded_file_info.add(file_id=file)
        self.widgets[session] = [widget]


@pytest.fixture(autouse=True)
def running(monkeypatch: pytest.MonkeyPatch) -> FakeRuntime:
    """Bounds of 100, 150 and 300 kB, and two sessions that are open."""
    fake = FakeRuntime()
    fake.active = {"a", "b", "c", "d", "e"}
    monkeypatch.setattr(uploads.runtime, "get_instance", lambda: fake)
    for name, bound in {"SESSION": 100 * KB, "ADDRESS": 150 * KB, "SERVER": 300 * KB}.items():
        monkeypatch.setattr(uploads, name, bound)
    return fake


@pytest.fixture
def app(running: FakeRuntime) -> Starlette:
    """Streamlit's upload address, reduced to what it does with a body."""

    async def put(request: Request) -> Response:
        data = b"".join([chunk async for chunk in request.stream()])
        session, file = request.path_params["session"], request.path_params["file"]
        if not running.is_active_session(session):
            return Response(status_code=400)
        running.uploaded_file_mgr.add_file(session, UploadedFileRec(file, "name", "type", data))
        return Response(status_code=204)

    routes = [Route("/_stcore/upload_file/{session}/{file}", put, methods=["PUT"])]
    return Starlette(routes=routes, middleware=[Middleware(Uploads)])


class Sender:
    """A visitor who sends one file in chunks of 10 kB; counts how many were taken."""

    def __init__(self, size: int, announced: bool = True, wait_s: float = 0.0) -> None:
        self.size, self.announced, self.wait_s, self.taken = size, announced, wait_s, 0

    async def receive(self) -> Any:
        await anyio.sleep(self.wait_s)
        self.taken += 1
        return {"type": "http.request", "body": b"x" * (10 * KB), "more_body": self.taken * 10 * KB < self.size}


async def put(app: Any, sender: Sender, session: str = "a", file: str = "", client: str = ADDRESS) -> tuple[int, str]:
    headers = [(b"content-length", str(sender.size).encode())] if sender.announced else []
    scope = {
        "type": "http", "method": "PUT", "path": f"/_stcore/upload_file/{session}/{file or uuid.uuid4()}", "query_string": b"",
        "headers": headers, "client": (client, 1), "server": ("localhost", 80), "scheme": "http", "root_path": "", "http_version": "1.1",
    }  # fmt: skip
    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    await app(scope, sender.receive, send)
    return sent[0]["status"], b"".join(message.get("body", b"") for message in sent[1:]).decode()


def upload(app: Any, size: int, announced: bool = True, **where: str) -> tuple[int, str, int]:
    """The status, the sentence, and how many chunks were taken."""
    sender = Sender(size, announced)
    return *run_async(lambda: put(app, sender, **where)), sender.taken


def held(running: FakeRuntime) -> int:
    return sum(len(file.data) for files in running.uploaded_file_mgr.file_storage.values() for file in files.values())


def test_a_session_holds_so_much_and_no_more(app: Starlette, running: FakeRuntime) -> None:
    assert upload(app, 60 * KB)[0] == 204
    status, sentence, taken = upload(app, 60 * KB)
    assert status == 413 and "more than 0 MB. Remove one" in sentence and taken == 0
    assert upload(app, 40 * KB, file="small")[0] == 204 and held(running) == 100 * KB
    running.uploaded_file_mgr.remove_file("a", "small")  # the cross beside its name
    assert upload(app, 40 * KB)[0] == 204


def test_without_a_length_it_is_counted_as_it_comes(app: Starlette, running: FakeRuntime) -> None:
    status, sentence, taken = upload(app, 1000 * KB, announced=False)
    assert status == 413 and "take up more than" in sentence and taken == 11 and held(running) == 0
    assert upload(app, 100 * KB, announced=False)[0] == 204  # what was refused is not counted


def test_a_lying_length_is_counted_as_it_comes(app: Starlette) -> None:
    class Liar(Sender):
        async def receive(self) -> Any:
            return await super().receive() | {"more_body": self.taken < 100}

    sender = Liar(10 * KB)

    async def lie() -> tuple[int, str]:
        answer = await put(app, sender)
        return answer

    assert run_async(lie)[0] == 413 and sender.taken == 11


def test_one_address_in_many_sessions(app: Starlette, running: FakeRuntime) -> None:
    answers = [upload(app, 60 * KB, session=session) for session in "abcde"]
    assert [status for status, _, _ in answers] == [204, 204, 413, 413, 413] and held(running) == 120 * KB
    assert "files from your address" in answers[2][1] and answers[2][2] == 0
    assert upload(app, 60 * KB, session="c", client="192.0.2.2")[0] == 204
    for address in ("2001:db8::1", "2001:db8::2", "2001:db8::3"):  # one household
        status = upload(app, 60 * KB, session="de"[address == "2001:db8::2"], client=address)[0]
        assert status == (413 if address == "2001:db8::3" else 204)


def test_the_whole_server(app: Starlette, running: FakeRuntime) -> None:
    answers = [upload(app, 90 * KB, session=session, client=f"192.0.2.{ord(session)}") for session in "abcd"]
    assert [status for status, _, _ in answers] == [204, 204, 204, 503] and "Try again in a few minutes" in answers[3][1]


def test_uploads_at_the_same_time_are_counted_while_they_come_in(app: Starlette, running: FakeRuntime) -> None:
    answers: list[int] = []

    async def one() -> None:
        answers.append((await put(app, Sender(60 * KB, wait_s=0.001)))[0])

    async def both() -> None:
        async with anyio.create_task_group() as group:
            group.start_soon(one)
            group.start_soon(one)

    run_async(both)
    assert sorted(answers) == [204, 413] and held(running) == 60 * KB


def test_an_invented_session_and_a_file_that_is_too_large_are_left_to_streamlit(app: Starlette, running: FakeRuntime) -> None:
    assert upload(app, 60 * KB, session="invented")[0] == 400
    assert upload(app, 60 * KB)[0] == 204 and held(running) == 60 * KB  # and are not counted
    middleware = Uploads(Starlette())
    assert middleware.largest == 64 << 20  # of .streamlit/config.toml


def test_a_trickle_is_cut(app: Starlette, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pace, "WINDOW_S", 0.05)
    monkeypatch.setattr(pace, "BYTES_PER_S", 10_000_000)

    async def trickle() -> tuple[int, str]:
        return await put(app, Sender(90 * KB, wait_s=0.03))

    status, sentence = run_async(trickle)
    assert status == 408 and "Try a faster connection" in sentence
    monkeypatch.setattr(pace, "BYTES_PER_S", 100_000)
    assert run_async(trickle)[0] == 204


# --- what is let go of ------------------------------------------------------------------------------------------------


def test_what_no_page_holds_any_more_makes_room(app: Starlette, running: FakeRuntime, monkeypatch: pytest.MonkeyPatch) -> None:
    assert upload(app, 40 * KB, file="shown")[0] == upload(app, 60 * KB, file="left behind")[0] == 204
    running.holds("a", "shown")
    assert upload(app, 40 * KB)[0] == 413  # the browser may not have told yet where the new file is
    monkeypatch.setattr(uploads, "UNSEEN_S", 0.0)
    assert upload(app, 40 * KB, file="new")[0] == 204
    assert set(running.uploaded_file_mgr.file_storage["a"]) == {"shown", "new"}


def test_nothing_is_let_go_of_while_there_is_room(app: Starlette, running: FakeRuntime, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(uploads, "UNSEEN_S", 0.0)
    running.holds("a")
    assert upload(app, 40 * KB)[0] == upload(app, 60 * KB)[0] == 204 and held(running) == 100 * KB


def test_who_has_left_for_good_is_forgotten(app: Starlette, running: FakeRuntime) -> None:
    assert upload(app, 60 * KB)[0] == upload(app, 60 * KB, session="b")[0] == 204
    assert uploads.forget({}, after_s=100) == {}
    running.active = {"b"}
    left = uploads.forget({}, after_s=100)
    assert left.keys() == {"a"} and held(running) == 120 * KB and uploads.forget(left, after_s=100) == left
    running.active = {"a", "b"}  # came back
    assert uploads.forget(left, after_s=0) == {}
    running.active = {"b"}
    assert uploads.forget(left, after_s=0) == {} and running.closed == ["a"] and held(running) == 60 * KB

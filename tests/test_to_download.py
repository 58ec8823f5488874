"""What a download button makes once it is pressed: it stays while its own session runs, and is gone when nobody can ask for it."""

from collections.abc import Iterator
from types import SimpleNamespace

import pytest
from streamlit.runtime import media_file_manager
from streamlit.runtime.media_file_manager import MediaFileManager
from streamlit.runtime.media_file_storage import MediaFileStorageError
from streamlit.runtime.memory_media_file_storage import MemoryMediaFileStorage

from pages.web import to_download


@pytest.fixture
def files(monkeypatch: pytest.MonkeyPatch) -> Iterator[SimpleNamespace]:
    """Streamlit's files, and run(session, draws): a run that has begun; it gives what ends it. `alive`: the sessions that there are."""
    monkeypatch.setattr(MediaFileManager, to_download.THEIRS, getattr(MediaFileManager, to_download.THEIRS))  # put back afterwards
    to_download.keep_while_running()
    manager, alive, now = MediaFileManager(MemoryMediaFileStorage("/media")), {"a", "b"}, SimpleNamespace(session_id="")
    monkeypatch.setattr(media_file_manager, "_get_session_id", lambda: now.session_id)
    monkeypatch.setattr(to_download, "get_script_run_ctx", lambda: now)
    monkeypatch.setattr(to_download, "_ended", lambda session: session not in alive)

    def begin(session: str) -> None:
        now.session_id = session
        manager.clear_session_refs(session)

    def draw(session: str, key: str = "button") -> str:
        now.session_id = session
        return manager.add_deferred(lambda: b"made", "text/plain", key, "a.txt", element_id=key)

    def end(session: str) -> None:
        now.session_id = session
        manager.remove_orphaned_files()

    def made(file: str) -> bool:
        try:
            return bool(manager.execute_deferred(file))
        except MediaFileStorageError:
            return False

    yield SimpleNamespace(begin=begin, draw=draw, end=end, made=made, alive=alive, manager=manager)


def test_it_can_be_pressed_while_its_session_runs_and_another_s_run_ends(files: SimpleNamespace) -> None:
    files.begin("a")
    file = files.draw("a")
    files.end("a")
    files.begin("a")  # and does not come to the button before ...
    files.begin("b")
    files.end("b")
    assert files.made(file)
    files.draw("a")
    files.end("a")
    assert files.made(file), "the browser may not have the new one yet"


def test_what_is_not_drawn_any_more_goes_after_two_runs_of_its_own_and_with_its_session(files: SimpleNamespace) -> None:
    files.begin("a")
    first, other = files.draw("a"), files.draw("b", "theirs")
    files.end("a")
    for _ in range(20):
        files.begin("a")
        last = files.draw("a")
        files.end("a")
    assert not files.made(first) and files.made(last) and len(files.manager._deferred_callables) == 3  # two of them, and b's
    for _ in range(2):
        files.begin("a")
        files.end("a")
    assert not files.made(last) and files.made(other)
    files.manager.clear_session_refs("b")
    files.alive.discard("b")
    files.begin("a")
    files.end("a")
    assert not files.manager._deferred_callables and not to_download._left

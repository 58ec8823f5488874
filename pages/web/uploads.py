"""How much the files may hold that visitors upload to the pages: of one session, of one address, and of all.

Streamlit keeps what is sent to its upload address in memory, as many files as come, and lets go of them some time after their session. Here
each upload must fit before it is read, counted by its length or, without one, as it comes in; and who has left for good is forgotten.
"""

import time
import traceback
from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import anyio
import streamlit as st
from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from streamlit import runtime
from streamlit.runtime import Runtime
from streamlit.runtime.memory_uploaded_file_manager import MemoryUploadedFileManager

from pages.web.client import household
from pages.web.pace import BYTES_PER_S, WINDOW_S, steady

SESSION, ADDRESS, SERVER = 128 << 20, 192 << 20, 512 << 20  # bytes: of one tab, of one visitor or a class behind one address, of all
UNSEEN_S = 60.0  # until the browser has surely told which widget holds a new file
SWEEP_S = 5.0
RESERVE_S = 10  # before Streamlit would forget a session that left: from then on only chance lets go of its files


@dataclass(eq=False)
class Upload:
    """A file that is coming in, or is here: whose it is and the bytes kept free for it."""

    session: str
    file: str
    client: str
    size: int
    coming: bool = True
    since: float = field(default_factory=time.monotonic)


class Uploads:
    """ASGI middleware in front of Streamlit's upload address."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app
        base = (st.get_option("server.baseUrlPath") or "").strip("/")
        self.prefix = f"{'/' + base if base else ''}/_stcore/upload_file/"
        self.largest = st.get_option("server.maxUploadSize") << 20
        self.uploads: set[Upload] = set()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let everything through but an upload that there is no room for."""
        if scope["type"] != "http" or scope["method"] != "PUT" or not scope["path"].startswith(self.prefix):
            return await self.app(scope, receive, send)
        session, _, file = scope["path"].removeprefix(self.prefix).partition("/")
        length = Headers(scope=scope).get("content-length", "")
        size = int(length) if length.isdecimal() and len(length) < 20 else 0
        if size > self.largest or not runtime.get_instance().is_active_session(session):
            return await self.app(scope, receive, send)  # Streamlit refuses it unread
        upload = Upload(session, file, household(scope["client"][0]), 0)
        self.uploads.add(upload)
        try:
            self._grow(upload, size)
            await self.app(scope, self._counted(upload, receive), self._settled(upload, send))
        except HTTPException as refusal:
            await PlainTextResponse(refusal.detail, refusal.status_code, refusal.headers)(scope, receive, send)
        finally:
            upload.coming = False

    def _counted(self, upload: Upload, receive: Receive) -> Receive:
        """`receive`, which raises HTTPException when more comes in than was announced and there is no room, or when it comes too slowly."""
        paced, came = steady(receive, _too_slow), 0

        async def counted() -> Message:
            nonlocal came
            message = await paced()
            came += len(message.get("body", b""))
            if came > upload.size:
                self._grow(upload, came)
            return message

        return counted

    def _settled(self, upload: Upload, send: Send) -> Send:
        """`send`, which notes at the response's start that the upload is over: the file is now in Streamlit's hands, or dropped."""

        async def settled(message: Message) -> None:
            upload.coming = False
            await send(message)

        return settled

    def _grow(self, upload: Upload, size: int) -> None:
        """Keep that many bytes free for an upload, or raise HTTPException with a sentence. Files that no page holds any more make room."""
        for unused in (False, True):
            if unused:
                drop_unused([other for other in self.uploads if other.client == upload.client])
            files = _manager().file_storage
            self.uploads = {u for u in self.uploads if u.coming or u.file in files.get(u.session, ())}
            others = self.uploads - {upload}
            refusal = _refusal(
                size + sum(u.size for u in others if u.session == upload.session),
                size + sum(u.size for u in others if u.client == upload.client),
                size + sum(u.size for u in others),
            )
            if refusal is None:
                upload.size = size
                return
        assert refusal is not None
        raise refusal


def _refusal(session: int, address: int, server: int) -> HTTPException | None:
    """Why that many bytes are too many; None when they are not."""
    if session > SESSION:
        return HTTPException(413, f"Your files on this page would take up more than {SESSION >> 20} MB. Remove one and try again.")
    if address > ADDRESS:
        return HTTPException(413, f"The files from your address would take up more than {ADDRESS >> 20} MB. Try again in a few minutes.")
    if server > SERVER:
        return HTTPException(503, "The server holds as many files as it can. Try again in a few minutes.", {"Retry-After": "120"})
    return None


def _too_slow() -> HTTPException:
    return HTTPException(408, f"The upload came in below {BYTES_PER_S / 1000:g} kB/s for {WINDOW_S:g} s. Try a faster connection.")


def drop_unused(uploads: Collection[Upload]) -> None:
    """Let go of files that their page no longer holds: the visitor went to another page, whose widgets know nothing of them."""
    for session in {upload.session for upload in uploads}:
        info = _runtime()._session_mgr.get_active_session_info(session)
        if info is None:
            continue
        try:
            widgets = info.session.session_state.get_widget_states()
        except RuntimeError:  # the page runs at this very moment, and changes them
            continue
        held = {file.file_id for widget in widgets for file in widget.file_uploader_state_value.uploaded_file_info}
        for upload in uploads:
            old = not upload.coming and time.monotonic() - upload.since > UNSEEN_S
            if upload.session == session and old and upload.file not in held:
                _manager().remove_file(session, upload.file)


@asynccontextmanager
async def forgetting() -> AsyncIterator[None]:
    """While the server runs: sessions with files that have left for good are closed, which frees their files."""

    async def watch() -> None:
        left: dict[str, float] = {}
        while True:
            await anyio.sleep(SWEEP_S)
            try:
                left = forget(left, st.get_option("server.disconnectedSessionTTL") - RESERVE_S)
            except Exception:  # the server goes on
                traceback.print_exc()

    async with anyio.create_task_group() as group:
        group.start_soon(watch)
        yield
        group.cancel_scope.cancel()


def forget(left: dict[str, float], after_s: float) -> dict[str, float]:
    """Close sessions with files that left so long ago; returns when the others were first missed. `left` is what this gave before."""
    now, still = time.monotonic(), {}
    for session in list(_manager().file_storage):
        if _runtime().is_active_session(session):
            continue
        still[session] = left.get(session, now)
        if now - still[session] >= after_s:
            _runtime().close_session(session)
            _manager().remove_session_files(session)
            del still[session]
    return still


def _runtime() -> Runtime:
    return runtime.get_instance()


def _manager() -> MemoryUploadedFileManager:
    manager = _runtime().uploaded_file_mgr
    assert isinstance(manager, MemoryUploadedFileManager)
    return manager

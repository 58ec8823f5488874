"""Work that takes its time, in a thread of its own: progress with the time left, and a button to stop it. The page stays usable.

Few run at once, whoever asks. What came of it lies in the session that asked, in no cache, and a session that is left stops its work.
"""

import os
import sys
import threading
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import streamlit as st
from streamlit import runtime
from streamlit.runtime.scriptrunner import get_script_run_ctx

from core.checkpoints import CheckpointError
from core.data.uploads import UploadError
from core.restore import RestoreError
from core.words import duration
from pages.session import link
from pages.web import errors

POLL_S = 1.0
UNWATCHED_S = 60.0  # without its browser, its session has been left
AT_ONCE = max(1, (os.cpu_count() or 1) // 2)

_turns = threading.BoundedSemaphore(AT_ONCE)


class Stopped(Exception):
    """The work was stopped."""


@dataclass
class Work:
    """Work under way or ended. Written by its thread, read by the page."""

    token: str  # what it is done to, and how: another token is other work
    session: str = ""  # Streamlit's name of the session that asked
    began: float = 0.0  # 0: it waits for its turn
    share: float = 0.0  # done, in [0, 1]
    said: str = ""
    result: Any = None
    error: str = ""
    done: bool = False
    stopped: bool = False
    watched: float = field(default_factory=time.monotonic)

    def step(self, share: float, said: str = "") -> None:
        """Say how much is done; raises Stopped when it is to end."""
        self.share, self.said = min(1.0, share), said or self.said
        if self.should_stop():
            raise Stopped

    def should_stop(self) -> bool:
        """Whether it is to end: somebody pressed Stop, or the browser has been gone for a while. Other pages may be read meanwhile."""
        if connected(self.session):
            self.watched = time.monotonic()
        return self.stopped or time.monotonic() - self.watched > UNWATCHED_S


def connected(session: str) -> bool:
    """Whether the session's browser is there, on whatever page."""
    return not runtime.exists() or runtime.get_instance().is_active_session(session)


def start(slot: str, token: str, do: Callable[[Work], Any]) -> None:
    """Begin `do(work)` for this session; other work in the slot is stopped."""
    stop(slot)
    context = get_script_run_ctx(suppress_warning=True)
    work = st.session_state[slot] = Work(token, context.session_id if context else "")
    threading.Thread(target=_run, args=(work, do), daemon=True, name=slot).start()


def stop(slot: str) -> None:
    """End the slot's work, if there is any."""
    if work := st.session_state.get(slot):
        work.stopped = True


def _run(work: Work, do: Callable[[Work], Any]) -> None:
    try:
        while not _turns.acquire(timeout=0.2):
            if work.should_stop():
                raise Stopped
        try:
            work.began = time.monotonic()
            work.result = do(work)
        finally:
            _turns.release()
    except Stopped:
        work.error = "Stopped."
    except (RestoreError, UploadError, CheckpointError) as error:
        work.error = "Stopped." if work.stopped else errors.words(error)
    except MemoryError:
        work.error = "There was not enough memory. Make the picture smaller and try again."
    except Exception as error:  # the thread must never end without a word
        traceback.print_exc(file=sys.stderr)
        work.error = f"It failed ({type(error).__name__}). Try again, or try another method."
    finally:
        work.done = True


def has(slot: str, token: str) -> bool:
    """Whether the slot's work, under way or ended, is this."""
    work = st.session_state.get(slot)
    return work is not None and work.token == token


def outcome(slot: str, token: str, patience_s: float = 0.0) -> Any:
    """What came of the slot's work if it is this; else None, with its progress or its error drawn.

    patience_s: how long the page waits first, for work that is usually done by then.
    """
    if not has(slot, token):
        return None
    work = st.session_state[slot]
    end = time.monotonic() + patience_s
    while not work.done and time.monotonic() < end:
        time.sleep(0.01)
    if not work.done:
        _watch(slot)
    elif work.error:
        st.warning(link.plain(work.error), icon=":material/info:")
    return work.result if work.done else None


@st.fragment(run_every=POLL_S)
def _watch(slot: str) -> None:
    """The progress with the time left, and a button to stop; draws the page again at the end."""
    work = st.session_state[slot]
    if work.done:
        st.rerun()
    with st.container(horizontal=True, vertical_alignment="center"):
        st.progress(work.share, describe(work, time.monotonic()))
        if st.button("Stop", icon=":material/stop:", key=f"{slot}-stop"):
            work.stopped = True


def describe(work: Work, now: float) -> str:
    """How far it is, in words."""
    if work.stopped:
        return "Stopping …"
    if not work.began:
        return "Waiting for somebody else's job to finish …"
    return f"{work.said or 'Working'}{time_left(work.share, now - work.began)}"


def time_left(share: float, seconds: float) -> str:
    """Of work that has taken so many seconds for this share of it: ", about 12 s left"; "" where that cannot be said yet."""
    if share < 0.02 or seconds < 0.5:
        return " …"
    left = seconds * (1 - share) / share
    return f", about {duration(left, short=True)} left"

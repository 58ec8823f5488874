"""Passwords: checked at a bounded pace for each address, and remembered with the visitor who gave the right one."""

import hmac
import logging
import math
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from core import jobs
from core.training.folder import read_json, write_json
from pages.web import identity

BURST, PER_MINUTE = 10, 6  # wrong guesses from one address: at once, and then on average
MAX_ADDRESSES = 10_000  # whose guesses are counted; the one not seen for longest is forgotten first
MAX_UNLOCKED = 1000  # visitors who are remembered; the first come is the first to be forgotten
UNLOCKED_FILE = ".unlocked.json"

log = logging.getLogger("latent.passwords")


@dataclass
class Guesses:
    """A token bucket for each address that only wrong guesses empty: a class behind one address may all give the right password at once."""

    now: Callable[[], float] = time.monotonic
    levels: OrderedDict[str, tuple[float, float]] = field(default_factory=OrderedDict)  # address: guesses left, when
    lock: threading.Lock = field(default_factory=threading.Lock)

    def allow(self, address: str, is_right: Callable[[], bool]) -> tuple[bool, float]:
        """Whether the guess is right, and 0; or False and the seconds until another will be looked at."""
        with self.lock:  # many tabs of one address count together
            now = self.now()
            left, since = self.levels.pop(address, (float(BURST), now))
            left = min(float(BURST), left + (now - since) * PER_MINUTE / 60)
            looked_at = left >= 1
            right = looked_at and is_right()
            if looked_at and not right:
                left -= 1
            self.levels[address] = left, now
            while len(self.levels) > MAX_ADDRESSES:
                self.levels.popitem(last=False)
            return right, 0.0 if looked_at else (1 - left) * 60 / PER_MINUTE


guesses = Guesses()
_writing = threading.Lock()


def unlock(role: str, text: str, who: str, address: str) -> str:
    """Try a password for this visitor: "" when it was right and is remembered, else what to tell them."""
    right, wait_s = guesses.allow(address, lambda: jobs.check_password(text, role))
    if wait_s:
        return f"Too many wrong passwords came from your network. Wait {math.ceil(wait_s)} seconds, then try again."
    if not right:
        log.warning("A wrong %s password was given from %s.", role, address)
        return "That is not the administrator's password." if role == "admin" else "That is not the password. Ask whoever runs this server."
    try:
        _remember(role, who)
    except OSError as error:
        return f"The password is right, but the server could not keep that ({error.strerror}). Tell whoever runs it."
    return ""


def unlocked(role: str, who: str) -> bool:
    """Whether this visitor gave the password that is asked for now; a changed password asks everybody again."""
    known = _known().get(f"{role} {who}")
    return isinstance(known, str) and hmac.compare_digest(known.encode(), _proof(role, who).encode())


def lock(role: str, who: str) -> None:
    """Forget that this visitor gave the password."""
    with _writing:
        known = _known()
        if known.pop(f"{role} {who}", None) is not None:
            write_json(_file(), known)


def _remember(role: str, who: str) -> None:
    with _writing:
        known = _known() | {f"{role} {who}": _proof(role, who)}
        write_json(_file(), dict(list(known.items())[-MAX_UNLOCKED:]))


def _proof(role: str, who: str) -> str:
    return identity.sign("unlocked", role, who, jobs.password(role) or "")


def _known() -> dict[str, object]:
    known = read_json(_file())
    return known if isinstance(known, dict) else {}


def _file() -> Path:
    return jobs.RUNS / UNLOCKED_FILE

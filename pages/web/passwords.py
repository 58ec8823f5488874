"""Passwords: checked at a bounded pace for each address, and remembered with the visitor who gave the right one."""

import hmac
import logging
import math
import threading
from pathlib import Path

from core import jobs, permission
from core.training.folder import read_json, write_json
from core.words import plural
from pages.web import identity
from pages.web.buckets import Buckets

BURST, PER_MINUTE = 10, 6  # wrong guesses from one address: at once, and then on average
MAX_UNLOCKED = 1000  # visitors who are remembered; the first come is the first to be forgotten
UNLOCKED_FILE = ".unlocked.json"

log = logging.getLogger("latent.passwords")


guesses = Buckets(BURST, PER_MINUTE)  # only a wrong one takes a token: a class behind one address may all give the right password at once
_writing = threading.Lock()


def unlock(role: str, text: str, who: str, address: str) -> str:
    """Try a password for this visitor: "" when it was right and is remembered, else what to tell them."""
    right = False

    def is_wrong() -> bool:
        nonlocal right
        right = permission.check_password(text, role)
        return not right

    if wait_s := guesses.wait_s(address, is_wrong):
        return f"Too many wrong passwords came from your network. Wait {plural(math.ceil(wait_s), 'second')}, then try again."
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
    return identity.sign("unlocked", role, who, permission.password(role) or "")


def _known() -> dict[str, object]:
    known = read_json(_file())
    return known if isinstance(known, dict) else {}


def _file() -> Path:
    return jobs.RUNS / UNLOCKED_FILE

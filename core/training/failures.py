"""What kept a run from its end, in words for its owner. Standard library only."""

from core.training.folder import LOG, is_disk_full

KEPT = "Everything up to the last finished epoch is kept."
MAKE_ROOM = "Make room (delete old runs, for example)"
DISK_FULL = f"The disk is full. {MAKE_ROOM}, then resume. {KEPT}"


class TrainingError(Exception):
    """Training cannot go on; the message says what happened and what to do."""


def explain(error: BaseException) -> str:
    """What went wrong, and what to do about it, for whatever nobody who knows more has explained."""
    if is_disk_full(error):
        return DISK_FULL
    if isinstance(error, ImportError):
        return f"The training code could not be loaded ({error}). Install the requirements again, then resume."
    what = f"{type(error).__name__}: {error}".rstrip(".: ")
    return f"Something unexpected happened ({what}). The run's {LOG} has the details. {KEPT}"

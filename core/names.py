"""What a model or a run may be called: one rule for the Train page, the Models page, uploads and the command line."""

import re
from collections.abc import Iterator
from itertools import count

MAX_NAME = 64  # characters
NAME = re.compile(rf"[A-Za-z0-9][A-Za-z0-9._-]{{0,{MAX_NAME - 1}}}")
RESERVED = ("classifiers", "restorers", "runs")  # folders beside the models


def problem(name: object) -> str:
    """Why nothing can be called that, in a sentence; "" when it can."""
    if not isinstance(name, str) or not NAME.fullmatch(name):
        shown = repr(name[: MAX_NAME + 1] if isinstance(name, str) else name)[:100]
        return (
            f"{shown} cannot be used as a name: use 1 to {MAX_NAME} letters (a to z), digits, dots, dashes and underscores, and begin with "
            "a letter or a digit."
        )
    if name.lower() in RESERVED:  # in any case: not every disk tells one from the other
        return f"{name!r} is reserved for the explorer itself. Choose another name."
    return ""


def numbered(name: str) -> Iterator[str]:
    """NAME, NAME-2, NAME-3, ..., none of them too long."""
    for number in count(1):
        suffix = "" if number == 1 else f"-{number}"
        yield name[: MAX_NAME - len(suffix)] + suffix

"""Errors as words for visitors: what went wrong and what to do, without the paths of this server.

The command line shows whole paths, because its user can go there; a visitor of a page cannot, and need not know them.
"""

import os
import re
from pathlib import Path, PurePosixPath

from core import checkpoints, jobs
from core.data.datasets import data_root
from core.places import PROJECT

# A path in quotes may have spaces in it; another ends at one.
QUOTED = re.compile(r"""(['"])(/[^'"\n]+)\1""")
BARE = re.compile(r"""(?<![\w.:/\\-])/[^\s'"()<>:;,|?*]+""")
DRIVE = re.compile(r"""\b[A-Za-z]:[\\/][^\s'"()<>;,|?*]+""")  # of Windows


def words(error: object) -> str:
    """What an error or a message says; of a file here only its name is left, or its place in a folder that visitors know of."""
    text = str(error)
    for folder in _folders():
        text = text.replace(f"{folder}{os.sep}", "")
        if Path(folder).is_absolute():
            text = text.replace(folder, Path(folder).name)
    text = QUOTED.sub(lambda found: f"{found[1]}{_short(found[2])}{found[1]}", text)
    text = BARE.sub(lambda found: _short(found[0]), text)
    return DRIVE.sub(lambda found: re.split(r"[\\/]", found[0])[-1], text)


def _folders() -> list[str]:
    """The folders that messages speak of, as they are given and in full, the inner ones first."""
    given = [PROJECT, checkpoints.CHECKPOINTS, checkpoints.SHIPPED_ROOT, jobs.RUNS, data_root()]
    outer = [*(folder.absolute().parent for folder in given), Path.home()]
    known = {str(form) for folder in [*given, *outer] for form in (folder, folder.absolute(), folder.resolve())}
    return sorted(known - {".", os.sep}, key=len, reverse=True)


def _short(path: str) -> str:
    """A path's name, if it is a path of this machine; the address of a page (/api/v1/denoise) stays as it is."""
    parts = PurePosixPath(path).parts
    return parts[-1] if len(parts) > 1 and Path(parts[0], parts[1]).exists() else path

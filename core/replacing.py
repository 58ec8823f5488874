"""Write beside, then replace: a file that is always whole, as it was or as it is to be, however its writing ends. Standard library only."""

import os
import stat
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def replacing(target: Path, mode: int = 0o666, durable: bool = False, folder: Path | None = None) -> Iterator[Path]:
    """An empty new file to write to, which takes target's place at the end; after an error nothing is left of it.

    It lies hidden beside target, or in another `folder` of the same disk, under a name that no other process or thread uses.
    `mode` is for os.open, before anything is in the file, and what the umask leaves of it stays, also where a library writes a new file
    of its own mode over it (safetensors: 0600). What is `durable` is on the disk before it takes the old one's place,
    whatever happens to the power.
    """
    beside = (folder or target.parent) / f".{target.name[:40]}.{os.getpid()}.{threading.get_ident()}"  # short: a name has 255 bytes at most
    beside.unlink(missing_ok=True)  # of a killed process that had our numbers
    try:
        descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)  # exclusive: never through somebody's link
        allowed = stat.S_IMODE(os.fstat(descriptor).st_mode)
        os.close(descriptor)
        yield beside
        beside.chmod(allowed)
        if durable:
            _onto_disk(beside)
        beside.replace(target)
    finally:
        beside.unlink(missing_ok=True)


def _onto_disk(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)

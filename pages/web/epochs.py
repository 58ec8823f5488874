"""A run's epochs for the browser: /runs/<id>/<stamp>/<epoch>/<file>, built from its snapshots when asked for and kept for a while.

The addresses never change their content (the stamp belongs to this very run), so the browser may keep what it fetched.
"""

import gzip
from collections.abc import Callable
from pathlib import Path

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from core.export import NotExportable
from core.frame import Frame, of_epoch
from core.jobs import JobError, Run, find
from core.kept import Kept
from core.training import snapshot
from core.training.folder import SUBSET
from core.training.snapshot import SnapshotError
from pages.web import errors
from pages.web.assets import CACHE_FOR_A_YEAR, MEDIA_TYPES, prefix

MAX_KEPT = 24  # files; a decoder has about 1.2 MB
NO_LABEL = "x"

_kept: Kept[str, tuple[bytes, str]] = Kept(MAX_KEPT)  # many watch the same run, and ask for a new epoch at once


def template(run: Run, label: int | None) -> str:
    """The address of a run's files, with {epoch} and {file} to be filled in; `label`: the class that the decoder is to draw."""
    return f"{prefix()}/runs/{run.id}/{run.created * 1000:.0f}-{NO_LABEL if label is None else label}/{{epoch}}/{{file}}"


def respond(request: Request) -> Response:
    """The response to GET /runs/{run}/{stamp}/{epoch}/{file}: the file, or 404 with a sentence."""
    try:
        content, media_type = _kept.get(str(request.url.path), lambda: _build(**request.path_params))
    except (JobError, SnapshotError, NotExportable, LookupError, ValueError, OSError) as error:
        return PlainTextResponse(f"This epoch is not available. {errors.words(error)}", 404, headers={"Cache-Control": "no-store"})
    headers = {"Cache-Control": CACHE_FOR_A_YEAR, "Vary": "Accept-Encoding", "X-Content-Type-Options": "nosniff"}
    if media_type == MEDIA_TYPES[".json"]:
        if "gzip" in request.headers.get("accept-encoding", ""):
            return Response(content, media_type=media_type, headers=headers | {"Content-Encoding": "gzip"})
        content = gzip.decompress(content)
    return Response(content, media_type=media_type, headers=headers | {"Content-Encoding": "identity"})


def _build(run: str, stamp: str, epoch: str, file: str) -> tuple[bytes, str]:
    """The content (JSON: as gzip) and its media type."""
    found = find(run)
    label = _label(stamp)
    if template(found, label) != f"{prefix()}/runs/{run}/{stamp}/{{epoch}}/{{file}}":
        raise LookupError("The run was started again; reload the page.")
    if not epoch.isdecimal() or len(epoch) > 6 or file not in FILES:
        raise LookupError("There is no such file.")
    content, media_type = FILES[file]
    return content(of_epoch(found.folder, found.config, int(epoch), label)), media_type


def _label(stamp: str) -> int | None:
    label = stamp.rpartition("-")[2]
    return int(label) if label.isdecimal() and len(label) <= 3 else None


FILES: dict[str, tuple[Callable[[Frame], bytes], str]] = {
    "figure.json": (lambda frame: gzip.compress(frame.figure(), 6, mtime=0), MEDIA_TYPES[".json"]),
    "decoder.safetensors": (Frame.decoder, "application/octet-stream"),
    "atlas.bin": (Frame.atlas, "application/octet-stream"),
}


def has_subset(folder: Path) -> bool:
    """Whether a run has come so far that there is a map to show."""
    return (folder / SUBSET).is_file() and bool(snapshot.epochs(folder))

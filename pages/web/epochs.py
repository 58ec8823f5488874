"""A run's epochs for the browser: /runs/<id>/<stamp>/<epoch>/<file>, built from its snapshots when asked for and kept for a while.

The addresses never change their content (the stamp belongs to this very run), so the browser may keep what it fetched.
"""

import gzip
import threading
from collections import OrderedDict
from pathlib import Path
from typing import Any

import numpy as np
import streamlit as st
import torch
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from core import export, figures, latent
from core.data.datasets import DATASETS
from core.export import NotExportable, decoder_bytes
from core.jobs import JobError, Run, find
from core.models import ConfigError, rebuild
from core.training import snapshot
from core.training.folder import SUBSET
from core.training.run import read_subset
from core.training.snapshot import Snapshot, SnapshotError
from pages.web import errors
from pages.web.assets import CACHE_FOR_A_YEAR, MEDIA_TYPES

MAX_KEPT = 24  # files; a decoder has about 1.2 MB
ATLAS_CELLS = 16  # a side: fewer than Explore's, because every epoch has one
MIN_BOUND = 3.5  # of the sliders
NO_LABEL = "x"

_kept: OrderedDict[str, tuple[bytes, str]] = OrderedDict()
_lock = threading.Lock()


def template(run: Run, label: int | None) -> str:
    """The address of a run's files, with {epoch} and {file} to be filled in; `label`: the class that the decoder is to draw."""
    return f"{_prefix()}/runs/{run.id}/{run.created * 1000:.0f}-{NO_LABEL if label is None else label}/{{epoch}}/{{file}}"


def _prefix() -> str:
    base = (st.get_option("server.baseUrlPath") or "").strip("/")
    return f"/{base}" if base else ""


def bound(extent: float) -> float:
    """How far the sliders reach for codes up to that far out."""
    return max(MIN_BOUND, float(np.ceil(2 * extent) / 2))


def why_not_live(run: Run) -> str:
    """Why the browser cannot decode for this run's model; "" when it can."""
    try:
        with torch.device("meta"):  # shapes alone: this is asked at every look at a run
            return export.why_not_live(rebuild(run.config.get("model")))
    except ConfigError:
        return "The run's model cannot be built."


def respond(request: Request) -> Response:
    """The response to GET /runs/{run}/{stamp}/{epoch}/{file}: the file, or 404 with a sentence."""
    path = str(request.url.path)
    try:
        content, media_type = _kept_or_built(path, **request.path_params)
    except (JobError, SnapshotError, LookupError, ValueError, OSError) as error:
        return PlainTextResponse(f"This epoch is not available. {errors.words(error)}", 404, headers={"Cache-Control": "no-store"})
    headers = {"Cache-Control": CACHE_FOR_A_YEAR, "Vary": "Accept-Encoding", "X-Content-Type-Options": "nosniff"}
    if media_type == MEDIA_TYPES[".json"]:
        if "gzip" in request.headers.get("accept-encoding", ""):
            return Response(content, media_type=media_type, headers=headers | {"Content-Encoding": "gzip"})
        content = gzip.decompress(content)
    return Response(content, media_type=media_type, headers=headers | {"Content-Encoding": "identity"})


def _kept_or_built(path: str, run: str, stamp: str, epoch: str, file: str) -> tuple[bytes, str]:
    """The content (JSON: as gzip) and its media type."""
    with _lock:
        if path in _kept:
            _kept.move_to_end(path)
            return _kept[path]
    found = find(run)
    label = _label(stamp)
    if template(found, label) != f"{_prefix()}/runs/{run}/{stamp}/{{epoch}}/{{file}}":
        raise LookupError("The run was started again; reload the page.")
    if not epoch.isdecimal() or len(epoch) > 6 or file not in FILES:
        raise LookupError("There is no such file.")
    build, media_type = FILES[file]
    read = snapshot.read(found.folder, int(epoch), found.config.get("model"))
    if label is not None and not (read.model.conditional and label < getattr(read.model.config, "classes", 0)):
        raise LookupError("This model is told no such label.")
    built = build(found, read, label), media_type
    with _lock:
        _kept[path] = built
        while len(_kept) > MAX_KEPT:
            _kept.popitem(last=False)
    return built


def _label(stamp: str) -> int | None:
    label = stamp.rpartition("-")[2]
    return int(label) if label.isdecimal() and len(label) <= 3 else None


def _figure(run: Run, epoch: Snapshot, label: int | None) -> bytes:
    rows, labels = read_subset(run.folder)
    if len(rows) != len(epoch.points):
        raise SnapshotError(f"The snapshot of epoch {epoch.epoch} does not fit the run's list of test images.")
    dataset = run.config.get("dataset")
    classes = DATASETS[dataset].classes if dataset in DATASETS else ()
    figure = figures.latent_map(
        epoch.points, labels, classes, latent.class_medians(epoch.points, labels), rows, latent.has_rings(epoch.model)
    )
    return gzip.compress(figure.to_json(engine="json").encode(), 6, mtime=0)


def _decoder(run: Run, epoch: Snapshot, label: int | None) -> bytes:
    try:
        return decoder_bytes(epoch.model, epoch.plane, label)
    except NotExportable as error:
        raise LookupError(errors.words(error)) from error


def _atlas(run: Run, epoch: Snapshot, label: int | None) -> bytes:
    far = bound(float(np.abs(epoch.points).max()))
    cells = latent.decode_grid(epoch.model, (-far, -far), (far, far), ATLAS_CELLS, epoch.plane, label)
    return np.rint(cells * 255).astype(np.uint8).tobytes()


FILES: dict[str, tuple[Any, str]] = {
    "figure.json": (_figure, MEDIA_TYPES[".json"]),
    "decoder.safetensors": (_decoder, "application/octet-stream"),
    "atlas.bin": (_atlas, "application/octet-stream"),
}


def has_subset(folder: Path) -> bool:
    """Whether a run has come so far that there is a map to show."""
    return (folder / SUBSET).is_file() and bool(snapshot.epochs(folder))

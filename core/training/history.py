"""A run's losses, epoch by epoch: its metrics.jsonl. Standard library only."""

import json
import math
from pathlib import Path
from typing import Any

from core.training.fields import MAX_EPOCHS
from core.training.folder import METRICS, write_text

EXTENT_LIMIT = 65_504.0  # of the points in a snapshot: float16's


def write_metrics(folder: Path, lines: list[dict[str, Any]]) -> None:
    """Write metrics.jsonl anew, whole or not at all."""
    write_text(folder / METRICS, "".join(json.dumps(line) + "\n" for line in lines))


def add_metrics(folder: Path, line: dict[str, Any]) -> None:
    """Add the line of an epoch."""
    with (folder / METRICS).open("a", encoding="utf-8") as file:
        file.write(json.dumps(line) + "\n")


def read_metrics(folder: Path) -> list[dict[str, Any]]:
    """The lines of metrics.jsonl that can be used, in order of epochs; a killed run may have left half a line, an editor anything.

    Losses that are no finite numbers are None.
    """
    lines = {}
    try:
        text = (folder / METRICS).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return []
    for line in text.splitlines():
        try:
            values = json.loads(line)
        except (ValueError, RecursionError):
            continue
        epoch = values.get("epoch") if isinstance(values, dict) else None
        if isinstance(epoch, int) and not isinstance(epoch, bool) and 0 <= epoch <= MAX_EPOCHS:
            losses = {split: _losses(values.get(split)) for split in ("train", "test")}
            extent = _finite(values.get("extent"), EXTENT_LIMIT)
            lines[epoch] = values | losses | {"extent": None if extent is None else abs(extent)}
    return [lines[epoch] for epoch in sorted(lines)]


def _losses(found: object) -> dict[str, float | None] | None:
    return {name: _finite(value) for name, value in found.items()} if isinstance(found, dict) else None


def _finite(value: object, limit: float = 1e15) -> float | None:
    """A number as it is; None for anything else, and for one beyond the limit."""
    return value if isinstance(value, int | float) and not isinstance(value, bool) and abs(value) <= limit else None


def final_kl_nats(lines: list[dict[str, Any]]) -> float | None:
    """The KL on the test images after the last of these epochs, nats per image; None before the first, or where there is none."""
    losses = lines[-1].get("test") if lines and lines[-1]["epoch"] > 0 else None
    kl = losses.get("kl_nats") if isinstance(losses, dict) else None
    return float(kl) if isinstance(kl, int | float) and math.isfinite(kl) else None

"""The new images as a sheet, and their codes, with what was said of each, as a table."""

from core.checkpoints import Checkpoint
from core.figures import class_name
from core.frame import class_names
from core.generation import Request
from core.sheets import MAX_IMAGES
from pages.generating import by_image
from pages.session import caches, take_along
from pages.session.properties import told_names
from pages.session.take_along import Columns


def offer(checkpoint: Checkpoint, request: Request, how: str) -> None:
    """The button. `how`: how they were drawn, as Markdown."""
    drawn, table = caches.drawn(checkpoint.name, request), columns(checkpoint, request)
    judge, _ = by_image.classifier_for(checkpoint)
    said = [""] * len(drawn.images) if not judge and drawn.told is None else by_image.captions(checkpoint, request, drawn, judge)
    notes = how.replace("**", ""), f"Temperature {request.temperature:g}, seed {request.seed}"
    take_along.offer(
        "generated", f"{checkpoint.name}-generated", lambda: take_along.sheet_of(
            checkpoint, "New images", drawn.images[:MAX_IMAGES], 10, captions=said[:MAX_IMAGES], notes=notes
        ), columns=lambda: table,
    )  # fmt: skip


def columns(checkpoint: Checkpoint, request: Request) -> Columns:
    """Each image's code, the class that the model was told, and what the classifier says of it, where there is one."""
    drawn, classes = caches.drawn(checkpoint.name, request), class_names(checkpoint.dataset_name)
    table: dict[str, list[object]] = {"number": list(range(1, len(drawn.z) + 1))}
    table |= {f"z{i}": list(column) for i, column in enumerate(drawn.z.T, 1)}
    if drawn.told is not None:
        names = told_names(checkpoint)
        table["told"] = [names[label] for label in drawn.told]
    judge, _ = by_image.classifier_for(checkpoint)
    if judge:
        probabilities = caches.classified(checkpoint.name, request, judge)
        table["looks_like"] = [class_name(classes, int(label)) for label in probabilities.argmax(1)]
        table["probability"] = list(probabilities.max(1))
    return table

"""What the Models page's address can say."""

from collections.abc import Callable, Iterable
from dataclasses import replace

from core import checkpoints
from core.data.datasets import DATASETS
from core.models import MODELS
from pages.session import link
from pages.session.link import UNSET, PartlyUnusableError, Property, Table, UnusableError, Values, one_of, several_of
from pages.session.properties.shared import CHECKPOINT, SCALES

MOST_COMPARED = 4  # models beside each other
OTHER = "other"  # kinds and data sets that are not known here
MAX_SEARCH = 60  # characters


def read_compared(text: str, values: Values) -> list[str]:
    """Two to MOST_COMPARED models that are here; the names never become paths."""
    here = checkpoints.available()
    names = list(dict.fromkeys(name for name in text.split(",") if name))
    found = [name for name in names if name in here][:MOST_COMPARED]
    if not found:
        raise UnusableError(", none of which is here.")
    if left := [link.quote(name) for name in names if name not in found]:
        why = "which are not here" if len(names) <= MOST_COMPARED else f"and only {MOST_COMPARED} that are here are shown"
        raise PartlyUnusableError(found, f"The link asks for more models to compare: {', '.join(left[:5])}, {why}.")
    return found


def compared(values: Values) -> list[str]:
    """The models beside each other; none where there is another view."""
    return [] if values["compare"] is UNSET else values["compare"]


def in_the_order_of(known: Iterable[str]) -> Callable[[list[str]], str]:
    """Writes some of them, and OTHER, in one order, however they were chosen."""
    return lambda chosen: ",".join(name for name in (*known, OTHER) if name in chosen)


def shows_all(values: Values) -> bool:
    """Whether the page shows the gallery."""
    return values["checkpoint"] is UNSET and not compared(values)


def read_words(text: str, values: Values) -> str:
    """What is searched for."""
    if len(text) > MAX_SEARCH:
        raise UnusableError(f", which is longer than {MAX_SEARCH} characters.")
    return text


TABLE: Table = {
    "checkpoint": replace(CHECKPOINT, key="models_shown", default=UNSET, instead="Showing all models."),
    "compare": Property(
        "models to compare", read_compared, "models_compared", UNSET, ",".join,
        when=lambda values: values["checkpoint"] is UNSET, instead="Showing all models.",
    ),
    "scale": Property(
        "the scale", lambda text, values: one_of(SCALES)(text, values) == SCALES[0],
        lambda values: f"models_scale-{','.join(compared(values))}", UNSET, lambda one: SCALES[not one],
        when=lambda values: len(compared(values)) > 1, instead="",
    ),
    "data": Property(
        "data sets", several_of([*DATASETS, OTHER], "data sets", ()), "models_data", [], in_the_order_of(DATASETS), when=shows_all
    ),
    "kind": Property(
        "kinds", several_of([*MODELS, OTHER], "kinds of model", ()), "models_kinds", [], in_the_order_of(MODELS), when=shows_all
    ),
    "search": Property("the words", read_words, "models_search", "", when=shows_all),
}  # fmt: skip

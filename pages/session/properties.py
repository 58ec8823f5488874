"""What each page's address can say: one table of properties a page, a line or two for each, so that whoever opens the link sees the same.

Names and values are a contract: old links go on working. A property's default is what the page shows by itself.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from core import checkpoints, jobs, latent, reconstruction
from core.checkpoints import Checkpoint, CheckpointError
from core.data.corruptions import CORRUPTIONS
from core.data.datasets import DATASETS, on_disk
from core.frame import class_names
from core.generation import MOST_TEMPERATURE, WAYS
from core.methods import METHODS
from core.models import MODELS
from core.models.conditional_vae import NOT_TOLD
from core.shipped import BETAS
from core.training.run_config import RunConfig
from pages.browser.map import LAYERS
from pages.images import cover
from pages.session import link
from pages.session.link import UNSET, PartlyUnusableError, Property, Read, Table, UnusableError, Values, one_of, several_of, told, whole

MAIN = next(iter(checkpoints.SHIPPED))  # the model that a first visitor sees
DEFAULT_LAYERS = ("points", "names")
SHARED_KINDS = ("test", "generate")  # of images; an upload or a drawing is the visitor's own, and no link speaks of it
NO_DAMAGE = "none"
MAX_SEED = 9_999  # of damage and of new images
MAX_INVENTED = 10_000  # seeds of a model's inventions
MOST_NOISE, NOISE_WITHOUT_OWN = 2.0, 0.3  # in a code: the most, and where a model without noise of its own begins
FIRST_METHODS = ("denoiser", "lesson-denoiser", "vae", "tv")  # to denoise: what a first visitor sees compared
WITH_CODES = ("vae", "vae-search")  # methods that use the model of the sidebar
DENOISE = {"digit": "denoise", "photo": "denoise_photo", "picture": "denoise_picture", "files": "denoise_files"}  # a mode's widgets' keys
TABS = {"one": "One digit", "ten": "Ten digits", "noise": "Noise", "larger": "A larger picture"}  # of Super-resolution
GENERATING = {
    "new": "New {nouns}",
    "told": "Told what to draw",
    "morph": "Morphs",
    "complete": "Complete it",
}  # the tabs of Generate; {nouns}: what the model draws
FIRST_COVER = "bottom"
MORPH_ENDS = {"samples": "Two samples", "images": "Two test images"}
MORPH_PATHS = {"straight": "Straight", "sphere": "Along the prior’s sphere"}
LEAST_STEPS, MOST_STEPS, USUAL_STEPS = 3, 12, 9  # of a morph
TOLD_MODEL = "cvae-mnist-2d"  # the shipped model that can be told what to draw
MOST_NEW, USUAL_NEW = 100, 24  # images at a time
FACTORS = (2, 4)
NOISES = ("uniform", "gaussian")
MOST_COMPARED = 4  # models beside each other
SCALES = ("same", "own")  # of their maps
PAIR = "ae-mnist-2d", "beta-1-mnist-2d"  # beside each other on a first visit
LINKS = ("image", "point")  # what two maps share
COMPARING = {"models": "Two models", "dial": "The beta dial", "runs": "Two runs"}  # the modes of Compare
DIAL = ("dial", "z", "classes", "scale")  # of the link: where the beta dial stands and what it shows, in this order
DIAL_HOME, DIAL_Z = float(list(BETAS).index("1")), (0.0, 0.0)  # where a first visitor finds it: the usual VAE, the prior's centre
OTHER = "other"  # kinds and data sets that are not known here
MAX_SEARCH = 60  # characters
LARGEST = 2**31 - 1


def where(**allowed: Any) -> Callable[[Values], bool]:
    """Whether those properties have one of these values; a list, or a single one."""
    return lambda values: all(values[name] in ([wish] if isinstance(wish, str) else wish) for name, wish in allowed.items())


# --- the model -----------------------------------------------------------------------------------------------------------------


def default_checkpoint() -> str | None:
    """The shipped checkpoint, else the first there is, else None."""
    names = checkpoints.available()
    return MAIN if MAIN in names else next(iter(names), None)


def read_checkpoint(text: str, values: Values) -> str:
    """A model that is here; the name never becomes a path."""
    if text not in checkpoints.available():
        raise UnusableError(", which is not here.")
    return text


CHECKPOINT = Property(
    "the model", read_checkpoint, "checkpoint", lambda values: default_checkpoint(), lambda name: name,
    instead=lambda values: f"Showing {name} instead." if (name := default_checkpoint()) else "",
)  # fmt: skip


LAYERS_SHOWN = Property("layers", several_of(LAYERS, "layers", DEFAULT_LAYERS), "layers", list(DEFAULT_LAYERS), ",".join)


def told_names(checkpoint: Checkpoint) -> tuple[str, ...]:
    """The names of the classes that a conditional model can be told; none of another model."""
    model = checkpoint.model
    if not model.conditional:
        return ()
    return class_names(checkpoint.dataset_name) or tuple(map(str, range(getattr(model.config, "classes", 0))))


def drawable(values: Values) -> tuple[str, ...]:
    """The same for the model of these values; none where it cannot be used."""
    try:
        return told_names(checkpoints.opened(str(values["checkpoint"])))
    except CheckpointError:
        return ()


def first_drawn(values: Values) -> int:
    """The class of the point that a first visitor finds."""
    if not (names := drawable(values)):
        return NOT_TOLD
    return usual_drawn(checkpoints.opened(str(values["checkpoint"])), names)


def usual_drawn(checkpoint: Checkpoint, names: Sequence[str]) -> int:
    """The label of the first test image, where the model can be told it."""
    first = int(checkpoint.latents.label[0])
    return first if first < len(names) else NOT_TOLD


def first_style(values: Values) -> tuple[float, float]:
    """The point of the style that a first visitor sees: that of the first test image."""
    try:
        checkpoint = checkpoints.opened(str(values["checkpoint"]))
    except CheckpointError:
        return 0.0, 0.0
    mu = checkpoint.latents.mu
    z1, z2 = latent.map_plane(mu, checkpoint.model.has_prior).points(mu[:1])[0].tolist()
    return round(z1, 4), round(z2, 4)


def read_drawn(text: str, values: Values) -> int:
    """A label that the model can be told, or that it is told none."""
    return NOT_TOLD if text == "none" else whole(0, len(drawable(values)) - 1)(text, values)


def write_drawn(label: int) -> str:
    """The label, or that none is told."""
    return "none" if label == NOT_TOLD else str(label)


def labels(values: Values) -> list[str]:
    """The classes that a model's map shows, as numbers."""
    try:
        return [str(label) for label in np.unique(checkpoints.opened(str(values["checkpoint"])).latents.label)]
    except CheckpointError:
        return []


# --- an image ------------------------------------------------------------------------------------------------------------------


def first_dataset(wanted: str) -> str:
    """The data set that a page begins with: the wanted one where it is on this machine, else the one that needs no download."""
    return wanted if wanted in DATASETS and on_disk(wanted, "test") else "digits"


def dataset_of(values: Values) -> str:
    """The data set that the model learnt from; "" where that is unknown."""
    try:
        return checkpoints.opened(str(values["checkpoint"])).dataset_name
    except CheckpointError:
        return ""


def image(prefix: str, wanted: str | Callable[[Values], str] = "mnist", named: str = "", **inside: Any) -> dict[str, Property]:
    """Where the image comes from and which one it is; `prefix` of the widgets' keys, `wanted`: the data set shown first.

    `named`: what the properties' names begin with, where a page has others of these names.
    """
    kind, data, only = f"{named}kind", f"{named}data", f"{named}class"
    tests, shared = where(**inside, **{kind: "test"}), where(**inside, **{kind: SHARED_KINDS})
    invented = where(**{kind: "generate"})
    return {
        kind: Property(
            "the kind of image", one_of(SHARED_KINDS), f"{prefix}_kind", "test", lambda kind: kind if kind in SHARED_KINDS else None,
            when=where(**inside),
        ),
        data: Property(
            "the data set", one_of(DATASETS), f"{prefix}_dataset", lambda values: first_dataset(told(wanted, values)), when=tests,
            always=lambda values: values[data] != told(wanted, values),  # which may be downloaded one day, and come first from then on
        ),
        only: Property(
            "the class", whole(0, lambda values: len(DATASETS[values[data]].classes) - 1),
            lambda values: f"{prefix}_class-{values[data]}", when=tests,
        ),
        f"{named}image": Property(  # how many there are, the page knows, and says where there are too few
            "the image", whole(0, lambda values: MAX_INVENTED if invented(values) else LARGEST),
            lambda values: f"{prefix}_seed" if invented(values) else f"{prefix}_number-{values[data]}-{values[only]}", 0, when=shared,
        ),
    }  # fmt: skip


# --- Denoise -------------------------------------------------------------------------------------------------------------------


def hurts(values: Values) -> bool:
    """Whether damage is done to an image that others can see too, or to a whole picture."""
    return values["mode"] == "picture" or where(mode="digit", kind=SHARED_KINDS)(values)


def read_sample(text: str, values: Values) -> tuple[int, str]:
    """ "3,NAME" -> (3, NAME): a sample's number, and the model that draws it; without a name the one chosen."""
    number, _, name = text.partition(",")
    name = name or str(values["checkpoint"])
    if name not in checkpoints.available():
        raise UnusableError(", but the model that draws it is not here.")
    return whole(1, LARGEST)(number, values), name


def read_strength(text: str, values: Values) -> float:
    """The strength of the damage."""
    kind = CORRUPTIONS[values["damage"]]
    return whole(int(kind.low), int(kind.high))(text, values) if kind.whole else link.decimal(kind.low, kind.high, text)


def of_filter(name: str) -> Property:
    """The strength of a classical filter."""
    kind = METHODS[name].strength
    assert kind is not None
    read: Read = whole(int(kind.low), int(kind.high)) if kind.whole else lambda text, values: link.decimal(kind.low, kind.high, text)
    return Property(
        f"the strength of {METHODS[name].title}", read, lambda values: f"{DENOISE[values['mode']]}_strength_of-{name}", kind.default,
        link.write_decimal, when=lambda values: name in (values["methods"] if values["mode"] == "digit" else [values["method"]]),
    )  # fmt: skip


def methods(any_size: bool, codes: bool) -> list[str]:
    """The ways to denoise, in order: for pictures of any size, or those for 28 x 28 too; with those that need a model, or without."""
    able = [name for name, method in METHODS.items() if method.any_size or not any_size]
    return [name for name in able if codes or name not in WITH_CODES]


def single_methods(values: Values) -> list[str]:
    """The methods of a photo, a picture or files."""
    whole_picture = values["mode"] == "picture" or (values["mode"] == "files" and values["show"] == "picture")
    return methods(whole_picture, values["checkpoint"] is not None)


def many_methods(values: Values) -> list[str]:
    """The methods of a single digit."""
    return methods(False, values["checkpoint"] is not None)


DENOISING: Table = {
    "checkpoint": CHECKPOINT,
    "mode": Property("the task", one_of(DENOISE), "denoise_mode", "digit"),
    **image("denoise", mode="digit"),
    "sample": Property(  # of a photo or a picture, where the visitor has none
        "the sample", read_sample, "denoise_sample", UNSET, lambda sample: ",".join(map(str, sample)),
        when=where(mode=("photo", "picture")), instead="",
    ),
    "show": Property("files that show", one_of(("digit", "digits", "picture")), "denoise_files_kind", "digit", when=where(mode="files")),
    "flatten": Property(
        "evened light", link.read_flag, "denoise_flatten", False, lambda flat: str(int(flat)), when=where(mode="picture")
    ),
    "damage": Property(
        "the damage", one_of([*CORRUPTIONS, NO_DAMAGE]), lambda values: f"{DENOISE[values['mode']]}_damage-{values['mode'] == 'picture'}",
        lambda values: NO_DAMAGE if values["mode"] == "picture" else next(iter(CORRUPTIONS)), when=hurts,
    ),
    "strength": Property(
        "the strength", read_strength, lambda values: f"{DENOISE[values['mode']]}_strength-{values['damage']}",
        lambda values: CORRUPTIONS[values["damage"]].default if values["damage"] in CORRUPTIONS else 0, link.write_decimal,
        when=lambda values: hurts(values) and values["damage"] != NO_DAMAGE,
    ),
    "seed": Property(
        "the seed", whole(0, MAX_SEED), lambda values: f"{DENOISE[values['mode']]}_damage_seed", 0,
        when=lambda values: hurts(values) and values["damage"] != NO_DAMAGE,
    ),
    "methods": Property(
        "the methods", several_of(many_methods, "methods", FIRST_METHODS), "denoise_methods",
        lambda values: [name for name in many_methods(values) if name in FIRST_METHODS],
        lambda chosen: ",".join(name for name in METHODS if name in chosen), when=where(mode="digit"),
    ),
    "method": Property(
        "the method", one_of(single_methods),
        lambda values: f"{DENOISE[values['mode']]}{'_' + values['show'] if values['mode'] == 'files' else ''}_method",
        lambda values: single_methods(values)[0], when=where(mode=("photo", "picture", "files")),
    ),
    **{f"{name}-strength": of_filter(name) for name, method in METHODS.items() if method.strength},
}  # fmt: skip


# --- Generate ------------------------------------------------------------------------------------------------------------------


def is_asked(values: Values) -> bool:
    """Whether the model is told a class that the way does not give already."""
    return values["tab"] == "new" and values["way"] != "class" and bool(drawable(values))


def test_codes(values: Values) -> int:
    """How many test images the model has codes of."""
    try:
        return len(checkpoints.opened(str(values["checkpoint"])).latents.mu)
    except CheckpointError:
        return 0


def completes(values: Values) -> bool:
    """Whether the page completes an image that others can see too."""
    return where(tab="complete", complete_kind=SHARED_KINDS)(values)


def read_cover(text: str, values: Values) -> str:
    """A cover by its name, or as text; see images/cover.py."""
    if text in cover.READY:
        return cover.write(cover.READY[text])
    if cover.read(text) is None:
        raise UnusableError(", which is not a cover.")
    return text


def write_cover(text: str) -> str:
    """Its name, where it has one."""
    return next((name for name, ready in cover.READY.items() if cover.write(ready) == text), text)


def morph_end(end: str, first: int) -> Property:
    """The seed of a sample, or the number of a test image, at one end of a morph."""
    sampled = where(between="samples")
    return Property(
        "the end of the morph", whole(0, lambda values: MAX_SEED if sampled(values) else test_codes(values) - 1),
        lambda values: f"morph_{end}" if sampled(values) else f"morph_{end}_row-{values['checkpoint']}", first, str,
        when=where(tab="morph"),
    )  # fmt: skip


def tells(values: Values) -> bool:
    """Whether a conditional model is told what to draw."""
    return values["tab"] == "told" and bool(drawable(values))


def read_style(text: str, values: Values) -> tuple[float, float]:
    """A point of the map."""
    if (point := link.read_point(text, values)) is None:
        raise UnusableError(", which is no point.")
    return point


GENERATED: Table = {
    "checkpoint": CHECKPOINT,
    "tab": Property("the tab", one_of(GENERATING), "generate_tab", "new"),
    "way": Property("codes", one_of(WAYS), "generate_way", WAYS[0], when=where(tab="new")),
    "class": Property(
        "the class", lambda text, values: int(one_of(labels)(text, values)), lambda values: f"generate_class-{values['checkpoint']}",
        lambda values: int(next(iter(labels(values)), 0)), str, when=where(tab="new", way="class"),
    ),
    "image": Property(
        "the test image", whole(0, lambda values: test_codes(values) - 1), lambda values: f"generate_row-{values['checkpoint']}", 0, str,
        when=where(tab="new", way="image"),
    ),
    "draw_as": Property(
        "the class to draw as", whole(0, lambda values: len(drawable(values)) - 1),
        lambda values: f"generate_told-{values['checkpoint']}", None, lambda label: None if label is None else str(label), when=is_asked,
    ),
    "temperature": Property(
        "the temperature", lambda text, values: link.decimal(0, MOST_TEMPERATURE, text), "generate_temperature", 1.0, link.write_decimal,
        when=where(tab="new"),
    ),
    "count": Property("how many images", whole(1, MOST_NEW), "generate_count", USUAL_NEW, str, when=where(tab="new")),
    "seed": Property("the seed", whole(0, MAX_SEED), "generate_seed", 0, str, when=where(tab="new")),
    "style": Property(
        "the style", read_style, lambda values: f"told_style-{values['checkpoint']}", first_style, link.write_point, when=tells,
        instead="Showing the usual one instead.",
    ),
    "sheet": Property("the seed of the sheet", whole(0, MAX_SEED), "told_seed", 0, str, when=tells),
    "between": Property("the ends", one_of(MORPH_ENDS), "morph_ends", "samples", when=where(tab="morph")),
    **{end: morph_end(end, first) for end, first in (("from", 0), ("to", 1))},
    "morph_as": Property(
        "the class to draw as", whole(0, lambda values: len(drawable(values)) - 1), lambda values: f"morph_told-{values['checkpoint']}", 0,
        str, when=lambda values: values["tab"] == "morph" and bool(drawable(values)),
    ),
    "path": Property("the path", one_of(MORPH_PATHS), "morph_path", "straight", when=where(tab="morph")),
    "steps": Property("the steps", whole(LEAST_STEPS, MOST_STEPS), "morph_steps", USUAL_STEPS, str, when=where(tab="morph")),
    **image("complete", dataset_of, "complete_", tab="complete"),
    "complete_as": Property(
        "the class to complete as", read_drawn, lambda values: f"complete_told-{values['checkpoint']}", NOT_TOLD, write_drawn,
        when=lambda values: completes(values) and bool(drawable(values)),
    ),
    "cover": Property("the cover", read_cover, "complete_cover", cover.write(cover.READY[FIRST_COVER]), write_cover, when=completes),
}  # fmt: skip


# --- the others ----------------------------------------------------------------------------------------------------------------


def noise_of(values: Values) -> float:
    """What noise a model's codes are first shown with."""
    try:
        codes = checkpoints.opened(str(values["checkpoint"])).latents
    except CheckpointError:
        return NOISE_WITHOUT_OWN
    return usual_noise(reconstruction.posterior_noise(codes.mu, codes.logvar))


def usual_noise(own: float | None) -> float:
    """The noise in the code to begin with: what the model was trained with (reconstruction.posterior_noise), within the slider."""
    return NOISE_WITHOUT_OWN if own is None else float(np.clip(round(own, 2), 0.01, MOST_NOISE))


def has_run(values: Values) -> bool:
    """Whether a run is shown."""
    return isinstance(values["run"], str)


def run_classes(values: Values) -> tuple[str, ...]:
    """The names of the classes that a run's decoder can be told; none of another model, or where there is no such run."""
    try:
        return classes_told(jobs.find(values["run"]).config) if has_run(values) else ()
    except jobs.JobError:
        return ()


def classes_told(config: RunConfig) -> tuple[str, ...]:
    """The same of a run whose config is at hand."""
    if config.model_name not in MODELS or not MODELS[config.model_name].module.conditional:
        return ()
    return DATASETS[config.dataset].classes if config.dataset in DATASETS else ()


def read_drawn_of_run(text: str, values: Values) -> int:
    """A label that the run's decoder can be told, or that it is told none."""
    return NOT_TOLD if text == "none" else whole(0, len(run_classes(values)) - 1)(text, values)


def read_run(text: str, values: Values) -> str:
    """A run that is here; the name never becomes a path."""
    if text not in {run.id for run in jobs.runs()}:
        raise UnusableError(", which is not here, or no longer.")
    return text


# --- Compare -------------------------------------------------------------------------------------------------------------------


def read_centre(text: str, values: Values) -> tuple[float, float]:
    """A point; there always is one."""
    if (z := link.read_point(text, values)) is None:
        raise UnusableError(", which is no point.")
    return z


def usual_pair() -> list[str]:
    """Two models that are here: those of a first visit."""
    names = checkpoints.in_order(checkpoints.available())
    return [*[name for name in PAIR if name in names], *[name for name in names if name not in PAIR]][:2]


def read_pair(text: str, values: Values) -> list[str]:
    """Two models that are here; the names never become paths."""
    names, here = text.split(","), checkpoints.available()
    if len(names) != 2 or not all(name in here for name in names):
        raise UnusableError(", which are not two models that are here.")
    return names


COMPARED: Table = {
    "mode": Property("what to compare", one_of(COMPARING), "compare_mode", next(iter(COMPARING))),
    "models": Property(
        "the models", read_pair, "models_pair", lambda values: usual_pair(), ",".join, when=where(mode="models"),
        instead="Showing others instead.",
    ),
    "link": Property("what links the maps", one_of(LINKS), "models_link", LINKS[0], when=where(mode="models")),
    "dial": Property(
        "the dial's position", lambda text, values: link.decimal(0, len(BETAS) - 1, text), "dial_at", DIAL_HOME, link.write_decimal,
        when=where(mode="dial"),
    ),
    "first": Property("the first run", read_run, "compare_first", UNSET, str, when=where(mode="runs"), instead=""),
    "second": Property("the second run", read_run, "compare_second", UNSET, str, when=where(mode="runs"), instead=""),
    "epoch": Property(
        "the epoch", whole(0, LARGEST), "compare_epoch", UNSET, when=where(mode="runs"), instead="Showing the newest one instead."
    ),
    "z": Property(
        "the point", read_centre, lambda values: f"{values['mode']}_z", DIAL_Z, link.write_point,
    ),
    "classes": Property(
        "classes", several_of([str(label) for label in range(len(DATASETS["mnist"].classes))], "classes", ()), "dial_classes", [], ",".join,
        when=where(mode="dial"), instead="Showing all of them instead.",
    ),
    "scale": Property(
        "the scale", one_of(SCALES), lambda values: f"{values['mode']}_scale", "own", when=where(mode=("models", "dial"))
    ),
}  # fmt: skip


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


PAGES: dict[str, Table] = {
    "explore": {
        "checkpoint": replace(CHECKPOINT, always=True),
        "z": Property(
            "the point", link.read_point, "point", UNSET, link.write_point, said="point_given",
            instead="Showing the starting point instead.",
        ),
        "layers": LAYERS_SHOWN,
        "draw_as": Property(
            "the class to draw as", read_drawn, lambda values: f"draw_as-{values['checkpoint']}", first_drawn,
            write_drawn, when=lambda values: bool(drawable(values)),
        ),
        "view": Property(
            "the view", link.read_view, lambda values: f"view-{values['checkpoint']}", UNSET, instead="Showing the usual one instead."
        ),
        "classes": Property(
            "classes", several_of(labels, "classes", ()), lambda values: f"classes-{values['checkpoint']}", [], ",".join,
        ),
    },
    "reconstruct": {
        "checkpoint": CHECKPOINT,
        **image("reconstruct", dataset_of),
        "sigma": Property(
            "the noise", lambda text, values: link.decimal(0, MOST_NOISE, text), lambda values: f"reconstruct_sigma-{values['checkpoint']}",
            noise_of, link.write_decimal,
        ),
        "draw": Property("the draw of noise", whole(0, LARGEST), "reconstruct_noise", 0),
    },
    "denoise": DENOISING,
    "super-resolution": {
        "tab": Property(
            "the tab", lambda text, values: TABS[one_of(TABS)(text, values)], "sr_tab", TABS["one"],
            lambda title: next(name for name in TABS if TABS[name] == title),
        ),
        **image("sr_source", tab=TABS["one"]),
        "checkpoint": replace(CHECKPOINT, when=where(tab=TABS["one"], kind="generate")),
        "factor": Property(
            "the factor", lambda text, values: int(one_of([str(factor) for factor in FACTORS])(text, values)),
            lambda values: "sr_factor_ten" if values["tab"] == TABS["ten"] else "sr_factor", FACTORS[0],
            when=where(tab=(TABS["one"], TABS["ten"])),
        ),
        "noise": Property("the noise", one_of(NOISES), "sr_noise", NOISES[0], when=where(tab=TABS["noise"])),
        "seed": Property("the seed", whole(0, LARGEST), "sr_noise_seed", 0, when=where(tab=TABS["noise"])),
    },
    "generate": GENERATED,
    "compare": COMPARED,
    "train": {
        "run": Property("the run", read_run, "run", UNSET, lambda run: run, instead=""),
        "epoch": Property(
            "the epoch", whole(0, LARGEST), lambda values: f"run_epoch-{values['run']}", UNSET, when=has_run,
            instead="Showing the newest one instead.",
        ),
        "layers": replace(LAYERS_SHOWN, key="run_layers", when=has_run),
        "draw_as": Property(
            "the class to draw as", read_drawn_of_run, lambda values: f"run_label-{values['run']}", 0, write_drawn,
            when=lambda values: bool(run_classes(values)),
        ),
    },
    "models": {
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
    },
}  # fmt: skip

"""What Denoise's address can say."""

from core import checkpoints
from core.data.corruptions import CORRUPTIONS
from core.methods import METHODS
from pages.session import link
from pages.session.link import UNSET, Property, Read, Table, UnusableError, Values, one_of, several_of, whole
from pages.session.properties.shared import CHECKPOINT, LARGEST, MAX_SEED, SHARED_KINDS, image, where

NO_DAMAGE = "none"
FIRST_METHODS = ("denoiser", "lesson-denoiser", "vae", "tv")  # to denoise: what a first visitor sees compared
WITH_CODES = ("vae", "vae-search")  # methods that use the model of the sidebar
DENOISE = {"digit": "denoise", "photo": "denoise_photo", "picture": "denoise_picture", "files": "denoise_files"}  # a mode's widgets' keys


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


TABLE: Table = {
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

"""What Super-resolution's address can say."""

from dataclasses import replace

from pages.session.link import Property, Table, one_of, whole
from pages.session.properties.shared import CHECKPOINT, LARGEST, image, where

ENLARGING = {"one": "One digit", "ten": "Ten digits", "noise": "Noise", "larger": "A larger picture"}  # the tabs of Super-resolution
FACTORS = (2, 4)
NOISES = ("uniform", "gaussian")


TABLE: Table = {
    "tab": Property("the tab", one_of(ENLARGING), "sr_tab", "one"),
    **image("sr_source", tab="one"),
    "checkpoint": replace(CHECKPOINT, when=where(tab="one", kind="generate")),
    "factor": Property(
        "the factor", lambda text, values: int(one_of([str(factor) for factor in FACTORS])(text, values)),
        lambda values: "sr_factor_ten" if values["tab"] == "ten" else "sr_factor", FACTORS[0],
        when=where(tab=("one", "ten")),
    ),
    "noise": Property("the noise", one_of(NOISES), "sr_noise", NOISES[0], when=where(tab="noise")),
    "seed": Property("the seed", whole(0, LARGEST), "sr_noise_seed", 0, when=where(tab="noise")),
}  # fmt: skip

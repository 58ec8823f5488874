"""What Super-resolution's address can say."""

from dataclasses import replace

from pages.session.link import Property, Table, one_of, whole
from pages.session.properties.shared import CHECKPOINT, LARGEST, image, where

TABS = {"one": "One digit", "ten": "Ten digits", "noise": "Noise", "larger": "A larger picture"}  # of Super-resolution
FACTORS = (2, 4)
NOISES = ("uniform", "gaussian")


TABLE: Table = {
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
}  # fmt: skip

"""What a card says of how good a model is: each figure with its name, its unit, and what it means."""

from dataclasses import dataclass
from typing import Any, NamedTuple

from core import metrics
from core.models import Model
from core.words import number, sentence
from pages.session import words

LEADING = 3  # figures that stand for a model where there is little room
OWN_SCALE = "Its nats are of a density of grey pixels, on a scale of their own: below zero is not better than another model's above."


class Kind(NamedTuple):
    """What there is to know of a figure before it is measured."""

    title: str
    form: str  # with its unit
    digits: int  # after the point
    better: str  # "lower" or "higher"
    words: str
    help: str


@dataclass(frozen=True)
class Figure:
    """A figure of a card, ready to be shown."""

    name: str  # in the card
    title: str
    value: str
    words: str
    help: str
    number: float
    better: str  # "lower" or "higher"
    protocol: str  # how it was measured, a sentence; "" where the card does not say


def of(model: Model, card: dict[str, Any]) -> list[Figure]:
    """The figures that the card has and that fit the kind of model, those that say most first. Of the model its shapes are enough."""
    known = {name: kind for name, kind in _kinds(model).items() if metrics.from_card(card, name) is not None}
    return [_figure(card, name, kind) for name, kind in known.items()]


def leading(model: Model, card: dict[str, Any]) -> list[Figure]:
    """The first few of them."""
    return of(model, card)[:LEADING]


def own_scale(model: Model) -> str:
    """Why the model's nats do not compare with those of most, in a sentence; "" where they do."""
    return "" if model.config.likelihood == "bernoulli" else OWN_SCALE


def _figure(card: dict[str, Any], name: str, kind: Kind) -> Figure:
    value = metrics.from_card(card, name)
    assert value is not None, "only figures that the card has are asked for"
    protocol = card["metrics"][name].get("protocol")
    how = sentence(protocol.strip().rstrip(".")) if isinstance(protocol, str) and protocol.strip() else ""
    shown = kind.form.format(number(value, kind.digits))
    return Figure(name, kind.title, shown, kind.words, kind.help, value, kind.better, how)


def _kinds(model: Model) -> dict[str, Kind]:
    """The figures by their names in a card."""
    told = " (whose classes the model was told)" if model.conditional else ""
    density = "; of a density, so it can be negative" if model.config.likelihood != "bernoulli" else ""
    kinds = {
        metrics.elbo_metric(model): Kind(
            "−ELBO", "{} nats", 1, "lower",
            f"what it takes to describe a test image{density}; lower is better", words.elbo_help(model),
        ),
        "nll_nats": Kind(
            "NLL", "{} nats", 1, "lower", "the same with the best possible encoder",
            "Negative log-likelihood, −log p(x), of the same binarised images: an integral over all codes, so no encoder takes part.",
        ),
        "reconstruction_nats": Kind(
            "Reconstruction", "{} nats", 1, "lower", f"what is lost when a test image is drawn from its code{density}; lower is better",
            "The negative log-likelihood of a test image, given its own code.",
        ),
        "knn_accuracy_percent": Kind(
            "10-NN", "{} %", 1, "higher", f"test images recognised from their codes alone{told}",
            "Each test image gets the class that most of its 10 nearest training codes have (10-nearest-neighbour accuracy).",
        ),
        "psnr_db": Kind(
            "PSNR", "{} dB", 1, "higher", "how close reconstructions come to their images; higher is better",
            "Peak signal-to-noise ratio of a test image's reconstruction: ten decibels more are a tenth of the squared error.",
        ),
        "ssim": Kind(
            "SSIM", "{}", 3, "higher", "how alike images and reconstructions look, at most 1; higher is better",
            "Structural similarity: brightness, contrast and structure, compared in small windows.",
        ),
    }  # fmt: skip
    grey = "the same on grey images, whose pixels are not turned into black or white"
    kinds.setdefault("negative_elbo_grey_nats", Kind("−ELBO, grey", "{} nats", 1, "lower", grey, words.elbo_help(model)))
    return kinds

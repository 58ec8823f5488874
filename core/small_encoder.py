"""A model's encoder for a file that must stay small: computed from the decoder, exact or with rounded weights; and how far codes move."""

from collections.abc import Iterator
from copy import deepcopy
from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np
import torch
from torch import nn

from core import latent, posterior
from core.export import anchored_encoder_bytes, encoder_bytes, in_levels, why_not_encoded
from core.models import Model
from core.models.anchors import Anchors

IMAGES = 1000  # that a model draws, to see how far their codes move


@dataclass(frozen=True, eq=False)
class SmallEncoder:
    """An encoder for the browser, in one of three ways."""

    how: Literal["computed", "exact", "rounded"]
    file: bytes  # as nets/encoder.js reads it
    model: Model  # which encodes as that file does


class Spread(NamedTuple):
    """Of many distances the median, the 95th percentile, and the largest."""

    half: float
    most: float
    largest: float


@dataclass(frozen=True)
class Moved:
    """How far a small encoder's codes lie from the model's own."""

    images: int
    distance: Spread
    sigmas: Spread | None  # in standard deviations of the model's posterior at each code; None where it has none


def ways(model: Model) -> Iterator[SmallEncoder]:
    """The ways that there are for a model, the most faithful first; none where the browser cannot run its encoder."""
    if why_not_encoded(model):
        return
    if computed := _computed(model):
        yield computed
        return
    yield SmallEncoder("exact", encoder_bytes(model), model)
    yield SmallEncoder("rounded", encoder_bytes(model, rounded=True), _rounded(model))


@torch.no_grad()
def _computed(model: Model) -> SmallEncoder | None:
    """From the decoder, where the encoder is Bayes' rule of that very decoder (core.posterior.anchored); else None."""
    anchors, lift = model.encoder[-1], model.encoder[0]
    if not isinstance(anchors, Anchors) or not isinstance(lift, nn.Linear):
        return None
    try:
        again = posterior.anchored(model, anchors.side)
    except ValueError:
        return None
    its_lift, its_anchors = again.encoder[0], again.encoder[1]
    assert isinstance(its_lift, nn.Linear) and isinstance(its_anchors, Anchors)
    rounding = 2**-10  # the model's own weights may be of float16
    pairs = (lift.weight, its_lift.weight), (lift.bias, its_lift.bias), (anchors.scores.weight, its_anchors.scores.weight)
    if not all(own.shape == other.shape and torch.allclose(own, other, rtol=rounding, atol=1e-5) for own, other in pairs):
        return None
    its_anchors.scores.bias.copy_(anchors.scores.bias)
    halves = torch.equal(anchors.scores.weight, anchors.scores.weight.half().float())
    if halves:
        its_anchors.scores.weight.copy_(its_anchors.scores.weight.half())
    return SmallEncoder("computed", anchored_encoder_bytes(anchors.scores.bias, anchors.side, model.config.shape, halves), again)


@torch.no_grad()
def _rounded(model: Model) -> Model:
    """The model with its encoder's weights as `in_levels` rounds them."""
    made = deepcopy(model)
    for layer in made.encoder.modules():
        if isinstance(layer, nn.Linear):
            levels, scale = in_levels(layer.weight)
            layer.weight.copy_(levels * scale.unsqueeze(1))
    return made


def moved(model: Model, small: SmallEncoder, codes: np.ndarray, label: int | None = None) -> Moved:
    """How far it moves the codes of images that the model draws of the first IMAGES of its codes (N, D), told this class."""
    x = torch.from_numpy(latent.decode(model, codes[:IMAGES], label)).unsqueeze(1)
    return moved_of(model, small, x, None if label is None else torch.full((len(x),), label))


def moved_of(model: Model, small: SmallEncoder, x: torch.Tensor, label: torch.Tensor | None = None) -> Moved:
    """The same of images (N, 1, H, W)."""
    (mu, logvar), (other, _) = (latent.encode(one, x, label) for one in (model, small.model))
    way = np.linalg.norm(other - mu, axis=1)
    sigmas = None if logvar is None else _spread(np.linalg.norm((other - mu) / np.exp(logvar / 2), axis=1))
    return Moved(len(x), _spread(way), sigmas)


def _spread(values: np.ndarray) -> Spread:
    return Spread(float(np.median(values)), float(np.quantile(values, 0.95)), float(values.max()))

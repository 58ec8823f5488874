"""The panel beside the map: what readout.js, which writes it in the browser, has to know of a model and its test images."""

from typing import Any

import numpy as np

from core import export, figures, latent, metrics
from core.checkpoints import Checkpoint
from core.data.datasets import DATASETS, DatasetError, on_disk
from core.frame import bound
from core.quality import ACTIVE_VARIANCE
from core.reconstruction import DESCRIPTION_SAMPLES
from core.shape import SHAPE
from core.words import subscript
from pages.browser import address
from pages.browser.map import decoding
from pages.exploring import training_codes
from pages.images.pictures import INVENTED_RGB, MISSING_RGB
from pages.session import caches, take_along
from pages.session.caches import MapView
from pages.session.words import NAT, why_refined
from pages.web import assets, errors
from pages.web.assets import Asset

OF_A_DENSITY = "is the −ELBO of this image{given} (of a density: it can be negative)"
DESCRIBES = {"bernoulli": "to describe this image{given} (−ELBO)", "gaussian": OF_A_DENSITY, "laplace": OF_A_DENSITY}


def facts(view: MapView, images: Asset | None, why_not: str) -> dict[str, Any]:
    """All that the panel needs besides what the map has, as JSON: addresses of codes, decoder and test images, and what is true of the
    model. `why_not`: why there are no images.
    """
    model, frame = view.checkpoint.model, view.frame
    labels = range(max(int(frame.labels.max(initial=0)) + 1, len(frame.classes)))
    return {
        **decoding(view),
        "model": _model(view.checkpoint),
        "found": f"{assets.prefix()}/found/{view.checkpoint.name}?of={training_codes.stamp(view.checkpoint)}",  # what the finder asks
        "drawing": _drawing(view.checkpoint),
        "training": training_codes.facts(view),
        "images": address(images) if images else None,
        "instead": f"{why_not} This is what the decoder makes of the code.",
        "classes": [_class(frame.classes, label) for label in labels],
        "plane": {"origin": frame.plane.origin.tolist(), "axes": frame.plane.axes.tolist(), "rest": _rest(view)},
        "dimensions": _dimensions(view.checkpoint),
        "gap": view.gap,  # beyond this distance from the nearest code, no code is near
        "vote_gap": view.vote_gap,  # and beyond this one from the tenth, a vote of the ten nearest means little: as 10-NN regions fade
        "keeps_to_prior": latent.keeps_to_prior(model),
        "conditional": model.conditional,
        "likelihood": model.config.likelihood,
        "sigma": model.config.sigma,
        "beta": getattr(model.config, "beta", 1.0),  # the weight of the KL in its training
        "binarised": metrics.elbo_metric(model) == "negative_elbo_nats",
        "samples": DESCRIPTION_SAMPLES,
        "why_refined": why_refined(model),
        "describes": DESCRIBES[model.config.likelihood].format(given=" given its class" * model.conditional),
        "average": metrics.from_card(view.checkpoint.card, metrics.elbo_metric(model)),
        "nat": NAT,
        "error_rgb": {"missing": MISSING_RGB, "invented": INVENTED_RGB},
    }


def _model(checkpoint: Checkpoint) -> dict[str, str]:
    """Whose images the page shows, for what is taken along or kept: the model's name, a line on it, and whose data it learnt from."""
    name, dataset = checkpoint.name, checkpoint.dataset_name
    return {"name": name, "words": take_along.what(name, checkpoint.model, dataset), "credit": take_along.credit_of(dataset)}


def _dimensions(checkpoint: Checkpoint) -> dict[str, Any]:
    """What each number of a code says, for the traversal table, which goes over so many `sigma` around the `middle`: those of the prior
    where the codes keep to it, else of the codes themselves."""
    told, prior = caches.told_by_each(checkpoint.name), latent.keeps_to_prior(checkpoint.model)
    return {
        "order": told.order.tolist(),
        "used": told.used.tolist(),
        "kl": None if told.kl_nats is None else _rounded(told.kl_nats),
        "variance": _rounded(told.variance),
        "middle": [0] * told.count if prior else _rounded(told.mean),
        "sigma": [1] * told.count if prior else _rounded(told.variance**0.5),
        "prior": prior,
        "threshold": ACTIVE_VARIANCE,
    }


def _rounded(values: np.ndarray) -> list[float]:
    return [round(value, 5) for value in values.tolist()]


def _rest(view: MapView) -> dict[str, Any] | None:
    """What the map's plane leaves out of a code, for the sliders there; None where it leaves out nothing, or the browser cannot decode."""
    shown, rest = view.frame.shown, view.rest
    if not view.code_decoder or rest is None:
        return None
    others = [i for i in range(len(rest.home) + 2) if i not in (shown or (0, 1))]
    return {
        "directions": [[round(v, 7) for v in row] for row in rest.directions.tolist()],
        "home": rest.home.tolist(),
        "reach": [bound(extent) for extent in rest.extent.tolist()],
        "used": rest.used.tolist(),
        "names": [f"{'z' if shown else 'u'}{subscript(i + 1)}" for i in others],
        "title": f"The other {len(others)} numbers" if shown else f"{len(others)} more directions",
    }


def _drawing(checkpoint: Checkpoint) -> dict[str, Any]:
    """For a drawing that lands on the map: the encoder's address and size in bytes, or why there is none."""
    why_not = checkpoint.why_not_for(SHAPE) or export.why_not_encoded(checkpoint.model)
    encoder = None if why_not else caches.encoder(checkpoint.name)
    return {"encoder": address(encoder) if encoder else None, "bytes": len(encoder.content) if encoder else 0, "why_not": why_not}


def _class(names: tuple[str, ...], label: int) -> dict[str, str]:
    return {"name": figures.class_name(names, label), "colour": figures.class_colour(label), "text": figures.text_colour(label)}


def test_images(checkpoint: Checkpoint) -> tuple[Asset | None, str]:
    """The test images that the codes belong to, or None and why they cannot be shown."""
    dataset, expected = checkpoint.dataset_name, len(checkpoint.latents.mu)
    if dataset not in DATASETS:
        return None, "The model's card does not say which data set its codes come from."
    if not on_disk(dataset, "test"):
        return None, f"The test image is not on this machine ({DATASETS[dataset].name} is not downloaded)."
    try:
        count, *shape = caches.test_images(dataset).shape
    except DatasetError as error:
        return None, errors.words(error)
    if count != expected:
        return None, f"{DATASETS[dataset].name} on this machine has {count:,} test images, and the model was measured on {expected:,}."
    if unfit := checkpoint.why_not_for((1, *shape)):
        return None, unfit
    return caches.test_images_file(dataset), ""

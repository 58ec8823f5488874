"""What Reconstruct's address can say."""

import numpy as np

from core import checkpoints, reconstruction
from core.checkpoints import CheckpointError
from pages.session import link
from pages.session.link import Property, Table, Values, whole
from pages.session.properties.shared import CHECKPOINT, LARGEST, dataset_of, image

MOST_NOISE, NOISE_WITHOUT_OWN = 2.0, 0.3  # in a code: the most, and where a model without noise of its own begins


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


TABLE: Table = {
    "checkpoint": CHECKPOINT,
    **image("reconstruct", dataset_of),
    "sigma": Property(
        "the noise", lambda text, values: link.decimal(0, MOST_NOISE, text), lambda values: f"reconstruct_sigma-{values['checkpoint']}",
        noise_of, link.write_decimal,
    ),
    "draw": Property("the draw of noise", whole(0, LARGEST), "reconstruct_noise", 0),
}  # fmt: skip

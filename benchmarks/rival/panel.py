"""What the rival says of its point, rendered on the server at each rerun: the figures that our panel shows, as Streamlit apps show them."""

import base64
import io
from html import escape

import numpy as np
import streamlit as st
from PIL import Image

from core import figures, metrics
from core.checkpoints import Checkpoint
from core.frame import class_names
from core.latent import Reading
from core.reconstruction import Description, describe
from pages.images.pictures import error_map, grey


def show(checkpoint: Checkpoint, reading: Reading, images: np.ndarray | None) -> None:
    """The panel: where the point is, the vote, the nearest code, and on a code its image and losses."""
    names, codes = class_names(checkpoint.dataset_name), checkpoint.latents
    label = int(codes.label[reading.nearest])
    z = ", ".join(f"{v:.2f}" for v in reading.z)
    lines = [
        f"<h2>z = ({z})</h2>{reading.sigmas:.2f} σ from the centre of the prior; "
        f"{100 * reading.prior_share_beyond:.0f} % of it lie farther out.",
        f"{round(reading.vote.share * reading.vote.neighbours)} of the {reading.vote.neighbours} nearest test codes are "
        f"{escape(figures.class_name(names, reading.vote.label))}.",
        f"Nearest: test image {reading.nearest:,}, labelled {escape(figures.class_name(names, label))}, {reading.distance:.2f} away.",
    ]
    if reading.on_code and images is not None:
        x, row = images[reading.nearest].astype(np.float32) / 255, reading.nearest
        logvar = None if codes.logvar is None else codes.logvar[row]
        lines.append(_image(checkpoint, x, describe(checkpoint.model, codes.mu[row], logvar, x, label)))
    st.html('<div data-testid="panel">' + "".join(f"<p>{line}</p>" for line in lines) + "</div>")


def _image(checkpoint: Checkpoint, x: np.ndarray, made: Description) -> str:
    """Test image, reconstruction, error map and what it takes to describe the image."""
    pictures = "".join(f'<img width="84" alt="" src="{_uri(p)}">' for p in (grey(x), grey(made.x_hat), error_map(x, made.x_hat)))
    kl, average = made.kl_nats or 0.0, metrics.from_card(checkpoint.card, metrics.elbo_metric(checkpoint.model))
    total = f"{made.reconstruction_nats + kl:.1f} nats to describe this image; {average or 0:.1f} on average"
    return f"{pictures}<br>{total}: {made.reconstruction_nats:.1f} for what is missed + {kl:.1f} for the code."


def _uri(pixels: np.ndarray) -> str:
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "PNG")
    return "data:image/png;base64," + base64.b64encode(buffer.getvalue()).decode()

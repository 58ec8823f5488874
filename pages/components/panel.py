"""The panel beside the map: what the kept point means, in words a beginner understands with the exact term beside them."""

from dataclasses import dataclass
from html import escape

import numpy as np
import streamlit as st
import torch

from core import figures, latent, metrics
from core.checkpoints import Checkpoint
from core.latent import Reading
from core.models import objectives
from pages.components.pictures import data_uri, error_map, grey

ELBO_SAMPLES = 64
OF_A_DENSITY = "is the −ELBO of this image (of a density: it can be negative)"
DESCRIBE = {"bernoulli": "to describe this image (−ELBO)", "gaussian": OF_A_DENSITY, "laplace": OF_A_DENSITY}

STYLE = """<style>
.pt { font-size: 15px; line-height: 1.45; container-type: inline-size; }
.pt h2 { font-size: 17px; margin: 0 0 2px; padding: 0; }
.pt section { padding: 10px 0; border-top: 1px solid color-mix(in srgb, currentColor 15%, transparent); }
.pt section:first-of-type { border-top: 0; padding-top: 0; }
.pt p { margin: 0; }
.pt .big { font-size: 22px; font-weight: 600; font-variant-numeric: tabular-nums; }
.pt .soft { opacity: .75; font-size: 13px; }
.pt .chip { display: inline-block; min-width: 26px; padding: 0 8px; border-radius: 8px; font-weight: 700; text-align: center; }
.pt .bar { height: 8px; border-radius: 4px; margin: 6px 0; background: color-mix(in srgb, currentColor 12%, transparent); }
.pt .bar div { height: 100%; border-radius: 4px; }
.pt .images { display: grid; grid-template-columns: repeat(3, minmax(0, 1fr)); gap: 8px; margin: 8px 0; }
.pt figure { margin: 0; }
.pt img { width: 100%; aspect-ratio: 1; display: block; image-rendering: pixelated; border-radius: 6px;
          background: color-mix(in srgb, currentColor 6%, transparent); }
.pt figcaption { font-size: 12px; opacity: .8; text-align: center; margin-top: 2px; }
</style>"""


@dataclass(frozen=True)
class ImageReading:
    """A test image and what the model makes of it."""

    x: np.ndarray  # (28, 28) in [0, 1]
    x_hat: np.ndarray  # (28, 28) in [0, 1]
    reconstruction_nats: float
    kl_nats: float | None  # None for a model without a posterior


@torch.no_grad()
def read_image(checkpoint: Checkpoint, row: int, images: np.ndarray) -> ImageReading:
    """Encode, decode and weigh one of the test images, uint8 (N, 28, 28); grey x, ELBO_SAMPLES samples of z.

    A conditional model is told the image's label.
    """
    x = torch.from_numpy(images[row].astype(np.float32) / 255)[None, None]  # (1, 1, 28, 28)
    model = checkpoint.model
    label = torch.tensor([int(checkpoint.latents.label[row])]) if model.conditional else None
    mu, logvar = model.encode(x, label)  # once: it is the same for every sample
    samples = 1 if logvar is None else ELBO_SAMPLES
    spread = None if logvar is None else logvar.expand(samples, -1)
    z = model.reparameterize(mu.expand(samples, -1), spread, torch.Generator().manual_seed(0))
    told = None if label is None else label.expand(samples)
    reconstruction = -model.log_likelihood_nats(model.decode_logits(z, told), x.expand(samples, -1, -1, -1)).mean().item()
    kl = None if logvar is None else objectives.kl_nats(mu, logvar).item()
    x_hat = torch.sigmoid(model.decode_logits(mu, label))[0, 0].numpy()
    return ImageReading(x[0, 0].numpy(), x_hat, reconstruction, kl)


def show(checkpoint: Checkpoint, classes: tuple[str, ...], reading: Reading | None, image: ImageReading | None, instead: str) -> None:
    """Draw the panel. `image` is given when the point is on a test code and its image is here; else `instead` says what is shown."""
    if reading is None:
        st.html(STYLE + '<div class="pt" data-testid="panel"><h2>No point is kept</h2><p>Click anywhere on the map to keep one.</p></div>')
        return
    label = int(checkpoint.latents.label[reading.nearest])
    sections = [_where(reading, checkpoint.model.has_prior), _vote(classes, reading), _nearest(classes, reading, label)]
    if reading.on_code:
        sections.append(_image(checkpoint, image) if image else _decoded_only(checkpoint, reading, instead))
    else:
        sections.append('<p class="soft">Click on a dot to see its test image beside what the model makes of it.</p>')
    body = "".join(f"<section>{section}</section>" for section in sections)
    st.html(f'{STYLE}<div class="pt" data-testid="panel">{body}</div>')


def number(value: float, digits: int = 2) -> str:
    """A number with a proper minus sign."""
    return f"{value:.{digits}f}".replace("-", "−")


def _where(reading: Reading, has_prior: bool) -> str:
    z = ", ".join(number(v) for v in reading.z)
    point = f'<h2>The kept point</h2><p class="big">z = ({z})</p>'
    if not has_prior:
        return (
            f'{point}<p class="soft">A plain autoencoder has no prior: nothing tells its codes where to lie, and nothing promises that '
            "what is decoded between them looks like anything.</p>"
        )
    return (
        f"{point}<p>{number(reading.sigmas)} σ from the centre of the prior</p>"
        f'<p class="soft">The prior is what codes are expected to look like: a round cloud around (0, 0). '
        f"{_percent(reading.prior_share_beyond)} of its draws land farther out.</p>"
    )


def _percent(share: float) -> str:
    return f"{100 * share:.0f} %" if share >= 0.01 else "Less than 1 %"


def _chip(classes: tuple[str, ...], label: int) -> str:
    colour, text = figures.class_colour(label), figures.text_colour(label)
    return f'<span class="chip" style="background:{colour};color:{text}">{escape(figures.class_name(classes, label))}</span>'


def _vote(classes: tuple[str, ...], reading: Reading) -> str:
    vote = reading.vote
    return (
        f"<p>Its neighbours say it is {_chip(classes, vote.label)}</p>"
        f'<div class="bar"><div style="width:{100 * vote.share:.0f}%;background:{figures.class_colour(vote.label)}"></div></div>'
        f'<p class="soft">{round(vote.share * vote.neighbours)} of the {vote.neighbours} nearest test codes are '
        f"{escape(figures.class_name(classes, vote.label))} ({100 * vote.share:.0f} %, a {vote.neighbours}-nearest-neighbour vote)</p>"
    )


def _nearest(classes: tuple[str, ...], reading: Reading, label: int) -> str:
    away = number(reading.distance) if reading.distance >= 0.005 else "less than 0.01"
    where = "This is its code." if reading.on_code else f"Its code is {away} away."
    return f"<p>Nearest: test image {reading.nearest:,}, labelled {_chip(classes, label)}</p><p class='soft'>{where}</p>"


def _figure(uri: str, caption: str, alt: str) -> str:
    return f'<figure><img src="{uri}" alt="{escape(alt)}"><figcaption>{caption}</figcaption></figure>'


def _image(checkpoint: Checkpoint, image: ImageReading) -> str:
    pictures = (
        _figure(data_uri(grey(image.x)), "test image", "The test image")
        + _figure(data_uri(grey(image.x_hat)), "reconstruction", "What the model makes of it")
        + _figure(data_uri(error_map(image.x, image.x_hat)), "error map", "Where the two differ: blue ink is missing, orange is invented")
    )
    error_words = f'<div class="images">{pictures}</div><p class="soft">Error map: blue ink was left out, orange ink was invented.</p>'
    if image.kl_nats is None:
        return (
            f"{error_words}<p><b>{number(image.reconstruction_nats, 1)} nats</b> of reconstruction loss</p>"
            '<p class="soft">Grey pixels, summed. This model gives each image one code, not a cloud: there is no KL divergence.</p>'
        )
    return (
        f"{error_words}<p><b>{number(image.reconstruction_nats + image.kl_nats, 1)} nats</b> "
        f"{DESCRIBE[checkpoint.model.config.likelihood]}{_beside_average(checkpoint)}</p>"
        f'<p class="soft">{number(image.reconstruction_nats, 1)} for what the reconstruction misses '
        f"+ {number(image.kl_nats, 1)} for the code itself (KL divergence); grey pixels, mean of {ELBO_SAMPLES} samples of z.</p>"
    )


def _beside_average(checkpoint: Checkpoint) -> str:
    entry = metrics.from_card(checkpoint.card, "negative_elbo_grey_nats")
    return "" if entry is None else f"; {number(entry, 1)} on average over the test images"


def _decoded_only(checkpoint: Checkpoint, reading: Reading, instead: str) -> str:
    codes = checkpoint.latents
    label = int(codes.label[reading.nearest]) if checkpoint.model.conditional else None
    x_hat = latent.decode(checkpoint.model, codes.mu[[reading.nearest]], label)[0]
    picture = _figure(data_uri(grey(x_hat)), "reconstruction", "What the model makes of the image")
    return f'<div class="images">{picture}</div><p class="soft">{escape(instead)}</p>'

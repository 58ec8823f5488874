"""The panel beside the map: what the kept point means, in words a beginner understands with the exact term beside them."""

from dataclasses import dataclass
from html import escape

import numpy as np
import streamlit as st
import torch

from core import figures, latent, metrics
from core.checkpoints import Checkpoint
from core.latent import Reading
from pages.images.pictures import data_uri, error_map, grey
from pages.session.words import NAT

ELBO_SAMPLES = 64
MOST_NUMBERS = 4  # of a code that are written out
OF_A_DENSITY = "is the −ELBO of this image{given} (of a density: it can be negative)"
DESCRIBE = {"bernoulli": "to describe this image{given} (−ELBO)", "gaussian": OF_A_DENSITY, "laplace": OF_A_DENSITY}

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
    """Encode, decode and weigh one of the test images, uint8 (N, 28, 28), as its card's -ELBO was measured, with ELBO_SAMPLES samples.

    A conditional model is told the image's label.
    """
    x = torch.from_numpy(images[row].astype(np.float32) / 255)[None, None]  # (1, 1, 28, 28)
    model, generator = checkpoint.model, torch.Generator().manual_seed(0)
    label = torch.tensor([int(checkpoint.latents.label[row])]) if model.conditional else None
    mu, logvar = model.encode(x, label)
    x_hat = model.decode(mu, label)[0, 0].numpy()
    if logvar is None:
        reconstruction, kl = -model.log_likelihood_nats(model.decode_logits(mu, label), x), None
    else:
        seen = x.expand(ELBO_SAMPLES, -1, -1, -1)
        if metrics.elbo_metric(model) == "negative_elbo_nats":
            seen = torch.bernoulli(seen, generator=generator)
        told = None if label is None else label.expand(ELBO_SAMPLES)
        log_likelihood, kl = model.terms_nats(seen, generator=generator, label=told)
        reconstruction = -log_likelihood
    return ImageReading(x[0, 0].numpy(), x_hat, reconstruction.mean().item(), None if kl is None else kl.mean().item())


@dataclass(frozen=True)
class Shown:
    """What the panel is about."""

    checkpoint: Checkpoint
    classes: tuple[str, ...]
    reading: Reading | None  # of the kept point; None: no point is kept
    image: ImageReading | None = None  # given where the point is on a test code and its image is here
    instead: str = ""  # what is shown where that image is not here
    gap: float = float("inf")  # beyond this distance from the nearest code, no code is near
    drawn: int | None = None  # the class that the map's decoder was told
    example: bool = False  # nobody has chosen the point yet

    @property
    def dimensions(self) -> int:
        """Of the codes."""
        return int(self.checkpoint.latents.mu.shape[1])


def show(shown: Shown) -> None:
    """Draw the panel."""
    reading = shown.reading
    if reading is None:
        st.html(STYLE + '<div class="pt" data-testid="panel"><h2>No point is kept</h2><p>Click anywhere on the map to keep one.</p></div>')
        return
    sections = [_where(shown, reading), _vote(shown, reading), _nearest(shown, reading)]
    if reading.on_code:
        sections.append(_image(shown, shown.image) if shown.image else _decoded_only(shown, reading))
    else:
        sections.append('<p class="soft">Click on a dot to see its test image beside what the model makes of it.</p>')
    body = "".join(f"<section>{section}</section>" for section in sections)
    st.html(f'{STYLE}<div class="pt" data-testid="panel">{body}</div>')


def number(value: float, digits: int = 2) -> str:
    """A number with a proper minus sign."""
    return f"{value:.{digits}f}".replace("-", "−")


def _where(shown: Shown, reading: Reading) -> str:
    numbers = [number(v) for v in reading.z]
    z = numbers[0] if len(numbers) == 1 else f"({', '.join(numbers[:MOST_NUMBERS])}{', …' * (len(numbers) > MOST_NUMBERS)})"
    point = f'<h2>The kept point</h2><p class="big">z = {z}</p>'
    if shown.example:
        point = (
            '<h2>An example: the first test image</h2><p class="soft">Click anywhere on the map to keep a point of your own.</p>'
            f'<p class="big">z = {z}</p>'
        )
    if len(numbers) > MOST_NUMBERS:
        point += f'<p class="soft">The first {MOST_NUMBERS} of {len(numbers)} numbers.</p>'
    if not latent.keeps_to_prior(shown.checkpoint.model):
        return (
            f'{point}<p class="soft">Nothing told the codes of this model where to lie (it was trained without a prior), and nothing '
            "promises that what is decoded between them looks like anything.</p>"
        )
    return (
        f"{point}<p>{number(reading.sigmas)} σ from the centre of the prior</p>"
        f'<p class="soft">The <b>prior</b> is what the codes, all together, were trained to look like: {_prior_words(len(numbers))} '
        f"{_percent(reading.prior_share_beyond)} of random draws from it lie farther out.</p>"
    )


def _prior_words(dimensions: int) -> str:
    """The standard normal distribution in so many dimensions."""
    if dimensions == 1:
        return "a bell curve around 0."
    if dimensions == 2:
        return "a round cloud around (0, 0)."
    return f"a round cloud around the origin. In {dimensions} dimensions a typical draw lies about {dimensions**0.5:.1f} σ out."


def _percent(share: float) -> str:
    return "Less than 1 %" if share < 0.01 else "More than 99 %" if share > 0.99 else f"{100 * share:.0f} %"


def _chip(classes: tuple[str, ...], label: int) -> str:
    colour, text = figures.class_colour(label), figures.text_colour(label)
    return f'<span class="chip" style="background:{colour};color:{text}">{escape(figures.class_name(classes, label))}</span>'


def _vote(shown: Shown, reading: Reading) -> str:
    vote = reading.vote
    name = escape(figures.class_name(shown.classes, vote.label))
    doubts = ""
    if not reading.on_code and reading.distance > shown.gap:
        doubts += "<p><b>No code is near</b>, so this vote means little.</p>"
    if shown.checkpoint.model.conditional:
        doubts += (
            '<p class="soft">This model is told the class, so its codes need not say it, and neighbours of every class are no surprise.</p>'
        )
    return (
        f"<p>Its neighbours say it is {_chip(shown.classes, vote.label)}</p>"
        f'<div class="bar"><div style="width:{100 * vote.share:.0f}%;background:{figures.class_colour(vote.label)}"></div></div>'
        f'<p class="soft">{round(vote.share * vote.neighbours)} of the {vote.neighbours} nearest test codes{_in_all(shown)} are '
        f"{name} ({100 * vote.share:.0f} %, a {vote.neighbours}-nearest-neighbour vote).</p>{doubts}"
    )


def _in_all(shown: Shown) -> str:
    """Where distances are not those on the map."""
    return "" if shown.dimensions <= 2 else f", in all {shown.dimensions} dimensions,"


def _nearest(shown: Shown, reading: Reading) -> str:
    away = number(reading.distance) if reading.distance >= 0.005 else "less than 0.01"
    where = "This is its code." if reading.on_code else f"Its code is {away} away{_in_all(shown).rstrip(',')}."
    label = int(shown.checkpoint.latents.label[reading.nearest])
    return f"<p>Nearest: test image {reading.nearest:,}, labelled {_chip(shown.classes, label)}</p><p class='soft'>{where}</p>"


def _figure(uri: str, caption: str, alt: str) -> str:
    return f'<figure><img src="{uri}" alt="{escape(alt)}"><figcaption>{caption}</figcaption></figure>'


def _image(shown: Shown, image: ImageReading) -> str:
    pictures = (
        _figure(data_uri(grey(image.x)), "test image", "The test image")
        + _figure(data_uri(grey(image.x_hat)), "reconstruction", "What the model makes of it")
        + _figure(data_uri(error_map(image.x, image.x_hat)), "error map", "Where the two differ: blue ink is missing, orange is invented")
    )
    model = shown.checkpoint.model
    words = (
        f'<div class="images">{pictures}</div><p class="soft">Error map: blue ink was left out, orange ink was invented.</p>{_told(shown)}'
    )
    if image.kl_nats is None:
        return (
            f"{words}<p><b>{number(image.reconstruction_nats, 1)} nats</b> of reconstruction loss</p>"
            f'<p class="soft">Grey pixels, summed. This model gives each image a single code, not a cloud: there is no KL divergence. '
            f"{NAT}</p>"
        )
    given = " given its class" * model.conditional
    pixels = "binarised pixels" if metrics.elbo_metric(model) == "negative_elbo_nats" else "grey pixels"
    return (
        f"{words}<p><b>{number(image.reconstruction_nats + image.kl_nats, 1)} nats</b> "
        f"{DESCRIBE[model.config.likelihood].format(given=given)}{_beside_average(shown.checkpoint)}</p>"
        f'<p class="soft">{number(image.reconstruction_nats, 1)} for what the reconstruction misses '
        f"+ {number(image.kl_nats, 1)} for the code itself (KL divergence); {pixels}, mean of {ELBO_SAMPLES} samples of z. {NAT}</p>"
    )


def _told(shown: Shown) -> str:
    """For a conditional model: which class the reconstruction was told, where the map's own image was told another."""
    reading = shown.reading
    if reading is None or not shown.checkpoint.model.conditional:
        return ""
    label = int(shown.checkpoint.latents.label[reading.nearest])
    if label == shown.drawn:
        return ""
    drawn = "without a class" if shown.drawn is None else f"as {escape(figures.class_name(shown.classes, shown.drawn))}"
    name = escape(figures.class_name(shown.classes, label))
    return f'<p class="soft">For the reconstruction the model was told the image\'s class, {name}; the map draws the same code {drawn}.</p>'


def _beside_average(checkpoint: Checkpoint) -> str:
    entry = metrics.from_card(checkpoint.card, metrics.elbo_metric(checkpoint.model))
    return "" if entry is None else f"; {number(entry, 1)} on average over the test images"


def _decoded_only(shown: Shown, reading: Reading) -> str:
    codes = shown.checkpoint.latents
    label = int(codes.label[reading.nearest]) if shown.checkpoint.model.conditional else None
    x_hat = latent.decode(shown.checkpoint.model, codes.mu[[reading.nearest]], label)[0]
    picture = _figure(data_uri(grey(x_hat)), "reconstruction", "What the model makes of the image")
    return f'<div class="images">{picture}</div><p class="soft">{escape(shown.instead)}</p>{_told(shown)}'

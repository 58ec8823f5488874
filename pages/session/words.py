"""What pages say of a model in words that fit its kind, its settings and its data."""

from textwrap import shorten

from core import checkpoints, latent, metrics
from core.checkpoints import SHIPPED, Checkpoint, CheckpointError
from core.data.datasets import DATASETS, Dataset
from core.models import Model, entry_of
from core.models.lesson_vae import LessonVAE
from core.models.linear import LinearAutoencoder
from core.words import plural
from pages.session import caches

NO_MODEL = "There is no trained model yet. Train one on the Train page."
NAT = "A <b>nat</b> is a unit of information, like a bit: 1 nat = 1.44 bits."

# What each entry of objectives.LIKELIHOODS makes of a pixel that is drawn wrongly.
LIKELIHOODS = {
    "bernoulli": "*cross-entropy*: each pixel of the drawing is a probability of ink",
    "gaussian": "a *squared error*: each pixel has a normal distribution around what is drawn",
    "laplace": "an *absolute error*: each pixel has a Laplace distribution around what is drawn",
}
UNTOLD = "any class (not told)"  # among the classes that a conditional model can be asked for
MOST_SAID = 320  # characters of a model's description under its name
UNKNOWN = Dataset("unknown", ())


def title_of(name: str) -> str:
    """What a model is called in lists and sentences: its title, and behind it its name where the title is not ours and says another."""
    if name in SHIPPED:
        return SHIPPED[name].title
    try:
        title = caches.entry(name, checkpoints.stamp(name, checkpoints.home(name))).title
    except CheckpointError:
        return name
    return name if title == name else f"{title} ({name})"


def in_a_line(name: str) -> str:
    """What a model is and what to look for, from its card; "" where that says nothing, or cannot be read."""
    try:
        said = checkpoints.card_of(name).get("description")
    except CheckpointError:
        return ""
    return shorten(said, MOST_SAID, placeholder=" …") if isinstance(said, str) else ""


def dataset_of(checkpoint: Checkpoint) -> Dataset:
    """The data set that the checkpoint's card names; one without particulars where it names none that is known."""
    return DATASETS.get(checkpoint.dataset_name, UNKNOWN)


def has_collapsed(checkpoint: Checkpoint) -> bool:
    """Whether its codes say nothing of their images, see `metrics.has_collapsed`."""
    return metrics.has_collapsed(checkpoint.latents.mu, checkpoint.latents.logvar)


def what_it_is(checkpoint: Checkpoint) -> str:
    """What the Explore page shows of this model, as Markdown for a beginner."""
    model, data = checkpoint.model, dataset_of(checkpoint)
    size = model.config.latent_dim
    numbers = plural(size, "number")
    label = " and the label" * model.conditional
    goal = "It was computed to lose as little as it can" if model.linear else "In training the only goal is to lose little"
    if not model.conditional:
        goal += ", and no labels are needed (*self-supervised learning*)"
    seen = "which the model is told" if model.conditional else "which the model never saw"
    beyond = (
        "beyond the last ring, where nothing was learnt" if latent.has_rings(model) else "beyond the last dots, where nothing was learnt"
    )
    change = "the style change" if model.conditional else f"one {data.noun} {'fade' if model.linear else 'turn'} into another"
    tries = [
        f"find the border between {data.look_alikes}",
        f"walk out {beyond}",
        "switch on the *decoded grid* and zoom in",
    ]
    if model.conditional:
        tries[0] = "keep a point and choose another class under *Draw as*: the style stays, the class changes"
    between = f"can be decoded as well: move there and watch {change}"
    if has_collapsed(checkpoint):
        between = "decodes to the same image as the dots: the codes of this model have **collapsed** (*posterior collapse*, a KL near 0)"
        tries = ["move anywhere and see that the image stays", "compare with a model whose β is smaller"]
    return f"""
An **autoencoder** is two networks that learn together. The **encoder** squeezes an image of {model.config.pixels} pixels into a few \
numbers, its **code** (a *latent vector* z; here {numbers}). The **decoder** has only the code{label} to draw the image again. {goal}.

{entry_of(model).explanation}{_beta(model)} What the reconstruction misses is measured by {LIKELIHOODS[model.config.likelihood]}.

- **Every dot** is the code of one test image, an image that the model was not trained on. Its colour is its label, {seen}.
- **The space between the dots** {between}.
- **Try this**: {"; ".join(tries)}.

{_credit(data)}
"""


def _credit(data: Dataset) -> str:
    """Whose images the model learnt from, in a quiet line; "" where the card does not say which."""
    return f":small[:gray[{data.credit}]]" if data.source else ""


def _beta(model: Model) -> str:
    """What the weight of the KL divergence does, where it is not 1; "" for a model without."""
    if getattr(model.config, "adversarial_weight", 1.0) == 0.0:
        return " In this one the discriminator has no weight, so nothing draws the codes towards the prior."
    beta = getattr(model.config, "beta", 1.0)
    if beta == 1.0:
        return ""
    if beta == 0.0:
        return (
            " In this one β = 0: the KL divergence does not count, so nothing draws the clouds towards the prior, and what lies between "
            "them may look like nothing."
        )
    effect = (
        "the codes keep closer to the prior and hold less of the image"
        if beta > 1
        else "the codes hold more of the image and stay less close to the prior"
    )
    return f" In this one the KL divergence is multiplied by β = {beta:g} (a *β-VAE*): {effect}."


ONE_ENCODER = "One encoder has to answer for all images, so its answer is rarely the best for each."
NEAREST_PEAK = "The climb ends at the nearest peak; there may be a better code farther away."


def why_refined(model: Model) -> str:
    """Why an encoder's answer is not an image's best code, and what a climb to a better one looks at, in plain text."""
    if isinstance(model, LinearAutoencoder):
        return (
            "PCA’s code has the smallest squared error there is, as long as pixels may be darker than black and lighter than white. The "
            "climb counts them cut off there, as they are drawn."
        )
    if getattr(model.config, "anchors", 0):
        return (
            "This encoder is no network that has to answer for all images: it finds the most probable code by Bayes’ rule and puts a cloud "
            "around it (Laplace’s approximation). The cloud that costs least may lie a little beside it; what that costs is the "
            f"amortization gap all the same (Cremer et al. 2018). {NEAREST_PEAK}"
        )
    if "kl_nats" in model.LOSSES:
        lesson = " This encoder also learned from the course’s mistaken loss, which adds to it." * isinstance(model, LessonVAE)
        return f"{ONE_ENCODER} What that costs is the amortization gap (Cremer et al. 2018).{lesson} {NEAREST_PEAK}"
    free = " Nothing keeps the code near the prior while it climbs." * model.has_prior
    return (
        f"{ONE_ENCODER} This model answers with a single code, not a cloud, so the climb looks only at how well the picture fits, "
        f"log p(x|z).{free} {NEAREST_PEAK}"
    )


def elbo_help(model: Model) -> str:
    """What the quoted −ELBO is: for a beginner, and exactly."""
    exact = {
        "negative_elbo_nats": "mean over the test images, their grey pixels turned into black or white at random (binarised)",
        "negative_elbo_grey_nats": "mean over the test images, of a probability density of grey pixels, so it can be negative",
    }[metrics.elbo_metric(model)]
    told = "; the model is told each image's class" if model.conditional else ""
    return (
        "How much information it takes to describe a test image with this model, in **nats** (1 nat = 1.44 bits): for its code, and for "
        f"what the reconstruction misses. Exactly: the negative evidence lower bound on log p(x), {exact}{told}."
    )

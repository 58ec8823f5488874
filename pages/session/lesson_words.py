"""The lesson in its order: of each step what it says, the exact words for it, where it is done live, and which questions belong to it."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from core.shipped import SHIPPED
from pages.session import exercise_words
from pages.session.exercise_words import COMPARE, DENOISE, GENERATE, IN_THE_MIDDLE, RECONSTRUCT, SUPER_RESOLUTION, TRAIN, Exercise, about

MAIN = next(iter(SHIPPED))  # the model that a first visitor sees


class Link(NamedTuple):
    """A page and its address, and where in words it leads."""

    words: str
    page: str
    query: Mapping[str, str]


class Step(NamedTuple):
    """A step of the lesson; its words are true of the models that its links show."""

    title: str
    terms: str  # the exact words for it
    words: str  # Markdown
    links: Sequence[Link]
    questions: Sequence[Exercise]


def on_the_map(exercise: Exercise) -> Exercise:
    """A question on a map, of the main model's."""
    return about(exercise, MAIN, "digit")


def on_train(exercise: Exercise) -> Exercise:
    """A question of the Train page, with what leads there: to its form, also from a run."""
    return exercise._replace(words="Train a model", page="train", session={"run": None})


def on_reconstruct(exercise: Exercise) -> Exercise:
    """A question of the Reconstruct page, with what leads there."""
    return exercise._replace(words="An image and its code", page="reconstruct", link={"checkpoint": MAIN})


VARIES_MOST, MOST_ALIKE, HARDEST = map(on_the_map, exercise_words.ON_THE_MAP)
NOTHING, BETWEEN = map(on_the_map, exercise_words.ANYWHERE)

STEPS = (
    Step(
        "Learning without labels", "self-supervised learning",
        "Nobody tells the model which digit an image shows. It learns to draw the image again from very little, so the image is its own "
        "answer. The colours on the map were added afterwards: that each digit has a place of its own is what the model found by itself.",
        [Link("The map of 10,000 digits", "explore", {"checkpoint": MAIN})],
        [MOST_ALIKE],
    ),
    Step(
        "Encoder, code, decoder", "encoder, latent code z, decoder; bottleneck",
        "The encoder turns the 784 pixels of an image into a few numbers, its code. The decoder draws the image again from them alone. "
        "What does not fit through is lost: compare what comes back through 2 numbers and through 128.",
        [Link("An image and its code", "reconstruct", {"checkpoint": MAIN})],
        [on_train(TRAIN[2]), COMPARE[1]],
    ),
    Step(
        "The plain autoencoder", "loss = reconstruction",
        "It is trained for one thing: that what comes back is like what went in. Nothing says where the codes should lie, so they lie far "
        "out and unevenly. Between them is room that no code ever used, and what is drawn there need not look like a digit.",
        [Link("Its map, and what is drawn there", "explore", {"checkpoint": "ae-mnist-2d", "layers": "points,names,manifold"})],
        [TRAIN[1]],
    ),
    Step(
        "Removing noise", "denoising autoencoder",
        "The network gets a damaged image and is to answer with the clean one. It cannot copy what it is given, so it has to learn what "
        "digits look like. Beside it: the answer of the model of the lesson’s map, which never learnt to denoise, and that of a filter.",
        [Link("A noisy digit", "denoise", {"checkpoint": MAIN, "damage": "gaussian", "strength": "0.6"})],
        [DENOISE[0], DENOISE[1]],
    ),
    Step(
        "Making larger", "super-resolution",
        "From 14 × 14 pixels back to 28 × 28. A rule can only smooth what is left; a network that has seen many digits fills in what was "
        "probably there. The course’s own network does worse than the rule: too much is lost in its bottleneck.",
        [Link("One digit, ×2", "super-resolution", {"tab": "one", "factor": "2"})],
        SUPER_RESOLUTION,
    ),
    Step(
        "A cloud in place of a point", "variational autoencoder (VAE); z = μ + σ · ε",
        "The encoder of a VAE gives each image not a point but a small cloud: a mean (*z_mean*) and a spread (*z_log_var*) for each "
        "number. The decoder gets a random point of it, so neighbours have to be drawn alike. Under the kept image, open *How sure is "
        "the encoder?*: it draws the cloud, and sixteen points of it.",
        [Link("A kept test image", "explore", {"checkpoint": "beta-1-mnist-2d"})],
        [COMPARE[0], RECONSTRUCT[1]],
    ),
    Step(
        "What it is trained for", "loss = reconstruction + KL divergence = −ELBO",
        "Two costs, added up: what is lost in the drawing (reconstruction), and what the code says (KL divergence), which is 0 where every "
        "cloud is the same round one, the prior. A code that says more costs more and saves more. β weighs the two: turn it.",
        [
            Link("The beta dial", "compare", {"mode": "dial"}),
            Link("A model’s figures, and what a good loss is", "models", {"checkpoint": "beta-1-mnist-2d"}),
        ],
        [on_train(TRAIN[0]), COMPARE[2], COMPARE[3], *exercise_words.OF_THE_CODE],
    ),
    Step(
        "The map of codes", "scatter of the latent space",
        "Each dot is one of the 10,000 test images, at the mean of its cloud, in the colour of its digit. The KL pulls them together "
        "around (0, 0): nine in ten lie within the second ring, where the prior has 86 %.",
        [Link("Dots and rings", "explore", {"checkpoint": MAIN, "layers": "points,names,prior"})],
        [VARIES_MOST, HARDEST, on_the_map(IN_THE_MIDDLE), NOTHING],
    ),
    Step(
        "The grid, and new digits", "decoded grid; generation",
        "Decode a point wherever you like: a grid of points shows digits blending into each other. To make a digit that nobody wrote, "
        "draw a code at random from the prior and decode it.",
        [
            Link("The decoded grid", "explore", {"checkpoint": MAIN, "layers": "manifold"}),
            Link("New digits", "generate", {"checkpoint": MAIN, "tab": "new"}),
        ],
        [BETWEEN, GENERATE[0], GENERATE[2], GENERATE[3]],
    ),
    Step(
        "An opponent", "adversarial autoencoder (AAE); discriminator",
        "In place of the KL a second network, the discriminator, tries to tell codes from draws of the prior, and the encoder learns to "
        "deceive it. So all codes together look like the prior, but no single one has a cloud.",
        [Link("Its map", "explore", {"checkpoint": "aae-mnist-2d", "layers": "points,names,prior"})],
        [COMPARE[4], TRAIN[3]],
    ),
    Step(
        "Told what to draw", "conditional VAE",
        "Encoder and decoder are told which digit it is, so the code need only say how it is written: slanted, thick, wide. One code "
        "drawn as each of the ten digits is one handwriting.",
        [Link("One style, ten digits", "generate", {"checkpoint": "cvae-mnist-2d", "tab": "told"})],
        [GENERATE[1]],
    ),
    Step(
        "What it cannot do", "data-specific, lossy",
        "A model knows its own images and nothing else: one that learnt clothes draws a digit as clothes. And it never gives back all "
        "of an image: what goes first is what its loss cares least about.",
        [Link("A digit through a model of clothes", "reconstruct", {"checkpoint": "vae-fashion-2d", "data": "digits"})],
        [*map(on_reconstruct, (RECONSTRUCT[0], RECONSTRUCT[2])), DENOISE[2]],
    ),
)  # fmt: skip

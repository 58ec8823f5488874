"""The models that come with the explorer, in the order in which they are offered, and what their cards say of each.

They are always there and stay as they are. To ship one more: an entry here, its command in the Makefile, its line in .gitignore, and
`core.checkpoints.describe_shipped()`, which writes these words into the cards.
"""

from typing import NamedTuple


class Words(NamedTuple):
    """What a card says of a shipped model: a short title, and what it is and what to look for, in two sentences at most."""

    title: str
    description: str


# the family that differs in β alone: what each shows
BETAS = {
    "0": "Nothing keeps the codes together: look at how far out they lie, and how small each one's cloud is.",
    "0.1": "The pull to the centre is weak: look at how much room the codes still take.",
    "0.3": "Halfway to the usual VAE: look at how the codes begin to fill a round cloud.",
    "1": "The usual VAE, to compare the others with: look at how the codes fill the prior's rings.",
    "3": "The codes cost more, so they say less: look at how digits that look alike share a place.",
    "10": "A code says little more than which digit it is: look at how alike each one is drawn.",
}


def beta_name(value: str) -> str:
    """The checkpoint of that member of the family."""
    return f"beta-{value}-mnist-2d"


def beta(value: str, effect: str) -> Words:
    """Of one of the family that differs in β alone."""
    return Words(f"VAE with β = {value}", f"The same network, images and order with the KL divergence times {value}. {effect}")


SHIPPED: dict[str, Words] = {
    # the main one
    "vae-mnist-2d": Words(
        "VAE: the main model",
        "A variational autoencoder (VAE) that keeps two numbers of each digit; its encoder is Bayes' rule, computed from its decoder. Look "
        "at how every point of the map, also between the dots, decodes to something like a digit.",
    ),
    # why variational?
    "ae-mnist-2d": Words(
        "Plain autoencoder",
        "Learnt to copy digits and nothing else: no prior, no KL divergence. Look at how far out the codes lie, how unevenly they are "
        "spread, and what is decoded where there are none.",
    ),
    "pca-mnist-2d": Words(
        "PCA: straight lines only",
        "The two directions in which digits differ most (principal component analysis, a linear autoencoder). Look at how the classes "
        "overlap and how blurred the digits are: two straight lines say little.",
    ),
    **{beta_name(value): beta(value, effect) for value, effect in BETAS.items()},
    "lesson-vae-mnist-2d": Words(
        "Lesson VAE, as written",
        "The VAE of the course AI for Beginners with its two mistakes: its noise and its KL divergence take one output for two different "
        "things, and every batch gets the same noise. Compare its map and its −ELBO (of the codes it really draws) with β = 1.",
    ),
    "vae-mnist-2d-collapsed": Words(
        "VAE that collapsed",
        "With β = 100 a code costs more than it is worth, so the encoder gave up: its KL is 0 (posterior collapse). Look at the map: all "
        "codes lie in one place, and everywhere the same grey digit is drawn.",
    ),
    "vae-mnist-2d-overfitted": Words(
        "VAE that overfitted",
        "Saw only 500 digits, so often that it knows them by heart. Look at test images beside their reconstructions: many come out as "
        "another digit, and the −ELBO is far above that of its own training images.",
    ),
    # other kinds of model
    "conv-vae-mnist-2d": Words(
        "Convolutional VAE",
        "A VAE that looks for the same strokes everywhere in the image, with far fewer weights. Compare its map with the main model's.",
    ),
    "cvae-mnist-2d": Words(
        "Conditional VAE",
        "Encoder and decoder are told which digit it is, so the code only says how it is written. Choose another digit under Draw as and "
        "see the style stay; on the map all classes lie on top of each other.",
    ),
    "aae-mnist-2d": Words(
        "Adversarial autoencoder",
        "In place of the KL divergence a second network (the discriminator) makes all codes together look like the prior. Look at how they "
        "fill the round cloud, and at the sharp borders between digits.",
    ),
    "vae-mnist-16d": Words(
        "VAE with 16 numbers",
        "Sixteen numbers for each digit instead of two: sharper reconstructions. Look at the map: it is only a plane through the code, "
        "and some of the numbers say nothing (inactive units).",
    ),
    # other images
    "vae-fashion-2d": Words(
        "VAE of clothes",
        "The same VAE on photos of clothes (Fashion-MNIST). Look at where shoes turn into bags and pullovers into coats.",
    ),
    "vae-digits-2d": Words(
        "VAE of small digits",
        "Learnt from scikit-learn's 1,437 digits of 8 by 8 pixels, enlarged, which are always here. Look at its test images: they show "
        "without a download.",
    ),
}

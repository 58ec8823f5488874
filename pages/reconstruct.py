"""Reconstruct: an image, its code, and what is drawn from it; PCA beside it; a better code; noise in the code; how strange the image is."""

import streamlit as st

from core.shape import SHAPE
from pages.images import gallery, sent, source
from pages.reconstructing import KEY, bottlenecks, every_model, gauge, noise, refining
from pages.session import exercise_words, exercises, heading, sidebar, state


def main() -> None:
    """The page."""
    state.begin("reconstruct")
    heading.show("Reconstruct", "reconstruct")
    state.say_problems()
    checkpoint = sidebar.chosen_model(SHAPE)
    if checkpoint is None:
        return
    controls, results = st.columns([0.3, 0.7], gap="medium")
    with controls:
        picked = source.choose(KEY, checkpoint, checkpoint.dataset_name)
        if picked is not None:
            gallery.one(picked.x, picked.title, "The image", "image")
    if picked is not None:
        label = picked.label_for(checkpoint)
        with results:
            made = bottlenecks.show(checkpoint, picked, label)
        with controls:
            sent.menu(KEY, "Reconstruct", {"The image": picked, **made})
        refining.show(checkpoint, picked, label)
        noise.show(checkpoint.name, picked, label)
        gauge.show(checkpoint, picked)
        every_model.show(picked)
    state.address("reconstruct")
    exercises.show("reconstruct", exercise_words.RECONSTRUCT)
    st.expander("What am I looking at?", icon=":material/school:").markdown(WHAT_IT_IS.format(pixels=checkpoint.model.config.pixels))


WHAT_IT_IS = """
The **encoder** turns {pixels} pixels into a few numbers, the **code**; the **decoder** draws the image again from them alone. What \
the code does not hold is lost.

- **Lossy**: a few numbers cannot hold {pixels} pixels. What goes first is what the loss cares least about: hooks, gaps, the exact edge.
- **Data-specific**: the model keeps what tells *its* images apart. A shoe that has to pass through a code made for digits comes out as \
something like a digit. The gauge shows it: the shoe takes many more nats than a digit does.
- **The gauge can be fooled**: it measures how costly an image is to describe. A thin stroke or an almost empty sheet is cheap, even if \
the model has never seen one. Far to the right is strange; far to the left is not "more typical".
- **The course autoencoder** is the convolutional network of the course *AI for Beginners*, which this explorer follows. Its code has \
128 numbers, so more fits through; the rows show how much of that it uses.
- **PCA** (*principal component analysis*) is the best that can be done with straight lines: its code is a weighted sum of pixels and its \
drawing a weighted sum of images. Here it has as many numbers as the model, each in standard deviations of the images it was fitted on.

**Cross-entropy** says how surprising the image's pixels are if each pixel of the drawing is a probability of ink: summed over the \
pixels, in *nats* (1 nat = 1.44 bits). Here it is the same yardstick for all, also for a model that was trained with another loss. A grey \
pixel costs something even where it is drawn exactly. PCA draws no probabilities, so for this figure its pixels are kept between 0.1 % and \
99.9 %. **MSE** is the mean squared error, **PSNR** the same in decibels (more is better), **SSIM** compares patterns (1 means identical).
"""

main()

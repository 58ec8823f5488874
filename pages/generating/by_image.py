"""The new images, under each what a classifier says, and beside it the known image that is nearest: is it copied?"""

from collections.abc import Sequence

import numpy as np
import streamlit as st

from core import checkpoints
from core.checkpoints import Checkpoint
from core.data.datasets import DATASETS, DatasetError, on_disk, to_ink
from core.figures import class_name
from core.frame import class_names
from core.generation import Request
from core.quality import CONFIDENT
from core.words import plural
from pages.images import gallery
from pages.images.gallery import Pair
from pages.session import caches, downloads, link, words
from pages.session.properties import told_names

WORTH_SAYING = 0.1  # a class that a classifier finds less probable is not spoken of


def show(checkpoint: Checkpoint, request: Request) -> None:
    """The images, and what is known of each."""
    name, dataset = checkpoint.name, checkpoint.dataset_name
    drawn, judge = caches.drawn(name, request), classifier_for(checkpoint)
    classes = class_names(dataset)
    verdicts = [verdict(row, classes) for row in caches.classified(name, request, judge)] if judge else [""] * request.count
    if drawn.told is not None:
        told = told_names(checkpoint)
        verdicts = [f"asked for {told[label]}{': ' * bool(said)}{said}" for label, said in zip(drawn.told, verdicts, strict=True)]
    near, why_not = nearest(checkpoint, request)
    gallery.pairs(
        [
            Pair(image, f"draw {number}", said, *(near[number - 1] if near else ()))
            for number, (image, said) in enumerate(zip(drawn.images, verdicts, strict=True), 1)
        ],
        "generated",
    )
    if why_not:
        st.info(why_not, icon=":material/database:")
        if dataset in DATASETS and not on_disk(dataset, "test"):
            downloads.offer(dataset)
    elif near:
        st.markdown(copied(checkpoint, request), help=COPIED_HELP)
    if not judge:
        st.caption(no_classifier(checkpoint))


def classifier_for(checkpoint: Checkpoint) -> str:
    """The name of the classifier that knows what this model draws; "" where none does."""
    name = checkpoint.dataset_name
    if name not in checkpoints.classifiers():
        return ""
    knows = checkpoints.opened_classifier(name).model.config.shape
    return name if tuple(knows) == tuple(checkpoint.model.config.shape) else ""


def no_classifier(checkpoint: Checkpoint) -> str:
    """Why nobody says what the images show."""
    known = [DATASETS[name].name for name in checkpoints.classifiers() if name in DATASETS]
    data = words.dataset_of(checkpoint)
    learned = f"this model learned from {data.name}" if data.source else "what this model learned from is not known"
    return link.plain(
        f"What each image shows is not said: the classifier that ships knows only {' and '.join(known) or 'no data set'}, and {learned}. "
        "Asked all the same, it would name something, and might be sure of it."
    )


def verdict(probabilities: np.ndarray, classes: Sequence[str]) -> str:
    """What the classifier says of an image, (classes,), in a few words: "7, 98 %", or "4 or 9? 52 %, 31 %"."""
    first, second = np.argsort(-probabilities, kind="stable")[:2].tolist()
    names = [class_name(tuple(classes), label) for label in (first, second)]
    if probabilities[first] > CONFIDENT:
        return f"{names[0]}, {percent(probabilities[first])}"
    if probabilities[second] < WORTH_SAYING:
        return f"{names[0]}? {percent(probabilities[first])}"
    return f"{names[0]} or {names[1]}? {percent(probabilities[first])}, {percent(probabilities[second])}"


def percent(share: float) -> str:
    """A probability; one that is not quite 1 is not said to be."""
    return "over 99 %" if share > 0.995 else f"{100 * share:.0f} %"


def nearest(checkpoint: Checkpoint, request: Request) -> tuple[list[tuple[np.ndarray, str, str]], str]:
    """For each image the nearest known one, words for it, and how far it is; or nothing, and why."""
    dataset = checkpoint.dataset_name
    if dataset not in DATASETS:
        return [], "The model’s card does not say which data set it learned from, so there is nothing to look for copies of."
    data = DATASETS[dataset]
    if not on_disk(dataset, caches.known_split(dataset)):
        return [], (
            f"**Are they copied?** To see, each is shown beside the most similar image of {data.name}, which is not on this machine yet."
        )
    try:
        known = caches.known(dataset)
    except DatasetError as error:
        return [], link.plain(str(error))
    if unfit := checkpoint.why_not_for((1, *known.images.shape[1:])):
        return [], link.plain(unfit)
    rows, distances = caches.nearest_known(checkpoint.name, request, dataset)
    which, images = kind(dataset), to_ink(known.images[rows])
    names = [class_name(data.classes, int(label)) for label in known.labels[rows]]
    return [
        (image, f"the nearest: {which} image {row:,}, {name}", f"nearest: {name}, {100 * distance:.0f} % off")
        for image, row, name, distance in zip(images, rows, names, distances, strict=True)
    ], ""


def kind(dataset: str) -> str:
    """Which images are looked among, in a word."""
    return "training" if caches.known_split(dataset) == "train" else "test"


def copied(checkpoint: Checkpoint, request: Request) -> str:
    """How near they are, beside how near real images are."""
    dataset = checkpoint.dataset_name
    data, which, count = DATASETS[dataset], kind(dataset), len(caches.known(dataset).images)
    distances, usual = caches.nearest_known(checkpoint.name, request, dataset)[1], caches.usual_distances(dataset)
    real = f"Real test images are {100 * np.median(usual):.0f} % off (the median of {len(usual):,})"
    here = f"{'this image is' if len(distances) == 1 else 'these are'} {100 * np.median(distances):.0f} % off"
    return (
        f"**Are they copied?** On the right of each is the most similar of {plural(count, f'{which} image')} of {data.name}. A copy would "
        f"be 0 % off. {real}; {here}, the nearest {100 * distances.min():.0f} %."
    )


COPIED_HELP = (
    "How far off: the root mean square difference of the pixels, as a share of full ink. Soft images come out nearer than sharp ones, "
    "because a blur is never far from anything, and thin strokes (a 1) nearer than wide ones. So look at the pairs, too: the same slant, "
    "the same ends, the same gaps would be a copy."
)

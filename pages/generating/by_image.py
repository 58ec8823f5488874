"""The new images, under each what a classifier says, and beside it the known image that is nearest: is it copied?"""

from collections.abc import Sequence

import numpy as np
import streamlit as st

from core import checkpoints, quality
from core.checkpoints import Checkpoint
from core.data.datasets import DATASETS, DatasetError, on_disk, to_ink
from core.figures import class_name
from core.frame import class_names
from core.generation import Drawn, Request
from core.quality import CONFIDENT
from core.words import plural
from pages.images import gallery
from pages.images.gallery import Pair
from pages.session import caches, downloads, link
from pages.session.judge import classifier_for
from pages.session.properties.shared import told_names
from pages.web import errors

WORTH_SAYING = 0.1  # a class that a classifier finds less probable is not spoken of


def show(checkpoint: Checkpoint, request: Request) -> None:
    """The images, and what is known of each."""
    drawn = caches.drawn(checkpoint.name, request)
    judge, why_nobody = classifier_for(checkpoint)
    near: list[tuple[np.ndarray, str, str]] = []
    why_not = damaged = ""
    try:
        near, why_not = nearest(checkpoint, request)
    except DatasetError as error:
        damaged = errors.words(error)
    said = captions(checkpoint, request, drawn, judge)
    gallery.pairs(
        [
            Pair(image, f"draw {i + 1}", caption, *(near[i] if near else ()))
            for i, (image, caption) in enumerate(zip(drawn.images, said, strict=True))
        ],
        "generated",
    )
    if damaged:
        st.error(link.plain(damaged), icon=":material/error:")
    elif why_not:
        st.info(why_not, icon=":material/database:")
        if checkpoint.dataset_name in DATASETS and not on_disk(checkpoint.dataset_name, "test"):
            downloads.offer(checkpoint.dataset_name)
    else:
        st.markdown(copied(checkpoint, request), help=COPIED_HELP)
    if why_nobody:
        st.caption(link.plain(f"What each image shows is not said: {why_nobody}"))


def captions(checkpoint: Checkpoint, request: Request, drawn: Drawn, judge: str) -> list[str]:
    """What each was asked to be, of a conditional model, and what the classifier says of it, where there is one."""
    verdicts = [""] * len(drawn.images)
    if judge:
        classes = class_names(checkpoint.dataset_name)
        verdicts = [verdict(row, classes) for row in caches.classified(checkpoint.name, request, judge)]
    if drawn.told is None:
        return verdicts
    names = told_names(checkpoint)
    return [f"asked for {names[label]}{': ' * bool(said)}{said}" for label, said in zip(drawn.told, verdicts, strict=True)]


def verdicts(checkpoint: Checkpoint, images: np.ndarray) -> tuple[list[str], str]:
    """What the classifier says of each of the model's images (N, H, W), in a few words; or nothing of any, and why."""
    judge, why_none = classifier_for(checkpoint)
    if not judge:
        return [""] * len(images), why_none
    probabilities = quality.class_probabilities(checkpoints.opened_classifier(judge).model, images)
    return [verdict(row, class_names(checkpoint.dataset_name)) for row in probabilities], ""


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
    """For each image the nearest known one, words for it, and how far it is; or nothing, and why. DatasetError where they are damaged."""
    dataset = checkpoint.dataset_name
    if dataset not in DATASETS:
        return [], "The model’s card does not say which data set it learned from, so there is nothing to look for copies of."
    data = DATASETS[dataset]
    if not on_disk(dataset, caches.known_split(dataset)):
        return [], (
            f"**Are they copied?** To see, each is shown beside the most similar image of {data.name}, which is not on this machine yet."
        )
    known = caches.known(dataset)
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

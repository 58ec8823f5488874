"""How good the model is: how many of its images a classifier knows, how evenly the classes come, where on the map the bad ones lie."""

import math

import streamlit as st

from core import checkpoints, figures, latent, metrics
from core.checkpoints import Checkpoint
from core.figures import class_name
from core.frame import Frame, of_checkpoint
from core.generation import JUDGED, Judged, Request, meant
from core.quality import CONFIDENT
from core.words import number
from pages.generating.by_image import verdict
from pages.images import gallery
from pages.session import caches, words
from pages.session.judge import classifier_for

PALE = 3_000  # test codes under the map, at most
SURE = f"{100 * CONFIDENT:.0f} %"


def show(checkpoint: Checkpoint, request: Request) -> None:
    """Two figures and a picture; nothing where no classifier knows what the model draws."""
    judge, _ = classifier_for(checkpoint)
    if not judge:
        return
    noun = words.dataset_of(checkpoint).noun
    st.header("How good is the model?", anchor=False)
    st.markdown(f"{JUDGED:,} more images, drawn in the same way, go through the classifier.")
    found = caches.judged(checkpoint.name, request, judge)
    frame, card = of_checkpoint(checkpoint), checkpoints.opened_classifier(judge).card
    with st.container(horizontal=True, gap="medium"):
        with st.container(width=330, gap="small"):
            known(found, noun, card)
        if meant(checkpoint, request) is None:  # else there is but one class to come
            with st.container(width=330, gap="small"):
                even(found, frame.classes)
        if found.verdict.right is not None:
            with st.container(width=330, gap="small"):
                as_asked(found, checkpoint, request, frame.classes)
    where(checkpoint, frame, found)
    st.caption(trust(card))


def known(found: Judged, noun: str, card: dict) -> None:
    """The share that the classifier knows."""
    low, high = found.confident_between
    st.metric(f"Look like a {noun}", f"{100 * found.verdict.confident:.0f} %")
    real = metrics.from_card(card, "confident_percent")
    beside = f" Of real test images it is {number(real, 0)} %." if real is not None else ""
    st.caption(
        f"The share of which it is over {SURE} sure: {between(100 * low, 100 * high, 1)}\u00a0%, with a confidence of 95\u00a0%.{beside}"
    )


def even(found: Judged, classes: tuple[str, ...]) -> None:
    """How evenly the classes come."""
    said, most = found.verdict, math.log2(len(classes))
    low, high = found.entropy_between_bits
    st.metric("How evenly the classes come", f"{said.entropy_bits:.2f} of {most:.2f} bits")
    st.caption(
        f"The entropy of the classes that it names: {between(low, high, 2)} bits, with a confidence of 95\u00a0%. "
        f"All {len(classes)} equally often would be log₂ {len(classes)} = {most:.2f} bits; always the same one would be 0. Rarest here: "
        f"{class_name(classes, said.rarest)}, {f'{100 * said.rarest_share:.1f} %' if said.rarest_share else 'which never comes'}."
    )


def as_asked(found: Judged, checkpoint: Checkpoint, request: Request, classes: tuple[str, ...]) -> None:
    """How often it sees the class that was meant."""
    assert found.verdict.right is not None and found.right_between is not None
    wanted = meant(checkpoint, request)
    told = checkpoint.model.conditional
    title = "Come out as asked" if wanted is None else f"Come out as {class_name(classes, wanted)}"
    low, high = found.right_between
    st.metric(title, f"{100 * found.verdict.right:.0f} %")
    st.caption(
        f"The share in which it sees {'the class that the model was told' if told else 'the class that the codes are from'}, sure or not: "
        f"{between(100 * low, 100 * high, 1)}\u00a0%, with a confidence of 95\u00a0%."
    )


def between(low: float, high: float, digits: int) -> str:
    """ "51.8 to 57.9"."""
    return f"{low:.{digits}f} to {high:.{digits}f}"


def where(checkpoint: Checkpoint, frame: Frame, found: Judged) -> None:
    """Where on the map the bad ones lie, and those it knows least."""
    classes = frame.classes
    points = frame.plane.points(found.z)
    said = [f"{class_name(classes, int(c))}, {100 * sure:.0f} % sure" for c, sure in zip(found.named, found.confidence, strict=True)]
    some = slice(None, None, -(-len(frame.points) // PALE))
    figure = figures.confidence_map(
        frame.points[some], frame.labels[some], classes, frame.middles, points, 100 * found.confidence, said,
        latent.has_rings(checkpoint.model),
    )  # fmt: skip
    with st.container(key="generate-where"):  # beside each other where there is room
        with st.container():
            st.markdown("**Where the bad ones lie**")
            st.plotly_chart(figure, width="stretch", key="generate_map", config={"displayModeBar": False})
            plane = " The map shows a plane through the codes: what looks near on it may be far apart." * (found.z.shape[1] > 2)
            st.caption(
                f"Each dot is the code of an image drawn: blue where the classifier is over {SURE} sure, orange to brown where it is not. "
                f"The pale dots are the codes of the test images.{plane}"
            )
        with st.container():
            st.markdown("**The ones it knows least**")
            captions = [verdict(row, classes) for row in found.doubtful_probabilities]
            gallery.strip(found.doubtful_images, captions, "doubtful", many=True)


def trust(card: dict) -> str:
    """What the classifier's being sure is worth."""
    right, error = (metrics.from_card(card, name) for name in ("accuracy_percent", "calibration_error_percent"))
    text = "**Can the classifier be trusted?** "
    if right is not None:
        text += f"It names {number(right, 1)} % of the test images rightly"
        text += f", and how sure it is differs from how often it is right by {number(error, 1)} points on average " * (error is not None)
        text += "(*expected calibration error*). " if error is not None else ". "
    return text + (
        "That holds for real images. A network can be sure of nonsense, too: an image that it knows looks like one of its classes to it, "
        "and need not be a good one."
    )

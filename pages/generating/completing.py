"""Complete it: part of an image is covered, and the model fills it in, in every way that explains the rest."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import streamlit as st

from core import checkpoints, completion, figures, latent
from core.checkpoints import Checkpoint
from core.completion import BARRIER_NATS, STARTS, Completion, Exact, Reference
from core.data.datasets import DATASETS, DatasetError, on_disk, to_ink
from core.models.conditional_vae import NOT_TOLD
from core.shape import SHAPE, SIDE
from core.words import number, plural
from pages.browser import tools
from pages.generating import by_image
from pages.images import cover, gallery, sent, source
from pages.images.gallery import Figure, Picture
from pages.images.picked import Picked
from pages.images.pictures import data_uri, grey
from pages.session import caches, link, take_along, words
from pages.session.properties.generate import FIRST_COMPLETED, FIRST_COVER
from pages.session.properties.shared import told_names

KEY = "complete"
UNLIKELY = 0.01  # an answer with a smaller probability is hardly one
RARE = 0.01  # what fewer test images than this share cost, the model cannot explain
DRAWN = 12  # draws of the posterior that are shown
DOTS = 3_000  # of the map
KEPT = 16  # completions of a session

NAMED = (
    "Under each title: what a classifier, another network, says the image shows, and how sure it is. It sees the visible pixels together "
    "with those that were filled in."
)

Found = tuple[Completion, Reference | None]


def show(checkpoint: Checkpoint) -> None:
    """The image, its cover, and what the model makes of it."""
    if why := checkpoint.why_not_for(SHAPE):
        st.info(link.plain(f"This model’s images do not fit here: {why}"), icon=":material/aspect_ratio:")
        return
    controls, results = st.columns([0.42, 0.58], gap="large")
    with controls:
        picked = source.choose(KEY, checkpoint, checkpoint.dataset_name, FIRST_COMPLETED)
        if picked is None:
            return
        st.caption(link.plain(picked.title))
        hidden = ask_cover(picked)
        label = ask_label(checkpoint)
    with results:
        if hidden.all() and not latent.keeps_to_prior(checkpoint.model):
            st.info("Everything is covered, and this model has no prior: any code is as good as any other. Uncover some pixels.")
            return
        found, reference = find(checkpoint, picked, hidden, label)
        show_answers(checkpoint, picked, hidden, found, reference)
    with st.container(key="generate-drawn"):  # beside each other where there is room
        if found.exact is not None and hidden.any():
            with st.container():
                show_draws(checkpoint, picked, hidden, found.exact, label)
        with st.container():
            show_map(checkpoint, found)


# --- what is asked ---------------------------------------------------------------------------------------------------------------


def ask_cover(picked: Picked) -> np.ndarray:
    """What of the image is covered, bool (28, 28)."""
    state = st.session_state
    text = state.setdefault(f"{KEY}_cover", cover.write(cover.READY[FIRST_COVER]))
    ready = {cover.TITLES[name]: cover.write(one) for name, one in cover.READY.items()}
    tools.cover_editor(data_uri(grey(picked.x)), SIDE, ready, (text, state.get(f"{KEY}_cover_number", 0)), keep_cover, f"{KEY}_editor")
    hidden = cover.read(text)
    assert hidden is not None
    return hidden


def keep_cover() -> None:
    """The browser tells of a cover; what makes no sense is left as it was."""
    checked = link.check_said(st.session_state[f"{KEY}_editor"].cover)
    if checked is not None and cover.read(checked[0]) is not None:
        st.session_state[f"{KEY}_cover"], st.session_state[f"{KEY}_cover_number"] = checked


def ask_label(checkpoint: Checkpoint) -> int | None:
    """For a conditional model: the class that it is told; None for none."""
    names = told_names(checkpoint)
    if not names:
        return None
    label = st.selectbox(
        "Complete as", [NOT_TOLD, *range(len(names))], format_func=lambda label: words.UNTOLD if label == NOT_TOLD else names[label],
        key=f"{KEY}_told-{checkpoint.name}", persist_state="session", help="The class that this model is told the image shows.",
    )  # fmt: skip
    return None if label == NOT_TOLD else label


# --- what is found ---------------------------------------------------------------------------------------------------------------


def find(checkpoint: Checkpoint, picked: Picked, hidden: np.ndarray, label: int | None) -> Found:
    """The answers, and what test images cost under the same cover."""
    stamp = checkpoints.stamp(checkpoint.name, checkpoints.home(checkpoint.name))
    key = (checkpoint.name, stamp, label, picked.fingerprint, cover.write(hidden))
    return caches.of_session(f"{KEY}_found", key, lambda: _find(checkpoint, picked, hidden, label), KEPT)


def _find(checkpoint: Checkpoint, picked: Picked, hidden: np.ndarray, label: int | None) -> Found:
    table = caches.tabulated(checkpoint.name, label)
    place = st.empty()

    def tell(share: float) -> None:
        place.progress(min(share, 1.0), "Searching for codes that explain what is visible …")

    found = completion.complete(checkpoint, picked.x, hidden, label, table, on_step=tell)
    place.empty()
    return found, usual(checkpoint, hidden)


def usual(checkpoint: Checkpoint, hidden: np.ndarray) -> Reference | None:
    """What the first test images cost; None where they are not here, or the model's codes are not of these."""
    dataset, latents = checkpoint.dataset_name, checkpoint.latents
    if dataset not in DATASETS or not on_disk(dataset, "test"):
        return None
    try:
        split = caches.test_split(dataset)
    except DatasetError:
        return None
    labels = split.labels[: completion.REFERENCES]
    if not np.array_equal(labels, latents.label[: len(labels)]):
        return None
    return completion.reference(checkpoint, to_ink(split.images[: len(labels)]), hidden, labels)


def rarity(costs: np.ndarray, cost: float) -> tuple[float, str]:
    """The share of test images that cost at least as much, and how many in words."""
    beyond = int((costs >= cost).sum())
    return beyond / len(costs), f"{'none' if not beyond else f'only {beyond}'} of {len(costs):,} test images"


# --- what is said ----------------------------------------------------------------------------------------------------------------


def show_answers(checkpoint: Checkpoint, picked: Picked, hidden: np.ndarray, found: Completion, reference: Reference | None) -> None:
    """The truth and the answers beside each other, and how good they are."""
    st.markdown(summary(found, hidden))
    notes, why_none = named(checkpoint, picked, np.stack([picked.x, *(answer.filled for answer in found.answers)]))
    pictures = [Picture("The truth", picked.x, notes[0])]
    pictures += [
        Picture(f"Answer {row + 1}", answer.filled, notes[row + 1], figures_of(found, row)) for row, answer in enumerate(found.answers)
    ]
    gallery.row(pictures, "completions", 148, 130)
    if words.has_collapsed(checkpoint):
        st.markdown("**The codes of this model have collapsed**: whatever is visible, it fills in much the same.")
    for sentence in verdicts(found, hidden, reference):
        st.markdown(sentence)
    st.caption(f"What each image shows is not said: {link.plain(why_none)}" if why_none else NAMED)
    st.caption(how(checkpoint, found))
    offer(checkpoint, picked, found, notes)


def offer(checkpoint: Checkpoint, picked: Picked, found: Completion, notes: Sequence[str]) -> None:
    """The answers as files, and sent to other pages; `notes`: what the classifier says of the truth and of each."""
    answers = found.answers
    images = [picked.x, *(answer.filled for answer in answers)]
    titles = ["The truth", *(f"Answer {n}" for n in range(1, len(images)))]
    captions = [f"{title}: {note}" if note else title for title, note in zip(titles, notes, strict=True)]
    table: dict[str, list[object]] = {"answer": list(range(1, len(images)))}
    table |= {f"z{i}": list(column) for i, column in enumerate(np.stack([answer.z for answer in answers]).T, 1)}
    table |= {name: [getattr(answer, name) for answer in answers] for name in ("visible_nats", "hidden_nats", "behind_nats", "share")}
    filled = {
        f"Answer {n}": replace(picked, x=answer.filled, title=f"{picked.title}, completed: answer {n}")
        for n, answer in enumerate(answers, 1)
    }
    with st.container(horizontal=True):
        take_along.offer(
            f"{KEY}-answers", f"{checkpoint.name}-completed",
            lambda: take_along.sheet_of(checkpoint, "Complete it", images, len(images), captions=captions, notes=(picked.title,)),
            columns=lambda: table,
        )  # fmt: skip
        sent.menu(f"{KEY}-answers", "Generate", filled)


def named(checkpoint: Checkpoint, picked: Picked, images: np.ndarray) -> tuple[list[str], str]:
    """What a classifier says of images (N, 28, 28), in a few words; or nothing of any, and why."""
    judge, _ = by_image.classifier_for(checkpoint)
    if judge and picked.dataset not in ("", judge):
        return [""] * len(images), f"the classifier that ships does not know {DATASETS[picked.dataset].name}."
    return by_image.verdicts(checkpoint, images)


def figures_of(found: Completion, row: int) -> tuple[Figure, ...]:
    """Under an answer: how probable, what it leaves unexplained, what the truth costs."""
    answer = found.answers[row]
    probable = Figure("probability", percent(answer.share)) if answer.share is not None else Figure("behind", nats(answer.behind_nats))
    return probable, Figure("visible", nats(answer.visible_nats)), Figure("hidden", nats(answer.hidden_nats))


def nats(value: float) -> str:
    """ "63.2 nats"."""
    return f"{number(value, 1)} nats"


def percent(share: float) -> str:
    """ "93 %", "0.4 %"; "< 0.1 %", "> 99.9 %"."""
    if 0.9995 <= share < 1:
        return "> 99.9 %"
    return "< 0.1 %" if share < 0.0005 else f"{100 * share:.0f} %" if share >= 0.095 else f"{100 * share:.1f} %"


def summary(found: Completion, hidden: np.ndarray) -> str:
    """How many answers there are, in a sentence."""
    count, seen = len(found.answers), int((~hidden).sum())
    if not hidden.any():
        return "**Nothing is covered**, so nothing is filled in. Cover a part of the image with the brush."
    if not seen:
        return "**Everything is covered**: the answer is what the model expects before it has seen a single pixel."
    hardly = sum(answer.share is not None and answer.share < UNLIKELY for answer in found.answers)
    answers = "one answer" if count - hardly == 1 else f"{count - hardly} answers"
    others = f", and {hardly} more that it hardly believes in" if hardly else ""
    return f"The model explains the **{plural(seen, 'visible pixel')}** with **{answers}**{others}."


def verdicts(found: Completion, hidden: np.ndarray, reference: Reference | None) -> list[str]:
    """Whether the model can explain what is visible, and whether the truth is among the answers, in sentences."""
    said = []
    best = min(answer.visible_nats for answer in found.answers)
    if reference is not None and not hidden.all():
        share, how_many = rarity(reference.visible_nats, best)
        if share < RARE:
            said.append(
                f":material/warning: **The model cannot explain what is visible.** Its best code leaves {nats(best)} there; under the same "
                f"cover {how_many} cost as much. Whatever it fills in is a guess about something that it never learned."
            )
    if hidden.any():
        row = int(np.argmin([answer.hidden_nats for answer in found.answers]))
        nearest, several = found.answers[row].hidden_nats, len(found.answers) > 1
        under = f"Answer {row + 1} comes nearest to the truth: under it" if several else "Under this answer"
        sentence = (
            f"{under} the covered pixels cost {nats(nearest)}. Under the code that the encoder gives the whole image they cost "
            f"{nats(found.hidden_nats_of_truth)}."
        )
        if reference is not None:
            share, how_many = rarity(reference.hidden_nats, nearest)
            if share < RARE:
                missed = (
                    f"is not among the answers.** Even under the nearest, answer {row + 1},"
                    if several
                    else "is another.** Under this answer"
                )
                sentence = (
                    f":material/warning: **The truth {missed} the covered pixels cost {nats(nearest)}; {how_many} cost as much at their "
                    "own codes."
                )
        said.append(sentence)
        if found.exact is not None:
            said.append(f"All codes together give the truth {nats(found.exact.hidden_nats)}: −log p(covered | visible).")
    return said


def how(checkpoint: Checkpoint, found: Completion) -> str:
    """How the answers were found, and what the figures mean."""
    figures_mean = "*visible*: −log p(visible | z); *hidden*: −log p(covered | z), what the truth would cost."
    if checkpoint.model.config.likelihood != "bernoulli":
        figures_mean += " They are of a density, so they can be negative."
    if found.exact is not None:
        return (
            f"*probability*: how much of p(z | visible) lies around the answer, by Bayes’ rule on a grid of codes; {figures_mean} "
            f"Peaks with less than {BARRIER_NATS:g} nat between them count as one answer."
        )
    height = "log p(visible | z) + log p(z)" if latent.keeps_to_prior(checkpoint.model) else "log p(visible | z), for it has no prior"
    return (
        f"*behind*: how much lower the answer’s peak is than the highest, in {height}; {figures_mean} Found by {STARTS} climbs from random "
        "codes: another answer may have been missed, and a narrow peak can be high and still hold little probability."
    )


def show_draws(checkpoint: Checkpoint, picked: Picked, hidden: np.ndarray, exact: Exact, label: int | None) -> None:
    """Draws of the posterior."""
    st.header("Drawn at random", anchor=False)
    st.markdown("Codes drawn from p(z | visible): each picture comes up as often as the model believes in it.")
    x_hat = latent.decode(checkpoint.model, exact.z[:DRAWN], label)
    filled = np.where(hidden, x_hat, picked.x).astype(np.float32)
    gallery.strip(filled, named(checkpoint, picked, filled)[0], "completion-draws", many=True)


def show_map(checkpoint: Checkpoint, found: Completion) -> None:
    """Where the answers lie."""
    frame = caches.map_view(checkpoint.name).frame
    codes = np.stack([*(answer.z for answer in found.answers), found.z_of_truth])
    points = frame.plane.points(codes) if codes.shape[1] > 1 else np.stack([codes[:, 0], np.zeros(len(codes))], 1)
    names = [*(f"answer {n}" for n in range(1, len(codes))), "the truth"]
    every = max(1, len(frame.points) // DOTS)
    cloud = None if found.exact is None else frame.plane.points(found.exact.z)
    figure = figures.latent_places(
        frame.points[::every], frame.labels[::every], frame.classes, frame.middles,
        {name: (float(x), float(y)) for name, (x, y) in zip(names, points, strict=True)}, cloud,
    )  # fmt: skip
    st.header("On the map", anchor=False)
    st.plotly_chart(figure, width="stretch", key=f"{KEY}_map", config={"displayModeBar": False})
    dots = " The small dots are random draws of p(z | visible)." if cloud is not None else ""
    st.caption(f"*The truth* is where the encoder puts the whole image.{dots} {frame.still_note}")

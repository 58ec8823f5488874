"""One digit: damaged, denoised by several methods at once, compared under a wipe and by figures, and its path over the latent map."""

from collections.abc import Mapping
from dataclasses import replace
from html import escape

import numpy as np
import streamlit as st

from core import figures, restore
from core.checkpoints import Checkpoint, CheckpointError
from core.data.corruptions import CORRUPTIONS
from core.restore import RestoreError
from core.words import number
from pages.browser.tools import wipe
from pages.denoising import damage
from pages.denoising import methods as denoise_methods
from pages.denoising.damage import Damage
from pages.denoising.methods import Chosen, Scores
from pages.images import sent, source
from pages.images.picked import Picked
from pages.images.pictures import data_uri, error_map, grey, legend
from pages.session import caches, link
from pages.session.words import has_collapsed, title_of

KEY = "denoise"
OWN = ("upload", "draw", sent.KIND)  # sources that may be noisy already
STEPS = 12  # of the path on the map
DOTS = 2000  # on that map
EMPTY = {
    "upload": "Upload an image of a digit; it may be noisy already. A photo of several digits is split into single ones.",
    "draw": "Draw a digit.",
}


def show(checkpoint: Checkpoint | None) -> None:
    """Controls left; pictures, table and path right."""
    controls, results = st.columns([0.3, 0.7], gap="medium")
    with controls, st.container():  # in a container pills wrap
        picked = source.choose(KEY, checkpoint)
        kind = str(st.session_state.get(f"{KEY}_kind"))
        if picked is not None:
            hurt = damage.ask(KEY, none_first=kind in OWN)
            methods = denoise_methods.pick_many(checkpoint)
    with results:
        if picked is None:
            st.info(EMPTY.get(kind, "Choose an image."), icon=":material/image_search:")
            return
        x = picked.x
        given = damage.apply(x, hurt)
        clean = x if hurt.name or kind not in OWN else None
        answers = denoise(given, methods, checkpoint)
        shown = pictures(clean, given, answers, hurt)
        first = denoise_methods.title(next(iter(answers))) if answers else next(iter(shown))
        wipe(shown, f"{KEY}_wipe", height_px=224, sides=("Damaged" if "Damaged" in shown else "What the models see", first))
        st.caption(link.plain(words_for(picked, hurt)))
        sent.menu(KEY, "Denoise", to_send(picked, given, answers))
        show_table(clean, given, answers, checkpoint)
        if checkpoint is not None:
            with st.expander("Its path across the latent map", icon=":material/timeline:"):
                show_path(given, checkpoint)


def to_send(picked: Picked, given: np.ndarray, answers: Mapping[str, np.ndarray]) -> dict[str, Picked]:
    """What can be sent to another page: the image as it was given, and each method's answer."""
    titles = {denoise_methods.title(name): x_hat for name, x_hat in answers.items()}
    answered = {title: replace(picked, x=x, title=f"{picked.title}, {title}") for title, x in titles.items()}
    return {"The image": replace(picked, x=given)} | answered


def denoise(given: np.ndarray, methods: list[Chosen], checkpoint: Checkpoint | None) -> dict[str, np.ndarray]:
    """Each method's answer (28, 28); what cannot be used gets a sentence and is left out."""
    answers = {}
    for method in methods:
        try:
            answers[method.name] = denoise_methods.answers(given[None], method, checkpoint)[0]
        except RestoreError as error:
            st.warning(link.plain(f"{method.title} is left out. {error}"), icon=":material/error:")
    return answers


def pictures(clean: np.ndarray | None, given: np.ndarray, answers: Mapping[str, np.ndarray], hurt: Damage) -> dict[str, str]:
    """What there is to compare: titles and data URIs."""
    shown = {"Clean": clean, "Damaged": given} if clean is not None and hurt.name else {"What the models see": given}
    shown |= {denoise_methods.title(name): x_hat for name, x_hat in answers.items()}
    return {title: data_uri(grey(picture)) for title, picture in shown.items()}


def words_for(picked: Picked, hurt: Damage) -> str:
    """What is shown."""
    if not hurt.name:
        return f"{picked.title}, with no damage added."
    kind = CORRUPTIONS[hurt.name]
    return f"{picked.title}. {kind.title}, {hurt.strength:g} ({kind.strength})."


# --- the table -----------------------------------------------------------------------------------------------------------------


def show_table(clean: np.ndarray | None, given: np.ndarray, answers: Mapping[str, np.ndarray], checkpoint: Checkpoint | None) -> None:
    """Every method with what it changed and its figures, best first."""
    if not answers:
        st.info("Choose at least one method.", icon=":material/auto_fix_high:")
        return
    scores = {name: denoise_methods.psnr_and_ssim(x_hat, clean) for name, x_hat in answers.items()}
    ranked = sorted(answers, key=lambda name: -(scores[name] or (0,))[0])
    rows = ['<span class="soft">changed</span><span class="soft">method</span>']
    rows += [f'<span class="number soft">{name}</span>' for name in ("PSNR, dB", "SSIM")]
    for name in ranked:
        best = clean is not None and len(ranked) > 1 and name == ranked[0]
        title, summary = escape(denoise_methods.title(name)), escape(denoise_methods.summary(name, checkpoint))
        rows += [
            f'<img src="{data_uri(error_map(given, answers[name]))}" alt="What {title} changed">',
            f'<span><b>{"★ " * best}{title}</b><br><span class="soft">{summary}</span></span>',
            *_numbers(scores[name]),
        ]
    rows += ['<span></span><span class="soft">the input</span>', *_numbers(denoise_methods.psnr_and_ssim(given, clean))]
    st.html(f'<div class="pictures ranking" data-testid="denoise-table">{"".join(rows)}</div>{legend("removed")}')
    if clean is None:
        st.caption("PSNR and SSIM are *unknown*: there is no clean version to compare with. Add damage, and the image counts as clean.")


def _numbers(scores: Scores | None) -> list[str]:
    psnr, ssim = scores or (None, None)
    return [f'<span class="number">{text}</span>' for text in (number(psnr, 1), number(ssim, 3))]


# --- the path --------------------------------------------------------------------------------------------------------------------


def show_path(given: np.ndarray, checkpoint: Checkpoint) -> None:
    """Where the image's code goes when it is decoded, encoded again, and so on."""
    try:
        view = caches.map_view(checkpoint.name)
    except CheckpointError as error:  # it changed on disk since the page was drawn
        st.warning(link.plain(str(error)), icon=":material/error:")
        return
    frame = view.frame
    path = frame.plane.feet(restore.path_on_map(checkpoint.model, given, STEPS))
    every = max(1, len(frame.points) // DOTS)
    ends = "the image", f"after {STEPS} rounds"
    figure = figures.latent_path(frame.points[::every], frame.labels[::every], frame.classes, frame.middles, path, ends)
    st.plotly_chart(figure, width="stretch", key=f"{KEY}_path", config={"displayModeBar": False})
    st.caption(
        f"**{link.plain(title_of(checkpoint.name))}** encodes the image, decodes the code, encodes the result, and so on, {STEPS} times in "
        f"all. Each round pulls the image towards what the model can draw. {path_words(checkpoint)} {frame.still_note}"
    )


def path_words(checkpoint: Checkpoint) -> str:
    """What a path over the map means, which is not the same for every kind of model."""
    if has_collapsed(checkpoint):
        return "The codes of this one have collapsed: whatever it is given, it draws the same image, so the path leads nowhere."
    if checkpoint.model.conditional:
        return "It is told no class here, and on its map the classes lie on top of each other: the path shows the style, not the class."
    if checkpoint.model.linear:
        return "This one works in straight lines: a further round only cuts off what is beyond black and white, so the path is short."
    return "A path that crosses into the dots of another class turns the image into that class."

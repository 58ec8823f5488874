"""What is a good loss? Under a run's curves: what they show in a line, its loss in every unit, what is normal, and how to read them."""

import math
from contextlib import suppress
from typing import Any

import streamlit as st

from core.jobs import Run
from core.models import ConfigError
from core.training.comparable import Comparable, comparables
from core.training.diagnosis import Diagnosis, beta_of, diagnose, shape_of
from core.training.run_config import RunConfig
from pages.session import caches, loss_words
from pages.session.model_loss import TITLE, in_every_unit
from pages.training import run_words

NAMES = {  # of settings that a diagnosis suggests to change
    "beta": "β",
    "kl_warmup_epochs": "KL warm-up",
    "sigma": "pixel scale σ",
    "epochs": "epochs",
    "learning_rate": "learning rate",
    "training_images": "training images",
    "layers": "layers",
    "dataset": "data set",
}
ICONS = {"healthy": ":green[:material/check_circle:]", "learning": ":blue[:material/trending_down:]"}
TROUBLE = {"collapsed": ":material/compress:", "overfitting": ":material/call_split:", "diverging": ":material/trending_up:"}


def show(run: Run, lines: list[dict[str, Any]]) -> None:
    """All of it, after the run's last epoch; nothing before its first."""
    loss = loss_words.last_loss(lines)
    if loss is None:
        return
    st.header(TITLE, anchor=False)
    _verdict(diagnose(run.config, lines, run.active, run.state == "finished"))
    in_every_unit(loss.title, loss.nats, math.prod(shape_of(run.config)))
    reading = [run_words.what_the_curves_are({*lines[-1]["test"]})]
    with suppress(ConfigError):  # the page says above that the settings cannot be read
        st.markdown(f"**What is normal?** {loss_words.normal(run.config, reference(run.config))}")
        reading += loss_words.how_to_read(run.config, loss, lines)
    with st.expander("How to read these curves", icon=":material/school:"):
        st.markdown("\n".join(f"- {sentence}" for sentence in reading))


def reference(config: RunConfig) -> list[Comparable]:
    """The shipped models that the run can be compared with; none where its config cannot be used."""
    try:
        return comparables(config, caches.shipped_cards())
    except ConfigError:
        return []


def mark(config: RunConfig, lines: list[dict[str, Any]]) -> dict[str, Any] | None:
    """The best of them for the curves, where it has the run's own β: which curve it belongs beside, its loss and its name."""
    loss, found = loss_words.last_loss(lines), reference(config)
    if loss is None or not found or found[0].beta not in (None, beta_of(config)):
        return None
    return {"group": loss.name, "nats": found[0].nats, "name": found[0].name}


def _verdict(found: Diagnosis) -> None:
    words = " ".join(filter(None, (f"**{found.title}**", found.words, found.advice(NAMES.__getitem__))))
    if found.kind in TROUBLE:
        st.warning(words, icon=TROUBLE[found.kind])
    else:
        st.markdown(f"{ICONS.get(found.kind, ':gray[:material/info:]')} {words}")

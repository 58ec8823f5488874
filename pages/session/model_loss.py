"""What is a good loss? Of a model's figures: its loss in every unit, what is normal, and how to read it, true of this kind of model."""

import math
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

import streamlit as st

from core import checkpoints, dimensions
from core.checkpoints import CheckpointError
from core.models import ConfigError, Model
from core.training import run_config
from core.training.comparable import comparables
from core.words import number
from pages.session import caches, figures, loss_words, model_card

TITLE = "What is a good loss?"


@st.fragment
def show(name: str, model: Model, card: Mapping[str, Any]) -> None:
    """All of it, where the card has a loss; nothing of it is drawn while it is closed. Of the model its shapes are enough."""
    loss = next((one for one in figures.of(model, dict(card)) if one.title in loss_words.TITLES.values()), None)
    if loss is None:
        return
    part = st.expander(TITLE, icon=":material/school:", key=f"good_loss-{name}", on_change="rerun")
    if part.open:
        with part:
            in_every_unit(loss.title, loss.number, model.config.pixels)
            with suppress(ConfigError):  # the card does not say how it was trained
                st.markdown("\n\n".join(reading(name, model, card, loss.number)))


def in_every_unit(title: str, nats: float, pixels: int) -> None:
    """A loss as people ask for it."""
    with st.container(horizontal=True, key="good_loss_figures"):
        st.metric(f"{title}, nats per image", number(nats, 1), width="content")
        st.metric(f"mean of {pixels:,} pixels", number(nats / pixels, 3), width="content")
        st.metric("bits per image", number(nats / math.log(2), 1), width="content")


def reading(name: str, model: Model, card: Mapping[str, Any], nats: float) -> list[str]:
    """Sentences as Markdown; ConfigError where the card's settings cannot be used."""
    measured = {"binarize": model.config.likelihood == "bernoulli"}  # the figures of a card, also of a model that was trained otherwise
    said = {
        "dataset": model_card.part(dict(card), "dataset").get("name", ""),
        "model": card["model"],
        "recipe": model_card.part(dict(card), "recipe") | measured,
    }
    config = run_config.from_json(said)
    others = [one for one in comparables(config, caches.shipped_cards()) if one.name != name]
    normal = [] if name in checkpoints.SHIPPED and not others else [f"**What is normal?** {loss_words.normal(config, others, 'model')}"]
    return normal + loss_words.of_figures(config, nats, kl_of(name))


def kl_of(name: str) -> float | None:
    """The mean KL of the codes of the test images, in nats; None where they have none."""
    try:
        codes = checkpoints.opened(name).latents
    except CheckpointError:
        return None
    return None if codes.logvar is None else float(dimensions.kl_each_nats(codes.mu, codes.logvar).mean())

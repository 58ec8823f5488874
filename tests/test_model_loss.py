"""What is a good loss? Beside a model's figures: true of its kind, in every unit, and only where it is asked for."""

import pytest
from visit import by_label, visit

from core import checkpoints
from core.dimensions import kl_each_nats
from core.models import ConfigError
from pages.session import figures, loss_words, model_loss

WITHOUT_KL = ("ae-mnist-2d", "aae-mnist-2d", "pca-mnist-2d")
SHIPPED = tuple(checkpoints.SHIPPED)


def said_of(name: str) -> str:
    opened = checkpoints.load(name)
    loss = next(one for one in figures.of(opened.model, opened.card) if one.title in loss_words.TITLES.values())
    return "\n".join(model_loss.reading(name, opened.model, opened.card, loss.number))


@pytest.mark.parametrize("name", SHIPPED)
def test_what_is_said_is_true_of_the_model(name: str) -> None:
    said = said_of(name)
    assert ("Where is the KL?" in said) == (name in WITHOUT_KL) and ("What is a good KL?" in said) == (name not in WITHOUT_KL)
    assert ("Why does the KL rise first?" in said) == (name not in (*WITHOUT_KL, "vae-mnist-2d-collapsed")), "it never told images apart"
    assert ("May it be negative?** Yes" in said) == (name == "pca-mnist-2d")
    assert "run" not in said and "curve" not in said and f"`{name}`" not in said, "no model is what is normal for itself"
    assert ("What is normal?" in said) == (name in ("vae-mnist-2d", "beta-1-mnist-2d"))


def test_the_kl_is_that_of_its_codes() -> None:
    codes = checkpoints.load("beta-1-mnist-2d").latents
    assert codes.logvar is not None
    assert f"Here it is {kl_each_nats(codes.mu, codes.logvar).mean():.1f}, on average" in said_of("beta-1-mnist-2d")
    assert "Here it is 0.0," in said_of("vae-mnist-2d-collapsed")


def test_a_card_that_says_no_settings_is_read_as_far_as_it_goes() -> None:
    opened = checkpoints.load("vae-mnist-2d")
    with pytest.raises(ConfigError):
        model_loss.reading("mine", opened.model, opened.card | {"recipe": {"epochs": "many"}}, 118.7)
    said = model_loss.reading("mine", opened.model, opened.card | {"dataset": "damaged", "recipe": None}, 118.7)
    assert "No model of this kind" in said[0]


@pytest.mark.parametrize(("script", "query"), [("main.py", {"checkpoint": "ae-mnist-2d"}), ("models.py", {"checkpoint": "ae-mnist-2d"})])
def test_it_stands_beside_the_figures_and_is_drawn_where_it_is_open(script: str, query: dict[str, str]) -> None:
    closed = by_label(visit(script, query).expander, model_loss.TITLE)
    opened = by_label(visit(script, query, {"good_loss-ae-mnist-2d": True}).expander, model_loss.TITLE)
    assert not closed.metric and [metric.value for metric in opened.metric] == ["129.2", "0.165", "186.4"]
    assert "**Where is the KL?**" in opened.markdown[0].value

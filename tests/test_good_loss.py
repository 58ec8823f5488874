"""What is normal, by the shipped models' cards, and how to read a run's curves, in words that are true of the run."""

import dataclasses
from typing import Any

import pytest
from test_diagnosis import CURVES, recorded

from core import checkpoints
from core.models import MODELS, ConfigError
from core.training.__main__ import describe
from core.training.comparable import Comparable, comparables, shipped_cards
from core.training.loop import named_losses
from core.training.run_config import RunConfig, from_json
from pages.session import loss_words
from pages.training import good_loss, run_view, run_words


def a_run(kind: str = "vae", recipe: dict[str, Any] | None = None, dataset: str = "mnist", **model: Any) -> RunConfig:
    return from_json({"dataset": dataset, "model": {"name": kind, "config": model}, "recipe": recipe or {}})


def a_card(
    kind: str = "vae", nats: float = 130.0, metric: str = "negative_elbo_nats", images: int = 60_000, **model: Any
) -> dict[str, Any]:
    return {
        "model": {"name": kind, "config": model},
        "dataset": {"name": "mnist", "training_images": images, "test_images": 10_000},
        "epochs": 40.0,
        "metrics": {metric: {"value": nats, "protocol": "..."}},
    }


# --- what is normal -------------------------------------------------------------------------------------------------------

CARDS = {
    "worse": a_card(nats=135.0),
    "main": a_card(nats=128.0),
    "few": a_card(nats=190.0, images=500),
    "16d": a_card(nats=95.0, latent_dim=16),
    "strong": a_card(nats=160.0, beta=10.0),
    "plain": a_card("ae", 129.0, "reconstruction_nats"),
    "grey": a_card(nats=-500.0, metric="negative_elbo_grey_nats", likelihood="gaussian", sigma=0.1),
    "lesson": a_card("lesson-vae", 150.0),
    "damaged": {"model": {"name": "vae", "config": {"latent_dim": "two"}}, "metrics": {"negative_elbo_nats": {"value": 1.0}}},
    "empty": {},
}


@pytest.mark.parametrize(
    ("run", "names"),
    [
        (a_run(), ["main", "worse"]),
        (a_run(beta=9.0), ["strong"]),
        (a_run(beta=2.0), ["main", "worse"]),
        (a_run(recipe={"training_images": 500}), ["few"]),
        (a_run(latent_dim=16), ["16d"]),
        (a_run(latent_dim=3), []),
        (a_run("ae"), ["plain"]),
        (a_run("cvae"), []),
        (a_run("lesson-vae"), []),
        (a_run(dataset="kmnist"), []),
        (a_run(likelihood="gaussian", sigma=0.1, recipe={"binarize": False}), ["grey"]),
        (a_run(likelihood="gaussian", sigma=0.2, recipe={"binarize": False}), []),
        (a_run(likelihood="laplace", sigma=0.1, recipe={"binarize": False}), []),
        (a_run(recipe={"binarize": False}), []),
    ],
)
def test_a_run_is_compared_with_models_of_the_same_task_alone(run, names):
    assert [one.name for one in comparables(run, CARDS)] == names


def test_the_cards_are_those_of_the_shipped_models_that_can_be_read(monkeypatch, tmp_path):
    assert shipped_cards()["vae-mnist-2d"]["metrics"]["negative_elbo_nats"]["value"] > 100
    (tmp_path / "vae-mnist-2d").mkdir()
    (tmp_path / "vae-mnist-2d" / "card.json").write_text("{")
    monkeypatch.setattr(checkpoints, "SHIPPED_ROOT", tmp_path)
    assert shipped_cards() == {}


def test_the_main_model_s_own_figure_is_quoted_from_its_card():
    (value,) = (one.nats for one in comparables(a_run(), shipped_cards()) if one.name == "vae-mnist-2d")
    said = loss_words.normal(a_run(recipe={"epochs": 3}), comparables(a_run(), shipped_cards()))
    assert f"**{value:.1f} nats** (`vae-mnist-2d`, 228 epochs)" in said  # 200, then 28 of its decoder alone
    assert "This run is shorter (3 epochs); a shorter one usually ends higher." in said


def test_the_curves_are_marked_where_the_best_model_of_the_same_beta_ended():
    shipped = {one.name: one.nats for one in comparables(a_run(), shipped_cards())}
    lines = [{"epoch": 1, "test": {"reconstruction_nats": 150.0, "kl_nats": 5.0, "negative_elbo_nats": 155.0}}]
    best = min(shipped, key=lambda name: shipped[name])
    assert good_loss.mark(a_run(), lines) == {"group": "negative_elbo_nats", "nats": shipped[best], "name": best}
    assert good_loss.mark(a_run(beta=77.7), lines) is None
    assert good_loss.mark(a_run(), []) is good_loss.mark(a_run("unknown"), lines) is None


def test_another_beta_is_said():
    said = loss_words.normal(a_run(beta=4.0), [Comparable("beta-3", 136.0, 40.0, 3.0)])
    assert "with β = 3" in said and "None with this run's β = 4" in said
    assert "β" not in loss_words.normal(a_run(), [Comparable("beta-1", 130.0, 20.0, 1.0)])


def test_where_nothing_is_comparable_it_is_said_why():
    assert "compare only runs with the same loss and the same σ" in loss_words.normal(a_run(likelihood="gaussian", sigma=0.3), [])
    assert "No model of this kind with 5-D codes of MNIST, trained on 70 images, comes" in loss_words.normal(
        a_run(latent_dim=5, recipe={"training_images": 70}), []
    )
    few = a_run("pca", recipe={"training_images": 600, "binarize": False})
    assert ", computed from 600 images, and squared error" in loss_words.normal(few, comparables(few, shipped_cards()))
    assert "grey pixels" in loss_words.normal(a_run(recipe={"binarize": False}), [])
    assert "course's loss" in loss_words.normal(a_run("lesson-vae"), [])


# --- how to read the curves -----------------------------------------------------------------------------------------------


def reading(name: str, **changes: Any) -> str:
    config, lines = recorded(name)
    if changes:
        described = {"name": config.model_name, "config": config.model_settings | changes}
        config = dataclasses.replace(config, model=described)
    loss = loss_words.last_loss(lines)
    assert loss is not None
    return "\n".join(loss_words.how_to_read(config, loss, lines))


@pytest.mark.parametrize("name", sorted(CURVES))
def test_the_kl_is_spoken_of_where_there_is_one(name):
    said, has_kl = reading(name), "kl_nats" in CURVES[name]["test"]
    assert ("Why does the KL rise first?" in said) == has_kl
    assert ("What is a good KL?" in said) == has_kl
    assert ("Where is the KL?" in said) == (not has_kl)
    assert ("2 ln 2 = 1.39" in said) == (name == "digits aae")
    assert ("told the class" in said) == (name == "digits cvae")
    assert ("catches up in the last epochs" in said) == (name == "digits aae")
    assert "running average" in said
    assert ("May it be negative?** Yes." in said) == ("gauss" in name or "laplace" in name)


def test_the_course_s_loss_is_called_no_elbo():
    """In a run's metrics, its curves, its figures and what is said of them; and no other model's is."""
    for kind, entry in MODELS.items():
        total, loss_names = entry.module.TOTAL, entry.module.LOSSES
        losses = named_losses(loss_names, total, [2.0] * len(loss_names))
        lines = [{"epoch": epoch, "train": losses, "test": losses} for epoch in (0, 1)]
        loss = loss_words.last_loss(lines)
        assert loss is not None and loss.nats == (4.0 if "kl_nats" in loss_names else 2.0), kind
        said = [loss.title, *(one["name"] for one in run_view.curves(lines)["series"]), describe(losses)]
        lesson, variational = kind == "lesson-vae", "kl_nats" in loss_names
        assert any("ELBO" in words for words in said) == (variational and not lesson), said
        assert any("ourse’s loss" in words for words in said) == lesson, said
        assert ("no −ELBO" in run_words.what_the_curves_are({*losses})) == lesson


def test_sum_and_mean_and_bits_are_those_of_this_run():
    loss = loss_words.last_loss(recorded("digits quick")[1])
    assert loss is not None and loss.title == "−ELBO"
    said = reading("digits quick")
    assert f"would print {loss.nats / 784:.3f} here instead of {loss.nats:.1f}" in said
    assert f"{loss.nats:.1f} nats are {loss.nats / 0.693147:.1f} bits" in said
    assert "β = 784 in disguise" in said and "β = 3,136 in disguise" in reading("digits beta 4")


def test_a_density_may_be_negative_only_where_its_peak_is_above_1():
    assert "a perfect drawing would have −1085 nats" in reading("digits gaussian")  # 784 (ln 0.1 + ln(2 pi) / 2)
    assert "a perfect drawing would have −1262 nats" in reading("digits laplace")  # 784 ln 0.2
    assert "Not with this σ" in reading("digits gaussian", sigma=0.5)
    assert "Not with this σ" in reading("digits laplace", sigma=0.5)


def test_beta_and_warm_up_are_this_run_s():
    said = reading("digits quick")
    assert "In the first 4 epochs of this run" in said and "Training minimises" not in said
    assert "In the first 1.5 epochs" in reading("mnist quick"), "half of a short run at most"
    assert "reconstruction + 4 × KL" in reading("digits beta 4")
    assert "costs this run nothing" in reading("digits beta 0") and "warm-up" not in reading("digits beta 0")
    assert "warm-up" not in reading("mnist beta 100")
    assert "its weight is 0" in reading("digits aae", adversarial_weight=0.0)


def test_a_kl_that_stays_is_not_said_to_go_anywhere():
    def said(*kl: float) -> str:
        lines = [
            {"epoch": epoch, "test": {"negative_elbo_nats": 205.0, "reconstruction_nats": 205.0, "kl_nats": nats}}
            for epoch, nats in enumerate(kl)
        ]
        return " ".join(loss_words.how_to_read(a_run(), loss_words.Loss("negative_elbo_nats", len(kl) - 1, 205.0), lines))

    assert "Here it stayed at 0.0 until epoch 2." in said(0.0, 0.04, 0.001)
    assert "Here it went from 0.0 to 0.1 by epoch 2." in said(0.0, 0.06, 0.09)
    assert "Here it went from 0.0 to 3.0 by epoch 2, by way of 5.0 after epoch 1." in said(0.0, 5.0, 3.0)


def test_curves_of_a_computed_model_are_said_to_waver_not_to_fall():
    lines = [{"epoch": epoch, "test": {"reconstruction_nats": 99.5}} for epoch in range(2)]
    said = " ".join(loss_words.how_to_read(a_run("pca"), loss_words.Loss("reconstruction_nats", 1, 99.5), lines))
    assert "Neither falls" in said and "no batch" in said and "moves" not in said


def test_the_average_is_spoken_of_where_there_is_one():
    config, lines = recorded("digits quick")
    config = dataclasses.replace(config, recipe=config.recipe_settings | {"ema_decay": 0.0})
    loss = loss_words.last_loss(lines)
    assert loss is not None
    assert "running average" not in "\n".join(loss_words.how_to_read(config, loss, lines))


def test_a_loss_below_100_needs_no_reason():
    assert "Why above 100?" in reading("digits quick")
    config, lines = recorded("digits quick")
    lines[-1]["test"]["reconstruction_nats"] = 80.0
    loss = loss_words.last_loss(lines)
    assert loss is not None
    assert "Why above 100?" not in "\n".join(loss_words.how_to_read(config, loss, lines))


def test_a_config_that_cannot_be_used_is_refused():
    for broken in (a_run("unknown"), a_run(latent_dim="two")):
        with pytest.raises(ConfigError):
            loss_words.normal(broken, [])
        with pytest.raises(ConfigError):
            comparables(broken, CARDS)


@pytest.mark.parametrize("kind", MODELS)
def test_every_kind_has_a_reading(kind):
    lines = [{"epoch": 1, "test": {"reconstruction_nats": 150.0}, "train": None}]
    loss = loss_words.last_loss(lines)
    assert loss is not None
    said = loss_words.how_to_read(a_run(kind), loss, lines)
    assert len(said) >= 4 and all(sentence.startswith("**") for sentence in said)


def test_before_the_first_epoch_there_is_no_loss():
    line: dict[str, Any] = {"epoch": 0, "test": {"reconstruction_nats": 150.0}}
    assert loss_words.last_loss([]) is loss_words.last_loss([line]) is None
    assert loss_words.last_loss([line | {"epoch": 1, "test": None}]) is None
    assert loss_words.last_loss([line | {"epoch": 1, "test": {"reconstruction_nats": None}}]) is None

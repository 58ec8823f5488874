"""What a run's losses show: on made-up curves, and on those of real runs, healthy and not (tests/curves.json)."""

import json
from pathlib import Path
from typing import Any

import pytest

from core.metrics import COLLAPSED_NATS
from core.training import diagnosis
from core.training.__main__ import last_words
from core.training.diagnosis import Diagnosis, diagnose, losses_of, training_images_of
from core.training.history import final_kl_nats
from core.training.run_config import RunConfig, from_json
from pages.training import good_loss

CURVES: dict[str, dict[str, Any]] = json.loads((Path(__file__).parent / "curves.json").read_text(encoding="utf-8"))
COLLAPSED = {"mnist beta 100", "digits beta 100"}
OVERFITTED = {"mnist 500 images", "mnist 500 images ae", "mnist 2000 images"}
HEALTHY = sorted(CURVES.keys() - COLLAPSED - OVERFITTED)


def recorded(name: str) -> tuple[RunConfig, list[dict[str, Any]]]:
    """A real run's config, and its metrics as metrics.jsonl has them."""
    curves = CURVES[name]
    last = len(curves["test"]["reconstruction_nats"])
    test, train = ([{key: values[at] for key, values in curves[split].items()} for at in range(last)] for split in ("test", "train"))
    for one in (*test, *train):
        if "kl_nats" in one and one["kl_nats"] is not None:
            one["negative_elbo_nats"] = one["reconstruction_nats"] + one["kl_nats"]
    lines = [{"epoch": epoch, "test": test[epoch], "train": train[epoch] if epoch else None} for epoch in range(last)]
    return from_json(curves), lines


def on_page(found: Diagnosis) -> str:
    return " ".join(filter(None, (found.title, found.words, found.advice(good_loss.NAMES.__getitem__))))


# --- real runs ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", HEALTHY)
def test_a_healthy_run_is_called_healthy_and_never_anything_worse(name):
    config, lines = recorded(name)
    assert diagnose(config, lines).kind == "healthy"
    on_the_way = {diagnose(config, lines[:count], active=True, finished=False).kind for count in range(1, len(lines) + 1)}
    assert on_the_way <= {"none", "started", "learning"}


@pytest.mark.parametrize("name", sorted(OVERFITTED))
def test_a_run_of_few_images_overfits_from_some_epoch_on(name):
    config, lines = recorded(name)
    kinds = [diagnose(config, lines[:count], active=True, finished=False).kind for count in range(1, len(lines) + 1)]
    first = kinds.index("overfitting")
    assert first > 20, "not before it has learnt"
    assert set(kinds[first + 10 :]) == {"overfitting"}, "and not taken back, but for a moment at the border"
    found = diagnose(config, lines)
    assert found.kind == "overfitting"
    assert f"more training images (now {config.recipe_settings['training_images']:,})" in on_page(found)


def test_where_the_test_loss_rises_fewer_epochs_are_advised():
    assert "fewer epochs (the test loss was lowest after epoch 61)" in on_page(diagnose(*recorded("mnist 500 images")))
    gap_alone = diagnose(*recorded("mnist 2000 images"))
    assert "fewer epochs" not in on_page(gap_alone), "it stands where it was lowest, but for 1 %"
    assert "65 % are saved on new ones" in gap_alone.words
    assert "larger β (now 1)" in on_page(gap_alone)
    assert "β" not in on_page(diagnose(*recorded("mnist 500 images ae"))), "it has none"


@pytest.mark.parametrize("name", sorted(COLLAPSED))
def test_a_run_with_a_heavy_kl_collapses(name):
    config, lines = recorded(name)
    assert diagnose(config, lines).kind == "collapsed"
    assert diagnose(config, lines, active=True, finished=False).kind == "started", "it may come back"
    assert "smaller β (now 100)" in on_page(diagnose(config, lines))


def test_a_run_of_a_few_steps_has_not_collapsed_but_hardly_begun():
    config, lines = recorded("digits beta 100")
    few = [line | {"step": 4 * line["epoch"]} for line in lines]
    found = diagnose(config, few)
    assert found.kind == "started" and "more epochs (so far 40)" in on_page(found) and "β" not in on_page(found)
    enough = [line | {"step": 23 * line["epoch"]} for line in lines]
    assert diagnose(config, enough).kind == "collapsed"
    density, lines = recorded("digits gaussian")
    unused = [line | {"step": 5 * line["epoch"], "test": line["test"] | {"kl_nats": 0.0}} for line in lines[:6]]
    assert diagnose(density, unused).kind == "started", "its drawings have become the mean image, and its codes say nothing yet"


def test_what_would_be_said_with_other_thresholds(monkeypatch):
    """The thresholds stand well between the recorded runs: neither a healthy one nor an overfitted one is near."""
    for kept in (0.66, 0.79):
        monkeypatch.setattr(diagnosis, "KEPT_SHARE", kept)
        kinds = {name: diagnose(*recorded(name)).kind for name in CURVES}
        assert {name for name, kind in kinds.items() if kind == "overfitting"} == OVERFITTED, kept


# --- made-up curves -------------------------------------------------------------------------------------------------------


def a_run(train: list[float], test: list[float], config: dict[str, Any] | None = None) -> tuple[RunConfig, list[dict[str, Any]]]:
    """A plain autoencoder's; `test` begins with the untrained model."""
    config = config or {"model": {"name": "ae", "config": {}}, "recipe": {"epochs": 100}}
    lines = [
        {"epoch": epoch, "train": {"reconstruction_nats": a} if epoch else None, "test": {"reconstruction_nats": b}}
        for epoch, (a, b) in enumerate(zip([0.0, *train], test, strict=True))
    ]
    return from_json(config), lines


FALLING = [180.0, 160.0, 150.0, 145.0, 140.0, 138.0, 136.0, 134.0]


def test_a_single_bad_epoch_is_no_overfitting():
    test = [200.0, 181.0, 162.0, 153.0, 149.0, 146.0, 145.0, 145.0, 200.0]
    assert diagnose(*a_run(FALLING, test)).kind == "healthy"
    assert diagnose(*a_run(FALLING, [*test[:6], 165.0, 170.0, 180.0])).kind == "overfitting"


def test_a_test_loss_that_rises_for_good_is_overfitting_also_while_the_gap_is_small():
    config, lines = a_run(FALLING, [200.0, 181.0, 161.0, 150.0, 145.0, 140.0, 150.0, 150.0, 150.0])
    losses = losses_of(config, lines)
    assert losses is not None and not losses.apart() and losses.rose()
    assert diagnose(config, lines).kind == "overfitting"


def test_losses_that_rise_together_are_no_overfitting():
    train = [180.0, 160.0, 140.0, 142.0, 150.0, 155.0]
    assert diagnose(*a_run(train, [200.0, 180.0, 160.0, 140.0, 144.0, 151.0, 156.0])).kind == "healthy"


def test_a_density_s_losses_are_judged_alike_wherever_their_zero_is():
    train, test = FALLING, [200.0, 182.0, 165.0, 158.0, 160.0, 165.0, 168.0, 170.0, 171.0]
    assert diagnose(*a_run(train, test)).kind == "overfitting"
    below = [value - 500.0 for value in train], [value - 500.0 for value in test]
    assert diagnose(*a_run(*below)).kind == "overfitting"


def test_what_counts_is_what_is_minimised():
    """With β = 0 a KL that grows on the test images alone is nobody's fault."""
    for beta, kind in ((0.0, "healthy"), (1.0, "overfitting")):
        config = from_json({"model": {"name": "vae", "config": {"beta": beta}}})
        lines = [
            {
                "epoch": epoch,
                "train": {"reconstruction_nats": 200.0 - 10 * epoch, "kl_nats": 5.0} if epoch else None,
                "test": {"reconstruction_nats": 200.0 - 9 * epoch, "kl_nats": 7.0 * epoch},
            }
            for epoch in range(7)
        ]
        assert diagnose(config, lines).kind == kind


def test_an_average_that_lags_behind_two_networks_is_not_said_to_know_its_training_images_alone():
    """Of the recorded run it is far behind after epoch 30, and close at the end."""
    config, lines = recorded("digits aae")
    halfway = diagnose(config, lines[:31], active=True, finished=False)
    assert halfway.kind == "learning" and diagnosis.LAGGING in halfway.words and "are saved on new ones" not in halfway.words
    stopped = diagnose(config, lines[:31], active=False, finished=False)
    assert diagnosis.LAGGING in stopped.words
    assert diagnosis.LAGGING not in diagnose(config, lines).words and "% are saved on new ones too" in diagnose(config, lines).words
    assert diagnosis.LAGGING not in diagnose(*recorded("digits quick"), active=True, finished=False).words


def test_pca_has_nothing_to_learn():
    config = {"model": {"name": "pca", "config": {}}, "recipe": {"epochs": 3}}
    found = diagnose(*a_run([40.0] * 3, [41.0] * 4, config))
    assert found.kind == "computed"
    assert "41.0 nats on test images, 40.0 on training images" in found.words


def test_a_run_that_has_hardly_begun_is_told_to_go_on_once_it_has_ended():
    config, lines = a_run([199.0, 198.0], [200.0, 199.5, 199.0])
    assert "Try more epochs (so far 2)." in on_page(diagnose(config, lines))
    assert "Try" not in on_page(diagnose(config, lines, active=True, finished=False))


def test_a_run_that_has_lost_what_it_learnt_is_told_of_smaller_steps_and_not_of_more_epochs():
    """As one that failed: 155.7 nats in epoch 11, 227.0 in epoch 12, then no number."""
    train, test = [206.5, 178.9, 155.7, 227.0], [204.9, 205.1, 172.7, 151.5, 151.4]
    recipe = {"epochs": 90, "learning_rate": 0.004, "gradient_clip": 300.0}
    config, lines = a_run(train, test, {"model": {"name": "ae", "config": {}}, "recipe": recipe})
    found = diagnose(config, lines, finished=False)
    assert found.kind == "diverging" and "came down to 155.7 nats in epoch 3 and is 227.0 now" in found.words
    assert on_page(found).endswith("Try a smaller learning rate (now 0.004).")
    assert diagnose(config, lines, active=True, finished=False).kind == "started", "while it trains on, it may come back"
    assert diagnose(*a_run(train[:3], test[:4]), finished=False).kind != "diverging"


@pytest.mark.parametrize("spoilt", [{"test": None}, {"test": {"reconstruction_nats": None}}, {"train": None}, {"train": {}}])
def test_losses_that_are_no_numbers_are_not_judged(spoilt):
    config, lines = a_run(FALLING, [200.0, *FALLING])
    assert losses_of(config, lines) is not None
    lines[4] |= spoilt
    assert losses_of(config, lines) is None
    assert diagnose(config, lines) == Diagnosis("none", "", "")


def test_before_the_first_epoch_there_is_no_verdict():
    for lines in ([], [{"epoch": 0, "train": None, "test": {"reconstruction_nats": 200.0}}]):
        assert diagnose(RunConfig(), lines, active=True, finished=False).title == "No verdict yet."


@pytest.mark.parametrize(("asked", "images"), [(None, 60_000), (0, 60_000), (500, 500), (10**6, 60_000)])
def test_the_training_images_are_those_that_were_asked_for_or_all(asked, images):
    recipe = {} if asked is None else {"training_images": asked}
    assert training_images_of(from_json({"dataset": "mnist", "recipe": recipe})) == images
    assert training_images_of(from_json({"dataset": "unheard of", "recipe": recipe})) == (asked or 0)


# --- collapse -------------------------------------------------------------------------------------------------------------


def lines(*kl: float | None) -> list[dict[str, Any]]:
    """A run's metrics, with this KL after each epoch from 0 on."""
    return [{"epoch": epoch, "test": {"reconstruction_nats": 200.0, "kl_nats": value}} for epoch, value in enumerate(kl)]


GAUSSIAN = {
    "model": {"name": "vae", "config": {"beta": 50.0, "likelihood": "gaussian", "sigma": 0.3}},
    "recipe": {"kl_warmup_epochs": 4.0, "epochs": 30},
}


def test_collapse_is_said_when_the_kl_ends_near_0_with_what_to_try():
    config = from_json(GAUSSIAN)
    said = on_page(diagnose(config, lines(0.001, 3.0, 0.02)))
    assert "collapsed" in said and "0.02 nats" in said
    assert "a smaller β (now 50) or a longer KL warm-up (now 4 epochs) or a smaller pixel scale σ (now 0.3)" in said
    assert diagnose(config, lines(0.001, 0.02, 3.0)).kind != "collapsed"
    assert diagnose(config, lines(0.0, COLLAPSED_NATS)).kind != "collapsed"
    assert diagnose(config, lines(0.0, 0.02), active=True, finished=False).kind != "collapsed", "it may come back"
    assert on_page(diagnose(RunConfig(), lines(0.0, 0.02))).endswith("Try a longer KL warm-up.")


@pytest.mark.parametrize(("epochs", "taken"), [(3, "1.5"), (8, "4")])
def test_a_kl_warm_up_that_takes_half_of_a_short_run_is_longer_only_with_more_epochs(epochs: int, taken: str):
    config = from_json(GAUSSIAN | {"recipe": {"kl_warmup_epochs": 4.0, "epochs": epochs}})
    said = on_page(diagnose(config, lines(0.001, 3.0, 0.02)))
    assert f"or more epochs (now {epochs}; the KL warm-up takes at most half of them, here {taken}) or a smaller pixel" in said
    assert "longer" not in said


def test_a_run_that_was_stopped_while_its_steps_still_grew_has_not_collapsed_yet():
    long = {"warmup_fraction": 0.1, "kl_warmup_epochs": 2.0, "epochs": 50}
    config = from_json(GAUSSIAN | {"recipe": long})
    assert diagnose(config, lines(0.0, 0.02, 0.02, 0.02), finished=False).kind != "collapsed"
    assert diagnose(config, lines(0.0, 0.02, 0.02, 0.02, 0.02, 0.02), finished=False).kind == "collapsed"


def test_a_run_that_was_stopped_during_the_kl_warm_up_has_not_collapsed_yet():
    config = from_json(GAUSSIAN)
    assert diagnose(config, lines(0.0, 0.02), finished=False).kind != "collapsed"
    assert diagnose(config, lines(0.0, 0.02, 0.02, 0.02, 0.02), finished=False).kind == "collapsed"


def test_what_has_no_kl_does_not_collapse():
    strange: list[list[dict[str, Any]]] = [[], lines(0.0), lines(0.0, None), [{"epoch": 1, "test": None}], [{"epoch": 1, "test": {}}]]
    for metrics in (*strange, lines(0.0, float("nan"))):
        assert final_kl_nats(metrics) is None
        assert diagnose(RunConfig(), metrics).kind == "none"


# --- on the command line --------------------------------------------------------------------------------------------------


def test_the_command_line_s_last_words_name_its_options():
    config, metrics = recorded("mnist 500 images")
    said = last_words(config, metrics, finished=True)
    assert said.startswith("It is overfitting.")
    options = (
        "fewer --epochs (the test loss was lowest after epoch 61) or more --training-images (now 500) or smaller layers or a larger --beta"
    )
    assert options in said
    assert "a smaller --beta (now 100) or a longer --kl-warmup-epochs" in last_words(*recorded("digits beta 100"), finished=True)
    assert last_words(*recorded("mnist quick"), finished=True).startswith("This run looks healthy.")
    assert last_words(RunConfig(), [], finished=False) == ""

"""Training: the recipe, the loop, resuming bit for bit, and the command line."""

import dataclasses
import fcntl
import json
import math
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file
from tiny import TINY, gradient, linear

from core import checkpoints, latent, metrics
from core.data.datasets import load as load_data
from core.data.datasets import to_unit_images
from core.models import MODELS, ConfigError
from core.models.autoencoder import AutoencoderConfig
from core.models.config import from_json, settings, to_json
from core.models.vae import VAEConfig
from core.training import __main__ as command
from core.training.card import measure, write_checkpoint
from core.training.config import TrainingConfig, choose_device, choose_precision, device_title, devices
from core.training.failures import TrainingError
from core.training.folder import read_status
from core.training.loop import AdamW, Progress, Trainer
from core.training.state import STATE_FILE, StateError, read_state, write_state

PROJECT = Path(command.__file__).resolve().parents[2]
RECIPE = TrainingConfig(dataset="digits", epochs=4, batch_size=50, learning_rate=1e-2, device="cpu", precision="float32")


def a_trainer(digits, model: VAEConfig = TINY, **changes: Any) -> Trainer:
    return Trainer(dataclasses.replace(RECIPE, **changes), "vae", model, digits[0].images)


def everything(trainer: Trainer) -> dict[str, torch.Tensor]:
    """Copies of all that the next step depends on."""
    tensors = {f"model {name}": tensor for name, tensor in trainer.model.state_dict().items()}
    tensors |= {f"average {name}": tensor for name, tensor in trainer.average.state_dict().items()}
    for index, moments in trainer.optimizer.state_dict()["state"].items():
        tensors |= {f"optimizer {index} {name}": tensor for name, tensor in moments.items()}
    return {name: tensor.clone() for name, tensor in tensors.items()}


def same(a: dict[str, torch.Tensor], b: dict[str, torch.Tensor]) -> bool:
    return a.keys() == b.keys() and all(torch.equal(a[name], b[name]) for name in a)


# --- learning -------------------------------------------------------------------------------------------------------------


def test_a_model_learns_and_its_codes_separate_the_classes(digits):
    wide = VAEConfig(encoder_hidden=(64,), decoder_hidden=(64,))
    trainer, losses = a_trainer(digits, wide, epochs=60), []
    assert trainer.run(on_epoch=lambda _, epoch_losses: losses.append(epoch_losses["negative_elbo_nats"]))
    assert len(losses) == 60
    assert losses[-1] < losses[0] - 20
    model, (train, test) = trainer.average_model(), digits
    train_mu, _ = latent.encode(model, to_unit_images(train.images))
    mu, _ = latent.encode(model, to_unit_images(test.images))
    assert metrics.knn_accuracy(train_mu, train.labels, mu, test.labels) > 0.4  # chance is 0.1
    mean = to_unit_images(train.images).mean(0)
    x = to_unit_images(test.images)
    reconstruction = torch.from_numpy(latent.decode(model, mu)).unsqueeze(1)
    assert (reconstruction - x).square().mean() < 0.9 * (mean - x).square().mean()


def test_a_model_starts_at_the_mean_image(digits):
    trainer = a_trainer(digits)
    mean = to_unit_images(digits[0].images).mean(0)
    bias = linear(trainer.model.decoder, -1).bias.detach()
    torch.testing.assert_close(torch.sigmoid(bias).reshape(1, 28, 28), mean.clamp(1e-3, 1 - 1e-3))


def test_the_losses_of_an_epoch_are_means_in_nats(digits):
    """With the learning rate all but zero the epoch's loss is that of the initial model."""
    trainer, losses = a_trainer(digits, epochs=1, learning_rate=1e-7, binarize=False, weight_decay=0.0), []
    initial = metrics.negative_elbo_nats(trainer.model, to_unit_images(digits[0].images), binarize=False)
    trainer.run(on_epoch=lambda _, epoch_losses: losses.append(epoch_losses))
    (loss,) = losses
    assert loss["negative_elbo_nats"] == pytest.approx(initial, rel=2e-3)
    assert loss["negative_elbo_nats"] == pytest.approx(loss["reconstruction_nats"] + loss["kl_nats"], rel=1e-6)
    assert loss["kl_nats"] > 0


def test_every_image_is_seen_once_an_epoch_and_never_in_the_same_order(digits):
    trainer = a_trainer(digits, binarize=False)
    orders = []
    for epoch in range(2):
        trainer.step = epoch * trainer.steps_per_epoch
        orders.append(torch.cat([trainer.batch(rows)[0] for rows in trainer._batches_left()]))
    as_rows = [sorted(map(bytes, (order * 255).round().byte().flatten(1).numpy())) for order in orders]
    assert as_rows[0] == as_rows[1] == sorted(map(bytes, digits[0].images.reshape(300, -1)))
    assert not torch.equal(*orders)


def test_binarised_batches_are_binary_and_grey_on_average(digits):
    trainer = a_trainer(digits)
    x = torch.cat([trainer.batch(rows)[0] for rows in trainer._batches_left()])
    assert set(x.unique().tolist()) == {0.0, 1.0}
    assert x.mean().item() == pytest.approx(digits[0].images.mean() / 255, abs=0.005)
    trainer.step = trainer.steps_per_epoch
    assert not torch.equal(x, torch.cat([trainer.batch(rows)[0] for rows in trainer._batches_left()]))  # drawn anew


def test_beta_weighs_the_kl(digits):
    kls = []
    for beta in (0.0, 20.0):
        trainer = a_trainer(digits, dataclasses.replace(TINY, beta=beta), epochs=8, kl_warmup_epochs=0)
        trainer.run(on_epoch=lambda _, losses: kls.append(losses["kl_nats"]))
    assert kls[7] > 10 * kls[15]


def test_a_batch_larger_than_the_data_set_is_the_data_set(digits):
    trainer = a_trainer(digits, batch_size=1000, epochs=2)
    assert trainer.run()
    assert trainer.step == trainer.total_steps == 2


def test_a_few_images_are_drawn_by_the_seed_and_no_other_is_seen(digits):
    def seen(**changes: Any) -> set[bytes]:
        trainer = a_trainer(digits, training_images=30, batch_size=16, **changes)
        assert (trainer.image_count, trainer.steps_per_epoch) == (30, 1)
        return {row.numpy().tobytes() for row in trainer.images}

    first = seen()
    assert first < {image.tobytes() for image in digits[0].images}
    assert first == seen() != seen(seed=1)
    assert a_trainer(digits, training_images=300).images.equal(a_trainer(digits).images)
    assert a_trainer(digits, training_images=301).image_count == 300


def test_few_images_keep_their_labels(digits):
    train = digits[0]
    trainer = Trainer(dataclasses.replace(RECIPE, training_images=20), "cvae", MODELS["cvae"].config(), train.images, train.labels)
    assert trainer.labels is not None
    for image, label in zip(trainer.images[:, 0].numpy(), trainer.labels.tolist(), strict=True):
        assert label in train.labels[(train.images == image).all((1, 2))]


def test_few_images_are_resumed_bit_for_bit_and_the_card_says_how_many(digits, tmp_path):
    whole, first = a_trainer(digits, training_images=60, batch_size=20), a_trainer(digits, training_images=60, batch_size=20)
    whole.run()
    first.run(should_stop=lambda: first.step == 5)
    first.save_state(tmp_path)
    second = a_trainer(digits, training_images=60, batch_size=20)
    second.restore(tmp_path)
    second.run()
    assert same(everything(second), everything(whole))
    card = write_checkpoint(second, tmp_path / "few", *digits)
    assert card["dataset"]["training_images"] == card["recipe"]["training_images"] == 60


def test_a_run_from_before_a_setting_came_goes_on(digits, tmp_path):
    trainer = a_trainer(digits)
    trainer.save_state(tmp_path)
    tensors, facts = read_state(tmp_path)
    del facts["recipe"]["training_images"]
    write_state(tmp_path, tensors, facts)
    a_trainer(digits).restore(tmp_path)
    with pytest.raises(TrainingError, match="a run with other settings"):
        a_trainer(digits, training_images=50).restore(tmp_path)


def test_no_images_is_a_sentence():
    with pytest.raises(TrainingError, match="no images"):
        Trainer(RECIPE, "vae", TINY, np.zeros((0, 28, 28), np.uint8))


@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
def test_the_seed_alone_decides_the_result(digits, precision):
    runs: list[dict[str, torch.Tensor]] = []
    for seed in (3, 3, 4):
        torch.manual_seed(len(runs))  # does not matter
        trainer = a_trainer(digits, seed=seed, epochs=2, precision=precision)
        trainer.run()
        runs.append(everything(trainer))
    assert same(runs[0], runs[1])
    assert not any(torch.equal(runs[0][name], runs[2][name]) for name in runs[0] if "weight" in name)


def test_training_leaves_the_global_generators_and_the_images_as_they_were(digits, tmp_path):
    before, numpy_before, images = torch.get_rng_state(), repr(np.random.get_state()), digits[0].images.copy()
    trainer = a_trainer(digits, epochs=1)
    trainer.run()
    write_checkpoint(trainer, tmp_path / "x", *digits)
    assert torch.equal(torch.get_rng_state(), before)
    assert repr(np.random.get_state()) == numpy_before
    np.testing.assert_array_equal(digits[0].images, images)


def test_denormal_numbers_count_as_zero_while_training_and_not_after_it(digits):
    def tiny() -> float:
        return float(torch.tensor(1e-30) * 1e-10)

    seen = []
    a_trainer(digits, epochs=1).run(on_step=lambda progress: seen.append(tiny()))
    assert set(seen) == {0.0}
    assert tiny() > 0


def test_the_average_follows_the_weights(digits):
    """It rests and then moves for all the steps since, with the decay that it says; at an epoch's end it has always moved."""
    trainer, step = a_trainer(digits, batch_size=27, epochs=2, ema_decay=0.5), 0  # 11 steps an epoch
    expected = linear(trainer.average.decoder, -1).weight.clone()

    def check(_) -> None:
        nonlocal expected, step
        step += 1
        steps = {8: 8, 11: 3, 19: 8, 22: 3}.get(step, 0)
        if steps:
            decay = min(0.5, step / (9 + step)) ** steps
            expected = decay * expected + (1 - decay) * linear(trainer.model.decoder, -1).weight.detach()
        torch.testing.assert_close(linear(trainer.average.decoder, -1).weight, expected)

    assert trainer.run(on_step=check)
    assert step == 22
    assert not trainer.average_model().training


def test_the_average_of_a_run_of_single_steps_begins_as_the_weights(digits):
    trainer = a_trainer(digits, batch_size=300, epochs=3)
    trainer.run(should_stop=lambda: True)
    torch.testing.assert_close(linear(trainer.average.decoder, -1).weight, linear(trainer.model.decoder, -1).weight)


def test_gradients_are_clipped(digits):
    trainer = a_trainer(digits, gradient_clip=1e-3, epochs=1)
    trainer.run(should_stop=lambda: True)
    norm = torch.stack([gradient(parameter).norm() for parameter in trainer.model.parameters()]).norm()
    assert norm.item() == pytest.approx(1e-3, rel=1e-3)


def test_a_diverging_run_ends_with_a_sentence(digits):
    with pytest.raises(TrainingError, match=r"in epoch \d+: training diverged\. Start another run with a lower learning rate than 10\.$"):
        a_trainer(digits, learning_rate=10.0, epochs=30).run()


def test_a_run_that_is_stopped_after_it_diverged_ends_with_a_sentence(digits):
    trainer = a_trainer(digits, epochs=30)
    with torch.no_grad():
        linear(trainer.model.decoder, 0).weight.fill_(torch.nan)
    with pytest.raises(TrainingError, match="diverged"):
        trainer.run(should_stop=lambda: True)


# --- schedules ------------------------------------------------------------------------------------------------------------


def schedule(trainer: Trainer, value: str) -> list[float]:
    """The value at each step."""
    values = []
    for step in range(trainer.total_steps):
        trainer.step = step
        values.append(getattr(trainer.schedule(), value))
    trainer.step = 0
    return values


def test_the_learning_rate_rises_to_its_peak_and_falls_to_zero(digits):
    trainer = a_trainer(digits, epochs=10, learning_rate=0.5, warmup_fraction=0.1)  # 60 steps, 6 of them warm-up
    rates = schedule(trainer, "learning_rate")
    assert rates[:6] == pytest.approx([0.5 * n / 6 for n in range(1, 7)])
    assert rates[6] == max(rates) == 0.5
    assert rates[33] == pytest.approx(0.25)  # half-way down the cosine
    assert all(later < earlier for earlier, later in pairwise(rates[6:]))
    assert 0 < rates[-1] < 0.001
    trainer.step = trainer.total_steps
    assert trainer.schedule().learning_rate == pytest.approx(0)


@pytest.mark.parametrize("fraction", [0.0, 0.001, 0.33, 1.0])
def test_the_learning_rate_stays_within_its_limits(digits, fraction):
    rates = schedule(a_trainer(digits, epochs=10, learning_rate=0.5, warmup_fraction=fraction), "learning_rate")
    assert all(0 < rate <= 0.5 for rate in rates)
    assert max(rates) == pytest.approx(0.5)


def test_the_optimiser_uses_the_schedule(digits):
    trainer = a_trainer(digits)
    trainer.run(should_stop=lambda: trainer.step == 2)
    trainer.step = 1  # the step that was taken last
    assert trainer.optimizer.param_groups[0]["lr"] == trainer.schedule().learning_rate


def test_the_kl_reaches_its_full_weight_at_the_end_of_the_warm_up(digits):
    weights = schedule(a_trainer(digits, epochs=10, kl_warmup_epochs=3.0), "regularizer_weight")  # 18 steps of warm-up
    assert weights[:18] == pytest.approx([n / 18 for n in range(1, 19)])
    assert set(weights[17:]) == {1.0}


def test_the_kl_warm_up_takes_no_more_than_half_of_a_short_run(digits):
    weights = schedule(a_trainer(digits, epochs=2, kl_warmup_epochs=4.0), "regularizer_weight")
    assert weights[5] == 1.0
    assert weights[4] < 1.0


def test_without_a_warm_up_the_kl_counts_from_the_start(digits):
    assert schedule(a_trainer(digits, kl_warmup_epochs=0.0), "regularizer_weight")[0] == 1.0


# --- callbacks and stopping -----------------------------------------------------------------------------------------------


def test_every_step_is_reported(digits):
    seen: list[Progress] = []
    trainer = a_trainer(digits, epochs=2)
    assert trainer.run(on_step=seen.append)
    assert [progress.step for progress in seen] == list(range(1, 13))
    assert {(progress.total_steps, progress.steps_per_epoch) for progress in seen} == {(12, 6)}
    assert seen[8].epoch == 1.5
    assert seen[-1].seconds_left == 0
    assert seen[-1].seconds <= trainer.seconds
    assert all(progress.seconds_left > 0 for progress in seen[:-1])


def test_a_run_stops_after_the_step_that_asks_for_it_and_goes_on(digits):
    trainer = a_trainer(digits, epochs=2)
    assert not trainer.run(should_stop=lambda: trainer.step == 8)
    assert trainer.step == 8
    epochs = []
    assert trainer.run(on_epoch=lambda _, losses: epochs.append(losses["negative_elbo_nats"]))
    assert trainer.step == 12
    assert len(epochs) == 1
    assert math.isfinite(epochs[0])
    assert trainer.run()  # nothing is left to do
    assert trainer.step == 12


def test_a_stop_at_the_end_of_an_epoch_still_ends_the_epoch(digits):
    trainer, epochs = a_trainer(digits, epochs=2), []
    finished = trainer.run(on_epoch=lambda trainer, _: epochs.append(trainer.step), should_stop=lambda: trainer.step in (6, 12))
    assert (finished, epochs) == (False, [6])
    finished = trainer.run(on_epoch=lambda trainer, _: epochs.append(trainer.step), should_stop=lambda: trainer.step in (6, 12))
    assert (finished, epochs) == (True, [6, 12])


# --- resuming -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
@pytest.mark.parametrize("stop_at", [12, 15], ids=["after an epoch", "within an epoch"])
def test_a_resumed_run_is_the_uninterrupted_one_bit_for_bit(digits, tmp_path, precision, stop_at):
    whole, whole_losses = a_trainer(digits, precision=precision), []
    whole.run(on_epoch=lambda _, losses: whole_losses.append(losses))

    first = a_trainer(digits, precision=precision)
    first.run(on_epoch=lambda trainer, _: trainer.save_state(tmp_path), should_stop=lambda: first.step == stop_at)
    second, losses = a_trainer(digits, precision=precision), []
    second.restore(tmp_path)
    assert second.step == 12
    assert 0 < second.seconds <= first.seconds
    second.run(on_epoch=lambda _, epoch_losses: losses.append(epoch_losses))
    assert same(everything(second), everything(whole))
    assert losses == whole_losses[2:]


def test_a_restored_run_is_where_it_was(digits, tmp_path):
    first = a_trainer(digits)
    first.run(should_stop=lambda: first.step == 6)
    first.save_state(tmp_path)
    assert os.listdir(tmp_path) == [STATE_FILE]  # noqa: PTH208 (hidden ones too)
    second = a_trainer(digits)
    assert not same(everything(second), everything(first))
    second.restore(tmp_path)
    assert same(everything(second), everything(first))


CHANGES = [{"seed": 1}, {"training_images": 200}, {"epochs": 5}, {"learning_rate": 0.011}, {"dataset": "mnist"}, {"binarize": False}]


@pytest.mark.parametrize("changes", CHANGES, ids=str)
def test_a_state_of_another_recipe_is_refused(digits, tmp_path, changes):
    a_trainer(digits).save_state(tmp_path)
    with pytest.raises(TrainingError, match="a run with other settings"):
        a_trainer(digits, **changes).restore(tmp_path)


def test_a_state_of_another_model_or_data_set_is_refused(digits, tmp_path):
    a_trainer(digits).save_state(tmp_path)
    others = [
        a_trainer(digits, dataclasses.replace(TINY, beta=2.0)),
        Trainer(RECIPE, "vae", TINY, digits[0].images[:299]),
    ]
    for other in others:
        before = everything(other)
        with pytest.raises(TrainingError, match="a run with other settings"):
            other.restore(tmp_path)
        assert same(everything(other), before)


def test_a_run_may_go_on_with_another_precision_or_device(digits, tmp_path):
    a_trainer(digits).save_state(tmp_path)
    a_trainer(digits, precision="bfloat16", device="auto").restore(tmp_path)


def test_nothing_to_resume_is_a_sentence(digits, tmp_path):
    with pytest.raises(StateError, match=r"nothing to resume.*Train without --resume"):
        a_trainer(digits).restore(tmp_path)


def damaged_states(folder: Path) -> Iterator[str]:
    """Damage the good state in folder in one way after the other; yields what was done."""
    path = folder / STATE_FILE
    whole = path.read_bytes()
    tensors, facts = read_state(folder)
    for length in (0, 4, 100, len(whole) // 2, len(whole) - 1):
        path.write_bytes(whole[:length])
        yield f"{length} bytes"
    path.write_bytes(b"text")
    yield "text"
    save_file(tensors, path)
    yield "no facts"
    for text in ("{", "[]", "3"):
        save_file(tensors, path, {"facts": text})
        yield f"facts {text}"
    for name in ("model.decoder.0.bias", "average.encoder.0.weight", "sums", "optimizer.0.step"):
        write_state(folder, {other: tensor for other, tensor in tensors.items() if other != name}, facts)
        yield f"no {name}"
        write_state(folder, {**tensors, name: torch.zeros(3, 3)}, facts)
        yield f"{name} of another shape"
    for key, value in (("step", "six"), ("step", -1), ("step", 1.5), ("step", 25), ("seconds", None)):
        write_state(folder, tensors, {**facts, key: value})
        yield f"{key} {value}"
    write_state(folder, tensors, {key: value for key, value in facts.items() if key != "step"})
    yield "no step"


def test_damaged_states_are_refused_with_the_cure(digits, tmp_path):
    first = a_trainer(digits)
    first.run(should_stop=lambda: True)
    first.save_state(tmp_path)
    for damage in damaged_states(tmp_path):
        trainer = a_trainer(digits)
        before = everything(trainer)
        with pytest.raises(StateError, match=r"is damaged .*Delete it and train again") as refusal:
            trainer.restore(tmp_path)
            pytest.fail(f"not refused: {damage}")
        assert same(everything(trainer), before), damage
        assert not re.search(r"Error|Expecting|deserializ", str(refusal.value)), refusal.value


def test_a_state_is_written_whole_or_not_at_all(digits, tmp_path, monkeypatch):
    a_trainer(digits).save_state(tmp_path)
    before = (tmp_path / STATE_FILE).read_bytes()

    def full(tensors, path, metadata):
        Path(path).write_bytes(b"half")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("core.training.state.save_file", full)
    with pytest.raises(OSError, match="No space left"):
        a_trainer(digits, seed=1).save_state(tmp_path)
    assert {file.name: file.read_bytes() for file in tmp_path.iterdir()} == {STATE_FILE: before}


# --- recipe, device, card -------------------------------------------------------------------------------------------------


def test_a_recipe_survives_json():
    recipe = dataclasses.replace(RECIPE, binarize=False, gradient_clip=1.5)
    assert from_json(TrainingConfig, json.loads(json.dumps(to_json(recipe)))) == recipe


REFUSED: dict[str, list[Any]] = {
    "training_images": [-1, 1.5, True, 10_000_001],
    "epochs": [0, -1, 1.5, "3", True, None],
    "batch_size": [0, 65_537],
    "learning_rate": [0, -1e-3, 11, math.nan, math.inf],
    "warmup_fraction": [-0.1, 1.1],
    "beta1": [1.0],
    "beta2": [1.0],
    "weight_decay": [-1],
    "kl_warmup_epochs": [-1, math.nan],
    "ema_decay": [1.0],
    "gradient_clip": [-1.0],
    "seed": [-1, 2**31, 0.5],
    "device": ["gpu", None],
    "precision": ["float16"],
    "binarize": ["no", 1, None],
    "dataset": [3, None],
}


@pytest.mark.parametrize(("name", "value"), [(name, value) for name, values in REFUSED.items() for value in values])
def test_a_recipe_out_of_range_is_refused_by_name(name, value):
    with pytest.raises(ConfigError, match=name):
        TrainingConfig(**{name: value})


def test_devices():
    assert choose_device("cpu") == torch.device("cpu")
    assert choose_device("auto").type in ("cuda", "mps", "cpu")
    assert device_title(torch.device("cpu")).startswith("cpu: ")
    with pytest.raises(ConfigError, match="device must be one of"):
        choose_device("tpu")


@pytest.mark.parametrize(("gpus", "expected"), [(0, ("cpu",)), (1, ("cuda:0",)), (3, ("cuda:0", "cuda:1", "cuda:2"))])
def test_a_run_may_have_any_gpu_or_the_processor(monkeypatch, gpus, expected):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: gpus > 0)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: gpus)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: False)
    assert devices() == expected


@pytest.mark.parametrize("wish", ["cuda", "mps"])
def test_a_device_that_is_not_there_is_a_sentence(monkeypatch, wish):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: False)
    assert choose_device("auto") == torch.device("cpu")
    with pytest.raises(ValueError, match=f"no {wish} device"):
        choose_device(wish)


@pytest.mark.parametrize(
    ("capabilities", "expected"),
    [({"avx512_bf16": True}, torch.bfloat16), ({"amx_bf16": True}, torch.bfloat16), ({"avx2": True, "amx_bf16": False}, torch.float32)],
)
def test_precision_follows_the_processor_unless_asked_for(monkeypatch, capabilities, expected):
    cpu = torch.device("cpu")
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: capabilities, raising=False)
    assert choose_precision("auto", cpu) == expected
    assert choose_precision("float32", cpu) == torch.float32
    assert choose_precision("bfloat16", cpu) == torch.bfloat16
    with pytest.raises(ConfigError, match="precision"):
        choose_precision("float64", cpu)


def test_the_card_says_what_was_done_and_how_well_it_went(checkpoint_root, trained, digits):
    checkpoint = checkpoints.load("tiny", checkpoint_root)
    card = checkpoint.card
    assert card["dataset"] == {"name": "digits", "training_images": 300, "test_images": 100}
    assert from_json(TrainingConfig, card["recipe"]) == trained.config
    assert (card["epochs"], card["finished"], card["seed"]) == (3, True, 0)
    assert card["training_seconds"] == round(trained.seconds, 1)
    assert card["stored_weights"] == "float16"
    assert card["parameters"] == sum(parameter.numel() for parameter in checkpoint.model.parameters())
    assert card["decoder_flop"] == checkpoint.model.decoder_flop()
    assert card["versions"]["torch"] == torch.__version__
    assert re.fullmatch(r"[0-9a-f]{40}\+?|unknown", card["commit"])
    assert set(card["metrics"]) == set(metrics.PROTOCOLS) - {"reconstruction_nats"}
    for entry in card["metrics"].values():
        assert math.isfinite(entry["value"])
        assert len(entry["protocol"]) > 20


def test_the_figures_on_the_card_are_those_of_the_stored_model(checkpoint_root, digits):
    checkpoint = checkpoints.load("tiny", checkpoint_root)
    values, codes = measure(checkpoint.model, *digits)
    assert values == checkpoint.card["metrics"]
    np.testing.assert_array_equal(codes.mu.astype(np.float16), checkpoint.latents.mu.astype(np.float16))
    np.testing.assert_array_equal(checkpoint.latents.label, digits[1].labels)


def test_the_stored_weights_are_the_average_rounded_once(checkpoint_root, trained):
    stored = checkpoints.load("tiny", checkpoint_root).model.state_dict()
    for name, tensor in trained.average_model().state_dict().items():
        assert torch.equal(stored[name], tensor.half().float())


def test_writing_a_checkpoint_does_not_disturb_the_run(digits, tmp_path):
    trainer, undisturbed = a_trainer(digits, epochs=2), a_trainer(digits, epochs=2)

    def write(trainer: Trainer, _: object) -> None:
        write_checkpoint(trainer, tmp_path / "x", *digits)

    trainer.run(on_epoch=write)
    undisturbed.run()
    assert same(everything(trainer), everything(undisturbed))


def test_metrics_that_do_not_apply_are_left_out(digits):
    for model in (dataclasses.replace(TINY, latent_dim=3), dataclasses.replace(TINY, likelihood="gaussian")):
        values, _ = measure(a_trainer(digits, model).average_model(), *digits)
        assert "nll_nats" not in values
        assert ("negative_elbo_nats" in values) == (model.likelihood == "bernoulli"), "a density of binary x means nothing"
        assert "psnr_db" in values


def test_a_model_without_a_posterior_has_its_reconstruction_measured(digits):
    x = to_unit_images(digits[1].images)
    for likelihood, seen in (("bernoulli", torch.bernoulli(x, generator=torch.Generator().manual_seed(0))), ("gaussian", x)):
        config = AutoencoderConfig(encoder_hidden=(16,), decoder_hidden=(16,), likelihood=likelihood)
        model = Trainer(TrainingConfig(epochs=1), "ae", config, digits[0].images).average_model()
        values, _ = measure(model, *digits)
        assert set(values) == {"reconstruction_nats", "knn_accuracy_percent", "psnr_db", "ssim"}
        with torch.no_grad():
            once = -model.log_likelihood_nats(model.decode_logits(model.encode(seen)[0]), seen).mean().item()
        assert values["reconstruction_nats"]["value"] == pytest.approx(once, rel=0.01), "eight draws of the pixels, or one of grey ones"


# --- the command line -----------------------------------------------------------------------------------------------------

SMALL = ["--dataset", "digits", "--latent-dim", "3", "--encoder-hidden", "16", "--decoder-hidden", "16"]
SMALL += ["--device", "cpu", "--precision", "float32", "--threads", "1"]


@pytest.fixture
def out(tmp_path) -> Path:
    """A place for a checkpoint; the run's state lies beside it, in runs/."""
    return tmp_path / "mine"


def train(*arguments: object) -> subprocess.Popen:
    return subprocess.Popen(
        [sys.executable, "-u", "-m", "core.training", *map(str, arguments)],
        cwd=PROJECT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


WITHOUT_COMPILER = """
import sys
from core.data.datasets import load
from core.models.vae import VAEConfig
from core.training.config import TrainingConfig
from core.training.loop import Trainer
recipe = TrainingConfig(dataset="digits", epochs=1, batch_size=100, device="cpu", precision="float32")
trainer = Trainer(recipe, "vae", VAEConfig(encoder_hidden=(8,), decoder_hidden=(8,)), load("digits", "train").images[:200])
trainer.run()
trainer.optimizer.load_state_dict(trainer.optimizer.state_dict())
assert trainer.step == 2 and "torch._dynamo" not in sys.modules
"""


def test_no_run_begins_by_importing_torchs_compiler():
    ended = subprocess.run([sys.executable, "-c", WITHOUT_COMPILER], cwd=PROJECT, capture_output=True, text=True)
    assert ended.returncode == 0, ended.stderr


def test_it_steps_as_torchs_own_optimiser_does():
    ours, torchs = (torch.nn.Linear(5, 3) for _ in range(2))
    torchs.load_state_dict(ours.state_dict())
    stepping = {
        network: kind(network.parameters(), lr=0.1, weight_decay=0.2, fused=True)
        for network, kind in ((ours, AdamW), (torchs, torch.optim.AdamW))
    }
    for seed in range(4):
        x = torch.randn(7, 5, generator=torch.Generator().manual_seed(seed))
        for network, optimizer in stepping.items():
            optimizer.zero_grad()
            network(x).square().sum().backward()
            optimizer.step()
    assert all(torch.equal(a, b) for a, b in zip(ours.parameters(), torchs.parameters(), strict=True))


def test_the_command_writes_a_checkpoint(out):
    with train(*SMALL, "--epochs", 1, "--out", out) as process:
        printed, errors = process.communicate(timeout=300)
    assert process.returncode == 0, errors
    assert "Saved" in printed
    assert "-ELBO" in printed
    checkpoint = checkpoints.load(out.name, out.parent)
    assert checkpoint.model.config.latent_dim == 3
    assert (checkpoint.card["epochs"], checkpoint.card["finished"]) == (1, True)
    assert checkpoint.latents.mu.shape == (360, 3)
    assert set(checkpoint.card["metrics"]) == set(metrics.PROTOCOLS) - {"nll_nats", "reconstruction_nats"}
    run = out.parent / "runs" / out.name
    assert not (run / STATE_FILE).exists()
    assert (read_status(run)["state"], read_status(run)["checkpoint"]) == ("finished", out.name)


@pytest.mark.slow
def test_ctrl_c_leaves_a_usable_checkpoint_and_resume_finishes_the_same_run(out, capsys):
    arguments = [*SMALL, "--epochs", 130, "--batch-size", 479, "--no-binarize", "--seed", 7, "--out", out]
    with train(*arguments) as process:
        assert process.stdout is not None
        if hasattr(fcntl, "F_SETPIPE_SZ"):  # a pipe that 60 lines fill: the run cannot end before it is interrupted
            fcntl.fcntl(process.stdout, fcntl.F_SETPIPE_SZ, 4096)
        lines = iter(process.stdout.readline, "")
        assert any(line.startswith("epoch    1 ") for line in lines)  # an epoch is done and its state is written
        process.send_signal(signal.SIGINT)
        printed, errors = process.communicate(timeout=300)
    assert process.returncode == 130, errors
    assert "Traceback" not in errors
    assert "--resume" in printed
    interrupted = checkpoints.load(out.name, out.parent)
    assert not interrupted.card["finished"]
    assert 1 <= interrupted.card["epochs"] < 130

    assert command.main([*map(str, arguments), "--resume"]) == 0
    first_epoch = re.search(r"^epoch +(\d+) ", capsys.readouterr().out, re.MULTILINE)
    assert first_epoch is not None
    assert int(first_epoch[1]) == math.floor(interrupted.card["epochs"]) + 1
    resumed = checkpoints.load(out.name, out.parent)
    assert (resumed.card["finished"], resumed.card["epochs"]) == (True, 130)

    images = load_data("digits", "train").images
    recipe = from_json(TrainingConfig, resumed.card["recipe"])
    whole = Trainer(recipe, "vae", resumed.model.config, images)
    whole.run()
    for name, tensor in whole.average_model().state_dict().items():
        assert torch.equal(resumed.model.state_dict()[name], tensor.half().float())


def test_a_bad_option_is_a_sentence_and_no_traceback(out):
    with train(*SMALL, "--epochs", 0, "--out", out) as process:
        _, errors = process.communicate(timeout=300)
    assert process.returncode == 1
    assert errors == "error: epochs must be a whole number from 1 to 100000; it is 0.\n"


BAD = {
    "--latent-dim 0": "latent_dim must be a whole number from 1 to 128",
    "--encoder-hidden 0": "encoder_hidden",
    "--learning-rate nan": "learning_rate must be",
    "--beta -1": "beta must be",
    "--batch-size -5": "batch_size must be",
    "--seed -1": "seed must be",
    "--dataset kmnist": "python -m core.data kmnist",
    "--resume": "nothing to resume",
}


@pytest.mark.parametrize(("options", "sentence"), BAD.items(), ids=BAD)
def test_bad_options_are_sentences(out, monkeypatch, tmp_path, capsys, options, sentence):
    monkeypatch.setenv("LATENT_DATA", str(tmp_path))
    assert command.main([*SMALL, "--out", str(out), *options.split()]) == 1
    message = capsys.readouterr().err
    assert message.startswith("error: ")
    assert sentence in message
    assert not out.exists()


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ("--dataset minst", "invalid choice: 'minst'"),
        ("--model gan", "invalid choice: 'gan'"),
        ("--epochs ten", "invalid int value: 'ten'"),
        ("--device tpu", "invalid choice: 'tpu'"),
        ("", "required: --out"),
    ],
)
def test_options_that_cannot_be_understood_are_explained(out, capsys, options, sentence):
    with pytest.raises(SystemExit) as stop:
        command.main([*options.split(), *(["--out", str(out)] if options else [])])
    assert stop.value.code == 2
    assert sentence in capsys.readouterr().err


@pytest.fixture
def no_training(monkeypatch):
    """Fail when a run is begun."""
    monkeypatch.setattr(Trainer, "run", lambda *_: pytest.fail("it was trained, though it cannot be saved"))


@pytest.mark.parametrize("where", [".", "..", "taken", "file", "file/below"])
def test_a_place_that_cannot_be_saved_to_is_refused_before_training(tmp_path, monkeypatch, capsys, no_training, where):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "taken").mkdir()
    (tmp_path / "taken" / "thesis.tex").write_text("three years")
    (tmp_path / "file").write_text("three years")
    assert command.main([*SMALL, "--out", where]) == 1
    assert re.match(r"error: .*(cannot be used as a name|is reserved|is not a checkpoint|cannot be made)", capsys.readouterr().err)
    assert (tmp_path / "taken" / "thesis.tex").exists()


def test_a_full_disk_is_a_sentence(out, monkeypatch, capsys):
    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Trainer, "save_state", full)
    assert command.main([*SMALL, "--epochs", "1", "--out", str(out)]) == 1
    assert "could not be written (No space left on device)" in capsys.readouterr().err


def test_ctrl_c_in_the_middle_of_an_epoch_keeps_what_was_learnt_and_resume_goes_on_from_that_very_step(out, monkeypatch, capsys):
    arguments, learn = [*SMALL, "--epochs", "2", "--precision", "float32", "--out", str(out)], Trainer._learn

    def interrupt(self, *batch):
        learn(self, *batch)
        signal.raise_signal(signal.SIGINT)

    with monkeypatch.context() as patched:
        patched.setattr(Trainer, "_learn", interrupt)
        assert command.main(arguments) == 130
    assert "--resume" in capsys.readouterr().out
    card = checkpoints.load(out.name, out.parent).card
    assert card["epochs"] < 1
    assert not card["finished"]
    assert command.main([*arguments, "--resume"]) == 0
    other = out.with_name("whole")
    assert command.main([*arguments[:-1], str(other)]) == 0
    resumed, whole = (load_file(folder / "model.safetensors") for folder in (out, other))
    assert same(resumed, whole)


def test_resume_with_other_settings_is_refused_and_the_run_stays_as_it_was(out, monkeypatch, capsys):
    arguments, learn = [*SMALL, "--epochs", "2", "--out", str(out)], Trainer._learn

    def interrupt(self, *batch):
        learn(self, *batch)
        signal.raise_signal(signal.SIGINT)

    with monkeypatch.context() as patched:
        patched.setattr(Trainer, "_learn", interrupt)
        command.main(arguments)
    config = (out.parent / "runs" / out.name / "config.json").read_text()
    assert command.main([*arguments, "--resume", "--learning-rate", "0.5"]) == 1
    assert "other settings" in capsys.readouterr().err
    assert (out.parent / "runs" / out.name / "config.json").read_text() == config
    assert command.main([*arguments, "--resume", "--threads", "1"]) == 0


@pytest.mark.parametrize("damage", [{"recipe": None}, {"recipe": [1]}, {"model": "vae"}, None])
def test_resume_where_the_config_is_damaged_is_refused(out, capsys, damage):
    folder = out.parent / "runs" / out.name
    assert command.main([*SMALL, "--epochs", "1", "--out", str(out)]) == 0
    (folder / STATE_FILE).touch()
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text("{" if damage is None else json.dumps(config | damage))
    assert command.main([*SMALL, "--epochs", "1", "--out", str(out), "--resume"]) == 1
    assert "other settings" in capsys.readouterr().err


def test_a_second_ctrl_c_stops_at_once_and_without_a_traceback(out, monkeypatch, capsys):
    def impatient(self, *batch):
        signal.raise_signal(signal.SIGINT)
        signal.raise_signal(signal.SIGINT)

    monkeypatch.setattr(Trainer, "_learn", impatient)
    before = signal.getsignal(signal.SIGINT)
    try:
        assert command.main([*SMALL, "--epochs", "2", "--out", str(out)]) == 130
    except KeyboardInterrupt:
        pytest.fail("it ended with a traceback")
    assert "Stopped" in capsys.readouterr().err
    assert not out.exists()
    assert signal.getsignal(signal.SIGINT) is before


def test_a_diverging_run_is_a_sentence(out, capsys):
    assert command.main([*SMALL, "--epochs", "20", "--learning-rate", "10", "--out", str(out)]) == 1
    assert re.search(r"error: .*diverged", capsys.readouterr().err)
    assert not out.exists()


def test_every_setting_of_the_recipe_can_be_given(out, monkeypatch):
    """Each option reaches the field of its name."""
    options = {
        "--training-images": 7, "--epochs": 3, "--seed": 5, "--batch-size": 64, "--learning-rate": 0.125, "--weight-decay": 0.25,
        "--kl-warmup-epochs": 1.5, "--ema-decay": 0.5, "--gradient-clip": 2.0,
        "--device": "cpu", "--precision": "bfloat16", "--dataset": "digits",
        "--latent-dim": 5, "--likelihood": "gaussian", "--beta": 3.0,
    }  # fmt: skip
    made = []

    def keep(self, config, model_name, model_config, *_):
        made.append(vars(config) | vars(model_config))
        raise TrainingError("enough")

    monkeypatch.setattr(Trainer, "__init__", keep)
    arguments = [str(word) for option in options.items() for word in option]
    assert command.main([*arguments, "--no-binarize", "--encoder-hidden", "7", "8", "--decoder-hidden", "--out", str(out)]) == 1
    (fields,) = made
    for option, value in options.items():
        assert fields[option.removeprefix("--").replace("-", "_")] == value
    assert (fields["binarize"], fields["encoder_hidden"], fields["decoder_hidden"]) == (False, (7, 8), ())


@pytest.mark.parametrize("kind", [TrainingConfig, *(entry.config for entry in MODELS.values())], ids=lambda kind: kind.__name__)
def test_form_and_command_line_ask_for_every_field(kind):
    asked, options = settings(kind), vars(command.parser().parse_args([]))
    assert {field.name for field in dataclasses.fields(kind)} - asked.keys() <= {"anchors", "classes", "dataset", "device", "shape"}
    for name, setting in asked.items():
        assert name in options and setting.title and setting.words.endswith(".")
        assert setting.choices is None or getattr(kind(), name) in setting.choices


def test_a_state_holds_no_pickle(digits, tmp_path):
    trainer = a_trainer(digits)
    trainer.save_state(tmp_path)
    assert set(load_file(tmp_path / STATE_FILE)) == set(read_state(tmp_path)[0])

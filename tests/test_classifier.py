"""The classifier: that it learns, its checkpoint, the command that trains it, and the distortions that it learns from."""

import json

import numpy as np
import pytest
import torch

from core import checkpoints
from core.checkpoints import CheckpointError
from core.data.datasets import Split, hold_out, load, to_unit_images
from core.data.distortions import Distortion, distort
from core.models import ConfigError, build_classifier, describe, rebuild_classifier
from core.models.classifier import ClassifierConfig
from core.training import classifier
from core.training.classifier import ClassifierTrainer, accuracy_percent
from core.training.config import TrainingConfig

SMALL = ClassifierConfig(channels=8)
STILL = Distortion(0.0, 0.0, 0.0, 0.0, 0.0)
LARGE = [
    Distortion(12.0, 0, 0, 0, 0),
    Distortion(0, 0.2, 0, 0, 0),
    Distortion(0, 0, 0.2, 0, 0),
    Distortion(0, 0, 0, 2.0, 0),
    Distortion(0, 0, 0, 0, 1.0),
]


def recipe(epochs: int = 4) -> TrainingConfig:
    return TrainingConfig(
        dataset="digits", epochs=epochs, batch_size=50, learning_rate=4e-3, kl_warmup_epochs=0.0, binarize=False, device="cpu",
        precision="float32",
    )  # fmt: skip


def test_it_learns_what_digits_show_and_is_seldom_wrong(digits: tuple[Split, Split]) -> None:
    train, test = digits
    trainer = ClassifierTrainer(recipe(15), SMALL, train.images, train.labels)
    assert accuracy_percent(trainer.average_model(), test) < 40  # type: ignore[arg-type]
    trainer.run()
    assert accuracy_percent(trainer.average_model(), test) > 80  # type: ignore[arg-type]


def test_probabilities_are_the_softmax_of_the_logits() -> None:
    model, x = build_classifier(SMALL, 1).eval(), torch.rand(3, 1, 28, 28)
    logits = model(x).double()
    assert model.probabilities(x).shape == (3, 10)
    assert torch.allclose(model.probabilities(x).double(), logits.exp() / logits.exp().sum(1, keepdim=True), atol=1e-6)


def test_the_loss_is_the_cross_entropy_of_mixed_answers_too() -> None:
    model, x = build_classifier(SMALL, 1).eval(), torch.rand(2, 1, 28, 28)
    target = torch.tensor([[0.3, 0.7] + [0.0] * 8, [0.0] * 9 + [1.0]])
    by_hand = -(target * model.probabilities(x).log()).sum(1)
    assert torch.allclose(model.training_terms(x, target)[0], by_hand, atol=1e-5)


def test_images_and_answers_are_mixed_in_the_same_proportion(digits: tuple[Split, Split]) -> None:
    train, _ = digits
    trainer = ClassifierTrainer(recipe(), SMALL, train.images, train.labels)
    trainer.distortion = STILL
    trainer.generator.manual_seed(1)
    rows = torch.arange(8)
    x, target, _ = trainer.batch(rows)
    plain = to_unit_images(train.images[:8])
    assert torch.allclose(target.sum(1), torch.ones(8))
    assert torch.allclose(x[2:], plain[2:], atol=1e-4)  # one in four is mixed: the first two, with the last two
    for row, other in ((0, 6), (1, 7)):
        share = ((x[row] - plain[row]) * (plain[other] - plain[row])).sum() / (plain[other] - plain[row]).square().sum()
        assert 0.001 < share < 0.999
        expected = torch.zeros(10)
        expected[train.labels[row]] += 1 - share
        expected[train.labels[other]] += share
        assert torch.allclose(target[row], expected, atol=1e-3)


def test_nothing_is_distorted_by_nothing_and_a_shift_is_as_long_as_it_says() -> None:
    x = torch.rand(4, 1, 28, 28, generator=torch.Generator().manual_seed(0))
    generator = torch.Generator().manual_seed(1)
    assert torch.allclose(distort(x, STILL, generator), x, atol=1e-4)
    dot = torch.zeros(500, 1, 28, 28)
    dot[:, :, 14, 14] = 1.0
    moved = distort(dot, Distortion(0.0, 0.0, 0.0, 3.0, 0.0), generator)
    assert torch.allclose(moved.flatten(1).sum(1), torch.ones(500), atol=1e-3)  # bilinear: all of it is there
    down, right = ((moved * torch.arange(28.0).view(shape)).flatten(1).sum(1) - 14 for shape in ((28, 1), (1, 28)))
    for way in (down, right):
        assert way.abs().max() <= 3.001 and way.min() < -2.5 and way.max() > 2.5 and abs(way.mean()) < 0.3


@pytest.mark.parametrize("how", LARGE)
def test_each_distortion_moves_ink_differently_in_each_image_and_a_seed_repeats_it(how: Distortion) -> None:
    x = torch.zeros(20, 1, 28, 28)
    x[:, :, 6:22, 8:12] = 1.0
    moved = distort(x, how, torch.Generator().manual_seed(0))
    assert (moved - x).abs().amax((1, 2, 3)).median() > 0.1 and moved.std(0).max() > 0.1
    assert moved.min() >= 0 and moved.max() <= 1
    assert torch.equal(moved, distort(x, how, torch.Generator().manual_seed(0)))


def test_a_turn_is_as_large_as_it_says() -> None:
    x = torch.zeros(400, 1, 28, 28)
    x[:, :, 4:24, 13:15] = 1.0  # upright
    moved = distort(x, Distortion(10.0, 0, 0, 0, 0), torch.Generator().manual_seed(0))
    rows = torch.arange(28.0) - 13.5
    middle = (moved[:, 0] * rows).sum(2) / moved[:, 0].sum(2).clamp_min(1e-6)  # (400, 28): where the ink of each row is
    slope = (middle[:, 18] - middle[:, 9]) / 9
    degrees = torch.rad2deg(torch.atan(slope))
    assert 9 < degrees.abs().max() < 10.5 and degrees.min() < -8 and degrees.max() > 8


def test_width_and_height_change_by_as_much_as_the_scale_says_each_by_itself() -> None:
    x = torch.zeros(400, 1, 28, 28)
    x[:, :, 9:19, 9:19] = 1.0  # 10 pixels to a side
    moved = distort(x, Distortion(0, 0, 0.2, 0, 0), torch.Generator().manual_seed(0))[:, 0]
    down, across = moved[:, :, 14].sum(1), moved[:, 14].sum(1)  # of ink in the middle column and row
    for side in (down, across):
        assert 8.2 < side.min() < 8.6 and 11.8 < side.max() < 12.6  # 10 / 1.2 to 10 / 0.8
    assert abs(torch.corrcoef(torch.stack([down, across]))[0, 1]) < 0.2


def test_the_held_out_images_are_not_trained_on(digits: tuple[Split, Split]) -> None:
    train, _ = digits
    rest, held = hold_out(train)
    assert len(held.images) == 30 and np.array_equal(np.concatenate([rest.images, held.images]), train.images)
    assert np.array_equal(np.concatenate([rest.labels, held.labels]), train.labels)


def test_the_command_writes_a_checkpoint_that_opens_and_is_as_good_as_its_card_says(tmp_path, capsys) -> None:
    folder = tmp_path / "digits"
    assert classifier.main(["--out", str(folder), "--dataset", "digits", "--epochs", "2", "--channels", "8", "--device", "cpu"]) == 0
    assert "held out:" in capsys.readouterr().out
    assert checkpoints.classifiers(tmp_path) == ["digits"]
    opened = checkpoints.load_classifier("digits", tmp_path)
    assert opened.card["metrics"]["accuracy_percent"]["value"] == pytest.approx(
        accuracy_percent(opened.model, load("digits", "test")), abs=1e-3
    )
    assert not opened.model.training and opened.card["dataset"]["training_images"] == 1437 - 143
    assert (folder / "model.safetensors").stat().st_size < 2.5 * sum(p.numel() for p in opened.model.parameters())  # float16


def test_what_is_no_classifier_is_refused(tmp_path) -> None:
    assert rebuild_classifier(describe("classifier", build_classifier(SMALL))).config == SMALL
    with pytest.raises(ConfigError, match="multiples of 4"):
        ClassifierConfig(shape=(1, 30, 28))
    with pytest.raises(ConfigError, match="model must be one of classifier"):
        rebuild_classifier({"name": "vae", "config": {}})
    folder = tmp_path / "vae"
    folder.mkdir()
    (folder / "card.json").write_text(json.dumps({"model": {"name": "vae", "config": {}}}))
    with pytest.raises(CheckpointError, match="model must be one of classifier"):
        checkpoints.load_classifier("vae", tmp_path)

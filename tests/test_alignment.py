"""A map turned towards another: the same model, exactly."""

import copy
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from tiny import TINY

from core import alignment, checkpoints, latent
from core.alignment import TURNS
from core.checkpoints import CheckpointError, load_folder
from core.models import Model, build
from core.models.autoencoder import AutoencoderConfig
from core.models.conditional_vae import ConditionalVAEConfig
from core.models.convolutional import ConvolutionalVAEConfig

CODES = np.random.default_rng(0).normal(size=(200, 2)) * (3.0, 1.0)


def test_there_are_eight_turns_and_no_two_are_the_same() -> None:
    assert len({turn.tobytes() for turn in TURNS}) == 8
    for turn in TURNS:
        np.testing.assert_array_equal(turn @ turn.T, np.eye(2))
        assert set(np.abs(turn).ravel().tolist()) == {0, 1}


@pytest.mark.parametrize("turn", TURNS, ids=lambda turn: str(turn.astype(int).tolist()))
def test_the_turn_that_undoes_another_is_found_wherever_the_codes_lie(turn: np.ndarray) -> None:
    noise = np.random.default_rng(1).normal(0, 0.2, CODES.shape)
    moved = 5.0 * (CODES + noise) @ turn.T + (40.0, -7.0)
    np.testing.assert_array_equal(alignment.nearest_turn(moved, CODES) @ turn, np.eye(2))


MODELS_TO_TURN: list[Model] = [
    build("vae", TINY, seed=3),
    build("ae", AutoencoderConfig(encoder_hidden=(24,), decoder_hidden=(16,)), seed=3),
    build("cvae", ConditionalVAEConfig(encoder_hidden=(24,), decoder_hidden=()), seed=3),
    build("conv-vae", ConvolutionalVAEConfig(channels=(4,), hidden=16), seed=3),
]


@pytest.mark.parametrize("model", MODELS_TO_TURN, ids=lambda model: type(model).__name__)
@pytest.mark.parametrize("turn", TURNS, ids=lambda turn: str(turn.astype(int).tolist()))
def test_a_turned_model_draws_the_same_images_from_turned_codes(model: Model, turn: np.ndarray) -> None:
    x = torch.rand(5, 1, 28, 28, generator=torch.Generator().manual_seed(0))
    turned = copy.deepcopy(model)
    alignment.turn_model(turned, turn)
    (mu, logvar), (turned_mu, turned_logvar) = model.encode(x), turned.encode(x)
    matrix = torch.from_numpy(turn).float()
    torch.testing.assert_close(turned_mu, mu @ matrix.T)
    assert (logvar is None) == (turned_logvar is None)
    if logvar is not None and turned_logvar is not None:
        torch.testing.assert_close(turned_logvar, logvar @ matrix.abs().T)
    torch.testing.assert_close(turned.decode(turned_mu), model.decode(mu))
    before, after = (sorted(abs(v) for p in m.parameters() for v in p.detach().flatten().tolist()) for m in (model, turned))
    assert before == after  # numbers changed place and sign, no more


def test_a_checkpoint_that_was_turned_is_turned_back_to_the_bit(checkpoint_root: Path, tmp_path: Path) -> None:
    to = load_folder(checkpoint_root / "tiny")
    folder = tmp_path / "other"
    shutil.copytree(checkpoint_root / "tiny", folder)
    turned = load_folder(folder)
    turn = TURNS[5]
    alignment.turn_model(turned.model, turn)
    checkpoints.save(folder, "vae", turned.model.half(), turned.card, alignment.turn_latents(turned.latents, turn))
    assert alignment.main(["--to", str(checkpoint_root / "tiny"), str(folder)]) == 0
    back = load_folder(folder)
    assert all(torch.equal(a, b) for a, b in zip(back.model.parameters(), to.model.parameters(), strict=True))
    np.testing.assert_array_equal(back.latents.mu, to.latents.mu)
    np.testing.assert_array_equal(back.latents.logvar, to.latents.logvar)
    assert back.card.pop("aligned") == {"to": "tiny", "turn": turn.T.astype(int).tolist()} and back.card == to.card
    codes, _ = latent.encode(back.model, torch.zeros(1, 1, 28, 28))
    assert np.isfinite(codes).all()


def test_a_checkpoint_that_already_lies_right_stays_as_it_is(checkpoint_root: Path, tmp_path: Path) -> None:
    shutil.copytree(checkpoint_root / "tiny", tmp_path / "same")
    alignment.main(["--to", str(checkpoint_root / "tiny"), str(tmp_path / "same")])
    for file in (checkpoints.WEIGHTS_FILE, checkpoints.LATENTS_FILE):
        assert (tmp_path / "same" / file).read_bytes() == (checkpoint_root / "tiny" / file).read_bytes()


def test_the_one_that_others_are_turned_to_is_left_alone(checkpoint_root: Path, tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    folder = shutil.copytree(checkpoint_root / "tiny", tmp_path / "tiny")
    before = (folder / checkpoints.CARD_FILE).read_bytes()
    assert alignment.main(["--to", str(folder), str(folder / "..") + "/tiny"]) == 0
    assert (folder / checkpoints.CARD_FILE).read_bytes() == before and not capsys.readouterr().out


def test_codes_of_other_images_are_a_sentence(checkpoint_root: Path, tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    shutil.copytree(checkpoint_root / "tiny", tmp_path / "few")
    few = load_folder(tmp_path / "few")
    latents = checkpoints.Latents(few.latents.mu[:9], None, few.latents.label[:9])
    checkpoints.save(tmp_path / "few", "vae", few.model, few.card, latents)
    with pytest.raises(CheckpointError, match="two-dimensional codes of the same test images"):
        alignment.align(tmp_path / "few", load_folder(checkpoint_root / "tiny"))
    assert alignment.main(["--to", str(checkpoint_root / "tiny"), str(tmp_path / "few")]) == 1
    assert "cannot be turned" in capsys.readouterr().err

"""The models that come with the explorer: all there, small, as their cards say, and described in words."""

import re
import shlex
import subprocess
from pathlib import Path

import numpy as np
import pytest
import torch

from core import checkpoints, export, latent, metrics
from core.checkpoints import SHIPPED, SHIPPED_ROOT
from core.data.datasets import load, on_disk, to_unit_images
from core.models import MODELS, describe
from core.models.config import to_json
from core.training import __main__ as command
from core.training.card import ELBO_SAMPLES
from core.training.config import completed

MAIN = next(iter(SHIPPED))
PROJECT = SHIPPED_ROOT.parent
MB = 1_000_000


def size_of(folder: Path) -> int:
    return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())


def test_the_folder_stays_small_enough_to_clone() -> None:
    """What the repository holds of it; people's own models and runs may lie there too."""
    listed = subprocess.run(["git", "ls-files", "checkpoints"], cwd=PROJECT, capture_output=True, text=True)
    if listed.returncode:
        pytest.skip("not a git checkout")
    assert sum((PROJECT / file).stat().st_size for file in listed.stdout.splitlines()) <= 45 * MB
    assert size_of(SHIPPED_ROOT / MAIN) <= 8 * MB
    for name in SHIPPED:
        assert name == MAIN or size_of(SHIPPED_ROOT / name) <= 3 * MB, name


def test_git_keeps_every_one_of_them_and_no_other() -> None:
    listed = subprocess.run(["git", "ls-files", "checkpoints/*/model.safetensors"], cwd=PROJECT, capture_output=True, text=True)
    if listed.returncode:
        pytest.skip("not a git checkout")
    assert {Path(file).parent.name for file in listed.stdout.splitlines() if file.count("/") == 2} == set(SHIPPED)


def test_every_kind_of_model_ships() -> None:
    assert {checkpoints.card_of(name, SHIPPED_ROOT)["model"]["name"] for name in SHIPPED} == set(MODELS)


@pytest.mark.parametrize("name", SHIPPED)
def test_each_opens_and_draws(name: str) -> None:
    opened = checkpoints.load(name, SHIPPED_ROOT)
    codes = opened.latents.mu
    drawn = latent.decode(opened.model, codes[:50], opened.latents.label[:50] if opened.model.conditional else None)
    assert drawn.shape == (50, 28, 28) and np.isfinite(drawn).all() and drawn.min() >= 0 and drawn.max() <= 1
    assert describe(opened.card["model"]["name"], opened.model) == completed_model(opened.card)
    assert export.why_not_live(opened.model) == "" or opened.card["model"]["name"] == "conv-vae"


def completed_model(card: dict) -> dict:
    """A card's model with the settings that came later."""
    name = card["model"]["name"]
    return {"name": name, "config": to_json(MODELS[name].config()) | card["model"]["config"]}


@pytest.mark.parametrize("name", SHIPPED)
def test_each_has_its_words(name: str) -> None:
    card, words = checkpoints.card_of(name, SHIPPED_ROOT), SHIPPED[name]
    assert (card["title"], card["description"]) == tuple(words), "run core.checkpoints.describe_shipped()"
    assert len(words.title) <= 24 and len(re.findall(r"[.!?](?=\s|$)", words.description)) <= 2
    assert words.description.endswith(".") and re.search(r"\b([Ll]ook at|[Cc]ompare|Choose)\b", words.description)


@pytest.mark.parametrize("name", SHIPPED)
def test_each_says_its_protocols_in_the_same_words(name: str) -> None:
    """Else a comparison says that the same figure was measured in different ways."""
    opened = checkpoints.load(name, SHIPPED_ROOT)
    told = "; the model is told each image's label" * opened.model.conditional
    for figure, entry in opened.card["metrics"].items():
        assert entry["protocol"] == metrics.PROTOCOLS[figure].format(samples=ELBO_SAMPLES, points=metrics.NLL_POINTS) + told


def test_no_two_have_the_same_title() -> None:
    assert len({words.title for words in SHIPPED.values()}) == len(SHIPPED)


@pytest.mark.parametrize("name", SHIPPED)
def test_each_card_agrees_with_what_lies_beside_it(name: str) -> None:
    opened = checkpoints.load(name, SHIPPED_ROOT)
    card = opened.card
    assert len(opened.latents.label) == card["dataset"]["test_images"] and card["finished"]
    assert sum(parameter.numel() for parameter in opened.model.parameters()) == card["parameters"]
    assert opened.model.decoder_flop() == card["decoder_flop"]


@pytest.mark.parametrize("name", SHIPPED)
def test_each_card_s_psnr_is_that_of_the_stored_codes(name: str) -> None:
    opened = checkpoints.load(name, SHIPPED_ROOT)
    if not on_disk(opened.dataset_name, "test"):
        pytest.skip(f"{opened.dataset_name} is not on this machine")
    split, told = load(opened.dataset_name, "test"), opened.latents.label if opened.model.conditional else None
    assert (split.labels == opened.latents.label).all()
    again, _ = latent.encode(
        opened.model, to_unit_images(split.images[:100]), None if told is None else torch.from_numpy(told[:100]).long()
    )
    np.testing.assert_allclose(again, opened.latents.mu[:100], atol=2e-3, rtol=2e-3)  # float16
    drawn = torch.from_numpy(latent.decode(opened.model, opened.latents.mu, told)).unsqueeze(1)
    psnr = metrics.psnr_db(drawn, to_unit_images(split.images)).mean().item()
    assert psnr == pytest.approx(opened.card["metrics"]["psnr_db"]["value"], abs=0.02)


def commands() -> dict[str, str]:
    """What `make checkpoints` would run, by the model that comes of it."""
    planned = subprocess.run(["make", "-n", "checkpoints"], cwd=PROJECT, capture_output=True, text=True, check=True).stdout
    return {found[1]: line for line in planned.splitlines() if (found := re.search(r"--out checkpoints/(\S+)", line))}


def test_make_checkpoints_makes_each_of_them() -> None:
    assert commands().keys() >= set(SHIPPED)


@pytest.mark.parametrize("name", SHIPPED)
def test_the_makefile_has_the_settings_that_the_card_has(name: str) -> None:
    line = commands()[name]
    if "core.training " not in line:
        pytest.skip("trained in more than one step")
    config = command.described(command.parser().parse_args(shlex.split(line.partition("core.training ")[2])))
    card, elsewhere = checkpoints.card_of(name, SHIPPED_ROOT), {"device": "", "precision": ""}
    assert config.model == completed_model(card)
    assert completed(config.recipe) | elsewhere == completed(card["recipe"]) | elsewhere


def test_the_collapsed_one_has_collapsed_and_the_aae_fills_the_prior() -> None:
    codes = checkpoints.load("vae-mnist-2d-collapsed", SHIPPED_ROOT).latents
    assert metrics.has_collapsed(codes.mu, codes.logvar)
    spread = checkpoints.load("aae-mnist-2d", SHIPPED_ROOT).latents.mu
    assert np.abs(spread.mean(0)).max() < 0.3 and (np.abs(spread.std(0) - 1) < 0.2).all()


def test_names_are_offered_the_main_model_first_and_people_s_own_last() -> None:
    names = checkpoints.in_order(["zebra", "aardvark", *sorted(SHIPPED)])
    assert names == [*SHIPPED, "aardvark", "zebra"]

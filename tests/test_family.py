"""Rate and distortion held to independent computations; the family that differs in β alone; the figure of both."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from live import PROJECT
from torch.distributions import Normal, kl_divergence

from core import checkpoints, export, figures, metrics
from core.checkpoints import CheckpointError, Latents
from core.data.datasets import Split, to_ink
from core.family import beta_family, between_rate_and_distortion, family_of
from core.rate_distortion import PEERS, SUM, split_of
from core.shipped import BETAS, SHIPPED, beta_name


def test_the_rate_is_the_kl_that_torch_computes() -> None:
    checkpoint = checkpoints.opened("beta-3-mnist-2d")
    mu, logvar = (torch.from_numpy(codes).double() for codes in (checkpoint.latents.mu, checkpoint.latents.logvar))
    expected = kl_divergence(Normal(mu, (0.5 * logvar).exp()), Normal(0.0, 1.0)).sum(1).mean().item()
    split = split_of(checkpoint)
    assert split is not None and split.rate_nats == pytest.approx(expected, abs=1e-9)
    assert split.negative_elbo_nats == pytest.approx(metrics.from_card(checkpoint.card, SUM), abs=1e-9)


def test_both_are_what_is_measured_on_the_images_themselves(checkpoint_root: Path, digits: tuple[Split, Split]) -> None:
    checkpoint = checkpoints.load("tiny", checkpoint_root)
    x = torch.from_numpy(to_ink(digits[1].images)).unsqueeze(1)
    distortion, rate = metrics.distortion_and_rate_nats(checkpoint.model, x, samples=64, binarize=False)
    split = split_of(checkpoint)
    assert split is not None
    assert split.rate_nats == pytest.approx(rate, rel=2e-3), "the codes are kept as float16"
    assert split.distortion_nats == pytest.approx(distortion, rel=5e-3), "the card's has eight samples of z"


@pytest.mark.parametrize("name", ["ae-mnist-2d", "aae-mnist-2d", "pca-mnist-2d"])
def test_where_codes_have_no_kl_there_is_no_rate(name: str) -> None:
    assert split_of(checkpoints.opened(name)) is None


def test_a_card_without_the_figure_gives_none() -> None:
    known = checkpoints.opened("beta-1-mnist-2d")
    assert split_of(replace(known, card=known.card | {"metrics": {}})) is None


def test_a_collapsed_model_has_no_rate_left() -> None:
    split = split_of(checkpoints.opened("vae-mnist-2d-collapsed"))
    assert split is not None and 0 <= split.rate_nats < 1e-4


def test_more_beta_costs_rate_and_distortion_grows_from_0_1_on() -> None:
    family = beta_family()
    rates, distortions = [split.rate_nats for split in family.splits], [split.distortion_nats for split in family.splits]
    assert rates == sorted(rates, reverse=True) and distortions[1:] == sorted(distortions[1:])


def test_the_peers_are_those_of_the_quality_table() -> None:
    table = (PROJECT / "benchmarks" / "quality.md").read_text("utf-8")
    for peer in PEERS:
        first = peer.title.split()[-1].rstrip(",")
        assert any(line.startswith(f"| {peer.negative_elbo_nats} |") and first in line for line in table.splitlines()), peer


def test_the_family_is_in_the_order_of_beta_and_of_the_same_images() -> None:
    family = beta_family()
    assert family.betas == tuple(BETAS) and [float(beta) for beta in BETAS] == sorted(float(beta) for beta in BETAS)
    found = [member.card["model"]["config"] for member in family.members]
    assert [config["beta"] for config in found] == [float(beta) for beta in BETAS]
    assert family.codes.shape == (6, 10_000, 2) and (family.codes[3] == checkpoints.opened("beta-1-mnist-2d").latents.mu).all()
    assert family.labels[family.examples].tolist() == list(range(10)), "a test image of each class"
    recipes = {str(sorted(({"training_images": 0} | member.card["recipe"]).items())) for member in family.members}
    configs = {str(config | {"beta": 0}) for config in found}
    assert len(recipes) == len(configs) == 1, "one recipe, one seed, one network: only β differs"


def test_every_view_shows_most_codes_and_the_priors_rings() -> None:
    family = beta_family()
    for codes, extent in zip(family.codes, family.extents, strict=True):
        low, high = np.array([extent["left"], extent["bottom"]]), np.array([extent["right"], extent["top"]])
        assert ((codes >= low) & (codes <= high)).all(1).mean() >= 0.98 and (low <= -3).all() and (high >= 3).all()


def test_models_of_other_images_are_no_family() -> None:
    one, other = (checkpoints.opened(beta_name(beta)) for beta in ("1", "3"))
    wrong = replace(other, latents=Latents(other.latents.mu, other.latents.logvar, other.latents.label[::-1].copy()))
    with pytest.raises(CheckpointError, match="beta-3-mnist-2d does not fit beta-1-mnist-2d"):
        family_of([one, wrong], ["1", "3"], ["", ""])
    with pytest.raises(CheckpointError, match="ae-mnist-2d does not fit"):
        family_of([one, checkpoints.opened("ae-mnist-2d")], ["1", "?"], ["", ""])


def test_the_figure_shows_the_family_the_others_of_its_data_and_each_peers_sum() -> None:
    family = beta_family()
    members, others, sums = between_rate_and_distortion(family, [checkpoints.opened(name) for name in SHIPPED])
    titles = [title for title, _, _ in others]
    assert "VAE that collapsed" in titles and "VAE of clothes" not in titles and not any(title.startswith("VAE with β") for title in titles)
    figure = figures.rate_distortion(members, others, sums)
    *lines, zoo, line = figure.data
    assert np.expm1(line.x) == pytest.approx([split.rate_nats for split in family.splits])
    assert list(line.y) == pytest.approx([split.distortion_nats for split in family.splits])
    assert len(zoo.x) == len(others)
    for drawn, (_, total) in zip(lines, sums, strict=True):
        assert np.expm1(drawn.x) + drawn.y == pytest.approx(np.full(len(drawn.x), total)), "rate + distortion is the same all along"
    (left, right), (bottom, top) = figure.layout.xaxis.range, figure.layout.yaxis.range
    assert all(left <= x <= right for x in (*line.x, *zoo.x)) and all(bottom <= y <= top for y in (*line.y, *zoo.y))
    assert [round(float(np.expm1(tick)), 6) for tick in figure.layout.xaxis.tickvals] == [
        float(text) for text in figure.layout.xaxis.ticktext
    ]


def test_the_browser_gets_the_codes_as_the_checkpoints_have_them() -> None:
    family = beta_family()
    file = export.arrays_bytes({"codes": family.codes, "labels": family.labels.astype(np.float32)})
    assert len(file) < 300_000, "float16 holds them exactly"

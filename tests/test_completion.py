"""Filling in what is covered, against sums over the whole latent space and optima that are known without the search."""

import math

import numpy as np
import pytest
import torch
from tiny import TINY
from torch.distributions import Bernoulli, Normal

from core import completion
from core.checkpoints import SHIPPED, Checkpoint, Latents, load
from core.completion import BARRIER_NATS, basins, complete, reference, tabulated
from core.models import build
from core.models.autoencoder import AutoencoderConfig
from core.models.conditional_vae import NOT_TOLD, ConditionalVAEConfig
from core.models.vae import VAE, VAEConfig
from core.posterior import GridPosterior

BOTTOM = np.zeros((28, 28), bool)
BOTTOM[14:] = True
NONE, ALL = np.zeros((28, 28), bool), np.ones((28, 28), bool)
AXIS = torch.linspace(-6, 6, 241)
POINTS = torch.cartesian_prod(AXIS, AXIS)


class TwoSided(VAE):
    """Draws four pixels by z1, the rest is blank: two visible ones by how far it is from 0, one, a little, by its sign, and a covered one
    by its sign. So two codes explain the visible ones, and differ in what is covered."""

    def __init__(self) -> None:
        super().__init__(TINY)

    def decode_logits(self, z, label=None):
        logits = z.new_full((len(z), 784), -9.0)
        logits[:, :2] = 4 * (z[:, :1].square() - 1.5)
        logits[:, 2] = 0.3 * z[:, 0]
        logits[:, -1] = 3 * z[:, 0]
        return logits.view(-1, 1, 28, 28)


def of(model) -> Checkpoint:
    """A checkpoint of it, with a few codes."""
    codes = np.random.default_rng(0).standard_normal((50, model.config.latent_dim)).astype(np.float32)
    return Checkpoint("it", model.eval(), {}, Latents(codes, None, np.zeros(50, np.uint8)))


def image(*ink: int) -> np.ndarray:
    x = np.zeros(784, np.float32)
    x[list(ink)] = 1
    return x.reshape(28, 28)


@torch.no_grad()
def log_p(model, x: np.ndarray, seen: np.ndarray, z: torch.Tensor, label: int | None = None) -> torch.Tensor:
    """log p(these pixels|z) pixel by pixel, in double precision."""
    pixels, wanted, parts = torch.from_numpy(x).double().flatten(), torch.from_numpy(seen).flatten(), []
    for some in z.float().split(4096):
        logits = model.decode_logits(some, None if label is None else torch.full((len(some),), label)).flatten(1)
        parts.append(Bernoulli(logits=logits[:, wanted].double(), validate_args=False).log_prob(pixels[wanted]).sum(1))
    return torch.cat(parts)


def log_prior(z: torch.Tensor) -> torch.Tensor:
    return Normal(0.0, 1.0).log_prob(z.double()).sum(1)


def log_integral(log_density: torch.Tensor) -> float:
    """Over all of the plane, from the density at POINTS."""
    return torch.logsumexp(log_density, 0).item() + 2 * math.log(float(AXIS[1] - AXIS[0]))


@pytest.fixture(scope="module")
def two_sided():
    model, x = TwoSided().eval(), image(0, 1, 2, 783)
    line = torch.stack([torch.linspace(-6, 6, 4001), torch.zeros(4001)], 1)  # the second coordinate draws nothing
    joint = log_p(model, x, ~BOTTOM, line) + log_prior(line)
    return model, x, line, joint


@pytest.mark.parametrize("exactly", [True, False])
def test_both_codes_that_explain_the_visible_part_are_found(two_sided, exactly):
    model, x, line, joint = two_sided
    found = complete(of(model), x, BOTTOM, table=tabulated(model) if exactly else None)
    right, left = found.answers
    tops = [int(joint[:2000].argmax()), 2000 + int(joint[2000:].argmax())]  # of both sides
    assert left.z == pytest.approx(line[tops[0]].numpy(), abs=0.01) and right.z == pytest.approx(line[tops[1]].numpy(), abs=0.01)
    assert left.visible_nats == pytest.approx(-log_p(model, x, ~BOTTOM, line[[tops[0]]]).item(), abs=0.01)
    assert left.hidden_nats == pytest.approx(-log_p(model, x, BOTTOM, line[[tops[0]]]).item(), abs=0.05)
    assert right.behind_nats == 0 and left.behind_nats == pytest.approx(float(joint[tops[1]] - joint[tops[0]]), abs=0.001)
    assert (right.x_hat[-1, -1] > 0.9) and (left.x_hat[-1, -1] < 0.1)
    assert (right.share is None) is (found.exact is None) is (not exactly)


def test_shares_and_evidence_are_those_of_a_sum_over_an_even_grid(two_sided):
    model, x, *_ = two_sided
    found = complete(of(model), x, BOTTOM, table=tabulated(model))
    visible, whole = (log_p(model, x, seen, POINTS) + log_prior(POINTS) for seen in (~BOTTOM, ~NONE))
    share = torch.softmax(visible, 0)[POINTS[:, 0] > 0].sum().item()
    assert 0.5 < share < 0.9
    assert [answer.share for answer in found.answers] == pytest.approx([share, 1 - share], abs=0.003)
    assert found.exact is not None
    assert found.exact.visible_nats == pytest.approx(-log_integral(visible), abs=0.003)
    assert found.exact.hidden_nats == pytest.approx(log_integral(visible) - log_integral(whole), abs=0.003)
    right = (found.exact.z[:, 0] > 0).mean()
    assert right == pytest.approx(share, abs=4 * (share * (1 - share) / len(found.exact.z)) ** 0.5)


@pytest.fixture(scope="module")
def shipped():
    """The main model, and an image that it draws."""
    opened = load("vae-mnist-2d")
    with torch.no_grad():
        x = opened.model.decode(torch.tensor([[0.4, -1.2]])).round()[0, 0].numpy()
    return opened, x


def test_the_shipped_model_s_answers_hold_what_a_finer_grid_says(shipped):
    """Each answer's mass: of the even grid's points around the best, by another partition than the search's: the nearest answer."""
    opened, x = shipped
    found = complete(opened, x, BOTTOM, table=tabulated(opened.model))
    z = torch.cartesian_prod(torch.linspace(-0.6, 1.4, 201), torch.linspace(-2.4, -0.4, 201))
    joint = log_p(opened.model, x, ~BOTTOM, z) + log_prior(z)
    assert float(joint.max()) - (-found.answers[0].visible_nats + float(log_prior(torch.from_numpy(found.answers[0].z[None])))) < 0.02
    assert found.exact is not None
    evidence = torch.logsumexp(joint, 0).item() + 2 * math.log(0.01)
    assert found.exact.visible_nats == pytest.approx(-evidence, abs=0.15)  # what a grid of 96 x 96 can tell
    codes = torch.from_numpy(np.stack([answer.z for answer in found.answers])).double()
    nearest = torch.cdist(z.double(), codes).argmin(1)
    masses = torch.zeros(len(codes), dtype=torch.float64).index_add_(0, nearest, torch.softmax(joint, 0))
    assert [answer.share for answer in found.answers] == pytest.approx(masses.tolist(), abs=0.03)


@pytest.mark.parametrize("exactly", [True, False])
def test_nothing_covered_is_the_whole_image_s_best_code(shipped, exactly):
    opened, x = shipped
    best, *_ = complete(opened, x, NONE, table=tabulated(opened.model) if exactly else None).answers
    z = torch.cartesian_prod(torch.linspace(0.2, 0.6, 81), torch.linspace(-1.4, -1.0, 81))
    joint = log_p(opened.model, x, ~NONE, z) + log_prior(z)
    assert best.z == pytest.approx(z[joint.argmax()].numpy(), abs=0.005)
    assert best.hidden_nats == 0 and np.array_equal(best.filled, x)


def test_the_likelihood_of_all_pixels_is_the_full_one(tiny_model, digits):
    x = torch.from_numpy(digits[1].images[:5]).unsqueeze(1) / 255
    table = GridPosterior(tiny_model, 24)
    full = table.log_likelihood_nats(x)
    torch.testing.assert_close(table.log_likelihood_nats(x, torch.ones(784, dtype=torch.bool)), full)
    parts = [table.log_likelihood_nats(x, torch.from_numpy(seen.flatten())) for seen in (BOTTOM, ~BOTTOM)]
    torch.testing.assert_close(parts[0] + parts[1], full, rtol=1e-4, atol=1e-3)


@pytest.mark.parametrize("exactly", [True, False])
def test_what_is_covered_is_not_looked_at(shipped, exactly):
    opened, x = shipped
    table = tabulated(opened.model) if exactly else None
    other = np.where(BOTTOM, 1 - x, x).astype(np.float32)
    found, same = (complete(opened, some, BOTTOM, table=table).answers for some in (x, other))
    assert [(a.z.tolist(), a.visible_nats, a.share) for a in found] == [(a.z.tolist(), a.visible_nats, a.share) for a in same]
    assert found[0].hidden_nats < same[0].hidden_nats


def test_visible_pixels_are_kept_and_covered_ones_filled_in(shipped):
    opened, x = shipped
    for answer in complete(opened, x, BOTTOM, table=tabulated(opened.model)).answers:
        assert np.array_equal(answer.filled[~BOTTOM], x[~BOTTOM]) and np.array_equal(answer.filled[BOTTOM], answer.x_hat[BOTTOM])
        drawn = opened.model.decode(torch.from_numpy(answer.z[None])).detach()[0, 0].numpy()
        assert answer.x_hat == pytest.approx(drawn, abs=1e-5)


def test_with_everything_covered_the_answer_is_the_prior(two_sided):
    model, x, *_ = two_sided
    found = complete(of(model), x, ALL, table=tabulated(model))
    assert len(found.answers) == 1 and found.answers[0].share == pytest.approx(1)
    assert found.answers[0].z == pytest.approx([0, 0], abs=0.01) and found.answers[0].visible_nats == 0
    assert found.exact is not None and found.exact.visible_nats == pytest.approx(0, abs=1e-4)
    assert found.exact.z.mean(0) == pytest.approx([0, 0], abs=0.4) and found.exact.z.std(0) == pytest.approx([1, 1], abs=0.25)


def test_a_conditional_model_is_asked_with_the_label_that_it_is_told():
    model = build("cvae", ConditionalVAEConfig(encoder_hidden=(16,), decoder_hidden=(24,)), 2).eval()
    with torch.no_grad():
        model.get_parameter("decoder_label.weight").mul_(8)
    x, evidence = image(*range(0, 784, 3)), {}
    for label in (None, 4, 7):
        found = complete(of(model), x, BOTTOM, label, tabulated(model, label))
        assert found.exact is not None
        evidence[label] = found.exact.visible_nats
        assert evidence[label] == pytest.approx(-log_integral(log_p(model, x, ~BOTTOM, POINTS, label) + log_prior(POINTS)), abs=0.02)
    assert len({round(value, 1) for value in evidence.values()}) == 3
    with pytest.raises(ValueError, match="without labels"):
        GridPosterior(model)
    assert GridPosterior(model, 8, NOT_TOLD).log_likelihood_nats(torch.from_numpy(x)[None, None]).shape == (1, 64)


def test_without_a_prior_the_likelihood_alone_decides():
    model = build("ae", AutoencoderConfig(encoder_hidden=(16,), decoder_hidden=(24,)), 2).eval()
    with torch.no_grad():
        for weight in model.decoder.parameters():
            weight.mul_(3)
    assert tabulated(model) is None
    x = model.decode(torch.tensor([[2.5, -2.0]])).detach()[0, 0].numpy()  # far out, where a prior would say no
    found = complete(of(model), x, BOTTOM)
    z = torch.cartesian_prod(torch.linspace(-6, 6, 121), torch.linspace(-6, 6, 121))
    assert found.exact is None
    assert -found.answers[0].visible_nats >= float(log_p(model, x, ~BOTTOM, z).max()) - 0.01


def test_a_prior_that_nothing_keeps_to_does_not_count():
    model = build("vae", VAEConfig(beta=0.0, encoder_hidden=(16,), decoder_hidden=(24,)), 1).eval()
    assert tabulated(model) is None


def test_which_shipped_models_are_answered_by_bayes_rule():
    exact = [name for name in SHIPPED if tabulated(load(name).model) is not None]
    assert "vae-mnist-2d" in exact and "cvae-mnist-2d" in exact and "conv-vae-mnist-2d" in exact
    assert not {"ae-mnist-2d", "pca-mnist-2d", "aae-mnist-2d", "beta-0-mnist-2d", "vae-mnist-16d"} & {*exact}


@pytest.mark.parametrize(("valley", "peaks"), [(0.9 * BARRIER_NATS, 1), (1.1 * BARRIER_NATS, 2)])
def test_peaks_with_a_shallow_valley_between_them_are_one(valley, peaks):
    height = np.full((9, 9), -100.0)
    height[4, 1:8] = [-3, -1, -1 - valley / 2, -1 - valley, -0.5, 0, -4]
    basin = basins(height).reshape(9, 9)
    assert len({int(top) for top in basin[4, 1:8]}) == peaks
    assert basin[4, 6] == 4 * 9 + 6 and (basin[4, 2] == 4 * 9 + 2) == (peaks == 2)
    assert (np.delete(basin, 4, axis=0) == -1).all(), "what is far below the highest peak belongs to none"


def test_test_images_cost_what_their_own_codes_leave(tiny_model, digits):
    x = digits[1].images[:20] / np.float32(255)
    with torch.no_grad():
        mu, _ = tiny_model.encode(torch.from_numpy(x).unsqueeze(1))
    opened = Checkpoint("it", tiny_model, {}, Latents(mu.numpy(), None, digits[1].labels[:20]))
    usual = reference(opened, x, BOTTOM)
    for row in (0, 7):
        code = mu[row : row + 1]
        assert usual.visible_nats[row] == pytest.approx(-log_p(tiny_model, x[row], ~BOTTOM, code).item(), rel=1e-4)
        assert usual.hidden_nats[row] == pytest.approx(-log_p(tiny_model, x[row], BOTTOM, code).item(), rel=1e-4)
    truth = complete(opened, x[7], BOTTOM)
    assert truth.z_of_truth == pytest.approx(mu[7].numpy(), abs=1e-5)
    assert truth.hidden_nats_of_truth == pytest.approx(usual.hidden_nats[7], rel=1e-4)


def test_progress_is_told_while_codes_are_searched(tiny_model, digits):
    told: list[float] = []
    complete(of(tiny_model), digits[1].images[0] / np.float32(255), BOTTOM, on_step=told.append)
    assert told == sorted(told) and told[-1] == 1 and len(told) == completion.STEPS + 1

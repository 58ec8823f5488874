"""The quality table's figures against independent computations, and the command on a toy checkpoint."""

import dataclasses
import math
import shutil
from pathlib import Path

import numpy as np
import pytest
import scipy.stats
import torch
from sklearn.calibration import calibration_curve
from test_metrics import LinearGaussian
from test_models import SMALL
from torch import Tensor

from benchmarks import quality as table
from benchmarks import tables
from benchmarks.quality import Effort
from core import checkpoints, latent, metrics, quality
from core.data.datasets import Split
from core.models import MODELS, Classifier, Model, build
from core.models.autoencoder import AutoencoderConfig
from core.models.classifier import ClassifierConfig
from core.models.conditional_vae import ConditionalVAEConfig
from core.training import classifier as training

SMALL_EFFORT = Effort(20, 60, 10, 2, 50, 3, 1_024)


class Certain(Classifier):
    """Sure by so much as the first pixel says of the class that the second says."""

    def __init__(self) -> None:
        super().__init__(ClassifierConfig(1, 4))

    def forward(self, x: Tensor) -> Tensor:
        sure, named = x[:, 0, 0, 0], (x[:, 0, 0, 1] * 10).round().long()
        rest = ((1 - sure) / 3).unsqueeze(1).expand(-1, 4).clone()
        return rest.scatter(1, named.unsqueeze(1), sure.unsqueeze(1)).log()


def images(*told: tuple[float, int]) -> np.ndarray:
    x = np.zeros((len(told), 28, 28), np.float32)
    x[:, 0, 0], x[:, 0, 1] = [sure for sure, _ in told], [named / 10 for _, named in told]
    return x


def test_a_verdict_counts_what_the_classifier_is_sure_of() -> None:
    said = quality.judge(Certain(), images((0.95, 0), (0.89, 0), (0.99, 1), (0.91, 2), (0.5, 3)), np.array([0, 1, 1, 0, 3]))
    assert said.confident == pytest.approx(3 / 5)
    assert said.right == pytest.approx(3 / 5) and said.right_when_confident == pytest.approx(2 / 3)
    assert said.entropy_bits == pytest.approx(scipy.stats.entropy([2, 1, 1, 1], base=2))
    assert (said.rarest, said.rarest_share) == (1, pytest.approx(1 / 5))


def test_a_class_that_is_never_named_is_the_rarest_and_nobody_is_asked_for_it() -> None:
    said = quality.judge(Certain(), images((0.5, 0), (0.5, 1), (0.5, 3)))
    assert (said.rarest, said.rarest_share, said.right, said.right_when_confident) == (2, 0.0, None, None)
    assert quality.judge(Certain(), images((0.5, 0)), np.array([0])).right_when_confident is None


@pytest.mark.parametrize("counts", [[1, 1, 1, 1], [5, 0, 3], [7, 0, 0], [1000, 1]])
def test_entropy_is_scipys(counts: list[int]) -> None:
    assert quality.entropy_bits(np.array(counts)) == pytest.approx(scipy.stats.entropy(counts, base=2), abs=1e-12)


@pytest.mark.parametrize(("count", "total"), [(0, 24), (1, 24), (24, 24), (55, 100), (999, 1000)])
def test_the_interval_of_a_share_is_scipys(count: int, total: int) -> None:
    expected = scipy.stats.binomtest(count, total).proportion_ci(0.95, method="wilson")
    assert quality.share_interval(count, total) == pytest.approx((expected.low, expected.high), abs=1e-9)


@pytest.mark.parametrize("shares", [[0.1] * 10, [0.3, 0.2, 0.1, 0.1, 0.1, 0.1, 0.05, 0.03, 0.01, 0.01], [0.9, 0.1, 0, 0]])
@pytest.mark.parametrize("total", [100, 1000])
def test_the_interval_of_an_entropy_holds_the_true_one_about_as_often_as_it_says(shares: list[float], total: int) -> None:
    truth = float(scipy.stats.entropy(shares, base=2))
    samples = np.random.default_rng(1).multinomial(total, shares, 200)
    found = [quality.entropy_interval_bits(counts) for counts in samples]
    assert np.mean([low <= truth + 1e-9 and truth <= high + 1e-9 for low, high in found]) >= 0.87
    assert all(0 <= low <= high <= np.log2(len(shares)) for low, high in found)
    widths = [high - low for low, high in found]
    spread = np.std([quality.entropy_bits(counts) for counts in samples])
    assert np.median(widths) < 4.5 * spread, "and it is not simply wide"


def test_a_single_class_leaves_no_doubt_and_no_entropy() -> None:
    assert quality.entropy_interval_bits(np.array([50, 0, 0])) == (0.0, 0.0)


def test_the_calibration_error_is_that_of_scikit_learns_calibration_curve() -> None:
    generator = np.random.default_rng(0)
    probabilities = generator.dirichlet(np.full(10, 0.2), 3000)
    labels = np.where(generator.random(3000) < 0.6, probabilities.argmax(1), generator.integers(10, size=3000))
    confidence, right = probabilities.max(1), probabilities.argmax(1) == labels
    accuracy, mean = calibration_curve(right, confidence, n_bins=15)
    sizes = np.histogram(confidence, np.linspace(0, 1, 16))[0]
    expected = (np.abs(accuracy - mean) * sizes[sizes > 0]).sum() / 3000
    assert quality.calibration_error(probabilities, labels) == pytest.approx(expected) and expected > 0.05


def test_who_is_right_as_often_as_it_says_has_no_calibration_error() -> None:
    sure = np.array([[1.0, 0.0]] * 3)
    assert quality.calibration_error(sure, np.zeros(3)) == 0 and quality.calibration_error(sure, np.ones(3)) == 1
    assert quality.calibration_error(np.array([[0.75, 0.25]] * 4), np.array([0, 0, 0, 1])) == 0


def test_active_units_are_those_whose_means_vary() -> None:
    mu = np.random.default_rng(0).normal(3, [1.0, 0.2, 0.09, 0.0], (5000, 4))
    assert np.array_equal(np.var(mu, 0) > 0.01, [True, True, False, False])
    assert quality.active_units(mu) == 2


def test_distortion_and_rate_are_the_two_parts_of_the_elbo(tiny_model: Model) -> None:
    x = torch.rand(30, 1, 28, 28, generator=torch.Generator().manual_seed(0))
    for binarize in (True, False):
        distortion, rate = metrics.distortion_and_rate_nats(tiny_model, x, binarize=binarize)
        assert distortion + rate == pytest.approx(metrics.negative_elbo_nats(tiny_model, x, binarize=binarize), rel=1e-9)
    mu, logvar = (part.detach() for part in tiny_model.encode(x) if part is not None)
    normal = torch.distributions.Normal
    exact = torch.distributions.kl_divergence(normal(mu, torch.exp(0.5 * logvar)), normal(0.0, 1.0)).sum(1).mean()
    assert rate == pytest.approx(exact.item(), rel=1e-4)
    plain = build("ae", AutoencoderConfig(encoder_hidden=(8,), decoder_hidden=(8,)), 0).eval()
    distortion, rate = metrics.distortion_and_rate_nats(plain, x, 1, binarize=False)
    x_hat = plain.decode(plain.encode(x)[0])
    by_hand = torch.nn.functional.binary_cross_entropy(x_hat, x, reduction="sum") / len(x)
    assert rate == 0 and distortion == pytest.approx(by_hand.item(), rel=1e-4)


def test_refinement_finds_the_gap_that_is_known_exactly() -> None:
    """A linear-Gaussian model whose encoder is wrong: log p(x) is known, and the best posterior reaches it."""
    model = LinearGaussian()
    model.config = dataclasses.replace(model.config, likelihood="gaussian", sigma=model.sigma)
    x = model.draw(60)
    exact = -model.exact_log_density(x)
    encode = model.encode
    model.encode = lambda x, label=None: tuple(part + 0.5 for part in encode(x))  # type: ignore[method-assign, assignment, return-value]
    off = -metrics.elbo_per_image_nats(model, x, 300, torch.Generator().manual_seed(1))
    found = quality.refined_negative_elbo_nats(model, x)
    assert found == pytest.approx(exact.numpy(), abs=0.05)
    assert (off > exact + 0.3).all()


@pytest.mark.slow
def test_the_refined_elbo_of_the_shipped_model_comes_near_its_nll() -> None:
    """The whole ELBO gap is one of amortization: with the best posteriors -ELBO is the NLL to a third of a nat."""
    model = checkpoints.load("vae-mnist-2d").model
    generator = np.random.default_rng(0)
    x = torch.bernoulli(
        model.decode(torch.from_numpy(generator.standard_normal((24, 2))).float()), generator=torch.Generator().manual_seed(0)
    )
    with torch.no_grad():
        elbo = -metrics.elbo_per_image_nats(model, x, 64, torch.Generator().manual_seed(0)).mean().item()
    refined = quality.refined_negative_elbo_nats(model, x).mean()
    nll = metrics.nll_nats(model, x, 262_144)  # its posteriors are narrow
    assert refined < elbo - 0.2 and nll - 0.02 <= refined
    assert refined == pytest.approx(nll, abs=0.3)


def test_a_control_variate_takes_away_what_it_explains() -> None:
    generator = np.random.default_rng(0)
    control = generator.normal(100, 40, 10_000)
    values = control + generator.normal(3, 0.5, 10_000)
    samples = [slice(start, start + 200) for start in range(0, 10_000, 200)]
    found = [quality.controlled_mean(values[some], control[some], control.mean()) for some in samples]
    errors = np.array([mean for mean, _ in found]) - values.mean()
    assert np.std(errors) == pytest.approx(0.5 / 200**0.5, rel=0.3)  # not 40 / 200 ** 0.5
    assert np.mean([error for _, error in found]) == pytest.approx(0.5 / 200**0.5, rel=0.05)


def test_a_climb_starts_at_the_best_point_of_the_prior_or_at_the_encoders_answer(tiny_model: Model) -> None:
    x = torch.bernoulli(tiny_model.decode(torch.tensor([[2.0, -1.0], [-1.5, 0.5]])), generator=torch.Generator().manual_seed(0)).detach()
    mu, logvar = quality.best_start(tiny_model, x, points=512)
    encoded = tiny_model.encode(x)
    assert logvar is not None and encoded[1] is not None and torch.equal(logvar, encoded[1])
    tried = torch.cat([metrics.prior_points(tiny_model, 512), encoded[0].detach()])
    with torch.no_grad():
        for image, start in zip(x, mu, strict=True):
            likelihood = tiny_model.log_likelihood_nats(tiny_model.decode_logits(tried), image.expand(len(tried), -1, -1, -1))
            joint = likelihood + torch.distributions.Normal(0.0, 1.0).log_prob(tried).sum(1)
            assert torch.equal(start, tried[joint.argmax()])


def test_draws_are_of_the_prior_or_of_a_gaussian_fitted_to_the_codes(tiny_model: Model) -> None:
    generator = np.random.default_rng(0)
    codes = generator.multivariate_normal([3.0, -2.0], [[2.0, 1.0], [1.0, 1.0]], 400)
    plain = build("ae", AutoencoderConfig(encoder_hidden=(8,), decoder_hidden=(8,)), 0).eval()
    of_prior, of_codes = (latent.random_codes(model, codes, 4000, np.random.default_rng(1)) for model in (tiny_model, plain))
    assert of_prior.mean(0) == pytest.approx([0, 0], abs=0.06) and np.cov(of_prior.T) == pytest.approx(np.eye(2), abs=0.08)
    assert of_codes.mean(0) == pytest.approx(codes.mean(0), abs=0.1) and np.cov(of_codes.T) == pytest.approx(np.cov(codes.T), abs=0.15)


def test_a_conditional_model_is_asked_for_every_class_alike() -> None:
    model = build("cvae", ConditionalVAEConfig(encoder_hidden=(8,), decoder_hidden=(8,)), 0).eval()
    drawn, asked = quality.draws(model, np.zeros((5, 2)), 1000)
    assert asked is not None and (np.bincount(asked, minlength=10) > 60).all() and len(asked) == len(drawn) == 1000
    z = latent.random_codes(model, np.zeros((5, 2)), 1000, np.random.default_rng(0))
    assert drawn[7] == pytest.approx(latent.decode(model, z[7:8], int(asked[7]))[0], abs=1e-5)
    assert np.abs(drawn[7] - latent.decode(model, z[7:8], int(asked[7] + 1) % 10)[0]).max() > 1e-3


@pytest.fixture(scope="module")
def judged(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("classifiers")
    assert training.main(["--out", str(root / "digits"), "--dataset", "digits", "--epochs", "1", "--channels", "4", "--device", "cpu"]) == 0
    return root


def test_the_report_of_a_toy_checkpoint_has_every_figure(checkpoint_root: Path, judged: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = table.report(["tiny"], SMALL_EFFORT, checkpoint_root, judged)
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in text.splitlines() if line.startswith("| ")]
    (row, draw) = (next(row for row in rows if len(row) == len(head) and "`tiny`" in row[1]) for head in (table.GOOD, table.DRAWN))
    good, drawn = dict(zip(table.GOOD, row, strict=True)), dict(zip(table.DRAWN, draw, strict=True))
    opened = checkpoints.load("tiny", checkpoint_root)
    x = table.to_unit_images(table.load("digits", "test").images[:20])
    elbo = metrics.negative_elbo_nats(opened.model, x)
    assert good["-ELBO"] == f"{elbo:.2f}"
    seen = torch.bernoulli(x, generator=torch.Generator().manual_seed(0))
    rows_of = np.linspace(0, 19, 10).round().astype(int)
    refined = quality.refined_negative_elbo_nats(opened.model, seen[rows_of], steps=2)
    nll = metrics.nll_per_image_nats(opened.model, seen, 1_024).numpy()
    assert float(good["refined -ELBO"].split()[0]) == pytest.approx(nll.mean() + (refined - nll[rows_of]).mean(), abs=0.006)
    assert good["NLL"] == f"{nll.mean():.2f}"
    assert float(good["rate (KL)"]) + float(good["distortion"]) == pytest.approx(elbo, abs=0.011)
    assert good["active units"] == f"{quality.active_units(latent.encode(opened.model, x)[0])} of 2"
    said = quality.judge(checkpoints.load_classifier("digits", judged).model, quality.draws(opened.model, opened.latents.mu, 50)[0])
    assert drawn["over 90 % sure"] == f"{said.confident:.1%}" and drawn["rarest class"] == f"{said.rarest}: {said.rarest_share:.1%}"
    assert drawn["drawn as asked"] == "- [1]" and "- [1] it cannot be asked for a class" in text
    assert "digits test images (20)" in text and "noise" in text


def test_every_kind_of_model_has_its_row_and_an_empty_cell_says_why(tmp_path: Path, digits: tuple[Split, Split], judged: Path) -> None:
    for name, entry in MODELS.items():
        model = build(name, entry.config(**SMALL[name] | {"latent_dim": 3 if name == "vae" else 2}), seed=1).eval()
        mu, logvar = latent.encode(model, table.to_unit_images(digits[1].images))
        codes = checkpoints.Latents(mu, logvar, digits[1].labels.astype(np.uint8))
        checkpoints.save(tmp_path / name, name, model, {"dataset": {"name": "digits"}}, codes)
    text = table.report(list(MODELS), SMALL_EFFORT, tmp_path, judged)
    for name in MODELS:
        assert text.count(f"| `{name}`: ") == 2
    notes = dict(line.removeprefix("- ").split(" ", 1) for line in text.splitlines() if line.startswith("- ["))
    for reason in (table.NO_POSTERIOR, table.TOLD, table.CONDITIONAL, table.IWAE.format(3), table.NO_PRIOR, table.NOT_ASKED):
        (number,) = [number for number, said in notes.items() if said == reason]
        assert f"{number} |" in text


def test_who_has_no_data_is_skipped_and_who_has_no_classifier_says_so(
    checkpoint_root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LATENT_DATA", str(tmp_path / "nothing"))
    shutil.copytree(checkpoints.SHIPPED_ROOT / "vae-mnist-2d", tmp_path / "zoo" / "vae-mnist-2d")
    shutil.copytree(checkpoint_root / "tiny", tmp_path / "zoo" / "tiny")
    text = table.report(["vae-mnist-2d", "tiny"], SMALL_EFFORT, tmp_path / "zoo", tmp_path / "no-classifiers")
    assert "Skipped: vae-mnist-2d (mnist is not on this disk)." in text and "`vae-mnist-2d`" not in text
    assert f"[1] {table.NO_CLASSIFIER}" in text.replace("[2]", "[1]") and "| - [" in text
    nothing = table.report(["vae-mnist-2d"], SMALL_EFFORT, tmp_path / "zoo", tmp_path / "no-classifiers")
    assert "0 models" in nothing and "|" not in nothing


def test_what_was_written_by_hand_survives(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "quality.md"
    shutil.copy(tables.file_of("quality"), file)
    monkeypatch.setitem(tables.ELSEWHERE, "quality", file)
    before = file.read_text("utf-8")
    tables.write("quality", "the new table")
    tables.write("quality", "a newer table")
    after = file.read_text("utf-8")
    assert "\n<!-- quality -->\na newer table\n<!-- /quality -->\n" in after and "the new table" not in after
    assert after.partition("<!-- /quality -->")[2] == before.partition("<!-- /quality -->")[2] != ""
    assert after.partition("<!-- quality -->")[0] == before.partition("<!-- quality -->")[0]


def test_the_classifier_that_ships_is_right_as_often_as_promised() -> None:
    opened = checkpoints.load_classifier("mnist")
    assert opened.card["metrics"]["accuracy_percent"]["value"] >= 99.3
    assert (checkpoints.CLASSIFIERS_ROOT / "mnist" / "model.safetensors").stat().st_size <= 1 << 20
    assert math.isclose(opened.model.probabilities(torch.rand(1, 1, 28, 28)).sum().item(), 1.0, rel_tol=1e-5)

"""The nets of the bundle against torch: the same inputs give the same numbers."""

import base64

import numpy as np
import pytest
import torch
from bundle import Bundle
from scipy import stats

from core import export, latent, reconstruction
from core.models import build, objectives
from core.models.conditional_vae import ConditionalVAEConfig
from core.models.vae import VAEConfig

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

READ = "const read = (text) => Uint8Array.from(atob(text), (c) => c.charCodeAt(0)).buffer;"


def base64_of(content: bytes) -> str:
    return base64.b64encode(content).decode()


@pytest.mark.parametrize("dimensions", [1, 2, 3, 10, 64])
def test_prior_share_is_the_chi_distributions_survival(bundle: Bundle, dimensions: int) -> None:
    sigmas = [0.0, 1e-6, 0.3, 1.0, 2.5, 4.2, 4.3, 7.9, 9.0, 15.0, 50.0, 170.0]
    found = bundle.run("nets/reading.js", "return given[1].map((s) => m.priorShareBeyond(given[0], s))", [dimensions, sigmas])
    assert found == pytest.approx(stats.chi(dimensions).sf(sigmas), abs=1e-12)


def read_in_browser(bundle: Bundle, codes: np.ndarray, labels: np.ndarray, z: np.ndarray, row: int | None) -> dict:
    script = """async ([codes, labels, z, row]) => {
      const { readPoint } = await import('/nets/reading.js');
      return readPoint(Float32Array.from(codes.flat()), labels, Float32Array.from(z), row);
    }"""
    return bundle.page.evaluate(script, [codes.tolist(), labels.tolist(), z.tolist(), row])


@pytest.mark.parametrize("dimensions", [1, 2, 7])
def test_a_point_is_read_as_in_python(bundle: Bundle, dimensions: int) -> None:
    generator = np.random.default_rng(dimensions)
    codes = np.round(generator.normal(size=(300, dimensions)), 2).astype(np.float32)
    codes[250:] = codes[:50]  # other images with the very same codes
    labels = generator.integers(0, 4, 300).astype(np.uint8)
    for row in (0, 7, 260, None, None, None):
        z = codes[row] if row is not None else generator.normal(0, 2, dimensions).astype(np.float32)
        wanted, found = latent.read_point(codes, labels, z, row), read_in_browser(bundle, codes, labels, z, row)
        assert (found["nearest"] if row is not None else codes[found["nearest"]].tolist()) == (
            wanted.nearest if row is not None else codes[wanted.nearest].tolist()
        )
        assert found["onCode"] == wanted.on_code
        assert found["distance"] == pytest.approx(wanted.distance, abs=1e-5)
        assert found["farthest"] == pytest.approx(wanted.farthest, abs=1e-5)
        assert found["sigmas"] == pytest.approx(wanted.sigmas, abs=1e-5)
        assert found["beyond"] == pytest.approx(wanted.prior_share_beyond, abs=1e-6)
        assert found["vote"]["neighbours"] == wanted.vote.neighbours


@pytest.mark.parametrize("count", [1, 3, 11, 12, 40])
def test_votes_and_their_ties_are_pythons(bundle: Bundle, count: int) -> None:
    """Distances all different, so that there is one right answer; labels so few that votes are tied often."""
    for seed in range(12):
        generator = np.random.default_rng(seed)
        codes = generator.permutation(np.arange(count, dtype=np.float32))[:, None]
        labels = generator.integers(0, 3, count).astype(np.uint8)
        for row, z in ((None, np.array([0.3], np.float32)), (0, codes[0])):
            wanted, found = latent.read_point(codes, labels, z, row).vote, read_in_browser(bundle, codes, labels, z, row)["vote"]
            assert (found["label"], found["votes"] / found["neighbours"]) == (wanted.label, pytest.approx(wanted.share)), (seed, row)


@pytest.mark.parametrize(("kind", "dimensions", "label"), [("vae", 2, None), ("vae", 5, None), ("cvae", 2, 3), ("cvae", 1, None)])
def test_decoder_of_whole_codes_equals_torch(bundle: Bundle, kind: str, dimensions: int, label: int | None) -> None:
    config = {"vae": VAEConfig, "cvae": ConditionalVAEConfig}[kind](latent_dim=dimensions, encoder_hidden=(8,), decoder_hidden=(16, 12))
    model = build(kind, config, seed=3).eval()
    z = np.random.default_rng(0).normal(size=(4, dimensions)).astype(np.float32)
    script = f"""async ([file, codes, label]) => {{
      {READ}
      const {{ DenseDecoder }} = await import('/nets/decoder.js'), decoder = new DenseDecoder(read(file));
      return codes.map((z) => Array.from(decoder.image(z, label)));
    }}"""
    found = bundle.page.evaluate(script, [base64_of(export.code_decoder_bytes(model)), z.tolist(), label])
    expected = latent.decode(model, z, label).reshape(4, 784)
    assert np.abs(np.array(found) - expected).max() < 1e-5


@pytest.mark.parametrize(("kind", "dimensions", "label"), [("vae", 1, None), ("vae", 5, None), ("cvae", 2, 3), ("cvae", 4, None)])
def test_the_maps_decoder_is_made_of_the_one_of_whole_codes(bundle: Bundle, kind: str, dimensions: int, label: int | None) -> None:
    """As Python makes it: the plane and the class become part of the first layer."""
    config = {"vae": VAEConfig, "cvae": ConditionalVAEConfig}[kind](latent_dim=dimensions, encoder_hidden=(8,), decoder_hidden=(16, 12))
    model, generator = build(kind, config, seed=3).eval(), np.random.default_rng(0)
    plane = latent.map_plane(generator.normal(size=(50, dimensions)) * np.arange(1, dimensions + 1), has_prior=False)
    points = generator.normal(0, 2, (4, 2)).astype(np.float32)
    script = f"""async ([file, plane, points, label]) => {{
      {READ}
      const {{ DenseDecoder }} = await import('/nets/decoder.js'), decoder = new DenseDecoder(read(file)).onPlane(plane, label);
      return points.map(([z1, z2]) => Array.from(decoder.decode(z1, z2)));
    }}"""
    given = {"origin": plane.origin.tolist(), "axes": plane.axes.tolist()}
    found = bundle.page.evaluate(script, [base64_of(export.code_decoder_bytes(model)), given, points.tolist(), label])
    expected = latent.decode(model, plane.codes(points), label).reshape(4, 784)
    assert np.abs(np.array(found) - expected).max() < 1e-5


@pytest.mark.parametrize("likelihood", objectives.LIKELIHOODS)
def test_losses_of_given_noise_equal_torchs(bundle: Bundle, likelihood: str) -> None:
    """The page's own arithmetic on noise that Python gives: eps of z, and the draws that turn pixels into black or white."""
    model = build("vae", VAEConfig(latent_dim=3, decoder_hidden=(16,), likelihood=likelihood, sigma=0.2), seed=1).eval()
    generator = np.random.default_rng(0)
    mu, logvar = generator.normal(size=3).astype(np.float32), generator.normal(-2, 1, 3).astype(np.float32)
    x, eps, draws = generator.random(784, np.float32), generator.normal(size=(8, 3)), generator.random((8, 784))
    script = f"""async ([file, mu, logvar, x, facts, eps, draws]) => {{
      {READ}
      const {{ DenseDecoder }} = await import('/nets/decoder.js'), {{ describe }} = await import('/nets/losses.js');
      const normals = eps.flat(), uniforms = draws.flat(), f32 = (v) => Float32Array.from(v);
      const random = {{ normal: () => normals.shift(), uniform: () => uniforms.shift() }};
      const code = {{ mu: f32(mu), logvar: f32(logvar), x: f32(x), label: null }};
      return describe(new DenseDecoder(read(file)), code, facts, eps.length, new AbortController().signal, random);
    }}"""
    binarised = likelihood == "bernoulli"
    facts = {"likelihood": likelihood, "sigma": 0.2, "binarised": binarised}
    arrays = [array.tolist() for array in (mu, logvar, x)]
    found = bundle.page.evaluate(script, [base64_of(export.code_decoder_bytes(model)), *arrays, facts, eps.tolist(), draws.tolist()])
    with torch.no_grad():
        z = torch.from_numpy(mu + np.exp(logvar / 2) * eps).float()
        seen = torch.from_numpy((draws < x).astype(np.float32) if binarised else np.tile(x, (8, 1))).float().reshape(8, 1, 28, 28)
        expected = -model.log_likelihood_nats(model.decode_logits(z), seen).mean().item()
        kl = objectives.kl_nats(torch.from_numpy(mu)[None], torch.from_numpy(logvar)[None]).item()
    assert found["reconstruction"] == pytest.approx(expected, rel=1e-5, abs=1e-3) and found["kl"] == pytest.approx(kl, abs=1e-4)


def test_a_code_without_a_cloud_has_mus_own_loss_and_no_kl(bundle: Bundle) -> None:
    model = build("vae", VAEConfig(decoder_hidden=(16,)), seed=1).eval()
    mu, x = np.array([0.5, -1], np.float32), np.random.default_rng(0).random((28, 28), np.float32)
    script = f"""async ([file, mu, x, facts]) => {{
      {READ}
      const {{ DenseDecoder }} = await import('/nets/decoder.js'), {{ describe }} = await import('/nets/losses.js');
      return describe(new DenseDecoder(read(file)), {{ mu, x, label: null }}, facts, 64, new AbortController().signal, null);
    }}"""
    facts = {"likelihood": "bernoulli", "sigma": 0.1, "binarised": True}
    found = bundle.page.evaluate(script, [base64_of(export.code_decoder_bytes(model)), mu.tolist(), x.flatten().tolist(), facts])
    assert found == {"reconstruction": pytest.approx(reconstruction.describe(model, mu, None, x).reconstruction_nats, rel=1e-5), "kl": None}


def test_the_pages_noise_is_normal_uniform_and_the_same_for_the_same_seed(bundle: Bundle) -> None:
    script = """async () => {
      const { noise } = await import('/nets/losses.js'), { normal, uniform } = noise(7), again = noise(7), other = noise(8);
      const normals = Array.from({ length: 20000 }, normal), uniforms = Array.from({ length: 20000 }, uniform);
      return [normals, uniforms, again.normal(), other.normal()];
    }"""
    normals, uniforms, again, other = bundle.page.evaluate(script)
    assert stats.kstest(normals, "norm").pvalue > 1e-3 and stats.kstest(uniforms, "uniform").pvalue > 1e-3
    assert again == normals[0] != other
    assert abs(np.corrcoef(normals[:-1], normals[1:])[0, 1]) < 0.03


def test_losses_are_computed_in_slices_and_stop_when_asked(bundle: Bundle) -> None:
    """Many samples: the page's other tasks come in between, and an abort ends them."""
    model = build("vae", VAEConfig(decoder_hidden=(512, 512)), seed=1).eval()
    script = f"""async (file) => {{
      {READ}
      const {{ DenseDecoder }} = await import('/nets/decoder.js'), {{ describe, noise }} = await import('/nets/losses.js');
      const decoder = new DenseDecoder(read(file)), x = new Float32Array(784);
      const facts = {{ likelihood: 'bernoulli', sigma: 1, binarised: true }};
      const code = {{ mu: new Float32Array(2), logvar: new Float32Array(2), x, label: null }}, stopper = new AbortController();
      let others = 0;
      const timer = setInterval(() => ++others === 3 && stopper.abort(), 0);
      const ended = await describe(decoder, code, facts, 1e6, stopper.signal, noise(1)).catch((error) => error.name);
      clearInterval(timer);
      return [ended, others];
    }}"""
    ended, others = bundle.page.evaluate(script, base64_of(export.code_decoder_bytes(model)))
    assert ended == "AbortError" and others >= 3

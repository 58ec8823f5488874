"""Refining in the browser: the slope against torch's autograd, the climb against core/refine.py's, and what the server does of it."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from bundle import Bundle
from explore import map_data, run
from starlette.requests import Request
from test_nets_browser import READ, base64_of
from tiny import linear
from untrained import save_random

from core import export
from core.checkpoints import load
from core.models import Model, build, objectives
from core.models.autoencoder import AutoencoderConfig
from core.models.conditional_vae import ConditionalVAEConfig
from core.models.linear import LinearConfig
from core.models.vae import VAEConfig
from core.refine import STEPS, Cost, Posterior, Refined, fixed_normals, refine, refine_with
from pages.exploring import points, refined
from pages.reconstructing import refining
from pages.web import assets

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

SETUP = f"""
  {READ}
  const {{ DenseDecoder }} = await import('/nets/decoder.js'), {{ SimdNetwork }} = await import('/nets/simd.js');
  const {{ PlainNetwork }} = await import('/nets/dense.js'), f32 = (v) => Float32Array.from(v);
  const open = (file, kind) => new DenseDecoder(read(file), kind === 'simd' ? SimdNetwork : PlainNetwork);
"""
CLIMB = f"""{SETUP}
  const {{ file, mu, logvar, x, label, facts, climb, measured }} = given, shares = [];
  const draws = climb && {{ climb, measured }}, signal = new AbortController().signal;
  const code = {{ mu: f32(mu), logvar: logvar && f32(logvar), x: f32(x), label }};
  const found = await m.refine(open(file, 'simd'), code, facts, signal, (share) => shares.push(share), draws ?? undefined);
  return {{ ...found, mu: [...found.mu], logvar: found.logvar && [...found.logvar], path: found.path.map((z) => [...z]), shares }};
"""


def climb_in_browser(
    bundle: Bundle, model: Model, x: torch.Tensor, start: Posterior, beta: float = 1.0, label: int | None = None, eps: list | None = None
) -> dict:
    """What nets/refine.js finds for one image (1, 1, H, W)."""
    given = {
        "file": base64_of(export.code_decoder_bytes(model)),
        "mu": start.mu[0].tolist(),
        "logvar": None if start.logvar is None else start.logvar[0].tolist(),
        "x": x.flatten().tolist(),
        "label": label,
        "facts": {"likelihood": model.config.likelihood, "sigma": model.config.sigma, "beta": beta},
        "climb": eps and eps[0].tolist(),
        "measured": eps and eps[1].tolist(),
    }
    return bundle.run("nets/refine.js", CLIMB, given)


SLOPE = f"""{SETUP}
  const {{ file, kind, z, x, label, facts }} = given, slope = new m.Slope(open(file, kind), label, facts);
  const {{ value, slope: found }} = slope.at(f32(z), f32(x));
  return [value, slope.value(f32(z), f32(x)), [...found]];
"""


def slope_in_browser(
    bundle: Bundle, model: Model, kind: str, z: torch.Tensor, x: torch.Tensor, label: int | None = None
) -> tuple[float, float, list[float]]:
    """What nets/slope.js finds at z (1, D) for the image x (1, 1, H, W): log p(x|z) on the way to its slope, alone, and the slope (D,)."""
    given = {
        "file": base64_of(export.code_decoder_bytes(model)),
        "kind": kind,
        "z": z[0].tolist(),
        "x": x.flatten().tolist(),
        "label": label,
        "facts": {"likelihood": model.config.likelihood, "sigma": model.config.sigma},
    }
    forward, alone, back = bundle.run("nets/slope.js", SLOPE, given)
    return forward, alone, back


def encoded(model: Model, x: torch.Tensor, label: torch.Tensor | None = None) -> Posterior:
    with torch.no_grad():
        return Posterior(*model.encode(x, label))


@pytest.mark.parametrize("kind", ["simd", "javascript"])
@pytest.mark.parametrize("likelihood", objectives.LIKELIHOODS)
@pytest.mark.parametrize(("activation", "hidden"), [("silu", (20, 33)), ("relu", (17,)), ("tanh", (16, 8)), ("silu", ())])
def test_the_slope_of_log_p_is_autograds(bundle: Bundle, kind: str, likelihood: str, activation: str, hidden: tuple[int, ...]) -> None:
    config = ConditionalVAEConfig(latent_dim=3, decoder_hidden=hidden, activation=activation, likelihood=likelihood, sigma=0.3)
    model, label = build("cvae", config, seed=2), torch.tensor([4])
    x = torch.rand(1, 1, 28, 28, generator=torch.Generator().manual_seed(0))
    z = torch.tensor([[0.7, -1.3, 2.0]], requires_grad=True)
    value = model.log_likelihood_nats(model.decode_logits(z, label), x).sum()
    (slope,) = torch.autograd.grad(value, z)
    forward, alone, back = slope_in_browser(bundle, model, kind, z, x, 4)
    assert forward == alone == pytest.approx(value.item(), rel=1e-5)
    assert back == pytest.approx(slope[0].tolist(), rel=1e-3, abs=1e-3)


@pytest.mark.parametrize("kind", ["simd", "javascript"])
def test_the_slope_of_what_a_linear_model_draws_ends_where_it_is_clipped(bundle: Bundle, kind: str) -> None:
    model = build("pca", LinearConfig(sigma=0.3))
    x = torch.rand(1, 1, 28, 28, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        linear(model.decoder, 0).weight.normal_(0, 0.5, generator=torch.Generator().manual_seed(1))
        linear(model.decoder, 0).bias.fill_(0.5)
    z = torch.tensor([[0.7, -1.3]], requires_grad=True)
    clipped = (model.decode(z) == model.decode(z).min()).float().mean()
    value = model.log_likelihood_nats(model.decode_logits(z), x).sum()
    (slope,) = torch.autograd.grad(value, z)
    forward, _, back = slope_in_browser(bundle, model, kind, z, x)
    assert 0.1 < clipped < 0.5
    assert [forward, *back] == pytest.approx([value.item(), *slope[0].tolist()], rel=1e-3)


CASES = {
    "vae": (VAEConfig(decoder_hidden=(32, 24)), 1.0, None),
    "beta": (VAEConfig(latent_dim=3, decoder_hidden=(32,), likelihood="gaussian", beta=4.0), 4.0, None),
    "cvae": (ConditionalVAEConfig(decoder_hidden=(32,)), 1.0, 7),
    "ae": (AutoencoderConfig(decoder_hidden=(32,), likelihood="laplace"), 1.0, None),
}


@pytest.mark.parametrize("case", CASES)
def test_the_climb_is_pythons(bundle: Bundle, case: str) -> None:
    """With the same draws of z: the same way, the same end, the same costs."""
    config, beta, label = CASES[case]
    model = build({"beta": "vae"}.get(case, case), config, seed=3)
    with torch.no_grad():
        linear(model.decoder, -1).weight.mul_(8)  # so that it matters where the code is
        x = model.decode(torch.ones(1, config.latent_dim), None if label is None else torch.tensor([label]))
    told = None if label is None else torch.tensor([label])
    start = encoded(model, x, told)
    few, many = (fixed_normals(draws, config.latent_dim, seed=5) for draws in (8, 64))
    wanted = refine_with(Cost(model, x, told, beta), start, few, many, STEPS)
    found = climb_in_browser(bundle, model, x, start, beta, label, [few, many])
    assert found["before"] == pytest.approx(wanted.cost_before_nats[0], rel=1e-4)
    assert found["after"] == pytest.approx(wanted.cost_after_nats[0], rel=1e-4, abs=0.02) and found["after"] < found["before"] - 1
    assert np.array(found["path"]) == pytest.approx(wanted.path[:, 0], abs=0.01)
    assert found["mu"] == found["path"][-1]
    if wanted.logvar is None:
        assert found["logvar"] is None
    else:
        assert found["logvar"] == pytest.approx(wanted.logvar[0].tolist(), abs=0.02)
    assert found["shares"] == pytest.approx(np.linspace(0, 1, STEPS + 1).tolist())


def test_its_own_draws_lead_to_the_same_cost_and_twice_to_the_same_code(bundle: Bundle) -> None:
    model = load("vae-mnist-2d").model
    with torch.no_grad():
        x = model.decode(torch.tensor([[0.5, 1.0]])).round()
    wanted = refine(model, x)
    found, again = (climb_in_browser(bundle, model, x, encoded(model, x)) for _ in range(2))
    assert found == again
    assert found["before"] == pytest.approx(wanted.cost_before_nats[0], abs=0.3)
    assert found["after"] == pytest.approx(wanted.cost_after_nats[0], abs=0.2)


def test_what_cannot_be_improved_is_kept(bundle: Bundle) -> None:
    """A decoder that draws the same whatever the code is: the best posterior is the prior, and the start is just that."""
    model = build("vae", VAEConfig(decoder_hidden=(16,)), seed=1)
    with torch.no_grad():
        linear(model.decoder, -1).weight.zero_()
    found = climb_in_browser(bundle, model, torch.rand(1, 1, 28, 28), Posterior(torch.zeros(1, 2), torch.zeros(1, 2)))
    assert found["after"] == found["before"] and found["mu"] == [0, 0] and found["logvar"] == [0, 0] and found["path"] == [[0, 0]]


def test_it_leaves_the_page_time_and_stops_when_asked(bundle: Bundle) -> None:
    model = load("vae-mnist-2d").model
    script = f"""{SETUP}
      const stopper = new AbortController(), code = {{ mu: [0, 0], logvar: [0, 0], x: new Float32Array(784), label: null }};
      let others = 0;
      const timer = setInterval(() => ++others === 3 && stopper.abort(), 0);
      const facts = {{ likelihood: 'bernoulli', sigma: 1, beta: 1 }};
      const ended = await m.refine(open(given, 'simd'), code, facts, stopper.signal).catch((e) => e.name);
      clearInterval(timer);
      return [ended, others];
    """
    assert bundle.run("nets/refine.js", script, base64_of(export.code_decoder_bytes(model))) == ["AbortError", 3]


def test_the_draws_come_in_opposite_pairs_with_mean_0_and_variance_1(bundle: Bundle) -> None:
    script = "const { noise } = await import('/nets/losses.js'); return m.fixedNormals(8, 3, noise(2)).map((e) => [...e])"
    eps = np.array(bundle.run("nets/refine.js", script))
    assert eps[:4] == pytest.approx(-eps[4:]) and (eps**2).mean(0) == pytest.approx(1)


PRESS = """
  const { Cursor } = await import('/map/cursor.js'), { readModel } = await import('/map/frames.js');
  const { Readout } = await import('/map/readout.js'), { Viewport } = await import('/map/viewport.js');
  const root = document.createElement('div'), cursor = new Cursor(), stopper = new AbortController(), viewport = new Viewport();
  root.innerHTML = '<svg><g class="lm-kept"></g></svg><div class="lm-side"></div>';
  document.body.replaceChildren(root);
  const [figure, decoder] = await readModel(given), plot = { bringIn() {} }, { signal } = stopper;
  const map = { data: given, root, cursor, figure, decoder, viewport, plot, signal, view: 'other', keeping: { chosen: true } };
  Object.assign(map, { bench: { use() {} }, drawn: new Set(), layers: {}, words: { tell() {} } });
  map.rest = { use() {}, stands: () => true };
  Object.assign(viewport, { limit: 100, xr: [-3, 3], yr: [-3, 3], width: 300, height: 300 });
  const readout = new Readout(map, signal), button = () => root.querySelector('[data-testid=refine]');
  cursor.kept = given.kept.value;
  await readout.update(given.readout, false);
  await readout.work;
  button().click();
  while (button()) await new Promise((go) => setTimeout(go));
  while (!map.trail?.element.querySelector('circle').getAttribute('transform')) await new Promise((go) => setTimeout(go));
  return { html: root.querySelector('.lm-refine').innerHTML, path: map.trail.path };
"""


def test_where_the_browser_cannot_decode_the_server_refines(
    bundle: Bundle, own_checkpoints: Path, mnist_like: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LATENT_DATA", str(mnist_like))
    save_random(own_checkpoints, "conv-vae", 2, count=10_000)
    data = map_data(run(checkpoint="other"))
    bundle.served = {address: asset.content for address, asset in assets._published.items()}
    scope = {"type": "http", "method": "GET", "query_string": b"row=0", "path_params": {"name": "other"}}
    answer = bytes(refined.respond(Request(scope)).body)
    bundle.served[f"{data['readout']['served'].lstrip('/').replace('points', 'refined')}?row=0"] = answer
    z, label = data["kept"]["value"], data["readout"]["drawn"]
    point = f"z={z[0]:g}%2C{z[1]:g}&label="
    assert label is None
    bundle.served[f"{data['readout']['served'].lstrip('/')}?{point}"] = points.respond(
        Request(scope | {"query_string": point.encode()})
    ).body
    shown, found = bundle.run("map/map.js", PRESS, data), json.loads(answer)
    digits = 1 if found["before"] - found["after"] >= 1 else 2
    costs = f"{found['before']:.{digits}f} → {found['after']:.{digits}f} nats"
    assert "Computed by the server" in shown["html"] and costs in shown["html"]
    assert np.array(shown["path"][1:]) == pytest.approx(np.array(found["path"][1:]), abs=1e-4)


@pytest.mark.parametrize(("after", "nats", "costs"), [(83.57, "0.07", "83.64 → 83.57"), (81.11, "2.5", "83.6 → 81.1")])
def test_a_small_gain_is_seen_in_the_costs_too(bundle: Bundle, after: float, nats: str, costs: str) -> None:
    found = {"before": 83.64, "after": after, "xHat": [0.0]}
    dot = {"mu": [0.0, 0.0], "logvar": None, "label": None, "x": [0.0], "xHat": [0.0]}
    facts = {"likelihood": "bernoulli", "classes": [], "served": "", "beta": 1, "why_refined": ""}
    said = bundle.run("map/refined.js", "return m.result(...given)", [facts, dot, found, True])
    assert f"it misses <b>{nats} nats</b> less than the encoder’s ({costs} nats of reconstruction loss)" in said
    climbed = Refined(np.zeros((2, 1, 2)), np.zeros((1, 2)), None, np.array([83.64]), np.array([after]))
    assert f"it misses **{nats} nats** less than the encoder’s ({costs} nats" in refining.what(climbed, load("ae-mnist-2d"))

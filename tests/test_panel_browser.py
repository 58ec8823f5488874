"""The panel beside the map: what readout.js makes of what Explore gives it, for every kind of model."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from bundle import Bundle
from explore import CODES, map_data, run
from starlette.requests import Request
from streamlit.testing.v1 import AppTest
from untrained import save_random, save_untrained

from core import checkpoints, latent
from core.checkpoints import Latents
from core.models import MODELS, build
from core.models.conditional_vae import ConditionalVAEConfig
from core.models.vae import VAEConfig
from pages.browser import FOLDER
from pages.exploring import points
from pages.web import assets

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser"), pytest.mark.usefixtures("no_data")]
Panel = Callable[[AppTest], str]
Read = Callable[[AppTest], dict]

READ = """
  const { Cursor } = await import('/map/cursor.js'), { readModel } = await import('/map/frames.js');
  const root = document.createElement('div'), cursor = new Cursor(), stopper = new AbortController();
  root.innerHTML = '<div class="lm-side"></div>';
  document.body.replaceChildren(root);
  const [figure, decoder] = await readModel(given), keeping = { chosen: false };
  const map = { data: given, root, cursor, figure, decoder, keeping, drawn: new Set(), layers: {}, words: { tell() {} } };
  Object.assign(map, { bench: { use() {} }, rest: { use() {}, stands: () => true } });
  const readout = new m.Readout(map, stopper.signal);
  cursor.kept = given.kept.value;
  await readout.update(given.readout, given.walk);
  await readout.work;
  stopper.abort();
  return { html: readout.element.innerHTML, answer: map.answer && Array.from(map.answer) };
"""


@pytest.fixture
def read(bundle: Bundle) -> Read:
    """The panel's HTML, and the map's own picture of the kept point where the panel has that, from what the page gives the browser."""

    def read_panel(app: AppTest) -> dict:
        data = map_data(app)
        bundle.served = {address: asset.content for address, asset in assets._published.items()}
        if data["readout"]["served"] and data["kept"]["value"]:
            drawn = data["readout"]["drawn"]
            query = f"z={'%2C'.join(f'{v:g}' for v in data['kept']['value'])}&label={'' if drawn is None else drawn}"
            scope = {"type": "http", "method": "GET", "query_string": query.encode(), "path_params": {"name": app.session_state.checkpoint}}
            bundle.served[f"{data['readout']['served'].lstrip('/')}?{query}"] = points.respond(Request(scope)).body
        return bundle.run("map/readout.js", READ, data)

    return read_panel


@pytest.fixture
def panel(read: Read) -> Panel:
    """The panel's HTML."""
    return lambda app: read(app)["html"]


def test_first_visit_finds_a_point_chosen_and_the_walk_on(panel: Panel) -> None:
    app = run()
    data = map_data(app)
    assert data["walk"] and data["kept"]["value"] == pytest.approx(CODES.mu[0].tolist(), abs=1e-4)
    assert "test image 0" in panel(app) and not app.warning and not app.error
    assert "An example: the first test image" in panel(app) and "The kept point" not in panel(app)
    assert data["decoder"].endswith("decoder.safetensors") and data["atlas"] is None
    assert "10,000 test codes" in data["description"]


def test_the_example_is_the_first_test_image_where_all_codes_lie_in_one_place(panel: Panel) -> None:
    app = run(checkpoint="vae-mnist-2d-collapsed")
    said = panel(app)
    assert "An example: the first test image" in said and "test image 0, labelled" in said


def test_link_brings_point_layers_and_no_walk(panel: Panel) -> None:
    data = map_data(app := run(z="0.5,-1.25", layers="points,manifold", checkpoint="vae-mnist-2d"))
    assert data["kept"]["value"] == [0.5, -1.25] and data["layers"] == ["points", "manifold"] and not data["walk"]
    assert "z = (0.50, −1.25)" in panel(app) and "The kept point" in panel(app) and "An example" not in panel(app)
    assert app.query_params["z"] == "0.5,-1.25"


def test_link_with_no_point_shows_none(panel: Panel) -> None:
    app = run(z="")
    assert map_data(app)["kept"]["value"] is None and "No point is kept" in panel(app)


def test_panel_with_images_compares_them(panel: Panel, mnist_like: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LATENT_DATA", str(mnist_like))
    html = panel(run())
    assert html.count('role="img"') == 3 and "−ELBO" in html and "error map" in html
    ink, grey = (checkpoints.load("vae-mnist-2d").card["metrics"][f"negative_elbo_{kind}nats"]["value"] for kind in ("", "grey_"))
    assert f"; {ink:.1f} on average" in html and f"{grey:.1f}" not in html, "the same -ELBO as in the sidebar"
    assert "1 nat = 1.44 bits" in html
    away = panel(run(z="9,9"))
    assert 'role="img"' not in away and "Press a dot" in away and "Less than 1&nbsp;%" in away
    assert "No code is near" in away and "No code is near" not in panel(run(z="0.5,0.5"))


def test_without_images_the_page_says_what_it_shows_and_offers_them(panel: Panel) -> None:
    app = run()
    assert "is not on this machine" in panel(app) and panel(app).count('role="img"') == 1
    assert app.button(key="download-mnist").label.startswith("Download MNIST")


def test_damaged_images_get_a_sentence_that_names_the_file(
    panel: Panel, mnist_like: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = tmp_path / "damaged"
    shutil.copytree(mnist_like, root)
    images = root / "MNIST" / "raw" / "t10k-images-idx3-ubyte"
    images.write_bytes(images.read_bytes()[:-1])
    monkeypatch.setenv("LATENT_DATA", str(root))
    html = panel(run())
    assert images.name in html and "Delete this file" in html and str(tmp_path) not in html


@pytest.mark.parametrize("name", MODELS)
def test_every_kind_of_model_can_be_explored_point_by_point(
    panel: Panel, own_checkpoints: Path, mnist_like: Path, monkeypatch, name: str
) -> None:
    """On a code and off it, with its test image: what a model has no notion of is left out of the panel."""
    monkeypatch.setenv("LATENT_DATA", str(mnist_like))
    model = build(name, MODELS[name].config(latent_dim=3)).eval()
    codes = np.random.default_rng(0).normal(size=(10_000, 3))
    has_posterior = name in ("vae", "cvae", "conv-vae", "lesson-vae")
    latents = Latents(codes, np.zeros_like(codes) if has_posterior else None, np.arange(10_000) % 10)
    checkpoints.save(own_checkpoints / "other", name, model, {"dataset": {"name": "mnist"}}, latents)
    app = run(checkpoint="other")
    assert ("KL divergence)" in panel(app)) == has_posterior
    assert ("centre of the prior" in panel(app)) == (name not in ("ae", "pca"))
    assert ("told the class" in panel(app)) == (name == "cvae")
    assert "error map" in panel(app)
    assert "error map" not in panel(run(checkpoint="other", z="50,50"))
    assert bool([box for box in app.selectbox if box.label == "Draw as"]) == (name == "cvae")


def test_a_conditional_model_draws_the_class_that_is_chosen(panel: Panel, own_checkpoints: Path) -> None:
    model = build("cvae", ConditionalVAEConfig(encoder_hidden=(8,), decoder_hidden=(8,))).eval()
    codes = np.random.default_rng(0).normal(size=(50, 2))
    checkpoints.save(own_checkpoints / "told", "cvae", model, {"dataset": {"name": "mnist"}}, Latents(codes, codes, np.arange(50) % 10))
    app = run(checkpoint="told")
    assert app.selectbox[0].value == 0, "the class of the first test image, whose code is the starting point"
    first = map_data(app)
    assert "the map draws the same code" not in panel(app)
    app.selectbox[0].set_value(7).run()
    seven = map_data(app)
    assert seven["decoder"] != first["decoder"] and seven["figure"] == first["figure"]
    assert "told the image's class, 0; the map draws the same code as 7" in panel(app)
    assert app.query_params["draw_as"] in ("7", ["7"])
    app.selectbox[0].set_value(-1).run()
    assert map_data(app)["decoder"] not in (first["decoder"], seven["decoder"]) and "draws the same code without a class" in panel(app)
    assert app.query_params["draw_as"] in ("none", ["none"])
    assert map_data(run(checkpoint="told", draw_as="7"))["decoder"] == seven["decoder"]
    odd = run(checkpoint="told", draw_as="10")
    assert "The link asks for the class to draw as `10`; it must be from 0 to 9." in odd.warning[0].value and map_data(odd) == first


def test_a_dot_of_many_dimensions_is_its_own_code_in_panel_and_picture(panel: Panel, read: Read, own_checkpoints: Path) -> None:
    """The plane's point under the dot is another code: neither what is said nor what is drawn is of that."""
    codes = save_random(own_checkpoints, "vae", 16)
    app = run(checkpoint="other")
    data, html = map_data(app), panel(app)
    assert [name for name, _ in data["axes"]] == ["u₁", "u₂"] and data["nearest"] == "dot"
    assert f"{np.linalg.norm(codes[0]):.2f} σ from the centre" in html and "In 16 dimensions a typical draw lies about 4.0 σ out" in html
    assert f"z = ({', '.join(f'{v:.2f}' for v in codes[0, :4])}, …)".replace("-", "−") in html and "in all 16 dimensions" in html
    pixels = np.array(read(app)["answer"]).reshape(28, 28)
    expected = latent.decode(checkpoints.load("other", own_checkpoints).model, codes[:1])[0]
    assert np.abs(pixels - expected).max() < 1e-5
    off = run(checkpoint="other", z="9,9")
    assert "No code is near" in panel(off) and read(off)["answer"] is None, "off the dots the map's own decoder is exact"


def test_a_model_of_one_number_has_one_slider_and_no_rings(panel: Panel, read: Read, own_checkpoints: Path) -> None:
    codes = save_random(own_checkpoints, "vae", 1)
    app = run(checkpoint="other", layers="points,prior")
    data = map_data(app)
    assert [name for name, _ in data["axes"]] == ["z₁"] and read(app)["answer"] is None
    assert f"z = {codes[0, 0]:.2f}<".replace("-", "−") in panel(app) and "a bell curve around 0" in panel(app)
    assert not json.loads(assets._published[data["figure"].lstrip("/")].content)["layout"].get("shapes")
    assert "Prior rings" not in app.button_group[0].options and app.query_params["layers"] == "prior,points"


@pytest.mark.parametrize(("kind", "settings"), [("vae", {"beta": 0.0}), ("aae", {"adversarial_weight": 0.0})])
def test_a_prior_that_has_no_weight_is_not_claimed(panel: Panel, own_checkpoints: Path, kind: str, settings: dict) -> None:
    save_random(own_checkpoints, kind, 2, **settings)
    app = run(checkpoint="other")
    (said,) = [block.value for block in app.markdown if "Every dot" in block.value]
    assert "towards the prior" in said.split("In this one")[1] and "last ring" not in said
    assert "no prior counted" in panel(app) and "σ from" not in panel(app)


def test_decoder_too_large_for_the_browser_is_previewed_from_an_atlas_and_the_page_says_so(
    panel: Panel, read: Read, own_checkpoints: Path
) -> None:
    save_untrained(own_checkpoints, "large", VAEConfig(encoder_hidden=(8,), decoder_hidden=(2048, 1024)))
    data = map_data(app := run(checkpoint="large", z="1,1"))
    assert data["decoder"] is None and data["atlas"].endswith("atlas.bin")
    expected = latent.decode(checkpoints.load("large", own_checkpoints).model, np.array([[1.0, 1.0]]))[0]
    assert np.abs(np.array(read(app)["answer"]).reshape(28, 28) - expected).max() < 0.01, "the server's decode, not the atlas's"
    assert "decoded by the server" in data["note"] and "does not say which data set" not in panel(app)


@pytest.mark.parametrize("binarised", [True, False])
@pytest.mark.parametrize("average", [None, 128.1])
def test_the_panel_says_what_its_loss_is_of_and_how_the_average_differs(bundle: Bundle, binarised: bool, average: float | None) -> None:
    facts = {"describes": "to describe this image (−ELBO)", "average": average, "samples": 8, "nat": "", "binarised": binarised}
    html = bundle.run("map/sentences.js", "return m.losses(given, { reconstruction: 120, kl: 6 });", facts)
    assert "<b>126.0 nats</b> to describe this image" in html and "mean of 8 samples of z" in html
    assert ("The code stays the grey image’s" in html) == binarised
    assert ("the average encodes each binarised image, which" in html) == (binarised and average is not None)
    assert "undefined" not in html and "null" not in html


@pytest.mark.parametrize(("likelihood", "said"), [("bernoulli", False), ("gaussian", True), ("laplace", True)])
def test_a_reconstruction_loss_that_can_be_negative_is_said_to_be(bundle: Bundle, likelihood: str, said: bool) -> None:
    facts = {"likelihood": likelihood, "nat": ""}
    html = bundle.run("map/sentences.js", "return m.losses(given, { reconstruction: -97.5, kl: null });", facts)
    assert "−97.5 nats" in html and ("of a density: it can be negative" in html) == said


def test_pictures_that_are_not_square_keep_their_proportions(bundle: Bundle) -> None:
    """The map's image and the panel's are squares on the page, whatever is in them."""
    page = bundle.page
    page.evaluate("""css => { const style = document.createElement('style'); style.textContent = css;
        document.body.innerHTML = '<canvas class="lm-image"></canvas><div class="lm-images"><canvas></canvas></div>'
          + '<div class="pictures"><img></div>'; document.body.append(style); }""", "\n".join(
        (FOLDER / name).read_text("utf-8") for name in ("map/map.css", "map/readout.css", "../style.css")
    ))  # fmt: skip
    shown = page.evaluate(
        "[...document.querySelectorAll('canvas, img')].map(p => [getComputedStyle(p).aspectRatio, getComputedStyle(p).objectFit])"
    )
    assert [fit for _, fit in shown] == ["contain"] * 3 and all(aspect.endswith("1 / 1") or aspect == "1" for aspect, _ in shown), shown
    page.evaluate("document.body.replaceChildren()")

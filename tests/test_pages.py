"""Every page through AppTest, with what can be wrong on disk and in the address."""

import base64
import json
import shutil
import time
from pathlib import Path

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from core import checkpoints, latent
from core.checkpoints import Latents
from core.data import datasets
from core.data.datasets import DatasetError, Progress
from core.models import MODELS, build, objectives
from core.models.conditional_vae import NOT_TOLD, ConditionalVAEConfig
from core.models.vae import VAEConfig
from pages import browser
from pages.browser.map import LAYERS
from pages.session import downloads, link, properties, state, words
from pages.web import assets

PAGES = Path(__file__).resolve().parents[1] / "pages"
EXPLORE, MAIN = PAGES / "explore.py", PAGES / "main.py"
CODES = checkpoints.load("vae-mnist-2d").latents


@pytest.fixture(autouse=True)
def no_data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As in a fresh clone, unless a test says otherwise."""
    monkeypatch.setenv("LATENT_DATA", str(tmp_path / "nothing"))
    downloads._jobs.clear()


@pytest.fixture
def own_checkpoints(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the shipped checkpoints that a test may damage."""
    root = tmp_path / "checkpoints"
    shutil.copytree(checkpoints.CHECKPOINTS / "vae-mnist-2d", root / "vae-mnist-2d")
    monkeypatch.setattr(checkpoints, "CHECKPOINTS", root)
    monkeypatch.setattr(checkpoints, "SHIPPED_ROOT", root)
    return root


def run(script: Path = EXPLORE, **query: str) -> AppTest:
    """The page, once, with these query parameters; it must not raise."""
    browser._component.cache_clear()  # each AppTest has a runtime of its own; before Streamlit 1.67 it knows no earlier component
    app = AppTest.from_file(script, default_timeout=60)
    for name, value in query.items():
        app.query_params[name] = value
    app.run()
    assert not app.exception, app.exception
    return app


def panel(app: AppTest) -> str:
    """The panel's HTML."""
    (found,) = [element.proto.body for element in app.get("html") if 'data-testid="panel"' in element.proto.body]
    return found


def map_data(app: AppTest) -> dict:
    """What the live map is given."""
    (component,) = app.get("bidi_component")
    return json.loads(component.proto.json)


def test_first_visit_finds_a_point_chosen_and_the_walk_on() -> None:
    app = run()
    data = map_data(app)
    assert data["walk"] and data["z"] == pytest.approx(CODES.mu[0].tolist(), abs=1e-4)
    assert "test image 0" in panel(app) and not app.warning and not app.error
    assert "An example: the first test image" in panel(app) and "The kept point" not in panel(app)
    assert data["decoder"].endswith("decoder.safetensors") and data["atlas"] is None
    assert "10,000 test codes" in data["description"]


def test_main_page_offers_the_checkpoints_and_names_the_device() -> None:
    app = run(MAIN)
    assert app.sidebar.selectbox(key="checkpoint_choice").value == "vae-mnist-2d"
    assert map_data(app)["z"]


def test_card_is_quoted_not_written_by_hand(own_checkpoints: Path) -> None:
    path = own_checkpoints / "vae-mnist-2d" / "card.json"
    card = json.loads(path.read_text())
    card["metrics"]["negative_elbo_nats"]["value"] = 123.456
    path.write_text(json.dumps(card))
    (figure,) = [element for element in run().sidebar.markdown if "−ELBO" in element.value]
    assert "−ELBO 123.5 nats" in figure.value and "1 nat = 1.44 bits" in figure.help and "binarised" in figure.help


def test_link_brings_point_layers_and_no_walk() -> None:
    data = map_data(app := run(z="0.5,-1.25", layers="points,manifold", checkpoint="vae-mnist-2d"))
    assert data["z"] == [0.5, -1.25] and data["layers"] == ["points", "manifold"] and not data["walk"]
    assert "z = (0.50, −1.25)" in panel(app) and "The kept point" in panel(app) and "An example" not in panel(app)
    assert app.query_params["z"] == "0.5,-1.25"


def test_link_with_no_point_shows_none() -> None:
    app = run(z="")
    assert map_data(app)["z"] is None and "No point is kept" in panel(app)


@pytest.mark.parametrize("z", ["nan,0", "0,inf", "1e9,0", "100.01,0", "1", "1,2,3", "cat", "1;2", "'", "," * 5000, "\x00"])
def test_bad_point_in_the_link_gets_a_sentence_and_the_starting_point(z: str) -> None:
    app = run(z=z)
    assert len(app.warning) == 1 and "The link asks for the point" in app.warning[0].value and len(app.warning[0].value) < 250
    assert map_data(app)["z"] == pytest.approx(CODES.mu[0].tolist(), abs=1e-4)


def test_a_link_that_names_no_layer_of_ours_shows_the_usual_ones_and_says_so() -> None:
    app = run(layers="foo")
    assert map_data(app)["layers"] == list(properties.DEFAULT_LAYERS)
    assert len(app.warning) == 1 and "`foo`" in app.warning[0].value and "usual" in app.warning[0].value
    assert not map_data(run(layers=""))["layers"], "none at all is a choice"


def test_unknown_checkpoint_and_layers_in_the_link_get_a_sentence() -> None:
    app = run(checkpoint="../../etc/passwd", layers="points,attic")
    assert len(app.warning) == 2 and "is not here" in app.warning[0].value and "attic" in app.warning[1].value
    assert map_data(app)["layers"] == ["points"]


def test_layers_switch_and_reach_the_address() -> None:
    app = run(z="1,1")
    app.button_group(key="layer_pills").set_value(["names", "prior"]).run()
    assert not app.exception and map_data(app)["layers"] == ["names", "prior"]
    assert app.query_params["layers"] == "names,prior"


def test_panel_with_images_compares_them(mnist_like: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LATENT_DATA", str(mnist_like))
    html = panel(run())
    assert html.count("<img") == 3 and "−ELBO" in html and "error map" in html
    assert "; 128.1 on average" in html and "128.3" not in html, "the same -ELBO as in the sidebar"
    assert "1 nat = 1.44 bits" in html
    away = panel(run(z="9,9"))
    assert "<img" not in away and "Click on a dot" in away and "Less than 1 %" in away
    assert "No code is near" in away and "No code is near" not in panel(run(z="0.5,0.5"))


def test_without_images_the_page_says_what_it_shows_and_offers_them() -> None:
    app = run()
    assert "is not on this machine" in panel(app) and panel(app).count("<img") == 1
    assert app.button(key="download-mnist").label.startswith("Download MNIST")


def test_damaged_images_get_a_sentence_that_names_the_file(mnist_like: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = tmp_path / "damaged"
    shutil.copytree(mnist_like, root)
    images = root / "MNIST" / "raw" / "t10k-images-idx3-ubyte"
    images.write_bytes(images.read_bytes()[:-1])
    monkeypatch.setenv("LATENT_DATA", str(root))
    html = panel(run())
    assert images.name in html and "Delete this file" in html and str(tmp_path) not in html


def test_failed_download_says_why_and_offers_again(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(name: str, on_progress: object) -> None:
        raise DatasetError("no mirror answers")

    monkeypatch.setattr(downloads, "download", refuse)
    app = run()
    app.button(key="download-mnist").click().run()
    wait_for(lambda: downloads._jobs["mnist"].done)
    app.run()
    assert "no mirror answers" in app.warning[0].value and app.button(key="download-mnist")


def test_download_shows_progress_and_can_be_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    def slow(name: str, on_progress) -> None:
        while on_progress(Progress("train-images", 3_000_000, 10_000_000, 1, 4)) is not False:
            time.sleep(0.01)
        raise datasets.DownloadCancelled

    monkeypatch.setattr(downloads, "download", slow)
    app = run()
    app.button(key="download-mnist").click().run()
    wait_for(lambda: downloads._jobs["mnist"].progress)
    app.run()
    assert not app.exception and "3.0 MB of 10.0 MB" in app.get("progress")[0].proto.text and "left" in app.get("progress")[0].proto.text
    app.button(key="stop-mnist").click().run()
    wait_for(lambda: downloads._jobs["mnist"].done)
    assert "continue where it stopped" in downloads._jobs["mnist"].error


def test_download_begins_once_however_many_ask(monkeypatch: pytest.MonkeyPatch) -> None:
    calls = []
    monkeypatch.setattr(downloads, "download", lambda name, on_progress: (calls.append(name), time.sleep(0.2)))
    downloads.start("mnist")
    downloads.start("mnist")
    wait_for(lambda: downloads._jobs["mnist"].done)
    assert calls == ["mnist"]


def wait_for(condition) -> None:
    """Poll for at most ten seconds."""
    for _ in range(1000):
        if condition():
            return
        time.sleep(0.01)
    raise AssertionError("it did not come")


def test_damaged_checkpoint_gets_a_sentence_and_the_rest_works(own_checkpoints: Path) -> None:
    broken = own_checkpoints / "broken"
    shutil.copytree(own_checkpoints / "vae-mnist-2d", broken)
    (broken / "model.safetensors").write_bytes((broken / "model.safetensors").read_bytes()[:1000])
    app = run(checkpoint="broken")
    assert "model.safetensors is not a whole safetensors file" in app.error[0].value
    assert map_data(app)["z"] and "vae-mnist-2d instead" in app.info[0].value


def test_without_any_checkpoint_the_page_says_what_to_do(own_checkpoints: Path) -> None:
    shutil.rmtree(own_checkpoints / "vae-mnist-2d")
    for script in (EXPLORE, MAIN):
        assert "Train one" in run(script).info[0].value


@pytest.mark.parametrize("card", ['{"model": 3}', "[]", "{}", "not json", '{"model": {"name": "vae", "config": {"latent_dim": -1}}}'])
def test_bad_card_never_shows_a_traceback(own_checkpoints: Path, card: str) -> None:
    (own_checkpoints / "vae-mnist-2d" / "card.json").write_text(card)
    assert len(run().error) == 1


@pytest.mark.parametrize("script", [EXPLORE, MAIN, PAGES / "reconstruct.py"])
def test_a_model_that_was_deleted_meanwhile_gives_way_to_the_default_with_a_sentence(own_checkpoints: Path, script: Path) -> None:
    save_untrained(own_checkpoints, "other", VAEConfig(encoder_hidden=(8,), decoder_hidden=(8,)))
    app = run(script, **({"checkpoint": "other"} if script == EXPLORE else {}))
    app.session_state.checkpoint = "other"
    app.run()
    shutil.rmtree(own_checkpoints / "other")
    app.run()
    assert not app.exception and not app.error
    assert [warning.value for warning in app.warning] == ["The model `other` is no longer here. Showing vae-mnist-2d instead."]
    assert app.session_state.checkpoint == "vae-mnist-2d"
    app.run()
    assert not app.warning


def save_untrained(root: Path, name: str, config: VAEConfig) -> None:
    """A checkpoint with random weights and random codes."""
    codes = np.random.default_rng(0).normal(size=(50, config.latent_dim))
    latents = Latents(codes, np.zeros_like(codes), np.arange(50) % 10)
    checkpoints.save(root / name, "vae", build("vae", config), {"metrics": "?", "dataset": "?"}, latents)


@pytest.mark.parametrize(("dimensions", "said"), [(1, "one number, from left to right"), (10, "have 10 dimensions")])
def test_other_dimensions_are_shown_on_a_plane_and_the_map_says_so(own_checkpoints: Path, dimensions: int, said: str) -> None:
    save_untrained(own_checkpoints, "other", VAEConfig(latent_dim=dimensions, encoder_hidden=(8,), decoder_hidden=(8,)))
    assert said in map_data(run(checkpoint="other"))["note"]
    app = run(MAIN, z="1,2", layers="prior")
    app.sidebar.selectbox(key="checkpoint_choice").set_value("other").run()
    assert said in map_data(app)["note"] and app.query_params["checkpoint"] == "other"
    app.sidebar.selectbox(key="checkpoint_choice").set_value("vae-mnist-2d").run()
    assert map_data(app)["z"] == [1, 2] and map_data(app)["layers"] == ["prior"] and not map_data(app)["note"]


@pytest.mark.parametrize("name", MODELS)
def test_every_kind_of_model_can_be_explored_point_by_point(own_checkpoints: Path, mnist_like: Path, monkeypatch, name: str) -> None:
    """On a code and off it, with its test image: what a model has no notion of is left out of the panel."""
    monkeypatch.setenv("LATENT_DATA", str(mnist_like))
    model = build(name, MODELS[name].config(latent_dim=3)).eval()
    codes = np.random.default_rng(0).normal(size=(10_000, 3))
    has_posterior = name in ("vae", "cvae", "conv-vae")
    latents = Latents(codes, np.zeros_like(codes) if has_posterior else None, np.arange(10_000) % 10)
    checkpoints.save(own_checkpoints / "other", name, model, {"dataset": {"name": "mnist"}}, latents)
    app = run(checkpoint="other")
    assert ("KL divergence)" in panel(app)) == has_posterior
    assert ("centre of the prior" in panel(app)) == (name != "ae")
    assert ("told the class" in panel(app)) == (name == "cvae")
    assert "error map" in panel(app)
    assert "error map" not in panel(run(checkpoint="other", z="50,50"))
    assert bool([box for box in app.selectbox if box.label == "Draw as"]) == (name == "cvae")


def test_a_conditional_model_draws_the_class_that_is_chosen(own_checkpoints: Path) -> None:
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


def save_random(root: Path, kind: str, dimensions: int, dataset: str = "mnist", **settings: object) -> np.ndarray:
    """A model of this kind with random weights, saved as `other`; its random codes."""
    hidden = {} if kind == "conv-vae" else {"encoder_hidden": (8,), "decoder_hidden": (8,)}
    model = build(kind, MODELS[kind].config(latent_dim=dimensions, **hidden, **settings)).eval()
    codes = np.random.default_rng(0).normal(size=(500, dimensions)).astype(np.float16).astype(np.float32)
    has_posterior = "kl_nats" in MODELS[kind].module.LOSSES
    latents = Latents(codes, np.zeros_like(codes) if has_posterior else None, np.arange(500) % 10)
    checkpoints.save(root / "other", kind, model, {"dataset": {"name": dataset}}, latents)
    return codes


def test_a_dot_of_many_dimensions_is_its_own_code_in_panel_and_picture(own_checkpoints: Path) -> None:
    """The plane's point under the dot is another code: neither what is said nor what is drawn is of that."""
    codes = save_random(own_checkpoints, "vae", 16)
    app = run(checkpoint="other")
    data, html = map_data(app), panel(app)
    assert [name for name, _ in data["axes"]] == ["u₁", "u₂"] and data["nearest"] == "dot"
    assert f"{np.linalg.norm(codes[0]):.2f} σ from the centre" in html and "In 16 dimensions a typical draw lies about 4.0 σ out" in html
    assert f"z = ({', '.join(f'{v:.2f}' for v in codes[0, :4])}, …)".replace("-", "−") in html and "in all 16 dimensions" in html
    pixels = np.frombuffer(base64.b64decode(data["decoded"]), np.uint8).reshape(28, 28)
    expected = latent.decode(checkpoints.load("other", own_checkpoints).model, codes[:1])[0]
    assert np.abs(pixels / 255 - expected).max() < 0.01
    off = run(checkpoint="other", z="9,9")
    assert "No code is near" in panel(off) and map_data(off)["decoded"]


def test_a_model_of_one_number_has_one_slider_and_no_rings(own_checkpoints: Path) -> None:
    codes = save_random(own_checkpoints, "vae", 1)
    app = run(checkpoint="other", layers="points,prior")
    data = map_data(app)
    assert [name for name, _ in data["axes"]] == ["z₁"] and data["decoded"] is None
    assert f"z = {codes[0, 0]:.2f}<".replace("-", "−") in panel(app) and "a bell curve around 0" in panel(app)
    assert not json.loads(assets._published[data["figure"].lstrip("/")].content)["layout"].get("shapes")
    assert "Prior rings" not in app.button_group[0].options and app.query_params["layers"] == "prior,points"


@pytest.mark.parametrize("kind", MODELS)
def test_every_kind_of_model_is_explained_in_its_own_words(own_checkpoints: Path, kind: str) -> None:
    save_random(own_checkpoints, kind, 2)
    app = run(checkpoint="other")
    (said,) = [block.value for block in app.markdown if "Every dot" in block.value]
    assert MODELS[kind].explanation in said
    assert ("This one is **variational**" in said or "It is variational" in said) == ("kl_nats" in MODELS[kind].module.LOSSES)
    assert ("which the model never saw" in said) == (kind != "cvae")
    assert ("the last ring" in said) == (kind != "ae") == ("Prior rings" in app.button_group[0].options)
    assert ("the 4s and the 9s" in said) == ("one digit turn into another" in said) == (kind != "cvae")


def test_every_likelihood_has_words() -> None:
    assert set(words.LIKELIHOODS) == set(objectives.LIKELIHOODS)


@pytest.mark.parametrize(("kind", "settings"), [("vae", {"beta": 0.0}), ("aae", {"adversarial_weight": 0.0})])
def test_a_prior_that_has_no_weight_is_not_claimed(own_checkpoints: Path, kind: str, settings: dict) -> None:
    save_random(own_checkpoints, kind, 2, **settings)
    app = run(checkpoint="other")
    (said,) = [block.value for block in app.markdown if "Every dot" in block.value]
    assert "towards the prior" in said.split("In this one")[1] and "last ring" not in said
    assert "without a prior" in panel(app) and "σ from" not in panel(app)


def test_explanations_fit_settings_and_data(own_checkpoints: Path) -> None:
    save_random(own_checkpoints, "vae", 3, "fashion-mnist", beta=4.0, likelihood="gaussian")
    (said,) = [block.value for block in run(checkpoint="other").markdown if "Every dot" in block.value]
    for part in ("here 3 numbers", "β = 4 (a *β-VAE*)", "*squared error*", "one garment turn", "pullovers and the coats"):
        assert part in said
    assert "digit" not in said and "cross-entropy" not in said


def test_back_and_edited_addresses_are_followed() -> None:
    app = run(MAIN, z="1,2")
    app.query_params["z"] = "-1,0.5"
    app.query_params["layers"] = "names"
    app.run()
    assert map_data(app)["z"] == [-1, 0.5] and map_data(app)["layers"] == ["names"]
    app.query_params.clear()  # another page's link
    app.run()
    assert map_data(app)["z"] == [-1, 0.5]


@pytest.mark.parametrize("card", [{"dataset": {"name": ["mnist"]}}, {"metrics": {"nll_nats": {"value": "x"}}}, {"title": "\ud800 <b>"}])
def test_odd_card_does_no_harm(own_checkpoints: Path, card: dict) -> None:
    path = own_checkpoints / "vae-mnist-2d" / "card.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | card))
    assert map_data(run())["z"]


def test_strangers_words_do_not_come_to_life() -> None:
    evil = "![x](https://evil.example/p.gif) `[Sign in](https://evil.example)`"
    app = run(checkpoint=evil, z=evil, layers=evil)
    for warning in app.warning:
        quoted = warning.value.split("`")
        assert len(quoted) == 3 and "evil" not in quoted[0] + quoted[2] and "](" not in quoted[0] + quoted[2]
    assert "[" not in link.plain("[a](https://b)").replace("\\[", "") and "://" not in link.plain("https://b")
    assert link.plain("\\[a](//b)") == "\\\\\\[a\\](//b)" and "www." not in link.plain("www.evil.example")


def test_decoder_too_large_for_the_browser_is_previewed_from_an_atlas_and_the_page_says_so(own_checkpoints: Path) -> None:
    save_untrained(own_checkpoints, "large", VAEConfig(encoder_hidden=(8,), decoder_hidden=(2048, 1024)))
    data = map_data(app := run(checkpoint="large", z="1,1"))
    assert data["decoder"] is None and data["atlas"].endswith("atlas.bin") and len(data["decoded"]) > 1000
    assert "decoded by the server" in data["note"] and "does not say which data set" not in panel(app)


def test_switching_checkpoints_keeps_the_point(own_checkpoints: Path) -> None:
    save_untrained(own_checkpoints, "other", VAEConfig(encoder_hidden=(8,), decoder_hidden=(8,)))
    app = run(MAIN, z="1,1")
    first = map_data(app)["decoder"]
    app.sidebar.selectbox(key="checkpoint_choice").set_value("other").run()
    assert not app.exception and map_data(app)["decoder"] != first and map_data(app)["z"] == [1, 1]
    assert app.query_params["checkpoint"] == "other"


def test_a_link_brings_zoom_and_legend_and_they_reach_the_address() -> None:
    app = run(view="0.5,-1,3.00001", classes="8,3")
    assert map_data(app)["look"] == {"value": {"view": "0.5,-1,3", "classes": "3,8"}, "number": 0} and not app.warning
    assert app.query_params["view"] in ("0.5,-1,3", ["0.5,-1,3"]) and app.query_params["classes"] in ("3,8", ["3,8"])
    odd = run(view="1,2", classes="3,77")
    assert [w.value for w in odd.warning] == [
        "The link asks for the view `1,2`, which is neither `all` nor three numbers: the middle and the width of what is shown. "
        "Showing the usual one instead.",
        "The link asks for classes that do not exist: `77`. They are left out.",
    ]
    assert map_data(odd)["look"]["value"] == {"view": "", "classes": "3"}
    assert "its width at most" in run(view="0,0,1e9").warning[0].value and "within 100" in run(view="nan,0,1").warning[0].value


def test_what_the_browser_says_of_zoom_and_legend_is_checked(monkeypatch: pytest.MonkeyPatch) -> None:
    said: dict[str, object] = {"view-vae-mnist-2d": "all", "checkpoint": "vae-mnist-2d", "layers": ["points", "names"]}
    monkeypatch.setattr(state.st, "session_state", said)
    for nonsense in (None, 3, [], {"view": 3, "classes": None}, {"view": "1,2", "classes": "77"}):
        state.take("explore", nonsense, "view", "classes")
        assert said["view-vae-mnist-2d"] == "all" and "classes-vae-mnist-2d" not in said
    state.take("explore", {"view": "1,2,3", "classes": "8"}, "view", "classes")
    assert said["view-vae-mnist-2d"] == "1,2,3" and said["classes-vae-mnist-2d"] == ["8"]
    state.take("explore", {"view": "", "classes": ""}, "view", "classes")
    assert "view-vae-mnist-2d" not in said and "classes-vae-mnist-2d" not in said


def test_commits_from_the_browser_are_checked() -> None:
    assert link.check_pick({"z": [1, -2.5], "commit": 3}) == ((1.0, -2.5), 3)
    assert link.check_pick({"z": None, "commit": 4}) == (None, 4)
    for bad in (None, 3, {}, {"z": [1], "commit": 1}, {"z": [1, float("nan")], "commit": 1}, {"z": [1, 1e9], "commit": 1}, {"z": "ab"}):
        assert link.check_pick(bad) is None
    for commit in (-1, 1.5, True, None, 2**60):
        assert link.check_pick({"z": [1, 1], "commit": commit}) is None


def test_links_round_trip() -> None:
    table, default = properties.PAGES["explore"], properties.default_checkpoint()
    values, _, problems = link.read(table, {"z": "-0.5,2", "layers": ",".join(LAYERS)})
    assert values["z"] == (-0.5, 2.0) and values["layers"] == list(LAYERS) and not problems
    assert link.read(table, {"layers": ""})[0]["layers"] == []
    untouched = {"checkpoint": default, "z": link.UNSET, "layers": list(properties.DEFAULT_LAYERS)}
    untouched |= {"draw_as": NOT_TOLD, "view": link.UNSET, "classes": []}
    assert link.read(table, {}) == (untouched, set(), [])

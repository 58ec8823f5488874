"""Every page through AppTest, with what can be wrong on disk and in the address."""

import json
import shutil
import time
from pathlib import Path

import pytest
import streamlit as st
from explore import CODES, map_data, run
from live import until
from untrained import save_random, save_untrained

from core import checkpoints
from core.data import datasets
from core.data.datasets import DatasetError, Progress
from core.kept import Kept
from core.models import MODELS, objectives
from core.models.conditional_vae import NOT_TOLD
from core.models.vae import VAEConfig
from pages.browser.map import LAYERS
from pages.session import downloads, link, properties, state, words
from pages.session.properties.shared import DEFAULT_LAYERS, default_checkpoint

pytestmark = pytest.mark.usefixtures("no_data")
MAIN = "main.py"


def test_main_page_offers_the_checkpoints_and_names_the_device() -> None:
    app = run(MAIN)
    assert app.sidebar.selectbox(key="checkpoint_choice").value == "vae-mnist-2d"
    assert map_data(app)["kept"]["value"]


def test_the_picker_offers_models_by_titles_in_order_and_says_of_the_chosen_one_what_to_look_for() -> None:
    app = run(checkpoint="vae-digits-2d")
    picker = app.sidebar.selectbox(key="checkpoint_choice")
    titles = [words.title for words in checkpoints.SHIPPED.values()]
    assert picker.options[: len(titles)] == titles
    assert checkpoints.SHIPPED["vae-digits-2d"].description in [caption.value for caption in app.sidebar.caption]
    picker.set_value("ae-mnist-2d").run()
    assert app.query_params["checkpoint"] in ("ae-mnist-2d", ["ae-mnist-2d"])
    assert checkpoints.SHIPPED["ae-mnist-2d"].description in [caption.value for caption in app.sidebar.caption]


def test_a_visit_opens_the_chosen_model_and_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    """However many ship: the picker reads no weights."""
    read, load = [], checkpoints.load_folder

    def watched(folder: Path) -> checkpoints.Checkpoint:
        read.append(folder.name)
        return load(folder)

    monkeypatch.setattr(checkpoints, "_opened", Kept(32))
    monkeypatch.setattr(checkpoints, "load_folder", watched)
    run(MAIN, checkpoint="ae-mnist-2d")
    assert set(read) == {"ae-mnist-2d"}


def test_a_visitor_s_own_model_is_offered_last_by_its_own_name(own_checkpoints: Path, checkpoint_root: Path) -> None:
    shutil.copytree(checkpoint_root / "tiny", own_checkpoints / "a-tiny-one")
    app = run(checkpoint="a-tiny-one")
    assert app.sidebar.selectbox(key="checkpoint_choice").options == [checkpoints.SHIPPED["vae-mnist-2d"].title, "a-tiny-one"]
    assert not app.sidebar.caption  # nobody described it
    checkpoints.describe_card("a-tiny-one", "Tiny", "word " * 200)
    app = run(checkpoint="a-tiny-one")
    assert app.sidebar.selectbox(key="checkpoint_choice").options[-1] == "Tiny (a-tiny-one)"
    (said,) = [caption.value for caption in app.sidebar.caption]
    assert said.startswith("word word") and said.endswith("…") and len(said) <= 330


def test_the_model_s_words_say_whose_images_it_learnt_from() -> None:
    (said,) = [expander.markdown[0].value for expander in run().expander if expander.label == "What am I looking at?"]
    assert "[MNIST](https://yann.lecun.com" in said and "Licence: commonly given as CC BY-SA 3.0." in said


def test_the_address_is_written_before_a_point_can_be_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    written: list[dict[str, str]] = []
    monkeypatch.setattr("pages.browser.map.latent_map", lambda *given: written.append(dict(st.query_params)))
    run(z="0.5,1.5")
    assert [query["z"] for query in written] == ["0.5,1.5"] and "checkpoint" in written[0]


def test_card_is_quoted_not_written_by_hand(own_checkpoints: Path) -> None:
    path = own_checkpoints / "vae-mnist-2d" / "card.json"
    card = json.loads(path.read_text())
    card["metrics"]["negative_elbo_nats"]["value"] = 123.456
    path.write_text(json.dumps(card))
    (figure,) = [element for element in run().sidebar.markdown if "−ELBO" in element.value]
    assert "−ELBO 123.5 nats" in figure.value and "1 nat = 1.44 bits" in figure.help and "binarised" in figure.help


@pytest.mark.parametrize("z", ["nan,0", "0,inf", "1e9,0", "100.01,0", "1", "1,2,3", "cat", "1;2", "'", "," * 5000, "\x00"])
def test_bad_point_in_the_link_gets_a_sentence_and_the_starting_point(z: str) -> None:
    app = run(z=z)
    assert len(app.warning) == 1 and "The link asks for the point" in app.warning[0].value and len(app.warning[0].value) < 250
    assert map_data(app)["kept"]["value"] == pytest.approx(CODES.mu[0].tolist(), abs=1e-4)


def test_a_link_that_names_no_layer_of_ours_shows_the_usual_ones_and_says_so() -> None:
    app = run(layers="foo")
    assert map_data(app)["layers"] == list(DEFAULT_LAYERS)
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


def test_failed_download_says_why_and_offers_again(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(name: str, on_progress: object) -> None:
        raise DatasetError("no mirror answers")

    monkeypatch.setattr(downloads, "download", refuse)
    app = run()
    app.button(key="download-mnist").click().run()
    until(lambda: downloads._jobs["mnist"].done)
    app.run()
    assert "no mirror answers" in app.warning[0].value and app.button(key="download-mnist")


def test_a_download_that_nobody_can_explain_has_its_reason_in_the_terminal(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(name: str, on_progress: object) -> None:
        raise ValueError("not enough values to unpack (expected 2, got 1)")

    monkeypatch.setattr(downloads, "download", fail)
    downloads.start("mnist")
    until(lambda: downloads._jobs["mnist"].done)
    assert downloads._jobs["mnist"].error == "The download failed. Try again; if it fails once more, the explorer's terminal says why."
    assert "not enough values to unpack" in capsys.readouterr().err


def test_download_shows_progress_and_can_be_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    def slow(name: str, on_progress) -> None:
        while on_progress(Progress("train-images", 3_000_000, 10_000_000, 1, 4)) is not False:
            time.sleep(0.01)
        raise datasets.DownloadCancelled

    monkeypatch.setattr(downloads, "download", slow)
    app = run()
    app.button(key="download-mnist").click().run()
    until(lambda: downloads._jobs["mnist"].progress)
    app.run()
    assert not app.exception and "3.0 MB of 10.0 MB" in app.get("progress")[0].proto.text and "left" in app.get("progress")[0].proto.text
    app.button(key="stop-mnist").click().run()
    until(lambda: downloads._jobs["mnist"].done)
    assert "continue where it stopped" in downloads._jobs["mnist"].error


def test_download_begins_once_however_many_ask(monkeypatch: pytest.MonkeyPatch) -> None:
    calls = []

    def download(name: str, on_progress: object) -> None:
        calls.append(name)
        time.sleep(0.2)

    monkeypatch.setattr(downloads, "download", download)
    downloads.start("mnist")
    downloads.start("mnist")
    until(lambda: downloads._jobs["mnist"].done)
    assert calls == ["mnist"]


def test_damaged_checkpoint_gets_a_sentence_and_the_rest_works(own_checkpoints: Path) -> None:
    broken = own_checkpoints / "broken"
    shutil.copytree(own_checkpoints / "vae-mnist-2d", broken)
    (broken / "model.safetensors").write_bytes((broken / "model.safetensors").read_bytes()[:1000])
    app = run(checkpoint="broken")
    assert "model.safetensors is not a whole safetensors file" in app.error[0].value
    assert map_data(app)["kept"]["value"] and "VAE: the main model instead" in app.info[0].value


def test_without_any_checkpoint_the_page_says_what_to_do(own_checkpoints: Path) -> None:
    shutil.rmtree(own_checkpoints / "vae-mnist-2d")
    for script in ("explore.py", MAIN):
        assert "Train one" in run(script).info[0].value


@pytest.mark.parametrize("card", ['{"model": 3}', "[]", "{}", "not json", '{"model": {"name": "vae", "config": {"latent_dim": -1}}}'])
def test_bad_card_never_shows_a_traceback(own_checkpoints: Path, card: str) -> None:
    (own_checkpoints / "vae-mnist-2d" / "card.json").write_text(card)
    assert len(run().error) == 1


@pytest.mark.parametrize("script", ["explore.py", MAIN, "reconstruct.py"])
def test_a_model_that_was_deleted_meanwhile_gives_way_to_the_default_with_a_sentence(own_checkpoints: Path, script: str) -> None:
    save_untrained(own_checkpoints, "other", VAEConfig(encoder_hidden=(8,), decoder_hidden=(8,)))
    app = run(script, **({"checkpoint": "other"} if script == "explore.py" else {}))
    app.session_state.checkpoint = "other"
    app.run()
    shutil.rmtree(own_checkpoints / "other")
    app.run()
    assert not app.exception and not app.error
    assert [warning.value for warning in app.warning] == ["The model `other` is no longer here. Showing VAE: the main model instead."]
    assert app.session_state.checkpoint == "vae-mnist-2d"
    app.run()
    assert not app.warning


@pytest.mark.parametrize(("dimensions", "said"), [(1, "one number, from left to right"), (10, "have 10 dimensions")])
def test_other_dimensions_are_shown_on_a_plane_and_the_map_says_so(own_checkpoints: Path, dimensions: int, said: str) -> None:
    save_untrained(own_checkpoints, "other", VAEConfig(latent_dim=dimensions, encoder_hidden=(8,), decoder_hidden=(8,)))
    assert said in map_data(run(checkpoint="other"))["note"]
    app = run(MAIN, z="1,2", layers="prior")
    app.sidebar.selectbox(key="checkpoint_choice").set_value("other").run()
    assert said in map_data(app)["note"] and app.query_params["checkpoint"] == "other"
    app.sidebar.selectbox(key="checkpoint_choice").set_value("vae-mnist-2d").run()
    assert map_data(app)["kept"]["value"] == [1, 2] and map_data(app)["layers"] == ["prior"] and not map_data(app)["note"]


@pytest.mark.parametrize("kind", MODELS)
def test_every_kind_of_model_is_explained_in_its_own_words(own_checkpoints: Path, kind: str) -> None:
    save_random(own_checkpoints, kind, 2)
    app = run(checkpoint="other")
    (said,) = [block.value for block in app.markdown if "Every dot" in block.value]
    assert MODELS[kind].explanation in said
    assert ("This one is **variational**" in said or "It is variational" in said) == ("kl_nats" in MODELS[kind].module.LOSSES)
    assert ("which the model never saw" in said) == (kind != "cvae")
    assert ("the last ring" in said) == (kind not in ("ae", "pca")) == ("Prior rings" in app.button_group[0].options)
    assert ("the 4s and the 9s" in said) == (kind != "cvae")
    assert ("one digit turn into another" in said) == (kind not in ("cvae", "pca"))
    assert ("one digit fade into another" in said) == (kind == "pca") == ("In training" not in said)


def test_of_a_collapsed_model_no_page_says_that_one_digit_turns_into_another() -> None:
    (said,) = [block.value for block in run(checkpoint="vae-mnist-2d-collapsed").markdown if "Every dot" in block.value]
    assert "have **collapsed**" in said and "turn into another" not in said and "the 4s and the 9s" not in said


def test_every_likelihood_has_words() -> None:
    assert set(words.LIKELIHOODS) == set(objectives.LIKELIHOODS)


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
    assert map_data(app)["kept"]["value"] == [-1, 0.5] and map_data(app)["layers"] == ["names"]
    app.query_params.clear()
    app.session_state.page = "reconstruct"  # the sidebar's link back from another page
    app.run()
    assert map_data(app)["kept"]["value"] == [-1, 0.5]
    first = map_data(run(MAIN))["kept"]["value"]
    app.query_params.clear()  # Back, to the address of the first visit
    app.run()
    assert map_data(app)["kept"]["value"] == first


@pytest.mark.parametrize("card", [{"dataset": {"name": ["mnist"]}}, {"metrics": {"nll_nats": {"value": "x"}}}, {"title": "\ud800 <b>"}])
def test_odd_card_does_no_harm(own_checkpoints: Path, card: dict) -> None:
    path = own_checkpoints / "vae-mnist-2d" / "card.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | card))
    assert map_data(run())["kept"]["value"]


def test_strangers_words_do_not_come_to_life() -> None:
    evil = "![x](https://evil.example/p.gif) `[Sign in](https://evil.example)`"
    app = run(checkpoint=evil, z=evil, layers=evil)
    for warning in app.warning:
        quoted = warning.value.split("`")
        assert len(quoted) == 3 and "evil" not in quoted[0] + quoted[2] and "](" not in quoted[0] + quoted[2]
    assert "[" not in link.plain("[a](https://b)").replace("\\[", "") and "://" not in link.plain("https://b")
    assert link.plain("\\[a](//b)") == "\\\\\\[a\\](//b)" and "www." not in link.plain("www.evil.example")


def test_switching_checkpoints_keeps_the_point(own_checkpoints: Path) -> None:
    save_untrained(own_checkpoints, "other", VAEConfig(encoder_hidden=(8,), decoder_hidden=(8,)))
    app = run(MAIN, z="1,1")
    first = map_data(app)["decoder"]
    app.sidebar.selectbox(key="checkpoint_choice").set_value("other").run()
    assert not app.exception and map_data(app)["decoder"] != first and map_data(app)["kept"]["value"] == [1, 1]
    assert app.query_params["checkpoint"] == "other"


def test_a_link_brings_zoom_and_legend_and_they_reach_the_address() -> None:
    app = run(view="0.5,-1,3.000000001", classes="8,3")
    assert map_data(app)["look"] == {"value": ["0.5,-1,3", "3,8", *[""] * 7], "number": 0} and not app.warning
    assert app.query_params["view"] in ("0.5,-1,3", ["0.5,-1,3"]) and app.query_params["classes"] in ("3,8", ["3,8"])
    odd = run(view="1,2", classes="3,77")
    assert [w.value for w in odd.warning] == [
        "The link asks for the view `1,2`, which is neither `all` nor three numbers: the middle and the width of what is shown. "
        "Showing the usual one instead.",
        "The link asks for classes that do not exist: `77`. They are left out.",
    ]
    assert map_data(odd)["look"]["value"] == ["", "3", *[""] * 7]
    assert "its width at most" in run(view="0,0,1e9").warning[0].value and "within 100" in run(view="nan,0,1").warning[0].value


def test_a_link_brings_the_open_tool_and_its_word() -> None:
    app = run(tool="paths:0.5,-1;2,3")
    assert map_data(app)["look"] == {"value": ["", "", "", "", "", "", "", "paths:0.5,-1;2,3", ""], "number": 0} and not app.warning
    for odd in ("paths:<b>", "paths:" + "1" * 3000):
        assert "which no tool has written. Using the default instead." in run(tool=odd).warning[0].value
    assert "the tool `Paths`, which is none of `find`, `paths`, `select`" in run(tool="Paths").warning[0].value


def test_what_the_browser_says_of_zoom_and_legend_is_checked(monkeypatch: pytest.MonkeyPatch) -> None:
    said: dict[str, object] = {"view-vae-mnist-2d": "all", "checkpoint": "vae-mnist-2d", "layers": ["points", "names"]}
    monkeypatch.setattr(state.st, "session_state", said)
    invalid: list[object] = [None, 3, [], {"view": 3, "classes": None}, {"view": "1,2", "classes": "77"}]
    for nonsense in invalid:
        state.take("explore", nonsense, "view", "classes")
        assert said["view-vae-mnist-2d"] == "all" and "classes-vae-mnist-2d" not in said
    state.take("explore", {"view": "1,2,3", "classes": "8"}, "view", "classes")
    assert said["view-vae-mnist-2d"] == "1,2,3" and said["classes-vae-mnist-2d"] == ["8"]
    state.take("explore", {"view": "", "classes": ""}, "view", "classes")
    assert "view-vae-mnist-2d" not in said and "classes-vae-mnist-2d" not in said


def test_commits_from_the_browser_are_checked() -> None:
    assert link.check_pick({"value": [1, -2.5], "number": 3}) == ((1.0, -2.5), 3)
    assert link.check_pick({"value": None, "number": 4}) == (None, 4)
    for bad in (
        None,
        3,
        {},
        {"value": [1], "number": 1},
        {"value": [1, float("nan")], "number": 1},
        {"value": [1, 1e9], "number": 1},
        {"value": "ab", "number": 1},
    ):
        assert link.check_pick(bad) is None
    for number in (-1, 1.5, True, None, 2**60):
        assert link.check_pick({"value": [1, 1], "number": number}) is None


def test_links_round_trip() -> None:
    table, default = properties.PAGES["explore"], default_checkpoint()
    values, _, problems = link.read(table, {"z": "-0.5,2", "layers": ",".join(LAYERS)})
    assert values["z"] == (-0.5, 2.0) and values["layers"] == list(LAYERS) and not problems
    assert link.read(table, {"layers": ""})[0]["layers"] == []
    untouched = {"checkpoint": default, "z": link.UNSET, "layers": list(DEFAULT_LAYERS)}
    untouched |= {
        "background": "none",
        "draw_as": NOT_TOLD,
        "view": link.UNSET,
        "classes": [],
        "spread": False,
        "shapes": False,
        "closeup": True,
        "all": False,
        "present": False,
        "tool": "",
        "plane": None,
        "pairs": link.UNSET,
        "rest": "",
    }
    assert link.read(table, {}) == (untouched, set(), [])

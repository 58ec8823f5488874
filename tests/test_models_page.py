"""The Models page in AppTest: the gallery, its filters, one model, several beside each other, and what may be wrong."""

import json
import re
import shutil
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest
from visit import address, all_html, by_label, checked, visit

from core import checkpoints
from core.checkpoints import SHIPPED
from core.models import MODELS, build
from core.models.vae import VAEConfig
from pages.collection import chosen, comparing, filters, tiles
from pages.session import caches, figures


@pytest.fixture
def root(tmp_path: Path, checkpoint_root: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with the models one, two and three: VAEs of the digits, that differ in their cards."""
    folder = tmp_path / "checkpoints"
    for name in ("one", "two", "three"):
        shutil.copytree(checkpoint_root / "tiny", folder / name)
        change(folder / name, title=f"Model {name}")
    monkeypatch.setattr(checkpoints, "CHECKPOINTS", folder)
    monkeypatch.setattr(checkpoints, "SHIPPED_ROOT", tmp_path / "shipped")
    return folder


def change(folder: Path, **values: Any) -> dict[str, Any]:
    """Write values into a card; the card."""
    path = folder / "card.json"
    card = json.loads(path.read_text()) | values
    path.write_text(json.dumps(card))
    return card


def run(**query: str) -> AppTest:
    """The page with this address; it must not raise."""
    return visit("models.py", query)


def html(app: AppTest) -> str:
    """All HTML that the page draws."""
    return "\n".join(all_html(app))


def titles(app: AppTest) -> list[str]:
    """The models that are shown, by their titles."""
    return re.findall(r"<h2>(Model \w+)</h2>", html(app))


# --- the gallery ----------------------------------------------------------------------------------------------------------------


def test_each_model_has_a_card_with_pictures_that_say_what_they_show(root: Path) -> None:
    change(root / "two", description="Look at <b>this</b>.")
    app = run()
    assert titles(app) == ["Model one", "Model three", "Model two"] and address(app) == {}
    drawn = html(app)
    assert len(re.findall(r'<img src="/assets/\w+/map.png" alt="Model two\. Map of 100 test codes in 10 classes', drawn)) == 1
    assert len(re.findall(r'<img src="/assets/\w+/grid.png" alt="Model two\. 8 by 8 decoded images', drawn)) == 1
    assert "Look at &lt;b&gt;this&lt;/b&gt;." in drawn
    assert "two · scikit-learn digits · Variational autoencoder · 2 numbers per image" in drawn
    assert drawn.count("nats</dd>") == 6 and drawn.count(" %</dd>") == 3  # -ELBO and NLL, 10-NN


def test_nats_on_a_scale_of_their_own_are_said_to_be(root: Path) -> None:
    saved(root, "grey", "pca")
    change(root / "grey", metrics={"reconstruction_nats": {"value": -18.5, "protocol": "as usual"}})
    (card,) = [drawn for drawn in html(run()).split('<div class="tile">') if "Model grey" in drawn]
    assert "\u221218.5 nats" in card and figures.OWN_SCALE.split(":")[0] in card
    assert html(run()).count("scale of their own") == 1, "the others' are probabilities"


def test_the_figures_are_explained_to_those_who_cannot_hover_too(root: Path) -> None:
    saved(root, "plain", "ae", encoder_hidden=(8,), decoder_hidden=(8,))
    figures_of_it = {name: {"value": 1.0, "protocol": "as usual"} for name in ("psnr_db", "ssim", "reconstruction_nats")}
    change(root / "plain", metrics=figures_of_it)
    app = run()
    shown = set(re.findall(r"<dt>([^<]+)</dt>", html(app)))
    assert len(shown) == 6 and all(f"**{name}**" in app.caption[0].value for name in shown)


def test_what_comes_with_the_explorer_comes_first(root: Path, tmp_path: Path) -> None:
    first = next(iter(SHIPPED))
    shutil.copytree(root / "two", tmp_path / "shipped" / first)
    assert titles(run()) == ["Model two", "Model one", "Model three", "Model two"]
    assert run().button(key=f"details-{first}")


def test_more_than_a_few_models_are_shown_on_request(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tiles, "AT_ONCE", 2)
    app = run()
    assert len(titles(app)) == 2
    more = by_label(app.button, "Show more (1 model)")
    assert len(titles(checked(more.click().run()))) == 3


def test_a_broken_model_is_a_sentence_on_its_card_and_the_others_are_there(root: Path) -> None:
    (root / "two" / "model.safetensors").write_bytes(b"damaged")
    (root / "three" / "card.json").write_text("not json")
    app = run()
    assert titles(app) == ["Model one", "Model two"] and "<h2>three</h2>" in html(app)
    assert len(app.error) == 2 and all("cannot be used" in error.value and str(root) not in error.value for error in app.error)
    assert app.button(key="details-one")


def test_without_a_model_the_page_says_what_to_do(root: Path) -> None:
    shutil.rmtree(root)
    app = run()
    assert "Train one" in app.info[0].value and not titles(app) and not app.text_input


def test_a_link_for_a_model_that_is_gone_shows_the_gallery_and_says_so(root: Path) -> None:
    app = run(checkpoint="nothing")
    assert "`nothing`" in app.warning[0].value and "is not here" in app.warning[0].value and len(titles(app)) == 3


# --- filters --------------------------------------------------------------------------------------------------------------------


def test_filters_leave_what_fits_and_stand_in_the_address(root: Path) -> None:
    change(root / "two", dataset={"name": "mnist"})
    change(root / "three", dataset={"name": "unheard-of"})
    app = run()
    assert app.button_group(key="models_data").options == ["MNIST", "scikit-learn digits", "Another data set"]
    checked(app.button_group(key="models_data").set_value(["mnist"]).run())
    assert titles(app) == ["Model two"] and address(app) == {"data": "mnist"}
    checked(app.button_group(key="models_data").set_value(["other", "digits"]).run())
    assert titles(app) == ["Model one", "Model three"]
    checked(app.text_input(key="models_search").set_value("THREE digits model").run())
    assert not titles(app), "all the words have to be there"
    checked(app.text_input(key="models_search").set_value("THREE autoencoder").run())
    assert titles(app) == ["Model three"] and address(app) == {"data": "digits,other", "search": "THREE autoencoder"}


def test_a_link_brings_filters_and_where_nothing_fits_a_button_shows_all(root: Path) -> None:
    app = run(kind="cvae", data="kmnist,nonsense", search="x" * 61)
    assert len(app.warning) == 2 and "`nonsense`" in app.warning[0].value and "longer than 60" in app.warning[1].value
    assert not titles(app) and "No model fits" in app.info[0].value
    show = by_label(app.button, "Show all models")
    checked(show.click().run())
    assert len(titles(app)) == 3 and address(app) == {}


def test_a_kind_that_is_chosen_leaves_only_it(root: Path) -> None:
    app = run(kind="vae")
    assert len(titles(app)) == 3 and app.button_group(key="models_kinds").value == ["vae"]
    entry = caches.entry("one", checkpoints.stamps()["one"])
    assert filters.fits(entry, "", [], ["vae", "ae"]) and not filters.fits(entry, "", [], ["ae"])


# --- one model ------------------------------------------------------------------------------------------------------------------


def test_details_are_a_card_in_words_without_json(root: Path) -> None:
    recipe = json.loads((root / "one" / "card.json").read_text())["recipe"]
    change(root / "one", training_seconds=125.0, device="cpu: 1 thread", recipe=recipe | {"weight_decay": 0.5, "seed": 3}, seed=3)
    app = run()
    checked(app.button(key="details-one").click().run())
    assert [title.value for title in app.title] == ["Model one"] and address(app) == {"checkpoint": "one"}
    (card,) = [body for body in all_html(app) if "model-card" in body]
    for said in (
        "Variational autoencoder", "2 numbers for an image of 28 × 28 pixels", "300 images to learn from, 100 images to be measured on",
        "3 epochs in 2 minutes on a CPU, 1 thread", "Weight decay: 0.5 (usually 0.01)", "Mean over all test images of",
        "Licence: CC BY 4.0", 'href="https://archive.ics.uci.edu', "PyTorch", "−ELBO ",
    ):  # fmt: skip
        assert said in card, said
    assert not re.search(r"[{}]|&quot;", card), "no JSON"
    checked(by_label(app.button, "All models").click().run())
    assert len(titles(app)) == 3 and address(app) == {}


def test_a_model_of_two_trainings_and_a_computed_encoder_says_so(root: Path) -> None:
    before = {"epochs": 200.0, "training_seconds": 2015.8, "device": "cpu: 1 thread"}
    change(root / "one", training_seconds=1031.3, device="cpu: 1 thread", stage="decoder", began_with=before, encoder="not trained: a rule")
    (card,) = [body for body in all_html(run(checkpoint="one")) if "model-card" in body]
    for said in (
        "First part: 200 epochs in 34 minutes on a CPU, 1 thread", "Second part, its decoder alone: 3 epochs in 17 minutes",
        "Not trained: a rule.", "Settings, second part",
    ):  # fmt: skip
        assert said in card, said


def test_back_to_the_bare_address_shows_the_gallery_again(root: Path) -> None:
    app = run()
    checked(app.button(key="details-two").click().run())
    app.query_params.clear()
    checked(app.run())
    assert len(titles(app)) == 3 and [title.value for title in app.title] == ["Models"]


def test_the_page_stays_as_it_was_left_when_one_comes_back_from_another(root: Path) -> None:
    app = run(checkpoint="two")
    app.session_state.page = "explore"  # which the sidebar's link leads away from, without a query
    app.query_params.clear()
    checked(app.run())
    assert [title.value for title in app.title] == ["Model two"] and address(app) == {"checkpoint": "two"}


ODD = {"dataset": [], "recipe": {"epochs": "x"}, "metrics": {"ssim": {"value": 0.5, "protocol": ["?"]}}, "versions": 3, "epochs": "many",
       "seed": None, "title": "<script>", "description": 7, "began_with": 3, "encoder": [], "stage": {}, "device": {}, "stored_weights": 1,
       "commit": None}  # fmt: skip


@pytest.mark.parametrize("odd", [ODD, *({name: value} for name, value in ODD.items()), {"title": "\ud800", "preprocessing": "\ud800"}])
def test_an_odd_card_is_shown_as_far_as_it_can_be(root: Path, odd: dict[str, Any]) -> None:
    change(root / "one", **odd)
    for app in (run(checkpoint="one"), run(compare="one,two")):
        assert "<script>" not in html(app) and not app.error
        assert "Size" in html(app) or "What differs" in [header.value for header in app.header]


# --- beside each other ----------------------------------------------------------------------------------------------------------


def table_of(app: AppTest, title: str) -> dict[str, list[str]]:
    """A comparison's table: what it is about, and a cell for each model."""
    (drawn,) = [body for body in all_html(app) if f'aria-label="{title} of' in body]
    rows = re.findall(r'<tr><th scope="row">([^<]*)(?:<span[^>]*>[^<]*</span>)?</th>(.*?)</tr>', drawn)
    return {name: [re.sub("<[^>]+>", "", cell) for cell in re.findall(r"<td>(.*?)</td>", cells)] for name, cells in rows}


def with_figure(folder: Path, value: float, protocol: str = "as usual") -> None:
    change(folder, metrics={"knn_accuracy_percent": {"value": value, "protocol": protocol}})


def test_two_models_that_are_ticked_are_shown_beside_each_other(root: Path) -> None:
    with_figure(root / "one", 80.0)
    with_figure(root / "three", 90.0)
    app = run()
    checked(app.checkbox(key="pick-three").check().run())
    assert "one more" in app.markdown[0].value
    checked(app.checkbox(key="pick-one").check().run())
    compare = by_label(app.button, "Compare 2 models")
    checked(compare.click().run())
    assert titles(app) == ["Model three", "Model one"] and address(app)["compare"] == "three,one"
    assert table_of(app, "Figures") == {"10-NN": ["90.0 % better", "80.0 %"]}
    assert '<th scope="col">Model three (three)</th>' in html(app), "as in every list"
    assert [button.label for button in app.button].count("Open live in Compare") == 1
    checked(by_label(app.button, "All models").click().run())
    assert app.checkbox(key="pick-one").value and app.checkbox(key="pick-three").value and not app.checkbox(key="pick-two").value
    assert address(app) == {}


def test_two_models_open_live_in_compare_and_three_do_not(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    scripts: list[str] = []
    monkeypatch.setattr(chosen.st, "switch_page", scripts.append)
    app = run(compare="three,one")
    checked(app.button(key="open-in-compare").click().run())
    assert (
        scripts == ["compare.py"] and app.session_state["models_pair"] == ["three", "one"] and app.session_state["compare_mode"] == "models"
    )
    assert not [button for button in run(compare="one,two,three").button if button.label == "Open live in Compare"]


def test_a_ticked_model_that_was_deleted_counts_no_longer(root: Path) -> None:
    app = run()
    for name in ("one", "two"):
        checked(app.checkbox(key=f"pick-{name}").check().run())
    shutil.rmtree(root / "two")
    checked(app.run())
    assert "one more" in app.markdown[0].value and not [button for button in app.button if button.label.startswith("Compare")]


def test_no_more_than_four_can_be_ticked(root: Path) -> None:
    for name in ("four", "five"):
        shutil.copytree(root / "one", root / name)
    app = run()
    for name in ("one", "two", "three", "four"):
        checked(app.checkbox(key=f"pick-{name}").check().run())
    assert app.checkbox(key="pick-five").disabled and not app.checkbox(key="pick-one").disabled
    checked(app.checkbox(key="pick-one").uncheck().run())
    assert not app.checkbox(key="pick-five").disabled


def test_of_three_the_best_is_marked_and_of_equals_none(root: Path) -> None:
    for name, value in (("one", 80.0), ("two", 90.0), ("three", 90.02)):
        with_figure(root / name, value)
    assert table_of(run(compare="one,two,three"), "Figures") == {"10-NN": ["80.0 %", "90.0 % best", "90.0 % best"]}
    assert table_of(run(compare="two,three"), "Figures") == {"10-NN": ["90.0 %", "90.0 %"]}


def test_figures_of_different_data_or_protocols_are_not_called_better(root: Path) -> None:
    with_figure(root / "one", 80.0)
    with_figure(root / "two", 90.0, "in another way")
    app = run(compare="one,two")
    assert table_of(app, "Figures") == {"10-NN": ["80.0 %", "90.0 %"]} and "Measured in different ways" in html(app)
    with_figure(root / "two", 90.0)
    change(root / "two", dataset={"name": "mnist"})
    app = run(compare="one,two")
    assert table_of(app, "Figures") == {"10-NN": ["80.0 %", "90.0 %"]} and "Different data sets" in html(app)


def test_differences_of_settings_are_listed_and_nothing_else(root: Path) -> None:
    recipe = json.loads((root / "one" / "card.json").read_text())["recipe"]
    assert "Nothing." in "".join(block.value for block in run(compare="one,two").markdown)
    change(root / "two", recipe=recipe | {"learning_rate": 0.25, "epochs": 7, "training_images": 500})
    assert table_of(run(compare="one,two"), "What differs") == {
        "Epochs": ["3", "7"], "Learning rate": ["0.01", "0.25"], "Training images": ["all", "500"],
    }  # fmt: skip
    assert "Training images" not in html(run(checkpoint="two")), "which its data set's row says"


def test_of_two_trainings_both_are_listed_where_they_differ(root: Path) -> None:
    recipe = json.loads((root / "one" / "card.json").read_text())["recipe"]
    change(root / "two", stage="decoder", began_with={"recipe": recipe | {"epochs": 200, "learning_rate": 0.25}})
    assert table_of(run(compare="one,two"), "What differs") == {
        "Epochs": ["3", "200, then 3 of its decoder alone"], "Learning rate": ["0.01", "0.25, then 0.01"],
    }  # fmt: skip
    change(root / "two", stage=["no", "word"], began_with={"recipe": 3})
    assert "Nothing." in "".join(block.value for block in run(compare="one,two").markdown)


def test_an_encoder_that_is_computed_is_said_to_be(root: Path) -> None:
    saved(root, "ruled", "vae", encoder_hidden=(8,), decoder_hidden=(8,), anchors=4)
    saved(root, "plain", "vae", encoder_hidden=(8,), decoder_hidden=(8,))
    assert table_of(run(compare="plain,ruled"), "What differs")["Encoder layers"] == ["8", "8, computed from its decoder"]


def test_a_link_brings_the_comparison_and_its_scale(root: Path) -> None:
    app = run(compare="one,two", scale="own")
    (toggle,) = app.toggle
    assert not toggle.value and titles(app) == ["Model one", "Model two"] and address(app) == {"compare": "one,two", "scale": "own"}
    checked(toggle.set_value(True).run())
    assert address(app)["scale"] == "same"
    maps = [re.findall(r"/assets/\w+/map.png", html(run(compare="one,two", scale=scale))) for scale in ("same", "own")]
    assert maps[0] == maps[1], "twins have one window"


def test_a_link_that_compares_what_is_not_here_says_so(root: Path) -> None:
    app = run(compare="one,nothing,../two")
    assert titles(app) == ["Model one"] and "`nothing`, `../two`" in app.warning[0].value
    assert "Choose one more" in app.info[0].value
    assert len(titles(run(compare="nothing"))) == 3


def test_models_are_added_and_taken_away_in_the_comparison(root: Path) -> None:
    app = run(compare="one,two")
    checked(app.multiselect(key="models_compared").set_value(["one", "two", "three"]).run())
    assert len(titles(app)) == 3 and address(app)["compare"] == "one,two,three"
    shutil.rmtree(root / "two")
    checked(app.run())
    assert titles(app) == ["Model one", "Model three"]
    (root / "three" / "model.safetensors").write_bytes(b"damaged")
    checked(app.run())
    assert titles(app) == ["Model one"] and "cannot be used" in app.error[0].value


def test_one_scale_is_offered_where_it_shows_something(root: Path) -> None:
    stamps = checkpoints.stamps()
    made = caches.pictured("one", stamps["one"]).portrait
    assert comparing.fit_one_scale([made, made])
    wide = type(made)(**{**vars(made), "rings": False, "window": comparing.Window(0, 0, 50 * made.window.half)})
    assert not comparing.fit_one_scale([made, wide]), "without a prior in common, a small one would be a spot"
    pulled = type(made)(**{**vars(made), "window": comparing.Window(0, 0, 0.02 * made.window.half)})
    assert comparing.fit_one_scale([made, pulled]), "a collapsed model beside a sound one: that is what there is to see"


def test_a_model_that_was_renamed_is_still_the_one_that_is_shown(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pages.training.visitor.may_change_model", lambda owner: True)
    app = run(checkpoint="two")
    by_label(app.text_input, "Name").set_value("second")
    checked(by_label(app.button, "Save").click().run())
    assert address(app) == {"checkpoint": "second"} and [title.value for title in app.title] == ["Model two"]


def test_a_refused_change_is_said_beside_its_model_and_no_longer_than_that_is_here(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pages.training.visitor.may_change_model", lambda owner: True)
    app = run(checkpoint="two")
    next(field for field in app.text_input if field.label == "Name").set_value("one")
    checked(next(button for button in app.button if button.label == "Save").click().run())
    assert "already taken" in app.error[0].value
    assert "already taken" in checked(app.run()).error[0].value, "until it is read"
    shutil.move(root / "two", root.parent / "aside")  # in another tab
    checked(app.run())
    assert not app.error and "`two` is no longer here" in app.warning[0].value
    shutil.move(root.parent / "aside", root / "two")
    app.query_params["checkpoint"] = "two"
    checked(app.run())
    assert [title.value for title in app.title] == ["Model two"] and not app.error, "another model may have that name by now"


def test_models_of_other_kinds_beside_each_other(root: Path) -> None:
    wide = build("vae", VAEConfig(latent_dim=3, encoder_hidden=(8,), decoder_hidden=(8,)))
    one = checkpoints.load("one")
    codes = checkpoints.Latents(one.latents.mu.repeat(2, axis=1)[:, :3], None, one.latents.label)
    checkpoints.save(root / "four", "vae", wide, {"title": "Model four"}, codes)
    app = run(compare="one,four")
    differing = table_of(app, "What differs")
    assert differing["Latent dimensions"] == ["2", "3"] and differing["Batch size"] == ["50 images", "–"]
    assert table_of(app, "Figures")["PSNR"][1] == "–"


def saved(root: Path, name: str, kind: str, like: str = "one", **settings: Any) -> None:
    """A model of this kind with random weights, and codes and card as another's."""
    other = checkpoints.load(like, root)
    card = {key: value for key, value in other.card.items() if key != "model"} | {"title": f"Model {name}"}
    checkpoints.save(root / name, kind, build(kind, MODELS[kind].config(**settings)), card, other.latents)


def test_figures_of_different_losses_are_not_called_better_but_pictures_are_compared(root: Path) -> None:
    saved(root, "grey", "vae", encoder_hidden=(8,), decoder_hidden=(8,), likelihood="gaussian")
    same = {"value": 1.0, "protocol": "one and the same"}
    for name, value in (("one", 100.0), ("grey", 50.0)):
        change(root / name, metrics={key: same | {"value": value} for key in ("negative_elbo_grey_nats", "psnr_db")})
    app = run(compare="one,grey")
    rows = table_of(app, "Figures")
    assert rows["PSNR"] == ["100.0 dB better", "50.0 dB"]
    assert rows["\u2212ELBO, grey"] == ["100.0 nats", "50.0 nats, of a density"] and comparing.DENSITIES in html(app)
    saved(root, "greyer", "vae", like="grey", encoder_hidden=(8,), decoder_hidden=(8,), likelihood="gaussian", sigma=0.5)
    app = run(compare="grey,greyer")
    assert table_of(app, "Figures")["\u2212ELBO"] == ["50.0 nats"] * 2 and "Different reconstruction losses" in html(app)


def test_a_model_that_is_computed_has_no_settings_of_a_training(root: Path) -> None:
    saved(root, "pca", "pca")
    card = next(body for body in html(run(checkpoint="pca")).split("\n") if "model-card" in body)
    assert "its weights are computed from the images" in card and "Settings" not in card and "Seed" not in card
    differing = table_of(run(compare="one,pca"), "What differs")
    assert differing["Training"] == ["\u2013", "computed, not trained"] and differing["Epochs"] == ["3", "\u2013"]


def test_a_setting_that_changes_nothing_in_a_model_is_no_difference(root: Path) -> None:
    """A probability of ink has no scale σ, and a loss that is the reconstruction alone nothing whose weight could rise."""
    saved(root, "plain", "ae", encoder_hidden=(8,), decoder_hidden=(8,))
    saved(root, "other", "vae", encoder_hidden=(8,), decoder_hidden=(8,), sigma=0.7)
    saved(root, "rivals", "aae", encoder_hidden=(8,), decoder_hidden=(8,))
    recipe = json.loads((root / "one" / "card.json").read_text())["recipe"]
    change(root / "one", recipe=recipe | {"kl_warmup_epochs": 2.0})
    assert table_of(run(compare="one,plain"), "What differs")["KL warm-up"] == ["2 epochs, at most half of all", "\u2013"]
    assert table_of(run(compare="one,rivals"), "What differs")["KL warm-up"] == [
        f"{epochs:g} epochs, at most half of all" for epochs in (2.0, recipe["kl_warmup_epochs"])
    ]
    assert "Pixel scale \u03c3" not in table_of(run(compare="one,other"), "What differs")


def test_few_operations_are_counted_one_by_one(root: Path) -> None:
    saved(root, "pca", "pca")
    assert table_of(run(compare="one,pca"), "What differs")["To draw an image"][1] == "3,136 operations"
    assert "3,136 floating-point operations" in html(run(checkpoint="pca"))

"""The Compare page in AppTest: what the dial is given, what a link sets, and what it says when something is missing."""

import re
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest.mock import Mock

import numpy as np
import pytest
from mounted import mounted
from streamlit.testing.v1 import AppTest
from visit import address, all_html, by_label, checked, visit

from core import checkpoints, jobs, latent, reconstruction, refine
from core.checkpoints import CheckpointError
from core.data.datasets import to_ink
from core.family import beta_family
from core.models import MODELS
from core.models.conditional_vae import NOT_TOLD
from core.shipped import BETAS
from core.training.__main__ import main as train
from core.training.run_config import RunConfig
from pages import browser
from pages.browser import map as browser_map
from pages.comparing import linking, presets, refined, two_models, two_runs
from pages.reconstructing import refining
from pages.session import caches, switched
from pages.session.properties.compare import DIAL_Z
from pages.session.recipe import NOT_ITS_OWN
from pages.training import form, run_settings
from pages.web import epochs


def run(**query: str) -> AppTest:
    return visit("compare.py", query)


class AttrDict(dict[str, Any]):
    """A session state outside a session."""

    __getattr__, __setattr__ = dict.__getitem__, dict.__setitem__


def config(**given: Any) -> RunConfig:
    """A run's configuration, of which only those parts matter."""
    return RunConfig(name="x", dataset="digits", preset="quick", **given)


@pytest.fixture
def with_images(mnist_like: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LATENT_DATA", str(mnist_like))


# --- two models ----------------------------------------------------------------------------------------------------------------


def test_a_first_visit_compares_plain_with_variational_at_one_image(with_images: None) -> None:
    (data,) = mounted(run(), "pair")
    plain, variational = data["halves"]
    assert (plain["view"], variational["view"]) == presets.PRESETS["Plain or variational"].models and data["by"] == "image"
    assert data["same_classes"] and not data["one_scale"] and data["layers"] == ["points", "names"]
    assert [half["title"] for half in data["halves"]] == ["Plain autoencoder", "VAE with β = 1"]
    codes = [checkpoints.opened(half["view"]).latents.mu for half in data["halves"]]
    row = int((codes[0] ** 2).sum(1).argmin())  # the code nearest to the middle
    for half, mu in zip(data["halves"], codes, strict=True):
        np.testing.assert_allclose(half["kept"]["value"], mu[row], atol=1e-4)


def test_a_preset_opens_its_two_models_and_the_link_has_them(with_images: None) -> None:
    app = run()
    app.selectbox(key="pair_preset").set_value("β of 0.1 or 10").run()
    (data,) = mounted(app, "pair")
    assert [half["view"] for half in data["halves"]] == ["beta-0.1-mnist-2d", "beta-10-mnist-2d"]
    assert app.query_params["models"] in ("beta-0.1-mnist-2d,beta-10-mnist-2d", ["beta-0.1-mnist-2d,beta-10-mnist-2d"])
    app.selectbox(key="pair_second").set_value("pca-mnist-2d").run()
    assert [half["view"] for half in mounted(app, "pair")[0]["halves"]] == ["beta-0.1-mnist-2d", "pca-mnist-2d"]
    assert app.session_state["pair_preset"] is None, "it is no preset any more"


def test_every_preset_is_of_models_that_ship() -> None:
    assert {name for preset in presets.PRESETS.values() for name in preset.models} <= set(checkpoints.SHIPPED)


@pytest.mark.parametrize("title", presets.PRESETS)
def test_a_preset_s_link_says_what_to_look_at(title: str, with_images: None) -> None:
    app = run(models=",".join(presets.PRESETS[title].models))
    assert app.selectbox(key="pair_preset").value == title
    assert [text.value for text in app.markdown if "What to look at" in text.value] == [
        f"**What to look at.** {presets.PRESETS[title].words}"
    ]


def test_of_two_other_models_nothing_is_said(with_images: None) -> None:
    assert not any("What to look at" in text.value for text in run(models="pca-mnist-2d,vae-mnist-16d").markdown)


def test_what_the_presets_say_is_true_of_the_models() -> None:
    figures: dict[str, dict[str, Any]] = {}
    codes: dict[str, np.ndarray] = {}
    for name in {name for preset in presets.PRESETS.values() for name in preset.models}:
        checkpoint = checkpoints.opened(name)
        figures[name] = {key: found["value"] for key, found in checkpoint.card["metrics"].items()}
        codes[name] = checkpoint.latents.mu
    far = {name: np.linalg.norm(mu, axis=1) for name, mu in codes.items()}
    plain, usual, pca = "ae-mnist-2d", presets.USUAL, "pca-mnist-2d"
    assert np.quantile(far[plain], 0.97) > 45 and (far[usual] < 3).mean() > 0.95
    assert figures[pca]["knn_accuracy_percent"] < 50 and 78 < figures[usual]["knn_accuracy_percent"] < 82
    assert figures[pca]["psnr_db"] < figures[plain]["psnr_db"] - 2
    cheap, dear = "beta-0.1-mnist-2d", "beta-10-mnist-2d"
    assert codes[cheap].std() > 1.5 * codes[dear].std() and far[cheap].max() > 9
    four_and_nine = {name: np.isin(checkpoints.opened(name).latents.label, (4, 9)) for name in (cheap, dear)}
    middles = {
        name: [np.median(codes[name][checkpoints.opened(name).latents.label == c], axis=0) for c in (4, 9)] for name in four_and_nine
    }
    assert np.linalg.norm(np.subtract(*middles[dear])) < 0.5 * codes[dear][four_and_nine[dear]].std(), "4 and 9 share a place"
    lesson, sound = figures["lesson-vae-mnist-2d"], figures[usual]
    assert lesson["negative_elbo_nats"] > sound["negative_elbo_nats"] and lesson["knn_accuracy_percent"] < sound["knn_accuracy_percent"]
    collapsed = checkpoints.opened("vae-mnist-2d-collapsed")
    grid = np.stack(np.meshgrid(*[np.linspace(-3, 3, 7)] * 2), -1).reshape(-1, 2).astype(np.float32)
    assert np.ptp(latent.decode(collapsed.model, grid), axis=0).max() < 0.05 and codes[collapsed.name].std() < 0.01
    assert collapsed.model.config.beta == 100  # type: ignore[attr-defined]
    overfitted = checkpoints.opened("vae-mnist-2d-overfitted")
    assert (overfitted.card["recipe"]["training_images"], overfitted.card["recipe"]["epochs"]) == (500, 120)
    assert figures[overfitted.name]["negative_elbo_nats"] > sound["negative_elbo_nats"] + 50
    assert figures[overfitted.name]["knn_accuracy_percent"] < sound["knn_accuracy_percent"] - 20


def test_a_link_says_what_is_compared_and_how(with_images: None) -> None:
    query = {"models": "pca-mnist-2d,ae-mnist-2d", "link": "point", "z": "0.5,-1", "scale": "same"}
    app = run(**query)
    (data,) = mounted(app, "pair")
    assert [half["view"] for half in data["halves"]] == ["pca-mnist-2d", "ae-mnist-2d"]
    assert data["by"] == "point" and data["one_scale"] and [half["kept"]["value"] for half in data["halves"]] == [[0.5, -1], [0.5, -1]]
    assert {name: values[-1] if isinstance(values, list) else values for name, values in dict(app.query_params).items()} == query


@pytest.mark.parametrize("models", ["../../etc/passwd,pca-mnist-2d", "pca-mnist-2d", "a,b,c"])
def test_a_link_to_models_that_are_not_here_is_refused_with_a_note(with_images: None, models: str) -> None:
    app = run(models=models)
    assert [half["view"] for half in mounted(app, "pair")[0]["halves"]] == list(presets.PRESETS["Plain or variational"].models)
    assert app.warning


def test_digits_and_clothes_share_the_point_and_the_page_says_why(with_images: None) -> None:
    app = run(models="beta-1-mnist-2d,vae-fashion-2d", z="1,1")
    (data,) = mounted(app, "pair")
    assert data["by"] == "point" and not data["same_classes"]
    assert any("different images" in caption.value for caption in app.caption)
    shared = by_label(app.button_group, "Both maps show the")
    assert shared.value == "point" and shared.disabled, "what holds is what looks chosen"
    assert "Same image" not in data["help"] and "One scale" in data["help"], "and nothing else is explained"


def test_a_point_kept_on_the_second_map_is_that_image_on_the_first(with_images: None) -> None:
    one, other = (caches.map_view(name) for name in presets.PRESETS["Plain or variational"].models)
    x, y = other.frame.points[1234].tolist()
    z = x, y
    found = linking.across("image", other, one, z)
    np.testing.assert_allclose(found, one.frame.points[linking.nearest(other, z)], atol=1e-4)
    assert linking.across("point", other, one, z) == z


@pytest.mark.parametrize("by", ["image", "point"])
@pytest.mark.parametrize("side", [0, 1])
def test_a_kept_point_is_remembered_as_the_first_map_s(side: int, by: str, monkeypatch: pytest.MonkeyPatch) -> None:
    views = [caches.map_view(name) for name in presets.PRESETS["Plain or variational"].models]
    x, y = views[side].frame.points[1234].tolist()
    picks = {"pick": None, "pick_other": None} | {("pick", "pick_other")[side]: {"value": [x, y], "number": 3}}
    fake: Any = AttrDict({two_models.KEY: SimpleNamespace(**picks)})
    monkeypatch.setattr(linking.st, "session_state", fake)
    two_models._keep(views, by, side)
    np.testing.assert_allclose(fake.models_z, views[0 if by == "image" else side].frame.points[1234], atol=1e-4)
    assert fake.models_z_numbers == ((3, 0), (0, 3))[side]
    setattr(fake[two_models.KEY], ("pick", "pick_other")[side], {"value": None, "number": 4})
    two_models._keep(views, by, side)
    assert fake.models_z == DIAL_Z, "nothing is kept: the middle"


def test_each_map_hears_the_number_of_its_own_last_change(with_images: None) -> None:
    app = visit("compare.py", session={"models_z_numbers": (2, 5)})
    assert [half["kept"]["number"] for half in mounted(app, "pair")[0]["halves"]] == [2, 5]


def test_the_switch_of_one_scale_and_the_layers_are_the_maps(with_images: None) -> None:
    app = run()
    checked(app.toggle(key="pair_one_scale").set_value(True).run())
    assert mounted(app, "pair")[0]["one_scale"] and address(app)["scale"] == "same"
    checked(app.toggle(key="pair_one_scale").set_value(False).run())
    assert not mounted(app, "pair")[0]["one_scale"] and "scale" not in address(app)
    checked(app.button_group(key="pair_layers").set_value(["manifold"]).run())
    assert mounted(app, "pair")[0]["layers"] == ["manifold"]


def test_both_models_figures_are_in_the_table_and_what_differs_before_them(with_images: None) -> None:
    tables = [body for body in all_html(run()) if "side-by-side" in body]
    cells = [re.findall("<td>([^<]*)", body) for body in tables]
    assert ["What differs" in tables[0], "Figures" in tables[1]] == [True, True] and {"Autoencoder", "Variational autoencoder"} <= set(
        cells[0]
    )
    for name in presets.PRESETS["Plain or variational"].models:
        figure = checkpoints.opened(name).card["metrics"]["knn_accuracy_percent"]["value"]
        assert f"{figure:.1f} %" in [cell.strip() for cell in cells[1]]


def test_a_conditional_model_is_told_the_image_s_class(with_images: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reconstruction, "by_model", asked := Mock(wraps=reconstruction.by_model))
    run(models="cvae-mnist-2d,beta-1-mnist-2d", image="5")
    told = {call.args[0].conditional: call.args[2] for call in asked.call_args_list}
    assert told == {True: int(caches.test_split("mnist").labels[5]), False: None}


def test_the_image_that_goes_through_both_is_in_the_link(with_images: None) -> None:
    query = {"models": "pca-mnist-2d,beta-1-mnist-2d", "image": "5"}
    app = run(**query)
    assert app.number_input(key="compare_image_number-mnist-None").value == 5
    app.selectbox(key="compare_image_dataset").set_value("digits").run()
    assert address(app) == {"models": query["models"], "data": "digits"}
    again = run(**address(app))
    assert again.selectbox(key="compare_image_dataset").value == "digits"


def test_a_conditional_model_draws_the_class_that_is_chosen_and_the_link_has_it(with_images: None) -> None:
    models = "cvae-mnist-2d,beta-1-mnist-2d"
    app = run(models=models, first_as="3")
    seven, three = (browser.address(decoder) for label in (7, 3) if (decoder := caches.map_view("cvae-mnist-2d", label).decoder))
    (chosen,) = [box for box in app.selectbox if "draw as" in box.label]
    assert chosen.label == "Conditional VAE: draw as" and mounted(app, "pair")[0]["halves"][0]["decoder"] == three
    chosen.set_value(7).run()
    assert mounted(app, "pair")[0]["halves"][0]["decoder"] == seven and address(app) == {"models": models}, "the usual one"
    assert run(models="beta-1-mnist-2d,cvae-mnist-2d", second_as="none").selectbox(key="compare_models_as-cvae-mnist-2d").value == NOT_TOLD


def test_only_a_map_whose_decoder_does_not_draw_its_dots_is_told_how_to(with_images: None) -> None:
    names = "vae-mnist-16d", "conv-vae-mnist-2d"
    for pair in (names, ("beta-1-mnist-2d", names[0]), ("cvae-mnist-2d", names[1])):
        (data,) = mounted(run(models=",".join(pair)), "pair")
        for name, half in zip(pair, data["halves"], strict=True):
            view = caches.map_view(name, 0 if name.startswith("cvae") else None)
            assert half["whole"] == (browser_map.decoding(view) if name in names else None) and half["code"] is None
    served, dense = (browser_map.decoding(caches.map_view(name)) for name in reversed(names))
    assert [browser_map.decoding(caches.map_view("cvae-mnist-2d", label))["drawn"] for label in (3, None)] == [3, None]
    assert served["served"].endswith(f"/points/{names[1]}") and not served["decoder"] and dense["decoder"] and not dense["served"]


def test_of_refining_the_codes_themselves_are_told_too(with_images: None) -> None:
    (data,) = mounted(run(models="vae-mnist-16d,vae-mnist-16d", image="5"), "pair")
    found = refine.refine_image(checkpoints.opened("vae-mnist-16d").model, to_ink(caches.test_images("mnist")[5]))
    for half, code in zip(data["halves"], (found.path[0, 0], found.mu[0]), strict=True):
        np.testing.assert_allclose(half["code"], code, atol=1e-3)


# --- before and after refining --------------------------------------------------------------------------------------------------

REFINED = "Before and after refining"


def test_before_and_after_refining_shows_the_encoders_code_and_the_best_one(with_images: None) -> None:
    app = run()
    checked(app.selectbox(key="pair_preset").set_value(REFINED).run())
    name, row = presets.PRESETS[REFINED].models[0], presets.PRESETS[REFINED].image
    assert address(app) == {"models": f"{name},{name}", "image": str(row)}
    model, image = checkpoints.opened(name).model, to_ink(caches.test_images("mnist")[row])
    found = refine.refine_image(model, image)
    for shown in (app, run(**address(app))):  # by the preset, and by its link
        (data,) = mounted(shown, "pair")
        before, after = (half["kept"]["value"] for half in data["halves"])
        np.testing.assert_allclose(before, found.path[0, 0], atol=1e-4)
        np.testing.assert_allclose(after, found.mu[0], atol=1e-3)
        assert all(half["trail"][0] == before and half["trail"][-1] == after for half in data["halves"]), "both codes on both maps"
        assert [half["title"] for half in data["halves"]] == [f"VAE with β = 1: {which}" for which in refined.TITLES]
        assert any(text.value == refining.what(found, checkpoints.opened(name)) for text in shown.markdown)
        assert shown.selectbox(key="pair_preset").value == REFINED
        (drawn,) = [element.proto.body for element in shown.get("html") if 'data-testid="rows"' in element.proto.body]
        assert "The encoder’s code" in drawn and drawn.count("error map") == 2


def test_a_clicked_dot_is_the_image_to_refine(monkeypatch: pytest.MonkeyPatch, with_images: None) -> None:
    view, session = caches.map_view("beta-1-mnist-2d"), {refined.KEY: SimpleNamespace(pick=None)}
    monkeypatch.setattr(refined.st, "session_state", fake := AttrDict(session))
    fake[refined.KEY].pick_other = {"value": view.frame.points[17].tolist(), "number": 3}
    refined._take(view, 1, "compare_image")
    assert fake["compare_image_number-mnist-None"] == 17 and fake["compare_image_kind"] == "test" and fake["refined_numbers"] == (0, 3)


def test_without_test_images_the_maps_are_there_and_nothing_is_refined(no_data: None) -> None:
    (data,) = mounted(run(models="beta-1-mnist-2d,beta-1-mnist-2d", data="mnist"), "pair")
    assert [half["trail"] for half in data["halves"]] == [None, None] and [half["kept"]["value"] for half in data["halves"]] == [None, None]


# --- the dial -------------------------------------------------------------------------------------------------------------------


def test_the_dial_has_the_family_and_begins_at_the_usual_vae(with_images: None) -> None:
    (data,) = mounted(run(mode="dial"), "dial")
    family = beta_family()
    assert [member["beta"] for member in data["members"]] == list(BETAS)
    assert data["home"] == {"at": list(BETAS).index("1"), "z": [0, 0]} and data["dial"] == {"value": [""] * 5, "number": 0}
    assert data["members"][3]["figures"].startswith(f"rate {family.splits[3].rate_nats:.2f} + distortion ")
    assert data["places"] == [[float(v) for v in codes[family.examples].ravel()] for codes in family.codes]
    assert all(example["picture"].startswith("data:image/png") for example in data["examples"])


def test_a_link_says_where_the_dial_stands(with_images: None) -> None:
    query = {"mode": "dial", "dial": "2.4", "z": "0.5,-1.25", "classes": "3,5", "scale": "same", "shapes": "1"}
    app = run(**query)
    (data,) = mounted(app, "dial")
    assert data["dial"]["value"] == ["2.4", "0.5,-1.25", "3,5", "same", "1"]
    assert {name: values[-1] if isinstance(values, list) else values for name, values in dict(app.query_params).items()} == query


def test_an_absurd_link_to_the_dial_becomes_sentences_and_the_usual_dial(with_images: None) -> None:
    app = run(mode="dial", dial="5.1", z="", scale="big", classes="11")
    assert len(app.warning) == 4 and all(warning.value.startswith("The link asks for ") for warning in app.warning)
    assert mounted(app, "dial")[0]["dial"]["value"] == [""] * 5


def test_without_the_test_images_the_row_shows_what_the_models_draw_and_says_so(no_data: None) -> None:
    app = run(mode="dial")
    (data,) = mounted(app, "dial")
    assert [example["picture"] for example in data["examples"]] == [""] * 10
    assert any("not on this machine" in caption.value for caption in app.caption)


def test_a_family_that_cannot_be_read_becomes_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail() -> None:
        raise CheckpointError(f"{checkpoints.SHIPPED_ROOT}/beta-1-mnist-2d/card.json is damaged.")

    monkeypatch.setattr(caches, "family_view", fail)
    app = run(mode="dial")
    (error,) = app.error
    assert "The dial cannot be shown" in error.value and "damaged" in error.value and str(checkpoints.SHIPPED_ROOT) not in error.value


# --- two runs ------------------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def two(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of models with finished runs, which differ in β, or in the kind of model."""
    root = tmp_path_factory.mktemp("two")
    tiny = ["--dataset", "digits", "--epochs", "1", "--encoder-hidden", "16", "--decoder-hidden", "16", "--device", "cpu"]
    for name, more in {"one": [], "other": ["--beta", "4"], "free": ["--beta", "0"], "told": ["--model", "cvae"]}.items():
        assert train([*tiny, *more, "--out", str(root / name)]) == 0
    return root / "runs"


def test_two_runs_share_a_scrubber_and_what_differs_comes_first(two: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jobs, "RUNS", two)
    app = run(mode="runs", first="one", second="other", epoch="0", z="1,2")
    (data,) = mounted(app, "two-runs")
    assert [shown["title"] for shown in data["runs"]] == ["one", "other"] and data["kept"]["value"] == [1, 2]
    assert data["runs"][data["leader"]]["timeline"]["asked"]["value"] == 0
    assert data["runs"][1 - data["leader"]]["timeline"]["asked"]["value"] is None, "it goes where the other goes"
    table, reading = (text.value for text in app.markdown[:2])
    assert table.count("\n") == 2 and "**1**" in table and "**4**" in table, "one setting differs"
    assert "same seed (0)" in reading and "one setting" in reading
    assert any(button.label.startswith("Set up a run like one") for button in app.button)


@pytest.mark.parametrize("counts", [(3, 5), (5, 3), (4, 4)])
def test_the_scrubber_has_the_epochs_of_the_run_that_has_more(counts: tuple[int, int], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(browser_map, "mount", mount := Mock())
    one = {"title": "", "view": "", "bound": 1.0, "description": "", "note": "", "dimensions": 2}
    runs = [one | {"timeline": {"epochs": list(range(count))}} for count in counts]
    browser_map.two_runs(runs, (None, 0), [], Mock(), "key", (2, 7), Mock())
    data = mount.call_args.args[2]
    assert data["leader"] == (counts[1] > counts[0])
    assert [told["timeline"]["asked"]["value"] for told in data["runs"]] == [2, None][:: -1 if data["leader"] else 1]


def test_shapes_are_in_the_links_of_all_maps(two: Path, monkeypatch: pytest.MonkeyPatch, with_images: None) -> None:
    monkeypatch.setattr(jobs, "RUNS", two)
    for query in ({"mode": "models"}, {"mode": "runs"}, {"models": "beta-1-mnist-2d,beta-1-mnist-2d"}):
        part = "two-runs" if "runs" in query.values() else "pair"
        app = run(**query, shapes="1")
        assert mounted(app, part)[0]["switched"]["shapes"] == {"value": "1", "number": 0}
        assert app.query_params["shapes"] in ("1", ["1"])
        assert mounted(run(**query), part)[0]["switched"]["shapes"] == {"value": "", "number": 0}


@pytest.mark.parametrize(
    ("query", "why"),
    [
        ({"models": "beta-1-mnist-2d,vae-mnist-16d"}, ""),
        ({"models": "beta-1-mnist-2d,beta-1-mnist-2d"}, ""),
        ({"mode": "runs", "first": "one", "second": "other"}, ""),
        ({"models": "beta-1-mnist-2d,beta-0-mnist-2d"}, "Training did not draw"),
        ({"models": "ae-mnist-2d,ae-mnist-2d"}, "no prior that its codes keep to"),
        ({"mode": "runs", "first": "one", "second": "free"}, "free: Training did not draw"),
    ],
)
def test_two_maps_are_spread_evenly_together_or_not_at_all(
    two: Path, query: dict[str, str], why: str, monkeypatch: pytest.MonkeyPatch, with_images: None
) -> None:
    monkeypatch.setattr(jobs, "RUNS", two)
    part = "two-runs" if "mode" in query else "pair"
    app = run(**query, spread="1")
    (data,) = mounted(app, part)
    assert data["switched"]["spread"] == {"value": "" if why else "1", "number": 0}
    assert why in data["spread"] if why else data["spread"] is True
    assert address(app) == (query if why else query | {"spread": "1"})
    assert mounted(run(**query), part)[0]["switched"]["spread"] == {"value": "", "number": 0}


@pytest.mark.parametrize("name", ["shapes", "spread"])
def test_what_the_browser_says_of_a_switch_is_checked(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    fake: Any = AttrDict(map={})
    monkeypatch.setattr(switched.st, "session_state", fake)
    keep = switched.hears("map")[name]
    keep()
    assert set(switched.said().values()) == {("", 0)}, "nothing was said"
    for word, found in (("1", ("1", 3)), ("", ("", 3)), ([1], ("", 3)), (1, ("", 3))):
        fake.map[name] = {"value": word, "number": 3}
        keep()
        assert switched.said() == {"shapes": ("", 0), "spread": ("", 0)} | {name: found}
    for garbage in (None, "1", {"value": "1"}, {"value": "1", "number": -1}):
        fake.map[name] = garbage
        keep()
        assert switched.said()[name] == ("", 3)


def test_what_the_browser_says_of_two_runs_is_checked(monkeypatch: pytest.MonkeyPatch) -> None:
    fake: Any = AttrDict({two_runs.KEY: SimpleNamespace(pick=None, epoch=None)})
    monkeypatch.setattr(two_runs.st, "session_state", fake)
    for said, epoch in ((3, 3), (None, None), (True, None), (-1, None), ("2", None)):
        fake[two_runs.KEY].epoch = {"value": said, "number": 4}
        two_runs._keep_epoch()
        assert fake.get("compare_epoch") == epoch and fake.compare_epoch_number == 4
    fake[two_runs.KEY].pick = {"value": [1, -2], "number": 5}
    two_runs._keep_point()
    assert (fake.runs_z, fake.runs_z_number) == ((1, -2), 5)
    for garbage in (None, {"value": [1], "number": 6}, {"value": [1, 2]}):
        fake[two_runs.KEY].pick = fake[two_runs.KEY].epoch = garbage
        two_runs._keep_point()
        assert (fake.runs_z, fake.runs_z_number) == ((1, -2), 5)


def test_a_conditional_run_draws_the_class_that_is_chosen_and_the_link_has_it(two: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jobs, "RUNS", two)
    app = run(mode="runs", first="one", second="told", second_as="3")
    frames = [shown["timeline"]["frames"] for shown in mounted(app, "two-runs")[0]["runs"]]
    assert frames == [epochs.template(jobs.find("one"), None), epochs.template(jobs.find("told"), 3)]
    app.selectbox(key="compare_runs_as-told").set_value(4).run()
    assert address(app)["second_as"] == "4" and "first_as" not in address(app)


def test_without_two_runs_the_page_says_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jobs, "RUNS", tmp_path)
    app = run(mode="runs")
    assert not mounted(app, "two-runs") and "no run yet" in app.info[0].value
    assert [button.label for button in app.button] == ["Set up a run"]


@pytest.mark.parametrize(
    ("differ", "seeds", "words"),
    [
        (0, (3, 3), "All settings are the same"),
        (1, (3, 3), "same seed (3) and differ in **one setting**"),
        (2, (0, 0), "differ in **2 settings**"),
        (1, (0, 1), "Only the seed differs"),
        (2, (0, 1), "The seeds differ, too"),
    ],
)
def test_what_two_runs_can_show(differ: int, seeds: tuple[int, int], words: str) -> None:
    assert words in two_runs.reading(differ, seeds)


def test_settings_beside_each_other() -> None:
    one = config(model={"name": "vae", "config": {"beta": 2.0}}, recipe={"epochs": 3})
    other = config(model={"name": "ae", "config": {}}, recipe={"epochs": 4})
    found = run_settings.beside(one, other)
    said = {title: (a, b) for title, a, b in found.different}
    assert said["Model"] == (MODELS["vae"].title, MODELS["ae"].title) and ("3", "4") in said.values()
    assert said["β, weight of the KL"] == ("2", NOT_ITS_OWN), "an autoencoder has no β"
    assert said["KL warm-up"] == ("4 epochs, at most half of all", NOT_ITS_OWN), "and nothing whose weight could rise"
    assert "Pixel scale σ" not in {**said, **dict(found.same)}, "a probability of ink has no scale"
    assert run_settings.beside(one, one).different == []


def test_of_a_model_that_is_computed_only_the_images_are_a_setting_of_its_training() -> None:
    found = run_settings.beside(*(config(model={"name": name, "config": {}}, recipe={}) for name in ("pca", "vae")))
    computed = {title for title, a, _ in found.different if a != NOT_ITS_OWN} | {title for title, _ in found.same}
    assert {"Training", "Training images"} <= computed and not {"Epochs", "Seed", "Learning rate"} & computed


def test_the_train_page_begins_with_a_runs_settings(two: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jobs, "RUNS", two)
    (two / ".speeds.json").write_text("{}")
    monkeypatch.setattr(form, "measured_speeds", lambda: dict.fromkeys(MODELS, 1000.0))
    app = AppTest.from_function(_begins, default_timeout=120).run()
    assert not app.exception and not app.warning
    assert app.selectbox(key="train_dataset").value == "digits"
    values = {box.label: box.value for box in app.number_input}
    assert 4 in values.values() and [text.value for text in app.text_input if text.value == "16"] == ["16", "16"]


def _begins() -> None:
    """The form, filled in once."""
    import streamlit

    from core import jobs
    from pages.training import form

    if "begun" not in streamlit.session_state:
        streamlit.session_state.begun = True
        form.begin_with(jobs.find("other").config)
    form.show()

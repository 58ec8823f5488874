"""Every page follows its link and writes it: opened with a link its widgets are set, and what is set in them stands in the address."""

from collections.abc import Callable
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest
from visit import address, checked, visit

from core import checkpoints
from pages.images import cover
from pages.session.properties.denoise import FIRST_METHODS

SCRIPTS = {"super-resolution": "super_resolution.py"}
LEFT_HALF = cover.write(cover.READY["left"])
EVERYTHING = [  # a page, a link, and the session's keys that it sets
    ("reconstruct", {"data": "digits", "class": "3", "image": "5", "sigma": "0.75", "draw": "2"}, {
        "reconstruct_dataset": "digits", "reconstruct_class-digits": 3, "reconstruct_number-digits-3": 5,
        "reconstruct_sigma-vae-mnist-2d": 0.75, "reconstruct_noise": 2,
    }),
    ("reconstruct", {"kind": "generate", "image": "77"}, {"reconstruct_kind": "generate", "reconstruct_seed": 77}),
    ("denoise", {"image": "12", "damage": "salt-and-pepper", "strength": "0.35", "seed": "7", "methods": "denoiser,median"}, {
        "denoise_number-mnist-None": 12, "denoise_damage-False": "salt-and-pepper", "denoise_strength-salt-and-pepper": 0.35,
        "denoise_damage_seed": 7, "denoise_methods": ["denoiser", "median"],
    }),
    ("denoise", {"damage": "scratches", "strength": "9", "methods": "median", "median-strength": "5"}, {
        "denoise_strength-scratches": 9, "denoise_strength_of-median": 5,
    }),
    ("denoise", {"mode": "picture", "flatten": "1", "damage": "blur", "strength": "2.5", "method": "nl-means"}, {
        "denoise_mode": "picture", "denoise_flatten": True, "denoise_picture_damage-True": "blur", "denoise_picture_strength-blur": 2.5,
        "denoise_picture_method": "nl-means",
    }),
    ("denoise", {"mode": "photo", "sample": "3,vae-mnist-2d"}, {"denoise_mode": "photo", "denoise_sample": (3, "vae-mnist-2d")}),
    ("denoise", {"mode": "files", "show": "digits", "method": "tv"}, {"denoise_files_kind": "digits", "denoise_files_digits_method": "tv"}),
    ("super-resolution", {"class": "8", "image": "2", "factor": "4"}, {
        "sr_source_class-mnist": 8, "sr_source_number-mnist-8": 2, "sr_factor": 4,
    }),
    ("super-resolution", {"tab": "ten", "factor": "4"}, {"sr_tab": "ten", "sr_factor_ten": 4}),
    ("super-resolution", {"tab": "noise", "noise": "gaussian", "seed": "41"}, {"sr_noise": "gaussian", "sr_noise_seed": 41}),
    ("generate", {"way": "codes", "temperature": "0.65", "count": "5", "seed": "12"}, {
        "generate_way": "codes", "generate_temperature": 0.65, "generate_count": 5, "generate_seed": 12,
    }),
    ("generate", {"way": "class", "class": "3", "count": "2"}, {"generate_class-vae-mnist-2d": 3}),
    ("generate", {"way": "image", "image": "9999", "count": "2"}, {"generate_row-vae-mnist-2d": 9999}),
    ("generate", {"tab": "complete", "complete_class": "3", "complete_image": "5", "cover": "left"}, {
        "generate_tab": "complete", "complete_class-mnist": 3, "complete_number-mnist-3": 5, "complete_cover": LEFT_HALF,
    }),
    ("generate", {"tab": "complete", "checkpoint": "cvae-mnist-2d", "complete_kind": "generate", "complete_image": "9"}, {
        "complete_kind": "generate", "complete_seed": 9,
    }),
    ("generate", {"tab": "complete", "checkpoint": "cvae-mnist-2d", "complete_as": "4"}, {"complete_told-cvae-mnist-2d": 4}),
    ("generate", {"checkpoint": "cvae-mnist-2d", "draw_as": "0", "count": "2"}, {"generate_told-cvae-mnist-2d": 0}),
    ("compare", {"mode": "dial", "dial": "2.45", "z": "0.5,-1", "classes": "1,7", "scale": "same", "shapes": "1"}, {
        "dial_at": 2.45, "dial_z": (0.5, -1.0), "dial_classes": ["1", "7"], "dial_scale": "same", "shapes": True,
    }),
    ("compare", {"models": "pca-mnist-2d,ae-mnist-2d", "link": "point", "z": "0.5,-1", "scale": "same"}, {
        "models_pair": ["pca-mnist-2d", "ae-mnist-2d"], "models_link": "point", "models_z": (0.5, -1.0), "models_scale": "same",
    }),
]  # fmt: skip


@pytest.fixture(autouse=True)
def data(mnist_like: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """MNIST's test images, or what looks like them."""
    monkeypatch.setenv("LATENT_DATA", str(mnist_like))


def run(page: str, **query: str) -> AppTest:
    """The page with this address; it must not raise."""
    return visit(SCRIPTS.get(page, f"{page}.py"), query)


def go(app: AppTest) -> AppTest:
    return checked(app.run())


@pytest.mark.parametrize(("page", "query", "expected"), EVERYTHING)
def test_a_link_sets_the_page_and_stands_in_its_address(page: str, query: dict, expected: dict) -> None:
    app = run(page, **query)
    assert {key: app.session_state[key] for key in expected} == expected
    assert address(app) == query and not app.warning
    assert address(go(app)) == query


@pytest.mark.parametrize("page", ["reconstruct", "denoise", "super-resolution", "generate", "compare", "train", "models"])
def test_an_untouched_page_leaves_its_address_bare(page: str) -> None:
    assert address(run(page)) == {}


def test_widgets_reach_the_address_and_the_usual_leaves_it() -> None:
    app = run("denoise")
    app.selectbox(key="denoise_damage-False").set_value("mask")
    go(app)
    app.slider(key="denoise_strength-mask").set_value(0.7)
    app.number_input(key="denoise_damage_seed").set_value(3)
    app.number_input(key="denoise_number-mnist-None").set_value(4)
    app.button_group(key="denoise_methods").set_value(["tv", "denoiser"])
    assert address(go(app)) == {"damage": "mask", "strength": "0.7", "seed": "3", "image": "4", "methods": "denoiser,tv"}
    app.selectbox(key="denoise_damage-False").set_value("gaussian")
    app.number_input(key="denoise_damage_seed").set_value(0)
    app.number_input(key="denoise_number-mnist-None").set_value(0)
    app.button_group(key="denoise_methods").set_value(["vae", *(name for name in FIRST_METHODS if name != "vae")])
    assert address(go(app)) == {}


def test_reconstructions_noise_reaches_the_address_from_its_fragment() -> None:
    app = run("reconstruct")
    app.button(key="reconstruct_again").click()
    app.slider(key="reconstruct_sigma-vae-mnist-2d").set_value(1.25)
    assert address(go(app)) == {"sigma": "1.25", "draw": "1"}


def test_super_resolutions_controls_reach_the_address() -> None:
    app = run("super-resolution", tab="noise")
    app.number_input(key="sr_noise_seed").set_value(5)
    assert address(go(app)) == {"tab": "noise", "seed": "5"}


@pytest.mark.parametrize(
    ("page", "query"),
    [
        ("denoise", {"strength": "1e99", "seed": "abc", "methods": "x", "mode": "../x", "checkpoint": "../../etc/passwd"}),
        ("denoise", {"image": "-5", "damage": "x" * 10_000, "class": "99", "data": "\x00"}),
        ("reconstruct", {"sigma": "nan", "draw": "-1", "kind": "upload", "image": "1.5"}),
        ("super-resolution", {"tab": "nowhere", "factor": "3", "image": "٣"}),
        ("generate", {"tab": "nowhere", "way": "there", "temperature": "-1", "count": "101", "seed": "1e3"}),
        ("generate", {"checkpoint": "nobody", "count": "0"}),
        ("compare", {"mode": "x", "models": "../x,y", "link": "soul", "scale": "big"}),
        ("train", {"run": "../../x"}),
    ],
)
def test_absurd_links_become_sentences_and_the_usual_page(page: str, query: dict) -> None:
    app = run(page, **query)
    said = [warning.value for warning in (app.error if page == "train" else app.warning)]
    assert len(said) == len(query) and all(sentence.startswith("The link asks for ") and len(sentence) < 400 for sentence in said)
    assert address(app) == {}
    go(app)
    assert page == "train" or not app.warning, "said once"


@pytest.mark.parametrize(("sample", "why"), [("0,vae-mnist-2d", "it must be from 1"), ("3,nobody", "the model that draws it is not here")])
def test_a_sample_that_cannot_be_drawn_becomes_a_sentence(sample: str, why: str) -> None:
    app = run("denoise", mode="photo", sample=sample)
    (warning,) = app.warning
    assert f"The link asks for the sample `{sample}`" in warning.value and why in warning.value and address(app) == {"mode": "photo"}


def test_an_image_beyond_the_last_becomes_a_sentence_and_the_first() -> None:
    app = run("denoise", image="70000")
    (warning,) = app.warning
    assert warning.value == "The link asks for image 70,000, but the last one is 9,999. Showing the first one instead."
    assert app.number_input(key="denoise_number-mnist-None").value == 0 and address(app) == {}


def test_a_link_names_the_data_set_that_stands_in_for_one_that_is_not_here_yet(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LATENT_DATA", str(tmp_path))
    assert address(run("denoise")) == {"data": "digits"}


def test_an_upload_is_never_in_a_link() -> None:
    app = run("denoise", damage="blur", methods="tv")
    app.session_state["denoise_kind"] = "upload"
    assert address(go(app)) == {"methods": "tv"} and app.session_state["denoise_kind"] == "upload"
    assert address(go(app)) == {"methods": "tv"} and app.session_state["denoise_kind"] == "upload"


def test_back_and_edited_addresses_are_followed_and_what_is_late_is_not() -> None:
    app = run("denoise", seed="1")
    for seed in (2, 3, 4):
        app.number_input(key="denoise_damage_seed").set_value(seed)
        go(app)
    app.query_params["seed"] = "3"  # the browser had not come to 4 yet when the visitor clicked again
    app.number_input(key="denoise_damage_seed").set_value(5)
    assert address(go(app)) == {"seed": "5"}
    app.query_params["seed"] = "3"  # Back, at once
    go(app)
    assert app.number_input(key="denoise_damage_seed").value == 3
    app.query_params["seed"] = "2"  # and again
    go(app)
    assert app.number_input(key="denoise_damage_seed").value == 2
    app.session_state.page = "explore"  # which the sidebar's link leads away from, without a query
    app.query_params.clear()
    assert address(go(app)) == {"seed": "2"}
    app.query_params.clear()  # the browser had not come to that address yet when the visitor clicked again
    app.number_input(key="denoise_damage_seed").set_value(6)
    assert address(go(app)) == {"seed": "6"}


BACK = [  # a page, what is set there, and whether the page is as it was at first
    ("reconstruct", {"draw": "2", "checkpoint": "pca-mnist-2d"}, lambda app: app.session_state.checkpoint == "vae-mnist-2d"),
    ("denoise", {"mode": "picture", "flatten": "1"}, lambda app: app.session_state.denoise_mode == "digit"),
    ("super-resolution", {"tab": "ten", "factor": "4"}, lambda app: app.session_state.sr_tab == "one"),
    ("generate", {"way": "class", "count": "2"}, lambda app: app.session_state.generate_way != "class"),
    ("models", {"checkpoint": "vae-mnist-2d"}, lambda app: app.title[0].value == "Models"),
]  # fmt: skip


@pytest.mark.parametrize(("page", "query", "as_at_first"), BACK)
def test_back_to_an_address_that_says_nothing_shows_the_page_as_it_is_at_first(page: str, query: dict, as_at_first: Callable) -> None:
    app = run(page, **query)
    assert address(app) == query and not as_at_first(app)
    app.query_params.clear()
    assert address(go(app)) == {} and as_at_first(app)


def test_a_page_ignores_what_is_another_pages() -> None:
    app = run("reconstruct", z="1,2", damage="mask", run="x", utm_source="mail")
    assert not app.warning and address(app) == {} and app.session_state["point"] is None


def test_a_link_names_the_model_where_it_is_another(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import shutil

    root = tmp_path / "checkpoints"
    for name in ("vae-mnist-2d", "other"):
        shutil.copytree(checkpoints.CHECKPOINTS / "vae-mnist-2d", root / name)
    monkeypatch.setattr(checkpoints, "CHECKPOINTS", root)
    monkeypatch.setattr(checkpoints, "SHIPPED_ROOT", root)
    app = run("reconstruct", checkpoint="other", sigma="0.5")
    assert app.session_state["checkpoint"] == "other" and app.session_state["reconstruct_sigma-other"] == 0.5
    assert address(app) == {"checkpoint": "other", "sigma": "0.5"}
    app.sidebar.selectbox(key="checkpoint_choice").set_value("vae-mnist-2d")
    assert address(go(app)) == {}

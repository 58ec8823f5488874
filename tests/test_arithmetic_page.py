"""Generate's arithmetic with codes, through AppTest."""

import re

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest
from visit import checked, visit

from core import checkpoints, figures, latent
from pages.images import gallery
from pages.session.properties.generate import FIRST_TERMS

MAIN, TOLD = "vae-mnist-2d", "cvae-mnist-2d"


def run(**query: str) -> AppTest:
    """The page with this address; it must not raise."""
    return visit("generate.py", {"tab": "arithmetic"} | query, seconds=120)


def pictures(app: AppTest) -> list[tuple[str, str, str]]:
    """Of each picture: its data URI, its title, and what is said under it."""
    (found,) = [part.proto.body for part in app.get("html") if 'data-testid="sum"' in part.proto.body]
    return re.findall(r'<img src="([^"]*)".*?<div class="title">(.*?)</div>(?:<div class="soft">(.*?)</div>)?', found)


def said(app: AppTest) -> str:
    return " ".join(part.value for part in (*app.markdown, *app.caption))


def test_a_first_visitor_sees_the_slant_of_a_seven_on_a_one() -> None:
    shown = pictures(run(checkpoint=MAIN))
    checkpoint = checkpoints.opened(MAIN)
    a, b, c = (checkpoint.latents.mu[row] for row, _ in FIRST_TERMS.values())
    images = latent.decode(checkpoint.model, np.stack([a, b, c, a - b + c]))
    assert [uri for uri, _, _ in shown] == [gallery.uri(image) for image in images]
    assert [words.split(",")[0] for _, _, words in shown] == ["7", "7", "1", "1"]  # the classifier's
    y, x = np.mgrid[:28, :28]
    across, up = [[float((ink * (v * w)).sum() / ink.sum()) for ink in images] for v, w in ((x - 14, 14 - y), (14 - y, 14 - y))]
    slant = np.array(across) / up
    assert slant[0] > slant[1] + 0.3 and slant[3] > slant[2] + 0.3  # further to the right, the higher


def test_of_whole_classes_the_mean_codes_are_taken() -> None:
    app = run(checkpoint=MAIN, terms="classes", a="8", b="3", c="5")
    latents, shown = checkpoints.opened(MAIN).latents, pictures(app)
    codes = np.stack([latents.mu[latents.label == label].mean(0) for label in (8, 3, 5)])
    images = latent.decode(checkpoints.opened(MAIN).model, np.stack([*codes, codes[0] - codes[1] + codes[2]]))
    assert [uri for uri, _, _ in shown] == [gallery.uri(image) for image in images]
    assert shown[1][1] == f"− 3 (mean of {(latents.label == 3).sum():,} codes)"


def test_a_link_is_followed_and_stands_in_the_address() -> None:
    app = run(a="3", b="5", c="7")
    assert not app.warning and {name: app.query_params[name] for name in "abc"} == {"a": "3", "b": "5", "c": "7"}
    before = pictures(app)
    app.number_input(key=f"arithmetic_c_row-{MAIN}").set_value(8)
    after = pictures(checked(app.run()))
    assert [one == other for one, other in zip(before, after, strict=True)] == [True, True, False, False]
    assert app.query_params["c"] == "8"
    wrong = run(a="10000", b="x", terms="letters")
    assert len(wrong.warning) == 3 and len(pictures(wrong)) == 4


def test_a_conditional_model_adds_styles_of_one_class() -> None:
    zero, seven = (run(checkpoint=TOLD, arithmetic_as=label) for label in ("0", "7"))
    assert pictures(zero) != pictures(seven) and "only style is added" in said(zero) and zero.query_params.get("arithmetic_as") is None
    assert seven.query_params["arithmetic_as"] == "7"


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("vae-mnist-16d", "With 16 numbers there is room"),
        ("vae-fashion-2d", "what each shows is not said"),
        ("pca-mnist-2d", "works in straight lines"),
        ("vae-mnist-2d-collapsed", "it draws the same image"),
        ("vae-digits-2d", "too much of 2 numbers"),
    ],
)
def test_what_it_says_is_true_of_every_kind_of_model(name: str, sentence: str) -> None:
    app = run(checkpoint=name)
    assert len(pictures(app)) == 4 and sentence in said(app)


def test_arrows_lead_from_place_to_place() -> None:
    places = {"B": (0.0, 0.0), "A": (1.0, 0.5), "C": (-1.0, 1.0), "D": (0.0, 1.5)}
    points, labels = np.random.default_rng(0).normal(size=(50, 2)), np.zeros(50, int)
    figure = figures.latent_places(points, labels, (), {}, places, arrows=(("B", "A"), ("C", "D")))
    drawn = {(note.ax, note.ay, note.x, note.y) for note in figure.layout.annotations if note.axref == "x"}
    assert drawn == {(*places["B"], *places["A"]), (*places["C"], *places["D"])}

"""The Generate page through AppTest."""

from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from core import checkpoints
from pages import browser
from pages.session.properties import GENERATING

PAGE = Path(__file__).resolve().parents[1] / "pages" / "generate.py"
pytestmark = pytest.mark.usefixtures("no_data")


def run(**query: str) -> AppTest:
    """The page with this address; it must not raise."""
    browser._component.cache_clear()
    app = AppTest.from_file(PAGE, default_timeout=120)
    for name, value in ({"count": "3"} | query).items():
        app.query_params[name] = value
    return go(app)


def go(app: AppTest) -> AppTest:
    app.run()
    assert not app.exception, app.exception
    return app


def html(app: AppTest, testid: str) -> str:
    """What st.html drew under that name."""
    (found,) = [part.proto.body for part in app.get("html") if f'data-testid="{testid}"' in part.proto.body]
    return found


def text(app: AppTest) -> str:
    return "\n".join(part.value for part in app.markdown)


def test_every_tab_has_a_title() -> None:
    shown = run().segmented_control(key="generate_tab").options
    assert [title.format(nouns="digits") for title in GENERATING.values()] == shown
    assert run(checkpoint="vae-fashion-2d").segmented_control(key="generate_tab").options[0] == "New garments"


@pytest.mark.parametrize("name", checkpoints.SHIPPED)
@pytest.mark.parametrize("way", ["prior", "codes", "class", "image"])
def test_every_shipped_model_draws_in_every_way(name: str, way: str) -> None:
    assert html(run(checkpoint=name, way=way), "generated").count("<figure>") == 3


@pytest.mark.parametrize(
    ("name", "way", "words"),
    [
        ("vae-mnist-2d", "prior", "the model’s prior"),
        ("beta-0-mnist-2d", "prior", "Nothing drew this model’s own codes towards it"),
        ("ae-mnist-2d", "prior", "has no prior"),
        ("vae-mnist-2d", "codes", "that image’s own posterior"),
        ("ae-mnist-2d", "codes", "Scott’s rule"),
        ("ae-mnist-2d", "image", "Scott’s rule"),
        ("vae-fashion-2d", "class", "class **T-shirt**"),
        ("vae-fashion-2d", "image", "a garment of class **Ankle boot**"),
    ],
)
def test_what_is_drawn_is_said_in_words_that_are_true_of_the_model(name: str, way: str, words: str) -> None:
    assert words in text(run(checkpoint=name, way=way))


def test_another_seed_draws_other_images_and_goes_into_the_address() -> None:
    app = run()
    before = html(app, "generated")
    app.button(key="generate_again").click()
    go(app)
    assert html(app, "generated") != before and app.query_params["seed"]


def test_a_conditional_model_is_asked_for_a_class() -> None:
    app = run(checkpoint="cvae-mnist-2d", draw_as="4")
    assert html(app, "generated").count("<figcaption>4</figcaption>") == 3
    assert not [box for box in run().selectbox if box.label == "Draw as"]

"""The tab of Generate that fills in what is covered, through AppTest: every kind of model and of cover, what is said, and the link."""

import re
from html import escape
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest.mock import Mock

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest
from visit import checked, html, html_if_any, visit, words

from core import checkpoints, completion, quality
from core.frame import class_names
from pages.generating import by_image, completing
from pages.images import cover
from pages.images.gallery import uri
from pages.session import caches
from pages.session.properties.generate import FIRST_COMPLETED, FIRST_STYLED, TOLD_MODEL


@pytest.fixture(autouse=True)
def data(mnist_like: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """MNIST's test images, or what looks like them."""
    monkeypatch.setenv("LATENT_DATA", str(mnist_like))


FOUND: dict[tuple, completion.Completion] = {}


@pytest.fixture(autouse=True)
def found_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each test is a new visitor, for whom the page looks anew; what is found for the same question is the same, so here it is kept."""
    look = completion.complete

    def complete(
        checkpoint: checkpoints.Checkpoint, image: np.ndarray, hidden: np.ndarray, *told: Any, **how: Any
    ) -> completion.Completion:
        question = (checkpoint.name, image.tobytes(), hidden.tobytes(), told[0])
        if question not in FOUND:
            FOUND[question] = look(checkpoint, image, hidden, *told, **how)
        return FOUND[question]

    monkeypatch.setattr(completion, "complete", complete)


def run(**query: str) -> AppTest:
    """The tab with this address; it must not raise."""
    return visit("generate.py", {"tab": "complete"} | query, seconds=120)


EACH_KIND = ("vae-mnist-2d", "pca-mnist-2d", "cvae-mnist-2d", "vae-mnist-16d")  # by a grid, without a prior, told a class, by climbs


@pytest.mark.parametrize("name", [pytest.param(name, marks=() if name in EACH_KIND else pytest.mark.slow) for name in checkpoints.SHIPPED])
def test_every_shipped_model_fills_in(name: str) -> None:
    app = run(checkpoint=name, complete_data="digits")
    answers = html(app, "completions")
    assert answers.count("<figure>") >= 2 and "The truth" in answers and "Answer 1" in answers
    exactly = caches.tabulated(name, None) is not None
    assert ("probability" in answers) is exactly and ("behind" in answers) is not exactly
    assert bool(html_if_any(app, "completion-draws")) is exactly and ("climbs from random codes" in words(app)) is not exactly
    assert ("by Bayes’ rule on a grid" in words(app)) is exactly
    spec = app.get("plotly_chart")[0].proto.spec
    assert "the truth" in spec and "answer 1" in spec


@pytest.mark.parametrize("query", [{}, {"cover": "top", "complete_image": "3"}])
def test_the_classifier_says_what_the_truth_the_answers_and_the_draws_show(query: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    ask = quality.class_probabilities
    asked = Mock(wraps=ask)
    monkeypatch.setattr(quality, "class_probabilities", asked)
    app = run(**query)
    judge = checkpoints.load_classifier("mnist").model
    classes, seen = class_names("mnist"), [call.args[1] for call in asked.call_args_list]
    for images, testid, one in zip(
        seen, ("completions", "completion-draws"), ('<div class="soft">{}</div>', "<figcaption>{}</figcaption>"), strict=True
    ):
        shown = html(app, testid)
        assert re.findall('src="([^"]+)"', shown) == [uri(image) for image in images], "it is asked of what is shown"
        said = [one.format(escape(by_image.verdict(row, classes))) for row in ask(judge, images)]
        assert len(said) >= 2 and re.findall(one.format("[^<]*"), shown) == said
    assert "what a classifier, another network, says" in words(app)


@pytest.mark.parametrize(
    ("query", "why"),
    [
        ({"checkpoint": "vae-fashion-2d"}, "this model learned from Fashion-MNIST"),
        ({"complete_data": "digits"}, "does not know scikit-learn"),
    ],
)
def test_of_what_the_classifier_does_not_know_it_says_nothing_and_the_page_says_why(query: dict[str, str], why: str) -> None:
    app = run(**query)
    assert "What each image shows is not said" in words(app) and why in words(app)
    assert 'class="soft"' not in html(app, "completions") and "what a classifier" not in words(app)


def test_the_answers_can_be_taken_along() -> None:
    labels = [button.proto.label for button in run().get("download_button")]
    assert "Picture (PNG)" in labels and "Table (CSV)" in labels


def test_of_a_density_it_is_said_that_nats_can_be_negative() -> None:
    assert "of a density, so they can be negative" in words(run(checkpoint="pca-mnist-2d"))
    assert "of a density" not in words(run(checkpoint="vae-mnist-2d"))


def test_what_the_figures_mean_is_true_of_the_model() -> None:
    assert "for it has no prior" in words(run(checkpoint="ae-mnist-2d"))
    assert "for it has no prior" in words(run(checkpoint="beta-0-mnist-2d")), "nothing keeps its codes to the prior that it has"
    assert "log p(visible | z) + log p(z)" in words(run(checkpoint="vae-mnist-16d"))


@pytest.mark.parametrize(("name", "said"), [("none", "Nothing is covered"), ("left", "392 visible pixels")])
def test_how_much_is_covered_is_said(name: str, said: str) -> None:
    assert said in words(run(cover=name))


@pytest.mark.parametrize(
    ("shares", "said"),
    [
        ((1.0,), "with **one answer**."),
        ((0.9997, 2e-4), "with **one answer**, and 1 more that it hardly believes in."),
        ((0.6, 0.39, 0.009), "with **2 answers**, and 1 more that it hardly believes in."),
        ((None, None), "with **2 answers**."),
    ],
)
def test_an_answer_that_is_hardly_probable_is_not_counted_with_the_others(shares: tuple[float | None, ...], said: str) -> None:
    found: Any = SimpleNamespace(answers=[SimpleNamespace(share=share) for share in shares])
    assert completing.summary(found, cover.READY["left"]) == f"The model explains the **392 visible pixels** {said}"


def test_a_probability_that_is_not_quite_1_or_0_is_not_said_to_be() -> None:
    said = [completing.percent(share) for share in (1.0, 0.9997, 0.93, 0.0041, 4e-4, 0.0)]
    assert said == ["100 %", "> 99.9 %", "93 %", "0.4 %", "< 0.1 %", "< 0.1 %"]


def test_everything_covered_is_the_prior_or_no_answer() -> None:
    everything = cover.write(np.ones((28, 28), bool))
    assert "Everything is covered**: the answer is what the model expects" in words(run(cover=everything))
    app = run(cover=everything, checkpoint="pca-mnist-2d")
    assert "this model has no prior" in words(app) and not html_if_any(app, "completions")


@pytest.mark.parametrize(("tab", "name", "first"), [("complete", "complete_image", FIRST_COMPLETED), ("told", "style_image", FIRST_STYLED)])
def test_a_first_visitor_sees_an_image_worth_a_look_and_a_link_another(tab: str, name: str, first: dict[str, int]) -> None:
    model = TOLD_MODEL if tab == "told" else "vae-mnist-2d"
    key = f"{name.removesuffix('_image')}_number-mnist-None"
    app = run(tab=tab, checkpoint=model)
    assert app.number_input(key=key).value == first["mnist"] and name not in app.query_params
    linked = run(tab=tab, checkpoint=model, **{name: "0"})
    assert linked.number_input(key=key).value == 0 and linked.query_params[name] == "0"


def test_the_cover_is_in_the_link_by_name_or_as_text() -> None:
    assert "cover" not in run().query_params
    assert run(cover="right").query_params["cover"] == "right"
    some = np.zeros((28, 28), bool)
    some[3, 5:20] = True
    app = run(cover=cover.write(some))
    assert app.query_params["cover"] == cover.write(some) and "769 visible pixels" in words(app)
    assert run(cover=cover.write(cover.READY["middle"])).query_params["cover"] == "middle"


@pytest.mark.parametrize("garbage", ["half", "A" * 130, "A" * 132, "A" * 130 + "!", "<b>" * 4000])
def test_a_link_s_garbage_is_refused_with_a_note(garbage: str) -> None:
    app = run(cover=garbage)
    (warning,) = app.warning
    assert "which is not a cover" in warning.value and len(warning.value) < 200
    assert app.session_state.complete_cover == cover.write(cover.READY["bottom"])


def test_what_the_browser_says_of_the_cover_is_checked(monkeypatch: pytest.MonkeyPatch) -> None:
    state = SimpleNamespace(session_state={"complete_cover": "before"})
    monkeypatch.setattr(completing, "st", state)
    good = cover.write(cover.READY["top"])
    for said in (None, 3, {"value": good}, {"value": "no cover", "number": 4}, {"value": None, "number": 4}, {"value": good, "number": -1}):
        state.session_state["complete_editor"] = SimpleNamespace(cover=said)
        completing.keep_cover()
        assert state.session_state["complete_cover"] == "before"
    state.session_state["complete_editor"] = SimpleNamespace(cover={"value": good, "number": 4})
    completing.keep_cover()
    assert (state.session_state["complete_cover"], state.session_state["complete_cover_number"]) == (good, 4)


def test_covers_survive_their_text() -> None:
    for some in [*cover.READY.values(), np.random.default_rng(0).random((28, 28)) < 0.5]:
        back = cover.read(cover.write(some))
        assert len(cover.write(some)) == 131 and back is not None and np.array_equal(back, some)


def test_another_model_s_class_is_told_only_when_asked_for() -> None:
    app = run(checkpoint="cvae-mnist-2d")
    untold = html(app, "completions")
    assert "complete_as" not in app.query_params
    app.selectbox(key="complete_told-cvae-mnist-2d").set_value(4)
    checked(app.run())
    assert app.query_params["complete_as"] == "4" and html(app, "completions") != untold
    assert html(run(checkpoint="cvae-mnist-2d", complete_as="4"), "completions") == html(app, "completions")


def drawn_checkerboard(name: str) -> AppTest:
    """The tab after a drawing that no model has learned."""
    app = run(checkpoint=name)
    assert "cannot explain" not in words(app)
    app.session_state["complete_kind"], app.session_state["complete_drawing"] = "draw", (np.indices((28, 28)).sum(0) % 2)[None] * 1.0
    return checked(app.run())


def test_an_image_unlike_the_data_is_said_to_be() -> None:
    app = drawn_checkerboard("vae-digits-2d")
    count = len(checkpoints.opened("vae-digits-2d").latents.label)
    assert "The model cannot explain what is visible" in words(app) and f"none of {count} test images cost as much" in words(app)
    assert "The truth is another.** Under this answer" in words(app), "there is but one"
    assert "cover" not in app.query_params and "complete_kind" not in app.query_params, "a drawing is in no link, and its cover neither"


def test_of_test_images_that_are_not_here_or_are_others_nothing_is_said(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    assert "cannot explain" not in words(drawn_checkerboard("vae-mnist-2d")), "these test images are not those of its codes"
    monkeypatch.setenv("LATENT_DATA", str(tmp_path))
    assert "Under this answer the covered pixels cost" in words(drawn_checkerboard("vae-mnist-2d"))


def test_an_answer_is_kept_for_the_session(monkeypatch: pytest.MonkeyPatch) -> None:
    complete = Mock(wraps=completion.complete)
    monkeypatch.setattr(completion, "complete", complete)
    app = checked(run().run())
    assert complete.call_count == 1
    app.session_state["complete_cover"] = cover.write(cover.READY["left"])
    checked(app.run())
    assert complete.call_count == 2


def test_no_two_ready_covers_are_the_same_and_all_have_a_title() -> None:
    assert len({cover.write(one) for one in cover.READY.values()}) == len(cover.READY) and list(cover.TITLES) == list(cover.READY)
    assert all(re.fullmatch("[a-z]+", name) for name in cover.READY)


def test_of_a_single_answer_it_is_not_said_that_it_is_the_nearest() -> None:
    said = [words(run(checkpoint=name, cover="left")) for name in ("vae-mnist-2d-collapsed", "vae-mnist-2d")]
    assert ["comes nearest" in text for text in said] == [False, True]
    assert ["Under this answer the covered pixels cost" in text for text in said] == [True, False]
    assert ["have collapsed" in text for text in said] == [True, False]

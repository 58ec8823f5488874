"""An image that is sent from one page to another, through AppTest."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from visit import checked, visit, words

from core import checkpoints, latent
from core.models.conditional_vae import NOT_TOLD
from pages.images import sent
from pages.images.picked import Picked
from pages.images.sent import Sent

NAME = "vae-mnist-2d"
pytestmark = pytest.mark.usefixtures("no_data")
FROM: list[tuple[str, dict[str, Any], str, str]] = [
    ("reconstruct.py", {"reconstruct_kind": "generate"}, "reconstruct", "Reconstruct"),
    ("denoise.py", {"denoise_kind": "generate"}, "denoise", "Denoise"),
    ("super_resolution.py", {"sr_source_kind": "generate"}, "sr", "Super-resolution"),
    ("generate.py", {"generate_count": 3}, "generated", "Generate"),
    ("generate.py", {"generate_tab": "complete", "complete_kind": "generate"}, "complete-answers", "Generate"),
    ("explore.py", {"point": (0.5, 0.5), "point_given": True}, "explore", "Explore"),
]


@pytest.fixture
def shown(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The scripts of the pages that were shown."""
    scripts: list[str] = []
    monkeypatch.setattr(sent.st, "switch_page", scripts.append)
    return scripts


def drawn() -> Picked:
    """An image that the model draws."""
    checkpoint = checkpoints.load(NAME)
    return Picked(latent.decode(checkpoint.model, np.array([[0.5, 0.5]]))[0], "Some image")


@pytest.mark.parametrize(("script", "session", "key", "origin"), FROM)
@pytest.mark.parametrize(
    "target",
    [
        pytest.param(
            target, id=target.title, marks=[pytest.mark.slow] * (target.title in ("Denoise", "Super-resolution", "Compare", "Generate"))
        )
        for target in sent.TARGETS
    ],
)
def test_every_page_sends_its_image_to_the_others(
    script: str, session: dict[str, Any], key: str, origin: str, target: sent.Target, shown: list[str]
) -> None:
    app = visit(script, session={"checkpoint": NAME, **session})
    found = [button for button in app.button if button.key == f"send-{key}-{target.title}"]
    if target.script == script:
        assert not found
        return
    checked(found[0].click().run())
    assert shown == [target.script]
    if target.title == "Explore":
        assert app.session_state.point_given and app.session_state[sent.KEPT][2].origin == origin
    else:
        carried = app.session_state[sent.CARRIED]
        assert carried.origin == origin and carried.picked.x.shape == (28, 28)
        assert all(app.session_state[name] == value for name, value in target.shows.items())


@pytest.mark.parametrize(
    ("script", "kind"),
    [
        ("reconstruct.py", "reconstruct_kind"),
        ("denoise.py", "denoise_kind"),
        ("super_resolution.py", "sr_source_kind"),
        ("compare.py", "compare_image_kind"),
        ("generate.py", "complete_kind"),
    ],
)
def test_a_page_with_a_sent_image_says_where_it_came_from(script: str, kind: str) -> None:
    session = {"checkpoint": NAME, sent.CARRIED: Sent(drawn(), "Generate"), kind: sent.KIND, "generate_tab": "complete"}
    app = visit(script, session=session)
    assert "Sent from Generate: Some image" in words(app)
    assert kind not in dict(app.query_params) and "kind" not in dict(app.query_params)


@pytest.mark.parametrize("script", ["reconstruct.py", "denoise.py", "super_resolution.py"])
def test_nothing_is_offered_where_nothing_was_sent(script: str) -> None:
    options = [control.options for control in visit(script, session={"checkpoint": NAME}).segmented_control]
    assert not any("Sent here" in one for one in options)


def test_the_code_of_a_sent_image_is_where_the_encoder_puts_it(monkeypatch: pytest.MonkeyPatch) -> None:
    state: dict[str, Any] = {"checkpoint": NAME}
    monkeypatch.setattr(sent.st, "session_state", state)
    checkpoint, picked = checkpoints.load(NAME), drawn()
    sent.keep(Sent(picked, "Generate"))
    mu, _ = latent.encode(checkpoint.model, torch.from_numpy(picked.x)[None, None])
    assert np.allclose(state["point"], mu[0], atol=1e-4) and state["point_given"]


@pytest.mark.parametrize(("dataset", "told"), [("mnist", 3), ("", NOT_TOLD)])
def test_explore_draws_it_as_what_its_code_was_found_as(monkeypatch: pytest.MonkeyPatch, dataset: str, told: int) -> None:
    """A conditional model's code says only how; which class it was told goes along."""
    state: dict[str, Any] = {"checkpoint": "cvae-mnist-2d"}
    monkeypatch.setattr(sent.st, "session_state", state)
    picked = replace(drawn(), dataset=dataset, label=3)
    sent.keep(Sent(picked, "Generate"))
    model = checkpoints.load("cvae-mnist-2d").model
    mu, _ = latent.encode(model, torch.from_numpy(picked.x)[None, None], None if told == NOT_TOLD else torch.tensor([told]))
    assert np.allclose(state["point"], mu[0], atol=1e-4) and state["draw_as-cvae-mnist-2d"] == told


def test_what_was_drawn_of_an_image_can_be_sent_too(shown: list[str]) -> None:
    app = visit("reconstruct.py", session={"checkpoint": NAME, "reconstruct_kind": "generate"})
    given = app.selectbox(key="send-reconstruct-which")
    assert given.options[:2] == ["The image", "Drawn by: Variational autoencoder"]
    checked(given.set_value(given.options[1]).run())
    checked(next(button for button in app.button if button.key == "send-reconstruct-Denoise").click().run())
    sent_one = app.session_state[sent.CARRIED].picked
    assert "drawn by: Variational autoencoder" in sent_one.title
    model = checkpoints.load(NAME)
    x = latent.invent(model.model, model.latents.mu, 0)[0]
    mu, _ = latent.encode(model.model, torch.from_numpy(x)[None, None])
    assert np.allclose(sent_one.x, latent.decode(model.model, mu)[0], atol=1e-5)


def test_explore_says_whose_code_is_kept_until_another_point_is() -> None:
    kept = {"checkpoint": NAME, "point": (0.5, 0.25), "point_given": True, sent.KEPT: (NAME, (0.5, 0.25), Sent(drawn(), "Generate"))}
    app = visit("explore.py", session=kept)
    assert "code of an image sent from Generate: Some image" in words(app)
    app.session_state.point = (0.0, 0.0)
    assert "sent from Generate" not in words(checked(app.run()))


def test_a_code_beyond_the_map_is_refused_in_a_sentence(monkeypatch: pytest.MonkeyPatch, shown: list[str]) -> None:
    monkeypatch.setattr(sent, "place", lambda *_: (1000.0, 0.0))
    app = visit("reconstruct.py", session={"checkpoint": NAME, "reconstruct_kind": "generate"})
    checked(next(button for button in app.button if button.key == "send-reconstruct-Explore").click().run())
    assert "beyond the map" in words(app) and not shown

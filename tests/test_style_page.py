"""Generate's style transfer: a conditional model's code of one image, drawn as every class; through AppTest."""

import io
import re

import numpy as np
import pytest
import torch
from PIL import Image
from streamlit.testing.v1 import AppTest
from visit import checked, visit

from core import checkpoints, latent
from core.data import datasets
from pages.images import gallery
from pages.session.properties.generate import TOLD_MODEL


def run(**query: str) -> AppTest:
    """The page with this address; it must not raise."""
    return visit("generate.py", {"tab": "told", "checkpoint": TOLD_MODEL} | query, seconds=120)


def transferred(app: AppTest) -> list[tuple[str, str]]:
    """Each picture's data URI and title."""
    (found,) = [part.proto.body for part in app.get("html") if 'data-testid="transferred"' in part.proto.body]
    return re.findall(r'<img src="([^"]*)".*?<div class="title">(.*?)</div>', found)


def expected(x: np.ndarray, label: int) -> list[str]:
    """The same by hand: the encoder told the label, its code decoded as each class."""
    model = checkpoints.opened(TOLD_MODEL).model
    with torch.no_grad():
        mu, _ = model.encode(torch.from_numpy(x)[None, None], torch.tensor([label]))
    return [gallery.uri(latent.decode(model, mu.numpy(), told)[0]) for told in range(10)]


def test_the_code_of_a_test_image_is_drawn_as_every_class() -> None:
    app = run(style_data="digits", style_image="3")
    split = datasets.load("digits", "test")
    label = int(split.labels[3])
    shown = transferred(app)
    assert app.selectbox(key=shows(app)).value == label  # the classifier's guess is right here
    assert [uri for uri, _ in shown] == expected(datasets.to_ink(split.images[3]), label)
    assert [title for _, title in shown] == [f"{told} (what it is)" if told == label else str(told) for told in range(10)]
    assert app.query_params["style_image"] == "3"


def shows(app: AppTest) -> str:
    """The key of the widget that asks what the image shows."""
    (key,) = [str(box.key) for box in app.selectbox if str(box.key).startswith("style_shows")]
    return key


def test_who_knows_better_than_the_classifier_says_so() -> None:
    app = run(style_data="digits")
    before = transferred(app)
    other = (int(app.selectbox(key=shows(app)).value or 0) + 1) % 10
    app.selectbox(key=shows(app)).set_value(other)
    after = transferred(checked(app.run()))
    assert after[other][1] == f"{other} (what it is)" and [uri for uri, _ in after] != [uri for uri, _ in before]
    x = datasets.to_ink(datasets.load("digits", "test").images[0])
    assert [uri for uri, _ in after] == expected(x, other)


def test_without_a_classifier_the_visitor_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checkpoints, "classifiers", list)
    app = run(style_data="digits")
    assert len(transferred(app)) == 10 and any("choose what it shows" in part.value for part in app.caption)


def test_an_upload_lends_its_style_and_is_in_no_link() -> None:
    app = run()
    app.button_group(key="style_kind").set_value("upload")
    checked(app.run())
    sheet = np.full((60, 60), 255, np.uint8)
    sheet[10:50, 28:33] = 0
    buffer = io.BytesIO()
    Image.fromarray(sheet).save(buffer, "PNG")
    app.file_uploader[0].set_value(("one.png", buffer.getvalue(), "image/png"))
    shown = transferred(checked(app.run()))
    assert len(shown) == 10 and app.selectbox(key=shows(app)).value == 1
    assert not [name for name in dict(app.query_params) if name.startswith("style_")]


def test_the_sheet_says_how_many_show_what_they_were_to_be() -> None:
    app = run(sheet="3")
    (said,) = [part.value for part in app.caption if "as the class that was asked for" in part.value]
    count = int(re.search(r"reads (\d+) of the 100", said)[1])  # type: ignore[index]
    model = checkpoints.opened(TOLD_MODEL)
    codes = latent.random_codes(model.model, model.latents.mu, 10, np.random.default_rng(3)).astype(np.float32)
    classifier, right = checkpoints.opened_classifier("mnist").model, 0
    with torch.no_grad():
        for told in range(10):
            x = torch.from_numpy(latent.decode(model.model, codes, told))[:, None]
            right += int((classifier.probabilities(x).argmax(1) == told).sum())
    assert count == right

"""The benchmarks still run: what we are measured beside calls our code, so a changed signature is found here, not when we measure."""

from pathlib import Path

import pytest
from live import PROJECT
from streamlit.testing.v1 import AppTest

RIVAL = PROJECT / "benchmarks" / "rival" / "app.py"


def shown(app: AppTest) -> tuple[str, str]:
    """The address of the rival's decoded image, which is another for other pixels, and the panel's HTML."""
    assert not app.exception, app.exception
    (images,) = [*app.get("image"), *app.get("imgs")]  # one name or the other: Streamlit's versions differ
    (panel,) = [element.proto.body for element in app.get("html") if 'data-testid="panel"' in element.proto.body]
    return images.proto.imgs[0].url, panel


def test_rival_shows_a_code_and_answers_a_slider_move(mnist_like: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LATENT_DATA", str(mnist_like))
    app = AppTest.from_file(RIVAL, default_timeout=60).run()
    image, panel = shown(app)
    assert panel.count("<img") == 3, "it starts on a code, so that what the panel says of a test image is computed"
    slider = app.slider(key="z1")
    moved_image, moved_panel = shown(slider.set_value(slider.max).run())
    assert moved_image != image and moved_panel != panel and "<img" not in moved_panel

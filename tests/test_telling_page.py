"""Generate's "Told what to draw" through AppTest, and its pad in a page of its own."""

import json
from typing import Any

import numpy as np
import pytest
import torch
from bundle import Bundle
from streamlit.testing.v1 import AppTest
from visit import checked, html, visit

from core import export, latent
from core.models import build
from core.models.conditional_vae import ConditionalVAEConfig
from pages import browser
from pages.session.properties.generate import TOLD_MODEL


def run(**query: str) -> AppTest:
    """The page with this address; it must not raise."""
    return visit("generate.py", {"tab": "told"} | query)


def sheet(app: AppTest) -> str:
    return html(app, "told-sheet")


def pad(app: AppTest) -> dict[str, Any]:
    (found,) = [data for part in app.get("bidi_component") if (data := json.loads(part.proto.json)).get("part") == "pad"]
    return found


def test_the_sheet_has_every_class_in_every_style_and_another_seed_other_ones() -> None:
    app = run(checkpoint=TOLD_MODEL)
    first = sheet(app)
    assert first.count("<img") == 100 and 'alt="7: style 10"' in first
    app.number_input(key="told_seed").set_value(5)
    assert sheet(checked(app.run())) != first
    assert app.query_params["sheet"] == "5"


@pytest.mark.parametrize("name", ["vae-mnist-2d", "ae-mnist-2d"])
def test_another_model_says_so_and_opens_one_that_can_be_told(name: str) -> None:
    app = run(checkpoint=name)
    assert "never told a class" in app.info[0].value
    (button,) = [button for button in app.button if "Conditional" in button.label]
    button.click()
    assert sheet(checked(app.run())) and app.session_state.checkpoint == TOLD_MODEL


def test_a_link_with_a_style_is_followed_and_nonsense_becomes_a_sentence() -> None:
    app = run(checkpoint=TOLD_MODEL, style="0.5,-1")
    assert app.session_state[f"told_style-{TOLD_MODEL}"] == (0.5, -1.0) and app.query_params["style"] == "0.5,-1"
    assert not app.warning
    for text in ("", "1", "x,y", "nan,0"):
        wrong = run(checkpoint=TOLD_MODEL, style=text)
        assert "style" in wrong.warning[0].value and "style" not in wrong.query_params


def test_a_model_too_large_for_the_browser_has_the_sheet_and_no_pad(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(export, "MAX_BROWSER_FLOP", 1)
    browser._component.cache_clear()
    from pages.session import caches

    caches._map_view.clear()
    try:
        app = run(checkpoint=TOLD_MODEL)
        assert any("no pad" in said.value for said in app.info) and sheet(app)
    finally:
        caches._map_view.clear()


# --- the pad in a browser ----------------------------------------------------------------------------------------------------------

SETUP = """document.body.innerHTML = '<div id=room style="width: 900px"></div>';
  const told = [], stop = new AbortController(), part = new m.default(document.getElementById('room'), stop.signal);
  const say = (over = {}) => part.update({ ...given, ...over }, (name, word) => told.push([name, word]));
  const frame = () => new Promise((done) => requestAnimationFrame(() => setTimeout(done))), pad = part.pad;
  const quiet = () => new Promise((done) => setTimeout(done, 500));
  const at = (type, u, v) => {
    const { left, top, width, height } = pad.getBoundingClientRect();
    pad.dispatchEvent(new PointerEvent(type, { clientX: left + u * width, clientY: top + v * height, isPrimary: true, bubbles: true }));
  };
  pad.setPointerCapture = () => {};
  const pixels = () => [...document.querySelectorAll('#room canvas')].map((c) =>
    [...c.getContext('2d').getImageData(0, 0, c.width, c.height).data].filter((_, i) => i % 4 === 0));
  Object.assign(pad.style, { width: '300px', height: '300px' });
  await say(); await frame();"""


@pytest.fixture
def told_pad(bundle: Bundle) -> tuple[Bundle, Any, dict[str, Any]]:
    """The bundle, a conditional model whose labels matter, and what the pad is given."""
    model: Any = build("cvae", ConditionalVAEConfig(encoder_hidden=(8,), decoder_hidden=(12,), classes=3), seed=3).eval()
    with torch.no_grad():
        model.decoder_label.weight.normal_(generator=torch.Generator().manual_seed(1))
    bundle.served["decoder.bin"] = export.code_decoder_bytes(model)
    given = {
        "decoder": "/decoder.bin", "classes": ["zero", "one", "two"], "map": "data:image/gif;base64,R0lGODlhAQABAAAAACw=",
        "window": {"x": 0.0, "y": 0.0, "half": 2.0}, "plane": {"origin": [0, 0], "axes": [[1, 0], [0, 1]]}, "marks": [[1, 1], [9, 9]],
        "style": {"value": [0.5, -1.0], "number": 0}, "help": "", "description": "Pad",
    }  # fmt: skip
    return bundle, model, given


def drawn(model: Any, z: tuple[float, float]) -> np.ndarray:
    return np.rint(255 * latent.decode(model, np.tile(np.array([z], np.float32), (3, 1)), np.arange(3))).reshape(3, -1)


@pytest.mark.browser
@pytest.mark.xdist_group("bundle")
def test_the_pad_draws_every_class_as_torch_does_in_the_frame_of_a_move(told_pad: tuple) -> None:
    bundle, model, given = told_pad
    script = f"""{SETUP} const before = pixels(); at('pointermove', 0.75, 0.25); await frame();
      const during = pixels(); at('pointerleave', 0, 0); await frame(); return [before, during, pixels(), told];"""
    before, during, after, told = bundle.run("tools/pad.js", script, given)
    assert np.abs(np.array(before) - drawn(model, (0.5, -1.0))).max() <= 1
    assert np.abs(np.array(during) - drawn(model, (1.0, 1.0))).max() <= 1
    assert after == before and told == [], "who only looks has not chosen"
    assert np.ptp(drawn(model, (0.5, -1.0)), axis=0).max() > 20, "else any class would do"


@pytest.mark.browser
@pytest.mark.xdist_group("bundle")
def test_python_hears_of_the_style_that_is_kept_by_click_key_and_slider(told_pad: tuple) -> None:
    bundle, model, given = told_pad
    script = f"""{SETUP} at('pointerdown', 0.5, 0.5); at('pointermove', 0.5, 1.4); at('pointerup', 0.5, 1.4); await quiet();
      for (const shiftKey of [false, true]) pad.dispatchEvent(new KeyboardEvent('keydown', {{ key: 'ArrowUp', shiftKey, bubbles: true }}));
      await quiet(); part.sliders[0].value = -1.5; part.sliders[0].dispatchEvent(new Event('input')); await quiet();
      await say(); await frame(); return [told, pixels()];"""
    told, shown = bundle.run("tools/pad.js", script, given)
    points: Any = [word["value"] for name, word in told if name == "style"]
    assert np.allclose(points, [[0.0, -2.0], [0.0, -1.952], [-1.5, -1.952]], atol=1e-3), "beyond the edge is at the edge"
    assert np.abs(np.array(shown) - drawn(model, tuple(points[-1]))).max() <= 1, "what Python says from before does not undo it"


@pytest.mark.browser
@pytest.mark.xdist_group("bundle")
def test_a_decoder_that_does_not_come_becomes_a_sentence(told_pad: tuple) -> None:
    bundle, _, given = told_pad
    script = f"{SETUP} return document.querySelector('[role=alert]').textContent"
    said = bundle.run("tools/pad.js", script, given | {"decoder": "/gone.bin"})
    assert said.startswith("The styles could not be drawn: the server does not answer."), "nor is its health known here"

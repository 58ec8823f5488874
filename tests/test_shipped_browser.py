"""Every shipped model on Explore in a real browser: its dots, a decode under the pointer, and no word of an error."""

import io

import numpy as np
import pytest
from PIL import Image
from view import View

from core import checkpoints, export, frame, latent
from core.checkpoints import SHIPPED, SHIPPED_ROOT

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.xdist_group("browser")]

ERRORS = "[data-testid=stException], [data-testid=stAlertContentError]"


def coloured_pixels(view: View) -> int:
    """How many pixels of the map are neither grey, white nor black."""
    shot = view.page.locator("[data-testid=latent-map] .lm-plot").screenshot()
    pixels = np.asarray(Image.open(io.BytesIO(shot)).convert("RGB")).astype(int)
    return int((pixels.max(2) - pixels.min(2) > 60).sum())


@pytest.mark.parametrize("name", SHIPPED)
def test_a_shipped_model_is_explored(view: View, name: str) -> None:
    opened = checkpoints.load(name, SHIPPED_ROOT)
    label = int(opened.latents.label[0]) if opened.model.conditional else None
    shown = frame.of_checkpoint(opened, label)
    z = tuple(round(float(value), 4) for value in shown.points[3])
    view.open(f"?checkpoint={name}&layers=points&z={z[0]},{z[1]}")
    assert view.page.locator(ERRORS).count() == 0
    assert f"{len(shown.points):,} test codes" in (view.page.locator("[data-testid=latent-map]").get_attribute("aria-label") or "")
    assert coloured_pixels(view) > 10
    drawn = view.image()
    assert drawn.max() > 100, "something is drawn at a digit's own code"
    if opened.latents.mu.shape[1] == 2 and not export.why_not_live(opened.model):
        expected = 255 * latent.decode(opened.model, np.array([z], np.float32), label)[0].ravel()
        assert np.abs(drawn - expected).max() <= 0.51
    before = view.decodes()
    view.point(0.5, 0.5)
    view.point(0.45, 0.6)
    assert view.decodes() > before and view.image().max() > 60
    assert SHIPPED[name].description in view.page.locator("[data-testid=stSidebar]").inner_text()
    model = view.page.get_by_role("combobox", name="Model")
    assert model.input_value() == SHIPPED[name].title and model.evaluate("e => e.scrollWidth <= e.clientWidth"), "the title is whole"

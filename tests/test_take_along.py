"""Take it along: the files that pages offer, read back."""

import csv
import io
import json
import re
from collections.abc import Callable
from datetime import date
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from torch.distributions import Normal, kl_divergence
from torch.nn.functional import binary_cross_entropy
from visit import visit

from core import checkpoints, latent, sheets
from core.data import datasets
from core.generation import Request, generate
from pages.exploring import saved, saved_encoder
from pages.session import take_along

NAME = "vae-mnist-2d"
pytestmark = pytest.mark.usefixtures("no_data")


@pytest.fixture
def offered(monkeypatch: pytest.MonkeyPatch) -> dict[str, Callable[[], bytes]]:
    """What makes each file that a page offers, by its name."""
    made: dict[str, Callable[[], bytes]] = {}
    button = take_along._button

    def noted(key: str, label: str, name: str, mime: str, make: Callable[[], bytes]) -> None:
        made[name] = make
        button(key, label, name, mime, make)

    monkeypatch.setattr(take_along, "_button", noted)
    return made


def table(data: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(data.decode())))


def picture(data: bytes) -> Image.Image:
    return Image.open(io.BytesIO(data))


PAGES: list[tuple[str, dict[str, str], dict[str, Any], str]] = [
    ("explore.py", {"checkpoint": NAME}, {}, f"{NAME}-grid"),
    ("reconstruct.py", {"checkpoint": NAME}, {"reconstruct_dataset": "digits"}, f"{NAME}-reconstruction"),
    ("generate.py", {"checkpoint": NAME, "count": "5"}, {}, f"{NAME}-generated"),
    ("models.py", {"checkpoint": NAME}, {}, f"{NAME}-grid"),
]

TOLD: list[tuple[str, dict[str, str], dict[str, Any], str]] = [
    ("explore.py", {"checkpoint": "cvae-mnist-2d"}, {}, "cvae-mnist-2d-grid"),
    ("generate.py", {"checkpoint": "cvae-mnist-2d", "count": "5"}, {}, "cvae-mnist-2d-generated"),
]


@pytest.mark.parametrize(("script", "query", "session", "stem"), [*PAGES, *(pytest.param(*page, marks=pytest.mark.slow) for page in TOLD)])
def test_a_page_offers_sheets_for_screen_and_printer(
    script: str, query: dict[str, str], session: dict[str, Any], stem: str, offered: dict[str, Callable[[], bytes]]
) -> None:
    app = visit(script, query, session)
    assert {f"{stem}.png", f"{stem}-a4.png", f"{stem}-a3.png"} <= set(offered)
    assert {button.label for button in app.download_button} >= {"Picture (PNG)", "A4 sheet to print (PNG)", "A3 sheet to print (PNG)"}
    assert picture(offered[f"{stem}.png"]()).width >= 600
    assert sorted(picture(offered[f"{stem}-a4.png"]()).size) == [2480, 3508]


def test_on_explore_the_table_is_said_to_be_of_the_codes_not_of_the_grid_above_it() -> None:
    labels = [button.label for button in visit("explore.py", {"checkpoint": NAME}).download_button]
    assert "Table of all codes (CSV)" in labels and "Table (CSV)" not in labels


def test_nothing_is_made_before_it_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    for module, names in ((sheets, ("png", "printed", "gif", "table")), (saved, ("page",))):
        for name in names:
            monkeypatch.setattr(module, name, lambda *_: pytest.fail("made without a click"))
    for script, query, session, _ in PAGES:
        visit(script, query, session)


def test_the_codes_of_the_test_images(offered: dict[str, Callable[[], bytes]]) -> None:
    visit("explore.py", {"checkpoint": NAME})
    rows, latents = table(offered[f"{NAME}-codes.csv"]()), checkpoints.load(NAME).latents
    assert np.allclose([[float(row["z1"]), float(row["z2"])] for row in rows], latents.mu, rtol=1e-5)
    assert [row["class"] for row in rows] == [str(label) for label in latents.label]


@pytest.mark.parametrize("name", [NAME, "ae-mnist-2d", "vae-digits-2d", "vae-mnist-16d"])
def test_the_table_of_codes_has_the_losses_that_can_be_had(name: str, offered: dict[str, Callable[[], bytes]]) -> None:
    """scikit-learn's digits are always here; MNIST's images are not."""
    app = visit("explore.py", {"checkpoint": name})
    rows, checkpoint = table(offered[f"{name}-codes.csv"]()), checkpoints.load(name)
    latents, digits = checkpoint.latents, name == "vae-digits-2d"
    assert len(rows) == len(latents.mu) and [row["image"] for row in rows] == [str(i) for i in range(len(rows))]
    columns = [f"z{i + 1}" for i in range(latents.mu.shape[1])]
    wanted = ["reconstruction_nats"] * digits + ["kl_nats"] * (latents.logvar is not None)
    assert list(rows[0]) == ["image", "class", *columns, *wanted]
    (words,) = [caption.value for caption in app.caption if caption.value.startswith("Each test image")]
    assert ("MNIST is not downloaded" in words) == (not digits) and ("KL" in words) == (latents.logvar is not None)
    assert "None" not in words
    if latents.logvar is not None:
        scale = torch.from_numpy(np.exp(latents.logvar / 2)).double()
        posterior, prior = Normal(torch.from_numpy(latents.mu).double(), scale), Normal(torch.zeros(()).double(), 1.0)
        assert [float(row["kl_nats"]) for row in rows] == pytest.approx(kl_divergence(posterior, prior).sum(1).numpy(), rel=1e-4, abs=1e-5)
    if digits:
        x = datasets.to_unit_images(datasets.load("digits", "test").images)
        with torch.no_grad():
            x_hat = checkpoint.model.decode(torch.from_numpy(latents.mu)).double()
        loss = binary_cross_entropy(x_hat, x.double(), reduction="none").sum((1, 2, 3))
        assert [float(row["reconstruction_nats"]) for row in rows] == pytest.approx(loss.numpy(), rel=1e-4)


def test_explore_is_saved_as_it_is(offered: dict[str, Callable[[], bytes]]) -> None:
    visit("explore.py", {"checkpoint": NAME, "z": "0.25,-1.5", "layers": "points,prior", "view": "0,0,3", "classes": "2,5"})
    page = offered[f"{NAME}.html"]().decode()
    (told,) = re.findall(r'<script type="application/json" data-told>(.*)</script>', page)
    said = json.loads(told)["map"]
    assert said["kept"]["value"] == [0.25, -1.5] and said["layers"] == ["points", "prior"] and said["look"]["value"][:2] == ["0,0,3", "2,5"]


def test_the_codes_of_new_images_draw_them_again(offered: dict[str, Callable[[], bytes]]) -> None:
    visit("generate.py", {"checkpoint": NAME, "count": "5", "seed": "3"})
    rows, checkpoint = table(offered[f"{NAME}-generated.csv"]()), checkpoints.load(NAME)
    z = np.array([[float(row["z1"]), float(row["z2"])] for row in rows], np.float32)
    assert np.allclose(latent.decode(checkpoint.model, z), generate(checkpoint, Request("prior", 5, 3)).images, atol=1e-4)


def test_the_figures_of_a_reconstruction(offered: dict[str, Callable[[], bytes]]) -> None:
    visit("reconstruct.py", {"checkpoint": NAME}, {"reconstruct_dataset": "digits"})
    rows = table(offered[f"{NAME}-reconstruction.csv"]())
    assert [row["bottleneck"] for row in rows][1] == "PCA" and len(rows) == 3
    assert [len(row["code"].strip("[]").split()) for row in rows] == [2, 2, 128]
    for row in rows:
        assert float(row["psnr_db"]) == pytest.approx(-10 * np.log10(float(row["mse"])), abs=0.01)


def test_a_sheet_says_model_date_data_and_licence() -> None:
    made = take_along.sheet_of(checkpoints.load(NAME), "Title", np.zeros((1, 28, 28)), 1, notes=("a figure",))
    assert "VAE" in made.notes[0] and date.today().isoformat() in made.notes[0] and made.notes[1] == "a figure"
    assert "MNIST" in made.credit and "Licence: " in made.credit


def test_a_saved_page_says_why_one_cannot_draw_in_it() -> None:
    assert "It is odd." in saved_encoder.left_out({"drawing": {"encoder": None, "bytes": 0, "why_not": "It is odd."}})
    assert "would be larger than 3 MB" in saved_encoder.left_out({"drawing": {"encoder": "/e", "bytes": 3_000_000, "why_not": ""}})

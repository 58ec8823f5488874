"""What a map shows: the same from a checkpoint as from a run's epoch, but for what differs on purpose; built once for all who watch."""

import base64
import gzip
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import load, save_file
from starlette.requests import Request
from together import Together

from core import checkpoints, frame, jobs, latent
from core.export import NotExportable, decoder_bytes
from core.frame import bound, of_checkpoint, of_epoch
from core.models import build, describe
from core.models.autoencoder import AutoencoderConfig
from core.models.conditional_vae import ConditionalVAEConfig
from core.models.convolutional import ConvolutionalVAEConfig
from core.models.vae import VAEConfig
from core.runs import read
from core.training import snapshot
from core.training.folder import CONFIG, SUBSET
from pages.web import epochs

CODES = np.random.default_rng(0).normal(0, 3, (50, 3)).astype(np.float32)
LABELS = (np.arange(50) % 3).astype(np.uint8)
SMALL: dict[str, Any] = {"encoder_hidden": (4,), "decoder_hidden": (4,)}


def checkpoint(kind: str, config, dimensions: int) -> checkpoints.Checkpoint:
    """One of random codes."""
    latents = checkpoints.Latents(CODES[:, :dimensions], None, LABELS)
    return checkpoints.Checkpoint("mine", build(kind, config, seed=0).eval(), {"dataset": {"name": "mnist"}}, latents)


def a_run(root: Path, kind: str, config, rows: int = 50) -> Path:
    """A run whose epoch 1 shows random codes of every third test image."""
    model, folder = build(kind, config, seed=0).eval(), root / "runs" / "mine"
    folder.mkdir(parents=True)
    (folder / CONFIG).write_text(json.dumps({"name": "mine", "created": 1.0, "dataset": "mnist", "model": describe(kind, model)}))
    plane = latent.map_plane(CODES[:, : config.latent_dim], model.has_prior)
    snapshot.write(folder, 1, model, plane, plane.points(CODES[:, : config.latent_dim]))
    save_file({"row": 3 * np.arange(rows, dtype=np.int32), "label": LABELS[:rows]}, folder / SUBSET)
    return folder


def traces(figure: bytes) -> list[dict]:
    """The figure's traces."""
    return json.loads(figure)["data"]


def numbers(array: dict) -> np.ndarray:
    """An array as Plotly's JSON has it."""
    return np.frombuffer(base64.b64decode(array["bdata"]), {"i1": np.int8, "i2": np.int16, "i4": np.int32, "u1": np.uint8}[array["dtype"]])


def test_bounds_are_round_and_never_small():
    assert [bound(extent) for extent in (0.0, 3.4, 3.6, 12.3)] == [3.5, 3.5, 4.0, 12.5]


def test_a_figure_counts_a_checkpoints_images_and_names_those_of_an_epoch(tmp_path):
    config = VAEConfig(**SMALL)
    folder = a_run(tmp_path, "vae", config)
    of_all, of_some = of_checkpoint(checkpoint("vae", config, 2)), of_epoch(folder, read(folder).config, 1)
    for label in range(3):
        rows = np.flatnonzero(label == LABELS)
        assert (numbers(traces(of_all.figure())[label]["customdata"]) == rows).all()
        assert (numbers(traces(of_some.figure())[label]["customdata"]) == 3 * rows).all()
        assert traces(of_all.figure())[label]["name"] == str(label)


@pytest.mark.parametrize(("dimensions", "rings"), [(1, 0), (2, 3), (3, 3)])
def test_both_show_the_prior_where_there_is_one_to_show(tmp_path, dimensions, rings):
    config = VAEConfig(latent_dim=dimensions, **SMALL)
    folder = a_run(tmp_path, "vae", config)
    for shown in (of_checkpoint(checkpoint("vae", config, dimensions)), of_epoch(folder, read(folder).config, 1)):
        assert len(json.loads(shown.figure())["layout"].get("shapes", [])) == rings


@pytest.mark.parametrize("dimensions", [2, 3])
def test_a_decoder_takes_points_on_the_plane(tmp_path, dimensions):
    config = VAEConfig(latent_dim=dimensions, **SMALL)
    folder, opened = a_run(tmp_path, "vae", config), checkpoint("vae", config, dimensions)
    whole, epoch = of_checkpoint(opened), of_epoch(folder, read(folder).config, 1)
    for shown, plane in ((whole, whole.plane if dimensions > 2 else None), (epoch, epoch.plane)):
        found, wanted = load(shown.decoder()), load(decoder_bytes(shown.model, plane))
        assert found.keys() == wanted.keys() and all((found[name] == wanted[name]).all() for name in wanted)
        assert found["0.weight"].shape == (4, 2)


def test_two_numbers_of_a_code_may_be_the_axes():
    """Decoder, dots, note and figure are of that plane; nothing of the usual one's."""
    opened = checkpoint("vae", VAEConfig(latent_dim=3, **SMALL), 3)
    usual, shown = of_checkpoint(opened), of_checkpoint(opened, shown=(2, 0))
    np.testing.assert_array_equal(shown.points, CODES[:, [2, 0]])
    weights, bias = (opened.model.decoder[0].get_parameter(name).detach().numpy() for name in ("weight", "bias"))
    told = load(shown.decoder())
    np.testing.assert_allclose(told["0.weight"], weights[:, [2, 0]], rtol=1e-6)
    np.testing.assert_allclose(told["0.bias"], bias, rtol=1e-6)
    assert "z₃ to the right and z₁ upwards, with all others at 0, the prior’s centre, to begin with" in shown.note
    share = CODES[:, [0, 2]].var(0).sum() / CODES.var(0).sum()
    assert f"It holds {100 * share:.0f} % of their variance" in shown.note
    assert "principal directions" in usual.note and "z₃" not in usual.note
    assert "principal directions" in usual.still_note and "keep a dot" in usual.note and "keep a dot" not in usual.still_note
    assert shown.figure() != usual.figure()


def test_without_a_prior_the_others_are_at_the_mean():
    opened = checkpoint("ae", AutoencoderConfig(latent_dim=3, **SMALL), 3)
    shown = of_checkpoint(opened, shown=(0, 1))
    np.testing.assert_allclose(shown.plane.origin, [0, 0, CODES[:, 2].mean()], rtol=1e-5)
    assert "all others at the codes’ mean" in shown.note


@pytest.mark.parametrize("axes", [(0, 1), (15, 3), None])
def test_the_axes_are_a_word_in_an_address(axes):
    assert frame.read_plane(frame.plane_word(axes), 16) == axes


@pytest.mark.parametrize("word", ["1", "1,2,3", "0,1", "1,17", "3,3", "01,2", "a,b", "1,²", ",", "-1,2", "1, 2"])
def test_there_is_no_such_plane(word):
    with pytest.raises(LookupError, match="two different numbers from 1 to 16"):
        frame.read_plane(word, 16)
    with pytest.raises(LookupError):
        frame.read_plane("1,2", 2)


def test_a_label_becomes_part_of_the_decoder(tmp_path):
    config = ConditionalVAEConfig(**SMALL)
    folder = a_run(tmp_path, "cvae", config)
    run = read(folder).config
    told = [load(of_epoch(folder, run, 1, label).decoder())["0.bias"] for label in (None, 0, 9)]
    assert not (told[0] == told[1]).all() and not (told[1] == told[2]).all()
    with pytest.raises(LookupError, match="no such label"):
        of_epoch(folder, run, 1, 10)


def test_an_atlas_stands_in_for_a_decoder_that_the_browser_cannot_run(tmp_path):
    config = ConvolutionalVAEConfig(latent_dim=3, channels=(2, 2), hidden=4)
    folder, opened = a_run(tmp_path, "conv-vae", config), checkpoint("conv-vae", config, 3)
    whole, epoch = of_checkpoint(opened), of_epoch(folder, read(folder).config, 1)
    assert "dense layers only" in whole.why_not_live == frame.why_not_live(read(folder).config.model) == epoch.why_not_live
    for shown, cells in ((whole, 32), (epoch, 16)):
        with pytest.raises(NotExportable):
            shown.decoder()
        assert np.frombuffer(shown.atlas()[:4], "<f4") == shown.bound
        images = np.frombuffer(shown.atlas()[12:], np.uint8).reshape(cells, cells, 28, 28)
        corner = latent.decode(shown.model, shown.plane.codes(np.array([[shown.bound, shown.bound]])))[0]
        assert shown.bound > 3.5 and (images[0, -1] == np.rint(corner * 255)).all()


def test_a_checkpoint_and_an_epoch_of_the_same_codes_say_the_same(tmp_path):
    config = VAEConfig(latent_dim=3, **SMALL)
    folder = a_run(tmp_path, "vae", config)
    whole, epoch = of_checkpoint(checkpoint("vae", config, 3)), of_epoch(folder, read(folder).config, 1)
    share = f" It holds {100 * (whole.share or 0):.0f} % of their variance."  # an epoch has the dots alone
    assert whole.bound == epoch.bound and whole.note.replace(share, "") == epoch.note != whole.note and "3 dimensions" in whole.note
    assert whole.description == epoch.description and "scatter of 50 test codes" in whole.description


def test_ten_who_watch_a_run_cost_one_build_of_a_new_epoch(tmp_path, monkeypatch):
    folder, together, built = a_run(tmp_path, "vae", VAEConfig(**SMALL)), Together(monkeypatch), []
    monkeypatch.setattr(jobs, "RUNS", folder.parent)

    def build_slowly(*asked):
        built.append(asked)
        together.wait()
        return of_epoch(*asked)

    monkeypatch.setattr(epochs, "of_epoch", build_slowly)
    path = epochs.template(read(folder), None).replace("{epoch}", "1").replace("{file}", "figure.json")
    params = dict(zip(("run", "stamp", "epoch", "file"), path.split("/")[2:], strict=True))
    asked = Request({"type": "http", "path": path, "headers": [(b"accept-encoding", b"gzip")], "path_params": params})
    answers = together.ask(lambda: epochs.respond(asked))
    assert len(built) == 1 and {answer.status_code for answer in answers} == {200}
    assert {gzip.decompress(answer.body) for answer in answers} == {of_epoch(folder, read(folder).config, 1).figure()}

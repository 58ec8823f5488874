"""The Train and Models pages through AppTest, with real runs of scikit-learn's digits in a folder of their own."""

import json
import math
import os
import shutil
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from live import until
from mounted import mounted
from starlette.requests import Request
from streamlit.testing.v1 import AppTest
from visit import address as visited
from visit import by_label, checked, visit, words

from core import archive, checkpoints, jobs, permission
from core.data.datasets import DATASETS
from core.models import MODELS
from core.models.conditional_vae import NOT_TOLD
from core.models.config import settings
from core.training import presets
from core.training.config import TrainingConfig
from core.training.folder import CONFIG, LOCK, METRICS, STATUS, take_lock
from pages.training import form, run_view, visitor
from pages.web import epochs as frames
from pages.web import identity

TRAIN, MODELS_PAGE = "train.py", "models.py"
TINY = {"latent_dim": 2, "encoder_hidden": "16", "decoder_hidden": "16"}


@pytest.fixture(autouse=True)
def own_root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, no_data: None) -> Iterator[Path]:
    """Checkpoints and runs of the test alone, no data set but the embedded one, and no measuring of this machine."""
    root = tmp_path / "checkpoints"
    root.mkdir()
    monkeypatch.setattr(checkpoints, "CHECKPOINTS", root)
    monkeypatch.setattr(checkpoints, "SHIPPED_ROOT", tmp_path / "shipped")
    monkeypatch.setattr(jobs, "RUNS", root / "runs")
    monkeypatch.setattr(visitor, "at_this_machine", lambda: True)  # AppTest has no address
    monkeypatch.setattr(form, "measured_speeds", lambda: dict.fromkeys(MODELS, 10_000.0))
    yield root
    for run in jobs.runs():
        if run.active:
            jobs.cancel(run)
    deadline = time.monotonic() + 60
    while any(run.active for run in jobs.runs()) and time.monotonic() < deadline:
        time.sleep(0.05)


def run(script: str = TRAIN, **query: str) -> AppTest:
    """The page, once; it must not raise."""
    return visit(script, query)


def a_tiny_run(app: AppTest, epochs: int = 2) -> AppTest:
    """Fill in the form for a run of seconds and start it."""
    by_label(app.text_input, "Encoder layers").set_value("16")
    by_label(app.text_input, "Decoder layers").set_value("16")
    by_label(app.number_input, "Epochs").set_value(epochs)
    checked(app.run())
    return checked(by_label(app.button, "Start training").click().run())


def with_epochs(folder: Path) -> None:
    """Give a run what the page takes for epochs that can be shown."""
    (folder / "subset.safetensors").touch()
    (folder / "epochs").mkdir()
    (folder / "epochs" / "00003.safetensors").touch()


def left_alone(root: Path, state: str, name: str = "mine", kind: str = "vae", **fields) -> jobs.Run:
    """A run without a process, in that state."""
    folder = root / "runs" / name
    folder.mkdir(parents=True)
    model = {"name": kind, "config": {"encoder_hidden": [16], "decoder_hidden": [16]} if kind == "vae" else {}}
    config = {"name": name, "id": name, "owner": "somebody", "created": 1.0, "dataset": "digits", "model": model, "recipe": {"epochs": 3}}
    (folder / CONFIG).write_text(json.dumps(config))
    (folder / STATUS).write_text(json.dumps({"state": state, **fields}))
    return jobs.find(name)


# --- the form -------------------------------------------------------------------------------------------------------------


def test_a_first_visitor_finds_a_form_that_can_be_started_at_once():
    app = run()
    assert by_label(app.selectbox, "Data set").value == "digits"  # the only one that is here
    assert by_label(app.selectbox, "Model").value == "vae"
    assert not by_label(app.button, "Start training").disabled
    assert by_label(app.text_input, "Name").placeholder == "vae-digits-2d-2"  # a shipped model has the first


LEARNING = ("learning_rate", "warmup_fraction", "beta1", "beta2", "weight_decay", "ema_decay", "gradient_clip", "precision")
WITHOUT = {  # what a model has no use for
    "ae": ("kl_warmup_epochs",),
    "pca": ("kl_warmup_epochs", "batch_size", *LEARNING),
}


def test_every_model_has_its_own_settings():
    app = run()
    for name in MODELS:
        checked(by_label(app.selectbox, "Model").set_value(name).run())
        labels = {element.label for kind in (app.number_input, app.text_input, app.selectbox, app.toggle) for element in kind}
        asked = settings(MODELS[name].config) | settings(TrainingConfig)
        for without in WITHOUT.get(name, ()):
            del asked[without]
        assert {setting.label for setting in asked.values()} <= labels
        (advanced,) = [part for part in app.expander if part.label.startswith("Advanced")]
        assert [node.label for node in advanced if hasattr(node, "label")][1:] == [setting.label for setting in asked.values()]
        assert not by_label(app.button, "Start training").disabled


def test_a_model_that_is_computed_promises_nothing_of_longer_presets():
    captions = [form._caption(name, "pca", 60_000, {"pca": 20_000.0}) for name in presets.PRESETS]
    assert all("computed in one go" in caption and presets.PRESETS[name].summary not in caption
               for name, caption in zip(presets.PRESETS, captions, strict=True))  # fmt: skip


def test_presets_say_how_long_they_take_here():
    captions = [form._caption(name, "vae", 60_000, {"vae": 20_000.0}) for name in presets.PRESETS]
    assert "3 epochs, about 26 seconds here" in captions[0]
    assert "minutes here" in captions[1] and "minutes here" in captions[2]
    assert "being measured" in form._caption("quick", "vae", 60_000, {})


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(0.2, "about 1 second"), (45, "about 45 seconds"), (91, "about 2 minutes"), (7200, "about 2 hours"), (400_000, "about 5 days")],
)
def test_durations_are_said_as_people_say_them(seconds, said):
    assert form.words_for(seconds) == f"{said} here"


def test_a_data_set_that_is_not_here_is_offered_and_cannot_be_trained_on():
    app = run()
    checked(by_label(app.selectbox, "Data set").set_value("mnist").run())
    assert "MNIST is not on this machine" in words(app)
    assert not [button for button in app.button if button.label == "Start training"]
    assert [button for button in app.button if button.label.startswith("Download MNIST")]


@pytest.mark.parametrize("dataset", DATASETS)
def test_a_data_set_is_chosen_with_its_licence_and_source_in_sight(dataset):
    app = run()
    checked(by_label(app.selectbox, "Data set").set_value(dataset).run())
    assert DATASETS[dataset].credit in words(app)


def test_who_has_apt_is_told_of_the_package_that_needs_no_mirror(monkeypatch):
    monkeypatch.setattr("core.data.datasets.shutil.which", lambda program: f"/usr/bin/{program}")
    app = run()
    checked(by_label(app.selectbox, "Data set").set_value("mnist").run())
    assert "Fashion-MNIST, another data set, comes as a package of Debian and Ubuntu: `sudo apt install dataset-fashion" in words(app)


def test_a_run_over_few_images_says_how_many():
    app = run()
    assert "over 1,437 images" in words(app)
    checked(by_label(app.number_input, "Training images").set_value(500).run())
    assert "over 500 images" in words(app) and by_label(app.text_input, "Name").placeholder == "vae-digits-2d-images-500"


def test_a_batch_larger_than_the_data_is_all_of_them():
    app = run()
    assert "over 1,437 images:" in words(app)
    checked(by_label(app.number_input, "Batch size, images").set_value(5_000).run())
    assert "over 1,437 images, all in one batch:" in words(app)
    checked(by_label(app.selectbox, "Model").set_value("pca").run())
    assert "over 1,437 images:" in words(app)  # it is computed


@pytest.mark.parametrize(
    ("label", "value", "sentence"),
    [
        ("Latent dimensions", 129, "Latent dimensions must be a whole number from 1 to 128; it is 129."),
        ("Epochs", 0, "Epochs must be"),
        ("Learning rate", 1e9, "Learning rate must be a number from 0.0000001 to 10; it is 1000000000."),
        ("Batch size, images", -3, "Batch size must be"),
        ("β, weight of the KL", -1.0, "β, weight of the KL must be"),
        ("Encoder layers", "512, many", "Encoder layers must be"),
        ("Decoder layers", "99999999", "Decoder layers must be"),
        ("Name", "../../etc", "cannot be used as a name"),
        ("Name", "-", "cannot be used as a name"),
        ("Name", "Restorers", "is reserved"),
        ("Name", "runs", "is reserved"),
    ],
)
def test_absurd_settings_are_a_sentence_and_cannot_be_started(label, value, sentence):
    app = run()
    inputs = [element for kind in (app.number_input, app.text_input) for element in kind]
    checked(by_label(inputs, label).set_value(value).run())
    assert sentence in app.error[0].value
    assert by_label(app.button, "Start training").disabled


def test_the_losses_of_grey_pixels_are_not_trained_on_binarised_ones(monkeypatch):
    asked = []

    def refuse(config):
        asked.append(config)
        raise jobs.JobError("You already have 3 runs under way.")

    monkeypatch.setattr(jobs, "start", refuse)
    app = run()
    checked(by_label(app.selectbox, "Reconstruction loss").set_value("gaussian").run())
    checked(by_label(app.button, "Start training").click().run())
    assert asked[0].model_settings["likelihood"] == "gaussian"
    assert asked[0].recipe_settings["binarize"] is False
    assert "already have 3 runs" in app.error[0].value


def test_the_name_follows_the_settings_until_one_is_typed():
    app = run()
    checked(by_label(app.number_input, "β, weight of the KL").set_value(4.0).run())
    assert by_label(app.text_input, "Name").placeholder == "vae-digits-2d-beta-4"
    checked(by_label(app.text_input, "Name").set_value("Mine_1").run())
    checked(by_label(app.number_input, "β, weight of the KL").set_value(2.0).run())
    assert by_label(app.text_input, "Name").value == "Mine_1"


@pytest.mark.parametrize(("taken", "kind"), [("mine", "model"), ("Mine", "model"), ("runs/mine", "run"), ("", "model")])
def test_a_name_that_is_taken_is_said_before_the_start(own_root, taken, kind):
    name = "mine" if taken else "vae-mnist-2d"  # the shipped one's
    (own_root / taken).mkdir(parents=True, exist_ok=True)
    app = run()
    checked(by_label(app.text_input, "Name").set_value(name).run())
    assert f"There is already a {kind} named {name}. Choose another name." in app.error[0].value
    assert by_label(app.button, "Start training").disabled


def test_of_two_who_start_the_same_at_once_the_second_gets_another_suggestion(own_root, monkeypatch):
    asked = []

    def start(config):
        asked.append(config.name)
        return left_alone(own_root, "stopped", config.name)

    monkeypatch.setattr(jobs, "start", start)
    pages = [run(), run()]
    for page in pages:
        checked(by_label(page.button, "Start training").click().run())
    assert asked == ["vae-digits-2d-2", "vae-digits-2d-3"]


# --- who may --------------------------------------------------------------------------------------------------------------


def test_an_administrator_can_turn_training_off(own_root, monkeypatch):
    monkeypatch.setenv("LATENT_TRAINING", "off")
    left_alone(own_root, "paused")
    app = run()
    assert "turned off" in app.info[0].value
    assert not app.text_input
    watching = run(run="mine")
    assert not [button for button in watching.button if button.label in ("Resume", "Cancel", "Delete the run")]


def comes_with(monkeypatch, cookie: str = "", address: str | None = "10.0.0.7", **headers: str) -> None:
    """Every page that is opened from now on is a browser's with this cookie, from there."""
    cookies = {identity.cookie_name(): cookie}
    monkeypatch.setattr(visitor.st, "context", SimpleNamespace(cookies=cookies, ip_address=address, headers=headers))


def test_a_password_opens_training_for_this_visitor_alone(monkeypatch):
    monkeypatch.setenv("LATENT_TRAINING_PASSWORD", "piaf")
    monkeypatch.setattr(visitor, "at_this_machine", lambda: False)
    app = run()
    assert not [button for button in app.button if button.label == "Start training"]
    checked(by_label(app.text_input, "Password").set_value("wrong").run())
    checked(by_label(app.button, "Unlock").click().run())
    assert "not the password" in app.error[0].value
    by_label(app.text_input, "Password").set_value("piaf")
    checked(by_label(app.button, "Unlock").click().run())
    assert by_label(app.button, "Start training")
    assert not [button for button in run().button if button.label == "Start training"]


def test_a_reload_or_a_new_window_needs_no_password_again(monkeypatch):
    monkeypatch.setenv("LATENT_TRAINING_PASSWORD", "piaf")
    monkeypatch.setattr(visitor, "at_this_machine", lambda: False)
    comes_with(monkeypatch, identity.new_cookie())
    app = run()
    by_label(app.text_input, "Password").set_value("piaf")
    checked(by_label(app.button, "Unlock").click().run())
    assert by_label(run().button, "Start training")
    monkeypatch.setenv("LATENT_TRAINING_PASSWORD", "aznavour")
    assert not [button for button in run().button if button.label == "Start training"]


def test_a_run_stays_its_owner_s_after_a_reload(own_root, monkeypatch):
    monkeypatch.setattr(visitor, "at_this_machine", lambda: False)
    comes_with(monkeypatch, identity.new_cookie())
    a_tiny_run(run(), epochs=1)
    (started,) = jobs.runs()
    until(lambda: not jobs.find(started.id).alive)
    again = run(run=started.id, shapes="1", spread="1")
    (data,) = mounted(again, "map")
    assert data["switched"] == {name: {"value": "1", "number": 0} for name in ("shapes", "spread")} and data["spread"] is True
    assert visited(again) == {"run": started.id, "shapes": "1", "spread": "1"}
    assert "yours" in words(again) and by_label(again.button, "Delete the run")
    comes_with(monkeypatch, identity.new_cookie())
    other = run(run=started.id)
    assert "somebody else" in words(other) and not [button for button in other.button if button.label == "Delete the run"]


def test_who_keeps_no_cookie_is_told_what_that_means(monkeypatch):
    comes_with(monkeypatch)
    assert "yours only until you reload" in words(run())
    comes_with(monkeypatch, cookie := identity.new_cookie())
    said, visitor_id = words(run()), identity.visitor(cookie)
    assert visitor_id is not None
    assert "until you reload" not in said and f"visitor {visitor_id[:4]}" in said


LOCAL = {"Host": "localhost:8501"}


@pytest.mark.parametrize(
    ("address", "headers", "passwords_set", "in_charge"),
    [
        (None, LOCAL, {}, True),
        (None, LOCAL, {"training": "piaf"}, True),
        (None, LOCAL, {"admin": "brel"}, False),
        ("10.0.0.7", LOCAL, {}, False),
        (None, LOCAL | {"X-Forwarded-For": "10.0.0.7"}, {}, False),
        (None, {"Host": "class.example.org"}, {}, False),
    ],
)
def test_without_an_administrator_s_password_who_sits_at_this_machine_is_in_charge(monkeypatch, address, headers, passwords_set, in_charge):
    monkeypatch.undo()
    comes_with(monkeypatch, identity.new_cookie(), address, **headers)
    for role, password in passwords_set.items():
        monkeypatch.setenv(permission.PASSWORDS[role], password)
    assert visitor.is_administrator() == in_charge
    assert visitor.may_change("somebody") == in_charge
    assert visitor.may_train() == (in_charge or "training" not in passwords_set)


def test_other_people_s_models_can_be_opened_and_not_changed(mine, monkeypatch):
    monkeypatch.setattr(visitor, "at_this_machine", lambda: False)
    app = run(MODELS_PAGE, checkpoint="mine")
    assert by_label(app.button, "Open in Explore")
    assert not [button for button in app.button if button.label in ("Delete it", "Save")]
    monkeypatch.setattr(visitor, "me", lambda: "myself")
    checkpoints.set_owner(mine, "myself")
    assert by_label(run(MODELS_PAGE, checkpoint="mine").button, "Delete it")


def test_a_run_that_ended_gives_its_settings_to_another(own_root):
    left_alone(own_root, "failed", message="training diverged")
    app = run(run="mine")
    by_label(app.button, "Change a setting").click().run()
    assert not app.exception and app.session_state.run is None
    assert [text.value for text in app.text_input if text.value == "16"] == ["16", "16"]
    assert by_label(app.number_input, "Epochs").value == 3
    left_alone(own_root, "stopped", "odd", "no such model")
    app = run(run="odd")
    by_label(app.button, "Change a setting").click().run()
    assert not app.exception and app.session_state.run == "odd"
    assert "The settings of this run cannot be read." in words(app)


def test_other_people_s_runs_can_be_watched_and_not_touched(own_root, monkeypatch):
    left_alone(own_root, "paused", epoch=1.0, epochs=3)
    monkeypatch.setattr(visitor, "at_this_machine", lambda: False)
    app = run(run="mine")
    assert "somebody else's" in words(app)
    assert not [button for button in app.button if button.label in ("Resume", "Cancel", "One epoch")]


def test_who_watches_somebody_else_s_finished_run_can_open_its_model(own_root, mine, monkeypatch):
    monkeypatch.setattr(visitor, "at_this_machine", lambda: False)
    left_alone(own_root, "finished", name="done", checkpoint="mine")
    app = run(run="done")
    assert by_label(app.button, "Open in Explore")
    assert not [button for button in app.button if button.label == "Delete the run"]
    shutil.rmtree(mine)
    assert not [button for button in run(run="done").button if button.label == "Open in Explore"]


def test_a_run_says_its_settings_or_that_they_cannot_be_read(own_root):
    folder = left_alone(own_root, "stopped").folder
    assert "**Encoder layers 16** (default: 1024" in words(run(run="mine"))
    config = json.loads((folder / CONFIG).read_text())
    (folder / CONFIG).write_text(json.dumps(config | {"recipe": {"epochs": 0}}))
    assert "settings of this run cannot be read" in words(run(run="mine"))


@pytest.mark.parametrize("left", [[0, 3], []])
def test_a_run_whose_epochs_were_removed_to_make_room_says_so_and_keeps_its_curves(own_root, left):
    folder = left_alone(own_root, "finished", removed_epochs=True, epoch=3, epochs=3).folder
    (folder / METRICS).write_text("".join(f'{{"epoch": {epoch}, "test": {{"kl_nats": {epoch}.5}}}}\n' for epoch in range(4)))
    (folder / "epochs").mkdir()
    (folder / "subset.safetensors").touch()
    for epoch in left:
        (folder / "epochs" / f"{epoch:05d}.safetensors").touch()
    app = run(run="mine")
    assert "were removed to make room on the server's disk" in words(app)
    assert ("first and its last are still here" in words(app)) == bool(left)
    if left:
        data = timeline(app)
        assert data["epochs"] == left and data["curves"]["series"][0]["values"] == [0.5, 1.5, 2.5, 3.5]
    else:
        (chart,) = app.get("plotly_chart")
        assert "KL, test" in chart.proto.spec and "3.5" in chart.proto.spec


# --- runs -----------------------------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_start_and_follow_a_run_to_its_checkpoint():
    app = a_tiny_run(run())
    (started,) = jobs.runs()
    assert app.query_params["run"] == started.id == "vae-digits-2d-epochs-2"
    until(lambda: jobs.find(started.id).state == "finished")
    checked(app.run())
    assert by_label(app.button, "Open in Explore")
    assert checkpoints.available() == [started.id]
    (data,) = mounted(app, "map")
    assert data["timeline"]["epochs"] == [0, 1, 2]
    assert not data["timeline"]["running"]
    names = {series["name"] for series in data["timeline"]["curves"]["series"]}
    assert {"−ELBO, test", "−ELBO, train", "KL, test", "reconstruction, train"} <= names


@pytest.mark.slow
def test_pause_step_resume_cancel_and_delete(own_root):
    app = a_tiny_run(run(), epochs=100_000)
    (started,) = jobs.runs()
    until(lambda: jobs.find(started.id).epoch > 1)
    checked(app.run())
    by_label(app.button, "Pause").click()
    checked(app.run())
    until(lambda: jobs.find(started.id).state == "paused")
    checked(app.run())
    paused_at = jobs.find(started.id).epoch
    checked(by_label(app.button, "One epoch").click().run())
    until(lambda: (now := jobs.find(started.id)).state == "paused" and now.epoch == int(paused_at) + 1)
    checked(app.run())
    checked(by_label(app.button, "Resume").click().run())
    until(lambda: jobs.find(started.id).epoch > paused_at + 2)
    checked(app.run())
    checked(by_label(app.button, "Cancel").click().run())
    until(lambda: not jobs.find(started.id).active)
    checked(app.run())
    assert "can go on from here" in words(app)
    checked(by_label(app.button, "Finish here").click().run())
    until(lambda: jobs.find(started.id).state == "finished" and not jobs.find(started.id).active)
    checked(app.run())
    assert "Finished early, as asked" in words(app)
    assert by_label(app.button, "Open in Explore")
    assert checkpoints.load(started.id, own_root).card["epochs"] < 100_000
    checked(by_label(app.button, "Delete the run").click().run())
    assert not jobs.runs()
    assert not any((own_root / "runs").glob("vae*"))


@pytest.mark.parametrize(
    ("state", "fields", "said"),
    [
        ("failed", {"message": "The disk is full. Make room."}, "The disk is full"),
        ("running", {"epoch": 1.2, "epochs": 3}, "process ended without a message"),
        ("paused", {"epoch": 1.0, "epochs": 3}, ""),
        ("stopped", {"message": "Stopped. It can go on from here at any time."}, "go on from here"),
        ("queued", {}, "process ended without a message"),
        ("running", {"epoch": "NaN", "epochs": [3], "losses": 7, "seconds_left": {}}, "damaged"),
        ("sleeping", {}, "damaged"),
    ],
)
def test_every_state_of_a_run_without_a_process_is_shown_with_what_can_be_done(own_root, state, fields, said):
    left_alone(own_root, state, **fields)
    app = run(run="mine")
    assert said in words(app)
    assert by_label(app.button, "Delete the run")


def test_damaged_files_of_a_run_are_no_traceback(own_root):
    folder = left_alone(own_root, "stopped").folder
    (folder / METRICS).write_text('{"epoch": 0, "test": {"kl_nats": 1.0}}\n{"epoch": 1, "te')
    (folder / "epochs").mkdir()
    (folder / "epochs" / "00000.safetensors").write_bytes(b"nonsense")
    (folder / "subset.safetensors").write_bytes(b"nonsense")
    run(run="mine")
    (folder / CONFIG).write_text("[]")
    assert "damaged" in words(run(run="mine"))


@pytest.mark.parametrize("model", [{"name": ["vae"], "config": []}, {"name": "vae", "config": None}, {"name": "gan"}, {}, 3])
def test_a_strange_model_of_a_run_is_no_traceback(own_root, model):
    folder = left_alone(own_root, "stopped").folder
    config = json.loads((folder / CONFIG).read_text()) | {"model": model}
    (folder / CONFIG).write_text(json.dumps(config))
    assert by_label(run(run="mine").button, "Delete the run")


def test_who_asks_for_a_name_in_the_same_instant_as_somebody_else_is_told(own_root, monkeypatch):
    monkeypatch.setattr(form, "_taken", lambda name: "")  # both pages were drawn before either run was there
    left_alone(own_root, "stopped", "mine")
    assert "at the same moment" not in words(run(run="mine"))
    app = run()
    by_label(app.text_input, "Name").set_value("mine")
    assert "Somebody took the name mine at the same moment, so this run is called mine-2." in words(a_tiny_run(app))


def test_after_a_delete_the_form_is_there_again(own_root):
    left_alone(own_root, "stopped")
    app = checked(by_label(run(run="mine").button, "Delete the run").click().run())
    assert by_label(app.button, "Start training")


def test_a_link_to_a_run_that_is_gone_says_so():
    app = checked(run(run="[x](http://evil)").run())  # it is drawn more than once, before it is read
    assert "is not here" in app.error[0].value
    assert "`[x](http://evil)`" in app.error[0].value


def test_a_run_that_somebody_else_deleted_is_said_to_be_gone_and_one_s_own_is_not(own_root):
    for name in ("theirs", "own"):
        left_alone(own_root, "stopped", name)
    app = run(run="theirs")
    jobs.delete(jobs.find("theirs"))
    checked(app.run())
    assert app.session_state.run is None and [error.value for error in app.error] == ["The run `theirs` is no longer here."]
    assert by_label(app.button, "Start training")
    app = checked(by_label(run(run="own").button, "Delete the run").click().run())
    assert app.session_state.run is None and not app.error and not jobs.runs()


def test_curves_leave_out_what_there_is_not():
    lines: list[dict[str, Any]] = [
        {"epoch": 0, "train": None, "test": {"reconstruction_nats": 9.0}},
        {"epoch": 1, "train": {"reconstruction_nats": None}, "test": {}},
        {"epoch": 2, "train": {"reconstruction_nats": float("nan")}, "test": 3},
    ]
    colour = run_view.CURVES["reconstruction_nats"][1]
    assert run_view.curves(lines) == {
        "epoch": [0, 1, 2],
        "series": [
            {
                "name": "reconstruction, test", "group": "reconstruction_nats", "dashed": False, "colour": colour,
                "values": [9.0, None, None],
            },
            {
                "name": "reconstruction, train", "group": "reconstruction_nats", "dashed": True, "colour": colour,
                "values": [None, "not finite", "not finite"],
            },
        ],
    }  # fmt: skip


def test_a_refusal_stays_until_it_is_read(own_root, monkeypatch):
    left_alone(own_root, "paused", epoch=1.0, epochs=3)

    def refuse(run):
        raise jobs.JobError("You already have 3 runs. <b>Cancel</b> one.")

    monkeypatch.setattr(jobs, "resume", refuse)
    app = run(run="mine")
    checked(by_label(app.button, "Resume").click().run())
    for _ in range(3):  # the page is drawn every two seconds
        assert "already have 3 runs" in checked(app.run()).error[0].value
    assert "<b>" not in app.error[0].value
    checked(by_label(app.button, "OK").click().run())
    assert not app.error


def test_what_is_asked_next_takes_a_refusal_away(own_root, monkeypatch):
    left_alone(own_root, "paused", epoch=1.0, epochs=3)
    answers = [jobs.JobError("There is no room."), None]

    def resume(run):
        if answer := answers.pop(0):
            raise answer

    monkeypatch.setattr(jobs, "resume", resume)
    app = run(run="mine")
    checked(by_label(app.button, "Resume").click().run())
    assert app.error
    checked(by_label(app.button, "Resume").click().run())
    assert not app.error


def test_a_collapsed_run_says_so(own_root):
    folder = left_alone(own_root, "finished", epoch=3.0, epochs=3).folder
    (folder / METRICS).write_text('{"epoch": 3, "test": {"reconstruction_nats": 206.0, "kl_nats": 0.004}, "train": null}')
    with_epochs(folder)
    app = run(run="mine")
    assert "The codes have collapsed" in app.warning[0].value
    assert "**KL** is what the code says" in words(app) and "1 nat = 1.44 bits" in words(app)


@pytest.mark.parametrize("kind", MODELS)
def test_every_kind_of_run_says_what_a_good_loss_is(own_root, kind):
    folder = left_alone(own_root, "stopped", kind=kind, epoch=3.0, epochs=3).folder
    has_kl = "kl_nats" in MODELS[kind].module.LOSSES
    nats = dict.fromkeys(MODELS[kind].module.LOSSES, 90.0) | ({"negative_elbo_nats": 180.0} if has_kl else {})
    (folder / METRICS).write_text("".join(json.dumps({"epoch": e, "test": nats, "train": nats if e else None}) + "\n" for e in range(4)))
    with_epochs(folder)
    app = run(run="mine")
    shown = {metric.label: metric.value for metric in app.metric}
    whole = 180.0 if has_kl else 90.0
    assert shown["mean of 784 pixels"] == f"{whole / 784:.3f}"
    assert shown["bits per image"] == f"{whole / math.log(2):.1f}"
    assert "What is normal?" in words(app) and "May it be negative?" in words(app)
    assert ("Why does the KL rise first?" in words(app)) == has_kl


def test_an_overfitted_run_says_so_also_when_its_epochs_are_gone(own_root):
    folder = left_alone(own_root, "finished", epoch=9.0, epochs=9, removed_epochs=True).folder
    for epoch in range(10):
        train, test = 200 - 8 * epoch, 200 - 5 * epoch if epoch < 5 else 175 + 4 * (epoch - 5)
        losses = {split: {"reconstruction_nats": nats, "kl_nats": 2.0} for split, nats in (("train", train), ("test", test))}
        with (folder / METRICS).open("a") as file:
            file.write(json.dumps({"epoch": epoch, **losses}) + "\n")
    app = run(run="mine")
    assert app.warning[0].value.startswith("**It is overfitting.**") and "fewer epochs" in app.warning[0].value


def test_before_the_first_epoch_nothing_is_said_of_the_loss(own_root):
    folder = left_alone(own_root, "paused", epoch=0.5, epochs=3).folder
    (folder / METRICS).write_text('{"epoch": 0, "test": {"reconstruction_nats": 206.0, "kl_nats": 0.0}, "train": null}')
    with_epochs(folder)
    assert "What is normal?" not in words(run(run="mine"))


def test_a_machine_that_cannot_be_measured_says_so(own_root, monkeypatch, capsys):
    monkeypatch.setattr(form, "_unmeasurable", threading.Event())
    monkeypatch.setattr(form, "measured_speeds", dict)
    assert "is being measured" in form.words_for(None)
    monkeypatch.setattr(form.sys, "executable", shutil.which("false"))
    (own_root / "runs").mkdir()
    form._measure_speeds(own_root / "runs" / ".speeds.json")
    app = run()
    assert "how long it takes here could not be measured" in by_label(app.radio, "Preset").captions[0]
    assert "could not be measured. The process that measures it ended with 1." in capsys.readouterr().err


# --- models ---------------------------------------------------------------------------------------------------------------


@pytest.fixture
def mine(own_root: Path, checkpoint_root: Path) -> Path:
    shutil.copytree(checkpoint_root / "tiny", own_root / "mine")
    return own_root / "mine"


def test_a_model_is_renamed_and_described(mine):
    app = run(MODELS_PAGE, checkpoint="mine")
    by_label(app.text_input, "Name").set_value("ours")
    by_label(app.text_input, "Title").set_value("Of the Tuesday course")
    by_label(app.text_area, "Description").set_value("Two dimensions, *three* epochs.")
    checked(by_label(app.button, "Save").click().run())
    assert checkpoints.available() == ["ours"]
    card = checkpoints.load("ours").card
    assert (card["title"], card["description"]) == ("Of the Tuesday course", "Two dimensions, *three* epochs.")
    assert "ours was saved" in words(app)


def test_a_name_that_is_taken_is_a_sentence_and_nothing_is_lost(mine, own_root):
    shutil.copytree(mine, own_root / "taken")
    app = run(MODELS_PAGE, checkpoint="mine")
    by_label(app.text_input, "Name").set_value("taken")
    checked(by_label(app.button, "Save").click().run())
    assert "taken" in app.error[0].value
    assert checkpoints.available() == ["mine", "taken"]


def test_a_model_is_deleted(mine):
    app = run(MODELS_PAGE, checkpoint="mine")
    checked(by_label(app.button, "Delete it").click().run())
    assert checkpoints.available() == []
    assert "There is no model yet" in words(app)


def test_who_uploaded_a_model_can_delete_it_also_where_training_is_off(mine, monkeypatch):
    monkeypatch.setattr(visitor, "at_this_machine", lambda: False)
    monkeypatch.setattr(visitor, "me", lambda: "myself")
    monkeypatch.setenv("LATENT_TRAINING", "off")
    assert not [button for button in run(MODELS_PAGE, checkpoint="mine").button if button.label in ("Delete it", "Save")]
    checkpoints.set_owner(mine, "myself")
    (mine / "model.safetensors").write_bytes(b"damaged meanwhile")
    checked(by_label(run(MODELS_PAGE).button, "Delete it").click().run())
    assert checkpoints.available() == []


def test_a_model_that_somebody_else_deleted_gives_way_to_another(mine, own_root):
    shutil.copytree(mine, own_root / "other")
    app = run(MODELS_PAGE, checkpoint="other")
    app.session_state.checkpoint = "other"
    shutil.rmtree(own_root / "other")
    checked(app.run())
    assert app.session_state.checkpoint == "mine" and not app.error and "None" not in words(app)
    assert "The model `other` is no longer here" in words(app) and app.button(key="details-mine")
    shutil.rmtree(mine)
    checked(app.run())
    assert "There is no model yet" in words(app) and not app.error


def test_the_shipped_model_stays_as_it_is(own_root, checkpoint_root):
    shutil.copytree(checkpoint_root / "tiny", own_root / "vae-mnist-2d")
    app = run(MODELS_PAGE, checkpoint="vae-mnist-2d")
    assert "cannot be changed" in words(app)
    assert not [button for button in app.button if button.label in ("Delete it", "Save")]


def test_a_damaged_model_is_a_sentence_and_can_be_deleted(mine):
    (mine / "model.safetensors").write_bytes(b"nonsense")
    app = run(MODELS_PAGE)
    assert "cannot be used" in app.error[0].value
    checked(by_label(app.button, "Delete it").click().run())
    assert checkpoints.available() == []


@pytest.mark.parametrize(
    ("file", "name"),
    [
        ("vae.zip", "vae"),
        ("../../etc/passwd", "etc-passwd"),
        ("Mein Modell (2).zip", "mein-modell-2"),
        ("ß.zip", "uploaded"),
        ("runs.zip", "uploaded"),
        ("Restorers.zip", "uploaded"),
        ("", "uploaded"),
    ],
)
def test_an_upload_s_name_becomes_a_harmless_one(file, name):
    assert archive.suggested_name(file) == name
    checkpoints.check_name(name)


# --- frames ---------------------------------------------------------------------------------------------------------------


def test_frames_are_found_by_what_is_listed_and_by_nothing_else(own_root, monkeypatch):
    for bad in ("..", "../runs", "", ".queue", "mine/../mine"):
        with pytest.raises((jobs.JobError, LookupError)):
            frames._build(run=bad, stamp="1-x", epoch="0", file="figure.json")
    assert not list(own_root.iterdir())


@pytest.mark.slow
def test_a_label_that_a_model_does_not_know_is_not_found(own_root):
    app = a_tiny_run(run(), epochs=1)
    until(lambda: jobs.runs()[0].state == "finished")
    (found,) = jobs.runs()
    stamp = frames.template(found, None).split("/")[-3]
    address = {"run": found.id, "epoch": "1", "file": "decoder.safetensors"}
    assert frames._build(stamp=stamp, **address)[0]
    with pytest.raises(LookupError, match="no such label"):
        frames._build(stamp=f"{stamp[:-1]}3", **address)
    with pytest.raises(LookupError, match="started again"):
        frames._build(stamp="1-x", **address)
    assert not app.exception
    scope = {"type": "http", "path": "/runs", "headers": [], "path_params": address | {"stamp": stamp, "epoch": "99"}}
    answer = frames.respond(Request(scope))
    assert answer.status_code == 404 and b"This epoch is not available" in answer.body and str(own_root).encode() not in answer.body


# --- links ----------------------------------------------------------------------------------------------------------------


def timeline(app: AppTest) -> dict:
    (data,) = mounted(app, "map")
    return data["timeline"]


@pytest.mark.slow
def test_a_link_names_run_epoch_and_layers(own_root: Path) -> None:
    a_tiny_run(run())
    until(lambda: jobs.runs()[0].state == "finished")
    name = jobs.runs()[0].id
    app = run(run=name, epoch="1", layers="points,manifold")
    assert timeline(app)["asked"] == {"value": 1, "number": 0} and not app.error
    assert app.button_group(key="run_layers").value == ["points", "manifold"]
    assert {key: list(value)[-1] if isinstance(value, list) else value for key, value in dict(app.query_params).items()} == {
        "run": name, "epoch": "1", "layers": "points,manifold",
    }  # fmt: skip
    app.session_state[f"run_epoch-{name}"] = 0  # as the browser says it
    app.session_state[f"run_epoch_number-{name}"] = 4
    checked(app.run())
    assert app.query_params["epoch"] in ("0", ["0"]) and timeline(app)["asked"] == {"value": 0, "number": 4}
    late = run(run=name, epoch="99")
    assert "The link asks for epoch 99, but this run ends with epoch 2. Showing that one." in words(late)
    assert timeline(late)["asked"]["value"] is None and "epoch" not in late.query_params
    odd = run(run=name, epoch="-1")
    assert "The link asks for the epoch `-1`; it must be from 0 to 2,147,483,647. Showing the newest one instead." in words(odd)


@pytest.mark.slow
def test_a_link_says_what_the_decoder_of_a_run_is_to_draw(own_root: Path) -> None:
    app = run()
    by_label(app.selectbox, "Model").set_value("cvae").run()
    a_tiny_run(app)
    until(lambda: jobs.runs()[0].state == "finished")
    name = jobs.runs()[0].id
    seven = run(run=name, draw_as="7")
    assert seven.selectbox(key=f"run_label-{name}").value == 7 and seven.query_params["draw_as"] in ("7", ["7"])
    assert timeline(seven)["frames"] != timeline(run(run=name))["frames"]
    checked(seven.selectbox(key=f"run_label-{name}").set_value(NOT_TOLD).run())
    assert seven.query_params["draw_as"] in ("none", ["none"])
    checked(seven.selectbox(key=f"run_label-{name}").set_value(0).run())
    assert "draw_as" not in seven.query_params, "the first class is what it shows by itself"
    assert "asks for the class to draw as `10`; it must be from 0 to 9." in words(run(run=name, draw_as="10"))


def test_back_from_a_run_that_goes_on_shows_the_form(own_root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    left_alone(own_root, "running")
    monkeypatch.setattr(visitor, "me", lambda: "somebody")
    held = take_lock(own_root / "runs" / "mine" / LOCK)
    assert held is not None
    try:
        app = run()
        assert app.query_params["run"] in ("mine", ["mine"]), "one's own run is shown to whoever comes"
        app.query_params.clear()
        checked(app.run())
        assert by_label(app.button, "Start training") and "run" not in app.query_params
    finally:
        os.close(held)


def test_what_the_browser_says_of_the_epoch_is_checked(monkeypatch: pytest.MonkeyPatch) -> None:
    for value, kept in [(3, 3), (None, None), (True, None), (-1, None), ("1", None), (2.0, None), (2**60, None)]:
        state = {"run_map-a": SimpleNamespace(epoch={"value": value, "number": 5}), "run_epoch-a": 1}
        monkeypatch.setattr(run_view.st, "session_state", state)
        run_view._keep_epoch("a")
        assert state.get("run_epoch-a") == kept and state["run_epoch_number-a"] == 5
    for nonsense in (None, 3, {"value": 1}, {"value": 1, "number": -1}, {"value": 1, "number": True}):
        state = {"run_map-a": SimpleNamespace(epoch=nonsense), "run_epoch-a": 1}
        monkeypatch.setattr(run_view.st, "session_state", state)
        run_view._keep_epoch("a")
        assert state["run_epoch-a"] == 1

"""The class panel through AppTest: who sees it, what it says of everybody's runs, and what can be done there."""

import json
import os
from collections import OrderedDict
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest
from streamlit.testing.v1 import AppTest
from visit import by_label, checked, visit

from core import checkpoints, jobs
from core.models import MODELS
from core.training import presets
from core.training.folder import CONFIG, FIRST, LOCK, STATUS, STOP, take_lock
from pages.training import form, run_view, visitor
from pages.web import identity, passwords

ANN, BOB = "3f2a" + 12 * "0", "77aa" + 12 * "0"


@pytest.fixture(autouse=True)
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, no_data: None) -> Path:
    """Checkpoints and runs of the test alone, and a machine whose speed is known."""
    monkeypatch.setattr(checkpoints, "CHECKPOINTS", tmp_path)
    monkeypatch.setattr(jobs, "RUNS", tmp_path / "runs")
    monkeypatch.setattr(visitor, "at_this_machine", lambda: True)
    monkeypatch.setattr(passwords, "guesses", replace(passwords.guesses, levels=OrderedDict()))
    presets.write_speeds(tmp_path / "runs" / ".speeds.json", dict.fromkeys(MODELS, 10_000.0))
    return tmp_path


@pytest.fixture
def held():
    """Locks that this process holds, as the runs' own processes would."""
    locks: list[int] = []
    yield locks
    for lock in locks:
        os.close(lock)


@pytest.fixture
def a_class(root: Path, held: list[int]) -> Path:
    """Thirty runs: one that trains, nineteen that wait, ten that have finished."""
    for number in range(30):
        state = "running" if not number else "queued" if number < 20 else "finished"
        folder = root / "runs" / f"run-{number:02}"
        folder.mkdir()
        config = {
            "name": folder.name, "owner": ["", ANN, BOB][number % 3] if number else ANN, "created": float(number), "dataset": "mnist",
            "model": {"name": "vae", "config": {}}, "recipe": {"epochs": 10},
        }  # fmt: skip
        status = {"state": state, "epochs": 10, "epoch": 2.0 if not number else 0.0, "phase": "training" if not number else ""}
        if not number:
            status |= {"seconds_left": 180.0, "turn": 1.0}
        (folder / CONFIG).write_text(json.dumps(config))
        (folder / STATUS).write_text(json.dumps(status))
        if state != "finished":
            lock = take_lock(folder / LOCK)
            assert lock is not None
            held.append(lock)
    return root / "runs"


def run(**query: str) -> AppTest:
    return visit("train.py", query)


def labels(app: AppTest) -> list[str]:
    return [button.label for button in app.button]


def table(app: AppTest):
    return app.dataframe[0].value.set_index("Run")


def test_all_runs_with_owner_state_and_time(a_class):
    app = run()
    rows = table(app)
    assert len(rows) == 30
    in_line = sorted((run.queue_position, run.id) for run in jobs.runs() if run.queue_position is not None)
    assert list(rows.index[:20]) == ["run-00", *(run_id for _, run_id in in_line)]
    assert list(rows.loc["run-00"]) == ["visitor 3f2a", "training", "3 min left", 0.2]
    assert rows.loc["run-02", "Whose"] == "visitor 77aa" and rows.loc["run-03", "Whose"] == "command line"
    assert rows.loc[rows["State"] == "waiting", "Time"].str.startswith("starts in about").all()
    assert rows.loc["run-29"].tolist()[1:] == ["finished", "", 0.0]
    assert "**1** training, **19** waiting" in app.markdown[0].value


def test_one_is_put_first(a_class):
    app = run()
    app.selectbox(key="class_panel_run").set_value("run-19")
    checked(app.run())
    checked(app.button(key="class_panel_first").click().run())
    assert "run-19 gets the next free device" in app.toast[0].value
    assert jobs.find("run-19").queue_position == 0
    assert list(table(app).index[:2]) == ["run-00", "run-19"]
    app.selectbox(key="class_panel_run").set_value("run-00")
    assert checked(app.run()).button(key="class_panel_first").disabled


def test_one_or_all_are_cancelled(a_class):
    app = run()
    app.selectbox(key="class_panel_run").set_value("run-05")
    checked(app.run())
    checked(app.button(key="class_panel_cancel_one_yes").click().run())
    assert [path.parent.name for path in a_class.glob(f"*/{STOP}")] == ["run-05"]
    assert table(app).loc["run-05", "State"] == "ending"
    checked(app.button(key="class_panel_cancel_all_yes").click().run())
    assert len(list(a_class.glob(f"*/{STOP}"))) == 20


def test_a_run_that_is_gone_meanwhile_is_a_sentence(a_class):
    app = run()
    for file in (a_class / "run-00").iterdir():
        file.unlink()
    checked(app.button(key="class_panel_cancel_all_yes").click().run())
    assert "run-00 is no longer there" in app.error[0].value
    assert len(list(a_class.glob(f"*/{STOP}"))) == 19


def test_one_can_be_watched_from_there(a_class):
    app = run()
    app.selectbox(key="class_panel_run").set_value("run-19")
    checked(app.run())
    checked(app.button(key="class_panel_watch").click().run())
    assert app.query_params["run"] == "run-19"
    (waits,) = [info.value for info in app.info if "Waiting for a free device" in info.value]
    assert "runs go first. It starts in about" in waits


def test_who_waits_is_told_when_it_cannot_be_estimated(a_class):
    (a_class / ".speeds.json").unlink()
    app = run(run="run-19")
    assert "When it starts cannot be estimated yet." in next(info.value for info in app.info if "Waiting" in info.value)


def test_visitors_see_no_panel(a_class, monkeypatch):
    monkeypatch.setattr(visitor, "at_this_machine", lambda: False)
    app = run()
    assert not app.dataframe and "Put first" not in labels(app) and "Unlock" not in labels(app)


def test_the_administrator_s_password_opens_the_panel_wherever_they_sit_and_keeps_it(a_class, monkeypatch):
    monkeypatch.setenv("LATENT_ADMIN_PASSWORD", "brel")
    cookies = {identity.cookie_name(): identity.new_cookie()}
    monkeypatch.setattr(visitor.st, "context", SimpleNamespace(cookies=cookies, ip_address="10.0.0.7", headers={}))
    app = run()
    assert not app.dataframe  # whoever sits at this machine is nobody in particular now
    for password in ("piaf", "brel"):
        app.text_input(key="password_admin").set_value(password)
        checked(by_label(app.button, "Unlock").click().run())
        assert bool(app.dataframe) == (password == "brel")
    app = run(run="run-00")
    assert app.dataframe and "Cancel" in labels(app)  # after a reload, on everybody's runs
    checked(by_label(app.button, "Leave the class panel").click().run())
    assert not app.dataframe and "Cancel" not in labels(app)
    assert not run().dataframe


def test_the_limit_is_said_in_the_panel_in_the_form_and_on_the_run(a_class, monkeypatch):
    assert "as long as it takes" in run().caption[-1].value or any("as long as it takes" in c.value for c in run().caption)
    monkeypatch.setenv("LATENT_TRAINING_MINUTES", "5")
    limit = form.limit_in_words(5)
    assert "5 minutes" in limit and "keeps what it has learnt" in limit
    app = run()
    assert [caption.value for caption in app.caption].count(limit) == 2
    by_label(app.number_input, "Epochs").set_value(100_000)
    assert "This one would end early" in checked(app.run()).warning[0].value
    config = json.loads((a_class / "run-00" / CONFIG).read_text())
    (a_class / "run-00" / CONFIG).write_text(json.dumps(config | {"minutes": 5}))
    monkeypatch.delenv("LATENT_TRAINING_MINUTES")
    assert limit in [caption.value for caption in run(run="run-00").caption]
    monkeypatch.setenv("LATENT_TRAINING_MINUTES", "many")
    assert "LATENT_TRAINING_MINUTES is 'many'" in run().error[0].value


def test_owners_have_readable_names(monkeypatch):
    monkeypatch.setattr(visitor, "me", lambda: ANN)
    assert [visitor.called(owner) for owner in (ANN, BOB, "", "somebody")] == ["yours", "visitor 77aa", "command line", "somebody"]


def test_settings_that_cannot_be_used_make_no_estimate(a_class, monkeypatch):
    monkeypatch.setenv("LATENT_TRAINING_SLOTS", "many")
    assert run_view.seconds_until_turn(jobs.runs()) == {}
    assert not (a_class / "run-00" / FIRST).exists()

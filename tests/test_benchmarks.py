"""The benchmarks still run: what we are measured beside calls our code, so a changed signature is found here, not when we measure."""

import os
import re
import subprocess
import sys
from importlib.metadata import PackageNotFoundError
from pathlib import Path

import pytest
import torch
from live import PROJECT, Server, run_async, write_mnist_files
from streamlit.testing.v1 import AppTest

from benchmarks import arrival, drawing, floor, interaction, pages, pair, restoring, scaling, serving, tables, training
from benchmarks.__main__ import ARRIVAL, QUALITY, SECTIONS, main
from benchmarks.servers import Served
from core.data.datasets import load, to_unit_images
from core.training.config import TrainingConfig
from core.training.distributed import ALONE

RIVAL = PROJECT / "benchmarks" / "rival" / "app.py"
IN_CHROMIUM = ("interaction", "floor", "pair", "drawing", "dial", "crowd", "zoom", "pages", "serving", "watching")


ELSEWHERE = ("streamlit", "plotly", "playwright", "hypothesis", "websockets", "fastapi")  # none of it is on a machine that only trains
TRAINING = (
    "benchmarks.tables",
    "benchmarks.training",
    "benchmarks.scaling",
    "core.training.__main__",
    "conftest",
    "test_graph",
    "test_presets",
)


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


@pytest.mark.slow
def test_a_machine_that_only_trains_needs_no_pages_and_no_browser() -> None:
    code = f"import sys; sys.path.append('tests'); sys.modules.update(dict.fromkeys({ELSEWHERE})); import {', '.join(TRAINING)}"
    ended = subprocess.run([sys.executable, "-c", code], cwd=PROJECT, capture_output=True, text=True)
    assert ended.returncode == 0, ended.stderr


def test_facts_leave_out_what_is_not_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    def installed(package: str) -> str:
        if package == "streamlit":
            raise PackageNotFoundError(package)
        return "1.2.3"

    monkeypatch.setattr(tables, "version", installed)
    facts = tables.facts("python -m benchmarks training")
    assert "streamlit" not in facts and facts.endswith("torch 1.2.3, plotly 1.2.3.")


@pytest.mark.parametrize("section", [*SECTIONS, ARRIVAL, QUALITY])
def test_every_section_has_its_place_among_the_tables(section: str) -> None:
    assert re.search(rf"^<!-- {section} -->$.*^<!-- /{section} -->$", tables.file_of(section).read_text("utf-8"), re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize("arguments", [["nonsense"], [ARRIVAL], ["floor", "--against", "HEAD"]])
def test_what_cannot_be_measured_is_refused(arguments: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["benchmarks", *arguments])
    with pytest.raises(SystemExit) as refused:
        main()
    assert refused.value.code == 2


def test_a_revision_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match="no-such-revision"):
        arrival.check_out("no-such-revision", tmp_path)


def test_ratios_come_first_and_say_who_is_faster() -> None:
    ours, other = [10.0, 20.0, 30.0], [40.0, 40.0, 40.0]
    waits = {interaction.OURS: ours, interaction.RIVAL: other, interaction.FROZEN: other}
    moves = {1: {"decodes": [{"since": 0.0, "frame": 10.0}]}}
    waiting = interaction.waiting_table(moves, {name: {"panel": found, "image": found} for name, found in waits.items()}, {})
    assert "| 4.0 x | a point's image" in waiting and "| 2.0 x | click -> panel text |" in waiting
    seen = {
        (name, rate): {"answered": [1.0], "painted": other if name == floor.FULL else ours, "busy": ours}
        for name in (interaction.OURS, floor.FULL, floor.FLOOR)
        for rate in (1, interaction.SLOWDOWN)
    }
    beside = floor.pointer_table(seen)
    assert "| 1.0 x / 1.0 x | as it opens, CPU slowed 4x |" in beside
    assert "| 1.4 x / 1.0 x | every layer on | 1.0 / 1.0 | 1.0 / 1.0 | 40 / 40 |" in beside
    strokes = {
        (name, rate): {"answered": [1.0], "landed": ours, "busy": ours}
        for name in (interaction.OURS, floor.FLOOR)
        for rate in (1, interaction.SLOWDOWN)
    }
    assert "| 1.0 x | CPU slowed 4x | 1.0 / 1.0 | 1.0 / 1.0 | 20 / 29 | 20 / 29 | 20 | 20 | 3 |" in drawing.drawing_table(strokes)
    both = {
        (name, rate): {"painted": ours, "busy": ours if name == pair.ONE else other}
        for rate in (1, interaction.SLOWDOWN)
        for name in (pair.ONE, *pair.LINKED.values())
    }
    assert "| 2.0 x | two maps, the same point, CPU slowed 4x | 40 |" in pair.pair_table(both)
    arrivals = {(name, rate): found for name, found in ((arrival.NOW, ours), (arrival.BEFORE, other)) for rate in (1, interaction.SLOWDOWN)}
    assert "| 0.50 x | as it is | 20 | 29 | 40 | 40 | 3 / 3 |" in arrival.arrival_table(arrivals, "before")
    seconds = {(page, rate): [1.0 * rate, 2.0 * rate, 9.0] for page in pages.FIRST for rate in (1, interaction.SLOWDOWN)}
    shown = pages.pages_table(dict.fromkeys(pages.FIRST, 3.5), seconds)
    assert "| 1.0 x | Explore | 2.0 | 9.0 | 8.0 | 3.5 | 3 |" in shown and "(over 3)" not in shown
    assert "| 2.0 x | Train | 4.0 (over 3) |" in pages.pages_table(dict.fromkeys(pages.FIRST, 3.5), seconds | {("Train", 1): [4.0]})
    opened = {interaction.OURS: (ours, 5.0), interaction.RIVAL: (other, 10.0)}
    assert "| 2.0 x | the server's CPU for each | 5.0 | 10.0 | 3 |" in serving.opening_table(opened, 3, 1)
    assert "| ours: nothing |" in serving.keeping_table({interaction.OURS: 0.0, interaction.RIVAL: 40.0}, 3)


def test_both_trainers_take_an_epoch_and_can_be_weighed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LATENT_DATA", str(write_mnist_files(tmp_path, 20, train=600)))
    cpu = torch.device("cpu")
    for side in (training.the_usual(cpu, 300), training.ours(cpu, "float32", 300, epochs=1)):
        assert sum(side.advance() for _ in range(side.parts)) in (300, 256)  # ours leaves out a batch that is not full
        assert 100 < training.test_nats(side.last()) < 700
    for seen in (way() for way in scaling.ways(ALONE, "vae", "cpu", 600, 1).values()):
        assert seen == 512


def test_beside_the_usual_script_ours_learns_at_its_rate_from_the_first_step_to_the_last() -> None:
    config = TrainingConfig(epochs=2, batch_size=50, learning_rate=1e-3, device="cpu", precision="float32")
    images = torch.randint(256, (100, 28, 28), dtype=torch.uint8).numpy()
    rates: list[float] = []
    trainer = training.ConstantRate(config, "vae", training.SIZES, images)
    trainer.run(on_step=lambda progress: rates.append(trainer.optimizer.param_groups[0]["lr"]))
    assert rates == [1e-3] * 4


def test_every_fast_method_against_damage_has_its_row(mnist_like: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LATENT_DATA", str(mnist_like))
    fast = {name: method for name, method in restoring.METHODS.items() if name not in restoring.SLOW}
    monkeypatch.setattr(restoring, "METHODS", fast)
    x = to_unit_images(load("mnist", "test").images)[:2]
    assert restoring.denoising(x).count("\n|") == 3 + len(fast)
    assert "| ours | Upscaler x4 |" in restoring.enlarging(x, 4)


@pytest.mark.xdist_group("browser")
@pytest.mark.slow
def test_people_open_the_page_at_once(server: Server) -> None:
    served = Served(server.url, server.pid)
    waits, cpu_ms = run_async(lambda: serving.opening(served, people=2, seconds=0.1))
    assert len(waits) == 2 and min(waits) > 0 and cpu_ms > 0


@pytest.mark.slow
@pytest.mark.xdist_group("browser")
@pytest.mark.parametrize("section", [pytest.param(s, marks=[pytest.mark.browser] * (s in IN_CHROMIUM)) for s in (*SECTIONS, QUALITY)])
def test_smallest_round_of_every_section_ends_in_its_tables(section: str, tmp_path: Path) -> None:
    tests = 500 if section in ("training", "scaling") else 10_000  # Explore wants all that its codes were made of
    data = write_mnist_files(tmp_path, tests, train=2_000)
    command = [sys.executable, "-m", "benchmarks", section, "--quick"]
    ended = subprocess.run(command, cwd=PROJECT, env=os.environ | {"LATENT_DATA": str(data)}, capture_output=True, text=True)
    assert ended.returncode == 0 and "Traceback" not in ended.stderr, ended.stderr
    assert ended.stdout.startswith(f"## {section}\n")
    titles = re.findall(r"^\*\*.+\*\*\n\n\|.+\n\|[ :|-]+\n\|.*\d", ended.stdout, re.MULTILINE)
    assert titles and len(titles) == ended.stdout.count("\n**"), ended.stdout  # each title has a table, with a figure in its first row

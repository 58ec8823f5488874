"""A run's config.json: what is read back is what was written, and old or strange files keep meaning what they meant."""

import json

import pytest

from core.training import run_config
from core.training.folder import CONFIG, read_config, read_config_unchecked, write_config
from core.training.run_config import RunConfig

WHOLE = RunConfig(
    id="mine-2", name="mine", owner="ann", created=1.5, dataset="mnist", model={"name": "vae", "config": {"latent_dim": 2}},
    recipe={"epochs": 3}, threads=1, devices=("cuda:0", "cuda:1"), preset="quick", minutes=5, replace=True,
)  # fmt: skip


def written(folder, **values) -> None:
    (folder / CONFIG).write_text(json.dumps({"name": "mine", "owner": "ann", "created": 1.5, **values}))


def test_what_was_written_is_read_back(tmp_path) -> None:
    write_config(tmp_path, WHOLE)
    assert read_config(tmp_path) == (WHOLE, "") and read_config_unchecked(tmp_path) == WHOLE
    assert json.loads((tmp_path / CONFIG).read_text())["devices"] == ["cuda:0", "cuda:1"]


def test_the_file_has_the_names_that_it_always_had(tmp_path) -> None:
    write_config(tmp_path, WHOLE)
    names = ["created", "dataset", "devices", "id", "minutes", "model", "name", "owner", "preset", "recipe", "replace", "threads"]
    assert sorted(json.loads((tmp_path / CONFIG).read_text())) == names


def test_an_old_file_that_says_less_is_read(tmp_path) -> None:
    written(tmp_path)
    assert read_config(tmp_path) == (RunConfig(name="mine", owner="ann", created=1.5, devices=("cpu",)), "")


def test_what_nothing_is_said_of_has_a_meaning_of_its_own() -> None:
    bare = RunConfig()
    assert (bare.created, bare.threads, bare.minutes, bare.devices) == (0, 0, None, ("cpu",)), "0 threads: torch's own choice"
    assert (bare.model_name, bare.model_settings, bare.recipe_settings) == ("", {}, {})
    assert (WHOLE.model_name, WHOLE.model_settings, WHOLE.recipe_settings) == ("vae", {"latent_dim": 2}, {"epochs": 3})


def test_what_a_later_version_added_is_left_out(tmp_path) -> None:
    written(tmp_path, colour="red")
    assert read_config(tmp_path) == (RunConfig(name="mine", owner="ann", created=1.5), "")


@pytest.mark.parametrize(
    ("stands", "means"), [(True, True), (False, False), (None, False), (0, False), (1, True), ("yes", True), ([], False)]
)
def test_any_replace_is_yes_or_no_and_damages_no_run(tmp_path, stands, means) -> None:
    written(tmp_path, replace=stands)
    for config, fault in (read_config(tmp_path), (read_config_unchecked(tmp_path), "")):
        assert config is not None and config.replace is means and fault == ""


@pytest.mark.parametrize(
    ("strange", "fault"),
    [
        ({"recipe": None, "threads": "x"}, "has a strange recipe, threads"),
        ({"devices": ["../x"]}, "has a strange devices"),
        ({"minutes": -1}, "has a strange minutes"),
    ],
)
def test_a_damaged_file_says_so_and_what_is_strange_is_not_used(tmp_path, strange, fault) -> None:
    written(tmp_path, **strange)
    assert read_config(tmp_path) == (RunConfig(name="mine", owner="ann", created=1.5), fault)
    (tmp_path / CONFIG).write_text("{")
    assert read_config(tmp_path) == (RunConfig(), "is missing or cannot be read") and read_config_unchecked(tmp_path) is None


NEEDED = {"name": "mine", "owner": "ann", "created": 1.5}


@pytest.mark.parametrize(
    ("field", "right", "wrong"),
    [
        ("name", ["mine", "mine-2"], ["", "../x", 3]),
        ("owner", ["", "ann"], [None, 3]),
        ("created", [0, 1e12], [-1, 2e12, True, "1"]),
        ("dataset", ["", "mnist"], [None, 3]),
        ("model", [{}, {"name": "vae", "config": {}}], [None, [], {"name": 3}, {"name": "vae", "config": []}]),
        (
            "recipe",
            [{}, {"epochs": None}, {"epochs": 1}, {"epochs": 100_000}],
            [[], *({"epochs": n} for n in (0, 100_001, 1.5, True, "1"))],
        ),
        ("threads", [0, 4096], [-1, 4097, True, float("inf"), float("nan")]),
        ("devices", [[], ["cpu"], ["mps", "cuda:0", "cuda:999"]], ["cpu", [3], ["cuda:"], ["cuda:1000"], ["cpu "], {"cpu": 1}]),
        ("preset", [None, "quick"], [3]),
        ("minutes", [None, 0.5, 60], [0, -1, True, "5", float("inf")]),
    ],
)
def test_what_a_page_relies_on_is_checked(field: str, right: list, wrong: list) -> None:
    assert [run_config.usable(NEEDED | {field: value})[1] for value in right] == [""] * len(right)
    assert [run_config.usable(NEEDED | {field: value})[1] for value in wrong] == [f"has a strange {field}"] * len(wrong)


def test_what_is_missing_is_named() -> None:
    assert run_config.usable({"name": "mine"}) == (RunConfig(name="mine"), "lacks created, owner")


def test_what_cannot_be_read_back_is_not_written() -> None:
    assert run_config.fault(WHOLE) == ""
    assert run_config.fault(RunConfig(name="mine")) == "has a strange model, recipe"

"""No message shows a visitor where things lie on this server."""

import ast
import os
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core import archive, checkpoints, jobs
from core.data import datasets
from core.places import PROJECT
from core.training import snapshot
from core.training.folder import CONFIG
from core.training.state import missing
from pages.session import link
from pages.web import errors

PAGES = sorted((PROJECT / "pages").rglob("*.py"))


@pytest.fixture
def places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Models, runs and data sets in folders with a space in their path."""
    root = tmp_path / "Jane Doe" / "explorer"
    (root / "models" / "mine").mkdir(parents=True)
    monkeypatch.setattr(checkpoints, "CHECKPOINTS", root / "models")
    monkeypatch.setattr(jobs, "RUNS", root / "models" / "runs")
    monkeypatch.setenv("LATENT_DATA", str(root / "data"))
    return root


def failures(root: Path) -> dict[str, Exception]:
    """What can go wrong with files, as core says it: with whole paths."""
    card = root / "models" / "mine" / "card.json"
    card.write_text("no card")
    (root / "models" / "runs" / "one").mkdir(parents=True)
    (root / "models" / "runs" / "one" / CONFIG).write_text("{}")

    def delete_with_other_files() -> None:
        card.with_name("thesis.tex").touch()
        checkpoints.delete("mine")

    attempts: dict[str, Callable[[], object]] = {
        "damaged card": lambda: checkpoints.load("mine"),
        "other files": delete_with_other_files,
        "no folder to write to": lambda: checkpoints.check_target(card / "new"),
        "not a checkpoint": lambda: checkpoints.check_target(root),
        "not a zip": lambda: archive.unpack(b"no zip", "x"),
        "no data": lambda: datasets.load("mnist", "test"),
        "no epoch": lambda: snapshot.read(root / "models" / "runs" / "one", 3, None),
        "no file": lambda: (root / "models" / "nothing").read_bytes(),
        "no folder": lambda: os.listdir(root / "elsewhere" / "nothing"),  # noqa: PTH208
        "nothing to resume": lambda: (_ for _ in ()).throw(missing(root / "models" / "runs" / "one")),
    }
    found = {}
    for name, attempt in attempts.items():
        try:
            attempt()
        except Exception as error:
            found[name] = error
    assert found.keys() == attempts.keys()
    return found


def test_what_goes_wrong_with_files_is_said_without_their_folders(places):
    shown = {name: str(error) for name, error in failures(places).items()}
    assert sum(str(places) in text for text in shown.values()) >= 7  # as the command line shows it
    for text in shown.values():
        for said in (errors.words(text), link.plain(text).replace("\\", "")):
            assert "Jane" not in said and "Doe" not in said and str(places.parent.parent) not in said
    assert "mine/card.json is not a whole json file" in errors.words(shown["damaged card"])
    assert "t10k-images-idx3-ubyte is missing" in errors.words(shown["no data"])


def test_a_relative_folder_is_not_shown_either(monkeypatch):
    monkeypatch.setenv("LATENT_DATA", "../somewhere/data")
    with pytest.raises(datasets.DatasetError) as refusal:
        datasets.load("mnist", "test")
    assert "somewhere" in str(refusal.value) and "somewhere" not in errors.words(refusal.value)


@pytest.mark.parametrize(
    ("message", "said"),
    [
        ("[Errno 2] No such file or directory: '/usr/lib/my models/x.json'", "[Errno 2] No such file or directory: 'x.json'"),
        ("/etc/ssl/cert.pem could not be read.", "cert.pem could not be read."),
        ("(see /usr/share/doc/a.txt, or /usr/share/doc/b.txt)", "(see a.txt, or b.txt)"),
        (f"{PROJECT} is full", f"{PROJECT.name} is full"),
        (r"C:\Users\Jane\models\card.json is damaged", "card.json is damaged"),
        ("POST /api/v1/denoise takes one image", "POST /api/v1/denoise takes one image"),
        ("https://example.org/usr/lib/x and 1/2 or and/or", "https://example.org/usr/lib/x and 1/2 or and/or"),
        ("The code goes from -100 to 100.", "The code goes from -100 to 100."),
    ],
)
def test_paths_are_shortened_and_nothing_else(message, said):
    assert errors.words(message) == said


@given(
    folder=st.sampled_from([PROJECT, checkpoints.CHECKPOINTS, jobs.RUNS, Path(tempfile.gettempdir()), Path.home(), Path("/usr/lib")]),
    name=st.text("abcxyz0189-_.", min_size=1, max_size=12).filter(lambda name: name.strip(".")),
    around=st.tuples(st.sampled_from(["", "Reading ", "("]), st.sampled_from(["", " failed.", ": no space", ")", ", too"])),
)
def test_no_place_comes_through(folder, name, around):
    said = errors.words(f"{around[0]}{folder / 'inner' / name}{around[1]}")
    assert str(folder) not in said and "/usr" not in said and name.rstrip(".") in said


SAFE = {"words", "plain", "print", "print_exc", "print_exception", "isinstance", "type", "getattr"}


def unsafe_uses(tree: ast.AST) -> list[int]:
    """Lines where a caught error becomes text (in an f-string, or by str) without passing through `errors.words` or `link.plain`."""
    lines: list[int] = []

    def look(node: ast.AST, name: str, safe: bool, text: bool) -> None:
        if isinstance(node, ast.Call):
            called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            safe, text = safe or called in SAFE, text or called in ("str", "repr")
        text = text or isinstance(node, ast.JoinedStr)
        if isinstance(node, ast.Attribute):
            return  # error.strerror, error.status: no path
        if isinstance(node, ast.Name) and node.id == name and text and not safe:
            lines.append(node.lineno)
        for inner in ast.iter_child_nodes(node):
            look(inner, name, safe, text)

    for handler in (node for node in ast.walk(tree) if isinstance(node, ast.ExceptHandler) and node.name):
        for statement in handler.body:
            look(statement, str(handler.name), False, False)
    return lines


@pytest.mark.parametrize("file", PAGES, ids=lambda file: str(file.relative_to(PROJECT / "pages")))
def test_every_error_that_a_page_catches_is_put_into_words_in_the_one_place(file):
    if file.name == "client.py":  # raises while the server starts, to whoever starts it
        return
    assert unsafe_uses(ast.parse(file.read_text(encoding="utf-8"))) == []


def test_the_check_finds_what_it_looks_for():
    text = "try:\n  f()\nexcept OSError as error:\n  g(str(error))\n  g(f'no: {error}')\n  g(errors.words(error))\n  g(error.strerror)\n"
    assert unsafe_uses(ast.parse(text)) == [4, 5]

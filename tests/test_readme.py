"""README and CONTRIBUTING keep their promises: the tree is the disk's, the files exist, the figures are the card's."""

import re
import subprocess
from pathlib import Path

import pytest

from core import checkpoints

PROJECT = Path(__file__).resolve().parents[1]
README = (PROJECT / "README.md").read_text(encoding="utf-8")
CONTRIBUTING = (PROJECT / "CONTRIBUTING.md").read_text(encoding="utf-8")


def tree_told() -> set[str]:
    """Paths in the annotated tree: two spaces of indentation a level, a name, then what it is for."""
    (block,) = re.findall(r"## The tree\n+```\n(.*?)```", CONTRIBUTING, re.S)
    paths: set[str] = set()
    parents: list[str] = []
    for line in filter(str.strip, block.splitlines()):
        ((indent, name),) = re.findall(r"^( *)(\S+)", line)
        assert re.match(r" *\S+ {2,}\S", line), f"{name} has no annotation"
        parents[len(indent) // 2 :] = [name.rstrip("/")]
        paths.add("/".join(parents))
    return paths


def files_on_disk() -> set[str]:
    """What git knows or would add."""
    listed = subprocess.run(["git", "ls-files", "-co", "--exclude-standard"], cwd=PROJECT, capture_output=True, text=True)
    if listed.returncode:
        pytest.skip("not a git checkout")
    return {file for file in listed.stdout.splitlines() if (PROJECT / file).exists()}


def test_tree_is_what_is_on_disk() -> None:
    listed, files = tree_told(), files_on_disk()
    folders = {str(parent) for file in files for parent in Path(file).parents}
    speaks_for_itself = re.compile(r".*__init__\.py$|tests/|benchmarks/.*/|checkpoints/((restorers|classifiers)/)?[^/]+/[^/]+$|\.gitignore")
    missing = {path for path in files if path not in listed and not speaks_for_itself.match(path)}
    assert not missing, "on disk and not in CONTRIBUTING's tree"
    assert not listed - files - folders, "in CONTRIBUTING's tree and not on disk"


def test_readme_is_read_in_a_few_minutes() -> None:
    assert len(README.splitlines()) <= 150


def test_links_lead_somewhere() -> None:
    targets = re.findall(r"\]\((?!https?:)([^)#]+)\)", README + CONTRIBUTING)
    assert targets and all((PROJECT / target).exists() for target in targets)


def test_figures_are_the_cards() -> None:
    card = checkpoints.load("vae-mnist-2d").card
    quoted = dict(re.findall(r"^\| `(\w+)` \| ([\d.]+) \|", README, re.M))
    assert set(quoted) == set(card["metrics"])
    for name, text in quoted.items():
        digits = len(text.partition(".")[2])
        assert float(text) == pytest.approx(round(card["metrics"][name]["value"], digits)), name

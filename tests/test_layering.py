"""Who imports whom: only app.py and pages/ know streamlit, and inside core the arrows of the design point one way."""

import ast
import re
import sys
from functools import cache
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parents[1]

MAY_IMPORT = {  # inside core; a new module gets its line here
    "names": set(),
    "places": set(),
    "morphs": set(),
    "pace": set(),
    "replacing": set(),
    "version": set(),
    "words": set(),
    "kept": set(),
    "shape": set(),
    "sheets": set(),
    "data": {"replacing", "shape"},
    "models": {"shape", "words"},
    "colours": set(),
    "figures": {"colours"},
    "shipped": set(),
    "checkpoints": {"kept", "models", "names", "places", "replacing", "shape", "shipped"},
    "onnx_recorder": set(),
    "export": {"latent", "models", "onnx_recorder"},
    "archive": {"checkpoints", "export", "latent", "models", "names", "onnx_recorder"},
    "latent": {"data", "models"},
    "metrics": {"data", "models"},
    "reconstruction": {"metrics", "models", "shape"},
    "refine": {"models", "watch"},
    "posterior": {"models"},
    "small_encoder": {"export", "latent", "models", "posterior"},
    "alignment": {"checkpoints", "models"},
    "quality": {"latent", "metrics", "models", "refine"},
    "dimensions": {"models", "quality"},
    "rest": {"latent", "quality"},
    "completion": {"checkpoints", "latent", "models", "posterior", "refine", "watch"},
    "rate_distortion": {"checkpoints", "metrics", "models"},
    "family": {"checkpoints", "frame", "latent", "rate_distortion", "shipped"},
    "copies": set(),
    "training_codes": {"checkpoints", "data", "latent"},
    "findings": {"copies", "fields", "latent", "models"},
    "generation": {"checkpoints", "latent", "models", "quality"},
    "watch": set(),
    "filters": {"data"},
    "tiles": {"watch"},
    "code_search": {"checkpoints", "models", "watch"},
    "methods": {"checkpoints", "code_search", "filters", "latent", "models", "shape", "tiles", "watch"},
    "restore": {"data", "latent", "methods", "models", "shape", "tiles", "watch"},
    "enlarging": {"methods", "metrics", "restore"},
    "frame": {"checkpoints", "data", "export", "figures", "latent", "models", "training", "words"},
    "fields": {"checkpoints", "frame", "latent", "models", "quality"},
    "portrait": {"checkpoints", "data", "figures", "frame", "latent", "models", "words"},
    "scale": set(),
    "markers": set(),
    "field_picture": {"colours", "fields"},
    "chips": set(),
    "map_marks": set(),
    "close_up": {"colours", "markers"},
    "map_picture": {
        "chips",
        "close_up",
        "field_picture",
        "figures",
        "frame",
        "latent",
        "map_marks",
        "markers",
        "portrait",
        "scale",
        "sheets",
    },
    "map_svg": {"field_picture", "figures", "map_marks", "map_picture", "markers", "sheets"},
    "map_png": {"field_picture", "figures", "map_marks", "map_picture", "markers", "sheets"},
    "pairs": {"latent", "models", "morphs"},
    "pair_sheet": {"pairs", "sheets"},
    "denoise": {"methods", "restore", "data", "replacing", "watch", "words"},
    "training": {
        "names",
        "pace",
        "words",
        "checkpoints",
        "latent",
        "metrics",
        "posterior",
        "quality",
        "data",
        "models",
        "replacing",
        "shape",
        "version",
    },
    "runs": {"names", "training"},
    "turns": {"runs", "training"},
    "room": {"runs", "training"},
    "permission": {"runs", "training", "turns"},
    "processes": {"permission", "places", "runs", "training"},
    "jobs": {"names", "permission", "places", "processes", "room", "runs", "turns", "training"},
    "worker": {"jobs", "processes", "room", "runs", "turns", "training"},
    "waiting": {"runs", "turns", "training", "models", "data"},
}
STILL_WITH_TORCH: set[str] = set()  # pages give and get arrays
SMALL_LIBRARIES = {"torch", "torchvision", "numpy", "safetensors", "onnx", "sklearn", "scipy", "skimage", "PIL", "tqdm"}


def imported(source: str, module: str) -> set[str]:
    """Dotted names of all that a module's source imports, wherever in it; `module` is its own dotted name, package included."""
    names = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            above = module.split(".")[: -node.level] if node.level else []
            origin = ".".join([*above, *([node.module] if node.module else [])])
            names |= {f"{origin}.{alias.name}" for alias in node.names}
    return names


def sources(pattern: str) -> list[str]:
    """The files that match."""
    return [str(file.relative_to(PROJECT)) for file in sorted(PROJECT.glob(pattern))]


CORE, PAGES = sources("core/**/*.py"), sources("pages/**/*.py")


@cache
def imports(file: str) -> set[str]:
    """What a file imports; a package's __init__ counts as a module of its own name."""
    return imported((PROJECT / file).read_text("utf-8"), ".".join(Path(file).with_suffix("").parts))


def tops(names: set[str]) -> set[str]:
    return {name.split(".")[0] for name in names}


@pytest.mark.parametrize(
    ("source", "names"),
    [
        ("import streamlit as st", {"streamlit"}),
        ("from core import latent, metrics", {"core.latent", "core.metrics"}),
        ("from core.latent import encode", {"core.latent.encode"}),
        ("from . import config", {"core.training.config"}),
        ("from ..latent import encode", {"core.latent.encode"}),
        ("def f():\n    if True:\n        import core.jobs", {"core.jobs"}),
        ("try:\n    from streamlit.web import cli\nexcept ImportError: pass", {"streamlit.web.cli"}),
    ],
)
def test_imports_are_found_in_every_form(source, names):
    assert imported(source, "core.training.loop") == names


def test_the_sources_are_found():
    assert {"core/__init__.py", "core/models/vae.py", "core/training/__main__.py"} <= set(CORE)
    assert any("streamlit" in tops(imports(file)) for file in PAGES)


@pytest.mark.parametrize("file", CORE)
def test_core_knows_neither_streamlit_nor_the_pages(file):
    assert not tops(imports(file)) & {"streamlit", "pages", "app"}


@pytest.mark.parametrize("file", PAGES)
def test_pages_do_not_import_the_app(file):
    assert "app" not in tops(imports(file))


@pytest.mark.parametrize("file", PAGES)
def test_pages_compute_nothing_with_torch(file):
    assert ("torch" in tops(imports(file))) == (file in STILL_WITH_TORCH), "a page makes one call into core, and gets arrays"


def test_torchvision_is_imported_only_in_the_function_that_needs_it():
    at_once = {
        file
        for file in [*CORE, *PAGES, "app.py"]
        for node in ast.parse((PROJECT / file).read_text("utf-8")).body
        if isinstance(node, ast.Import | ast.ImportFrom) and "torchvision" in tops(imported(ast.unparse(node), "core.x"))
    }
    assert not at_once, "it brings 150 MB, which the server would keep from its start to its end"


def test_looks_stand_in_the_stylesheets():
    looks = re.compile(
        r"""<style|style=["'](?!\{|--|background:)"""
    )  # an element may say its own size, share or colour, where it follows from data
    with_looks = {file for file in PAGES if looks.search((PROJECT / file).read_text("utf-8"))}
    assert not with_looks, "pages/style.css has the looks of all that Python draws"


@pytest.mark.parametrize("file", CORE)
def test_the_arrows_inside_core(file):
    module = Path(file).with_suffix("").parts[1]
    inside = {name.split(".")[1] for name in imports(file) if name.startswith("core.")}
    if module == "__init__":
        assert not inside
        return
    assert module in MAY_IMPORT, f"{file} is new: say in MAY_IMPORT what it may import"
    assert inside <= {module} | MAY_IMPORT[module]


def test_no_two_modules_of_core_import_each_other_even_by_detours():
    modules = {".".join(Path(file).with_suffix("").parts).removesuffix(".__init__"): imports(file) for file in CORE}

    def module(name: str) -> str:
        return name if name in modules else name.rpartition(".")[0]

    arrows = {one: {module(name) for name in names if name.startswith("core.")} - {one} for one, names in modules.items()}
    TopologicalSorter(arrows).prepare()  # CycleError names the circle


@pytest.mark.parametrize("file", CORE)
def test_core_needs_only_torch_numpy_and_small_libraries(file):
    others = tops(imports(file)) - {"core"} - sys.stdlib_module_names - SMALL_LIBRARIES
    assert others <= ({"plotly"} if file == "core/figures.py" else set())

"""The live map as Streamlit sees it: it decodes in the browser and tells Python of commits only."""

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any

import streamlit as st

from core import latent
from core.frame import plane_word
from core.latent import Z_LIMIT
from core.words import subscript
from pages.browser import address, mount, nothing
from pages.session.caches import MapView
from pages.web import assets

Kept = tuple[Sequence[float] | None, int]  # the kept point, and the number that it came with
Switched = Mapping[str, tuple[str, int]]  # by a switch's name, whether it is on, "1" or "", and the number that this came with
NOTHING: Switched = MappingProxyType({})
BENCH = ("find", "paths", "select", "bookmarks", "dimensions")  # of the bench, as map/bench.js has them
LAYERS = {"points": "Points", "names": "Class names", "manifold": "Decoded grid", "prior": "Prior rings"}

USUAL: dict[str, Any] = {  # what a map is told unless there is something else to say
    "limit": Z_LIMIT,
    "figure": None,
    "decoder": None,
    "atlas": None,
    "readout": None,
    "field": None,
    "titles": None,  # of the layers that there are, by name; None: they are switched elsewhere
    "walk": False,
    "spread": False,  # whether the map can be spread evenly; a sentence: why not
    "timeline": None,
    "switched": {},  # by a switch's name, where that is not part of a `look`: agreed.js's {value, number}, in the words of an address
}

FILE = "file:"  # and a name: the address of a file in a saved page

HELP = (
    '<span class="live-fine"><b>Move</b> over the map to decode any point, also where there is no dot. <b>Click</b> to keep it, '
    "<kbd>Esc</kbd> to clear it; "
    "<b>drag</b> to pan, <b>scroll</b> to zoom, <b>double-click</b> to see the whole map (again: its outliers, too). With the map in "
    "focus, <kbd>←</kbd> <kbd>→</kbd> <kbd>↑</kbd> <kbd>↓</kbd> move the point (<kbd>Shift</kbd>: finer). "
    "<kbd>C</kbd> copies the image.</span>"
    '<span class="live-coarse"><b>Slide a finger</b> over the map to decode any point, also where there is no dot; <b>lift</b> it to '
    "keep the point. <b>Two fingers</b> pan and zoom.</span>"
)

SCALE_HELP = " <span><b>One scale</b>: both show the same part of the space.</span>"
PAIR_HELP = (
    " <span><b>Same image</b>: where you point at one map, the other shows where it has the same test image. <b>Same point</b>: both "
    f"decode the same numbers.</span>{SCALE_HELP}"
)
REFINED_HELP = " <span><b>Click</b> a dot on either map to refine the code of its image.</span>"

RUN_HELP = (
    " <span><b>Slide</b> through the epochs, or click in the curves, and the map, the decoded grid and your kept point are those of that "
    "epoch.</span>"
)


def coordinates(dimensions: int, shown: tuple[int, int] | None = None) -> dict[str, Any]:
    """What the map calls things: each slider, short and in words (the coordinates of a code, or those of the plane that a map of larger
    codes shows; `shown`: see core.frame.Frame), and what is nearest to a point: a code, or only its dot where the map does not show whole
    codes."""
    names = [["z₁", "z1, first latent coordinate"], ["z₂", "z2, second latent coordinate"]][:dimensions]
    if dimensions > 2:
        names = [["u₁", "u1, the map's coordinate to the right"], ["u₂", "u2, the map's coordinate upwards"]]
    if shown:
        names = [[f"z{subscript(i + 1)}", f"z{i + 1}, {way}"] for i, way in zip(shown, ("to the right", "upwards"), strict=True)]
    return {"axes": names, "nearest": "code" if dimensions == 2 else "dot"}


def latent_map(
    view: MapView,
    facts: dict[str, Any],
    kept: Kept,
    layers: Sequence[str],
    walk: bool,
    on_pick: Callable[[], None],
    key: str,
    look: tuple[list[str], int],
    on_look: Callable[[], None],
    field: dict[str, Any] | None = None,
    on_alone: Callable[[], None] = nothing,
) -> None:
    """Mount the map, with a background where there is a `field` (exploring/fields.py). `kept`: the kept point, and `look`: [zoom, legend,
    spread evenly, shapes, present, tool], in the words of an address; each with the number that it came with from the browser (0: from
    Python).

    When either has changed there, st.session_state[key].pick or .look is {"value": what it is now, "number": n}: the look soon, a
    zoom alone and the point when the visitor turns from the map to what Python draws; what was switched while the server did not answer
    is its `alone` (map/alone.js). It comes from the browser, so check it (session/link.py). `facts`: what the panel needs
    (exploring/readout.py). `walk` plays the tour until the first touch.
    """
    _mount(
        key,
        {"pick": on_pick, "look": on_look, "alone": on_alone, "marks": nothing},
        look=_said(look),
        **_of_model(view),
        kept=_said(kept),
        readout=facts,
        field=field,
        start=view.frame.points[0].tolist(),
        layers=list(layers),
        titles={name: title for name, title in LAYERS.items() if name != "prior" or latent.has_rings(view.checkpoint.model)},
        walk=walk,
        marked=marked(key) is not None,
        spread=latent.why_not_spread(view.checkpoint.model) or True,
        help=HELP + _close_up(view, facts["images"], "on this machine"),
    )


def marked(key: str) -> Any:
    """What is marked on that map, as the browser says it (pictured.js) when the visitor turns to what Python draws: check it
    (exploring/marked.py). None: nothing."""
    return st.session_state[key].get("marks") if key in st.session_state else None


def saved_map(
    view: MapView, facts: dict[str, Any], kept: Sequence[float] | None, layers: Sequence[str], look: Sequence[str], note: str
) -> dict[str, Any]:
    """What the map of a saved page is told: as `latent_map`'s, with names of the page's files for addresses. `note`: see `_of_model`."""
    here = {"figure": view.figure, "decoder": view.decoder, "atlas": view.atlas}
    files = {name: f"{FILE}{name}" if asset else None for name, asset in here.items()}
    own = _of_model(view) | files | {"note": " ".join(filter(None, [note, view.frame.note]))}
    said = {"look": _said((list(look), 0)), "kept": _said((list(kept) if kept else None, 0)), "layers": list(layers)}
    said["help"] = HELP + _close_up(view, None, "in this file")
    own["spread"] = latent.why_not_spread(view.checkpoint.model) or True
    return USUAL | own | said | {"readout": facts, "start": view.frame.points[0].tolist()}


def pair(
    views: Sequence[MapView],
    titles: Sequence[str],
    kept: Sequence[Kept],
    by: str,
    one_scale: bool,
    layers: Sequence[str],
    callbacks: dict[str, Callable[[], None]],
    key: str,
    spread: bool | str = False,
    switched: Switched = NOTHING,
    trail: list[list[float]] | None = None,
    codes: Sequence[Sequence[float] | None] = (None, None),
    more_help: str = PAIR_HELP,
) -> None:
    """Mount the maps of two models, linked `by` "point" or "image". `kept`: of each map. When a point is kept there, st.session_state[key]
    has it as `pick`, of the second map as `pick_other`; see `latent_map`. callbacks: by these names, and those in `switched`:
    what one switch turns on both maps. spread: whether they can be spread evenly, or why not. trail: the way of a code over both
    maps; what is kept on them is then an end of it, and whatever a visitor keeps only asks for another one. codes: of each map the whole
    code at that end."""
    halves = [
        _of_model(view)
        | {"title": title, "kept": _said(one), "trail": trail, "code": code}
        | {"whole": decoding(view) if beside_the_map(view) else None}
        for view, title, one, code in zip(views, titles, kept, codes, strict=True)
    ]
    linked = {
        "switched": _switched(switched),
        "spread": spread,
        "by": by,
        "one_scale": one_scale,
        "same_classes": views[0].frame.classes == views[1].frame.classes,
    }
    on: dict[str, Any] = {f"on_{name}_change": callback for name, callback in callbacks.items()}
    mount("pair", key, USUAL | linked | {"halves": halves, "layers": list(layers), "help": HELP + more_help}, **on)


def _close_up(view: MapView, images: str | None, where: str) -> str:
    """What becomes of dots close up (close_up.js), said with the map's help; `where` test images would be, if there were any."""
    if images:
        return " <b>Zoom in</b> until there is room, and each dot becomes its test image."
    if view.atlas:
        return ""
    return f" <b>Zoom in</b> until there is room, and each dot becomes what the decoder makes of its code (no test images are {where})."


def beside_the_map(view: MapView) -> bool:
    """Whether a dot stands for more than the map's decoder draws at its place, or the browser cannot run that."""
    return len(view.frame.plane.origin) > 2 or view.atlas is not None


def decoding(view: MapView) -> dict[str, Any]:
    """What is needed to draw a dot's whole code: the codes, their decoder where it is another than the map's, or who decodes instead."""
    return {
        "codes": address(view.codes),
        "decoder": address(view.code_decoder) if view.code_decoder else None,  # None: the map's own does, or the server
        "served": f"{assets.prefix()}/points/{view_name(view)}" if view.atlas else None,
        "drawn": view.frame.label,  # the class that the map's decoder was told
    }


def view_name(view: MapView) -> str:
    """What a map is called: its model's name, and which plane of it is shown where that is chosen: "vae-mnist-16d/3,7"."""
    return "/".join(filter(None, (view.checkpoint.name, plane_word(view.frame.shown))))


def _of_model(view: MapView) -> dict[str, Any]:
    """What a map has to know of a model."""
    preview = (
        f"{view.frame.why_not_live} While you move, you see a preview from a grid; the point that you keep is decoded by the server."
        if view.atlas
        else ""
    )
    return {
        "figure": address(view.figure),
        "decoder": address(view.decoder) if view.decoder else None,
        "atlas": address(view.atlas) if view.atlas else None,
        "view": view_name(view),
        "bound": view.frame.bound,
        **coordinates(len(view.frame.plane.origin), view.frame.shown),
        "note": " ".join(filter(None, [preview, view.frame.note])),
        "description": view.frame.description,
    }


def run_map(
    timeline: dict[str, Any],
    view: str,
    bound: float,
    description: str,
    kept: Kept,
    layers: Sequence[str],
    dimensions: int,
    note: str,
    on_pick: Callable[[], None],
    key: str,
    asked: tuple[int | None, int] = (None, 0),
    on_epoch: Callable[[], None] = lambda: None,
    spread: bool | str = False,
    switched: Switched = NOTHING,
    on_switched: Mapping[str, Callable[[], None]] = MappingProxyType({}),
) -> None:
    """Mount the map of a run, with its epochs and curves below; a run that goes on is followed until someone scrubs back.

    `timeline`: "frames" (the address of an epoch's files, with {epoch} and {file}), "live_decoder", "epochs" that can be shown,
    "running", "total" epochs, and "curves": {"epoch", "series": [{"name", "group", "values", "dashed", "colour"}]}: a number,
    null where there was none, or a word where it was not finite. `view` names the run: as long as it stays the same, zoom and legend
    do. `dimensions`: of the codes. `asked`: the epoch to show (None: the newest), and the number that it came with (0: from Python): when
    someone chooses another, st.session_state[key].epoch is {"value": epoch or None, "number": n}; likewise each of `switched`. The rest is
    `pair`'s and `latent_map`'s.
    """
    _mount(
        key,
        {"pick": on_pick, "epoch": on_epoch, **on_switched},
        spread=spread,
        switched=_switched(switched),
        timeline=timeline | {"asked": _said(asked)},
        view=view,
        bound=bound,
        kept=_said(kept),
        layers=list(layers),
        **coordinates(dimensions),
        help=HELP + RUN_HELP,
        note=note,
        description=description,
    )


def two_runs(
    runs: Sequence[dict[str, Any]],
    kept: Kept,
    layers: Sequence[str],
    on_pick: Callable[[], None],
    key: str,
    asked: tuple[int | None, int],
    on_epoch: Callable[[], None],
    spread: bool | str = False,
    switched: Switched = NOTHING,
    on_switched: Mapping[str, Callable[[], None]] = MappingProxyType({}),
) -> None:
    """Mount the maps of two runs beside each other, with one kept point and one scrubber, which has the epochs of the run that has more.

    `runs`: of each, `title` and what `run_map` takes: timeline, view, bound, description, dimensions, note. The rest is `run_map`'s.
    """
    leader = int(len(runs[1]["timeline"]["epochs"]) > len(runs[0]["timeline"]["epochs"]))
    told = []
    for number, run in enumerate(runs):
        itself = {name: run[name] for name in ("title", "view", "bound", "description", "note")}
        timeline = run["timeline"] | {"asked": _said(asked if number == leader else (None, 0))}
        told.append(itself | coordinates(run["dimensions"]) | {"timeline": timeline})
    hears = {"pick": on_pick, "epoch": on_epoch, **on_switched}
    callbacks: dict[str, Any] = {f"on_{name}_change": callback for name, callback in hears.items()}
    shared = USUAL | {
        "switched": _switched(switched),
        "spread": spread,
        "kept": _said(kept),
        "layers": list(layers),
        "help": HELP + RUN_HELP,
    }
    mount("two-runs", key, shared | {"runs": told, "leader": leader}, **callbacks)


def _said(agreed: tuple[Any, int]) -> dict[str, Any]:
    """A value and its number, as agreed.js takes them."""
    return {"value": agreed[0], "number": agreed[1]}


def _switched(switched: Switched) -> dict[str, Any]:
    return {name: _said(one) for name, one in switched.items()}


def _mount(key: str, hears: dict[str, Callable[[], None]], **said: Any) -> None:
    """Give the component what it needs anywhere, and what the caller says."""
    callbacks: dict[str, Any] = {f"on_{name}_change": callback for name, callback in hears.items()}
    mount("map", key, USUAL | said, **callbacks)

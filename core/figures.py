"""Plotly figures: arrays in, figures out. Of core only the colours' numbers are imported here."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import plotly.graph_objects as go

from core.colours import rgb

# Ten colours that stay apart under every common colour vision deficiency, in light and in dark.
# Petroff 2021, "Accessible Color Sequences for Data Visualization", table 3 (ten colours).
CLASS_COLOURS = ("#3f90da", "#ffa90e", "#bd1f01", "#94a4a2", "#832db6", "#a96b59", "#e76300", "#b9ac70", "#717581", "#92dadd")

MAP_MARGIN_PX = {"l": 34, "r": 6, "t": 6, "b": 28}  # fixed, so that a pixel can be turned into a code without asking Plotly
POINT_SIZE_PX = 4.0
PATH_REACH = 1.1  # of the map that is shown around a path, at least, up and down
CONFIDENCE_SCALE = [(0.0, "#b13c00"), (0.5, "#f08a3c"), (0.9, "#f7c79a"), (0.9, "#7db4e6"), (1.0, "#0b4f9e")]  # blue: over 90 % sure


def class_colour(label: int) -> str:
    """The colour of a class wherever it is drawn."""
    return CLASS_COLOURS[label % len(CLASS_COLOURS)]


def text_colour(label: int) -> str:
    """Black or white, whichever reads better on the class's colour (ITU-R BT.601 luma)."""
    red, green, blue = rgb(class_colour(label))
    return "#ffffff" if 0.299 * red + 0.587 * green + 0.114 * blue < 140 else "#10141b"


def class_name(classes: tuple[str, ...], label: int) -> str:
    """The name of a class; its number where it has none."""
    return classes[label] if label < len(classes) else str(label)


def latent_map(
    codes: np.ndarray,
    labels: np.ndarray,
    classes: tuple[str, ...],
    middles: Mapping[int, tuple[float, ...]],
    images: np.ndarray | None = None,
    prior: bool = True,
) -> go.Figure:
    """The latent scatter: codes (N, 2) coloured by their labels (N,), one WebGL trace per class, each class's name at its middle,
    rings of the prior, if there is one, at 1 to 3 sigma.

    Each trace carries the numbers of its test images (N,) as customdata (without `images`: row numbers) and its class's index as
    meta. Hover is off: the live map finds the nearest code itself.
    """
    figure = go.Figure()
    images = np.arange(len(codes)) if images is None else images
    for label in np.unique(labels).tolist():
        rows = np.flatnonzero(labels == label)
        figure.add_trace(
            go.Scattergl(
                x=codes[rows, 0].astype(np.float32),
                y=codes[rows, 1].astype(np.float32),
                customdata=images[rows].astype(np.int32),
                meta=label,
                name=class_name(classes, label),
                mode="markers",
                marker={"size": POINT_SIZE_PX, "color": class_colour(label), "opacity": 0.75},
                hoverinfo="skip",
            )
        )
    axis = {"automargin": False, "zeroline": False, "showgrid": True, "ticks": "", "fixedrange": False}
    figure.update_layout(
        margin=MAP_MARGIN_PX,
        xaxis=axis,
        yaxis=axis,
        hovermode=False,
        showlegend=False,
        dragmode="pan",
        paper_bgcolor="rgba(0,0,0,0)",
        plot_bgcolor="rgba(0,0,0,0)",
        uirevision="latent-map",
        template="none",
        shapes=[_prior_ring(sigmas) for sigmas in (1, 2, 3) if prior],
        annotations=[_name(label, class_name(classes, label), *middle) for label, middle in middles.items()],
    )
    return figure


def _prior_ring(sigmas: int) -> dict:
    """The circle at a distance of so many standard deviations from the prior's centre."""
    return {
        "type": "circle",
        "xref": "x",
        "yref": "y",
        "x0": -sigmas,
        "x1": sigmas,
        "y0": -sigmas,
        "y1": sigmas,
        "layer": "above",
        "line": {"width": 1.5, "dash": "dot", "color": "#808a94"},
    }


def _name(label: int, name: str, x: float, y: float) -> dict:
    """A class's name on a chip of its colour."""
    return {
        "x": x,
        "y": y,
        "text": f"<b>{name}</b>",
        "showarrow": False,
        "font": {"size": 15, "color": text_colour(label)},
        "bgcolor": class_colour(label),
        "bordercolor": "#ffffff",
        "borderwidth": 1,
        "borderpad": 3,
        "opacity": 0.92,
        "captureevents": False,
    }


def strangeness(reference: np.ndarray, value: float, title: str) -> go.Figure:
    """Where one value lies among others (N,): their histogram in grey, and a line with the words "this image" at the value."""
    low, high = min(float(reference.min()), value), max(float(reference.max()), value)
    bars = float(reference.max() - reference.min()) / 40 or 1.0
    figure = go.Figure(
        go.Histogram(
            x=reference,
            xbins={"start": float(reference.min()), "size": bars},
            marker={"color": "#94a4a2"},
            hovertemplate="%{y} test images of %{x} nats<extra></extra>",
        )
    )
    beyond = (value - low) / ((high - low) or 1) > 0.5  # then its words stand to the left of its line
    figure.add_vline(x=value, line={"width": 2.5, "color": "#e76300"})
    figure.add_annotation(
        x=value, y=1, yref="paper", text="<b>this image</b>", showarrow=False, xanchor="right" if beyond else "left", yanchor="bottom",
        xshift=-6 if beyond else 6, font={"size": 14, "color": "#e76300"},
    )  # fmt: skip
    margin = 0.04 * ((high - low) or 1)
    figure.update_layout(
        margin={"l": 0, "r": 8, "t": 28, "b": 44},
        height=220,
        bargap=0.05,
        showlegend=False,
        paper_bgcolor="rgba(0,0,0,0)",
        plot_bgcolor="rgba(0,0,0,0)",
        xaxis={"title": title, "range": [low - margin, high + margin], "fixedrange": True},
        yaxis={"visible": False, "fixedrange": True},
    )
    return figure


def losses(epochs: Sequence[int], series: Sequence[Mapping[str, Any]]) -> go.Figure:
    """Losses over a run's epochs: each of `series` a line with "name", "values" (None where there is none), "colour" and "dashed"."""
    figure = go.Figure()
    for line in series:
        style = {"color": line["colour"], "width": 2, "dash": "dash" if line["dashed"] else "solid"}
        figure.add_trace(go.Scatter(x=list(epochs), y=line["values"], mode="lines", name=line["name"], line=style))
    figure.update_layout(
        margin={"l": 0, "r": 8, "t": 8, "b": 44},
        height=320,
        paper_bgcolor="rgba(0,0,0,0)",
        plot_bgcolor="rgba(0,0,0,0)",
        xaxis={"title": "epoch", "fixedrange": True, "dtick": max(1, max(epochs, default=0) // 8)},  # epochs are whole numbers
        yaxis={"title": "nats per image", "fixedrange": True},
    )
    return figure


def latent_path(
    points: np.ndarray,
    labels: np.ndarray,
    classes: tuple[str, ...],
    middles: Mapping[int, tuple[float, ...]],
    path: np.ndarray,
    ends: tuple[str, str],
    reach: float = PATH_REACH,
) -> go.Figure:
    """A walk over the latent scatter: path (S, 2), each step a dot, over pale points (N, 2); ends: the words for its first and its last.

    reach: how much of the map is shown around it, at least, up and down.
    """
    figure = latent_map(points, labels, classes, middles, prior=False)
    figure.update_traces(marker={"opacity": 0.4, "size": 3.5})
    x, y = path.astype(np.float32).T
    for width, size, colour in ((7, 13, "#ffffff"), (2.5, 8, "#10141b")):  # dark on a light seam: it shows on every colour
        line, marker = {"color": colour, "width": width}, {"color": colour, "size": size}
        figure.add_trace(go.Scatter(x=x, y=y, mode="lines+markers", line=line, marker=marker, hoverinfo="skip", name="path"))
    along, up = (1 if v[-1] >= v[0] else -1 for v in (x, y))  # which way it leads: the words stand before its start and behind its end
    for row, words, side in ((0, ends[0], -1), (len(path) - 1, ends[1], 1)):
        figure.add_annotation(
            x=float(x[row]), y=float(y[row]), text=f"<b>{words}</b>", showarrow=True, arrowcolor="#808a94", arrowhead=0,
            ax=70 * side * along, ay=-46 * side * up, font={"size": 13, "color": "#ffffff"},
            bgcolor="#10141b", bordercolor="#ffffff", borderwidth=1, borderpad=4,
        )  # fmt: skip
    middle, reach = (path.max(0) + path.min(0)) / 2, max(reach, 0.75 * float(np.ptp(path, axis=0).max()))
    (left, bottom), (right, top) = (middle - reach).tolist(), (middle + reach).tolist()
    figure.update_layout(
        height=460,
        dragmode=False,
        xaxis={"fixedrange": True, "range": [1.6 * left - 0.6 * float(middle[0]), 1.6 * right - 0.6 * float(middle[0])]},
        yaxis={"fixedrange": True, "range": [bottom, top], "scaleanchor": "x"},  # a unit is as long up as across, as on every map
    )
    return figure


def confidence_map(
    points: np.ndarray,
    labels: np.ndarray,
    classes: tuple[str, ...],
    middles: Mapping[int, tuple[float, ...]],
    drawn: np.ndarray,
    confidence: np.ndarray,
    said: Sequence[str],
    prior: bool,
) -> go.Figure:
    """Drawn codes (M, 2) over a pale map of points (N, 2), coloured by a classifier's confidence (M,) in percent, the least sure on top;
    said: what it says of each, on hover."""
    figure = latent_map(points, labels, classes, middles, prior=prior)
    figure.update_traces(marker={"opacity": 0.16, "size": 3, "color": "#808a94"})
    order = np.argsort(-confidence, kind="stable")
    scale: dict[str, object] = {"title": {"text": "how sure, %"}, "thickness": 12, "len": 0.8, "outlinewidth": 0}
    scale |= {"orientation": "h", "y": -0.1, "yanchor": "top"}  # below the map, which keeps its width on a phone
    figure.add_trace(
        go.Scatter(
            x=drawn[order, 0].astype(np.float32),
            y=drawn[order, 1].astype(np.float32),
            customdata=[said[row] for row in order],
            mode="markers",
            marker={
                "size": 7, "color": confidence[order].astype(np.float32), "cmin": 0, "cmax": 100, "colorscale": CONFIDENCE_SCALE,
                "colorbar": scale, "line": {"width": 0.5, "color": "#ffffff"},
            },
            name="drawn",
            hovertemplate="%{customdata}<extra></extra>",
        )
    )  # fmt: skip
    figure.update_layout(
        height=480,
        hovermode="closest",
        dragmode=False,
        xaxis={"fixedrange": True},
        yaxis={"fixedrange": True, "scaleanchor": "x", "constrain": "domain"},  # rings are round
    )
    return figure


def _apart(angles: np.ndarray) -> np.ndarray:
    """Directions (K,) for the words at places seen at `angles` (K,) from their middle: evenly apart, so that words lie apart even where
    places do not, in the order of the places and as near to theirs as can be."""
    order, even = angles.argsort(), np.arange(len(angles)) * 2 * np.pi / len(angles) - np.pi
    shifted = np.stack([np.roll(even, shift) for shift in range(len(angles))])  # (K, K)
    found = np.empty_like(even)
    found[order] = shifted[np.cos(shifted - angles[order]).sum(1).argmax()]
    return found


def latent_places(
    points: np.ndarray,
    labels: np.ndarray,
    classes: tuple[str, ...],
    middles: Mapping[int, tuple[float, ...]],
    places: Mapping[str, tuple[float, float]],
    cloud: np.ndarray | None = None,
    arrows: Sequence[tuple[str, str]] = (),
) -> go.Figure:
    """Named places over pale points (N, 2) of the latent scatter; cloud (M, 2): small dots that belong to them; arrows: between places."""
    figure = latent_map(points, labels, classes, middles, prior=False)
    figure.update_traces(marker={"opacity": 0.35, "size": 3.5})
    notes = [{**note.to_plotly_json(), "opacity": 0.6} for note in figure.layout.annotations]
    spots = np.array(list(places.values()), np.float32)  # (K, 2)
    dots = [(spots, 13, "#ffffff"), (spots, 8, "#10141b")]  # dark on a light seam: it shows on every colour
    if cloud is not None:
        dots = [(cloud.astype(np.float32), 5, "#ffffff"), (cloud.astype(np.float32), 3, "#10141b"), *dots]
    for at, size, colour in dots:
        figure.add_trace(go.Scatter(x=at[:, 0], y=at[:, 1], mode="markers", marker={"color": colour, "size": size}, hoverinfo="skip"))
    for start, end in arrows:
        (x, y), (ax, ay) = places[end], places[start]
        for colour, width in (("#ffffff", 5), ("#10141b", 2)):
            notes.append(
                {
                    "x": x, "y": y, "ax": ax, "ay": ay, "xref": "x", "yref": "y", "axref": "x", "ayref": "y", "showarrow": True,
                    "arrowhead": 2, "arrowsize": 1, "text": "", "arrowwidth": width, "arrowcolor": colour, "standoff": 6,
                }
            )  # fmt: skip
    for row, angle in enumerate(_apart(np.arctan2(*(spots - spots.mean(0)).T[::-1])).tolist()):
        notes.append(
            {
                "x": float(spots[row, 0]), "y": float(spots[row, 1]), "text": f"<b>{list(places)[row]}</b>", "showarrow": True,
                "arrowcolor": "#808a94", "arrowhead": 0, "ax": float(52 * np.cos(angle)), "ay": float(-44 * np.sin(angle)),
                "font": {"size": 13, "color": "#ffffff"}, "bgcolor": "#10141b", "bordercolor": "#ffffff", "borderwidth": 1, "borderpad": 4,
            }
        )  # fmt: skip
    figure.layout.annotations = notes  # at once: Plotly looks through all of them each time
    low, high = np.quantile(points, [0.005, 0.995], axis=0)  # but for outliers
    if cloud is not None:  # of codes that have collapsed it is far wider than they are
        low, high = np.minimum(low, cloud.min(0)), np.maximum(high, cloud.max(0))
    words = (high - low) * (0.15 + 0.02 * max(map(len, places)), 0.15)  # room for those around the spots, also on a phone
    low, high = np.minimum(low, spots.min(0) - words), np.maximum(high, spots.max(0) + words)
    grow = np.maximum((high - low)[::-1] * 0.75 - (high - low), 0) / 2  # codes that have collapsed lie in a line, or in one place
    low, high = low - grow, high + grow
    (left, bottom), (right, top) = (low - 0.06 * (high - low)).tolist(), (high + 0.06 * (high - low)).tolist()
    figure.update_layout(
        height=460,
        dragmode=False,
        xaxis={"fixedrange": True, "range": [left, right], "constrain": "domain", "constraintoward": "left"},  # no wider than the codes
        yaxis={"fixedrange": True, "range": [bottom, top], "scaleanchor": "x"},  # a unit is as long up as across, as on every map
    )
    return figure


RATE_TICKS = (0, 1, 3, 10, 30, 100)  # nats
SUM_STEPS = 60


def along_rate(rate_nats: float) -> float:
    """Where a rate lies on the axis of `rate_distortion`: a rate of 0 is on it, and one of 100 is still in sight."""
    return math.log1p(rate_nats)


def rate_distortion(
    family: Sequence[tuple[str, float, float]], others: Sequence[tuple[str, float, float]], sums: Sequence[tuple[str, float]]
) -> go.Figure:
    """Models between rate and distortion, nats: `family`, joined by a line, and `others`, each (name, rate, distortion); `sums`: (name,
    rate + distortion), of which each is a line, since only the sum is known.

    (Alemi et al. 2018, figure 1, with the axes exchanged)
    """
    figure = go.Figure()
    rates = np.array([rate for _, rate, _ in (*family, *others)])
    distortions = np.array([distortion for _, _, distortion in (*family, *others)])
    right, low, high = 1.06 * along_rate(float(rates.max())), float(distortions.min()), float(distortions.max())
    bottom, top = low - 0.08 * (high - low), high + 0.08 * (high - low)
    for number, (name, total) in enumerate(sums):
        along = np.linspace(0, right, SUM_STEPS)
        within = total - np.expm1(along)
        seen = within >= bottom
        figure.add_trace(
            go.Scatter(
                x=along[seen].tolist(), y=within[seen].tolist(), mode="lines", name=name,
                line={"color": CLASS_COLOURS[(2 * number + 2) % len(CLASS_COLOURS)], "width": 1.5, "dash": "dot"},
                hovertemplate=f"{name}: rate + distortion = {total:.1f}<extra></extra>",
            )
        )  # fmt: skip
    drawn = (
        ("other shipped models", others, "markers", CLASS_COLOURS[3], 7),
        ("the same VAE, β from 0 to 10", family, "lines+markers", CLASS_COLOURS[0], 9),
    )
    for name, points, mode, colour, size in drawn:
        figure.add_trace(
            go.Scatter(
                x=[along_rate(rate) for _, rate, _ in points], y=[distortion for _, _, distortion in points], mode=mode, name=name,
                text=[f"{title}<br>rate {rate:.2f}, distortion {distortion:.2f}" for title, rate, distortion in points],
                hovertemplate="%{text}<extra></extra>", marker={"color": colour, "size": size}, line={"color": colour, "width": 2},
            )
        )  # fmt: skip
    axis = {"fixedrange": True, "zeroline": False, "automargin": False}
    figure.update_layout(
        margin={"l": 52, "r": 10, "t": 8, "b": 150, "autoexpand": False},  # whoever marks a place on it needs them as they are
        template="none",
        hovermode="closest",
        dragmode=False,
        paper_bgcolor="rgba(0,0,0,0)",
        plot_bgcolor="rgba(0,0,0,0)",
        legend={"orientation": "h", "x": 0, "y": -0.25, "yanchor": "top", "font": {"size": 11}},
        xaxis=axis
        | {
            "title": {"text": "rate (KL), nats per image", "standoff": 6},
            "range": [-0.12, right],
            "tickvals": [along_rate(tick) for tick in RATE_TICKS],
            "ticktext": [str(tick) for tick in RATE_TICKS],
        },
        yaxis=axis | {"title": {"text": "distortion, nats per image", "standoff": 6}, "range": [bottom, top]},
    )
    return figure

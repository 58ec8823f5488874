"""Which point of one map goes with a point of another; as map/pair.js has it."""

import numpy as np
import streamlit as st

from core.checkpoints import Checkpoint
from pages.session import link
from pages.session.caches import MapView

Point = tuple[float, float]


def of_the_same_images(one: Checkpoint, other: Checkpoint) -> bool:
    """Whether row n of both models' codes is the same test image."""
    return one.dataset_name == other.dataset_name and np.array_equal(one.latents.label, other.latents.label)


def nearest(view: MapView, z: Point) -> int:
    """The row of the code nearest to a point of the map."""
    return int(((view.frame.points - np.asarray(z)) ** 2).sum(1).argmin())


def snapped(view: MapView, z: Point) -> Point:
    """The code nearest to a point of the map."""
    return _place(view, nearest(view, z))


def across(by: str, one: MapView, other: MapView, z: Point) -> Point:
    """The point of the other map that goes with z on this one."""
    return _place(other, nearest(one, z)) if by == "image" else z


def heard(key: str, numbers_key: str, side: int) -> tuple[Point | None] | None:
    """What is kept on a map of the pair mounted under that key, in a tuple; None where it makes no sense. side: 0 or 1, the second map.

    Its number goes into the session under numbers_key, which has one for each map.
    """
    session = st.session_state
    checked = link.check_pick(session[key].pick_other if side else session[key].pick)
    if checked is None:
        return None
    z, number = checked
    numbers = list(session.get(numbers_key, (0, 0)))
    numbers[side] = number
    session[numbers_key] = tuple(numbers)
    return (z,)


def _place(view: MapView, row: int) -> Point:
    x, y = view.frame.points[row].tolist()
    return round(x, 4), round(y, 4)

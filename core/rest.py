"""What a map's plane leaves out of larger codes: the other directions, with a number of each code along each of them."""

from dataclasses import dataclass

import numpy as np

from core import latent
from core.latent import Plane
from core.quality import ACTIVE_VARIANCE


@dataclass(frozen=True, eq=False)
class Rest:
    """The other directions; together with the plane's axes they span all dimensions."""

    directions: np.ndarray  # float32 (D - 2, D), orthonormal rows at right angles to the plane's axes
    home: np.ndarray  # float32 (D - 2,): the numbers that the plane's own points have
    extent: np.ndarray  # float32 (D - 2,): how far from 0 those of the codes go
    used: np.ndarray  # bool (D - 2,): whether they vary by more than ACTIVE_VARIANCE


def values(rest: Rest, plane: Plane, codes: np.ndarray) -> np.ndarray:
    """The other numbers of codes (N, D): (N, D - 2)."""
    return (rest.home + (codes - plane.origin) @ rest.directions.T).astype(np.float32)


def through(rest: Rest, plane: Plane, at: np.ndarray) -> Plane:
    """The plane beside a map's plane whose points have these other numbers (D - 2,)."""
    return Plane((plane.origin + (np.asarray(at) - rest.home) @ rest.directions).astype(np.float32), plane.axes)


def of_plane(codes: np.ndarray, plane: Plane, shown: tuple[int, int] | None) -> Rest:
    """What the plane of a map of codes (N, D), D > 2, leaves out: of one with two of the numbers for axes (`shown`, from 0) the other
    numbers, in order; of `latent.map_plane` the other principal directions, from there counted as the plane's own are."""
    dimensions = codes.shape[1]
    if shown:
        others = [axis for axis in range(dimensions) if axis not in shown]
        directions, home = np.eye(dimensions)[others], plane.origin[others]
    else:
        directions, home = latent.principal_directions(codes)[2:], np.zeros(dimensions - 2)
    rest = Rest(directions.astype(np.float32), home.astype(np.float32), np.zeros(0), np.zeros(0))
    along = values(rest, plane, codes)
    return Rest(rest.directions, rest.home, np.abs(along).max(0), along.var(0) > ACTIVE_VARIANCE)

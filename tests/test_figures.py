"""Figures: where the words at a walk's two ends stand."""

import numpy as np
import pytest

from core import figures


@pytest.mark.parametrize("end", [(0.1, 0.1), (-0.1, 0.1), (0.1, -0.1), (-0.1, -0.1)])
def test_the_words_at_both_ends_of_a_walk_stand_apart_however_short_it_is(end: tuple[float, float]) -> None:
    """In front of its start and behind its end, in pixels with y downwards: never on the same side of it."""
    figure = figures.latent_path(np.zeros((1, 2)), np.zeros(1, np.uint8), ("0",), {}, np.array([(0.0, 0.0), end]), ("a", "b"))
    start, stop = [note for note in figure.layout.annotations if note.text in ("<b>a</b>", "<b>b</b>")]
    towards = np.sign(end) * (1, -1)
    assert np.array_equal(np.sign((stop.ax, stop.ay)), towards) and np.array_equal(np.sign((start.ax, start.ay)), -towards)

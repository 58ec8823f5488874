"""A colour's numbers are what other software reads of it."""

from PIL import ImageColor

from core import figures
from core.colours import rgb
from core.field_picture import YELLOW_TO_BLUE


def test_a_colour_is_what_pillow_reads() -> None:
    for colour in ("#010203", *figures.CLASS_COLOURS, *YELLOW_TO_BLUE):
        assert rgb(colour) == ImageColor.getrgb(colour)

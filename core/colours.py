"""A colour as CSS writes it, in numbers."""


def rgb(colour: str) -> tuple[int, int, int]:
    """ "#rrggbb" -> red, green and blue, 0 to 255."""
    red, green, blue = (int(colour[i : i + 2], 16) for i in (1, 3, 5))
    return red, green, blue

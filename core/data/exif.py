"""The directories of tags that TIFF and EXIF are made of, and the orientation that they tell."""

import struct
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

TIFF_NUMBERS = {1: "B", 3: "H", 4: "L", 16: "Q"}  # the types that sizes and offsets may have
TIFF_BYTES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4, 16: 8, 17: 8, 18: 8}
ORIENTATION = 274  # the EXIF tag
UPRIGHT: dict[int, Callable[[np.ndarray], np.ndarray]] = {  # EXIF 2.3, 4.6.4 A: where row 0 and column 0 are
    2: np.fliplr,
    3: lambda image: image[::-1, ::-1],
    4: np.flipud,
    5: np.transpose,
    6: lambda image: np.rot90(image, -1),
    7: lambda image: image[::-1, ::-1].T,
    8: np.rot90,
}


@dataclass(frozen=True)
class Directory:
    """The first directory of a TIFF, or of EXIF, which is one: tag -> (type, count, the entry as it stands)."""

    data: bytes
    order: str  # "<" or ">"
    big: bool  # BigTIFF: offsets of 8 bytes
    entries: dict[int, tuple[int, int, bytes]]

    def bytes_outside(self, tag: int) -> int:
        """How many bytes a tag's values take outside its entry; IndexError when they are not all within the file."""
        kind, count, entry = self.entries[tag]
        size, start = count * TIFF_BYTES[kind], 12 if self.big else 8
        if size <= len(entry) - start:
            return 0
        (offset,) = struct.unpack_from(self.order + ("Q" if self.big else "L"), entry, start)
        if offset + size > len(self.data):
            raise IndexError
        return size

    def numbers(self, tag: int, default: tuple[int, ...] = ()) -> tuple[int, ...]:
        """A tag's values; struct.error and KeyError when it does not hold whole numbers that lie within the file."""
        if tag not in self.entries:
            return default
        kind, count, entry = self.entries[tag]
        code, start, room = TIFF_NUMBERS[kind], *((12, 8) if self.big else (8, 4))
        if count * TIFF_BYTES[kind] <= room:
            return struct.unpack_from(f"{self.order}{count}{code}", entry, start)
        (offset,) = struct.unpack_from(self.order + ("Q" if self.big else "L"), entry, start)
        return struct.unpack_from(f"{self.order}{count}{code}", self.data, offset)


def first_directory(data: bytes) -> Directory:
    """The first directory of a TIFF's bytes, or of EXIF's; struct.error and IndexError where there is none."""
    order, big = "<" if data[:1] == b"I" else ">", data[2:4] in (b"+\0", b"\0+")
    head, entry_head, entry_bytes = ("Q", "HHQ", 20) if big else ("L", "HHL", 12)
    (start,) = struct.unpack_from(order + head, data, 8 if big else 4)
    (count,) = struct.unpack_from(order + ("Q" if big else "H"), data, start)
    start += 8 if big else 2
    entries: dict[int, tuple[int, int, bytes]] = {}
    for at in range(start, start + entry_bytes * min(count, 1 << 16), entry_bytes):
        tag, kind, values = struct.unpack_from(order + entry_head, data, at)
        if at + entry_bytes > len(data):
            raise IndexError
        entries.setdefault(tag, (kind, values, data[at : at + entry_bytes]))
    return Directory(data, order, big, entries)


def orientation_of(exif: bytes) -> int:
    """EXIF's orientation, 1 to 8; 1 when it says nothing, or nonsense: then the picture is still worth reading."""
    try:
        (value,) = first_directory(exif.removeprefix(b"Exif\0\0")).numbers(ORIENTATION, (1,))
    except (struct.error, IndexError, KeyError, ValueError, OverflowError):
        return 1
    return value if value in UPRIGHT else 1

"""Uploaded bytes as images: six formats in any mode, and zips of them. What cannot be read becomes a sentence for its owner.

An upload is a stranger's. So each format's container is walked here first: sizes are checked before anything is decoded, and
Pillow gets only what it needs to decode the first frame. Text, profiles, EXIF and other frames, where time, memory and
warnings hide, never reach it, and none of its global settings is touched.
"""

import codecs
import io
import math
import re
import struct
import unicodedata
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
from PIL import Image

from core.data.crops import digit_is_lighter
from core.data.photo import find_digits as find_digits  # both are the contract of this module
from core.data.surround import page_alone

MAX_BYTES = 32 << 20  # of a file
MAX_PIXELS = 50_000_000  # as its header states them
MAX_SIDE = 20_000
MAX_WEBP_PIXELS = 25_000_000  # its decoder keeps four copies of the picture
MAX_RLE = 4 << 20  # pixels, and bytes, of a run-length coded BMP: Pillow decodes these in Python
MAX_DECODED = 200 << 20  # bytes of a TIFF's samples: 50 megapixels of 4 bytes
MAX_COMPLETED = 100 << 20  # bytes of a PNG's rows, where its end is missing and it has to be packed again
MAX_WORKING_PIXELS = 1 << 24  # larger pictures are reduced, as 4096 x 4096 still shows every pen stroke of a page
MAX_SCANS = 32  # of a JPEG; ordinary progressive ones have ten, and each can cost a pass over the whole picture
MAX_PIECES = 100_000  # chunks, segments, blocks, strips, tiles: whatever a container is made of
MAX_FILES = 200  # images in one go
MAX_MEMBERS = 2_000  # entries of a zip, with those that are skipped
MAX_UNPACKED = 256 << 20  # bytes out of zips, in one go
MAX_TITLE = 80  # characters
STRIP_PIXELS = 1 << 20  # turned to grey at a time, which bounds the memory for it
CHUNK = 1 << 20

FORMATS = "a PNG, JPEG, WebP, BMP, TIFF or GIF"
PNG_MAGIC = b"\x89PNG\r\n\x1a\n"
PNG_END = b"\0\0\0\0IEND\xaeB`\x82"
PNG_SAMPLES = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}  # of a pixel, by the colour type
PNG_KEPT = (b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"IEND")
JPEG_SIZES = {*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC}  # SOFn: the markers that state the size
JPEG_KEPT = JPEG_SIZES | {0xC4, 0xCC, 0xDB, 0xDD, 0xE0, 0xEE}  # DHT, DAC, DQT, DRI, JFIF, Adobe's colour transform
JPEG_MARKER = re.compile(rb"\xff([^\x00\xd0-\xd7\xff])")  # in coded data: neither an escaped FF nor a restart
TIFF_NUMBERS = {1: "B", 3: "H", 4: "L", 16: "Q"}  # the types that sizes and offsets may have
TIFF_BYTES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4, 16: 8, 17: 8, 18: 8}
TIFF_KEPT = {  # tag: the most values that it may have
    **dict.fromkeys((256, 257, 259, 262, 266, 277, 278, 284, 292, 293, 317, 322, 323), 1),  # size, kind, layout
    **dict.fromkeys((258, 338, 339, 529, 530, 532), 8),  # bits, extra samples, their format, YCbCr
    **dict.fromkeys((273, 279, 324, 325), MAX_PIECES),  # where strips and tiles lie
    320: 3 << 8,  # palette
    347: 1 << 16,  # JPEG tables
}
TIFF_COMPRESSIONS = (1, 2, 3, 4, 5, 7, 8, 32773, 32946)  # none, fax, LZW, JPEG, Deflate, PackBits; others may need gigabytes
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
HEIC = (b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"heif", b"mif1", b"msf1")
ZIP_MAGIC = (b"PK\3\4", b"PK\5\6", b"PK\7\x08")
ZIP_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)  # others may need gigabytes to unpack
MEMBER_SIGNATURE = b"PK\1\2"  # begins each entry of a zip's list of files
ENCRYPTED_FLAGS = 0x41


class UploadError(Exception):
    """An upload that cannot be read as an image; the message says what was wrong and what to do."""


@dataclass(frozen=True)
class Picture:
    """A picture as core works on it, which way round it was, and what is to be said of how it was read."""

    image: np.ndarray  # float32 (H, W) in [0, 1], ink = 1
    dark_ink: bool  # on light paper
    notes: tuple[str, ...] = ()  # sentences


@dataclass(frozen=True)
class Upload:
    """One uploaded file: its image, float32 (H, W) in [0, 1] with ink = 1, or what was wrong with it."""

    title: str  # plain and short, made safe for showing; never used as a path
    image: np.ndarray | None
    problem: str  # a sentence or two; "" when there is an image
    dark_ink: bool = True  # on light paper
    notes: tuple[str, ...] = ()  # what is to be said of how it was read, sentences


@dataclass(frozen=True)
class Source:
    """What Pillow gets of a file, and what the container says about it."""

    data: bytes
    size: tuple[int, int]  # width, height, as stored
    orientation: int = 1  # EXIF's
    bits: int = 16  # of a grey sample with more than 8
    cut: bool = False  # whether the file's end is missing
    rows: int | None = None  # of a cut one, how many of its rows there are; None: nobody knows before it is decoded


def read_image(data: bytes) -> np.ndarray:
    """The first frame of a PNG, JPEG, WebP, BMP, TIFF or GIF: float32 (H, W) in [0, 1], ink = 1 on background 0.

    `read_grey`, or 1 minus that where `ink_is_dark`. Raises UploadError, and nothing else, when it cannot be read.
    """
    return read_picture(data).image


def read_picture(data: bytes) -> Picture:
    """`read_image`'s image, whether its ink was dark, and what is to be said of it. Raises UploadError, and nothing else."""
    grey, notes = _read_grey(data)
    if dark := ink_is_dark(grey):
        np.subtract(1, grey, out=grey)
    return Picture(grey, dark, notes)


def read_grey(data: bytes) -> np.ndarray:
    """The same as it is: white = 1, whatever the ink's colour.

    Upright by its EXIF orientation; colours as ITU-R 601 luma; what is transparent is paper, white or, under light ink, black; grey
    samples are exact: v/255 or v/65535, unless they use a part of that range only, which is then stretched. Of a PNG or JPEG whose end is
    missing what there is. More than MAX_WORKING_PIXELS are reduced by block means, by the smallest whole factor that fits (2 for a photo
    of 50 megapixels). Raises UploadError, and nothing else, when it cannot be read.
    """
    return _read_grey(data)[0]


def _read_grey(data: bytes) -> tuple[np.ndarray, tuple[str, ...]]:
    kind = _kind(data)
    with _only_upload_errors(kind):
        return _decode(kind, WALKS[kind](data))


def stored_size(data: bytes) -> tuple[int, int]:
    """(height, width) of the picture in a file, upright, before any reduction; nothing is decoded.

    Of a WebP as stored, since its orientation only its decoder finds. Raises UploadError, and nothing else, when there is none to be read.
    """
    kind = _kind(data)
    with _only_upload_errors(kind):
        source = WALKS[kind](data)
    width, height = source.size
    return (width, height) if source.orientation >= 5 else (height, width)  # 5 to 8 lie on their side


@contextmanager
def _only_upload_errors(kind: str) -> Iterator[None]:
    """Whatever fails becomes an UploadError."""
    try:
        yield
    except UploadError:
        raise
    except MemoryError as error:
        raise UploadError(f"There is not enough memory for this {kind} file. Make it smaller and upload it again.") from error
    except Exception as error:  # on damaged bytes struct and Pillow raise a dozen kinds, some of them nowhere documented
        raise _damaged(kind) from error


def ink_is_dark(grey: np.ndarray) -> bool:
    """Whether the ink of a picture, grey (H, W) in [0, 1] with white = 1, is darker than what it lies on.

    Background is what there is more of, in tiles of a half, a quarter and an eighth of the picture: near an edge of a shadow the
    two sides are even and cancel, near a stroke the background wins. In small pictures one flat level, as a data
    set's images have it, decides. What surrounds a page does not count. A picture of one level is background: dark ink could lie on
    it if it is light. A digit that fills the picture is its ink, whatever there is more of.
    """
    if (lighter := digit_is_lighter(grey)) is not None:
        return not lighter
    if max(grey.shape) <= 64:
        levels, counts = np.unique(grey, return_counts=True)
        flat = levels[counts.argmax()]
        if len(levels) > 1 and counts.max() >= 0.2 * grey.size and _on_border(grey, flat):
            return bool(flat > grey[grey != flat].mean())
    small = page_alone(grey)
    lightness = sum(_light_surplus(small, parts) for parts in (2, 4, 8))
    return bool(lightness > 0 if lightness else small.mean() >= 0.5)


def read_files(files: Iterable[tuple[str, bytes]]) -> Iterator[Upload]:
    """Each image of (name, bytes) in turn, zips opened; what is wrong with a file becomes its `problem`, never an exception.

    Lazy: one image is in memory at a time. After MAX_FILES images, and after MAX_UNPACKED bytes out of zips, a last Upload says
    that the rest was left out. In a zip folders, dot files and __MACOSX are skipped, and zips are not opened.
    """
    budget = _Budget()
    for name, data in files:
        members = _members(name, data, budget) if data.startswith(ZIP_MAGIC) else iter([(name, data, "")])
        for member, content, problem in members:
            if budget.files == 0:
                yield Upload(_title(member), None, f"There are more than {MAX_FILES} images; the rest was left out. Upload it next.")
                return
            budget.files -= 1
            yield _read(member, content, problem)


def _read(name: str, data: bytes, problem: str) -> Upload:
    """An Upload of one file; in a function of its own so that no name keeps its image alive."""
    if problem:
        return Upload(_title(name), None, problem)
    try:
        picture = read_picture(data)
        return Upload(_title(name), picture.image, "", picture.dark_ink, picture.notes)
    except UploadError as error:
        return Upload(_title(name), None, str(error))


# --- what the file is -------------------------------------------------------------------------------------------------


def _kind(data: bytes) -> str:
    """Pillow's name of the format that the first bytes show; a fitting UploadError when it is none of the six."""
    if len(data) > MAX_BYTES:
        raise UploadError(f"The file is larger than {MAX_BYTES >> 20} MB. Save the image smaller, or as a JPEG, and upload it again.")
    if data.startswith(PNG_MAGIC):
        return "PNG"
    if data.startswith(b"\xff\xd8\xff"):
        return "JPEG"
    if data.startswith(b"RIFF") and data[8:12] == b"WEBP":
        return "WEBP"
    if data.startswith((b"GIF87a", b"GIF89a")):
        return "GIF"
    if data.startswith((b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")):
        return "TIFF"
    if data.startswith(b"BM") and len(data) >= 18 and struct.unpack_from("<L", data, 14)[0] <= 124:
        return "BMP"
    raise UploadError(_what_it_is(data))


def _what_it_is(data: bytes) -> str:
    """A sentence about bytes that are no image."""
    if not data:
        return "The file is empty. Choose the image again."
    if data[4:8] == b"ftyp":
        if data[8:12] in HEIC:
            return (
                "This is a HEIC photo, which is not read here. Save it as a JPEG: on an iPhone, share it with Options > Most Compatible, "
                "or set Camera > Formats to Most Compatible; on a computer, open it and export it as JPEG."
            )
        return "This is a video or an AVIF image, which are not read here. Save the picture as a JPEG or PNG and upload that."
    if data.startswith(ZIP_MAGIC):
        return "This is a zip, not an image. Unpack it and upload the images in it."
    start = data[:1024].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if b"%pdf-" in start:
        return "This is a PDF, not an image. Export its page as a PNG or JPEG and upload that."
    if b"<svg" in start:
        return "This is an SVG drawing, which has no pixels. Export it as a PNG and upload that."
    if start.startswith((b"<!doctype html", b"<html")) or b"<html" in start:
        return "This is a web page, not an image. Save the image itself and upload that."
    text = codecs.getincrementaldecoder("utf-8")("replace").decode(data[:1000])  # less a last character that the cut has split
    if all(c.isprintable() or c in "\t\r\n" for c in text.replace("\ufffd", "\0")):
        return f"This is text, whatever its name ends in, not an image. Upload {FORMATS}."
    return f"This is not an image of a kind that is read here. Upload {FORMATS}."


def _damaged(kind: str, what: str = "damaged or incomplete") -> UploadError:
    return UploadError(f"The {kind} file is {what}, so it could not be decoded. Download it or save it again.")


def _unusual(kind: str, what: str) -> UploadError:
    return UploadError(f"The {kind} file {what}, which is not read here. Open it in an image program, save it as a PNG and upload that.")


def _check_size(kind: str, width: int, height: int, most: int = MAX_PIXELS) -> tuple[int, int]:
    """(width, height), or an UploadError when a header asks for more than is read, or for nothing."""
    if width < 1 or height < 1:
        raise _damaged(kind, "damaged: its header states no size")
    if max(width, height) > MAX_SIDE or width * height > most:
        raise UploadError(
            f"The image is {width:,} x {height:,} pixels; at most {most / 1e6:g} megapixels and {MAX_SIDE:,} to a side are read. "
            "Make it smaller and upload it again."
        )
    return width, height


# --- containers: each walk checks the sizes and keeps what Pillow needs ---------------------------------------------------


def _walk_png(data: bytes) -> Source:
    """IHDR, palette, transparency and the picture; an animation's other frames and all text are left out.

    Compressed text and profiles may unpack to gigabytes.
    """
    kept, orientation, size, at = [PNG_MAGIC], 1, None, len(PNG_MAGIC)
    for _ in range(MAX_PIECES):
        length, name = struct.unpack_from(">L4s", data, at) if at + 8 <= len(data) else (0, b"")
        end = at + 12 + length
        if end > len(data):
            if size is None:
                raise _damaged("PNG", "cut off")
            return _completed_png(kept, data[at + 8 :] if name == b"IDAT" else b"", size, orientation)
        if name in PNG_KEPT:
            if zlib.crc32(memoryview(data)[at + 4 : end - 4]) != struct.unpack_from(">L", data, end - 4)[0]:
                raise _damaged("PNG", "damaged: a checksum is wrong")
            kept.append(data[at:end])
        if (name == b"IHDR") != (at == len(PNG_MAGIC)):
            raise _damaged("PNG")
        if name == b"IHDR":
            size = _check_size("PNG", *struct.unpack_from(">LL", data, at + 8))
        elif name == b"eXIf":
            orientation = _orientation(data[at + 8 : end - 4])
        elif name == b"IEND":
            assert size is not None  # IHDR was the first
            return Source(b"".join(kept), size, orientation)
        at = end
    raise _unusual("PNG", f"consists of more than {MAX_PIECES:,} pieces")


def _completed_png(kept: list[bytes], rest: bytes, size: tuple[int, int], orientation: int) -> Source:
    """What there is of a PNG whose end is missing, the other rows like the last one; `rest`: of a chunk of the picture that is cut."""
    head = kept[1][8:-4]  # IHDR's content
    depth, colour, interlaced = head[8], head[9], head[12]
    row = 1 + -(-size[0] * depth * PNG_SAMPLES.get(colour, 0) // 8)  # bytes, one of them the filter's kind
    if interlaced or row == 1 or row * size[1] > MAX_COMPLETED:
        raise _damaged("PNG", "cut off")
    packed = b"".join([*(chunk[8:-4] for chunk in kept[2:] if chunk[4:8] == b"IDAT"), rest])
    unpacker, raw = zlib.decompressobj(), bytearray()
    try:
        for start in range(0, len(packed), CHUNK):
            raw += unpacker.decompress(packed[start : start + CHUNK], row * size[1] - len(raw) or 1)
            if len(raw) >= row * size[1]:
                break
    except zlib.error:  # of the rows that came before it says nothing
        pass
    rows = min(len(raw) // row, size[1])
    if not rows:
        raise _damaged("PNG", "cut off before its first row of pixels")
    whole = bytes(raw[: rows * row]) + (b"\2" + bytes(row - 1)) * (size[1] - rows)  # filter 2: what is above, and 0
    others = [chunk for chunk in kept[1:] if chunk[4:8] != b"IDAT"]
    return Source(b"".join([PNG_MAGIC, *others, _png_chunk(b"IDAT", zlib.compress(whole, 1)), PNG_END]), size, orientation, 16, True, rows)


def _png_chunk(name: bytes, content: bytes) -> bytes:
    return struct.pack(">L", len(content)) + name + content + struct.pack(">L", zlib.crc32(name + content))


def _walk_jpeg(data: bytes) -> Source:
    """Tables, size and scans up to the end of the first picture; what cameras append is left out."""
    kept, orientation, size, at, scans, start, coded = [b"\xff\xd8"], 1, None, 2, 0, 0, 0
    for _ in range(MAX_PIECES):
        marker = JPEG_MARKER.search(data, at)
        code, at, before = (marker[1][0], marker.end(), marker.start()) if marker else (None, len(data), len(data))
        if code == 0xD9 and scans and size:
            kept.append(data[start:at])
            return Source(b"".join(kept), size, orientation)
        if code in (0x01, 0xD8, 0xD9):  # they have no content
            continue
        length = int.from_bytes(data[at : at + 2], "big")
        if code is None or at + max(length, 2) > len(data):
            if not scans or size is None:
                raise _damaged("JPEG", "cut off")
            if before < coded + 4:  # bytes of the first scan: what is made of less is no picture
                raise _damaged("JPEG", "cut off before its first pixels")
            return Source(b"".join([*kept, data[start:before].rstrip(b"\xff"), b"\xff\xd9"]), size, orientation, cut=True)
        segment = data[at + 2 : at + length]
        if code in JPEG_SIZES:
            if size:
                raise _damaged("JPEG")
            height, width = struct.unpack_from(">HH", segment, 1)
            size = _check_size("JPEG", width, height)
        if code == 0xDA:
            scans += 1
            start, coded = start or before, coded or at + length  # from the first scan on all is kept as it is
            if scans > MAX_SCANS:
                raise _unusual("JPEG", f"comes in more than {MAX_SCANS} scans")
        elif code == 0xE1 and segment.startswith(b"Exif\0") and orientation == 1:
            orientation = _orientation(segment)
        if not scans and code in JPEG_KEPT:
            kept.append(b"\xff" + data[at - 1 : at + length])
        at += length
    raise _unusual("JPEG", f"consists of more than {MAX_PIECES:,} pieces")


def _walk_gif(data: bytes) -> Source:
    """The screen, the palette and the first frame with its transparency; all that stands between is left out."""
    width, height, flags = struct.unpack_from("<HHB", data, 6)
    header = at = 13 + (3 << (flags & 7) + 1 if flags & 128 else 0)
    control = b""
    for _ in range(MAX_PIECES):
        if data[at] == ord(","):
            left, top, frame_width, frame_height = struct.unpack_from("<4H", data, at + 1)
            _check_size("GIF", frame_width, frame_height)
            size = _check_size("GIF", max(width, left + frame_width), max(height, top + frame_height))
            return Source(data[:header] + control + data[at:], size)
        if data[at] != ord("!"):
            raise _damaged("GIF")
        if data[at + 1 : at + 3] == b"\xf9\4":
            control = data[at : at + 7] + b"\0"
        at = _after_blocks(data, at + 2)
    raise _unusual("GIF", f"consists of more than {MAX_PIECES:,} pieces")


def _after_blocks(data: bytes, at: int) -> int:
    """Where a GIF goes on after a row of sub-blocks."""
    for _ in range(MAX_PIECES // 10):  # ten such rows are a second; an XMP text has hundreds of blocks
        if not data[at]:
            return at + 1
        at += 1 + data[at]
    raise _unusual("GIF", "has an extension of too many pieces")


def _walk_bmp(data: bytes) -> Source:
    (header,) = struct.unpack_from("<L", data, 14)
    width, height = struct.unpack_from("<HH" if header == 12 else "<Ll", data, 18)
    size = _check_size("BMP", width, abs(height))
    coded = header != 12 and struct.unpack_from("<L", data, 30)[0] in (1, 2)
    if coded and max(len(data), width * abs(height)) > MAX_RLE:
        raise _unusual("BMP", "is run-length coded and large")
    return Source(data, size)


def _walk_webp(data: bytes) -> Source:
    """The size; libwebp itself bounds what it reads of the rest, and unpacks one frame of an animation."""
    name = data[12:16]
    if struct.unpack_from("<L", data, 4)[0] + 8 > len(data):
        raise _damaged("WebP", "cut off")
    if name == b"VP8X":
        width, height = (int.from_bytes(data[at : at + 3], "little") + 1 for at in (24, 27))
    elif name == b"VP8L" and data[20] == 0x2F:
        (packed,) = struct.unpack_from("<L", data, 21)
        width, height = (packed & 0x3FFF) + 1, (packed >> 14 & 0x3FFF) + 1
    elif name == b"VP8 " and data[23:26] == b"\x9d\x01\x2a":
        width, height = (side & 0x3FFF for side in struct.unpack_from("<HH", data, 26))
    else:
        raise _damaged("WebP")
    return Source(data, _check_size("WebP", width, height, MAX_WEBP_PIXELS))


@dataclass(frozen=True)
class _Directory:
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


def _directory(data: bytes) -> _Directory:
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
    return _Directory(data, order, big, entries)


def _orientation(exif: bytes) -> int:
    """EXIF's orientation, 1 to 8; 1 when it says nothing, or nonsense: then the picture is still worth reading."""
    try:
        (value,) = _directory(exif.removeprefix(b"Exif\0\0")).numbers(ORIENTATION, (1,))
    except (struct.error, IndexError, KeyError, ValueError, OverflowError):
        return 1
    return value if value in UPRIGHT else 1


def _walk_tiff(data: bytes) -> Source:
    """The picture of the first directory, with a new directory of those tags only that it takes to decode it."""
    tiff = _directory(data)
    for tag, (kind, count, _) in tiff.entries.items():
        if tag in TIFF_KEPT and (kind not in TIFF_BYTES or not 1 <= count <= TIFF_KEPT[tag]):
            raise _damaged("TIFF", f"damaged: its tag {tag} is absurd")
    if (outside := sum(tiff.bytes_outside(tag) for tag in tiff.entries if tag in TIFF_KEPT)) > len(data):  # Pillow would skip some
        raise _damaged("TIFF", f"damaged: its tags ask for {outside:,} bytes")
    (width,), (height,) = tiff.numbers(256), tiff.numbers(257)
    size = _check_size("TIFF", width, height)
    _check_tiff_layout(tiff, width, height, len(data))
    kept = [entry for tag, (_, _, entry) in sorted(tiff.entries.items()) if tag in TIFF_KEPT]
    counter, offset = ("Q", "Q") if tiff.big else ("H", "L")
    start = len(data) + len(data) % 2
    directory = struct.pack(tiff.order + counter, len(kept)) + b"".join(kept) + struct.pack(tiff.order + offset, 0)
    at = 8 if tiff.big else 4
    head = data[:at] + struct.pack(tiff.order + offset, start)
    bits = max(tiff.numbers(258, (1,)))
    plain = head + data[len(head) :] + b"\0" * (len(data) % 2) + directory
    return Source(plain, size, _orientation(data), bits if bits == 12 else 16)


def _check_tiff_layout(tiff: _Directory, width: int, height: int, length: int) -> None:
    """Raise UploadError unless strips or tiles are about as many and as large as the picture needs."""
    (compression,) = tiff.numbers(259, (1,))
    if compression not in TIFF_COMPRESSIONS:
        raise _unusual("TIFF", "is packed in a rare way")
    tile_width, tile_height = tiff.numbers(322, (width,))[0], tiff.numbers(323, tiff.numbers(278, (height,)))[0]
    if 322 not in tiff.entries:
        tile_height = min(tile_height, height)
    if not tile_width or not tile_height:
        raise _damaged("TIFF", "damaged: its tiles have no size")
    tiles = -(-width // tile_width) * -(-height // tile_height)
    samples = tiff.numbers(277, (1,))[0]
    if tiles * samples > 8 * MAX_PIECES or tiles * tile_width * tile_height * samples * max(tiff.numbers(258, (1,))) > 8 * MAX_DECODED:
        raise UploadError("The TIFF file unpacks to too much. Save it with 8 bits and without extra layers, or as a PNG.")
    offsets, lengths = tiff.numbers(273) + tiff.numbers(324), tiff.numbers(279) + tiff.numbers(325)
    if not offsets or len(offsets) != len(lengths) or sum(lengths) > length:  # parts that share bytes would be unpacked over and over
        raise _damaged("TIFF", "damaged: its parts are longer than the whole")
    if any(offset + size > length for offset, size in zip(offsets, lengths, strict=True)):
        raise _damaged("TIFF", "cut off")


WALKS: dict[str, Callable[[bytes], Source]] = {
    "PNG": _walk_png,
    "JPEG": _walk_jpeg,
    "WEBP": _walk_webp,
    "BMP": _walk_bmp,
    "TIFF": _walk_tiff,
    "GIF": _walk_gif,
}


# --- pixels ------------------------------------------------------------------------------------------------------------


def _decode(kind: str, source: Source) -> tuple[np.ndarray, tuple[str, ...]]:
    """The brightness of a picture, upright, float32 (H, W) in [0, 1], white = 1; and what is to be said of it."""
    with Image.open(io.BytesIO(source.data), formats=(kind,)) as image:
        if image.size != source.size:
            raise _damaged(kind)
        if (factor := _reduction(source.size)) > 1:  # only JPEG listens: it then decodes brightness alone, at a half or a quarter
            image.draft("L", (source.size[0] // factor or 1, source.size[1] // factor or 1))
        image.load()
        orientation = source.orientation if kind != "WEBP" else _orientation(image.info.get("exif", b""))  # libwebp finds it
        span = _span(image, source.bits)
        grey = _grey(image, span)
    notes = [span.note] if span.note else []
    if source.cut:
        notes.append(_fill_what_is_missing(kind, source, grey))
    return np.ascontiguousarray(UPRIGHT.get(orientation, np.asarray)(grey)), tuple(notes)


def _fill_what_is_missing(kind: str, source: Source, grey: np.ndarray) -> str:
    """Make paper, in place, of what a cut file lacks of grey (H, W); returns the sentence for it, or raises UploadError if that is all."""
    missing = np.zeros(grey.shape, bool)
    if source.rows is not None:
        missing[source.rows * len(grey) // source.size[1] :] = True
    elif abs(grey[-1, -1] - 0.5) < 0.01:  # a JPEG's blocks without data are grey, from one of them on to the last
        bare = np.abs(grey - grey[-1, -1]) < 1e-6
        last = np.flatnonzero(~bare.all(1))
        first = int(last[-1]) + 1 if len(last) else 0
        missing[first:] = True
        for side in (4, 8, 16):  # rows of a block, which ends the data in its middle
            band = slice(max(0, first - 1) // side * side, first)
            columns = np.flatnonzero(~bare[band].all(0))
            missing[band, (int(columns[-1]) + 1 if len(columns) else 0) :] = True
    if missing.all():
        raise _damaged(kind, "cut off before its first pixels")
    if not missing.any():
        return "The file's end is missing, but all of the picture was there."
    grey[missing] = np.median(grey[~missing])
    return "The file is cut off: what is missing of the picture is shown as empty paper."


def _reduction(size: tuple[int, int]) -> int:
    """The smallest whole factor that leaves at most MAX_WORKING_PIXELS."""
    factor = 1
    while -(-size[0] // factor) * -(-size[1] // factor) > MAX_WORKING_PIXELS:
        factor += 1
    return factor


def _strips(image: Image.Image, factor: int = 1) -> Iterator[tuple[int, Image.Image]]:
    """(the first row, the rows from there) of about STRIP_PIXELS each, all but the last a multiple of `factor` high."""
    width, height = image.size
    rows = factor * max(1, STRIP_PIXELS // (factor * width))
    for top in range(0, height, rows):
        yield top, image.crop((0, top, width, min(top + rows, height)))


def _grey(image: Image.Image, span: "_Span") -> np.ndarray:
    factor = _reduction(image.size)
    ground = _ground(image, span)
    grey = np.empty((-(-image.height // factor), -(-image.width // factor)), np.float32)
    for top, strip in _strips(image, factor):
        part, alpha = _strip_grey(strip, span)
        if alpha is not None:
            part = part * alpha + ground * (1 - alpha)
        if factor > 1:
            part = np.clip(np.asarray(Image.fromarray(part).reduce(factor)), 0, 1)  # a mean may round to just above 1
        grey[top // factor : top // factor + len(part)] = part
    return grey


@dataclass(frozen=True)
class _Span:
    """The values of black and white in a grey picture of more than 8 bits, and what is to be said of them."""

    black: float
    white: float
    note: str = ""


def _span(image: Image.Image, bits: int) -> _Span:
    """Whole numbers go from 0 to what their bits hold, floats from 0 to 1, 255 or 65535; others, and those that use less than a quarter
    of that, are stretched: 10 to 14 bits often come in files of 16."""
    if not image.mode.startswith(("I", "F")):
        return _Span(0.0, 255.0)
    low, high = math.inf, -math.inf
    for _, strip in _strips(image):
        values = np.asarray(strip)
        finite = np.isfinite(values) if image.mode == "F" else np.True_
        low = min(low, float(values.min(initial=np.inf, where=finite))) if image.mode == "F" else min(low, float(values.min()))
        high = max(high, float(values.max(initial=-np.inf, where=finite))) if image.mode == "F" else max(high, float(values.max()))
    if not high > 0 and not low < 0:  # nothing, or all of it black
        return _Span(0.0, 1.0)
    usual = (1.0, 255.0, 65535.0) if image.mode == "F" else (2.0**bits - 1,)
    black = min(low, 0.0)
    for white in usual:
        if black == 0 and high <= white and (high > white / 4 or white == 1):
            return _Span(0.0, white)
    if image.mode != "F" and black == 0 and (depth := next((b for b in (8, 10, 12, 14) if high < 2**b), 0)):
        note = f"Its brightest value is {high:,.0f} of {usual[0]:,.0f}: it was taken for a picture of {depth} bits and stretched."
        return _Span(0.0, 2.0**depth - 1, note)
    return _Span(black, high, f"Its values, {low:,.3g} to {high:,.3g}, have no usual range: they were stretched from black to white.")


def _ground(image: Image.Image, span: _Span) -> float:
    """What to lay a transparent picture on: white, or black under light ink, and around a dark picture that shows light ink itself."""
    counts, seen, rows, columns = np.zeros(256), 0, np.zeros(image.height, bool), np.zeros(image.width, bool)
    for top, strip in _strips(image):
        grey, alpha = _strip_grey(strip, span)
        if alpha is None:
            return 1.0
        counts += np.bincount((grey * 255).astype(np.uint8).ravel(), alpha.ravel(), 256)
        visible = alpha > 0.5
        seen += int(visible.sum())
        rows[top : top + len(grey)] = visible.any(1)
        columns |= visible.any(0)
    light, dark = counts[128:].sum(), counts[:128].sum()
    box = math.prod(int(np.ptp(np.flatnonzero(line))) + 1 for line in (rows, columns)) if seen else 0
    is_sheet = seen > 0.5 * box and min(light, dark) > 0.02 * (light + dark)  # it has ink and a ground of its own
    return float(light > dark) if is_sheet else float(light <= dark)


def _strip_grey(strip: Image.Image, span: _Span) -> tuple[np.ndarray, np.ndarray | None]:
    """The brightness of some rows, float32 (h, W) in [0, 1], what is no number white; and how opaque they are, None if all are."""
    if strip.mode.startswith(("I", "F")):
        values = np.asarray(strip)
        with np.errstate(invalid="ignore"):  # infinite minus infinite
            grey = np.clip((values.astype(np.float32) - np.float32(span.black)) / np.float32(span.white - span.black or 1), 0, 1)
        grey = np.nan_to_num(grey, copy=False, nan=1.0)
        return grey, (values != strip.info["transparency"]).astype(np.float32) if "transparency" in strip.info else None
    if strip.mode == "La":
        strip = strip.convert("LA")
    if strip.mode in ("LA", "PA", "RGBA", "RGBa") or "transparency" in strip.info:
        both = np.asarray(strip.convert("RGBA").convert("LA"), np.float32) / np.float32(255)
        return both[..., 0], both[..., 1]
    if strip.mode == "LAB":
        strip = strip.getchannel("L")
    if strip.mode in ("P", "CMYK"):
        strip = strip.convert("RGB")
    return np.asarray(strip.convert("L"), np.float32) / np.float32(255), None


def _on_border(grey: np.ndarray, level: float) -> bool:
    """Whether at least a third of the border has this level."""
    border = np.concatenate([grey[0], grey[-1], grey[:, 0], grey[:, -1]])
    return bool((border == level).mean() >= 1 / 3)


def _light_surplus(grey: np.ndarray, parts: int) -> float:
    """By how much of their area the light sides of tiles with contrast outweigh the dark ones, in [-0.5, 0.5].

    The picture's sides are cut into up to `parts` tiles of at least 16 pixels; a tile's sides meet halfway between its extremes.
    """
    height, width = (max(1, side // max(1, min(parts, side // 16))) for side in grey.shape)
    rows, columns = grey.shape[0] // height, grey.shape[1] // width
    tiles = grey[: rows * height, : columns * width].reshape(rows, height, columns, width).swapaxes(1, 2).reshape(rows * columns, -1)
    low, high = tiles.min(1), tiles.max(1)
    contrast = high - low
    if contrast.max() < 0.02:
        return 0.0
    strong = contrast >= 0.25 * contrast.max()
    light = (tiles > ((low + high) / 2)[:, None]).mean(1)
    return float(np.average(light[strong] - 0.5, weights=contrast[strong]))


# --- many files ----------------------------------------------------------------------------------------------------------


@dataclass
class _Budget:
    """What may still be read in this go."""

    files: int = MAX_FILES
    unpacked: int = MAX_UNPACKED


def _title(name: str) -> str:
    """The last part of a name, without control, bidi and other invisible characters, cut to MAX_TITLE in its middle."""
    last = name.replace("\\", "/").rstrip("/").rpartition("/")[2]
    shown = " ".join("".join(" " if c.isspace() else c for c in last if c.isspace() or unicodedata.category(c)[0] != "C").split())
    if len(shown) > MAX_TITLE:
        shown = f"{shown[: MAX_TITLE // 2]}…{shown[len(shown) - MAX_TITLE // 2 + 1 :]}"
    return shown or "unnamed"


def _members(name: str, data: bytes, budget: _Budget) -> Iterator[tuple[str, bytes, str]]:
    """(name, content, problem) of each file in a zip that is worth reading."""
    if len(data) > MAX_UNPACKED:
        yield name, b"", f"The zip is larger than {MAX_UNPACKED >> 20} MB. Split it and upload its parts in turn."
        return
    if data.count(MEMBER_SIGNATURE) > MAX_MEMBERS:  # zipfile makes an object for each before anybody can ask how many
        yield name, b"", f"The zip holds more than {MAX_MEMBERS:,} files. Upload a zip of at most {MAX_FILES} images."
        return
    try:
        archive = zipfile.ZipFile(io.BytesIO(data))
    except Exception:  # zipfile raises half a dozen kinds on arbitrary bytes
        yield name, b"", "The zip is damaged or incomplete. Download it or zip the images again."
        return
    found = False
    with archive:
        for member in archive.infolist():
            parts = member.filename.replace("\\", "/").split("/")
            if not parts[-1] or any(part.startswith(".") or part == "__MACOSX" for part in parts):
                continue
            found = True
            if budget.unpacked <= 0:
                yield name, b"", f"The zip unpacks to more than {MAX_UNPACKED >> 20} MB; the rest was left out. Upload it on its own."
                return
            yield member.filename, *_unpacked(archive, member, budget)
    if not found:
        yield name, b"", "The zip holds no files. Zip the images and upload it again."


def _unpacked(archive: zipfile.ZipFile, member: zipfile.ZipInfo, budget: _Budget) -> tuple[bytes, str]:
    """(content, problem), counting what really comes out: the size that a zip states may be a lie."""
    if member.flag_bits & ENCRYPTED_FLAGS:
        return b"", "This file is encrypted. Zip the images again without a password."
    if member.compress_type not in ZIP_METHODS:
        return b"", "This file is packed in a way that is not read here. Zip the images again with the usual method (Deflate)."
    content = bytearray()
    try:
        with archive.open(member) as source:
            while chunk := source.read(CHUNK):
                content += chunk
                budget.unpacked -= len(chunk)
                if len(content) > MAX_BYTES:
                    return b"", f"This file is larger than {MAX_BYTES >> 20} MB. Save the image smaller, or as a JPEG, and zip it again."
                if budget.unpacked <= 0:
                    return b"", f"Zips unpack to more than {MAX_UNPACKED >> 20} MB. Upload this image on its own."
    except Exception:  # zipfile and zlib raise half a dozen kinds on damaged members
        return b"", "This file is damaged within the zip. Zip the images again."
    if content.startswith(ZIP_MAGIC):
        return b"", "This is a zip within a zip, which is not opened. Unpack it and zip the images themselves."
    return bytes(content), ""

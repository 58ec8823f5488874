"""The containers of the six formats, walked: sizes are checked, and what Pillow needs to decode the first frame is kept.

Text, profiles, EXIF and other frames, where time, memory and warnings hide, never reach it.
"""

import re
import struct
import zlib
from collections.abc import Callable
from dataclasses import dataclass

from core.data.exif import TIFF_BYTES, Directory, first_directory, orientation_of
from core.data.formats import PNG_MAGIC, UploadError, checked_size, damaged, unusual

MAX_WEBP_PIXELS = 25_000_000  # its decoder keeps four copies of the picture
MAX_RLE = 4 << 20  # pixels, and bytes, of a run-length coded BMP: Pillow decodes these in Python
MAX_DECODED = 200 << 20  # bytes of a TIFF's samples: 50 megapixels of 4 bytes
MAX_COMPLETED = 100 << 20  # bytes of a PNG's rows, where its end is missing and it has to be packed again
MAX_SCANS = 32  # of a JPEG; ordinary progressive ones have ten, and each can cost a pass over the whole picture
MAX_PIECES = 100_000  # chunks, segments, blocks, strips, tiles: whatever a container is made of
CHUNK = 1 << 20
PNG_END = b"\0\0\0\0IEND\xaeB`\x82"
PNG_SAMPLES = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}  # of a pixel, by the colour type
PNG_KEPT = (b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"IEND")
JPEG_SIZES = {*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC}  # SOFn: the markers that state the size
JPEG_KEPT = JPEG_SIZES | {0xC4, 0xCC, 0xDB, 0xDD, 0xE0, 0xEE}  # DHT, DAC, DQT, DRI, JFIF, Adobe's colour transform
JPEG_MARKER = re.compile(rb"\xff([^\x00\xd0-\xd7\xff])")  # in coded data: neither an escaped FF nor a restart
TIFF_KEPT = {  # tag: the most values that it may have
    **dict.fromkeys((256, 257, 259, 262, 266, 277, 278, 284, 292, 293, 317, 322, 323), 1),  # size, kind, layout
    **dict.fromkeys((258, 338, 339, 529, 530, 532), 8),  # bits, extra samples, their format, YCbCr
    **dict.fromkeys((273, 279, 324, 325), MAX_PIECES),  # where strips and tiles lie
    320: 3 << 8,  # palette
    347: 1 << 16,  # JPEG tables
}
TIFF_COMPRESSIONS = (1, 2, 3, 4, 5, 7, 8, 32773, 32946)  # none, fax, LZW, JPEG, Deflate, PackBits; others may need gigabytes


@dataclass(frozen=True)
class Source:
    """What Pillow gets of a file, and what the container says about it."""

    data: bytes
    size: tuple[int, int]  # width, height, as stored
    orientation: int = 1  # EXIF's
    bits: int = 16  # of a grey sample with more than 8
    cut: bool = False  # whether the file's end is missing
    rows: int | None = None  # of a cut one, how many of its rows there are; None: nobody knows before it is decoded


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
                raise damaged("PNG", "cut off")
            return _completed_png(kept, data[at + 8 :] if name == b"IDAT" else b"", size, orientation)
        if name in PNG_KEPT:
            if zlib.crc32(memoryview(data)[at + 4 : end - 4]) != struct.unpack_from(">L", data, end - 4)[0]:
                raise damaged("PNG", "damaged: a checksum is wrong")
            kept.append(data[at:end])
        if (name == b"IHDR") != (at == len(PNG_MAGIC)):
            raise damaged("PNG")
        if name == b"IHDR":
            size = checked_size("PNG", *struct.unpack_from(">LL", data, at + 8))
        elif name == b"eXIf":
            orientation = orientation_of(data[at + 8 : end - 4])
        elif name == b"IEND":
            assert size is not None  # IHDR was the first
            return Source(b"".join(kept), size, orientation)
        at = end
    raise unusual("PNG", f"consists of more than {MAX_PIECES:,} pieces")


def _completed_png(kept: list[bytes], rest: bytes, size: tuple[int, int], orientation: int) -> Source:
    """What there is of a PNG whose end is missing, the other rows like the last one; `rest`: of a chunk of the picture that is cut."""
    head = kept[1][8:-4]  # IHDR's content
    depth, colour, interlaced = head[8], head[9], head[12]
    row = 1 + -(-size[0] * depth * PNG_SAMPLES.get(colour, 0) // 8)  # bytes, one of them the filter's kind
    if interlaced or row == 1 or row * size[1] > MAX_COMPLETED:
        raise damaged("PNG", "cut off")
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
        raise damaged("PNG", "cut off before its first row of pixels")
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
                raise damaged("JPEG", "cut off")
            if before < coded + 4:  # bytes of the first scan: what is made of less is no picture
                raise damaged("JPEG", "cut off before its first pixels")
            return Source(b"".join([*kept, data[start:before].rstrip(b"\xff"), b"\xff\xd9"]), size, orientation, cut=True)
        segment = data[at + 2 : at + length]
        if code in JPEG_SIZES:
            if size:
                raise damaged("JPEG")
            height, width = struct.unpack_from(">HH", segment, 1)
            size = checked_size("JPEG", width, height)
        if code == 0xDA:
            scans += 1
            start, coded = start or before, coded or at + length  # from the first scan on all is kept as it is
            if scans > MAX_SCANS:
                raise unusual("JPEG", f"comes in more than {MAX_SCANS} scans")
        elif code == 0xE1 and segment.startswith(b"Exif\0") and orientation == 1:
            orientation = orientation_of(segment)
        if not scans and code in JPEG_KEPT:
            kept.append(b"\xff" + data[at - 1 : at + length])
        at += length
    raise unusual("JPEG", f"consists of more than {MAX_PIECES:,} pieces")


def _walk_gif(data: bytes) -> Source:
    """The screen, the palette and the first frame with its transparency; all that stands between is left out."""
    width, height, flags = struct.unpack_from("<HHB", data, 6)
    header = at = 13 + (3 << (flags & 7) + 1 if flags & 128 else 0)
    control = b""
    for _ in range(MAX_PIECES):
        if data[at] == ord(","):
            left, top, frame_width, frame_height = struct.unpack_from("<4H", data, at + 1)
            checked_size("GIF", frame_width, frame_height)
            size = checked_size("GIF", max(width, left + frame_width), max(height, top + frame_height))
            return Source(data[:header] + control + data[at:], size)
        if data[at] != ord("!"):
            raise damaged("GIF")
        if data[at + 1 : at + 3] == b"\xf9\4":
            control = data[at : at + 7] + b"\0"
        at = _after_blocks(data, at + 2)
    raise unusual("GIF", f"consists of more than {MAX_PIECES:,} pieces")


def _after_blocks(data: bytes, at: int) -> int:
    """Where a GIF goes on after a row of sub-blocks."""
    for _ in range(MAX_PIECES // 10):  # ten such rows are a second; an XMP text has hundreds of blocks
        if not data[at]:
            return at + 1
        at += 1 + data[at]
    raise unusual("GIF", "has an extension of too many pieces")


def _walk_bmp(data: bytes) -> Source:
    (header,) = struct.unpack_from("<L", data, 14)
    width, height = struct.unpack_from("<HH" if header == 12 else "<Ll", data, 18)
    size = checked_size("BMP", width, abs(height))
    coded = header != 12 and struct.unpack_from("<L", data, 30)[0] in (1, 2)
    if coded and max(len(data), width * abs(height)) > MAX_RLE:
        raise unusual("BMP", "is run-length coded and large")
    return Source(data, size)


def _walk_webp(data: bytes) -> Source:
    """The size; libwebp itself bounds what it reads of the rest, and unpacks one frame of an animation."""
    name = data[12:16]
    if struct.unpack_from("<L", data, 4)[0] + 8 > len(data):
        raise damaged("WebP", "cut off")
    if name == b"VP8X":
        width, height = (int.from_bytes(data[at : at + 3], "little") + 1 for at in (24, 27))
    elif name == b"VP8L" and data[20] == 0x2F:
        (packed,) = struct.unpack_from("<L", data, 21)
        width, height = (packed & 0x3FFF) + 1, (packed >> 14 & 0x3FFF) + 1
    elif name == b"VP8 " and data[23:26] == b"\x9d\x01\x2a":
        width, height = (side & 0x3FFF for side in struct.unpack_from("<HH", data, 26))
    else:
        raise damaged("WebP")
    return Source(data, checked_size("WebP", width, height, MAX_WEBP_PIXELS))


def _walk_tiff(data: bytes) -> Source:
    """The picture of the first directory, with a new directory of those tags only that it takes to decode it."""
    tiff = first_directory(data)
    for tag, (kind, count, _) in tiff.entries.items():
        if tag in TIFF_KEPT and (kind not in TIFF_BYTES or not 1 <= count <= TIFF_KEPT[tag]):
            raise damaged("TIFF", f"damaged: its tag {tag} is absurd")
    if (outside := sum(tiff.bytes_outside(tag) for tag in tiff.entries if tag in TIFF_KEPT)) > len(data):  # Pillow would skip some
        raise damaged("TIFF", f"damaged: its tags ask for {outside:,} bytes")
    (width,), (height,) = tiff.numbers(256), tiff.numbers(257)
    size = checked_size("TIFF", width, height)
    _check_tiff_layout(tiff, width, height, len(data))
    kept = [entry for tag, (_, _, entry) in sorted(tiff.entries.items()) if tag in TIFF_KEPT]
    counter, offset = ("Q", "Q") if tiff.big else ("H", "L")
    start = len(data) + len(data) % 2
    directory = struct.pack(tiff.order + counter, len(kept)) + b"".join(kept) + struct.pack(tiff.order + offset, 0)
    at = 8 if tiff.big else 4
    head = data[:at] + struct.pack(tiff.order + offset, start)
    bits = max(tiff.numbers(258, (1,)))
    plain = head + data[len(head) :] + b"\0" * (len(data) % 2) + directory
    return Source(plain, size, orientation_of(data), bits if bits == 12 else 16)


def _check_tiff_layout(tiff: Directory, width: int, height: int, length: int) -> None:
    """Raise UploadError unless strips or tiles are about as many and as large as the picture needs."""
    (compression,) = tiff.numbers(259, (1,))
    if compression not in TIFF_COMPRESSIONS:
        raise unusual("TIFF", "is packed in a rare way")
    tile_width, tile_height = tiff.numbers(322, (width,))[0], tiff.numbers(323, tiff.numbers(278, (height,)))[0]
    if 322 not in tiff.entries:
        tile_height = min(tile_height, height)
    if not tile_width or not tile_height:
        raise damaged("TIFF", "damaged: its tiles have no size")
    tiles = -(-width // tile_width) * -(-height // tile_height)
    samples = tiff.numbers(277, (1,))[0]
    if tiles * samples > 8 * MAX_PIECES or tiles * tile_width * tile_height * samples * max(tiff.numbers(258, (1,))) > 8 * MAX_DECODED:
        raise UploadError("The TIFF file unpacks to too much. Save it with 8 bits and without extra layers, or as a PNG.")
    offsets, lengths = tiff.numbers(273) + tiff.numbers(324), tiff.numbers(279) + tiff.numbers(325)
    if not offsets or len(offsets) != len(lengths) or sum(lengths) > length:  # parts that share bytes would be unpacked over and over
        raise damaged("TIFF", "damaged: its parts are longer than the whole")
    if any(offset + size > length for offset, size in zip(offsets, lengths, strict=True)):
        raise damaged("TIFF", "cut off")


WALKS: dict[str, Callable[[bytes], Source]] = {
    "PNG": _walk_png,
    "JPEG": _walk_jpeg,
    "WEBP": _walk_webp,
    "BMP": _walk_bmp,
    "TIFF": _walk_tiff,
    "GIF": _walk_gif,
}

"""Uploads: every format and mode with exact values; no bytes make `read_image` raise anything but its own error, or take long.

python -m pytest -m slow tests/test_uploads.py   # 2,000 damaged files more than the usual 400
"""

import io
import itertools
import math
import random
import struct
import subprocess
import sys
import warnings
import weakref
import zipfile
import zlib
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageDraw, ImageFile, ImageFont

from core.data import formats, pixels, uploads, zips
from core.data.polarity import ink_is_dark
from core.data.uploads import Upload, UploadError, read_files, read_image, stored_size

CORRUPTIONS = 400
MORE_CORRUPTIONS = 2000
LOSSLESS = {"PNG": {}, "WEBP": {"lossless": True}, "BMP": {}, "TIFF": {}, "GIF": {}}
TRANSPOSED: dict[int, Callable[[np.ndarray], np.ndarray]] = {
    2: np.fliplr,
    3: lambda a: a[::-1, ::-1],
    4: np.flipud,
    5: np.transpose,
    6: lambda a: np.rot90(a, 3),
    7: lambda a: np.rot90(a, 2).T,
    8: np.rot90,
}


def digit() -> np.ndarray:
    """A grey digit like MNIST's, uint8 (28, 28), ink = 255 on 0, with every level in its ink."""
    ink = np.zeros((28, 28), np.uint8)
    ink[4:24, 8:20] = np.arange(240).reshape(20, 12) + 16
    ink[9:19, 12:16] = 0
    return ink


DIGIT = digit()
INK = DIGIT.astype(np.float32) / np.float32(255)


def saved(image: Image.Image | np.ndarray, kind: str = "PNG", **options) -> bytes:
    content = io.BytesIO()
    (Image.fromarray(image) if isinstance(image, np.ndarray) else image).save(content, kind, **options)
    return content.getvalue()


def exactly(data: bytes, expected: np.ndarray) -> None:
    image = read_image(data)
    assert image.dtype == np.float32 and image.flags.c_contiguous and image.flags.writeable
    np.testing.assert_array_equal(image, expected.astype(np.float32))


def refused(data: bytes, sentence: str) -> None:
    with pytest.raises(UploadError, match=sentence) as refusal:
        read_image(data)
    assert str(refusal.value).endswith(".")


def luma(rgb: np.ndarray) -> np.ndarray:
    """ITU-R 601 luma in [0, 1]."""
    return rgb.astype(np.float64) @ [0.299, 0.587, 0.114] / 255


# --- formats and modes --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", LOSSLESS)
@pytest.mark.parametrize("mode", ["L", "RGB", "RGBA", "P"])
def test_a_grey_digit_comes_back_exactly(kind, mode):
    if mode == "RGBA" and kind in ("BMP", "GIF"):
        pytest.skip("it has no alpha, or fewer colours")
    image = Image.fromarray(DIGIT)
    image = image.convert("RGB").quantize(256) if mode == "P" else image.convert(mode)
    exactly(saved(image, kind, **LOSSLESS[kind]), INK)


@pytest.mark.parametrize("kind", LOSSLESS)
def test_dark_ink_on_light_paper_becomes_ink_on_0(kind):
    exactly(saved(255 - DIGIT, kind, **LOSSLESS[kind]), np.float32(1) - (255 - DIGIT).astype(np.float32) / np.float32(255))


@pytest.mark.parametrize("mode", ["L", "RGB", "CMYK"])
def test_jpeg(mode):
    large = np.kron(DIGIT > 0, np.ones((8, 8))).astype(np.uint8) * 200
    data = saved(Image.fromarray(large).convert("RGB").convert(mode), "JPEG", quality=100, subsampling=0)
    assert np.abs(read_image(data) - large / 255).max() < 0.02
    assert np.abs(read_image(saved(Image.fromarray(large).convert(mode), "JPEG", quality=95, progressive=True)) - large / 255).max() < 0.05


def test_jpeg_cmyk_as_adobe_inverts_it():
    """Pillow writes and reads CMYK JPEGs inverted, with Adobe's marker: the marker must reach it, or colours turn."""
    cmyk = Image.new("CMYK", (64, 64), (0, 0, 0, 0))
    cmyk.paste((0, 0, 0, 200), (20, 20, 40, 40))
    data = saved(cmyk, "JPEG", quality=100)
    assert b"Adobe" in data
    image = read_image(data)
    assert abs(image[30, 30] - 200 / 255) < 0.02 and image[5, 5] < 0.02


def test_jpeg_without_ycbcr_as_adobe_marks_it():
    rgb = np.zeros((64, 64, 3), np.uint8)
    rgb[16:40, 16:40] = (0, 255, 0)
    data = saved(Image.fromarray(rgb), "JPEG", quality=100, keep_rgb=True)
    for name, number in zip(b"RGB", (1, 2, 3), strict=True):  # so that the marker alone says what they are
        data = data.replace(bytes([name, 0x11, 0]), bytes([number, 0x11, 0])).replace(bytes([name, 0]), bytes([number, 0]))
    assert b"Adobe" in data and np.abs(read_image(data) - luma(rgb)).max() < 0.02


def test_colours_are_luma():
    rgb = np.zeros((40, 40, 3), np.uint8)
    rgb[10:20, 10:20], rgb[22:30, 10:20], rgb[10:20, 22:30] = (255, 0, 0), (0, 255, 0), (0, 0, 255)
    assert np.abs(read_image(saved(rgb)) - luma(rgb)).max() <= 0.5 / 255 + 1e-6


def test_one_bit():
    bits = DIGIT > 0
    for kind, options in (("PNG", {}), ("TIFF", {}), ("TIFF", {"compression": "group4"}), ("BMP", {})):
        exactly(saved(Image.fromarray(bits), kind, **options), bits)


@pytest.mark.parametrize("compression", [None, "tiff_lzw", "tiff_adobe_deflate", "packbits"])
def test_tiff_compressions(compression):
    exactly(saved(DIGIT, "TIFF", compression=compression), INK)
    exactly(saved(np.repeat(DIGIT[..., None], 3, 2), "TIFF", compression=compression), INK)


def test_tiff_of_jpeg():
    large = np.kron(DIGIT > 0, np.ones((8, 8))).astype(np.uint8) * 200
    assert np.abs(read_image(saved(large, "TIFF", compression="jpeg", quality=100)) - large / 255).max() < 0.02
    image = Image.fromarray(large).convert("YCbCr")
    assert np.abs(read_image(saved(image, "TIFF")) - large / 255).max() < 0.01


def test_big_tiff():
    exactly(saved(DIGIT, "TIFF", big_tiff=True), INK)


@pytest.mark.parametrize("rare", ["lzma", "zstd"])
def test_tiff_compressions_that_may_need_gigabytes_are_refused(rare):
    refused(saved(np.repeat(DIGIT[..., None], 3, 2), "TIFF", compression=rare), "^The TIFF file is packed in a rare way, .* as a PNG")


@pytest.mark.parametrize("kind", ["PNG", "TIFF"])
def test_16_bits_keep_all_of_them(kind):
    deep = DIGIT.astype(np.uint16) * 257
    deep[10, 9] = 12_345
    exactly(saved(deep, kind), deep.astype(np.float32) / np.float32(65535))


def test_16_bits_big_endian():
    image = Image.frombytes("I;16B", (28, 28), (DIGIT.astype(">u2") * 257).tobytes())
    exactly(saved(image, "TIFF"), INK)


def test_16_bits_with_a_transparent_value():
    deep = np.full((100, 100), 60_000, np.uint16)
    deep[40:60, 40:60], deep[:30, :30] = 1_000, 7
    data = saved(deep)
    body = struct.pack(">H", 7)
    chunk = struct.pack(">L", 2) + b"tRNS" + body + struct.pack(">L", zlib.crc32(b"tRNS" + body))
    image = read_image(data[:33] + chunk + data[33:])
    assert image[0, 0] == 0 and abs(image[50, 50] - (1 - 1_000 / 65535)) < 1e-6


def test_32_bit_integers():
    deep = DIGIT.astype(np.int32) * 257
    exactly(saved(deep, "TIFF"), INK)
    exactly(saved(deep * 20, "TIFF"), (deep * 20).astype(np.float32) / np.float32(255 * 257 * 20))  # beyond 16 bits: by its largest


@pytest.mark.parametrize("white", [1, 255, 65535, 3e9])
def test_floats_are_scaled_by_the_range_that_holds_them(white):
    values = (INK * np.float32(white)).astype(np.float32)
    assert np.abs(read_image(saved(values, "TIFF")) - INK).max() < 1e-6


def test_floats_that_are_none():
    values = np.full((80, 80), 0.8, np.float32)
    values[30:50, 30:50], values[0, 0], values[0, 1], values[0, 2] = 0.1, np.nan, np.inf, -np.inf
    image = read_image(saved(values, "TIFF"))
    assert image[0, :3].tolist() == [0, 0, 1] and abs(image[40, 40] - 0.9) < 1e-6
    assert (read_image(saved(np.full((9, 9), np.nan, np.float32), "TIFF")) == 0).all()


def test_what_is_transparent_is_paper():
    rgba = np.zeros((28, 28, 4), np.uint8)  # black ink on nothing, as drawing programs save it
    rgba[..., 3] = DIGIT
    for data in (saved(rgba), saved(rgba, "WEBP", lossless=True, exact=True), saved(rgba, "TIFF"), saved(rgba[..., [0, 3]])):
        assert np.abs(read_image(data) - INK).max() < 1e-6


def test_a_transparent_palette_colour_is_paper():
    image = Image.new("P", (40, 40), 0)
    image.putpalette([0, 0, 0, 50, 50, 50, 90, 90, 90])
    image.paste(1, (10, 10, 20, 20))
    for kind in ("PNG", "GIF"):
        expected = np.zeros((40, 40))
        expected[10:20, 10:20] = np.float32(1) - np.float32(50) / np.float32(255)
        exactly(saved(image, kind, transparency=0), expected)
    assert abs(read_image(saved(image, "PNG", transparency=b"\x00\x80"))[15, 15] - (1 - 50 / 255) * 128 / 255) < 0.005


def test_a_transparent_grey_or_colour_is_paper():
    for image, colour in ((Image.new("L", (40, 40), 9), 9), (Image.new("RGB", (40, 40), (9, 8, 7)), (9, 8, 7))):
        image.paste(0, (10, 10, 20, 20))
        expected = np.zeros((40, 40))
        expected[10:20, 10:20] = 1
        exactly(saved(image, transparency=colour), expected)


def test_light_ink_on_nothing_gets_a_dark_ground():
    rgba = np.full((60, 60, 4), 255, np.uint8)
    rgba[..., 3] = np.pad(DIGIT, 16)
    for data in (saved(rgba), saved(rgba, "WEBP", lossless=True, exact=True), saved(rgba, "TIFF"), saved(rgba[..., [0, 3]])):
        picture = uploads.read_picture(data)
        assert np.abs(picture.image - np.pad(INK, 16)).max() < 1e-6 and not picture.dark_ink


@pytest.mark.parametrize("ground", [0, 255])
def test_a_picture_with_a_ground_of_its_own_on_nothing_gets_no_halo(ground):
    """MNIST's black square, or a white sheet, with soft edges on a transparent canvas."""
    shown = np.pad(DIGIT, 6) if ground == 0 else 255 - np.pad(DIGIT, 6)
    rgba = np.full((80, 80, 4), ground, np.uint8)
    rgba[20:60, 20:60, :3], rgba[..., 3] = shown[..., None], 0
    rgba[20:60, 20:60, 3] = 255
    rgba[19, 19:61, 3] = rgba[60, 19:61, 3] = rgba[19:61, 19, 3] = rgba[19:61, 60, 3] = 90
    picture = uploads.read_picture(saved(rgba))
    assert np.abs(picture.image - np.pad(INK, 26)).max() < 1e-6 and picture.dark_ink == (ground == 255)


@pytest.mark.parametrize("bits", [8, 10, 12, 14])
@pytest.mark.parametrize("kind", ["PNG", "TIFF"])
def test_fewer_bits_in_a_file_of_16_are_stretched_and_it_is_said(kind, bits):
    picture = uploads.read_picture(saved((INK * (2**bits - 1)).astype(np.uint16), kind))
    assert np.abs(picture.image - INK).max() < 2 / 2**bits
    assert f"a picture of {bits} bits and stretched" in picture.notes[0] and len(picture.notes) == 1
    assert uploads.read_picture(saved((INK * 65535).astype(np.uint16), kind)).notes == ()


@pytest.mark.parametrize(("low", "high"), [(-1, 1), (-0.42, 2.82), (0, 3), (-3e9, 5)])
def test_floats_beyond_0_to_1_are_stretched_and_it_is_said(low, high):
    picture = uploads.read_picture(saved((low + INK * (high - low)).astype(np.float32), "TIFF"))
    assert np.abs(picture.image - INK).max() < 1e-6
    assert "were stretched from black to white" in picture.notes[0]
    assert uploads.read_picture(saved(INK, "TIFF")).notes == uploads.read_picture(saved(INK * 255, "TIFF")).notes == ()


def test_cmyk_and_lab_tiff():
    cmyk = Image.new("CMYK", (50, 50), 0)
    cmyk.paste((0, 0, 0, 255), (10, 10, 20, 20))
    assert read_image(saved(cmyk, "TIFF"))[15, 15] == 1
    lab = Image.merge("LAB", [Image.fromarray(DIGIT), *[Image.new("L", (28, 28), 128)] * 2])
    exactly(saved(lab, "TIFF"), INK)


@pytest.mark.parametrize("kind", ["PNG", "WEBP", "GIF", "TIFF"])
def test_the_first_frame_of_many(kind):
    others = [Image.fromarray(np.roll(DIGIT, 3, axis)) for axis in (0, 1)]
    exactly(saved(DIGIT, kind, save_all=True, append_images=others, **({"lossless": True} if kind == "WEBP" else {})), INK)


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("kind", ["PNG", "TIFF", "WEBP", "JPEG"])
def test_exif_turns_the_picture(kind, orientation):
    tall = np.kron(np.pad(DIGIT, ((0, 12), (0, 0))), np.ones((4, 4), np.uint8))
    exif = Image.Exif()
    exif[0x0112] = orientation
    exif[0x9286] = "a comment"
    options = {"tiffinfo": {274: orientation}} if kind == "TIFF" else {"exif": exif}
    lossless = {"quality": 100} if kind == "JPEG" else LOSSLESS[kind]
    expected = TRANSPOSED.get(orientation, np.asarray)(tall / 255)
    data = saved(tall, kind, **options, **lossless)
    image = read_image(data)
    assert stored_size(data) == (tall.shape if kind == "WEBP" else image.shape)
    assert image.shape == expected.shape and np.abs(image - expected).max() < (0.06 if kind == "JPEG" else 1e-6)


@pytest.mark.parametrize(
    "exif", [b"", b"Exif\0\0", b"Exif\0\0II*\0\xff\xff\xff\xff", b"Exif\0\0MM\0*\0\0\0\x08\xff\xff" + b"\1\x12\0\3" * 9, b"x" * 99]
)
def test_nonsense_for_exif_does_not_spoil_the_picture(exif):
    exactly(saved(DIGIT, "PNG", exif=exif), INK)
    assert read_image(saved(DIGIT, "JPEG", exif=exif)).shape == (28, 28)
    exactly(saved(DIGIT, "WEBP", lossless=True, exif=exif), INK)


@pytest.mark.parametrize("size", [(1, 1), (1, 7), (20_000, 3), (3, 20_000)])
@pytest.mark.parametrize("kind", ["PNG", "JPEG", "BMP", "TIFF", "GIF"])
def test_extreme_shapes_get_a_picture(size, kind):
    image = read_image(saved(Image.new("L", size, 255), kind))
    assert image.shape == size[::-1] and (image == 0).all()


def test_what_follows_the_picture_is_ignored():
    for kind in ("PNG", "JPEG", "BMP", "GIF"):
        assert read_image(saved(DIGIT, kind) + b"\xff\xd8\xff junk" * 50).shape == (28, 28)


# --- sizes ---------------------------------------------------------------------------------------------------------------


def test_large_pictures_are_reduced_by_block_means(monkeypatch):
    monkeypatch.setattr(pixels, "MAX_WORKING_PIXELS", 28 * 28)
    monkeypatch.setattr(pixels, "STRIP_PIXELS", 300)  # several strips
    exactly(saved(np.kron(DIGIT, np.ones((3, 3), np.uint8))), INK)
    ragged = np.kron(DIGIT, np.ones((2, 2), np.uint8))[:55, :55]
    assert np.abs(read_image(saved(ragged)) - INK).max() < 1e-6
    deep = np.kron(DIGIT.astype(np.uint16) * 257, np.ones((2, 2), np.uint16))
    assert np.abs(read_image(saved(deep)) - INK).max() < 1e-6
    jpeg = saved(Image.fromarray(np.kron(DIGIT, np.ones((2, 2), np.uint8))).convert("RGB"), "JPEG", quality=95)
    assert np.abs(read_image(jpeg) - INK).mean() < 0.03


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "BMP", "TIFF", "GIF"])
def test_the_stored_size_is_known_without_decoding(kind, monkeypatch):
    data = saved(np.full((55, 33), 200, np.uint8), kind)
    monkeypatch.setattr(pixels, "MAX_WORKING_PIXELS", 28 * 28)
    assert read_image(data).shape == (28, 17)  # reduced
    monkeypatch.setattr(Image, "open", None)
    assert stored_size(data) == (55, 33)


@pytest.mark.parametrize("data", [b"", b"hello", formats.PNG_MAGIC, b"GIF89a", b"II*\0", b"RIFF1234WEBPVP8X", b"PK\3\4"])
def test_what_has_no_stored_size_gets_the_same_sentence(data):
    with pytest.raises(UploadError) as expected:
        read_image(data)
    with pytest.raises(UploadError) as refusal:
        stored_size(data)
    assert str(refusal.value) == str(expected.value)


def test_strips_join_without_a_seam(monkeypatch):
    noise = np.random.default_rng(0).integers(0, 256, (101, 37, 4), np.uint8)
    whole = read_image(saved(noise))
    monkeypatch.setattr(pixels, "STRIP_PIXELS", 64)
    np.testing.assert_array_equal(read_image(saved(noise)), whole)


def bomb(kind: str, width: int, height: int) -> bytes:
    """A small file whose header states this size."""
    if kind == "PNG":
        head = b"IHDR" + struct.pack(">LLBBBBB", width, height, 8, 0, 0, 0, 0)
        return formats.PNG_MAGIC + struct.pack(">L", 13) + head + struct.pack(">L", zlib.crc32(head)) + b"\0\0\0\0IEND\xaeB`\x82"
    data = bytearray(saved(DIGIT, kind, **({"lossless": True} if kind == "WEBP" else {})))
    if kind == "GIF":
        data[6:10] = struct.pack("<HH", width, height)
    elif kind == "BMP":
        data[18:26] = struct.pack("<LL", width, height)
    elif kind == "WEBP":
        data[21:25] = struct.pack("<L", width - 1 | height - 1 << 14)
    elif kind == "JPEG":
        at = data.index(b"\xff\xc0")
        data[at + 5 : at + 9] = struct.pack(">HH", height, width)
    else:
        for tag, value in ((256, width), (257, height)):
            at = data.index(struct.pack("<HH", tag, 4 if struct.pack("<HHL", tag, 4, 1) in data else 3))
            data[at : at + 12] = struct.pack("<HHLL", tag, 4, 1, value)
    return bytes(data)


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "BMP", "TIFF", "GIF"])
@pytest.mark.parametrize("size", [(16_000, 16_000), (10_000, 9_500)])
def test_a_decompression_bomb_is_refused_by_its_header(kind, size, monkeypatch):
    monkeypatch.setattr(Image, "open", None)  # nothing gets as far
    refused(bomb(kind, *size), rf"^The image is {size[0]:,} x {size[1]:,} pixels; at most \d+ megapixels and 20,000 to a side .* smaller")


def test_one_side_too_long():
    refused(bomb("PNG", 20_001, 1), "20,001 x 1 pixels")
    refused(bomb("PNG", 0, 5), "states no size")


def test_a_file_too_large_is_not_looked_at(monkeypatch):
    monkeypatch.setattr(formats, "MAX_BYTES", 1 << 20)
    refused(saved(DIGIT) + b"x" * (1 << 20), "larger than 1 MB. Save the image smaller")


MEASURE = """
import io, resource, struct, sys, time, zlib
import numpy as np
from PIL import Image
sys.path.insert(0, "tests")
from core.data import formats, uploads
case = sys.argv[1]
def save(image, kind, **options):
    out = io.BytesIO(); image.save(out, kind, **options); return out.getvalue()
def chunk(name, body):
    return struct.pack(">L", len(body)) + name + body + struct.pack(">L", zlib.crc32(name + body))
def png(width, height, depth, colour, idat, extra=b""):
    head = chunk(b"IHDR", struct.pack(">LLBBBBB", width, height, depth, colour, 0, 0, 0))
    return formats.PNG_MAGIC + head + extra + chunk(b"IDAT", idat) + chunk(b"IEND", b"")
def zeros(count):
    packer = zlib.compressobj(9); out = [packer.compress(bytes(1 << 20)) for _ in range(count >> 20)]
    return b"".join([*out, packer.compress(bytes(count % (1 << 20))), packer.flush()])
def photo(width, height):
    ramp = np.linspace(120, 250, width)[None] * np.linspace(0.7, 1, height)[:, None]
    noise = np.random.default_rng(0).integers(-9, 10, (512, 512))
    grey = (ramp + np.tile(noise, (height // 512 + 1, width // 512 + 1))[:height, :width]).clip(0, 255).astype(np.uint8)
    return Image.merge("RGB", [Image.fromarray(grey)] * 3)
def scans(width, height, count):
    # a progressive JPEG whose last scan stands `count` times in it
    data = save(Image.new("L", (width, height), 255), "JPEG", progressive=True)
    last = data.rindex(b"\\xff\\xda"); last = data.rindex(b"\\xff\\xc4", 0, last)
    return data[:last] + data[last:-2] * count + b"\\xff\\xd9"
make = {
    "jpeg-12mp": lambda: save(photo(4000, 3000), "JPEG", quality=92),
    "jpeg-50mp": lambda: save(photo(8160, 6120), "JPEG", quality=92),
    "jpeg-50mp-progressive": lambda: save(photo(8160, 6120), "JPEG", quality=85, progressive=True),
    "jpeg-scans": lambda: scans(8160, 6120, 25),
    "png-50mp-rgba": lambda: png(8160, 6120, 8, 6, zeros((8160 * 4 + 1) * 6120)),
    "png-50mp-16": lambda: png(8160, 6120, 16, 0, zeros((8160 * 2 + 1) * 6120)),
    "png-idat-bomb": lambda: png(1, 1, 8, 0, zeros(512 << 20)),
    "png-profile-bombs": lambda: png(1, 1, 8, 0, zeros(2), chunk(b"iCCP", b"x" + bytes(2) + zeros(1 << 20)) * 20_000),
    "png-empty-chunks": lambda: png(1, 1, 8, 0, zeros(2), chunk(b"IDAT", b"") * 2_000_000),
    "webp-25mp": lambda: save(Image.new("RGBA", (5000, 5000), (9, 9, 9, 9)), "WEBP", lossless=True, quality=0, method=0),
    "tiff-50mp-float": lambda: save(Image.new("F", (8160, 6120), 0.5), "TIFF", compression="tiff_adobe_deflate"),
    "tiff-50mp-cmyk": lambda: save(Image.new("CMYK", (8160, 6120), 9), "TIFF", compression="tiff_lzw"),
    "png-cut-bomb": lambda: png(1, 1, 8, 0, zeros(512 << 20))[:-20],
    "png-cut-33mp": lambda: png(5777, 5777, 8, 2, zeros((5777 * 3 + 1) * 5000))[:-16],
    "bmp-rle": lambda: rle(),
    "gif-50mp": lambda: save(Image.new("L", (8160, 6120), 9), "GIF"),
    "gif-blocks": lambda: b"GIF89a" + struct.pack("<HHBBB", 1, 1, 0, 0, 0) + b"!\\xfe" + b"\\1x" * (15 << 20) + b"\\0",
    "jpeg-ff": lambda: b"\\xff\\xd8" + b"\\xff" * (31 << 20) + b"\\0",
    "jpeg-stuffed": lambda: save(Image.new("L", (8, 8)), "JPEG")[:-2] + b"\\xff\\0" * (15 << 20),
}
def rle():
    data = bytearray(save(Image.new("L", (2000, 1000)), "BMP")); offset = struct.unpack_from("<L", data, 10)[0]
    data[30:34] = struct.pack("<L", 1)
    return bytes(data[:offset]) + (b"\\1\\7" * 2000 + b"\\0\\0") * 1000 + b"\\0\\1"
data = make[case]()
assert len(data) <= formats.MAX_BYTES, len(data)
warm = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
pid_peak = "/proc/self/clear_refs"
open(pid_peak, "w").write("5")  # forget the peak of making the file
status = lambda name: int(next(l for l in open("/proc/self/status") if l.startswith(name)).split()[1]) >> 10
before, start = status("VmRSS"), time.perf_counter()
try:
    outcome = str(uploads.read_image(data).shape)
except uploads.UploadError as error:
    outcome = str(error)
print(len(data), round(time.perf_counter() - start, 2), status("VmHWM") - before, status("VmHWM"), outcome, sep="|")
"""


def measured(case: str) -> tuple[int, float, int, int, str]:
    """(bytes of the file, seconds, MB more than before, MB in all, shape or refusal) of reading a case in a process of its own."""
    done = subprocess.run([sys.executable, "-c", MEASURE, case], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    size, seconds, more, total, outcome = done.stdout.strip().split("|")
    return int(size), float(seconds), int(more), int(total), outcome


@pytest.mark.skipif(sys.platform != "linux", reason="peak memory is read from /proc")
@pytest.mark.parametrize(
    ("case", "most_mb", "outcome"),
    [
        ("jpeg-12mp", 300, "(3000, 4000)"),
        pytest.param("jpeg-50mp", 400, "(3060, 4080)", marks=pytest.mark.slow),
        pytest.param("jpeg-50mp-progressive", 600, "(3060, 4080)", marks=pytest.mark.slow),
        ("jpeg-scans", 600, "(3060, 4080)"),
        pytest.param("png-50mp-rgba", 450, "(3060, 4080)", marks=pytest.mark.slow),
        ("png-profile-bombs", 200, "(1, 1)"),
        ("png-idat-bomb", 150, ""),
        ("png-empty-chunks", 200, "pieces"),
        pytest.param("webp-25mp", 600, "(2500, 2500)", marks=pytest.mark.slow),
        pytest.param("tiff-50mp-float", 450, "(3060, 4080)", marks=pytest.mark.slow),
        ("bmp-rle", 200, "(1000, 2000)"),
        ("gif-blocks", 200, "pieces"),
        ("jpeg-ff", 200, "cut off"),
        ("jpeg-stuffed", 200, "(8, 8)"),
        ("png-cut-bomb", 250, ""),
        pytest.param("png-cut-33mp", 700, "(2889, 2889)", marks=pytest.mark.slow),
    ],
)
def test_the_worst_that_is_accepted_is_bounded(case, most_mb, outcome):
    _, seconds, _, total, happened = measured(case)
    assert outcome in happened
    assert seconds < 20 and total < most_mb  # the interpreter, numpy and the file are in it


# --- what is no image ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (b"", r"^The file is empty\. Choose the image again\.$"),
        (b"just a note, saved as digit.png\n", "^This is text, .*Upload a PNG"),
        ("Größe".encode() * 300, "^This is text, "),
        (b"<!DOCTYPE html><title>404</title>", "^This is a web page, .*Save the image itself"),
        (b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"/>', "^This is an SVG drawing, .*Export it as a PNG"),
        (b"%PDF-1.7\n\xe2\xe3", "^This is a PDF, .*Export its page"),
        (b"\0\0\0\x18ftypheic\0\0\0\0mif1heic", "^This is a HEIC photo, .*Save it as a JPEG"),
        (b"\0\0\0\x18ftypmif1\0\0\0\0mif1heic", "^This is a HEIC photo"),
        (b"\0\0\0\x18ftypavif\0\0\0\0mif1", "^This is a video or an AVIF"),
        (b"PK\3\4 and so on", "^This is a zip, not an image"),
        (b"\0\1\2\3" * 99, "^This is not an image of a kind that can be read here. Upload a PNG, JPEG, WebP, BMP, TIFF or GIF"),
        (b"BM is how this text begins, for a while", "^This is text"),
    ],
)
def test_what_is_no_image_gets_a_fitting_sentence(data, sentence):
    refused(data, sentence)


def test_other_formats_of_pillow_are_not_opened():
    for kind in ("PPM", "PCX", "TGA", "EPS", "ICO", "JPEG2000"):
        refused(saved(Image.fromarray(DIGIT).convert("RGB"), kind), r"Upload a PNG")


SAMPLES = {
    "png": saved(DIGIT),
    "png-p": saved(Image.fromarray(DIGIT).quantize(8), transparency=0),
    "png-16": saved(DIGIT.astype(np.uint16) * 257),
    "png-apng": saved(DIGIT, save_all=True, append_images=[Image.fromarray(DIGIT.T)]),
    "jpeg": saved(Image.fromarray(DIGIT).convert("RGB"), "JPEG"),
    "jpeg-cmyk": saved(Image.fromarray(DIGIT).convert("CMYK"), "JPEG"),
    "jpeg-progressive": saved(Image.fromarray(DIGIT).convert("RGB"), "JPEG", progressive=True, exif=b"Exif\0\0II*\0\x08\0\0\0\0\0\0\0\0\0"),
    "webp": saved(DIGIT, "WEBP"),
    "webp-lossless": saved(Image.fromarray(DIGIT).convert("RGBA"), "WEBP", lossless=True),
    "webp-animated": saved(DIGIT, "WEBP", save_all=True, append_images=[Image.fromarray(DIGIT.T)]),
    "bmp": saved(DIGIT, "BMP"),
    "bmp-rgb": saved(Image.fromarray(DIGIT).convert("RGB"), "BMP"),
    "bmp-rle": saved(DIGIT, "BMP")[:30] + b"\1\0\0\0" + saved(DIGIT, "BMP")[34:1078] + b"\x1c\0\0\0" * 28 + b"\0\1",
    "tiff": saved(DIGIT, "TIFF"),
    "tiff-lzw": saved(Image.fromarray(DIGIT).convert("RGB"), "TIFF", compression="tiff_lzw"),
    "tiff-jpeg": saved(DIGIT, "TIFF", compression="jpeg"),
    "tiff-group4": saved(Image.fromarray(DIGIT > 0), "TIFF", compression="group4"),
    "tiff-big": saved(DIGIT, "TIFF", big_tiff=True, tiffinfo={274: 6}),
    "tiff-float": saved(INK, "TIFF", compression="tiff_adobe_deflate"),
    "gif": saved(DIGIT, "GIF"),
    "gif-animated": saved(DIGIT, "GIF", save_all=True, append_images=[Image.fromarray(DIGIT.T)], transparency=0, comment=b"hello"),
}


@pytest.mark.parametrize("name", SAMPLES)
def test_samples_are_valid(name):
    assert read_image(SAMPLES[name]).shape == (28, 28)


@pytest.mark.parametrize("name", ["webp", "bmp", "tiff", "gif", "tiff-lzw", "webp-lossless"])
def test_truncated_files_are_refused(name):
    data = SAMPLES[name]
    for share in (0.5, 0.7, 0.9):
        refused(data[: int(len(data) * share)], r"^The \w+ file is .*(cut off|incomplete|damaged).*\. Download it or save it again\.$")


PAGE = np.full((200, 240), 225, np.uint8)
PAGE[30:170, 60:80] = PAGE[40:60, 100:200] = 40
PAGE += np.random.default_rng(0).integers(0, 9, PAGE.shape, np.uint8)
CUT = {
    "png": saved(PAGE),
    "png-rgb": saved(np.repeat(PAGE[..., None], 3, 2)),
    "png-16": saved(PAGE.astype(np.uint16) * 257),
    "jpeg": saved(PAGE, "JPEG", quality=95),
    "jpeg-rgb": saved(Image.fromarray(PAGE).convert("RGB"), "JPEG", quality=95),
    "jpeg-progressive": saved(PAGE, "JPEG", quality=95, progressive=True),
}


@pytest.mark.parametrize("share", [0.4, 0.7, 0.9, 0.99])
@pytest.mark.parametrize("name", CUT)
def test_a_png_or_jpeg_without_its_end_is_read_as_far_as_it_goes(name, share):
    data = CUT[name]
    picture, whole = uploads.read_picture(data[: int(share * len(data))]), read_image(data)
    assert picture.image.shape == whole.shape and picture.dark_ink
    rows = slice(0, int((share - 0.15) * 200) if name != "jpeg-progressive" else 200)
    assert np.abs(picture.image[rows] - whole[rows]).mean() < (0.15 if name == "jpeg-progressive" else 0.02)
    assert name == "jpeg-progressive" or np.abs(picture.image[-1]).max() < 0.2, "what is missing is paper"
    assert picture.notes[0].startswith(("The file is cut off: what is missing", "The file's end is missing, but all"))


@pytest.mark.parametrize(("name", "cut"), [("png", 1), ("png", 12), ("png", 16), ("jpeg", 1), ("jpeg", 2), ("jpeg", 3)])
def test_a_file_that_lacks_its_last_bytes_is_all_there(name, cut):
    picture = uploads.read_picture(CUT[name][:-cut])
    assert np.abs(picture.image - read_image(CUT[name])).mean() < 1e-3
    assert "end is missing" in picture.notes[0] or "cut off" in picture.notes[0]
    assert uploads.read_picture(CUT[name]).notes == ()


def test_a_cut_file_with_nothing_in_it_is_refused():
    png, jpeg = CUT["png"], CUT["jpeg"]
    refused(png[: png.index(b"IDAT") + 6], "The PNG file is cut off before its first row of pixels.* Download it or save it again")
    refused(png[:33], "cut off before its first row")
    refused(png[:20], "cut off")
    refused(jpeg[: jpeg.index(b"\xff\xda") + 10], "The JPEG file is cut off before its first pixels")
    refused(jpeg[: jpeg.index(b"\xff\xda") - 30], "The JPEG file is cut off")


@given(name=st.sampled_from(sorted(CUT)), share=st.floats(0, 1))
def test_any_cut_gives_an_image_or_a_sentence(name, share):
    outcome(CUT[name][: int(share * len(CUT[name]))])


def test_a_changed_byte_of_a_png_is_noticed():
    data = bytearray(SAMPLES["png"])
    data[data.index(b"IDAT") + 30] ^= 1
    refused(bytes(data), "a checksum is wrong")


def test_tiff_with_absurd_tags_is_refused():
    def patched(tag: int, value: int, count: int = 1) -> bytes:
        data = bytearray(SAMPLES["tiff-lzw"])
        entries = range(struct.unpack_from("<L", data, 4)[0] + 2, len(data), 12)
        at = next(at for at in entries if struct.unpack_from("<H", data, at)[0] == tag)
        data[at : at + 12] = struct.pack("<HHLL", tag, 4, count, value)
        return bytes(data)

    refused(patched(279, 1 << 30), "its parts are longer than the whole")
    refused(patched(273, 8, 1 << 20), "its tag 273 is absurd")
    refused(patched(277, 900_000), "TIFF file unpacks to too much")
    refused(patched(258, 1 << 31), "unpacks to too much")
    refused(patched(278, 0), "its tiles have no size")
    assert not outcome(patched(258, 1 << 30, 3))  # its values would lie outside the file, of which Pillow warns
    refused(patched(259, 34925), "packed in a rare way")


def test_pillows_global_state_stays(monkeypatch):
    before = (ImageFile.LOAD_TRUNCATED_IMAGES, Image.MAX_IMAGE_PIXELS, list(warnings.filters))
    for data in (*SAMPLES.values(), b"", SAMPLES["png"][:50]):
        outcome(data)
    assert before == (ImageFile.LOAD_TRUNCATED_IMAGES, Image.MAX_IMAGE_PIXELS, list(warnings.filters))
    assert not ImageFile.LOAD_TRUNCATED_IMAGES


# --- any bytes -------------------------------------------------------------------------------------------------------------


def outcome(data: bytes) -> bool:
    """Whether bytes were read; then they are an image. `read_image` raises nothing but UploadError, and no warning was the cause."""
    try:
        image = read_image(data)
    except UploadError as error:
        assert str(error)[0].isupper() and str(error).endswith(".") and len(str(error)) < 300
        assert not isinstance(error.__cause__, Warning), repr(error.__cause__)
        return False
    assert image.ndim == 2 and image.dtype == np.float32 and image.size
    assert image.min() >= 0 and image.max() <= 1  # NaN fails both
    return True


def corrupted(number: int) -> bytes:
    """A valid small file with a few bytes changed, or cut, or with a piece moved; the same for the same number."""
    rng = random.Random(number)
    data = bytearray(list(SAMPLES.values())[number % len(SAMPLES)])
    for _ in range(rng.randint(1, 6)):
        at = rng.randrange(len(data)) if rng.random() < 0.5 else rng.randrange(min(len(data), 80))
        change = rng.random()
        if change < 0.7:
            data[at] = rng.choice([0, 1, 0x7F, 0x80, 0xFF, rng.randrange(256)])
        elif change < 0.8:
            del data[max(at, 20) :]
        elif change < 0.9:
            data[at:at] = rng.randbytes(rng.randint(1, 20))
        else:
            del data[at : at + rng.randint(1, 20)]
        if not data:
            break
    if bytes(data[:8]) == formats.PNG_MAGIC and rng.random() < 0.8:
        data = rechecked(data)
    return bytes(data)


def rechecked(data: bytearray) -> bytearray:
    """A PNG with right checksums, so that changes get past them."""
    at = 8
    while at + 12 <= len(data):
        end = at + 12 + struct.unpack_from(">L", data, at)[0]
        if end > len(data):
            break
        data[end - 4 : end] = struct.pack(">L", zlib.crc32(data[at + 4 : end - 4]))
        at = end
    return data


def test_a_tiff_whose_tags_lie_outside_it_gives_no_warning():
    outcome(corrupted(2241))  # found by more corruptions than the usual


@pytest.mark.parametrize("part", range(4))
def test_corruptions_of_valid_files(part):
    check_corruptions(range(part, CORRUPTIONS, 4))


@pytest.mark.slow
@pytest.mark.parametrize("part", range(8))
def test_more_corruptions_of_valid_files(part):
    check_corruptions(range(CORRUPTIONS + part, CORRUPTIONS + MORE_CORRUPTIONS, 8))


def check_corruptions(numbers):
    read = [outcome(corrupted(number)) for number in numbers]
    assert 0.02 * len(read) < sum(read) < 0.9 * len(read)  # some changes do no harm, most do: both ways are met


MAGICS = [formats.PNG_MAGIC, b"\xff\xd8\xff", b"GIF89a", b"BM", b"II*\0", b"MM\0*", b"II+\0\x08\0\0\0"]
MAGICS += [b"RIFF\x40\0\0\0WEBPVP8 ", b"PK\3\4", b""]


@given(start=st.sampled_from(MAGICS), data=st.binary(max_size=200))
def test_random_bytes(start, data):
    outcome(start + data)


@given(name=st.sampled_from(sorted(SAMPLES)), data=st.data())
def test_random_changes_of_a_valid_file(name, data):
    changed = bytearray(SAMPLES[name])
    for _ in range(data.draw(st.integers(1, 5))):
        changed[data.draw(st.integers(0, len(changed) - 1))] = data.draw(st.integers(0, 255))
    outcome(bytes(changed))


# --- polarity --------------------------------------------------------------------------------------------------------------


def page(height: int, width: int, size: int, seed: int = 0) -> np.ndarray:
    """Ink in [0, 1] of rows of digits."""
    image, rng = Image.new("L", (width, height)), np.random.default_rng(seed)
    for y, x in itertools.product(range(size // 4, height - size, size * 3 // 2), range(size // 4, width - size, size * 3 // 2)):
        ImageDraw.Draw(image).text((x, y), str(rng.integers(10)), 255, ImageFont.load_default(size), stroke_width=size // 30)
    return np.asarray(image, np.float32) / 255


def light(name: str, height: int, width: int) -> np.ndarray:
    y, x = np.mgrid[0:height, 0:width] / max(height, width)
    lights = {
        "even": np.ones((height, width)),
        "dim": np.full((height, width), 0.3),
        "ramp": 0.25 + 0.7 * x,
        "vignette": 1 - 1.1 * ((x - 0.5) ** 2 + (y - 0.5) ** 2),
        "shadow": np.where(x + 0.3 * y < 0.6, 1, 0.4),
        "mostly shadow": np.where(x < 0.75, 0.35, 1),
    }
    return lights[name]


@pytest.mark.parametrize("lit", ["even", "dim", "ramp", "vignette", "shadow", "mostly shadow"])
@pytest.mark.parametrize(
    ("height", "width", "size"),
    [
        pytest.param(600, 800, 60, marks=pytest.mark.slow),
        (300, 300, 200),
        pytest.param(1500, 2000, 90, marks=pytest.mark.slow),
        (90, 400, 60),
    ],
)
def test_polarity_of_photos(lit, height, width, size):
    ink, noise = page(height, width, size), np.random.default_rng(1).normal(0, 0.02, (height, width))
    for reflectance, dark in ((1 - 0.8 * ink, True), (0.9 - 0.3 * ink, True), (0.2 + 0.7 * ink, False)):
        grey = np.clip(light(lit, height, width) * reflectance + noise, 0, 1).astype(np.float32)
        assert ink_is_dark(grey) is dark


def test_polarity_of_small_and_flat_pictures():
    assert not ink_is_dark(INK) and ink_is_dark(1 - INK)
    garment = np.zeros((28, 28), np.float32)
    garment[1:, 3:25] = np.random.default_rng(0).uniform(0.4, 1, (27, 22))  # more ink than background
    assert not ink_is_dark(garment) and ink_is_dark(1 - garment)
    noisy = np.clip(0.1 + 0.8 * INK + np.random.default_rng(0).normal(0, 0.03, INK.shape), 0, 1).astype(np.float32)
    assert not ink_is_dark(noisy) and ink_is_dark(1 - noisy)
    for level, dark in ((0.0, False), (0.3, False), (0.7, True), (1.0, True)):
        assert ink_is_dark(np.full((50, 90), level, np.float32)) is dark
        assert ink_is_dark(np.full((1, 1), level, np.float32)) is dark


# --- many files, and zips --------------------------------------------------------------------------------------------------


def zipped(members, method: int = zipfile.ZIP_DEFLATED) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", method) as made:
        for name, data in members:
            made.writestr(name, data)
    return content.getvalue()


def listed(files) -> list[tuple[str, bool, str]]:
    return [(upload.title, upload.image is not None, upload.problem) for upload in read_files(files)]


def test_files_in_turn_good_and_bad():
    good, bad, last = read_files([("a.png", SAMPLES["png"]), ("b.png", b""), ("c.gif", SAMPLES["gif"])])
    assert (good.title, good.problem, bad.title, bad.image, last.title) == ("a.png", "", "b.png", None, "c.gif")
    np.testing.assert_array_equal(good.image, INK)
    assert bad.problem == "The file is empty. Choose the image again."


def test_a_zip_is_opened_and_what_is_hidden_is_skipped():
    names = ["b/1.png", "b/", "__MACOSX/b/._1.png", ".DS_Store", "b/.hidden/2.png", "../../etc/3.png", "notes.txt"]
    data = zipped([(name, b"hello" if name.endswith("txt") else b"" if name.endswith("/") else SAMPLES["png"]) for name in names])
    found = listed([("all.zip", data)])
    assert [(title, read) for title, read, _ in found] == [("1.png", True), ("notes.txt", False)]
    assert found[1][2].startswith("This is text")


def test_zips_within_zips_are_not_opened():
    ((title, read, problem),) = listed([("a.zip", zipped([("b.zip", zipped([("c.png", SAMPLES["png"])]))]))])
    assert (title, read) == ("b.zip", False) and problem.startswith("This is a zip within a zip")


def test_an_empty_and_a_damaged_zip():
    assert listed([("a.zip", zipped([]))]) == [("a.zip", False, "The zip holds no files. Zip the images and upload it again.")]
    for data in (b"PK\3\4" + b"x" * 99, zipped([("a.png", SAMPLES["png"])])[:-9]):
        assert listed([("a.zip", data)])[0][2].startswith("The zip is damaged or incomplete")


def test_a_damaged_member_does_not_stop_the_others():
    data = bytearray(zipped([("a.png", SAMPLES["png"]), ("b.png", SAMPLES["gif"])], zipfile.ZIP_STORED))
    data[data.index(b"IDAT") + 9] ^= 1
    assert [(read, problem[:39]) for _, read, problem in listed([("a.zip", bytes(data))])] == [
        (False, "This file is damaged within the zip. Zi"),
        (True, ""),
    ]


def test_encrypted_and_oddly_packed_members():
    data = zipped([("a.png", SAMPLES["png"])])
    locked = data.replace(b"PK\3\4\x14\0\0\0", b"PK\3\4\x14\0\1\0").replace(b"PK\1\2\x14\3\x14\0\0\0", b"PK\1\2\x14\3\x14\0\1\0")
    assert locked != data
    assert listed([("a.zip", locked)])[0][2] == "This file is encrypted. Zip the images again without a password."
    for method in (zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA):
        assert "usual method" in listed([("a.zip", zipped([("a.png", SAMPLES["png"])], method))])[0][2]


def test_no_more_than_so_many_images(monkeypatch):
    monkeypatch.setattr(uploads, "MAX_FILES", 3)
    monkeypatch.setattr(zips.Budget, "files", 3)
    monkeypatch.setattr(zips.Budget.__init__, "__defaults__", (3, zips.MAX_UNPACKED))
    for files in ([("a.png", SAMPLES["png"])] * 9, [("a.zip", zipped((f"{n}.png", SAMPLES["png"]) for n in range(9)))] * 2):
        found = listed(files)
        assert [read for _, read, _ in found] == [True] * 3 + [False]
        assert found[-1][2] == "There are more than 3 images; the rest were left out. Upload them next."
    assert len(listed([("a.png", SAMPLES["png"])] * 3)) == 3


def test_a_zip_bomb_is_not_unpacked_beyond_the_limit(monkeypatch):
    monkeypatch.setattr(zips.Budget.__init__, "__defaults__", (200, 5 << 20))
    data = zipped((f"{n}.png", bytes(3 << 20)) for n in range(9))
    assert len(data) < 100_000
    read, unpacked = zipfile.ZipExtFile.read, []

    def counted(self, n):
        unpacked.append(len(chunk := read(self, n)))
        return chunk

    monkeypatch.setattr(zipfile.ZipExtFile, "read", counted)
    found = listed([("a.zip", data), ("b.png", SAMPLES["png"])])
    assert [title for title, _, _ in found] == ["0.png", "1.png", "a.zip", "b.png"]
    assert "Zips unpack to more than" in found[1][2] and "the rest were left out" in found[2][2] and found[3][1]
    assert sum(unpacked) <= (5 << 20) + zips.CHUNK


def test_a_member_too_large_is_not_unpacked_whole(monkeypatch):
    monkeypatch.setattr(zips, "MAX_BYTES", 1 << 20)
    found = listed([("a.zip", zipped([("a.png", bytes(30 << 20)), ("b.png", SAMPLES["png"])]))])
    assert "larger than 1 MB" in found[0][2] and found[1][1]


def test_more_members_than_are_listed(monkeypatch):
    monkeypatch.setattr(zips, "MAX_MEMBERS", 5)
    data = zipped((f".{n}", b"") for n in range(6))
    monkeypatch.setattr(zipfile, "ZipFile", None)
    assert "holds more than 5 files" in listed([("a.zip", data)])[0][2]


def test_one_image_is_in_memory_at_a_time():
    asked = []

    def files():
        for number in range(3):
            asked.append(number)
            yield f"{number}.png", SAMPLES["png"]

    for source in (files(), [("a.zip", zipped((f"{n}.png", SAMPLES["png"]) for n in range(3)))]):
        uploaded, last = read_files(source), None
        for count in range(3):
            upload = next(uploaded)
            assert last is None or last() is None
            assert asked[:1] == [0] and (len(asked) == count + 1 or len(asked) == 3)
            last = weakref.ref(upload.image)
            del upload


@pytest.mark.parametrize(
    ("name", "title"),
    [
        ("a/b\\c d.png", "c d.png"),
        ("\u202egnp.exe\x00\x1b[31m\u200b", "gnp.exe[31m"),
        ("two\nlines\t.png", "two lines .png"),
        ("Größe – 七.png", "Größe – 七.png"),
        ("", "unnamed"),
        ("../..", ".."),
        ("\udcff.png", ".png"),
        ("x" * 300 + ".png", "x" * 40 + "…" + "x" * 35 + ".png"),
    ],
)
def test_titles_are_plain_and_short(name, title):
    ((shown, _, _),) = listed([(name, SAMPLES["png"])])
    assert shown == title and len(shown) <= uploads.MAX_TITLE


@given(name=st.text(max_size=200))
def test_any_name(name):
    title = next(read_files([(name, b"")])).title
    assert title and len(title) <= uploads.MAX_TITLE and title.isprintable()


@given(data=st.data())
def test_random_changes_of_a_zip(data):
    changed = bytearray(zipped([("a.png", SAMPLES["png"]), ("b.gif", SAMPLES["gif"])]))
    for _ in range(data.draw(st.integers(1, 5))):
        changed[data.draw(st.integers(0, len(changed) - 1))] = data.draw(st.integers(0, 255))
    for upload in read_files([("a.zip", bytes(changed))]):
        assert isinstance(upload, Upload) and (upload.image is None) == bool(upload.problem)


def test_the_working_size_keeps_a_page():
    assert pixels.reduction((4096, 4096)) == 1 and pixels.reduction((4097, 4096)) == 2 and pixels.reduction((20_000, 3)) == 1
    assert math.prod(size // pixels.reduction((8160, 6120)) for size in (8160, 6120)) <= pixels.MAX_WORKING_PIXELS

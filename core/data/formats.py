"""Which of the six formats a file is by its first bytes, or a sentence for its owner on why it is none that is read."""

import codecs
import struct

MAX_BYTES = 32 << 20  # of a file
MAX_PIXELS = 50_000_000  # as its header states them
MAX_SIDE = 20_000
FORMATS = "a PNG, JPEG, WebP, BMP, TIFF or GIF"
PNG_MAGIC = b"\x89PNG\r\n\x1a\n"
HEIC = (b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"heif", b"mif1", b"msf1")
ZIP_MAGIC = (b"PK\3\4", b"PK\5\6", b"PK\7\x08")


class UploadError(Exception):
    """An upload that cannot be read as an image; the message says what was wrong and what to do."""


def format_of(data: bytes) -> str:
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
                "This is a HEIC photo, which cannot be read here. Save it as a JPEG: on an iPhone, share it with Options > Most Compatible "
                "or set Camera > Formats to Most Compatible; on a computer, open it and export it as JPEG."
            )
        return "This is a video or an AVIF image, which cannot be read here. Save the picture as a JPEG or PNG and upload that."
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
    return f"This is not an image of a kind that can be read here. Upload {FORMATS}."


def damaged(kind: str, what: str = "damaged or incomplete") -> UploadError:
    """The error for a file that is what it says but cannot be decoded."""
    return UploadError(f"The {kind} file is {what}, so it could not be decoded. Download it or save it again.")


def unusual(kind: str, what: str) -> UploadError:
    """The error for a file that another program may well open."""
    return UploadError(f"The {kind} file {what}, which cannot be read here. Open it in an image program, save it as a PNG and upload that.")


def checked_size(kind: str, width: int, height: int, most: int = MAX_PIXELS) -> tuple[int, int]:
    """(width, height), or an UploadError when a header asks for more than is read, or for nothing."""
    if width < 1 or height < 1:
        raise damaged(kind, "damaged: its header states no size")
    if max(width, height) > MAX_SIDE or width * height > most:
        raise UploadError(
            f"The image is {width:,} x {height:,} pixels; at most {most / 1e6:g} megapixels and {MAX_SIDE:,} to a side can be read. "
            "Make it smaller and upload it again."
        )
    return width, height

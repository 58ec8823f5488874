"""Zips of images, opened within bounds."""

import io
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass

from core.data.formats import MAX_BYTES, ZIP_MAGIC

MAX_FILES = 200  # images in one go
MAX_MEMBERS = 2_000  # entries of a zip, with those that are skipped
MAX_UNPACKED = 256 << 20  # bytes out of zips, in one go
ZIP_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)  # others may need gigabytes to unpack
MEMBER_SIGNATURE = b"PK\1\2"  # begins each entry of a zip's list of files
ENCRYPTED_FLAGS = 0x41
CHUNK = 1 << 20


@dataclass
class Budget:
    """What may still be read in this go."""

    files: int = MAX_FILES
    unpacked: int = MAX_UNPACKED


def members_of(name: str, data: bytes, budget: Budget) -> Iterator[tuple[str, bytes, str]]:
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
                yield name, b"", f"The zip unpacks to more than {MAX_UNPACKED >> 20} MB; the rest were left out. Upload them on their own."
                return
            yield member.filename, *_unpacked(archive, member, budget)
    if not found:
        yield name, b"", "The zip holds no files. Zip the images and upload it again."


def _unpacked(archive: zipfile.ZipFile, member: zipfile.ZipInfo, budget: Budget) -> tuple[bytes, str]:
    """(content, problem), counting what really comes out: the size that a zip states may be a lie."""
    if member.flag_bits & ENCRYPTED_FLAGS:
        return b"", "This file is encrypted. Zip the images again without a password."
    if member.compress_type not in ZIP_METHODS:
        return b"", "This file is packed in a way that cannot be read here. Zip the images again with the usual method (Deflate)."
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

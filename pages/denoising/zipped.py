"""Results as a zip. Members have names that we make; no name of an upload ever becomes a path."""

import io
import re
import zipfile
from collections.abc import Mapping

NAME = re.compile(r"[0-9a-z-]+\.(png|csv)")


def pack(members: Mapping[str, bytes]) -> bytes:
    """A zip of files by name; pictures are stored, as they are compressed already."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, content in members.items():
            assert NAME.fullmatch(name), name
            archive.writestr(name, content, zipfile.ZIP_DEFLATED if name.endswith("csv") else zipfile.ZIP_STORED)
    return buffer.getvalue()

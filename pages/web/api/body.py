"""The request's body: read only as far and as long as it may be, and the image in it, which may be a field of a form."""

from email.message import Message

import anyio
from fastapi import Request

from core.data.formats import FORMATS
from pages.web.api import bounds
from pages.web.api.parameters import Parameters
from pages.web.api.refusals import Refusal
from pages.web.pace import BYTES_PER_S, WINDOW_S, steady

FILE_FIELD = "image"  # of a form


async def content_type(request: Request) -> Message:
    """The Content-Type, parsed; refused unless it is one of an image, of bytes or of a form with a file."""
    parsed = Message()
    parsed["Content-Type"] = request.headers.get("content-type", "none/given")
    kind = parsed.get_content_type()
    if kind.startswith("image/") or kind in ("application/octet-stream", "multipart/form-data"):
        return parsed
    raise Refusal(
        415, f"Send {FORMATS} with its own Content-Type, such as image/png, or as the field {FILE_FIELD!r} of multipart/form-data."
    )


def is_form(kind: Message) -> bool:
    """Whether the image is a field of a form."""
    return kind.get_content_type() == "multipart/form-data"


async def read(request: Request) -> bytes:
    """The whole body, never more than MAX_BODY of it."""
    too_large = Refusal(413, f"The upload is larger than {bounds.MAX_BODY >> 20} MB. Save the image smaller, or as a JPEG.")
    length = request.headers.get("content-length", "")
    if length.isdecimal() and int(length[:20]) > bounds.MAX_BODY:
        raise too_large
    paced = Request(request.scope, steady(request.receive, _trickled))
    chunks, size = [], 0
    with anyio.move_on_after(bounds.READ_S) as scope:
        async for chunk in paced.stream():
            size += len(chunk)
            if size > bounds.MAX_BODY:
                raise too_large
            chunks.append(chunk)
    if scope.cancelled_caught:
        raise Refusal(408, f"The upload took longer than {bounds.READ_S} s. Send a smaller image, or try a faster connection.")
    return b"".join(chunks)


def _trickled() -> Refusal:
    return Refusal(
        408, f"The upload came in below {BYTES_PER_S / 1000:g} kB/s for {WINDOW_S:g} s. Send a smaller image, or try a faster connection."
    )


def form(data: bytes, kind: Message) -> tuple[bytes, list[tuple[str, str]]]:
    """The file field's content and the other fields of multipart/form-data.  (RFC 2046, section 5.1; RFC 7578)

    In memory, in a thread, and in linear time: 0.03 s of CPU for 16 MB. FastAPI takes Starlette's parser, which runs in the event loop,
    0.14 to 0.34 s for the same, while every page waits; and it writes the file to disk.
    """
    boundary = kind.get_boundary()
    if not boundary:
        raise Refusal(400, "The form's Content-Type names no boundary. Let your HTTP library set it.")
    data, edge = b"\r\n" + data, b"\r\n--" + boundary.encode("latin-1", "replace")
    if data.count(edge) > 1 + len(Parameters.model_fields) + 1:  # the last one ends it
        raise Refusal(400, f"The form has more fields than {FILE_FIELD}, {' and '.join(Parameters.model_fields)}.")
    pieces = data.split(edge)
    if len(pieces) < 3 or not pieces[-1].startswith(b"--"):
        raise Refusal(400, "The form is cut off, or its boundary is another than its Content-Type says. Send it again.")
    parts = [_part(part) for part in pieces[1:-1]]
    found = [content for name, content in parts if name == FILE_FIELD]
    if len(found) != 1:
        raise Refusal(400, f"The form needs exactly one field named {FILE_FIELD!r}, with the image's file; it has {len(found) or 'none'}.")
    return found[0], [(name, content.decode("utf-8", "replace").strip()) for name, content in parts if name != FILE_FIELD]


def _part(part: bytes) -> tuple[str, bytes]:
    """A form field's name ("" where it says none) and its content."""
    head, _, content = part.partition(b"\r\n\r\n")
    for line in head[:4096].decode("utf-8", "replace").splitlines():
        header, _, value = line.partition(":")
        if header.strip().lower() == "content-disposition":
            parsed = Message()
            parsed["Content-Disposition"] = value.strip()
            name = parsed.get_param("name", "", "Content-Disposition")
            return (name if isinstance(name, str) else ""), content
    return "", content

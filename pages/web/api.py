"""The HTTP interface below /api/: POST an image to /api/v1/denoise and get it back denoised; /api/v1/openapi.json describes it.

Whoever calls is a stranger: sizes, time, requests per minute and requests at once are bounded, nothing is written to disk, and every
refusal is JSON with a sentence. The work runs in a thread, so the pages go on meanwhile.
"""

import math
import threading
import time
import traceback
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from email.message import Message
from typing import Any, NoReturn

import anyio
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response

from core.data.uploads import FORMATS, UploadError
from core.denoise import Picture, png, read
from core.restore import METHODS, TRAINED_ON, MethodMissingError, RestoreError, RestoreStoppedError, denoise_page, strength_for
from pages.web import errors
from pages.web.buckets import Buckets
from pages.web.client import household
from pages.web.pace import BYTES_PER_S, WINDOW_S, steady

MAX_BODY = 16 << 20  # bytes
MAX_PIXELS = 4_000_000
READ_S, WORK_S = 60, 120  # seconds that an upload, and its denoising, may take
PER_MINUTE, BURST = 30, 30  # requests of one client: on average, and at once
AT_ONCE, UPLOADS_AT_ONCE = 2, 8  # on the whole server
OWN_AT_ONCE = 2  # of the uploads, those of one client
HEADERS = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}
PARAMETERS = ("method", "strength")
FILE_FIELD = "image"  # of a form

STATUSES = {  # what can be refused: the error's code and what it means
    400: ("bad_request", "A parameter is wrong or unknown, or the body is no image that can be read."),
    403: ("wrong_host", "The server does not answer to the name in the Host header."),
    404: ("not_found", "There is nothing at this address."),
    405: ("method_not_allowed", "This address does not take this HTTP method; the Allow header lists those that it takes."),
    408: (
        "too_slow",
        f"The upload took longer than {READ_S} seconds, or came in below {BYTES_PER_S / 1000:g} kB/s for {WINDOW_S:g} seconds.",
    ),
    413: ("too_large", f"More than {MAX_BODY >> 20} MB, or more than {MAX_PIXELS / 1e6:g} megapixels."),
    415: ("not_an_image", "The Content-Type is not that of an image."),
    422: ("does_not_fit", "The image was read, but the method does not take its size."),
    429: (
        "too_many_requests",
        f"More than {PER_MINUTE} requests in a minute or {OWN_AT_ONCE} at once; Retry-After says when to try again.",
    ),
    500: ("internal_error", "Something is wrong with the server."),
    503: ("busy", "The server has too much to do, or lacks the method's network; Retry-After says when to try again."),
}


class Refusal(Exception):
    """A request that is not done, with its status and a sentence."""

    def __init__(self, status: int, message: str, headers: dict[str, str] | None = None) -> None:
        super().__init__(message)
        self.status, self.headers = status, headers or {}

    def response(self) -> Response:
        """JSON with the error's code and the sentence. The rest of an upload is not waited for."""
        error = {"code": STATUSES[self.status][0], "message": str(self)}
        return JSONResponse({"error": error}, self.status, HEADERS | {"Connection": "close"} | self.headers)


buckets = Buckets(BURST, PER_MINUTE)
working = threading.BoundedSemaphore(AT_ONCE)
uploading = threading.BoundedSemaphore(UPLOADS_AT_ONCE)
sending: Counter[str] = Counter()  # uploads by client


async def respond(request: Request) -> Response:
    """The response to any request below /api/."""
    path, verb = request.path_params["path"], request.method
    try:
        if path not in ROUTES:
            raise Refusal(404, f"There is nothing at this address; below /api/ are {', '.join(ROUTES)}.")
        if verb not in ROUTES[path]:
            allowed = ", ".join(ROUTES[path])
            raise Refusal(405, f"This address answers to {allowed}, not to {verb}.", {"Allow": allowed})
        return await ROUTES[path][verb](request)
    except Refusal as refusal:
        return refusal.response()
    except ClientDisconnect:
        return Response(status_code=408)  # nobody is there to read it
    except Exception:  # a stranger gets a sentence, the log the rest
        traceback.print_exc()
        return Refusal(500, "Something went wrong on the server. Try again; if it happens again, tell whoever runs it.").response()


# --- POST /api/v1/denoise ---------------------------------------------------------------------------------------------


async def post_denoise(request: Request) -> Response:
    """The image in the body, denoised: a PNG."""
    who = client(request)
    if wait := buckets.wait_s(who):
        raise Refusal(429, f"More than {PER_MINUTE} requests in a minute. Wait {wait:.0f} s.", {"Retry-After": str(math.ceil(wait))})
    given = request.query_params.multi_items()
    kind = content_type(request)
    known(given)  # a wrong one is refused before the body is waited for, if that can be told without a form's fields
    if not is_form(kind):
        parameters(given)
    with a_share(who), one_of(uploading):
        data = await body(request)
        with one_of(working):
            start = time.monotonic()
            content, method, notes = await anyio.to_thread.run_sync(work, data, kind, given)
    headers = HEADERS | {"X-Method": method, "X-Seconds": f"{time.monotonic() - start:.3f}"}
    if METHODS[method].is_model:
        headers["X-Trained-On"] = TRAINED_ON
    if notes:
        headers["X-Notes"] = " ".join(notes)
    return Response(content, media_type="image/png", headers=headers)


def client(request: Request) -> str:
    """Whom to count a request for; the guard has put the real address in place."""
    return household(request.client.host if request.client else "")


def parameters(given: Sequence[tuple[str, str]]) -> tuple[str, float | None]:
    """Method and strength, of the address's query and of a form's fields together."""
    known(given)
    values = dict(given)
    method = values.get("method", "denoiser")
    if method not in METHODS:
        raise Refusal(400, f"There is no method named {method[:40]!r}; there are {', '.join(METHODS)}.")
    try:
        strength = float(values["strength"]) if "strength" in values else None
        strength_for(method, strength)
    except ValueError:
        raise Refusal(400, f"The strength should be a number; it is {values['strength'][:40]!r}.") from None
    except RestoreError as error:
        raise Refusal(400, errors.words(error)) from error
    return method, strength


def known(given: Sequence[tuple[str, str]]) -> None:
    """Refuse a name that is no parameter's, or comes twice: nothing that is sent is ignored."""
    names = [name for name, _ in given]
    for name in names:
        if name not in PARAMETERS:
            raise Refusal(400, f"The parameters are {' and '.join(PARAMETERS)}; there is none named {name[:40]!r}.")
        if names.count(name) > 1:
            raise Refusal(400, f"Give {name} once, in the address or as a field of the form.")


def content_type(request: Request) -> Message:
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


async def body(request: Request) -> bytes:
    """The request's body, never more than MAX_BODY of it."""
    too_large = Refusal(413, f"The upload is larger than {MAX_BODY >> 20} MB. Save the image smaller, or as a JPEG.")
    length = request.headers.get("content-length", "")
    if length.isdecimal() and int(length[:20]) > MAX_BODY:
        raise too_large
    paced = Request(request.scope, steady(request.receive, _trickled))
    chunks, size = [], 0
    with anyio.move_on_after(READ_S) as scope:
        async for chunk in paced.stream():
            size += len(chunk)
            if size > MAX_BODY:
                raise too_large
            chunks.append(chunk)
    if scope.cancelled_caught:
        raise Refusal(408, f"The upload took longer than {READ_S} s. Send a smaller image, or try a faster connection.")
    return b"".join(chunks)


def _trickled() -> Refusal:
    return Refusal(
        408, f"The upload came in below {BYTES_PER_S / 1000:g} kB/s for {WINDOW_S:g} s. Send a smaller image, or try a faster connection."
    )


@contextmanager
def a_share(who: str) -> Iterator[None]:
    """A place among a client's own uploads, so that nobody takes all places; or a refusal."""
    if sending[who] >= OWN_AT_ONCE:
        raise Refusal(429, f"You are sending {OWN_AT_ONCE} images already. Try again when one is done.", {"Retry-After": "3"})
    sending[who] += 1
    try:
        yield
    finally:
        sending[who] -= 1
        if not sending[who]:
            del sending[who]


@contextmanager
def one_of(places: threading.BoundedSemaphore) -> Iterator[None]:
    """One of the places, or a refusal: nobody queues, so that nothing piles up."""
    if not places.acquire(blocking=False):
        raise Refusal(503, "The server is busy with other images. Try again in a few seconds.", {"Retry-After": "3"})
    try:
        yield
    finally:
        places.release()


def work(data: bytes, kind: Message, given: Sequence[tuple[str, str]]) -> tuple[bytes, str, tuple[str, ...]]:
    """Bytes of an image, or of a form with one, to those of the denoised PNG, the method used and what is to be said. Runs in a thread."""
    deadline = time.monotonic() + WORK_S
    if is_form(kind):
        data, fields = form(data, kind)
        given = [*given, *fields]
    method, strength = parameters(given)
    try:
        picture = read(data)
        if picture.image.size > MAX_PIXELS:
            height, width = picture.image.shape
            raise Refusal(
                413, f"The image has {width:,} x {height:,} pixels; at most {MAX_PIXELS / 1e6:g} megapixels are denoised. Make it smaller."
            )
        image = denoise_page(picture.image, method, strength, should_stop=lambda: time.monotonic() > deadline)
        return png(Picture(image, picture.dark_ink)), method, picture.notes
    except UploadError as error:
        raise Refusal(400, errors.words(error)) from error
    except RestoreError as error:
        _refuse(error)


def _refuse(error: RestoreError) -> NoReturn:
    stopped = f"This took longer than {WORK_S} s. Send a smaller image, or try when the server is less busy."
    missing = "This method's network is not on the server. Choose another method, or tell whoever runs it."
    status, message = {RestoreStoppedError: (503, stopped), MethodMissingError: (503, missing)}.get(type(error), (422, errors.words(error)))
    raise Refusal(status, message, {"Retry-After": "60"} if status == 503 else None) from error


def form(data: bytes, kind: Message) -> tuple[bytes, list[tuple[str, str]]]:
    """The file field's content and the other fields of multipart/form-data.  (RFC 2046, section 5.1; RFC 7578)

    In memory and in linear time: starlette's own parser writes files to disk and runs in the event loop.
    """
    boundary = kind.get_boundary()
    if not boundary:
        raise Refusal(400, "The form's Content-Type names no boundary. Let your HTTP library set it.")
    data, edge = b"\r\n" + data, b"\r\n--" + boundary.encode("latin-1", "replace")
    if data.count(edge) > 1 + len(PARAMETERS) + 1:  # the last one ends it
        raise Refusal(400, f"The form has more fields than {FILE_FIELD}, {' and '.join(PARAMETERS)}.")
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


# --- what describes it ------------------------------------------------------------------------------------------------


def no_parameters(request: Request) -> None:
    """Refuse a query, which would be ignored."""
    if request.query_params:
        raise Refusal(400, "This address takes no parameters.")


async def get_methods(request: Request) -> Response:
    """The methods, with their strengths, as JSON."""
    no_parameters(request)
    return JSONResponse({name: _method(name) for name in METHODS}, headers=HEADERS)


def _method(name: str) -> dict[str, Any]:
    kind = METHODS[name]
    told: dict[str, Any] = {"title": kind.title, "summary": kind.summary, "any_size": kind.any_size, "strength": None}
    if kind.is_model:
        told["trained_on"] = TRAINED_ON
    if kind.strength:
        known = kind.strength
        told["strength"] = {
            "words": known.words, "minimum": known.low, "maximum": known.high, "default": known.default, "whole": known.whole
        }  # fmt: skip
    return told


async def get_openapi(request: Request) -> Response:
    """The description, for this very address."""
    no_parameters(request)
    return JSONResponse(openapi(request.url.path.removesuffix("/v1/openapi.json")), headers=HEADERS)


def openapi(base: str = "/api") -> dict[str, Any]:
    """The OpenAPI 3.1 description, from the same constants that the code runs by."""
    binary = {"schema": {"type": "string", "format": "binary"}}
    fields = {FILE_FIELD: binary["schema"], "method": {"type": "string", "enum": list(METHODS)}, "strength": {"type": "number"}}
    form = {"schema": {"type": "object", "required": [FILE_FIELD], "properties": fields, "additionalProperties": False}}
    strengths = [
        f"{name}: {known.low:g} to {known.high:g}, {known.default:g} unless told ({known.words})"
        for name, kind in METHODS.items()
        if (known := kind.strength)
    ]
    methods = [f"- {name}: {kind.summary}{'' if kind.any_size else ' 28 x 28 only.'}" for name, kind in METHODS.items()]
    answer = {
        "description": "The denoised image: 8-bit grey, of the same size, dark on light if it was, its paper as it was.",
        "headers": {
            "X-Method": {"description": "The method used.", "schema": {"type": "string"}},
            "X-Seconds": {"description": "How long it took.", "schema": {"type": "number"}},
            "X-Trained-On": {"description": "What the network was trained on; of a filter it is left out.", "schema": {"type": "string"}},
            "X-Notes": {"description": "What there is to know of how the image was read, if anything.", "schema": {"type": "string"}},
        },
        "content": {"image/png": binary},
    }
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Latent Space Explorer",
            "version": "1",
            "description": f"At most {PER_MINUTE} requests a minute and {OWN_AT_ONCE} at once for each client, {AT_ONCE} at once for all.",
        },
        "servers": [{"url": base}],
        "paths": {
            "/v1/denoise": {
                "post": {
                    "operationId": "denoise",
                    "summary": "Denoise an image",
                    "description": f"At most {MAX_BODY >> 20} MB and {MAX_PIXELS / 1e6:g} megapixels: {FORMATS}. The networks were "
                    f"trained on {TRAINED_ON}: pictures of anything else may come out much as they went in.",
                    "parameters": [
                        {
                            "name": "method", "in": "query", "description": "\n".join(methods),
                            "schema": {"type": "string", "enum": list(METHODS), "default": "denoiser"},
                        },
                        {"name": "strength", "in": "query", "description": "; ".join(strengths), "schema": {"type": "number"}},
                    ],
                    "requestBody": {
                        "required": True,
                        "content": {"image/*": binary, "application/octet-stream": binary, "multipart/form-data": form},
                    },
                    "responses": {"200": answer} | {str(status): _failure(status) for status in STATUSES if status not in (404, 405)},
                }
            },
            "/v1/methods": {"get": _described("methods", "The methods and their strengths")},
            "/v1/openapi.json": {"get": _described("openapi", "This description")},
        },
        "components": {
            "schemas": {
                "Error": {
                    "type": "object",
                    "required": ["error"],
                    "properties": {
                        "error": {
                            "type": "object",
                            "required": ["code", "message"],
                            "properties": {
                                "code": {"type": "string", "enum": [code for code, _ in STATUSES.values()]},
                                "message": {"type": "string"},
                            },
                        }
                    },
                }
            }
        },
    }  # fmt: skip


def _failure(status: int) -> dict[str, Any]:
    told: dict[str, Any] = {
        "description": STATUSES[status][1],
        "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Error"}}},
    }
    if status in (429, 503):
        told["headers"] = {"Retry-After": {"description": "Seconds to wait.", "schema": {"type": "integer"}}}
    return told


def _described(operation: str, summary: str) -> dict[str, Any]:
    answer = {"description": summary, "content": {"application/json": {"schema": {"type": "object"}}}}
    return {"operationId": operation, "summary": summary, "responses": {"200": answer}}


ROUTES: dict[str, dict[str, Callable[[Request], Awaitable[Response]]]] = {
    "v1/denoise": {"POST": post_denoise},
    "v1/methods": {"GET": get_methods, "HEAD": get_methods},
    "v1/openapi.json": {"GET": get_openapi, "HEAD": get_openapi},
}

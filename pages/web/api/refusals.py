"""What is not done: a status, and JSON with an error's code and a sentence."""

from typing import Any, Literal

from pydantic import BaseModel
from starlette.responses import JSONResponse, Response

from pages.web.api.bounds import MAX_BODY, MAX_PIXELS, OWN_AT_ONCE, PER_MINUTE, READ_S
from pages.web.pace import BYTES_PER_S, WINDOW_S

HEADERS = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}  # of every response

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


class Problem(BaseModel):
    """What was wrong."""

    code: Literal[tuple(code for code, _ in STATUSES.values())]  # type: ignore[valid-type]
    message: str


class Error(BaseModel):
    """The body of a refusal."""

    error: Problem


def described(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """These statuses for the OpenAPI document."""
    told: dict[int | str, dict[str, Any]] = {status: {"model": Error, "description": STATUSES[status][1]} for status in statuses}
    for status in {429, 503} & told.keys():
        told[status]["headers"] = {"Retry-After": {"description": "Seconds to wait.", "schema": {"type": "integer"}}}
    return told

"""The addresses: what each takes and answers, which is also what /api/v1/openapi.json says."""

import time
import traceback
from collections.abc import Callable, Coroutine
from email.message import Message
from typing import Annotated, Any
from urllib.parse import quote

import anyio
from fastapi import Depends, FastAPI, Query, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from fastapi.routing import APIRoute
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect

from core.data.formats import FORMATS
from core.methods import METHODS, TRAINED_ON
from pages.web.api import limits, parameters
from pages.web.api.body import FILE_FIELD, content_type, is_form, read
from pages.web.api.bounds import AT_ONCE, MAX_BODY, MAX_PIXELS, OWN_AT_ONCE, PER_MINUTE
from pages.web.api.parameters import Parameters
from pages.web.api.refusals import HEADERS, STATUSES, Refusal, described
from pages.web.api.work import work


class JsonRoute(APIRoute):
    """A route whose refusals and faults are answered as JSON with a sentence."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """FastAPI's own, and what is answered where it raises."""
        handle = super().get_route_handler()

        async def answer(request: Request) -> Response:
            try:
                return await handle(request)
            except Refusal as refusal:
                return refusal.response()
            except RequestValidationError as error:
                return parameters.wrong(error.errors()).response()
            except ClientDisconnect:
                return Response(status_code=408)  # nobody is there to read it
            except Exception:  # a stranger gets a sentence, the log the rest
                traceback.print_exc()
                return Refusal(500, "Something went wrong on the server. Try again; if it happens again, tell whoever runs it.").response()

        return answer


async def no_such_route(request: Request, error: Exception) -> Response:
    """404, or 405 with all methods of the address."""
    path = request.scope["path"].removeprefix(request.scope["root_path"])
    verbs: dict[str, set[str]] = {}
    for route in app.routes:
        if isinstance(route, APIRoute):
            verbs.setdefault(route.path, set()).update(route.methods or ())
    if path not in verbs:
        known = ", ".join(known.removeprefix("/") for known in verbs)
        return Refusal(404, f"There is nothing at this address; below /api/ are {known}.").response()
    allowed = ", ".join(sorted(verbs[path]))
    return Refusal(405, f"This address answers to {allowed}, not to {request.method}.", {"Allow": allowed}).response()


app = FastAPI(
    title="Latent Space Explorer",
    version="1",
    description=f"At most {PER_MINUTE} requests a minute and {OWN_AT_ONCE} at once for each client, {AT_ONCE} at once for all.",
    openapi_url=None,  # it is a route of ours, below; and FastAPI's pages for it would come from elsewhere on the network
    redirect_slashes=False,
    exception_handlers={HTTPException: no_such_route},
)
app.router.route_class = JsonRoute


# --- POST /api/v1/denoise ---------------------------------------------------------------------------------------------

BINARY = {"schema": {"type": "string", "format": "binary"}}
FORM = Parameters.model_json_schema()
FORM = {"schema": FORM | {"required": [FILE_FIELD], "properties": {FILE_FIELD: BINARY["schema"], **FORM["properties"]}}}
BODY = {"required": True, "content": {"image/*": BINARY, "application/octet-stream": BINARY, "multipart/form-data": FORM}}
ANSWER: dict[str, Any] = {
    "description": "The denoised image: 8-bit grey, of the same size, dark on light if it was, its paper as it was.",
    "headers": {
        "X-Method": {"description": "The method used.", "schema": {"type": "string"}},
        "X-Seconds": {"description": "How long it took.", "schema": {"type": "number"}},
        "X-Trained-On": {"description": "What the network was trained on; of a filter it is left out.", "schema": {"type": "string"}},
        "X-Notes": {
            "description": "What there is to know of how the image was read, if anything: sentences, percent-encoded as UTF-8 where they "
            "are not ASCII (decodeURIComponent in JavaScript, urllib.parse.unquote in Python).",
            "schema": {"type": "string"},
        },
    },
    "content": {"image/png": BINARY},
}
READABLE = "".join(chr(code) for code in range(0x20, 0x7F) if code != ord("%"))  # as it is, in a header that is percent-encoded


@app.post(
    "/v1/denoise",
    operation_id="denoise",
    summary="Denoise an image",
    description=f"At most {MAX_BODY >> 20} MB and {MAX_PIXELS / 1e6:g} megapixels: {FORMATS}. The networks were "
    f"trained on {TRAINED_ON}: pictures of anything else may come out much as they went in.",
    response_class=Response,
    responses={200: ANSWER, **described(*(STATUSES.keys() - {404, 405}))},
    openapi_extra={"requestBody": BODY},
)
async def denoise(
    request: Request,
    who: Annotated[str, Depends(limits.counted)],
    kind: Annotated[Message, Depends(content_type)],
    _: Annotated[None, Depends(parameters.known_query)],
    asked: Annotated[Parameters, Query()],
) -> Response:
    """The image in the body, denoised: a PNG. The body is read here, once all else is known to be right and there is a place."""
    if not is_form(kind):  # whose fields may say the rest
        asked.check()
    with limits.a_share(who), limits.one_of(limits.uploading):
        data = await read(request)
        with limits.one_of(limits.working):
            start = time.monotonic()
            content, method, notes = await anyio.to_thread.run_sync(work, data, kind, request.query_params.multi_items())
    headers = HEADERS | {"X-Method": method, "X-Seconds": f"{time.monotonic() - start:.3f}"}
    if METHODS[method].is_model:
        headers["X-Trained-On"] = TRAINED_ON
    if notes:
        headers["X-Notes"] = quote(" ".join(notes), safe=READABLE)
    return Response(content, media_type="image/png", headers=headers)


# --- what describes it ------------------------------------------------------------------------------------------------


def description(path: str, operation: str, summary: str) -> Callable[[Callable], Callable]:
    """A decorator for what answers GET, and with it HEAD, with JSON and takes no parameters."""
    told: dict[str, Any] = {"summary": summary, "response_description": summary, "response_model": dict[str, Any]}
    told["dependencies"] = [Depends(parameters.none)]

    def add(answer: Callable) -> Callable:
        app.head(path, include_in_schema=False, **told)(answer)
        return app.get(path, operation_id=operation, **told)(answer)

    return add


@description("/v1/methods", "methods", "The methods and their strengths")
async def methods() -> Response:
    """What there is to choose from, by name."""
    return JSONResponse({name: _method(name) for name in METHODS}, headers=HEADERS)


def _method(name: str) -> dict[str, Any]:
    kind = METHODS[name]
    told: dict[str, Any] = {"title": kind.title, "summary": kind.summary(), "any_size": kind.any_size, "strength": None}
    if kind.is_model:
        told["trained_on"] = TRAINED_ON
    if kind.strength:
        known = kind.strength
        told["strength"] = {
            "words": known.words, "minimum": known.low, "maximum": known.high, "default": known.default, "whole": known.whole
        }  # fmt: skip
    return told


@description("/v1/openapi.json", "openapi", "This description")
async def openapi(request: Request) -> Response:
    """In the form of OpenAPI, for the address that was asked."""
    return JSONResponse(app.openapi() | {"servers": [{"url": request.scope["root_path"]}]}, headers=HEADERS)

"""Test images worth looking at, for the map's finder: GET /found/<checkpoint>?of=<stamp>&way=typical. Each search is made once."""

from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response

from core import checkpoints
from core.checkpoints import CheckpointError
from core.data.datasets import DatasetError
from core.findings import WAYS
from pages.exploring import readout, training_codes
from pages.session import caches
from pages.web import errors
from pages.web.assets import CACHE_FOR_A_YEAR

OF_IMAGES = ("worst", "alike")  # these look at the pixels of the test images


def respond(request: Request) -> Response:
    """The response to GET /found/{name}: {"rows", "values", "others" (null where there are no pairs)}, or a sentence with 404 for a model
    or images that are not here, 400 for a way that there is not. For the stamp of the model as it is now, browsers keep the answer."""
    way, name = request.query_params.get("way", ""), request.path_params["name"]
    if way not in WAYS:
        return PlainTextResponse(f"way must be one of {', '.join(WAYS)}.", 400)
    try:
        checkpoint = checkpoints.opened(name)
        images, why_not = readout.test_images(checkpoint)
        if way in OF_IMAGES and not images:
            return PlainTextResponse(why_not, 404)
        found = caches.found(name, way)
    except (CheckpointError, DatasetError) as error:
        return PlainTextResponse(errors.words(error), 404)
    others = None if found.others is None else found.others.tolist()
    keep = CACHE_FOR_A_YEAR if request.query_params.get("of") == training_codes.stamp(checkpoint) else "no-store"
    return JSONResponse({"rows": found.rows.tolist(), "values": found.values.tolist(), "others": others}, headers={"Cache-Control": keep})

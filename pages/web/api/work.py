"""What is done in a thread: the bytes of an image to those of the denoised one."""

import time
from collections.abc import Sequence
from email.message import Message
from typing import NamedTuple, NoReturn

from core.data.uploads import UploadError
from core.denoise import Picture, png, read
from core.methods import MethodMissingError
from core.restore import RestoreError, denoise_page
from core.watch import RestoreStoppedError
from pages.web import errors
from pages.web.api import bounds, parameters
from pages.web.api.body import form, is_form
from pages.web.api.refusals import Refusal


class Denoised(NamedTuple):
    """A PNG, the method used, and what is to be said of how the image was read."""

    content: bytes
    method: str
    notes: tuple[str, ...]


def work(data: bytes, kind: Message, given: Sequence[tuple[str, str]]) -> Denoised:
    """The bytes of an image, or of a form with one, to those of the denoised PNG; `given` is the address's query."""
    deadline = time.monotonic() + bounds.WORK_S
    if is_form(kind):
        data, fields = form(data, kind)
        given = [*given, *fields]
    asked = parameters.of(given)
    try:
        picture = read(data)
        if picture.image.size > bounds.MAX_PIXELS:
            height, width = picture.image.shape
            raise Refusal(
                413,
                f"The image has {width:,} x {height:,} pixels; "
                f"at most {bounds.MAX_PIXELS / 1e6:g} megapixels are denoised. Make it smaller.",
            )
        image = denoise_page(picture.image, asked.method, asked.strength, should_stop=lambda: time.monotonic() > deadline)
        return Denoised(png(Picture(image, picture.dark_ink)), asked.method, picture.notes)
    except UploadError as error:
        raise Refusal(400, errors.words(error)) from error
    except RestoreError as error:
        _refuse(error)


def _refuse(error: RestoreError) -> NoReturn:
    stopped = f"This took longer than {bounds.WORK_S} s. Send a smaller image, or try when the server is less busy."
    missing = "This method's network is not on the server. Choose another method, or tell whoever runs it."
    status, message = {RestoreStoppedError: (503, stopped), MethodMissingError: (503, missing)}.get(type(error), (422, errors.words(error)))
    raise Refusal(status, message, {"Retry-After": "60"} if status == 503 else None) from error

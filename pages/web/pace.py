"""A request's body is read only while it comes in at a pace that anybody's connection has."""

import time
from collections.abc import Callable

import anyio
from starlette.types import Message, Receive

BYTES_PER_S, WINDOW_S = 16_000, 10.0


def steady(receive: Receive, too_slow: Callable[[], Exception]) -> Receive:
    """The same `receive`; it raises that error after a window of time in which less of the body came than the pace asks for."""
    begun, size, whole = time.monotonic(), 0, False

    async def paced() -> Message:
        nonlocal begun, size, whole
        while not whole:
            with anyio.move_on_after(begun + WINDOW_S - time.monotonic()):
                message = await receive()
                size += len(message.get("body", b""))
                whole = not message.get("more_body", False)
                return message
            if size < BYTES_PER_S * WINDOW_S:
                raise too_slow()
            begun, size = time.monotonic(), 0
        return await receive()  # the client's leaving

    return paced

"""Whose turn it is: so many requests of one client in a minute, and so many at once, of one client and of all."""

import math
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from fastapi import Request

from core.words import duration
from pages.web.api.bounds import AT_ONCE, BURST, OWN_AT_ONCE, PER_MINUTE, UPLOADS_AT_ONCE
from pages.web.api.refusals import Refusal
from pages.web.buckets import Buckets
from pages.web.client import household

buckets = Buckets(BURST, PER_MINUTE)
working = threading.BoundedSemaphore(AT_ONCE)
uploading = threading.BoundedSemaphore(UPLOADS_AT_ONCE)
sending: Counter[str] = Counter()  # uploads by client


async def counted(request: Request) -> str:
    """Whom the request was counted for (the guard has put the real address in place); or a refusal."""
    who = household(request.client.host if request.client else "")
    if wait := buckets.wait_s(who):
        seconds = math.ceil(wait)
        said = f"More than {PER_MINUTE} requests in a minute. Wait {duration(seconds, short=True)}."
        raise Refusal(429, said, {"Retry-After": str(seconds)})
    return who


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

"""The HTTP interface: what it answers, what it refuses and with which sentence, and that nobody can make it hold or do too much."""

import http.client
import io
import json
import tempfile
import threading
import urllib.error
import urllib.parse
import urllib.request
from collections import OrderedDict
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import anyio
import numpy as np
import pytest
from fastapi.routing import APIRoute
from hypothesis import given
from hypothesis import strategies as st
from live import Server, run_async
from PIL import Image
from starlette.applications import Starlette
from starlette.routing import Mount

from app import api
from core import checkpoints, restore
from core.data import uploads
from core.methods import METHODS
from pages.web import pace
from pages.web.api import body as reading
from pages.web.api import bounds, limits, parameters, refusals, routes, work
from pages.web.api.parameters import Parameters

APP = Starlette(routes=[Mount("/api", api)])
DENOISE = "/api/v1/denoise"


class Answer(NamedTuple):
    """A response."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def error(self) -> dict[str, str]:
        assert self.headers["content-type"] == "application/json"
        found = json.loads(self.body)["error"]
        assert found.keys() == {"code", "message"} and found["code"] == refusals.STATUSES[self.status][0]
        return found


class Body:
    """A request's body in chunks; counts how many were taken."""

    def __init__(self, *chunks: bytes) -> None:
        self.chunks, self.taken = chunks, 0

    async def receive(self) -> dict[str, Any]:
        self.taken += 1
        if self.taken > len(self.chunks):
            return {"type": "http.disconnect"}
        return {"type": "http.request", "body": self.chunks[self.taken - 1], "more_body": self.taken < len(self.chunks)}


async def answered(verb: str, url: str, body: Body | bytes = b"", client: str = "192.0.2.1", **headers: str) -> Answer:
    """What the interface answers, without a socket between."""
    parts, sent = urlsplit(url), []
    body = body if isinstance(body, Body) else Body(body)
    raw = [(name.replace("_", "-").lower().encode(), value.encode("latin-1")) for name, value in headers.items()]
    scope = {
        "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": verb, "path": parts.path, "headers": raw,
        "raw_path": parts.path.encode(), "query_string": parts.query.encode(), "client": (client, 1), "server": ("test", 80),
        "scheme": "http", "root_path": "",
    }  # fmt: skip

    async def send(message: Any) -> None:
        sent.append(message)

    await APP(scope, body.receive, send)
    found = {name.decode(): value.decode("latin-1") for name, value in sent[0]["headers"]}
    return Answer(sent[0]["status"], found, b"".join(message.get("body", b"") for message in sent[1:]))


def call(verb: str, url: str, body: Body | bytes = b"", **headers: str) -> Answer:
    return run_async(lambda: answered(verb, url, body, **headers))


def post(body: Body | bytes, query: str = "?method=median", content_type: str = "image/png", **headers: str) -> Answer:
    return call("POST", DENOISE + query, body, content_type=content_type, **headers)


def encoded(pixels: np.ndarray, format: str = "PNG") -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, format)
    return buffer.getvalue()


def page(dark_ink: bool = True) -> np.ndarray:
    """A grey page with two strokes and some wrong pixels, uint8 (60, 90)."""
    ink = np.zeros((60, 90), np.uint8)
    ink[10:50, 20:26], ink[20:28, 40:80], ink[5::11, 7::13] = 230, 200, 255
    return 255 - ink if dark_ink else ink


def form(*fields: tuple[str, bytes], boundary: str = "edge") -> tuple[bytes, str]:
    parts = [
        f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"; filename="../../etc/passwd"\r\n'.encode()
        + b"Content-Type: image/png\r\n\r\n" + content + b"\r\n"
        for name, content in fields
    ]  # fmt: skip
    return b"".join(parts) + f"--{boundary}--\r\n".encode(), f"multipart/form-data; boundary={boundary}"


@pytest.fixture(autouse=True)
def fresh_buckets(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Each test begins as a stranger, and gives back the places that it took."""
    monkeypatch.setattr(limits, "buckets", replace(limits.buckets, levels=OrderedDict()))
    yield
    for places, size in ((limits.working, bounds.AT_ONCE), (limits.uploading, bounds.UPLOADS_AT_ONCE)):
        assert places._value == size


# --- what is answered -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("dark_ink", [True, False])
@pytest.mark.parametrize("content_type", ["image/png", "application/octet-stream", "image/x-whatever; q=1"])
def test_the_answer_is_what_the_core_gives_in_the_polarity_it_came(dark_ink: bool, content_type: str) -> None:
    sent = encoded(page(dark_ink))
    answer = post(sent, "?method=median&strength=2", content_type)
    assert answer.status == 200 and answer.headers["content-type"] == "image/png"
    assert answer.headers["x-method"] == "median" and float(answer.headers["x-seconds"]) >= 0
    assert answer.headers["cache-control"] == "no-store" and answer.headers["x-content-type-options"] == "nosniff"
    with Image.open(io.BytesIO(answer.body)) as image:
        assert image.mode == "L"
        pixels = np.asarray(image)
    ink = np.rint(255 * restore.denoise(uploads.read_image(sent), "median", 2)).astype(np.uint8)
    np.testing.assert_array_equal(pixels, 255 - ink if dark_ink else ink)
    assert (np.median(pixels) > 128) == dark_ink


def test_a_note_in_any_alphabet_is_a_header_that_can_be_read_back(monkeypatch: pytest.MonkeyPatch) -> None:
    notes = ("The picture was −3 → 50 % darker;", "größer, 手書き: 2 × 2.")
    monkeypatch.setattr(routes, "work", lambda *_: work.Denoised(b"png", "median", notes))
    answer = post(b"")
    assert answer.status == 200 and answer.headers["x-notes"].isascii()
    assert urllib.parse.unquote(answer.headers["x-notes"]) == " ".join(notes)
    monkeypatch.setattr(routes, "work", lambda *_: work.Denoised(b"png", "median", ("Only the first page was read.",)))
    assert post(b"").headers["x-notes"] == "Only the first page was read.", "as it is, where it is ASCII"


def test_a_form_with_a_file() -> None:
    body, content_type = form(("image", encoded(page())))
    assert post(body, content_type=content_type).body == post(encoded(page())).body


def test_a_forms_fields_are_what_the_address_may_say(monkeypatch: pytest.MonkeyPatch) -> None:
    expected = post(encoded(page()), "?method=median&strength=4").body
    assert expected != post(encoded(page()), "?method=median").body
    for query, fields in {"": [("method", b"median"), ("strength", b" 4\r\n")], "?strength=4": [("method", b"median")]}.items():
        for order in (fields, fields[::-1]):
            body, content_type = form(*order[:1], ("image", encoded(page())), *order[1:])
            answer = post(body, query, content_type)
            assert answer.status == 200 and answer.headers["x-method"] == "median" and answer.body == expected


@pytest.mark.parametrize(
    ("query", "field", "words"),
    [
        ("", ("other", b"1"), "there is none named 'other'"),
        ("", ("", b"1"), "there is none named ''"),
        ("", ("method", b"magic"), "no method named 'magic'"),
        ("", ("strength", b"2"), "no strength"),  # which the denoiser takes none
        ("?method=median", ("strength", b"\xff"), "should be a number"),
        ("?method=median", ("method", b"median"), "Give method once"),
    ],
)
def test_a_forms_other_fields_are_refused(query: str, field: tuple[str, bytes], words: str) -> None:
    body, content_type = form(("image", encoded(page())), field)
    answer = post(body, query, content_type)
    assert answer.status == 400 and words in answer.error["message"]


def test_what_takes_no_parameters_says_so() -> None:
    for path in ("/api/v1/methods?method=median", "/api/v1/openapi.json?x"):
        assert call("GET", path.replace("?x", "?x=1")).status == 400


def test_nothing_is_written_to_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("TemporaryFile", "NamedTemporaryFile", "mkstemp"):
        monkeypatch.setattr(tempfile, name, None)
    noisy = np.random.default_rng(0).integers(0, 255, (1200, 1100), dtype=np.uint8)  # 1.3 MB as a PNG
    body, content_type = form(("image", encoded(noisy)))
    assert len(body) > 1 << 20 and post(body, content_type=content_type).status == 200


@pytest.mark.parametrize("count", [1, 3, 1000])
def test_a_body_in_pieces(count: int) -> None:
    sent = encoded(page())
    step = -(-len(sent) // count)
    assert post(Body(*(sent[i : i + step] for i in range(0, len(sent), step)))).status == 200


# --- what is refused --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("verb", "url", "status", "words", "allow"),
    [
        ("GET", "/api/", 404, "v1/denoise", None),
        ("GET", "/api/v2/denoise", 404, "v1/denoise", None),
        ("POST", "/api/v1/denoise/", 404, "v1/denoise", None),
        ("GET", "/api/docs", 404, "v1/denoise", None),  # FastAPI's, which would be fetched from elsewhere
        ("GET", "/api/openapi.json", 404, "v1/openapi.json", None),
        ("GET", DENOISE, 405, "answers to POST, not to GET", "POST"),
        ("BREW", DENOISE, 405, "answers to POST", "POST"),
        ("POST", "/api/v1/methods", 405, "answers to GET, HEAD", "GET, HEAD"),
    ],
)
def test_wrong_addresses_and_verbs(verb: str, url: str, status: int, words: str, allow: str | None) -> None:
    answer = call(verb, url)
    assert answer.status == status and words in answer.error["message"]
    assert answer.headers.get("allow") == allow


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("?method=magic", "no method named 'magic'; there are denoiser"),
        ("?method=", "no method named ''"),
        ("?method=median&strength=a", "should be a number; it is 'a'"),
        ("?method=median&strength=", "should be a number"),
        ("?method=median&strength=nan", "from 1 to 5"),
        ("?method=median&strength=1e999", "from 1 to 5"),
        ("?method=median&strength=1.5", "whole number"),
        ("?method=denoiser&strength=1", "no strength"),
        ("?method=median&method=tv", "Give method once"),
        ("?checkpoint=x", "none named 'checkpoint'"),
    ],
)
def test_wrong_parameters_are_refused_before_the_body_is_read(query: str, words: str) -> None:
    body = Body(encoded(page()))
    answer = post(body, query)
    assert answer.status == 400 and words in answer.error["message"] and body.taken == 0


def test_thousands_of_names_are_refused_before_each_gets_an_error_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parameters, "wrong", None)
    answer = post(encoded(page()), "?" + "&".join(f"n{number}" for number in range(5000)))
    assert answer.status == 400 and "none named 'n0'" in answer.error["message"]


@pytest.mark.parametrize("content_type", ["text/plain", "application/json", "", "application/x-www-form-urlencoded", "imagepng"])
def test_what_says_it_is_no_image(content_type: str) -> None:
    body = Body(encoded(page()))
    assert "image/png" in post(body, content_type=content_type).error["message"] and body.taken == 0
    assert post(b"", content_type=content_type).status == 415


@pytest.mark.parametrize(
    ("body", "words"),
    [(b"", "The file is empty"), (b"%PDF-1.7", "PDF"), (b"GIF89a", "could not be decoded"), (b"\xff" * 99, "not an image")],
)
def test_what_is_no_image(body: bytes, words: str) -> None:
    answer = post(body)
    assert answer.status == 400 and words in answer.error["message"]


@pytest.mark.parametrize(
    ("body", "content_type", "words"),
    [
        (*form(("picture", b"x")), "exactly one field named 'image', with the image's file; it has none"),
        (*form(("image", b"x"), ("image", b"x")), "it has 2"),
        (*form(("image", b"x")), "not an image"),
        (form(("image", b"x"))[0], "multipart/form-data", "names no boundary"),
        (form(("image", b"x"))[0], "multipart/form-data; boundary=other", "boundary"),
        (form(("image", b"x"))[0][:-8], "multipart/form-data; boundary=edge", "cut off"),
        (form(("image", b"x"), ("last", b"y"))[0][:-20], "multipart/form-data; boundary=edge", "cut off"),
    ],
)
def test_forms_that_are_none(body: bytes, content_type: str, words: str) -> None:
    answer = post(body, content_type=content_type)
    assert answer.status == 400
    assert words in answer.error["message"]


def test_a_form_of_too_many_parts_is_refused_before_any_is_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "_part", None)
    for many in (3, 100_000):
        body, content_type = form(("image", encoded(page())), *[("other", b"x")] * many)
        answer = post(body, content_type=content_type)
        assert answer.status == 400 and "more fields than image, method and strength" in answer.error["message"]


@given(st.binary(max_size=300), st.sampled_from(["", "\x89PNG\r\n\x1a\n", "GIF89a", "\xff\xd8\xff"]))
def test_garbage_gets_400_and_a_sentence(garbage: bytes, start: str) -> None:
    limits.buckets.levels.clear()
    answer = post(start.encode("latin-1") + garbage)
    assert answer.status == 400 and answer.error["message"].endswith(".")


@given(st.binary(max_size=200), st.binary(max_size=60), st.text("\"; =/*abc'\\%\xe9", max_size=12))
def test_garbage_in_forms_gets_400_and_a_sentence(garbage: bytes, head: bytes, boundary: str) -> None:
    limits.buckets.levels.clear()
    edge = boundary.encode("latin-1", "replace")
    body = b"--" + edge + b"\r\nContent-Disposition: form-data; " + head + b"\r\n\r\n" + garbage + b"\r\n--" + edge + b"--"
    answer = post(body, content_type=f"multipart/form-data; boundary={boundary}")
    assert answer.status == 400 and answer.error["message"].endswith(".")


@given(st.text(max_size=30), st.text(max_size=30))
def test_garbage_in_the_query_gets_400_and_a_sentence(method: str, strength: str) -> None:
    limits.buckets.levels.clear()
    answer = post(b"x", "?" + urllib.parse.urlencode({"method": method, "strength": strength}))
    assert answer.status == 400 and answer.error


def test_a_picture_of_a_size_that_the_method_does_not_take() -> None:
    answer = post(encoded(page()), "?method=vae")
    assert answer.status == 422 and "28 x 28 pixels; this one has 90 x 60" in answer.error["message"]


def test_too_many_pixels(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bounds, "MAX_PIXELS", 60 * 90 - 1)
    answer = post(encoded(page()))
    assert answer.status == 413 and "90 x 60 pixels" in answer.error["message"]


def test_too_many_bytes_are_not_waited_for() -> None:
    announced = Body(*[b"x" * (1 << 20)] * 100)
    answer = post(announced, content_length=str(100 << 20))
    assert answer.status == 413 and "larger than 16 MB" in answer.error["message"] and announced.taken == 0
    assert answer.headers["connection"] == "close"
    unannounced = Body(*[b"x" * (1 << 20)] * 100)
    assert post(unannounced).status == 413 and unannounced.taken == 17


def test_a_slow_upload_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bounds, "READ_S", 0.05)

    class Slow(Body):
        async def receive(self) -> dict[str, Any]:
            await anyio.sleep(0.02)
            return {"type": "http.request", "body": b"x", "more_body": True}

    assert post(Slow()).status == 408


def test_a_trickle_is_cut_and_a_steady_upload_is_not(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pace, "WINDOW_S", 0.5)

    class Slow(Body):
        async def receive(self) -> dict[str, Any]:
            await anyio.sleep(0.05)
            return await super().receive()

    sent = encoded(page())
    pieces = [sent[i : i + 10] for i in range(0, len(sent), 10)]
    assert len(pieces) > 15  # more than a window
    monkeypatch.setattr(pace, "BYTES_PER_S", 100)
    assert post(Slow(*pieces)).status == 200
    monkeypatch.setattr(pace, "BYTES_PER_S", 16_000)
    body = Slow(*pieces)
    answer = post(body)
    assert answer.status == 408 and "below 16 kB/s for" in answer.error["message"] and body.taken <= 11


def test_one_client_has_two_of_the_places(monkeypatch: pytest.MonkeyPatch) -> None:
    answers: list[int] = []

    async def all_of_them() -> None:
        go = anyio.Event()

        class Waiting(Body):
            async def receive(self) -> dict[str, Any]:
                await go.wait()
                return await super().receive()

        async def one(client: str) -> None:
            answers.append((await answered("POST", DENOISE, Waiting(b"x"), client=client, content_type="image/png")).status)

        async with anyio.create_task_group() as group:
            for _ in range(bounds.OWN_AT_ONCE):
                group.start_soon(one, "192.0.2.1")
            group.start_soon(one, "192.0.2.2")
            while limits.sending.total() < 3:
                await anyio.sleep(0.001)
            refused = await answered("POST", DENOISE, Waiting(b"x"), client="192.0.2.1", content_type="image/png")
            assert (
                refused.status == 429 and "sending 2 images already" in refused.error["message"] and refused.headers["retry-after"] == "3"
            )
            go.set()

    run_async(all_of_them)
    assert len(answers) == 3 and set(answers) <= {400, 503} and not limits.sending


def test_who_hangs_up_leaves_no_trace(capfd: pytest.CaptureFixture[str]) -> None:
    class Gone(Body):
        async def receive(self) -> dict[str, Any]:
            return {"type": "http.disconnect"}

    assert post(Gone()).status == 408
    assert "Traceback" not in capfd.readouterr().err


def test_a_fault_of_ours_is_a_sentence_for_the_stranger_and_a_traceback_for_the_log(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    def broken(*args: Any, **settings: Any) -> np.ndarray:
        raise ZeroDivisionError("secret")

    monkeypatch.setattr(work, "denoise_page", broken)
    answer = post(encoded(page()))
    assert answer.status == 500 and b"secret" not in answer.body and b"Traceback" not in answer.body and answer.error
    assert "secret" in capfd.readouterr().err


def test_work_has_a_time_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bounds, "WORK_S", 0)
    answer = post(encoded(page()))
    assert answer.status == 503 and "took longer" in answer.error["message"] and answer.headers["retry-after"] == "60"


def test_a_network_that_is_not_there(monkeypatch: pytest.MonkeyPatch, tmp_path) -> None:
    monkeypatch.setattr(checkpoints, "RESTORERS_ROOT", tmp_path)
    answer = post(encoded(page()), "")
    assert answer.status == 503 and "not on the server" in answer.error["message"] and str(tmp_path) not in answer.error["message"]


# --- how much ---------------------------------------------------------------------------------------------------------


def test_a_client_may_send_so_many_a_minute() -> None:
    statuses = [post(b"x").status for _ in range(bounds.BURST)]
    assert statuses == [400] * bounds.BURST
    body = Body(encoded(page()))
    answer = post(body)
    assert answer.status == 429 and 1 <= int(answer.headers["retry-after"]) <= 3 and answer.error and body.taken == 0
    assert post(b"x", client="192.0.2.2").status == 400  # another client
    assert call("GET", "/api/v1/methods").status == 200  # what costs nothing is not counted


def test_a_household_of_ipv6_is_one_client() -> None:
    for address in ("2001:db8::1", "2001:db8::ffff:2"):
        assert post(b"x", client=address).status == 400
    assert post(b"x", client="2001:db8:0:1::1").status == 400
    assert post(b"x", client="::ffff:192.0.2.9").status == post(b"x", client="::ffff:192.0.2.8").status == 400
    assert len(limits.buckets.levels) == 4


def test_two_at_once_and_the_pages_go_on(monkeypatch: pytest.MonkeyPatch) -> None:
    go = threading.Event()

    def slow(image: np.ndarray, *args: Any, **settings: Any) -> np.ndarray:
        assert go.wait(20)
        return image

    monkeypatch.setattr(work, "denoise_page", slow)
    answers: list[int] = []

    async def one() -> None:
        answers.append((await answered("POST", DENOISE, encoded(page()), content_type="image/png")).status)

    async def all_of_them() -> None:
        async with anyio.create_task_group() as group:
            for _ in range(bounds.AT_ONCE):
                group.start_soon(one)
            while limits.working._value:
                await anyio.sleep(0.01)
            third = await answered("POST", DENOISE, encoded(page()), client="192.0.2.2", content_type="image/png")
            assert third.status == 503 and "busy" in third.error["message"] and int(third.headers["retry-after"]) >= 1
            assert (await answered("GET", "/api/v1/methods")).status == 200 and not answers
            go.set()

    run_async(all_of_them)
    assert answers == [200] * bounds.AT_ONCE


# --- what describes it ------------------------------------------------------------------------------------------------


def test_the_methods_are_listed() -> None:
    answer = call("GET", "/api/v1/methods")
    listed = json.loads(answer.body)
    assert list(listed) == list(METHODS)
    assert listed["median"]["strength"]["maximum"] == 5 and listed["vae"]["any_size"] is False and listed["vae"]["strength"] is None
    assert "code in vae-mnist-2d, decoded" in listed["vae"]["summary"]


def references(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        yield from (value for key, value in node.items() if key == "$ref")
        node = list(node.values())
    if isinstance(node, list):
        for child in node:
            yield from references(child)


def test_the_description_says_what_is_there() -> None:
    answer = call("GET", "/api/v1/openapi.json")
    told = json.loads(answer.body)
    assert told["openapi"].startswith("3.1") and told["info"].keys() >= {"title", "version"}
    assert told["servers"] == [{"url": "/api"}]
    there: dict[str, set[str]] = {}
    for route in routes.app.routes:
        assert isinstance(route, APIRoute)
        there.setdefault(route.path, set()).update(route.methods or ())
    assert told["paths"].keys() == there.keys()
    for path, operations in told["paths"].items():
        assert {verb.upper() for verb in operations} == there[path] - {"HEAD"}
        assert all(operation["responses"]["200"]["description"] and operation["operationId"] for operation in operations.values())
    for reference in references(told):
        node = told
        for step in reference.removeprefix("#/").split("/"):
            node = node[step]
        assert node["type"] == "object"
    post_told = told["paths"]["/v1/denoise"]["post"]
    method, strength = post_told["parameters"]
    assert {parameter["name"] for parameter in post_told["parameters"]} == set(Parameters.model_fields)
    assert method["schema"]["enum"] == list(METHODS) and method["in"] == strength["in"] == "query"
    assert all(f"{name}: " in strength["description"] for name, kind in METHODS.items() if kind.strength)
    assert set(post_told["responses"]) == {"200", *(str(status) for status in refusals.STATUSES)} - {"404", "405"}
    assert all(set(failure["headers"]) == {"Retry-After"} for status in ("429", "503") for failure in [post_told["responses"][status]])


def test_head_has_no_verb_of_its_own() -> None:
    assert call("HEAD", "/api/v1/openapi.json").status == 200


# --- the running server -----------------------------------------------------------------------------------------------

LIVE = [pytest.mark.browser, pytest.mark.xdist_group("browser")]


def live(server: Server, verb: str, path: str, body: bytes | Iterable[bytes] | None = None, **headers: str) -> Answer:
    request = urllib.request.Request(server.url + path, body, {k.replace("_", "-"): v for k, v in headers.items()}, method=verb)
    try:
        with urllib.request.urlopen(request, timeout=60) as response:
            return Answer(response.status, {k.lower(): v for k, v in response.headers.items()}, response.read())
    except urllib.error.HTTPError as error:
        with error:
            return Answer(error.code, {k.lower(): v for k, v in error.headers.items()}, error.read())


class TestLive:
    pytestmark = LIVE

    def test_an_image_goes_and_comes(self, server: Server) -> None:
        sent = encoded(page())
        answer = live(server, "POST", DENOISE + "?method=median", sent, Content_Type="image/png")
        assert answer.status == 200 and answer.headers["x-method"] == "median"
        assert answer.body == post(sent).body

    def test_other_verbs_and_addresses(self, server: Server) -> None:
        answer = live(server, "DELETE", DENOISE)
        assert answer.status == 405 and answer.headers["allow"] == "POST" and answer.error
        assert live(server, "GET", "/api/v1/nothing").error["code"] == "not_found"
        assert json.loads(live(server, "GET", "/api/v1/openapi.json").body)["servers"] == [{"url": "/api"}]

    def test_a_huge_upload_is_answered_before_it_is_sent(self, server: Server) -> None:
        connection = http.client.HTTPConnection(urlsplit(server.url).netloc, timeout=30)
        connection.putrequest("POST", DENOISE)
        connection.putheader("Content-Type", "image/png")
        connection.putheader("Content-Length", str(10 << 30))
        connection.endheaders(b"x" * 1000)
        with connection.getresponse() as response:
            assert response.status == 413 and json.loads(response.read())["error"]["code"] == "too_large"
        connection.close()

    def test_chunks_without_a_length(self, server: Server) -> None:
        sent = encoded(page())
        pieces = (sent[i : i + 100] for i in range(0, len(sent), 100))
        assert live(server, "POST", DENOISE + "?method=median", pieces, Content_Type="image/png").status == 200

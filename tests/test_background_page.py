"""Explore's background: what the page offers, says and puts into the link, and what GET /fields/... answers."""

import gzip

import numpy as np
import pytest
from explore import map_data, run
from starlette.requests import Request
from starlette.responses import Response
from together import Together
from untrained import save_random

from core import checkpoints
from core import fields as core_fields
from pages.exploring import backgrounds, fields
from pages.session import caches

pytestmark = pytest.mark.usefixtures("no_data")


def ask(address: str, encoding: str = "gzip") -> Response:
    *_, name, stamp, field = address.split("/")
    params = {"name": name, "stamp": stamp, "field": field}
    headers = [(b"accept-encoding", encoding.encode())]
    return fields.respond(Request({"type": "http", "method": "GET", "path": address, "headers": headers, "path_params": params}))


def address(name: str, field: str, label: int | None = None) -> str:
    return fields.address(checkpoints.opened(name), field, label)


def test_there_is_no_background_until_one_is_chosen_and_it_is_in_the_link() -> None:
    app = run()
    assert map_data(app)["field"] is None and "background" not in app.query_params
    app.selectbox(key=backgrounds.CHOICE).set_value("neighbours").run()
    told = map_data(app)["field"]
    assert told["title"] == "10-NN regions" and told["kind"] == "classes" and told["address"].endswith("/neighbours")
    assert app.query_params["background"] in ("neighbours", ["neighbours"])
    app.selectbox(key=backgrounds.CHOICE).set_value("none").run()
    assert map_data(app)["field"] is None and "background" not in app.query_params


def test_a_link_asks_for_a_background_and_for_none_that_there_is_not() -> None:
    assert map_data(run(background="rarity"))["field"]["name"] == "rarity"
    app = run(background="cats")
    assert map_data(app)["field"] is None and "background `cats`" in app.warning[0].value


def test_what_is_not_true_of_a_model_is_not_offered_and_the_page_says_why() -> None:
    app = run(checkpoint="ae-mnist-2d", background="rarity")
    choice = app.selectbox(key=backgrounds.CHOICE)
    assert choice.value == "none" and "Rarity" not in choice.options and "What a classifier says" in choice.options
    assert any("*Rarity* is not for this model" in caption.value and "towards a prior" in caption.value for caption in app.caption)
    assert "test image is not on this machine" in choice.help, "so that there are no losses"
    fashion = run(checkpoint="vae-fashion-2d").selectbox(key=backgrounds.CHOICE)
    assert "What a classifier says" not in fashion.options and "knows only MNIST" in fashion.help
    app.sidebar.selectbox(key="checkpoint_choice").set_value("vae-mnist-2d").run()
    assert app.selectbox(key=backgrounds.CHOICE).value == "rarity", "what was asked for waits for a model that has it"


@pytest.mark.parametrize(
    ("name", "says"), [("vae-mnist-2d", "ten nearest test codes have"), ("vae-mnist-16d", "codes in all 16 dimensions have")]
)
def test_the_sentence_says_in_which_space_neighbours_are(name: str, says: str) -> None:
    assert says in map_data(run(checkpoint=name, background="neighbours"))["field"]["sentence"]


def test_of_larger_codes_it_says_that_they_fall_on_a_plane() -> None:
    said = [fields.told(caches.map_view(name), "codes") for name in ("vae-mnist-2d", "vae-mnist-16d")]
    assert ["fall on it" in told["sentence"] for told in said if told] == [False, True]


def test_a_field_is_sent_once_and_for_good() -> None:
    at = address("vae-digits-2d", "neighbours")
    packed, plain = ask(at), ask(at, "identity")
    assert packed.status_code == 200 and "immutable" in packed.headers["cache-control"]
    assert gzip.decompress(packed.body) == plain.body == fields.asset(checkpoints.opened("vae-digits-2d"), "neighbours", None).content
    assert len(plain.body) == 20 + (10 + 1) * core_fields.CELLS**2 and len(packed.body) < len(plain.body) / 4


def test_what_a_conditional_model_is_told_is_part_of_the_address() -> None:
    three, four = (ask(address("cvae-mnist-2d", "sensitivity", label)).body for label in (3, 4))
    assert three != four


def test_which_plane_is_shown_is_part_of_the_address_and_the_field_is_that_planes() -> None:
    opened = checkpoints.opened("vae-mnist-16d")
    usual, shown = (fields.address(opened, "codes", None, axes) for axes in (None, (8, 10)))
    assert usual != shown and shown.endswith("-x-9,11/codes") and ask(usual).body != ask(shown).body
    told = fields.told(caches.map_view("vae-mnist-16d", None, (8, 10)), "codes")
    assert told and told["address"] == shown
    for wrong in ("9,9", "0,1", "9,17", "9", "cats", "9,11-"):
        assert ask(shown.replace("9,11", wrong)).status_code == 404


CHANGES = [("sensitivity", "cats"), ("vae-digits-2d", "nobody"), ("vae-digits-2d", ".."), ("-x/", "-3/"), ("-x/", "-999999999/")]


@pytest.mark.parametrize("change", CHANGES)
def test_nothing_else_is_at_such_an_address(change: tuple[str, str]) -> None:
    answer = ask(address("vae-digits-2d", "sensitivity").replace(*change))
    assert answer.status_code == 404


UNTRUE = [("vae-fashion-2d", "classifier"), ("vae-digits-2d", "classifier"), ("ae-mnist-2d", "rarity"), ("vae-mnist-2d", "loss")]


@pytest.mark.parametrize(("name", "field"), UNTRUE)
def test_what_is_not_true_of_a_model_is_not_computed(name: str, field: str) -> None:
    answer = ask(address(name, field))
    assert answer.status_code == 404 and b"not for this model" in answer.body


def test_a_model_that_changes_on_disk_has_another_address(own_checkpoints) -> None:
    save_random(own_checkpoints, "vae", 2)
    old = address("other", "neighbours")
    first = ask(old).body
    save_random(own_checkpoints, "vae", 2, count=400)
    assert ask(old).status_code == 404 and ask(address("other", "neighbours")).body != first


def test_ten_who_choose_a_background_cost_one_computation(own_checkpoints, monkeypatch: pytest.MonkeyPatch) -> None:
    save_random(own_checkpoints, "vae", 2, count=333)
    together, made, compute = Together(monkeypatch), [], core_fields.neighbour_shares
    at = address("other", "neighbours")

    def slowly(ground: core_fields.Ground) -> np.ndarray:
        made.append(ground)
        together.wait()
        return compute(ground)

    monkeypatch.setitem(core_fields.FIELDS, "neighbours", slowly)
    answers = together.ask(lambda: ask(at))
    assert len(made) == 1 and {answer.status_code for answer in answers} == {200}

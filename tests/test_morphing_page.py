"""Generate's morphs through AppTest."""

import pytest
from streamlit.testing.v1 import AppTest
from visit import checked, html, visit

pytestmark = pytest.mark.usefixtures("no_data")


def run(**query: str) -> AppTest:
    """The page with this address; it must not raise."""
    return visit("generate.py", {"tab": "morph"} | query)


def strips(app: AppTest) -> tuple[list[str], list[str]]:
    """The pictures of the codes' way, and of the faded pixels."""
    found = html(app, "morph")
    uris = [part.split('"')[0] for part in found.split('<img src="')[1:]]
    return uris[: len(uris) // 2], uris[len(uris) // 2 :]


@pytest.mark.parametrize("name", ["vae-mnist-2d", "ae-mnist-2d", "cvae-mnist-2d", "vae-mnist-16d"])
def test_both_rows_have_the_same_ends_and_another_way_between(name: str) -> None:
    codes, faded = strips(run(checkpoint=name, steps="5"))
    assert len(codes) == len(faded) == 5
    assert codes[0] == faded[0] and codes[-1] == faded[-1] and codes[0] != codes[-1] and codes[2] != faded[2]


def test_the_sphere_is_another_way_between_the_same_ends() -> None:
    straight, sphere = (strips(run(path=path, **{"from": "3", "to": "8"}))[0] for path in ("straight", "sphere"))
    assert (straight[0], straight[-1]) == (sphere[0], sphere[-1]) and straight[4] != sphere[4]


def test_a_link_is_followed_and_stands_in_the_address() -> None:
    query = {"between": "images", "from": "12", "to": "77", "path": "sphere", "steps": "4", "tab": "morph"}
    app = run(**query)
    assert {name: app.query_params[name] for name in query} == query and not app.warning
    app.number_input(key="morph_to_row-vae-mnist-2d").set_value(78)
    before = strips(app)
    assert strips(checked(app.run())) != before and app.query_params["to"] == "78"
    wrong = run(between="images", **{"from": "10000000", "steps": "99"})
    assert len(wrong.warning) == 2 and len(strips(wrong)[0]) == 9


def test_a_conditional_model_draws_a_morph_as_the_class_that_it_is_told() -> None:
    zero, seven = (strips(run(checkpoint="cvae-mnist-2d", morph_as=label))[0] for label in ("0", "7"))
    assert zero != seven


def test_of_collapsed_codes_it_is_said_that_nothing_morphs() -> None:
    said = [" ".join(part.value for part in run(checkpoint=name).caption) for name in ("vae-mnist-2d-collapsed", "vae-mnist-2d")]
    assert ["nothing to morph" in words for words in said] == [True, False]
    assert ["What is the upper one?" in words for words in said] == [False, True]

"""The table of what links hold: what is written is read again, rubbish becomes sentences, and a page follows its link both ways."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from visit import visit

from core import checkpoints
from core.data.corruptions import CORRUPTIONS
from core.data.datasets import DATASETS
from core.methods import METHODS
from pages.browser.map import LAYERS
from pages.session import link
from pages.session.properties import NAMES, PAGES
from pages.session.properties.denoise import DENOISE
from pages.session.properties.shared import SHARED_KINDS, default_checkpoint
from pages.session.properties.super_resolution import ENLARGING, NOISES

WORDS = [
    *CORRUPTIONS, *DATASETS, *METHODS, *LAYERS, *ENLARGING, *DENOISE, *NOISES, *SHARED_KINDS,
    *checkpoints.available(), "none", "digit", "digits", "picture", "upload", "draw", "", "points,names", "denoiser,tv,median", "0.5,-1.25",
]  # fmt: skip
SENSIBLE = st.one_of(
    st.sampled_from(WORDS), st.integers(-1, 40).map(str), st.integers(-400, 400).map(lambda n: link.write_decimal(n / 100)),
    st.lists(st.sampled_from(WORDS), max_size=4).map(",".join),
)  # fmt: skip
ABSURD = st.one_of(
    st.text(max_size=60), st.sampled_from(["1e99", "-5", "nan", "inf", "../../x", "abc", "\x00", "x" * 10_000, "9" * 400, "٣", "1_0", "²"])
)
PAGE = st.sampled_from(list(PAGES))


@pytest.fixture(autouse=True, scope="module")
def data(mnist_like: Path) -> Iterator[None]:
    """The data set that pages begin with is here."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LATENT_DATA", str(mnist_like))
        yield


@given(page=PAGE, query=st.dictionaries(st.sampled_from(sorted(NAMES)), SENSIBLE, max_size=12))
def test_what_is_written_is_read_again(page, query):
    values, _, _ = link.read(PAGES[page], query)
    written = link.write(PAGES[page], values)
    again, asked, problems = link.read(PAGES[page], written)
    assert not problems and asked == set(written)
    assert again == values and link.write(PAGES[page], again) == written
    assert set(written) <= set(PAGES[page])


@given(page=PAGE, query=st.dictionaries(st.sampled_from(sorted(NAMES)), ABSURD, max_size=12))
def test_rubbish_becomes_short_sentences_and_defaults(page, query):
    values, asked, problems = link.read(PAGES[page], query)
    assert all(problem.startswith("The link asks for ") and problem.endswith(".") and len(problem) < 600 for problem in problems)
    written = link.write(PAGES[page], values)
    assert link.read(PAGES[page], written)[0] == values and not set(written) - asked - {"checkpoint"}


def test_an_untouched_page_has_nothing_to_say():
    for page, table in PAGES.items():
        written = link.write(table, link.read(table, {})[0])
        assert written == ({"checkpoint": default_checkpoint()} if page == "explore" else {})


def said(page: str, **query: str) -> str:
    """The one sentence that a query of one odd value earns, its default being what is shown."""
    values, asked, (problem,) = link.read(PAGES[page], query)
    assert not asked and values == link.read(PAGES[page], {})[0]
    return problem


def test_sentences_name_the_fault_and_what_would_do():
    assert said("denoise", strength="1e99") == "The link asks for the strength `1e99`; it must be from 0 to 1. Using the default instead."
    assert said("denoise", seed="abc") == "The link asks for the seed `abc`, which is not a whole number. Using the default instead."
    assert said("denoise", image="-5") == "The link asks for the image `-5`; it must be from 0 to 2,147,483,647. Using the default instead."
    assert said("denoise", damage="fire").startswith("The link asks for the damage `fire`, which is not one of `gaussian`, ")
    assert said("train", run="../../x") == "The link asks for the run `../../x`, which is not here, or no longer."
    assert said("reconstruct", checkpoint="../../etc/passwd").startswith(
        "The link asks for the model `../../etc/passwd`, which is not here."
    )
    assert "from 0 to 9" in said("reconstruct", **{"class": "10"})
    assert len(said("reconstruct", data="x" * 10_000)) < 200


def test_only_what_differs_and_matters_is_written():
    values = link.read(PAGES["denoise"], {"damage": "none", "strength": "0.3", "seed": "7"})[0]
    assert link.write(PAGES["denoise"], values) == {"damage": "none"}, "without damage its strength says nothing"
    values = link.read(PAGES["denoise"], {"damage": "gaussian", "strength": "0.50", "seed": "007", "methods": "vae,tv"})[0]
    assert link.write(PAGES["denoise"], values) == {"seed": "7", "methods": "vae,tv"}
    values |= {"kind": "upload"}
    assert link.write(PAGES["denoise"], values) == {"methods": "vae,tv"}, "nobody else has the upload, nor its damage"
    values = link.read(PAGES["super-resolution"], {"tab": "noise", "seed": "3", "image": "9", "factor": "4"})[0]
    assert link.write(PAGES["super-resolution"], values) == {"tab": "noise", "seed": "3"}


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ({}, []),
        ({"v": "1", "checkpoint": "x", "dial": "1", "utm_source": "mail", "fbclid": "1", "embed": "true"}, []),
        ({"v": "2"}, ["newer version of the explorer"]),
        ({"v": "cat"}, ["version `cat`, which there is not"]),
        ({"v": "0"}, ["version `0`, which there is not"]),
        ({"zoom": "3"}, ["asks for `zoom`, which no page here knows"]),
        ({f"a{n}": "" for n in range(8)}, ["`a0`, `a1`, `a2`, `a3`, `a4` and 3 more, which"]),
        ({"v": "3", "<b>`x`": "1"}, ["newer version", "`<b>x`"]),
    ],
)
def test_what_no_page_knows_is_said(query: dict[str, str], said: list[str]) -> None:
    found = link.unknown(NAMES, query)
    assert len(found) == len(said) and all(words in sentence for words, sentence in zip(said, found, strict=True))
    assert all(sentence.endswith(" is shown.") for sentence in found)


@pytest.mark.parametrize("page", ["explore.py", "reconstruct.py", "compare.py", "generate.py"])
def test_a_newer_link_is_followed_as_far_as_it_is_known_and_the_note_is_said_once(page: str) -> None:
    app = visit(page, {"v": "2", "checkpoint": "ae-mnist-2d", "flavour": "salt"})
    said = [warning.value for warning in app.warning]
    assert any("newer version" in one for one in said) and any("`flavour`" in one for one in said)
    assert page in ("compare.py",) or app.session_state.checkpoint == "ae-mnist-2d"
    assert "flavour" not in app.query_params and "v" not in app.query_params
    assert not [one for one in app.run().warning if "newer" in one.value or "flavour" in one.value]

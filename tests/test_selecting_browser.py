"""Selecting codes on Explore: by a lasso, by a finger, and by keys alone."""

import re

import numpy as np
import pytest
from live import Server, visitor
from PIL import Image
from playwright.sync_api import Browser, Page, TimeoutError, expect
from test_selecting_bundle import inside
from view import View

from core import checkpoints
from core.dimensions import kl_each_nats

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("tools")]

CODES = checkpoints.load("vae-mnist-2d").latents


def word(page: Page) -> str:
    """What the address says of the tool, once it says anything."""
    page.wait_for_function("/[?&]tool=select(%3A|:)./.test(location.search)")
    said: str = page.evaluate("new URLSearchParams(location.search).get('tool')")
    return said.removeprefix("select:")


def gallery(page: Page) -> list[int]:
    """The test images that it shows."""
    names = page.locator(".sl-pictures button[aria-label]").evaluate_all("all => all.map((one) => one.getAttribute('aria-label'))")
    return [int(re.sub(r"\D", "", name.split(", labelled")[0])) for name in names]


def choose(page: Page, widget: str, option: str) -> None:
    """Choose in one of Streamlit's lists; one that is open closes when the page runs meanwhile, and is opened again."""
    for _ in range(8):
        page.get_by_role("combobox", name=re.compile(widget)).click()
        try:
            page.get_by_role("option", name=re.compile(option)).click(timeout=4000)
        except TimeoutError:
            continue
        return
    raise AssertionError(f"{option} could not be chosen")


def test_a_lasso_selects_what_it_goes_round_and_a_link_selects_the_same(view: View) -> None:
    page = view.open("?checkpoint=vae-mnist-2d").page
    page.get_by_role("tab", name="Select").click()
    tool = page.get_by_test_id("selecting")
    tool.get_by_role("button", name="Lasso").click()
    view.frame()
    ranges = view.ranges()
    corners = [(0.3, 0.3), (0.65, 0.35), (0.6, 0.7), (0.5, 0.45), (0.35, 0.65)]
    page.mouse.move(*view.at(*corners[0]))
    page.mouse.down()
    for corner in corners[1:]:
        page.mouse.move(*view.at(*corner), steps=8)
    page.mouse.up()
    said = word(page)
    numbers = [float(v) for v in said.removeprefix("l").split(",")]
    lasso = list(zip(numbers[::2], numbers[1::2], strict=True))
    rows = np.flatnonzero(inside(lasso, CODES.mu.astype(float))).tolist()
    assert said.startswith("l") and 5 <= len(lasso) <= 12 and 300 < len(rows) < 9000
    assert view.ranges() == ranges, "the map was not dragged"
    expect(tool.get_by_role("status")).to_have_text(f"{len(rows):,} of 10,000 test images are selected.")
    expect(page.locator(".sl-pictures button[aria-label]")).to_have_count(60)
    assert gallery(page) == rows[:60]
    counted = np.bincount(CODES.label[rows], minlength=10)
    listed = page.locator(".sl-counts li").all_inner_texts()
    assert [int(re.split(r"\s+", one.strip())[1].replace(",", "")) for one in listed] == sorted(counted[counted > 0].tolist(), reverse=True)
    opacity = "document.querySelector('.lm-plot').data.map((trace) => trace.marker.opacity)"
    page.wait_for_function(f"{opacity}.every((one) => one < 0.1)")
    tool.get_by_role("button", name="Show more").click()
    expect(page.locator(".sl-pictures button[aria-label]")).to_have_count(180)

    with page.expect_download() as table:
        tool.get_by_role("button", name="Table of their codes (CSV)").click()
    lines = table.value.path().read_text("utf-8").splitlines()
    assert table.value.suggested_filename == "vae-mnist-2d-selection.csv" and len(lines) == 1 + len(rows)
    first = lines[1].split(",")
    assert first[:2] == [str(rows[0]), str(CODES.label[rows[0]])] and [float(v) for v in first[2:4]] == pytest.approx(
        CODES.mu[rows[0]], rel=1e-5
    )
    assert CODES.logvar is not None
    kl = dict(zip(lines[0].split(","), first, strict=True))["kl_nats"]
    assert float(kl) == pytest.approx(kl_each_nats(CODES.mu, CODES.logvar)[rows[0]], rel=1e-4)
    with page.expect_download() as sheet:
        tool.get_by_role("button", name="Sheet of them (PNG)").click()
    assert sheet.value.suggested_filename == "vae-mnist-2d-selection.png"
    with Image.open(sheet.value.path()) as picture:
        assert 1480 < picture.width < 1540 and 2000 < picture.height < 3000, "twelve images across, at most twenty rows"

    page.locator(".lm-legend button").first.click()  # another legend, the same selection
    page.wait_for_function("new URLSearchParams(location.search).get('classes') === '0'")
    expect(tool.get_by_role("status")).to_have_text(f"{len(rows):,} of 10,000 test images are selected.")
    page.locator(".lm-legend button").first.click()
    page.wait_for_function("!new URLSearchParams(location.search).has('classes')")  # else what is reloaded shows one class alone
    page.reload()
    expect(page.get_by_test_id("selecting").get_by_role("status")).to_have_text(f"{len(rows):,} of 10,000 test images are selected.")
    tool.get_by_role("button", name="Clear").click()
    page.wait_for_function(f"{opacity}.every((one) => one > 0.1)")
    assert page.locator(".sl-found").is_hidden()


def test_by_keys_alone_a_class_and_what_is_around_a_point_and_a_picture_leads_there(view: View) -> None:
    page = view.open("?checkpoint=vae-mnist-2d&z=0.5,0.5").page
    page.get_by_role("tab", name="Find").focus()
    page.keyboard.press("End")
    while page.evaluate("document.activeElement.dataset.tool") != "select":
        page.keyboard.press("ArrowLeft")
    tool = page.get_by_test_id("selecting")
    tool.get_by_label("Within").press("Enter")
    near = np.hypot(*(CODES.mu.astype(float) - 0.5).T) <= 0.5
    expect(tool.get_by_role("status")).to_contain_text(f"{near.sum():,} of 10,000")
    tool.get_by_role("button", name="Remove").press("Enter")
    tool.get_by_label("Class").press("2")
    tool.get_by_role("button", name="All of it").press("Enter")
    rows = np.flatnonzero(near & (CODES.label != 2)).tolist()
    expect(tool.get_by_role("status")).to_contain_text(f"{len(rows):,} of 10,000")
    page.wait_for_function("new URLSearchParams(location.search).get('tool') === 'select:o0.5,0.5,0.5;-c2'")
    expect(page.locator(".sl-pictures button[aria-label]")).to_have_count(min(60, len(rows)))
    page.locator(".sl-pictures button[aria-label]").nth(4).press("Enter")
    expect(page.get_by_test_id("panel")).to_contain_text(f"test image {rows[4]:,}, labelled")
    expect(tool.get_by_role("status")).to_contain_text(f"{len(rows):,} of 10,000")  # going there takes nothing away


def test_by_keys_alone_a_box_and_a_lasso_are_drawn_and_no_point_is_kept(view: View) -> None:
    page = view.open("?checkpoint=vae-mnist-2d&z=0.5,0.5&tool=select").page
    tool, on_map = page.get_by_test_id("selecting"), page.get_by_test_id("latent-map")
    tool.get_by_role("button", name="Box").press("Enter")
    expect(on_map).to_be_focused()
    page.keyboard.press("Space")
    for key in ["ArrowRight"] * 12 + ["ArrowUp"] * 9:
        page.keyboard.press(key)
    assert page.locator(".sl-outline").get_attribute("d")
    page.keyboard.press("Space")
    a, b, c, d = (float(v) for v in word(page).removeprefix("b").split(","))
    x, y = CODES.mu.astype(float).T
    boxed = (x >= a) & (x <= c) & (y >= b) & (y <= d)
    assert (a, b) == pytest.approx((0.5, 0.5), abs=1e-3) and c > a and d > b and 30 < boxed.sum() < 9000
    expect(tool.get_by_role("status")).to_contain_text(f"{boxed.sum():,} of 10,000")
    tool.get_by_role("button", name="Add").press("Enter")
    tool.get_by_role("button", name="Lasso").press("Enter")
    page.keyboard.press("Space")
    for key in ["ArrowRight"] * 6 + ["ArrowUp"] * 9 + ["ArrowLeft"] * 6:
        page.keyboard.press(key)
    page.keyboard.press("Space")
    page.wait_for_function("new URLSearchParams(location.search).get('tool').includes(';+l')")
    corners = [float(v) for v in word(page).split(";+l")[1].split(",")]
    lasso = inside(list(zip(corners[::2], corners[1::2], strict=True)), CODES.mu.astype(float))
    expect(tool.get_by_role("status")).to_contain_text(f"{(boxed | lasso).sum():,} of 10,000")
    assert (boxed | lasso).sum() > boxed.sum() and view.url_z() == (0.5, 0.5)
    page.keyboard.press("Escape")
    expect(tool.get_by_role("button", name="Lasso")).to_be_focused()
    expect(tool.get_by_role("button", name="Lasso")).to_have_attribute("aria-pressed", "false")


@pytest.mark.slow
def test_a_finger_draws_a_box_on_a_phone_and_nothing_is_wider_than_the_page(server: Server, chromium: Browser) -> None:
    with visitor(chromium, f"{server.url}/?checkpoint=vae-mnist-2d&spread=1", 390, has_touch=True) as page:
        page.wait_for_selector("[data-testid=latent-map][data-plotted]")
        page.get_by_role("tab", name="Select").tap()
        tool = page.get_by_test_id("selecting")
        tool.get_by_role("button", name="Box").tap()
        box, session = page.get_by_test_id("latent-map").bounding_box(), page.context.new_cdp_session(page)
        assert box
        for kind, share in (("touchStart", 0.2), ("touchMove", 0.4), ("touchMove", 0.6)):
            at = [{"x": box["x"] + share * box["width"], "y": box["y"] + share * box["height"]}]
            session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": at})
        session.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
        left, top, right, bottom = (float(v) for v in word(page).removeprefix("b").split(","))
        z = CODES.mu.astype(float)
        wanted = ((z[:, 0] >= left) & (z[:, 0] <= right) & (z[:, 1] >= bottom) & (z[:, 1] <= top)).sum()
        expect(tool.get_by_role("status")).to_contain_text(f"{wanted:,} of 10,000")
        expect(page.locator(".sl-pictures button[aria-label]").first).to_be_visible()
        assert page.evaluate("document.querySelector('[data-testid=stMain]').scrollWidth") <= 390
        for height in tool.locator("button:visible, input:visible, select:visible").evaluate_all(
            "all => all.map((e) => e.getBoundingClientRect().height)"
        ):
            assert height >= 40, "large enough for a finger"


@pytest.mark.slow
def test_a_selection_outlives_another_plane_and_tool_but_not_another_model(view: View) -> None:
    page = view.open("?checkpoint=vae-mnist-16d&tool=select:b-2,-1,0.5,1").page
    tool, said = page.get_by_test_id("selecting"), page.get_by_test_id("selecting").get_by_role("status")
    expect(said).to_contain_text("test images are selected.")
    first = said.inner_text()
    expect(page.locator(".sl-pictures button[aria-label]")).to_have_count(60)
    shown, dim = gallery(page), "document.querySelector('.lm-plot').data.every((trace) => trace.marker.opacity < 0.1)"
    page.get_by_role("tab", name="Find").click()
    page.wait_for_function(f"!({dim})")
    page.wait_for_function("!location.search.includes('tool=select')")
    page.get_by_role("tab", name="Select").click()
    page.wait_for_function(dim)
    word(page)
    choose(page, "Plane", "Two numbers")
    page.wait_for_function("/[?&]plane=/.test(location.search)")
    page.wait_for_function("!/tool=select(%3A|:)/.test(location.search)")  # there, its box would be another
    expect(said).to_contain_text(first)
    expect(page.locator(".sl-pictures button[aria-label]")).to_have_count(60)
    assert gallery(page) == shown
    page.wait_for_function(dim)
    tool.get_by_role("button", name="Name this selection").click()
    expect(page.locator(".sl-named li")).to_have_count(1)
    choose(page, "Model", "^VAE: the main model")
    expect(said).to_contain_text("Nothing is selected.")
    expect(page.locator(".sl-named li")).to_have_count(0)
    page.wait_for_function(f"!({dim})")


def test_a_link_shows_the_same_two_named_selections_and_the_arrow_between_them(view: View) -> None:
    page = view.open("?checkpoint=vae-mnist-2d&z=0.5,1.5&tool=select:c3").page
    tool, named = page.get_by_test_id("selecting"), page.locator(".sl-named li b")
    arrow = "document.querySelector('.sl-arrow path').getAttribute('d')"

    def name(words: str) -> None:
        tool.get_by_label("Name", exact=True).fill(words)
        tool.get_by_role("button", name="Name this selection").click()

    name("threes")
    expect(named).to_have_text(["threes"])
    tool.locator("[data-form=class] select").select_option("5")
    tool.get_by_role("button", name="All of it").click()
    expect(page.locator(".sl-said")).to_contain_text("892 of 10,000")
    name("fives, all")
    expect(named).to_have_text(["threes", "fives, all"])
    expect(tool).to_contain_text("The page’s link holds both, and the arrow.")
    for number, words in enumerate(("fives, all", "threes")):
        page.locator(".sl-step select").nth(number).select_option(words)
    tool.get_by_role("button", name="Add −1 times the step").click()
    page.wait_for_function("new URLSearchParams(location.search).get('tool') === 'select:*1!threes:c3!fives(2c) all:c5!*1,0,-1'")
    shown, words = page.evaluate(arrow), page.locator(".sl-step > p").inner_text()
    assert "from the mean code of fives, all to that of threes" in words

    page.reload()
    expect(named).to_have_text(["threes", "fives, all"])
    page.wait_for_function(f"(shown) => {arrow} === shown", arg=shown)
    assert page.locator(".sl-step > p").inner_text() == words and page.locator(".sl-amount input").input_value() == "-1"
    expect(page.locator(".sl-said")).to_contain_text("892 of 10,000")
    mean = {c: CODES.mu[CODES.label == c].mean(0).astype(float) for c in (3, 5)}
    assert f"{np.linalg.norm(mean[3] - mean[5]):.2f} long" in words

    tool.get_by_role("button", name="Forget threes").click()
    expect(named).to_have_text(["fives, all"])
    page.wait_for_function("new URLSearchParams(location.search).get('tool') === 'select:*0!fives(2c) all:c5'")
    page.get_by_role("button", name="Undo", exact=False).first.click()
    expect(named).to_have_text(["threes", "fives, all"])
    page.wait_for_function(f"(shown) => {arrow} === shown", arg=shown)


@pytest.mark.parametrize("other", [pytest.param("vae-mnist-2d-collapsed", marks=pytest.mark.slow), "vae-mnist-16d"])
def test_back_to_another_model_brings_its_selection_back(view: View, other: str) -> None:
    asked = "select:b0,0,1,0.5!A:c3!B:b-1,-1,0,0"
    page = view.open(f"?checkpoint=vae-mnist-2d&tool={asked}").page
    status, names = page.locator(".sl-said"), page.locator(".sl-named li b")
    inside = ((CODES.mu >= 0) & (CODES.mu <= (1, 0.5))).all(1)
    wanted = f"{inside.sum():,} of 10,000 test images are selected."
    expect(status).to_have_text(wanted)
    expect(names).to_have_text(["A", "B"])
    page.evaluate(f"history.pushState({{}}, '', '?checkpoint={other}&tool=select'); dispatchEvent(new PopStateEvent('popstate'))")
    expect(status).to_contain_text("Nothing is selected.")
    page.wait_for_function("!location.search.includes('b0')")
    page.go_back()
    expect(status).to_have_text(wanted)
    expect(names).to_have_text(["A", "B"])
    assert word(page) == asked.removeprefix("select:")

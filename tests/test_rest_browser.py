"""The sliders for what a map does not show: their arithmetic against Python's, and what the page draws against torch."""

import numpy as np
import pytest
from bundle import Bundle
from live import pause
from playwright.sync_api import expect
from test_nets_browser import READ, base64_of
from view import View

from core import checkpoints, export, latent
from core.rest import of_plane, through, values
from pages.session import caches

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("tools")]
NAME = "vae-mnist-16d"
OPENED = checkpoints.load(NAME)
MU = OPENED.latents.mu
CLOSE = 1.5  # grey levels: the canvas rounds, and directions are told to seven digits


def drawn(code: np.ndarray) -> np.ndarray:
    return 255 * latent.decode(OPENED.model, code[None].astype(np.float32))[0].ravel()


@pytest.mark.parametrize("shown", [None, (4, 1)])
def test_placing_is_pythons(bundle: Bundle, shown: tuple[int, int] | None) -> None:
    codes = np.random.default_rng(0).normal(0.3, 2, (50, 6)).astype(np.float32)
    plane = latent.axes_plane(codes, shown, False) if shown else latent.map_plane(codes, False)
    rest = of_plane(codes, plane, shown)
    told = {"origin": plane.origin.tolist(), "axes": plane.axes.tolist()}
    told["rest"] = {"directions": rest.directions.tolist(), "home": rest.home.tolist()}
    script = "const [plane, code] = given; const at = m.along(plane, code); return [[...at], m.placed(plane, at), m.foot(plane, code)]"
    at, origin, foot = bundle.run("rest/placing.js", script, [told, codes[7].tolist()])
    wanted = values(rest, plane, codes[7:8])[0]
    np.testing.assert_allclose(at, wanted, atol=1e-5)
    np.testing.assert_allclose(origin, through(rest, plane, wanted).origin, atol=1e-5)
    np.testing.assert_allclose(foot, plane.feet(codes[7:8])[0], atol=1e-5)


def test_a_shifted_decoder_draws_the_moved_plane_and_the_old_one_is_as_it_was(bundle: Bundle) -> None:
    plane = latent.axes_plane(MU, (8, 14), True)
    moved = through(of_plane(MU, plane, (8, 14)), plane, np.linspace(-1, 1, 14))
    weight = OPENED.model.decoder[0].get_parameter("weight").detach().numpy()
    files = [base64_of(export.decoder_bytes(OPENED.model, one)) for one in (plane, moved)]
    script = f"""{READ}
      const [[one, other], sums] = given, decoder = new m.DenseDecoder(read(one)), there = decoder.shifted(sums);
      const wanted = [...new m.DenseDecoder(read(other)).decode(0.5, -1)], before = [...decoder.decode(0.5, -1)];
      return [[...there.decode(0.5, -1)], wanted, before, [...decoder.decode(0.5, -1)]]"""
    found, wanted, before, after = bundle.run("nets/decoder.js", script, [files, (weight @ (moved.origin - plane.origin)).tolist()])
    np.testing.assert_allclose(found, wanted, atol=1e-5)
    assert before == after and not np.allclose(before, wanted, atol=0.05)


def test_a_slider_moves_the_picture_and_the_map_goes_through_what_is_kept(view: View) -> None:
    dot = MU[3, [8, 14]]
    view.open(f"?checkpoint={NAME}&plane=9,15&z={dot[0]:.4f},{dot[1]:.4f}")
    page, rest = view.page, view.page.get_by_test_id("rest")
    expect(rest.locator("summary")).to_have_text("The other 14 numbers")
    asked = view.asked()
    rest.locator("summary").click()
    expect(rest.locator("summary")).to_contain_text("(of the kept image)")
    page.wait_for_function("() => new URLSearchParams(location.search).get('rest') === 'image'")
    z2 = rest.get_by_label("z₂", exact=True)
    assert float(z2.input_value()) == pytest.approx(MU[3, 1], abs=0.006)
    assert np.abs(view.image() - drawn(MU[3])).max() < CLOSE

    z2.evaluate("input => { input.value = '2'; input.dispatchEvent(new Event('input', { bubbles: true })); }")
    view.frame()
    code = MU[3].copy()
    code[1] = 2
    assert np.abs(view.image() - drawn(code)).max() < CLOSE, "at once"
    expect(rest.locator("summary")).to_contain_text("(moved)")
    expect(page.get_by_test_id("panel")).to_contain_text("The kept point")
    expect(page.get_by_test_id("panel")).to_contain_text("Press a dot")
    assert z2.input_value() == "2"
    words = page.get_by_test_id("panel").inner_text()
    assert f"{np.linalg.norm(code):.2f} σ from the centre" in words and "This is its code" not in words
    assert f"z₉ = {code[8]:.2f}, z₁₅ = {code[14]:.2f}".replace("-", "−") in words
    view.point(0.3, 0.6)
    view.frames(15)  # words come a little later
    there = [float(text.replace("−", "-")) for text in page.locator(".lm-controls output").all_inner_texts()]
    code[[8, 14]] = there
    assert np.abs(view.image() - drawn(code)).max() < 12, "the pointer decodes with it; its place is known to two digits"
    assert not [url for url in asked if "/assets/" in url and "decoder" in url], "nothing is fetched for it"
    page.wait_for_function("() => (new URLSearchParams(location.search).get('rest') ?? '').split(',')[1] === '2'")

    page.reload()
    page.wait_for_selector("[data-testid=latent-map][data-plotted]")
    expect(rest.locator("summary")).to_contain_text("(moved)")
    code[[8, 14]] = dot
    page.mouse.move(5, 5)
    view.frame()
    assert np.abs(view.image() - drawn(code)).max() < CLOSE, "a link has it all"
    rest.locator("summary").click()
    rest.get_by_role("button", name="To the middle").click()
    expect(rest.locator("summary")).to_have_text("The other 14 numbers")
    page.wait_for_function("() => !new URLSearchParams(location.search).has('rest')")
    assert np.abs(view.image() - drawn(MU[3])).max() < CLOSE, "a dot is its own code again"
    page.set_viewport_size({"width": 390, "height": 844})
    note, box = page.get_by_text("The codes have 16 dimensions").bounding_box(), view.box()
    assert note and note["y"] > box["y"] + box["height"], "what is said of the map pushes it nowhere on a phone"


@pytest.mark.slow
def test_the_grid_is_drawn_again_and_a_background_of_the_old_plane_is_not(view: View) -> None:
    view.open(f"?checkpoint={NAME}&layers=manifold&background=sensitivity")
    page, rest = view.page, view.page.get_by_test_id("rest")
    key = page.get_by_test_id("background-key")
    expect(key).to_contain_text("How much the picture changes")
    tiles = "document.querySelector('.lm-tiles').toDataURL()"
    page.wait_for_function("() => document.querySelector('.lm-tiles').width > 300")
    before = None
    while before != (before := page.evaluate(tiles)):  # until the last tile is there
        pause(page, 500)
    rest.locator("summary").click()
    expect(key).to_contain_text("Set them back to the middle")
    page.wait_for_function(f"before => {tiles} !== before", arg=before)
    rest.get_by_role("button", name="To the middle").click()
    expect(key).to_contain_text("How much the picture changes")


@pytest.mark.slow
def test_other_maps_have_none(view: View) -> None:
    view.open("?checkpoint=vae-mnist-2d&rest=1,2")
    expect(view.page.get_by_test_id("rest")).to_be_hidden()
    assert caches.map_view("vae-mnist-2d").rest is None


@pytest.mark.slow
def test_a_moved_slider_is_undone_and_done_again(view: View) -> None:
    view.open(f"?checkpoint={NAME}&plane=9,15&z={MU[3, 8]:.4f},{MU[3, 14]:.4f}&rest=image")
    page, rest = view.page, view.page.get_by_test_id("rest")
    expect(rest.locator("summary")).to_contain_text("(of the kept image)")
    pause(page, 1000)  # what an address has set is no step
    rest.locator("summary").click()
    z2 = rest.get_by_label("z₂", exact=True)
    z2.evaluate(
        "input => { input.value = '2'; for (const type of ['input', 'change']) input.dispatchEvent(new Event(type, { bubbles: true })); }"
    )
    expect(rest.locator("summary")).to_contain_text("(moved)")
    undo = page.locator("[data-act=undo]")
    expect(undo).to_have_attribute("title", "Undo: the other numbers (Ctrl+Z)")
    undo.click()
    expect(rest.locator("summary")).to_contain_text("(of the kept image)")
    page.locator("[data-act=redo]").click()
    expect(rest.locator("summary")).to_contain_text("(moved)")
    assert z2.input_value() == "2"

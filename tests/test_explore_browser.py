"""The live map in a real browser: what only a browser can show."""

import re
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
import torch
from live import Server, until
from playwright.sync_api import Browser, BrowserContext, Route, expect
from view import COPY, View, as_new, left_open

from core import checkpoints

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]
SLOW = pytest.mark.slow

POINT = (0.5, 1.5)


@pytest.fixture
def view(server: Server, view: View) -> Iterator[View]:
    yield view
    assert view.hosts <= {server.url, server.url.replace("http", "ws")}, "the running app must not need the network"


@pytest.fixture(scope="module")
def left(server: Server, profile: BrowserContext) -> Iterator[View]:
    with left_open(profile, server.url, f"?z={POINT[0]},{POINT[1]}") as shared:
        yield shared


@pytest.fixture
def opened(left: View, request: pytest.FixtureRequest) -> View:
    """A map that is opened once, for the tests that begin wherever the point is."""
    return as_new(left, request)


@pytest.fixture
def kept(opened: View) -> View:
    """The same, with a point kept and the pointer outside the map, whatever the test before has left."""
    opened.page.mouse.click(*opened.at(0.4, 0.45))  # the address has it in the click's own frame
    opened.page.mouse.move(3, 3)
    opened.frame()
    return opened


def model_pixels(z: tuple[float, float]) -> np.ndarray:
    """What torch decodes, as grey levels (784,)."""
    model = checkpoints.load("vae-mnist-2d").model
    with torch.no_grad():
        return model.decode(torch.tensor([z])).flatten().mul(255).numpy()


def test_map_appears_and_shows_what_the_model_decodes(opened: View) -> None:
    view = opened  # as it was opened: this test comes first
    assert np.abs(view.image() - model_pixels(POINT)).max() <= 0.51
    assert "10,000 test codes" in view.page.locator("[data-testid=latent-map]").get_attribute("aria-label")
    assert view.page.locator("[data-testid=decoded]").evaluate("c => getComputedStyle(c).imageRendering") == "pixelated"


@pytest.mark.slow
def test_pointer_over_empty_space_decodes_and_leaving_restores(view: View) -> None:
    view.open(f"?z={POINT[0]},{POINT[1]}")
    kept = view.image()
    view.point(0.12, 0.9)  # a corner without codes
    corner = view.image()
    view.point(0.9, 0.9)
    assert (corner != kept).any() and (view.image() != corner).any()
    view.page.mouse.move(3, 3)
    view.frame()
    assert (view.image() == kept).all()


def test_the_kept_point_s_ring_has_an_edge_and_its_words_stand_clear_of_the_button_above(kept: View) -> None:
    styles = "all => all.map((one) => [getComputedStyle(one).stroke, parseFloat(getComputedStyle(one).strokeWidth)])"
    (edge, wide), (ring, narrow), _ = kept.page.locator(".lm-kept circle").evaluate_all(styles)
    ground = kept.page.locator(".lm-zoom button").first.evaluate("one => getComputedStyle(one).backgroundColor")
    assert edge == ground != ring and wide >= narrow + 2, "on any background"
    kept.click(0.12, 0.9)  # a corner without codes: nothing stands between the two
    expect(kept.page.locator(".lm-panel .lm-images")).to_have_count(0)
    button = kept.page.get_by_role("button", name="Draw, and see where it lands").bounding_box()
    title = kept.page.get_by_role("heading", name="The kept point").bounding_box()
    assert button and title and title["y"] - button["y"] - button["height"] >= 16


def test_one_decode_a_frame_and_the_latest_point_wins(kept: View) -> None:
    view, before = kept, kept.decodes()
    moves = """async map => {
      const { left, top, width, height } = map.getBoundingClientRect();
      await new Promise(requestAnimationFrame);
      for (let i = 0; i <= 200; i++) {
        const at = { clientX: left + width * (0.2 + 0.002 * i), clientY: top + height * 0.5 };
        map.dispatchEvent(new PointerEvent('pointermove', { bubbles: true, pointerType: 'mouse', ...at }));
      }
      await new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)));
    }"""
    view.page.locator("[data-testid=latent-map]").evaluate(moves)
    assert view.decodes() == before + 1
    last = view.image()
    view.point(0.6, 0.5)
    assert (view.image() == last).all()


def test_dragging_a_slider_decodes_during_the_drag_and_commits_at_its_end(kept: View) -> None:
    view, start = kept, kept.url_z()
    slider = view.page.locator("[data-testid=z1]").bounding_box()
    y = slider["y"] + slider["height"] / 2
    view.page.mouse.move(slider["x"] + slider["width"] * 0.57, y)
    view.page.mouse.down()
    seen = []
    for share in np.linspace(0.4, 0.8, 8):
        view.page.mouse.move(slider["x"] + slider["width"] * share, y)
        view.frame()
        seen.append(view.image().tobytes())
    assert len(set(seen)) == 8
    assert view.url_z() == start, "Python is not told during the drag"
    view.page.mouse.up()
    until(lambda: view.url_z() != start)
    z1, z2 = view.url_z()
    assert z1 == pytest.approx(float(view.page.locator("[data-testid=z1]").input_value())) and z2 == start[1]


@pytest.mark.slow
def test_back_brings_the_earlier_point(view: View) -> None:
    view.open(f"?z={POINT[0]},{POINT[1]}")
    first = view.image()
    view.click(0.3, 0.3)
    z1, z2 = view.url_z()
    view.click(0.6, 0.7)
    for point in ((z1, z2), POINT):
        view.page.go_back()
        said = "z = ({:.2f}, {:.2f})".format(*point).replace("-", "−")
        expect(view.page.locator("[data-testid=panel]")).to_contain_text(said)
    view.page.mouse.move(3, 3)
    until(lambda: (view.image() == first).all())


@pytest.mark.slow
def test_changes_while_the_map_loads_do_not_end_it(view: View) -> None:
    held: list[Route] = []
    view.page.route("**/plotly.min.js", lambda route: held.append(route))
    view.page.goto(f"{view.base}/?z={POINT[0]},{POINT[1]}")
    view.page.wait_for_selector("[data-testid=z1]")
    view.page.mouse.move(*view.at(0.5, 0.5))
    view.page.emulate_media(color_scheme="dark")
    view.page.get_by_role("button", name="Prior rings").click()
    view.page.wait_for_function("() => location.href.includes('prior')")
    for route in held:
        route.continue_()
    view.page.wait_for_selector("[data-testid=latent-map][data-plotted]")
    view.frames(30)
    assert view.page.locator(".lm-plot .gl-canvas").count() and len(view.ranges()) == 4
    view.point(0.3, 0.6)
    assert view.image().any()


def test_click_fills_the_panel_and_the_link_brings_it_back(view: View) -> None:
    view.open("?layers=points,prior")
    view.click(0.35, 0.4)
    z = view.url_z()
    shown = f"z = ({z[0]:.2f}, {z[1]:.2f})".replace("-", "−")
    expect(view.page.locator("[data-testid=panel]")).to_contain_text(shown)
    assert re.search(r"\d+ of the 10 nearest test codes", view.panel()) and "σ from the centre" in view.panel()
    image, link = view.image(), view.page.url
    view.open(link.removeprefix(view.base).lstrip("/"))
    expect(view.page.locator("[data-testid=panel]")).to_contain_text(shown)
    assert (view.image() == image).all()
    assert "prior" in view.page.url and view.page.get_by_role("button", name="Prior rings").get_attribute("aria-checked") != "false"


@pytest.mark.slow
def test_click_on_a_dot_shows_its_image_and_reconstruction(view: View) -> None:
    view.open("?z=")
    code = checkpoints.load("vae-mnist-2d").latents.mu[3]
    box = view.page.locator(".lm-plot").bounding_box()
    script = """z => { const p = document.querySelector('.lm-plot'), m = p.layout.margin;
      const x = p.layout.xaxis.range, y = p.layout.yaxis.range;
      return [m.l + (z[0] - x[0]) / (x[1] - x[0]) * (p.clientWidth - m.l - m.r),
              m.t + (y[1] - z[1]) / (y[1] - y[0]) * (p.clientHeight - m.t - m.b)]; }"""
    x, y = view.page.evaluate(script, code.tolist())
    view.page.mouse.click(box["x"] + x + 2, box["y"] + y + 2)  # near it, not on it
    panel = view.page.locator("[data-testid=panel]")
    expect(panel).to_contain_text("This is its code")
    expect(panel).to_contain_text("−ELBO")
    expect(panel.get_by_role("img")).to_have_count(3)
    nearest = np.abs(checkpoints.load("vae-mnist-2d").latents.mu - np.array(view.url_z())).max(1).min()
    assert nearest < 1e-3


def test_keys_move_keep_and_clear(kept: View) -> None:
    view, start = kept, kept.url_z()
    view.page.locator("[data-testid=latent-map]").focus()
    view.page.keyboard.press("ArrowRight")
    until(lambda: view.url_z() != start)
    coarse = view.url_z()[0] - start[0]
    assert coarse > 0 and view.url_z()[1] == start[1]
    before = view.page.url
    view.page.keyboard.press("Shift+ArrowRight")
    view.page.wait_for_function("before => location.href !== before", arg=before)
    assert 0 < view.url_z()[0] - start[0] - coarse < coarse / 5
    view.page.keyboard.press("Escape")
    expect(view.page.locator("[data-testid=panel]")).to_contain_text("No point is kept")
    view.page.mouse.move(3, 3)
    view.frame()
    assert not view.image().any()


@pytest.mark.slow
def test_legend_dims_what_is_not_chosen(view: View) -> None:
    view.open(f"?z={POINT[0]},{POINT[1]}")
    legend = view.page.locator(".lm-legend button")
    legend.nth(3).click()
    assert min(view.wait_for_bright(3)) > 0, "dimmed, not hidden"
    legend.nth(5).click(modifiers=["Shift"])
    view.wait_for_bright(3, 5)
    legend.nth(5).click()
    view.wait_for_bright(5)
    legend.nth(5).click()
    view.wait_for_bright(*range(10))


@pytest.mark.slow
def test_zoom_is_kept_through_a_commit_and_pixels_still_mean_the_same(view: View) -> None:
    view.open(f"?z={POINT[0]},{POINT[1]}")
    whole = view.ranges()
    assert (whole[1] - whole[0]) / (whole[3] - whole[2]) == pytest.approx(
        view.page.evaluate("(p => (p.clientWidth - 40) / (p.clientHeight - 34))(document.querySelector('.lm-plot'))"), rel=0.02
    ), "one unit is as long on both axes"
    view.page.get_by_role("button", name="Zoom in").click()
    view.page.get_by_role("button", name="Zoom in").click()
    zoomed = view.ranges()
    assert zoomed[1] - zoomed[0] < 0.5 * (whole[1] - whole[0])
    view.page.get_by_role("button", name="Points", exact=True).click()  # no snapping to a code
    view.page.wait_for_function("() => location.href.includes('layers=names')")
    view.page.wait_for_selector("[data-testid=stApp][data-test-script-state=notRunning]")  # until then Python writes the address too
    view.click(0.5, 0.5)
    box = view.page.locator(".lm-plot").bounding_box()
    expected = zoomed[0] + (view.at(0.5, 0.5)[0] - box["x"] - 34) / (box["width"] - 40) * (zoomed[1] - zoomed[0])
    assert view.url_z()[0] == pytest.approx(expected, abs=0.02)
    assert view.ranges() == pytest.approx(zoomed)
    view.page.get_by_role("button", name="Show the whole map").click()
    assert view.ranges() == pytest.approx(whole)


@pytest.mark.slow
def test_dragging_pans_and_keeps_nothing(view: View) -> None:
    view.open(f"?z={POINT[0]},{POINT[1]}")
    before, url = view.ranges(), view.page.url
    view.page.mouse.move(*view.at(0.5, 0.5))
    view.page.mouse.down()
    view.page.mouse.move(*view.at(0.3, 0.4), steps=6)
    view.page.mouse.up()
    view.frame()
    after = view.ranges()
    assert after[0] > before[0] and after[1] - after[0] == pytest.approx(before[1] - before[0])
    view.page.wait_for_function("location.search.includes('view=')")
    assert re.sub("[?&]view=[^&]*", "", view.page.evaluate("location.href")) == url, "the view, and nothing else"


@pytest.mark.slow
def test_decoded_grid_lies_under_the_points(view: View) -> None:
    view.open(f"?z={POINT[0]},{POINT[1]}&layers=points,manifold")
    inked = """() => { const c = document.querySelector('.lm-tiles'); if (c.hidden) return 0;
      return COPY.getImageData(0, 0, c.width, c.height).data.filter((v, i) => i % 4 === 3 && v > 128).length; }""".replace("COPY", COPY)
    view.page.wait_for_function(f"({inked})() > 20000")
    view.page.get_by_role("button", name="Decoded grid").click()
    view.page.wait_for_function("() => document.querySelector('.lm-tiles').hidden")


@pytest.mark.slow
def test_first_visit_walks_until_the_first_touch(view: View) -> None:
    view.open()
    expect(view.page.locator("[data-testid=panel]")).to_contain_text("z = (")
    first = view.image()
    until(lambda: (view.image() != first).any())
    view.point(0.5, 0.5)
    view.page.mouse.move(3, 3)
    view.frame()
    kept = view.image()
    view.frames(30)
    assert (view.image() == kept).all()
    z1, z2 = checkpoints.load("vae-mnist-2d").latents.mu[0].tolist()
    assert np.abs(kept - model_pixels((z1, z2))).max() <= 1


@pytest.mark.slow
def test_no_walk_for_a_link_nor_for_those_who_want_less_motion(view: View) -> None:
    view.open(f"?z={POINT[0]},{POINT[1]}")
    still = view.image()
    view.frames(30)
    assert (view.image() == still).all()
    view.page.emulate_media(reduced_motion="reduce")
    view.open()
    still = view.image()
    view.frames(30)
    assert (view.image() == still).all()


@pytest.mark.slow
def test_touch_moves_the_point_and_lifting_keeps_it(server: Server, chromium: Browser) -> None:
    context = chromium.new_context(viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True)
    view = View(context.new_page(), server.url).open("?z=0.5,1.5&layers=prior")
    view.page.locator("[data-testid=latent-map]").scroll_into_view_if_needed()
    session = context.new_cdp_session(view.page)

    def touch(kind: str, *places: tuple[float, float]) -> None:
        points = [{"x": x, "y": y, "id": i} for i, (x, y) in enumerate(places)]
        session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})
        view.frame()

    ranges, kept = view.ranges(), view.image()
    touch("touchStart", view.at(0.3, 0.5))
    started = view.image()
    touch("touchMove", view.at(0.7, 0.6))
    assert (started != kept).any() and (view.image() != started).any()
    assert view.url_z() == POINT
    touch("touchEnd")
    view.page.wait_for_function("() => !location.href.includes('z=0.5%2C1.5')")
    assert view.ranges() == ranges, "one finger does not pan"
    touch("touchStart", view.at(0.4, 0.5), view.at(0.6, 0.5))
    touch("touchMove", view.at(0.3, 0.5), view.at(0.7, 0.5))
    touch("touchMove", view.at(0.2, 0.5), view.at(0.8, 0.5))
    touch("touchEnd")
    after = view.ranges()
    assert after[1] - after[0] < 0.7 * (ranges[1] - ranges[0]), "two fingers zoom"
    width = view.page.evaluate("[document.documentElement.scrollWidth, innerWidth]")
    assert width[0] <= width[1], "nothing sticks out sideways"
    context.close()
    assert view.errors == []


@pytest.mark.slow
@pytest.mark.parametrize("scheme", [pytest.param("light", marks=SLOW), "dark"])
def test_theme_reaches_the_map(server: Server, chromium: Browser, scheme: Any) -> None:
    context = chromium.new_context(viewport={"width": 1440, "height": 900}, color_scheme=scheme)
    view = View(context.new_page(), server.url).open("?z=0.5,1.5")
    darkest = """c => { const sheet = new OffscreenCanvas(c.width, c.height).getContext('2d'); sheet.drawImage(c, 0, 0);
      const { data } = sheet.getImageData(0, 0, 30, c.height); let best = 3;
      for (let i = 3; i < data.length; i += 4) if (data[i] > data[best]) best = i;
      return [...data.slice(best - 3, best)]; }"""
    numbers = view.page.locator(".lm-axes").first.evaluate(darkest)  # at the left axis, where they are nothing but ink
    expected = view.page.locator("h1").evaluate("h => getComputedStyle(h).color.match(/[0-9.]+/g).slice(0, 3).map(Number)")
    assert numbers == pytest.approx(expected, abs=3)
    context.close()
    assert view.errors == []


def goes_on_and_offers(view: View, download: str) -> None:
    expect(view.page.get_by_role("button", name=download)).to_be_visible()
    expect(view.page.locator("[data-testid=panel]")).to_contain_text("not on this machine")
    expect(view.page.get_by_test_id("panel").get_by_role("img")).to_have_count(1)
    before = view.image()
    view.point(0.5, 0.5)
    assert (view.image() != before).any()


def test_where_the_data_set_is_not_here_the_map_goes_on_and_offers_it(view: View) -> None:
    view.open("?checkpoint=vae-fashion-2d")
    goes_on_and_offers(view, "Download Fashion-MNIST")


@pytest.mark.slow
def test_fresh_clone_without_any_data_set(bare_server: Server, chromium: Browser) -> None:
    context = chromium.new_context(viewport={"width": 1440, "height": 900})
    view = View(context.new_page(), bare_server.url).open()
    goes_on_and_offers(view, "Download MNIST (11 MB)")
    context.close()
    assert view.errors == []


@pytest.mark.slow
def test_the_map_is_alive_before_plotly_has_come(view: View) -> None:
    held: list[Route] = []
    view.page.route("**/plotly.min.js", lambda route: held.append(route))
    view.page.goto(f"{view.base}/?z={POINT[0]},{POINT[1]}&layers=points")
    view.page.wait_for_selector("[data-testid=latent-map] .lm-loading[hidden]", state="attached")
    dots = """() => { const c = document.querySelector('.lm-dots'); return getComputedStyle(c).display === 'none' ? 0 :
      COPY.getImageData(0, 0, c.width, c.height).data.filter((v, i) => i % 4 === 3 && v > 100).length; }""".replace("COPY", COPY)
    view.page.wait_for_function(f"({dots})() > 20_000")
    assert np.abs(view.image() - model_pixels(POINT)).max() <= 0.51
    view.point(0.3, 0.6)
    assert (view.image() != model_pixels(POINT).round()).any()
    view.page.get_by_role("button", name="Zoom in").click()
    view.click(0.5, 0.5)
    z, kept = view.url_z(), view.image()
    until(lambda: held)
    for route in held:
        route.continue_()
    view.page.wait_for_selector("[data-testid=latent-map][data-plotted]")
    assert view.page.evaluate(dots) > 20_000 and view.page.locator(".lm-plot .gl-canvas").count(), "WebGL is emulated here: ours stay"
    left, right, *_ = view.ranges()
    plot = view.page.locator(".lm-plot").bounding_box()
    unit = (right - left) / (plot["width"] - 40)
    clicked = left + (view.at(0.5, 0.5)[0] - plot["x"] - 34) * unit
    assert z[0] == pytest.approx(clicked, abs=9 * unit), "Plotly shows what was zoomed to; a click is on a dot that is so near"
    view.page.mouse.move(3, 3)
    view.frame()
    assert (view.image() == kept).all()


@pytest.mark.slow
def test_without_plotly_the_map_goes_on_and_says_what_is_missing(view: View) -> None:
    view.page.route("**/plotly.min.js", lambda route: route.abort())
    view.page.goto(f"{view.base}/?z={POINT[0]},{POINT[1]}")
    expect(view.page.locator(".lm-note")).to_contain_text("plotly.min.js could not be fetched")
    expect(view.page.locator(".lm-loading")).to_be_hidden()
    before = view.image()
    view.point(0.3, 0.6)
    assert (view.image() != before).any()
    view.errors[:] = [error for error in view.errors if "ERR_FAILED" not in error]  # the browser's own words


@pytest.mark.slow
def test_what_the_panel_cannot_fetch_is_said_in_plain_words(view: View) -> None:
    view.page.route("**/images.bin", lambda route: route.abort())
    view.open(f"?z={POINT[0]},{POINT[1]}")
    lost = "The rest could not be fetched; the connection may be lost. Keep a point again to try once more."
    expect(view.page.get_by_test_id("panel")).to_contain_text(lost)
    expect(view.page.get_by_test_id("panel")).not_to_contain_text("Failed")
    view.errors[:] = [error for error in view.errors if "ERR_FAILED" not in error]


@pytest.mark.slow
def test_on_a_wide_screen_the_tools_have_the_room_under_map_and_picture(view: View) -> None:
    view.page.set_viewport_size({"width": 1920, "height": 1080})
    view.open(f"?z={POINT[0]},{POINT[1]}")
    tools, picture = view.page.locator(".lm-bench").bounding_box(), view.page.get_by_test_id("decoded").bounding_box()
    words = view.page.locator(".lm-help").bounding_box()
    assert tools and picture and words and abs(tools["x"] + tools["width"] - picture["x"] - picture["width"]) < 1
    assert 0 <= tools["y"] - words["y"] - words["height"] < 20, "right under what stands under the map"


BAD_LINKS = ("?checkpoint=../../etc/passwd", "?z=nan,1", "?z=1e30,0", "?z=cat", "?layers=points,attic")


@pytest.mark.slow
@pytest.mark.parametrize("query", BAD_LINKS)
def test_bad_links_get_a_sentence_and_a_working_map(view: View, query: str) -> None:
    view.open(query)
    expect(view.page.get_by_text(re.compile("The link asks for"))).to_be_visible()
    before = view.image()
    view.point(0.3, 0.6)
    assert (view.image() != before).any()


COUNT_LISTENERS = """
  const ours = () => /assets\\/\\w+\\/(?!plotly)/.test(new Error().stack.split('\\n')[3]); // who called what was wrapped
  const live = window.live = new Set(), add = EventTarget.prototype.addEventListener;
  EventTarget.prototype.addEventListener = function (type, f, options) {
    if (ours() && !(this instanceof AbortSignal)) {
      const entry = { type };
      live.add(entry);
      if (options?.signal) add.call(options.signal, 'abort', () => live.delete(entry));
    }
    return add.call(this, type, f, options);
  };
  const { observe, disconnect } = ResizeObserver.prototype;
  ResizeObserver.prototype.observe = function (...given) { if (ours()) live.add(this); return observe.apply(this, given); };
  ResizeObserver.prototype.disconnect = function () { live.delete(this); return disconnect.call(this); };
  window.handled = (root) => [...root.querySelectorAll('*')].filter(one => !one.closest('.lm-plot') &&
    ['onclick', 'oninput', 'onpointermove', 'onpointerleave', 'oncontextmenu'].some(name => one[name])).length;
"""

MOUNT_AND_END_A_RUN = """async () => {
  const file = (name) => performance.getEntriesByType('resource').map(one => one.name).find(one => one.endsWith('/' + name));
  const { mount } = await import(file('mount.js')), before = live.size, parentElement = document.createElement('div');
  const series = [{ name: 'loss', group: 'loss', values: [1], dashed: false, colour: 'red' }];
  const timeline = { epochs: [], running: true, total: 3, curves: { epoch: [1], series }, frames: '', live_decoder: true };
  const data = { part: 'map', plotly: file('plotly.min.js'), view: 'a run', timeline };
  const end = await mount({ parentElement, data, setStateValue() {} });
  const mounted = live.size - before, handled = window.handled(parentElement);
  end();
  return [mounted > 0, handled, live.size - before];
}"""


@pytest.mark.slow
def test_no_listener_outlives_the_map(view: View) -> None:
    view.page.add_init_script(COUNT_LISTENERS)
    view.open(f"?z={POINT[0]},{POINT[1]}")
    assert view.page.evaluate("live.size") > 20
    assert view.page.evaluate("handled(document.querySelector('.lm'))") == 0, "a handler that no signal ends"
    assert view.page.evaluate(MOUNT_AND_END_A_RUN) == [True, 0, 0]
    view.page.get_by_test_id("stSidebarNav").get_by_role("link", name="Train").click()  # a page that mounts nothing of the bundle's
    view.page.get_by_role("heading", name="Train a model").first.wait_for()
    view.page.wait_for_function("!document.querySelector('.lm')")
    view.page.wait_for_function("live.size === 0", timeout=5_000)

"""axe-core finds nothing to complain about, of whatever impact, on any page in any of its states: light and dark, wide and on a phone."""

import os
import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from live import PROJECT, Server, Watched, first_visit
from playwright.sync_api import BrowserContext, FilePayload, Page

from core.training.__main__ import main as train

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

SIZES = {"desktop": (1440, 1000), "phone": (390, 844)}
EXCUSED = {  # a rule, and the data-testid of the element that breaks it: Streamlit's own markup, which nothing here can change
    # A section that has a name and a tabindex for scripts, and calls itself decoration; the button inside it is what people use.
    ("presentation-role-conflict", "stFileUploaderDropzone"),
}


def settled(page: Page) -> None:
    """The script has run, and what moves on the page has come to rest."""
    page.wait_for_selector("[data-testid=stApp][data-test-script-state=notRunning]")
    page.evaluate("""() => Promise.race([Promise.allSettled(document.getAnimations()
        .filter(({ effect, playState }) => playState === 'running' && effect.getComputedTiming().endTime !== Infinity)
        .map(({ finished }) => finished)), new Promise((done) => setTimeout(done, 5000))])""")  # one that is stopped never finishes


def with_map(page: Page) -> None:
    page.wait_for_selector("[data-testid=latent-map][data-plotted]")


def with_test_id(name: str) -> Callable[[Page], None]:
    """Something on the page is there, and what is folded is open."""

    def steps(page: Page) -> None:
        page.get_by_test_id(name).wait_for()
        with_everything_unfolded(page)

    return steps


def with_the_dial(page: Page) -> None:
    page.locator("[data-testid=dial-mark]:not([hidden])").wait_for()
    with_everything_unfolded(page)


def with_a_landed_drawing(page: Page) -> None:
    with_map(page)
    page.get_by_test_id("draw-here").click()
    page.get_by_text("Draw on the paper.").wait_for()
    page.get_by_test_id("sheet").click()
    page.get_by_text("It lands at").first.wait_for()


def with_a_selection(page: Page) -> None:
    with_map(page)
    page.locator(".sl-pictures button[aria-label]").nth(40).wait_for()
    page.get_by_role("button", name="Name this selection").click()
    page.get_by_role("button", name="All of it").click()
    page.get_by_text("980 of 10,000 test images are selected.").wait_for()
    page.locator(".sl-pictures button[aria-label]").nth(40).wait_for()
    page.get_by_role("button", name="Name this selection").click()
    page.locator(".sl-strip img").first.wait_for()


def with_a_file_that_cannot_land(page: Page) -> None:
    with_map(page)
    page.get_by_test_id("draw-here").click()
    page.locator(".dr input[type=file]").set_input_files(FilePayload(name="a.png", mimeType="image/png", buffer=b"no image"))
    page.get_by_text("not an image that your browser can read").wait_for()


def with_one_class_alone(page: Page) -> None:
    with_map(page)
    page.locator(".lm-legend button").nth(3).click()


def with_a_path(page: Page) -> None:
    with_map(page)
    page.get_by_test_id("film").locator("canvas").first.wait_for()


def with_a_background(page: Page) -> None:
    with_map(page)
    page.locator("[data-testid=background-key] .lm-scale").wait_for()


def choosing(option: str, then: Callable[[Page], None] = lambda page: None) -> Callable[[Page], None]:
    """Press one of the pills above the page."""

    def steps(page: Page) -> None:
        page.get_by_role("radio", name=option, exact=True).click()
        settled(page)
        then(page)

    return steps


def with_a_sample(page: Page) -> None:
    page.get_by_role("button", name=re.compile("sample")).click()
    page.get_by_text(re.compile("^A sample")).wait_for()


def with_pairs(page: Page) -> None:
    with_map(page)
    with_test_id("pairs")(page)


def with_a_drawing(page: Page) -> None:
    page.get_by_test_id("draw-canvas").wait_for()


def with_a_cover(page: Page) -> None:
    page.get_by_test_id("cover").wait_for()
    page.get_by_test_id("completions").wait_for()
    settled(page)


def with_everything_unfolded(page: Page) -> None:
    for expander in page.locator("[data-testid=stMain] [data-testid=stExpander] details").all():
        if expander.get_attribute("open") is None:
            expander.locator("summary").first.click()


def asking_before(button: str) -> Callable[[Page], None]:
    """Open the small window that asks once more before something is deleted."""

    def steps(page: Page) -> None:
        page.locator("[data-testid=stPopover]").get_by_role("button", name="Delete").click()
        page.get_by_role("button", name=button).wait_for()

    return steps


def with_open(button: str) -> Callable[[Page], None]:
    """Open the popover of that name."""

    def steps(page: Page) -> None:
        page.locator("[data-testid=stPopover]").get_by_role("button", name=button).click()
        page.get_by_test_id("stPopoverBody").wait_for()

    return steps


def with_a_bookmark(page: Page) -> None:
    with_map(page)
    page.get_by_role("button", name="Keep this place").click()
    page.get_by_role("button", name="Remove").click()
    page.get_by_role("button", name="Keep this place").click()


def with_nothing_copied(page: Page) -> None:
    """The map's key that copies, where the clipboard is refused."""
    with_map(page)
    page.evaluate("Object.defineProperty(navigator, 'clipboard', { value: undefined, configurable: true })")
    page.get_by_test_id("latent-map").focus()
    page.keyboard.press("c")
    page.get_by_role("link", name="Download the image").wait_for()


def with_all_dimensions(page: Page) -> None:
    """The sliders for what the map does not show, and the table of all numbers of the code."""
    with_map(page)
    page.get_by_test_id("rest").locator("summary").click()
    page.wait_for_function("() => document.querySelectorAll('[data-testid=traversal] img').length === 112")


STATES: dict[str, tuple[str, Callable[[Page], None]]] = {  # of each page: its address, and what is done there
    "explore": ("/", with_map),
    "explore, all dimensions": ("/?checkpoint=vae-mnist-16d&plane=1,3&tool=dimensions", with_all_dimensions),
    "explore, on a background": ("/?background=neighbours&layers=points,manifold", with_a_background),
    "explore, drawing": ("/", with_a_landed_drawing),
    "explore, a path": ("/?tool=paths:straight,9,z;18;61;0.2:0.3", with_a_path),
    "explore, selecting": ("/?tool=select:b-1,-1,1,1;-c4", with_a_selection),
    "explore, shapes": ("/?shapes=1&z=0.5,1.5", with_map),
    "explore, a file that cannot land": ("/", with_a_file_that_cannot_land),
    "explore, spread and presented": ("/?spread=1&present=1&layers=points,names,manifold,prior", with_map),
    "reconstruct": ("/reconstruct", with_everything_unfolded),
    "denoise": ("/denoise", with_everything_unfolded),
    "super-resolution": ("/super_resolution", with_everything_unfolded),
    "generate": ("/generate", with_everything_unfolded),
    "generate, around an image": ("/generate?way=image&count=3", settled),
    "train": ("/train", with_everything_unfolded),
    "compare": ("/compare", with_map),
    "compare, the dial": ("/compare?mode=dial", with_the_dial),
    "models": ("/models", with_everything_unfolded),
    "lesson": ("/lesson?step=7", settled),
    "generate, complete": ("/generate?tab=complete", with_a_cover),
    "generate, told": ("/generate?tab=told&checkpoint=cvae-mnist-2d", with_test_id("transferred")),
    "generate, morphs": ("/generate?tab=morph", with_test_id("player-picture")),
    "generate, arithmetic": ("/generate?tab=arithmetic", with_test_id("sum")),
    "explore, copying refused": ("/?z=0.5,0.5", with_nothing_copied),
    "explore, taking it along": ("/", with_open("Take it along")),
    "explore, bookmarks": ("/?tool=bookmarks", with_a_bookmark),
    "explore, pairs": ("/?pairs=7", with_pairs),
    "generate, sending": ("/generate?count=3", with_open("Send to")),
    "explore, one class": ("/", with_one_class_alone),
    "reconstruct, upload": ("/reconstruct", choosing("Upload")),
    "reconstruct, draw": ("/reconstruct", choosing("Draw", with_a_drawing)),
    "reconstruct, generate": ("/reconstruct", choosing("Generate")),
    "denoise, photo": ("/denoise", choosing("A photo of digits", with_a_sample)),
    "denoise, picture": ("/denoise", choosing("A whole picture", with_a_sample)),
    "denoise, files": ("/denoise", choosing("Many files")),
    "train, a run": ("/train?run=tiny", with_map),
    "train, deleting": ("/train?run=tiny", asking_before("Delete the run")),
    "compare, two runs": ("/compare?mode=runs&first=tiny&second=other", with_map),
    "models, one": ("/models?checkpoint=vae-mnist-2d", with_everything_unfolded),
    "models, beside each other": ("/models?compare=vae-mnist-2d,tiny", settled),
    "models, none fits": ("/models?search=nothing", settled),
    "models, deleting": ("/models?checkpoint=tiny", asking_before("Delete it")),
}
FIRST = ("denoise",)  # in make test, and without a run, so that the server of all tests will do; all of them, narrow too, in make test-all


@pytest.fixture(scope="module")
def accessible_server(mnist_like: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """The app with MNIST-shaped images, the shipped model and a finished run."""
    root = tmp_path_factory.mktemp("checkpoints")
    shutil.copytree(PROJECT / "checkpoints" / "vae-mnist-2d", root / "vae-mnist-2d")
    tiny = ["--dataset", "digits", "--epochs", "2", "--latent-dim", "3", "--encoder-hidden", "16", "--decoder-hidden", "16"]
    for name in ("tiny", "other"):
        assert train([*tiny, "--device", "cpu", "--out", str(root / name)]) == 0
    (root / "runs" / ".speeds.json").write_text("{}")
    running = Server(mnist_like, tmp_path_factory.mktemp("accessible") / "log", LATENT_CHECKPOINTS=str(root))
    yield running
    running.stop()


def complaints(page: Page) -> list[str]:
    """What axe-core says of the page as it is now, a line for each element."""
    found = Axe().run(page, options={"resultTypes": ["violations"]}).response["violations"]
    return [
        f"{rule['id']} ({rule['impact']}): {node['html'][:200]} | {node['failureSummary'].splitlines()[-1].strip()}"
        for rule in found
        for node in rule["nodes"]
        if not any(rule["id"] == name and f'data-testid="{testid}"' in node["html"] for name, testid in EXCUSED)
    ]


@pytest.mark.parametrize(
    ("state", "size"),
    [
        pytest.param(state, size, id=f"{state}-{size}", marks=() if state in FIRST and size == "desktop" else pytest.mark.slow)
        for state in STATES
        for size in SIZES
    ],
)
def test_axe_finds_nothing(request: pytest.FixtureRequest, profile: BrowserContext, state: str, size: str) -> None:
    running: Server = request.getfixturevalue("server" if state in FIRST else "accessible_server")
    with first_visit(profile, running.url) as page:
        check(Watched(page, running.url).page, running, state, size)


def check(page: Page, running: Server, state: str, size: str) -> None:
    """The state of a page at this size, light and dark."""
    address, steps = STATES[state]
    width, height = SIZES[size]
    page.set_viewport_size({"width": width, "height": height})
    page.emulate_media(color_scheme="light", reduced_motion="reduce")
    page.goto(running.url + address)
    page.get_by_role("heading", level=1).wait_for()
    settled(page)
    steps(page)
    found = {}
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        page.wait_for_function("scheme => getComputedStyle(document.querySelector('.stApp')).colorScheme === scheme", arg=scheme)
        settled(page)
        if said := complaints(page):
            found[scheme] = said
        if folder := os.environ.get("SCREENSHOTS"):
            page.screenshot(path=Path(folder) / f"{state}-{size}-{scheme}.png", full_page=True)
    assert not found, "\n".join(f"{scheme}: {line}" for scheme, lines in found.items() for line in lines)

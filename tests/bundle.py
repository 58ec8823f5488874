"""The browser's modules in one page of a real browser, without a server: http://bundle.test/<path> is pages/browser/<path>."""

from typing import Any

from playwright.sync_api import Browser, Route

from pages.browser import FOLDER

HOST = "http://bundle.test"
MODULES = sorted(path.relative_to(FOLDER).as_posix() for path in FOLDER.rglob("*.js"))
STYLES = sorted(path.relative_to(FOLDER).as_posix() for path in FOLDER.rglob("*.css"))


class Bundle:
    """An empty page beside the bundle's files; `served` has what else it finds, address -> bytes. What goes wrong in it is in `errors`."""

    def __init__(self, browser: Browser) -> None:
        self.browser = browser
        self.served: dict[str, bytes] = {}
        self.errors: list[str] = []
        self.open()

    def open(self) -> None:
        """A page in which no module has seen anything yet."""
        self.page = self.browser.new_page()
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))
        self.page.route(f"{HOST}/**", self._answer)
        self.page.goto(f"{HOST}/")

    def _answer(self, route: Route) -> None:
        name = route.request.url.removeprefix(f"{HOST}/")
        if name in MODULES:
            route.fulfill(body=(FOLDER / name).read_text("utf-8"), content_type="text/javascript")
        elif name in self.served:
            route.fulfill(body=self.served[name])
        else:
            route.fulfill(body="<!doctype html><body></body>", content_type="text/html", status=404 if name else 200)

    def run(self, module: str, script: str, given: Any = None) -> Any:
        """What an asynchronous piece of script returns; it knows the module's exports as `m` and what is `given`."""
        return self.page.evaluate(f"async (given) => {{ const m = await import('/{module}'); {script} }}", given)

    def close(self) -> None:
        self.page.close()

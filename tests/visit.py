"""A page in AppTest, as the tests of pages open it: with an address or a session, and without an exception; and what stands on it."""

from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from live import PATIENCE_S
from streamlit.components.v2 import manifest_scanner
from streamlit.testing.v1 import AppTest

from pages import browser

PAGES = Path(__file__).resolve().parents[1] / "pages"
# Each AppTest looks through all installed packages for components, which takes longer than most pages: once is enough.
pytest.MonkeyPatch().setattr(manifest_scanner, "scan_component_manifests", cache(manifest_scanner.scan_component_manifests))


def visit(script: str, query: dict[str, str] | None = None, session: dict[str, Any] | None = None, seconds: float = PATIENCE_S) -> AppTest:
    """The page, drawn once; it must not raise."""
    browser._component.cache_clear()  # each AppTest has a runtime of its own, and before Streamlit 1.67 knows no earlier one's component
    app = AppTest.from_file(PAGES / script, default_timeout=seconds)
    for name, value in (query or {}).items():
        app.query_params[name] = value
    for name, value in (session or {}).items():
        app.session_state[name] = value
    return checked(app.run())


def checked(app: AppTest) -> AppTest:
    """The page, which must not have raised."""
    assert not app.exception, app.exception
    return app


def address(app: AppTest) -> dict[str, str]:
    """Its address as it was written."""
    return {name: values if isinstance(values, str) else values[-1] for name, values in dict(app.query_params).items()}


def words(app: AppTest) -> str:
    """What it says in text and boxes."""
    kinds = (app.markdown, app.caption, app.info, app.error, app.warning, app.success)
    return "\n".join(element.value for kind in kinds for element in kind)


def all_html(app: AppTest) -> list[str]:
    """The pieces of HTML that it draws."""
    return [element.proto.body for element in app.get("html")]


def html_if_any(app: AppTest, testid: str) -> str:
    """The piece with that data-testid, "" where it is not drawn; never two."""
    found = [body for body in all_html(app) if f'data-testid="{testid}"' in body]
    assert len(found) <= 1
    return found[0] if found else ""


def html(app: AppTest, testid: str) -> str:
    """The piece with that data-testid, which has to be there."""
    found = html_if_any(app, testid)
    assert found, f"no {testid} is drawn"
    return found


def by_label(elements: Iterable[Any], label: str) -> Any:
    """The one among them with that label."""
    (found,) = [element for element in elements if element.label == label]
    return found

"""A page in AppTest, as the tests of pages open it: with an address or a session, and without an exception."""

from pathlib import Path
from typing import Any

from streamlit.testing.v1 import AppTest

from pages import browser

PAGES = Path(__file__).resolve().parents[1] / "pages"


def visit(script: str, query: dict[str, str] | None = None, session: dict[str, Any] | None = None, seconds: float = 60) -> AppTest:
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

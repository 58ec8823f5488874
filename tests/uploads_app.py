"""An app with one uploader behind small bounds, for test_uploads_browser.py."""

import streamlit as st
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from pages.web import uploads
from pages.web.guard import Guard


def healthz(request: Request) -> Response:
    """As in app.py."""
    return JSONResponse("ok")


uploads.SESSION, uploads.UNSEEN_S = 100_000, 0.0
app = st.App("uploads_page.py", middleware=[Middleware(Guard), Middleware(uploads.Uploads)], routes=[Route("/healthz", healthz)])

"""What AppTest sees of the parts of the bundle that a page mounts: the data that each is given."""

import json
from typing import Any

from streamlit.testing.v1 import AppTest


def mounted(app: AppTest, part: str) -> list[dict[str, Any]]:
    """The data of every part of that name (one in mount.js)."""
    return [data for element in app.get("bidi_component") if (data := json.loads(element.proto.json))["part"] == part]

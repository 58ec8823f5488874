"""What each page's address can say: a module a page, with a table that has a line or two for each property.

So whoever opens the link sees the same. Names and values are a contract: old links go on working. A property's default is what the page
shows by itself.
"""

from pages.session.link import Table
from pages.session.properties import compare, denoise, explore, generate, lesson, models, reconstruct, super_resolution, train

PAGES: dict[str, Table] = {
    "explore": explore.TABLE,
    "reconstruct": reconstruct.TABLE,
    "denoise": denoise.TABLE,
    "super-resolution": super_resolution.TABLE,
    "generate": generate.TABLE,
    "compare": compare.TABLE,
    "train": train.TABLE,
    "models": models.TABLE,
    "lesson": lesson.TABLE,
}
NAMES = frozenset(name for table in PAGES.values() for name in table)

"""A saved page: one HTML file that works from disk with the network off, made of the bundle's own modules as they are.

The modules stand in it as text that anyone can read, the data packed; `page.html` has the script that puts them together.
"""

import gzip
import json
import posixpath
import re
from collections.abc import Mapping
from functools import cache
from html import escape
from pathlib import Path
from string import Template
from typing import Any

import numpy as np

from pages.browser import FOLDER

ENTRY = "saved/saved.js"
NEVER = ("map/ahead.js", "map/refining.js", "map/timeline.js")  # fetched for what a saved page does not have: a server, test images, a run
IMPORT = re.compile(r'(?P<before>\b(?:from|import)\s*\(?\s*)"(?P<path>\.{1,2}/[^"]+)"')
ENDS_A_SCRIPT = re.compile(r"</script|<!--", re.IGNORECASE)
LEVEL = 9  # of the compression
LETTERS = "".join(chr(code) for code in range(33, 127) if chr(code) not in '"&<')  # 91, which HTML and editors leave as they are
BITS = 13  # that two of them stand for: 91^2 > 2^13. Bytes grow by 23 %, in base64 by 33 %


def html(
    title: str, lead: str, about: str, told: Mapping[str, Any], files: Mapping[str, bytes], themes: Mapping[str, Mapping[str, str]]
) -> bytes:
    """The file. `lead` and `about`: HTML above and under the map. `told`: {"map": what the map is told, "titles": of its layers}, where a
    name of `files` stands for the address of that file. themes: {"light", "dark"} -> {CSS property: value}, as Streamlit names them."""
    modules = (f'<script type="text/plain" data-module="{name}">\n{source}</script>' for name, source in sources().items())
    packed = (_file(name, gzip.compress(content, LEVEL, mtime=0)) for name, content in files.items())
    return (
        Template(_read("saved/page.html"))
        .substitute(
            title=escape(title),
            styles="\n".join([_theme(themes), *styles()]),
            lead=lead,
            about=about,
            told=json.dumps(told, ensure_ascii=False).replace("<", "\\u003c"),
            modules="\n".join(modules),
            files="\n".join(packed),
        )
        .encode()
    )


@cache
def _read(name: str) -> str:
    return (FOLDER / name).read_text("utf-8")


def styles() -> list[str]:
    """The stylesheets of the folders that the file's modules are from, after the one of the whole bundle."""
    folders = sorted({FOLDER / Path(name).parent for name in sources()})
    files = [FOLDER / "style.css", *(path for folder in folders for path in sorted(folder.glob("*.css")))]
    return [_read(path.relative_to(FOLDER).as_posix()) for path in files]


def _file(name: str, content: bytes) -> str:
    return f'<script type="text/plain" data-file="{escape(name)}" data-bytes="{len(content)}">{in_letters(content)}</script>'


def in_letters(content: bytes) -> str:
    """Bytes as text: of each BITS of them, the first bit first, the number is written with two LETTERS, the larger part first."""
    bits = np.unpackbits(np.frombuffer(content, np.uint8))
    groups = np.pad(bits, (0, -len(bits) % BITS)).reshape(-1, BITS)
    numbers = groups @ (1 << np.arange(BITS)[::-1])
    letters = np.frombuffer(LETTERS.encode(), np.uint8)
    return letters[np.stack(np.divmod(numbers, len(LETTERS)), 1)].tobytes().decode()


@cache
def sources() -> dict[str, str]:
    """The modules that a saved page needs, by their path in the bundle, which is also what they import each other by."""
    found: dict[str, str] = {}
    wanted = [ENTRY]
    while wanted:
        name = wanted.pop()
        if name not in found:
            source, imported = renamed(name, _read(name))
            found[name] = _fit_for_html(source)
            wanted += [path for path in imported if path not in NEVER]
    return dict(sorted(found.items()))


def renamed(name: str, source: str) -> tuple[str, list[str]]:
    """A module that imports others by their path in the bundle instead of their path from its own; and which it imports."""
    imported: list[str] = []

    def path_in_bundle(found: re.Match[str]) -> str:
        imported.append(posixpath.normpath(posixpath.join(posixpath.dirname(name), found["path"])))
        return f'{found["before"]}"{imported[-1]}"'

    return IMPORT.sub(path_in_bundle, source), imported


def _fit_for_html(source: str) -> str:
    """The source, which may stand in a script element as it is; a module that may not is a mistake of ours."""
    assert not ENDS_A_SCRIPT.search(source), "this would end the script element that it stands in"
    return source


def _theme(themes: Mapping[str, Mapping[str, str]]) -> str:
    """Streamlit's colours as it names them, by what the viewer prefers."""
    light, dark = ("; ".join(f"{name}: {value}" for name, value in themes[scheme].items()) for scheme in ("light", "dark"))
    return f":root {{ {light} }}\n@media (prefers-color-scheme: dark) {{ :root {{ {dark} }} }}"

"""A page's address as a table of properties, read and written: what cannot be used becomes a sentence, never an error.

`properties/` has the tables, a line for each property; `state.py` puts them into the session and back.
"""

import math
import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from core.latent import Z_LIMIT
from pages.web import errors

WIDEST, NARROWEST = 100 * Z_LIMIT, 0.001  # of a map, in latent units; the map itself has narrower bounds
LONGEST_TOOL = 2000  # characters
VERSION = 1  # of what an address means; a later one says so with v=, so that this one can say that it is older
NOT_OURS = re.compile(r"utm_\w+|fbclid|gclid|embed|embed_options")  # what mail, other sites and Streamlit itself add to an address
UNSET: Any = object()  # the default of what the page chooses by itself: the session holds nothing, and the address says nothing

Values = Mapping[str, Any]  # of properties, by name
Query = dict[str, str]
Read = Callable[[str, Values], Any]  # a property's text, and the values of those before it -> its value


class UnusableError(ValueError):
    """What a link asks for and cannot be had, as the end of the sentence "The link asks for the point `1`"."""


class PartlyUnusableError(UnusableError):
    """Some of what a link asks for can be had: `value`; the message is a whole sentence."""

    def __init__(self, value: Any, message: str) -> None:
        super().__init__(message)
        self.value = value


@dataclass(frozen=True)
class Property:
    """One thing that an address can say. Those that are functions take the values of the properties before it in the table."""

    words: str  # "the point", for sentences
    read: Read  # raises UnusableError
    key: str | Callable[[Values], str]  # in st.session_state
    default: Any = None  # which is not written; or a function
    write: Callable[[Any], str | None] = str  # None: this value is not for a link
    when: Callable[[Values], bool] = lambda values: True  # whether it says anything of what is shown; otherwise it is not of the link
    always: bool | Callable[[Values], bool] = False  # whether it is written even where it is the default
    said: str = ""  # the session's key that tells whether there is anything to write, where the value alone does not
    instead: str | Callable[[Values], str] = "Using the default instead."


Table = Mapping[str, Property]


def told(given: Any, values: Values) -> Any:
    """What a property's key, default or sentence is, where it may be a function of the values before it."""
    return given(values) if callable(given) else given


def read(table: Table, query: Mapping[str, str]) -> tuple[dict[str, Any], set[str], list[str]]:
    """The values that an address asks for, defaults for the rest; the names that it says; what was wrong, in sentences."""
    values: dict[str, Any] = {}
    asked, problems = set(), []
    for name, entry in table.items():
        value = told(entry.default, values)
        if name in query and entry.when(values):
            try:
                value = entry.read(query[name], values)
                asked.add(name)
            except PartlyUnusableError as error:
                value = error.value
                asked.add(name)
                problems.append(errors.words(error))
            except UnusableError as error:
                problems.append(
                    f"The link asks for {entry.words} {quote(query[name])}{errors.words(error)} {told(entry.instead, values)}".strip()
                )
        values[name] = value
    return values, asked, problems


def unknown(names: Collection[str], query: Mapping[str, str]) -> list[str]:
    """What an address says besides the pages' properties, in sentences: that it is of another version, and what is none of their names."""
    said = []
    if (version := query.get("v", "1")) != "1":
        later = version.isdecimal() and len(version) < 9 and int(version) > VERSION
        mean = "was made by a newer version of the explorer" if later else f"says to be of version {quote(version)}, which there is not"
        said.append(f"The link {mean}. What this one knows of it is shown.")
    strange = [name for name in query if name not in names and name != "v" and not NOT_OURS.fullmatch(name)]
    if strange:
        more = f" and {len(strange) - 5:,} more" if len(strange) > 5 else ""
        said.append(f"The link also asks for {', '.join(map(quote, strange[:5]))}{more}, which no page here knows. The rest is shown.")
    return said


def write(table: Table, values: Values) -> Query:
    """The address of these values: what is not the default and says something of what is shown."""
    query, before = {}, {}
    for name, entry in table.items():
        value = before[name] = values[name]
        if value is UNSET or not entry.when(before) or (not told(entry.always, before) and same(value, told(entry.default, before))):
            continue
        if (text := entry.write(value)) is not None:
            query[name] = text
    return query


def same(value: object, other: object) -> bool:
    """Whether two values show the same; of several that were chosen the order shows nothing."""
    if isinstance(value, list | tuple) and isinstance(other, list | tuple):
        return sorted(value) == sorted(other)
    return bool(value == other)


# --- readers and writers -------------------------------------------------------------------------------------------------------


def one_of(options: Collection[str] | Callable[[Values], Collection[str]]) -> Read:
    """One of some names."""

    def read_one(text: str, values: Values) -> str:
        names = told(options, values)
        if text not in names:
            raise UnusableError(f", which is not one of {', '.join(map(quote, names))}.")
        return text

    return read_one


def several_of(options: Collection[str] | Callable[[Values], Collection[str]], words: str, usual: Collection[str]) -> Read:
    """Some of several names, with commas between; none at all is a choice."""

    def read_several(text: str, values: Values) -> list[str]:
        names, wanted = told(options, values), [name for name in text.split(",") if name]
        chosen = [name for name in names if name in wanted]
        if unknown := [quote(name) for name in wanted if name not in names]:
            instead = "They are left out." if chosen else "Showing the usual ones instead."
            message = f"The link asks for {words} that do not exist: {', '.join(unknown[:5])}. {instead}"
            raise PartlyUnusableError(chosen or [name for name in names if name in usual], message)
        return chosen

    return read_several


def whole(low: int, high: int | Callable[[Values], int]) -> Read:
    """A whole number of that range."""

    def read_whole(text: str, values: Values) -> int:
        if not re.fullmatch(r"-?[0-9]{1,15}", text):
            raise UnusableError(", which is not a whole number.")
        most = told(high, values)
        if not low <= int(text) <= most:
            raise UnusableError(f"; it must be from {low:,} to {most:,}.")
        return int(text)

    return read_whole


def decimal(low: float, high: float, text: str) -> float:
    """A number of that range."""
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if math.isnan(value):
        raise UnusableError(", which is not a number.")
    if not low <= value <= high:
        raise UnusableError(f"; it must be from {low:g} to {high:g}.")
    return value


def write_decimal(value: float, digits: int = 6) -> str:
    """ "0.35", without zeros at the end."""
    text = f"{value:.{digits}f}".rstrip("0").rstrip(".")
    return "0" if text == "-0" else text


def read_flag(text: str, values: Values) -> bool:
    """ "1" or "0"."""
    return one_of(("0", "1"))(text, values) == "1"


def read_point(text: str, values: Values) -> tuple[float, float] | None:
    """ "0.5,-1.2" -> (0.5, -1.2); "" -> None, no point."""
    if not text:
        return None
    try:
        numbers = [float(part) for part in text.split(",")]
    except ValueError:
        numbers = []
    if len(numbers) != 2:
        raise UnusableError(", which is not two numbers with a comma between them.")
    if not all(math.isfinite(v) and abs(v) <= Z_LIMIT for v in numbers):
        raise UnusableError(f"; each coordinate must be from {-Z_LIMIT:g} to {Z_LIMIT:g}.")
    return numbers[0], numbers[1]


def read_some_point(text: str, values: Values) -> tuple[float, float]:
    """The same, where there always is one."""
    if (point := read_point(text, values)) is None:
        raise UnusableError(", which is no point.")
    return point


def write_point(z: Sequence[float] | None) -> str:
    """Four digits after the point are more than the eye can tell; no point is ""."""
    return "" if z is None else ",".join(write_decimal(v, 4) for v in z)


def read_view(text: str, values: Values) -> str:
    """What a map shows: "all", or "x,y,width", its middle and its width in units of its axes; in the words that map/look.js understands."""
    if text == "all":
        return text
    try:
        x, y, width = (float(part) for part in text.split(","))
    except ValueError:
        raise UnusableError(", which is neither `all` nor three numbers: the middle and the width of what is shown.") from None
    if not (abs(x) <= Z_LIMIT and abs(y) <= Z_LIMIT and 0 < width <= WIDEST):
        raise UnusableError(f"; its middle must be within {Z_LIMIT:g} of the origin, and its width at most {WIDEST:g}.")
    return ",".join(write_decimal(v) for v in (x, y, max(width, NARROWEST)))


def tool_of(names: Collection[str]) -> Read:
    """Which of these tools is open under a map, and its own word: "paths:0,1;1,2"; the tool leaves out of that what it cannot use."""

    def read_tool(text: str, values: Values) -> str:
        name, _, word = text.partition(":")
        if name not in names:
            raise UnusableError(f", which is none of {', '.join(map(quote, names))}.")
        if len(text) > LONGEST_TOOL or not re.fullmatch(r"[\w.,;:~!*()+ -]*", word, re.ASCII):
            raise UnusableError(", which no tool has written.")
        return text

    return read_tool


def check_said(said: object) -> tuple[Any, int] | None:
    """A change as the browser said it (agreed.js) -> (the value, yet to be checked, and its number), or None when it makes no sense."""
    number = said.get("number") if isinstance(said, Mapping) else None
    if not isinstance(said, Mapping) or not isinstance(number, int) or isinstance(number, bool) or not 0 <= number < 2**53:
        return None
    return said.get("value"), number


def check_pick(pick: object) -> tuple[tuple[float, float] | None, int] | None:
    """The same of a kept point -> (the point or None, its number)."""
    if (said := check_said(pick)) is None:
        return None
    z, number = said
    if z is None:
        return None, number
    if not isinstance(z, Sequence) or len(z) != 2 or not all(isinstance(v, int | float) and not isinstance(v, bool) for v in z):
        return None
    if not all(math.isfinite(v) and abs(v) <= Z_LIMIT for v in z):
        return None
    return (float(z[0]), float(z[1])), number


# --- a stranger's words --------------------------------------------------------------------------------------------------------


def quote(text: str) -> str:
    """A stranger's words inside a message: short, and as code, so that no Markdown in them comes to life."""
    short = text if len(text) <= 40 else f"{text[:40]}…"
    return f"`{''.join(c for c in short if c.isprintable() and c != '`') or ' '}`"


def plain(message: str) -> str:
    """A message that may repeat a stranger's words, without links, images, formulas or HTML, and without paths of this server."""
    return re.sub(r"([\\\[\]<>$`*_])", r"\\\1", errors.words(message)).replace("://", ":\u200b//").replace("www.", "www\u200b.")

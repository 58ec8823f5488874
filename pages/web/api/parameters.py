"""Method and strength, of the address's query and of a form's fields together: checked, and described."""

from collections.abc import Sequence
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic.json_schema import SkipJsonSchema
from starlette.requests import Request

from core.methods import METHODS, strength_for
from core.restore import RestoreError
from pages.web import errors
from pages.web.api.refusals import Refusal

METHOD = "\n".join(f"- {name}: {kind.summary()}{'' if kind.any_size else ' 28 x 28 only.'}" for name, kind in METHODS.items())
STRENGTH = "; ".join(
    f"{name}: {takes.low:g} to {takes.high:g}, {takes.default:g} unless told ({takes.words})"
    for name, kind in METHODS.items()
    if (takes := kind.strength)
)


class Parameters(BaseModel):
    """How to denoise."""

    model_config = ConfigDict(extra="forbid")  # nothing that is sent is ignored
    method: Literal[tuple(METHODS)] = Field("denoiser", description=METHOD)  # type: ignore[valid-type]
    strength: float | SkipJsonSchema[None] = Field(None, description=STRENGTH)

    def check(self) -> None:
        """Refuse a strength that the method does not take."""
        try:
            strength_for(self.method, self.strength)
        except RestoreError as error:
            raise Refusal(400, errors.words(error)) from error


def of(given: Sequence[tuple[str, str]]) -> Parameters:
    """The parameters in names and values, those of the query and those of a form; or a refusal."""
    known(given)
    try:
        asked = Parameters.model_validate(dict(given))
    except ValidationError as error:
        raise wrong(error.errors()) from None
    asked.check()
    return asked


def known(given: Sequence[tuple[str, str]]) -> None:
    """Refuse a name that is no parameter's, or comes twice: before pydantic, which would write an error for each of thousands."""
    names = [name for name, _ in given]
    for name in names:
        if name not in Parameters.model_fields:
            raise Refusal(400, f"The parameters are {' and '.join(Parameters.model_fields)}; there is none named {name[:40]!r}.")
        if names.count(name) > 1:
            raise Refusal(400, f"Give {name} once, in the address or as a field of the form.")


async def known_query(request: Request) -> None:
    """Refuse a query with other parameters, or with one twice."""
    known(request.query_params.multi_items())


async def none(request: Request) -> None:
    """Refuse a query, which would be ignored."""
    if request.query_params:
        raise Refusal(400, "This address takes no parameters.")


def wrong(found: Sequence[Any]) -> Refusal:
    """The first thing that pydantic found wrong, in our words."""
    value = str(found[0]["input"])[:40]
    sentences = {
        "literal_error": f"There is no method named {value!r}; there are {', '.join(METHODS)}.",
        "float_parsing": f"The strength should be a number; it is {value!r}.",
    }
    return Refusal(400, sentences[found[0]["type"]])

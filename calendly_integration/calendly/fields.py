"""The kinds of fields that Calendly's payloads have: strict about what we need, lenient about the rest."""

from __future__ import annotations

import logging
import re
from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Annotated, Any, Self, TypeVar

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainValidator,
    SkipValidation,
    ValidationError,
    ValidationInfo,
    ValidatorFunctionWrapHandler,
    WrapValidator,
    model_validator,
)

from .errors import UnreadablePayload

T = TypeVar("T")
log = logging.getLogger("calendly.client")

_WEB_LINK = re.compile(r"https?://[^/?#@]", re.IGNORECASE)
_WEB_LINK_IN_TEXT = re.compile(r"https?://[^\s<>\"']+", re.IGNORECASE)


# Texts and links from outside, made safe to show


def one_line(value: object) -> str:
    """The text on one line: each line break or tab becomes a space. Empty for what is no text."""
    if not isinstance(value, str):
        return ""
    if value.isprintable():
        return value.strip()
    return " ".join(part for line in value.splitlines() if (part := line.replace("\t", " ").strip()))


def web_link(value: object) -> str:
    """The http or https link. Empty for anything else, such as a script: links are shown to be followed."""
    link = value.strip() if isinstance(value, str) else ""
    return link if _WEB_LINK.match(link) and link.isprintable() and " " not in link else ""


def web_link_in(text: str) -> str:
    """The first http or https link in a text, without the punctuation behind it. Empty where there is none."""
    found = _WEB_LINK_IN_TEXT.search(text)
    if found is None:
        return ""
    link = found.group().rstrip(".,;:!?")
    return web_link(link if "(" in link else link.rstrip(").,;:!?"))


# Validators of single fields


def _text_or_none(value: object) -> str | None:
    return value if isinstance(value, str) and value else None


def _text_or_empty(value: object) -> str:
    return value if isinstance(value, str) else ""


def text_or(default: str) -> PlainValidator:
    """Reads a text; the default where it is null or no text."""
    return PlainValidator(lambda value: value if isinstance(value, str) else default)


def _text_or_digits(value: object) -> str:
    """A text, or the digits of a whole number: phone numbers were seen as numbers."""
    number = _whole_number_or_none(value)
    return _text_or_empty(value) if number is None else str(number)


def _whole_number_or_none(value: object) -> int | None:
    """A whole number. Calendly publishes some as floats."""
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _whole_number(value: object) -> int:
    number = _whole_number_or_none(value)
    if number is None:
        raise ValueError("is no whole number")
    return number


def _number_or_one(value: object) -> int:
    number = _whole_number_or_none(value)
    return 1 if number is None else number


def _date_or_none(value: object) -> date | None:
    if not isinstance(value, str) or not value:
        return None
    try:
        return date.fromisoformat(value)
    except ValueError:
        raise ValueError("is no date") from None


def _texts(value: object) -> tuple[str, ...]:
    return tuple([item for item in value if isinstance(item, str)]) if isinstance(value, list) else ()


def _object_or_none(value: object) -> object:
    """None where there is no object: Calendly then sends null, false or an empty one."""
    return None if value in (None, False, {}) else value


def _dict_or_empty(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _utc(value: object) -> datetime:
    """An ISO 8601 text, or a time, with a zone, as aware UTC."""
    if isinstance(value, str | datetime):
        try:
            moment = datetime.fromisoformat(value) if isinstance(value, str) else value
            if moment.tzinfo is UTC:
                return moment
            if moment.tzinfo is not None:
                return moment.astimezone(UTC)
        except (ValueError, OverflowError):
            pass
    raise ValueError("is no time with a zone")


def _utc_or_none(value: object) -> datetime | None:
    return None if value is None else _utc(value)


def _without_unreadable(
    value: object, handler: ValidatorFunctionWrapHandler, info: ValidationInfo
) -> tuple[Any, ...]:
    """Validate a list. An item that cannot be read is logged and left out."""
    if value is None:
        return ()
    items = value if isinstance(value, list | tuple) else None
    if items is None:
        raise ValueError("is no list")
    try:
        return tuple(handler(items))
    except ValidationError as error:
        problems = {problem["loc"][0]: problem for problem in _problems(error)}
    for number, problem in problems.items():
        log.warning("left out %s[%s]: %s", info.field_name, number, _described(problem, skip=1))
    return tuple(handler([item for number, item in enumerate(items) if number not in problems]))


# What pydantic calls a problem, and what staff read.
_PROBLEMS = {
    "missing": "is missing",
    "string_type": "is no text",
    "string_too_short": "is empty",
    "string_too_long": "is too long",
    "model_type": "is not an object",
    "dict_type": "is not an object",
}


def _problems(error: ValidationError) -> list[Any]:
    """Without the input, which may hold names and addresses."""
    return list(error.errors(include_url=False, include_input=False))


def _described(problem: Mapping[str, Any], skip: int = 0) -> str:
    field = ".".join(str(part) for part in problem["loc"][skip:]) or "it"
    if problem["type"] == "value_error":
        return f"{field} {problem['ctx']['error']}"
    return f"{field} {_PROBLEMS.get(problem['type'], problem['msg'])}"


# Fields that must be there.
Text = Annotated[str, Field(min_length=1)]
WholeNumber = Annotated[int, PlainValidator(_whole_number)]
Instant = Annotated[datetime, PlainValidator(_utc)]
# Fields with a default.
OptionalText = Annotated[str | None, PlainValidator(_text_or_none)]
FreeText = Annotated[str, PlainValidator(_text_or_empty)]
Digits = Annotated[str, PlainValidator(_text_or_digits)]
Line = Annotated[str, PlainValidator(one_line)]
Link = Annotated[str, PlainValidator(web_link)]
Flag = Annotated[bool, PlainValidator(lambda value: value is True)]
NumberOrZero = Annotated[int, PlainValidator(lambda value: _whole_number_or_none(value) or 0)]
NumberOrOne = Annotated[int, PlainValidator(_number_or_one)]
OptionalInstant = Annotated[datetime | None, PlainValidator(_utc_or_none)]
OptionalDate = Annotated[date | None, PlainValidator(_date_or_none)]
Texts = Annotated[tuple[str, ...], PlainValidator(_texts)]
ObjectOrNone = Annotated[T | None, BeforeValidator(_object_or_none)]
ObjectOrEmpty = Annotated[dict[str, Any], PlainValidator(_dict_or_empty)]
# A list. An item that cannot be read costs only itself.
Items = Annotated[tuple[T, ...], WrapValidator(_without_unreadable)]


class Payload(BaseModel):
    """A JSON object of Calendly. Its repr shows only a URI: names and addresses must not slip into logs."""

    model_config = ConfigDict(frozen=True, hide_input_in_errors=True)

    @classmethod
    def parse(cls, data: object) -> Self:
        """Read a JSON object. Raises UnreadablePayload."""
        try:
            return cls.model_validate(data)
        except ValidationError as error:
            problem = _described(_problems(error)[0])
        # Raised outside of the handler: pydantic's error holds what was sent.
        raise UnreadablePayload(problem)

    def __repr__(self) -> str:
        uri = getattr(self, "uri", "")
        return f"<{type(self).__name__} {uri}>" if uri else f"<{type(self).__name__}>"

    __str__ = __repr__


class RawPayload(Payload):
    """A payload that is kept as it came, too."""

    raw: Annotated[dict[str, Any], SkipValidation] = Field(default_factory=dict)

    @model_validator(mode="before")
    @classmethod
    def _keep_raw(cls, data: object) -> object:
        return {**data, "raw": data} if isinstance(data, dict) else data

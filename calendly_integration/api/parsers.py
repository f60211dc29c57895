"""JSON in: bounded, finite, UTF-8, each key once. What the texts may hold is the business of the fields."""

import json
import math
import re
from collections.abc import Iterable, Mapping
from typing import IO, Any, NoReturn

from django.utils.translation import gettext as _
from rest_framework.exceptions import APIException, ValidationError
from rest_framework.parsers import BaseParser

MAX_BODY_BYTES = 256 * 1024


class TooLarge(APIException):
    """The body is longer than any of our calls needs."""

    status_code = 413
    default_code = "too_large"


class LengthRequired(APIException):
    """A chunked body: under WSGI it arrives empty, and must not be taken for an empty one."""

    status_code = 411
    default_code = "length_required"


class JSONObjectParser(BaseParser):
    """A JSON object of bounded size and finite numbers."""

    media_type = "application/json"

    def parse(
        self, stream: IO[Any], media_type: str | None = None, parser_context: Mapping[str, Any] | None = None
    ) -> dict[str, Any]:
        """The object, its keys in camelCase. Raises ValidationError, also for a doubled key; TooLarge."""
        request = (parser_context or {})["request"]
        length = int(request.META.get("CONTENT_LENGTH") or 0)
        if length > MAX_BODY_BYTES:
            raise TooLarge
        try:
            raw = stream.read(length)
        except OSError:
            raw = b""
        if len(raw) < length:
            _refuse(_("The body is shorter than its Content-Length."))
        return camel_keys(_load_object(raw).items())


def camel_keys(pairs: Iterable[tuple[str, Any]]) -> dict[str, Any]:
    """The values by their keys in camelCase: agents may write snake_case, too.

    Raises ValidationError where a key stands twice, in one spelling or in both: one value would be lost.
    """
    values: dict[str, Any] = {}
    for key, value in pairs:
        name = re.sub(r"(?<=[A-Za-z0-9])_+([A-Za-z0-9])", lambda found: found[1].upper(), key)
        if name in values:
            short = name[:64]
            raise ValidationError({short: [_("“%(key)s” stands in the request twice.") % {"key": short}]})
        values[name] = value
    return values


def _load_object(raw: bytes) -> dict[str, Any]:
    try:
        data = json.loads(
            raw.decode("utf-8-sig"),
            parse_constant=_refuse_constant,
            parse_float=_finite_float,
            object_pairs_hook=_object_with_unique_keys,
        )
    except (ValueError, RecursionError):
        _refuse(_("This is not valid JSON in UTF-8."))
    if not isinstance(data, dict):
        _refuse(_("A JSON object is expected: {…}."))
    return data


def _refuse_constant(text: str) -> NoReturn:
    raise ValueError(text)


def _finite_float(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(text)
    return number


def _object_with_unique_keys(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    camel_keys(pairs)
    return dict(pairs)


def _refuse(text: str) -> NoReturn:
    raise ValidationError({"body": [text]})

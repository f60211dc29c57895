"""JSON in and out: bounded, finite, UTF-8, each key once. What the texts may hold is the business of the fields."""

import json
import math
import re
from collections.abc import Iterable, Mapping
from typing import IO, Any, NoReturn

from django.utils.translation import gettext as _
from rest_framework.exceptions import APIException, ValidationError
from rest_framework.parsers import BaseParser
from rest_framework.renderers import BaseRenderer

LARGEST = 256 * 1024


class TooLarge(APIException):
    """More than any of our calls needs."""

    status_code = 413
    default_code = "too_large"


class LengthRequired(APIException):
    """A chunked body: under WSGI it arrives as nothing, and must not pass for an empty one."""

    status_code = 411
    default_code = "length_required"


class Json(BaseRenderer):
    """UTF-8 JSON."""

    media_type = "application/json"
    format = "json"
    charset = None

    def render(
        self,
        data: Any,
        accepted_media_type: str | None = None,
        renderer_context: Mapping[str, Any] | None = None,
    ) -> bytes:
        """The answer's bytes. A lone surrogate in what Calendly told becomes a question mark."""
        if data is None:
            return b""
        return json.dumps(data, ensure_ascii=False, allow_nan=False).encode("utf-8", "replace")


class JsonBody(BaseParser):
    """A JSON object, not too long, of finite numbers."""

    media_type = "application/json"

    def parse(
        self, stream: IO[Any], media_type: str | None = None, parser_context: Mapping[str, Any] | None = None
    ) -> dict[str, Any]:
        """The object, its keys in camelCase. Raises ValidationError, also for a doubled key; TooLarge."""
        request = (parser_context or {})["request"]
        length = int(request.META.get("CONTENT_LENGTH") or 0)
        if length > LARGEST:
            raise TooLarge
        try:
            raw = stream.read(length)
        except OSError:
            raw = b""
        if len(raw) < length:
            _refuse(_("The body is shorter than its Content-Length."))
        return camel(_object(raw).items())


def _object(raw: bytes) -> dict[str, Any]:
    try:
        data = json.loads(
            raw.decode("utf-8-sig"), parse_constant=_not_finite, parse_float=_finite, object_pairs_hook=_once
        )
    except (ValueError, RecursionError):
        _refuse(_("This is not valid JSON in UTF-8."))
    if not isinstance(data, dict):
        _refuse(_("A JSON object is expected: {…}."))
    return data


def _not_finite(text: str) -> float:
    raise ValueError(text)


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(text)
    return number


def _refuse(text: str) -> NoReturn:
    raise ValidationError({"body": [text]})


def camel_key(key: str) -> str:
    """`invitee_email` as `inviteeEmail`."""
    return re.sub(r"(?<=[A-Za-z0-9])_+([A-Za-z0-9])", lambda found: found[1].upper(), key)


def camel(pairs: Iterable[tuple[str, Any]]) -> dict[str, Any]:
    """The values by their keys in camelCase: agents may write either. Raises ValidationError where a key stands
    twice, in one spelling or in both: one of the values would be lost in silence."""
    spelled: dict[str, Any] = {}
    for key, value in pairs:
        own = camel_key(key)
        if own in spelled:
            shown = own[:64]
            raise ValidationError({shown: [_("“%(key)s” stands in the request twice.") % {"key": shown}]})
        spelled[own] = value
    return spelled


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object as it is written, at any depth. Raises ValidationError as `camel` does."""
    camel(pairs)
    return dict(pairs)

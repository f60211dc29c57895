"""JSON in and out: bounded, finite, UTF-8. What the texts may hold is the business of the fields."""

import json
import math
from collections.abc import Mapping
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
        """The object, its keys in camelCase. Raises ValidationError, TooLarge."""
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
        return camel(_object(raw))


def _object(raw: bytes) -> dict[str, Any]:
    try:
        data = json.loads(raw.decode("utf-8-sig"), parse_constant=_not_finite, parse_float=_finite)
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
    head, *rest = key.strip("_").split("_")
    return head + "".join(part[:1].upper() + part[1:] for part in rest)


def camel(data: Mapping[str, Any]) -> dict[str, Any]:
    """The same with keys in camelCase: agents may write either. Where both are given the camelCase one counts."""
    spelled: dict[str, Any] = {}
    for key, value in data.items():
        own = camel_key(key)
        if own == key or own not in data:
            spelled[own] = value
    return spelled

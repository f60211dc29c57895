"""Fields of requests, stricter than the framework's: a text is a text, an instant says whether it is local."""

import re
from datetime import datetime
from typing import Any

from django.core.validators import EmailValidator, RegexValidator
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

INSTANT = re.compile(
    r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d(:\d\d([.,]\d{1,9})?)?([Zz]|[+-]\d\d(:?\d\d)?)?", re.ASCII
)
# In a query string an unescaped plus is a blank.
LOST_PLUS = re.compile(r"(T\d\d:\d\d(?::\d\d(?:\.\d+)?)?) (\d\d:?\d\d)$", re.ASCII)

ONE_LINE = RegexValidator(
    r"^[^\x00-\x1f\x7f-\x9f\u2028\u2029]*$", _("Control characters and line breaks are not allowed.")
)
LINES = RegexValidator(r"^[^\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]*$", _("Control characters are not allowed."))


class Text(serializers.CharField):
    """A JSON string: numbers are refused, not turned into text. One line, unless `lines`."""

    def __init__(self, *, lines: bool = False, **options: Any) -> None:
        options.setdefault("max_length", 255)
        if not options.get("required", True):
            options.setdefault("allow_null", True)
            options.setdefault("allow_blank", True)
        super().__init__(**options)
        self.validators.append(LINES if lines else ONE_LINE)

    def to_internal_value(self, data: Any) -> str:
        """The text, stripped."""
        if not isinstance(data, str):
            self.fail("invalid")
        return super().to_internal_value(data)


NOT_AN_ADDRESS = _("This is not an e-mail address, such as ana@example.com.")
# Narrower than RFC 5322, and the same in the document: no quoted names, no bare hosts.
ATOM = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
LABEL = r"[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
ADDRESS = rf"^(?=[^@]{{1,64}}@){ATOM}(\.{ATOM})*@({LABEL}\.)+[A-Za-z]{{2,63}}$"


@extend_schema_field({"type": "string", "format": "email", "maxLength": 254, "pattern": ADDRESS})
class Address(Text):
    """An e-mail address."""

    def __init__(self, **options: Any) -> None:
        super().__init__(max_length=254, **options)
        self.validators.append(RegexValidator(ADDRESS, NOT_AN_ADDRESS))
        self.validators.append(EmailValidator(NOT_AN_ADDRESS))


@extend_schema_field(
    {
        "type": "string",
        "description": "ISO 8601. With an offset or Z it is that instant, without one local time of the invitee.",
        "pattern": (
            r"^20\d\d-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])"
            r"T([01]\d|2[0-3]):[0-5]\d(:[0-5]\d(\.\d{1,9})?)?(Z|[+-](0\d|1[0-3]):[0-5]\d)?$"
        ),
        "example": "2026-11-24T10:00:00",
    }
)
class Moment(serializers.Field[datetime, str, str, Any]):
    """Date and time, aware where an offset was given, naive where it is somebody's local time."""

    default_error_messages = {
        "invalid": _("A date and time is expected, such as 2026-11-24T10:00 or 2026-11-24T08:00:00Z.")
    }

    def to_internal_value(self, data: Any) -> datetime:
        """The time as it was given."""
        if isinstance(data, str):
            text = LOST_PLUS.sub(r"\1+\2", data.strip())
            if INSTANT.fullmatch(text):
                try:
                    return datetime.fromisoformat(text.upper())
                except ValueError:
                    self.fail("invalid")
        return self.fail("invalid")

    def to_representation(self, value: datetime) -> str:
        """ISO 8601."""
        return value.isoformat()

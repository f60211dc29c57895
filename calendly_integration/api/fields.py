"""Fields and the base serializer of requests, stricter than the framework's. Every message is ours, so that it is
translated; a test checks them all.

For whatever is optional, null, blank and absent are the same.
"""

import re
from datetime import date, datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.fields import empty

from ..characters import CONTROL, CONTROL_BUT_TAB_AND_LINE_ENDS, INVISIBLE, LINE_SEPARATORS, LONE_SURROGATES
from ..services.bookings import email_addresses
from .parsers import camel_keys

INSTANT = re.compile(
    r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d(:\d\d([.,]\d{1,9})?)?([Zz]|[+-]\d\d(:?\d\d)?)?", re.ASCII
)
# In a query string an unescaped plus becomes a blank.
LOST_PLUS = re.compile(r"(T\d\d:\d\d(?::\d\d(?:\.\d+)?)?) (\d\d:?\d\d)$", re.ASCII)
LOST_PLUS_OF_ADDRESS = re.compile(r"(?<=\S) (?=[^\s@]+( [^\s@]+)*@)")
BLANK = re.compile(rf"^[\s{INVISIBLE}]*$")
SURROGATE = re.compile(f"[{LONE_SURROGATES}]")
NEEDED = _("This is needed.")

ONE_LINE = RegexValidator(
    rf"^[^{CONTROL}{LINE_SEPARATORS}]*$", _("Control characters and line breaks are not allowed.")
)
SEVERAL_LINES = RegexValidator(
    rf"^[^{CONTROL_BUT_TAB_AND_LINE_ENDS}]*$", _("Control characters are not allowed.")
)


def is_blank(value: Any) -> bool:
    """True for null, and for a text that shows nothing."""
    return value is None or (isinstance(value, str) and BLANK.match(value) is not None)


def no_surrogates(text: str) -> None:
    """Refuse lone surrogates: JSON can spell them, databases cannot keep them. Raises ValidationError."""
    if SURROGATE.search(text):
        raise ValidationError(_("Half characters (lone surrogates) are not allowed."))


class RequestSerializer(serializers.Serializer[Any]):
    """What a request holds."""

    default_error_messages = {
        "required": NEEDED,
        "null": NEEDED,
        "invalid": _("A JSON object is expected here."),
    }

    def to_internal_value(self, data: Any) -> Any:
        """The values that are given, without optional ones that are null or blank."""
        if isinstance(data, dict):
            data = {
                name: value
                for name, value in camel_keys(data.items()).items()
                if not is_blank(value) or name not in self.fields or self.fields[name].required
            }
        return super().to_internal_value(data)


class RequestField(serializers.Field[Any, Any, Any, Any]):
    """A field with our message where it is missing."""

    default_error_messages = {"required": NEEDED, "null": NEEDED}


class TextField(RequestField, serializers.CharField):
    """A JSON string: numbers are refused, not turned into text. One line, unless `lines`."""

    default_error_messages = {
        "invalid": _("A text is expected here."),
        "blank": NEEDED,
        "max_length": _("At most {max_length} characters are allowed here."),
    }

    def __init__(self, *, lines: bool = False, **options: Any) -> None:
        options.setdefault("max_length", 255)
        super().__init__(**options)
        # The first is the length; the messages of the framework's others are not translated.
        self.validators = [self.validators[0], SEVERAL_LINES if lines else ONE_LINE, no_surrogates]

    def run_validation(self, data: Any = empty) -> Any:
        """As the framework's; a text of invisible characters is blank, too."""
        return super().run_validation("" if isinstance(data, str) and BLANK.match(data) else data)

    def to_internal_value(self, data: Any) -> str:
        """The text, stripped."""
        if not isinstance(data, str):
            self.fail("invalid")
        text: str = super().to_internal_value(data)
        return text


def is_email(text: str) -> None:
    """Refuse what is no e-mail address. Raises ValidationError."""
    if not email_addresses.is_address(text):
        raise ValidationError(
            _(
                "This is not an e-mail address, such as ana@example.com. It has one @ and no blanks, "
                "and does not end with a dot."
            )
        )


@extend_schema_field(
    {
        "type": "string",
        "maxLength": email_addresses.LONGEST,
        "pattern": email_addresses.PATTERN,
        "example": "ana@example.com",
    }
)
class EmailField(TextField):
    """An e-mail address."""

    def __init__(self, **options: Any) -> None:
        super().__init__(max_length=email_addresses.LONGEST, **options)
        self.validators = [*self.validators, is_email]


class EmailInQueryField(EmailField):
    """An e-mail address in a query string, where an unescaped plus has become a blank."""

    def to_internal_value(self, data: Any) -> str:
        """The address, with its pluses."""
        text = super().to_internal_value(data)
        if email_addresses.is_address(text) or len(text) > email_addresses.LONGEST:
            return text
        return LOST_PLUS_OF_ADDRESS.sub("+", text)


# Language, perhaps script, perhaps country. "ro_RO.UTF-8" and longer tags begin like that, too.
LOCALE = re.compile(
    r"([a-z]{2,3})([-_][a-z]{4})?([-_]([a-z]{2}|[0-9]{3}))?(?![a-z0-9])", re.IGNORECASE | re.ASCII
)


class LocaleField(TextField):
    """A language, perhaps with a country. A value that cannot be read as one counts as absent."""

    def to_internal_value(self, data: Any) -> str:
        """As in `ro` or `ro-RO`; blank for what is not known."""
        text = super().to_internal_value(data)
        self.run_validators(text)  # of the text that was sent
        found = LOCALE.match(text)
        if found is None:
            return ""
        language, country = found[1].lower(), found[4]
        return f"{language}-{country.upper()}" if country else language


class IntegerField(RequestField, serializers.IntegerField):
    """A whole number, also as text: `7`."""

    default_error_messages = {
        "invalid": _("A whole number is expected here."),
        "max_value": _("At most {max_value} is possible here."),
        "min_value": _("At least {min_value} is needed here."),
        "max_string_length": _("A whole number is expected here."),
    }

    def to_internal_value(self, data: Any) -> int:
        """The number. Python itself would read `1_0`, and the framework `7.0`, too."""
        if isinstance(data, bool) or not re.fullmatch(r"\s*[+-]?\d{1,1000}\s*", str(data), re.ASCII):
            self.fail("invalid")
        number: int = super().to_internal_value(data)
        return number


class ChoiceField(RequestField, serializers.ChoiceField):
    """One of a few words."""

    default_error_messages = {"invalid_choice": _("One of these is expected: {choices}.")}

    def to_internal_value(self, data: Any) -> str:
        if not isinstance(data, str) or data.strip() not in self.choices:
            self.fail("invalid_choice", choices=", ".join(self.choices))
        return data.strip()


class ListField(RequestField, serializers.ListField):
    """A list. Null and blank entries are left out, and objects that hold nothing else."""

    default_error_messages = {
        "not_a_list": _("A list is expected here: […]."),
        "max_length": _("At most {max_length} entries are allowed here."),
    }

    def to_internal_value(self, data: Any) -> list[Any]:
        if isinstance(data, list):
            data = [each for each in data if not self._is_blank_entry(each)]
        values: list[Any] = super().to_internal_value(data)
        return values

    def _is_blank_entry(self, value: Any) -> bool:
        if isinstance(value, dict) and isinstance(self.child, RequestSerializer):
            return all(map(is_blank, value.values()))
        return is_blank(value)


DATE_TIME = (
    r"20\d\d-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])"
    r"T([01]\d|2[0-3]):[0-5]\d(:[0-5]\d(\.\d{1,9})?)?(Z|[+-](0\d|1[0-3]):[0-5]\d)?"
)
DATE = r"20\d\d-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])"


@extend_schema_field(
    {
        "type": "string",
        "description": "ISO 8601. With an offset or Z it is that instant, without one local time of the invitee.",
        "pattern": rf"^{DATE_TIME}$",
        "example": "2026-11-24T10:00:00",
    }
)
class DateTimeField(RequestField, serializers.Field[datetime, str, str, Any]):
    """Date and time: aware where an offset is given, else naive, in the invitee's zone."""

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


@extend_schema_field({"type": "string", "pattern": rf"^({DATE_TIME}|{DATE})$", "example": "2026-11-24"})
class DateOrDateTimeField(DateTimeField):
    """Date and time, or a day."""

    default_error_messages = {
        "invalid": _("A day or a date and time is expected, such as 2026-11-24 or 2026-11-24T10:00.")
    }

    def to_internal_value(self, data: Any) -> datetime | date:  # type: ignore[override]
        """The time or the day as it was given."""
        if isinstance(data, str) and re.fullmatch(r"\d{4}-\d\d-\d\d", data.strip(), re.ASCII):
            try:
                return date.fromisoformat(data.strip())
            except ValueError:
                self.fail("invalid")
        return super().to_internal_value(data)

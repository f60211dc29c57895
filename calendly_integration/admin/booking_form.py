"""The form on which staff book."""

import re
from datetime import datetime
from functools import lru_cache
from typing import Any
from zoneinfo import available_timezones

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from ..models import EventType
from ..services import texts, time_zones
from ..services.bookings import create, email_addresses
from ..services.bookings.questions import asks_for_place
from . import fields, formatting, questions

LANGUAGES = (("ro", "română"), ("en", "English"))
# Few meetings need these fields.
MORE_FIELDS = ("language", "conversation", "guests", "notes")
# The picker follows the invitee's zone.
RENEW_SLOTS = {
    "hx-post": "",
    "hx-trigger": "change",
    "hx-vals": '{"look": "1"}',
    "hx-target": "#slots",
    "hx-select": "#slots",
    "hx-select-oob": "#slots-bar",
    "hx-swap": "outerHTML",
}


@lru_cache(maxsize=1)
def _zones() -> tuple[tuple[str, str], ...]:
    names = sorted(name for name in available_timezones() if "/" in name and not name.startswith("Etc/"))
    return tuple((name, name) for name in ("UTC", *names))


def _check_address(text: str) -> None:
    if not email_addresses.is_address(text):
        raise ValidationError(
            _("%(address)s is not an e-mail address."), params={"address": formatting.plain(text)}
        )


class BookingForm(forms.Form):
    """The invitee, and the questions of the event type."""

    name = forms.CharField(label=_("Name"), label_suffix="", max_length=255)
    # No EmailInput: browsers refuse addresses that the rule allows.
    email = forms.CharField(
        label=_("E-mail"),
        label_suffix="",
        max_length=email_addresses.LONGEST,
        widget=forms.TextInput({"inputmode": "email", "autocomplete": "off", "spellcheck": "false"}),
    )
    phone = forms.CharField(
        label=_("Phone"),
        label_suffix="",
        max_length=64,
        required=False,
        widget=forms.TextInput({"type": "tel"}),
    )
    location = forms.CharField(
        label=_("Place"),
        label_suffix="",
        max_length=255,
        required=False,
        help_text=_("This event type asks the invitee where the meeting takes place."),
    )
    timezone = forms.ChoiceField(
        label=_("Time zone"),
        label_suffix="",
        choices=_zones,
        initial=time_zones.default_name,
        widget=forms.Select(RENEW_SLOTS),
    )
    language = forms.ChoiceField(
        label=_("Language"), label_suffix="", choices=LANGUAGES, initial=formatting.language
    )
    conversation = forms.CharField(label=_("Conversation"), label_suffix="", max_length=255, required=False)
    guests = fields.MultilineField(
        label=_("Guests"),
        label_suffix="",
        required=False,
        max_length=4000,
        help_text=_("E-mail addresses, one per line."),
        widget=forms.Textarea({"rows": 2}),
    )
    notes = fields.MultilineField(
        label=_("Notes"),
        label_suffix="",
        required=False,
        max_length=4000,
        help_text=_("The invitee does not see them; agents of the portal can read them."),
        widget=forms.Textarea({"rows": 2}),
    )

    def __init__(self, *args: Any, kind: EventType, **options: Any) -> None:
        super().__init__(*args, **options)
        self.kind = kind
        if not asks_for_place(kind):
            del self.fields["location"]
        self.asked = [each for each in kind.questions if each.get("enabled", True)]
        self.fields |= questions.fields(self.asked)

    @property
    def main_fields(self) -> list[forms.BoundField]:
        """The fields that each meeting needs."""
        return [field for field in self.visible_fields() if field.name not in MORE_FIELDS]

    @property
    def more_fields(self) -> list[forms.BoundField]:
        """The other fields, folded."""
        return [self[name] for name in MORE_FIELDS]

    @property
    def more_open(self) -> bool:
        """Whether one of the other fields has an error or a value of its own."""
        typed = any(self[name].value() for name in ("conversation", "guests", "notes"))
        return typed or any(field.errors for field in self.more_fields)

    def clean_email(self) -> str:
        """Checked by the same rule as in the API."""
        email: str = self.cleaned_data["email"]
        _check_address(email)
        return email

    def clean_guests(self) -> list[str]:
        """A list of checked addresses."""
        found = [each for each in re.split(r"[\s,;]+", self.cleaned_data["guests"]) if each]
        for each in found:
            _check_address(each)
        return found

    def booking_request(self, start: datetime) -> create.BookingRequest:
        """The request to the service: exactly this start."""
        given = self.cleaned_data
        return create.BookingRequest(
            event_type=str(self.kind.pk),
            email=given["email"],
            name=given["name"],
            preferred=start,
            flexibility="exact",
            time_zone=given["timezone"],
            phone=given["phone"],
            location=given.get("location", ""),
            locale=texts.language(given["language"]),
            answers=questions.answers(self, self.asked),
            guests=tuple(given["guests"]),
            conversation_id=given["conversation"],
            notes=given["notes"],
        )

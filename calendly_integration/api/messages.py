"""Texts that agents say to invitees, and the language in which we answer."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.http import HttpRequest
from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.utils.translation.trans_real import parse_accept_lang_header
from rest_framework.settings import api_settings

from ..models import Booking
from ..services import texts, time_zones
from ..services.catalog.availability import Day
from ..services.time_zones import Zone

MAX_FIELDS_IN_MESSAGE = 5


def requested_language(request: HttpRequest) -> str:
    """The language of the answer: the first of ours that Accept-Language names, else Romanian."""
    for code, _quality in parse_accept_lang_header(request.META.get("HTTP_ACCEPT_LANGUAGE", "").lower()):
        short = code.split("-")[0]
        if short in texts.LANGUAGES:
            return short
    return "ro"


def language() -> str:
    """The language in use."""
    return texts.language(translation.get_language())


def _start_of(booking: Booking) -> str:
    if booking.start_at is None:
        return ""
    return texts.spoken(booking.start_at, time_zones.zone_of(booking).info, language())


def booked(booking: Booking) -> str:
    """For a booking that stands."""
    values = {"event": booking.event_name, "when": _start_of(booking)}
    return _("You are booked for %(event)s: %(when)s.") % values


def rescheduled(booking: Booking) -> str:
    """For a booking that has moved."""
    values = {"event": booking.event_name, "when": _start_of(booking)}
    return _("%(event)s has been moved to %(when)s.") % values


def canceled(booking: Booking) -> str:
    """For a booking that is canceled."""
    values = {"event": booking.event_name, "when": _start_of(booking)}
    return _("%(event)s, %(when)s, is canceled.") % values


def nothing_free(days: Sequence[Day], zone: Zone, *, taken: bool, blocked_by_itself: bool = False) -> str:
    """For a start that is not free, with the first few free ones. `blocked_by_itself`: the meeting that is to be
    moved is in the way."""
    head = _("That time has just been taken.") if taken else _("Nothing is free at that time.")
    if blocked_by_itself:
        head = _(
            "That time overlaps the meeting as it stands now, so I cannot move it there myself. "
            "The invitee can do it with their rescheduling link."
        )
    starts = [slot.start for day in days for slot in day.slots][:3]
    if not starts:
        return head + " " + _("Nothing else is free in the two weeks after it.")
    offered = "; ".join(texts.spoken(start, zone.info, language()) for start in starts)
    return head + " " + _("I can offer: %(starts)s.") % {"starts": offered}


# Texts for the codes of the services' errors. Tests check that every code has one.

INVALID: dict[str, Any] = {
    "unknown_zone": gettext_lazy(
        "I do not know the time zone “%(name)s”. A name such as Europe/Bucharest is expected."
    ),
    "no_such_time": gettext_lazy(
        "The time %(time)s does not exist there: the clocks skip it when summer time begins. Please choose another."
    ),
    "past": gettext_lazy("That time has already passed."),
    "out_of_range": gettext_lazy("That time is too far away."),
    "unanswered": gettext_lazy("This question needs an answer: %(questions)s"),
    "unknown_question": gettext_lazy("“%(asked)s” is not asked here. The questions are: %(questions)s"),
    "no_questions": gettext_lazy("“%(asked)s” is not asked here. This kind of meeting has no questions."),
    "answered_twice": gettext_lazy("This question takes one answer, and several were given: %(question)s"),
    "not_a_choice": gettext_lazy("“%(answer)s” is no answer to “%(question)s”. The choices are: %(choices)s"),
    "not_a_phone": gettext_lazy(
        "“%(question)s” needs a phone number in international form, such as +40721234567."
    ),
    "location_needed": gettext_lazy("Where should the meeting be? Please name a place."),
    "phone_needed": gettext_lazy(
        "The host will call, so a phone number in international form is needed, such as +40721234567."
    ),
    "too_many_guests": gettext_lazy("There can be at most 10 guests."),
    "end_before_start": gettext_lazy("The end must be after the start."),
    "too_long": gettext_lazy("At most %(days)s days can be asked for at once."),
}
MAX_ECHO = {"name": 64, "answer": 200}

NOT_CANCELABLE: dict[str, Any] = {
    "past": gettext_lazy("This meeting is over, so it cannot be canceled."),
    "pending": gettext_lazy(
        "This meeting is still being booked or moved. Please try again in a few minutes."
    ),
    "failed": gettext_lazy("This meeting was never booked, so there is nothing to cancel."),
    "group": gettext_lazy(
        "Others attend too. The invitee can give up their own place with their cancellation link."
    ),
}

NOT_RESCHEDULABLE: dict[str, Any] = {
    "canceled": gettext_lazy("This meeting is canceled. A new one can be booked."),
    "past": gettext_lazy("This meeting has already begun, so it cannot be moved."),
    "pending": gettext_lazy(
        "This meeting is still being booked or moved. Please try again in a few minutes."
    ),
    "failed": gettext_lazy("This meeting was never booked. A new one can be booked."),
    "group": gettext_lazy(
        "Others attend too. The invitee can move their own place with their rescheduling link."
    ),
    "gone": gettext_lazy("This kind of meeting is not offered any more, so it cannot be moved."),
    "same": gettext_lazy("The meeting is already at that time."),
}


def invalid(code: str, values: Mapping[str, str]) -> str:
    """Why a request cannot be met, by the code of InvalidWish."""
    if code == "unknown_question" and not values["questions"]:
        code = "no_questions"
    if code not in INVALID:
        return _("This is not valid.")
    shown = {name: value[: MAX_ECHO.get(name)] for name, value in values.items()}
    if "time" in shown:
        shown["time"] = shown["time"].replace("T", " ")
    return str(INVALID[code]) % shown


def not_cancelable(why: str) -> str:
    """Why a booking cannot be canceled, and what can be done instead."""
    return str(NOT_CANCELABLE.get(why) or _("This meeting cannot be canceled."))


def not_reschedulable(why: str) -> str:
    """Why a booking cannot be moved, and what can be done instead."""
    return str(NOT_RESCHEDULABLE.get(why) or _("This meeting cannot be moved."))


def flatten_errors(texts: Any) -> list[str]:
    """The framework's nested errors of one field as plain texts, each once. Entries are counted from 1."""
    if isinstance(texts, dict):
        found = [
            text if name == api_settings.NON_FIELD_ERRORS_KEY else f"{_entry_name(name)}: {text}"
            for name, inner in texts.items()
            for text in flatten_errors(inner)
        ]
    elif isinstance(texts, list | tuple):
        found = [text for inner in texts for text in flatten_errors(inner)]
    else:
        found = [str(texts)]
    return list(dict.fromkeys(found))


def _entry_name(name: Any) -> str:
    return str(name + 1) if isinstance(name, int) else str(name)


def invalid_fields(errors: Mapping[str, list[str]]) -> str:
    """What is wrong with the fields of a request, in one text."""
    head = _("Some details of the request are missing or not valid.")
    parts = [f"{_field_name(field)}: {texts[0]}" for field, texts in errors.items() if texts]
    return " ".join([head, *parts[:MAX_FIELDS_IN_MESSAGE]])


def _field_name(field: str) -> str:
    name = str(FIELD_NAMES.get(field, field))
    return name[:1].upper() + name[1:]


# Request fields as people call them. A test checks that each field has a name.
FIELD_NAMES: dict[str, Any] = {
    "agentType": gettext_lazy("kind of agent"),
    "before": gettext_lazy("page"),
    "body": gettext_lazy("request"),
    "bookingSource": gettext_lazy("booked through"),
    "conversationId": gettext_lazy("conversation"),
    "cursor": gettext_lazy("page"),
    "customAnswers": gettext_lazy("answers to the questions"),
    "days": gettext_lazy("number of days"),
    "email": gettext_lazy("e-mail address"),
    "end": gettext_lazy("end"),
    "eventType": gettext_lazy("kind of meeting"),
    "extra": gettext_lazy("more"),
    "flexibility": gettext_lazy("flexibility"),
    "guests": gettext_lazy("guests"),
    "inviteeEmail": gettext_lazy("invitee's e-mail address"),
    "inviteeName": gettext_lazy("invitee's name"),
    "locale": gettext_lazy("language"),
    "location": gettext_lazy("location"),
    "newStartTime": gettext_lazy("new start"),
    "notes": gettext_lazy("notes"),
    "phone": gettext_lazy("phone number"),
    "preferredTime": gettext_lazy("time wanted"),
    "reason": gettext_lazy("reason"),
    "start": gettext_lazy("start"),
    "status": gettext_lazy("status"),
    "timezone": gettext_lazy("time zone"),
    "userId": gettext_lazy("user"),
}

"""Why not, in words that can be said aloud: the services give codes, the sentences stand here."""

from collections.abc import Callable, Mapping
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from rest_framework.settings import api_settings

from ..services.bookings.create import InvalidBookingRequest


def said(error: InvalidBookingRequest) -> str:
    """What is wrong with a wish."""
    sentence = SENTENCES.get(error.code)
    return sentence(error.values) if sentence else _("This is not valid.")


SENTENCES: dict[str, Callable[[dict[str, str]], str]] = {
    "unknown_zone": lambda values: (
        _("I do not know the time zone “%(name)s”. A name such as Europe/Bucharest is expected.")
        % {"name": values["name"][:64]}
    ),
    "no_such_time": lambda values: (
        _(
            "The time %(time)s does not exist there: the clocks skip it when summer time begins. Please choose another."
        )
        % {"time": values["time"].replace("T", " ")}
    ),
    "past": lambda values: _("That time has already passed."),
    "out_of_range": lambda values: _("That time is too far away."),
    "unanswered": lambda values: _("This question needs an answer: %(questions)s") % values,
    "unknown_question": lambda values: (
        (
            _("“%(asked)s” is not asked here. The questions are: %(questions)s")
            if values["questions"]
            else _("“%(asked)s” is not asked here. This kind of meeting has no questions.")
        )
        % values
    ),
    "answered_twice": lambda values: (
        _("This question takes one answer, and several were given: %(question)s") % values
    ),
    "not_a_choice": lambda values: (
        _("“%(answer)s” is no answer to “%(question)s”. The choices are: %(choices)s")
        % {**values, "answer": values["answer"][:200]}
    ),
    "not_a_phone": lambda values: (
        _("“%(question)s” needs a phone number in international form, such as +40721234567.") % values
    ),
    "location_needed": lambda values: _("Where should the meeting be? Please name a place."),
    "phone_needed": lambda values: _(
        "The host will call, so a phone number in international form is needed, such as +40721234567."
    ),
    "too_many_guests": lambda values: _("There can be at most 10 guests."),
    "end_before_start": lambda values: _("The end must be after the start."),
    "too_long": lambda values: _("At most %(days)s days can be asked for at once.") % values,
}


def not_cancelable(why: str) -> str:
    """Why a booking cannot be canceled, and what can be done instead."""
    return {
        "past": _("This meeting is over, so it cannot be canceled."),
        "pending": _("This meeting is still being booked or moved. Please try again in a few minutes."),
        "failed": _("This meeting was never booked, so there is nothing to cancel."),
        "group": _(
            "Others attend too. The invitee can give up their own place with their cancellation link."
        ),
    }.get(why, _("This meeting cannot be canceled."))


def not_reschedulable(why: str) -> str:
    """Why a booking cannot be moved, and what can be done instead."""
    return {
        "canceled": _("This meeting is canceled. A new one can be booked."),
        "past": _("This meeting has already begun, so it cannot be moved."),
        "pending": _("This meeting is still being booked or moved. Please try again in a few minutes."),
        "failed": _("This meeting was never booked. A new one can be booked."),
        "group": _("Others attend too. The invitee can move their own place with their rescheduling link."),
        "gone": _("This kind of meeting is not offered any more, so it cannot be moved."),
        "same": _("The meeting is already at that time."),
    }.get(why, _("This meeting cannot be moved."))


def flat(texts: Any) -> list[str]:
    """The framework's nested errors of one field as plain texts, each once. Entries are counted from 1."""
    if isinstance(texts, dict):
        found = [
            text if name == api_settings.NON_FIELD_ERRORS_KEY else f"{_place(name)}: {text}"
            for name, inner in texts.items()
            for text in flat(inner)
        ]
    elif isinstance(texts, list | tuple):
        found = [text for inner in texts for text in flat(inner)]
    else:
        found = [str(texts)]
    return list(dict.fromkeys(found))


def _place(name: Any) -> str:
    return str(name + 1) if isinstance(name, int) else str(name)


def aloud(errors: Mapping[str, list[str]]) -> str:
    """What is wrong with the fields of a request, in one go."""
    head = _("Some details of the request are missing or not valid.")
    told = [f"{_name(field)}: {texts[0]}" for field, texts in errors.items() if texts]
    return " ".join([head, *told[:MOST_TOLD]])


def _name(field: str) -> str:
    name = str(NAMES.get(field, field))
    return name[:1].upper() + name[1:]


MOST_TOLD = 5
# Fields as people call them. A test knows them all.
NAMES: dict[str, Any] = {
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

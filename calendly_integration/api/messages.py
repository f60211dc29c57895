"""In which language we answer, and the sentences that need more than a lookup."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from django.http import HttpRequest
from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation.trans_real import parse_accept_lang_header

from ..models import Booking
from ..services import texts
from ..services.bookings import time_zones
from ..services.bookings.time_zones import Zone
from ..services.catalog.availability import Day


def asked_for(request: HttpRequest) -> str:
    """The language of the answer: the first of ours that Accept-Language names, else Romanian."""
    for code, _quality in parse_accept_lang_header(request.META.get("HTTP_ACCEPT_LANGUAGE", "").lower()):
        short = code.split("-")[0]
        if short in texts.LANGUAGES:
            return short
    return "ro"


@contextmanager
def in_language_of(request: HttpRequest) -> Iterator[None]:
    """Speak the caller's language, whatever the host's middleware decided."""
    with translation.override(asked_for(request)):
        yield


def language() -> str:
    """The language that is spoken now."""
    return texts.language(translation.get_language())


def when(booking: Booking) -> str:
    """A booking's start as one says it to the invitee."""
    if booking.start_at is None:
        return ""
    return texts.spoken(booking.start_at, time_zones.zone_of(booking).info, language())


def booked(booking: Booking) -> str:
    """Said of a booking that stands."""
    return _("You are booked for %(event)s: %(when)s.") % {"event": booking.event_name, "when": when(booking)}


def moved(booking: Booking) -> str:
    """Said of a booking that has moved."""
    return _("%(event)s has been moved to %(when)s.") % {"event": booking.event_name, "when": when(booking)}


def canceled(booking: Booking) -> str:
    """Said of a booking that is canceled."""
    return _("%(event)s, %(when)s, is canceled.") % {"event": booking.event_name, "when": when(booking)}


def nothing_free(days: Sequence[Day], zone: Zone, *, taken: bool, own: bool = False) -> str:
    """Said where nothing fits: with the first few starts that are free instead. `own`: the meeting that is to be
    moved stands in the way itself."""
    head = _("That time has just been taken.") if taken else _("Nothing is free at that time.")
    if own:
        head = _(
            "That time overlaps the meeting as it stands now, so I cannot move it there myself. "
            "The invitee can do it with their rescheduling link."
        )
    starts = [slot.start for day in days for slot in day.slots][:3]
    if not starts:
        return head + " " + _("Nothing else is free in the two weeks after it.")
    offered = "; ".join(texts.spoken(start, zone.info, language()) for start in starts)
    return head + " " + _("I can offer: %(starts)s.") % {"starts": offered}


def not_moved_for_quota() -> str:
    """Said where a move fails because Calendly's booking allowance is used up."""
    return _(
        "I cannot move the meeting automatically right now; it stands as it was. "
        "The invitee can move it with their rescheduling link."
    )


def unknown() -> str:
    """Said where Calendly's answer was lost."""
    return _(
        "The request was sent, but not confirmed yet. It is being checked and will be settled in a few minutes."
    )

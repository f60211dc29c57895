"""The page on which staff give a meeting to another host: that host's event type, at the same start if free."""

from datetime import datetime
from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from ..models import Booking, EventType
from ..services.actors import Actor
from ..services.bookings import reassign as reassign_service
from ..services.bookings import time_zones
from ..services.bookings.results import BookingResult
from . import booking_page, formatting, questions, refusals, reschedule, slots
from .object_actions import ObjectAction
from .read_only import ReadOnlyAdmin
from .reschedule import FormError

NOBODY = _(
    "No other host has a meeting of the same length here: there is nobody to hand it over to. Make such an event"
    " type at Calendly, then sync."
)


def blocked(booking: Booking, now: datetime) -> str:
    """Why it cannot be handed over, as far as our own rows say. A type that is switched off is no obstacle."""
    why = reschedule.standing(booking, now)
    return str(refusals.NOT_RESCHEDULABLE[why]) if why else ""


def offered(booking: Booking, now: datetime) -> bool:
    """Whether there is a button for it. One query, for confirmed meetings to come."""
    return not blocked(booking, now) and reassign_service.reassignment_candidates(booking).exists()


ACT = ObjectAction(
    "hand_over", _("Hand over to another host"), "reschedule_booking", "hand_over_view", offered
)


class HandsOver(ReadOnlyAdmin[Booking]):
    """The part of the bookings' admin that hands over."""

    def hand_over_view(self, request: HttpRequest, booking: Booking, act: ObjectAction) -> HttpResponse:
        """Hand over, on a page of its own."""
        return view(self, request, booking)


def view(page: ReadOnlyAdmin[Booking], request: HttpRequest, booking: Booking) -> HttpResponse:
    """Choose the colleague's event type, then a start of it; on a choice hand over."""
    now, found = timezone.now(), list[EventType]()
    cannot = blocked(booking, now)
    if not cannot:
        found = list(reassign_service.reassignment_candidates(booking).prefetch_related("hosts"))
        cannot = "" if found else str(NOBODY)
    wanted = request.GET.get("to", "")
    kind = next((each for each in found if str(each.pk) == wanted), found[0] if len(found) == 1 else None)
    context: dict[str, Any] = {
        "blocked": cannot,
        "reassignment_candidates": [_choice(each, kind) for each in found],
    }
    if kind is not None:
        answer = _offer(page, request, booking, kind, now)
        if isinstance(answer, HttpResponse):
            return answer
        context |= answer
    return page.page(
        request,
        "hand_over.html",
        title=_("Hand over to another host"),
        row=booking,
        booking=booking,
        head=booking_page.head(booking),
        kind=kind,
        css=slots.CSS,
        **context,
    )


def _choice(kind: EventType, chosen: EventType | None) -> dict[str, Any]:
    return {
        "pk": kind.pk,
        "name": formatting.plain(kind.name),
        "hosts": reschedule.hosts_of(kind),
        "duration": kind.duration,
        "here": kind == chosen,
    }


def _offer(
    page: ReadOnlyAdmin[Booking], request: HttpRequest, booking: Booking, kind: EventType, now: datetime
) -> HttpResponse | dict[str, Any]:
    """The free starts and open questions of that type; on a POST the answer, where it was handed over."""
    sent = request.method == "POST"
    again, looks = FormError(), "look" in request.POST
    form = forms.Form(request.POST if sent and not looks else None)
    form.fields |= questions.fields(reassign_service.unanswered(booking, kind))
    if looks:
        form.initial = questions.typed(form, request)
    if sent and not looks:
        answer = FormError(gettext("Answer what the other event type asks."))
        if form.is_valid():
            done = _hand_over(page, request, booking, kind, form, now)
            if isinstance(done, HttpResponse):
                return done
            answer = done
        again = answer
    seen = slots.look(
        request,
        kind,
        invitee=time_zones.zone_of(booking).name,
        now=now,
        preset=booking.start_at,
        gone=again.gone,
    )
    picker = slots.picker(request, kind, seen, now=now, ask=again.ask)
    return {
        "failure": again.failure,
        "picker": picker,
        "form": form if form.fields else None,
        "hosts": reschedule.hosts_of(kind),
    }


def _hand_over(
    page: ReadOnlyAdmin[Booking],
    request: HttpRequest,
    booking: Booking,
    kind: EventType,
    form: forms.Form,
    now: datetime,
) -> HttpResponse | FormError:
    hosts = reschedule.hosts_of(kind)
    answers = questions.answers(form, reassign_service.unanswered(booking, kind))

    def move(start: datetime, by: Actor) -> BookingResult:
        return reassign_service.reassign_host(
            booking, event_type=kind, new_start=start, by=by, now=now, answers=answers
        )

    def told(start: datetime) -> str:
        at = formatting.local(start, booking.time_zone)
        return gettext("The meeting is handed over to %(host)s, %(start)s.") % {"host": hosts, "start": at}

    return reschedule.carry_out(
        page,
        request,
        booking,
        move,
        told,
        done=gettext("Handed over to %s.") % hosts,
        asked=gettext("Asked Calendly to hand it over to %s.") % hosts,
    )

"""The page on which staff reassign a meeting to another host: that host's event type, at the same start if
it is free."""

from datetime import datetime
from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from ..models import Booking, EventType
from ..services import time_zones
from ..services.actors import Actor
from ..services.bookings import reassign as reassign_service
from ..services.bookings.results import BookingResult
from . import booking_page, error_messages, formatting, questions, reschedule, slots
from .object_actions import ObjectAction
from .read_only import ReadOnlyAdmin
from .reschedule import FormError

NO_CANDIDATES = _("No other host has an event type of the same length. Create one at Calendly, then sync.")


def blocked(booking: Booking, now: datetime) -> str:
    """Why our row does not allow a reassignment. An inactive event type does not prevent it."""
    why = reschedule.status_blocks(booking, now)
    return str(error_messages.NOT_RESCHEDULABLE[why]) if why else ""


def offered(booking: Booking, now: datetime) -> bool:
    """Whether there is a button for it. One query, for future confirmed meetings."""
    return not blocked(booking, now) and reassign_service.reassignment_candidates(booking).exists()


REASSIGN = ObjectAction(
    "reassign", _("Reassign to another host"), "reschedule_booking", "reassign_view", offered
)


class ReassignMixin(ReadOnlyAdmin[Booking]):
    """The part of the bookings' admin that reassigns."""

    def reassign_view(self, request: HttpRequest, booking: Booking, action: ObjectAction) -> HttpResponse:
        """The page that reassigns the meeting."""
        return view(self, request, booking)


def view(page: ReadOnlyAdmin[Booking], request: HttpRequest, booking: Booking) -> HttpResponse:
    """Choose the other host's event type, then a start; then reassign."""
    now, found = timezone.now(), list[EventType]()
    cannot = blocked(booking, now)
    if not cannot:
        found = list(reassign_service.reassignment_candidates(booking).prefetch_related("hosts"))
        cannot = "" if found else str(NO_CANDIDATES)
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
        "reassign.html",
        title=_("Reassign to another host"),
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
    """The free starts and open questions of that event type. On a POST the response, if the meeting was
    reassigned."""
    sent = request.method == "POST"
    form_error, refreshes = FormError(), "look" in request.POST
    form = forms.Form(request.POST if sent and not refreshes else None)
    form.fields |= questions.fields(reassign_service.unanswered(booking, kind))
    if refreshes:
        form.initial = questions.typed(form, request)
    if sent and not refreshes:
        answer = FormError(gettext("Answer what the other event type asks."))
        if form.is_valid():
            done = _reassign(page, request, booking, kind, form, now)
            if isinstance(done, HttpResponse):
                return done
            answer = done
        form_error = answer
    query = slots.read_query(
        request,
        kind,
        invitee=time_zones.zone_of(booking).name,
        now=now,
        preset=booking.start_at,
        taken=form_error.taken,
    )
    picker = slots.picker(request, kind, query, now=now, ask=form_error.ask)
    return {
        "failure": form_error.failure,
        "picker": picker,
        "form": form if form.fields else None,
        "hosts": reschedule.hosts_of(kind),
    }


def _reassign(
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

    def done_text(start: datetime) -> str:
        at = formatting.local(start, booking.time_zone)
        return gettext("The meeting is reassigned to %(host)s, %(start)s.") % {"host": hosts, "start": at}

    return reschedule.run_move(
        page,
        request,
        booking,
        move,
        done_text,
        done=gettext("Reassigned to %s.") % hosts,
        asked=gettext("Asked Calendly to reassign it to %s.") % hosts,
    )

"""Staff book for somebody: first the event type, then one page for the invitee, the questions and the start."""

import uuid
from contextlib import suppress
from datetime import datetime
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from ..models import Booking, EventType, FollowUp
from ..services import errors
from ..services.actors import Actor
from ..services.backoffice import staff_booking
from ..services.bookings import create
from ..services.bookings.results import Booked, OutcomeUnknown, SlotUnavailable
from ..services.catalog import event_types
from . import formatting, questions, refusals, reschedule, slots
from .booking_form import BookingForm
from .read_only import ReadOnlyAdmin
from .reschedule import FormError

# Under which field of the form stands what is wrong with the wish.
PLACES = {"phone": "phone", "location": "location", "guests": "guests", "timezone": "timezone"}
WRONG = {
    "location_needed": _("The invitee is asked for the place: write where the meeting is to be."),
    "phone_needed": _("The host calls the invitee: write the number with its country code, such as +40."),
    "too_many_guests": _("At most ten guests, the portal's own address included."),
    "unknown_zone": _("There is no such time zone."),
    **refusals.INVALID,
}


class BooksForSomebody(ReadOnlyAdmin[Booking]):
    """The part of the bookings' admin that books."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Those who may book for somebody."""
        return self.may(request, "add_booking")

    def get_urls(self) -> list[URLPattern]:
        """The stock addresses; booking calls out, so it holds no transaction for its request."""
        patterns = super().get_urls()
        for pattern in patterns:
            if pattern.name == self.url_name("add"):
                pattern.callback = transaction.non_atomic_requests(pattern.callback)
        return patterns

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Choose the type, fill in, book."""
        if not (self.has_add_permission(request) and self.has_view_permission(request)):
            raise PermissionDenied
        wanted = request.GET.get("event_type", "")
        kind = None
        if wanted:
            with suppress(event_types.EventTypeNotFound, event_types.EventTypeAmbiguous):
                kind = event_types.find(wanted)
        return choose(self, request, unknown=bool(wanted)) if kind is None else fill_in(self, request, kind)


def choose(page: ReadOnlyAdmin[Booking], request: HttpRequest, *, unknown: bool) -> HttpResponse:
    """Which event type; what came along in the address goes on."""
    query = request.GET.copy()
    cards = []
    for kind in EventType.objects.bookable().prefetch_related("hosts"):
        query["event_type"] = str(kind.pk)
        cards.append(
            {
                "query": f"?{query.urlencode()}",
                "name": formatting.plain(kind.name),
                "hosts": reschedule.hosts_of(kind),
                "duration": kind.duration,
            }
        )
    return page.page(
        request, "booking_add.html", title=_("Book for somebody"), cards=cards, unknown=unknown, css=slots.CSS
    )


def fill_in(page: ReadOnlyAdmin[Booking], request: HttpRequest, kind: EventType) -> HttpResponse:
    """The page of that type; on a POST the booking, or the same page with all that was typed."""
    now, again = timezone.now(), FormError()
    looks = "look" in request.POST
    if request.method == "POST" and not looks:
        form = BookingForm(request.POST, kind=kind)
        answer = _book(page, request, kind, form, now)
        if isinstance(answer, HttpResponse):
            return answer
        again = answer
    else:
        form = BookingForm(kind=kind, initial=prefilled(request))
        if looks:
            form.initial = questions.typed(form, request)
    zone = str(form["timezone"].value() or "")
    seen = slots.look(request, kind, invitee=zone, now=now, gone=again.gone)
    picker = slots.picker(request, kind, seen, now=now, ask=again.ask)
    others = request.GET.copy()
    others.pop("event_type", None)
    return page.page(
        request,
        "booking_add.html",
        title=_("Book for somebody"),
        kind={
            "name": formatting.plain(kind.name),
            "hosts": reschedule.hosts_of(kind),
            "duration": kind.duration,
        },
        others=f"?{others.urlencode()}",
        form=form,
        failure=again.failure,
        picker=picker,
        # A form that came to nothing books anew when it is sent again: under an id of its own.
        once=uuid.uuid4() if not looks else _once(request) or uuid.uuid4(),
        css=slots.CSS,
        js=("calendly_integration/slots.js",),
    )


def prefilled(request: HttpRequest) -> dict[str, str]:
    """What the address brings along, such as from a follow-up."""
    names = {
        "name": "name",
        "email": "email",
        "phone": "phone",
        "timezone": "timezone",
        "conversation": "conversation",
    }
    found = {field: request.GET[name][:320] for name, field in names.items() if request.GET.get(name)}
    if "timezone" in found:
        found["timezone"] = formatting.zone_of(found["timezone"]).key
    return found


def _book(
    page: ReadOnlyAdmin[Booking], request: HttpRequest, kind: EventType, form: BookingForm, now: datetime
) -> HttpResponse | FormError:
    """Book it. Gives back the answer, or what stood in the way."""
    start, once = slots.parse(request.POST.get("start", "")), _once(request)
    if not form.is_valid():
        return FormError(gettext("Please correct what is marked below."))
    if start is None:
        return FormError(gettext("Choose one of the free starts."))
    seen_in = request.POST.get("shown_zone", "")
    if seen_in and seen_in != form.cleaned_data["timezone"]:
        return FormError(_on_another_clock(start, form.cleaned_data["timezone"]))
    by = Actor.staff(request.user.get_username())
    try:
        outcome = staff_booking.book(
            booking_request=form.booking_request(start),
            booking_id=_fresh(once),
            by=by,
            now=now,
            followup=_followup(page, request),
        )
    except create.InvalidBookingRequest as error:
        text = str(WRONG.get(error.code, _("Calendly takes no such start.")))
        form.add_error(PLACES.get(error.field), text)
        return FormError(text)
    except event_types.EventTypeNotFound:
        return FormError(gettext("This event type cannot be booked any more. Choose another one."), ask=False)
    except errors.QuotaExhausted as error:
        return FormError(_used_up(error))
    except (errors.CalendlyRefused, errors.CalendlyUnavailable) as error:
        nothing = gettext("Nothing was booked.")
        return FormError(f"{slots.failed(error)} {nothing}", ask=False)
    if isinstance(outcome, SlotUnavailable):
        return FormError(
            gettext("That start is not free any more. Nothing was booked. Choose another start."), start
        )
    return _went(page, request, outcome)


def _went(
    page: ReadOnlyAdmin[Booking],
    request: HttpRequest,
    outcome: Booked | OutcomeUnknown | staff_booking.AlreadyBooked,
) -> HttpResponse:
    """To the page of the booking, with what came of it."""
    booking = outcome.booking
    if isinstance(outcome, staff_booking.AlreadyBooked):
        messages.info(request, gettext("This form was sent already: this is its booking."))
    elif isinstance(outcome, Booked):
        page.log_addition(request, booking, gettext("Booked for somebody."))
        at = formatting.local(booking.start_at, booking.time_zone)
        messages.success(request, gettext("The meeting is booked: %s.") % at)
    else:
        page.log_addition(request, booking, gettext("Asked Calendly to book it."))
        messages.warning(
            request,
            gettext(
                "Calendly's answer was lost and is looked up. Do not book again: look at this page in a minute."
            ),
        )
    return HttpResponseRedirect(page.url("change", booking))


def _on_another_clock(start: datetime, zone: str) -> str:
    """The zone was changed after the starts had been shown: the hour that was chosen is another one there."""
    at = formatting.local(start, zone)
    return gettext("For the invitee the start that you chose is %s. Check it, then book.") % at


def _used_up(error: errors.QuotaExhausted) -> str:
    why = gettext("The booking allowance at Calendly is used up, so nothing was booked.")
    way = gettext("The invitee can still book on the type's public page: %s") % formatting.plain(
        error.scheduling_url, 500
    )
    return f"{why} {refusals.later(error.retry_after)} {way}"


def _once(request: HttpRequest) -> uuid.UUID | None:
    """The id that the page gave to what is booked with it."""
    try:
        return uuid.UUID(request.POST.get("once", "")[:64])
    except ValueError:
        return None


def _fresh(once: uuid.UUID | None) -> uuid.UUID:
    """The page's id; a new one where there is none, or where what was tried under it came to nothing."""
    used = once is not None and Booking.objects.filter(pk=once, status=Booking.Status.FAILED).exists()
    return uuid.uuid4() if once is None or used else once


def _followup(page: ReadOnlyAdmin[Booking], request: HttpRequest) -> FollowUp | None:
    """The follow-up that this booking answers, for those who may close it."""
    key = request.GET.get("followup", "")
    if not (key.isascii() and key.isdigit() and len(key) < 16 and page.may(request, "change_followup")):
        return None
    return FollowUp.objects.filter(pk=int(key)).first()

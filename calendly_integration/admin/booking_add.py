"""The page on which staff book: first the event type, then the invitee, the questions and the start."""

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
from ..services.bookings.results import Booked, OutcomeUnknown, SlotUnavailable
from ..services.catalog import event_types
from . import error_messages, formatting, questions, reschedule, slots
from .booking_form import BookingForm
from .read_only import ReadOnlyAdmin
from .reschedule import FormError

# The form field for each field of the request.
FORM_FIELDS = {"phone": "phone", "location": "location", "guests": "guests", "timezone": "timezone"}


class AddBookingMixin(ReadOnlyAdmin[Booking]):
    """The part of the bookings' admin that books."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Whether this person may book."""
        return self.may(request, "add_booking")

    def get_urls(self) -> list[URLPattern]:
        """Django's URLs. Booking calls Calendly, so its view runs without a transaction."""
        patterns = super().get_urls()
        for pattern in patterns:
            if pattern.name == self.url_name("add"):
                pattern.callback = transaction.non_atomic_requests(pattern.callback)
        return patterns

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Choose an event type, fill in the form, book."""
        if not (self.has_add_permission(request) and self.has_view_permission(request)):
            raise PermissionDenied
        wanted = request.GET.get("event_type", "")
        kind = None
        if wanted:
            with suppress(event_types.EventTypeNotFound, event_types.EventTypeAmbiguous):
                kind = event_types.find(wanted)
        return choose(self, request, unknown=bool(wanted)) if kind is None else fill_in(self, request, kind)


def choose(page: ReadOnlyAdmin[Booking], request: HttpRequest, *, unknown: bool) -> HttpResponse:
    """The page that lists the event types. It passes the query string on."""
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
        request, "booking_add.html", title=_("Add a booking"), cards=cards, unknown=unknown, css=slots.CSS
    )


def fill_in(page: ReadOnlyAdmin[Booking], request: HttpRequest, kind: EventType) -> HttpResponse:
    """The page of one event type. A POST books, or shows the page again with everything that was typed."""
    now, form_error = timezone.now(), FormError()
    refreshes = "look" in request.POST
    if request.method == "POST" and not refreshes:
        form = BookingForm(request.POST, kind=kind)
        answer = _book(page, request, kind, form, now)
        if isinstance(answer, HttpResponse):
            return answer
        form_error = answer
    else:
        form = BookingForm(kind=kind, initial=prefilled(request))
        if refreshes:
            form.initial = questions.typed(form, request)
    zone = str(form["timezone"].value() or "")
    query = slots.read_query(request, kind, invitee=zone, now=now, taken=form_error.taken)
    picker = slots.picker(request, kind, query, now=now, ask=form_error.ask)
    others = request.GET.copy()
    others.pop("event_type", None)
    return page.page(
        request,
        "booking_add.html",
        title=_("Add a booking"),
        kind={
            "name": formatting.plain(kind.name),
            "hosts": reschedule.hosts_of(kind),
            "duration": kind.duration,
        },
        others=f"?{others.urlencode()}",
        form=form,
        failure=form_error.failure,
        picker=picker,
        # After a failure the form gets a new id, so that it can book again.
        once=uuid.uuid4() if not refreshes else _read_form_id(request) or uuid.uuid4(),
        css=slots.CSS,
        js=("calendly_integration/slots.js",),
    )


def prefilled(request: HttpRequest) -> dict[str, str]:
    """Initial values from the query string, such as those of a follow-up."""
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
    """Book. Returns the response, or what prevented the booking."""
    start, form_id = slots.parse(request.POST.get("start", "")), _read_form_id(request)
    if not form.is_valid():
        return FormError(gettext("Correct the fields marked below."))
    if start is None:
        return FormError(gettext("Choose one of the free start times."))
    seen_in = request.POST.get("shown_zone", "")
    if seen_in and seen_in != form.cleaned_data["timezone"]:
        return FormError(_other_zone_text(start, form.cleaned_data["timezone"]))
    by = Actor.staff(request.user.get_username())
    try:
        outcome = staff_booking.book(
            booking_request=form.booking_request(start),
            booking_id=_booking_id(form_id),
            by=by,
            now=now,
            followup=_followup(page, request),
        )
    except errors.InvalidBookingRequest as error:
        text = str(error_messages.INVALID_NEW_BOOKING.get(error.code, error_messages.INVALID_START))
        form.add_error(FORM_FIELDS.get(error.field), text)
        return FormError(text)
    except event_types.EventTypeNotFound:
        return FormError(gettext("This event type cannot be booked any more. Choose another one."), ask=False)
    except errors.QuotaExhausted as error:
        return FormError(_quota_text(error))
    except (errors.CalendlyRefused, errors.CalendlyUnavailable) as error:
        nothing = gettext("Nothing was booked.")
        return FormError(f"{slots.error_text(error)} {nothing}", ask=False)
    if isinstance(outcome, SlotUnavailable):
        return FormError(
            gettext("That start time is no longer free. Nothing was booked. Choose another one."), start
        )
    return _redirect(page, request, outcome)


def _redirect(
    page: ReadOnlyAdmin[Booking],
    request: HttpRequest,
    outcome: Booked | OutcomeUnknown | staff_booking.AlreadyBooked,
) -> HttpResponse:
    """Redirect to the booking, with a message about the outcome."""
    booking = outcome.booking
    if isinstance(outcome, staff_booking.AlreadyBooked):
        messages.info(request, gettext("This form was already sent. This is its booking."))
    elif isinstance(outcome, Booked):
        page.log_addition(request, booking, gettext("Booked."))
        at = formatting.local(booking.start_at, booking.time_zone)
        messages.success(request, gettext("The meeting is booked: %s.") % at)
    else:
        page.log_addition(request, booking, gettext("Asked Calendly to book it."))
        messages.warning(
            request,
            gettext(
                "Calendly's answer was lost and is being looked up. Do not "
                "book again; reload this page in a minute."
            ),
        )
    return HttpResponseRedirect(page.url("change", booking))


def _other_zone_text(start: datetime, zone: str) -> str:
    """The zone changed after the starts were shown, so the chosen hour is a different one there."""
    at = formatting.local(start, zone)
    return gettext("In the invitee's time zone the chosen start is %s. Check it, then book.") % at


def _quota_text(error: errors.QuotaExhausted) -> str:
    why = gettext("The booking allowance at Calendly is used up, so nothing was booked.")
    way = gettext("The invitee can still book on the type's public page: %s") % formatting.plain(
        error.scheduling_url, 500
    )
    return f"{why} {error_messages.retry_text(error.retry_after)} {way}"


def _read_form_id(request: HttpRequest) -> uuid.UUID | None:
    """The id that the page was given for its booking."""
    try:
        return uuid.UUID(request.POST.get("once", "")[:64])
    except ValueError:
        return None


def _booking_id(form_id: uuid.UUID | None) -> uuid.UUID:
    """The page's id. A new one if the page has none, or if its booking failed."""
    used = form_id is not None and Booking.objects.filter(pk=form_id, status=Booking.Status.FAILED).exists()
    return uuid.uuid4() if form_id is None or used else form_id


def _followup(page: ReadOnlyAdmin[Booking], request: HttpRequest) -> FollowUp | None:
    """The follow-up that this booking answers, if this person may close it."""
    key = request.GET.get("followup", "")
    if not (key.isascii() and key.isdigit() and len(key) < 16 and page.may(request, "change_followup")):
        return None
    return FollowUp.objects.filter(pk=int(key)).first()

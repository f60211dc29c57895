"""The page on which staff book: first the event type, then the invitee, the questions and the start."""

import uuid
from contextlib import suppress
from datetime import datetime
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from ..models import Booking, EventType, FollowUp
from ..services import errors, texts
from ..services.actors import Actor
from ..services.backoffice import staff_booking
from ..services.bookings.results import Booked, OutcomeUnknown, SlotUnavailable
from ..services.catalog import event_types
from . import error_messages, formatting, questions, reschedule, slots, viewer_timezone
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
        known_person = viewer_timezone.in_zone(self.admin_site.admin_view(self.known_person_view))
        return [path("add/person/", known_person, name=self.url_name("known_person")), *patterns]

    def known_person_view(self, request: HttpRequest) -> HttpResponse:
        """A part of the page: the person whose address or number was typed, if they had a meeting before."""
        if not (self.has_add_permission(request) and self.has_view_permission(request)):
            raise PermissionDenied
        email, phone = (request.GET.get(name, "").replace("\0", "") for name in ("email", "phone"))
        found = staff_booking.known_person(email=email[:320], phone=phone[:64])
        last = ""
        if found is not None and found.start_at is not None:
            there = found.start_at.astimezone(viewer_timezone.zone(request))
            last = texts.short_date(there.date(), formatting.language())
        return self.page(request, "known_person.html", title="", booking=found, last=last)

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Choose an event type, fill in the form, book."""
        if not (self.has_add_permission(request) and self.has_view_permission(request)):
            raise PermissionDenied
        wanted = request.GET.get("event_type", "")
        if wanted:
            with suppress(event_types.EventTypeNotFound, event_types.EventTypeAmbiguous):
                return fill_in(self, request, event_types.find(wanted))
        found = _bookable(request.GET.get("host", ""))
        if len(found) == 1 and not wanted:
            return fill_in(self, request, found[0])
        return choose(self, request, found, unknown=bool(wanted))


def choose(
    page: ReadOnlyAdmin[Booking], request: HttpRequest, found: list[EventType], *, unknown: bool
) -> HttpResponse:
    """The page that lists the event types. It passes the query string on."""
    query = request.GET.copy()
    cards = []
    for kind in found:
        query["event_type"] = str(kind.pk)
        cards.append({"query": f"?{query.urlencode()}", **_heading(kind)})
    return page.page(
        request, "booking_add.html", title=_("Add a booking"), cards=cards, unknown=unknown, css=slots.CSS
    )


def fill_in(page: ReadOnlyAdmin[Booking], request: HttpRequest, kind: EventType) -> HttpResponse:
    """The page of one event type. A POST books, or shows the page again with everything that was typed."""
    now, form_error = timezone.now(), FormError()
    refreshes = "look" in request.POST or "fill" in request.POST
    if request.method == "POST" and not refreshes:
        form = BookingForm(request.POST, kind=kind)
        answer = _book(page, request, kind, form, now)
        if isinstance(answer, HttpResponse):
            return answer
        form_error = answer
    else:
        form = BookingForm(kind=kind, initial=prefilled(request))
        if refreshes:
            form.initial = questions.typed(form, request) | _person(request.POST.get("fill", ""))
    zone = str(form["timezone"].value() or "")
    query = slots.read_query(request, kind, invitee=zone, now=now, taken=form_error.taken)
    others = request.GET.copy()
    others["event_type"] = ""
    return page.page(
        request,
        "booking_add.html",
        title=_("Add a booking"),
        kind=_heading(kind),
        others=f"?{others.urlencode()}",
        form=form,
        known_person=page.url("known_person"),
        failure=form_error.failure,
        picker=slots.picker(request, kind, query, now=now, ask=form_error.ask),
        # After a failure the form gets a new id, so that it can book again.
        once=uuid.uuid4() if not refreshes else _read_form_id(request) or uuid.uuid4(),
        css=slots.CSS,
        js=slots.JS,
    )


def prefilled(request: HttpRequest) -> dict[str, str]:
    """Initial values from the query string, such as those of a follow-up."""
    names = ("name", "email", "phone", "timezone", "conversation", "notes")
    found = {name: request.GET[name][:4000] for name in names if request.GET.get(name)}
    zone = request.GET.get("time_zone") or found.get("timezone")
    return found | ({"timezone": formatting.zone_of(zone[:320]).key} if zone else {})


def _bookable(host: str) -> list[EventType]:
    """The event types to choose from: those of a host if there are any, or all."""
    found = EventType.objects.bookable().prefetch_related("hosts")
    with suppress(ValueError):
        return list(found.filter(hosts=uuid.UUID(host[:64]))) or list(found)
    return list(found)


def _heading(kind: EventType) -> dict[str, Any]:
    return {
        "name": formatting.plain(kind.name),
        "hosts": reschedule.hosts_of(kind),
        "duration": kind.duration,
    }


def _person(key: str) -> dict[str, str]:
    """The invitee of an earlier booking, for the form."""
    try:
        booking = Booking.objects.filter(pk=uuid.UUID(key[:64])).first()
    except ValueError:
        booking = None
    if booking is None:
        return {}
    person = {
        "name": booking.invitee_name,
        "email": booking.invitee_email,
        "phone": booking.phone,
        "timezone": formatting.zone_of(booking.time_zone).key,
    }
    if booking.locale:
        person["language"] = texts.language(booking.locale)
    return {field: value for field, value in person.items() if value}


def _book(
    page: ReadOnlyAdmin[Booking], request: HttpRequest, kind: EventType, form: BookingForm, now: datetime
) -> HttpResponse | FormError:
    """Book. Returns the response, or what prevented the booking."""
    start, form_id = slots.given_start(request.POST), _read_form_id(request)
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

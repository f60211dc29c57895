"""Cancel many meetings: a page that lists what will happen to each; the worker then cancels them."""

import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from ..models import Booking, BulkRun, CalendlyBooking, EventType
from . import bulk_actions, bulk_run, cancel, display, error_messages, formatting
from .read_only import ReadOnlyAdmin

MAX_ROWS, MAX_LISTED = 2000, 100


@dataclass(frozen=True, slots=True)
class CancelPreview:
    """A meeting, and what will happen to it or why it is left out."""

    name: SafeString
    start: SafeString
    what: str


class CancelManyMixin(ReadOnlyAdmin[Booking]):
    """The action on the list of bookings."""

    @admin.action(description=gettext_lazy("Cancel the meetings"), permissions=["cancel"])
    def cancel_many(self, request: HttpRequest, rows: QuerySet[Booking]) -> HttpResponse:
        """Ask for confirmation, then have the worker cancel them."""
        return view(self, request, rows)

    def has_cancel_permission(self, request: HttpRequest) -> bool:
        """Whether this person may cancel."""
        return self.may(request, "cancel_booking")


def view(page: ReadOnlyAdmin[Booking], request: HttpRequest, rows: QuerySet[Booking]) -> HttpResponse:
    """The page. The confirmation is for the meetings that it showed, not for new ones in the list."""
    now, sure = timezone.now(), request.POST.get("sure") == "yes"
    if sure:
        rows = page.get_queryset(request).filter(pk__in=_keys(request.POST.get("targets", "")))
    found = list(rows.select_related("event_type")[: MAX_ROWS + 1])
    reasons = _left_out(found[:MAX_ROWS], now)
    chosen = [booking for booking in found[:MAX_ROWS] if booking.pk not in reasons]
    form = cancel.ReasonForm(request.POST if sure else None)
    if sure and chosen and form.is_valid():
        return bulk_run.start(
            page,
            request,
            BulkRun.Kind.CANCEL,
            chosen,
            log=_("Asked to cancel"),
            given=form.given(),
            label=_label,
        )
    return page.page(
        request,
        "cancel_many.html",
        title=_("Cancel the meetings"),
        form=form,
        chosen=len(chosen),
        previews=[_preview(booking, _what(booking)) for booking in chosen[:MAX_LISTED]],
        more=max(0, len(chosen) - MAX_LISTED),
        left_out=[_preview(each, reasons[each.pk]) for each in found[:MAX_ROWS] if each.pk in reasons],
        agents=sum(booking.agent_made for booking in chosen),
        too_many=len(found) > MAX_ROWS,
        most=MAX_ROWS,
        hidden_fields=[
            *bulk_actions.hidden_fields(request),
            ("targets", ",".join(str(booking.pk) for booking in chosen)),
        ],
        css=("calendly_integration/bulk.css",),
        js=("calendly_integration/bulk.js",),
    )


def _keys(text: str) -> list[uuid.UUID]:
    """The keys from the page, in one field: Django limits the number of fields in a form."""
    found = []
    for each in text.split(",")[:MAX_ROWS]:
        try:
            found.append(uuid.UUID(each))
        except ValueError:
            continue
    return found


def _left_out(rows: Iterable[Booking], now: datetime) -> dict[uuid.UUID, str]:
    """Why some meetings cannot be canceled here, as far as our rows show."""
    reasons: dict[uuid.UUID, str] = {}
    for booking in rows:
        kind = booking.event_type
        if why := cancel.blocked(booking, now):
            reasons[booking.pk] = why
        elif kind is not None and kind.kind == EventType.Kind.GROUP:
            reasons[booking.pk] = _("This meeting has several invitees: cancel it on its own page.")
    left = [booking.pk for booking in rows if booking.pk not in reasons]
    in_progress = CalendlyBooking.objects.filter(
        Q(status=CalendlyBooking.Status.PENDING) | Q(pending_action=CalendlyBooking.PendingAction.CANCEL),
        booking__in=left,
    )
    for pk, status in in_progress.values_list("booking_id", "status"):
        moving = status == CalendlyBooking.Status.PENDING
        reasons[pk] = (
            str(error_messages.NOT_CANCELABLE["pending"]) if moving else _("It is already being canceled.")
        )
    return reasons


def _what(booking: Booking) -> str:
    if booking.agent_made:
        return _("Canceled. Calendly mails the invitee and the host, and the portal is notified.")
    return _("Canceled. Calendly mails the invitee and the host.")


def _preview(booking: Booking, what: str) -> CancelPreview:
    return CancelPreview(display.object_link(booking), formatting.instant(booking.start_at), what)


def _label(booking: Booking) -> str:
    """The name of a meeting on the page of the run."""
    when = formatting.stamp(booking.start_at) if booking.start_at else formatting.EMPTY
    return f"{formatting.plain(booking, 200)} · {when}"

"""The admin of bookings: list, page and actions."""

from datetime import datetime
from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from ..models import Booking
from . import (
    booking_add,
    booking_list,
    booking_page,
    booking_status,
    calendar,
    cancel,
    cancel_many,
    confirmation,
    formatting,
    no_show,
    reassign,
    refetch,
    reschedule,
    retry_old_cancellation,
    search,
)
from .object_actions import ObjectAction
from .read_only import ReadOnlyAdmin


def _cancelable(booking: Booking, now: datetime) -> bool:
    return not cancel.blocked(booking, now)


def _movable(booking: Booking, now: datetime) -> bool:
    return not reschedule.blocked(booking, now)


def two_lines(first: object, second: object) -> SafeString:
    """A cell with a second line in a quieter style."""
    return format_html(
        '<span class="calendly cell">{}<br><span class="quiet">{}</span></span>', first, second
    )


@admin.register(Booking)
class BookingAdmin(
    booking_list.BookingListMixin,
    search.SearchMixin,
    calendar.CalendarMixin,
    booking_add.AddBookingMixin,
    reassign.ReassignMixin,
    cancel_many.CancelManyMixin,
    no_show.NoShowMixin,
    confirmation.ConfirmationMixin,
    ReadOnlyAdmin[Booking],
):
    """Bookings. Each page shows everything about one meeting; each action has its own page."""

    list_display = ("when", "invitee", "event", "held_by", "state", "origin", "conversation")
    list_display_links = ("when", "invitee")
    list_select_related = ("event_type", "host", "metadata")
    ordering = ("-start_at", "-pk")
    lines = ("status",)
    object_actions = (
        ObjectAction("cancel", _("Cancel the meeting"), "cancel_booking", "cancel_view", _cancelable),
        ObjectAction("reschedule", _("Move the meeting"), "reschedule_booking", "reschedule_view", _movable),
        reassign.REASSIGN,
        no_show.MARK,
        no_show.UNDO,
        confirmation.SEND,
        refetch.REFETCH,
        retry_old_cancellation.RETRY,
    )
    actions = ("cancel_many",)

    @admin.display(description=_("start"), ordering="start_at")
    def when(self, booking: Booking) -> SafeString:
        """The start in the viewer's zone, and in the invitee's zone where that differs."""
        there = formatting.clock(booking.start_at, booking.time_zone)
        if not there:
            return formatting.instant(booking.start_at)
        return two_lines(formatting.instant(booking.start_at), there)

    @admin.display(description=_("invitee"), ordering="invitee_name")
    def invitee(self, booking: Booking) -> SafeString:
        """Name and address."""
        return two_lines(
            formatting.text(booking.invitee_name, 60), formatting.text(booking.invitee_email, 60)
        )

    @admin.display(description=_("event type"), ordering="event_name")
    def event(self, booking: Booking) -> SafeString:
        """The name of the event type."""
        return formatting.text(booking.event_name or booking.event_type, 60)

    @admin.display(description=_("host"), ordering="host__name")
    def held_by(self, booking: Booking) -> SafeString:
        """The host."""
        return formatting.text(booking.host, 60)

    @admin.display(description=_("status"), ordering="status")
    def state(self, booking: Booking) -> SafeString:
        """The status, and who canceled."""
        return booking_status.cell(booking)

    @admin.display(description=_("source"), ordering="source")
    def origin(self, booking: Booking) -> SafeString:
        """Who made the booking, and the kind of agent."""
        kind = booking.metadata.agent_type if hasattr(booking, "metadata") else ""
        words = booking.get_source_display()
        return two_lines(words, formatting.text(kind, 40)) if kind else format_html("{}", words)

    @admin.display(description=_("conversation"))
    def conversation(self, booking: Booking) -> SafeString:
        """The conversation of the booking."""
        return formatting.text(booking.metadata.conversation_id if hasattr(booking, "metadata") else "", 40)

    def sections(self, row: Booking) -> dict[str, Any]:
        """The page has its own header, so it needs no subtitle."""
        return {"subtitle": None, **booking_page.context(row)}

    def cancel_view(self, request: HttpRequest, booking: Booking, action: ObjectAction) -> HttpResponse:
        """The page that cancels the meeting."""
        return cancel.view(self, request, booking)

    def reschedule_view(self, request: HttpRequest, booking: Booking, action: ObjectAction) -> HttpResponse:
        """The page that moves the meeting."""
        return reschedule.view(self, request, booking)

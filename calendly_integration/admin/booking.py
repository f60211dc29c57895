"""The admin of bookings: list, page and actions."""

from datetime import datetime
from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _

from ..models import Booking
from . import (
    booking_add,
    booking_list,
    booking_page,
    calendar,
    cancel,
    cancel_many,
    confirmation,
    no_show,
    reassign,
    refetch,
    reschedule,
    retry_old_cancellation,
)
from .object_actions import ObjectAction
from .read_only import ReadOnlyAdmin


def _cancelable(booking: Booking, now: datetime) -> bool:
    return not cancel.blocked(booking, now)


def _movable(booking: Booking, now: datetime) -> bool:
    return not reschedule.blocked(booking, now)


@admin.register(Booking)
class BookingAdmin(
    booking_list.BookingListMixin,
    calendar.CalendarMixin,
    booking_add.AddBookingMixin,
    reassign.ReassignMixin,
    cancel_many.CancelManyMixin,
    no_show.NoShowMixin,
    confirmation.ConfirmationMixin,
    ReadOnlyAdmin[Booking],
):
    """Bookings. Each page shows everything about one meeting; each action has its own page."""

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

    def sections(self, row: Booking) -> dict[str, Any]:
        """The page has its own header, so it needs no subtitle."""
        return {"subtitle": None, **booking_page.context(row)}

    def cancel_view(self, request: HttpRequest, booking: Booking, action: ObjectAction) -> HttpResponse:
        """The page that cancels the meeting."""
        return cancel.view(self, request, booking)

    def reschedule_view(self, request: HttpRequest, booking: Booking, action: ObjectAction) -> HttpResponse:
        """The page that moves the meeting."""
        return reschedule.view(self, request, booking)

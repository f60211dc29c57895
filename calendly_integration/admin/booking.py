"""The admin of bookings: list, page and actions."""

from datetime import datetime

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
    person,
    reassign,
    refetch,
    reschedule,
    retry_old_cancellation,
    search,
    staff_note,
)
from .object_actions import ObjectAction
from .read_only import ReadOnlyAdmin


def _movable(booking: Booking, now: datetime) -> bool:
    return not reschedule.blocked(booking, now)


def _has_form_on_page(booking: Booking, now: datetime) -> bool:
    """No button: its form is on the booking's page."""
    return False


@admin.register(Booking)
class BookingAdmin(
    booking_list.BookingListMixin,
    search.SearchMixin,
    calendar.CalendarMixin,
    person.PersonMixin,
    booking_page.BookingPageMixin,
    staff_note.StaffNoteMixin,
    booking_add.AddBookingMixin,
    reassign.ReassignMixin,
    cancel_many.CancelManyMixin,
    no_show.NoShowMixin,
    confirmation.ConfirmationMixin,
    refetch.RefetchMixin,
    retry_old_cancellation.RetryOldCancellationMixin,
    cancel.CancelMixin,
    ReadOnlyAdmin[Booking],
):
    """Bookings. Each page shows everything about one meeting; each action has its own page."""

    lines = ("status",)
    actions = ("cancel_many",)

    def get_object_actions(self) -> list[ObjectAction]:
        """What staff can do with a meeting: the usual first, the dangerous last."""
        move, mark = "reschedule_booking", "mark_no_show"
        return [
            ObjectAction(
                "reschedule", _("Move the meeting"), move, self.reschedule_view, _movable, tone="main"
            ),
            ObjectAction(
                "reassign", _("Give the meeting to a colleague"), move, self.reassign_view, reassign.offered
            ),
            ObjectAction("no_show", no_show.MARK, mark, self.no_show_view, no_show.may_mark, at_once=True),
            ObjectAction(
                "undo_no_show", no_show.UNDO, mark, self.undo_no_show_view, no_show.may_undo, at_once=True
            ),
            ObjectAction(
                "send_confirmation",
                confirmation.SEND,
                "resend_outboxmessage",
                self.confirmation_view,
                confirmation.offered,
            ),
            ObjectAction(
                "refetch",
                refetch.REFETCH,
                "replay_webhookdelivery",
                self.refetch_view,
                refetch.offered,
                at_once=True,
            ),
            ObjectAction(
                "retry_old_cancellation",
                retry_old_cancellation.RETRY,
                move,
                self.retry_old_cancellation_view,
                retry_old_cancellation.offered,
            ),
            ObjectAction(
                "staff_note", staff_note.NOTE, "note_booking", self.staff_note_view, _has_form_on_page
            ),
            ObjectAction(
                "cancel", cancel.CANCEL, "cancel_booking", self.cancel_view, cancel.offered, tone="danger"
            ),
        ]

    def reschedule_view(self, request: HttpRequest, booking: Booking) -> HttpResponse:
        """The page that moves the meeting."""
        return reschedule.view(self, request, booking)

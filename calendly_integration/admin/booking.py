"""The admin of bookings: list, page and actions."""

from datetime import datetime

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
    person,
    reassign,
    refetch,
    reschedule,
    retry_old_cancellation,
    staff_note,
)
from .object_actions import ObjectAction
from .read_only import ReadOnlyAdmin


def _movable(booking: Booking, now: datetime) -> bool:
    return not reschedule.blocked(booking, now)


def _has_form_on_page(booking: Booking, now: datetime) -> bool:
    """No button: its form is on the booking's page."""
    return False


def two_lines(first: object, second: object) -> SafeString:
    """A cell with a second line in a quieter style."""
    return format_html(
        '<span class="calendly cell">{}<br><span class="quiet">{}</span></span>', first, second
    )


@admin.register(Booking)
class BookingAdmin(
    booking_list.BookingListMixin,
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

    list_display = ("when", "invitee", "event", "held_by", "state", "origin", "conversation")
    list_display_links = ("when", "invitee")
    list_select_related = ("event_type", "host", "metadata")
    ordering = ("-start_at", "-pk")
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

    def reschedule_view(self, request: HttpRequest, booking: Booking) -> HttpResponse:
        """The page that moves the meeting."""
        return reschedule.view(self, request, booking)

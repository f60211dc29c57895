"""Legs: the events at Calendly that carry or carried a booking."""

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from ..models import CalendlyBooking
from . import display, formatting
from .read_only import ReadOnlyAdmin


@admin.register(CalendlyBooking)
class BookingLegAdmin(ReadOnlyAdmin[CalendlyBooking]):
    """One try to hold the meeting at one start, and what is left to do with it."""

    list_display = (
        display.moment(CalendlyBooking, "start_at"),
        display.other(CalendlyBooking, "booking"),
        display.state(CalendlyBooking),
        "pending_action",
        display.moment(CalendlyBooking, "next_attempt_at", seconds=True),
        "attempts",
        display.failure(CalendlyBooking, "last_error"),
        display.moment(CalendlyBooking, "created_at"),
    )
    list_filter = ("status", "pending_action", "rescheduled")
    linked_lookups = ("next_attempt_at__isnull",)
    list_select_related = ("booking",)
    date_hierarchy = "created_at"
    ordering = ("-created_at", "-pk")
    search_fields = ("=event_id", "=invitee_uri", "=event_uri", "=booking__email_key")
    search_help_text = _("Calendly's ids, invitee's e-mail or our number")
    uuid_lookups = ("pk", "booking")
    lines = (
        display.other(CalendlyBooking, "booking"),
        display.state(CalendlyBooking),
        "pending_action",
        display.moment(CalendlyBooking, "start_at"),
        display.moment(CalendlyBooking, "end_at"),
        display.other(CalendlyBooking, "replaces", label=_("replaces")),
        "rescheduled",
        display.words(CalendlyBooking, "invitee_uri", label=_("invitee at Calendly"), limit=255),
        display.words(CalendlyBooking, "event_uri", label=_("event at Calendly"), limit=255),
        display.words(CalendlyBooking, "canceled_by", limit=255),
        display.failure(CalendlyBooking, "cancel_reason", limit=formatting.LONG),
        display.moment(CalendlyBooking, "canceled_at", seconds=True),
        display.moment(CalendlyBooking, "no_show_at", seconds=True),
        display.moment(CalendlyBooking, "sent_at", seconds=True),
        display.moment(CalendlyBooking, "confirmed_at", seconds=True),
        "attempts",
        display.moment(CalendlyBooking, "next_attempt_at", seconds=True),
        display.failure(CalendlyBooking, "last_error", limit=formatting.LONG),
        display.moment(CalendlyBooking, "created_at", seconds=True),
        display.evidence("intent", _("who wants it, and why")),
        display.evidence("request", _("what was asked of Calendly")),
        display.evidence("invitee_raw", _("the invitee as Calendly told")),
        display.evidence("event_raw", _("the event as Calendly told")),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[CalendlyBooking]:
        """Without the raw data, which only the page of one shows."""
        return super().get_queryset(request).defer("invitee_raw", "event_raw", "request", "intent")

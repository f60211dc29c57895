"""Calendly bookings: the invitees at Calendly that carry or carried a booking."""

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from ..models import CalendlyBooking
from . import display, formatting
from .technical import TechnicalAdmin


@admin.register(CalendlyBooking)
class CalendlyBookingAdmin(TechnicalAdmin[CalendlyBooking]):
    """One booking at Calendly, and its pending action."""

    list_display = (
        display.instant(CalendlyBooking, "start_at"),
        display.related(CalendlyBooking, "booking"),
        display.status(CalendlyBooking),
        "pending_action",
        display.instant(CalendlyBooking, "next_attempt_at", seconds=True),
        "attempts",
        display.error(CalendlyBooking, "last_error"),
        display.instant(CalendlyBooking, "created_at"),
    )
    list_filter = ("status", "pending_action", "rescheduled")
    linked_lookups = ("next_attempt_at__isnull",)
    list_select_related = ("booking",)
    date_hierarchy = "created_at"
    ordering = ("-created_at", "-pk")
    search_fields = ("=event_id", "=invitee_uri", "=event_uri", "=booking__email_key")
    search_help_text = _("Calendly's ids, invitee's e-mail or booking number")
    uuid_lookups = ("pk", "booking")
    lines = (
        display.related(CalendlyBooking, "booking"),
        display.status(CalendlyBooking),
        "pending_action",
        display.instant(CalendlyBooking, "start_at"),
        display.instant(CalendlyBooking, "end_at"),
        display.related(CalendlyBooking, "replaces", label=_("replaces")),
        "rescheduled",
        display.text(CalendlyBooking, "invitee_uri", label=_("invitee at Calendly"), limit=255),
        display.text(CalendlyBooking, "event_uri", label=_("event at Calendly"), limit=255),
        display.text(CalendlyBooking, "canceled_by", limit=255),
        display.error(CalendlyBooking, "cancel_reason", limit=formatting.LONG),
        display.instant(CalendlyBooking, "canceled_at", seconds=True),
        display.instant(CalendlyBooking, "no_show_at", seconds=True),
        display.instant(CalendlyBooking, "sent_at", seconds=True),
        display.instant(CalendlyBooking, "confirmed_at", seconds=True),
        "attempts",
        display.instant(CalendlyBooking, "next_attempt_at", seconds=True),
        display.error(CalendlyBooking, "last_error", limit=formatting.LONG),
        display.instant(CalendlyBooking, "created_at", seconds=True),
        display.raw_data("intent", _("requested by, and why")),
        display.raw_data("request", _("request to Calendly")),
        display.raw_data("invitee_raw", _("invitee data from Calendly")),
        display.raw_data("event_raw", _("event data from Calendly")),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[CalendlyBooking]:
        """Without the raw data, which only the page of one object shows."""
        return super().get_queryset(request).defer("invitee_raw", "event_raw", "request", "intent")

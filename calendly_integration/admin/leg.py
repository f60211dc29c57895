"""Legs: the events at Calendly that carry or carried a booking."""

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from ..models import BookingLeg
from . import columns, shown
from .evidence import EvidenceAdmin


@admin.register(BookingLeg)
class BookingLegAdmin(EvidenceAdmin[BookingLeg]):
    """One try to hold the meeting at one start, and what is left to do with it."""

    list_display = (
        columns.moment(BookingLeg, "start_at"),
        columns.other(BookingLeg, "booking"),
        columns.state(BookingLeg),
        "todo",
        columns.moment(BookingLeg, "next_attempt_at", seconds=True),
        "attempts",
        columns.failure(BookingLeg, "last_error"),
        columns.moment(BookingLeg, "created_at"),
    )
    list_filter = ("status", "todo", "rescheduled")
    linked_lookups = ("next_attempt_at__isnull",)
    list_select_related = ("booking",)
    date_hierarchy = "created_at"
    ordering = ("-created_at", "-pk")
    search_fields = ("=event_id", "=invitee_uri", "=event_uri", "=booking__email_key")
    search_help_text = _("Calendly's ids, invitee's e-mail or our number")
    uuid_lookups = ("pk", "booking")
    lines = (
        columns.other(BookingLeg, "booking"),
        columns.state(BookingLeg),
        "todo",
        columns.moment(BookingLeg, "start_at"),
        columns.moment(BookingLeg, "end_at"),
        columns.other(BookingLeg, "replaces", label=_("replaces")),
        "rescheduled",
        columns.words(BookingLeg, "invitee_uri", label=_("invitee at Calendly"), limit=255),
        columns.words(BookingLeg, "event_uri", label=_("event at Calendly"), limit=255),
        columns.words(BookingLeg, "canceled_by", limit=255),
        columns.failure(BookingLeg, "cancel_reason", limit=shown.LONG),
        columns.moment(BookingLeg, "canceled_at", seconds=True),
        columns.moment(BookingLeg, "no_show_at", seconds=True),
        columns.moment(BookingLeg, "sent_at", seconds=True),
        columns.moment(BookingLeg, "seen_at", seconds=True),
        "attempts",
        columns.moment(BookingLeg, "next_attempt_at", seconds=True),
        columns.failure(BookingLeg, "last_error", limit=shown.LONG),
        columns.moment(BookingLeg, "created_at", seconds=True),
        columns.evidence("intent", _("who wants it, and why")),
        columns.evidence("request", _("what was asked of Calendly")),
        columns.evidence("invitee_raw", _("the invitee as Calendly told")),
        columns.evidence("event_raw", _("the event as Calendly told")),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[BookingLeg]:
        """Without the raw data, which only the page of one shows."""
        return super().get_queryset(request).defer("invitee_raw", "event_raw", "request", "intent")

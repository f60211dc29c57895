"""Metadata: the conversation that a booking came from."""

from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from ..models import VAIMetadata
from . import display, formatting
from .filters import YesNo, titled
from .read_only import ReadOnlyAdmin


@admin.register(VAIMetadata)
class VAIMetadataAdmin(ReadOnlyAdmin[VAIMetadata]):
    """What the portal knows of a booking."""

    list_display = (
        display.other(VAIMetadata, "booking"),
        display.words(VAIMetadata, "conversation_id", limit=60, sort=True),
        display.words(VAIMetadata, "user_id", limit=60, sort=True),
        display.words(VAIMetadata, "agent_type", limit=40),
        display.words(VAIMetadata, "booking_source", limit=40),
        display.words(VAIMetadata, "notes"),
    )
    list_display_links = None
    list_filter = (("next_attempt_at", titled(_("waits"), YesNo)),)
    list_select_related = ("booking",)
    ordering = ("-booking__created_at", "-pk")
    search_fields = ("conversation_id", "user_id", "=booking__email_key")
    uuid_lookups = ("pk",)
    lines = (
        display.other(VAIMetadata, "booking"),
        display.words(VAIMetadata, "conversation_id", limit=255),
        display.words(VAIMetadata, "user_id", limit=255),
        display.words(VAIMetadata, "agent_type"),
        display.words(VAIMetadata, "booking_source"),
        display.words(VAIMetadata, "notes", limit=formatting.LONG),
        display.evidence("extra", _("more")),
        display.moment(VAIMetadata, "asked_at", seconds=True),
        display.moment(VAIMetadata, "next_attempt_at", seconds=True),
        "attempts",
        display.failure(VAIMetadata, "last_error", limit=formatting.LONG),
    )

"""Metadata: the conversation of a booking."""

from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from ..models import VAIMetadata
from . import display, formatting
from .filters import YesNoFilter, with_title
from .technical import TechnicalAdmin


@admin.register(VAIMetadata)
class VAIMetadataAdmin(TechnicalAdmin[VAIMetadata]):
    """What the portal knows about a booking."""

    list_display = (
        display.related(VAIMetadata, "booking"),
        display.text(VAIMetadata, "conversation_id", limit=60, sort=True),
        display.text(VAIMetadata, "user_id", limit=60, sort=True),
        display.text(VAIMetadata, "agent_type", limit=40),
        display.text(VAIMetadata, "booking_source", limit=40),
        display.text(VAIMetadata, "notes"),
    )
    list_display_links = None
    list_filter = (("next_attempt_at", with_title(_("waiting"), YesNoFilter)),)
    list_select_related = ("booking",)
    ordering = ("-booking__created_at", "-pk")
    search_fields = ("conversation_id", "user_id", "=booking__email_key")
    uuid_lookups = ("pk",)
    lines = (
        display.related(VAIMetadata, "booking"),
        display.text(VAIMetadata, "conversation_id", limit=255),
        display.text(VAIMetadata, "user_id", limit=255),
        display.text(VAIMetadata, "agent_type"),
        display.text(VAIMetadata, "booking_source"),
        display.text(VAIMetadata, "notes", limit=formatting.LONG),
        display.raw_data("extra", _("more")),
        display.instant(VAIMetadata, "asked_at", seconds=True),
        display.instant(VAIMetadata, "next_attempt_at", seconds=True),
        "attempts",
        display.error(VAIMetadata, "last_error", limit=formatting.LONG),
    )

"""Metadata: the conversation that a booking came from."""

from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from ..models import VAIMetadata
from . import columns, shown
from .evidence import EvidenceAdmin
from .filters import YesNo, titled


@admin.register(VAIMetadata)
class VAIMetadataAdmin(EvidenceAdmin[VAIMetadata]):
    """What the portal knows of a booking."""

    list_display = (
        columns.other(VAIMetadata, "booking"),
        columns.words(VAIMetadata, "conversation_id", limit=60, sort=True),
        columns.words(VAIMetadata, "user_id", limit=60, sort=True),
        columns.words(VAIMetadata, "agent_type", limit=40),
        columns.words(VAIMetadata, "booking_source", limit=40),
        columns.words(VAIMetadata, "notes"),
    )
    list_display_links = None
    list_filter = (("next_attempt_at", titled(_("waits"), YesNo)),)
    list_select_related = ("booking",)
    ordering = ("-booking__created_at", "-pk")
    search_fields = ("conversation_id", "user_id", "=booking__email_key")
    uuid_lookups = ("pk",)
    lines = (
        columns.other(VAIMetadata, "booking"),
        columns.words(VAIMetadata, "conversation_id", limit=255),
        columns.words(VAIMetadata, "user_id", limit=255),
        columns.words(VAIMetadata, "agent_type"),
        columns.words(VAIMetadata, "booking_source"),
        columns.words(VAIMetadata, "notes", limit=shown.LONG),
        columns.evidence("extra", _("more")),
        columns.moment(VAIMetadata, "asked_at", seconds=True),
        columns.moment(VAIMetadata, "next_attempt_at", seconds=True),
        "attempts",
        columns.failure(VAIMetadata, "last_error", limit=shown.LONG),
    )

"""Answers kept for repeated requests."""

from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from ..models import IdempotencyRecord
from . import columns
from .evidence import EvidenceAdmin
from .filters import YesNo, titled


@admin.register(IdempotencyRecord)
class IdempotencyRecordAdmin(EvidenceAdmin[IdempotencyRecord]):
    """Which request got which answer; one without an answer still runs, or died running."""

    list_display = (
        columns.moment(IdempotencyRecord, "started_at", seconds=True),
        columns.other(IdempotencyRecord, "agent_key"),
        columns.words(IdempotencyRecord, "key"),
        "status",
        columns.moment(IdempotencyRecord, "answered_at", seconds=True),
        columns.other(IdempotencyRecord, "booking"),
    )
    list_filter = (("answered_at", titled(_("answered"), YesNo)), ("agent_key", titled(_("agent key"))))
    list_select_related = ("agent_key", "booking")
    date_hierarchy = "started_at"
    ordering = ("-pk",)
    search_fields = ("=key",)
    uuid_lookups = ("booking",)
    lines = (
        columns.other(IdempotencyRecord, "agent_key"),
        columns.words(IdempotencyRecord, "key", limit=255),
        columns.moment(IdempotencyRecord, "started_at", seconds=True),
        columns.moment(IdempotencyRecord, "answered_at", seconds=True),
        "status",
        columns.other(IdempotencyRecord, "booking"),
        columns.evidence("body", _("answer")),
    )

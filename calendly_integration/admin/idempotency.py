"""Answers kept for repeated requests."""

from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from ..models import IdempotencyRecord
from . import display
from .filters import YesNo, titled
from .read_only import ReadOnlyAdmin


@admin.register(IdempotencyRecord)
class IdempotencyRecordAdmin(ReadOnlyAdmin[IdempotencyRecord]):
    """Which request got which answer; one without an answer still runs, or died running."""

    list_display = (
        display.moment(IdempotencyRecord, "started_at", seconds=True),
        display.other(IdempotencyRecord, "agent_key"),
        display.words(IdempotencyRecord, "key"),
        "status",
        display.moment(IdempotencyRecord, "answered_at", seconds=True),
        display.other(IdempotencyRecord, "booking"),
    )
    list_filter = (("answered_at", titled(_("answered"), YesNo)), ("agent_key", titled(_("agent key"))))
    list_select_related = ("agent_key", "booking")
    date_hierarchy = "started_at"
    ordering = ("-pk",)
    search_fields = ("=key",)
    uuid_lookups = ("booking",)
    lines = (
        display.other(IdempotencyRecord, "agent_key"),
        display.words(IdempotencyRecord, "key", limit=255),
        display.moment(IdempotencyRecord, "started_at", seconds=True),
        display.moment(IdempotencyRecord, "answered_at", seconds=True),
        "status",
        display.other(IdempotencyRecord, "booking"),
        display.evidence("body", _("answer")),
    )

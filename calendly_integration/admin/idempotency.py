"""Stored answers for repeated requests."""

from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from ..models import IdempotencyRecord
from . import display
from .filters import YesNoFilter, with_title
from .technical import TechnicalAdmin


@admin.register(IdempotencyRecord)
class IdempotencyRecordAdmin(TechnicalAdmin[IdempotencyRecord]):
    """Requests and their answers. One without an answer is still running, or its process was killed."""

    list_display = (
        display.instant(IdempotencyRecord, "started_at", seconds=True),
        display.related(IdempotencyRecord, "agent_key"),
        display.text(IdempotencyRecord, "key"),
        "status",
        display.instant(IdempotencyRecord, "answered_at", seconds=True),
        display.related(IdempotencyRecord, "booking"),
    )
    list_filter = (
        ("answered_at", with_title(_("answered"), YesNoFilter)),
        ("agent_key", with_title(_("agent key"))),
    )
    list_select_related = ("agent_key", "booking")
    date_hierarchy = "started_at"
    ordering = ("-pk",)
    search_fields = ("=key",)
    uuid_lookups = ("booking",)
    lines = (
        display.related(IdempotencyRecord, "agent_key"),
        display.text(IdempotencyRecord, "key", limit=255),
        display.instant(IdempotencyRecord, "started_at", seconds=True),
        display.instant(IdempotencyRecord, "answered_at", seconds=True),
        "status",
        display.related(IdempotencyRecord, "booking"),
        display.raw_data("body", _("answer")),
    )

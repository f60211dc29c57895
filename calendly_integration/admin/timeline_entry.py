"""The timeline entries of all bookings."""

from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from ..models import TimelineEntry
from . import display, formatting, timeline
from .technical import TechnicalAdmin


@admin.register(TimelineEntry)
class TimelineEntryAdmin(TechnicalAdmin[TimelineEntry]):
    """Timeline entries."""

    list_display = (
        display.instant(TimelineEntry, "at", seconds=True),
        display.related(TimelineEntry, "booking"),
        display.column("what", _("what"), lambda row: formatting.text(timeline.describe_action(row.action))),
        "actor",
        display.text(TimelineEntry, "actor_name", limit=60),
    )
    list_filter = ("actor",)
    list_select_related = ("booking",)
    date_hierarchy = "at"
    ordering = ("-pk",)
    search_fields = ("action", "actor_name", "=booking__email_key")
    uuid_lookups = ("booking",)
    lines = (
        display.instant(TimelineEntry, "at", seconds=True),
        display.related(TimelineEntry, "booking"),
        display.column("what", _("what"), lambda row: formatting.text(timeline.describe_action(row.action))),
        "actor",
        display.text(TimelineEntry, "actor_name", limit=255),
        display.raw_data("detail", _("details")),
    )

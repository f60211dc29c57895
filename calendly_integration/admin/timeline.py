"""The timeline of all bookings."""

from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from ..models import TimelineEntry
from . import columns, shown, story
from .evidence import EvidenceAdmin


@admin.register(TimelineEntry)
class TimelineEntryAdmin(EvidenceAdmin[TimelineEntry]):
    """What happened, whoever's booking it was."""

    list_display = (
        columns.moment(TimelineEntry, "at", seconds=True),
        columns.other(TimelineEntry, "booking"),
        columns.column("what", _("what"), lambda row: shown.text(story.ACTIONS.get(row.action, row.action))),
        "actor",
        columns.words(TimelineEntry, "actor_name", limit=60),
    )
    list_filter = ("actor",)
    list_select_related = ("booking",)
    date_hierarchy = "at"
    ordering = ("-pk",)
    search_fields = ("action", "actor_name", "=booking__email_key")
    uuid_lookups = ("booking",)
    lines = (
        columns.moment(TimelineEntry, "at", seconds=True),
        columns.other(TimelineEntry, "booking"),
        columns.column("what", _("what"), lambda row: shown.text(story.ACTIONS.get(row.action, row.action))),
        "actor",
        columns.words(TimelineEntry, "actor_name", limit=255),
        columns.evidence("detail", _("details")),
    )

"""Hosts, mirrored from Calendly."""

from django.contrib import admin
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from ..models import Host
from . import columns, shown
from .evidence import EvidenceAdmin
from .filters import titled


@admin.register(Host)
class HostAdmin(EvidenceAdmin[Host]):
    """Who holds meetings. People are added and removed at Calendly."""

    list_display = (
        columns.words(Host, "name", sort=True),
        columns.words(Host, "email", sort=True),
        columns.words(Host, "time_zone", sort=True),
        columns.words(Host, "role", sort=True),
        "active",
        columns.moment(Host, "seen_at"),
    )
    list_filter = ("active", "role", ("connection", titled(_("connection"))))
    list_select_related = ()
    ordering = ("name", "pk")
    search_fields = ("name", "email", "uri")
    uuid_lookups = ("pk",)
    lines = (
        columns.words(Host, "name", limit=255),
        columns.words(Host, "email", limit=320),
        "time_zone",
        "role",
        "active",
        "hosts",
        columns.web(Host, "scheduling_url"),
        columns.other(Host, "connection"),
        columns.words(Host, "uri", label=_("address at Calendly"), limit=255),
        columns.moment(Host, "seen_at", seconds=True),
        columns.evidence("raw", _("as Calendly told")),
    )

    @admin.display(description=_("event types"))
    def hosts(self, row: Host) -> SafeString:
        """What can be booked with this person."""
        return shown.lines([columns.page_link(kind) for kind in row.event_types.all()])

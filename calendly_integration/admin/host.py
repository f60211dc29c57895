"""Hosts, mirrored from Calendly."""

from django.contrib import admin
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from ..models import Host
from . import display, formatting
from .filters import titled
from .read_only import ReadOnlyAdmin


@admin.register(Host)
class HostAdmin(ReadOnlyAdmin[Host]):
    """Who holds meetings. People are added and removed at Calendly."""

    list_display = (
        display.words(Host, "name", sort=True),
        display.words(Host, "email", sort=True),
        display.words(Host, "time_zone", sort=True),
        display.words(Host, "role", sort=True),
        "active",
        display.moment(Host, "seen_at"),
    )
    list_filter = ("active", "role", ("account", titled(_("connection"))))
    list_select_related = ()
    ordering = ("name", "pk")
    search_fields = ("name", "email", "uri")
    uuid_lookups = ("pk",)
    lines = (
        display.words(Host, "name", limit=255),
        display.words(Host, "email", limit=320),
        "time_zone",
        "role",
        "active",
        "hosts",
        display.web(Host, "scheduling_url"),
        display.other(Host, "account"),
        display.words(Host, "uri", label=_("address at Calendly"), limit=255),
        display.moment(Host, "seen_at", seconds=True),
        display.evidence("raw", _("as Calendly told")),
    )

    @admin.display(description=_("event types"))
    def hosts(self, row: Host) -> SafeString:
        """What can be booked with this person."""
        return formatting.lines([display.page_link(kind) for kind in row.event_types.all()])

"""Hosts, synced from Calendly."""

from django.contrib import admin
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from ..models import Host
from . import display, formatting
from .filters import with_title
from .read_only import ReadOnlyAdmin


@admin.register(Host)
class HostAdmin(ReadOnlyAdmin[Host]):
    """Hosts. They are added and removed at Calendly."""

    list_display = (
        display.text(Host, "name", sort=True),
        display.text(Host, "email", sort=True),
        display.text(Host, "time_zone", sort=True),
        display.text(Host, "role", sort=True),
        "active",
        display.instant(Host, "seen_at"),
    )
    list_filter = ("active", "role", ("account", with_title(_("Calendly account"))))
    list_select_related = ()
    ordering = ("name", "pk")
    search_fields = ("name", "email", "uri")
    uuid_lookups = ("pk",)
    lines = (
        display.text(Host, "name", limit=255),
        display.text(Host, "email", limit=320),
        "time_zone",
        "role",
        "active",
        "hosts",
        display.link(Host, "scheduling_url"),
        display.related(Host, "account"),
        display.text(Host, "uri", label=_("address at Calendly"), limit=255),
        display.instant(Host, "seen_at", seconds=True),
        display.raw_data("raw", _("data from Calendly")),
    )

    @admin.display(description=_("event types"))
    def hosts(self, row: Host) -> SafeString:
        """The event types of this host."""
        return formatting.lines([display.object_link(kind) for kind in row.event_types.all()])

"""The navigation between our pages."""

from contextlib import suppress
from dataclasses import dataclass

from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse
from django.utils.translation import gettext_lazy as _

APP = "calendly_integration"
PAGES = (
    ("today", _("Today"), "app_list", "view_booking"),
    ("bookings", _("Bookings"), f"{APP}_booking_changelist", "view_booking"),
    ("calendar", _("Calendar"), f"{APP}_booking_calendar", "view_booking"),
    ("followups", _("Follow-ups"), f"{APP}_followup_board", "view_followup"),
    ("event_types", _("Event types"), f"{APP}_eventtype_changelist", "view_eventtype"),
    ("system_status", _("System status"), f"{APP}_calendlyaccount_system_status", "view_calendlyaccount"),
)


@dataclass(frozen=True, slots=True)
class NavLink:
    """A page. `here` marks the present one."""

    label: str
    url: str
    here: bool


def links(request: HttpRequest) -> list[NavLink]:
    """The pages that this person may view."""
    found = []
    for _key, label, name, right in PAGES:
        # A portal may have unregistered one of our pages.
        with suppress(NoReverseMatch):
            if request.user.has_perm(f"{APP}.{right}"):
                url = reverse(f"admin:{name}", args=[APP] if name == "app_list" else [])
                found.append(NavLink(str(label), url, request.path == url))
    return found

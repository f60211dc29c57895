"""What the calendar shows: the query string, and the hosts and event types with their colours."""

import uuid
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from ..models import Booking, EventType, Host
from ..services import time_zones
from ..services.backoffice import calendar
from . import calendar_colors, viewer_timezone

MAX_CHOICES = 200
# The views, by the names of the library; the list is ours.
VIEWS = {
    "timeGridDay": _("Day"),
    "timeGridWeek": _("Week"),
    "dayGridMonth": _("Month"),
    "listWeek": _("List"),
    "resourceTimeGridDay": _("Day by host"),
    "resourceTimelineWeek": _("Week by host"),
}
DAY_VIEWS = ("timeGridDay", "resourceTimeGridDay")
COLOR_BY = {"type": _("event type"), "host": _("host"), "status": _("status")}


@dataclass(frozen=True, slots=True)
class CalendarQuery:
    """The query string. Unknown values fall back to the defaults."""

    zone: ZoneInfo
    meeting_filter: calendar.MeetingFilter
    color: str
    view: str
    on: date
    weekend: bool
    kept: dict[str, str]

    @classmethod
    def from_request(cls, request: HttpRequest, now: datetime) -> "CalendarQuery":
        """Read the query string."""
        given, zone = request.GET, chosen_zone(request)
        status, source = given.get("status", ""), given.get("source", "")
        meeting_filter = calendar.MeetingFilter(
            host=_id(given.get("host", "")),
            event_type=_id(given.get("event_type", "")),
            status=status if status in calendar.STATUSES else "",
            source=source if source in Booking.Source.values else "",
        )
        on = now.astimezone(zone).date()
        with suppress(ValueError):
            day = date.fromisoformat(given.get("date", ""))
            on = day if day.year in calendar.YEARS else on
        names = ("host", "event_type", "status", "source", "color", "zone", "view", "date", "weekend")
        return cls(
            zone=zone,
            meeting_filter=meeting_filter,
            color=given["color"] if given.get("color") in COLOR_BY else "type",
            view=given["view"] if given.get("view") in VIEWS else "timeGridWeek",
            on=on,
            weekend=given.get("weekend") == "1",
            kept={name: given[name][:64] for name in names if given.get(name)},
        )

    @property
    def narrowed(self) -> bool:
        """Whether a filter or another colouring is on."""
        return self.meeting_filter != calendar.MeetingFilter() or self.color != "type"

    @property
    def days(self) -> calendar.DayRange:
        """The days that the view shows."""
        if self.view in DAY_VIEWS:
            return calendar.DayRange(self.on, self.on + timedelta(days=1), self.zone)
        if self.view == "dayGridMonth":
            return calendar.month(self.on, self.zone)
        monday = self.on - timedelta(days=self.on.weekday())
        return calendar.DayRange(monday, monday + timedelta(days=7), self.zone)

    def address(self, **changes: str) -> str:
        """The query string with other values."""
        return f"?{urlencode({**self.kept, **changes})}"


@dataclass(frozen=True, slots=True)
class Lanes:
    """The hosts and event types, with the colour of each."""

    hosts: dict[uuid.UUID, Host]
    kinds: dict[uuid.UUID, EventType]
    host_colors: dict[uuid.UUID, str]
    kind_colors: dict[uuid.UUID, str]

    @classmethod
    def read(cls) -> "Lanes":
        """Two queries. Deleted event types are read too, because old meetings have them."""
        hosts = list(Host.objects.defer("raw").order_by("-active", "name", "id")[:MAX_CHOICES])
        kinds = list(
            EventType.objects.defer("raw", "questions", "locations").order_by("-active", "name", "id")[
                :MAX_CHOICES
            ]
        )
        return cls(
            {host.pk: host for host in hosts},
            {kind.pk: kind for kind in kinds},
            calendar_colors.of_hosts(hosts),
            calendar_colors.of_event_types(kinds),
        )

    @property
    def present_kinds(self) -> list[EventType]:
        """The event types that exist at Calendly."""
        return [kind for kind in self.kinds.values() if kind.deleted_at is None]

    @property
    def active_hosts(self) -> list[Host]:
        """The hosts that have columns of their own."""
        return [host for host in self.hosts.values() if host.active]


def chosen_zone(request: HttpRequest) -> ZoneInfo:
    """The zone of the calendar: the one in the query string, or the viewer's."""
    with suppress(time_zones.UnknownZone):
        if request.GET.get("zone"):
            return time_zones.named(request.GET["zone"][:64])
    return viewer_timezone.zone(request)


def _id(text: str) -> uuid.UUID | None:
    try:
        return uuid.UUID(text[:64])
    except ValueError:
        return None

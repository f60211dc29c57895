"""The calendar of the bookings: the page, and the JSON feed for its script."""

import re
import uuid
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import groupby
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, JsonResponse
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.html import format_html
from django.utils.text import capfirst
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from ..models import Booking, EventType, Host
from ..services import texts, time_zones
from ..services.backoffice import calendar, today
from . import calendar_texts, formatting, reschedule, viewer_timezone
from .read_only import ReadOnlyAdmin

VENDOR = "calendly_integration/vendor/event-calendar/event-calendar.min"
CSS, JS = (
    (f"{VENDOR}.css", "calendly_integration/calendar.css"),
    (f"{VENDOR}.js", "calendly_integration/calendar.js"),
)
COLOR = re.compile("#[0-9a-fA-F]{6}")
MAX_CHOICES = 200
# The library's locale, with the day before the month as on all our pages.
LOCALES = {"en": "en-GB"}
# The actions in a meeting's summary.
OFFERED_ACTIONS = ("cancel", "reschedule")


@dataclass(frozen=True, slots=True)
class CalendarQuery:
    """The query string. Unknown values fall back to the defaults."""

    zone: ZoneInfo
    meeting_filter: calendar.MeetingFilter
    color: str
    kept: dict[str, str]

    @classmethod
    def from_request(cls, request: HttpRequest) -> "CalendarQuery":
        """Read the query string."""
        given = request.GET
        zone = viewer_timezone.zone(request)
        with suppress(time_zones.UnknownZone):
            zone = time_zones.named(given["zone"][:64]) if given.get("zone") else zone
        status, source = given.get("status", ""), given.get("source", "")
        meeting_filter = calendar.MeetingFilter(
            host=_id(given.get("host", "")),
            event_type=_id(given.get("event_type", "")),
            status=status if status in calendar.STATUSES else "",
            source=source if source in Booking.Source.values else "",
        )
        color = "status" if given.get("color") == "status" else "type"
        names = ("host", "event_type", "status", "source", "color", "zone", "view")
        kept = {name: given[name][:64] for name in names if given.get(name)}
        return cls(zone, meeting_filter, color, kept)


class CalendarMixin(ReadOnlyAdmin[Booking]):
    """The part of the bookings' admin that is a calendar."""

    def get_urls(self) -> list[URLPattern]:
        """The calendar's URLs come first, because Django's would take `calendar` for a booking's id."""
        own = (("calendar/", "calendar", self.calendar_view), ("calendar/feed/", "feed", self.feed_view))
        return [
            path(address, viewer_timezone.in_zone(self.admin_site.admin_view(view)), name=self.url_name(name))
            for address, name, view in own
        ] + super().get_urls()

    def calendar_view(self, request: HttpRequest) -> HttpResponse:
        """The page. Without JavaScript it lists the meetings of the week."""
        if refused := self._refused(request):
            return refused
        now, query = timezone.now(), CalendarQuery.from_request(request)
        week = calendar.week(request.GET.get("date", ""), zone=query.zone, now=now)
        found = calendar.meetings(on=week, meeting_filter=query.meeting_filter)
        kinds = EventType.objects.filter(deleted_at__isnull=True)[:MAX_CHOICES]
        hosts = Host.objects.order_by("-active", "name", "id")[:MAX_CHOICES]
        return self.page(
            request,
            "calendar.html",
            title=_("Calendar"),
            filters=_filters(query, kinds, hosts),
            zones=_zones(request, query),
            color=query.color,
            zone=format_html(
                '{} (<span class="offset">{}</span>)',
                query.zone.key,
                texts.offset(now.astimezone(query.zone)),
            ),
            week=_week(self, week, found, query),
            shift=calendar_texts.changes(week),
            setup=_setup(self, request, query, now, kinds, hosts),
            nothing_yet=not found.rows and not kinds,
            may_add=self.has_add_permission(request),
            css=CSS,
            js=JS,
        )

    def feed_view(self, request: HttpRequest) -> HttpResponse:
        """The meetings between `start` and `end`, on the wall clock of `zone`."""
        if refused := self._refused(request):
            return refused
        query, now = CalendarQuery.from_request(request), timezone.now()
        try:
            on = calendar.days(request.GET.get("start", ""), request.GET.get("end", ""), query.zone)
        except calendar.InvalidDays:
            said = gettext("The calendar shows at most %d days at once.") % calendar.MAX_DAYS
            return JsonResponse({"error": said}, status=400)
        found = calendar.meetings(on=on, meeting_filter=query.meeting_filter)
        actions = [
            action
            for action in self.object_actions
            if action.name in OFFERED_ACTIONS and self.may(request, action.permission)
        ]
        body = {
            "zone": query.zone.key,
            "events": [_event(self, row, actions, query.zone, now) for row in found.rows],
            "changes": calendar_texts.changes(on),
            "offsets": [
                [texts.utc(at), int(offset / timedelta(minutes=1))] for at, offset in calendar.offsets(on)
            ],
            "cut": gettext("Only the first %d meetings are shown. Choose fewer days or a filter.")
            % calendar.MAX_MEETINGS
            if found.cut
            else "",
        }
        return JsonResponse(body)

    def _refused(self, request: HttpRequest) -> HttpResponse | None:
        if not self.has_view_permission(request):
            raise PermissionDenied
        return None if request.method in ("GET", "HEAD") else HttpResponseNotAllowed(["GET", "HEAD"])


def _id(text: str) -> uuid.UUID | None:
    try:
        return uuid.UUID(text[:64])
    except ValueError:
        return None


def _color(kind: EventType | None) -> str:
    return kind.color if kind is not None and COLOR.fullmatch(kind.color) else ""


def _event(
    page: ReadOnlyAdmin[Booking], row: Booking, actions: Iterable[Any], zone: ZoneInfo, now: datetime
) -> dict[str, Any]:
    """A meeting for the script. Of the invitee it contains only the name and the address."""
    assert row.start_at is not None  # the query filters by it
    start, end = calendar.drawn_span(row.start_at, row.end_at, zone)
    offered = {action.name: action for action in actions if action.offered(row, now)}
    return {
        "id": str(row.pk),
        "start": start.isoformat(timespec="seconds"),
        "end": end.isoformat(timespec="seconds"),
        "time": calendar_texts.time(row, zone),
        "when": calendar_texts.when(row, zone),
        "invitee": formatting.plain(row.invitee_name or row.invitee_email),
        "email": formatting.plain(row.invitee_email),
        "type": formatting.plain(row.event_name or row.event_type or ""),
        "color": _color(row.event_type),
        "host": formatting.plain(row.host or gettext("No host")),
        "host_id": str(row.host_id or ""),
        "status": row.status,
        "status_label": str(row.get_status_display()),
        "source_label": str(row.get_source_display()),
        "no_show": row.no_show_at is not None,
        "url": page.url("change", row),
        "move": page.url("reschedule", row) if "reschedule" in offered else "",
        "fixed": "" if "reschedule" in offered else _fixed(row, now),
        "actions": [
            {"label": str(action.label), "url": page.url(action.name, row)} for action in offered.values()
        ],
    }


def _fixed(row: Booking, now: datetime) -> str:
    """Why the meeting cannot be dragged."""
    return reschedule.blocked(row, now) or gettext("You may view this meeting but not move it.")


def _filters(query: CalendarQuery, kinds: Iterable[EventType], hosts: Iterable[Host]) -> list[dict[str, Any]]:
    """The filters above the calendar: name, label, and options with the selected one marked."""
    meeting_filter = query.meeting_filter
    statuses = [("", gettext("confirmed and pending")), *Booking.Status.choices, ("all", gettext("all"))]
    everything: dict[str, tuple[Any, list[tuple[str, Any]]]] = {
        "host": (
            _("Host"),
            [("", gettext("all")), *((str(each.pk), formatting.plain(each)) for each in hosts)],
        ),
        "event_type": (
            _("Event type"),
            [("", gettext("all")), *((str(each.pk), formatting.plain(each)) for each in kinds)],
        ),
        "status": (_("Status"), statuses),
        "source": (_("Source"), [("", gettext("all")), *Booking.Source.choices]),
    }
    return [
        {
            "name": name,
            "label": label,
            "options": [
                (value, text, value == str(getattr(meeting_filter, name) or "")) for value, text in options
            ],
        }
        for name, (label, options) in everything.items()
    ]


def _zones(request: HttpRequest, query: CalendarQuery) -> list[tuple[str, bool]]:
    names = today.zones_in_use(viewer_timezone.zone(request))
    names = names if query.zone.key in names else [*names, query.zone.key]
    return [(name, name == query.zone.key) for name in names]


def _week(
    page: ReadOnlyAdmin[Booking], week: calendar.DayRange, found: calendar.MeetingList, query: CalendarQuery
) -> dict[str, Any]:
    """The week as a list, for browsers without JavaScript."""

    def on(row: Booking) -> date:
        return max((row.start_at or week.start).astimezone(week.zone).date(), week.first)

    def at(day: date) -> str:
        return f"?{urlencode({**query.kept, 'date': day.isoformat()})}"

    lang = formatting.language()
    return {
        "span": f"{texts.short_date(week.first, lang)} – "
        f"{texts.short_date(week.after - timedelta(days=1), lang)}",
        "before": at(week.first - timedelta(days=7)),
        "after": at(week.after),
        "count": ngettext("%d meeting", "%d meetings", len(found.rows)) % len(found.rows),
        "days": [
            {
                "label": capfirst(texts.day(day, lang)),
                "rows": [
                    {
                        "row": row,
                        "time": calendar_texts.time(row, week.zone),
                        "url": page.url("change", row),
                        "invitee": formatting.plain(row.invitee_name or row.invitee_email),
                    }
                    for row in rows
                ],
            }
            for day, rows in groupby(found.rows, key=on)
        ],
    }


def _setup(
    page: ReadOnlyAdmin[Booking],
    request: HttpRequest,
    query: CalendarQuery,
    now: datetime,
    kinds: Iterable[EventType],
    hosts: Iterable[Host],
) -> dict[str, Any]:
    """The settings of the script. `offset` is the zone's present offset, for the line that marks the
    current time."""
    day = request.GET.get("date", "")
    with suppress(ValueError):
        day = date.fromisoformat(day).isoformat()
    here = now.astimezone(query.zone)
    return {
        "feed": page.url("feed"),
        "zone": query.zone.key,
        "offset": here.isoformat()[-6:],
        "date": day if re.fullmatch(r"20\d\d-\d\d-\d\d", day) else here.date().isoformat(),
        "view": request.GET.get("view", "")[:32],
        "locale": LOCALES.get(formatting.language(), formatting.language()),
        "hosts": [{"id": str(each.pk), "title": formatting.plain(each, 40)} for each in hosts if each.active],
        "types": [{"label": formatting.plain(each, 60), "color": _color(each)} for each in kinds],
        "statuses": [{"value": value, "label": str(label)} for value, label in Booking.Status.choices],
        "words": {name: str(word) for name, word in calendar_texts.WORDS.items()},
    }

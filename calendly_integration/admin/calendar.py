"""The calendar of the bookings: the page, and the JSON feed for its script."""

import uuid
from collections.abc import Iterable
from datetime import date, datetime, timedelta
from itertools import groupby
from typing import Any

from django.db.models import prefetch_related_objects
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.html import format_html
from django.utils.text import capfirst
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from ..models import Booking
from ..services import texts
from ..services.backoffice import calendar, today
from . import calendar_colors, calendar_texts, formatting, reschedule, viewer_timezone
from .calendar_meeting import MAX_HOSTS, CalendarMeetingMixin
from .calendar_query import COLOR_BY, DAY_VIEWS, VIEWS, CalendarQuery, Lanes

VENDOR = "calendly_integration/vendor/event-calendar/event-calendar.min"
CSS, JS = "calendly_integration/calendar.css", "calendly_integration/calendar.js"
# The library's locale, with the day before the month as on all our pages.
LOCALES = {"en": "en-GB"}


class CalendarMixin(CalendarMeetingMixin):
    """The part of the bookings' admin that is a calendar."""

    def get_urls(self) -> list[URLPattern]:
        """The calendar's URLs come first, because Django's would take `calendar` for a booking's id."""
        own = (("calendar/", "calendar", self.calendar_view), ("calendar/feed/", "feed", self.feed_view))
        return [
            path(
                address,
                viewer_timezone.in_zone(self.admin_site.admin_view(view)),
                name=self.url_name(name),
            )
            for address, name, view in own
        ] + super().get_urls()

    def calendar_view(self, request: HttpRequest) -> HttpResponse:
        """The page. The list needs no JavaScript."""
        if refused := self.refused(request):
            return refused
        now = timezone.now()
        query, lanes = CalendarQuery.from_request(request, now), Lanes.read()
        days, is_list = query.days, query.view == "listWeek"
        folded = (
            query.view in ("timeGridWeek", "resourceTimelineWeek")
            and query.on.weekday() < 5
            and not query.weekend
            and calendar.is_weekend_free(on=days, meeting_filter=query.meeting_filter)
        )
        return self.page(
            request,
            "calendar.html",
            title=_("Calendar"),
            filters=_filters(query, lanes),
            zones=_zones(request, query),
            query=query,
            zone=format_html(
                '{} (<span class="offset">{}</span>)',
                query.zone.key,
                texts.offset(now.astimezone(query.zone)),
            ),
            toolbar=_toolbar(query, now),
            weekend=query.address(weekend="1", date=query.on.isoformat()) if folded else "",
            week=_week(self, days, query) if is_list else None,
            list_address=query.address(view="listWeek"),
            shift=calendar_texts.changes(days) if is_list else (),
            legend=_legend(query, lanes),
            setup=None if is_list else _setup(self, request, query, now, lanes, folded=folded),
            nothing_yet=not lanes.present_kinds and not Booking.objects.exists(),
            may_add=self.has_add_permission(request),
            css=(CSS,) if is_list else (f"{VENDOR}.css", CSS),
            js=(JS,) if is_list else (f"{VENDOR}.js", JS),
        )

    def feed_view(self, request: HttpRequest) -> HttpResponse:
        """The meetings between `start` and `end`, on the wall clock of `zone`."""
        if refused := self.refused(request):
            return refused
        now = timezone.now()
        query = CalendarQuery.from_request(request, now)
        try:
            on = calendar.days(request.GET.get("start", ""), request.GET.get("end", ""), query.zone)
        except calendar.InvalidDays:
            said = gettext("The calendar shows at most %d days at once.") % calendar.MAX_DAYS
            return JsonResponse({"error": said}, status=400)
        found = calendar.drawn_meetings(on=on, meeting_filter=query.meeting_filter)
        here = now.astimezone(query.zone)
        body = {
            "zone": query.zone.key,
            "offset": here.isoformat()[-6:],
            "offset_text": texts.offset(here),
            "events": _events(found.rows, query, on),
            "changes": calendar_texts.changes(on),
            "cut": gettext("Only the first %d meetings are shown. Choose fewer days or a filter.")
            % calendar.MAX_MEETINGS
            if found.cut
            else "",
        }
        return JsonResponse(body)


def _events(
    rows: Iterable[calendar.DrawnMeeting], query: CalendarQuery, on: calendar.DayRange
) -> list[dict[str, Any]]:
    """The meetings for the script. Of the invitee each contains only the name. What many meetings share is
    computed once, because a week may have two thousand."""
    lanes, zone = Lanes.read(), query.zone
    hosts = {key: formatting.plain(host) for key, host in lanes.hosts.items()}
    kinds = {key: formatting.plain(kind.name) for key, kind in lanes.kinds.items()}
    buffers = {key: (kind.buffer_before, kind.buffer_after) for key, kind in lanes.kinds.items()}
    statuses = {value: str(label) for value, label in Booking.Status.choices}
    no_host, other = gettext("No host"), calendar_colors.OTHER
    no_show, moved = gettext("no-show"), gettext("moved")
    clocks_change = bool(calendar.clock_changes(on))
    events = []
    for row in rows:
        start, end = calendar.drawn_span(row.start_at, row.end_at, zone)
        time = calendar_texts.clock(row.start_at, zone) if clocks_change else f"{start:%H:%M}"
        before, after = buffers.get(row.event_type_id, (0, 0)) if row.event_type_id else (0, 0)
        if query.color == "type":
            color = lanes.kind_colors.get(row.event_type_id, other) if row.event_type_id else other
        elif query.color == "host":
            color = lanes.host_colors.get(row.host_id, other) if row.host_id else other
        else:
            color = calendar_colors.STATUS_COLORS[row.status]
        marks = [word for word, is_so in ((no_show, row.no_show_at), (moved, row.moved)) if is_so]
        events.append(
            {
                "id": str(row.id),
                "start": start.isoformat(timespec="seconds"),
                "end": end.isoformat(timespec="seconds"),
                "time": time,
                "invitee": formatting.plain(row.invitee_name or row.invitee_email),
                "type": (kinds.get(row.event_type_id, "") if row.event_type_id else "")
                or formatting.plain(row.event_name),
                "color": color,
                "host": hosts.get(row.host_id, no_host) if row.host_id else no_host,
                "host_id": str(row.host_id or ""),
                "status": row.status,
                "label": ", ".join([statuses[row.status], *marks]),
                "no_show": row.no_show_at is not None,
                "moved": row.moved,
                "before": before,
                "after": after,
            }
        )
    return events


def _filters(query: CalendarQuery, lanes: Lanes) -> list[dict[str, Any]]:
    """The filters above the calendar: name, label, and options with the selected one marked."""
    meeting_filter = query.meeting_filter
    statuses = [("", gettext("confirmed and pending")), *Booking.Status.choices, ("all", gettext("all"))]
    prefetch_related_objects(lanes.present_kinds, "hosts")
    hosts = [(str(each.pk), formatting.plain(each)) for each in lanes.hosts.values()]
    kinds = [
        (str(each.pk), formatting.plain(f"{each.name} · {reschedule.hosts_of(each)}"))
        for each in lanes.present_kinds
    ]
    everything: dict[str, tuple[Any, list[tuple[str, Any]]]] = {
        "host": (_("With whom"), [("", gettext("all")), *hosts]),
        "event_type": (_("Event type"), [("", gettext("all")), *kinds]),
        "status": (_("Status"), statuses),
        "source": (_("Source"), [("", gettext("all")), *Booking.Source.choices]),
    }
    found = [
        {
            "name": name,
            "label": label,
            "options": [
                (value, text, value == str(getattr(meeting_filter, name) or "")) for value, text in options
            ],
        }
        for name, (label, options) in everything.items()
    ]
    colors = [(value, label, value == query.color) for value, label in COLOR_BY.items()]
    return [*found, {"name": "color", "label": _("Colour by"), "options": colors}]


def _zones(request: HttpRequest, query: CalendarQuery) -> list[tuple[str, bool]]:
    names = today.zones_in_use(viewer_timezone.zone(request))
    names = names if query.zone.key in names else [*names, query.zone.key]
    return [(name, name == query.zone.key) for name in names]


def _toolbar(query: CalendarQuery, now: datetime) -> dict[str, Any]:
    """The days shown, the links to other days, and the views."""
    days, language = query.days, formatting.language()
    before, after = days.first - timedelta(days=1), days.after
    if query.view == "dayGridMonth":
        before = query.on.replace(day=1) - timedelta(days=1)
        after = (query.on.replace(day=1) + timedelta(days=31)).replace(day=1)
        title = f"{texts.MONTHS[language][query.on.month - 1]} {query.on.year}"
    elif query.view in DAY_VIEWS:
        title = f"{texts.day(query.on, language)} {query.on.year}"
    else:
        last = days.after - timedelta(days=1)
        title = f"{texts.short_date(days.first, language)} – {texts.short_date(last, language)}"
        before = days.first - timedelta(days=7)
    here = {"date": query.on.isoformat()}
    return {
        "title": capfirst(title),
        "week": "" if query.view == "dayGridMonth" else gettext("week %d") % days.first.isocalendar().week,
        "earlier": query.address(date=before.isoformat(), view=query.view),
        "today": query.address(date=now.astimezone(query.zone).date().isoformat(), view=query.view),
        "later": query.address(date=after.isoformat(), view=query.view),
        "views": [
            (label, query.address(view=view, **here), view == query.view) for view, label in VIEWS.items()
        ],
    }


def _legend(query: CalendarQuery, lanes: Lanes) -> list[tuple[str, Any]]:
    """What each colour means, once."""
    if query.color == "status":
        return [(calendar_colors.STATUS_COLORS[value], label) for value, label in Booking.Status.choices]
    if query.color == "host":
        return [(lanes.host_colors[host.pk], formatting.plain(host, 60)) for host in lanes.active_hosts]
    found = {
        lanes.kind_colors[kind.pk]: formatting.plain(kind.name, 60)
        for kind in lanes.present_kinds
        if kind.active
    }
    return list(found.items())


def _week(page: CalendarMixin, week: calendar.DayRange, query: CalendarQuery) -> dict[str, Any]:
    """The week as a list."""
    found = calendar.meetings(on=week, meeting_filter=query.meeting_filter)

    def on(row: Booking) -> date:
        return max((row.start_at or week.start).astimezone(week.zone).date(), week.first)

    return {
        "count": ngettext("%d meeting", "%d meetings", len(found.rows)) % len(found.rows),
        "days": [
            {
                "label": capfirst(texts.day(day, formatting.language())),
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
    page: CalendarMixin,
    request: HttpRequest,
    query: CalendarQuery,
    now: datetime,
    lanes: Lanes,
    *,
    folded: bool,
) -> dict[str, Any]:
    """The settings of the script. `offset` is the zone's present offset, for the line that marks the
    current time. `hours_of` are the hosts whose unavailable hours are greyed: those of the columns, or the only
    one that is shown."""
    only = query.meeting_filter.host
    hosts = [host for host in lanes.active_hosts if only in (None, host.pk)]
    by_host = query.view == "resourceTimeGridDay"
    grey = query.view.startswith("timeGrid") and len(hosts) == 1
    return {
        "feed": page.url("feed"),
        "meeting": page.url("calendar_meeting", Booking(pk=uuid.UUID(int=0))),
        "book": page.url("calendar_book") if page.has_add_permission(request) else "",
        "hours": page.url("calendar_hours"),
        "hours_of": [str(host.pk) for host in hosts[:MAX_HOSTS]] if by_host or grey else [],
        "query": query.kept | {"zone": query.zone.key},
        "offset": now.astimezone(query.zone).isoformat()[-6:],
        "date": query.on.isoformat(),
        "view": query.view,
        "list": "" if "view" in query.kept else query.address(view="listWeek"),
        "hidden_days": [0, 6] if folded else [],
        "locale": LOCALES.get(formatting.language(), formatting.language()),
        "hosts": [{"id": str(host.pk), "title": formatting.plain(host, 40)} for host in hosts],
        "words": {name: str(word) for name, word in calendar_texts.WORDS.items()},
    }

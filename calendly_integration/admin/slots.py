"""The picker of free start times: fourteen days of one event type, in a zone of choice. It only reads."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from itertools import groupby
from zoneinfo import ZoneInfo

from django.http import HttpRequest
from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from ..models import EventType, Host
from ..services import errors, texts
from ..services.catalog import availability
from ..services.time_zones import start_of_day
from . import error_messages, formatting, viewer_timezone

DAYS_SHOWN = availability.SUGGESTED_DAYS
MAX_DAYS_AHEAD = timedelta(days=60)
MAX_NEAREST = 4
CSS = ("calendly_integration/slots.css",)
JS = ("calendly_integration/slots.js",)
# The zones to choose from: label and heading.
CLOCKS: dict[str, tuple[str | Promise, str | Promise]] = {
    "invitee": (_("invitee"), _("on the invitee's clock, %s")),
    "host": (_("host"), _("on the host's clock, %s")),
    "viewer": (_("you"), _("on your clock, %s")),
}
# The parts of a day, with the hour before which each ends.
PARTS = ((12, _("Morning")), (18, _("Afternoon")), (24, _("Evening")))


@dataclass(frozen=True, slots=True)
class FreeStart:
    """A free start on the page. `text` names it with its day; `elsewhere` is the viewer's hour if it differs."""

    at: datetime
    value: str
    label: str
    text: str
    elsewhere: str = ""


@dataclass(frozen=True, slots=True)
class SlotDay:
    """A day of the strip. `clocks_change`: the clocks change on it. `open`: its starts are shown."""

    on: date
    label: str
    weekday: str
    short: str
    parts: tuple[tuple[str, tuple[FreeStart, ...]], ...]
    count: int
    clocks_change: bool
    open: bool = False


@dataclass(frozen=True, slots=True)
class SlotLink:
    """A button that shows other days or another zone. `current` marks the present one."""

    name: str
    label: str
    query: str
    current: bool = False


@dataclass(frozen=True, slots=True)
class SlotPicker:
    """The context of `slots.html`. `asked`: Calendly has answered, so no starts means that none is free.
    `zone` is the zone of the starts if they are in the invitee's zone; the form sends it back."""

    heading: str
    zone: str
    clocks: tuple[SlotLink, ...]
    span: str
    earlier: SlotLink | None
    later: SlotLink | None
    again: SlotLink
    before: str = ""
    chosen: FreeStart | None = None
    days: tuple[SlotDay, ...] = ()
    nearest: tuple[SlotLink, ...] = ()
    first_free: SlotLink | None = None
    failure: str = ""
    note: str = ""
    asked: bool = False

    @property
    def free(self) -> bool:
        """Whether there is a free start."""
        return any(day.count for day in self.days)


@dataclass(frozen=True, slots=True)
class SlotQuery:
    """The query string: zone, first day and chosen start. `taken` is the chosen start that is no longer
    free; its day comes first."""

    whose: str
    zones: dict[str, ZoneInfo]
    today: date
    first: date
    chosen: datetime | None
    taken: datetime | None = None

    @property
    def zone(self) -> ZoneInfo:
        """The zone of the days."""
        return self.zones[self.whose]

    @property
    def begin(self) -> datetime:
        """Midnight at the start of the first day."""
        return start_of_day(self.first, self.zone)

    @property
    def end(self) -> datetime:
        """Midnight at the end of the last day."""
        return start_of_day(self.first + DAYS_SHOWN, self.zone)

    def same_clocks(self, one: ZoneInfo, other: ZoneInfo) -> bool:
        """Whether the clocks of both zones show the same on these days."""
        return all(
            at.astimezone(one).utcoffset() == at.astimezone(other).utcoffset()
            for at in (self.begin, self.end)
        )


def read_query(
    request: HttpRequest,
    kind: EventType,
    *,
    invitee: str,
    now: datetime,
    preset: datetime | None = None,
    taken: datetime | None = None,
) -> SlotQuery:
    """Read the query string and ignore invalid values. `preset` is chosen if the query string has no start.
    `taken` is a start that is no longer free."""
    zones = {
        "invitee": formatting.zone_of(invitee),
        "host": _host_zone(kind),
        "viewer": viewer_timezone.zone(request),
    }
    whose = request.GET.get("zone", "")
    whose = whose if whose in zones else "invitee"
    chosen = given_start(request.POST) or parse(request.GET.get("start", ""))
    if chosen is None and request.method != "POST":
        chosen = preset
    today = now.astimezone(zones[whose]).date()
    first = _day(request.GET.get("from", ""))
    if first is None and chosen is not None and chosen.astimezone(zones[whose]).date() >= today + DAYS_SHOWN:
        first = chosen.astimezone(zones[whose]).date()
    if taken is not None:
        first = taken.astimezone(zones[whose]).date()
    first = min(max(first or today, today), today + MAX_DAYS_AHEAD)
    return SlotQuery(whose, zones, today, first, chosen, taken)


def picker(
    request: HttpRequest,
    kind: EventType,
    query: SlotQuery,
    *,
    now: datetime,
    moved_from: datetime | None = None,
    own: bool = False,
    ask: bool = True,
) -> SlotPicker:
    """The free starts, with one call to Calendly; without a call if `ask` is false. `moved_from` is the
    meeting's present start; with `own` it is not offered."""
    last, language = query.first + DAYS_SHOWN - timedelta(days=1), formatting.language()
    made = SlotPicker(
        heading=str(CLOCKS[query.whose][1]) % query.zone.key,
        zone=query.zone.key if query.whose == "invitee" else "",
        clocks=_clocks(request, query),
        span=f"{texts.short_date(query.first, language)} – {texts.short_date(last, language)}",
        earlier=_link(
            request, "earlier", gettext("Earlier"), max(query.first - DAYS_SHOWN, query.today), query
        ),
        later=_link(
            request,
            "later",
            gettext("Later"),
            min(query.first + DAYS_SHOWN, query.today + MAX_DAYS_AHEAD),
            query,
        ),
        again=SlotLink("again", gettext("Ask Calendly again"), _query(request)),
        before=start_text(moved_from, query.zone) if moved_from else "",
    )
    if not ask:
        return made
    try:
        slots = availability.offered(kind, start=query.begin, end=query.end, now=now)
    except (errors.CalendlyRefused, errors.CalendlyUnavailable) as error:
        return replace(made, failure=error_text(error))
    unavailable = {query.taken, moved_from if own else None}
    free = [_free_start(slot.start, query) for slot in slots if slot.start not in unavailable]
    chosen = next((start for start in free if start.at == query.chosen), None)
    nearest = _nearest(free, query) if chosen is None else ()
    shown = chosen or next(iter(nearest), None) or next(iter(free), None)
    opened = query.taken or (shown.at if shown else None)
    return replace(
        made,
        days=_days(free, query, opened.astimezone(query.zone).date() if opened else None),
        chosen=chosen,
        nearest=tuple(_shortcut(request, start) for start in nearest),
        first_free=_shortcut(request, free[0]) if free and not nearest else None,
        note="" if chosen else _note(query, moved_from if own else None),
        asked=True,
    )


def given_start(data: Mapping[str, object]) -> datetime | None:
    """The start of a sent form. Each day has radio buttons with a name of their own, so that Tab reaches each
    day; None if starts of several days are chosen."""
    given = {str(value) for name, value in data.items() if re.fullmatch(r"start(-\d+)?", name) and value}
    return parse(given.pop()) if len(given) == 1 else None


def parse(value: str) -> datetime | None:
    """The chosen start; None if it is invalid or has no zone."""
    try:
        start = datetime.fromisoformat(value[:40])
    except ValueError:
        return None
    # In the first and the last year there are times that some zones cannot express.
    return start.astimezone(UTC) if start.tzinfo and 1 < start.year < 9999 else None


def start_text(at: datetime, zone: ZoneInfo) -> str:
    """A start with its day, short: `joi, 3 dec., 14:00`. Where an hour occurs twice, with the offset."""
    there, language = at.astimezone(zone), formatting.language()
    weekday, month = texts.WEEKDAYS[language][there.weekday()], texts.SHORT_MONTHS[language][there.month - 1]
    return f"{weekday}, {there.day} {month}, {_clock(there)}"


def error_text(error: errors.CalendlyRefused | errors.CalendlyUnavailable) -> str:
    """Why the free starts are unknown."""
    if isinstance(error, errors.CalendlyUnavailable):
        why = gettext("Calendly cannot be reached, so the free times are unknown.")
        return f"{why} {error_messages.retry_text(error.retry_after)}"
    return gettext("Calendly did not return the free times: %s") % formatting.error_text(error, 300)


def _clock(there: datetime) -> str:
    twice = there.replace(fold=0).utcoffset() != there.replace(fold=1).utcoffset()
    return f"{there:%H:%M} {texts.offset(there)}" if twice else f"{there:%H:%M}"


def _free_start(at: datetime, query: SlotQuery) -> FreeStart:
    viewer = query.zones["viewer"]
    elsewhere = ""
    if not query.same_clocks(query.zone, viewer):
        elsewhere = f"{at.astimezone(viewer):%H:%M} {viewer.key.rpartition('/')[2].replace('_', ' ')}"
    label = _clock(at.astimezone(query.zone))
    return FreeStart(at, texts.utc(at), label, start_text(at, query.zone), elsewhere)


def _days(free: list[FreeStart], query: SlotQuery, opened: date | None) -> tuple[SlotDay, ...]:
    """The fourteen days, also those on which nothing is free."""
    language, days = formatting.language(), []
    starts = {
        on: list(of_day)
        for on, of_day in groupby(free, key=lambda start: start.at.astimezone(query.zone).date())
    }
    for number in range(DAYS_SHOWN.days):
        on = query.first + timedelta(days=number)
        of_day = starts.get(on, [])
        parts = groupby(of_day, key=lambda start: _part(start.at.astimezone(query.zone).hour))
        days.append(
            SlotDay(
                on=on,
                label=texts.day(on, language),
                weekday=texts.WEEKDAYS[language][on.weekday()][:3],
                short=f"{on.day} {texts.SHORT_MONTHS[language][on.month - 1]}",
                parts=tuple((part, tuple(of_part)) for part, of_part in parts),
                count=len(of_day),
                clocks_change=_clocks_change_on(on, query.zone),
                open=on == opened,
            )
        )
    return tuple(days)


def _part(hour: int) -> str:
    return next(str(label) for end, label in PARTS if hour < end)


def _nearest(free: list[FreeStart], query: SlotQuery) -> tuple[FreeStart, ...]:
    """The starts nearest to the wanted one, the nearest first; none if no start was wanted."""
    wanted = query.taken or query.chosen
    if wanted is None or not query.begin <= wanted < query.end:
        return ()
    return tuple(sorted(free, key=lambda start: abs(start.at - wanted))[:MAX_NEAREST])


def _note(query: SlotQuery, own: datetime | None) -> str:
    """A note if the chosen start is not offered. Nothing is known about days that are not shown."""
    start = query.chosen
    if start is None or start == query.taken:
        return ""
    if start == own:
        return gettext("The meeting already starts at that time. Choose another one.")
    if not query.begin <= start < query.end:
        return ""
    at = texts.written(start, query.zone, formatting.language())
    return gettext("%s is not free. Choose another start.") % at


def _clocks(request: HttpRequest, query: SlotQuery) -> tuple[SlotLink, ...]:
    """The zones to choose from, those with the same clocks once; none if all are the same."""
    groups: list[list[str]] = []
    for whose, zone in query.zones.items():
        same = next((each for each in groups if query.same_clocks(query.zones[each[0]], zone)), None)
        if same is None:
            groups.append([whose])
        else:
            same.append(whose)
    if len(groups) == 1:
        return ()
    return tuple(
        SlotLink(
            group[0],
            f"{', '.join(str(CLOCKS[whose][0]) for whose in group)} · {query.zones[group[0]].key}",
            _query(request, zone=group[0]),
            query.whose in group,
        )
        for group in groups
    )


def _link(request: HttpRequest, name: str, label: str, first: date, query: SlotQuery) -> SlotLink | None:
    return (
        SlotLink(name, label, _query(request, **{"from": first.isoformat()}))
        if first != query.first
        else None
    )


def _shortcut(request: HttpRequest, start: FreeStart) -> SlotLink:
    return SlotLink(start.value, start.text, _query(request, start=start.value))


def _query(request: HttpRequest, **changes: str) -> str:
    query = request.GET.copy()
    for name, value in changes.items():
        query[name] = value
    return f"?{query.urlencode()}"


def _host_zone(kind: EventType) -> ZoneInfo:
    host = Host.objects.filter(event_types=kind).order_by("pk").only("time_zone").first()
    return formatting.zone_of(host.time_zone if host else "")


def _day(value: str) -> date | None:
    try:
        return date.fromisoformat(value[:10])
    except ValueError:
        return None


def _clocks_change_on(on: date, zone: ZoneInfo) -> bool:
    return start_of_day(on + timedelta(days=1), zone) - start_of_day(on, zone) != timedelta(days=1)

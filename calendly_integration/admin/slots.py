"""The picker of free start times: fourteen days of one event type, in a zone of choice. It only reads."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from django.http import HttpRequest
from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from ..models import EventType, Host
from ..services import errors, texts
from ..services.catalog import availability
from ..services.catalog.availability import Slot
from ..services.time_zones import start_of_day
from . import error_messages, formatting, viewer_timezone

DAYS_SHOWN = availability.SUGGESTED_DAYS
MAX_DAYS_AHEAD = timedelta(days=60)
CSS = ("calendly_integration/slots.css",)
# The zones to choose from: label and heading.
CLOCKS: dict[str, tuple[str | Promise, str | Promise]] = {
    "invitee": (_("invitee"), _("on the invitee's clock, %s")),
    "host": (_("host"), _("on the host's clock, %s")),
    "viewer": (_("you"), _("on your clock, %s")),
}


@dataclass(frozen=True, slots=True)
class FreeStart:
    """A free start on the page."""

    value: str
    label: str
    utc: str


@dataclass(frozen=True, slots=True)
class SlotDay:
    """The free starts of one day. `clocks_change`: the clocks change on it."""

    label: str
    starts: tuple[FreeStart, ...]
    clocks_change: bool = False
    open: bool = False


@dataclass(frozen=True, slots=True)
class SlotLink:
    """A link to other days or another zone. `current` marks the present one."""

    label: str
    query: str
    current: bool = False


@dataclass(frozen=True, slots=True)
class SlotPicker:
    """The context of `slots.html`. `asked`: Calendly has answered, so no days means that none is free.
    `zone` is the zone of the starts if they are in the invitee's zone; the form sends it back."""

    heading: str
    zone: str
    clocks: tuple[SlotLink, ...]
    span: str
    earlier: SlotLink | None
    later: SlotLink | None
    again: str
    chosen: str = ""
    days: tuple[SlotDay, ...] = ()
    failure: str = ""
    note: str = ""
    asked: bool = False

    @property
    def free(self) -> bool:
        """Whether there is a free start."""
        return any(day.starts for day in self.days)


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
    given = request.POST.get("start", "") if request.method == "POST" else request.GET.get("start", "")
    chosen = parse(given) or (preset if request.method != "POST" else None)
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
    without: datetime | None = None,
    ask: bool = True,
) -> SlotPicker:
    """The free starts, with one call to Calendly; without a call if `ask` is false. `without` is the
    meeting's present start."""
    last, language = query.first + DAYS_SHOWN - timedelta(days=1), formatting.language()
    made = SlotPicker(
        heading=str(CLOCKS[query.whose][1]) % query.zone.key,
        zone=query.zone.key if query.whose == "invitee" else "",
        clocks=tuple(
            SlotLink(f"{CLOCKS[whose][0]} · {zone.key}", _query(request, zone=whose), whose == query.whose)
            for whose, zone in query.zones.items()
        ),
        span=f"{texts.short_date(query.first, language)} – {texts.short_date(last, language)}",
        earlier=_link(request, gettext("Earlier"), max(query.first - DAYS_SHOWN, query.today), query),
        later=_link(
            request, gettext("Later"), min(query.first + DAYS_SHOWN, query.today + MAX_DAYS_AHEAD), query
        ),
        again=_query(request),
        chosen=texts.utc(query.chosen) if query.chosen else "",
    )
    if not ask:
        return made
    try:
        slots = availability.offered(kind, start=query.begin, end=query.end, now=now)
    except (errors.CalendlyRefused, errors.CalendlyUnavailable) as error:
        return replace(made, failure=error_text(error))
    free = [slot for slot in slots if slot.start not in (without, query.taken)]
    days = _with_first(by_day(free, query.zone), query)
    opened = tuple(
        replace(day, open=not number or any(start.value == made.chosen for start in day.starts))
        for number, day in enumerate(days)
    )
    return replace(made, days=opened, note=_note(query, free, without), asked=True)


def by_day(slots: Iterable[Slot], zone: ZoneInfo) -> tuple[SlotDay, ...]:
    """The starts by day. Where an hour occurs twice, the label has the offset."""
    days: dict[date, list[FreeStart]] = {}
    for slot in slots:
        there = slot.start.astimezone(zone)
        label = f"{there:%H:%M}"
        if there.replace(fold=0).utcoffset() != there.replace(fold=1).utcoffset():
            label = f"{label} {texts.offset(there)}"
        start = FreeStart(texts.utc(slot.start), label, f"{slot.start.astimezone(UTC):%H:%M} UTC")
        days.setdefault(there.date(), []).append(start)
    return tuple(
        SlotDay(texts.day(on, formatting.language()), tuple(starts), _clocks_change_on(on, zone))
        for on, starts in days.items()
    )


def _with_first(days: tuple[SlotDay, ...], query: SlotQuery) -> tuple[SlotDay, ...]:
    """Show the day of the taken start, even if nothing else on it is free."""
    label = texts.day(query.first, formatting.language())
    if query.taken is None or not days or days[0].label == label:
        return days
    return (SlotDay(label, (), _clocks_change_on(query.first, query.zone)), *days)


def parse(value: str) -> datetime | None:
    """The chosen start; None if it is invalid or has no zone."""
    try:
        start = datetime.fromisoformat(value[:40])
    except ValueError:
        return None
    # In the first and the last year there are times that some zones cannot express.
    return start.astimezone(UTC) if start.tzinfo and 1 < start.year < 9999 else None


def error_text(error: errors.CalendlyRefused | errors.CalendlyUnavailable) -> str:
    """Why the free starts are unknown."""
    if isinstance(error, errors.CalendlyUnavailable):
        why = gettext("Calendly cannot be reached, so the free times are unknown.")
        return f"{why} {error_messages.retry_text(error.retry_after)}"
    return gettext("Calendly did not return the free times: %s") % formatting.error_text(error, 300)


def _note(query: SlotQuery, free: list[Slot], without: datetime | None) -> str:
    """A note if the chosen start is not offered. Nothing is known about days that are not shown."""
    start = query.chosen
    if start is None or start == query.taken or any(slot.start == start for slot in free):
        return ""
    if start == without:
        return gettext("The meeting already starts at that time. Choose another one.")
    if not query.begin <= start < query.end:
        return ""
    at = texts.written(start, query.zone, formatting.language())
    return gettext("%s is not free. Choose another start.") % at


def _link(request: HttpRequest, label: str, first: date, query: SlotQuery) -> SlotLink | None:
    return SlotLink(label, _query(request, **{"from": first.isoformat()})) if first != query.first else None


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

"""The picker of free starts: fourteen days of one event type, on the clock of whom one likes. It only reads."""

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
from ..services.bookings.time_zones import start_of_day
from ..services.catalog import availability
from ..services.catalog.availability import Slot
from . import formatting, refusals, viewer_timezone

SPAN = availability.SUGGESTED_DAYS
FURTHEST = timedelta(days=60)
CSS = ("calendly_integration/slots.css",)
# On whose clock: how the choice is called, and the heading.
CLOCKS: dict[str, tuple[str | Promise, str | Promise]] = {
    "invitee": (_("invitee"), _("on the invitee's clock, %s")),
    "host": (_("host"), _("on the host's clock, %s")),
    "viewer": (_("you"), _("on your clock, %s")),
}


@dataclass(frozen=True, slots=True)
class Start:
    """A free start as the page offers it."""

    value: str
    label: str
    utc: str


@dataclass(frozen=True, slots=True)
class Day:
    """The free starts of one day. `odd` where the clocks change on it."""

    label: str
    starts: tuple[Start, ...]
    odd: bool = False
    open: bool = False


@dataclass(frozen=True, slots=True)
class Way:
    """Another look at the free starts: the query that leads there. `here`: it is the present one."""

    label: str
    query: str
    here: bool = False


@dataclass(frozen=True, slots=True)
class Picker:
    """What the partial `slots.html` shows. `asked`: Calendly has told, so that no days means none is free.
    `zone`: that of the starts, where they are on the invitee's clock; the form sends it back."""

    heading: str
    zone: str
    clocks: tuple[Way, ...]
    span: str
    earlier: Way | None
    later: Way | None
    again: str
    chosen: str = ""
    days: tuple[Day, ...] = ()
    failure: str = ""
    note: str = ""
    asked: bool = False

    @property
    def free(self) -> bool:
        """Whether there is a start to choose."""
        return any(day.starts for day in self.days)


@dataclass(frozen=True, slots=True)
class Look:
    """What the address asks for: which clock, from which day on, and which start is chosen. `gone`: the start that
    was chosen and is not free any more; its day stands first."""

    whose: str
    zones: dict[str, ZoneInfo]
    today: date
    first: date
    chosen: datetime | None
    gone: datetime | None = None

    @property
    def zone(self) -> ZoneInfo:
        """The zone in which the days are told."""
        return self.zones[self.whose]

    @property
    def begin(self) -> datetime:
        """The first midnight."""
        return start_of_day(self.first, self.zone)

    @property
    def end(self) -> datetime:
        """The midnight that ends the last day, whatever the clocks do in between."""
        return start_of_day(self.first + SPAN, self.zone)


def look(
    request: HttpRequest,
    kind: EventType,
    *,
    invitee: str,
    now: datetime,
    preset: datetime | None = None,
    gone: datetime | None = None,
) -> Look:
    """Read the address. What cannot be meant is left aside. `preset`: chosen where the address chooses nothing.
    `gone`: a start that is not free any more."""
    zones = {
        "invitee": formatting.zone_of(invitee),
        "host": _hosts_zone(kind),
        "viewer": viewer_timezone.zone(request),
    }
    whose = request.GET.get("zone", "")
    whose = whose if whose in zones else "invitee"
    given = request.POST.get("start", "") if request.method == "POST" else request.GET.get("start", "")
    chosen = parse(given) or (preset if request.method != "POST" else None)
    today = now.astimezone(zones[whose]).date()
    first = _day(request.GET.get("from", ""))
    if first is None and chosen is not None and chosen.astimezone(zones[whose]).date() >= today + SPAN:
        first = chosen.astimezone(zones[whose]).date()
    if gone is not None:
        first = gone.astimezone(zones[whose]).date()
    first = min(max(first or today, today), today + FURTHEST)
    return Look(whose, zones, today, first, chosen, gone)


def picker(
    request: HttpRequest,
    kind: EventType,
    seen: Look,
    *,
    now: datetime,
    without: datetime | None = None,
    ask: bool = True,
) -> Picker:
    """The free starts, with one call to Calendly; none with `ask` off.

    `without`: the start that the meeting has.
    """
    last = seen.first + SPAN - timedelta(days=1)
    made = Picker(
        heading=str(CLOCKS[seen.whose][1]) % seen.zone.key,
        zone=seen.zone.key if seen.whose == "invitee" else "",
        clocks=tuple(
            Way(f"{CLOCKS[whose][0]} · {zone.key}", _query(request, zone=whose), whose == seen.whose)
            for whose, zone in seen.zones.items()
        ),
        span=f"{texts.short_date(seen.first, formatting.language())} – {texts.short_date(last, formatting.language())}",
        earlier=_way(request, gettext("Earlier"), max(seen.first - SPAN, seen.today), seen),
        later=_way(request, gettext("Later"), min(seen.first + SPAN, seen.today + FURTHEST), seen),
        again=_query(request),
        chosen=texts.utc(seen.chosen) if seen.chosen else "",
    )
    if not ask:
        return made
    try:
        slots = availability.offered(kind, start=seen.begin, end=seen.end, now=now)
    except (errors.CalendlyRefused, errors.CalendlyUnavailable) as error:
        return replace(made, failure=failed(error))
    free = [slot for slot in slots if slot.start not in (without, seen.gone)]
    days = _with_first(by_day(free, seen.zone), seen)
    opened = tuple(
        replace(day, open=not number or any(start.value == made.chosen for start in day.starts))
        for number, day in enumerate(days)
    )
    return replace(made, days=opened, note=_note(seen, free, without), asked=True)


def by_day(slots: Iterable[Slot], zone: ZoneInfo) -> tuple[Day, ...]:
    """Starts in the order of the zone's days. An hour that comes twice in autumn is told apart by its offset."""
    days: dict[date, list[Start]] = {}
    for slot in slots:
        there = slot.start.astimezone(zone)
        label = f"{there:%H:%M}"
        if there.replace(fold=0).utcoffset() != there.replace(fold=1).utcoffset():
            label = f"{label} {texts.offset(there)}"
        start = Start(texts.utc(slot.start), label, f"{slot.start.astimezone(UTC):%H:%M} UTC")
        days.setdefault(there.date(), []).append(start)
    return tuple(
        Day(texts.day(on, formatting.language()), tuple(starts), _is_odd(on, zone))
        for on, starts in days.items()
    )


def _with_first(days: tuple[Day, ...], seen: Look) -> tuple[Day, ...]:
    """The day of the start that went stands there even if nothing on it is free any more."""
    label = texts.day(seen.first, formatting.language())
    if seen.gone is None or not days or days[0].label == label:
        return days
    return (Day(label, (), _is_odd(seen.first, seen.zone)), *days)


def parse(value: str) -> datetime | None:
    """The chosen start; None where it is none, or has no zone."""
    try:
        start = datetime.fromisoformat(value[:40])
    except ValueError:
        return None
    # The first and the last year of the calendar have instants that some zones cannot write.
    return start.astimezone(UTC) if start.tzinfo and 1 < start.year < 9999 else None


def failed(error: errors.CalendlyRefused | errors.CalendlyUnavailable) -> str:
    """Why the free starts are not known."""
    if isinstance(error, errors.CalendlyUnavailable):
        why = gettext("Calendly cannot be reached now, so its free times are not known.")
        return f"{why} {refusals.later(error.retry_after)}"
    return gettext("Calendly does not tell its free times: %s") % formatting.told(error, 300)


def _note(seen: Look, free: list[Slot], without: datetime | None) -> str:
    """Where a start was chosen that is not offered, that is said; of other days nothing is known here."""
    start = seen.chosen
    if start is None or start == seen.gone or any(slot.start == start for slot in free):
        return ""
    if start == without:
        return gettext("That is the start that the meeting has. Choose another one.")
    if not seen.begin <= start < seen.end:
        return ""
    at = texts.written(start, seen.zone, formatting.language())
    return gettext("%s is not free. Choose another start.") % at


def _way(request: HttpRequest, label: str, first: date, seen: Look) -> Way | None:
    return Way(label, _query(request, **{"from": first.isoformat()})) if first != seen.first else None


def _query(request: HttpRequest, **changes: str) -> str:
    query = request.GET.copy()
    for name, value in changes.items():
        query[name] = value
    return f"?{query.urlencode()}"


def _hosts_zone(kind: EventType) -> ZoneInfo:
    host = Host.objects.filter(event_types=kind).order_by("pk").only("time_zone").first()
    return formatting.zone_of(host.time_zone if host else "")


def _day(value: str) -> date | None:
    try:
        return date.fromisoformat(value[:10])
    except ValueError:
        return None


def _is_odd(on: date, zone: ZoneInfo) -> bool:
    return start_of_day(on + timedelta(days=1), zone) - start_of_day(on, zone) != timedelta(days=1)

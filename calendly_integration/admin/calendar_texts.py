"""The texts of the calendar: times, clock changes, and the words of its script."""

from datetime import UTC, datetime, timedelta, tzinfo
from zoneinfo import ZoneInfo

from django.utils import timezone
from django.utils.text import capfirst
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from ..models import Booking
from ..services import texts
from ..services.backoffice import calendar
from . import formatting

WORDS = {
    "empty": _("No meetings on these days. Choose other days or fewer filters."),
    "failed": _("The meetings could not be loaded. Reload the page."),
    "no_host": _("No host"),
    "more": _("+%d more"),
    "close": _("Close"),
    "busy": _("busy"),
    "week": _("wk %d"),
}


def clock(at: datetime, zone: ZoneInfo) -> str:
    """The time on the clocks of the zone, with the offset where they show it twice."""
    here = at.astimezone(zone)
    return f"{here:%H:%M} {texts.offset(here)}" if calendar.is_ambiguous(at, zone) else f"{here:%H:%M}"


def time(row: Booking, zone: ZoneInfo) -> str:
    """Start and end."""
    return "–".join(clock(at, zone) for at in (row.start_at, row.end_at) if at is not None)


def when(row: Booking, zone: ZoneInfo) -> str:
    """The day, the times and the zone, for the summary."""
    assert row.start_at is not None
    here = row.start_at.astimezone(zone)
    day = capfirst(texts.day(here.date(), formatting.language()))
    return f"{day} {here.year}, {time(row, zone)} ({zone.key}, {texts.offset(here)})"


def changes(on: calendar.DayRange) -> list[dict[str, str]]:
    """The clock changes in these days: their texts, and the spans to shade."""
    found = []
    for change in calendar.clock_changes(on):
        start, end = change.span
        before, after = (
            texts.offset(change.at.astimezone(UTC).astimezone(_fixed(offset)))
            for offset in (change.before, change.after)
        )
        words = (
            _("Clocks go back: %(start)s to %(end)s comes twice, first in %(before)s, then in %(after)s.")
            if change.back
            else _("Clocks go forward from %(before)s to %(after)s: %(start)s to %(end)s does not exist.")
        )
        text = str(words) % {
            "start": f"{start:%H:%M}",
            "end": f"{end:%H:%M}",
            "before": before,
            "after": after,
        }
        day = capfirst(texts.day(start.date(), formatting.language()))
        label = gettext("comes twice") if change.back else gettext("does not exist")
        found.append(
            {
                "start": start.isoformat(timespec="seconds"),
                "end": end.isoformat(timespec="seconds"),
                "text": f"{day} {start.year}: {text}",
                "label": f"{start:%H:%M}–{end:%H:%M} {label}",
            }
        )
    return found


def _fixed(offset: timedelta) -> tzinfo:
    return timezone.get_fixed_timezone(offset)

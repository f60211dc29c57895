"""How times are written: for machines in UTC, for people in their zone and language."""

from datetime import UTC, date, datetime, timedelta, tzinfo
from typing import TypedDict
from zoneinfo import ZoneInfo

LANGUAGES = ("ro", "en")
WEEKDAYS = {
    "ro": ("luni", "marți", "miercuri", "joi", "vineri", "sâmbătă", "duminică"),
    "en": ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"),
}
MONTHS = {
    "ro": (
        "ianuarie februarie martie aprilie mai iunie iulie august septembrie octombrie noiembrie decembrie"
    ).split(),
    "en": ("January February March April May June July August September October November December").split(),
}
SHORT_MONTHS = {
    "ro": "ian. feb. mar. apr. mai iun. iul. aug. sept. oct. nov. dec.".split(),
    "en": "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split(),
}


class Local(TypedDict):
    """A meeting's times in the invitee's zone."""

    timezone: str
    start: str
    end: str
    weekday: str
    text: str


def language(code: str | None) -> str:
    """Our language for a code such as `ro-RO`; Romanian for all others."""
    short = (code or "").replace("_", "-").split("-")[0].lower()
    return short if short in LANGUAGES else "ro"


def mail_language(code: str | None) -> str:
    """The language of a mail to an invitee: Romanian if that is theirs or unknown, otherwise English."""
    short = (code or "").replace("_", "-").split("-")[0].strip().lower()
    return "ro" if short in ("", "ro") else "en"


def utc(instant: datetime) -> str:
    """ISO 8601, UTC with Z, whole seconds."""
    return instant.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def day(on: date, lang: str) -> str:
    """A day as it is spoken: `miercuri, 25 noiembrie`, `Wednesday, November 25`."""
    weekday, month = WEEKDAYS[lang][on.weekday()], MONTHS[lang][on.month - 1]
    return f"{weekday}, {on.day} {month}" if lang == "ro" else f"{weekday}, {month} {on.day}"


def spoken(instant: datetime, zone: ZoneInfo, lang: str) -> str:
    """A time as it is spoken: `marți, 24 noiembrie, ora 10:00`."""
    local = instant.astimezone(zone)
    return f"{day(local.date(), lang)}{', ora' if lang == 'ro' else ' at'} {local:%H:%M}"


def written(instant: datetime, zone: ZoneInfo, lang: str) -> str:
    """A time for a mail: with the year and the zone."""
    local = instant.astimezone(zone)
    clock, name = f"{local:%H:%M}", zone.key
    if lang == "ro":
        return f"{day(local.date(), lang)} {local.year}, ora {clock} ({name})"
    return f"{day(local.date(), lang)}, {local.year} at {clock} ({name})"


def timestamp(instant: datetime, zone: tzinfo, lang: str, *, seconds: bool = False) -> str:
    """A time for a table: `24 nov. 2026, 10:00 UTC+2`."""
    there = instant.astimezone(zone)
    clock = f"{there:%H:%M:%S}" if seconds else f"{there:%H:%M}"
    return f"{short_date(there.date(), lang)}, {clock} {offset(there)}"


def short_date(on: date, lang: str) -> str:
    """A date for a table: `24 nov. 2026`."""
    return f"{on.day} {SHORT_MONTHS[lang][on.month - 1]} {on.year}"


def offset(local: datetime) -> str:
    """The UTC offset at that time: `UTC+2`, `UTC-3:30`, `UTC`."""
    minutes = round((local.utcoffset() or timedelta()).total_seconds() / 60)
    if not minutes:
        return "UTC"
    hours, rest = divmod(abs(minutes), 60)
    return f"UTC{'+' if minutes > 0 else '-'}{hours}{f':{rest:02}' if rest else ''}"


def local(start: datetime, end: datetime, zone: ZoneInfo, lang: str) -> Local:
    """The interval in the invitee's zone, for answers to agents."""
    begins, ends = start.astimezone(zone), end.astimezone(zone)
    return {
        "timezone": zone.key,
        "start": begins.isoformat(timespec="seconds"),
        "end": ends.isoformat(timespec="seconds"),
        "weekday": WEEKDAYS[lang][begins.weekday()],
        "text": spoken(start, zone, lang),
    }

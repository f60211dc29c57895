"""The time zone of the invitee: found from the evidence that an agent has, and how certain it is."""

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from importlib import resources
from zoneinfo import ZoneInfo, available_timezones

from .. import conf
from ..models import Booking

# The zones that most people with an offset live in, tried in this order.
PRINCIPAL = (
    "Europe/Bucharest Europe/London Europe/Paris Europe/Istanbul America/New_York America/Chicago "
    "America/Denver America/Los_Angeles America/Anchorage America/Halifax America/St_Johns America/Sao_Paulo "
    "Atlantic/Azores Asia/Dubai Asia/Tehran Asia/Kabul Asia/Karachi Asia/Kolkata Asia/Kathmandu Asia/Dhaka "
    "Asia/Yangon Asia/Bangkok Asia/Shanghai Asia/Tokyo Australia/Adelaide Australia/Sydney Pacific/Auckland "
    "Pacific/Chatham Pacific/Honolulu"
).split()
HORIZON = timedelta(days=60)


class UnknownZone(ValueError):
    """The name is not in the time zone database."""


class NoSuchTime(ValueError):
    """A local time that the clocks skip in the night when summer time begins."""


@dataclass(frozen=True, slots=True)
class Zone:
    """The invitee's zone; where it comes from (explicit, offset, phone, locale, default); how sure (high,
    medium, low)."""

    name: str
    source: str
    confidence: str

    @property
    def info(self) -> ZoneInfo:
        """The zone's rules."""
        return ZoneInfo(self.name)


@lru_cache(maxsize=1)
def _names() -> dict[str, str]:
    """Present zone names by their normalized names, including old names."""
    names = available_timezones() - {"localtime", "Factory"}
    return {_normalized(name): _renamed().get(name, name) if "/" in name else name for name in names}


def _normalized(name: str) -> str:
    """A name for comparison. A blank counts as an underscore, also one that was a plus in a query string."""
    parts = [part.strip() for part in name.lower().split("/")]
    return re.sub(r"[\s+]+", "_", "/".join(parts))


def named(name: str) -> ZoneInfo:
    """The zone of that name, whatever its case, with blanks or underscores, present or old ("Europe/Kiev").

    Raises UnknownZone.
    """
    found = _names().get(_normalized(name))
    if not found:
        raise UnknownZone(name)
    return ZoneInfo(found)


def default_name() -> str:
    """The zone without any evidence."""
    return conf.get().DEFAULT_TIME_ZONE


def zone_of(booking: Booking) -> Zone:
    """The zone in which the invitee reads the time of the meeting."""
    try:
        return Zone(named(booking.time_zone).key, "explicit", "high")
    except UnknownZone:
        return Zone(default_name(), "default", "low")


def resolve(
    *, explicit: str = "", preferred: datetime | None = None, phone: str = "", locale: str = "", now: datetime
) -> Zone:
    """The invitee's zone: an explicit name; else the offset of the preferred time; else the country of the
    phone number; else that of the locale; else the default. Raises UnknownZone for an explicit one."""
    if explicit:
        return Zone(named(explicit).key, "explicit", "high")
    by_phone = _of_phone(phone, now) if phone else []
    # Programs write instants with Z. It is no evidence of where a person lives.
    if preferred is not None and preferred.utcoffset():
        return _of_offset(preferred, by_phone)
    if len(by_phone) == 1:
        return Zone(by_phone[0], "phone", "medium")
    by_locale = _of_locale(locale, now)
    if len(by_locale) == 1 and (not by_phone or by_locale[0] in by_phone):
        return Zone(by_locale[0], "locale", "low")
    if default_name() in by_phone:
        return Zone(default_name(), "phone", "low")
    return Zone(default_name(), "default", "low")


def at(local: datetime, zone: ZoneInfo) -> datetime:
    """The instant of a local time without offset; of a repeated hour the first, unless `fold` says
    otherwise. Raises NoSuchTime in the gap when summer time begins."""
    instant = local.replace(tzinfo=zone).astimezone(UTC)
    if instant.astimezone(zone).replace(tzinfo=None, fold=0) != local.replace(fold=0):
        raise NoSuchTime(local.isoformat())
    return instant


def with_plus(phone: str) -> str:
    """A number whose country code is dialed with 00, with a plus."""
    return re.sub(r"^\W*00", "+", phone)


def start_of_day(day: date, zone: ZoneInfo) -> datetime:
    """The first instant of a day in the zone, also if the clocks skip midnight.

    Raises OverflowError at the edges of the calendar.
    """
    return datetime.combine(day, time(), zone).astimezone(UTC)


def _of_offset(preferred: datetime, by_phone: list[str]) -> Zone:
    """The zone that best explains the offset with which the agent wrote the time."""
    offset = preferred.utcoffset()

    def fits(name: str) -> bool:
        return preferred.astimezone(ZoneInfo(name)).utcoffset() == offset

    for name in by_phone:
        if fits(name):
            return Zone(name, "offset", "medium")
    if fits(default_name()):
        return Zone(default_name(), "offset", "medium")
    for name in PRINCIPAL:
        if fits(name):
            return Zone(name, "offset", "low")
    hours, rest = divmod(int(offset.total_seconds()) if offset else 0, 3600)
    if rest == 0 and -14 <= -hours <= 12:
        return Zone(f"Etc/GMT{-hours:+d}", "offset", "low")
    return Zone(default_name(), "default", "low")


def _of_phone(phone: str, now: datetime) -> list[str]:
    """The zones of a number's region, one for each different clock; empty if there are none."""
    import phonenumbers  # here: its tables are large, and many processes never need them
    from phonenumbers import timezone as phone_zones

    try:
        number = phonenumbers.parse(with_plus(phone), None)
    except phonenumbers.NumberParseException:
        return []
    # The library still has old names such as Asia/Calcutta and Europe/Kiev.
    names = [_renamed().get(name, name) for name in phone_zones.time_zones_for_number(number) if "/" in name]
    return _distinct(names, now)


def _of_locale(locale: str, now: datetime) -> list[str]:
    parts = locale.replace("_", "-").split("-")
    return _distinct(list(_countries().get(parts[-1].upper(), ())), now) if len(parts) > 1 else []


@lru_cache(maxsize=1)
def _countries() -> dict[str, list[str]]:
    """Zones by country, from the table of the time zone database itself."""
    table = resources.files("tzdata.zoneinfo").joinpath("zone.tab").read_text(encoding="utf-8")
    found: dict[str, list[str]] = {}
    for line in table.splitlines():
        if line and not line.startswith("#"):
            country, _place, name = line.split("\t")[:3]
            found.setdefault(country, []).append(name)
    return found


def countries(name: str) -> list[str]:
    """The countries in a zone, as ISO 3166 codes; none for a zone such as UTC."""
    name = _renamed().get(name, name)
    return [country for country, names in _countries().items() if name in names]


@lru_cache(maxsize=1)
def _renamed() -> dict[str, str]:
    """Old names with their present ones."""
    table = resources.files("tzdata.zoneinfo").joinpath("tzdata.zi").read_text(encoding="utf-8")
    present = {name for names in _countries().values() for name in names}
    links = [line.split(" ")[1:3] for line in table.splitlines() if line.startswith("L ")]
    return {old: new for new, old in links if old not in present and new in present}


def _distinct(names: list[str], now: datetime) -> list[str]:
    """The names without those whose clocks agree with an earlier one over the next sixty days."""
    kept: dict[tuple[timedelta | None, ...], str] = {}
    moments = [now + HORIZON * part / 4 for part in range(5)]
    for name in names:
        if _normalized(name) in _names():
            zone = ZoneInfo(name)
            kept.setdefault(tuple(moment.astimezone(zone).utcoffset() for moment in moments), name)
    default = default_name()
    return (
        [default if default in names and name != default else name for name in kept.values()]
        if len(kept) == 1
        else list(kept.values())
    )

"""Times as they are asked for: local times, days and spans become instants, or are refused."""

from datetime import UTC, date, datetime, timedelta

from .. import time_zones
from ..errors import InvalidBookingRequest
from ..time_zones import Zone

MAX_AHEAD = timedelta(days=730)
A_WEEK = timedelta(days=7)


def instant(field: str, given: datetime | date, zone: Zone) -> datetime:
    """The time in UTC. Without offset it is local time in `zone`; a day means its beginning there.

    Raises InvalidBookingRequest for a time that the clocks skip or that no calendar has.
    """
    try:
        if not isinstance(given, datetime):
            return time_zones.start_of_day(given, zone.info)
        return given.astimezone(UTC) if given.tzinfo else time_zones.at(given, zone.info)
    except time_zones.NoSuchTime as error:
        raise InvalidBookingRequest(field, "no_such_time", time=str(error), zone=zone.name) from error
    except OverflowError as error:
        raise InvalidBookingRequest(field, "out_of_range") from error


def span(
    start: datetime | date | None,
    end: datetime | date | None,
    zone: Zone,
    *,
    longest: timedelta,
    now: datetime,
) -> tuple[datetime, datetime]:
    """From when to when, in UTC: from `start`, or now, to `end`, or for a week. A day as the end is included.

    Raises InvalidBookingRequest: backwards, longer than `longest`, too far away.
    """
    first = now if start is None else start
    begin = instant("start", first, zone)
    if not now - MAX_AHEAD < begin < now + MAX_AHEAD:
        raise InvalidBookingRequest("start", "out_of_range")
    if end is None:
        # A week that begins with a day ends with one, also when the clocks change.
        end = begin + A_WEEK if isinstance(first, datetime) else first + A_WEEK
    elif not isinstance(end, datetime):
        end = _day_after(end)
    until = instant("end", end, zone)
    if until <= begin:
        raise InvalidBookingRequest("end", "end_before_start")
    # Days are counted on the local clock: one may have 25 hours.
    begins, ends = (each.astimezone(zone.info).replace(tzinfo=None) for each in (begin, until))
    if min(until - begin, ends - begins) > longest:
        raise InvalidBookingRequest("end", "too_long", days=str(longest.days))
    return begin, until


def _day_after(day: date) -> date:
    try:
        return day + timedelta(days=1)
    except OverflowError as error:
        raise InvalidBookingRequest("end", "out_of_range") from error

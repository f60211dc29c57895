"""From the times of a segment to minutes of a day."""

from dataclasses import dataclass

from .clocks import DAY_MINUTES
from .phrases import Bound, Clock, MinuteOnly, Part, Time, TimeBound, TimeRange
from .setting import Setting, Unsure

HOUR = 60
PARTS: dict[str, tuple[int, int]] = {
    "early_morning": (6, 9),
    "morning": (6, 12),
    "midday": (11, 14),
    "afternoon": (12, 18),
    "evening": (17, 22),
    "night": (22, 30),
    "end_of_day": (15, 18),
    "after_lunch": (12, 18),
}
MORNINGS = ("early_morning", "morning", "first_thing")
# Before an hour without "am" or "pm": from 1 to 6 it is the afternoon.
LAST_AFTERNOON_HOUR, SEVEN, NOON = 6, 7, 12


@dataclass(frozen=True, slots=True)
class Interval:
    """Minutes after midnight; more than 1440 reach into the next day."""

    first: int
    last: int
    exact: bool = False


def interval(times: list[Time], setting: Setting, *, has_day: bool) -> Interval | None:
    """When on a day; None where no time was said."""
    parts = [each for each in times if isinstance(each, Part)]
    others = [each for each in times if not isinstance(each, Part)]
    part: str = parts[-1].name if parts else ""
    if len(parts) > 1 and part == "morning":
        part = parts[0].name  # "first thing in the morning"
    if not others:
        return _part_interval(part, setting, has_day=has_day) if part else None
    [first, *rest] = others
    if isinstance(first, Clock):
        start = _exact_minutes(first, part, setting, has_day=has_day)
        return Interval(start, start + HOUR, exact=True)
    if isinstance(first, TimeRange):
        found = _range(first, part, setting)
        return _within_part(found, part)
    if isinstance(first, MinuteOnly):
        raise Unsure("hour")
    bounds = [each for each in (first, *rest) if isinstance(each, TimeBound)]
    return _bounded(bounds, part, setting)


def _part_interval(part: str, setting: Setting, *, has_day: bool) -> Interval:
    if part == "first_thing":
        return setting.choices.pick(
            (Interval(6 * HOUR, 9 * HOUR), Interval(8 * HOUR, 10 * HOUR)), "first thing"
        )
    if part == "after_lunch":
        return setting.choices.pick(
            (Interval(12 * HOUR, 18 * HOUR), Interval(14 * HOUR, DAY_MINUTES)), "after lunch"
        )
    first, last = PARTS[part]
    if part == "night" and has_day:
        return setting.choices.pick((Interval(22 * HOUR, DAY_MINUTES), Interval(0, 6 * HOUR)), "night")
    return Interval(first * HOUR, last * HOUR)


def _within_part(found: Interval, part: str) -> Interval:
    if not part:
        return found
    limits = PARTS["morning" if part == "first_thing" else part]
    first, last = max(found.first, limits[0] * HOUR), min(found.last, limits[1] * HOUR)
    if first >= last or (part in MORNINGS and found.last > 13 * HOUR):
        raise Unsure("contradiction")
    return found


def _exact_minutes(clock: Clock, part: str, setting: Setting, *, has_day: bool) -> int:
    """Where midnight or the small hours may belong to either night, both are readings."""
    if clock.sense == "midnight" or _is_twelve_at_night(clock, part):
        minutes = clock.minute
        if not has_day:
            return DAY_MINUTES + minutes
        return setting.choices.pick((DAY_MINUTES, 0), "midnight") + minutes
    minutes = _minutes(clock, part, setting)
    if part == "night" and has_day and minutes < 6 * HOUR:
        return setting.choices.pick((DAY_MINUTES, 0), "midnight") + minutes
    return minutes


def _is_twelve_at_night(clock: Clock, part: str) -> bool:
    if clock.hour == NOON and clock.sense == "am":
        return True
    return clock.hour in (NOON, 24, 0) and clock.sense in ("", "24") and part == "night"


def _minutes(clock: Clock, part: str, setting: Setting) -> int:
    """Minutes after midnight, in the sense of "am", "pm", the part of the day, or the usual one."""
    hour = clock.hour
    if clock.sense == "am":
        hour = hour % 12
    elif clock.sense == "pm":
        hour = hour % 12 + 12 if hour <= NOON else hour
    elif clock.sense == "midnight":
        hour = 24
    elif not clock.sense:
        hour = _hour_in_part(hour, part) if part else _usual_hour(clock, setting)
    minutes = hour * HOUR + clock.minute
    if part:
        _check_part(minutes, part)
    return minutes


def _usual_hour(clock: Clock, setting: Setting) -> int:
    hour = clock.hour
    if clock.before_seven:
        return hour + setting.choices.pick((0, 12), "seven")
    if 1 <= hour <= LAST_AFTERNOON_HOUR:
        return hour + (setting.choices.pick((12, 0), "padded") if clock.padded else 12)
    if setting.has_seven and SEVEN <= hour < NOON:
        return hour + setting.choices.pick((0, 12), "seven")
    return hour


def _hour_in_part(hour: int, part: str) -> int:
    if part in MORNINGS or hour >= NOON:
        return hour
    if part == "midday":
        return hour + 12 if hour <= 3 else hour
    if part in ("afternoon", "after_lunch", "end_of_day", "evening"):
        return hour + 12
    return hour if hour < 6 else hour + 12  # night


# The hours that a part of the day goes with when an exact hour is named, wider than the part itself.
HOURS_OF_PART: dict[str, tuple[int, int]] = {
    "early_morning": (3, 10),
    "morning": (1, 12),
    "first_thing": (6, 11),
    "midday": (11, 15),
    "afternoon": (12, 20),
    "evening": (17, 24),
    "end_of_day": (15, 20),
    "after_lunch": (12, 20),
}


def _check_part(minutes: int, part: str) -> None:
    """Raises Unsure where an hour and a part of the day contradict each other."""
    if part == "night":
        if 6 * HOUR <= minutes < 18 * HOUR:
            raise Unsure("contradiction")
        return
    first, last = HOURS_OF_PART[part]
    if not first * HOUR <= minutes < last * HOUR:
        raise Unsure("contradiction")


def _range(found: TimeRange, part: str, setting: Setting) -> Interval:
    first, last = found.first, found.last
    if last.sense in ("am", "pm") and not first.sense and first.hour <= NOON:
        shared = _minutes(Clock(first.hour, first.minute, last.sense), part, setting)
        if shared < _minutes(last, part, setting):
            return Interval(shared, _minutes(last, part, setting))
    if part == "night":
        raise Unsure("contradiction")
    start = _first_of_range(first, last, part, setting)
    end = _end_after(start, last, part, setting)
    if part:
        _check_part(start, part)
    return Interval(start, end)


def _first_of_range(first: Clock, last: Clock, part: str, setting: Setting) -> int:
    """ "Six to nine" is a morning or an evening."""
    plain = not first.sense and not last.sense and not part
    if plain and first.hour == LAST_AFTERNOON_HOUR and 8 <= last.hour <= NOON:
        return first.minute + HOUR * setting.choices.pick((18, 6), "six")
    if part and not first.sense and first.hour <= NOON:
        return _hour_in_part(first.hour, part) * HOUR + first.minute
    return _minutes(first, "", setting)


def _end_after(start: int, last: Clock, part: str, setting: Setting) -> int:
    """The end of a range, in the sense that lies after its start."""
    if last.sense == "midnight":
        return DAY_MINUTES
    if last.sense:
        end = _minutes(last, "", setting)
    elif part:
        end = _hour_in_part(last.hour, part) * HOUR + last.minute
    elif last.hour == SEVEN:
        end = 7 * HOUR + last.minute if start < 7 * HOUR else 19 * HOUR + last.minute
    elif 1 <= last.hour <= LAST_AFTERNOON_HOUR and last.hour * HOUR + last.minute > start:
        end = last.hour * HOUR + last.minute
    else:
        end = (last.hour + 12 if 1 <= last.hour <= LAST_AFTERNOON_HOUR else last.hour) * HOUR + last.minute
    if end <= start and not last.sense and last.hour < NOON:
        end += 12 * HOUR
    if end <= start or end > DAY_MINUTES:
        raise Unsure("contradiction")
    return end


def _bounded(bounds: list[TimeBound], part: str, setting: Setting) -> Interval:
    first, last = (
        (hours * HOUR for hours in PARTS["morning" if part == "first_thing" else part])
        if part
        else (0, DAY_MINUTES)
    )
    for each in bounds:
        if each.bound in ("from", "after"):
            minutes, limit = _lower(each, part, setting)
            first, last = max(first, minutes), min(last, limit)
    for each in bounds:
        if each.bound in ("before", "until"):
            minutes = _upper(each, part, setting)
            if (
                minutes <= first
                and isinstance(each.time, Clock)
                and not each.time.sense
                and each.time.hour < NOON
            ):
                minutes += 12 * HOUR
            last = min(last, minutes)
    if first >= last:
        raise Unsure("contradiction")
    return Interval(first, last)


def _lower(each: TimeBound, part: str, setting: Setting) -> tuple[int, int]:
    """The minute from which on, and a latest end that the words bring along."""
    if isinstance(each.time, Clock):
        if each.time.sense == "midnight":
            raise Unsure("contradiction")
        return _bound_minutes(each.time, part, setting), DAY_MINUTES
    first, last = _limits(each.time, setting)
    if each.time.name == "midday" and each.bound == "after":
        return setting.choices.pick(((12 * HOUR, 18 * HOUR), (14 * HOUR, DAY_MINUTES)), "after noon")
    if each.time.name == "midday":
        return NOON * HOUR, DAY_MINUTES
    return (first if each.bound == "from" else last), DAY_MINUTES


def _upper(each: TimeBound, part: str, setting: Setting) -> int:
    if isinstance(each.time, Clock):
        return _bound_minutes(each.time, part, setting) or DAY_MINUTES
    first, last = _limits(each.time, setting)
    if each.time.name == "midday":
        return NOON * HOUR
    if each.bound == "before":
        return first
    if each.time.name == "end_of_day":
        return last
    return setting.choices.pick((first, last), "until part")


def _limits(part: Part, setting: Setting) -> tuple[int, int]:
    found = _part_interval(part.name, setting, has_day=False)
    return found.first, min(found.last, DAY_MINUTES)


def _bound_minutes(clock: Clock, part: str, setting: Setting) -> int:
    """A bound may lie at the edge of its part of the day or beyond it."""
    if part and not clock.sense and clock.hour <= NOON:
        return _hour_in_part(clock.hour, part) * HOUR + clock.minute
    return _minutes(clock, "", setting)


def bound_minutes(time: Clock | Part, bound: Bound, setting: Setting) -> int:
    """The minute of a day at which a bound such as "until Friday noon" lies."""
    if isinstance(time, Clock):
        if time.sense == "midnight":
            return setting.choices.pick((DAY_MINUTES, 0), "midnight")
        return _minutes(time, "", setting)
    if time.name == "midday" and bound in ("until", "before"):
        return NOON * HOUR
    first, last = _limits(time, setting)
    if bound == "until" and time.name != "end_of_day":
        return setting.choices.pick((last, first), "until part")
    return last if bound in ("after", "until") else first

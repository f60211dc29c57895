"""Rules for clock times, parts of the day and durations."""

from dataclasses import replace
from typing import cast

from .cursor import Cursor
from .phrases import Clock, Duration, Impossible, MinuteOnly, Part, PartName, Time, TimeRange, UnitName
from .terms import Kind, Term

MINUTES_BEFORE_HOUR = (5, 10, 15, 20, 25)
SENSES = {"morning": "am", "early_morning": "am", "afternoon": "pm", "evening": "pm"}
RANGE_SIGNS = (Kind.TO, Kind.UNTIL)


def time(c: Cursor) -> Time | None:
    """A part of the day, a clock time, or a range of two."""
    start = c.at
    said_at = c.take(Kind.AT) is not None
    if not said_at:
        c.take(Kind.IN, Kind.ON, Kind.DE)
    c.skip(Kind.ANY)
    part = c.take(Kind.PART)
    if part is not None:
        return Part(cast(PartName, part.name))
    if c.peek() == Term(Kind.NOON, name="ambiguous"):
        c.at += 1
        noons: tuple[Time, ...] = (Part("midday"), Clock(12, 0, "noon"))
        return c.choices.pick(noons, "noon")
    c.at = start + said_at
    found = _minutes_to(c, said_at=said_at) or clock(c, said_at=said_at)
    if found is None:
        c.at = start
        return None
    if isinstance(found, Clock):
        return time_range(c, found) or found
    return found


def time_range(c: Cursor, first: Clock, *signs: Kind) -> TimeRange | None:
    """The rest of a range that begins with `first`."""
    start = c.at
    first = with_part(c, first)
    if c.take(*(signs or RANGE_SIGNS)):
        c.take(Kind.AT)
        last = clock(c, said_at=True)
        if isinstance(last, Clock) and first.sense in ("am", "pm", "24"):
            last = with_part(c, last)
        if isinstance(last, Clock) and not c.sees(Kind.MONTH) and not c.sees(Kind.UNIT):
            return TimeRange(first, last)
    c.at = start
    return None


def with_part(c: Cursor, found: Clock) -> Clock:
    """The hour in the sense of a part of the day that follows: "nine in the morning"."""
    start = c.at
    c.take(Kind.IN, Kind.AT, Kind.DE)
    part = c.take(Kind.PART)
    sense = SENSES.get(part.name) if part is not None and not found.sense else None
    if sense is not None and 1 <= found.hour <= 11:
        return Clock(found.hour, found.minute, sense)
    c.at = start
    return found


def _minutes_to(c: Cursor, *, said_at: bool) -> Time | None:
    """ "Ten to eleven", which is a clock time, a range, or both."""
    number = c.peek()
    if number.kind is not Kind.NUMBER or number.number not in MINUTES_BEFORE_HOUR or number.name == "ordinal":
        return None
    ahead = 2 if c.peek(1) == Term(Kind.UNIT, name="minute") else 1
    sign, hour = c.peek(ahead), c.peek(ahead + 1)
    is_to = sign.kind is Kind.UNTIL or (sign.kind is Kind.TO and sign.name == "to")
    is_named = hour.kind is Kind.MIDNIGHT or hour == Term(Kind.NOON, name="noon")
    is_hour = is_named or (hour.kind is Kind.NUMBER and 1 <= hour.number <= 12)
    if c.language != "en" or not is_to or not is_hour:
        return None
    if c.peek(ahead + 2).kind is Kind.MONTH:
        return None
    ways = ["clock"]
    may_be_range = number.number <= 12 and hour.number != number.number and ahead == 1
    if may_be_range and not said_at:
        is_rising = number.name == "digits" and number.number < hour.number and not is_named
        ways = (
            ["range"] if is_rising else ["range", "clock"] if number.name == "digits" else ["clock", "range"]
        )
    elif may_be_range and number.name == "digits":
        ways = ["clock", "range"]
    if c.choices.pick(ways) == "range":
        return None
    c.at += ahead + 1
    found = _plain_hour(c) if is_named else clock(c, said_at=True)
    return _earlier(found, number.number) if isinstance(found, Clock) else None


def clock(c: Cursor, *, said_at: bool, minutes: bool = True) -> Clock | MinuteOnly | None:
    """One clock time. Without `minutes`, "zece și zece" is not read as 10:10."""
    term, start = c.peek(), c.at
    if term.kind is Kind.NOON and term.name == "noon":
        c.at += 1
        return Clock(12, 0, "noon")
    if c.take(Kind.MIDNIGHT):
        return Clock(0, 0, "midnight")
    found: Clock | MinuteOnly | None = None
    if term.kind is Kind.NUMBERS:
        found = _written(c, term, said_at=said_at)
    elif term.kind in (Kind.HALF, Kind.QUARTER, Kind.AND, Kind.PAST):
        found = _part_of_hour(c, said_at=said_at)
    elif term.kind is Kind.NUMBER and term.name != "ordinal":
        found = _hour(c, said_at=said_at, minutes=minutes)
    if found is None:
        c.at = start
        return None
    return _with_meridiem(c, found) if isinstance(found, Clock) else found


def _written(c: Cursor, term: Term, *, said_at: bool) -> Clock | None:
    """10:30, and 10.30 where it is no date."""
    hour, minute = term.numbers[0], term.numbers[1]
    if term.name == "." and len(term.numbers) != 2:
        return None
    if term.name not in (":", ".") or not term.padded:
        return None  # "1:1" is a meeting of two
    c.at += 1
    c.take(Kind.SHARP)
    found = _checked(hour, minute)
    return replace(found, padded=True) if term.number else found


def _checked(hour: int, minute: int) -> Clock:
    if hour > 24 or minute > 59 or (hour == 24 and minute):
        raise Impossible
    return Clock(hour, minute, "24" if hour > 12 or hour == 0 else "")


def _earlier(hour: Clock, minutes: int) -> Clock:
    """So many minutes before an hour; one o'clock gives 12:xx."""
    if hour.minute or hour.sense in ("noon", "midnight"):
        raise Impossible
    if hour.hour == 7 and not hour.sense:
        return Clock(6, 60 - minutes, before_seven=True)
    before = hour.hour - 1 if hour.hour != 1 or hour.sense == "24" else 12
    sense = hour.sense
    if hour.hour == 12 and sense in ("am", "pm"):
        sense = "pm" if sense == "am" else "am"
    if before < 0:
        before = 23
    return Clock(before, 60 - minutes, sense)


def _part_of_hour(c: Cursor, *, said_at: bool) -> Clock | MinuteOnly | None:
    """ "Half past ten", "half ten", "quarter to ten", and the same without an hour."""
    if c.take(Kind.AND):
        minute = 30 if c.take(Kind.HALF) else 15 if c.take(Kind.QUARTER) else 0
        return MinuteOnly(minute) if minute and said_at else None
    part = c.take(Kind.HALF, Kind.QUARTER)
    if part is None or c.language != "en" or c.sees(Kind.UNIT):
        return None
    minutes = 30 if part.kind is Kind.HALF else 15 * part.number
    if c.take(Kind.PAST) or (
        c.sees(Kind.AFTER, Kind.NUMBER) and part.kind is Kind.QUARTER and c.take(Kind.AFTER)
    ):
        hour = _plain_hour(c)
        return Clock(hour.hour, minutes, hour.sense) if hour else MinuteOnly(minutes)
    if part.kind is Kind.QUARTER and c.take(Kind.TO, Kind.UNTIL, Kind.BEFORE):
        hour = _plain_hour(c)
        return _earlier(hour, minutes) if hour else MinuteOnly(60 - minutes)
    if part.kind is Kind.HALF:
        hour = _plain_hour(c)
        return Clock(hour.hour, minutes, hour.sense) if hour else None
    return None


def _plain_hour(c: Cursor) -> Clock | None:
    term = c.peek()
    if term == Term(Kind.NOON, name="noon"):
        c.at += 1
        return Clock(12, 0, "24")
    if c.take(Kind.MIDNIGHT):
        return Clock(0, 0, "24")
    if term.kind is not Kind.NUMBER or term.name == "ordinal" or term.number > 24:
        return None
    c.at += 1
    c.take(Kind.SHARP)
    return _checked(term.number, 0)


def _hour(c: Cursor, *, said_at: bool, minutes: bool) -> Clock | None:
    """An hour and what follows it."""
    number = c.peek()
    c.at += 1
    if number.name == "digits" and 100 <= number.number <= 2359:
        says_hours = c.peek() == Term(Kind.UNIT, name="hour")
        if not (said_at or says_hours or c.sees(Kind.MERIDIEM)) or number.number % 100 > 59:
            return None
        c.at += says_hours
        return _checked(number.number // 100, number.number % 100)
    past_hour = _minutes_past(c, number)
    if past_hour is not None:
        return past_hour
    if c.sees(Kind.UNIT):
        return None  # "30 minutes"
    hour = _checked(number.number, 0)
    if c.take(Kind.SHARP):
        if c.peek() == Term(Kind.UNIT, name="hour"):
            c.at += 1
        return hour
    minute = _following_minutes(c, number, minutes=minutes)
    if minute < 0:
        return _earlier(hour, -minute)
    c.take(Kind.SHARP)
    return _checked(hour.hour, minute) if minute else hour


def _minutes_past(c: Cursor, number: Term) -> Clock | None:
    """ "Ten past three", "20 minutes after 3"."""
    if c.language != "en" or not 1 <= number.number <= 59:
        return None
    start = c.at
    if c.peek() == Term(Kind.UNIT, name="minute"):
        c.at += 1
    after = c.sees(Kind.AFTER, Kind.NUMBER) and number.number in MINUTES_BEFORE_HOUR
    if (c.take(Kind.PAST) or (after and c.take(Kind.AFTER))) and (hour := _plain_hour(c)) is not None:
        return Clock(hour.hour, number.number, hour.sense)
    c.at = start
    return None


def _following_minutes(c: Cursor, hour: Term, *, minutes: bool) -> int:
    """The minutes said after an hour; negative: before it."""
    start = c.at
    if c.language == "ro":
        joined = c.take(Kind.AND) is not None
        if c.take(Kind.HALF):
            return 30
        quarter = c.take(Kind.QUARTER)
        if quarter:
            return 15 * quarter.number
        if joined and minutes and (minute := _minutes_after_and(c, hour)):
            return minute
        c.at = start
        if c.take(Kind.LESS):
            quarter = c.take(Kind.QUARTER)
            number = None if quarter else c.take(Kind.NUMBER)
            if quarter or (number and 1 <= number.number <= 29 and not c.sees(Kind.MONTH)):
                _take_minute_word(c)
                return -15 if number is None else -number.number
            c.at = start
    return _two_digit_minutes(c)


def _minutes_after_and(c: Cursor, hour: Term) -> int:
    """ "Zece și douăzeci"; "la nouă și zece" may also be two hours."""
    number = c.peek()
    if number.kind is not Kind.NUMBER or number.name == "ordinal" or not 1 <= number.number <= 59:
        return 0
    says_minutes = c.peek(1) == Term(Kind.UNIT, name="minute")
    if number.number % 5 and not says_minutes:
        return 0
    if not says_minutes and c.peek(1).kind in (Kind.MONTH, Kind.UNIT, Kind.SHARP, Kind.HALF):
        return 0
    may_be_hour = hour.number < number.number <= 23
    may_be_hour = may_be_hour and (number.name == "digits" or number.number == hour.number + 1)
    if not says_minutes and may_be_hour and c.choices.pick(("minutes", "hours"), "and") == "hours":
        return 0
    c.at += 1
    _take_minute_word(c)
    return number.number


def _take_minute_word(c: Cursor) -> None:
    if c.peek() == Term(Kind.UNIT, name="minute"):
        c.at += 1


def _two_digit_minutes(c: Cursor) -> int:
    """ "Ten thirty", "two oh five", "14 30"."""
    number = c.peek()
    if number.kind is not Kind.NUMBER or number.name == "ordinal":
        return 0
    following = c.peek(1)
    if number.number == 0 and following.kind is Kind.NUMBER and 1 <= following.number <= 9:
        c.at += 2
        return following.number
    if number.padded and 0 <= number.number <= 9:
        c.at += 1
        return number.number
    if not 10 <= number.number <= 59 or following.kind in (Kind.MONTH, Kind.UNIT, Kind.TO, Kind.PAST):
        return 0
    c.at += 1
    return number.number


def _with_meridiem(c: Cursor, found: Clock) -> Clock:
    """The clock with a following "am", "pm", "noon" or "midnight"."""
    start = c.at
    meridiem = c.take(Kind.MERIDIEM)
    if meridiem is not None:
        if found.hour > 12 or found.hour == 0:
            if meridiem.name == "pm" and found.hour:
                return found
            raise Impossible
        return Clock(found.hour, found.minute, meridiem.name)
    if found.hour == 12 and not found.minute and not found.sense:
        if c.peek() == Term(Kind.NOON, name="noon"):
            c.at += 1
            return Clock(12, 0, "noon")
        if c.take(Kind.MIDNIGHT):
            return Clock(0, 0, "midnight")
    c.at = start
    return found


def duration(c: Cursor) -> Duration | None:
    """ "Two weeks", "an hour and a half", "jumătate de oră"."""
    start = c.at
    fraction = c.take(Kind.HALF, Kind.QUARTER)
    if fraction is not None:
        c.take(Kind.OF)
        if c.peek() == Term(Kind.UNIT, name="hour"):
            c.at += 1
            return Duration(30 if fraction.kind is Kind.HALF else 15 * fraction.number, "minute")
        c.at = start
        return None
    if c.peek() == Term(Kind.UNIT, name="fortnight"):
        c.at += 1
        return Duration(2, "week")
    number = c.take(Kind.NUMBER)
    if number is None or number.name == "ordinal":
        c.at = start
        return None
    has_half = c.sees(Kind.AND, Kind.HALF, Kind.UNIT)
    if has_half:
        c.at += 2
    unit = c.take(Kind.UNIT)
    if unit is None or unit.name == "year":
        c.at = start
        return None
    if unit.name == "fortnight":
        return Duration(2 * number.number, "week")
    if unit.name == "hour":
        return Duration(60 * number.number + (30 if has_half else _rest_of_hours(c)), "minute")
    if has_half or c.sees(Kind.AND, Kind.HALF):
        c.at = start
        return None
    return Duration(number.number, cast(UnitName, unit.name))


def _rest_of_hours(c: Cursor) -> int:
    """The minutes after whole hours."""
    start = c.at
    c.take(Kind.AND)
    if c.take(Kind.HALF):
        return 30
    quarter = c.take(Kind.QUARTER)
    if quarter:
        return 15 * quarter.number
    number = c.take(Kind.NUMBER)
    if number and number.name != "ordinal" and c.peek() == Term(Kind.UNIT, name="minute"):
        c.at += 1
        return number.number
    c.at = start
    return 0

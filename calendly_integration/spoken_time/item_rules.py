"""Rules for what a segment is made of: moments, bounds, days, times."""

from .bound_rules import between_rule, bound_rule, first_bound_rule
from .clock_rules import clock, duration, time
from .cursor import END, Cursor
from .day_rules import SHORT_UNITS, day, single_day
from .phrases import (
    Ahead,
    Bound,
    Clock,
    Date,
    Day,
    DayBound,
    DayRange,
    Duration,
    Elapsed,
    Item,
    NoParse,
    Part,
    Past,
    Shift,
    TimeBound,
    Within,
)
from .terms import Kind, Term

PAUSE = Term(Kind.PAUSE)
MAX_LENGTH_MINUTES = 12 * 60
AFTER_LENGTH = (Kind.PAUSE, Kind.RELATIVE_DAY, Kind.WEEKDAY, Kind.ON, Kind.AT)


def item(c: Cursor, *, is_first: bool) -> Item | None:
    """The next item; None for one that says nothing about when ("for an hour")."""
    start = c.at
    if _length_of_meeting(c):
        return None
    if c.is_move and _old_day(c):
        return None
    _refuse_vague_numbers(c)
    if c.sees(Kind.LATER, Kind.RELATIVE_DAY) or c.sees(Kind.LATER, Kind.WHICH):
        c.at += 1
    for rule in (_moment, between_rule, first_bound_rule if is_first else bound_rule, _ordinary):
        found: Item | None = rule(c)
        if found is not None:
            return _open_ended(c, found)
        c.at = start
    raise NoParse


def _old_day(c: Cursor) -> bool:
    """ "From Thursday", before the day to which a booking is to be moved."""
    start = c.at
    if c.take(Kind.FROM, Kind.DE) and single_day(c) is not None:
        time(c)
        if c.take(Kind.TO, Kind.ON, Kind.AT):
            return True
    c.at = start
    return False


def _refuse_vague_numbers(c: Cursor) -> None:
    """ "Three or four days", "three working days": numbers that are neither hours nor dates."""
    ahead = 1 if c.peek().kind in (Kind.IN, Kind.WITHIN) else 0
    if c.peek(ahead).kind is not Kind.NUMBER:
        return
    joined = c.peek(ahead + 1).kind in (Kind.OR, Kind.TO, Kind.AND, Kind.UNTIL)
    if c.peek(ahead + 1).kind is Kind.WORKDAYS or (
        joined
        and c.peek(ahead + 2).kind is Kind.NUMBER
        and c.peek(ahead + 3).kind is Kind.UNIT
        and c.peek(ahead + 3).name not in SHORT_UNITS
    ):
        raise NoParse


def _length_of_meeting(c: Cursor) -> bool:
    """ "For an hour", "30 minutes tomorrow": how long the meeting is."""
    start = c.at
    if c.take(Kind.FOR) and duration(c) is not None and not c.sees(Kind.FROM) and not c.sees(Kind.FROM_NOW):
        return True
    c.at = start
    length = duration(c)
    is_length = length is not None and length.unit in SHORT_UNITS and length.number <= MAX_LENGTH_MINUTES
    if is_length and (c.is_done or c.peek().kind in AFTER_LENGTH):
        return True
    c.at = start
    return False


def _open_ended(c: Cursor, found: Item) -> Item:
    """ "At three or later", "de luni încolo"."""
    ending = c.take(Kind.ONWARDS, Kind.OR_LATER, Kind.OR_EARLIER)
    if isinstance(found, DayBound | TimeBound) and c.sees(Kind.ON) and c.peek(1) in (END, PAUSE):
        ending = c.take(Kind.ON)  # "from Thursday on"
    if c.sees(Kind.OR) and c.peek(1).kind in (Kind.AFTER, Kind.BEFORE) and c.peek(2) in (END, PAUSE):
        c.at += 2  # "at three or after"
        return _at_the_edge(found, "from" if c.peek(-1).kind is Kind.AFTER else "until")
    edge = c.peek()
    if ending is None and edge.name == "edge" and c.peek(1) in (END, PAUSE):
        c.at += 1
        return _at_the_edge(found, "until" if edge.kind is Kind.UNTIL else "from")
    if ending is None:
        return found
    bound: Bound = "until" if ending.kind is Kind.OR_EARLIER else "from"
    if isinstance(found, Clock | Part):
        return TimeBound(bound, found)
    if isinstance(found, TimeBound | DayBound) and ending.kind in (Kind.ONWARDS, Kind.ON):
        return found
    if isinstance(found, Day) and not isinstance(found, DayBound | DayRange):
        return DayBound(bound, found)
    raise NoParse


def _at_the_edge(found: Item, bound: Bound) -> Item:
    """ "Friday at the latest"."""
    if isinstance(found, Clock | Part):
        return TimeBound(bound, found)
    if isinstance(found, Day) and not isinstance(found, DayBound | DayRange):
        return DayBound(bound, found)
    raise NoParse


# --- moments ---


def _moment(c: Cursor) -> Item | None:
    if c.take(Kind.PAST_TIME):
        return Past()
    c.take(Kind.WITHIN, Kind.IN, Kind.FOR) if c.sees(Kind.IN, Kind.WHICH) else None
    if c.sees(Kind.WHICH, Kind.NUMBER, Kind.UNIT) or c.sees(Kind.WHICH, Kind.UNIT):
        return _within_next(c)
    if c.take(Kind.WITHIN):
        length = duration(c)
        return Within(length) if length else None
    from_now = c.take(Kind.FROM_NOW) is not None
    if c.take(Kind.IN):
        c.skip(Kind.AT)  # "in about two hours"
        return _in_a_while(duration(c))
    if from_now:
        last = single_day(c) if c.take(Kind.UNTIL, Kind.TO) else None
        return DayBound("until", last) if last else None
    if c.take(Kind.NOW):
        return Past() if duration(c) else Elapsed(0)
    sign = c.take(Kind.LATER, Kind.EARLIER)
    length = duration(c)
    if length is None:
        return None
    if sign is None:
        if c.take(Kind.AGO):
            return Past()
        if c.take(Kind.FROM_NOW):
            return _in_a_while(length)
        sign = c.take(Kind.LATER, Kind.EARLIER)
    return Shift(length, 1 if sign.kind is Kind.LATER else -1) if sign else None


def _within_next(c: Cursor) -> Item | None:
    """ "The next two hours", "următoarele trei zile", "the next hour"."""
    which = c.take(Kind.WHICH)
    if which is None or which.name not in ("next", "coming"):
        return None
    if c.peek() == Term(Kind.UNIT, name="hour"):
        c.at += 1
        return Within(Duration(60, "minute"))
    length = duration(c)
    return Within(length) if length else None


def _in_a_while(length: Duration | None) -> Item | None:
    if length is None:
        return None
    return Elapsed(length.number) if length.unit in SHORT_UNITS else Ahead(length)


# --- days and times ---


def _ordinary(c: Cursor) -> Item | None:
    start = c.at
    found: Item | None = day(c)
    if found is not None:
        return found
    c.at = start
    if _is_bare_number(c):
        number = c.peek().number
        ways = (True, False) if c.date_said else (False, True)
        is_day = number > 24 or _counts_days(c) or (not c.hour_said and c.choices.pick(ways, "bare"))
        if is_day:
            c.at += 1
            return Date(number)
    c.take(Kind.FOR)
    return time(c)


def _counts_days(c: Cursor) -> bool:
    """Whether a number belongs to a list of dates: "December 5 or 6", "3, 4 or 5 December"."""
    joints = (Kind.OR, Kind.AND, Kind.PAUSE)
    if c.date_said and c.peek(-1).kind in (Kind.OR, Kind.AND):
        return True
    ahead = 0
    while c.peek(ahead).kind is Kind.NUMBER and c.peek(ahead + 1).kind in joints:
        ahead += 2
    after = ahead + (2 if c.peek(ahead + 1).kind in (Kind.OF, Kind.DE) else 1)
    return c.peek(ahead).kind is Kind.NUMBER and c.peek(after).kind is Kind.MONTH


def _is_bare_number(c: Cursor) -> bool:
    """Whether a number may be an hour as well as a day of the month."""
    number = c.peek()
    if number.kind is not Kind.NUMBER or not 1 <= number.number <= 31 or number.padded:
        return False
    if number.name == "words" and c.peek(-1).kind is not Kind.WEEKDAY:
        return False  # "eight" is an hour; "joi zece" may be a date
    if number.number > 24:
        return c.peek(1).kind not in (Kind.PART, Kind.UNIT, Kind.AND, Kind.LESS)
    start = c.at
    try:
        clock(c, said_at=False)
        is_alone = c.at == start + 1
    finally:
        c.at = start
    following = c.peek(1).kind
    if following in (Kind.AT, Kind.IN) and c.peek(2).kind is Kind.PART:
        return False  # "three at night"
    joined = following in (Kind.OR, Kind.AND) and c.peek(2).kind is Kind.NUMBER
    if joined and c.peek(3).kind in (Kind.ON, Kind.PART, Kind.MERIDIEM, Kind.SHARP):
        return False  # "three or four on Thursday"
    return is_alone and following not in (
        Kind.PART,
        Kind.ON,
        Kind.TO,
        Kind.UNTIL,
        Kind.UNIT,
        Kind.OR_LATER,
        Kind.NOON,
    )

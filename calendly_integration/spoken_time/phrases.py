"""What the grammar finds: days, times and moments, in segments joined by "or", "and" and "not"."""

from dataclasses import dataclass, field
from typing import Literal

Which = Literal["", "this", "next", "coming", "last", "each"]
Bound = Literal["from", "after", "before", "until"]
PartName = Literal[
    "early_morning",
    "morning",
    "midday",
    "afternoon",
    "evening",
    "night",
    "end_of_day",
    "first_thing",
    "after_lunch",
]
PortionName = Literal["", "start", "middle", "end"]
UnitName = Literal["minute", "hour", "day", "week", "month"]


class NoParse(Exception):
    """The terms fit no rule on this path."""


class Impossible(Exception):
    """A date or hour that does not exist."""


@dataclass(frozen=True, slots=True)
class Duration:
    number: int
    unit: UnitName


# --- times of day ---


@dataclass(frozen=True, slots=True)
class Clock:
    """`sense`: am, pm, noon, midnight, 24 (as said) or empty. `before_seven`: "quarter to seven".

    `padded`: written with a leading zero, as in 03:00.
    """

    hour: int
    minute: int = 0
    sense: str = ""
    before_seven: bool = False
    padded: bool = False

    @property
    def is_open_seven(self) -> bool:
        """Whether it may be in the morning or in the evening."""
        return not self.sense and (self.hour == 7 or self.before_seven)


@dataclass(frozen=True, slots=True)
class MinuteOnly:
    """ "At half past", without an hour."""

    minute: int


@dataclass(frozen=True, slots=True)
class Part:
    name: PartName


@dataclass(frozen=True, slots=True)
class TimeRange:
    first: Clock
    last: Clock


@dataclass(frozen=True, slots=True)
class TimeBound:
    bound: Bound
    time: Clock | Part


Time = Clock | MinuteOnly | Part | TimeRange | TimeBound


# --- days ---


@dataclass(frozen=True, slots=True)
class Relative:
    days: int


@dataclass(frozen=True, slots=True)
class Tonight:
    name: str


@dataclass(frozen=True, slots=True)
class Weekday:
    day: int
    which: Which = ""


@dataclass(frozen=True, slots=True)
class Date:
    """Without a month: a day of the month."""

    day: int
    month: int = 0
    year: int = 0


@dataclass(frozen=True, slots=True)
class Ahead:
    """So many days, weeks or months from `base`, or from today."""

    duration: Duration
    base: "Day | None" = None
    backwards: bool = False


@dataclass(frozen=True, slots=True)
class Week:
    """`offset`: weeks from this one."""

    offset: int
    portion: PortionName = ""


@dataclass(frozen=True, slots=True)
class WeekOf:
    """The calendar week that holds a date."""

    date: Date


@dataclass(frozen=True, slots=True)
class Weekend:
    which: Which = ""


@dataclass(frozen=True, slots=True)
class Month:
    """`number`, or `offset` months from this one."""

    number: int = 0
    offset: int = 0
    year: int = 0
    portion: PortionName = ""


@dataclass(frozen=True, slots=True)
class NthWeekday:
    """ "The second Monday in December"."""

    number: int
    day: int
    month: Month


@dataclass(frozen=True, slots=True)
class Workdays:
    pass


@dataclass(frozen=True, slots=True)
class DayRange:
    first: "Day"
    last: "Day"


@dataclass(frozen=True, slots=True)
class DayBound:
    bound: Bound
    day: "Day"
    time: Clock | Part | None = None


Day = (
    Relative
    | Tonight
    | Weekday
    | Date
    | Ahead
    | Week
    | WeekOf
    | Weekend
    | Month
    | NthWeekday
    | Workdays
    | DayRange
    | DayBound
)


# --- moments, counted from now or from a booking ---


@dataclass(frozen=True, slots=True)
class Elapsed:
    minutes: int


@dataclass(frozen=True, slots=True)
class Within:
    duration: Duration


@dataclass(frozen=True, slots=True)
class Shift:
    """So much later (or earlier) than the booking."""

    duration: Duration
    sign: int


@dataclass(frozen=True, slots=True)
class Past:
    """A time that is over by its own words: "yesterday"."""


Moment = Elapsed | Within | Shift | Past
Item = Day | Time | Moment


@dataclass(slots=True)
class Segment:
    """One alternative, or one exclusion. `time_first`: a time was said before any day."""

    negative: bool = False
    days: list[Day] = field(default_factory=list)
    times: list[Time] = field(default_factory=list)
    moments: list[Moment] = field(default_factory=list)
    is_open: bool = False
    time_first: bool = False

    @property
    def is_bare(self) -> bool:
        """Whether it names no day and no time."""
        return not (self.days or self.times or self.moments)

    @property
    def is_empty(self) -> bool:
        return self.is_bare and not self.is_open

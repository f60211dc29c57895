"""The moment, place and choices of one reading, and why a reading may fail."""

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from .choices import Choices
from .clocks import Span

OPEN_DAYS = 14


@dataclass(slots=True)
class Setting:
    """`now` is local. `has_seven`: the phrase has a 7 that may be morning or evening."""

    now: datetime
    zone: ZoneInfo
    choices: Choices
    booking_start: datetime | None = None
    has_seven: bool = False

    @property
    def today(self) -> date:
        return self.now.date()

    @property
    def monday(self) -> date:
        return self.today - timedelta(days=self.today.weekday())

    @property
    def open_end(self) -> datetime:
        """The end of the open window, naive."""
        return self.days_later(OPEN_DAYS)

    @property
    def instant(self) -> datetime:
        """Now, in UTC."""
        return self.now.astimezone(UTC)

    def days_later(self, days: int) -> datetime:
        """The naive wall clock of now, so many days later."""
        return self.now.replace(tzinfo=None, fold=0) + timedelta(days=days)


class Over(Exception):
    """The time is over."""


@dataclass
class Unsure(Exception):
    """The words contradict themselves or name what does not exist. `reason` selects the question."""

    reason: str
    dates: list[date] = field(default_factory=list)
    spans: list[Span] = field(default_factory=list)
    word: str = ""

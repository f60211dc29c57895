"""The corpus: what is said, and what it means, in a short notation.

A line with `now`, `timezone` and `locale` holds for the lines after it. `is` has alternatives joined by ` | `, and
windows joined by `; `:

    12-03                    that day, the next to come (or with a year)
    12-03 14:30              that hour, said exactly
    12-03 14-16              between two hours of that day
    11-30..12-06             days, both included
    11-24 10:15..11-27 12:00 from one time to another
    daily 17-24              on every day of the fourteen
    open                     the fourteen days
    open - 11-27, 12-04      less these days

`needs_time` and `past` stand for themselves; `needs_time: 12-11 | 12-12` names the candidates too.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

FOLDER = Path(__file__).parent / "corpus"
Windows = frozenset[tuple[datetime, datetime]]
FAILURES = ("needs_time", "past")


@dataclass(frozen=True)
class Case:
    text: str
    expected: str
    now: datetime
    zone: ZoneInfo
    locale: str | None
    file: str
    line: int

    @property
    def code(self) -> str | None:
        """The failure that is expected, if one is."""
        word = self.expected.split(":")[0]
        return word if word in FAILURES else None

    @property
    def alternatives(self) -> frozenset[Windows]:
        """Every reading that is expected, or every candidate."""
        text = self.expected
        if self.code:
            text = text.partition(": ")[2]
        return frozenset(self._windows(each) for each in text.split(" | ") if each)

    def _windows(self, text: str) -> Windows:
        base, _, less = text.partition(" - ")
        holes = [self._date(each) for each in less.split(", ") if each]
        if base == "open":
            return self._pieces([(self.now, self._later())], holes)
        if base.startswith("daily "):
            return self._daily(base.removeprefix("daily "), holes)
        return frozenset(self._window(each) for each in base.split("; "))

    def _daily(self, hours: str, holes: list[date]) -> Windows:
        first, last = hours.split("-")
        found = set()
        for day in range(15):
            on = self.now.date() + timedelta(days=day)
            start = max(self._at(on, first), self.now)
            end = min(self._at(on, last), self._later())
            if on not in holes and start < end:
                found.add((_utc(start), _utc(end)))
        return frozenset(found)

    def _pieces(self, windows: list[tuple[datetime, datetime]], holes: list[date]) -> Windows:
        for hole in holes:
            first, last = self._at(hole, "0"), self._at(hole, "24")
            cut = []
            for start, end in windows:
                cut += [(start, min(end, first)), (max(start, last), end)]
            windows = [each for each in cut if each[0] < each[1]]
        return frozenset((_utc(start), _utc(end)) for start, end in windows)

    def _window(self, text: str) -> tuple[datetime, datetime]:
        if "T" in text:
            start = datetime.fromisoformat(f"{self.now.year}-{text}")
            return _utc(start), _utc(start) + timedelta(hours=1)
        if ".." in text:
            first, last = text.split("..")
            start = self._at(self._date(first.split()[0]), first.split()[1] if " " in first else "0")
            end = self._at(self._date(last.split()[0]), last.split()[1] if " " in last else "24")
            return _utc(start), _utc(end)
        day, _, hours = text.partition(" ")
        on = self._date(day)
        if not hours:
            return _utc(self._at(on, "0")), _utc(self._at(on, "24"))
        if "-" in hours:
            first, last = hours.split("-")
            return _utc(self._at(on, first)), _utc(self._at(on, last))
        start = _utc(self._at(on, hours))
        return start, start + timedelta(hours=1)

    def _date(self, text: str) -> date:
        if text.count("-") == 2:
            return date.fromisoformat(text)
        month, day = (int(part) for part in text.split("-"))
        year = self.now.year + ((month, day) < (self.now.month, self.now.day))
        return date(year, month, day)

    def _at(self, on: date, clock: str) -> datetime:
        hour, _, minute = clock.partition(":")
        minutes = int(hour) * 60 + int(minute or 0)
        return (datetime.combine(on, time()) + timedelta(minutes=minutes)).replace(tzinfo=self.zone)

    def _later(self) -> datetime:
        return self.now + timedelta(days=14)


def _utc(instant: datetime) -> datetime:
    return instant.astimezone(UTC)


def cases() -> Iterator[Case]:
    """All lines of all files."""
    for path in sorted(FOLDER.glob("*.jsonl")):
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            fields = json.loads(line)
            if "now" in fields:
                zone = ZoneInfo(fields["timezone"])
                now, locale = datetime.fromisoformat(fields["now"]).astimezone(zone), fields["locale"]
            else:
                yield Case(fields["text"], fields["is"], now, zone, locale, path.stem, number)

"""The meetings of the demo's history: who wants what, when."""

import random
import unicodedata
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from calendly_integration.models import Booking

from . import demo_data as data

OFFICE = ZoneInfo("Europe/Bucharest")
MEETINGS_A_DAY = (2, 6)


@dataclass(slots=True)
class Meeting:
    """One meeting of the plan. `booking_id` is known when it has been booked."""

    event_type: str
    start: datetime
    person: tuple[str, str, str]
    source: str
    number: int
    booking_id: Any = None

    @property
    def email(self) -> str:
        """The invitee's address."""
        letters = unicodedata.normalize("NFKD", self.person[0]).encode("ascii", "ignore").decode()
        return f"{letters.lower().replace(' ', '.').replace(chr(39), '')}@example.com"

    @property
    def booking(self) -> Booking:
        """The booking as it is now."""
        return Booking.objects.shown().select_related("event_type", "account").get(pk=self.booking_id)


def plan_meetings(chance: random.Random, first: datetime, last: datetime) -> list[Meeting]:
    """The meetings from one day to the other: some on each working day, within office hours."""
    names = [*data.COLORS, *(each[0] for each in data.MORE_EVENT_TYPES)]
    day, end = first.astimezone(OFFICE).date(), last.astimezone(OFFICE).date()
    meetings: list[Meeting] = []
    while day <= end:
        if day.weekday() < 5:
            for _ in range(chance.randint(*MEETINGS_A_DAY)):
                meetings.append(_meeting(chance, day, names, len(meetings)))
        day += timedelta(days=1)
    return meetings


def _meeting(chance: random.Random, day: date, names: list[str], number: int) -> Meeting:
    hour = chance.choice((9, 9, 10, 10, 11, 12, 13, 14, 14, 15, 16))
    clock = time(hour, chance.choice((0, 0, 15, 30, 45)) if hour < 16 else 0)
    return Meeting(
        event_type=chance.choices(names, data.WEIGHTS)[0],
        start=datetime.combine(day, clock, OFFICE).astimezone(UTC),
        person=chance.choice(data.PEOPLE),
        source=chance.choices(("agent", "public", "staff"), (13, 5, 2))[0],
        number=number,
    )

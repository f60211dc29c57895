"""The search that answers while one types: the people and the bookings of a term, a few of each."""

from dataclasses import dataclass
from datetime import datetime

from ...models import Booking
from ...models.booking import plain_words
from . import search

MAX_READ = 40
MAX_PEOPLE, MAX_BOOKINGS = 4, 8
MIN_LENGTH = 2


@dataclass(frozen=True, slots=True)
class Found:
    """People, each by the newest booking; and bookings, upcoming ones first. `more`: there are others."""

    people: list[Booking]
    bookings: list[Booking]
    more: bool


def find(term: str, *, now: datetime) -> Found:
    """The first matches of a term. Nothing for a single letter."""
    term = term.strip()
    if len(term) < MIN_LENGTH:
        return Found([], [], more=False)
    found = search.find(term)
    with found.read():
        rows = list(
            Booking.objects.filter(found.condition)
            .select_related("host")
            .order_by("-start_at", "-pk")[: MAX_READ + 1]
        )
    people: dict[str, Booking] = {}
    words = plain_words(term).split()
    for row in rows:
        if not _only_by_host_or_type(row, words):
            people.setdefault(row.email_key, row)
    ahead = [row for row in reversed(rows) if row.start_at and row.start_at >= now]
    bookings = ahead + [row for row in rows if row not in ahead]
    return Found(
        list(people.values())[:MAX_PEOPLE], bookings[:MAX_BOOKINGS], more=len(bookings) > MAX_BOOKINGS
    )


def _only_by_host_or_type(row: Booking, words: list[str]) -> bool:
    """Whether the words name the meeting's host or type, and not the person."""
    meeting = plain_words(f"{row.host or ''} {row.event_name}")
    return any(word in meeting for word in words) and not any(word in row.search_key for word in words)

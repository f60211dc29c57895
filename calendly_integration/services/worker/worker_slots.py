"""Seats for drains: only so many work at a time, however many are woken.

A seat is a pulse row. It is only about load: the work itself is leased row by row, so a third drain on two
seats would be no error.
"""

import contextlib
import logging
import time
import uuid
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from django.db import DatabaseError, InterfaceError, connection
from django.db.models import QuerySet

from ...models import Pulse

log = logging.getLogger("calendly.worker")

# SQLite lets one write at a time: more drains would only wait for one another.
SEATS = {"sqlite": 2, "postgresql": 3}
STALE = timedelta(seconds=10)
REFRESH = 2.0
FREE = datetime(1970, 1, 1, tzinfo=UTC)


def names() -> list[str]:
    """The seats of this database, the first one first."""
    return [f"drain seat {number}" for number in range(1, SEATS.get(connection.vendor, 2) + 1)]


class Seat:
    """A taken seat. Its holder touches it every few seconds; a dead holder's seat is free after ten."""

    def __init__(self, name: str, token: str, *, clock: Callable[[], datetime]) -> None:
        self.name, self._token, self._clock = name, token, clock
        self._touched = time.monotonic()

    @property
    def first(self) -> bool:
        """True for the one seat whose holder waits for work that comes due later."""
        return self.name == names()[0]

    def keep(self) -> bool:
        """Touch the seat where it is time to. False: it was taken over."""
        if time.monotonic() - self._touched < REFRESH:
            return True
        self._touched = time.monotonic()
        return bool(self._mine().update(beat_at=self._clock()))

    def move_to_first(self) -> bool:
        """Change to the first seat. False: somebody sits there."""
        if self.first:
            return True
        if not _sit(names()[0], self._token, self._clock()):
            return False
        self._mine().update(beat_at=FREE)
        self.name = names()[0]
        return True

    def leave(self) -> None:
        """Free the seat. Where the database fails it is free ten seconds later."""
        with contextlib.suppress(DatabaseError, InterfaceError):
            self._mine().update(beat_at=FREE)

    def _mine(self) -> QuerySet[Pulse]:
        return Pulse.objects.filter(pk=self.name, detail__token=self._token)


def take(*, clock: Callable[[], datetime]) -> Seat | None:
    """Take a free seat. None: all are taken by drains that live.

    A seat that was not touched as often as it should be is watched until it is clear whether its holder
    died: after a kill the first wake shall not be turned away by the dead.
    """
    token = uuid.uuid4().hex
    for _ in range(int(STALE.total_seconds()) + 2):
        now = clock()
        beats = dict(Pulse.objects.filter(pk__in=names()).values_list("pk", "beat_at"))
        for name in names():
            if (name not in beats or _is_free(beats[name], now)) and _sit(name, token, now):
                return Seat(name, token, clock=clock)
        if all(now - beat < timedelta(seconds=REFRESH * 2) for beat in beats.values()):
            return None
        time.sleep(1)
    return None


def _is_free(beat: datetime, now: datetime) -> bool:
    """A touch far in the future is that of a clock which was set back since."""
    return not now - STALE <= beat <= now + STALE


def _sit(name: str, token: str, now: datetime) -> bool:
    Pulse.objects.bulk_create([Pulse(pk=name, beat_at=FREE)], ignore_conflicts=True)
    free = Pulse.objects.filter(pk=name).exclude(beat_at__range=(now - STALE, now + STALE))
    return bool(free.update(beat_at=now, detail={"token": token}))

"""Slots for work loops: only so many work at a time.

This is only about load. The work itself is leased row by row, so one loop too many is no error.
"""

import contextlib
import time
import uuid
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta

from django.db import DatabaseError, InterfaceError
from django.db.models import Q, QuerySet

from ...models import WorkerSlot

# The second slot is for a second process, for the successor after a crash, or for another machine.
NAMES = ("1", "2")
FIRST = NAMES[:1]
HOLD = timedelta(seconds=15)
RENEW_SECONDS = 5.0
FREE = datetime(1970, 1, 1, tzinfo=UTC)


class Slot:
    """A slot that is held. Its holder renews it every few seconds; after a crash it is free again by itself."""

    def __init__(self, name: str, token: uuid.UUID, *, clock: Callable[[], datetime]) -> None:
        self.name, self._token, self._clock = name, token, clock
        self._renewed = time.monotonic()

    def keep(self) -> bool:
        """Renew the slot when it is time to. False: another loop has taken it."""
        if time.monotonic() - self._renewed < RENEW_SECONDS:
            return True
        self._renewed = time.monotonic()
        return bool(self._own().update(held_until=self._clock() + HOLD))

    def leave(self) -> None:
        """Free the slot. Where the database does not answer it is free a few seconds later."""
        with contextlib.suppress(DatabaseError, InterfaceError):
            self._own().update(held_until=FREE, token=None)

    def _own(self) -> QuerySet[WorkerSlot]:
        return WorkerSlot.objects.filter(pk=self.name, token=self._token)


def take(*, clock: Callable[[], datetime], names: Sequence[str] = NAMES) -> Slot | None:
    """Take a free slot, one of `names`. None: all are held."""
    now, token = clock(), uuid.uuid4()
    # A hold that ends too far in the future was made before the clock was set back.
    free = WorkerSlot.objects.filter(Q(held_until__lte=now) | Q(held_until__gt=now + HOLD))
    for name in names:
        if free.filter(pk=name).update(held_until=now + HOLD, token=token):
            return Slot(name, token, clock=clock)
    existing = set(WorkerSlot.objects.values_list("pk", flat=True))
    missing = [WorkerSlot(pk=name, held_until=FREE) for name in NAMES if name not in existing]
    if not missing:
        return None
    WorkerSlot.objects.bulk_create(missing, ignore_conflicts=True)
    return take(clock=clock, names=names)

"""The pause while the portal refuses our key: one for all workers, kept over restarts.

A row of `CircuitState`: it says since when the key is refused, when it was last tried, and by which workers. One
message a minute, and one at the start of a worker, tries it again.
"""

import logging
import os
import socket
import time
from datetime import datetime, timedelta

from django.db import transaction

from ...models import CircuitState
from .results import Run

log = logging.getLogger("calendly.outbox")

CIRCUIT = "portal refuses our key"
EVERY = timedelta(minutes=1)
REFRESH = 2.0


def paused_since() -> datetime | None:
    """Since when the portal refuses our key; None while it takes it."""
    return CircuitState.objects.filter(pk=CIRCUIT).values_list("opened_at", flat=True).first()


def next_try(now: datetime) -> datetime | None:
    """When the key may be tried again; None while there is no pause."""
    circuit = CircuitState.objects.filter(pk=CIRCUIT).first()
    return _next(circuit, now) if circuit else None


def take_turn(now: datetime) -> bool:
    """Take the right to try the key once. Of several workers one gets it."""
    circuit = CircuitState.objects.filter(pk=CIRCUIT).first()
    if circuit is None or _next(circuit, now) > now:
        return False
    workers = [*(name for name in circuit.probed_by if name != _worker()), _worker()]
    same = CircuitState.objects.filter(pk=CIRCUIT, probed_at=circuit.probed_at)
    return bool(same.update(probed_at=now, probed_by=workers[-20:]))


def pause(now: datetime) -> None:
    """The portal has refused our key."""
    circuit = CircuitState(pk=CIRCUIT, opened_at=now, probed_at=now, probed_by=[_worker()])
    with transaction.atomic():
        if not CircuitState.objects.filter(pk=CIRCUIT).exists():
            CircuitState.objects.bulk_create([circuit], ignore_conflicts=True)
            log.error("The portal refuses our key: nothing is sent until it takes it. Set VAI_API_KEY.")


def go_on() -> None:
    """The portal has taken our key."""
    if CircuitState.objects.filter(pk=CIRCUIT).delete()[0]:
        log.warning("The portal takes our key again: messages go on.")


def _next(circuit: CircuitState, now: datetime) -> datetime:
    """A clock that was set back must not make the pause longer."""
    if circuit.probed_at is None or circuit.probed_at > now or _worker() not in circuit.probed_by:
        return now
    return circuit.probed_at + EVERY


def _worker() -> str:
    """The worker's processes share a group, so a new worker has another name."""
    return f"{socket.gethostname()[:60]}:{os.getpgrp()}"


class Key:
    """What one dispatcher knows of the pause. While `paused`, it sends only a message now and then that tries the key.
    A sender that is refused sets `refused`, so that the other threads begin no further send."""

    def __init__(self) -> None:
        self.paused = False
        self.refused = False
        self._met = False
        self._taken = False
        self._refreshed = float("-inf")

    def refresh(self) -> None:
        """Learn, now and then, what other dispatchers found."""
        if time.monotonic() - self._refreshed > REFRESH:
            self._refreshed = time.monotonic()
            was, self.paused = self.paused, paused_since() is not None
            if was and not self.paused:
                self.refused = False

    def take_turn(self, now: datetime) -> bool:
        """Whether the key may be tried now, by one message."""
        if not take_turn(now):
            return False
        self.refused = False
        return True

    def note(self, run: Run) -> None:
        """Learn from a run. What was on its way when the pause began does not end it."""
        self._met |= run.failure is not None and run.failure.key_refused
        self._taken |= run.probe and bool(run.sent or run.refused)

    def settled(self, now: datetime) -> None:
        """After the runs are written down: begin or end the pause."""
        if self._met:
            pause(now)
            self.paused = True
        elif self._taken and self.paused:
            go_on()
            self.paused = self.refused = False
        self._met = self._taken = False

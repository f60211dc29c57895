"""The pause while the portal refuses our key: one for all workers, kept over restarts.

A pulse row: `beat_at` is when the key was last tried, `detail` holds since when it is refused and which workers
have tried it since. One message a minute, and one at the start of a worker, tries it again.
"""

import logging
import os
import socket
import time
from datetime import datetime, timedelta

from django.db import transaction

from ... import jobs
from ...models import Pulse
from .results import Run

log = logging.getLogger("calendly.outbox")

PULSE = "portal refuses our key"
EVERY = timedelta(minutes=1)
REFRESH = 2.0


def paused_since() -> datetime | None:
    """Since when the portal refuses our key; None while it takes it."""
    pulse = Pulse.objects.filter(pk=PULSE).first()
    return datetime.fromisoformat(pulse.detail["since"]) if pulse else None


def next_try(now: datetime) -> datetime | None:
    """When the key may be tried again; None while there is no pause."""
    pulse = Pulse.objects.filter(pk=PULSE).first()
    return _next(pulse, now) if pulse else None


def take_turn(now: datetime) -> bool:
    """Take the right to try the key once. Of several workers one gets it."""
    pulse = Pulse.objects.filter(pk=PULSE).first()
    if pulse is None or _next(pulse, now) > now:
        return False
    workers = [*(name for name in pulse.detail["workers"] if name != _worker()), _worker()]
    same = Pulse.objects.filter(pk=PULSE, beat_at=pulse.beat_at)
    return bool(same.update(beat_at=now, detail=pulse.detail | {"workers": workers[-20:]}))


def pause(now: datetime) -> None:
    """The portal has refused our key."""
    detail = {"since": now.isoformat(), "workers": [_worker()]}
    with transaction.atomic():
        if not Pulse.objects.filter(pk=PULSE).exists():
            Pulse.objects.bulk_create([Pulse(pk=PULSE, beat_at=now, detail=detail)], ignore_conflicts=True)
            log.error("The portal refuses our key: nothing is sent until it takes it. Set VAI_API_KEY.")


def go_on() -> None:
    """The portal has taken our key."""
    if Pulse.objects.filter(pk=PULSE).delete()[0]:
        log.warning("The portal takes our key again: messages go on.")
        jobs.wake()


def _next(pulse: Pulse, now: datetime) -> datetime:
    """A clock that was set back must not make the pause longer."""
    if _worker() not in pulse.detail["workers"] or pulse.beat_at > now:
        return now
    return pulse.beat_at + EVERY


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

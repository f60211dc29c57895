"""The circuit that opens when the portal refuses our key.

Nothing is sent while it is open, except a probe: one message a minute, and one when a worker starts. The row holds
when the last probe was sent, since when the key is refused, and which workers have sent a probe since.
"""

import logging
import os
import socket
from datetime import datetime, timedelta

from django.db import transaction

from ...models import CircuitState
from . import circuit_breaker
from .circuit_breaker import CircuitBreaker, State
from .results import Run

log = logging.getLogger("calendly.outbox")

KEY_REFUSED = "portal refuses our key"
PROBE_EVERY = timedelta(minutes=1)
MAX_KEPT_WORKERS = 20


def paused_since() -> datetime | None:
    """Since when the portal refuses our key. None where it accepts the key."""
    row = circuit_breaker.read(KEY_REFUSED)
    return row.opened_at if row else None


def next_probe_at(now: datetime) -> datetime | None:
    """When the next probe may be sent. None while the circuit is closed."""
    row = circuit_breaker.read(KEY_REFUSED)
    return _next_probe_at(row, now) if row else None


def claim_probe(now: datetime) -> bool:
    """Claim the right to send one probe. Of several workers one gets it."""
    row = circuit_breaker.read(KEY_REFUSED)
    if row is None or _next_probe_at(row, now) > now:
        return False
    workers = [*(name for name in row.probed_by if name != worker_name()), worker_name()]
    return circuit_breaker.claim_probe(row, now=now, probed_by=workers[-MAX_KEPT_WORKERS:])


def pause(now: datetime) -> None:
    """Open the circuit: the portal has refused our key."""
    with transaction.atomic():
        if circuit_breaker.open_circuit(KEY_REFUSED, now=now, probed_by=worker_name()):
            log.error("The portal refuses our key: nothing is sent until it takes it. Set VAI_API_KEY.")


def resume() -> None:
    """Close the circuit: the portal has accepted our key."""
    if circuit_breaker.close_circuit(KEY_REFUSED):
        log.warning("The portal takes our key again: messages go on.")


def worker_name() -> str:
    """The name of this worker. Its processes share a process group, so a new worker has another name."""
    return f"{socket.gethostname()[:60]}:{os.getpgrp()}"


def _next_probe_at(row: CircuitState, now: datetime) -> datetime:
    """A worker that has not sent a probe yet may send one at once, and so may all after the clock was set back."""
    if row.probed_at is None or row.probed_at > now or worker_name() not in row.probed_by:
        return now
    return row.probed_at + PROBE_EVERY


class KeyCircuitBreaker(CircuitBreaker):
    """What one dispatcher knows of the circuit. `refused` is set by the thread whose send is refused, so that the
    other threads begin no further send."""

    name, opened = KEY_REFUSED, State.OPEN

    def __init__(self) -> None:
        super().__init__()
        self.refused = False
        self._refusal_seen = False
        self._probe_accepted = False

    def refresh(self) -> None:
        """Learn what other workers found."""
        before = self.state
        super().refresh()
        if before != State.CLOSED and self.state == State.CLOSED:
            self.refused = False

    def claim_probe(self, now: datetime) -> bool:
        """Whether one message may try the key now."""
        if not claim_probe(now):
            return False
        self.state, self.refused = State.HALF_OPEN, False
        return True

    def note(self, run: Run) -> None:
        """Learn from a run. Only a probe closes the circuit: other messages may have been sent before it opened."""
        self._refusal_seen |= run.failure is not None and run.failure.key_refused
        self._probe_accepted |= run.probe and run.progressed

    def update(self, now: datetime) -> None:
        """Open or close the circuit, after the runs are recorded."""
        if self._refusal_seen:
            pause(now)
            self.state = State.OPEN
        elif self._probe_accepted and self.state != State.CLOSED:
            resume()
            self.state, self.refused = State.CLOSED, False
        self._refusal_seen = self._probe_accepted = False

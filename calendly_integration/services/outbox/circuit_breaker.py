"""Circuit breakers: what all workers know of a portal that fails as a whole, kept over restarts.

- CLOSED: everything is sent.
- OPEN: nothing is sent.
- HALF_OPEN: a few sends try whether the portal works again.
"""

import logging
import time
from datetime import datetime
from enum import StrEnum

from django.db import transaction

from ...models import CircuitState, OutboxQueue
from .queue import make_due
from .results import Run

log = logging.getLogger("calendly.outbox")

PORTAL_FAILS = "portal fails"
# This many failures with no success between them open the circuit. Fewer may be one message that the portal cannot
# process: were that an outage, each success of another message would make this one due at once.
FAILURES_TO_OPEN = 3
REFRESH_SECONDS = 2.0


class State(StrEnum):
    """The states of a circuit."""

    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half open"


def read(name: str) -> CircuitState | None:
    """The row of a circuit: it exists while the circuit is not closed."""
    return CircuitState.objects.filter(pk=name).first()


def open_circuit(name: str, *, now: datetime, probed_by: str = "") -> bool:
    """Open a closed circuit. False where it is not closed, or another worker opened it at this moment.

    `probed_by` is the worker whose request has just shown that it must open.
    """
    if CircuitState.objects.filter(pk=name).exists():
        return False
    row = CircuitState(pk=name, opened_at=now)
    if probed_by:
        row.probed_at, row.probed_by = now, [probed_by]
    CircuitState.objects.bulk_create([row], ignore_conflicts=True)
    return True


def claim_probe(row: CircuitState, *, now: datetime, probed_by: list[str]) -> bool:
    """Claim the next probe of an open circuit. False where another worker has just claimed it."""
    same = CircuitState.objects.filter(pk=row.pk, probed_at=row.probed_at)
    return bool(same.update(probed_at=now, probed_by=probed_by))


def close_circuit(name: str) -> bool:
    """Close a circuit. False where it is closed already."""
    return bool(CircuitState.objects.filter(pk=name).delete()[0])


class CircuitBreaker:
    """What one dispatcher knows of a circuit. It reads the row every two seconds."""

    name: str
    # The state where the row exists.
    opened: State

    def __init__(self) -> None:
        self.state = State.CLOSED
        self._refreshed_at = float("-inf")

    def refresh(self) -> None:
        """Learn what other workers found."""
        if time.monotonic() - self._refreshed_at <= REFRESH_SECONDS:
            return
        self._refreshed_at = time.monotonic()
        if read(self.name) is None:
            self.state = State.CLOSED
        elif self.state == State.CLOSED:
            self.state = self.opened


class PortalCircuitBreaker(CircuitBreaker):
    """Counts failures and successes of the portal. While it fails the circuit is half open: few messages are sent
    at a time. The first success closes it and makes all queues due that wait because of failures. A refusal counts
    as a success: the portal answers.
    """

    name, opened = PORTAL_FAILS, State.HALF_OPEN

    def __init__(self) -> None:
        super().__init__()
        self._failures = 0
        self._succeeded = False

    def note(self, run: Run) -> None:
        """Count the outcome of a run. The sends of a run precede its failure."""
        key_refused = run.failure is not None and run.failure.key_refused
        if run.progressed or key_refused:
            self._failures, self._succeeded = 0, True
        if run.failure and not run.failure.broken and not key_refused:
            self._failures += 1

    def update(self, now: datetime) -> None:
        """Open or close the circuit, after the runs are recorded."""
        if self._succeeded and self.state != State.CLOSED:
            self._close(now)
        elif self._failures >= FAILURES_TO_OPEN and self.state == State.CLOSED:
            open_circuit(self.name, now=now)
            self.state = self.opened
            log.warning("The portal does not answer as it should: messages wait and are tried again.")
        self._succeeded = False

    def _close(self, now: datetime) -> None:
        with transaction.atomic():
            if close_circuit(self.name):
                waiting = OutboxQueue.objects.filter(
                    attempts__gt=0, held=False, lease_token__isnull=True, next_attempt_at__gt=now
                )
                count = make_due(waiting, at=now)
                log.warning("The portal answers again: %s queues of messages go on.", count)
        self.state, self._failures = State.CLOSED, 0

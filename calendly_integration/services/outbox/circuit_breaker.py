"""Whether the portal is failing as a whole, known to all drains, over their short lives."""

import logging
import time
from datetime import datetime

from django.db import transaction

from ...models import CircuitState, OutboxQueue
from .queue import hurry
from .results import Run

log = logging.getLogger("calendly.outbox")

CIRCUIT = "portal fails"
# So many failures with no success between them are an outage. Fewer may be one message that the portal
# cannot digest: were that an outage, every success of another one would send it again at once.
FAILURES = 3
REFRESH = 2.0


class CircuitBreaker:
    """Counts failures and successes. The row in the database is there while an outage lasts: the first
    success deletes it, and with it the pauses of all queues that wait because of failures. A refusal is a success
    here: the portal lives.
    """

    def __init__(self) -> None:
        self.on = False
        self._failures = 0
        self._success = False
        self._refreshed = float("-inf")

    def refresh(self) -> None:
        """Learn, now and then, what other drains found."""
        if time.monotonic() - self._refreshed > REFRESH:
            self._refreshed = time.monotonic()
            self.on = CircuitState.objects.filter(pk=CIRCUIT).exists()
            if self.on and not self._failures:
                self._failures = FAILURES

    def note(self, run: Run) -> None:
        """Count what a run met. Sends in a run stand before its failure."""
        key_refused = run.failure is not None and run.failure.key_refused
        if run.sent or run.refused or key_refused:
            self._failures, self._success = 0, True
        if run.failure and not run.failure.broken and not key_refused:
            self._failures += 1

    def settled(self, now: datetime) -> None:
        """After the runs are written down: begin or end the outage."""
        if self._success and self.on:
            self._end(now)
        elif self._failures >= FAILURES and not self.on:
            CircuitState.objects.bulk_create([CircuitState(pk=CIRCUIT, opened_at=now)], ignore_conflicts=True)
            self.on = True
            log.warning("The portal does not answer as it should: messages wait and are tried again.")
        self._success = False

    def _end(self, now: datetime) -> None:
        with transaction.atomic():
            ended, _ = CircuitState.objects.filter(pk=CIRCUIT).delete()
            if ended:
                waiting = OutboxQueue.objects.filter(
                    attempts__gt=0, held=False, lease_token__isnull=True, next_attempt_at__gt=now
                )
                count = hurry(waiting, at=now)
                log.warning("The portal answers again: %s queues of messages go on.", count)
        self.on, self._failures = False, 0

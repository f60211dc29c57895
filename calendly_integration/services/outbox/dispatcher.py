"""The dispatcher: many threads send messages to the portal, and one thread uses the database."""

import logging
import time
import uuid
from collections import defaultdict, deque
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

from django.db.models import TextField
from django.db.models.functions import Cast

from ...models import OutboxMessage, OutboxQueue
from ...portal import errors
from ...portal.client import Client
from . import refused_key
from .circuit_breaker import PortalCircuitBreaker, State
from .refused_key import KeyCircuitBreaker
from .results import Failure, OutgoingMessage, Run, record_runs

log = logging.getLogger("calendly.outbox")

LEASE = timedelta(seconds=45)
# The longest that one send may take: connect 3 s, read 10 s, a slow body 10 s more.
MAX_SEND_SECONDS = 25.0
SENDER_THREADS = 40
# Claimed at once, those that wait for a free thread included: the threads never run out of work between two steps.
MAX_CLAIMED_QUEUES = SENDER_THREADS * 4
# While the portal fails, so that an outage costs next to nothing.
MAX_CLAIMED_QUEUES_IN_OUTAGE = 2
OUTAGE_PAUSE_SECONDS = 0.25
MAX_MESSAGES_PER_RUN = 50
MAX_MESSAGES_PER_READ = 2000


class OutboxDispatcher:
    """Sends due messages until it is closed. Its methods belong to one thread."""

    def __init__(self, client: Client, *, clock: Callable[[], datetime]) -> None:
        self._client, self._clock = client, clock
        self._executor = ThreadPoolExecutor(SENDER_THREADS, thread_name_prefix="calendly-sender")
        self._returned: deque[Run] = deque()
        self._unrecorded: list[Run] = []
        self._out = 0
        self._closing = False
        self._portal = PortalCircuitBreaker()
        self._key = KeyCircuitBreaker()
        self._next_claim = 0.0

    @property
    def busy(self) -> bool:
        """True while runs are out or not recorded yet."""
        return bool(self._out or self._unrecorded)

    @property
    def rest(self) -> float:
        """For how many seconds another `step` is of no use. More than zero only while the portal fails."""
        return OUTAGE_PAUSE_SECONDS if self._portal.state != State.CLOSED else 0.0

    def next_try(self) -> datetime | None:
        """When due messages may be sent next. None: now."""
        self._key.refresh()
        return refused_key.next_probe_at(self._clock()) if self._key.state != State.CLOSED else None

    def step(self) -> int:
        """Record the runs that came back and hand out what is due. Returns the number of runs."""
        recorded = self._record()
        self._portal.refresh()
        self._key.refresh()
        return recorded + self._hand_out()

    def stop(self) -> None:
        """Hand out nothing more and begin no further send. `step` still records what comes back."""
        self._closing = True

    def close(self) -> None:
        """Let the threads end. A run that is still out comes due again when its lease ends."""
        self._closing = True
        self._executor.shutdown(wait=False, cancel_futures=True)

    def _record(self) -> int:
        returned = 0
        while self._returned:
            run = self._returned.popleft()
            self._out -= 1
            self._portal.note(run)
            self._key.note(run)
            self._unrecorded.append(run)
            returned += 1
        if self._unrecorded:
            # Where the database fails here, the runs stay and are recorded when it is back.
            self._unrecorded = record_runs(self._unrecorded, now=self._clock())
            self._portal.update(self._clock())
            self._key.update(self._clock())
        return returned

    def _hand_out(self) -> int:
        failing, is_probe = self._portal.state != State.CLOSED, self._key.state != State.CLOSED
        room = (MAX_CLAIMED_QUEUES_IN_OUTAGE if failing else MAX_CLAIMED_QUEUES) - self._out
        started = time.monotonic()
        if self._closing or room <= 0 or (failing and started < self._next_claim):
            return 0
        self._next_claim = started + OUTAGE_PAUSE_SECONDS
        if is_probe:
            due = not self._out and OutboxQueue.objects.due(self._clock()).exists()
            if not due or not self._key.claim_probe(self._clock()):
                return 0
            room = 1
        queues = OutboxQueue.objects.claim(now=self._clock(), lease=LEASE, limit=room)
        if not queues:
            return 0
        for run in read_runs(queues, deadline=started + LEASE.total_seconds() - MAX_SEND_SECONDS):
            self._out += 1
            if is_probe:
                run.probe, run.messages, run.more = True, run.messages[:1], True
            if run.messages:
                self._executor.submit(self._deliver, run)
            else:
                self._returned.append(run)
        return len(queues)

    def _deliver(self, run: Run) -> None:
        """In a sender's thread: send one message after the other, until one fails."""
        try:
            for message in run.messages:
                if self._closing or self._key.refused or time.monotonic() > run.deadline:
                    break
                run.failure = self._send(run, message)
                if run.failure:
                    break
        finally:
            self._returned.append(run)

    def _send(self, run: Run, message: OutgoingMessage) -> Failure | None:
        try:
            self._client.post(message.path, message.body, idempotency_key=message.key)
        except errors.RequestRefused as error:
            run.refused.append((message.id, describe(error)))
        except errors.KeyRefused as error:
            self._key.refused = True
            return Failure(message, describe(error), key_refused=True)
        except errors.PortalError as error:
            return Failure(message, describe(error), retry_after_seconds=error.retry_after)
        except BaseException as error:  # whatever the error is, the queue must come back
            log.exception("Message %s could not be sent.", message.id)
            return Failure(message, describe(error), broken=True)
        else:
            run.sent.append(message.id)
        return None


def read_runs(queues: Sequence[OutboxQueue], *, deadline: float) -> list[Run]:
    """The first messages of each queue, in order."""
    messages: dict[str, list[OutgoingMessage]] = defaultdict(list)
    rows = list(
        OutboxMessage.objects.waiting()
        .filter(queue__in=queues)
        .order_by("queue_id", "id")
        # The stored text is sent as it is: parsing and dumping it would cost more than the rest.
        .annotate(text=Cast("body", TextField()))
        .values_list("pk", "queue_id", "path", "text", "idempotency_key")[:MAX_MESSAGES_PER_READ]
    )
    for pk, queue, path, text, key in rows:
        messages[queue].append(OutgoingMessage(pk, path, text.encode(), str(uuid.UUID(str(key)))))
    cut = len(rows) == MAX_MESSAGES_PER_READ
    return [
        Run(
            queue,
            messages[queue.pk][:MAX_MESSAGES_PER_RUN],
            more=cut or len(messages[queue.pk]) > MAX_MESSAGES_PER_RUN,
            deadline=deadline,
        )
        for queue in queues
    ]


def describe(error: BaseException) -> str:
    """The error for staff, short. The errors of the client hold no secrets."""
    return f"{type(error).__name__}: {error}"[:500]

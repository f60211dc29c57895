"""The dispatcher: carries messages to the portal with many threads, and touches the database with one."""

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
from .circuit_breaker import CircuitBreaker
from .refused_key import Key
from .results import Failure, OutgoingMessage, Run, settle

log = logging.getLogger("calendly.outbox")

LEASE = timedelta(seconds=45)
# The longest that one send may take: connect 3 s, read 10, a slow body 10 more.
LONGEST_SEND = 25.0
SENDERS = 40
# Lanes out at once, with those that wait for a free sender: the senders shall not starve between two looks.
OUT = SENDERS * 4
# While the portal fails: so many at once, and a look only so often (seconds). An outage shall cost nothing.
OUT_IN_OUTAGE, PAUSE_IN_OUTAGE = 2, 0.25
LETTERS_PER_RUN = 50
LETTERS_PER_LOOK = 2000


class OutboxDispatcher:
    """Carries what is due, until it is closed. Its methods belong to one thread, the drain's."""

    def __init__(self, client: Client, *, clock: Callable[[], datetime]) -> None:
        self._client, self._clock = client, clock
        self._executor = ThreadPoolExecutor(SENDERS, thread_name_prefix="calendly-sender")
        self._back: deque[Run] = deque()
        self._unsettled: list[Run] = []
        self._out = 0
        self._closing = False
        self._outage = CircuitBreaker()
        self._key = Key()
        self._next_look = 0.0

    @property
    def busy(self) -> bool:
        """True while queues are out or not yet written down."""
        return bool(self._out or self._unsettled)

    @property
    def rest(self) -> float:
        """For how many seconds there is no use in another `step`: more than none only in an outage."""
        return PAUSE_IN_OUTAGE if self._outage.on else 0.0

    def next_try(self) -> datetime | None:
        """When there is use in another look although messages are due; None: now."""
        self._key.refresh()
        return refused_key.next_try(self._clock()) if self._key.paused else None

    def step(self) -> int:
        """Write down what came back and hand out what is due. Returns how many runs that were."""
        settled = self._collect()
        self._outage.refresh()
        self._key.refresh()
        return settled + self._hand_out()

    def stop(self) -> None:
        """Hand out nothing more and begin no further send. `step` goes on to write down what comes back."""
        self._closing = True

    def close(self) -> None:
        """Let the threads end. What is still on its way comes due again when its lease ends."""
        self._closing = True
        self._executor.shutdown(wait=False, cancel_futures=True)

    def _collect(self) -> int:
        came = 0
        while self._back:
            run = self._back.popleft()
            self._out -= 1
            self._outage.note(run)
            self._key.note(run)
            self._unsettled.append(run)
            came += 1
        if self._unsettled:
            # Where the database fails here, the runs stay and are written down when it is back.
            self._unsettled = settle(self._unsettled, now=self._clock())
            self._outage.settled(self._clock())
            self._key.settled(self._clock())
        return came

    def _hand_out(self) -> int:
        circuit_breaker, probe = self._outage.on, self._key.paused
        room = (OUT_IN_OUTAGE if circuit_breaker else OUT) - self._out
        moment = time.monotonic()
        if self._closing or room <= 0 or (circuit_breaker and moment < self._next_look):
            return 0
        self._next_look = moment + PAUSE_IN_OUTAGE
        if probe:
            due = not self._out and OutboxQueue.objects.due(self._clock()).exists()
            if not due or not self._key.take_turn(self._clock()):
                return 0
            room = 1
        queues = OutboxQueue.objects.claim(now=self._clock(), lease=LEASE, limit=room)
        if not queues:
            return 0
        until = moment + LEASE.total_seconds() - LONGEST_SEND
        for run in load(queues, until=until):
            self._out += 1
            if probe:
                run.probe, run.letters, run.more = True, run.letters[:1], True
            if run.letters:
                self._executor.submit(self._carry, run)
            else:
                self._back.append(run)
        return len(queues)

    def _carry(self, run: Run) -> None:
        """In a sender's thread: one message after the other, until one does not arrive."""
        try:
            for letter in run.letters:
                if self._closing or self._key.refused or time.monotonic() > run.until:
                    break
                run.failure = self._send(run, letter)
                if run.failure:
                    break
        finally:
            self._back.append(run)

    def _send(self, run: Run, letter: OutgoingMessage) -> Failure | None:
        try:
            self._client.post(letter.path, letter.body, idempotency_key=letter.key)
        except errors.RequestRefused as error:
            run.refused.append((letter.id, described(error)))
        except errors.KeyRefused as error:
            self._key.refused = True
            return Failure(letter, described(error), key_refused=True)
        except errors.PortalError as error:
            return Failure(letter, described(error), retry_after=error.retry_after)
        except BaseException as error:  # whatever it is, the queue must come back
            log.exception("Message %s could not be sent.", letter.id)
            return Failure(letter, described(error), broken=True)
        else:
            run.sent.append(letter.id)
        return None


def load(queues: Sequence[OutboxQueue], *, until: float) -> list[Run]:
    """The first messages of each queue, in order, as they go over the wire."""
    found: dict[str, list[OutgoingMessage]] = defaultdict(list)
    rows = list(
        OutboxMessage.objects.filter(queue__in=queues, status=OutboxMessage.Status.WAITING)
        .order_by("queue_id", "id")
        # The stored text is what is sent: to read and write it anew would cost more than the rest.
        .annotate(text=Cast("body", TextField()))
        .values_list("pk", "queue_id", "path", "text", "idempotency_key")[:LETTERS_PER_LOOK]
    )
    for pk, queue, path, text, key in rows:
        found[queue].append(OutgoingMessage(pk, path, text.encode(), str(uuid.UUID(str(key)))))
    cut = len(rows) == LETTERS_PER_LOOK
    return [
        Run(
            queue,
            found[queue.pk][:LETTERS_PER_RUN],
            more=cut or len(found[queue.pk]) > LETTERS_PER_RUN,
            until=until,
        )
        for queue in queues
    ]


def described(error: BaseException) -> str:
    """The error for staff, short. The client's errors hold no secrets."""
    return f"{type(error).__name__}: {error}"[:500]

"""One drain's time in its seat."""

import logging
import time
from collections.abc import Callable
from datetime import datetime
from typing import TypeVar

from django.db import connections

from ... import clients
from ...models.work import DATABASE_AWAY
from ...vai.client import Client
from .. import outbox
from ..outbox import confirmations
from ..webhooks import inbox
from . import due_work
from .calendly_pool import SOURCES, Remote
from .due_work import OF_THE_PORTAL
from .metadata_pool import Questions
from .shutdown_pipe import stopping
from .worker_slots import Seat

log = logging.getLogger("calendly.worker")

T = TypeVar("T")

# The queue ends a task after 60 s: 40 of work, and what is on its way then may take 13 more to arrive.
LIFETIME = 40.0
ARRIVAL = 15.0
# How long to look on after the last find. Longer than a wake may be delayed: in a burst one drain does it all.
LINGER = 1.0
TICK = 0.05
# Work that comes due so soon is waited for, by the holder of the first seat: a pause of four seconds shall
# not last until the sweep of the next minute.
HORIZON = 60.0
PATIENT_TICK = 0.5
# On SQLite nobody else writes while a batch is applied: 50 take some 30 ms.
INBOX_BATCH = 50
# In a burst of deliveries the receiver goes first: smaller batches, and after each round so many times as long a
# pause (at most so many seconds). What it brings in is worked off as soon as the burst is over.
RUSH_BATCH = 20
MAKE_WAY, LONGEST_WAY = 2.0, 0.2
NOTHING: dict[str, datetime] = {}


def _portal() -> Client | None:
    """The portal's client. One that cannot be made must not keep the other work from being done."""
    try:
        return clients.portal()
    except ValueError as error:
        log.error("The portal cannot be told: %s (manage.py check).", error)  # noqa: TRY400  no trace: a key
        return None


class Shift:
    """Goes round the sources until nothing is due. `done` counts what was found, `cut_off` is True where time
    ran out or more comes due soon.
    """

    def __init__(self, seat: Seat, *, clock: Callable[[], datetime]) -> None:
        self._seat, self._clock = seat, clock
        client = _portal()
        self.sources = set(due_work.served(portal=client is not None))
        self._courier = outbox.OutboxDispatcher(client, clock=clock) if client else None
        self._questions = Questions(client, clock=clock) if client else None
        self._remote = Remote(clock=clock)
        self.began, self._start = clock(), time.monotonic()
        self.done = 0
        self.cut_off = False
        self._made_way = False
        # The senders have enough for a while: to look more often would be as many claims for fewer messages each.
        self._next_step = self._next_question = 0.0

    def run(self) -> None:
        """Work, linger, and leave everything in order."""
        try:
            self._loop()
        finally:
            self._close()

    @property
    def _busy(self) -> bool:
        parts = (self._remote, self._courier, self._questions)
        return any(part.busy for part in parts if part is not None)

    def _loop(self) -> None:
        found_at = self._start - LINGER  # who finds nothing at the start does not linger
        while not stopping() and self._seat.keep():
            if time.monotonic() - self._start > LIFETIME:
                self.cut_off = True
                return
            agenda = self._guarded(set(), self._agenda, NOTHING)
            found = self._turn({name for name, at in agenda.items() if at <= self._clock()})
            self.done += found
            moment = time.monotonic()
            if found or self._busy or self._made_way:
                found_at = moment
            if found or self._made_way:
                continue
            if moment - found_at < LINGER:
                time.sleep(max(TICK, self._courier.rest if self._courier else 0.0))
            elif not self._waited(agenda):
                return

    def _agenda(self) -> dict[str, datetime]:
        """When each source comes due. While the portal refuses our key, what it is told or asked waits."""
        agenda = due_work.read(self.sources)
        at = self._courier.next_try() if self._courier else None
        if at is None:
            return agenda
        return {name: max(due, at) if name in OF_THE_PORTAL else due for name, due in agenda.items()}

    def _turn(self, due: set[str]) -> int:
        """One round; in a burst of deliveries a small one with a pause, and the other seats wait: what they hold
        up then, the database's lock and the processor, the receiver needs more."""
        self._made_way = bool(due) and self._guarded(set(), lambda: inbox.rush(self._clock()), False)
        if not self._made_way:
            return self._round(due, INBOX_BATCH)
        began = time.monotonic()
        found = self._round(due if self._seat.first else set(), RUSH_BATCH)
        time.sleep(min(max((time.monotonic() - began) * MAKE_WAY, TICK), LONGEST_WAY))
        return found

    def _waited(self, agenda: dict[str, datetime]) -> bool:
        """Sleep until the next thing is due. False: nothing is due soon, or another drain waits for it."""
        if not agenda:
            return False
        seconds = (min(agenda.values()) - self._clock()).total_seconds()
        if seconds > HORIZON or not self._seat.move_to_first():
            return False
        time.sleep(min(max(seconds, TICK), PATIENT_TICK))
        return True

    def _round(self, due: set[str], batch: int) -> int:
        found = 0
        if "inbox" in due:
            found += self._guarded({"inbox"}, lambda: inbox.process(now=self._clock(), limit=batch), 0)
        if "mails" in due:
            found += self._guarded({"mails"}, lambda: confirmations.process(now=self._clock()), 0)
        remote = due & SOURCES
        if remote:
            found += self._guarded(remote, lambda: self._remote.step(remote), 0)
        found += self._ask("lookups" in due)
        if self._courier and ("outbox" in due or self._courier.busy) and time.monotonic() >= self._next_step:
            self._next_step = time.monotonic() + TICK
            found += self._guarded({"outbox"}, self._courier.step, 0)
        return found

    def _ask(self, due: bool) -> int:
        """Like the senders, those who ask have enough for a while."""
        moment = time.monotonic()
        if self._questions is None or moment < self._next_question or not (due or self._questions.busy):
            return 0
        self._next_question = moment + TICK
        return self._guarded({"lookups"}, self._questions.step, 0)

    def _guarded(self, sources: set[str], work: Callable[[], T], otherwise: T) -> T:
        """Do it. Where the database is away, wait a second. A source that breaks is left alone until the next
        drain, and the others go on."""
        try:
            return work()
        except DATABASE_AWAY as error:
            log.warning("The database does not answer (%s): trying again.", type(error).__name__)
            connections.close_all()
            time.sleep(1)
        except KeyboardInterrupt:
            raise
        except BaseException:  # SystemExit and endless recursion in a handler are its own fault
            log.exception("Working off %s failed.", ", ".join(sorted(sources)) or "the agenda")
            self.sources -= sources
        return otherwise

    def _close(self) -> None:
        """Take in what is on its way. What does not arrive in time comes due again when its lease ends."""
        deadline = time.monotonic() + ARRIVAL
        parts = [part for part in (self._courier, self._questions) if part is not None]
        for part in parts:
            part.stop()
        while self._busy and time.monotonic() < deadline:
            for part in parts:
                self._guarded(set(), part.step, 0)
            time.sleep(TICK / 2)
        for part in parts:
            part.close()
        self._remote.close()

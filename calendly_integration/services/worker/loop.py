"""The work loop: looks for due work, does it, and waits a moment where there is none."""

import logging
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import datetime

from django.db import close_old_connections, connections

from ... import clients, jobs
from ...models.work import DATABASE_AWAY
from ...portal.client import Client
from .. import outbox
from ..accounts import calendly_accounts
from ..outbox import confirmations
from ..webhooks import inbox
from . import calendly_pool, due_work, heartbeat, scheduled
from .calendly_pool import CalendlyPool
from .metadata_pool import MetadataPool
from .worker_slots import Slot

log = logging.getLogger("calendly.worker")

# How long due work may wait for the next look, and how often a loop with work under way looks.
IDLE_WAIT_SECONDS = 0.25
BUSY_WAIT_SECONDS = 0.05
SCHEDULES_SECONDS = 5.0
# A source that fails by a fault of ours is left alone for so long.
FAILED_SOURCE_SECONDS = 60.0
# What is under way at the end may take so long to arrive.
MAX_ARRIVAL_SECONDS = 15.0
# On SQLite nothing else writes while a batch is applied: 100 take some 100 ms.
INBOX_BATCH = 100
# In a burst of deliveries the web processes go first: a small batch, then a pause of so many times its duration.
BURST_BATCH = 20
BURST_PAUSE_FACTOR, MAX_BURST_PAUSE_SECONDS = 2.0, 0.2


def _portal() -> Client | None:
    """The portal's client. Where its settings are wrong the other work goes on."""
    try:
        return clients.portal()
    except ValueError as error:
        log.error("No message can be sent to the portal: %s (manage.py check).", error)  # noqa: TRY400  no trace: a key
        return None


class WorkLoop:
    """Calls out with three pools of threads, and uses the database with this one. `done` counts what was found."""

    def __init__(self, slot: Slot, *, clock: Callable[[], datetime]) -> None:
        self._slot, self._clock = slot, clock
        client = _portal()
        self._sources = due_work.served(portal=client is not None)
        self._failed_until: dict[str, float] = {}
        self._dispatcher = outbox.OutboxDispatcher(client, clock=clock) if client else None
        self._metadata = MetadataPool(client, clock=clock) if client else None
        self._calendly = CalendlyPool(clock=clock)
        self._scheduled = ThreadPoolExecutor(1, thread_name_prefix="calendly-scheduled")
        self._next_dispatch = self._next_metadata = self._next_schedules = 0.0
        heartbeat.beat(now=clock())
        self._next_beat = time.monotonic() + heartbeat.BEAT_SECONDS
        self.done = 0

    @property
    def _busy(self) -> bool:
        pools = (self._calendly, self._dispatcher, self._metadata)
        return any(pool.busy for pool in pools if pool is not None)

    def turn(self) -> bool:
        """Look once and do what is due. False: the slot was lost, and the loop must end."""
        with self._guarded("its slot"):
            if not self._slot.keep():
                return False
        with self._guarded("its heartbeat"):
            self._beat()
        due: set[str] = set()
        burst = False
        with self._guarded("the look for work"):
            due = self._due()
            burst = bool(due) and inbox.rush(self._clock())
        found = self._drain_burst(due) if burst else self._run_once(due, INBOX_BATCH)
        self.done += found
        if not (found or burst):
            time.sleep(self._wait_seconds())
        return True

    def run_schedules(self) -> None:
        """Start what our schedules have due, in a thread of its own."""
        if time.monotonic() < self._next_schedules:
            return
        self._next_schedules = time.monotonic() + SCHEDULES_SECONDS
        with self._guarded("the schedules"):
            for task in jobs.claim_due(self._clock()):
                self._scheduled.submit(self._run_scheduled, task)

    def close(self) -> None:
        """Wait for what is under way. What does not arrive in time comes due again when its lease ends."""
        deadline = time.monotonic() + MAX_ARRIVAL_SECONDS
        portal_pools = [pool for pool in (self._dispatcher, self._metadata) if pool is not None]
        for pool in portal_pools:
            pool.stop()
        while self._busy and time.monotonic() < deadline:
            for pool in portal_pools:
                with self._guarded("what is under way"):
                    pool.step()
            time.sleep(BUSY_WAIT_SECONDS / 2)
        for pool in portal_pools:
            pool.close()
        self._calendly.close()
        self._scheduled.shutdown(wait=False, cancel_futures=True)

    def _beat(self) -> None:
        if time.monotonic() >= self._next_beat:
            self._next_beat = time.monotonic() + heartbeat.BEAT_SECONDS
            close_old_connections()
            heartbeat.beat(now=self._clock())

    def _due(self) -> set[str]:
        """The sources with due work. While the portal refuses our key, its work waits for the next try."""
        moment, now = time.monotonic(), self._clock()
        sources = {name for name in self._sources if self._failed_until.get(name, 0.0) <= moment}
        due = {name for name, at in due_work.read(sources).items() if at <= now}
        next_try = self._dispatcher.next_try() if self._dispatcher else None
        return due - due_work.OF_THE_PORTAL if next_try is not None and next_try > now else due

    def _drain_burst(self, due: set[str]) -> int:
        """A small round and a pause: the web processes need the database's lock and the processor more."""
        began = time.monotonic()
        found = self._run_once(due, BURST_BATCH)
        pause = (time.monotonic() - began) * BURST_PAUSE_FACTOR
        time.sleep(min(max(pause, BUSY_WAIT_SECONDS), MAX_BURST_PAUSE_SECONDS))
        return found

    def _run_once(self, due: set[str], inbox_batch: int) -> int:
        found = 0
        if "inbox" in due:
            with self._guarded("inbox"):
                found += inbox.process(now=self._clock(), limit=inbox_batch)
        if "mails" in due:
            with self._guarded("mails"):
                found += confirmations.process(now=self._clock())
        for name in [name for name in calendly_pool.SOURCES if name in due]:
            with self._guarded(name):
                found += self._calendly.step({name})
        # Both pools have enough for a moment: a claim at each turn would be many transactions for a few rows each.
        moment = time.monotonic()
        if self._metadata and ("lookups" in due or self._metadata.busy) and moment >= self._next_metadata:
            self._next_metadata = moment + BUSY_WAIT_SECONDS
            with self._guarded("lookups"):
                found += self._metadata.step()
        if self._dispatcher and ("outbox" in due or self._dispatcher.busy) and moment >= self._next_dispatch:
            self._next_dispatch = moment + BUSY_WAIT_SECONDS
            with self._guarded("outbox"):
                found += self._dispatcher.step()
        return found

    def _wait_seconds(self) -> float:
        if not self._busy:
            return IDLE_WAIT_SECONDS
        return max(BUSY_WAIT_SECONDS, self._dispatcher.rest if self._dispatcher else 0.0)

    @contextmanager
    def _guarded(self, what: str) -> Iterator[None]:
        """Keep a failure of one part from the others. Wait a second where the database is away."""
        try:
            yield
        except DATABASE_AWAY as error:
            log.warning("The database does not answer (%s): trying again.", type(error).__name__)
            connections.close_all()
            time.sleep(1)
        except KeyboardInterrupt:
            raise
        except BaseException:  # SystemExit and endless recursion in a handler are its own fault
            log.exception("Working off %s failed.", what)
            self._failed_until[what] = time.monotonic() + FAILED_SOURCE_SECONDS

    def _run_scheduled(self, task: str) -> None:
        try:
            close_old_connections()
            if task == jobs.SWEEP:
                outbox.heal(now=self._clock())
                calendly_accounts.try_again(now=self._clock())
            elif task == jobs.SYNC:
                scheduled.run_sync(now=self._clock())
            elif task == jobs.HOUSEKEEPING:
                scheduled.run_housekeeping(now=self._clock())
        except DATABASE_AWAY as error:
            log.warning("%s stops: the database does not answer (%s).", task, type(error).__name__)
        except BaseException:  # the next run tries again
            log.exception("%s failed.", task)
        finally:
            connections.close_all()

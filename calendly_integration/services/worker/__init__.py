"""The worker: works off all that is due, in one process with pools of threads.

`run` is the process under the supervisor. `sweep` is the same loop as a task of a plain `qcluster`.
"""

import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime

from django.db import DatabaseError, InterfaceError, connections

from ... import jobs
from .. import outbox
from ..accounts import calendly_accounts
from . import heartbeat, worker_slots
from .loop import WorkLoop
from .shutdown import Shutdown

__all__ = ["Shutdown", "drain", "run", "sweep"]

log = logging.getLogger("calendly.worker")

Clock = Callable[[], datetime]

# A `qcluster` that must end waits for its tasks, so they are short.
SWEEP_SECONDS = 10.0
STANDBY_SECONDS = 3.0


def run(*, clock: Clock, shutdown: Shutdown) -> Iterator[None]:
    """Work until `shutdown` is requested. Yields every few seconds, so that the caller sees that it lives."""
    while not shutdown.requested:
        try:
            yield from _turns(clock, shutdown)
        except (DatabaseError, InterfaceError) as error:
            log.warning("The database does not answer (%s): trying again.", type(error).__name__)
            connections.close_all()
        yield
        if not shutdown.requested:
            time.sleep(STANDBY_SECONDS)
    try:
        heartbeat.stop(now=clock())
    except (DatabaseError, InterfaceError):
        connections.close_all()


def _turns(clock: Clock, shutdown: Shutdown) -> Iterator[None]:
    heartbeat.beat(now=clock())
    slot = worker_slots.take(clock=clock)
    if slot is None:
        return
    with _work_loop(slot, clock) as loop:
        jobs.ensure_schedules(clock())
        while not shutdown.requested and loop.turn():
            loop.run_schedules()
            yield


@contextmanager
def _work_loop(slot: worker_slots.Slot, clock: Clock) -> Iterator[WorkLoop]:
    try:
        loop = WorkLoop(slot, clock=clock)
        try:
            yield loop
        finally:
            loop.close()
    finally:
        slot.leave()


def drain(*, clock: Clock, seconds: float) -> int | None:
    """Work for so many seconds. Returns how many things were done; None where another loop works, or where the
    database does not answer."""
    try:
        slot = worker_slots.take(clock=clock, names=worker_slots.FIRST)
        if slot is None:
            return None
        deadline = time.monotonic() + seconds
        with _work_loop(slot, clock) as loop:
            while loop.turn() and time.monotonic() < deadline:
                pass
    except (DatabaseError, InterfaceError) as error:
        log.warning("The drain stops: the database does not answer (%s).", type(error).__name__)
        connections.close_all()
        return None
    return loop.done


def sweep(*, clock: Clock) -> None:
    """A task of a plain `qcluster`: repair the outbox and drain, then have the next sweep follow."""
    outbox.heal(now=clock())
    calendly_accounts.try_again(now=clock())
    if drain(clock=clock, seconds=SWEEP_SECONDS) is None:
        return
    try:
        jobs.enqueue_sweep()
    except Exception as error:  # each broker has its own errors; the schedule starts the next sweep
        log.warning("The queue took no sweep (%s).", type(error).__name__)

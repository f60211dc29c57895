"""The queue: the only place that knows django-q2.

A queued task carries no work, it only says "look now". The work is rows in our own tables, so a task may be
lost, doubled or late, and nobody has to wait for the queue or fail with it.
"""

import atexit
import logging
import os
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import connections, transaction
from django.utils.translation import gettext
from django_q import worker as queue_worker
from django_q.brokers import get_broker
from django_q.models import Failure, Schedule, Success
from django_q.tasks import async_task

log = logging.getLogger("calendly.jobs")

DRAIN = "calendly_integration.tasks.drain"
SWEEP = "calendly_integration.tasks.sweep"
SYNC = "calendly_integration.tasks.sync"
BEAT = "calendly_integration.tasks.beat"
HOUSEKEEPING = "calendly_integration.tasks.housekeeping"
NAMES = (DRAIN, SWEEP, SYNC, BEAT, HOUSEKEEPING)
REFUSE = "calendly_integration.jobs.refuse"

# Each process sends at most one wake in this time. Of those asked for meanwhile one is sent at its end: the drain
# woken before may have found nothing, or no seat, and be gone.
THROTTLE = 0.5
# So long a wake waits for the answer that caused it to leave: nobody notices it in the work that is woken, but an
# agent would notice a thread beside its own.
AFTER_YOU = 0.03
# After a failure the queue is left alone for a while: each try may hang for seconds in its thread.
CIRCUIT = 30.0
# So many tasks wait that one more "look now" tells nobody anything: the workers are away.
FULL = 100


@dataclass(frozen=True, slots=True)
class Timetable:
    """One of our schedules: which task, and every how many minutes."""

    name: str
    task: str
    minutes: int


TIMETABLES = (
    Timetable("calendly: sweep", SWEEP, 1),
    Timetable("calendly: sync", SYNC, 30),
    Timetable("calendly: housekeeping", HOUSEKEEPING, 60),
)


class _Waker:
    """Sends wakes from a thread of its own: the queue may be a Redis that hangs or a SQLite that is held."""

    def __init__(self) -> None:
        self.lock = threading.Condition()
        self.asked = self.sending = False
        self.thread: threading.Thread | None = None
        self.not_before = 0.0
        self.broken_until = 0.0
        self.attended = 0

    def poke(self, *, at_once: bool = False) -> None:
        """Ask for a drain, unless one is asked for already. `at_once` is for a drain's successor."""
        with self.lock:
            if at_once:
                self.not_before = 0.0
            elif self.attended or time.monotonic() < self.broken_until:
                return
            if at_once or not self.asked:
                self.asked = True
                self.lock.notify()
            if self.thread is None:
                self.thread = threading.Thread(target=self._run, name="calendly-wake", daemon=True)
                self.thread.start()

    def _run(self) -> None:
        try:
            while self._next_wake():
                self._send()
        finally:
            connections.close_all()

    def _next_wake(self) -> bool:
        """Wait until a wake is asked for and may be sent. False: none was for a while, and the thread ends."""
        with self.lock:
            if not self.lock.wait_for(lambda: self.asked, timeout=5):
                self.thread = None
                return False
        time.sleep(AFTER_YOU)
        with self.lock:
            while (pause := self.not_before - time.monotonic()) > 0:
                self.lock.wait(pause)
            # Before it is sent: what is committed from now on asks for the next one.
            self.asked, self.sending = False, True
            self.not_before = time.monotonic() + THROTTLE
        return True

    def _send(self) -> None:
        try:
            enqueue(DRAIN)
        except Exception as error:
            with self.lock:
                self.asked = False
                self.broken_until = time.monotonic() + CIRCUIT
            connections.close_all()
            log.warning("The queue took no wake (%s): the sweep will do the work.", type(error).__name__)
        finally:
            self.sending = False

    def finish(self) -> None:
        """At the end of the process: a command that exits right after its commit still wakes the workers."""
        deadline = time.monotonic() + 1
        while (self.asked or self.sending) and time.monotonic() < deadline:
            time.sleep(0.01)


_waker = _Waker()


def _fresh_waker() -> None:
    """A forked child has no threads of its parent, and perhaps a lock that one of them held."""
    global _waker
    _waker = _Waker()


os.register_at_fork(after_in_child=_fresh_waker)
atexit.register(lambda: _waker.finish())


def wake() -> None:
    """Have the due work looked at soon after the current transaction commits.

    At most one wake per half second and process, the last one after the last commit. Never raises and never
    waits: without a queue the sweep does the work, a minute later.
    """
    transaction.on_commit(_poke, robust=True)


def _poke() -> None:
    try:
        _waker.poke()
    except RuntimeError:  # no thread can be started any more: the process is ending
        log.debug("no wake: no thread could be started")


def wake_successor() -> None:
    """Have another drain follow this one, without regard to the throttle."""
    _waker.poke(at_once=True)


@contextmanager
def attended() -> Iterator[None]:
    """While a drain runs in this process its own commits need no wake: it looks again anyway."""
    waker = _waker
    with waker.lock:
        waker.attended += 1
    try:
        yield
    finally:
        with waker.lock:
            waker.attended -= 1


def enqueue(name: str, *args: str) -> None:
    """Put the task into the queue now. May wait for seconds, may raise what the broker raises.

    While the queue is full nothing is added: workers that come back shall not find a night's worth of wakes.
    Only a beat always is: it is how one learns that nobody works the queue off.
    """
    broker = get_broker()
    if name == BEAT or broker.queue_size() < FULL:
        async_task(name, *args, q_options={"broker": broker})


def enqueue_beat(now: datetime) -> None:
    """Send a heartbeat through the queue: whoever executes it writes the pulse. Raises like `enqueue`."""
    enqueue(BEAT, now.isoformat())


def ensure_schedules(now: datetime) -> None:
    """Create our schedules, mend changed ones, remove doubled ones."""
    for table in TIMETABLES:
        rows = Schedule.objects.filter(name=table.name).order_by("pk")
        kept = rows.first() or Schedule(name=table.name)
        rows.exclude(pk=kept.pk).delete()
        soon = now + timedelta(minutes=table.minutes)
        if kept.pk is None or kept.next_run is None or kept.next_run > soon:
            kept.next_run = soon
        kept.func, kept.schedule_type, kept.minutes = table.task, Schedule.MINUTES, table.minutes
        kept.args = kept.kwargs = kept.hook = kept.cluster = kept.cron = kept.intended_date_kwarg = None
        kept.repeats = -1
        kept.save()


def schedule_faults(now: datetime) -> tuple[str, ...]:
    """What is wrong with our schedules, a line each: missing, doubled, changed, or standing still."""
    faults = []
    rows = list(Schedule.objects.filter(name__in=[table.name for table in TIMETABLES]))
    for table in TIMETABLES:
        own = [row for row in rows if row.name == table.name]
        if not own:
            faults.append(gettext("%s: missing") % table.name)
        elif len(own) > 1:
            faults.append(gettext("%(name)s: there are %(count)d") % {"name": table.name, "count": len(own)})
        elif own[0].func != table.task or own[0].repeats == 0 or own[0].minutes != table.minutes:
            faults.append(gettext("%s: changed") % table.name)
        elif own[0].next_run is None or own[0].next_run < now - timedelta(minutes=3):
            faults.append(gettext("%s: stands still") % table.name)
    return tuple(faults)


def next_runs() -> list[tuple[str, datetime | None]]:
    """When each of our schedules is due next, by name."""
    rows = Schedule.objects.filter(name__in=[table.name for table in TIMETABLES])
    return list(rows.order_by("name", "pk").values_list("name", "next_run"))


def schedules_healthy(now: datetime) -> bool:
    """True while every schedule is there, ours, and moving."""
    return not schedule_faults(now)


def waiting() -> int:
    """How many tasks wait in the queue. May raise what the broker raises."""
    return int(get_broker().queue_size())


def forget_results(before: datetime) -> int:
    """Delete what django-q2 kept of our own tasks that ended before `before`. Those of the portal that we
    live in are left alone."""
    count = 0
    for model in (Success, Failure):
        count += model.objects.filter(func__in=(*NAMES, REFUSE), stopped__lt=before).delete()[0]
    return count


class ForeignTask(Exception):
    """The queue held a task that is not one of ours."""


def refuse(name: str) -> None:
    """What runs in place of a task that is not one of ours. Raises ForeignTask, so django-q2 records a failure."""
    raise ForeignTask(f"{name} is not a task of calendly_integration, so this worker does not run it")


class _OwnTasks:
    """The queue that a worker process reads: tasks that are not ours come out as refusals."""

    def __init__(self, tasks: Any) -> None:
        self._tasks = tasks

    def get(self) -> Any:
        """The next task, or django-q2's word for the end."""
        task = self._tasks.get()
        if isinstance(task, dict):
            task.pop("hook", None)  # a function too, called with the result of a failed task
            func = task.get("func")
            if not isinstance(func, str) or func not in NAMES:
                task |= {"func": REFUSE, "args": (str(func),), "kwargs": {}}
        return task


_run_tasks = queue_worker.worker


def run_own_tasks(task_queue: Any, *rest: Any) -> None:
    """A worker process of django-q2 that runs our tasks only."""
    _run_tasks(_OwnTasks(task_queue), *rest)


def refuse_foreign_tasks() -> None:
    """Let the clusters that this process starts run our tasks only.

    A row in django-q2's table of schedules names any function that can be imported, with its arguments. django-q2
    has no setting for what may run, and its signals cannot refuse a task: its worker function is replaced, before
    it looks the name up.
    """
    queue_worker.worker = run_own_tasks
    cluster = sys.modules.get("django_q.cluster")
    if cluster is not None:  # it has the function under a name of its own
        vars(cluster)["worker"] = run_own_tasks

"""`manage.py calendly_worker`: django-q2's cluster, and a supervisor that starts it again when it is ill.

A cluster that lost one of its processes may stand still for good without a word. So heartbeats go through it
from end to end, and when they do not come back the whole process group is killed and started anew. That is
safe at any moment, because the work is leased rows.
"""

import contextlib
import logging
import signal
import time
from collections.abc import Callable
from typing import Any

from django.core.management.base import BaseCommand
from django.db import close_old_connections, connections
from django.utils import timezone

from ... import jobs
from ...services.worker import heartbeat
from ..cluster import Cluster, FallbackSweep

log = logging.getLogger("calendly.supervisor")

TICK = 0.25
BEAT_EVERY = 15.0
# The queue ends a task after 60 s, so with all workers busy a beat may wait so long.
STALE_AFTER = 70.0
SWEEP_EVERY = 60.0
# When the seats of drains that died with the cluster before are free again.
SECOND_SWEEP = 12.0
SYNC_EVERY = 1800.0
LOOK_EVERY = 5.0
STOP_WITHIN = 20.0
SHORT_LIFE = 5.0
LONGEST_PAUSE = 30.0


class Every:
    """True when asked, `first` seconds from now and then once in so many."""

    def __init__(self, seconds: float, *, first: float = 0.0) -> None:
        self._seconds = seconds
        self._next = time.monotonic() + first

    def __call__(self) -> bool:
        if time.monotonic() < self._next:
            return False
        self._next = time.monotonic() + self._seconds
        return True


class Supervisor:
    """Keeps one cluster running until `ended` says so."""

    def __init__(self, *, ended: Callable[[], bool]) -> None:
        self._ended = ended
        self._cluster, self._stand_in = Cluster(), FallbackSweep()
        self._beat = Every(BEAT_EVERY)
        self._sweep = self._second_sweep = Every(SWEEP_EVERY)
        self._sync = Every(SYNC_EVERY, first=SYNC_EVERY)
        self._look = Every(LOOK_EVERY)
        self._unanswered: float | None = None
        self._answer: object = None
        self._pause = 0.0
        self._away = False

    def run(self) -> None:
        """Start, watch, restart, stop."""
        self._tell(lambda: jobs.ensure_schedules(timezone.now()))
        self._start()
        try:
            while not self._ended():
                self._watch()
                time.sleep(TICK)
        finally:
            pid = self._cluster.pid
            self._cluster.stop(within=STOP_WITHIN)
            self._stand_in.kill()
            self._tell(lambda: heartbeat.cluster_ended(pid))

    def _start(self) -> None:
        self._unanswered = None
        self._sweep = Every(SWEEP_EVERY)
        self._second_sweep = Every(float("inf"), first=SECOND_SWEEP)
        self._cluster.start()
        log.info("The cluster runs as process %s.", self._cluster.pid)

    def _watch(self) -> None:
        ill = self._illness()
        if ill:
            self._restart(ill)
            return
        if self._beat():
            self._tell(self._send_beat)
        # Sent from here as well as by the schedule: one broken row stops all schedules of a portal.
        due = self._sweep() or self._second_sweep()
        if due and not self._tell(lambda: jobs.enqueue(jobs.SWEEP)):
            self._stand_in.start()
        if self._sync():
            self._tell(self._stand_in_for_schedules)

    def _illness(self) -> str:
        if not self._cluster.running():
            return "it ended"
        if self._look() and (seen := self._cluster.illness()):
            return seen
        if self._unanswered is not None and time.monotonic() - self._unanswered > STALE_AFTER:
            return "it does not answer"
        return ""

    def _restart(self, why: str) -> None:
        log.error("The cluster is killed and started again: %s.", why)
        pid, short = self._cluster.pid, self._cluster.age() < SHORT_LIFE
        self._cluster.kill()
        self._tell(lambda: heartbeat.cluster_ended(pid))
        self._pause = min(max(self._pause * 2, 0.5), LONGEST_PAUSE) if short else 0.0
        until = time.monotonic() + self._pause
        while time.monotonic() < until and not self._ended():
            time.sleep(TICK)
        if not self._ended():
            self._start()

    def _send_beat(self) -> None:
        now = timezone.now()
        heartbeat.cluster_seen(self._cluster.pid, now=now)
        answer = heartbeat.last_beat()
        if answer != self._answer:
            self._answer, self._unanswered = answer, None
        jobs.enqueue_beat(now)
        # Only what the queue took can be answered: a Redis that is down is no fault of the cluster.
        if self._unanswered is None:
            self._unanswered = time.monotonic()

    def _stand_in_for_schedules(self) -> None:
        if not jobs.schedules_healthy(timezone.now()):
            jobs.ensure_schedules(timezone.now())
            jobs.enqueue(jobs.SYNC)

    def _tell(self, act: Callable[[], object]) -> bool:
        """Do something with the database or the queue. False: it is away, which is no reason to stop."""
        try:
            close_old_connections()  # one that was cut meanwhile is made anew, so that this turn is not lost
            act()
        except Exception as error:  # each broker and database has errors of its own
            if not self._away:
                log.warning("The database or the queue does not answer: %s.", type(error).__name__)
            self._away = True
            with contextlib.suppress(Exception):
                connections.close_all()
            return False
        self._away = False
        return True


class Command(BaseCommand):
    """Run the worker until SIGTERM or Ctrl-C."""

    help = "Run the worker: the queue's cluster under a supervisor. End it with Ctrl-C or SIGTERM."
    # Only our own: the others import every page and serializer of the portal, and a worker serves none.
    requires_system_checks = ["calendly"]

    def handle(self, *args: Any, **options: Any) -> None:
        """Supervise."""
        asked: list[int] = []
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda got, frame: asked.append(got))
        Supervisor(ended=lambda: bool(asked)).run()

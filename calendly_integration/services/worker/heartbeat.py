"""Which workers run, and what is wrong with the queue."""

import os
import socket
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Max, Q, QuerySet

from ... import jobs
from ...models import Heartbeat
from ..bookings import idempotency, refused_attempts

BEAT_SECONDS = 15.0
# A worker that was not seen for this long has ended.
MAX_SILENCE = timedelta(seconds=100)
KEEP_RESULTS = timedelta(days=7)
KEEP_HEARTBEATS = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class WorkerState:
    """Whether work is done. `age` is the time since the last sign of life."""

    alive: bool
    age: timedelta | None


@dataclass(frozen=True, slots=True)
class QueueState:
    """`waiting` is None where the broker does not answer: only a plain `qcluster` needs it."""

    worker: WorkerState
    schedule_faults: tuple[str, ...]
    workers: tuple[str, ...]
    waiting: int | None

    @property
    def several_workers(self) -> bool:
        """True while more than one worker runs. It does no harm, but it is rarely intended."""
        return len(self.workers) > 1

    @property
    def healthy(self) -> bool:
        """True where nothing needs attention."""
        return self.worker.alive and not self.schedule_faults and not self.several_workers


def beat(*, now: datetime) -> None:
    """Note that this worker runs."""
    if not Heartbeat.objects.filter(pk=_own_name()).update(beat_at=now, stopped_at=None):
        Heartbeat.objects.bulk_create([Heartbeat(pk=_own_name(), beat_at=now)], ignore_conflicts=True)


def stop(*, now: datetime) -> None:
    """Note that this worker ends in an orderly way."""
    Heartbeat.objects.filter(pk=_own_name()).update(stopped_at=now)


def worker_alive(now: datetime) -> WorkerState:
    """Whether a worker was seen of late."""
    seen = Heartbeat.objects.aggregate(
        last=Max("beat_at"), last_running=Max("beat_at", filter=Q(stopped_at=None))
    )
    last, running = seen["last"], seen["last_running"]
    return WorkerState(
        alive=running is not None and now - running < MAX_SILENCE, age=now - last if last else None
    )


def queue_state(now: datetime) -> QueueState:
    """The state of workers, schedules and queue. Does not raise when the broker is away."""
    try:
        waiting: int | None = jobs.waiting()
    except Exception:  # each broker has its own errors, and all mean the same here
        waiting = None
    return QueueState(
        worker=worker_alive(now),
        schedule_faults=jobs.schedule_faults(now),
        workers=tuple(_running(now).order_by("pk").values_list("pk", flat=True)),
        waiting=waiting,
    )


def clean(*, now: datetime) -> None:
    """Delete answers kept for repeated requests, old refused attempts, results of tasks, and heartbeats of
    workers long gone."""
    idempotency.forget(now=now)
    refused_attempts.forget(now=now)
    old = Heartbeat.objects.filter(beat_at__lt=now - KEEP_HEARTBEATS)
    last = Heartbeat.objects.order_by("-beat_at").values_list("pk", flat=True).first()
    old.exclude(pk=last).delete()
    jobs.forget_results(now - KEEP_RESULTS)


def _running(now: datetime) -> QuerySet[Heartbeat]:
    return Heartbeat.objects.filter(beat_at__gt=now - MAX_SILENCE, stopped_at=None)


def _own_name() -> str:
    """The processes of one worker share a process group."""
    return f"{socket.gethostname()[:60]}:{os.getpgrp()}"

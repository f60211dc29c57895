"""Signs of life: is the worker there, does the queue move, is there only one of each."""

import os
import socket
from dataclasses import dataclass
from datetime import datetime, timedelta

from ... import jobs
from ...models import Pulse
from ..bookings import idempotency

WORKER = "worker"
CLUSTER = "cluster "
# Beats come every 15 s from the supervisor, and every minute from the sweep where there is none.
SILENCE = timedelta(seconds=150)
# A supervisor and its cluster tell of themselves more often than this.
CLUSTER_SILENCE = timedelta(seconds=100)
KEPT_RESULTS = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class WorkerState:
    """Whether tasks are executed. `age` is the time since the last one that we know of."""

    alive: bool
    age: timedelta | None


@dataclass(frozen=True, slots=True)
class QueueState:
    """How the queue does. `waiting` is None where the broker does not answer."""

    worker: WorkerState
    schedule_faults: tuple[str, ...]
    clusters: tuple[str, ...]
    waiting: int | None

    @property
    def doubled(self) -> bool:
        """True while more than one cluster works. No harm to the work, but hardly what somebody wanted."""
        return len(self.clusters) > 1

    @property
    def healthy(self) -> bool:
        """True where nothing needs a hand."""
        return (
            self.worker.alive and not self.schedule_faults and not self.doubled and self.waiting is not None
        )


def beat(*, now: datetime, sent_at: str = "") -> None:
    """Note, in a task, that tasks are executed, and in which cluster. `sent_at` is when the beat set out."""
    _note(WORKER, now, {"sent_at": sent_at} if sent_at else {})
    cluster_seen(os.getpgrp(), now=now)


def cluster_seen(pid: int, *, now: datetime) -> None:
    """Note that the cluster whose process group is `pid` runs here."""
    _note(_cluster(pid), now, {})


def last_beat() -> datetime | None:
    """When a task was last executed, as far as we know."""
    return Pulse.objects.filter(pk=WORKER).values_list("beat_at", flat=True).first()


def cluster_ended(pid: int) -> None:
    """Forget a cluster that its supervisor has seen end."""
    Pulse.objects.filter(pk=_cluster(pid)).delete()


def worker_alive(now: datetime) -> WorkerState:
    """Whether a task was executed of late."""
    at = last_beat()
    return WorkerState(alive=at is not None and now - at < SILENCE, age=now - at if at else None)


def queue_state(now: datetime) -> QueueState:
    """All that is known of the queue. Never raises for a broker that is away."""
    clusters = Pulse.objects.filter(pk__startswith=CLUSTER, beat_at__gt=now - CLUSTER_SILENCE)
    try:
        waiting: int | None = jobs.waiting()
    except Exception:  # each broker has its own errors, and all mean the same here
        waiting = None
    return QueueState(
        worker=worker_alive(now),
        schedule_faults=jobs.schedule_faults(now),
        clusters=tuple(name.removeprefix(CLUSTER) for name in clusters.values_list("pk", flat=True)),
        waiting=waiting,
    )


def clean(*, now: datetime) -> None:
    """Delete answers kept for repeated requests, results of tasks, and pulses of clusters long gone."""
    idempotency.forget(now=now)
    Pulse.objects.filter(pk__startswith=CLUSTER, beat_at__lt=now - timedelta(days=1)).delete()
    jobs.forget_results(now - KEPT_RESULTS)


def _cluster(pid: int) -> str:
    return f"{CLUSTER}{socket.gethostname()[:36]}:{pid}"


def _note(name: str, now: datetime, detail: dict[str, str]) -> None:
    if not Pulse.objects.filter(pk=name).update(beat_at=now, detail=detail):
        Pulse.objects.bulk_create([Pulse(pk=name, beat_at=now, detail=detail)], ignore_conflicts=True)

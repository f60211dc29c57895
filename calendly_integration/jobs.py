"""django-q2: this is the only module that knows it.

Work is rows in our own tables, which `calendly_worker` reads without a queue. A plain `qcluster` runs the same work
as scheduled tasks, in a cluster named `calendly`: the portal's own tasks and settings stay in its own cluster. A
task carries no work, so it may be lost, run twice or late.
"""

import sys
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.utils.translation import gettext
from django_q import worker as queue_worker
from django_q.brokers import get_broker
from django_q.models import Failure, Schedule, Success
from django_q.tasks import async_task

CLUSTER = "calendly"
SWEEP = "calendly_integration.tasks.sweep"
SYNC = "calendly_integration.tasks.sync"
HOUSEKEEPING = "calendly_integration.tasks.housekeeping"
NAMES = (SWEEP, SYNC, HOUSEKEEPING)
REFUSE = "calendly_integration.jobs.refuse"
# A schedule that is late by more than this does not run.
MAX_SCHEDULE_DELAY = timedelta(minutes=3)


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


def enqueue_sweep() -> None:
    """Have another sweep follow this one in a plain `qcluster`. May raise what the broker raises."""
    async_task(SWEEP, cluster=CLUSTER)


def ensure_schedules(now: datetime) -> None:
    """Create our schedules, repair changed ones, remove duplicates."""
    for table in TIMETABLES:
        rows = Schedule.objects.filter(name=table.name).order_by("pk")
        kept = rows.first() or Schedule(name=table.name)
        rows.exclude(pk=kept.pk).delete()
        soon = now + timedelta(minutes=table.minutes)
        if kept.pk is None or kept.next_run is None or kept.next_run > soon:
            kept.next_run = soon
        kept.func, kept.schedule_type, kept.minutes = table.task, Schedule.MINUTES, table.minutes
        kept.args = kept.kwargs = kept.hook = kept.cron = kept.intended_date_kwarg = None
        kept.repeats, kept.cluster = -1, CLUSTER
        kept.save()


def claim_due(now: datetime) -> list[str]:
    """Take our schedules that are due and set their next run. One of several workers gets each. Returns tasks."""
    due = set(Schedule.objects.filter(name__in=_names(), next_run__lte=now).values_list("name", flat=True))
    taken = []
    for table in TIMETABLES:
        rows = Schedule.objects.filter(name=table.name, func=table.task, next_run__lte=now)
        if table.name in due and rows.update(next_run=now + timedelta(minutes=table.minutes)):
            taken.append(table.task)
    return taken


def request_sync(now: datetime) -> None:
    """Make the sync due now."""
    ensure_schedules(now)
    Schedule.objects.filter(name__in=_names(), func=SYNC).update(next_run=now)


def schedule_faults(now: datetime) -> tuple[str, ...]:
    """What is wrong with our schedules, a line each: missing, duplicated, changed, or not running."""
    faults = []
    rows = list(Schedule.objects.filter(name__in=_names()))
    for table in TIMETABLES:
        own = [row for row in rows if row.name == table.name]
        if not own:
            faults.append(gettext("%s: missing") % table.name)
        elif len(own) > 1:
            faults.append(gettext("%(name)s: there are %(count)d") % {"name": table.name, "count": len(own)})
        elif _is_changed(own[0], table):
            faults.append(gettext("%s: changed") % table.name)
        elif own[0].next_run is None or own[0].next_run < now - MAX_SCHEDULE_DELAY:
            faults.append(gettext("%s: stands still") % table.name)
    return tuple(faults)


def _names() -> list[str]:
    return [table.name for table in TIMETABLES]


def _is_changed(row: Schedule, table: Timetable) -> bool:
    expected = (table.task, table.minutes, CLUSTER)
    return (row.func, row.minutes, row.cluster) != expected or row.repeats == 0


def next_runs() -> list[tuple[str, datetime | None]]:
    """When each of our schedules is due next, by name."""
    rows = Schedule.objects.filter(name__in=_names())
    return list(rows.order_by("name", "pk").values_list("name", "next_run"))


def waiting() -> int:
    """How many tasks wait in the queue of our cluster. May raise what the broker raises."""
    return int(get_broker(CLUSTER).queue_size())


def forget_results(before: datetime) -> int:
    """Delete the results of our own tasks that ended before `before`. The portal's own results stay."""
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
    """The queue that a worker process reads. A task that is not ours becomes a refusal."""

    def __init__(self, tasks: Any) -> None:
        self._tasks = tasks

    def get(self) -> Any:
        """The next task, or django-q2's mark for the end."""
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
    """Let the clusters that this process starts run our tasks only. For projects without tasks of their own.

    A row in django-q2's table of schedules names any function that can be imported, with its arguments. django-q2
    has no setting for what may run, and its signals cannot refuse a task. So its worker function is replaced.
    """
    queue_worker.worker = run_own_tasks
    cluster = sys.modules.get("django_q.cluster")
    if cluster is not None:  # it has the function under a name of its own
        vars(cluster)["worker"] = run_own_tasks

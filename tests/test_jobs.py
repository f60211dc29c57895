"""The schedules, and the queue of a plain `qcluster`."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pydoc import locate
from typing import Any

import pytest
from django.utils import translation
from django_q.models import Failure, Schedule, Task

from calendly_integration import jobs

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)


@pytest.mark.parametrize("name", jobs.NAMES)
def test_every_job_has_its_task(name: str) -> None:
    assert callable(locate(name))


@pytest.mark.django_db
def test_due_schedules_are_taken_once() -> None:
    jobs.ensure_schedules(NOW)
    assert jobs.claim_due(NOW) == []
    later = NOW + timedelta(minutes=30)
    assert jobs.claim_due(later) == [jobs.SWEEP, jobs.SYNC]
    assert jobs.claim_due(later) == []
    assert jobs.claim_due(later + timedelta(minutes=1)) == [jobs.SWEEP]
    assert not jobs.schedule_faults(later + timedelta(minutes=1))


@pytest.mark.django_db
def test_a_schedule_of_another_function_is_not_taken() -> None:
    jobs.ensure_schedules(NOW)
    Schedule.objects.filter(name="calendly: sweep").update(func="os.remove", next_run=NOW)
    assert jobs.claim_due(NOW) == []


@pytest.mark.django_db
def test_a_sync_that_is_asked_for_is_due_at_once_even_where_its_schedule_was_deleted() -> None:
    jobs.request_sync(NOW)
    assert jobs.claim_due(NOW) == [jobs.SYNC]


@pytest.mark.django_db
def test_schedules_run_in_our_cluster_only() -> None:
    """django-q2's scheduler leaves rows of another cluster alone, so the portal's own cluster never runs them."""
    jobs.ensure_schedules(NOW)
    assert set(Schedule.objects.values_list("cluster", flat=True)) == {jobs.CLUSTER}


@pytest.mark.django_db
def test_schedules_are_made_once() -> None:
    jobs.ensure_schedules(NOW)
    jobs.ensure_schedules(NOW)
    assert Schedule.objects.count() == len(jobs.TIMETABLES)
    assert not jobs.schedule_faults(NOW)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("damage", "fault"),
    [
        (lambda rows: rows.delete(), "missing"),
        (lambda rows: Schedule.objects.create(name="calendly: sweep", func=jobs.SWEEP), "there are 2"),
        (lambda rows: rows.update(func="somewhere.else"), "changed"),
        (lambda rows: rows.update(cluster=None), "changed"),
        (lambda rows: rows.update(next_run=NOW - timedelta(minutes=10)), "stands still"),
        (lambda rows: rows.update(next_run=None), "stands still"),
    ],
)
def test_a_damaged_schedule_is_seen_and_mended(damage: Callable[[Any], Any], fault: str) -> None:
    jobs.ensure_schedules(NOW)
    damage(Schedule.objects.filter(name="calendly: sweep"))
    with translation.override("en"):
        (found,) = jobs.schedule_faults(NOW)
    assert found.startswith("calendly: sweep: ")
    assert fault in found
    jobs.ensure_schedules(NOW)
    if fault != "stands still":  # that is for the worker to repair
        assert not jobs.schedule_faults(NOW)


@pytest.mark.django_db
def test_mending_does_not_put_off_a_schedule_that_is_due() -> None:
    jobs.ensure_schedules(NOW)
    jobs.ensure_schedules(NOW + timedelta(seconds=30))
    assert Schedule.objects.get(name="calendly: sweep").next_run == NOW + timedelta(minutes=1)


@pytest.mark.django_db
def test_only_our_own_old_results_are_forgotten() -> None:
    def result(func: str, age: int) -> None:
        at = NOW - timedelta(days=age)
        Task.objects.create(
            id=f"{func[-4:]}{age}", name="x", func=func, started=at, stopped=at, success=False
        )

    result(jobs.SWEEP, 10)
    result(jobs.SWEEP, 1)
    result("portal.tasks.own", 10)
    assert jobs.forget_results(NOW - timedelta(days=7)) == 1
    assert Failure.objects.count() == 2

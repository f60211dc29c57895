"""The queue: asked for, never relied upon."""

import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pydoc import locate
from typing import Any

import pytest
from django.db import transaction
from django.utils import translation
from django_q.brokers.orm import ORM
from django_q.models import Failure, OrmQ, Schedule, Task

from calendly_integration import jobs

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)


@pytest.fixture
def quiet_queue() -> None:
    """Not quiet here: wakes go to `sent`."""


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """What the waker's thread put into the queue. The thread is done before the real queue is back."""
    names: list[str] = []
    monkeypatch.setattr(jobs, "_waker", jobs._Waker())
    monkeypatch.setattr(jobs, "enqueue", lambda name, *args: names.append(name))
    yield names
    jobs._waker.finish()


def soon(true: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + 2
    while not true() and time.monotonic() < deadline:
        time.sleep(0.005)
    return true()


@pytest.mark.parametrize("name", jobs.NAMES)
def test_every_job_has_its_task(name: str) -> None:
    assert callable(locate(name))


@pytest.mark.django_db(transaction=True)
def test_a_wake_leaves_after_the_commit(sent: list[str]) -> None:
    with transaction.atomic():
        jobs.wake()
        time.sleep(0.02)
        assert sent == []
    assert soon(lambda: sent == [jobs.DRAIN])


@pytest.mark.django_db(transaction=True)
def test_a_rollback_wakes_nobody(sent: list[str]) -> None:
    with transaction.atomic():
        jobs.wake()
        transaction.set_rollback(True)
    time.sleep(0.02)
    assert sent == []


@pytest.mark.django_db(transaction=True)
def test_many_wakes_are_one_within_half_a_second(sent: list[str]) -> None:
    for _ in range(50):
        jobs.wake()
    assert soon(lambda: sent == [jobs.DRAIN])


@pytest.mark.django_db(transaction=True)
def test_a_wake_soon_after_another_is_delayed_and_not_lost(sent: list[str]) -> None:
    """The drain before may have found nothing and be gone."""
    jobs.wake()
    assert soon(lambda: sent == [jobs.DRAIN])
    first = time.monotonic()
    for _ in range(50):
        jobs.wake()
    assert sent == [jobs.DRAIN]
    assert soon(lambda: sent == [jobs.DRAIN] * 2)
    assert time.monotonic() - first > jobs.THROTTLE / 2


@pytest.mark.django_db(transaction=True)
def test_a_broken_queue_neither_fails_nor_delays_and_is_left_alone(
    sent: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    tries: list[str] = []

    def hangs(name: str, *args: str) -> None:
        tries.append(name)
        time.sleep(0.2)
        raise ConnectionError("no Redis")

    monkeypatch.setattr(jobs, "enqueue", hangs)
    started = time.monotonic()
    jobs.wake()
    assert time.monotonic() - started < 0.1
    assert soon(lambda: jobs._waker.broken_until > time.monotonic() + 20)
    jobs.wake()
    time.sleep(0.05)
    assert len(tries) == 1


@pytest.mark.django_db(transaction=True)
def test_a_drain_in_this_process_needs_no_wake_but_may_name_a_successor(sent: list[str]) -> None:
    with jobs.attended():
        jobs.wake()
        time.sleep(0.02)
        assert sent == []
        jobs.wake_successor()
        assert soon(lambda: sent == [jobs.DRAIN])


@pytest.mark.django_db
def test_a_full_queue_takes_beats_only(monkeypatch: pytest.MonkeyPatch) -> None:
    broker = ORM(list_key="a queue of this test")  # whatever broker the surroundings have
    monkeypatch.setattr(jobs, "get_broker", lambda: broker)
    monkeypatch.setattr(jobs, "FULL", 2)
    for _ in range(5):
        jobs.enqueue(jobs.DRAIN)
    assert OrmQ.objects.count() == 2
    jobs.enqueue_beat(NOW)
    assert [row.task["func"] for row in OrmQ.objects.order_by("pk")] == [jobs.DRAIN] * 2 + [jobs.BEAT]
    assert jobs.waiting() == 3


@pytest.mark.django_db
def test_schedules_are_made_once() -> None:
    jobs.ensure_schedules(NOW)
    jobs.ensure_schedules(NOW)
    assert Schedule.objects.count() == len(jobs.TIMETABLES)
    assert jobs.schedules_healthy(NOW)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("damage", "fault"),
    [
        (lambda rows: rows.delete(), "missing"),
        (lambda rows: Schedule.objects.create(name="calendly: sweep", func=jobs.SWEEP), "there are 2"),
        (lambda rows: rows.update(func="somewhere.else"), "changed"),
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
    if fault != "stands still":  # that is for the cluster to mend
        assert jobs.schedules_healthy(NOW)


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

    result(jobs.DRAIN, 10)
    result(jobs.DRAIN, 1)
    result("portal.tasks.own", 10)
    assert jobs.forget_results(NOW - timedelta(days=7)) == 1
    assert Failure.objects.count() == 2

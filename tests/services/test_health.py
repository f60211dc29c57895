"""Signs of life."""

from datetime import UTC, datetime, timedelta

import pytest
from django.utils import translation

from calendly_integration import jobs
from calendly_integration.models import AgentKey, Booking, Heartbeat, IdempotencyRecord
from calendly_integration.services.accounts import calendly_accounts
from calendly_integration.services.worker import heartbeat, scheduled

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)


def test_a_worker_that_never_was_is_not_alive() -> None:
    assert heartbeat.worker_alive(NOW) == heartbeat.WorkerState(alive=False, age=None)


@pytest.mark.parametrize(("age", "alive"), [(20, True), (90, True), (110, False)])
def test_a_worker_lives_by_its_beats(age: int, alive: bool) -> None:
    heartbeat.beat(now=NOW - timedelta(seconds=age))
    assert heartbeat.worker_alive(NOW) == heartbeat.WorkerState(alive=alive, age=timedelta(seconds=age))


def test_a_queue_is_healthy_where_all_is_there() -> None:
    jobs.ensure_schedules(NOW)
    heartbeat.beat(now=NOW)
    state = heartbeat.queue_state(NOW)
    assert state.healthy
    assert state.waiting == 0
    assert len(state.workers) == 1


def test_a_missing_schedule_turns_it_red() -> None:
    heartbeat.beat(now=NOW)
    with translation.override("en"):
        state = heartbeat.queue_state(NOW)
    assert not state.healthy
    assert "calendly: sweep: missing" in state.schedule_faults
    assert "calendly: sweep: lipsește" in heartbeat.queue_state(NOW).schedule_faults


def test_two_workers_at_a_time_are_told_until_one_stops() -> None:
    jobs.ensure_schedules(NOW)
    heartbeat.beat(now=NOW)
    other = Heartbeat.objects.create(name="elsewhere:1", beat_at=NOW)
    assert heartbeat.queue_state(NOW).several_workers
    other.stopped_at = NOW
    other.save()
    state = heartbeat.queue_state(NOW)
    assert not state.several_workers
    assert state.healthy


def test_a_worker_that_stopped_is_not_alive_but_was_seen() -> None:
    heartbeat.beat(now=NOW)
    heartbeat.stop(now=NOW)
    assert heartbeat.worker_alive(NOW) == heartbeat.WorkerState(alive=False, age=timedelta(0))
    heartbeat.beat(now=NOW)
    assert heartbeat.worker_alive(NOW).alive


def test_a_broker_that_is_away_is_no_error(monkeypatch: pytest.MonkeyPatch) -> None:
    def away() -> int:
        raise ConnectionError

    jobs.ensure_schedules(NOW)
    heartbeat.beat(now=NOW)
    monkeypatch.setattr(jobs, "waiting", away)
    assert heartbeat.queue_state(NOW).waiting is None
    assert heartbeat.queue_state(NOW).healthy  # the worker reads no queue


def test_housekeeping_deletes_only_what_is_old() -> None:
    key = AgentKey.objects.create(name="a", prefix="a", digest="a", created_at=NOW)
    booking = Booking.objects.create(
        account=calendly_accounts.default(),
        source=Booking.Source.AGENT,
        invitee_email="a@b.example",
        created_at=NOW,
    )
    for name, age, led_to in (
        ("old", timedelta(days=8), booking),
        ("young", timedelta(days=6), booking),
        ("in vain, old", timedelta(minutes=61), None),
        ("in vain, young", timedelta(minutes=59), None),
    ):
        IdempotencyRecord.objects.create(
            agent_key=key, key=name, fingerprint="x", started_at=NOW - age, booking=led_to
        )
    for name, days in (("old", 9), ("last", 2)):
        Heartbeat.objects.create(name=name, beat_at=NOW - timedelta(days=days))
    scheduled.run_housekeeping(now=NOW)
    kept = IdempotencyRecord.objects.order_by("key").values_list("key", flat=True)
    assert list(kept) == ["in vain, young", "young"]
    assert [row.pk for row in Heartbeat.objects.all()] == ["last"]

"""The worker: finds all that is due, hurts nothing, and ends in time."""

import contextlib
import itertools
import multiprocessing
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import OperationalError, connections

from calendly_integration import clients, jobs
from calendly_integration.models import Heartbeat, OutboxQueue, VAIMetadata, WebhookDelivery, WorkerSlot
from calendly_integration.services import outbox, worker
from calendly_integration.services.bookings import pending_actions
from calendly_integration.services.reconcile import metadata
from calendly_integration.services.webhooks import inbox
from calendly_integration.services.worker import (
    calendly_pool,
    due_work,
    heartbeat,
    loop,
    metadata_pool,
    scheduled,
    worker_slots,
)

pytestmark = pytest.mark.django_db

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
# Long enough for several looks.
A_WHILE = 0.15


class Clock:
    def __init__(self) -> None:
        self.now = NOON

    def __call__(self) -> datetime:
        return self.now

    def shift(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


@pytest.fixture
def now() -> Clock:
    return Clock()


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Short times: the order of events is what is tested."""
    monkeypatch.setattr(loop, "IDLE_WAIT_SECONDS", 0.01)
    monkeypatch.setattr(loop, "BUSY_WAIT_SECONDS", 0.01)
    monkeypatch.setattr(loop, "MAX_ARRIVAL_SECONDS", 0.5)
    monkeypatch.setattr(loop, "SCHEDULES_SECONDS", 0.01)
    monkeypatch.setattr(worker, "STANDBY_SECONDS", 0.01)


@pytest.fixture
def taken(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The inbox only finishes its rows; `taken` counts them, a number a call."""
    calls: list[int] = []

    def process(*, now: datetime, limit: int) -> int:
        rows = WebhookDelivery.objects.claim(now=now, lease=timedelta(seconds=60), limit=limit)
        for row in rows:
            WebhookDelivery.objects.finish(row)
        calls.append(len(rows))
        return len(rows)

    monkeypatch.setattr(inbox, "process", process)
    return calls


def delivery(at: datetime = NOON) -> None:
    WebhookDelivery.objects.create(
        digest=os.urandom(8).hex(), body=b"{}", received_at=NOON, next_attempt_at=at
    )


def drain_until(done: Callable[[], bool], clock: Clock) -> int:
    """Drain until `done`, for ten seconds at most. Returns how many things were done."""
    deadline, count = time.monotonic() + 10, 0
    while True:
        count += worker.drain(clock=clock, seconds=A_WHILE) or 0
        if done() or time.monotonic() > deadline:
            return count


def run_until(done: Callable[[], bool], clock: Clock) -> worker.Shutdown:
    """Run the worker as its supervisor does, until `done`, and let it end."""
    shutdown = worker.Shutdown()
    deadline = time.monotonic() + 20
    for _ in worker.run(clock=clock, shutdown=shutdown):
        shutdown.requested = done() or time.monotonic() > deadline
    assert done()
    return shutdown


def test_a_drain_that_finds_nothing_claims_nothing(now: Clock, taken: list[int]) -> None:
    assert worker.drain(clock=now, seconds=A_WHILE) == 0
    assert taken == []


def test_due_work_is_done_until_nothing_is_left(
    now: Clock, taken: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(loop, "INBOX_BATCH", 2)
    for _ in range(5):
        delivery()
    assert drain_until(lambda: sum(taken) >= 5, now) == 5
    assert taken == [2, 2, 1]


def test_in_a_burst_of_deliveries_the_batches_are_small(
    now: Clock, taken: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(loop, "BURST_BATCH", 1)
    monkeypatch.setattr(inbox, "rush", lambda now: True)
    for _ in range(3):
        delivery()
    assert drain_until(lambda: sum(taken) >= 3, now) == 3
    assert taken == [1, 1, 1]


def test_what_comes_later_is_found(now: Clock, taken: list[int]) -> None:
    delivery()
    delivery(NOON + timedelta(seconds=4))

    def all_done() -> bool:
        now.shift(1)
        return sum(taken) == 2

    run_until(all_done, now)


def test_only_so_many_loops_work_at_a_time(now: Clock, taken: list[int]) -> None:
    delivery()
    slots = [worker_slots.take(clock=now) for _ in worker_slots.NAMES]
    assert all(slots)
    assert worker_slots.take(clock=now) is None
    assert worker.drain(clock=now, seconds=A_WHILE) is None
    assert taken == []
    assert slots[0]
    slots[0].leave()
    assert drain_until(lambda: sum(taken) == 1, now) == 1


def test_a_worker_waits_for_a_slot(now: Clock, taken: list[int]) -> None:
    delivery()
    slots = [worker_slots.take(clock=now) for _ in worker_slots.NAMES]
    turns = itertools.count()

    def done() -> bool:
        if next(turns) == 3:
            assert taken == []
            assert slots[1]
            slots[1].leave()
        return sum(taken) == 1

    run_until(done, now)


def test_a_dead_holders_slot_is_free_after_a_while(now: Clock, taken: list[int]) -> None:
    for _ in worker_slots.NAMES:
        worker_slots.take(clock=now)  # and dies
    delivery()
    assert worker.drain(clock=now, seconds=A_WHILE) is None
    now.shift(worker_slots.HOLD.total_seconds())
    assert drain_until(lambda: sum(taken) == 1, now) == 1


def test_a_slot_held_far_into_the_future_is_free(now: Clock) -> None:
    for name in worker_slots.NAMES:
        WorkerSlot.objects.create(name=name, held_until=now() + timedelta(minutes=10))
    assert worker_slots.take(clock=now)


def test_a_holder_learns_that_its_slot_was_taken(now: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worker_slots, "RENEW_SECONDS", 0.0)
    slot = worker_slots.take(clock=now)
    assert slot
    now.shift(5)
    assert slot.keep()
    assert WorkerSlot.objects.get(pk=slot.name).held_until == now() + worker_slots.HOLD
    WorkerSlot.objects.filter(pk=slot.name).update(token=None)
    assert not slot.keep()
    slot.leave()
    assert WorkerSlot.objects.get(pk=slot.name).held_until == now() + worker_slots.HOLD


@pytest.mark.parametrize("error", [SystemExit(3), RecursionError(), ValueError("x")])
def test_a_source_that_breaks_stops_no_other(
    now: Clock, monkeypatch: pytest.MonkeyPatch, error: BaseException, caplog: pytest.LogCaptureFixture
) -> None:
    done: list[Any] = []

    def broken(**given: Any) -> int:
        raise error

    monkeypatch.setattr(inbox, "process", broken)
    monkeypatch.setattr(
        due_work, "read", lambda names: dict.fromkeys(names & {"inbox", "calendly_bookings"}, NOON)
    )
    monkeypatch.setattr(pending_actions, "claim", lambda **given: [] if done else ["calendly_booking"])
    monkeypatch.setattr(pending_actions, "work", lambda calendly_booking, now: done.append(calendly_booking))
    drain_until(lambda: bool(done), now)
    assert done == ["calendly_booking"]
    assert caplog.text.count("Working off inbox failed") == 1


def test_a_source_that_broke_is_tried_again_later(
    now: Clock, taken: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(loop, "FAILED_SOURCE_SECONDS", 0.05)
    process, failures = inbox.process, [ValueError("x")]

    def broken_once(**given: Any) -> int:
        if failures:
            raise failures.pop()
        return process(**given)

    monkeypatch.setattr(inbox, "process", broken_once)
    delivery()
    assert drain_until(lambda: sum(taken) == 1, now) == 1


def test_without_a_portal_messages_wait_and_nothing_spins(now: Clock) -> None:
    outbox.add([outbox.Draft(queue="a", path="/one", body={}, once_key="1")], now=now())
    assert worker.drain(clock=now, seconds=A_WHILE) == 0
    queue = OutboxQueue.objects.get()
    assert (queue.next_attempt_at, queue.attempts) == (NOON, 0)


def test_a_portal_that_is_set_wrongly_keeps_no_other_work(
    now: Clock, taken: list[int], settings: Any
) -> None:
    settings.CALENDLY_INTEGRATION = {"PORTAL_URL": "https://portal.example", "PORTAL_KEY": ""}
    delivery()
    assert drain_until(lambda: sum(taken) == 1, now) == 1


def test_messages_reach_the_portal(now: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    paths: list[str] = []

    class Post:
        def post(self, path: str, body: bytes, *, idempotency_key: str) -> None:
            paths.append(path)

    monkeypatch.setattr(clients, "portal", Post)
    outbox.add([outbox.Draft(queue="a", path=f"/{n}", body={}, once_key=f"{n}") for n in range(9)], now=now())
    drain_until(lambda: outbox.stats(now()).waiting == 0, now)
    assert paths == [f"/{n}" for n in range(9)]
    assert outbox.stats(now()).waiting == 0


@pytest.mark.django_db(transaction=True)
def test_a_database_that_is_away_ends_the_drain_quietly(now: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    def away(**given: Any) -> None:
        raise OperationalError("the server closed the connection")

    monkeypatch.setattr(worker_slots, "take", away)
    assert worker.drain(clock=now, seconds=A_WHILE) is None


@pytest.mark.django_db(transaction=True)
def test_a_worker_outlasts_a_database_that_is_away(
    now: Clock, taken: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    take, failures = worker_slots.take, [OperationalError("away")] * 3

    def away(**given: Any) -> worker_slots.Slot | None:
        if failures:
            raise failures.pop()
        return take(**given)

    monkeypatch.setattr(worker_slots, "take", away)
    delivery()
    run_until(lambda: sum(taken) == 1, now)


def test_a_worker_shows_that_it_lives_and_that_it_stopped(now: Clock, taken: list[int]) -> None:
    alive: list[bool] = []

    def seen() -> bool:
        alive.append(heartbeat.worker_alive(now()).alive)
        return len(alive) > 2

    run_until(seen, now)
    assert all(alive[:3])
    assert not heartbeat.worker_alive(now()).alive
    assert Heartbeat.objects.get().stopped_at == NOON
    assert not jobs.schedule_faults(now())


@pytest.mark.django_db(transaction=True)
def test_a_worker_runs_what_the_schedules_have_due(now: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    ran: list[str] = []
    monkeypatch.setattr(outbox, "heal", lambda *, now: ran.append("sweep"))
    monkeypatch.setattr(scheduled, "run_sync", lambda *, now: ran.append("sync"))
    monkeypatch.setattr(scheduled, "run_housekeeping", lambda *, now: ran.append("housekeeping"))
    jobs.ensure_schedules(now())
    now.shift(3600)
    run_until(lambda: len(ran) >= 3, now)
    assert ran == ["sweep", "sync", "housekeeping"]


def test_a_sweep_repairs_drains_and_has_the_next_one_follow(
    now: Clock, taken: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    queued: list[bool] = []
    monkeypatch.setattr(jobs, "enqueue_sweep", lambda: queued.append(True))
    monkeypatch.setattr(worker, "SWEEP_SECONDS", 1.0)
    delivery()
    worker.sweep(clock=now)
    assert sum(taken) == 1
    assert queued == [True]
    assert heartbeat.worker_alive(now()).alive


def test_a_sweep_beside_a_worker_leaves_at_once_and_has_none_follow(
    now: Clock, taken: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    queued: list[bool] = []
    monkeypatch.setattr(jobs, "enqueue_sweep", lambda: queued.append(True))
    worker_slots.take(clock=now)
    delivery()
    worker.sweep(clock=now)
    assert (taken, queued) == ([], [])


def test_a_queue_that_takes_no_sweep_is_no_error(
    now: Clock, taken: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    def away() -> None:
        raise ConnectionError("no Redis")

    monkeypatch.setattr(jobs, "enqueue_sweep", away)
    monkeypatch.setattr(worker, "SWEEP_SECONDS", 0.0)
    worker.sweep(clock=now)


# Work at Calendly


@pytest.fixture
def remote(now: Clock) -> Iterator[calendly_pool.CalendlyPool]:
    made = calendly_pool.CalendlyPool(clock=now)
    yield made
    made.close()


def becomes_idle(remote: calendly_pool.CalendlyPool) -> bool:
    deadline = time.monotonic() + 2
    while remote.busy and time.monotonic() < deadline:
        time.sleep(0.005)
    return not remote.busy


def test_no_more_is_claimed_than_can_begin_at_once(
    remote: calendly_pool.CalendlyPool, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[int] = []
    go = threading.Event()

    def claim(*, now: datetime, limit: int) -> list[int]:
        asked.append(limit)
        return list(range(limit))

    monkeypatch.setattr(pending_actions, "claim", claim)
    monkeypatch.setattr(pending_actions, "work", lambda calendly_booking, now: go.wait(2))
    assert remote.step({"calendly_bookings"}) == calendly_pool.THREADS
    assert remote.step({"calendly_bookings"}) == 0
    assert asked == [calendly_pool.THREADS]
    go.set()
    assert becomes_idle(remote)
    assert remote.step({"calendly_bookings"}) == calendly_pool.THREADS
    assert becomes_idle(remote)


def test_an_item_that_breaks_ends_no_thread(
    remote: calendly_pool.CalendlyPool, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    done: list[int] = []

    def work(item: int, *, now: datetime) -> None:
        if item % 2:
            raise SystemExit(item)
        done.append(item)

    items = list(range(12))
    monkeypatch.setattr(
        pending_actions, "claim", lambda *, now, limit: [items.pop(0) for _ in range(min(limit, len(items)))]
    )
    monkeypatch.setattr(pending_actions, "work", work)
    while items:
        remote.step({"calendly_bookings"})
        assert becomes_idle(remote)
    assert sorted(done) == [0, 2, 4, 6, 8, 10]  # four threads: in whatever order
    assert caplog.text.count("failed") == 6


def test_each_thread_closes_its_connections(now: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    closed: list[str] = []
    monkeypatch.setattr(
        type(connections), "close_all", lambda self: closed.append(threading.current_thread().name)
    )
    monkeypatch.setattr(pending_actions, "claim", lambda *, now, limit: [1])
    monkeypatch.setattr(pending_actions, "work", lambda item, now: None)
    pool = calendly_pool.CalendlyPool(clock=now)
    pool.step({"calendly_bookings"})
    assert becomes_idle(pool)
    pool.close()
    assert closed == ["calendly-remote_0"]


# Questions to the portal


class Known:
    """A portal that knows the events it is asked about."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def get_metadata(self, event_id: str) -> dict[str, Any]:
        self.asked.append(event_id)
        if event_id == "broken":
            raise SystemExit(3)
        return {"event": event_id}


def questions_of(*events: str) -> list[metadata.Question]:
    return [metadata.Question(VAIMetadata(), event) for event in events]


@pytest.fixture
def kept(monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """The answers that were kept, batch by batch; one of `poison` breaks its batch."""
    batches: list[list[str]] = []

    def keep(answers: list[metadata.Answer], *, now: datetime) -> None:
        events = sorted(answer.question.event_id for answer in answers)
        if "poison" in events:
            raise ValueError
        batches.append(events)

    monkeypatch.setattr(metadata, "keep", keep)
    return batches


def ask_all(
    now: Clock, monkeypatch: pytest.MonkeyPatch, waiting: list[metadata.Question]
) -> metadata_pool.MetadataPool:
    def claim(*, now: datetime, limit: int) -> list[metadata.Question]:
        return [waiting.pop(0) for _ in range(min(limit, len(waiting)))]

    monkeypatch.setattr(metadata, "claim", claim)
    asking = metadata_pool.MetadataPool(Known(), clock=now)
    deadline = time.monotonic() + 5
    while (waiting or asking.busy) and time.monotonic() < deadline:
        asking.step()
        time.sleep(0.02)
    asking.close()
    return asking


def test_many_questions_are_asked_at_once_and_their_answers_kept_together(
    now: Clock, monkeypatch: pytest.MonkeyPatch, kept: list[list[str]]
) -> None:
    events = [f"{number:03}" for number in range(200)]
    assert not ask_all(now, monkeypatch, questions_of(*events)).busy
    assert sorted(itertools.chain(*kept)) == events
    assert len(kept) < 50


def test_a_question_or_an_answer_that_breaks_keeps_no_other(
    now: Clock, monkeypatch: pytest.MonkeyPatch, kept: list[list[str]]
) -> None:
    assert not ask_all(now, monkeypatch, questions_of("a", "broken", "poison", "b")).busy
    assert sorted(itertools.chain(*kept)) == ["a", "b"]


def test_answers_outlast_a_database_that_is_away(
    now: Clock, monkeypatch: pytest.MonkeyPatch, kept: list[list[str]]
) -> None:
    keep = metadata.keep
    failures = [OperationalError("away")] * 2

    def away(answers: list[metadata.Answer], *, now: datetime) -> None:
        if failures:
            raise failures.pop()
        keep(answers, now=now)

    monkeypatch.setattr(metadata, "keep", away)
    waiting = questions_of("a", "b")
    monkeypatch.setattr(
        metadata, "claim", lambda *, now, limit: [waiting.pop() for _ in range(min(limit, len(waiting)))]
    )
    asking = metadata_pool.MetadataPool(Known(), clock=now)
    deadline = time.monotonic() + 5
    asking.step()
    while asking.busy and time.monotonic() < deadline:
        with contextlib.suppress(OperationalError):
            asking.step()
        time.sleep(0.02)
    asking.close()
    assert (sorted(itertools.chain(*kept)), failures) == (["a", "b"], [])


# The end


def test_a_signal_asks_for_the_end() -> None:
    kept = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        shutdown = worker.Shutdown()
        shutdown.on_signals()
        assert not shutdown.requested
        os.kill(os.getpid(), signal.SIGTERM)
        assert shutdown.requested
    finally:
        for number, handler in kept.items():
            signal.signal(number, handler)


def test_the_end_of_the_parent_process_asks_for_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    ended = threading.Event()

    class Parent:
        def join(self) -> None:
            ended.wait(5)

    monkeypatch.setattr(multiprocessing, "parent_process", Parent)
    monkeypatch.setattr(os, "_exit", lambda code: None)
    monkeypatch.setattr("calendly_integration.services.worker.shutdown.MAX_SHUTDOWN_SECONDS", 0.0)
    shutdown = worker.Shutdown()
    shutdown.with_parent()
    assert not shutdown.requested
    ended.set()
    deadline = time.monotonic() + 2
    while not shutdown.requested and time.monotonic() < deadline:
        time.sleep(0.005)
    assert shutdown.requested

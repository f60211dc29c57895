"""The drain: finds all that is due, hurts nobody, and leaves in time."""

import contextlib
import itertools
import os
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import OperationalError, connections

from calendly_integration import clients, jobs
from calendly_integration.models import OutboxQueue, Pulse, VAIMetadata, WebhookDelivery
from calendly_integration.services import outbox, worker
from calendly_integration.services.bookings import pending_actions
from calendly_integration.services.reconcile import metadata
from calendly_integration.services.webhooks import inbox
from calendly_integration.services.worker import (
    calendly_pool,
    due_work,
    loop,
    metadata_pool,
    shutdown_pipe,
    worker_slots,
)

pytestmark = pytest.mark.django_db

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)


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
    monkeypatch.setattr(loop, "LINGER", 0.1)
    monkeypatch.setattr(loop, "TICK", 0.01)
    monkeypatch.setattr(loop, "PATIENT_TICK", 0.02)
    monkeypatch.setattr(loop, "ARRIVAL", 0.5)


@pytest.fixture(autouse=True)
def successors(monkeypatch: pytest.MonkeyPatch) -> list[bool]:
    asked: list[bool] = []
    monkeypatch.setattr(jobs, "wake_successor", lambda: asked.append(True))
    return asked


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


def seconds(act: Callable[[], object]) -> float:
    started = time.monotonic()
    act()
    return time.monotonic() - started


def test_a_drain_that_finds_nothing_leaves_at_once(now: Clock, taken: list[int]) -> None:
    assert seconds(lambda: worker.drain(clock=now)) < 0.1
    assert taken == []


def test_due_work_is_done_until_nothing_is_left(
    now: Clock, taken: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(loop, "INBOX_BATCH", 2)
    for _ in range(5):
        delivery()
    assert worker.drain(clock=now) == 5
    assert taken == [2, 2, 1]


def test_what_comes_while_it_lingers_is_done(now: Clock, taken: list[int]) -> None:
    delivery()
    original = due_work.read
    looks: list[int] = []

    def read(names: Any) -> dict[str, datetime]:
        looks.append(1)
        if len(looks) == 5:
            delivery()
        return original(names)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(due_work, "read", read)
        worker.drain(clock=now)
    assert sum(taken) == 2


def test_only_so_many_drains_work_at_a_time(now: Clock, taken: list[int]) -> None:
    delivery()
    seats = [worker_slots.take(clock=now) for _ in worker_slots.names()]
    assert all(seats)
    assert worker.drain(clock=now) == 0
    assert taken == []
    assert seats[0]
    seats[0].leave()
    assert worker.drain(clock=now) == 1


def test_a_dead_holders_seat_is_free_after_a_while(
    now: Clock, taken: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in worker_slots.names():
        worker_slots.take(clock=now)  # and dies
    delivery()
    now.shift(5)
    monkeypatch.setattr(worker_slots.time, "sleep", now.shift)
    assert worker.drain(clock=now) == 1


def test_a_seat_touched_in_the_future_is_free(now: Clock) -> None:
    for name in worker_slots.names():
        Pulse.objects.create(name=name, beat_at=now() + timedelta(minutes=10))
    assert worker_slots.take(clock=now)


def test_a_holder_learns_that_its_seat_was_taken(now: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worker_slots, "REFRESH", 0.0)
    seat = worker_slots.take(clock=now)
    assert seat
    assert seat.keep()
    Pulse.objects.filter(pk=seat.name).update(detail={"token": "other"})
    assert not seat.keep()
    seat.leave()
    assert Pulse.objects.get(pk=seat.name).beat_at == now()


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
    monkeypatch.setattr(loop, "LIFETIME", 0.3)
    worker.drain(clock=now)
    assert done == ["calendly_booking"]
    assert caplog.text.count("Working off inbox failed") == 1


def test_a_drain_that_ran_out_of_time_names_a_successor(
    now: Clock, taken: list[int], monkeypatch: pytest.MonkeyPatch, successors: list[bool]
) -> None:
    monkeypatch.setattr(loop, "LIFETIME", -1.0)
    delivery()
    worker.drain(clock=now)
    assert successors


def test_what_came_due_as_it_left_is_not_left_behind(
    now: Clock, taken: list[int], monkeypatch: pytest.MonkeyPatch, successors: list[bool]
) -> None:
    monkeypatch.setattr(worker_slots.Seat, "leave", lambda seat: delivery())
    worker.drain(clock=now)
    assert successors


def test_what_nobody_can_do_is_not_asked_for_again_and_again(
    now: Clock, monkeypatch: pytest.MonkeyPatch, successors: list[bool]
) -> None:
    delivery(NOON - timedelta(minutes=5))

    def broken(**given: Any) -> int:
        raise ValueError

    monkeypatch.setattr(inbox, "process", broken)
    worker.drain(clock=now)
    assert not successors


def test_work_that_comes_due_soon_is_waited_for(now: Clock, taken: list[int]) -> None:
    delivery(NOON + timedelta(seconds=4))
    looks: list[int] = []
    original = due_work.read

    def read(names: Any) -> dict[str, datetime]:
        looks.append(1)
        if len(looks) == 4:
            now.shift(4)
        return original(names)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(due_work, "read", read)
        assert worker.drain(clock=now) == 1


def test_only_the_first_seat_waits_and_only_for_what_is_near(now: Clock, taken: list[int]) -> None:
    delivery(NOON + timedelta(minutes=3))
    assert seconds(lambda: worker.drain(clock=now)) < 0.1
    WebhookDelivery.objects.update(next_attempt_at=NOON + timedelta(seconds=4))
    first = worker_slots.take(clock=now)
    assert first
    assert first.first
    assert seconds(lambda: worker.drain(clock=now)) < 0.1


def test_without_a_portal_messages_wait_and_nothing_spins(now: Clock) -> None:
    outbox.add([outbox.Draft(queue="a", path="/one", body={}, once_key="1")], now=now())
    assert seconds(lambda: worker.drain(clock=now)) < 0.1
    queue = OutboxQueue.objects.get()
    assert (queue.next_attempt_at, queue.attempts) == (NOON, 0)


def test_a_portal_that_is_set_wrongly_keeps_no_other_work(
    now: Clock, taken: list[int], settings: Any
) -> None:
    settings.CALENDLY_INTEGRATION = {"PORTAL_URL": "https://portal.example", "PORTAL_KEY": ""}
    delivery()
    assert worker.drain(clock=now) == 1


def test_messages_reach_the_portal(now: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    paths: list[str] = []

    class Post:
        def post(self, path: str, body: bytes, *, idempotency_key: str) -> None:
            paths.append(path)

    monkeypatch.setattr(clients, "portal", Post)
    outbox.add([outbox.Draft(queue="a", path=f"/{n}", body={}, once_key=f"{n}") for n in range(9)], now=now())
    worker.drain(clock=now)
    assert paths == [f"/{n}" for n in range(9)]
    assert outbox.stats(now()).waiting == 0


def test_a_database_that_is_away_ends_the_drain_quietly(now: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    def away(**given: Any) -> None:
        raise OperationalError("the server closed the connection")

    closed: list[bool] = []
    monkeypatch.setattr(worker_slots, "take", away)
    monkeypatch.setattr(
        worker, "connections", type("C", (), {"close_all": lambda self: closed.append(True)})()
    )
    assert worker.drain(clock=now) == 0
    assert closed


# Remote work


@pytest.fixture
def remote(now: Clock) -> Iterator[calendly_pool.Remote]:
    made = calendly_pool.Remote(clock=now)
    yield made
    made.close()


def settled(remote: calendly_pool.Remote) -> bool:
    deadline = time.monotonic() + 2
    while remote.busy and time.monotonic() < deadline:
        time.sleep(0.005)
    return not remote.busy


def test_no_more_is_claimed_than_can_begin_at_once(
    remote: calendly_pool.Remote, monkeypatch: pytest.MonkeyPatch
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
    assert settled(remote)
    assert remote.step({"calendly_bookings"}) == calendly_pool.THREADS
    assert settled(remote)


def test_an_item_that_breaks_ends_no_thread(
    remote: calendly_pool.Remote, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
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
        assert settled(remote)
    assert sorted(done) == [0, 2, 4, 6, 8, 10]  # four threads: in whatever order
    assert caplog.text.count("failed") == 6


def test_each_thread_closes_its_connections_at_its_end(now: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    closed: list[str] = []
    monkeypatch.setattr(
        type(connections), "close_all", lambda self: closed.append(threading.current_thread().name)
    )
    monkeypatch.setattr(pending_actions, "claim", lambda *, now, limit: [1])
    monkeypatch.setattr(pending_actions, "work", lambda item, now: None)
    remote = calendly_pool.Remote(clock=now)
    remote.step({"calendly_bookings"})
    assert settled(remote)
    remote.close()
    deadline = time.monotonic() + 2
    while not closed and time.monotonic() < deadline:
        time.sleep(0.005)
    assert closed == ["calendly-remote-1"]


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
) -> metadata_pool.Questions:
    def claim(*, now: datetime, limit: int) -> list[metadata.Question]:
        return [waiting.pop(0) for _ in range(min(limit, len(waiting)))]

    monkeypatch.setattr(metadata, "claim", claim)
    asking = metadata_pool.Questions(Known(), clock=now)
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
    asking = metadata_pool.Questions(Known(), clock=now)
    deadline = time.monotonic() + 5
    asking.step()
    while asking.busy and time.monotonic() < deadline:
        with contextlib.suppress(OperationalError):
            asking.step()
        time.sleep(0.02)
    asking.close()
    assert (sorted(itertools.chain(*kept)), failures) == (["a", "b"], [])


def test_the_drain_ends_when_its_supervisor_lets_go(
    now: Clock, taken: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    ours, theirs = os.pipe()
    monkeypatch.setattr(shutdown_pipe, "_lifeline", None)
    assert not worker.stopping()
    worker.hold_lifeline(ours)
    assert not worker.stopping()
    os.close(theirs)
    assert worker.stopping()
    delivery()
    assert worker.drain(clock=now) == 0
    os.close(ours)


def test_a_rehearsal_touches_nothing(now: Clock) -> None:
    outbox.add([outbox.Draft(queue="a", path="/one", body={}, once_key="1")], now=now())
    delivery()
    worker.rehearse()
    assert WebhookDelivery.objects.due(NOON).count() == 1
    assert OutboxQueue.objects.get().next_attempt_at == NOON

"""The outbox: at least once, in order, for as long as it takes."""

import threading
import time
import uuid
from collections import defaultdict
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from calendly_integration.models import CircuitState, OutboxMessage, OutboxQueue
from calendly_integration.portal import errors
from calendly_integration.portal.client import Client
from calendly_integration.sandbox.portal import Portal
from calendly_integration.services import outbox
from calendly_integration.services.backoff import backoff
from calendly_integration.services.outbox import circuit_breaker, dispatcher, results

pytestmark = pytest.mark.django_db

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)


class Clock:
    """A clock that only goes on when told to."""

    def __init__(self) -> None:
        self.now = NOON

    def __call__(self) -> datetime:
        return self.now

    def shift(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


class Post:
    """A client of the portal that answers as `answer(path, body)` says: raise what it returns."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, bytes, str]] = []
        self.answer: Callable[[str, bytes], BaseException | None] = lambda path, body: None
        self.busy = 0
        self.most_at_once = 0
        self.seconds = 0.0
        self.lock = threading.Lock()

    def post(self, path: str, body: bytes, *, idempotency_key: str) -> None:
        with self.lock:
            self.calls.append((path, body, idempotency_key))
            self.busy += 1
            self.most_at_once = max(self.most_at_once, self.busy)
        time.sleep(self.seconds)
        with self.lock:
            self.busy -= 1
        error = self.answer(path, body)
        if error is not None:
            raise error

    @property
    def paths(self) -> list[str]:
        return [path for path, _body, _key in self.calls]


@pytest.fixture
def now() -> Clock:
    return Clock()


@pytest.fixture
def post() -> Post:
    return Post()


@pytest.fixture
def outbox_dispatcher(
    post: Post, now: Clock, monkeypatch: pytest.MonkeyPatch
) -> Iterator[outbox.OutboxDispatcher]:
    monkeypatch.setattr(dispatcher, "OUTAGE_PAUSE_SECONDS", 0.02)
    made = outbox.OutboxDispatcher(post, clock=now)
    yield made
    made.close()


def draft(queue: str = "a", path: str = "/one", once: str = "", **body: Any) -> outbox.Draft:
    return outbox.Draft(queue=queue, path=path, body=body, once_key=once or uuid.uuid4().hex)


def carry(outbox_dispatcher: outbox.OutboxDispatcher, rounds: int = 0) -> None:
    """Until nothing is due and all is written down, or so many rounds."""
    idle = 0
    for _ in range(rounds or 1000):
        idle = 0 if outbox_dispatcher.step() or outbox_dispatcher.busy else idle + 1
        if not rounds and idle > 4:  # longer than the pause of the dispatcher in an outage
            return
        time.sleep(0.01)


def status(path: str) -> str:
    return OutboxMessage.objects.get(path=path).status


def unavailable(retry_after: float | None = None) -> errors.PortalUnavailable:
    return errors.PortalUnavailable("the portal answered 503", status=503, retry_after=retry_after)


# Writing


def test_a_fact_is_told_once_however_often_it_is_added(now: Clock) -> None:
    outbox.add([draft(once="x"), draft(once="x")], now=now())
    outbox.add([draft(once="x")], now=now())
    assert OutboxMessage.objects.count() == 1


def test_many_drafts_take_a_handful_of_queries(django_assert_max_num_queries: Any, now: Clock) -> None:
    drafts = [draft(queue=f"queue-{n % 100}") for n in range(300)]
    with django_assert_max_num_queries(10):
        outbox.add(drafts, now=now())
    assert OutboxMessage.objects.count() == 300
    assert OutboxQueue.objects.due(now()).count() == 100


def test_nothing_to_add_asks_nothing(django_assert_num_queries: Any, now: Clock) -> None:
    with django_assert_num_queries(0):
        outbox.add([], now=now())


def test_a_new_message_does_not_shorten_a_pause(now: Clock) -> None:
    outbox.add([draft()], now=now())
    later = now() + timedelta(seconds=200)
    OutboxQueue.objects.update(next_attempt_at=later, held=True)
    outbox.add([draft()], now=now())
    assert OutboxQueue.objects.get().next_attempt_at == later


# Delivery


def test_messages_of_a_queue_arrive_in_order(
    outbox_dispatcher: outbox.OutboxDispatcher, post: Post, now: Clock
) -> None:
    outbox.add([draft(queue=f"{queue}", n=n) for n in range(5) for queue in range(20)], now=now())
    carry(outbox_dispatcher)
    seen: dict[str, list[bytes]] = defaultdict(list)
    keys = {str(message.idempotency_key): message.queue_id for message in OutboxMessage.objects.all()}
    for _path, body, key in post.calls:
        seen[keys[key]].append(body)
    assert len(post.calls) == 100
    assert all([int(body[-2:-1]) for body in bodies] == [0, 1, 2, 3, 4] for bodies in seen.values())
    assert OutboxMessage.objects.filter(status="sent", attempts=1, sent_at=now()).count() == 100
    assert not OutboxQueue.objects.filter(next_attempt_at__isnull=False).exists()


def test_a_queue_longer_than_one_run_is_emptied(
    outbox_dispatcher: outbox.OutboxDispatcher, post: Post, now: Clock
) -> None:
    outbox.add([draft(n=n) for n in range(dispatcher.MAX_MESSAGES_PER_RUN + 7)], now=now())
    carry(outbox_dispatcher)
    assert len(post.calls) == dispatcher.MAX_MESSAGES_PER_RUN + 7


def test_a_refused_message_is_parked_and_the_queue_goes_on(
    outbox_dispatcher: outbox.OutboxDispatcher, post: Post, now: Clock
) -> None:
    post.answer = lambda path, body: errors.RequestRefused("no", status=422) if path == "/one" else None
    outbox.add([draft(), draft(path="/two")], now=now())
    carry(outbox_dispatcher)
    assert (status("/one"), status("/two")) == ("parked", "sent")
    parked = OutboxMessage.objects.get(path="/one")
    assert (parked.attempts, parked.last_error) == (1, "RequestRefused: no")


def test_failures_are_tried_again_after_growing_pauses(
    outbox_dispatcher: outbox.OutboxDispatcher, post: Post, now: Clock
) -> None:
    post.answer = lambda path, body: unavailable()
    outbox.add([draft(), draft(path="/two")], now=now())
    pauses = []
    for _ in range(11):
        carry(outbox_dispatcher)
        queue = OutboxQueue.objects.get()
        assert queue.next_attempt_at
        pauses.append((queue.next_attempt_at - now()).total_seconds())
        now.now = queue.next_attempt_at
    for wanted, pause in zip([1, 2, 4, 8, 16, 32, 64, 128], pauses, strict=False):
        assert wanted <= pause <= 1.2 * wanted
    assert all(256 <= pause <= 360 for pause in pauses[8:])
    assert post.paths == ["/one"] * 11  # the second never overtakes the first
    message = OutboxMessage.objects.get(path="/one")
    assert (message.attempts, message.status) == (11, "waiting")
    assert len({key for _path, _body, key in post.calls}) == 1


def test_a_success_starts_the_pauses_anew(
    outbox_dispatcher: outbox.OutboxDispatcher, post: Post, now: Clock
) -> None:
    outbox.add([draft(), draft(path="/two")], now=now())
    OutboxQueue.objects.update(attempts=7)
    post.answer = lambda path, body: unavailable() if path == "/two" else None
    carry(outbox_dispatcher)
    queue = OutboxQueue.objects.get()
    assert queue.attempts == 1
    assert queue.next_attempt_at
    assert queue.next_attempt_at - now() < timedelta(seconds=1.3)


def test_nothing_is_given_up_after_days(
    outbox_dispatcher: outbox.OutboxDispatcher, post: Post, now: Clock
) -> None:
    post.answer = lambda path, body: unavailable()
    outbox.add([draft()], now=now())
    carry(outbox_dispatcher)
    now.shift(3 * 86_400)
    post.answer = lambda path, body: None
    carry(outbox_dispatcher)
    assert status("/one") == "sent"


def test_retry_after_is_obeyed_and_nothing_shortens_it(
    outbox_dispatcher: outbox.OutboxDispatcher, post: Post, now: Clock
) -> None:
    post.answer = lambda path, body: unavailable(retry_after=900)
    outbox.add([draft()], now=now())
    carry(outbox_dispatcher)
    until = now() + timedelta(seconds=900)
    assert OutboxQueue.objects.get().next_attempt_at == until
    CircuitState.objects.create(name=circuit_breaker.PORTAL_FAILS, opened_at=now())
    post.answer = lambda path, body: None
    now.shift(10)
    outbox.add([draft(path="/two"), draft(queue="b", path="/three")], now=now())
    carry(outbox_dispatcher)
    assert status("/three") == "sent"
    assert OutboxQueue.objects.get(pk="a").next_attempt_at == until
    now.now = until
    carry(outbox_dispatcher)
    assert post.paths == ["/one", "/three", "/one", "/two"]
    assert not OutboxQueue.objects.get(pk="a").held


def test_the_longest_hold_is_a_day() -> None:
    assert backoff(1, retry_after=10.0**9) == timedelta(days=1)


def test_the_first_success_after_an_outage_sends_all_that_waits(
    outbox_dispatcher: outbox.OutboxDispatcher, post: Post, now: Clock
) -> None:
    post.answer = lambda path, body: unavailable()
    outbox.add([draft(queue=f"{n}", path=f"/{n}") for n in range(10)], now=now())
    carry(outbox_dispatcher)
    for _ in range(200):
        if len(set(post.paths)) == 10:
            break
        carry(outbox_dispatcher, rounds=5)
    carry(outbox_dispatcher)
    assert CircuitState.objects.filter(pk=circuit_breaker.PORTAL_FAILS).exists()
    OutboxQueue.objects.filter(lease_token=None).update(next_attempt_at=now() + timedelta(seconds=280))
    OutboxQueue.objects.filter(pk="3").update(next_attempt_at=now())
    post.answer = lambda path, body: None
    carry(outbox_dispatcher)
    assert not OutboxMessage.objects.filter(status="waiting").exists()
    assert not CircuitState.objects.filter(pk=circuit_breaker.PORTAL_FAILS).exists()


def test_one_message_that_the_portal_cannot_digest_is_no_outage(
    outbox_dispatcher: outbox.OutboxDispatcher, post: Post, now: Clock
) -> None:
    post.answer = lambda path, body: unavailable() if path == "/bad" else None
    outbox.add([draft(queue="bad", path="/bad")], now=now())
    for n in range(5):
        carry(outbox_dispatcher)
        outbox.add([draft(queue=f"{n}", path=f"/{n}")], now=now())
        carry(outbox_dispatcher)
        now.shift(0.1)
    assert post.paths.count("/bad") == 1


def test_in_an_outage_only_two_are_tried_at_once(
    outbox_dispatcher: outbox.OutboxDispatcher, post: Post, now: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dispatcher, "OUTAGE_PAUSE_SECONDS", 0.0)
    CircuitState.objects.create(name=circuit_breaker.PORTAL_FAILS, opened_at=now())
    post.answer = lambda path, body: unavailable()
    post.seconds = 0.01
    outbox.add([draft(queue=f"{n}") for n in range(30)], now=now())
    carry(outbox_dispatcher)
    assert len(post.calls) == 30
    assert post.most_at_once <= 2


def test_another_drains_outage_is_noticed(post: Post, now: Clock) -> None:
    CircuitState.objects.create(name=circuit_breaker.PORTAL_FAILS, opened_at=now())
    outage = circuit_breaker.PortalCircuitBreaker()
    outage.refresh()
    assert outage.state == circuit_breaker.State.HALF_OPEN


def test_a_message_added_while_its_queue_is_out_is_not_lost(
    outbox_dispatcher: outbox.OutboxDispatcher, post: Post, now: Clock
) -> None:
    outbox.add([draft()], now=now())
    post.seconds = 0.05
    outbox_dispatcher.step()  # out now
    outbox.add([draft(path="/two")], now=now())
    carry(outbox_dispatcher)
    assert post.paths == ["/one", "/two"]
    assert OutboxQueue.objects.get().next_attempt_at is None


def test_a_lost_lease_leaves_the_queue_to_its_new_holder(
    outbox_dispatcher: outbox.OutboxDispatcher, post: Post, now: Clock
) -> None:
    outbox.add([draft()], now=now())
    post.seconds = 0.05
    outbox_dispatcher.step()
    other = uuid.uuid4()
    OutboxQueue.objects.update(lease_token=other, next_attempt_at=now() + timedelta(seconds=33))
    carry(outbox_dispatcher)
    queue = OutboxQueue.objects.get()
    assert queue.lease_token == other
    assert queue.next_attempt_at == now() + timedelta(seconds=33)
    assert status("/one") == "sent"  # what is sent is sent


def test_what_a_dead_dispatcher_held_is_sent_when_its_lease_ends(
    outbox_dispatcher: outbox.OutboxDispatcher, post: Post, now: Clock
) -> None:
    outbox.add([draft()], now=now())
    OutboxQueue.objects.claim(now=now(), lease=dispatcher.LEASE, limit=10)  # and dies
    now.shift(44)
    carry(outbox_dispatcher)
    assert post.calls == []
    now.shift(2)
    carry(outbox_dispatcher)
    assert post.paths == ["/one"]


def test_no_send_begins_near_the_end_of_a_lease(
    outbox_dispatcher: outbox.OutboxDispatcher, post: Post, now: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dispatcher, "MAX_SEND_SECONDS", 46.0)
    outbox.add([draft()], now=now())
    carry(outbox_dispatcher, rounds=5)
    assert post.calls == []
    assert OutboxQueue.objects.get().attempts <= 1


def test_an_error_of_our_own_is_parked_after_some_tries(
    outbox_dispatcher: outbox.OutboxDispatcher, post: Post, now: Clock
) -> None:
    def broken(path: str, body: bytes) -> BaseException | None:
        return SystemExit("3") if path == "/one" else None

    post.answer = broken
    outbox.add([draft(), draft(path="/two")], now=now())
    for _ in range(results.MAX_BROKEN_ATTEMPTS):
        carry(outbox_dispatcher)
        now.shift(400)
    carry(outbox_dispatcher)
    assert (status("/one"), status("/two")) == ("parked", "sent")
    assert not CircuitState.objects.filter(pk=circuit_breaker.PORTAL_FAILS).exists()


def test_a_stopped_dispatcher_begins_nothing_and_gives_back(
    outbox_dispatcher: outbox.OutboxDispatcher, post: Post, now: Clock
) -> None:
    post.seconds = 0.05
    outbox.add([draft(path=f"/{n}") for n in range(5)], now=now())
    outbox_dispatcher.step()
    outbox_dispatcher.stop()
    carry(outbox_dispatcher)
    assert post.paths == ["/0"]
    queue = OutboxQueue.objects.get()
    assert (queue.next_attempt_at, queue.lease_token) == (now(), None)


def test_a_real_portal_gets_each_message_with_its_key(now: Clock) -> None:
    portal = Portal("127.0.0.1", 0, key="key").start()
    client = Client(portal.url, "key")
    outbox_dispatcher = outbox.OutboxDispatcher(client, clock=now)
    try:
        outbox.add([draft(path="/calendly/notify", name="Ștefan 🙂")], now=now())
        carry(outbox_dispatcher)
    finally:
        outbox_dispatcher.close()
        client.close()
        portal.stop()
    message = OutboxMessage.objects.get()
    assert [(m.path, m.key, m.json, m.tries) for m in portal.messages()] == [
        ("/calendly/notify", str(message.idempotency_key), {"name": "Ștefan 🙂"}, 1)
    ]


# What staff and the sweep do


def test_a_parked_message_is_sent_again_by_hand(
    outbox_dispatcher: outbox.OutboxDispatcher, post: Post, now: Clock
) -> None:
    outbox.add([draft()], now=now())
    message = OutboxMessage.objects.get()
    outbox.park(message)
    carry(outbox_dispatcher)
    assert post.calls == []
    outbox.resend(message, now=now())
    carry(outbox_dispatcher)
    assert post.paths == ["/one"]


def test_only_parked_ones_are_resent_and_only_waiting_ones_parked(now: Clock) -> None:
    outbox.add([draft()], now=now())
    message = OutboxMessage.objects.get()
    with pytest.raises(outbox.NotParked):
        outbox.resend(message, now=now())
    outbox.park(message)
    with pytest.raises(outbox.NotWaiting):
        outbox.park(message)


def test_stats_tell_how_full_it_is(now: Clock) -> None:
    assert outbox.stats(now()) == outbox.Stats(waiting=0, parked=0, oldest=None)
    outbox.add([draft(path="/one"), draft(path="/two")], now=now())
    outbox.park(OutboxMessage.objects.get(path="/one"))
    now.shift(90)
    assert outbox.stats(now()) == outbox.Stats(waiting=1, parked=1, oldest=timedelta(seconds=90))


def test_the_sweep_heals_a_forgotten_queue_and_a_clock_set_back(now: Clock) -> None:
    outbox.add([draft(queue=queue) for queue in ("forgotten", "strayed", "held", "empty", "well")], now=now())
    OutboxQueue.objects.filter(pk="forgotten").update(next_attempt_at=None)
    far = now() + timedelta(hours=1)
    OutboxQueue.objects.filter(pk__in=["strayed", "held"]).update(next_attempt_at=far)
    OutboxQueue.objects.filter(pk="held").update(held=True)
    OutboxMessage.objects.filter(queue="empty").update(status="sent")
    OutboxQueue.objects.filter(pk="empty").update(next_attempt_at=None)
    assert outbox.heal(now=now()) == 2
    assert dict(OutboxQueue.objects.values_list("pk", "next_attempt_at")) == {
        "forgotten": now(),
        "strayed": now() + timedelta(minutes=5),
        "held": far,
        "empty": None,
        "well": now(),
    }
